//! The latest attempts of each webhook, for whoever wants to know why nothing arrives. They live in
//! memory and do not survive a restart: what has been delivered, the webhook's cursor knows.

use crate::feed::{Event, FeedPlace};
use crate::webhooks::sender::Sent;
use actors::Time;
use actors::domain::webhooks::Telling;
use std::collections::VecDeque;
use std::sync::Mutex;

const KEPT: usize = 100;

#[derive(Clone, Debug)]
pub struct Attempt {
    pub event: FeedPlace,
    pub topic: &'static str,
    pub at: Time,
    pub line: Telling,
    pub sent: Sent,
    /// When it is tried again.
    pub next_at: Option<Time>,
}

impl Attempt {
    pub fn of(event: &Event, line: Telling, at: Time, sent: Sent) -> Attempt {
        Attempt { event: event.place, topic: event.topic.name, at, line, sent, next_at: None }
    }
}

#[derive(Default)]
pub struct Attempts(Mutex<VecDeque<Attempt>>);

impl Attempts {
    pub fn note(&self, attempt: Attempt) {
        let mut kept = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        kept.truncate(KEPT - 1);
        kept.push_front(attempt);
    }

    /// The newest first.
    pub fn latest(&self, limit: usize) -> Vec<Attempt> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .iter()
            .take(limit)
            .cloned()
            .collect()
    }
}
