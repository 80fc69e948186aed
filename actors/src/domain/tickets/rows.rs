//! The list that a slice's events write lines of: "my tickets".

use super::names::{SliceName, TicketId};
use super::stock::Ticket;
use super::words::Event;
use crate::domain::day::Day;
use crate::domain::shelves;
use crate::id::Id;
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// A hold is on no list: it is short-lived, and its slice knows it. Only what was bought is worth a
/// line.
pub(super) fn declare(name: &SliceName, event: &Event, at: Time, rows: &mut Vec<Row>) {
    match event {
        Event::Confirmed { hold, owner, tickets } => {
            let bought = Bought { hold: *hold, digits: name.digits, at };
            rows.extend(
                tickets.iter().map(|ticket| ticket_row(name, ticket, *owner, Some(&bought))),
            );
        }
        Event::Refunded { ticket, owner, .. } => rows.push(ticket_row(name, ticket, *owner, None)),
        Event::Opened { .. }
        | Event::Held { .. }
        | Event::Extended { .. }
        | Event::Released { .. }
        | Event::Expired { .. }
        | Event::Cleared { .. }
        | Event::Sealed { .. } => {}
    }
}

/// What the list "my tickets" says about a ticket beside its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bought {
    pub hold: u32,
    pub digits: u8,
    pub at: Time,
}

fn ticket_row(name: &SliceName, ticket: &Ticket, owner: Id, bought: Option<&Bought>) -> Row {
    let mut key = name.day.0.to_be_bytes().to_vec();
    key.extend_from_slice(&ticket.number.to_be_bytes());
    key.extend_from_slice(&ticket.copy.to_be_bytes());
    let body = bought.map(|bought| postcard::to_stdvec(bought).expect("plain data"));
    Row { shelf: shelves::TICKETS, owner, key, body }
}

/// The ticket that a line of the list "my tickets" is about.
pub fn ticket_of_row(key: &[u8], body: &[u8]) -> Option<(TicketId, Bought)> {
    let bought: Bought = postcard::from_bytes(body).ok()?;
    let (day, rest) = key.split_first_chunk::<4>()?;
    let (number, copy) = rest.split_first_chunk::<4>()?;
    let day = Day(u32::from_be_bytes(*day));
    let (number, copy) = (u32::from_be_bytes(*number), u16::from_be_bytes(copy.try_into().ok()?));
    Some((TicketId { day, digits: bought.digits, number, copy }, bought))
}
