//! Parts of orders, as the auditor thinks of them: they begin, and then do what their order's till
//! says, and nothing by themselves.

use super::model::{Fate, Model};
use actors::Id;
use actors::Time;
use actors::cards::Cards;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Command, Event, OrderNumber, PartFate, Refusal, Slice};
use actors::machine::{Machine, Stamp, Verdict};
use actors::{Caller, Role};

/// What a ticket is taken by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taker {
    Hold(u32),
    Order(OrderNumber),
}

#[derive(Clone, Debug)]
pub struct Part {
    pub owner: Id,
    pub tickets: Vec<Ticket>,
    /// None: it waits for its order.
    pub fate: Option<PartFate>,
}

impl Part {
    pub fn is_live(&self) -> bool {
        self.fate.is_none()
    }
}

impl Model {
    /// The tickets of all parts that are held, or sold.
    pub fn of_parts(&self, fate: Fate) -> impl Iterator<Item = &Ticket> {
        let wanted = match fate {
            Fate::Live => Some(None),
            Fate::Sold => Some(Some(PartFate::Sold)),
            _ => None,
        };
        self.parts
            .values()
            .filter(move |part| Some(part.fate) == wanted)
            .flat_map(|part| &part.tickets)
    }

    pub fn record_of_order(&mut self, event: &Event, at: Time) {
        match event {
            Event::HeldFor { order, owner, tickets } => {
                self.take(tickets, Taker::Order(*order), at);
                let part = Part { owner: *owner, tickets: tickets.clone(), fate: None };
                let before = self.parts.insert(*order, part);
                assert!(before.is_none(), "a part of {order:?} began after {before:?}");
                assert!(self.held_by(*owner) <= self.limit(), "{owner:?} holds too much");
            }
            Event::Followed { order, owner, tickets, fate } => {
                self.followed(*order, *owner, tickets, *fate);
            }
            Event::FollowedRefund { order, owner, tickets, left } => {
                let part = self.parts.get_mut(order).expect("it was sold");
                assert_eq!((part.owner, part.fate), (*owner, Some(PartFate::Sold)));
                part.tickets.retain(|ticket| !tickets.contains(ticket));
                assert_eq!(part.tickets, *left, "what is left of the part of {order:?}");
                assert!(!tickets.is_empty(), "nothing was taken back");
                for ticket in tickets {
                    assert_eq!(self.free_again(ticket), Some(Taker::Order(*order)));
                }
            }
            Event::Referred { ticket, order } => {
                let taker = self.taken.get(&(ticket.number, ticket.copy));
                assert_eq!(taker, Some(&Taker::Order(*order)), "sent to the wrong order");
            }
            other => panic!("that is about no order: {other:?}"),
        }
    }

    fn followed(&mut self, order: OrderNumber, owner: Id, tickets: &[Ticket], fate: PartFate) {
        let Some(part) = self.parts.get_mut(&order) else {
            assert_eq!((owner, tickets.len(), fate), (Id::SYSTEM, 0, PartFate::Ended));
            let part = Part { owner, tickets: Vec::new(), fate: Some(fate) };
            self.parts.insert(order, part);
            return;
        };
        assert!(part.is_live(), "a part of {order:?} followed twice: {part:?}");
        assert_eq!((part.owner, &*part.tickets), (owner, tickets));
        part.fate = Some(fate);
        if fate == PartFate::Ended {
            part.tickets.clear();
            for ticket in tickets {
                assert_eq!(self.free_again(ticket), Some(Taker::Order(order)));
            }
        }
    }
}

/// The slice says of each part what became of it.
pub fn compare_parts(model: &Model, machine: &Slice, cards: &Cards<'_>) {
    let stamp = Stamp { at: Time(0), seed: 1 };
    for (order, part) in &model.parts {
        let (order, fate) = (*order, PartFate::Sold);
        let follow = Command::Follow { order, fate };
        let decided = machine.decide(&follow, &Caller::SYSTEM, &stamp, cards);
        let (owner, tickets) = (part.owner, part.tickets.clone());
        let followed = Event::Followed { order, owner, tickets, fate };
        let expected = match part.fate {
            None => Ok(Verdict::New(followed)),
            Some(PartFate::Sold) => Ok(Verdict::Already(followed)),
            Some(PartFate::Ended) => Err(Refusal::NoPart),
        };
        assert_eq!(decided, expected, "the part of {order:?}");
    }
}

/// Only an administrator takes back a ticket of an order, and is sent to the order's till.
pub fn compare_refund(ticket: Ticket, order: OrderNumber, machine: &Slice, cards: &Cards<'_>) {
    let stamp = Stamp { at: Time(0), seed: 1 };
    let refund = Command::Refund { ticket };
    let decided = machine.decide(&refund, &Caller::SYSTEM, &stamp, cards);
    assert_eq!(decided, Ok(Verdict::New(Event::Referred { ticket, order })));
    let member = Caller { id: Id([77; 16]), role: Role::Member };
    assert_eq!(machine.decide(&refund, &member, &stamp, cards), Err(Refusal::NotAdmin));
}
