//! The dashboards as they are in the repository, and the queries of their panels as Grafana would
//! send them.

use harness::root;
use serde_json::Value;
use std::path::PathBuf;

pub struct Panel {
    pub name: String,
    pub json: Value,
    pub queries: Vec<String>,
}

pub fn dashboards() -> Vec<(PathBuf, Value)> {
    let folder = root().join("grafana/dashboards");
    let mut files: Vec<PathBuf> =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|file| {
            (file.clone(), serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
        })
        .collect()
}

/// All panels but the headings of rows.
pub fn panels() -> Vec<Panel> {
    dashboards().iter().flat_map(|(_, dashboard)| of(dashboard)).collect()
}

fn of(dashboard: &Value) -> Vec<Panel> {
    let title = dashboard["title"].as_str().unwrap();
    let panels =
        dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row");
    panels
        .map(|panel| {
            let targets = panel["targets"].as_array().unwrap();
            let queries = targets
                .iter()
                .map(|target| substituted(target["expr"].as_str().unwrap()))
                .collect();
            Panel {
                name: format!("{title} / {}", panel["title"].as_str().unwrap()),
                json: panel.clone(),
                queries,
            }
        })
        .collect()
}

/// With the variables that Grafana would fill in.
fn substituted(query: &str) -> String {
    let query = query.replace("$__rate_interval", "15s").replace("$instance", ".*");
    assert!(!query.contains('$'), "a variable that nobody fills in: {query}");
    query
}

/// What a query asks for, without what stands in where nothing is. Only for failures is it good
/// that there are none: they cannot be made from outside.
pub fn in_earnest(query: &str) -> String {
    if query.contains("status!=\"503\"") {
        query.to_owned()
    } else {
        query.replace(" or vector(0)", "")
    }
}

/// The names of metrics in a text of rules or queries.
pub fn metrics(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    let known = ["stampede_", "process_", "instance:stampede_"];
    words
        .filter(|word| known.iter().any(|start| word.starts_with(start)))
        .map(str::to_owned)
        .collect()
}
