//! The binary as a child process, which never outlives its test.

use crate::certificates::TestAuthority;
use crate::client::{ADMIN_PASSWORD, Client, Doorway, PASSWORD, agent};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

/// Far away, because these tests live by the machine's clock.
pub const DAY: &str = "2199-12-31";

/// The program that was built for the tests. Cargo tells its path only to the suites:
/// `const STAMPEDE: Binary = Binary::at(env!("CARGO_BIN_EXE_stampede"));`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binary(&'static str);

impl Binary {
    pub const fn at(path: &'static str) -> Binary {
        Binary(path)
    }

    pub fn path(self) -> &'static Path {
        Path::new(self.0)
    }

    /// As its user calls it, in the environment of the test.
    pub fn as_it_is(self) -> Command {
        Command::new(self.0)
    }

    /// With nothing around it but what every test needs.
    pub fn command(self, data: &Path) -> Command {
        let mut command = self.as_it_is();
        command
            .env_clear()
            .env("STAMPEDE_BCRYPT_COST", "4")
            .env("STAMPEDE_ADMIN_PASSWORD", ADMIN_PASSWORD)
            .env("STAMPEDE_LOG", "off")
            .env("STAMPEDE_LISTEN", "127.0.0.1:0")
            .env("STAMPEDE_DATA", data)
            .env("STAMPEDE_HOLDS_PER_MEMBER", "60000");
        command
    }

    /// Runs a subcommand to its end.
    pub fn run<A: AsRef<OsStr>>(
        self,
        data: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Output {
        self.command(data).args(arguments).output().unwrap()
    }

    /// What `stampede verify` says of data that is in order.
    #[track_caller]
    pub fn verify(self, data: &Path) -> String {
        succeeds(self.run(data, ["verify"]))
    }

    pub fn start(self, data: &Path) -> Process {
        Process::start_with(self.command(data), data).0
    }
}

/// What a command printed, when it succeeded.
#[track_caller]
pub fn succeeds(output: Output) -> String {
    assert!(
        output.status.success(),
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Its one sentence, when it failed with that code.
#[track_caller]
pub fn fails(output: Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8(output.stderr).unwrap();
    said.lines().filter(|line| !line.contains(" WARN ")).collect::<Vec<_>>().join("\n")
}

/// Sends a signal to a process, by its name as `kill` knows it.
pub fn signal(process: u32, name: &str) {
    let number = process.to_string();
    let sent = Command::new("sh").args(["-c", "kill -\"$0\" \"$1\"", name, &number]).status();
    assert!(sent.unwrap().success());
}

/// A server that runs as a process of its own.
pub struct Process {
    child: Child,
    pub address: String,
    log: PathBuf,
    /// What it prints later has to go somewhere.
    out: BufReader<ChildStdout>,
}

impl Process {
    /// With the lines that it printed before it listened. Its log lies beside the data.
    pub fn start_with(command: Command, data: &Path) -> (Process, Vec<String>) {
        Process::try_to_start(command, data)
            .unwrap_or_else(|ended| panic!("it ended before it listened: {ended}"))
    }

    /// The same, or how it ended if it never listened.
    pub fn try_to_start(
        mut command: Command,
        data: &Path,
    ) -> Result<(Process, Vec<String>), ExitStatus> {
        let log = data.with_extension("log");
        let stderr = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut process = Process { child, address: String::new(), log, out };
        let mut printed = Vec::new();
        while process.address.is_empty() {
            let mut line = String::new();
            if process.out.read_line(&mut line).unwrap() == 0 {
                return Err(process.wait());
            }
            let listens = line.trim_end().strip_prefix("listening on http");
            match listens.and_then(|url| url.trim_start_matches('s').strip_prefix("://")) {
                Some(address) => process.address = address.to_owned(),
                None => printed.push(line.trim_end().to_owned()),
            }
        }
        Ok((process, printed))
    }

    /// What it logged so far, and those before it in the same folder.
    pub fn whole_log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether that stands in its log.
    pub fn said(&self, what: &str) -> bool {
        self.whole_log().contains(what)
    }

    /// As `kill -9` does it.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The same, while others still call it.
    pub fn kill_now(&self) {
        self.signal("KILL");
    }

    /// By its name, as `kill` knows it.
    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    pub fn tell_to_stop(&self) {
        self.signal("TERM");
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub fn stop(mut self) {
        self.tell_to_stop();
        assert_eq!(self.wait().code(), Some(0));
    }

    /// What it takes of the machine's memory.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// How many files and connections it has open.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// How many it may have.
    pub fn most_descriptors(&self) -> u64 {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.child.id())).unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
        line.split_whitespace().nth(3).unwrap().parse().unwrap()
    }

    pub fn anybody(&self) -> Client {
        Client::of(Doorway::at(&self.address), agent())
    }

    /// Who calls it by TLS, and trusts that authority alone.
    pub fn by_tls(&self, authority: &TestAuthority) -> Client {
        let door = Doorway::at(&format!("https://{}", self.address));
        Client::of(door, authority.agent())
    }

    #[track_caller]
    pub fn admin(&self) -> Client {
        self.anybody().log_in("admin", ADMIN_PASSWORD)
    }

    /// A new member of that name, who has logged in after the registration.
    #[track_caller]
    pub fn member(&self, name: &str) -> Client {
        self.anybody().register(name);
        self.anybody().log_in(name, PASSWORD)
    }

    /// A lottery that closes on `DAY`.
    #[track_caller]
    pub fn lottery(&self, copies: u16) {
        self.admin().open_lottery(DAY, copies);
    }

    /// Held and sold of that lottery.
    #[track_caller]
    pub fn books(&self) -> (u64, u64) {
        let books = self.anybody().books(DAY);
        (books.held, books.sold)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the server said: {}", self.whole_log());
        }
    }
}

/// Holds that number of that lottery, for two hours.
#[track_caller]
pub fn hold_number(client: &Client, number: &str) -> Value {
    client.hold(DAY, json!({"number": number, "ttl_s": 7200})).expect(201)
}
