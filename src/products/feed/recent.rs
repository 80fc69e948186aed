//! The newest events, in memory, so that a hundred listeners at the end of the log read it once and
//! not a hundred times.
//!
//! It is complete between two positions and bounded. A listener that is further behind reads the
//! log itself.

use crate::feed::event::Event;
use crate::feed::read::Read;
use std::collections::VecDeque;
use std::sync::Arc;

const MOST: usize = 10_000;
/// Events that are handed out at a time, but always whole frames.
const AT_ONCE: usize = 1000;

#[derive(Default)]
pub struct Recent {
    /// Complete after the first position and up to the second. None: nobody listens.
    span: Option<(u64, u64)>,
    events: VecDeque<Arc<Event>>,
}

impl Recent {
    pub fn to(&self) -> Option<u64> {
        self.span.map(|(_, to)| to)
    }

    pub fn begin(&mut self, end: u64) {
        self.span = Some((end, end));
    }

    pub fn forget(&mut self) {
        *self = Recent::default();
    }

    pub fn append(&mut self, read: Read) {
        let Some((from, to)) = &mut self.span else { return };
        *to = read.to;
        self.events.extend(read.events);
        while self.events.len() > MOST {
            *from = self.events.pop_front().map_or(*to, |event| event.place.position);
        }
    }

    /// None if it reaches not so far back, or is behind.
    pub fn after(&self, position: u64) -> Option<Read> {
        let (from, end) = self.span?;
        if !(from..=end).contains(&position) {
            return None;
        }
        let first = self.events.partition_point(|event| event.place.position <= position);
        let mut read = Read { events: Vec::new(), to: end, end };
        for event in self.events.range(first..) {
            let last = read.events.last().map_or(position, |last: &Arc<Event>| last.place.position);
            if read.events.len() >= AT_ONCE && event.place.position > last {
                read.to = last;
                break;
            }
            read.events.push(event.clone());
        }
        Some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(position: u64, events: u32) -> Read {
        let events = (0..events).map(|record| Arc::new(Event::placed(position, record))).collect();
        Read { events, to: position, end: position }
    }

    fn positions(read: &Read) -> Vec<u64> {
        read.events.iter().map(|event| event.place.position).collect()
    }

    #[test]
    fn it_knows_what_it_saw_and_nothing_before() {
        let mut recent = Recent::default();
        assert!(recent.after(0).is_none());
        recent.begin(5);
        [frame(6, 2), frame(7, 0), frame(9, 1)].into_iter().for_each(|read| recent.append(read));
        assert!(recent.after(4).is_none() && recent.after(10).is_none());
        assert_eq!(positions(&recent.after(5).unwrap()), [6, 6, 9]);
        assert_eq!(positions(&recent.after(6).unwrap()), [9]);
        let all = recent.after(9).unwrap();
        assert!(all.events.is_empty() && all.to == 9);
        recent.forget();
        assert!(recent.after(9).is_none());
    }

    #[test]
    fn frames_are_handed_out_whole() {
        let mut recent = Recent::default();
        recent.begin(0);
        (1..=10).for_each(|position| recent.append(frame(position, 300)));
        let (mut position, mut seen) = (0, Vec::new());
        while position < 10 {
            let read = recent.after(position).unwrap();
            assert_eq!(read.events.last().unwrap().place.position, read.to);
            position = read.to;
            seen.extend(positions(&read));
        }
        assert_eq!(seen.len(), 3000);
    }

    #[test]
    fn what_is_pushed_out_is_no_longer_claimed_to_be_known() {
        let mut recent = Recent::default();
        recent.begin(0);
        (1..=101).for_each(|position| recent.append(frame(position, 100)));
        assert!(recent.after(0).is_none());
        assert_eq!(positions(&recent.after(1).unwrap())[0], 2);
        recent.append(frame(102, 1));
        assert!(recent.after(1).is_none(), "a part of frame 2 is gone");
        assert_eq!(positions(&recent.after(2).unwrap())[0], 3);
    }
}
