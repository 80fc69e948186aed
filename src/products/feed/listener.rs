//! Somebody who follows the feed live, as server-sent events.
//!
//! They take what they can when they can: a slow one falls behind and reads the log, and costs no
//! memory.

use crate::feed::{Event, Feed, FeedPlace, Turn};
use std::fmt::Write;
use std::sync::Arc;
use tokio::sync::watch;

/// So many bytes are written before they are sent. The frame of a sheet alone may have a thousand
/// events, and somebody who reads nothing keeps what was written.
const ENOUGH: usize = 64 * 1024;

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
                let new = |event: &&Arc<Event>| {
                    self.last.is_none_or(|last| event.place > last) && !event.topic.is_audit()
                };
                let mut events = read.events.iter().filter(new).peekable();
                let (mut text, mut told) = (String::new(), None);
                while let Some(event) = events.next_if(|_| text.len() < ENOUGH) {
                    write(&mut text, event);
                    told = Some(event.place);
                }
                let is_all = events.peek().is_none();
                if let Some(told) = told.filter(|_| !is_all) {
                    (self.position, self.last) = (told.position - 1, Some(told));
                } else {
                    self.position = read.to;
                }
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

fn write(text: &mut String, event: &Event) {
    // Writing to a String cannot fail; the JSON is one line.
    let _ =
        write!(text, "id: {}\nevent: {}\ndata: {}\n\n", event.place, event.topic.name, event.body);
}
