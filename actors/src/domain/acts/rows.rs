//! Two lists, both with the newest first: acts as they were begun, and what came of them under the
//! same keys.

use super::words::{Act, ActOutcome, Event};
use crate::domain::shelves;
use crate::id::Id;
use crate::plain;
use crate::store::{Row, Shelf};
use crate::time::Time;

pub(super) fn declare(event: &Event, at: Time, rows: &mut Vec<Row>) {
    let row = |shelf: Shelf, key: Vec<u8>, body: Vec<u8>| Row {
        shelf,
        owner: Id::SYSTEM,
        key,
        body: Some(body),
    };
    rows.push(match event {
        Event::Begun { number, act } => {
            row(shelves::ACTS, key_of_act(at, *number), plain::bytes_of(act))
        }
        Event::Ended { number, begun_at, status } => {
            let outcome = ActOutcome { status: *status, at };
            row(shelves::ACT_OUTCOMES, key_of_act(*begun_at, *number), plain::bytes_of(&outcome))
        }
    });
}

/// The key before all acts that were begun before that instant.
pub fn key_of_time(at: Time) -> Vec<u8> {
    (!(at.0 as u64 ^ 1 << 63)).to_be_bytes().to_vec()
}

pub fn key_of_act(at: Time, number: u64) -> Vec<u8> {
    [key_of_time(at), (!number).to_be_bytes().to_vec()].concat()
}

/// The act of a line, its number, and when it was begun.
pub fn act_of_row(key: &[u8], body: &[u8]) -> Option<(Time, u64, Act)> {
    let (at, number) = key.split_first_chunk()?;
    let at = Time((!u64::from_be_bytes(*at) ^ 1 << 63) as i64);
    let number = !u64::from_be_bytes(number.try_into().ok()?);
    Some((at, number, postcard::from_bytes(body).ok()?))
}

pub fn outcome_of_row(body: &[u8]) -> Option<ActOutcome> {
    postcard::from_bytes(body).ok()
}
