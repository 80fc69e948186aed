//! Given events, when a command, then an event or a refusal. A decision that changed the machine
//! fails every test.

use actors::cards::{Card, CardKey, Cards, KnownCards, Unknown};
use actors::{Caller, Id, Machine, Role, Stamp, Time, Verdict};
use testing::played::Played;

pub const ADA: Caller = Caller { id: Id([1; 16]), role: Role::Member };
pub const BOB: Caller = Caller { id: Id([2; 16]), role: Role::Member };
pub const ADMIN: Caller = Caller { id: Id([3; 16]), role: Role::Admin };

/// So many seconds after the beginning.
pub const fn s(seconds: i64) -> Time {
    Time(seconds * 1000)
}

pub struct Given<M: Machine>(pub Played<M>);

impl<M: Machine> std::ops::Deref for Given<M> {
    type Target = Played<M>;

    fn deref(&self) -> &Played<M> {
        &self.0
    }
}

pub struct Decided<M: Machine>(Result<Verdict<M::Event>, M::Refusal>);

pub fn given<M: Machine>(events: impl IntoIterator<Item = (Time, M::Event)>) -> Given<M> {
    let mut given = Given(Played::default());
    events.into_iter().for_each(|(at, event)| given.0.apply(&event, at));
    assert_eq!(given.0.imbalance(), 0);
    given
}

/// The cards that an event writes.
pub fn cards_of<M: Machine>(event: &M::Event) -> Vec<Card> {
    let mut cards = Vec::new();
    M::cards(event, s(1), &mut cards);
    cards
}

impl<M: Machine> Given<M> {
    pub fn and(mut self, at: Time, event: M::Event) -> Given<M> {
        self.0.apply(&event, at);
        assert_eq!(self.0.imbalance(), 0);
        self
    }

    pub fn when(&self, command: M::Command, caller: Caller, at: Time) -> Decided<M> {
        self.when_by_chance(command, caller, at, 1)
    }

    pub fn when_by_chance(
        &self,
        command: M::Command,
        caller: Caller,
        at: Time,
        seed: u64,
    ) -> Decided<M> {
        let before = self.0.bytes();
        let decided = self.0.decide(&command, &caller, &Stamp { at, seed });
        assert!(self.0.bytes() == before, "to decide changes nothing");
        Decided(decided)
    }

    /// The same, written to a snapshot and read again; it must tell the same and be due when the
    /// other is.
    pub fn saved_and_read(&self) -> Given<M> {
        let again = self.0.saved_and_read();
        assert!(again.bytes() == self.0.bytes(), "a snapshot of a snapshot is the same");
        assert_eq!((again.imbalance(), again.due()), (0, self.0.due()));
        Given(again)
    }

    /// How many cards the command needs, as none is in memory.
    pub fn cards_to_decide(&self, command: &M::Command, caller: Caller, at: Time) -> usize {
        let cards = Cards::new(&Empty);
        let _ = self.0.machine.decide(command, &caller, &Stamp { at, seed: 1 }, &cards);
        cards.into_missing().len()
    }

    /// The same of a look.
    pub fn cards_to_look(&self, question: &M::Question) -> usize {
        let cards = Cards::new(&Empty);
        self.0.machine.look(question, &cards);
        cards.into_missing().len()
    }

    /// Everything that is due by then has expired.
    pub fn and_time_passes(mut self, until: Time) -> Given<M> {
        while let Some(event) = self.expires(until) {
            self = self.and(until, event);
        }
        self
    }

    /// What expires then, if anything does.
    pub fn expires(&self, at: Time) -> Option<M::Event> {
        let due = self.0.due().is_some_and(|due| due <= at);
        let event = self.0.expire(at);
        assert_eq!(due, event.is_some(), "what is due expires, and nothing else does");
        event
    }
}

impl<M: Machine> Decided<M>
where
    M::Event: PartialEq,
{
    pub fn then(self, event: M::Event) {
        assert_eq!(self.0, Ok(Verdict::New(event)));
    }

    /// It has happened before.
    pub fn then_already(self, event: M::Event) {
        assert_eq!(self.0, Ok(Verdict::Already(event)));
    }

    pub fn refused(self, refusal: M::Refusal) {
        assert_eq!(self.0, Err(refusal));
    }

    /// It is not refused.
    pub fn verdict(self) -> Verdict<M::Event> {
        self.0.unwrap_or_else(|refusal| panic!("refused: {refusal:?}"))
    }

    pub fn event(self) -> M::Event {
        match self.0 {
            Ok(Verdict::New(event)) => event,
            other => panic!("nothing new happens: {other:?}"),
        }
    }
}

/// A memory in which no card is.
struct Empty;

impl KnownCards for Empty {
    fn known(&self, _: &CardKey) -> Result<Option<&[u8]>, Unknown> {
        Err(Unknown)
    }
}
