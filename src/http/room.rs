//! What may be held at once, counted over the whole node.
//!
//! One count for bytes of bodies that are still arriving, another for those of answers that nobody
//! has read yet, and one for lines of sheets that are under way. What is held is given back by a
//! drop, however the request ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Clone)]
pub struct Room(Arc<Inner>);

struct Inner {
    most: usize,
    held: AtomicUsize,
}

/// Some of the room. It may grow, and is given back when it is dropped.
pub struct Held {
    room: Room,
    bytes: usize,
}

impl Room {
    pub fn of(most: usize) -> Room {
        Room(Arc::new(Inner { most, held: AtomicUsize::new(0) }))
    }

    /// None of it yet.
    pub fn enter(&self) -> Held {
        Held { room: self.clone(), bytes: 0 }
    }

    pub fn held(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }
}

impl Held {
    /// Whether there is room for so much in all. If not, nothing changes.
    pub fn grow(&mut self, to: usize) -> bool {
        let more = to.saturating_sub(self.bytes);
        let Inner { most, held } = &*self.room.0;
        let before = held.fetch_add(more, Ordering::Relaxed);
        if more > 0 && before.saturating_add(more) > *most {
            held.fetch_sub(more, Ordering::Relaxed);
            return false;
        }
        self.bytes += more;
        true
    }

    /// Holds so much whether there is room or not, for what cannot be refused any more.
    pub fn insist(&mut self, to: usize) {
        let more = to.saturating_sub(self.bytes);
        self.room.0.held.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.0.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_held_than_there_is_room_for() {
        let room = Room::of(100);
        let (mut one, mut other) = (room.enter(), room.enter());
        assert!(one.grow(60) && one.grow(60) && !other.grow(41) && other.grow(40));
        assert_eq!(room.held(), 100);
        drop(one);
        assert!(other.grow(100) && !other.grow(101));
        other.insist(150);
        assert_eq!(room.held(), 150);
        drop(other);
        assert_eq!(room.held(), 0);
    }
}
