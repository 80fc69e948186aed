//! Keys that have been answered, so that a repeat gets the same answer and never a second thing.
//!
//! A partition remembers what each key got (`Answered`). A node remembers which command each key
//! stood for, and how long keys are remembered (`KeyWindow`). That is a span of time or a number of
//! keys, whichever is shorter; the oldest goes first. A key older than the horizon is forgotten by
//! all partitions of the node at once; that is what makes passing a request on safe.

use crate::id::Id;
use crate::time::Time;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicIsize, Ordering};

/// A caller's idempotency key with the command it stands for, both hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub hash: Id,
    pub command: u64,
}

impl Key {
    /// The key of `caller` for `command`, which is spelled out by `meaning`.
    pub fn new(caller: Id, text: &[u8], meaning: &[&[u8]]) -> Key {
        let mut command = [0; 8];
        command.copy_from_slice(&Id::digest(meaning).0[..8]);
        Key { hash: Id::digest(&[&caller.0, text]), command: u64::from_le_bytes(command) }
    }

    fn short(&self) -> u64 {
        let mut short = [0; 8];
        short.copy_from_slice(&self.hash.0[..8]);
        u64::from_le_bytes(short)
    }
}

const SHARDS: usize = 16;

/// The node's memory of keys. Sharded, each lock held for one map operation, never across anything
/// else.
pub struct KeyWindow {
    shards: [Mutex<Shard>; SHARDS],
    per_shard: usize,
    span_s: u32,
    horizon: AtomicI64,
    kept: AtomicIsize,
}

#[derive(Default)]
struct Shard {
    commands: HashMap<u64, u64>,
    oldest_first: VecDeque<(Time, u64)>,
}

impl KeyWindow {
    pub fn new(limit: usize, span_s: u32) -> KeyWindow {
        KeyWindow {
            shards: Default::default(),
            per_shard: (limit / SHARDS).max(1),
            span_s,
            horizon: AtomicI64::new(i64::MIN),
            kept: AtomicIsize::new(0),
        }
    }

    /// Keys answered before this instant are forgotten.
    pub fn horizon(&self) -> Time {
        Time(self.horizon.load(Ordering::Acquire))
    }

    /// The same, once it is `now`: time passes although no key is answered.
    pub fn horizon_at(&self, now: Time) -> Time {
        self.forget_before(now.minus_s(self.span_s));
        self.horizon()
    }

    pub fn kept(&self) -> usize {
        self.kept.load(Ordering::Relaxed).max(0) as usize
    }

    /// Whether the key already stands for another command.
    pub fn stands_for_another(&self, key: &Key) -> bool {
        self.shard(key).commands.get(&key.short()).is_some_and(|command| *command != key.command)
    }

    /// Binds the key to its command. False if it stands for another by now.
    pub fn bind(&self, key: &Key, at: Time) -> bool {
        self.forget_before(at.minus_s(self.span_s));
        let mut shard = self.shard(key);
        let mut kept = 0;
        let bound = match shard.commands.get(&key.short()) {
            Some(command) => *command == key.command,
            None => {
                shard.commands.insert(key.short(), key.command);
                shard.oldest_first.push_back((at, key.short()));
                kept += 1;
                true
            }
        };
        if bound {
            while shard.oldest_first.len() > self.per_shard
                || shard.oldest_first.front().is_some_and(|(at, _)| *at < self.horizon())
            {
                let Some((at, short)) = shard.oldest_first.pop_front() else { break };
                shard.commands.remove(&short);
                self.forget_before(at.next());
                kept -= 1;
            }
            self.kept.fetch_add(kept, Ordering::Relaxed);
        }
        bound
    }

    fn forget_before(&self, instant: Time) {
        self.horizon.fetch_max(instant.0, Ordering::AcqRel);
    }

    fn shard(&self, key: &Key) -> std::sync::MutexGuard<'_, Shard> {
        self.shards[key.hash.0[15] as usize % SHARDS]
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What one partition answered, by key.
#[derive(Default)]
pub struct Answered {
    answers: HashMap<Id, LastAnswer>,
    oldest_first: VecDeque<OnceAnswered>,
}

/// When a key was answered, and by which record.
struct OnceAnswered {
    at: Time,
    hash: Id,
    seq: u64,
}

/// The last thing said about a key: its command and the bytes of the entry in the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastAnswer {
    pub at: Time,
    pub command: u64,
    pub entry: Box<[u8]>,
}

impl Answered {
    pub fn get(&mut self, hash: Id, horizon: Time) -> Option<&LastAnswer> {
        self.forget_before(horizon);
        self.answers.get(&hash)
    }

    pub fn put(&mut self, hash: Id, answer: LastAnswer, seq: u64, horizon: Time) {
        self.forget_before(horizon);
        self.oldest_first.push_back(OnceAnswered { at: answer.at, hash, seq });
        self.answers.insert(hash, answer);
    }

    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The sequence after which all records stand whose keys are still remembered; none if none is.
    pub fn since(&self, horizon: Time) -> Option<u64> {
        let oldest = self.oldest_first.iter().find(|answered| answered.at >= horizon)?;
        Some(oldest.seq - 1)
    }

    /// A key that was answered again (passed on once more) stays until its newest answer is too
    /// old.
    pub fn forget_before(&mut self, horizon: Time) {
        while self.oldest_first.front().is_some_and(|answered| answered.at < horizon) {
            let Some(OnceAnswered { at, hash, .. }) = self.oldest_first.pop_front() else { return };
            if self.answers.get(&hash).is_some_and(|answer| answer.at <= at) {
                self.answers.remove(&hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8, command: u64) -> Key {
        Key { hash: Id([n; 16]), command }
    }

    #[test]
    fn a_key_stands_for_one_command_only() {
        let window = KeyWindow::new(1000, 3600);
        assert!(window.bind(&key(1, 10), Time(0)));
        assert!(window.bind(&key(1, 10), Time(1)));
        assert!(!window.bind(&key(1, 11), Time(2)));
        assert!(window.stands_for_another(&key(1, 11)));
        assert!(!window.stands_for_another(&key(2, 11)));
        assert!(window.bind(&key(2, 11), Time(3)));
        assert_eq!(window.kept(), 2);
    }

    #[test]
    fn the_span_moves_the_horizon() {
        let window = KeyWindow::new(1000, 3600);
        window.bind(&key(1, 10), Time(0));
        window.bind(&key(2, 10), Time(3_600_001));
        assert_eq!(window.horizon(), Time(1));
    }

    #[test]
    fn too_many_keys_forget_the_oldest_for_everybody() {
        let window = KeyWindow::new(SHARDS, 3600);
        window.bind(&key(16, 10), Time(5));
        window.bind(&key(32, 10), Time(7));
        assert_eq!(window.horizon(), Time(6));
        assert_eq!(window.kept(), 1);
        assert!(!window.stands_for_another(&key(16, 11)));
    }

    #[test]
    fn an_answer_given_again_lives_as_long_as_its_newest() {
        let mut answered = Answered::default();
        let hash = Id([1; 16]);
        for at in [1, 9] {
            answered.put(
                hash,
                LastAnswer { at: Time(at), command: 1, entry: Box::new([]) },
                at as u64,
                Time(0),
            );
        }
        assert!(answered.get(hash, Time(5)).is_some());
        assert!(answered.get(hash, Time(10)).is_none());
    }
}
