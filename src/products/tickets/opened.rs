//! What a slice is told when it is first needed.

use actors::domain::lottery::LotteryPlan;
use actors::domain::tickets::{Command, SliceName};

pub(crate) fn open_with(plan: &LotteryPlan) -> impl Fn(&SliceName) -> Option<Command> + Sync {
    |name| Some(Command::Open { lead: name.lead, terms: Box::new(plan.terms(name)?) })
}
