//! What a till is told, what it is asked, and what it says.

use super::names::LimitKey;
use crate::domain::pool::{Edition, InTheWay, PoolCommand};
use crate::domain::tickets::stock::Ticket;
use crate::domain::tickets::{OrderNumber, Pattern};
use crate::id::Id;
use crate::machine::Refused;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What the pool's creation fixed for each of its tills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TillTerms {
    pub limits: MemberLimits,
    /// How long a placed order may be extended after it was placed.
    pub hold_max_s: u32,
    pub closes_at: Time,
}

/// How much one member, or one limit key, may have of all slices together. None: as much as there
/// is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLimits {
    /// Tickets held at a time.
    pub held: Option<u16>,
    /// Tickets bought and not given back; those that are held count with them.
    pub bought: Option<u32>,
}

/// What an order is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderWish {
    pub pattern: Pattern,
    pub count: u16,
    /// Fewer are a refusal.
    pub at_least: u16,
    pub ttl_s: u32,
}

/// The tickets that an order has of one slice; none, if the slice was asked and had none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPart {
    /// The slice's leading digits.
    pub lead: u8,
    pub tickets: Vec<Ticket>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Open {
        terms: TillTerms,
    },
    /// Takes an allowance for an order of the caller's, which is then gathered.
    Begin {
        wish: OrderWish,
        keys: Vec<LimitKey>,
    },
    /// These are the order's tickets. What of its allowance it does not need is given back.
    Place {
        order: u32,
        parts: Vec<OrderPart>,
    },
    /// Ends an order that is not placed.
    GiveUp {
        order: u32,
    },
    Confirm {
        order: u32,
    },
    Extend {
        order: u32,
        ttl_s: u32,
    },
    Release {
        order: u32,
    },
    /// Takes back tickets of a bought order: these, or all if none is named.
    Refund {
        order: u32,
        tickets: Vec<Ticket>,
    },
    /// All parts and keys of these orders know of them up to that step.
    Settle {
        orders: Vec<(u32, u32)>,
    },
    /// Takes up to `count` from a limit key that is kept here, for an order of any till.
    Take {
        order: OrderNumber,
        key: LimitKey,
        count: u16,
        at_least: u16,
    },
    /// Tells what the order has come to.
    FollowKey {
        order: OrderNumber,
        key: LimitKey,
        share: KeyShare,
    },
    /// Ends orders, some at a time, then closes the till for good. Repeat until the event is
    /// `Sealed`, and settle what is unsettled meanwhile.
    Seal,
    /// What is opened or begun in a pool of that edition. Without it, it is the first.
    InEdition {
        edition: Edition,
        command: Box<Command>,
    },
    /// Takes no orders of that edition any more, if there never was one.
    Withdraw {
        edition: Edition,
    },
    /// As `Begin`, of tickets that one slice alone may have, and by no limit key. It is held as
    /// soon as that slice has set them aside; its till may hear later which they are.
    BeginInOne {
        wish: OrderWish,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Opened {
        terms: TillTerms,
    },
    Begun {
        order: u32,
        owner: Id,
        /// With the allowance as its count.
        wish: OrderWish,
        keys: Vec<LimitKey>,
        give_up_at: Time,
    },
    Placed {
        order: u32,
        owner: Id,
        parts: Vec<OrderPart>,
        until: Time,
        /// Whether limit keys have yet to hear of it.
        unsettled: bool,
    },
    Extended {
        order: u32,
        until: Time,
    },
    Confirmed {
        order: u32,
        past: PastOrder,
        /// How many the owner has bought by now.
        bought: u32,
    },
    /// Given up, released or expired.
    Ended {
        orders: Vec<(u32, PastOrder)>,
    },
    Refunded {
        order: u32,
        tickets: Vec<Ticket>,
        past: PastOrder,
        bought: u32,
    },
    Settled {
        orders: Vec<u32>,
    },
    Taken {
        order: OrderNumber,
        key: LimitKey,
        count: u16,
    },
    FollowedKey {
        order: OrderNumber,
        key: LimitKey,
        share: KeyShare,
        /// How many were bought under the key by now.
        bought: u32,
    },
    /// Orders that ended because the till is being sealed; from here on nothing new begins.
    Cleared {
        orders: Vec<(u32, PastOrder)>,
    },
    Sealed,
    /// As `Opened`, in a later edition of the pool.
    OpenedIn {
        edition: Edition,
        terms: TillTerms,
    },
    /// Nobody has touched it, and it is as if it had never been opened.
    Withdrawn {
        edition: Edition,
    },
    /// If its slice has set tickets aside for it, it is held until `until`.
    BegunInOne {
        order: u32,
        owner: Id,
        /// With the allowance as its count.
        wish: OrderWish,
        until: Time,
        /// If it is not placed by then, its slice is asked.
        doubt_at: Time,
    },
    /// Begun in one slice, and not placed in time: whether their slices have set tickets aside for
    /// them has to be found out.
    Doubted {
        orders: Vec<u32>,
    },
}

impl PoolCommand for Command {
    fn begins_something(&self) -> bool {
        matches!(
            self,
            Command::Open { .. }
                | Command::Begin { .. }
                | Command::Take { .. }
                | Command::BeginInOne { .. }
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
        !matches!(
            self,
            Event::Opened { .. }
                | Event::OpenedIn { .. }
                | Event::Withdrawn { .. }
                | Event::Cleared { .. }
                | Event::Sealed
        )
    }
}

/// An order that was bought, or has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastOrder {
    pub owner: Id,
    pub pattern: Pattern,
    pub keys: Vec<LimitKey>,
    /// What it had when it was placed, without what was taken back.
    pub parts: Vec<OrderPart>,
    pub refunded: Vec<Ticket>,
    pub end: OrderEnd,
    /// Until when it was placed at first; none if it never was.
    pub placed_until: Option<Time>,
    /// Counts what its parts and keys must hear.
    pub step: u32,
}

impl PastOrder {
    /// The tickets that it still has, or had when it ended.
    pub fn tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.parts.iter().flat_map(|part| &part.tickets)
    }

    /// What its limit keys hear of it.
    pub fn share(&self) -> KeyShare {
        let sold = self.end == OrderEnd::Sold;
        KeyShare {
            step: self.step,
            held: 0,
            bought: if sold { self.tickets().count() as u16 } else { 0 },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderEnd {
    Sold,
    Released,
    Expired,
    /// Never placed.
    GivenUp,
}

/// What an order has of a limit key's allowance, as of a step of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyShare {
    pub step: u32,
    pub held: u16,
    pub bought: u16,
}

/// In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The till was not told its terms yet. The shell tells it, and asks again; users never see
    /// this.
    NotOpened,
    /// The pool was withdrawn since, is being withdrawn, or was arranged anew.
    Withdrawn,
    /// Somebody has ordered here, in this edition of the pool.
    Touched,
    Closed,
    UnknownOrder,
    NotYours,
    /// It is being gathered, or was given up: there is nothing to confirm.
    NotPlaced,
    /// The order is placed or over.
    OrderOver,
    OrderExpired,
    OrderReleased,
    AlreadyBought,
    NotSold,
    NotAdmin,
    /// Not what was allowed, or not what was asked for.
    OtherTickets,
    LimitReached {
        side: AllowanceSide,
        limit: u32,
        left: u32,
    },
    ExtendedToTheLimit {
        until: Time,
    },
    /// Parts or keys of so many orders have yet to follow.
    Unsettled {
        orders: u64,
    },
}

/// Which of the two limits it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AllowanceSide {
    Held,
    Bought,
}

impl InTheWay for Refusal {
    const TOUCHED: Refusal = Refusal::Touched;
    const CLOSED: Refusal = Refusal::Closed;
}

impl Refused for Refusal {}

#[derive(Clone, Serialize, Deserialize)]
pub enum Question {
    Order(u32),
    /// The placed orders of a member.
    OrdersOf(Id),
    /// What is unsettled of these, and how.
    Unsettled(Vec<u32>),
    /// What a member, or a limit key, holds and has bought.
    Allowance(Id),
    Ledger,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    NotOpened,
    Order(Option<OrderView>),
    Orders(Vec<(u32, OrderView)>),
    Unsettled(Vec<(u32, u32, OrderView)>),
    Allowance { held: u32, bought: u32 },
    Ledger(TillLedger),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderView {
    pub owner: Id,
    pub keys: Vec<LimitKey>,
    pub stage: OrderStage,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OrderStage {
    /// One that was begun in one slice may be held already, until then.
    Gathering {
        wish: OrderWish,
        since: Time,
        held_until: Option<Time>,
    },
    Placed {
        parts: Vec<OrderPart>,
        until: Time,
        placed_until: Time,
    },
    Past(PastOrder),
}

/// What a till has at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TillLedger {
    pub gathering: u64,
    pub placed: u64,
    pub unsettled: u64,
    /// Tickets that placed orders have, and allowances of those that are gathered.
    pub held: u64,
    /// Who has something held: members and limit keys.
    pub holders: u64,
    pub imbalance: i64,
    pub closing: bool,
    pub sealed: bool,
}

impl std::ops::Add for TillLedger {
    type Output = TillLedger;

    fn add(self, other: TillLedger) -> TillLedger {
        TillLedger {
            gathering: self.gathering + other.gathering,
            placed: self.placed + other.placed,
            unsettled: self.unsettled + other.unsettled,
            held: self.held + other.held,
            holders: self.holders + other.holders,
            imbalance: self.imbalance + other.imbalance,
            closing: self.closing || other.closing,
            sealed: self.sealed || other.sealed,
        }
    }
}
