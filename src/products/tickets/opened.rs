//! What a slice is told when it is first needed.

use actors::domain::lottery::ArrangedPlan;
use actors::domain::pool::PoolCommand;
use actors::domain::tickets::{Command, SliceName};

pub(crate) fn open_with(plan: &ArrangedPlan) -> impl Fn(&SliceName) -> Option<Command> + Sync {
    |name| {
        let open = Command::Open { lead: name.lead, terms: Box::new(plan.terms(name)?) };
        Some(open.of(plan.edition))
    }
}
