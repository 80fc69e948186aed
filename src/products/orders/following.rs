//! Telling those who follow an order: its parts in the slices, and its limit keys. At once, if all
//! goes well; else by a sweep, over a list of what is unsettled.
//!
//! To tell them twice is harmless. A slice of this node is told before the caller is, and nobody
//! waits until it has written that down: whoever asks the slice later is answered after it. That
//! all have heard is told to the till together with others.

use super::Orders;
use super::heard::{OrderSteps, Unheard};
use crate::failure::Error;
use actors::Id;
use actors::domain::lottery::ArrangedPlan;
use actors::domain::pool::PoolName;
use actors::domain::shelves;
use actors::domain::tickets::{Slice, SliceName};
use actors::domain::till::{
    self, Answer, Command, Event, OrderEnd, OrderId, OrderStage, OrderView, PastOrder, Question,
    Till, TillName, order_of_row,
};
use actors::engine::{By, CommandResult, Failure};
use actors::machine::partition_id;
use actors::store::Page;
use futures_util::future::join_all;
use metrics::{counter, gauge};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

/// Orders that one turn of the sweep looks at.
const AT_ONCE: usize = 200;
/// Turns of a seal, each of which ends or settles some orders.
const SEALING: usize = 1_000;

/// Nobody but a sweep hears of it.
fn has_expired(view: &OrderView) -> bool {
    matches!(&view.stage, OrderStage::Past(past) if past.end == OrderEnd::Expired)
}

impl Orders {
    /// Tells all who follow an order how far it has come. Whoever does not hear it is told by the
    /// sweep.
    pub(super) async fn follow(&self, id: &OrderId, step: u32, view: &OrderView) {
        let Ok(plan) = self.plan(id.till.pool).await else { return };
        if self.tell_all(id, &plan, view).await {
            self.heard.note(id, step);
        }
    }

    /// Tells the slices of an order that is over, and does not wait for them. False if that is not
    /// enough: others follow it as well, or somebody must be waited for.
    pub(super) fn tell_and_go_on(&self, id: &OrderId, past: &PastOrder) -> bool {
        let Some(parts) = past.one_command_each(id.in_pool()) else { return false };
        let (left, heard) = (parts.len().into(), self.heard.clone());
        let unheard = Arc::new(Unheard { id: *id, step: past.step, left, heard });
        let (pool, digits) = (id.till.pool, past.pattern.digits());
        let tell = |(lead, command)| {
            let (slice, unheard) = (SliceName { pool, digits, lead }, unheard.clone());
            let hears = move |told: CommandResult<Slice>| {
                if told.is_ok() {
                    unheard.one_less();
                }
            };
            self.engine.slices.send(&slice, command, By::SYSTEM, hears)
        };
        // All of them, whatever becomes of one.
        let sent: Vec<bool> = parts.into_iter().map(tell).collect();
        sent.iter().all(|sent| *sent)
    }

    /// True if all have heard.
    async fn tell_all(&self, id: &OrderId, plan: &ArrangedPlan, view: &OrderView) -> bool {
        let (pool, order) = (id.till.pool, id.in_pool());
        let Some(setup) = plan.tickets else { return true };
        let followers = view.followers(order);
        let slice = |lead| SliceName { pool, digits: setup.digits, lead };
        // An order that was given up knows of slices that may be; not all of them are.
        let slices = plan.slices(pool);
        let there = followers.parts.into_iter().filter(|(lead, _)| slices.contains(&slice(*lead)));
        let parts = there.map(|(lead, commands)| async move {
            let slice = slice(lead);
            for command in commands {
                if self.tell_slice(&slice, plan, command, By::SYSTEM).await.is_err() {
                    return false;
                }
            }
            true
        });
        let keys = followers.keys.into_iter().map(|(key, share)| async move {
            let home = TillName::of(pool, plan.till_count(), key.0);
            let command = Command::FollowKey { order, key, share };
            self.tell_till(&home, plan, command, By::SYSTEM).await.is_ok()
        });
        let (parts, keys) = (join_all(parts).await, join_all(keys).await);
        parts.into_iter().chain(keys).all(|heard| heard)
    }

    /// Tells a till that all have heard of these.
    async fn settle(&self, till: TillName, orders: OrderSteps) -> Result<(), Error> {
        self.engine.tills.command(&till, Command::Settle { orders }, By::SYSTEM).await?;
        Ok(())
    }

    /// Settles what was heard of since the last turn, and goes on with what was broken off. Says
    /// how many orders it had to go on with.
    pub async fn sweep(&self) -> Result<usize, Error> {
        self.settle_heard().await?;
        let after = self.swept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let page = Page { shelf: shelves::UNSETTLED, owner: Id::SYSTEM, after, limit: AT_ONCE };
        let rows = self.engine.rows(page).await?;
        gauge!("stampede_orders_unsettled").set(rows.len() as f64);
        let mut of_tills: BTreeMap<TillName, Vec<u32>> = BTreeMap::new();
        for order in rows.iter().filter_map(|row| order_of_row(&row.key)) {
            of_tills.entry(order.till).or_default().push(order.number);
        }
        let mut gone_on_with = 0;
        for (till, orders) in of_tills {
            if self.engine.should_do(&partition_id::<Till>(&till)) {
                // One till that does not answer keeps no other waiting.
                let waiting = orders.len() as u64;
                gone_on_with += self.go_on_with(till, orders).await.unwrap_or_else(|_| {
                    counter!("stampede_orders_untold_total").increment(waiting);
                    0
                });
            }
        }
        // The next turn begins behind these, or anew.
        *self.swept.lock().unwrap_or_else(PoisonError::into_inner) =
            rows.last().filter(|_| rows.len() == AT_ONCE).map(|row| row.key.clone());
        Ok(gone_on_with)
    }

    async fn settle_heard(&self) -> Result<(), Error> {
        for (till, orders) in self.heard.take() {
            // Else the sweep finds them.
            self.settle(till, orders).await.ok();
        }
        Ok(())
    }

    async fn go_on_with(&self, till: TillName, orders: Vec<u32>) -> Result<usize, Error> {
        let question = Question::Unsettled(orders);
        let Answer::Unsettled(unsettled) = self.engine.tills.look(&till, question).await?.answer
        else {
            return Ok(0);
        };
        let plan = self.plan(till.pool).await?;
        let (mut heard, mut expired) = (Vec::new(), 0);
        for (number, step, view) in &unsettled {
            let id = OrderId { till, number: *number };
            let is_done = match view.stage {
                OrderStage::Gathering { .. } => self.find_out(&id, &plan, view).await.is_ok(),
                _ => self.tell_all(&id, &plan, view).await,
            };
            if is_done {
                heard.push((*number, *step));
                expired += u64::from(has_expired(view));
            }
        }
        let untold = unsettled.len() - heard.len();
        counter!("stampede_orders_swept_total").increment(heard.len() as u64);
        counter!("stampede_orders_untold_total").increment(untold as u64);
        counter!("stampede_orders_total", "fate" => "expired").increment(expired);
        if !heard.is_empty() {
            self.settle(till, heard).await?;
        }
        Ok(unsettled.len())
    }

    /// Seals all tills of a pool that were ever needed: what lives ends, and all who follow hear of
    /// it. Can be repeated. Whoever needs another one from now on gets no ticket: slices are sealed
    /// next, and not as long as they have a part.
    pub async fn seal(&self, pool: PoolName, plan: &ArrangedPlan) -> Result<(), Error> {
        let mut unsealed = BTreeSet::new();
        for till in plan.tills(pool) {
            let looked = self.engine.tills.look(&till, Question::Ledger).await?;
            if looked.answer != Answer::NotOpened {
                unsealed.insert(till);
            }
        }
        for _ in 0..SEALING {
            let mut waits = None;
            for till in unsealed.clone() {
                match self.engine.tills.command(&till, Command::Seal, By::SYSTEM).await {
                    Ok(done) if done.event == Event::Sealed => drop(unsealed.remove(&till)),
                    Ok(_) => {}
                    Err(Failure::Refused(refusal @ till::Refusal::Unsettled { .. })) => {
                        waits = Some(refusal);
                    }
                    Err(other) => return Err(other.into()),
                }
            }
            if unsealed.is_empty() {
                return Ok(());
            }
            let settled = self.settle_all_of(pool).await?;
            if let Some(refusal) = waits.filter(|_| settled == 0) {
                // Somebody does not hear it; whoever closes the pool comes again.
                return Err(Error(Failure::Refused(refusal.into())));
            }
        }
        Err(Error(Failure::Busy))
    }

    /// Goes on with what is unsettled in one pool; says how many orders that were.
    async fn settle_all_of(&self, pool: PoolName) -> Result<usize, Error> {
        self.settle_heard().await?;
        let (prefix, mut after, mut count) = (pool.row_key(), Some(pool.row_key()), 0);
        loop {
            let page = Page { shelf: shelves::UNSETTLED, owner: Id::SYSTEM, after, limit: AT_ONCE };
            let rows = self.engine.rows(page).await?;
            let mut of_tills: BTreeMap<TillName, Vec<u32>> = BTreeMap::new();
            let of_pool = rows.iter().filter(|row| row.key.starts_with(&prefix));
            for order in of_pool.filter_map(|row| order_of_row(&row.key)) {
                of_tills.entry(order.till).or_default().push(order.number);
            }
            for (till, orders) in of_tills {
                count += self.go_on_with(till, orders).await?;
            }
            match rows.last() {
                Some(last) if rows.len() == AT_ONCE && last.key.starts_with(&prefix) => {
                    after = Some(last.key.clone());
                }
                _ => return Ok(count),
            }
        }
    }
}
