//! Orders that seem to be gathered still, although whoever gathered them may be dead.
//!
//! One that was begun in one slice may be held, and its owner may have been told so. So that slice
//! is asked: it says what it has set aside, or that it has nothing, and then it never will. Only
//! after that the order is placed, or given up.

use super::Orders;
use super::gathering::unsure;
use crate::failure::Error;
use actors::domain::lottery::ArrangedPlan;
use actors::domain::tickets;
use actors::domain::till::{Command, OrderId, OrderPart, OrderStage, OrderView, OrderWish};
use actors::engine::{By, Failure};

/// Whoever gathers an order for longer is taken for dead. Longer than slices ever take to answer.
const GATHERED_S: u32 = 5;

impl Orders {
    /// What an order is by now. One that seems to be gathered for too long is found out about; one
    /// that is still gathered is to be given up.
    pub(super) async fn found_out(&self, id: &OrderId) -> Result<Option<OrderView>, Error> {
        let Some(view) = self.view(id).await? else { return Ok(None) };
        let OrderStage::Gathering { since, .. } = view.stage else { return Ok(Some(view)) };
        if self.lotteries.now() < since.plus_s(GATHERED_S) {
            return Err(Error(Failure::Busy));
        }
        let plan = self.plan(id.till.pool).await?;
        self.find_out(id, &plan, &view).await?;
        self.view(id).await
    }

    /// Places an order of one slice that has tickets for it, or gives it up.
    pub(super) async fn find_out(
        &self,
        id: &OrderId,
        plan: &ArrangedPlan,
        view: &OrderView,
    ) -> Result<(), Error> {
        let OrderStage::Gathering { wish, held_until: Some(_), .. } = &view.stage else {
            return Ok(());
        };
        let Some(part) = self.part_of(id, plan, wish).await? else {
            return self.give_up(id, plan).await;
        };
        let place = Command::Place { order: id.number, parts: vec![part] };
        self.tell_till(&id.till, plan, place, By::SYSTEM).await.map_err(unsure)?;
        Ok(())
    }

    /// What its slice has, if that is enough.
    async fn part_of(
        &self,
        id: &OrderId,
        plan: &ArrangedPlan,
        wish: &OrderWish,
    ) -> Result<Option<OrderPart>, Error> {
        let slices = plan.slices_matching(id.till.pool, &wish.pattern);
        let [slice] = &slices[..] else { return Ok(None) };
        let decline = tickets::Command::Decline { order: id.in_pool() };
        match self.tell_slice(slice, plan, decline, By::SYSTEM).await.map_err(unsure)? {
            tickets::Event::HeldFor { tickets, .. } => {
                let is_enough = tickets.len() >= usize::from(wish.at_least.max(1));
                Ok(is_enough.then_some(OrderPart { lead: slice.lead, tickets }))
            }
            _ => Ok(None),
        }
    }
}
