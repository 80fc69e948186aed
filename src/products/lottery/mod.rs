//! Lotteries: created, looked at, and which of them are not over. `closing` brings them to their
//! end.
//!
//! A lottery's plan never changes once it is created, so it is remembered here.

pub mod closing;
pub mod invented;
pub mod told;

use crate::failure::{Error, pick};
use crate::table::Engine;
use actors::domain::lottery::{Command, Event, LotteryPlan, LotteryView, Question};
use actors::domain::pool::PoolName;
use actors::domain::shelves;
use actors::engine::{By, Done};
use actors::store::{Page, Shelf, StoreError};
use actors::{Id, Time};
use hashbrown::HashMap;
use std::sync::{Arc, RwLock};

pub struct Lotteries {
    engine: Arc<Engine>,
    plans: RwLock<HashMap<PoolName, Arc<LotteryPlan>>>,
}

impl Lotteries {
    pub fn new(engine: Arc<Engine>) -> Lotteries {
        Lotteries { engine, plans: RwLock::default() }
    }

    pub fn now(&self) -> Time {
        self.engine.node.now()
    }

    pub async fn create(
        &self,
        pool: PoolName,
        plan: LotteryPlan,
        by: By,
    ) -> Result<Done<LotteryPlan>, Error> {
        let done = self.engine.lotteries.command(&pool, Command::Create(plan), by).await?;
        pick(done, |event| match event {
            Event::Planned(plan) => Some(plan.into()),
            Event::Arranged(plan) => Some(plan),
            _ => None,
        })
    }

    /// None if there is no such lottery.
    pub async fn view(&self, pool: PoolName) -> Result<Option<LotteryView>, Error> {
        Ok(self.engine.lotteries.look(&pool, Question).await?.answer)
    }

    /// The plan of a lottery. None if there is no such lottery.
    pub async fn plan(&self, pool: PoolName) -> Result<Option<Arc<LotteryPlan>>, Error> {
        if let Some(plan) =
            self.plans.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&pool)
        {
            return Ok(Some(plan.clone()));
        }
        let Some(view) = self.view(pool).await? else { return Ok(None) };
        let plan = Arc::new(view.plan);
        self.plans
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .insert(pool, plan.clone());
        Ok(Some(plan))
    }

    /// The names of those about which something is still to be done, after `after`: days first, in
    /// their order.
    pub async fn not_over(
        &self,
        after: Option<PoolName>,
        limit: usize,
    ) -> Result<Vec<PoolName>, StoreError> {
        self.listed(shelves::LOTTERIES, after, limit).await
    }

    /// The pools that have names of their own, after `after`, in their order; those too that are
    /// over.
    pub async fn of_own_names(
        &self,
        after: Option<PoolName>,
        limit: usize,
    ) -> Result<Vec<PoolName>, StoreError> {
        self.listed(shelves::POOLS, after, limit).await
    }

    async fn listed(
        &self,
        shelf: Shelf,
        after: Option<PoolName>,
        limit: usize,
    ) -> Result<Vec<PoolName>, StoreError> {
        let after = after.map(|name| name.row_key());
        let lines = self.engine.rows(Page { shelf, owner: Id::SYSTEM, after, limit }).await?;
        Ok(lines.iter().filter_map(|line| Some(PoolName::split(&line.key)?.0)).collect())
    }
}
