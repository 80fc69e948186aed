//! The binary as a child process, which never outlives its test, and the folder it works in, which
//! does not either.

use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

pub const ADMIN_PASSWORD: &str = "tests need an administrator";
pub const PASSWORD: &str = "correct horse battery";

/// A folder for data, in a folder of its own that is gone when the test is over.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let path = std::env::temp_dir()
            .join(format!(
                "stampede-crash-{}-{}",
                std::process::id(),
                NEXT.fetch_add(1, Ordering::SeqCst)
            ))
            .join("data");
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = self.0.parent().map(std::fs::remove_dir_all);
    }
}

/// The binary with nothing around it but what every test needs.
pub fn stampede(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stampede"));
    command
        .env_clear()
        .env("STAMPEDE_BCRYPT_COST", "4")
        .env("STAMPEDE_ADMIN_PASSWORD", ADMIN_PASSWORD);
    command
        .env("STAMPEDE_LOG", "off")
        .env("STAMPEDE_LISTEN", "127.0.0.1:0")
        .env("STAMPEDE_DATA", data);
    command.env("STAMPEDE_HOLDS_PER_MEMBER", "60000");
    command
}

/// Runs a subcommand to its end.
pub fn run<A: AsRef<OsStr>>(data: &Path, arguments: impl IntoIterator<Item = A>) -> Output {
    run_command(stampede(data).args(arguments))
}

/// The same, for a command that was made ready.
pub fn run_command(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// What it printed, when it succeeded.
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

#[track_caller]
pub fn verified(data: &Path) -> String {
    succeeds(run(data, ["verify"]))
}

pub struct Server {
    child: Child,
    pub address: String,
    log: PathBuf,
    /// What it prints later has to go somewhere.
    out: BufReader<ChildStdout>,
}

impl Server {
    pub fn start(data: &Path) -> Server {
        Server::start_with(stampede(data), data).0
    }

    /// With the lines that it printed before it listened.
    pub fn start_with(command: Command, data: &Path) -> (Server, Vec<String>) {
        Server::try_to_start(command, data)
            .unwrap_or_else(|ended| panic!("it ended before it listened: {ended}"))
    }

    /// The same, or how it ended if it never listened.
    pub fn try_to_start(
        mut command: Command,
        data: &Path,
    ) -> Result<(Server, Vec<String>), ExitStatus> {
        let log = data.with_extension("log");
        let stderr = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut server = Server { child, address: String::new(), log, out };
        let mut printed = Vec::new();
        while server.address.is_empty() {
            let mut line = String::new();
            if server.out.read_line(&mut line).unwrap() == 0 {
                return Err(server.wait());
            }
            match line.trim_end().strip_prefix("listening on http://") {
                Some(address) => server.address = address.to_owned(),
                None => printed.push(line.trim_end().to_owned()),
            }
        }
        Ok((server, printed))
    }

    /// What it logged so far, and those before it in the same folder.
    pub fn whole_log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
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
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} \"$0\""), &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
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

    /// Whether that stands in its log.
    pub fn said(&self, what: &str) -> bool {
        std::fs::read_to_string(&self.log).unwrap().contains(what)
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

    pub fn anybody(&self) -> Client {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Client { agent, address: self.address.clone(), token: None }
    }

    pub fn admin(&self) -> Client {
        self.log_in("admin", ADMIN_PASSWORD)
    }

    pub fn log_in(&self, name: &str, password: &str) -> Client {
        let tokens = self
            .anybody()
            .post("/auth/login", None, json!({"username": name, "password": password}))
            .expect(200);
        Client {
            token: Some(tokens["access_token"].as_str().unwrap().to_owned()),
            ..self.anybody()
        }
    }

    pub fn member(&self, name: &str) -> Client {
        self.anybody()
            .post("/auth/register", None, json!({"username": name, "password": PASSWORD}))
            .expect(201);
        self.log_in(name, PASSWORD)
    }

    pub fn lottery(&self, copies: u16) {
        self.admin()
            .post(
                "/lotteries",
                None,
                json!({"closes_on": DAY, "tickets": {"digits": 4, "copies": copies}}),
            )
            .expect(201);
    }

    /// Held and sold. The books balance, or the test is over.
    #[track_caller]
    pub fn books(&self) -> (u64, u64) {
        let ledger = self.anybody().get(&format!("/lotteries/{DAY}/ledger")).expect(200);
        let number = |name: &str| ledger[name].as_u64().unwrap();
        assert_eq!(
            (number("stock"), &ledger["imbalance"]),
            (number("free") + number("held") + number("sold"), &json!(0)),
            "{ledger}"
        );
        (number("held"), number("sold"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the server said: {}", self.whole_log());
        }
    }
}

/// Far away, because these tests live by the machine's clock.
pub const DAY: &str = "2199-12-31";

/// Somebody who calls, and goes on calling when the server is another process.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    pub address: String,
    token: Option<String>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub replayed: bool,
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

impl Client {
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, None).expect("an answer")
    }

    pub fn post(&self, path: &str, key: Option<&str>, body: Value) -> Answer {
        self.send("POST", path, key, Some(body)).expect("an answer")
    }

    pub fn hold(&self, number: &str) -> Value {
        self.post(
            &format!("/lotteries/{DAY}/holds"),
            None,
            json!({"number": number, "ttl_s": 7200}),
        )
        .expect(201)
    }

    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    pub fn with_token(mut self, token: &str) -> Client {
        self.token = Some(token.to_owned());
        self
    }

    /// What a service asks for a member of its own.
    pub fn on_behalf_of(&self, member: &str, path: &str) -> Answer {
        let request = ureq::http::Request::builder()
            .uri(format!("http://{}/api/v1{path}", self.address))
            .header("On-Behalf-Of", member);
        let request = request.header(
            "Authorization",
            format!("Bearer {}", self.token.as_deref().unwrap_or_default()),
        );
        let mut answer = self.agent.run(request.body(()).unwrap()).expect("an answer");
        let text = answer.body_mut().read_to_string().unwrap();
        Answer {
            status: answer.status().as_u16(),
            body: serde_json::from_str(&text).unwrap(),
            replayed: false,
        }
    }

    /// None if the connection broke before the whole answer was here. Paths that begin with `//`
    /// are meant from the root.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> Option<Answer> {
        let path = path
            .strip_prefix('/')
            .filter(|path| path.starts_with('/'))
            .map_or(format!("/api/v1{path}"), str::to_owned);
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let mut answer = match body {
            Some(body) => self
                .agent
                .run(
                    request
                        .header("Content-Type", "application/json")
                        .body(body.to_string())
                        .unwrap(),
                )
                .ok()?,
            None => self.agent.run(request.body(()).unwrap()).ok()?,
        };
        let text = answer.body_mut().read_to_string().ok()?;
        let replayed = answer.headers().contains_key("idempotent-replayed");
        Some(Answer {
            status: answer.status().as_u16(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            replayed,
        })
    }
}

impl Client {
    /// Sends a file as it is. None if the connection broke before the whole answer was here.
    pub fn send_file(&self, path: &str, file: &[u8]) -> Option<Answer> {
        let request = ureq::http::Request::post(format!("http://{}/api/v1{path}", self.address));
        let request = request.header(
            "Authorization",
            format!("Bearer {}", self.token.as_deref().unwrap_or_default()),
        );
        let mut answer =
            self.agent.run(request.header("Content-Type", "text/csv").body(file).unwrap()).ok()?;
        let text = answer.body_mut().read_to_string().ok()?;
        let replayed = answer.headers().contains_key("idempotent-replayed");
        Some(Answer {
            status: answer.status().as_u16(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            replayed,
        })
    }

    /// The text of an answer that is no JSON.
    pub fn download(&self, path: &str) -> String {
        let request = ureq::http::Request::get(format!("http://{}/api/v1{path}", self.address));
        let request = request.header(
            "Authorization",
            format!("Bearer {}", self.token.as_deref().unwrap_or_default()),
        );
        let mut answer = self.agent.run(request.body(()).unwrap()).expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        answer.body_mut().read_to_string().unwrap()
    }
}

pub fn id(thing: &Value) -> String {
    thing["id"].as_str().unwrap().to_owned()
}

pub fn tickets(hold: &Value) -> Vec<String> {
    hold["tickets"].as_array().unwrap().iter().map(id).collect()
}
