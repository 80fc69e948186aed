//! The auditor's own idea of a slice: a plain map of the tickets that are taken. Whatever is not in
//! it is free.
//!
//! It is fed with committed records, one by one, and objects to any that breaks a rule. It shares
//! no code with the rule book.

use super::super::plan::DIGITS;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Event, SliceTerms, TicketLedger};
use actors::{Id, Time};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Live,
    Sold,
    Released,
    Expired,
    Cleared,
}

#[derive(Clone, Debug)]
pub struct Held {
    pub owner: Id,
    pub tickets: Vec<Ticket>,
    pub since: Time,
    pub until: Time,
    pub fate: Fate,
}

pub struct Model {
    lead: u8,
    terms: SliceTerms,
    pub opened: bool,
    pub closing: bool,
    pub sealed: bool,
    time: Time,
    pub taken: BTreeMap<(u32, u16), u32>,
    pub holds: BTreeMap<u32, Held>,
}

pub fn matches(pattern: &str, number: u32) -> bool {
    format!("{number:0width$}", width = DIGITS as usize)
        .chars()
        .zip(pattern.chars())
        .all(|(digit, place)| place == '*' || place == digit)
}

impl Model {
    pub fn new(lead: u8, terms: SliceTerms) -> Model {
        let (taken, holds) = Default::default();
        Model {
            lead,
            terms,
            opened: false,
            closing: false,
            sealed: false,
            time: Time(i64::MIN),
            taken,
            holds,
        }
    }

    /// How many tickets that match are free.
    pub fn free(&self, pattern: &str) -> i64 {
        let first = pattern
            .chars()
            .next()
            .filter(|first| *first != '*')
            .and_then(|first| first.to_digit(10));
        if first.is_some_and(|first| first != self.lead as u32) {
            return 0;
        }
        let stars = pattern.chars().skip(1).filter(|place| *place == '*').count() as u32;
        let all = 10i64.pow(stars) * self.terms.copies as i64;
        all - self.taken.keys().filter(|(number, _)| matches(pattern, *number)).count() as i64
    }

    /// Live held tickets that a member may have here.
    pub fn limit(&self) -> usize {
        self.terms.holds_per_member as usize
    }

    pub fn held_by(&self, owner: Id) -> usize {
        let live =
            self.holds.values().filter(|hold| hold.fate == Fate::Live && hold.owner == owner);
        live.map(|hold| hold.tickets.len()).sum()
    }

    pub fn closes_at(&self) -> Time {
        self.terms.closes_at
    }

    /// When a hold of so many seconds ends that begins now.
    pub fn end_of_hold(&self, at: Time, ttl_s: u32) -> Time {
        at.plus_s(ttl_s.min(self.terms.hold_max_s)).min(self.terms.closes_at)
    }

    pub fn ledger(&self) -> TicketLedger {
        let stock = 1000 * self.terms.copies as u64;
        let of = |fate| {
            self.holds
                .values()
                .filter(|hold| hold.fate == fate)
                .map(|hold| hold.tickets.len() as u64)
                .sum()
        };
        let live = self.holds.values().filter(|hold| hold.fate == Fate::Live);
        TicketLedger {
            stock,
            free: stock - self.taken.len() as u64,
            held: of(Fate::Live),
            sold: of(Fate::Sold),
            imbalance: 0,
            next_end: live.map(|hold| hold.until).min(),
            labels: Vec::new(),
        }
    }

    pub fn record(&mut self, event: &Event, at: Time) {
        assert!(at >= self.time, "time went back from {:?} to {at:?}", self.time);
        self.time = at;
        if !matches!(event, Event::Expired { .. }) {
            let overdue =
                self.holds.iter().find(|(_, hold)| hold.fate == Fate::Live && hold.until <= at);
            assert!(overdue.is_none(), "{event:?} at {at:?} came before the expiry of {overdue:?}");
        }
        assert!(
            self.opened != matches!(event, Event::Prepared { .. }),
            "opened twice, or not at all: {event:?}"
        );
        assert!(!self.sealed, "{event:?} after the slice was sealed");
        match event {
            Event::Opened { .. } => panic!("no slice is opened so any more"),
            Event::Prepared { lead, terms } => {
                assert_eq!((*lead, &**terms), (self.lead, &self.terms));
                self.opened = true;
            }
            Event::Held { hold, owner, tickets, until } => {
                self.hold(*hold, *owner, tickets, at, *until)
            }
            Event::Confirmed { hold, owner, tickets } => {
                assert!(
                    !self.closing && at < self.terms.closes_at,
                    "confirmed after the lottery closed"
                );
                let held = self.live(*hold);
                assert_eq!((held.owner, &held.tickets), (*owner, tickets));
                held.fate = Fate::Sold;
            }
            Event::Extended { hold, until } => {
                let closes_at = self.terms.closes_at;
                let cap = self.live(*hold).since.plus_s(self.terms.hold_max_s).min(closes_at);
                let held = self.live(*hold);
                assert!(
                    *until > held.until && *until <= cap,
                    "extended from {:?} to {until:?}, the cap is {cap:?}",
                    held.until
                );
                held.until = *until;
            }
            Event::Released { hold, owner } => {
                assert_eq!(self.live(*hold).owner, *owner);
                self.end(*hold, Fate::Released);
            }
            Event::Expired { holds } => {
                for (hold, owner) in holds {
                    let held = self.live(*hold);
                    assert!(
                        held.until <= at && held.owner == *owner,
                        "hold {hold} expired at {at:?}, before its time: {held:?}"
                    );
                    self.end(*hold, Fate::Expired);
                }
            }
            Event::Refunded { ticket, hold, owner, left } => {
                let held = self
                    .holds
                    .get_mut(hold)
                    .filter(|held| held.fate == Fate::Sold)
                    .expect("only what is sold is refunded");
                assert_eq!(held.owner, *owner);
                let before = held.tickets.len();
                held.tickets.retain(|other| other != ticket);
                assert_eq!(
                    held.tickets.len() + 1,
                    before,
                    "{ticket:?} was not sold by hold {hold}"
                );
                assert_eq!(held.tickets, *left, "what is left of hold {hold}");
                self.taken.remove(&(ticket.number, ticket.copy));
            }
            Event::Cleared { holds } => {
                self.closing = true;
                holds.iter().for_each(|(hold, _)| self.end(*hold, Fate::Cleared));
            }
            Event::Sealed { sold } => {
                let ledger = self.ledger();
                assert_eq!((ledger.held, ledger.sold), (0, *sold));
                (self.closing, self.sealed) = (true, true);
            }
            Event::HeldFor { .. } | Event::Followed { .. } | Event::FollowedRefund { .. } => {
                panic!("nobody orders in this world: {event:?}")
            }
        }
    }

    fn hold(&mut self, hold: u32, owner: Id, tickets: &[Ticket], at: Time, until: Time) {
        assert!(!self.closing && at < self.terms.closes_at, "held after the lottery closed");
        assert!(
            until > at
                && until <= self.terms.closes_at
                && until <= at.plus_s(self.terms.hold_max_s)
        );
        assert!(!tickets.is_empty(), "a hold of nothing");
        for ticket in tickets {
            assert_eq!(ticket.number / 1000, self.lead as u32, "{ticket:?} is of another slice");
            assert!((1..=self.terms.copies).contains(&ticket.copy), "there is no {ticket:?}");
            let taken = self.taken.insert((ticket.number, ticket.copy), hold);
            assert_eq!(taken, None, "{ticket:?} was handed out twice");
        }
        let held = Held { owner, tickets: tickets.to_vec(), since: at, until, fate: Fate::Live };
        assert!(self.holds.insert(hold, held).is_none(), "hold {hold} began twice");
        assert!(self.held_by(owner) <= self.limit(), "{owner:?} holds more than the limit");
    }

    fn live(&mut self, hold: u32) -> &mut Held {
        self.holds
            .get_mut(&hold)
            .filter(|held| held.fate == Fate::Live)
            .expect("only a live hold can change")
    }

    fn end(&mut self, hold: u32, fate: Fate) {
        let held = self.live(hold);
        held.fate = fate;
        for ticket in held.tickets.clone() {
            assert_eq!(self.taken.remove(&(ticket.number, ticket.copy)), Some(hold));
        }
    }
}
