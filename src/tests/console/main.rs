//! The console, the page of a draw and that of the API, driven in a real Chromium by chromedriver,
//! on the real server.

mod axe;
mod browser;
mod crowd;
mod docs;
mod draws;
mod hour;
mod imports;
mod journeys;
mod pages;
mod pictures;
mod pools;
mod served;
mod start;
mod troubles;
mod voiding;
mod work;

use browser::Browser;
use harness::loopback::free_port;
use harness::{Binary, Process, TestFolder, needed};

/// The program under test.
const STAMPEDE: Binary = Binary::at(env!("CARGO_BIN_EXE_stampede"));

/// A server at a port that it keeps when it is started again, and somebody who looks at it.
struct Scene {
    folder: TestFolder,
    settings: Vec<(&'static str, &'static str)>,
    port: u16,
    server: Option<Process>,
    browser: Browser,
}

impl Scene {
    /// None if there is no browser; that is said.
    fn open() -> Option<Scene> {
        Scene::open_with(&[])
    }

    /// With something more in the environment of the server.
    fn open_with(settings: &[(&'static str, &'static str)]) -> Option<Scene> {
        if !needed::are_there(
            &["chromium", "chromedriver"],
            "apt-get install chromium chromium-driver",
        ) {
            return None;
        }
        let folder = TestFolder::new();
        let browser = Browser::start();
        let mut scene =
            Scene { folder, settings: settings.to_vec(), port: free_port(), server: None, browser };
        scene.start();
        scene.browser.open(&format!("http://127.0.0.1:{}/", scene.port));
        Some(scene)
    }

    fn start(&mut self) {
        let mut command = STAMPEDE.command(&self.folder);
        command.env("STAMPEDE_LISTEN", format!("127.0.0.1:{}", self.port));
        command.envs(self.settings.iter().copied());
        self.server = Some(Process::start_with(command, &self.folder).0);
    }

    fn kill(&mut self) {
        self.server.take().expect("it runs").kill();
    }

    fn server(&self) -> &Process {
        self.server.as_ref().expect("it runs")
    }

    /// Types name and password into the page, and waits until it is let in.
    fn sign_in(&self, name: &str, password: &str) {
        self.browser.fill("account", name);
        self.browser.fill("password", password);
        self.browser.press("Sign in");
        self.browser.sees("Sign out");
    }

    fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn sign_in_as_admin(&self) {
        self.sign_in("admin", harness::ADMIN_PASSWORD);
    }

    /// Since the last look the page complained of nothing and asked nobody else.
    fn looks_right(&self) {
        let complaints = self.browser.complaints();
        assert!(complaints.is_empty(), "{complaints:#?}");
        let own = self.address("/");
        let asked = self.browser.asked();
        assert!(!asked.is_empty());
        let elsewhere: Vec<&String> = asked.iter().filter(|url| !url.starts_with(&own)).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:#?}");
    }
}

impl Drop for Scene {
    /// Whatever was done: the page complained of nothing and asked nobody else.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the page says: {}", self.browser.text());
            return;
        }
        self.looks_right();
    }
}
