//! When the partitions of one thread next have something to do by themselves: one timer for all of
//! them, so that those that sleep in memory cost nothing.

use crate::time::Time;
use actix::{Message, Recipient};
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, MutexGuard};

/// It is time to look whether anything is due.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Tick;

#[derive(Default)]
pub struct Alarms(Mutex<Set>);

#[derive(Default)]
struct Set {
    sleepers: HashMap<u64, Sleeper>,
    times: BinaryHeap<Reverse<(Time, u64)>>,
    last_id: u64,
    is_watched: bool,
}

struct Sleeper {
    to: Recipient<Tick>,
    /// Its next alarm; what stands in `times` beside that is out of date.
    at: Option<Time>,
}

impl Alarms {
    /// Whether the caller is the one who must ring from now on.
    pub fn is_first_watch(&self) -> bool {
        !std::mem::replace(&mut self.set().is_watched, true)
    }

    pub fn enter(&self, to: Recipient<Tick>) -> u64 {
        let mut set = self.set();
        set.last_id += 1;
        let id = set.last_id;
        set.sleepers.insert(id, Sleeper { to, at: None });
        id
    }

    pub fn leave(&self, id: u64) {
        self.set().sleepers.remove(&id);
    }

    /// Wakes that one then, or earlier: one that is woken too early says again when.
    pub fn set_for(&self, id: u64, at: Time) {
        let mut set = self.set();
        let Some(sleeper) = set.sleepers.get_mut(&id) else { return };
        if sleeper.at.is_none_or(|earlier| at < earlier) {
            sleeper.at = Some(at);
            set.times.push(Reverse((at, id)));
        }
    }

    /// Wakes those whose time has come.
    pub fn ring(&self, now: Time) {
        let mut set = self.set();
        while let Some(Reverse((at, id))) = set.times.peek().copied().filter(|next| next.0.0 <= now)
        {
            set.times.pop();
            if let Some(sleeper) = set.sleepers.get_mut(&id).filter(|one| one.at == Some(at)) {
                sleeper.at = None;
                sleeper.to.do_send(Tick);
            }
        }
    }

    pub fn ring_for_all(&self) {
        self.set().sleepers.values().for_each(|sleeper| sleeper.to.do_send(Tick));
    }

    fn set(&self) -> MutexGuard<'_, Set> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
