//! Tickets of a lottery: looked for, held, bought, refunded.
//!
//! They are in slices by their leading digit. The first request that needs a slice opens it.
//! `looking` has what asks many slices and changes nothing.

pub mod looking;
pub(crate) mod opened;
pub mod sold;
pub mod told;

use crate::failure::{Error, pick};
use crate::opening::{Whole, withdraw_all};
use crate::table::Engine;
use crate::tickets::opened::open_with;
use actors::Id;
use actors::domain::lottery::ArrangedPlan;
use actors::domain::pool::{PoolCommand, PoolName};
use actors::domain::shelves;
use actors::domain::tickets::pattern::Pattern;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{
    Answer, Command, Event, HoldId, HoldView, OrderNumber, Question, Refusal, Slice, SliceName,
    TicketId, before_tickets_of,
};
use actors::engine::{By, Done, Failure};
use actors::store::{ListedRow, Page, StoreError};
use actors::time::Time;
use futures_util::future::try_join_all;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A look through a lottery asks a hundred slices at most. So many looks at a time leave three
/// quarters of what may be under way in a node to those who hold and buy.
const MOST_SLICES: usize = 100;
const SHARE_OF_LOOKS: usize = 4;

pub struct Tickets {
    engine: Arc<Engine>,
    /// Looks through a whole lottery, which anybody may ask for.
    looks: Semaphore,
}

/// Which tickets a member wants to hold, how many, and for how long.
#[derive(Clone, Copy)]
pub struct WantedTickets {
    pub pattern: Pattern,
    /// The label that they bear, by its place in the plan.
    pub label: Option<u8>,
    pub count: u16,
    pub at_least: u16,
    /// Whether their numbers have to follow one another.
    pub together: bool,
    pub ttl_s: u32,
}

impl WantedTickets {
    /// Spelled out, so that the same key for something else is noticed.
    pub fn meaning(&self) -> Vec<u8> {
        let wanted = (self.pattern, self.count, self.at_least, self.ttl_s);
        let mut meaning = postcard::to_stdvec(&wanted).expect("a wish is plain data");
        // Without a label it is what it was before there were any.
        meaning.extend(self.label);
        if self.together {
            meaning.extend(b"together");
        }
        meaning
    }
}

/// A new hold.
#[derive(Clone, Debug)]
pub struct HeldTickets {
    pub id: HoldId,
    pub tickets: Vec<Ticket>,
    pub until: Time,
}

/// What was taken back of a sold hold, and what is left of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RefundedTickets {
    pub tickets: Vec<Ticket>,
    pub left: Vec<Ticket>,
}

/// Who takes a sold ticket back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundedBy {
    /// It is done.
    Slice,
    /// The order has to be asked.
    Till(OrderNumber),
}

impl Tickets {
    pub fn new(engine: Arc<Engine>) -> Tickets {
        let looks = engine.node.limits.node_in_flight / (SHARE_OF_LOOKS * MOST_SLICES);
        Tickets { engine, looks: Semaphore::new(looks.max(1)) }
    }

    /// Holds tickets of one of the slices that may have them. Those that have to be together are
    /// asked of one slice only; an order looks where they are.
    pub async fn hold(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        wanted: &WantedTickets,
        by: By,
    ) -> Result<Done<HeldTickets>, Error> {
        let WantedTickets { pattern, label, count, at_least, together, ttl_s } = *wanted;
        let none = || Failure::Refused(Refusal::NoMatchLeft { left: 0 });
        let pattern = plan.narrowed(&pattern, label).ok_or_else(none)?;
        let names = plan.slices_matching(pool, &pattern);
        if names.is_empty() {
            return Err(none().into());
        }
        let command = match together {
            true => Command::HoldTogether { pattern, count, at_least, ttl_s },
            false => Command::Hold { pattern, count, at_least, ttl_s },
        }
        .of(plan.edition);
        let (place, done) = self.slices(&names, &open_with(plan)).command(&command, by).await?;
        pick(done, |event| match event {
            Event::Held { hold: number, tickets, until, .. } => {
                Some(HeldTickets { id: HoldId { slice: names[place], number }, tickets, until })
            }
            _ => None,
        })
    }

    /// Buys the tickets of a hold; says which these are.
    pub async fn confirm(&self, hold: &HoldId, by: By) -> Result<Done<Vec<Ticket>>, Error> {
        let done = self.command(&hold.slice, Command::Confirm { hold: hold.number }, by).await?;
        pick(done, |event| match event {
            Event::Confirmed { tickets, .. } => Some(tickets),
            _ => None,
        })
    }

    /// Says until when it lives now.
    pub async fn extend(&self, hold: &HoldId, ttl_s: u32, by: By) -> Result<Done<Time>, Error> {
        let command = Command::Extend { hold: hold.number, ttl_s };
        pick(self.command(&hold.slice, command, by).await?, |event| match event {
            Event::Extended { until, .. } => Some(until),
            _ => None,
        })
    }

    pub async fn release(&self, hold: &HoldId, by: By) -> Result<Done<()>, Error> {
        let done = self.command(&hold.slice, Command::Release { hold: hold.number }, by).await?;
        pick(done, |event| matches!(event, Event::Released { .. }).then_some(()))
    }

    /// Takes a sold ticket back. One that an order has bought is referred to that order.
    pub async fn refund(&self, id: &TicketId, by: By) -> Result<Done<RefundedBy>, Error> {
        let ticket = Ticket { number: id.number, copy: id.copy };
        let done = self.command(&id.slice(), Command::Refund { ticket }, by).await?;
        pick(done, |event| match event {
            Event::Refunded { .. } | Event::HoldRefunded { .. } => Some(RefundedBy::Slice),
            Event::Referred { order, .. } => Some(RefundedBy::Till(order)),
            _ => None,
        })
    }

    /// Takes back tickets of a sold hold: these, or all if none is named.
    pub async fn refund_hold(
        &self,
        hold: &HoldId,
        tickets: Vec<Ticket>,
        by: By,
    ) -> Result<Done<RefundedTickets>, Error> {
        let command = Command::RefundHold { hold: hold.number, tickets };
        pick(self.command(&hold.slice, command, by).await?, |event| match event {
            Event::HoldRefunded { tickets, left, .. } => Some(RefundedTickets { tickets, left }),
            _ => None,
        })
    }

    /// A command to the slice that a hold or ticket names. Where nothing was ever opened, nothing
    /// was ever held.
    async fn command(
        &self,
        slice: &SliceName,
        command: Command,
        by: By,
    ) -> Result<Done<Event>, Error> {
        Ok(self.engine.slices.command(slice, command, by).await?)
    }

    pub async fn look_at_hold(&self, id: &HoldId) -> Result<Option<HoldView>, Error> {
        match self.engine.slices.look(&id.slice, Question::Hold(id.number)).await?.answer {
            Answer::Hold(view) => Ok(view),
            _ => Ok(None),
        }
    }

    /// Those of a member's holds that live, in the same order.
    pub(crate) async fn live_among(
        &self,
        listed: &[HoldId],
        owner: Id,
    ) -> Result<Vec<(HoldId, HoldView)>, Error> {
        let mut slices: Vec<SliceName> = listed.iter().map(|hold| hold.slice).collect();
        slices.dedup();
        let ask =
            slices.iter().map(|slice| self.engine.slices.look(slice, Question::HoldsOf(owner)));
        let mut live = Vec::new();
        for (slice, looked) in slices.iter().zip(try_join_all(ask).await?) {
            if let Answer::Holds(holds) = looked.answer {
                let hold = |(number, view)| (HoldId { slice: *slice, number }, view);
                live.extend(holds.into_iter().map(hold));
            }
        }
        live.retain(|(id, _)| listed.binary_search(id).is_ok());
        Ok(live)
    }

    /// The tickets that a member has bought: lines of a list. Of all lotteries, if none is named.
    pub async fn bought_by(
        &self,
        owner: Id,
        lottery: Option<PoolName>,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<ListedRow>, StoreError> {
        let after = after.max(lottery.map(before_tickets_of));
        let mut lines =
            self.engine.rows(Page { shelf: shelves::TICKETS, owner, after, limit }).await?;
        if let Some(pool) = lottery {
            lines.retain(|line| line.key.starts_with(&before_tickets_of(pool)));
        }
        Ok(lines)
    }

    /// Whether all slices gave way that nobody has touched: false if one was touched.
    pub async fn withdraw(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        by: By,
    ) -> Result<bool, Error> {
        let command = Command::Withdraw { edition: plan.edition };
        withdraw_all(&self.engine.slices, &plan.slices(pool), &command, by, &Refusal::Touched).await
    }

    /// Seals all slices of a lottery, those too that were never opened. Can be repeated.
    pub async fn seal(&self, pool: PoolName, plan: &ArrangedPlan) -> Result<(), Error> {
        let names = plan.slices(pool);
        self.slices(&names, &open_with(plan)).open().await?;
        try_join_all(names.iter().map(|name| self.seal_one(name))).await.map(drop)
    }

    async fn seal_one(&self, name: &SliceName) -> Result<(), Error> {
        loop {
            let done = self.command(name, Command::Seal, By::SYSTEM).await?;
            if matches!(done.event, Event::Sealed { .. }) {
                return Ok(());
            }
        }
    }

    fn slices<'a>(
        &'a self,
        names: &'a [SliceName],
        open: &'a (dyn Fn(&SliceName) -> Option<Command> + Sync),
    ) -> Whole<'a, Slice> {
        Whole { router: &self.engine.slices, names, open }
    }
}
