//! What is refused because it is not released yet: whichever slices were asked, it is said when
//! more is.

use super::{Holds, WantedHold, counts};
use crate::failure::{Error, Refusal};
use actors::Time;
use actors::domain::lottery::ArrangedPlan;
use actors::domain::pool::PoolName;
use actors::domain::tickets;
use actors::engine::Failure;

impl Holds {
    /// The same refusal, unless a later wave releases enough that match.
    pub(super) async fn or_not_yet(
        &self,
        why: Error,
        pool: PoolName,
        plan: &ArrangedPlan,
        wanted: &WantedHold<'_>,
    ) -> Error {
        use tickets::Refusal::{NoMatchLeft, NotReleasedYet};
        let nothing = matches!(
            why.refusal(),
            Some(Refusal::Tickets(NoMatchLeft { .. } | NotReleasedYet { .. }))
        );
        if !nothing || plan.sale.waves.is_empty() {
            return why;
        }
        match self.next_release(pool, plan, wanted).await {
            Ok(Some(next_at)) => Error(Failure::Refused(NotReleasedYet { next_at }.into())),
            // It cannot be known now, so what was said stands.
            Ok(None) | Err(_) => why,
        }
    }

    /// When the first slice releases more that has some, if all of them have enough.
    async fn next_release(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        wanted: &WantedHold<'_>,
    ) -> Result<Option<Time>, Error> {
        let wish = &wanted.tickets;
        let Some(pattern) = plan.narrowed(&wish.pattern, wish.label) else { return Ok(None) };
        let least = u64::from(wish.at_least.max(1));
        let most = wish.together.then_some(wish.count);
        let free = self.tickets.free_of_slices(pool, plan, &pattern, most).await?;
        let may_be_of_several = !wish.together && (wanted.may_span || counts(plan, wanted));
        let total: u64 = free.iter().map(|(_, free)| free).sum();
        if may_be_of_several && total < least {
            return Ok(None);
        }
        let needed = if may_be_of_several { 1 } else { least };
        let now = self.lotteries.now();
        let waiting = free.into_iter().filter(|(_, free)| *free >= needed);
        let next = |(slice, _)| plan.terms(&slice)?.sale.next_release(now);
        Ok(waiting.filter_map(next).min())
    }
}
