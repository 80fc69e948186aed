//! Clients who go to whichever node answers, and come again with the same key until they are told.

use super::told::Told;
use harness::client::impatient_agent;
use harness::{Client, Doorway};
use serde_json::{Value, json};
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::time::{Duration, Instant};

/// Longer than any node takes to be given up for dead; beyond it something hangs.
const PATIENCE: Duration = Duration::from_secs(120);
const MOMENT: Duration = Duration::from_millis(50);
/// A paused node accepts connections and answers nobody.
const DEAF: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Crowd {
    /// The service that they are members of.
    client: Client,
    doors: Arc<RwLock<Vec<String>>>,
    progress: Arc<Progress>,
}

#[derive(Default)]
struct Progress {
    told: Mutex<Count>,
    changed: Condvar,
}

/// How many were told something for good, when the last of them was, and how long nobody was at the
/// worst.
#[derive(Default)]
struct Count {
    told: usize,
    last: Option<Instant>,
    longest_silence: Duration,
}

impl Count {
    fn one_more(&mut self) {
        self.told += 1;
        let silence =
            self.last.replace(Instant::now()).map_or(Duration::ZERO, |last| last.elapsed());
        self.longest_silence = self.longest_silence.max(silence);
    }
}

impl Crowd {
    pub fn new(doors: Arc<RwLock<Vec<String>>>, key: &str) -> Crowd {
        let agent = impatient_agent(DEAF);
        let client = Client::of(Doorway::at("any of the doors"), agent).bearer(key);
        Crowd { client, doors, progress: Arc::default() }
    }

    /// Counts for itself.
    pub fn another(&self) -> Crowd {
        Crowd { progress: Arc::default(), ..self.clone() }
    }

    pub fn hold(&self, n: usize, pattern: &str) -> Told {
        self.ask(
            n,
            "/lotteries/2199-12-31/holds",
            json!({"pattern": pattern, "count": 1, "ttl_s": 7200}),
        )
    }

    pub fn claim(&self, n: usize, campaign: &str) -> Told {
        self.ask(n, &format!("/campaigns/{campaign}/claims"), json!({}))
    }

    /// A hold of numbers that follow one another.
    pub fn hold_together(&self, n: usize, count: usize) -> Told {
        let wanted = json!({"pattern": "****", "count": count, "together": true, "ttl_s": 7200});
        self.ask(n, "/lotteries/2199-12-31/holds", wanted)
    }

    /// The `n`-th member asks, first at the `n`-th door, then at the next ones.
    fn ask(&self, n: usize, path: &str, body: Value) -> Told {
        let began = Instant::now();
        for attempt in 0.. {
            assert!(began.elapsed() < PATIENCE, "nobody tells member {n} what became of it");
            let doors = self.doors.read().unwrap().clone();
            let told = self.try_at(&doors[(n + attempt) % doors.len()], n, path, &body);
            match told {
                Some(told) if told.status != 503 => {
                    self.progress.told.lock().unwrap().one_more();
                    self.progress.changed.notify_all();
                    return told;
                }
                Some(told) => assert!(
                    ["later", "same_key"].contains(&told.body["retry"].as_str().unwrap_or("")),
                    "{}",
                    told.body
                ),
                None => {}
            }
            // Who is sent away comes again when somebody else was served, or after a moment.
            let told = self.progress.told.lock().unwrap();
            drop(self.progress.changed.wait_timeout(told, MOMENT).unwrap());
        }
        unreachable!("it comes again until it is told")
    }

    /// None if nobody is there, or the connection broke.
    fn try_at(&self, door: &str, n: usize, path: &str, body: &Value) -> Option<Told> {
        let member = self.client.at(door).on_behalf_of(&format!("member-{n}"));
        let answer = member.key(&format!("{path}/{n}")).try_to_post(path, body.clone())?;
        let replayed = answer.was_replayed();
        Some(Told { status: answer.status, body: answer.body, replayed })
    }

    /// Returns when so many were told.
    pub fn wait_until_told(&self, count: usize) {
        let told = self.progress.told.lock().unwrap();
        let (told, _) = self
            .progress
            .changed
            .wait_timeout_while(told, PATIENCE, |so_far| so_far.told < count)
            .unwrap();
        assert!(told.told >= count, "the crowd stands still at {}", told.told);
    }

    /// How long nobody was told anything, at the worst.
    pub fn longest_silence(&self) -> Duration {
        self.progress.told.lock().unwrap().longest_silence
    }
}
