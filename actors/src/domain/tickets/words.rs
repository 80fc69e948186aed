//! What a slice is told, what it is asked, and what it says.

use super::labels::LabelLedger;
use super::names::OrderNumber;
use super::pattern::Pattern;
use super::stock::Ticket;
use super::terms::{FirstTerms, SliceTerms};
use crate::domain::pool::{Edition, InTheWay, PoolCommand};
use crate::id::Id;
use crate::machine::Refused;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Open {
        lead: u8,
        terms: Box<SliceTerms>,
    },
    /// Up to `count` tickets that match; fewer than `at_least` is a refusal.
    Hold {
        pattern: Pattern,
        count: u16,
        at_least: u16,
        ttl_s: u32,
    },
    Confirm {
        hold: u32,
    },
    Extend {
        hold: u32,
        ttl_s: u32,
    },
    Release {
        hold: u32,
    },
    Refund {
        ticket: Ticket,
    },
    /// Ends live holds, some at a time, then closes the slice for good. Repeat until the event is
    /// `Sealed`.
    Seal,
    /// Up to `count` tickets for an order, as a part of it. Only the order's till ends or sells
    /// them.
    HoldFor {
        order: OrderNumber,
        owner: Id,
        pattern: Pattern,
        count: u16,
    },
    /// Tells what has become of an order. One that has no part here will never have one.
    Follow {
        order: OrderNumber,
        fate: PartFate,
    },
    /// Tells which tickets of a sold order were taken back.
    FollowRefund {
        order: OrderNumber,
        tickets: Vec<Ticket>,
    },
    /// As `Hold`, but of numbers that follow one another: a ticket of each of the longest run, up
    /// to `count`.
    HoldTogether {
        pattern: Pattern,
        count: u16,
        at_least: u16,
        ttl_s: u32,
    },
    /// The same for an order.
    HoldTogetherFor {
        order: OrderNumber,
        owner: Id,
        pattern: Pattern,
        count: u16,
        at_least: u16,
    },
    /// Takes back tickets of a bought hold: these, or all if none is named.
    RefundHold {
        hold: u32,
        tickets: Vec<Ticket>,
    },
    /// What is opened or begun in a pool of that edition. Without it, it is the first.
    InEdition {
        edition: Edition,
        command: Box<Command>,
    },
    /// Takes nothing more of that edition, if nothing ever was held.
    Withdraw {
        edition: Edition,
    },
    /// Says what it has for an order. If it has nothing, it never will have anything.
    Decline {
        order: OrderNumber,
    },
}

/// What has become of an order, as its parts are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartFate {
    Sold,
    Ended,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// As it was written before pools had sales and labels.
    Opened {
        lead: u8,
        terms: FirstTerms,
    },
    Held {
        hold: u32,
        owner: Id,
        tickets: Vec<Ticket>,
        until: Time,
    },
    Confirmed {
        hold: u32,
        owner: Id,
        tickets: Vec<Ticket>,
    },
    Extended {
        hold: u32,
        until: Time,
    },
    Released {
        hold: u32,
        owner: Id,
    },
    Expired {
        holds: Vec<(u32, Id)>,
    },
    Refunded {
        ticket: Ticket,
        hold: u32,
        owner: Id,
        /// What is left of the sold hold.
        left: Vec<Ticket>,
    },
    /// Holds that ended because the slice is being sealed; from here on nothing new begins.
    Cleared {
        holds: Vec<(u32, Id)>,
    },
    Sealed {
        sold: u64,
    },
    HeldFor {
        order: OrderNumber,
        owner: Id,
        tickets: Vec<Ticket>,
    },
    Followed {
        order: OrderNumber,
        owner: Id,
        tickets: Vec<Ticket>,
        fate: PartFate,
    },
    FollowedRefund {
        order: OrderNumber,
        owner: Id,
        tickets: Vec<Ticket>,
        /// What is left of the sold part.
        left: Vec<Ticket>,
    },
    /// What it is a slice of, from here on and for good.
    Prepared {
        lead: u8,
        terms: Box<SliceTerms>,
    },
    /// The ticket was bought by an order, whose till takes it back. It is a fact only so that who
    /// asks again, under the same key, is sent to the same till.
    Referred {
        ticket: Ticket,
        order: OrderNumber,
    },
    HoldRefunded {
        hold: u32,
        owner: Id,
        tickets: Vec<Ticket>,
        /// What is left of the sold hold.
        left: Vec<Ticket>,
        /// All that were taken back in this way, these included.
        refunded: Vec<Ticket>,
    },
    /// As `Prepared`, in a later edition of the pool.
    PreparedIn {
        edition: Edition,
        lead: u8,
        terms: Box<SliceTerms>,
    },
    /// Nobody has touched it, and it is as if it had never been opened.
    Withdrawn {
        edition: Edition,
    },
}

impl PoolCommand for Command {
    fn begins_something(&self) -> bool {
        matches!(
            self,
            Command::Open { .. }
                | Command::Hold { .. }
                | Command::HoldFor { .. }
                | Command::HoldTogether { .. }
                | Command::HoldTogetherFor { .. }
        )
    }

    fn of_later(edition: Edition, command: Box<Command>) -> Command {
        Command::InEdition { edition, command }
    }

    fn as_later(&self) -> Option<(Edition, &Command)> {
        match self {
            Command::InEdition { edition, command } => Some((*edition, command)),
            _ => None,
        }
    }
}

impl Event {
    /// Whether somebody has done something, not only the pool itself.
    pub(super) fn is_touch(&self) -> bool {
        match self {
            Event::Opened { .. }
            | Event::Prepared { .. }
            | Event::PreparedIn { .. }
            | Event::Withdrawn { .. }
            | Event::Cleared { .. }
            | Event::Sealed { .. } => false,
            Event::Held { .. }
            | Event::Confirmed { .. }
            | Event::Extended { .. }
            | Event::Released { .. }
            | Event::Expired { .. }
            | Event::Refunded { .. }
            | Event::HeldFor { .. }
            | Event::Followed { .. }
            | Event::FollowedRefund { .. }
            | Event::HoldRefunded { .. }
            | Event::Referred { .. } => true,
        }
    }
}

/// In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The slice was not told its terms yet. The shell tells it, and asks again; users never see
    /// this.
    NotOpened,
    /// The pool was withdrawn since, is being withdrawn, or was arranged anew.
    Withdrawn,
    /// Something was held here, in this edition of the pool.
    Touched,
    Closed,
    /// The sale has not begun.
    NotYetOpen {
        opens_at: Time,
    },
    /// No hold begins any more; those that live may still be confirmed.
    SaleOver,
    UnknownHold,
    NotYours,
    HoldExpired,
    HoldReleased,
    AlreadyConfirmed,
    UnknownTicket,
    NotSold,
    NotAdmin,
    LimitReached {
        limit: u16,
    },
    ExtendedToTheLimit {
        until: Time,
    },
    /// Enough that match are free, and will be let out then.
    NotReleasedYet {
        next_at: Time,
    },
    /// So many that match are free, or follow one another where they have to: fewer than asked for.
    NoMatchLeft {
        left: u64,
    },
    /// The order is over, so nothing is taken for it any more.
    OrderOver,
    /// The order has no part here that this could be told.
    NoPart,
    /// Orders whose parts live must be settled before the slice is sealed.
    PartsLive {
        parts: u64,
    },
}

impl InTheWay for Refusal {
    const TOUCHED: Refusal = Refusal::Touched;
    const CLOSED: Refusal = Refusal::Closed;
}

impl Refused for Refusal {
    fn may_be_had_elsewhere(&self) -> bool {
        matches!(self, Refusal::NotReleasedYet { .. } | Refusal::NoMatchLeft { .. })
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub enum Question {
    /// How many match, how many of them are free, and a sample of these.
    Matching {
        pattern: Pattern,
        sample: u16,
        seed: u64,
    },
    Hold(u32),
    /// The live holds of a member.
    HoldsOf(Id),
    Ledger,
    /// How many numbers follow one another that match and are free, up to `most`.
    LongestRun {
        pattern: Pattern,
        most: u16,
    },
    /// How many tickets each tenth of the numbers has, and how many of them are free.
    Tenths,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    NotOpened,
    Matching { matching: u64, free: u64, sample: Vec<Ticket> },
    Hold(Option<HoldView>),
    Holds(Vec<(u32, HoldView)>),
    Ledger(TicketLedger),
    LongestRun(u16),
    Tenths([Tenth; 10]),
}

/// Of the tickets whose numbers begin alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenth {
    pub free: u64,
    pub all: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HoldView {
    pub owner: Id,
    pub tickets: Vec<Ticket>,
    pub state: HoldState,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum HoldState {
    Held { until: Time },
    Confirmed,
}

/// The conservation law: stock = free + held + sold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketLedger {
    pub stock: u64,
    pub free: u64,
    pub held: u64,
    pub sold: u64,
    pub imbalance: i64,
    /// When the next hold ends, if it is not extended.
    pub next_end: Option<Time>,
    /// By their places among the labels of the pool.
    pub labels: Vec<LabelLedger>,
}

impl std::ops::Add for TicketLedger {
    type Output = TicketLedger;

    fn add(mut self, other: TicketLedger) -> TicketLedger {
        for label in other.labels {
            match self.labels.iter_mut().find(|known| known.place == label.place) {
                Some(known) => *known += label,
                None => self.labels.push(label),
            }
        }
        TicketLedger {
            stock: self.stock + other.stock,
            free: self.free + other.free,
            held: self.held + other.held,
            sold: self.sold + other.sold,
            imbalance: self.imbalance + other.imbalance,
            next_end: self.next_end.into_iter().chain(other.next_end).min(),
            labels: self.labels,
        }
    }
}
