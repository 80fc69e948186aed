//! Plans of lotteries as this process remembers them.
//!
//! A pool can be withdrawn and arranged anew on another node. So a plan is asked for again once a
//! second, by one request; others go on with what is remembered. It is safe to be late: whoever
//! names an earlier edition is refused by its slices, tills and boxes.

use actors::Time;
use actors::domain::lottery::ArrangedPlan;
use actors::domain::pool::PoolName;
use hashbrown::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// How long nobody asks again.
const TRUSTED_MS: u64 = 1000;

#[derive(Default)]
pub(super) struct RememberedPlans(RwLock<HashMap<PoolName, Remembered>>);

struct Remembered {
    plan: Arc<ArrangedPlan>,
    asked_at: AtomicI64,
}

impl RememberedPlans {
    /// The plan as it is remembered, and whether that is enough. If not, whoever hears so is the
    /// one to ask.
    pub fn known(&self, pool: PoolName, now: Time) -> Option<(Arc<ArrangedPlan>, bool)> {
        let plans = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Remembered { plan, asked_at } = plans.get(&pool)?;
        let asked = asked_at.load(Ordering::Relaxed);
        let is_enough = now.0.abs_diff(asked) < TRUSTED_MS
            || asked_at
                .compare_exchange(asked, now.0, Ordering::Relaxed, Ordering::Relaxed)
                .is_err();
        Some((plan.clone(), is_enough))
    }

    pub fn remember(&self, pool: PoolName, plan: ArrangedPlan, now: Time) -> Arc<ArrangedPlan> {
        let mut plans = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let plan = match plans.get(&pool) {
            Some(known) if *known.plan == plan => known.plan.clone(),
            _ => Arc::new(plan),
        };
        let asked_at = AtomicI64::new(now.0);
        plans.insert(pool, Remembered { plan: plan.clone(), asked_at });
        plan
    }

    pub fn forget(&self, pool: PoolName) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&pool);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::domain::lottery::LotteryPlan;

    #[test]
    fn one_asks_again_after_a_second_and_the_others_go_on() {
        let (plans, pool) = (RememberedPlans::default(), PoolName::default());
        let plan = ArrangedPlan::from(LotteryPlan::named("gala".into(), Time(9)));
        let enough = |at| plans.known(pool, Time(at)).map(|(_, is_enough)| is_enough);
        assert_eq!(enough(0), None);
        plans.remember(pool, plan, Time(0));
        assert_eq!(
            [999, 1000, 1001, 1999, 2000].map(enough).map(Option::unwrap),
            [true, false, true, true, false]
        );
        plans.forget(pool);
        assert_eq!(enough(2001), None);
    }
}
