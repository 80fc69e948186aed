//! The lists that a till's events write lines of: placed orders in "my holds", bought tickets in
//! "my tickets", and the orders that parts or limit keys have yet to follow.

use super::names::{OrderId, TillName};
use super::words::{Event, PastOrder};
use crate::domain::pool::PoolName;
use crate::domain::shelves;
use crate::domain::tickets::stock::Ticket;
use crate::domain::tickets::{Bought, Buyer, ticket_row};
use crate::id::Id;
use crate::store::Row;
use crate::time::Time;

pub(super) fn declare(name: &TillName, event: &Event, at: Time, rows: &mut Vec<Row>) {
    let unsettled = |order: u32| unsettled_row(name, order, Some(Vec::new()));
    let listed = |order, owner, body| Row {
        shelf: shelves::MY_HOLDS,
        owner,
        key: key_in_my_holds(&OrderId { till: *name, number: order }),
        body,
    };
    match event {
        Event::Placed { order, owner, unsettled: waits, .. } => {
            rows.push(listed(*order, *owner, Some(Vec::new())));
            rows.extend(waits.then(|| unsettled(*order)));
        }
        Event::Confirmed { order, past, .. } => {
            rows.push(listed(*order, past.owner, None));
            rows.push(unsettled(*order));
            rows.extend(past.tickets().map(|ticket| bought(name, *order, past, ticket, Some(at))));
        }
        Event::Refunded { order, tickets, past, .. } => {
            rows.push(unsettled(*order));
            rows.extend(tickets.iter().map(|ticket| bought(name, *order, past, ticket, None)));
        }
        Event::Ended { orders } | Event::Cleared { orders } => {
            for (order, past) in orders {
                rows.push(unsettled(*order));
                rows.extend(past.placed_until.map(|_| listed(*order, past.owner, None)));
            }
        }
        Event::Doubted { orders } => rows.extend(orders.iter().map(|order| unsettled(*order))),
        Event::Settled { orders } => {
            rows.extend(orders.iter().map(|order| unsettled_row(name, *order, None)));
        }
        Event::Opened { .. }
        | Event::OpenedIn { .. }
        | Event::Withdrawn { .. }
        | Event::Begun { .. }
        | Event::BegunInOne { .. }
        | Event::Extended { .. }
        | Event::Taken { .. }
        | Event::FollowedKey { .. }
        | Event::Sealed => {}
    }
}

fn bought(name: &TillName, order: u32, past: &PastOrder, ticket: &Ticket, at: Option<Time>) -> Row {
    let buyer = Buyer::Order(OrderId { till: *name, number: order }.in_pool());
    let bought = at.map(|at| Bought { buyer, digits: past.pattern.digits(), at });
    ticket_row(name.pool, ticket, past.owner, bought.as_ref())
}

fn unsettled_row(name: &TillName, order: u32, body: Option<Vec<u8>>) -> Row {
    let key = key_of_order(&OrderId { till: *name, number: order });
    Row { shelf: shelves::UNSETTLED, owner: Id::SYSTEM, key, body }
}

/// Where an order is in the list of those that are unsettled.
pub fn key_of_order(OrderId { till, number }: &OrderId) -> Vec<u8> {
    [&till.pool.row_key()[..], &[till.number], &number.to_be_bytes()].concat()
}

/// The order that a line of that list is about.
pub fn order_of_row(key: &[u8]) -> Option<OrderId> {
    let (pool, rest) = PoolName::split(key)?;
    let (till, number) = rest.split_first()?;
    let till = TillName { pool, number: *till };
    Some(OrderId { till, number: u32::from_be_bytes(number.try_into().ok()?) })
}

/// Stands where a hold's line has its digits, of which there are always some.
const NO_DIGITS: u8 = 0;

/// Orders come before the holds of their pool.
pub fn key_in_my_holds(OrderId { till, number }: &OrderId) -> Vec<u8> {
    [&till.pool.row_key()[..], &[NO_DIGITS, till.number], &number.to_be_bytes()].concat()
}

/// The order that a line of "my holds" is about. Other lines are about holds.
pub fn order_of_listed(key: &[u8]) -> Option<OrderId> {
    let (pool, rest) = PoolName::split(key)?;
    let ([digits, till], number) = rest.split_first_chunk::<2>()?;
    let till = TillName { pool, number: *till };
    let number = u32::from_be_bytes(number.try_into().ok()?);
    (*digits == NO_DIGITS).then_some(OrderId { till, number })
}
