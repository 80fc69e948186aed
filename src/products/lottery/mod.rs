//! Lotteries: created, looked at, and which of them are not over. `closing` brings them to their
//! end.
//!
//! A lottery's plan never changes once it is created, so it is remembered here, in `plans`.

pub mod closing;
pub mod invented;
mod plans;
pub mod told;

use crate::failure::{Error, pick};
use crate::table::Engine;
use actors::domain::lottery::{
    ArrangedPlan, Command, Event, LotteryPlan, LotteryView, Question, closing_of_row,
};
use actors::domain::pool::PoolName;
use actors::domain::shelves;
use actors::engine::{By, Done};
use actors::store::{ListedRow, Page, Shelf, StoreError};
use actors::{Id, Time};
use plans::RememberedPlans;
use std::sync::Arc;

/// How many lines of a list are read at a time.
const AT_ONCE: usize = 100;

pub struct Lotteries {
    engine: Arc<Engine>,
    plans: RememberedPlans,
}

impl Lotteries {
    pub fn new(engine: Arc<Engine>) -> Lotteries {
        Lotteries { engine, plans: RememberedPlans::default() }
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

    /// The plan of a lottery. None if there is no such lottery. Whether it is still that, its
    /// partition is asked from time to time.
    pub async fn plan(&self, pool: PoolName) -> Result<Option<Arc<ArrangedPlan>>, Error> {
        let known = self.plans.known(pool, self.now());
        if let Some((plan, true)) = known {
            return Ok(Some(plan));
        }
        match (self.view(pool).await, known) {
            (Ok(Some(view)), _) => Ok(Some(self.plans.remember(pool, view.plan, self.now()))),
            (Ok(None), _) => {
                self.forget(pool);
                Ok(None)
            }
            // What is told to a slice of an earlier edition is refused.
            (Err(_), Some((plan, _))) => Ok(Some(plan)),
            (Err(error), None) => Err(error),
        }
    }

    /// Its plan may be another one from now on.
    pub(crate) fn forget(&self, pool: PoolName) {
        self.plans.forget(pool);
    }

    /// The names of those about which something is still to be done, after `after`: days first, in
    /// their order.
    pub async fn not_over(
        &self,
        after: Option<PoolName>,
        limit: usize,
    ) -> Result<Vec<PoolName>, StoreError> {
        self.names(shelves::LOTTERIES, after, limit).await
    }

    /// The pools that have names of their own, after `after`, in their order; those too that are
    /// over.
    pub async fn of_own_names(
        &self,
        after: Option<PoolName>,
        limit: usize,
    ) -> Result<Vec<PoolName>, StoreError> {
        self.names(shelves::POOLS, after, limit).await
    }

    /// Those whose closing instant has come by then and that have not begun to close, the first of
    /// them first. Those are missing that were created before there was such a list.
    pub async fn due(&self, by: Time) -> Result<Vec<(Time, PoolName)>, StoreError> {
        let (mut due, mut after) = (Vec::new(), None);
        loop {
            let lines = self.lines(shelves::CLOSING, after, AT_ONCE).await?;
            let known = lines.iter().filter_map(|line| closing_of_row(&line.key));
            due.extend(known.take_while(|(at, _)| *at <= by));
            match lines.last() {
                Some(last)
                    if lines.len() == AT_ONCE
                        && closing_of_row(&last.key).is_none_or(|(at, _)| at <= by) =>
                {
                    after = Some(last.key.clone());
                }
                _ => return Ok(due),
            }
        }
    }

    /// The names of those that have begun to close and are not at their end.
    pub async fn ending(&self) -> Result<Vec<PoolName>, StoreError> {
        let mut all: Vec<PoolName> = Vec::new();
        loop {
            let some = self.names(shelves::ENDING, all.last().copied(), AT_ONCE).await?;
            let is_all = some.len() < AT_ONCE;
            all.extend(some);
            if is_all {
                return Ok(all);
            }
        }
    }

    async fn names(
        &self,
        shelf: Shelf,
        after: Option<PoolName>,
        limit: usize,
    ) -> Result<Vec<PoolName>, StoreError> {
        let lines = self.lines(shelf, after.map(|name| name.row_key()), limit).await?;
        Ok(lines.iter().filter_map(|line| Some(PoolName::split(&line.key)?.0)).collect())
    }

    async fn lines(
        &self,
        shelf: Shelf,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<ListedRow>, StoreError> {
        self.engine.rows(Page { shelf, owner: Id::SYSTEM, after, limit }).await
    }
}
