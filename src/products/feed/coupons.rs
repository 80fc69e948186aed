//! The references by which the outside knows coupons: `{campaign, rank, code}` of a voucher,
//! `{batch, index, code}` of a coupon of ours, `{batch, code}` of an imported one.

use crate::catalogue::{Failed, Known, Promotions};
use actors::domain::coupons::CouponHome;
use actors::store::StoreError;
use serde_json::{Value, json};
use std::sync::Arc;

pub struct Coupons(pub Arc<Promotions>);

impl Coupons {
    pub async fn reference(&self, home: &CouponHome) -> Result<Value, StoreError> {
        let known = self.0.known(home.serial()).await.map_err(not_now)?;
        let Some(known) = known else { return Ok(Value::Null) };
        let code = self.0.code(&known, home).await.map_err(not_now)?;
        let serial = known.serial.to_string();
        Ok(match home {
            CouponHome::Campaign { rank, .. } => {
                json!({"campaign": serial, "rank": rank, "code": code})
            }
            CouponHome::Range { name, slot } => {
                json!({"batch": serial, "index": index(&known, name, *slot), "code": code})
            }
            CouponHome::Rack { .. } => json!({"batch": serial, "code": code}),
        })
    }
}

fn index(known: &Known, name: &actors::domain::coupons::RangeName, slot: u64) -> Option<u64> {
    known.batch().map(|plan| plan.index(name, slot))
}

/// A look is never refused; the owner is full or cannot be read, and the feed comes back later.
fn not_now(failed: Failed) -> StoreError {
    StoreError::Unavailable(format!("whoever knows the coupon does not answer: {failed:?}"))
}
