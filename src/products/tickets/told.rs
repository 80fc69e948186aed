//! What the outside hears of tickets. Holds come and go by the thousand and are told to nobody;
//! what is sold is.

use crate::telling::said::{Says, Told};
use crate::telling::{id, member, topics};
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Event, HoldId, Slice, SliceName, TicketId};
use serde_json::{Value, json};

impl Told for Slice {
    fn tell(name: &SliceName, event: &Event, says: &mut Says) {
        let hold_id = |number: u32| id(&HoldId { slice: *name, number });
        match event {
            Event::Confirmed { hold, owner, tickets } => {
                let tickets: Vec<Value> =
                    tickets.iter().map(|ticket| ticket_id(name, ticket)).collect();
                let data = [
                    ("lottery", id(&name.pool)),
                    ("hold", hold_id(*hold)),
                    ("member", member(*owner)),
                    ("tickets", json!(tickets)),
                ];
                says.say(&topics::TICKETS_CONFIRMED, data);
            }
            Event::Refunded { ticket, hold, owner, .. } => {
                let ticket = ticket_id(name, ticket);
                let data = [
                    ("lottery", id(&name.pool)),
                    ("hold", hold_id(*hold)),
                    ("member", member(*owner)),
                    ("ticket", ticket),
                ];
                says.say(&topics::TICKET_REFUNDED, data);
            }
            Event::HoldRefunded { tickets, hold, owner, .. } => {
                for ticket in tickets {
                    let data = [
                        ("lottery", id(&name.pool)),
                        ("hold", hold_id(*hold)),
                        ("member", member(*owner)),
                        ("ticket", ticket_id(name, ticket)),
                    ];
                    says.say(&topics::TICKET_REFUNDED, data);
                }
            }
            Event::Opened { .. }
            | Event::Prepared { .. }
            | Event::PreparedIn { .. }
            | Event::Withdrawn { .. }
            | Event::Held { .. }
            | Event::Extended { .. }
            | Event::Released { .. }
            | Event::Expired { .. }
            | Event::Cleared { .. }
            // What becomes of an order, its till tells.
            | Event::HeldFor { .. }
            | Event::Followed { .. }
            | Event::FollowedRefund { .. }
            | Event::Referred { .. }
            | Event::Sealed { .. } => {}
        }
    }
}

fn ticket_id(name: &SliceName, ticket: &Ticket) -> Value {
    id(&TicketId { pool: name.pool, digits: name.digits, number: ticket.number, copy: ticket.copy })
}
