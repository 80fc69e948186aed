//! The references by which the outside knows coupons: `{campaign, rank, code}` of a voucher,
//! `{batch, index, code}` of a coupon of ours, `{batch, code}` of an imported one.

use crate::coupons::Coupons;
use crate::feed::not_now::not_now;
use crate::promotions::{Promotion, Promotions};
use actors::domain::coupons::CouponHome;
use actors::store::StoreError;
use serde_json::{Value, json};
use std::sync::Arc;

pub struct References {
    pub promotions: Arc<Promotions>,
    pub coupons: Arc<Coupons>,
}

impl References {
    pub async fn of(&self, home: &CouponHome) -> Result<Value, StoreError> {
        let found = self.promotions.find(home.serial()).await.map_err(not_now("coupon"))?;
        let Some(promotion) = found else { return Ok(Value::Null) };
        let code = self.coupons.code(&promotion, home).await.map_err(not_now("coupon"))?;
        let serial = promotion.serial.to_string();
        Ok(match home {
            CouponHome::Campaign { rank, .. } => {
                json!({"campaign": serial, "rank": rank, "code": code})
            }
            CouponHome::Range { name, slot } => {
                json!({"batch": serial, "index": index(&promotion, name, *slot), "code": code})
            }
            CouponHome::Rack { .. } => json!({"batch": serial, "code": code}),
        })
    }
}

fn index(
    promotion: &Promotion,
    name: &actors::domain::coupons::RangeName,
    slot: u64,
) -> Option<u64> {
    promotion.batch().map(|plan| plan.index(name, slot))
}
