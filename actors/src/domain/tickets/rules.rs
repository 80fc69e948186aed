//! A slice of a lottery's numbers: who holds and who bought which ticket.
//!
//! Rules: a ticket is free, held or sold, and never two of these. A hold lives in one slice, ends
//! at its instant unless it is confirmed, and can be extended up to a cap. Holds begin within the
//! sale, and with what its waves have let out by then. Nothing is held, confirmed or extended once
//! the lottery closes. A member has so many live held tickets here and no more. Parts of orders end
//! as their order does, and only so. A slice knows its terms from its own log; the first request
//! that needs it opens it. One that nobody has touched gives way when its pool is withdrawn, and
//! opens again for the next edition of the pool only.
//!
//! The head has the live holds, and which tickets are taken. What was sold or has ended is on
//! cards, so a hold that lives or begins needs no look-up.

use super::books::{Books, Live, LivePart};
use super::labels::LabelBooks;
use super::names::{SliceName, lead_digits};
use super::stock::Stock;
use super::terms::SliceTerms;
use super::wish::SliceWish;
use super::words::{Answer, Command, Event, Question, Refusal, Tenth, TicketLedger};
use super::{past, rows};
use crate::cards::{Card, Cards, NameShelf};
use crate::dice::Dice;
use crate::domain::pool::{Edition, PoolCommand, PoolPart};
use crate::machine::{Caller, Counts, Machine, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;

#[derive(Default)]
pub struct Slice {
    pub(super) lead: u8,
    pub(super) terms: Option<Box<SliceTerms>>,
    pub(super) books: Books,
    pub(super) closing: bool,
    pub(super) sealed: bool,
    /// What is of an earlier edition of the pool comes too late.
    pub(super) edition: Edition,
    /// Whether anything was ever held in this edition.
    pub(super) touched: bool,
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
        cards: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        let (edition, command) = command.in_edition();
        if edition.is_some_and(|edition| edition < self.edition) {
            return Err(Refusal::Withdrawn);
        }
        let terms = match (command, &self.terms) {
            (Command::Withdraw { edition }, _) => {
                let (touched, closed) = (self.touched, self.closing);
                let part = PoolPart { edition: self.edition, touched, closed };
                return part.withdraw(*edition, Event::Withdrawn { edition: *edition });
            }
            (Command::Open { lead, terms }, None) => {
                let (lead, terms) = (*lead, terms.clone());
                return Ok(Verdict::New(match edition.unwrap_or_default() {
                    0 => Event::Prepared { lead, terms },
                    edition => Event::PreparedIn { edition, lead, terms },
                }));
            }
            (Command::Open { lead, .. }, Some(terms)) => {
                return Ok(Verdict::Already(Event::Prepared { lead: *lead, terms: terms.clone() }));
            }
            (_, None) => return Err(Refusal::NotOpened),
            (_, Some(terms)) => terms,
        };
        self.carry_out(command, caller, terms, stamp, cards)
    }

    fn is_opening(command: &Command) -> bool {
        matches!(command.in_edition().1, Command::Open { .. } | Command::Withdraw { .. })
    }

    fn must_be_opened(refusal: &Refusal) -> bool {
        *refusal == Refusal::NotOpened
    }

    fn is_unopened(answer: &Answer) -> bool {
        *answer == Answer::NotOpened
    }

    fn apply(&mut self, event: &Event, at: Time) {
        self.touched |= event.is_touch();
        match event {
            Event::Opened { lead, terms } => self.open(*lead, Box::new(terms.in_full())),
            Event::Prepared { lead, terms } => self.open(*lead, terms.clone()),
            Event::PreparedIn { edition, lead, terms } => {
                self.edition = *edition;
                self.open(*lead, terms.clone());
            }
            Event::Withdrawn { edition } => {
                *self = Slice { edition: edition + 1, ..Slice::default() }
            }
            Event::Held { hold, owner, tickets, until } => {
                self.books.next_hold = self.books.next_hold.max(hold + 1);
                self.books.hold(
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
            Event::Released { hold, .. } => self.books.end(*hold),
            Event::Expired { holds } => holds.iter().for_each(|(hold, _)| self.books.end(*hold)),
            Event::Refunded { ticket, .. } => self.books.refund(ticket),
            Event::Cleared { holds } => {
                self.closing = true;
                holds.iter().for_each(|(hold, _)| self.books.end(*hold));
            }
            Event::Sealed { .. } => (self.closing, self.sealed) = (true, true),
            Event::HeldFor { order, owner, tickets } => {
                let tickets = tickets.as_slice().into();
                self.books.hold_part(*order, LivePart { owner: *owner, tickets });
            }
            Event::Referred { .. } => {}
            Event::Followed { order, fate, .. } => self.books.follow(order, *fate),
            Event::FollowedRefund { tickets, .. } | Event::HoldRefunded { tickets, .. } => {
                tickets.iter().for_each(|ticket| self.books.refund(ticket));
            }
        }
    }

    fn look(&self, question: &Question, cards: &Cards<'_>) -> Answer {
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
            Question::Hold(hold) => Answer::Hold(self.view(*hold, cards)),
            Question::HoldsOf(owner) => Answer::Holds(self.books.holds_of(owner)),
            Question::Ledger => Answer::Ledger(self.books.ledger()),
            Question::LongestRun { pattern, most } => {
                let longest = self.books.stock.longest_run(pattern, usize::from(*most));
                Answer::LongestRun(longest as u16)
            }
            Question::Tenths => {
                Answer::Tenths(self.books.stock.tenths().map(|(free, all)| Tenth { free, all }))
            }
        }
    }

    fn due(&self) -> Option<Time> {
        self.books.first_deadline()
    }

    fn expire(&self, now: Time) -> Option<Event> {
        let holds = self.books.over(now, ENDED_AT_ONCE);
        (!holds.is_empty()).then_some(Event::Expired { holds })
    }

    fn left_for(&self, command: &Command, _: &Caller, at: Time, _: &Cards<'_>) -> u64 {
        let (edition, command) = command.in_edition();
        match command {
            _ if edition.is_some_and(|edition| edition < self.edition) => 0,
            // A slice that was never opened says so when it is asked for real; until then it counts
            // as full.
            Command::Hold { .. } if self.terms.is_none() => u32::MAX as u64,
            Command::Hold { .. } if self.closing => 0,
            Command::Hold { pattern, at_least, .. } => {
                let Some(terms) = self.terms.as_ref().filter(|terms| self.has(pattern, terms))
                else {
                    return 0;
                };
                let left = self.books.stock.matching(pattern).0.min(self.released(terms, at));
                if left >= u64::from(*at_least) { left } else { 0 }
            }
            _ => 0,
        }
    }

    const NAMES: &'static [NameShelf] = &[past::PARTS];

    fn cards(event: &Event, _: Time, cards: &mut Vec<Card>) {
        past::write(event, cards);
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
            vec![(format!("lottery {}", name.pool), counts)]
        }
    }

    fn imbalance(&self) -> i64 {
        if self.terms.is_none() { 0 } else { self.books.imbalance() }
    }
}

impl Slice {
    fn carry_out(
        &self,
        command: &Command,
        caller: &Caller,
        terms: &SliceTerms,
        stamp: &Stamp,
        cards: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        match *command {
            Command::Open { .. } | Command::Withdraw { .. } | Command::InEdition { .. } => {
                Err(Refusal::NotOpened)
            }
            Command::Hold { pattern, count, at_least, ttl_s } => {
                let wish = SliceWish { pattern, count, at_least, together: false };
                self.hold(&wish, ttl_s, caller, terms, stamp)
            }
            Command::HoldTogether { pattern, count, at_least, ttl_s } => {
                let wish = SliceWish { pattern, count, at_least, together: true };
                self.hold(&wish, ttl_s, caller, terms, stamp)
            }
            Command::Confirm { hold } => self.confirm(hold, caller, terms, stamp, cards),
            Command::Extend { hold, ttl_s } => {
                self.extend(hold, ttl_s, caller, terms, stamp, cards)
            }
            Command::Release { hold } => self.release(hold, caller, cards),
            Command::Refund { ticket } => self.refund(ticket, caller, cards),
            Command::RefundHold { hold, ref tickets } => {
                self.refund_hold(hold, tickets, caller, cards)
            }
            Command::Seal => self.seal(),
            Command::HoldFor { order, owner, pattern, count } => {
                let wish = SliceWish { pattern, count, at_least: 1, together: false };
                self.hold_for(order, owner, &wish, terms, stamp, cards)
            }
            Command::HoldTogetherFor { order, owner, pattern, count, at_least } => {
                let wish = SliceWish { pattern, count, at_least, together: true };
                self.hold_for(order, owner, &wish, terms, stamp, cards)
            }
            Command::Follow { order, fate } => self.follow(order, fate, cards),
            Command::Decline { order } => self.decline(order, cards),
            Command::FollowRefund { order, ref tickets } => {
                self.follow_refund(order, tickets, cards)
            }
        }
    }

    pub(super) fn open(&mut self, lead: u8, terms: Box<SliceTerms>) {
        let own_digits = terms.digits - lead_digits(terms.digits);
        let first_number = lead as u32 * 10u32.pow(own_digits as u32);
        let stock = Stock::full(first_number, own_digits, terms.copies);
        self.books.stock = stock.of_numbers(terms.numbers);
        self.books.labels = LabelBooks::of(&terms.labels);
        (self.lead, self.terms) = (lead, Some(terms));
    }

    pub(super) fn takes_commands(&self, terms: &SliceTerms, stamp: &Stamp) -> Result<(), Refusal> {
        if self.closing || stamp.at >= terms.closes_at { Err(Refusal::Closed) } else { Ok(()) }
    }

    fn seal(&self) -> Result<Verdict<Event>, Refusal> {
        let mut holds: Vec<_> = self
            .books
            .live
            .iter()
            .take(ENDED_AT_ONCE)
            .map(|(hold, live)| (*hold, live.owner))
            .collect();
        holds.sort_unstable();
        let (sold, parts) = (self.books.ledger().sold, self.books.parts.len() as u64);
        Ok(match (self.sealed, holds.is_empty(), parts) {
            (true, ..) => Verdict::Already(Event::Sealed { sold }),
            (false, true, 0) => Verdict::New(Event::Sealed { sold }),
            (false, true, parts) if self.closing => return Err(Refusal::PartsLive { parts }),
            (false, ..) => Verdict::New(Event::Cleared { holds }),
        })
    }
}
