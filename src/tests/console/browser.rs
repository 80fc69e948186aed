//! A Chromium that does what it is told, through WebDriver. It never outlives its test.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use harness::client::agent;
use harness::needed;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// So long a page may take until something is to be seen.
const PATIENCE_MS: u32 = 60_000;

/// And so long it is left alone before the next look.
const LOOK_MS: u32 = 20;

pub struct Browser {
    driver: Child,
    /// Of the session.
    address: String,
    agent: ureq::Agent,
}

/// So often a driver is started anew. The free port that it chose may be taken in the meantime by
/// one of the tests beside it; then it ends without a word of where it listens.
const STARTS: usize = 5;

/// A driver, and the port at which it listens.
fn driver() -> (Child, String) {
    let mut said = Vec::new();
    for _ in 0..STARTS {
        match start_driver() {
            Ok(driver) => return driver,
            Err(words) => said.push(words),
        }
    }
    panic!("no chromedriver said where it listens: {said:#?}");
}

/// The same, or all that it said before it ended.
fn start_driver() -> Result<(Child, String), Vec<String>> {
    let mut command = Command::new(needed::found("chromedriver").unwrap());
    let mut driver =
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut said = Vec::new();
    for line in &mut lines {
        if let Some((_, port)) = line.split_once("successfully on port ") {
            let port = port.replace('.', "");
            // What it says later has to go somewhere.
            std::thread::spawn(move || lines.for_each(drop));
            return Ok((driver, port));
        }
        said.push(line);
    }
    let ended = driver.wait().unwrap();
    said.push(ended.to_string());
    Err(said)
}

impl Browser {
    pub fn start() -> Browser {
        let (driver, port) = driver();
        let address = format!("http://127.0.0.1:{port}/session");
        let mut browser = Browser { driver, address, agent: agent() };
        // Without a sandbox, because machines of tests let root alone start one.
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--window-size=1280,900",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
        ];
        let session = browser.send(
            "POST",
            "",
            json!({"capabilities": {"alwaysMatch": {
                "timeouts": {"script": PATIENCE_MS},
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
                "goog:chromeOptions": {
                    "binary": needed::found("chromium").unwrap(),
                    "args": arguments,
                },
            }}}),
        );
        browser.address = format!("{}/{}", browser.address, session["sessionId"].as_str().unwrap());
        browser
    }

    #[track_caller]
    fn send(&self, method: &str, path: &str, body: Value) -> Value {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.address))
            .header("Content-Type", "application/json");
        let mut answer = match method {
            "POST" => self.agent.run(request.body(body.to_string()).unwrap()),
            _ => self.agent.run(request.body(()).unwrap()),
        }
        .unwrap();
        let status = answer.status();
        let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        assert!(status.is_success(), "{method} {path}: {}", answer["value"]["message"]);
        answer["value"].take()
    }

    pub fn open(&self, url: &str) {
        self.send("POST", "/url", json!({"url": url}));
    }

    /// The page behind the # of the address.
    pub fn go(&self, place: &str) {
        self.run("location.hash = arguments[0]", json!([format!("#/{place}")]));
    }

    /// What the script returns.
    #[track_caller]
    pub fn run(&self, script: &str, arguments: Value) -> Value {
        self.send("POST", "/execute/sync", json!({"script": script, "args": arguments}))
    }

    /// What the script gives to the last of its arguments, a function.
    #[track_caller]
    pub fn run_on(&self, script: &str, arguments: Value) -> Value {
        self.send("POST", "/execute/async", json!({"script": script, "args": arguments}))
    }

    /// Waits until the expression is true. The browser waits, and not the test.
    #[track_caller]
    pub fn until(&self, expression: &str, arguments: Value) {
        let script = format!(
            "const said = Array.from(arguments), done = said.pop();
             const end = performance.now() + {PATIENCE_MS} * 0.9;
             const is = (...arguments) => {expression};
             (function look() {{
               let now = false;
               try {{ now = is(...said); }} catch {{}}
               if (now || performance.now() > end) return done(Boolean(now));
               return setTimeout(look, {LOOK_MS});
             }})();"
        );
        let found = self.run_on(&script, arguments.clone());
        assert_eq!(found, true, "{expression} {arguments}: {}", self.text());
    }

    /// Waits until that stands on the page.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        self.until("document.body.innerText.includes(arguments[0])", json!([text]));
    }

    #[track_caller]
    pub fn no_longer_sees(&self, text: &str) {
        self.until("!document.body.innerText.includes(arguments[0])", json!([text]));
    }

    pub fn text(&self) -> String {
        self.run("return document.body.innerText", json!([])).as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn element(&self, xpath: &str) -> String {
        self.until(
            "document.evaluate(arguments[0], document, null, 9, null).singleNodeValue \
             ?.checkVisibility()",
            json!([xpath]),
        );
        let found = self.send("POST", "/element", json!({"using": "xpath", "value": xpath}));
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    /// Presses the button, or follows the link, that is called so.
    #[track_caller]
    pub fn press(&self, name: &str) {
        let xpath = format!(
            "(//dialog[@open]//button|//*[self::button or self::a][not(ancestor::dialog)])\
             [normalize-space(.)='{name}']"
        );
        let element = self.element(&xpath);
        self.send("POST", &format!("/element/{element}/click"), json!({}));
    }

    /// Presses it in the dialog that is open.
    #[track_caller]
    pub fn press_in_dialog(&self, name: &str) {
        let element =
            self.element(&format!("//dialog[@open]//button[normalize-space(.)='{name}']"));
        self.send("POST", &format!("/element/{element}/click"), json!({}));
    }

    /// Types it into the field of that name, instead of what stands there.
    #[track_caller]
    pub fn fill(&self, field: &str, text: &str) {
        self.fill_at(&format!("//input[@name='{field}']"), text);
    }

    #[track_caller]
    pub fn fill_search(&self, text: &str) {
        self.fill_at("//input[@type='search']", text);
    }

    /// Puts it into the field of that name at once, however long it is, and whatever it is typed
    /// like.
    #[track_caller]
    pub fn paste(&self, field: &str, text: &str) {
        self.element(&format!("//*[self::textarea or self::input][@name='{field}']"));
        let script = "const field = document.querySelector(`[name='${arguments[0]}']`);
            field.value = arguments[1];
            field.dispatchEvent(new Event('input', {bubbles: true}));";
        self.run(script, json!([field, text]));
    }

    /// Chooses a file where the page asks for one.
    #[track_caller]
    pub fn choose_file(&self, path: &str) {
        let element = self.element("//input[@type='file']");
        self.send("POST", &format!("/element/{element}/value"), json!({"text": path}));
    }

    /// Whatever the page saves goes into that folder.
    pub fn saves_into(&self, folder: &Path) {
        std::fs::create_dir_all(folder).unwrap();
        let into = json!({"behavior": "allow", "downloadPath": folder.to_str().unwrap()});
        self.tell("Browser.setDownloadBehavior", into);
    }

    /// What the page has saved under that name, once it is there. The browser waits, and not the
    /// test.
    #[track_caller]
    pub fn saved(&self, file: &Path) -> String {
        let came = (0..PATIENCE_MS / LOOK_MS).any(|_| {
            file.exists() || {
                self.wait(LOOK_MS);
                false
            }
        });
        assert!(came, "{} was not saved", file.display());
        std::fs::read_to_string(file).unwrap()
    }

    /// The browser waits so long.
    pub fn wait(&self, milliseconds: u32) {
        self.run_on("setTimeout(arguments[1], arguments[0])", json!([milliseconds]));
    }

    /// Tells Chromium itself to do something, in the words of its DevTools.
    #[track_caller]
    pub fn tell(&self, command: &str, parameters: Value) -> Value {
        let told = json!({"cmd": command, "params": parameters});
        self.send("POST", "/goog/cdp/execute", told)
    }

    /// Types the word that the open dialog asks for.
    #[track_caller]
    pub fn fill_in_dialog(&self, text: &str) {
        self.fill_at("//dialog[@open]//input", text);
    }

    #[track_caller]
    fn fill_at(&self, xpath: &str, text: &str) {
        let element = self.element(xpath);
        // Control and A select what is there, as a person does it.
        let typed = if text.is_empty() { "\u{e017}" } else { text };
        let keys = format!("\u{e009}a\u{e000}{typed}");
        self.send("POST", &format!("/element/{element}/value"), json!({"text": keys}));
    }

    /// On a screen of that width, whatever the window has.
    pub fn show_as_wide(&self, width: u32) {
        let screen =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.tell("Emulation.setDeviceMetricsOverride", screen);
    }

    /// Waits until the page has asked for nothing for a while. The browser waits, and not the test.
    pub fn is_quiet(&self) {
        let script = "const done = arguments[0];
            performance.setResourceTimingBufferSize(10_000);
            const count = () => performance.getEntriesByType('resource').length;
            (function look(before) {
              setTimeout(() => (count() === before ? done() : look(count())), 300);
            })(count());";
        self.run_on(script, json!([]));
    }

    /// What is seen of the page, as a small WebP.
    pub fn picture(&self, width: u32) -> Vec<u8> {
        self.run("scrollTo(0, 0)", json!([]));
        let clip = json!({"x": 0, "y": 0, "width": width, "height": 900, "scale": 0.55});
        let shape = json!({"format": "webp", "quality": 50, "clip": clip});
        let picture = self.tell("Page.captureScreenshot", shape);
        STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
    }

    /// The page that is shown as wide as that has nothing beside the screen.
    #[track_caller]
    pub fn fits(&self, width: u32, place: &str) {
        let script = "return [document.documentElement.scrollWidth, innerWidth]";
        let wide = self.run(script, json!([]));
        assert!(wide[0].as_u64() <= wide[1].as_u64() && wide[1] == width, "{place}: {wide}");
    }

    /// Presses keys, one after the other, wherever the focus is.
    pub fn type_keys(&self, keys: &str) {
        let presses = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()}))
        });
        let presses: Vec<Value> = presses.collect();
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": presses});
        self.send("POST", "/actions", json!({"actions": [keyboard]}));
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.send("POST", "/se/log", json!({"type": kind}));
        entries.as_array().unwrap().clone()
    }

    /// What the page complained of since the last look. That a request was refused or did not
    /// arrive, the browser notes by itself.
    pub fn complaints(&self) -> Vec<Value> {
        let entries = self.log("browser").into_iter();
        entries.filter(|entry| entry["source"] != "network").collect()
    }

    /// What was asked of anybody since the last look.
    pub fn asked(&self) -> Vec<String> {
        let entries = self.log("performance").into_iter().map(|entry| -> Value {
            serde_json::from_str(entry["message"].as_str().unwrap()).unwrap()
        });
        entries
            .filter(|entry| entry["message"]["method"] == "Network.requestWillBeSent")
            .map(|entry| entry["message"]["params"]["request"]["url"].as_str().unwrap().to_owned())
            .filter(|url| !url.starts_with("data:") && !url.starts_with("blob:"))
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends with its session; the driver would leave it behind.
        let _ = self.agent.delete(&self.address).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
