//! A lottery that nobody has touched is withdrawn, and its name is free again.
//!
//! First all parts are asked by a dry run, so that a lottery in use does not notice. Then it is
//! written down that all are asked, and each is: one that nobody has touched gives way. If one was
//! touched after all, the lottery goes on in its next edition, in which the others open again.
//! Every step can be repeated; the job that closes lotteries goes on with what was broken off.

use super::{Closing, End};
use crate::failure::{Error, Refusal, pick};
use actors::domain::lottery::{self, ArrangedPlan, Command, Event, LotteryView, Phase};
use actors::domain::pool::PoolName;
use actors::engine::{By, Done, Failure};

/// A lottery as it was, and that it is withdrawn.
pub type WithdrawnLottery = LotteryView;

impl Closing {
    /// Withdraws a lottery, unless anybody has ever held, bought, ordered or submitted anything.
    pub async fn withdraw(&self, pool: PoolName, by: By) -> Result<Done<WithdrawnLottery>, Error> {
        let seems_untouched = match self.lotteries.view(pool).await? {
            Some(view) if view.phase == Phase::Open => {
                self.give_way(pool, &view.plan, By::dry_run(by.caller)).await?
            }
            _ => true,
        };
        let withdraw = Command::Withdraw { seems_untouched };
        let done = self.engine.lotteries.command(&pool, withdraw, by).await?;
        if by.is_dry_run() {
            return withdrawn(done);
        }
        let (plan, _) = withdrawing(&done.event)?;
        match self.end_withdrawal(pool, &plan).await? {
            End::Kept => Err(Error(Failure::Refused(lottery::Refusal::Touched.into()))),
            _ => withdrawn(done),
        }
    }

    /// Asks all parts, and writes down what they say. Can be repeated.
    pub(super) async fn end_withdrawal(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
    ) -> Result<End, Error> {
        let edition = plan.edition;
        let is_untouched = match self.lotteries.view(pool).await? {
            Some(view) if view.phase == Phase::Withdrawing && view.plan.edition == edition => {
                self.give_way(pool, plan, By::SYSTEM).await?
            }
            // It was ended before; how, the lottery says.
            _ => false,
        };
        let end = Command::EndWithdrawal { edition, is_untouched };
        let done = self.engine.lotteries.command(&pool, end, By::SYSTEM).await?;
        self.lotteries.forget(pool);
        match done.event {
            Event::Withdrawn { .. } => Ok(End::Withdrawn),
            Event::Kept { .. } => Ok(End::Kept),
            _ => Err(Error(Failure::Refused(Refusal::OtherFact))),
        }
    }

    /// Whether all parts have given way: tills first, so that no order is half begun.
    async fn give_way(&self, pool: PoolName, plan: &ArrangedPlan, by: By) -> Result<bool, Error> {
        Ok(self.orders.withdraw(pool, plan, by).await?
            && self.tickets.withdraw(pool, plan, by).await?
            && self.ballots.withdraw(pool, plan, by).await?)
    }
}

fn withdrawing(event: &Event) -> Result<(ArrangedPlan, actors::Time), Error> {
    match event {
        Event::Withdrawing { edition, plan, created_at } => {
            Ok((ArrangedPlan { edition: *edition, plan: plan.clone() }, *created_at))
        }
        _ => Err(Error(Failure::Refused(Refusal::OtherFact))),
    }
}

fn withdrawn(done: Done<Event>) -> Result<Done<WithdrawnLottery>, Error> {
    pick(done, |event| {
        let (plan, created_at) = withdrawing(&event).ok()?;
        Some(LotteryView { phase: Phase::Withdrawn, ..LotteryView::opened(plan, created_at) })
    })
}
