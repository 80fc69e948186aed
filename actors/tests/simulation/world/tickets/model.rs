//! The auditor's own idea of a slice: a plain map of the tickets that are taken. Whatever is not in
//! it is free.
//!
//! It is fed with committed records, one by one, and objects to any that breaks a rule. It shares
//! no code with the rule book.

use super::parts::{Part, Taker};
use super::wanted::Wanted;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{
    Event, LabelLedger, OrderNumber, Sale, SliceLabel, SliceTerms, TicketLedger,
};
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
    /// All that it began with.
    pub first: Vec<Ticket>,
    /// Taken back, but for what was taken back one by one before anything else was.
    pub refunded: Vec<Ticket>,
    pub since: Time,
    pub until: Time,
    pub fate: Fate,
}

pub struct Model {
    pub(super) lead: u8,
    pub(super) terms: SliceTerms,
    pub opened: bool,
    pub closing: bool,
    pub sealed: bool,
    time: Time,
    pub taken: BTreeMap<(u32, u16), Taker>,
    pub holds: BTreeMap<u32, Held>,
    pub parts: BTreeMap<OrderNumber, Part>,
}

pub fn matches(pattern: &str, number: u32) -> bool {
    let digit = |tens: u32| b'0' + (number / 10u32.pow(tens) % 10) as u8;
    (0u32..).zip(pattern.bytes().rev()).all(|(tens, place)| place == b'*' || place == digit(tens))
}

impl Model {
    pub fn new(lead: u8, terms: SliceTerms) -> Model {
        let (taken, holds, parts) = Default::default();
        Model {
            lead,
            terms,
            opened: false,
            closing: false,
            sealed: false,
            time: Time(i64::MIN),
            taken,
            holds,
            parts,
        }
    }

    /// How many tickets that match are free.
    pub fn free(&self, pattern: &str) -> i64 {
        let taken = self.taken.keys().filter(|(number, _)| matches(pattern, *number)).count();
        self.matching(pattern) - taken as i64
    }

    /// How many tickets match, taken or not.
    fn matching(&self, pattern: &str) -> i64 {
        let first = 1000 * u32::from(self.lead);
        let count = match self.numbers() {
            1000 if matches(&pattern[..1], u32::from(self.lead)) => {
                10i64.pow(pattern[1..].matches('*').count() as u32)
            }
            1000 => 0,
            fewer => {
                let numbers = first..first + fewer;
                numbers.filter(|number| matches(pattern, *number)).count() as i64
            }
        };
        count * i64::from(self.terms.copies)
    }

    fn numbers(&self) -> u32 {
        self.terms.numbers.unwrap_or(1000)
    }

    /// Whether it is one of this slice.
    pub(super) fn has(&self, number: u32) -> bool {
        number / 1000 == u32::from(self.lead) && number % 1000 < self.numbers()
    }

    pub fn sale(&self) -> &Sale {
        &self.terms.sale
    }

    /// How many more the waves let out by then, whatever matches.
    pub fn released(&self, at: Time) -> i64 {
        let waves = &self.sale().waves;
        let out = waves.iter().filter(|wave| wave.at <= at).map(|wave| wave.tickets as i64).max();
        let none = if waves.is_empty() { i64::MAX } else { 0 };
        out.unwrap_or(none) - self.taken.len() as i64
    }

    /// Whether more are let out at that instant than before it.
    pub fn releases_at(&self, at: Time) -> bool {
        self.sale().waves.iter().any(|wave| wave.at == at)
            && self.released(at) > self.released(Time(at.0 - 1))
    }

    /// How many that match could have been held when something happened here last.
    pub fn left(&self, pattern: &str) -> i64 {
        self.let_out(self.free(pattern))
    }

    /// The same of what a hold asks for.
    pub fn left_of(&self, wanted: &Wanted) -> i64 {
        self.let_out(self.free_of(wanted))
    }

    fn let_out(&self, free: i64) -> i64 {
        free.min(self.released(self.time)).max(0)
    }

    fn label(&self, label: &SliceLabel) -> LabelLedger {
        let pattern = label.pattern.to_string();
        let of = |fate: Fate| {
            let holds = self.holds.values().filter(|hold| hold.fate == fate);
            let tickets = holds.flat_map(|hold| &hold.tickets).chain(self.of_parts(fate));
            tickets.filter(|ticket| matches(&pattern, ticket.number)).count() as u64
        };
        let (held, sold) = (of(Fate::Live), of(Fate::Sold));
        let (stock, free) = (self.matching(&pattern) as u64, self.free(&pattern) as u64);
        LabelLedger { place: label.place, stock, free, held, sold }
    }

    /// Live held tickets that a member may have here.
    pub fn limit(&self) -> usize {
        self.terms.holds_per_member as usize
    }

    pub fn held_by(&self, owner: Id) -> usize {
        let live =
            self.holds.values().filter(|hold| hold.fate == Fate::Live && hold.owner == owner);
        let parts = self.parts.values().filter(|part| part.is_live() && part.owner == owner);
        live.map(|hold| hold.tickets.len()).sum::<usize>()
            + parts.map(|part| part.tickets.len()).sum::<usize>()
    }

    pub fn closes_at(&self) -> Time {
        self.terms.closes_at
    }

    /// When a hold of so many seconds ends that begins now.
    pub fn end_of_hold(&self, at: Time, ttl_s: u32) -> Time {
        at.plus_s(ttl_s.min(self.terms.hold_max_s)).min(self.terms.closes_at)
    }

    pub fn ledger(&self) -> TicketLedger {
        let stock = u64::from(self.numbers()) * u64::from(self.terms.copies);
        let of = |fate| {
            let holds = self.holds.values().filter(|hold| hold.fate == fate);
            let tickets = holds.map(|hold| hold.tickets.len() as u64);
            tickets.sum::<u64>() + self.of_parts(fate).count() as u64
        };
        let live = self.holds.values().filter(|hold| hold.fate == Fate::Live);
        TicketLedger {
            stock,
            free: stock - self.taken.len() as u64,
            held: of(Fate::Live),
            sold: of(Fate::Sold),
            imbalance: 0,
            next_end: live.map(|hold| hold.until).min(),
            labels: self.terms.labels.iter().map(|label| self.label(label)).collect(),
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
            Event::PreparedIn { .. } | Event::Withdrawn { .. } => panic!("nobody withdraws it"),
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
            Event::Refunded { .. } | Event::HoldRefunded { .. } => self.record_refund(event),
            Event::Cleared { holds } => {
                self.closing = true;
                holds.iter().for_each(|(hold, _)| self.end(*hold, Fate::Cleared));
            }
            Event::Sealed { sold } => {
                let ledger = self.ledger();
                assert_eq!((ledger.held, ledger.sold), (0, *sold));
                (self.closing, self.sealed) = (true, true);
            }
            Event::HeldFor { .. }
            | Event::Followed { .. }
            | Event::FollowedRefund { .. }
            | Event::Referred { .. } => self.record_of_order(event, at),
        }
    }

    fn hold(&mut self, hold: u32, owner: Id, tickets: &[Ticket], at: Time, until: Time) {
        assert!(
            until > at
                && until <= self.terms.closes_at
                && until <= at.plus_s(self.terms.hold_max_s)
        );
        self.take(tickets, Taker::Hold(hold), at);
        let (tickets, first, refunded) = (tickets.to_vec(), tickets.to_vec(), Vec::new());
        let held = Held { owner, tickets, first, refunded, since: at, until, fate: Fate::Live };
        assert!(self.holds.insert(hold, held).is_none(), "hold {hold} began twice");
        assert!(self.held_by(owner) <= self.limit(), "{owner:?} holds more than the limit");
    }

    /// Whichever way tickets are taken, they are there, let out, and free.
    pub(super) fn take(&mut self, tickets: &[Ticket], taker: Taker, at: Time) {
        assert!(!self.closing && at < self.terms.closes_at, "held after the lottery closed");
        let Sale { starts_at, ends_at, .. } = *self.sale();
        assert!(starts_at.is_none_or(|starts_at| starts_at <= at), "held before the sale began");
        assert!(ends_at.is_none_or(|ends_at| at < ends_at), "held after the sale");
        assert!(!tickets.is_empty(), "a hold of nothing");
        for ticket in tickets {
            assert!(self.has(ticket.number), "{ticket:?} is of another slice, or of none");
            assert!((1..=self.terms.copies).contains(&ticket.copy), "there is no {ticket:?}");
            let taken = self.taken.insert((ticket.number, ticket.copy), taker);
            assert_eq!(taken, None, "{ticket:?} was handed out twice");
        }
        assert!(self.released(at) >= 0, "more than the waves had let out");
    }

    pub(super) fn free_again(&mut self, ticket: &Ticket) -> Option<Taker> {
        self.taken.remove(&(ticket.number, ticket.copy))
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
            assert_eq!(self.free_again(&ticket), Some(Taker::Hold(hold)));
        }
    }
}
