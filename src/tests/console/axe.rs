//! What keeps people out of a page, as axe-core finds it.

use crate::browser::Browser;
use harness::{needed, root};
use serde_json::{Value, json};

const AXE: &str = "target/axe/node_modules/axe-core/axe.min.js";
const TO_INSTALL: &str = "npm install --prefix target/axe axe-core@4";

pub struct Axe(String);

impl Axe {
    /// None if it is not installed; that is said.
    pub fn find() -> Option<Axe> {
        let file = root().join(AXE);
        if !file.is_file() {
            needed::is_not_run(&format!("axe-core is not installed. {TO_INSTALL}"));
            return None;
        }
        Some(Axe(std::fs::read_to_string(file).unwrap()))
    }

    /// What is serious on the page that is open.
    pub fn serious(&self, browser: &Browser) -> Vec<Value> {
        browser.run(&format!("if (!window.axe) {{ {} }}", self.0), json!([]));
        let script = "const done = arguments[0];
            axe.run().then(({violations}) => done(violations
              .filter(({impact}) => impact === 'serious' || impact === 'critical')
              .map(({id, nodes}) => [id, nodes.map(({html}) => html)])))";
        browser.run_on(script, json!([])).as_array().unwrap().clone()
    }
}
