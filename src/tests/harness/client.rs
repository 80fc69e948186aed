//! Callers of the API, what they are answered, and what is read from that.

use crate::document::{self, Exchange};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const ADMIN_PASSWORD: &str = "tests need an administrator";
pub const PASSWORD: &str = "correct horse battery";

/// The address at which clients find a server. Its clones are the same door.
#[derive(Clone)]
pub struct Doorway(Arc<Mutex<String>>);

impl Doorway {
    pub fn at(address: &str) -> Doorway {
        Doorway(Arc::new(Mutex::new(address.to_owned())))
    }

    pub fn address(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    /// The server is at another address now, and all clients find it there.
    pub fn move_to(&self, address: &str) {
        *self.0.lock().unwrap() = address.to_owned();
    }
}

/// The connections that clients share. Any status is an answer to it.
pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_idle_connections_per_host(256)
        .build()
        .into()
}

/// The same, for clients who take whoever is silent for so long for dead.
pub fn impatient_agent(patience: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(patience))
        .build()
        .into()
}

/// A caller with headers of their own.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    door: Doorway,
    headers: Vec<(String, String)>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Null if it is no JSON.
    pub body: Value,
    pub text: String,
    pub headers: ureq::http::HeaderMap,
}

/// What is free, held and sold of a lottery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketBooks {
    pub free: u64,
    pub held: u64,
    pub sold: u64,
}

/// Who they are.
impl Client {
    /// A caller who is nobody yet.
    pub fn of(door: Doorway, agent: ureq::Agent) -> Client {
        Client { agent, door, headers: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Client {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// What they say in that header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub fn bearer(self, token: &str) -> Client {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    /// The token that they show.
    pub fn token(&self) -> Option<&str> {
        self.header("Authorization")?.strip_prefix("Bearer ")
    }

    pub fn key(&self, key: &str) -> Client {
        self.clone().with("Idempotency-Key", key)
    }

    /// On behalf of a member of the service whose key this is.
    pub fn on_behalf_of(&self, member: &str) -> Client {
        self.clone().with("On-Behalf-Of", member)
    }

    /// The same caller at that address, wherever others find the server.
    pub fn at(&self, address: &str) -> Client {
        Client { door: Doorway::at(address), ..self.clone() }
    }

    /// A new member of that name, logged in by the registration.
    #[track_caller]
    pub fn register(&self, name: &str) -> Client {
        let made = self.post("/auth/register", json!({"username": name, "password": PASSWORD}));
        self.clone().bearer(made.expect(201)["access_token"].as_str().unwrap())
    }

    #[track_caller]
    pub fn log_in(&self, name: &str, password: &str) -> Client {
        let tokens = self.post("/auth/login", json!({"username": name, "password": password}));
        self.clone().bearer(tokens.expect(200)["access_token"].as_str().unwrap())
    }
}

/// What they ask. Paths that begin with `//` are meant from the root; all others are under
/// `/api/v1`.
impl Client {
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None)
    }

    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body.to_string().into_bytes()))
    }

    pub fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, Some(body.to_string().into_bytes()))
    }

    pub fn patch(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, Some(body.to_string().into_bytes()))
    }

    pub fn send(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> Answer {
        self.try_to_send(method, path, body).expect("the server answers")
    }

    /// Sends NDJSON as it is, and reads NDJSON; the body is an array of its lines.
    pub fn send_lines(&self, path: &str, lines: &str) -> Answer {
        let lines = lines.as_bytes().to_vec();
        let sent = self.try_to_send_as("application/x-ndjson", "POST", path, Some(lines));
        let mut answer = sent.expect("the server answers");
        if answer.header("content-type") == Some("application/x-ndjson") {
            let read = |line: &str| serde_json::from_str(line).expect("a line is JSON");
            answer.body = answer.text.lines().map(read).collect::<Vec<Value>>().into();
        }
        answer
    }

    /// None if the connection broke before the whole answer was here.
    pub fn try_to_post(&self, path: &str, body: Value) -> Option<Answer> {
        self.try_to_send("POST", path, Some(body.to_string().into_bytes()))
    }

    /// None if the connection broke before the whole answer was here.
    pub fn try_to_send(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> Option<Answer> {
        self.try_to_send_as("application/json", method, path, body)
    }

    /// Sends a file as it is.
    pub fn send_file(&self, path: &str, file: &[u8]) -> Answer {
        self.try_to_send_file(path, file).expect("the server answers")
    }

    /// Sends a file as it is. None if the connection broke before the whole answer was here.
    pub fn try_to_send_file(&self, path: &str, file: &[u8]) -> Option<Answer> {
        self.try_to_send_as("text/csv", "POST", path, Some(file.to_vec()))
    }

    /// Sends a body of that type. None if the connection broke before the whole answer was here.
    pub fn try_to_send_as(
        &self,
        media: &str,
        method: &str,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Option<Answer> {
        let path = path
            .strip_prefix('/')
            .filter(|path| path.starts_with('/'))
            .map_or(format!("/api/v1{path}"), str::to_owned);
        let address = self.door.address();
        // By TLS the address says so.
        let scheme = if address.contains("://") { "" } else { "http://" };
        let uri = format!("{scheme}{address}{path}");
        let mut request = ureq::http::Request::builder().method(method).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let sent = match &body {
            Some(body) => {
                let request = request.header("Content-Type", media);
                self.agent.run(request.body(body.as_slice()).unwrap())
            }
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut answer = sent.ok()?;
        let bytes = answer.body_mut().read_to_vec().ok()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let answer = Answer {
            status: answer.status().as_u16(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
            headers: answer.headers().clone(),
        };
        document::check(&Exchange {
            method,
            path: &path,
            media,
            sent: body.as_deref(),
            status: answer.status,
            headers: &answer.headers,
            text: &answer.text,
            body: &answer.body,
        });
        Some(answer)
    }

    /// All lines of a list, page by page.
    pub fn all(&self, path: &str) -> Vec<Value> {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}?limit=100{cursor}")).expect(200);
            found.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }

    /// Opens a lottery of four digits that closes on that day.
    #[track_caller]
    pub fn open_lottery(&self, day: &str, copies: u16) {
        let tickets = json!({"digits": 4, "copies": copies});
        self.post("/lotteries", json!({"closes_on": day, "tickets": tickets})).expect(201);
    }

    pub fn hold(&self, day: &str, wanted: Value) -> Answer {
        self.post(&format!("/lotteries/{day}/holds"), wanted)
    }

    pub fn confirm(&self, hold: &str) -> Answer {
        self.post(&format!("/holds/{hold}/confirm"), json!({}))
    }

    pub fn extend(&self, hold: &str, ttl_s: u32) -> Answer {
        self.post(&format!("/holds/{hold}/extend"), json!({"ttl_s": ttl_s}))
    }

    pub fn release(&self, hold: &str) -> Answer {
        self.delete(&format!("/holds/{hold}"))
    }

    pub fn submit(&self, day: &str) -> Answer {
        self.post(&format!("/lotteries/{day}/ballots"), json!({}))
    }

    /// The books balance, or the test is over.
    #[track_caller]
    pub fn books(&self, day: &str) -> TicketBooks {
        let ledger = self.get(&format!("/lotteries/{day}/ledger")).expect(200);
        let number = |name: &str| ledger[name].as_u64().unwrap();
        let books =
            TicketBooks { free: number("free"), held: number("held"), sold: number("sold") };
        assert_eq!(number("stock"), books.free + books.held + books.sold, "{ledger}");
        assert_eq!(ledger["imbalance"], 0, "{ledger}");
        books
    }
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        self.expect_text(status);
        self.body
    }

    /// For an answer that is no JSON.
    #[track_caller]
    pub fn expect_text(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{}", self.text);
        &self.text
    }

    /// A problem of that name, complete in every part.
    #[track_caller]
    pub fn refused(self, status: u16, name: &str) -> Value {
        assert_eq!(
            (self.status, self.body["type"].as_str()),
            (status, Some(format!("/problems/{name}").as_str())),
            "{}",
            self.text
        );
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.body["request_id"].as_str(), self.header("x-request-id"));
        for field in ["title", "detail", "retry"] {
            assert!(self.body[field].is_string(), "{field}: {}", self.text);
        }
        self.body
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn was_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }
}

/// The places that a problem points at.
pub fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().map_or(Vec::new(), |errors| {
        errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
    })
}

/// The numbers of the tickets in a hold.
pub fn numbers(hold: &Value) -> Vec<String> {
    hold["tickets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ticket| ticket["number"].as_str().unwrap().to_owned())
        .collect()
}

/// The ids of the tickets in a hold.
pub fn tickets(hold: &Value) -> Vec<String> {
    hold["tickets"].as_array().unwrap().iter().map(|ticket| id(ticket).to_owned()).collect()
}

pub fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}
