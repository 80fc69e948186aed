//! Lotteries: created, looked at, and which of them are not over. `closing` brings them to their
//! end.
//!
//! A lottery's plan never changes once it is created, so it is remembered here.

pub mod closing;
pub mod told;

use crate::failure::{Error, pick};
use crate::table::Engine;
use actors::domain::day::Day;
use actors::domain::lottery::{Command, Event, LotteryPlan, LotteryView, Question};
use actors::domain::shelves;
use actors::engine::{By, Done};
use actors::store::{Page, StoreError};
use actors::{Id, Time};
use hashbrown::HashMap;
use std::sync::{Arc, RwLock};

pub struct Lotteries {
    engine: Arc<Engine>,
    plans: RwLock<HashMap<Day, Arc<LotteryPlan>>>,
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
        day: Day,
        plan: LotteryPlan,
        by: By,
    ) -> Result<Done<LotteryPlan>, Error> {
        let done = self.engine.lotteries.command(&day, Command::Create(plan), by).await?;
        pick(done, |event| match event {
            Event::Planned(plan) => Some(plan),
            _ => None,
        })
    }

    /// None if there is no such lottery.
    pub async fn view(&self, day: Day) -> Result<Option<LotteryView>, Error> {
        Ok(self.engine.lotteries.look(&day, Question).await?.answer)
    }

    /// The plan of a lottery. None if there is no such lottery.
    pub async fn plan(&self, day: Day) -> Result<Option<Arc<LotteryPlan>>, Error> {
        if let Some(plan) =
            self.plans.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&day)
        {
            return Ok(Some(plan.clone()));
        }
        let Some(view) = self.view(day).await? else { return Ok(None) };
        let plan = Arc::new(view.plan);
        self.plans
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .insert(day, plan.clone());
        Ok(Some(plan))
    }

    /// The days of lotteries about which something is still to be done, in order, from `from` on.
    pub async fn not_closed(&self, from: Day, limit: usize) -> Result<Vec<Day>, StoreError> {
        let after = from.0.checked_sub(1).map(|before| before.to_be_bytes().to_vec());
        let lines = self
            .engine
            .rows(Page { shelf: shelves::LOTTERIES, owner: Id::SYSTEM, after, limit })
            .await?;
        Ok(lines
            .iter()
            .filter_map(|line| Some(Day(u32::from_be_bytes(line.key.as_slice().try_into().ok()?))))
            .collect())
    }
}
