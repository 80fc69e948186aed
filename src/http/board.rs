//! The bulletins of the feed, second by second: one text for all who listen.
//!
//! Whoever makes them asks first whether anybody listens.

use super::telling::{EventSource, GREETING};
use std::sync::Arc;
use tokio::sync::watch;

pub struct BulletinBoard(watch::Sender<Shown>);

/// What hangs there now.
#[derive(Clone, Default)]
struct Shown {
    turn: u64,
    bulletin: Option<Arc<str>>,
    start: Arc<str>,
    /// The node stops.
    ended: bool,
}

/// Somebody who listens. A slow one misses seconds, is told so, and costs no memory.
pub struct BoardReader {
    shown: watch::Receiver<Shown>,
    heard: Option<u64>,
    greeted: bool,
}

impl Default for BulletinBoard {
    fn default() -> BulletinBoard {
        BulletinBoard(watch::channel(Shown::default()).0)
    }
}

impl BulletinBoard {
    pub fn is_heard(&self) -> bool {
        self.0.receiver_count() > 0
    }

    pub fn listen(&self) -> BoardReader {
        let mut shown = self.0.subscribe();
        // What hangs there now was for others.
        shown.mark_unchanged();
        BoardReader { shown, heard: None, greeted: false }
    }

    /// Each is a line of JSON: what has happened, if anything has, and for those who did not hear
    /// the turn before, one that tells nothing but where they go on from.
    pub fn tell(&self, bulletin: Option<&str>, start: &str) {
        self.0.send_modify(|shown| {
            shown.turn += 1;
            shown.bulletin = bulletin.map(write);
            shown.start = write(start);
        });
    }

    pub fn end(&self) {
        self.0.send_modify(|shown| shown.ended = true);
    }
}

fn write(bulletin: &str) -> Arc<str> {
    format!("event: bulletin\ndata: {bulletin}\n\n").into()
}

impl EventSource for BoardReader {
    async fn next(&mut self) -> Option<String> {
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(GREETING.into());
        }
        loop {
            if self.shown.borrow().ended {
                return None;
            }
            self.shown.changed().await.ok()?;
            let shown = self.shown.borrow_and_update();
            if shown.ended {
                return None;
            }
            let follows = self.heard.is_some_and(|heard| heard + 1 == shown.turn);
            self.heard = Some(shown.turn);
            if !follows {
                return Some(shown.start.as_ref().to_owned());
            }
            if let Some(bulletin) = &shown.bulletin {
                return Some(bulletin.as_ref().to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn heard(reader: &mut BoardReader) -> String {
        let text = reader.next().await.unwrap();
        text.strip_prefix("event: bulletin\ndata: ").unwrap().trim_end().to_owned()
    }

    #[actix_rt::test]
    async fn all_hear_the_same_and_whoever_missed_a_turn_hears_where_they_go_on() {
        let board = BulletinBoard::default();
        assert!(!board.is_heard());
        board.tell(Some("old"), "0");
        let (mut one, mut slow) = (board.listen(), board.listen());
        assert!(board.is_heard());
        assert_eq!(one.next().await.as_deref(), Some(GREETING));
        assert_eq!(slow.next().await.as_deref(), Some(GREETING));
        board.tell(Some("a"), "1");
        assert_eq!((heard(&mut one).await, heard(&mut slow).await), ("1".into(), "1".into()));
        board.tell(Some("b"), "2");
        assert_eq!(heard(&mut one).await, "b");
        board.tell(Some("c"), "3");
        assert_eq!((heard(&mut one).await, heard(&mut slow).await), ("c".into(), "3".into()));
        board.tell(Some("d"), "4");
        assert_eq!((heard(&mut one).await, heard(&mut slow).await), ("d".into(), "d".into()));
        board.end();
        assert_eq!((one.next().await, slow.next().await), (None, None));
        drop((one, slow));
        assert!(!board.is_heard());
    }

    #[actix_rt::test]
    async fn a_turn_in_which_nothing_happened_is_told_to_nobody_who_heard_the_one_before() {
        let board = BulletinBoard::default();
        let mut reader = board.listen();
        reader.next().await;
        board.tell(None, "1");
        assert_eq!(heard(&mut reader).await, "1");
        board.tell(None, "1");
        let still = std::time::Duration::ZERO;
        assert!(actix_rt::time::timeout(still, reader.next()).await.is_err());
        board.tell(Some("a"), "2");
        assert_eq!(heard(&mut reader).await, "a");
    }
}
