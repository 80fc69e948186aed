//! Orders: tickets of any slices of a pool, held, bought and given back as one, within limits that
//! follow a person.
//!
//! The till of a member decides by one fact. Here slices and limit keys are asked before it, and
//! told after it: at once, and again by a sweep until all of them have heard. So whatever breaks
//! off on the way, an order is bought as a whole or not at all, and nothing of it stays behind.

mod doubt;
mod following;
mod gathering;
mod heard;
mod together;
pub mod told;

use crate::failure::{Error, Refusal, pick};
use crate::lottery::Lotteries;
use crate::opening::{Whole, withdraw_all};
use crate::table::Engine;
use crate::tickets::opened::open_with;
use crate::tickets::{RefundedBy, RefundedTickets, Tickets, WantedTickets};
use actors::Id;
use actors::domain::lottery::ArrangedPlan;
use actors::domain::pool::{PoolCommand, PoolName};
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{self, SliceName, TicketId};
use actors::domain::till::{
    self, Answer, Command, Event, LimitKey, OrderId, OrderPart, OrderStage, OrderView, PastOrder,
    Question, Till, TillLedger, TillName,
};
use actors::engine::{By, Done, Failure};
use actors::time::Time;
use heard::Heard;
use metrics::counter;
use std::sync::{Arc, Mutex};

pub struct Orders {
    engine: Arc<Engine>,
    lotteries: Arc<Lotteries>,
    heard: Arc<Heard>,
    swept: Mutex<Option<Vec<u8>>>,
}

/// What somebody wants to order, and by what it counts beside them.
pub struct WantedOrder<'a> {
    pub tickets: WantedTickets,
    pub keys: &'a [LimitKey],
}

/// An order that was placed.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedTickets {
    pub id: OrderId,
    pub tickets: Vec<Ticket>,
    pub until: Time,
}

/// The tickets of all parts, in the order of their slices.
pub fn tickets_of(parts: &[OrderPart]) -> Vec<Ticket> {
    let mut parts: Vec<&OrderPart> = parts.iter().collect();
    parts.sort_by_key(|part| part.lead);
    parts.into_iter().flat_map(|part| part.tickets.iter().copied()).collect()
}

impl Orders {
    pub fn new(engine: Arc<Engine>, lotteries: Arc<Lotteries>) -> Orders {
        let heard = Heard::new(engine.tills.clone());
        Orders { engine, lotteries, heard, swept: Mutex::default() }
    }

    /// Buys all tickets of an order; says which these are.
    pub async fn confirm(&self, id: &OrderId, by: By) -> Result<Done<Vec<Ticket>>, Error> {
        let command = Command::Confirm { order: id.number };
        let done = self.decide(id, command, by).await?;
        pick(done, |event| match event {
            Event::Confirmed { past, .. } => Some(tickets_of(&past.parts)),
            _ => None,
        })
    }

    pub async fn release(&self, id: &OrderId, by: By) -> Result<Done<()>, Error> {
        let done = self.decide(id, Command::Release { order: id.number }, by).await?;
        pick(done, |event| matches!(event, Event::Ended { .. }).then_some(()))
    }

    /// Says until when it lives now.
    pub async fn extend(&self, id: &OrderId, ttl_s: u32, by: By) -> Result<Done<Time>, Error> {
        let done = self.decide(id, Command::Extend { order: id.number, ttl_s }, by).await?;
        pick(done, |event| match event {
            Event::Extended { until, .. } => Some(until),
            _ => None,
        })
    }

    /// Takes tickets of a bought order back: these, or all if none is named.
    pub async fn refund(
        &self,
        id: &OrderId,
        tickets: Vec<Ticket>,
        by: By,
    ) -> Result<Done<RefundedTickets>, Error> {
        let command = Command::Refund { order: id.number, tickets };
        pick(self.decide(id, command, by).await?, |event| match event {
            Event::Refunded { tickets, past, .. } => {
                Some(RefundedTickets { tickets, left: tickets_of(&past.parts) })
            }
            _ => None,
        })
    }

    /// Takes one sold ticket back, whichever way it was bought.
    pub async fn refund_ticket(
        &self,
        tickets: &Tickets,
        id: &TicketId,
        by: By,
    ) -> Result<Done<()>, Error> {
        let done = tickets.refund(id, by).await?;
        match done.event {
            RefundedBy::Slice => pick(done, |_| Some(())),
            RefundedBy::Till(order) => {
                let ticket = Ticket { number: id.number, copy: id.copy };
                let order = OrderId::of(id.pool, order);
                pick(self.refund(&order, vec![ticket], by).await?, |_| Some(()))
            }
        }
    }

    /// One fact of the till; whoever follows it is told before the caller is. If they do not hear
    /// of it, a sweep tells them later.
    async fn decide(&self, id: &OrderId, command: Command, by: By) -> Result<Done<Event>, Error> {
        let tills = &self.engine.tills;
        let done = match tills.command(&id.till, command.clone(), by).await {
            Err(Failure::Refused(till::Refusal::NotPlaced)) if self.is_placed_now(id).await? => {
                tills.command(&id.till, command, by).await?
            }
            told => told?,
        };
        if !by.is_dry_run()
            && !done.replayed
            && let Some(past) = past_in(&done.event)
        {
            if let Some(fate) = fate_of(&done.event) {
                counter!("stampede_orders_total", "fate" => fate).increment(1);
            }
            self.follow_past(id, past).await;
        }
        Ok(done)
    }

    async fn follow_past(&self, id: &OrderId, past: &PastOrder) {
        if self.tell_and_go_on(id, past) {
            return;
        }
        let (owner, keys, step) = (past.owner, past.keys.clone(), past.step);
        let view = OrderView { owner, keys, stage: OrderStage::Past(past.clone()) };
        self.follow(id, step, &view).await;
    }

    /// How an order is. One that may be held although its till does not know of its tickets yet is
    /// found out about.
    pub async fn look_at(&self, id: &OrderId) -> Result<Option<OrderView>, Error> {
        match self.view(id).await? {
            Some(OrderView {
                stage: OrderStage::Gathering { held_until: Some(_), .. }, ..
            }) => self.found_out(id).await,
            view => Ok(view),
        }
    }

    async fn is_placed_now(&self, id: &OrderId) -> Result<bool, Error> {
        let view = self.look_at(id).await?;
        Ok(view.is_some_and(|view| matches!(view.stage, OrderStage::Placed { .. })))
    }

    async fn view(&self, id: &OrderId) -> Result<Option<OrderView>, Error> {
        match self.engine.tills.look(&id.till, Question::Order(id.number)).await?.answer {
            Answer::Order(view) => Ok(view),
            _ => Ok(None),
        }
    }

    /// The placed orders of a member at their till, in the order of their ids.
    pub(crate) async fn orders_at(
        &self,
        till: &TillName,
        owner: Id,
    ) -> Result<Vec<(OrderId, OrderView)>, Error> {
        let order = |(number, view)| (OrderId { till: *till, number }, view);
        match self.engine.tills.look(till, Question::OrdersOf(owner)).await?.answer {
            Answer::Orders(orders) => Ok(orders.into_iter().map(order).collect()),
            _ => Ok(Vec::new()),
        }
    }

    /// How many tickets a member, or a limit key, holds and has bought.
    pub async fn allowance_of(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        who: Id,
    ) -> Result<(u32, u32), Error> {
        let till = TillName::of(pool, plan.till_count(), who);
        match self.engine.tills.look(&till, Question::Allowance(who)).await?.answer {
            Answer::Allowance { held, bought } => Ok((held, bought)),
            _ => Ok((0, 0)),
        }
    }

    /// What all tills of a pool have.
    pub async fn ledger(&self, pool: PoolName, plan: &ArrangedPlan) -> Result<TillLedger, Error> {
        let (names, open) = (plan.tills(pool), open_till(plan));
        let tills = Whole { router: &self.engine.tills, names: &names, open: &open };
        let mut sum = TillLedger::default();
        for answer in tills.look(&Question::Ledger).await? {
            if let Answer::Ledger(part) = answer {
                sum = sum + part;
            }
        }
        Ok(sum)
    }

    /// Whether all tills gave way that nobody has touched: false if one was touched.
    pub async fn withdraw(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        by: By,
    ) -> Result<bool, Error> {
        let command = Command::Withdraw { edition: plan.edition };
        let touched = till::Refusal::Touched;
        withdraw_all(&self.engine.tills, &plan.tills(pool), &command, by, &touched).await
    }

    /// A command that one till decides, which is opened if it must be.
    async fn tell_till(
        &self,
        name: &TillName,
        plan: &ArrangedPlan,
        command: Command,
        by: By,
    ) -> Result<Done<Event>, Failure<till::Refusal>> {
        let (names, open) = ([*name], open_till(plan));
        let till = Whole::<Till> { router: &self.engine.tills, names: &names, open: &open };
        Ok(till.command(&command, by).await?.1)
    }

    /// The same of a slice.
    async fn tell_slice(
        &self,
        name: &SliceName,
        plan: &ArrangedPlan,
        command: tickets::Command,
        by: By,
    ) -> Result<tickets::Event, Failure<tickets::Refusal>> {
        let (names, open) = ([*name], open_with(plan));
        let slice = Whole { router: &self.engine.slices, names: &names, open: &open };
        Ok(slice.command(&command, by).await?.1.event)
    }

    async fn plan(&self, pool: PoolName) -> Result<Arc<ArrangedPlan>, Error> {
        let unknown = Refusal::Lottery(actors::domain::lottery::Refusal::Unknown);
        self.lotteries.plan(pool).await?.ok_or(Error(Failure::Refused(unknown)))
    }
}

/// What a till is told when it is first needed.
fn open_till(plan: &ArrangedPlan) -> impl Fn(&TillName) -> Option<Command> + Sync {
    let (terms, edition) = (plan.till_terms(), plan.edition);
    move |_| Some(Command::Open { terms: terms? }.of(edition))
}

/// What the owner of an order, or staff, has made of it.
fn fate_of(event: &Event) -> Option<&'static str> {
    match event {
        Event::Confirmed { .. } => Some("confirmed"),
        Event::Ended { .. } => Some("released"),
        Event::Refunded { .. } => Some("refunded"),
        _ => None,
    }
}

/// The order that an event brought to its end, or changed after it.
fn past_in(event: &Event) -> Option<&PastOrder> {
    match event {
        Event::Confirmed { past, .. } | Event::Refunded { past, .. } => Some(past),
        Event::Ended { orders } => orders.first().map(|(_, past)| past),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
