//! Somebody who follows the feed live, as server-sent events.
//!
//! They take what they can when they can: a slow one falls behind and reads the log, and costs no
//! memory.

use crate::feed::{Event, Feed, FeedPlace, Turn};
use std::fmt::Write;
use std::sync::Arc;
use tokio::sync::watch;

pub struct Listener {
    feed: Arc<Feed>,
    turns: watch::Receiver<Turn>,
    /// Everything up to this position has been told.
    position: u64,
    /// Where the last one left off, in the midst of a frame.
    last: Option<FeedPlace>,
    greeted: bool,
}

impl Listener {
    /// After that event, or from the position on if none is named.
    pub fn new(feed: Arc<Feed>, position: u64, last: Option<FeedPlace>) -> Listener {
        let turns = feed.turns();
        let position = last.map_or(position, |last| last.position - 1);
        Listener { turns, feed, position, last, greeted: false }
    }

    /// What to send next, whenever that is. None when the server stops. Given up on the way, it
    /// goes on from there the next time.
    pub async fn next(&mut self) -> Option<String> {
        if !std::mem::replace(&mut self.greeted, true) {
            // The headers leave with the first bytes, and say that from here on nothing is missed.
            return Some(": listening\n\n".into());
        }
        loop {
            if self.turns.borrow_and_update().stopping {
                return None;
            }
            // What cannot be read now is read at a later turn.
            if let Ok(read) = self.feed.after(self.position).await {
                self.position = read.to;
                let text: String = read
                    .events
                    .iter()
                    .filter(|event| self.last.is_none_or(|last| event.place > last))
                    .filter(|event| !event.topic.is_audit())
                    .map(written)
                    .collect();
                if !text.is_empty() {
                    return Some(text);
                }
                if read.to < read.end {
                    continue;
                }
            }
            let is_news =
                |turn: &Turn| turn.stopping || self.feed.known_end() > Some(self.position);
            if self.turns.wait_for(is_news).await.is_err() {
                return None;
            }
        }
    }
}

fn written(event: &Arc<Event>) -> String {
    let mut text = String::with_capacity(event.body.len() + 64);
    // Writing to a String cannot fail; the JSON is one line.
    let _ =
        write!(text, "id: {}\nevent: {}\ndata: {}\n\n", event.place, event.topic.name, event.body);
    text
}
