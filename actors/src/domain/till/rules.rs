//! A till: a share of a pool's members and limit keys, what they may hold and buy, and the orders
//! of these members.
//!
//! Rules: a member has so many tickets of the pool held at a time, and buys so many in all, over
//! all slices, and never more. An order takes its allowance before it takes a ticket, and keeps
//! what it has until it ends or is bought; a refund gives it back. One fact here decides whether
//! an order is placed, bought or over; its parts in the slices and its limit keys hear of it
//! afterwards, as often as need be, and never decide. Until all have heard, it is unsettled. A
//! till knows its terms from its own log; the first request that needs it opens it.
//!
//! The head has what lives and what is unsettled. What was bought or has ended is on cards.

use super::book::Book;
use super::names::TillName;
use super::words::{Answer, Command, Event, Question, Refusal, TillLedger, TillTerms};
use super::{cards, rows};
use crate::cards::{Card, Cards, NameShelf};
use crate::domain::pool::{Edition, PoolCommand, PoolPart};
use crate::machine::{Caller, Counts, Machine, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub struct Till {
    terms: Option<TillTerms>,
    pub(super) book: Book,
    closing: bool,
    pub(super) sealed: bool,
    /// What is of an earlier edition of the pool comes too late.
    edition: Edition,
    /// Whether there ever was an order in this edition.
    touched: bool,
}

/// How many orders one event may end, so that no record grows without bound.
const ENDED_AT_ONCE: usize = 100;

impl Machine for Till {
    const KIND: &'static str = "till";
    type Name = TillName;
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
            (Command::Open { terms }, None) => {
                let terms = *terms;
                return Ok(Verdict::New(match edition.unwrap_or_default() {
                    0 => Event::Opened { terms },
                    edition => Event::OpenedIn { edition, terms },
                }));
            }
            (Command::Open { .. }, Some(terms)) => {
                return Ok(Verdict::Already(Event::Opened { terms: *terms }));
            }
            (_, None) => return Err(Refusal::NotOpened),
            (_, Some(terms)) => terms,
        };
        match *command {
            Command::Open { .. } | Command::Withdraw { .. } | Command::InEdition { .. } => {
                Err(Refusal::NotOpened)
            }
            Command::Begin { ref wish, ref keys } => {
                self.begin(wish, keys, caller, terms, stamp, cards)
            }
            Command::BeginInOne { ref wish } => {
                self.begin_in_one(wish, caller, terms, stamp, cards)
            }
            Command::Place { order, ref parts } => self.place(order, parts, terms, stamp),
            Command::GiveUp { order } => self.give_up(order, cards),
            Command::Confirm { order } => self.confirm(order, caller, terms, stamp, cards),
            Command::Extend { order, ttl_s } => {
                self.extend(order, ttl_s, caller, terms, stamp, cards)
            }
            Command::Release { order } => self.release(order, caller, cards),
            Command::Refund { order, ref tickets } => self.refund(order, tickets, caller, cards),
            Command::Settle { ref orders } => self.settle(orders),
            Command::Take { order, key, count, at_least } => {
                self.take(order, key, (count, at_least), terms, stamp, cards)
            }
            Command::FollowKey { order, key, share } => self.follow_key(order, key, share, cards),
            Command::Seal => self.seal(),
        }
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
            Event::Opened { terms } => self.terms = Some(*terms),
            Event::OpenedIn { edition, terms } => {
                (self.edition, self.terms) = (*edition, Some(*terms));
            }
            Event::Withdrawn { edition } => {
                *self = Till { edition: edition + 1, ..Till::default() }
            }
            Event::Cleared { .. } => self.closing = true,
            Event::Sealed => (self.closing, self.sealed) = (true, true),
            _ => {}
        }
        self.book.apply(event, at);
    }

    fn look(&self, question: &Question, cards: &Cards<'_>) -> Answer {
        if self.terms.is_none() {
            return Answer::NotOpened;
        }
        match question {
            Question::Order(order) => Answer::Order(self.view(*order, cards)),
            Question::OrdersOf(owner) => Answer::Orders(self.book.orders_of(*owner)),
            Question::Unsettled(orders) => {
                let unsettled = |order: &u32| {
                    let step = self.book.unsettled.get(order)?;
                    Some((*order, *step, self.view(*order, cards)?))
                };
                Answer::Unsettled(orders.iter().filter_map(unsettled).collect())
            }
            Question::Allowance(who) => Answer::Allowance {
                held: self.book.held_by(*who),
                bought: cards::bought(*who, cards),
            },
            Question::Ledger => Answer::Ledger(self.ledger()),
        }
    }

    fn due(&self) -> Option<Time> {
        self.book.first_deadline()
    }

    fn expire(&self, now: Time) -> Option<Event> {
        let doubted = self.book.in_doubt(now, ENDED_AT_ONCE);
        if !doubted.is_empty() {
            return Some(Event::Doubted { orders: doubted });
        }
        let orders = self.book.over(now, ENDED_AT_ONCE);
        (!orders.is_empty()).then_some(Event::Ended { orders })
    }

    const NAMES: &'static [NameShelf] = &[cards::BOUGHT, cards::KEY_SHARES];

    fn cards(event: &Event, _: Time, cards: &mut Vec<Card>) {
        cards::write(event, cards);
    }

    fn rows(name: &TillName, event: &Event, at: Time, rows: &mut Vec<Row>) {
        rows::declare(name, event, at, rows);
    }

    fn books(&self, name: &TillName) -> Vec<(String, Counts)> {
        let TillLedger { gathering, placed, unsettled, held, .. } = self.ledger();
        let begun = u64::from(self.book.next_order);
        let counts = vec![
            ("begun", begun),
            ("gathering", gathering),
            ("placed", placed),
            ("unsettled", unsettled),
            ("held", held),
        ];
        if begun == 0 { Vec::new() } else { vec![(format!("orders {}", name.pool), counts)] }
    }

    fn imbalance(&self) -> i64 {
        self.book.imbalance()
    }
}

impl Till {
    pub(super) fn takes_orders(&self, terms: &TillTerms, stamp: &Stamp) -> Result<(), Refusal> {
        if self.closing || stamp.at >= terms.closes_at { Err(Refusal::Closed) } else { Ok(()) }
    }

    fn ledger(&self) -> TillLedger {
        TillLedger { closing: self.closing, sealed: self.sealed, ..self.book.ledger() }
    }

    /// Orders of other tills may have to say what they came to for a limit key that is kept here.
    fn seal(&self) -> Result<Verdict<Event>, Refusal> {
        let orders = self.book.first(ENDED_AT_ONCE);
        let waiting = self.book.unsettled.len().max(self.book.shares.len()) as u64;
        Ok(match (self.sealed, orders.is_empty(), waiting) {
            (true, ..) => Verdict::Already(Event::Sealed),
            (false, true, 0) => Verdict::New(Event::Sealed),
            (false, true, orders) if self.closing => return Err(Refusal::Unsettled { orders }),
            (false, ..) => Verdict::New(Event::Cleared { orders }),
        })
    }
}
