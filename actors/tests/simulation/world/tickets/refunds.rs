//! Sold tickets of holds that are taken back: one by one, or by one call about the hold.

use super::super::kind::Told;
use super::model::{Fate, Held, Model};
use super::parts::{Taker, compare_refund};
use actors::Caller;
use actors::cards::Cards;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Command, Event, Refusal, Slice};
use actors::machine::{Machine, Role, Stamp, Verdict};

impl Held {
    /// What a call about the hold takes back that names these, or none.
    fn taken_back_by(&self, asked: &[Ticket]) -> Vec<Ticket> {
        let is_asked = |ticket: &&Ticket| asked.is_empty() || asked.contains(ticket);
        self.tickets.iter().filter(is_asked).copied().collect()
    }

    fn left_without(&self, back: &[Ticket]) -> Vec<Ticket> {
        self.tickets.iter().filter(|ticket| !back.contains(ticket)).copied().collect()
    }
}

impl Model {
    pub fn record_refund(&mut self, event: &Event) {
        let (hold, owner, back, left) = match event {
            Event::Refunded { ticket, hold, owner, left } => (hold, owner, vec![*ticket], left),
            Event::HoldRefunded { hold, owner, tickets, left, .. } => {
                (hold, owner, tickets.clone(), left)
            }
            other => panic!("that takes nothing back: {other:?}"),
        };
        let held = self.holds.get_mut(hold).expect("only what was held is taken back");
        assert_eq!((held.fate, held.owner), (Fate::Sold, *owner), "only what is sold");
        assert!(!back.is_empty(), "nothing is taken back of hold {hold}");
        assert_eq!(held.taken_back_by(&back), back, "not all were sold by hold {hold}");
        held.tickets = held.left_without(&back);
        assert_eq!(held.tickets, *left, "what is left of hold {hold}");
        match event {
            Event::HoldRefunded { refunded, .. } => {
                held.refunded.extend(&back);
                assert_eq!(*refunded, held.refunded, "what was taken back of hold {hold}");
            }
            _ => assert!(held.refunded.is_empty(), "hold {hold} forgets what was taken back"),
        }
        for ticket in back {
            assert_eq!(self.free_again(&ticket), Some(Taker::Hold(*hold)));
        }
    }

    /// Whether all of these are, or were, of that sold hold.
    fn may_take_back(&self, hold: u32, asked: &[Ticket]) -> bool {
        self.holds.get(&hold).is_some_and(|held| {
            let known =
                |ticket: &Ticket| held.tickets.contains(ticket) || held.refunded.contains(ticket);
            held.fate == Fate::Sold && asked.iter().all(known)
        })
    }

    fn is_sold(&self, ticket: &Ticket) -> bool {
        match self.taken.get(&(ticket.number, ticket.copy)) {
            Some(Taker::Hold(hold)) => self.holds[hold].fate == Fate::Sold,
            Some(Taker::Order(_)) => true,
            None => false,
        }
    }
}

/// Before the event counts: it takes back what was asked for, and no more.
pub fn is_what_was_asked_for(model: &Model, command: &Command, event: &Event) {
    if let (Command::RefundHold { hold, tickets: asked }, Event::HoldRefunded { tickets, .. }) =
        (command, event)
    {
        assert_eq!(*tickets, model.holds[hold].taken_back_by(asked), "taken back of hold {hold}");
    }
}

/// Whoever is told that it is taken back can rely on it.
pub fn told_taken_back(model: &Model, hold: u32, asked: &[Ticket], event: &Event) {
    let Event::HoldRefunded { hold: of, tickets, .. } = event else {
        panic!("a refund was answered with {event:?}")
    };
    let held = &model.holds[&hold];
    let is_back = |ticket: &Ticket| held.refunded.contains(ticket);
    assert!(*of == hold && tickets.iter().all(is_back), "of {hold} there are {:?}", held.refunded);
    match asked {
        [] => assert!(held.tickets.is_empty(), "hold {hold} was taken back as a whole"),
        some => assert!(some.iter().all(is_back), "of {hold} there are {:?}", held.refunded),
    }
}

pub fn told_not_sold(told: &Told<Slice>) {
    let is_sold = match &told.call.command {
        Command::Refund { ticket } => told.model().is_sold(ticket),
        Command::RefundHold { hold, tickets } => told.model().may_take_back(*hold, tickets),
        other => panic!("only a refund is refused so: {other:?}"),
    };
    assert!(!is_sold || told.is_stale(), "{:?}: it is sold", told.call.command);
}

/// Their own, and sold: only an administrator takes it back.
pub fn told_not_admin(told: &Told<Slice>) {
    let Command::RefundHold { hold, .. } = &told.call.command else {
        panic!("nobody here asks for that: {:?}", told.call.command)
    };
    let held = &told.model().holds[hold];
    assert_eq!((told.call.caller.role, held.fate), (Role::Member, Fate::Sold));
    assert_eq!(held.owner, told.asker());
}

/// The slice would take back the rest of a sold hold, once.
pub fn compare_hold_refund(
    model: &Model,
    hold: u32,
    held: &Held,
    machine: &Slice,
    cards: &Cards<'_>,
) {
    let asks = |tickets: Vec<Ticket>| {
        let (refund, stamp) =
            (Command::RefundHold { hold, tickets }, Stamp { at: held.since, seed: 1 });
        machine.decide(&refund, &Caller::SYSTEM, &stamp, cards)
    };
    if model.sealed || held.fate != Fate::Sold {
        let why = if model.sealed { Refusal::Closed } else { Refusal::NotSold };
        return assert_eq!(asks(Vec::new()), Err(why), "hold {hold}");
    }
    let event = |tickets: &[Ticket], left: &[Ticket], refunded: &[Ticket]| Event::HoldRefunded {
        hold,
        owner: held.owner,
        tickets: tickets.to_vec(),
        left: left.to_vec(),
        refunded: refunded.to_vec(),
    };
    let all = [&held.refunded[..], &held.tickets[..]].concat();
    let whole = match held.tickets[..] {
        [] => Verdict::Already(event(&held.refunded, &[], &all)),
        _ => Verdict::New(event(&held.tickets, &[], &all)),
    };
    assert_eq!(asks(Vec::new()), Ok(whole), "hold {hold}");
    if !held.refunded.is_empty() {
        let again = Verdict::Already(event(&held.refunded, &held.tickets, &held.refunded));
        assert_eq!(asks(held.refunded.clone()), Ok(again), "hold {hold}");
    }
}

/// The slice would take back exactly what is sold, and knows whose it is.
pub fn compare_tickets(model: &Model, machine: &Slice, cards: &Cards<'_>) {
    for ((number, copy), taker) in &model.taken {
        let ticket = Ticket { number: *number, copy: *copy };
        let hold = match taker {
            Taker::Hold(hold) => *hold,
            Taker::Order(order) => {
                compare_refund(ticket, *order, machine, cards);
                continue;
            }
        };
        let held = &model.holds[&hold];
        let (refund, stamp) = (Command::Refund { ticket }, Stamp { at: held.since, seed: 1 });
        let decided = machine.decide(&refund, &Caller::SYSTEM, &stamp, cards);
        let (owner, left) = (held.owner, held.left_without(&[ticket]));
        let mut refunded = held.refunded.clone();
        let event = match refunded[..] {
            [] => Event::Refunded { ticket, hold, owner, left },
            _ => {
                refunded.push(ticket);
                Event::HoldRefunded { hold, owner, tickets: vec![ticket], left, refunded }
            }
        };
        match held.fate {
            Fate::Sold => assert_eq!(decided, Ok(Verdict::New(event))),
            _ => assert_eq!(decided, Err(Refusal::NotSold), "{ticket:?}"),
        }
    }
}
