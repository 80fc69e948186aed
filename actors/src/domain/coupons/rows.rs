//! The list "my coupons": a line for each coupon that was ever assigned. The line says where the
//! coupon lives; the partition there knows what it is worth now.

use super::coupon::Slot;
use super::names::{RackName, RangeName, Serial};
use super::redeem;
use crate::domain::shelves;
use crate::id::Id;
use crate::plain;
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Where a coupon lives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CouponHome {
    Campaign {
        campaign: Serial,
        rank: u64,
    },
    Range {
        name: RangeName,
        slot: Slot,
    },
    /// An imported code, and the batch that it was imported for.
    Rack {
        name: RackName,
        batch: Serial,
        slot: Slot,
    },
}

impl CouponHome {
    /// The campaign or batch that it is a coupon of.
    pub fn serial(&self) -> Serial {
        match self {
            CouponHome::Campaign { campaign, .. } => *campaign,
            CouponHome::Range { name, .. } => name.batch,
            CouponHome::Rack { batch, .. } => *batch,
        }
    }

    pub fn slot(&self) -> Slot {
        match self {
            CouponHome::Campaign { rank: slot, .. }
            | CouponHome::Range { slot, .. }
            | CouponHome::Rack { slot, .. } => *slot,
        }
    }
}

pub(super) fn of_range(name: &RangeName, slot: Slot, owner: Id, at: Time) -> Row {
    line(CouponHome::Range { name: *name, slot }, owner, at)
}

pub(super) fn of_campaign(campaign: Serial, rank: u64, owner: Id, at: Time) -> Row {
    line(CouponHome::Campaign { campaign, rank }, owner, at)
}

pub(super) fn of_rack(name: RackName, batch: Serial, slot: Slot, owner: Id, at: Time) -> Row {
    line(CouponHome::Rack { name, batch, slot }, owner, at)
}

/// That an owner was told that their coupon expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub at: Time,
    pub home: CouponHome,
    pub owner: Id,
    pub days: u16,
    pub expires_at: Time,
}

/// A line for each coupon of whose expiry the event tells an owner; `home` says where the coupon in
/// a slot lives.
pub(super) fn of_notices(
    event: &redeem::Event,
    at: Time,
    home: impl Fn(Slot) -> CouponHome,
    rows: &mut Vec<Row>,
) {
    let redeem::Event::Noticed { days, coupons, expires_at, .. } = event else { return };
    for ((slot, owner), expires_at) in coupons.iter().zip(expires_at) {
        let notice =
            Notice { at, home: home(*slot), owner: *owner, days: *days, expires_at: *expires_at };
        let body = plain::bytes_of(&notice);
        let mut key = at.0.to_be_bytes().to_vec();
        key.extend_from_slice(&Id::digest(&[&body]).0);
        rows.push(Row { shelf: shelves::NOTICES, owner: Id::SYSTEM, key, body: Some(body) });
    }
}

pub fn notice_of_row(body: &[u8]) -> Option<Notice> {
    postcard::from_bytes(body).ok()
}

/// An instant, and where a coupon lives.
const LONGEST_KEY: usize = 40;

/// In the order of assignment, then by home, so that no two lines share a key. The key says all.
fn line(home: CouponHome, owner: Id, at: Time) -> Row {
    let mut key = Vec::with_capacity(LONGEST_KEY);
    key.extend_from_slice(&at.0.to_be_bytes());
    plain::append(&home, &mut key);
    Row { shelf: shelves::COUPONS, owner, key, body: Some(Vec::new()) }
}

/// Behind it come the lines of coupons that were assigned at that instant or later.
pub fn after_lines_before(at: Time) -> Vec<u8> {
    at.0.saturating_sub(1).to_be_bytes().into_iter().chain([u8::MAX; 32]).collect()
}

/// Where the coupon of a line lives, and when it was assigned.
pub fn home_of_row(key: &[u8]) -> Option<(CouponHome, Time)> {
    let (at, home) = key.split_first_chunk::<8>()?;
    Some((postcard::from_bytes(home).ok()?, Time(i64::from_be_bytes(*at))))
}
