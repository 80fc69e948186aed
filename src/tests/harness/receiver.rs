//! A receiver of webhooks on loopback that does what it is told: answers, fails, stalls, lies, or
//! has gone.

use crate::document;
use serde_json::Value;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// What it does with a request once it has read it whole.
#[derive(Clone, Debug)]
pub enum Mood {
    Answer(u16),
    /// Says nothing until it is told to go on, and then does what it is told by then.
    Stall,
    /// Closes the connection without a word.
    Drop,
    /// Says 200 and promises a body that never comes.
    Lie,
    /// Sends the sender elsewhere.
    Redirect(String),
}

#[derive(Clone, Debug)]
pub struct Heard {
    pub id: String,
    pub headers: ureq::http::HeaderMap,
    pub text: String,
    pub body: Value,
    /// How the request was met.
    pub met: String,
}

pub struct TestReceiver {
    address: SocketAddr,
    inside: Arc<Inside>,
}

#[derive(Default)]
struct Inside {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    heard: Vec<Heard>,
    plan: VecDeque<Mood>,
    usually: Option<Mood>,
    /// Stalls that were ended.
    let_go: usize,
    stalled: usize,
    closed: bool,
}

impl TestReceiver {
    pub fn start() -> TestReceiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, inside) = (listener.local_addr().unwrap(), Arc::new(Inside::default()));
        let to_all = inside.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if to_all.state.lock().unwrap().closed {
                    return;
                }
                let inside = to_all.clone();
                std::thread::spawn(move || inside.serve(stream.unwrap()));
            }
        });
        TestReceiver { address, inside }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?of=tests", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The next request that nothing is planned for is met so.
    pub fn plan(&self, moods: impl IntoIterator<Item = Mood>) {
        self.inside.state.lock().unwrap().plan.extend(moods);
    }

    pub fn usually(&self, mood: Mood) {
        self.inside.state.lock().unwrap().usually = Some(mood);
    }

    pub fn stalled(&self) -> usize {
        let state = self.inside.state.lock().unwrap();
        state.stalled - state.let_go.min(state.stalled)
    }

    /// Ends all stalls.
    pub fn go_on(&self) {
        let mut state = self.inside.state.lock().unwrap();
        state.let_go = state.stalled;
        self.inside.changed.notify_all();
    }

    /// Every request, in the order in which they were read.
    pub fn heard(&self) -> Vec<Heard> {
        self.inside.state.lock().unwrap().heard.clone()
    }

    /// Events by their first hearing.
    pub fn events(&self) -> Vec<Value> {
        let mut seen = std::collections::BTreeSet::new();
        self.heard()
            .into_iter()
            .filter(|heard| seen.insert(heard.id.clone()))
            .map(|heard| heard.body)
            .collect()
    }
}

impl Drop for TestReceiver {
    fn drop(&mut self) {
        let mut state = self.inside.state.lock().unwrap();
        (state.closed, state.let_go) = (true, usize::MAX);
        self.inside.changed.notify_all();
        drop(state);
        // The thread that accepts sees it at the next connection.
        let _ = TcpStream::connect(self.address);
    }
}

impl Inside {
    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some((headers, text)) = read(&mut reader) {
            let id = headers.get("webhook-id").map_or("", |id| id.to_str().unwrap()).to_owned();
            let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
            document::check_event(&body);
            let mood = self.hear(Heard { id, headers, text, body, met: String::new() });
            let answer = match mood {
                Mood::Answer(status) => {
                    format!("HTTP/1.1 {status} Well\r\ncontent-length: 2\r\n\r\nok")
                }
                Mood::Lie => "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nnot all of it".into(),
                Mood::Redirect(to) => {
                    format!("HTTP/1.1 307 There\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
                }
                Mood::Drop | Mood::Stall => return,
            };
            if (&stream).write_all(answer.as_bytes()).is_err() || answer.contains("1000") {
                return;
            }
        }
    }

    fn hear(&self, mut heard: Heard) -> Mood {
        let mut state = self.state.lock().unwrap();
        let mut mood = state.next_mood();
        heard.met = format!("{mood:?}");
        state.heard.push(heard);
        if matches!(mood, Mood::Stall) {
            state.stalled += 1;
            let mine = state.stalled;
            state = self.changed.wait_while(state, |state| state.let_go < mine).unwrap();
            mood = state.next_mood();
        }
        mood
    }
}

impl State {
    fn next_mood(&mut self) -> Mood {
        self.plan.pop_front().or(self.usually.clone()).unwrap_or(Mood::Answer(204))
    }
}

/// One request. None if the connection ended.
fn read(reader: &mut impl BufRead) -> Option<(ureq::http::HeaderMap, String)> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    assert!(line.starts_with("POST /hook?of=tests "), "{line}");
    let mut headers = ureq::http::HeaderMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        let name: ureq::http::HeaderName = name.parse().unwrap();
        headers.insert(name, value.parse().unwrap());
    }
    let length =
        headers.get("content-length").map_or(0, |length| length.to_str().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((headers, String::from_utf8(body).unwrap()))
}
