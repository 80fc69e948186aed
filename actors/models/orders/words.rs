//! What there is in the town: people, their letters, and the rules that can be broken.

use crate::kept::{Said, StateNumber};
use actors::domain::tickets::{self, OrderNumber, Slice};
use actors::domain::till::{self, Till};
use actors::{Caller, Time};

/// Who orders what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStory {
    /// Two members order under one limit key.
    OneCard,
    /// One member orders twice.
    OneMember,
    /// Two members want the same tickets, and there is no limit.
    FewTickets,
    /// One member orders once, and more goes wrong.
    OneOrder,
    /// Two members want the one ticket of a slice, which alone may have it.
    InOneSlice,
}

/// To whom a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    Till(u8),
    Slice(u8),
}

/// A command on its way; commands are known by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Letter {
    pub to: Address,
    pub command: u16,
}

#[derive(Clone, Debug)]
pub enum LetterText {
    ToTill(till::Command, Caller),
    ToSlice(tickets::Command),
}

/// What a letter was answered.
pub enum LetterReply {
    OfTill(Said<Till>),
    OfSlice(Said<Slice>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SmallTown {
    pub now: Time,
    pub tills: [StateNumber; 2],
    pub slices: [StateNumber; 2],
    pub people: [Person; 2],
    pub sweeper: Option<Teller>,
    /// What may still arrive, at any time.
    pub late: Vec<Letter>,
    pub faults: u8,
}

/// What may happen in the town.
#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "they are printed")]
pub enum TownStep {
    Sends(Sender, Letter, LetterFate),
    Does(Sender, &'static str),
    ArrivesLate(Letter),
    TimePasses,
    IsGivenUp(OrderNumber),
    Dies(usize),
}

#[derive(Clone, Copy, Debug)]
pub enum Sender {
    Person(usize),
    Sweeper,
}

/// What becomes of a letter. To its sender the three in the middle look the same.
#[derive(Clone, Copy, Debug)]
pub enum LetterFate {
    IsAnswered,
    AnswerIsLost,
    IsLost,
    IsLate,
    ComesTwice,
}

/// Steps, and what they lead to.
pub type Came = Vec<(TownStep, SmallTown)>;

/// Rules that can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderRule {
    KeysAreAskedBeforeTickets,
    AllowanceIsTakenBeforeTickets,
    OverIsRemembered,
    StepsAreCountedByKeys,
    OnlyWhatWasToldIsSettled,
    AllHaveHeardBeforeSettled,
    WhoeverWasAskedHearsOfTheEnd,
    EmptyPartsHearOfTheEnd,
    OnlyTheTillSells,
    OnlyTheTillEnds,
    RefundsAreToldToSlices,
    DoubtGivesUp,
    Sweep,
    OneSliceIsAskedFirst,
    DeclinedIsRemembered,
}

impl OrderRule {
    pub const ALL: [OrderRule; 15] = [
        OrderRule::KeysAreAskedBeforeTickets,
        OrderRule::AllowanceIsTakenBeforeTickets,
        OrderRule::OverIsRemembered,
        OrderRule::StepsAreCountedByKeys,
        OrderRule::OnlyWhatWasToldIsSettled,
        OrderRule::AllHaveHeardBeforeSettled,
        OrderRule::WhoeverWasAskedHearsOfTheEnd,
        OrderRule::EmptyPartsHearOfTheEnd,
        OrderRule::OnlyTheTillSells,
        OrderRule::OnlyTheTillEnds,
        OrderRule::RefundsAreToldToSlices,
        OrderRule::DoubtGivesUp,
        OrderRule::Sweep,
        OrderRule::OneSliceIsAskedFirst,
        OrderRule::DeclinedIsRemembered,
    ];

    /// Where it is missed.
    pub fn shown_by(self) -> OrderStory {
        match self {
            OrderRule::KeysAreAskedBeforeTickets => OrderStory::OneCard,
            OrderRule::AllowanceIsTakenBeforeTickets => OrderStory::OneMember,
            OrderRule::EmptyPartsHearOfTheEnd => OrderStory::FewTickets,
            OrderRule::OneSliceIsAskedFirst | OrderRule::DeclinedIsRemembered => {
                OrderStory::InOneSlice
            }
            _ => OrderStory::OneOrder,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Person {
    pub order: Option<OrderNumber>,
    pub stage: PersonStage,
    /// As many as are allowed.
    pub count: u8,
    /// Of one slice, it may be held until then.
    pub may_be_held_until: Option<Time>,
    /// It was told that it has its tickets, before its till knows.
    pub is_told: bool,
    /// Tickets of each slice that answered.
    pub asked: [Option<u8>; 2],
    pub teller: Option<Teller>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PersonStage {
    #[default]
    Idle,
    /// Asks the card's till.
    Taking,
    /// Asks that slice.
    Holding(u8),
    Placing,
    GivingUp,
    Placed,
    Sold,
    Over,
}

/// Tells those who follow an order, one after the other, and then the till that all have heard.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Teller {
    pub order: OrderNumber,
    pub step: u32,
    pub letters: Vec<Letter>,
    pub failed: bool,
}

impl Person {
    /// Whoever has an order may leave it as it is.
    pub fn is_at_rest(&self) -> bool {
        let rests = [PersonStage::Placed, PersonStage::Sold, PersonStage::Over];
        self.teller.is_none() && rests.contains(&self.stage)
    }

    /// How many tickets it has found.
    pub fn has(&self) -> u32 {
        self.asked.iter().flatten().map(|bits| bits.count_ones()).sum()
    }
}
