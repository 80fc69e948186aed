//! A rack as a snapshot keeps it.

use super::rules::{Batch, Rack};
use crate::domain::coupons::coupon::Slot;
use crate::domain::coupons::names::Serial;
use crate::domain::coupons::range::Range;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
struct Saved<R> {
    batches: Vec<(Serial, R, Vec<(Box<str>, u64)>)>,
}

impl Serialize for Rack {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let codes = |batch: &Batch| {
            batch.codes.iter().map(|(code, line)| ((&**code).into(), *line)).collect()
        };
        Saved {
            batches: self
                .batches
                .iter()
                .map(|(serial, batch)| (*serial, &batch.range, codes(batch)))
                .collect(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rack {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Rack, D::Error> {
        let mut rack = Rack::default();
        for (serial, range, lines) in Saved::<Range>::deserialize(deserializer)?.batches {
            let codes: Vec<(Arc<str>, u64)> =
                lines.into_iter().map(|(code, line)| (code.into(), line)).collect();
            let places = codes
                .iter()
                .enumerate()
                .map(|(slot, (code, _))| (code.clone(), (serial, slot as Slot)));
            rack.by_code.extend(places);
            rack.batches.insert(serial, Batch { range, codes, due: None });
            rack.note_due(serial);
        }
        Ok(rack)
    }
}
