//! A machine with all its cards in memory, to which events are played.

use actors::cards::{Card, CardKey, Cards, KnownCards, Unknown};
use actors::{Caller, Machine, Stamp, Time, Verdict};
use std::collections::HashMap;

#[derive(Default)]
pub struct Played<M: Machine> {
    pub machine: M,
    pub cards: AllCards,
}

impl<M: Machine> Played<M> {
    pub fn apply(&mut self, event: &M::Event, at: Time) {
        self.machine.apply(event, at);
        self.cards.write::<M>(event, at);
    }

    pub fn decide(
        &self,
        command: &M::Command,
        caller: &Caller,
        stamp: &Stamp,
    ) -> Result<Verdict<M::Event>, M::Refusal> {
        self.machine.decide(command, caller, stamp, &Cards::new(&self.cards))
    }

    pub fn look(&self, question: &M::Question) -> M::Answer {
        self.machine.look(question, &Cards::new(&self.cards))
    }

    pub fn left_for(&self, command: &M::Command, caller: &Caller) -> u64 {
        self.left_at(command, caller, Time::default())
    }

    /// The same where it hangs on the time.
    pub fn left_at(&self, command: &M::Command, caller: &Caller, now: Time) -> u64 {
        self.machine.left_for(command, caller, now, &Cards::new(&self.cards))
    }

    pub fn due(&self) -> Option<Time> {
        self.machine.due()
    }

    pub fn expire(&self, now: Time) -> Option<M::Event> {
        self.machine.expire(now)
    }

    pub fn imbalance(&self) -> i64 {
        self.machine.imbalance()
    }

    /// The head, as a snapshot keeps it.
    pub fn bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.machine).expect("a machine is plain data")
    }

    /// The same with its head written to a snapshot and read again.
    pub fn saved_and_read(&self) -> Played<M> {
        let machine = postcard::from_bytes(&self.bytes()).expect("it was written so");
        Played { machine, cards: self.cards.clone() }
    }
}

/// All cards of a partition, in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllCards(HashMap<CardKey, Vec<u8>>);

impl AllCards {
    /// Writes what the event says.
    pub fn write<M: Machine>(&mut self, event: &M::Event, at: Time) {
        let mut cards = Vec::new();
        M::cards(event, at, &mut cards);
        for Card { key, body } in cards {
            match body {
                Some(body) => self.0.insert(key, body),
                None => self.0.remove(&key),
            };
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&CardKey, &Vec<u8>)> {
        self.0.iter()
    }
}

impl KnownCards for AllCards {
    fn known(&self, key: &CardKey) -> Result<Option<&[u8]>, Unknown> {
        Ok(self.0.get(key).map(Vec::as_slice))
    }
}
