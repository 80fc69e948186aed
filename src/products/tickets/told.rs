//! Lotteries and their tickets. Holds come and go by the thousand and are told to nobody; what is
//! sold is.

use crate::telling::said::{Says, Told};
use crate::telling::{id, member, time, topics};
use actors::domain::ballots::{self, BallotBox, BoxName};
use actors::domain::day::Day;
use actors::domain::lottery::{self, FirstPlan, Lottery, Plan};
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Event, HoldId, Slice, SliceName, TicketId};
use serde_json::{Value, json};

impl Told for Lottery {
    fn tell(day: &Day, event: &lottery::Event, says: &mut Says) {
        match event {
            lottery::Event::Created(FirstPlan { closes_at, .. })
            | lottery::Event::Planned(Plan { closes_at, .. }) => {
                says.say(
                    &topics::LOTTERY_CREATED,
                    [("lottery", id(day)), ("closes_at", time(*closes_at))],
                );
            }
            lottery::Event::Closing => {}
            lottery::Event::Closed | lottery::Event::Sealed { .. } => {
                says.say(&topics::LOTTERY_CLOSED, [("lottery", id(day))])
            }
            lottery::Event::Drawn(drawn) => {
                let ballots: Vec<Value> =
                    drawn.lots.iter().map(|lot| id(&lot.ballot(*day))).collect();
                says.say(
                    &topics::LOTTERY_DRAWN,
                    [("lottery", id(day)), ("ballots", json!(ballots))],
                );
            }
        }
    }
}

/// Ballots come by the million and are told to nobody; their owners have receipts.
impl Told for BallotBox {
    fn tell(_: &BoxName, _: &ballots::Event, _: &mut Says) {}
}

impl Told for Slice {
    fn tell(name: &SliceName, event: &Event, says: &mut Says) {
        let hold_id = |number: u32| id(&HoldId { slice: *name, number });
        match event {
            Event::Confirmed { hold, owner, tickets } => {
                let tickets: Vec<Value> =
                    tickets.iter().map(|ticket| ticket_id(name, ticket)).collect();
                let data = [
                    ("lottery", id(&name.day)),
                    ("hold", hold_id(*hold)),
                    ("member", member(*owner)),
                    ("tickets", json!(tickets)),
                ];
                says.say(&topics::TICKETS_CONFIRMED, data);
            }
            Event::Refunded { ticket, hold, owner } => {
                let ticket = ticket_id(name, ticket);
                let data = [
                    ("lottery", id(&name.day)),
                    ("hold", hold_id(*hold)),
                    ("member", member(*owner)),
                    ("ticket", ticket),
                ];
                says.say(&topics::TICKET_REFUNDED, data);
            }
            Event::Opened { .. }
            | Event::Held { .. }
            | Event::Extended { .. }
            | Event::Released { .. }
            | Event::Expired { .. }
            | Event::Cleared { .. }
            | Event::Sealed { .. } => {}
        }
    }
}

fn ticket_id(name: &SliceName, ticket: &Ticket) -> Value {
    id(&TicketId { day: name.day, digits: name.digits, number: ticket.number, copy: ticket.copy })
}
