//! The lists of lotteries and pools: of those about which something is still to be done, of those
//! that are open, by the instant at which they close, of those that are closing, and of all that
//! have names of their own.
//!
//! A lottery that was created before there was a list of closing instants is in none of the second
//! and third until it begins to close.

use super::words::Event;
use crate::domain::pool::PoolName;
use crate::domain::shelves;
use crate::id::Id;
use crate::store::{Row, Shelf};
use crate::time::Time;

pub(super) fn declare(pool: &PoolName, event: &Event, rows: &mut Vec<Row>) {
    let line = || Some(Vec::new());
    let mut list = |shelf: Shelf, key: Vec<u8>, body: Option<Vec<u8>>| {
        rows.push(Row { shelf, owner: Id::SYSTEM, key, body });
    };
    match event {
        Event::Created(_) | Event::Planned(_) => list(shelves::LOTTERIES, pool.row_key(), line()),
        Event::Arranged(plan) => {
            list(shelves::LOTTERIES, pool.row_key(), line());
            list(shelves::CLOSING, key_of_closing(plan.closes_at, pool), line());
            if pool.day().is_none() {
                list(shelves::POOLS, pool.row_key(), line());
            }
        }
        Event::Stopped { closes_at } => {
            list(shelves::CLOSING, key_of_closing(*closes_at, pool), None);
            list(shelves::ENDING, pool.row_key(), line());
        }
        Event::Closed | Event::Drawn(_) => {
            list(shelves::LOTTERIES, pool.row_key(), None);
            list(shelves::ENDING, pool.row_key(), None);
        }
        Event::Withdrawing { plan, .. } => {
            list(shelves::CLOSING, key_of_closing(plan.closes_at, pool), None);
            list(shelves::ENDING, pool.row_key(), line());
        }
        Event::Withdrawn { .. } => {
            list(shelves::LOTTERIES, pool.row_key(), None);
            list(shelves::ENDING, pool.row_key(), None);
            if pool.day().is_none() {
                list(shelves::POOLS, pool.row_key(), None);
            }
        }
        Event::Kept { closes_at, .. } => {
            list(shelves::CLOSING, key_of_closing(*closes_at, pool), line());
            list(shelves::ENDING, pool.row_key(), None);
        }
        Event::Closing | Event::Sealed { .. } => {}
    }
}

fn key_of_closing(at: Time, pool: &PoolName) -> Vec<u8> {
    [&at.to_key()[..], &pool.row_key()].concat()
}

/// The open pool that a row is about, and when it closes.
pub fn closing_of_row(key: &[u8]) -> Option<(Time, PoolName)> {
    let (at, pool) = key.split_first_chunk()?;
    let (pool, rest) = PoolName::split(pool)?;
    rest.is_empty().then_some((Time::from_key(*at), pool))
}
