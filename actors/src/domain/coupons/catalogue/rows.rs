//! The list of batches by their expiry.

use super::words::{CatalogueEntry, Event};
use crate::domain::coupons::names::Serial;
use crate::domain::shelves;
use crate::id::Id;
use crate::store::Row;
use crate::time::Time;

pub(super) fn declare(event: &Event, rows: &mut Vec<Row>) {
    let (serial, expires_at) = match event {
        Event::Registered { serial, entry: CatalogueEntry::Batch(plan), .. }
        | Event::RegisteredFor { serial, entry: CatalogueEntry::Batch(plan), .. } => {
            (serial, plan.expires_at)
        }
        Event::ExpiryListed { serial, expires_at } => (serial, *expires_at),
        Event::Registered { entry: CatalogueEntry::Campaign(_), .. }
        | Event::RegisteredFor { entry: CatalogueEntry::Campaign(_), .. }
        | Event::NameTaken { .. }
        | Event::NameGivenBack { .. }
        | Event::Named { .. }
        | Event::Renamed { .. } => return,
    };
    let key = key_of_expiry(expires_at, *serial);
    rows.push(Row { shelf: shelves::EXPIRIES, owner: Id::SYSTEM, key, body: Some(Vec::new()) });
}

/// A batch whose codes may expire before it does is listed as if it expired then, too.
pub const OWN_ENDS: Time = Time(i64::MIN);

/// The key before all batches that expire then or later.
pub fn key_of_time(at: Time) -> Vec<u8> {
    at.to_key().to_vec()
}

pub fn key_of_expiry(at: Time, serial: Serial) -> Vec<u8> {
    [&at.to_key()[..], &serial.0.to_be_bytes()].concat()
}

/// The batch that a row is about, and when it expires.
pub fn expiry_of_row(key: &[u8]) -> Option<(Time, Serial)> {
    let (at, serial) = key.split_first_chunk()?;
    Some((Time::from_key(*at), Serial(u32::from_be_bytes(serial.try_into().ok()?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_by_time_and_serial_and_say_both() {
        let times = [i64::MIN, -1, 0, 1, 1_798_750_800_123, i64::MAX].map(Time);
        let serials = [0, 2, 256, Serial::MOST].map(Serial);
        let mut before = Vec::new();
        for at in times {
            assert!(before < key_of_time(at));
            before = key_of_time(at);
            for serial in serials {
                let key = key_of_expiry(at, serial);
                assert!(before < key, "{at:?} {serial}");
                assert_eq!(expiry_of_row(&key), Some((at, serial)));
                before = key;
            }
        }
    }
}
