//! The lists that a slice's events write lines of: "my holds" and "my tickets".

use super::names::{HoldId, SliceName, TicketId};
use super::past::Buyer;
use super::stock::Ticket;
use super::words::Event;
use crate::domain::pool::PoolName;
use crate::domain::shelves;
use crate::id::Id;
use crate::plain;
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// A hold is listed while it lives, by its name alone: how it is, its slice tells.
pub(super) fn declare(name: &SliceName, event: &Event, at: Time, rows: &mut Vec<Row>) {
    let over = |hold: &u32, owner: &Id| hold_row(name, *hold, *owner, None);
    match event {
        Event::Held { hold, owner, .. } => {
            rows.push(hold_row(name, *hold, *owner, Some(Vec::new())));
        }
        Event::Confirmed { hold, owner, tickets } => {
            rows.push(over(hold, owner));
            let bought = Bought { buyer: Buyer::Hold(*hold), digits: name.digits, at };
            rows.extend(
                tickets.iter().map(|ticket| ticket_row(name.pool, ticket, *owner, Some(&bought))),
            );
        }
        Event::Released { hold, owner } => rows.push(over(hold, owner)),
        Event::Expired { holds } | Event::Cleared { holds } => {
            rows.extend(holds.iter().map(|(hold, owner)| over(hold, owner)));
        }
        Event::Refunded { ticket, owner, .. } => {
            rows.push(ticket_row(name.pool, ticket, *owner, None))
        }
        Event::HoldRefunded { tickets, owner, .. } => {
            rows.extend(tickets.iter().map(|ticket| ticket_row(name.pool, ticket, *owner, None)));
        }
        // An order's till writes the lines of its parts.
        Event::HeldFor { .. } | Event::Followed { .. } | Event::FollowedRefund { .. } => {}
        Event::Opened { .. }
        | Event::Prepared { .. }
        | Event::Extended { .. }
        | Event::PreparedIn { .. }
        | Event::Withdrawn { .. }
        | Event::Referred { .. }
        | Event::Sealed { .. } => {}
    }
}

fn hold_row(name: &SliceName, hold: u32, owner: Id, body: Option<Vec<u8>>) -> Row {
    let key = key_of_hold(&HoldId { slice: *name, number: hold });
    Row { shelf: shelves::MY_HOLDS, owner, key, body }
}

/// Where a hold is in the list "my holds", which has the order of their ids.
pub fn key_of_hold(HoldId { slice, number }: &HoldId) -> Vec<u8> {
    [&slice.pool.row_key()[..], &[slice.digits, slice.lead], &number.to_be_bytes()].concat()
}

/// The hold that a line of the list "my holds" is about. Other lines are about orders.
pub fn hold_of_row(key: &[u8]) -> Option<HoldId> {
    let (pool, rest) = PoolName::split(key)?;
    let ([digits, lead], number) = rest.split_first_chunk::<2>()?;
    let slice = SliceName::checked(pool, *digits, *lead)?;
    Some(HoldId { slice, number: u32::from_be_bytes(number.try_into().ok()?) })
}

/// What the list "my tickets" says about a ticket beside its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bought {
    pub buyer: Buyer,
    pub digits: u8,
    pub at: Time,
}

impl Bought {
    /// The id of the hold or order that it was bought by.
    pub fn bought_by(&self, id: &TicketId) -> String {
        match self.buyer {
            Buyer::Hold(number) => HoldId { slice: id.slice(), number }.to_string(),
            Buyer::Order(order) => order.id_in(id.pool),
        }
    }
}

/// Where a ticket is in the list "my tickets".
pub fn key_of_ticket(pool: PoolName, ticket: &Ticket) -> Vec<u8> {
    let mut key = before_tickets_of(pool);
    key.extend_from_slice(&ticket.number.to_be_bytes());
    key.extend_from_slice(&ticket.copy.to_be_bytes());
    key
}

/// Behind it come the tickets of that lottery and of those that close later.
pub fn before_tickets_of(pool: PoolName) -> Vec<u8> {
    pool.row_key()
}

/// A line of "my tickets"; none of it is left without a buyer.
pub(crate) fn ticket_row(
    pool: PoolName,
    ticket: &Ticket,
    owner: Id,
    bought: Option<&Bought>,
) -> Row {
    let key = key_of_ticket(pool, ticket);
    let body = bought.map(plain::bytes_of);
    Row { shelf: shelves::TICKETS, owner, key, body }
}

/// The ticket that a line of the list "my tickets" is about.
pub fn ticket_of_row(key: &[u8], body: &[u8]) -> Option<(TicketId, Bought)> {
    let bought: Bought = postcard::from_bytes(body).ok()?;
    let (pool, rest) = PoolName::split(key)?;
    let (number, copy) = rest.split_first_chunk::<4>()?;
    let (number, copy) = (u32::from_be_bytes(*number), u16::from_be_bytes(copy.try_into().ok()?));
    Some((TicketId { pool, digits: bought.digits, number, copy }, bought))
}
