//! A slice of a lottery's numbers: who holds and who bought which ticket.
//!
//! Rules: a ticket is free, held or sold, and never two of these. A hold lives in one slice, ends at its instant unless it
//! is confirmed, and can be extended up to a cap. Nothing is held, confirmed or extended once the lottery closes. A member has so
//! many live held tickets here and no more. A slice knows its terms from its own log; it is opened by whoever first needs it.

pub mod rows;
mod saved;

use super::names::{SliceName, lead_digits};
use super::pattern::Pattern;
use super::stock::{Stock, Ticket};
use crate::dice::Dice;
use crate::id::Id;
use crate::machine::{Caller, Machine, Refused, Role, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the lottery's creation fixed for each of its slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub digits: u8,
    pub copies: u16,
    pub holds_per_member: u16,
    pub hold_max_s: u32,
    pub closes_at: Time,
}

#[derive(Clone, Debug, Serialize)]
pub enum Command {
    Open {
        lead: u8,
        terms: Terms,
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
    /// Ends live holds, some at a time, then closes the slice for good. Repeat until the event is `Sealed`.
    Seal,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Opened {
        lead: u8,
        terms: Terms,
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
    },
    /// Holds that ended because the slice is being sealed; from here on nothing new begins.
    Cleared {
        holds: Vec<(u32, Id)>,
    },
    Sealed {
        sold: u64,
    },
}

/// In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody has told the slice its terms yet. The shell does, and asks again; users never see it.
    NotOpened,
    Closed,
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
    NoMatchLeft {
        left: u64,
    },
}

impl Refused for Refusal {
    fn may_be_had_elsewhere(&self) -> bool {
        matches!(self, Refusal::NoMatchLeft { .. })
    }
}

#[derive(Default)]
pub struct Slice {
    lead: u8,
    terms: Option<Terms>,
    stock: Stock,
    next_hold: u32,
    live: HashMap<u32, Live>,
    sold: HashMap<u32, Sold>,
    sold_tickets: u64,
    /// One bit per hold that was released rather than expired: why an ended hold ended.
    released: Vec<u64>,
    deadlines: BTreeSet<(Time, u32)>,
    held_by: HashMap<Id, Held>,
    closing: bool,
    sealed: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Live {
    owner: Id,
    tickets: Tickets,
    since: Time,
    until: Time,
}

/// What one member holds here at the moment.
#[derive(Default)]
struct Held {
    tickets: u32,
    holds: BTreeSet<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Sold {
    owner: Id,
    tickets: Tickets,
}

/// Most holds are of one ticket, and there may be millions of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Tickets {
    One(Ticket),
    Many(Box<[Ticket]>),
}

#[derive(Clone)]
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
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    NotOpened,
    Matching { matching: u64, free: u64, sample: Vec<Ticket> },
    Hold(Option<HoldView>),
    Holds(Vec<(u32, HoldView)>),
    Ledger(Ledger),
}

#[derive(Clone, Debug, PartialEq)]
pub struct HoldView {
    pub owner: Id,
    pub tickets: Vec<Ticket>,
    pub state: HoldState,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HoldState {
    Held { until: Time },
    Confirmed,
}

/// The conservation law: stock = free + held + sold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    pub stock: u64,
    pub free: u64,
    pub held: u64,
    pub sold: u64,
    pub imbalance: i64,
}

impl std::ops::Add for Ledger {
    type Output = Ledger;

    fn add(self, other: Ledger) -> Ledger {
        Ledger {
            stock: self.stock + other.stock,
            free: self.free + other.free,
            held: self.held + other.held,
            sold: self.sold + other.sold,
            imbalance: self.imbalance + other.imbalance,
        }
    }
}

/// How many holds one event may end, so that no record grows without bound.
const ENDED_AT_ONCE: usize = 1000;

impl Machine for Slice {
    const KIND: &'static str = "tickets";
    type Name = SliceName;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Question;
    type Answer = Answer;

    fn decide(&self, command: &Command, caller: &Caller, stamp: &Stamp) -> Result<Verdict<Event>, Refusal> {
        let terms = match (command, &self.terms) {
            (Command::Open { lead, terms }, None) => return Ok(Verdict::New(Event::Opened { lead: *lead, terms: *terms })),
            (Command::Open { lead, .. }, Some(terms)) => return Ok(Verdict::Already(Event::Opened { lead: *lead, terms: *terms })),
            (_, None) => return Err(Refusal::NotOpened),
            (_, Some(terms)) => terms,
        };
        match *command {
            Command::Open { .. } => Err(Refusal::NotOpened),
            Command::Hold { pattern, count, at_least, ttl_s } => {
                self.takes_commands(terms, stamp)?;
                let tickets = self.pick(terms, caller, &pattern, count, at_least, &mut Dice::new(stamp.seed))?;
                let until = stamp.at.plus_s(ttl_s.min(terms.hold_max_s)).min(terms.closes_at);
                Ok(Verdict::New(Event::Held { hold: self.next_hold, owner: caller.id, tickets, until }))
            }
            Command::Confirm { hold } => match self.sold.get(&hold) {
                Some(sold) => {
                    of_caller(caller, sold.owner)?;
                    Ok(Verdict::Already(Event::Confirmed { hold, owner: sold.owner, tickets: sold.tickets.to_vec() }))
                }
                None => {
                    let live = self.live_hold(hold, caller)?;
                    self.takes_commands(terms, stamp)?;
                    Ok(Verdict::New(Event::Confirmed { hold, owner: live.owner, tickets: live.tickets.to_vec() }))
                }
            },
            Command::Extend { hold, ttl_s } => {
                let live = self.live_hold(hold, caller)?;
                self.takes_commands(terms, stamp)?;
                extended(hold, live, terms, stamp.at.plus_s(ttl_s))
            }
            Command::Release { hold } => match self.live_hold(hold, caller) {
                Ok(live) => Ok(Verdict::New(Event::Released { hold, owner: live.owner })),
                Err(Refusal::HoldReleased) => Ok(Verdict::Already(Event::Released { hold, owner: caller.id })),
                Err(refusal) => Err(refusal),
            },
            Command::Refund { ticket } => self.refund(ticket, caller),
            Command::Seal => Ok(self.seal()),
        }
    }

    fn apply(&mut self, event: &Event, at: Time) {
        match event {
            Event::Opened { lead, terms } => {
                let own_digits = terms.digits - lead_digits(terms.digits);
                let first_number = *lead as u32 * 10u32.pow(own_digits as u32);
                self.stock = Stock::full(first_number, own_digits, terms.copies);
                (self.lead, self.terms) = (*lead, Some(*terms));
            }
            Event::Held { hold, owner, tickets, until } => {
                self.next_hold = self.next_hold.max(hold + 1);
                self.insert_live(*hold, Live { owner: *owner, tickets: tickets.as_slice().into(), since: at, until: *until });
            }
            Event::Confirmed { hold, .. } => {
                if let Some(live) = self.remove_live(*hold) {
                    self.insert_sold(*hold, Sold { owner: live.owner, tickets: live.tickets });
                }
            }
            Event::Extended { hold, until } => {
                if let Some(live) = self.live.get_mut(hold) {
                    self.deadlines.remove(&(live.until, *hold));
                    self.deadlines.insert((*until, *hold));
                    live.until = *until;
                }
            }
            Event::Released { hold, .. } => {
                self.end(*hold);
                self.mark_released(*hold);
            }
            Event::Expired { holds } => holds.iter().for_each(|(hold, _)| self.end(*hold)),
            Event::Refunded { ticket, hold, .. } => {
                self.stock.give_back(ticket);
                self.sold_tickets -= 1;
                if let Some(sold) = self.sold.get_mut(hold) {
                    sold.tickets = sold.tickets.iter().filter(|other| *other != ticket).copied().collect::<Vec<_>>().as_slice().into();
                }
            }
            Event::Cleared { holds } => {
                self.closing = true;
                holds.iter().for_each(|(hold, _)| self.end(*hold));
            }
            Event::Sealed { .. } => (self.closing, self.sealed) = (true, true),
        }
    }

    fn look(&self, question: &Question) -> Answer {
        if self.terms.is_none() {
            return Answer::NotOpened;
        }
        match question {
            Question::Matching { pattern, sample, seed } => {
                let (free, matching) = self.stock.matching(pattern);
                Answer::Matching { matching, free, sample: self.stock.pick(pattern, *sample as usize, &mut Dice::new(*seed)) }
            }
            Question::Hold(hold) => Answer::Hold(self.view(*hold)),
            Question::HoldsOf(owner) => Answer::Holds(self.holds_of(owner)),
            Question::Ledger => Answer::Ledger(self.ledger()),
        }
    }

    fn due(&self) -> Option<Time> {
        self.deadlines.first().map(|(until, _)| *until)
    }

    fn expire(&self, now: Time) -> Option<Event> {
        let due = self.deadlines.iter().take_while(|(until, _)| *until <= now).take(ENDED_AT_ONCE);
        let holds: Vec<_> = due.map(|(_, hold)| (*hold, self.live[hold].owner)).collect();
        (!holds.is_empty()).then_some(Event::Expired { holds })
    }

    fn left_for(&self, command: &Command, _: &Caller) -> u64 {
        match command {
            // A slice that nobody opened says so when it is asked for real; until then it counts as full.
            Command::Hold { .. } if self.terms.is_none() => u32::MAX as u64,
            Command::Hold { .. } if self.closing => 0,
            Command::Hold { pattern, at_least, .. } => {
                Some(self.stock.matching(pattern).0).filter(|free| *free >= *at_least as u64).unwrap_or(0)
            }
            _ => 0,
        }
    }

    fn rows(name: &SliceName, event: &Event, at: Time, rows: &mut Vec<Row>) {
        rows::declare(name, event, at, rows);
    }

    fn imbalance(&self) -> i64 {
        if self.terms.is_none() {
            return 0;
        }
        let counted: usize = self.sold.values().map(|sold| sold.tickets.len()).sum();
        self.ledger().imbalance.abs() + (self.sold_tickets as i64 - counted as i64).abs() + self.stock.imbalance()
    }
}

impl Slice {
    fn takes_commands(&self, terms: &Terms, stamp: &Stamp) -> Result<(), Refusal> {
        if self.closing || stamp.at >= terms.closes_at { Err(Refusal::Closed) } else { Ok(()) }
    }

    fn pick(
        &self,
        terms: &Terms,
        caller: &Caller,
        pattern: &Pattern,
        count: u16,
        at_least: u16,
        dice: &mut Dice,
    ) -> Result<Vec<Ticket>, Refusal> {
        let limit = terms.holds_per_member;
        let allowed = (limit as u32).saturating_sub(self.held_by.get(&caller.id).map_or(0, |held| held.tickets));
        if allowed < (at_least as u32).max(1) {
            return Err(Refusal::LimitReached { limit });
        }
        let tickets = self.stock.pick(pattern, (count as u32).min(allowed) as usize, dice);
        if tickets.len() < at_least.max(1) as usize {
            return Err(Refusal::NoMatchLeft { left: tickets.len() as u64 });
        }
        Ok(tickets)
    }

    /// A live hold of the caller's, or why there is none.
    fn live_hold(&self, hold: u32, caller: &Caller) -> Result<&Live, Refusal> {
        if let Some(live) = self.live.get(&hold) {
            return of_caller(caller, live.owner).map(|()| live);
        }
        if let Some(sold) = self.sold.get(&hold) {
            return of_caller(caller, sold.owner).and(Err(Refusal::AlreadyConfirmed));
        }
        match hold {
            unknown if unknown >= self.next_hold => Err(Refusal::UnknownHold),
            ended if self.was_released(ended) => Err(Refusal::HoldReleased),
            _ => Err(Refusal::HoldExpired),
        }
    }

    fn refund(&self, ticket: Ticket, caller: &Caller) -> Result<Verdict<Event>, Refusal> {
        if self.sealed {
            return Err(Refusal::Closed);
        }
        let known = ticket.copy >= 1 && ticket.copy <= self.terms.map_or(0, |terms| terms.copies);
        let hold = self.stock.holder(&ticket).ok_or(if known { Refusal::NotSold } else { Refusal::UnknownTicket })?;
        let sold = self.sold.get(&hold).ok_or(Refusal::NotSold)?;
        if caller.role == Role::Member {
            return Err(Refusal::NotAdmin);
        }
        Ok(Verdict::New(Event::Refunded { ticket, hold, owner: sold.owner }))
    }

    fn seal(&self) -> Verdict<Event> {
        let mut holds: Vec<_> = self.live.iter().take(ENDED_AT_ONCE).map(|(hold, live)| (*hold, live.owner)).collect();
        holds.sort_unstable();
        match (self.sealed, holds.is_empty()) {
            (true, _) => Verdict::Already(Event::Sealed { sold: self.ledger().sold }),
            (false, true) => Verdict::New(Event::Sealed { sold: self.ledger().sold }),
            (false, false) => Verdict::New(Event::Cleared { holds }),
        }
    }

    fn insert_live(&mut self, hold: u32, live: Live) {
        live.tickets.iter().for_each(|ticket| self.stock.take(ticket, hold));
        self.deadlines.insert((live.until, hold));
        let held = self.held_by.entry(live.owner).or_default();
        held.tickets += live.tickets.len() as u32;
        held.holds.insert(hold);
        self.live.insert(hold, live);
    }

    /// Takes the hold out of the books of live ones; its tickets stay taken.
    fn remove_live(&mut self, hold: u32) -> Option<Live> {
        let live = self.live.remove(&hold)?;
        self.deadlines.remove(&(live.until, hold));
        if let Some(held) = self.held_by.get_mut(&live.owner) {
            held.tickets -= live.tickets.len() as u32;
            held.holds.remove(&hold);
            if held.holds.is_empty() {
                self.held_by.remove(&live.owner);
            }
        }
        Some(live)
    }

    fn insert_sold(&mut self, hold: u32, sold: Sold) {
        self.sold_tickets += sold.tickets.len() as u64;
        self.sold.insert(hold, sold);
    }

    fn end(&mut self, hold: u32) {
        if let Some(live) = self.remove_live(hold) {
            live.tickets.iter().for_each(|ticket| self.stock.give_back(ticket));
        }
    }

    fn mark_released(&mut self, hold: u32) {
        let word = hold as usize / 64;
        if self.released.len() <= word {
            self.released.resize(word + 1, 0);
        }
        self.released[word] |= 1 << (hold % 64);
    }

    fn was_released(&self, hold: u32) -> bool {
        self.released.get(hold as usize / 64).is_some_and(|word| word & 1 << (hold % 64) != 0)
    }

    fn view(&self, hold: u32) -> Option<HoldView> {
        let live = self.live.get(&hold).map(|live| (live.owner, &live.tickets, HoldState::Held { until: live.until }));
        let (owner, tickets, state) =
            live.or_else(|| self.sold.get(&hold).map(|sold| (sold.owner, &sold.tickets, HoldState::Confirmed)))?;
        Some(HoldView { owner, tickets: tickets.to_vec(), state })
    }

    fn holds_of(&self, owner: &Id) -> Vec<(u32, HoldView)> {
        let holds = self.held_by.get(owner).into_iter().flat_map(|held| &held.holds);
        holds.filter_map(|hold| Some((*hold, self.view(*hold)?))).collect()
    }

    fn ledger(&self) -> Ledger {
        let held = self.held_by.values().map(|held| held.tickets as u64).sum();
        let (stock, free, sold) = (self.stock.size(), self.stock.free(), self.sold_tickets);
        Ledger { stock, free, held, sold, imbalance: stock as i64 - (free + held + sold) as i64 }
    }
}

fn of_caller(caller: &Caller, owner: Id) -> Result<(), Refusal> {
    if caller.may_act_for(owner) { Ok(()) } else { Err(Refusal::NotYours) }
}

fn extended(hold: u32, live: &Live, terms: &Terms, wanted: Time) -> Result<Verdict<Event>, Refusal> {
    let cap = live.since.plus_s(terms.hold_max_s).min(terms.closes_at);
    match wanted.min(cap) {
        until if until > live.until => Ok(Verdict::New(Event::Extended { hold, until })),
        _ if wanted <= live.until => Ok(Verdict::Already(Event::Extended { hold, until: live.until })),
        _ => Err(Refusal::ExtendedToTheLimit { until: cap }),
    }
}

impl From<&[Ticket]> for Tickets {
    fn from(tickets: &[Ticket]) -> Tickets {
        match tickets {
            [one] => Tickets::One(*one),
            many => Tickets::Many(many.into()),
        }
    }
}

impl std::ops::Deref for Tickets {
    type Target = [Ticket];

    fn deref(&self) -> &[Ticket] {
        match self {
            Tickets::One(one) => std::slice::from_ref(one),
            Tickets::Many(many) => many,
        }
    }
}
