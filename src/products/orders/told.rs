//! What the outside hears of orders: the same as of holds. To it an order is a hold with another
//! id.

use crate::telling::said::{Says, Told};
use crate::telling::{id, member, topics};
use actors::domain::tickets::TicketId;
use actors::domain::tickets::stock::Ticket;
use actors::domain::till::{Event, OrderId, PastOrder, Till, TillName};
use serde_json::{Value, json};

impl Told for Till {
    fn tell(name: &TillName, event: &Event, says: &mut Says) {
        let order_id = |number: u32| id(&OrderId { till: *name, number });
        match event {
            Event::Confirmed { order, past, .. } => {
                let tickets: Vec<Value> =
                    past.tickets().map(|ticket| ticket_id(name, past, ticket)).collect();
                let data = [
                    ("lottery", id(&name.pool)),
                    ("hold", order_id(*order)),
                    ("member", member(past.owner)),
                    ("tickets", json!(tickets)),
                ];
                says.say(&topics::TICKETS_CONFIRMED, data);
            }
            Event::Refunded { order, tickets, past, .. } => {
                for ticket in tickets {
                    let data = [
                        ("lottery", id(&name.pool)),
                        ("hold", order_id(*order)),
                        ("member", member(past.owner)),
                        ("ticket", ticket_id(name, past, ticket)),
                    ];
                    says.say(&topics::TICKET_REFUNDED, data);
                }
            }
            Event::Opened { .. }
            | Event::OpenedIn { .. }
            | Event::Withdrawn { .. }
            | Event::Begun { .. }
            | Event::BegunInOne { .. }
            | Event::Doubted { .. }
            | Event::Placed { .. }
            | Event::Extended { .. }
            | Event::Ended { .. }
            | Event::Settled { .. }
            | Event::Taken { .. }
            | Event::FollowedKey { .. }
            | Event::Cleared { .. }
            | Event::Sealed => {}
        }
    }
}

fn ticket_id(name: &TillName, past: &PastOrder, ticket: &Ticket) -> Value {
    let (number, copy) = (ticket.number, ticket.copy);
    id(&TicketId { pool: name.pool, digits: past.pattern.digits(), number, copy })
}
