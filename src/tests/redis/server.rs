//! A redis-server of a test's own, on a free port of the loopback, that can be paused, killed,
//! emptied and started again.
//!
//! Where none is installed a test says loudly that it did not run and passes, so that one can work
//! without; where the variable CI is set it fails. Whatever was started ends by its own process id,
//! at the latest when the test does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Either is good: Valkey is started by the same arguments.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

pub struct Server {
    program: &'static str,
    port: u16,
    folder: PathBuf,
    child: Option<Child>,
}

impl Server {
    /// None if there is none to start and need not be.
    #[expect(
        clippy::disallowed_methods,
        reason = "whether this is a CI run is no setting of stampede"
    )]
    pub fn start(test: &str) -> Option<Server> {
        let is_there = |program: &&&str| {
            Command::new(program)
                .arg("--version")
                .output()
                .is_ok_and(|output| output.status.success())
        };
        let Some(program) = PROGRAMS.iter().find(is_there) else {
            if std::env::var("CI").is_ok_and(|ci| !ci.is_empty() && ci != "false") {
                panic!("{test} needs a redis-server or a valkey-server, and none is installed");
            }
            // Not by `eprintln`, which the test runner keeps to itself.
            let _ = writeln!(
                std::io::stderr(),
                "!! NOT RUN: {test} needs a redis-server or a valkey-server, and none is installed"
            );
            return None;
        };
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "stampede-redis-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let mut server = Server { program, port: free_port(), folder, child: None };
        server.run();
        Some(server)
    }

    /// Returns when it takes connections.
    pub fn run(&mut self) {
        let mut command = Command::new(self.program);
        command.args([
            "--port",
            &self.port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        command.args(["--enable-debug-command", "yes", "--dir"]).arg(&self.folder);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        self.child = Some(child);
        let mut line = String::new();
        while !line.contains("Ready to accept connections") {
            line.clear();
            assert!(
                said.read_line(&mut line).unwrap() > 0,
                "{} on port {} ended before it was ready",
                self.program,
                self.port
            );
        }
        // What it says later has to go somewhere.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// As `kill -9` does it: with what it knew.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn pause(&self) {
        self.signal("STOP", |state| state == "T");
    }

    pub fn go_on(&self) {
        self.signal("CONT", |state| state != "T");
    }

    fn signal(&self, signal: &str, is_so: impl Fn(&str) -> bool) {
        let id = self.child.as_ref().unwrap().id();
        let sent = Command::new("sh")
            .args(["-c", "kill -\"$0\" \"$1\"", signal, &id.to_string()])
            .status();
        assert!(sent.unwrap().success());
        let state = || {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
            stat.rsplit_once(") ").unwrap().1.split(' ').next().unwrap().to_owned()
        };
        while !is_so(&state()) {}
    }

    /// A command in words, and the answer as it came.
    pub fn ask(&self, words: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(format!("{words}\r\nQUIT\r\n").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).trim_end_matches("+OK\r\n").to_owned()
    }

    pub fn empty(&self) {
        self.ask("FLUSHALL");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Below those from which connections go out, so that none of them takes it while nobody listens.
pub fn free_port() -> u16 {
    let some =
        || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() % 10_000 + 10_000;
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(some).take(1000).find(is_free).unwrap()
}
