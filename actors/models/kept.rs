//! Every state that the machines of one kind have come to, each kept once and known by a number.
//!
//! What a machine says in a state is asked of the machine itself, once, and remembered. Each state
//! is one that was written to a snapshot and read again, so a run goes through a restart at every
//! step.

use actors::{Caller, Machine, Stamp, Time, Verdict};
use hashbrown::HashMap;
use testing::played::Played;

/// Which state of a machine.
pub type StateNumber = u32;

pub type Said<M> = Result<Verdict<<M as Machine>::Event>, <M as Machine>::Refusal>;

pub struct KeptStates<M: Machine> {
    states: Vec<Played<M>>,
    numbers: HashMap<Vec<u8>, StateNumber>,
    said: HashMap<Vec<u8>, (Said<M>, StateNumber)>,
    passed: HashMap<(StateNumber, Time), StateNumber>,
}

impl<M: Machine> Default for KeptStates<M> {
    fn default() -> Self {
        let (states, numbers) = (Vec::new(), HashMap::new());
        KeptStates { states, numbers, said: HashMap::new(), passed: HashMap::new() }
    }
}

impl<M: Machine> KeptStates<M> {
    pub fn keep(&mut self, played: Played<M>) -> StateNumber {
        let mut cards: Vec<_> = played.cards.iter().collect();
        cards.sort();
        let mut bytes = played.bytes();
        for (key, body) in cards {
            bytes.extend(format!("{key:?}").bytes());
            bytes.extend((body.len() as u32).to_le_bytes());
            bytes.extend(body);
        }
        if let Some(number) = self.numbers.get(&bytes) {
            return *number;
        }
        let read = played.saved_and_read();
        assert_eq!(read.bytes(), played.bytes(), "a snapshot is read as it was written");
        let number = StateNumber::try_from(self.states.len()).expect("the model is small");
        self.states.push(read);
        self.numbers.insert(bytes, number);
        number
    }

    pub fn get(&self, number: StateNumber) -> &Played<M> {
        &self.states[number as usize]
    }

    /// What the machine says to the command, and the state in which it then is. `decide` asks the
    /// machine, or breaks a rule, always in the same way.
    pub fn tell_as(
        &mut self,
        number: StateNumber,
        command: &M::Command,
        caller: &Caller,
        at: Time,
        decide: impl FnOnce(&Played<M>, &Stamp) -> Said<M>,
    ) -> (Said<M>, StateNumber) {
        let asked = postcard::to_stdvec(&(number, caller, at, command)).expect("it is plain data");
        if let Some((said, after)) = self.said.get(&asked) {
            return (said.clone(), *after);
        }
        let said = decide(self.get(number), &Stamp { at, seed: 7 });
        let after = match &said {
            Ok(Verdict::New(event)) => self.happen(number, event, at),
            _ => number,
        };
        self.said.insert(asked, (said.clone(), after));
        (said, after)
    }

    pub fn happen(&mut self, number: StateNumber, event: &M::Event, at: Time) -> StateNumber {
        let mut played = self.get(number).saved_and_read();
        played.apply(event, at);
        self.keep(played)
    }

    /// What is due by then expires.
    pub fn pass(&mut self, number: StateNumber, now: Time) -> StateNumber {
        if let Some(after) = self.passed.get(&(number, now)) {
            return *after;
        }
        let mut after = number;
        while self.get(after).due().is_some_and(|due| due <= now) {
            let event = self.get(after).expire(now).expect("something is due");
            after = self.happen(after, &event, now);
        }
        self.passed.insert((number, now), after);
        after
    }

    pub fn len(&self) -> usize {
        self.states.len()
    }
}
