//! A plan together with the number of times that a pool of its name was arranged before.

use super::plan::LotteryPlan;
use crate::domain::pool::Edition;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrangedPlan {
    pub edition: Edition,
    pub plan: LotteryPlan,
}

impl From<LotteryPlan> for ArrangedPlan {
    fn from(plan: LotteryPlan) -> ArrangedPlan {
        ArrangedPlan { edition: 0, plan }
    }
}

impl std::ops::Deref for ArrangedPlan {
    type Target = LotteryPlan;

    fn deref(&self) -> &LotteryPlan {
        &self.plan
    }
}
