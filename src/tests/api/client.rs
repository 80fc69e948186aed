//! Clients of a `TestApp`, what they are answered, and what is read from that.

use crate::harness::TestApp;
use serde_json::{Value, json};

/// Somebody who calls, with headers of his own.
#[derive(Clone)]
pub struct Client<'a> {
    app: &'a TestApp,
    headers: Vec<(String, String)>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub text: String,
    pub headers: ureq::http::HeaderMap,
}

impl<'a> Client<'a> {
    pub fn of(app: &'a TestApp) -> Client<'a> {
        Client { app, headers: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// What it says in that header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub fn bearer(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    pub fn key(&self, key: &str) -> Self {
        self.clone().with("Idempotency-Key", key)
    }

    /// On behalf of a member of the service whose key this is.
    pub fn on_behalf_of(&self, member: &str) -> Self {
        self.clone().with("On-Behalf-Of", member)
    }

    pub fn hold(&self, day: &str, wanted: Value) -> Answer {
        self.post(&format!("/lotteries/{day}/holds"), wanted)
    }

    pub fn submit(&self, day: &str) -> Answer {
        self.post(&format!("/lotteries/{day}/ballots"), json!({}))
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

    pub fn confirm(&self, hold: &str) -> Answer {
        self.post(&format!("/holds/{hold}/confirm"), json!({}))
    }

    pub fn extend(&self, hold: &str, ttl_s: u32) -> Answer {
        self.post(&format!("/holds/{hold}/extend"), json!({"ttl_s": ttl_s}))
    }

    pub fn release(&self, hold: &str) -> Answer {
        self.delete(&format!("/holds/{hold}"))
    }

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

    /// Paths that begin with `//` are meant from the root; all others are under `/api/v1`.
    pub fn send(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> Answer {
        self.try_to_send(&self.app.address(), method, path, body).expect("the server answers")
    }

    /// None if the connection broke before the whole answer was here.
    pub fn try_to_send(
        &self,
        address: &str,
        method: &str,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Option<Answer> {
        let path = path
            .strip_prefix('/')
            .filter(|path| path.starts_with('/'))
            .map_or(format!("/api/v1{path}"), str::to_owned);
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("http://{address}{path}"));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let sent = match body {
            Some(body) => self
                .app
                .agent()
                .run(request.header("Content-Type", "application/json").body(body).unwrap()),
            None => self.app.agent().run(request.body(()).unwrap()),
        };
        let mut answer = sent.ok()?;
        let bytes = answer.body_mut().read_to_vec().ok()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some(Answer {
            status: answer.status().as_u16(),
            body,
            text,
            headers: answer.headers().clone(),
        })
    }
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
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
