//! Requests that wait for cards, and which cards have to be looked up for them.
//!
//! They are served again in the order in which they came. Nothing of a parked request was done.

use super::card_memory::CardMemory;
use super::request::Request;
use crate::cards::CardKey;
use crate::machine::Machine;
use hashbrown::HashSet;
use std::collections::VecDeque;

pub struct ParkedRequest<M: Machine, W> {
    pub request: Request<M>,
    pub seed: u64,
    pub waiter: W,
    /// The cards that were missing so far. They stay in memory until the request is served.
    pub needs: HashSet<CardKey>,
}

pub struct Parked<M: Machine, W> {
    waiting: VecDeque<ParkedRequest<M, W>>,
    /// To be asked for.
    wanted: Vec<CardKey>,
    /// Wanted, or asked for and not found yet.
    awaited: HashSet<CardKey>,
}

impl<M: Machine, W> Parked<M, W> {
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn park(
        &mut self,
        mut asked: ParkedRequest<M, W>,
        missing: Vec<CardKey>,
        cards: &mut CardMemory,
    ) {
        for key in missing {
            if asked.needs.insert(key) {
                cards.reserve(key);
            }
            if self.awaited.insert(key) {
                self.wanted.push(key);
            }
        }
        self.waiting.push_back(asked);
    }

    pub fn wants_any(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// The cards to look up next.
    pub fn take_wanted(&mut self) -> Vec<CardKey> {
        std::mem::take(&mut self.wanted)
    }

    /// These are in memory now.
    pub fn found<'a>(&mut self, keys: impl IntoIterator<Item = &'a CardKey>) {
        for key in keys {
            self.awaited.remove(key);
        }
    }

    /// The requests that wait for nothing any more, in their order.
    pub fn take_ready(&mut self) -> VecDeque<ParkedRequest<M, W>> {
        let is_ready =
            |asked: &ParkedRequest<M, W>| !asked.needs.iter().any(|key| self.awaited.contains(key));
        if !self.waiting.iter().any(is_ready) {
            return VecDeque::new();
        }
        let (ready, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(is_ready);
        self.waiting = waiting;
        ready
    }

    /// Gives up those that wait for one of these cards.
    pub fn give_up(&mut self, keys: &[CardKey], cards: &mut CardMemory) -> Vec<W> {
        let (lost, waiting): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(
                |asked: &ParkedRequest<M, W>| keys.iter().any(|key| asked.needs.contains(key)),
            );
        self.waiting = waiting;
        self.found(keys);
        lost.into_iter()
            .map(|asked| {
                asked.needs.iter().for_each(|key| cards.release(key));
                asked.waiter
            })
            .collect()
    }

    pub fn abandon(self) -> impl Iterator<Item = W> {
        self.waiting.into_iter().map(|asked| asked.waiter)
    }
}

impl<M: Machine, W> Default for Parked<M, W> {
    fn default() -> Self {
        Parked { waiting: VecDeque::new(), wanted: Vec::new(), awaited: HashSet::new() }
    }
}
