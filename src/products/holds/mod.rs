//! Holds as their owners know them: of one slice, or an order over several. The id of a hold says
//! which of the two it is; all that can be done with it is the same.

mod id;
mod mine;
mod waves;

pub use id::HeldId;
pub use mine::HeldByMe;

use crate::failure::{Error, pick};
use crate::lottery::Lotteries;
use crate::orders::{Orders, PlacedTickets, WantedOrder, tickets_of};
use crate::table::Engine;
use crate::tickets::{HeldTickets, RefundedTickets, Tickets, WantedTickets};
use actors::domain::lottery::{ArrangedPlan, MemberLimits};
use actors::domain::pool::PoolName;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{self, HoldState, HoldView};
use actors::domain::till::{LimitKey, OrderEnd, OrderStage, OrderView};
use actors::engine::{By, Done, Failure};
use actors::time::Time;
use std::sync::Arc;

pub struct Holds {
    engine: Arc<Engine>,
    lotteries: Arc<Lotteries>,
    tickets: Arc<Tickets>,
    orders: Arc<Orders>,
}

pub struct WantedHold<'a> {
    pub tickets: WantedTickets,
    /// By what it counts beside the member.
    pub keys: &'a [LimitKey],
    /// Whether its tickets may be of several slices.
    pub may_span: bool,
}

/// A new hold.
#[derive(Clone, Debug)]
pub struct NewHold {
    pub id: HeldId,
    pub tickets: Vec<Ticket>,
    pub until: Time,
}

impl Holds {
    pub fn new(
        engine: Arc<Engine>,
        lotteries: Arc<Lotteries>,
        tickets: Arc<Tickets>,
        orders: Arc<Orders>,
    ) -> Holds {
        Holds { engine, lotteries, tickets, orders }
    }

    /// What is refused now may be had when more is released; then it says when.
    pub async fn hold(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        wanted: &WantedHold<'_>,
        by: By,
    ) -> Result<Done<NewHold>, Error> {
        match self.hold_now(pool, plan, wanted, by).await {
            Err(why) => Err(self.or_not_yet(why, pool, plan, wanted).await),
            done => done,
        }
    }

    /// A hold of one slice costs one fact. Where one is not enough, or limits of the whole pool
    /// count, it is an order. Which of the two is told by what is asked, never by what is free, so
    /// that a repeat is the same.
    async fn hold_now(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        wanted: &WantedHold<'_>,
        by: By,
    ) -> Result<Done<NewHold>, Error> {
        let WantedTickets { pattern, label, count, together, .. } = wanted.tickets;
        let none = || Failure::Refused(tickets::Refusal::NoMatchLeft { left: 0 });
        let pattern = plan.narrowed(&pattern, label).ok_or_else(none)?;
        let may_span = together || (wanted.may_span && count > 1);
        let spans = may_span && plan.slices_matching(pool, &pattern).len() > 1;
        if !counts(plan, wanted) && !spans {
            let done = self.tickets.hold(pool, plan, &wanted.tickets, by).await?;
            return pick(done, |HeldTickets { id, tickets, until }| {
                Some(NewHold { id: HeldId::Slice(id), tickets, until })
            });
        }
        let tickets = WantedTickets { pattern, label: None, ..wanted.tickets };
        let order = WantedOrder { tickets, keys: wanted.keys };
        let done = self.orders.hold(pool, plan, &order, by).await?;
        pick(done, |PlacedTickets { id, tickets, until }| {
            Some(NewHold { id: HeldId::Order(id), tickets, until })
        })
    }

    /// Buys its tickets; says which these are.
    pub async fn confirm(&self, id: &HeldId, by: By) -> Result<Done<Vec<Ticket>>, Error> {
        match id {
            HeldId::Slice(hold) => self.tickets.confirm(hold, by).await,
            HeldId::Order(order) => self.orders.confirm(order, by).await,
        }
    }

    /// Says until when it lives now.
    pub async fn extend(&self, id: &HeldId, ttl_s: u32, by: By) -> Result<Done<Time>, Error> {
        match id {
            HeldId::Slice(hold) => self.tickets.extend(hold, ttl_s, by).await,
            HeldId::Order(order) => self.orders.extend(order, ttl_s, by).await,
        }
    }

    pub async fn release(&self, id: &HeldId, by: By) -> Result<Done<()>, Error> {
        match id {
            HeldId::Slice(hold) => self.tickets.release(hold, by).await,
            HeldId::Order(order) => self.orders.release(order, by).await,
        }
    }

    /// Takes back tickets of a bought one: these, or all if none is named.
    pub async fn refund(
        &self,
        id: &HeldId,
        tickets: Vec<Ticket>,
        by: By,
    ) -> Result<Done<RefundedTickets>, Error> {
        match id {
            HeldId::Slice(hold) => self.tickets.refund_hold(hold, tickets, by).await,
            HeldId::Order(order) => self.orders.refund(order, tickets, by).await,
        }
    }

    /// A live hold, or one that was bought. Of one that ended there is nothing to see.
    pub async fn look_at(&self, id: &HeldId) -> Result<Option<HoldView>, Error> {
        match id {
            HeldId::Slice(hold) => self.tickets.look_at_hold(hold).await,
            HeldId::Order(order) => Ok(self.orders.look_at(order).await?.and_then(seen)),
        }
    }

    /// How many digits the numbers of its tickets have. None if there is no such pool.
    pub async fn digits(&self, id: &HeldId) -> Result<Option<u8>, Error> {
        match id {
            HeldId::Slice(hold) => Ok(Some(hold.slice.digits)),
            HeldId::Order(order) => {
                let plan = self.lotteries.plan(order.till.pool).await?;
                Ok(plan.and_then(|plan| Some(plan.tickets?.digits)))
            }
        }
    }
}

/// Whether limits of the whole pool count.
fn counts(plan: &ArrangedPlan, wanted: &WantedHold<'_>) -> bool {
    plan.limits != MemberLimits::default() || !wanted.keys.is_empty()
}

/// An order as a hold, if there is anything to see of it.
fn seen(OrderView { owner, stage, .. }: OrderView) -> Option<HoldView> {
    let (parts, state) = match stage {
        OrderStage::Gathering { .. } => return None,
        OrderStage::Placed { parts, until, .. } => (parts, HoldState::Held { until }),
        OrderStage::Past(past) if past.end == OrderEnd::Sold => (past.parts, HoldState::Confirmed),
        OrderStage::Past(_) => return None,
    };
    Some(HoldView { owner, tickets: tickets_of(&parts), state })
}
