//! A redis-server of a test's own, on a free port of the loopback, that can be paused, killed,
//! emptied and started again.
//!
//! What was started ends by its own process id, at the latest when the test does.

use crate::folder::TestFolder;
use crate::loopback::free_port;
use crate::needed;
use crate::process::signal;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Either is good: Valkey is started by the same arguments.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

pub struct RedisServer {
    program: &'static str,
    port: u16,
    folder: TestFolder,
    child: Option<Child>,
}

impl RedisServer {
    /// None if there is none to start and need not be.
    pub fn start() -> Option<RedisServer> {
        let Some(program) = PROGRAMS.iter().find(|program| needed::starts(program, "--version"))
        else {
            needed::is_not_run("neither a redis-server nor a valkey-server is installed");
            return None;
        };
        let (port, folder) = (free_port(), TestFolder::new());
        let mut server = RedisServer { program, port, folder, child: None };
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
        command.args(["--enable-debug-command", "yes", "--dir"]).arg(&*self.folder);
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

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of its process, while it runs.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
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

    fn signal(&self, name: &str, is_so: impl Fn(&str) -> bool) {
        let id = self.pid();
        signal(id, name);
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

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
