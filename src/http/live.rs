//! What goes on at this node, second by second: one text for all who listen.
//!
//! Whoever makes the text asks first whether anybody listens.

use super::telling::{EventSource, GREETING};
use std::sync::Arc;
use tokio::sync::watch;

pub struct LiveFigures(watch::Sender<Now>);

/// Ended, once the node stops.
#[derive(Clone, Default)]
struct Now {
    text: Option<Arc<str>>,
    ended: bool,
}

/// Somebody who listens. A slow one misses seconds, and costs no memory.
pub struct LiveListener {
    now: watch::Receiver<Now>,
    greeted: bool,
}

impl Default for LiveFigures {
    fn default() -> LiveFigures {
        LiveFigures(watch::channel(Now::default()).0)
    }
}

impl LiveFigures {
    pub fn is_heard(&self) -> bool {
        self.0.receiver_count() > 0
    }

    pub fn listen(&self) -> LiveListener {
        let mut now = self.0.subscribe();
        // What was told before is old by now.
        now.mark_unchanged();
        LiveListener { now, greeted: false }
    }

    /// One line of JSON, for all.
    pub fn tell(&self, figures: &str) {
        let text = format!("event: figures\ndata: {figures}\n\n");
        self.0.send_modify(|now| now.text = Some(text.into()));
    }

    pub fn end(&self) {
        self.0.send_modify(|now| now.ended = true);
    }
}

impl EventSource for LiveListener {
    async fn next(&mut self) -> Option<String> {
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(GREETING.into());
        }
        if self.now.borrow().ended {
            return None;
        }
        self.now.changed().await.ok()?;
        let now = self.now.borrow_and_update();
        if now.ended { None } else { Some(now.text.as_deref().unwrap_or_default().to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_rt::test]
    async fn all_who_listen_hear_the_same_and_whoever_is_late_hears_the_last() {
        let live = LiveFigures::default();
        assert!(!live.is_heard());
        live.tell("0");
        let (mut one, mut late) = (live.listen(), live.listen());
        assert!(live.is_heard());
        assert_eq!(one.next().await.as_deref(), Some(GREETING));
        assert_eq!(late.next().await.as_deref(), Some(GREETING));
        live.tell("1");
        assert_eq!(one.next().await.as_deref(), Some("event: figures\ndata: 1\n\n"));
        live.tell("2");
        assert_eq!(one.next().await.as_deref(), Some("event: figures\ndata: 2\n\n"));
        assert_eq!(late.next().await.as_deref(), Some("event: figures\ndata: 2\n\n"));
        live.end();
        assert_eq!((one.next().await, late.next().await), (None, None));
        drop((one, late));
        assert!(!live.is_heard());
    }
}
