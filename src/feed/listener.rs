//! Somebody who follows the feed live, as server-sent events: what happens, and a comment now and then so that nobody takes silence for a
//! broken connection.
//!
//! He takes what he can when he can: a slow one falls behind and reads the log, and costs no memory. There may be so many of them.

use super::{Event, Feed, Place, Turn};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

pub const MOST: usize = 64;
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub struct Listener {
    feed: Arc<Feed>,
    turns: watch::Receiver<Turn>,
    /// Everything up to this position has been told.
    position: u64,
    /// Where the last one left off, in the midst of a frame.
    last: Option<Place>,
    greeted: bool,
    _seat: Arc<()>,
}

impl Listener {
    /// After that event, or from the position on if none is named. None if all seats are taken.
    pub fn seat(feed: Arc<Feed>, position: u64, last: Option<Place>) -> Option<Listener> {
        let seat = feed.listeners.clone();
        // The feed has one itself.
        if Arc::strong_count(&seat) - 2 >= MOST {
            return None;
        }
        let turns = feed.turns();
        let position = last.map_or(position, |last| last.position - 1);
        Some(Listener { turns, feed, position, last, greeted: false, _seat: seat })
    }

    /// What to send next. None when the server stops.
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
                let text: String =
                    read.events.iter().filter(|event| self.last.is_none_or(|last| event.place > last)).map(written).collect();
                if !text.is_empty() {
                    return Some(text);
                }
                if read.to < read.end {
                    continue;
                }
            }
            let quiet =
                tokio::time::timeout(KEEP_ALIVE, self.turns.wait_for(|turn| turn.stopping || self.feed.known_end() > Some(self.position)));
            match quiet.await {
                Ok(Ok(_)) => {}
                Ok(Err(_)) => return None,
                Err(_) => return Some(": still here\n\n".into()),
            }
        }
    }
}

fn written(event: &Arc<Event>) -> String {
    let mut text = String::with_capacity(event.body.len() + 64);
    // Writing to a String cannot fail; the JSON is one line.
    let _ = write!(text, "id: {}\nevent: {}\ndata: {}\n\n", event.place, event.topic.name, event.body);
    text
}
