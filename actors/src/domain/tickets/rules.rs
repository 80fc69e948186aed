//! A slice of a lottery's numbers: who holds and who bought which ticket.
//!
//! Rules: a ticket is free, held or sold, and never two of these. A hold lives in one slice, ends
//! at its instant unless it is confirmed, and can be extended up to a cap. Nothing is held,
//! confirmed or extended once the lottery closes. A member has so many live held tickets here and
//! no more. A slice knows its terms from its own log; the first request that needs it opens it.

use super::books::{Books, Live};
use super::names::{SliceName, lead_digits};
use super::pattern::Pattern;
use super::rows;
use super::stock::{Stock, Ticket};
use super::words::{Answer, Command, Event, Question, Refusal, Terms, TicketLedger};
use crate::cards::Cards;
use crate::dice::Dice;
use crate::id::Id;
use crate::machine::{Caller, Counts, Machine, Role, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;

#[derive(Default)]
pub struct Slice {
    pub(super) lead: u8,
    pub(super) terms: Option<Terms>,
    pub(super) books: Books,
    pub(super) closing: bool,
    pub(super) sealed: bool,
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
    type Witness = ();

    fn decide(
        &self,
        command: &Command,
        caller: &Caller,
        stamp: &Stamp,
        _: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        let terms = match (command, &self.terms) {
            (Command::Open { lead, terms }, None) => {
                return Ok(Verdict::New(Event::Opened { lead: *lead, terms: *terms }));
            }
            (Command::Open { lead, .. }, Some(terms)) => {
                return Ok(Verdict::Already(Event::Opened { lead: *lead, terms: *terms }));
            }
            (_, None) => return Err(Refusal::NotOpened),
            (_, Some(terms)) => terms,
        };
        match *command {
            Command::Open { .. } => Err(Refusal::NotOpened),
            Command::Hold { pattern, count, at_least, ttl_s } => {
                self.takes_commands(terms, stamp)?;
                let tickets = self.pick(
                    terms,
                    caller,
                    &pattern,
                    count,
                    at_least,
                    &mut Dice::new(stamp.seed),
                )?;
                let until = stamp.at.plus_s(ttl_s.min(terms.hold_max_s)).min(terms.closes_at);
                Ok(Verdict::New(Event::Held {
                    hold: self.books.next_hold,
                    owner: caller.id,
                    tickets,
                    until,
                }))
            }
            Command::Confirm { hold } => match self.books.sold.get(&hold) {
                Some(sold) => {
                    of_caller(caller, sold.owner)?;
                    Ok(Verdict::Already(Event::Confirmed {
                        hold,
                        owner: sold.owner,
                        tickets: sold.tickets.to_vec(),
                    }))
                }
                None => {
                    let live = self.live_hold(hold, caller)?;
                    self.takes_commands(terms, stamp)?;
                    Ok(Verdict::New(Event::Confirmed {
                        hold,
                        owner: live.owner,
                        tickets: live.tickets.to_vec(),
                    }))
                }
            },
            Command::Extend { hold, ttl_s } => {
                let live = self.live_hold(hold, caller)?;
                self.takes_commands(terms, stamp)?;
                extend(hold, live, terms, stamp.at.plus_s(ttl_s))
            }
            Command::Release { hold } => match self.live_hold(hold, caller) {
                Ok(live) => Ok(Verdict::New(Event::Released { hold, owner: live.owner })),
                Err(Refusal::HoldReleased) => {
                    Ok(Verdict::Already(Event::Released { hold, owner: caller.id }))
                }
                Err(refusal) => Err(refusal),
            },
            Command::Refund { ticket } => self.refund(ticket, caller),
            Command::Seal => Ok(self.seal()),
        }
    }

    fn is_opening(command: &Command) -> bool {
        matches!(command, Command::Open { .. })
    }

    fn must_be_opened(refusal: &Refusal) -> bool {
        *refusal == Refusal::NotOpened
    }

    fn is_unopened(answer: &Answer) -> bool {
        *answer == Answer::NotOpened
    }

    fn apply(&mut self, event: &Event, at: Time) {
        match event {
            Event::Opened { lead, terms } => {
                let own_digits = terms.digits - lead_digits(terms.digits);
                let first_number = *lead as u32 * 10u32.pow(own_digits as u32);
                self.books.stock = Stock::full(first_number, own_digits, terms.copies);
                (self.lead, self.terms) = (*lead, Some(*terms));
            }
            Event::Held { hold, owner, tickets, until } => {
                self.books.next_hold = self.books.next_hold.max(hold + 1);
                self.books.insert_live(
                    *hold,
                    Live {
                        owner: *owner,
                        tickets: tickets.as_slice().into(),
                        since: at,
                        until: *until,
                    },
                );
            }
            Event::Confirmed { hold, .. } => self.books.confirm(*hold),
            Event::Extended { hold, until } => self.books.extend(*hold, *until),
            Event::Released { hold, .. } => {
                self.books.end(*hold);
                self.books.mark_released(*hold);
            }
            Event::Expired { holds } => holds.iter().for_each(|(hold, _)| self.books.end(*hold)),
            Event::Refunded { ticket, hold, .. } => self.books.refund(*hold, ticket),
            Event::Cleared { holds } => {
                self.closing = true;
                holds.iter().for_each(|(hold, _)| self.books.end(*hold));
            }
            Event::Sealed { .. } => (self.closing, self.sealed) = (true, true),
        }
    }

    fn look(&self, question: &Question, _: &Cards<'_>) -> Answer {
        if self.terms.is_none() {
            return Answer::NotOpened;
        }
        match question {
            Question::Matching { pattern, sample, seed } => {
                let (free, matching) = self.books.stock.matching(pattern);
                Answer::Matching {
                    matching,
                    free,
                    sample: self.books.stock.pick(pattern, *sample as usize, &mut Dice::new(*seed)),
                }
            }
            Question::Hold(hold) => Answer::Hold(self.books.view(*hold)),
            Question::HoldsOf(owner) => Answer::Holds(self.books.holds_of(owner)),
            Question::Ledger => Answer::Ledger(self.books.ledger()),
        }
    }

    fn due(&self) -> Option<Time> {
        self.books.first_deadline()
    }

    fn expire(&self, now: Time) -> Option<Event> {
        let holds = self.books.over(now, ENDED_AT_ONCE);
        (!holds.is_empty()).then_some(Event::Expired { holds })
    }

    fn left_for(&self, command: &Command, _: &Caller, _: &Cards<'_>) -> u64 {
        match command {
            // A slice that was never opened says so when it is asked for real; until then it counts
            // as full.
            Command::Hold { .. } if self.terms.is_none() => u32::MAX as u64,
            Command::Hold { .. } if self.closing => 0,
            Command::Hold { pattern, .. }
                if !self.terms.is_some_and(|terms| self.has(pattern, &terms)) =>
            {
                0
            }
            Command::Hold { pattern, at_least, .. } => Some(self.books.stock.matching(pattern).0)
                .filter(|free| *free >= *at_least as u64)
                .unwrap_or(0),
            _ => 0,
        }
    }

    fn rows(name: &SliceName, event: &Event, at: Time, rows: &mut Vec<Row>) {
        rows::declare(name, event, at, rows);
    }

    fn books(&self, name: &SliceName) -> Vec<(String, Counts)> {
        let TicketLedger { stock, free, held, sold, .. } = self.books.ledger();
        let counts = vec![("stock", stock), ("free", free), ("held", held), ("sold", sold)];
        if self.terms.is_none() {
            Vec::new()
        } else {
            vec![(format!("lottery {}", name.day), counts)]
        }
    }

    fn imbalance(&self) -> i64 {
        if self.terms.is_none() { 0 } else { self.books.imbalance() }
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
        let allowed = (limit as u32).saturating_sub(self.books.held_by(caller.id));
        if allowed < (at_least as u32).max(1) {
            return Err(Refusal::LimitReached { limit });
        }
        if !self.has(pattern, terms) {
            return Err(Refusal::NoMatchLeft { left: 0 });
        }
        let tickets = self.books.stock.pick(pattern, (count as u32).min(allowed) as usize, dice);
        if tickets.len() < at_least.max(1) as usize {
            return Err(Refusal::NoMatchLeft { left: tickets.len() as u64 });
        }
        Ok(tickets)
    }

    /// Whether any number of this slice may match.
    fn has(&self, pattern: &Pattern, terms: &Terms) -> bool {
        pattern.digits() == terms.digits
            && pattern.may_begin_with(self.lead as u32, lead_digits(terms.digits))
    }

    /// A live hold of the caller's, or why there is none.
    fn live_hold(&self, hold: u32, caller: &Caller) -> Result<&Live, Refusal> {
        if let Some(live) = self.books.live.get(&hold) {
            return of_caller(caller, live.owner).map(|()| live);
        }
        if let Some(sold) = self.books.sold.get(&hold) {
            return of_caller(caller, sold.owner).and(Err(Refusal::AlreadyConfirmed));
        }
        match hold {
            unknown if unknown >= self.books.next_hold => Err(Refusal::UnknownHold),
            others
                if caller.role == Role::Member && !self.books.has_ended_for(others, caller.id) =>
            {
                Err(Refusal::NotYours)
            }
            ended if self.books.was_released(ended) => Err(Refusal::HoldReleased),
            _ => Err(Refusal::HoldExpired),
        }
    }

    fn refund(&self, ticket: Ticket, caller: &Caller) -> Result<Verdict<Event>, Refusal> {
        if self.sealed {
            return Err(Refusal::Closed);
        }
        let known = ticket.copy >= 1 && ticket.copy <= self.terms.map_or(0, |terms| terms.copies);
        let hold = self.books.stock.holder(&ticket).ok_or(if known {
            Refusal::NotSold
        } else {
            Refusal::UnknownTicket
        })?;
        let sold = self.books.sold.get(&hold).ok_or(Refusal::NotSold)?;
        if caller.role == Role::Member {
            return Err(Refusal::NotAdmin);
        }
        Ok(Verdict::New(Event::Refunded { ticket, hold, owner: sold.owner }))
    }

    fn seal(&self) -> Verdict<Event> {
        let mut holds: Vec<_> = self
            .books
            .live
            .iter()
            .take(ENDED_AT_ONCE)
            .map(|(hold, live)| (*hold, live.owner))
            .collect();
        holds.sort_unstable();
        match (self.sealed, holds.is_empty()) {
            (true, _) => Verdict::Already(Event::Sealed { sold: self.books.ledger().sold }),
            (false, true) => Verdict::New(Event::Sealed { sold: self.books.ledger().sold }),
            (false, false) => Verdict::New(Event::Cleared { holds }),
        }
    }
}

fn of_caller(caller: &Caller, owner: Id) -> Result<(), Refusal> {
    if caller.may_act_for(owner) { Ok(()) } else { Err(Refusal::NotYours) }
}

fn extend(hold: u32, live: &Live, terms: &Terms, wanted: Time) -> Result<Verdict<Event>, Refusal> {
    let cap = live.since.plus_s(terms.hold_max_s).min(terms.closes_at);
    match wanted.min(cap) {
        until if until > live.until => Ok(Verdict::New(Event::Extended { hold, until })),
        _ if wanted <= live.until => {
            Ok(Verdict::Already(Event::Extended { hold, until: live.until }))
        }
        _ => Err(Refusal::ExtendedToTheLimit { until: cap }),
    }
}
