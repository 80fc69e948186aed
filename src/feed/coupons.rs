//! The references by which the outside knows coupons: `{campaign, rank}` of a voucher, `{batch, index}` of a coupon of ours,
//! `{batch, code}` of an imported one.
//!
//! `reference` is the one place where the code of a coupon of ours joins them, once it can be made from the keys.

use crate::engine::Engine;
use actors::domain::coupons::catalogue::{self, Entry, Plan};
use actors::domain::coupons::serial::Only;
use actors::domain::coupons::{Home, RangeName, Serial, shelf};
use actors::engine::Failure;
use actors::store::StoreError;
use hashbrown::HashMap;
use serde_json::{Value, json};
use std::sync::{Arc, RwLock};

pub struct Coupons {
    engine: Arc<Engine>,
    /// What was registered of a batch never changes.
    plans: RwLock<HashMap<Serial, Arc<Plan>>>,
}

impl Coupons {
    pub fn of(engine: Arc<Engine>) -> Coupons {
        Coupons { engine, plans: RwLock::default() }
    }

    pub async fn reference(&self, home: &Home) -> Result<Value, StoreError> {
        Ok(match home {
            Home::Campaign { campaign, rank } => json!({"campaign": campaign.to_string(), "rank": rank}),
            Home::Range { name, slot } => json!({"batch": name.batch.to_string(), "index": self.index(name, *slot).await?}),
            Home::Shelf { name, batch, slot } => {
                let question = shelf::Question::Codes { batch: *batch, slots: vec![*slot] };
                let codes = match self.engine.shelves.look(name, question).await.map_err(not_now)?.answer {
                    shelf::Answer::Codes(codes) => codes,
                    _ => Vec::new(),
                };
                json!({"batch": batch.to_string(), "code": codes.into_iter().next().flatten().as_deref()})
            }
        })
    }

    async fn index(&self, name: &RangeName, slot: u64) -> Result<Option<u64>, StoreError> {
        let plan = self.plan(name.batch).await?;
        Ok(plan.map(|plan| plan.index(name, slot)))
    }

    async fn plan(&self, batch: Serial) -> Result<Option<Arc<Plan>>, StoreError> {
        if let Some(plan) = self.plans.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&batch) {
            return Ok(Some(plan.clone()));
        }
        let looked = self.engine.catalogue.look(&Only, catalogue::Question::Entry(batch)).await.map_err(not_now)?;
        let catalogue::Answer::Entry(Some((Entry::Batch(plan), _))) = looked.answer else { return Ok(None) };
        let plan = Arc::new(plan);
        self.plans.write().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(batch, plan.clone());
        Ok(Some(plan))
    }
}

/// A look is never refused; the owner is full or cannot be read, and the feed comes back later.
fn not_now<R: std::fmt::Debug>(failure: Failure<R>) -> StoreError {
    StoreError::Unavailable(format!("whoever knows the coupon does not answer: {failure:?}"))
}
