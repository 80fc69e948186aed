//! What the API does with lotteries and their tickets: commands to the partitions that own them.
//!
//! A lottery's plan never changes once it is created, so it is remembered here; its slices are
//! opened by whoever first needs one.

pub mod told;

use crate::Engine;
use crate::ballots::BoxFailure;
use crate::opening::Whole;
use actors::domain::day::Day;
use actors::domain::lottery::{self, LotteryView, Plan};
use actors::domain::shelves;
use actors::domain::tickets::pattern::Pattern;
use actors::domain::tickets::{self, HoldId, HoldView, Slice, SliceName, TicketId, TicketLedger};
use actors::domain::tickets::{Answer, Question};
use actors::engine::By;
use actors::engine::CommandResult;
use actors::engine::{Done, Failure};
use actors::store::{Page, StoreError};
use actors::{Id, Time};
use futures_util::future::try_join_all;
use hashbrown::HashMap;
use std::sync::{Arc, RwLock};
use tokio::sync::Semaphore;

/// Lotteries that are read from the list at a time.
const DAYS_AT_ONCE: usize = 100;
/// A look through a lottery asks a hundred slices at most. So many looks at a time leave three
/// quarters of what may be under way in a node to those who hold and buy.
const MOST_SLICES: usize = 100;
const SHARE_OF_LOOKS: usize = 4;

pub type TicketFailure = Failure<tickets::Refusal>;

pub struct Lotteries {
    engine: Arc<Engine>,
    plans: RwLock<HashMap<Day, Arc<Plan>>>,
    /// Looks through a whole lottery, which anybody may ask for.
    looks: Semaphore,
}

/// What somebody wants to hold.
#[derive(Clone, Copy)]
pub struct Wanted {
    pub pattern: Pattern,
    pub count: u16,
    pub at_least: u16,
    pub ttl_s: u32,
}

impl Wanted {
    /// Spelled out, so that the same key for something else is noticed.
    pub fn meaning(&self) -> Vec<u8> {
        postcard::to_stdvec(&(self.pattern, self.count, self.at_least, self.ttl_s))
            .expect("a wish is plain data")
    }
}

/// How many match a pattern, how many of them are free, and some of these.
#[derive(Default)]
pub struct Matching {
    pub matching: u64,
    pub free: u64,
    pub sample: Vec<TicketId>,
}

impl Lotteries {
    pub fn new(engine: Arc<Engine>) -> Lotteries {
        let looks = engine.node.limits.node_in_flight / (SHARE_OF_LOOKS * MOST_SLICES);
        Lotteries { engine, plans: RwLock::default(), looks: Semaphore::new(looks.max(1)) }
    }

    pub async fn create(
        &self,
        day: Day,
        plan: Plan,
        by: By,
    ) -> Result<Done<lottery::Event>, Failure<lottery::Refusal>> {
        self.engine.lotteries.command(&day, lottery::Command::Create(plan), by).await
    }

    pub async fn view(&self, day: Day) -> Result<Option<LotteryView>, Failure<lottery::Refusal>> {
        Ok(self.engine.lotteries.look(&day, lottery::Question).await?.answer)
    }

    /// The plan of a lottery, None if there is no such lottery.
    pub async fn plan(&self, day: Day) -> Result<Option<Arc<Plan>>, Failure<lottery::Refusal>> {
        if let Some(plan) =
            self.plans.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&day)
        {
            return Ok(Some(plan.clone()));
        }
        let Some(view) = self.view(day).await? else { return Ok(None) };
        let plan = Arc::new(view.plan);
        self.plans
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .insert(day, plan.clone());
        Ok(Some(plan))
    }

    /// The days of lotteries about which something is still to be done, in order, from `from` on.
    pub async fn not_closed(&self, from: Day, limit: usize) -> Result<Vec<Day>, StoreError> {
        let after = from.0.checked_sub(1).map(|before| before.to_be_bytes().to_vec());
        let lines = self
            .engine
            .rows(Page { shelf: shelves::LOTTERIES, owner: Id::SYSTEM, after, limit })
            .await?;
        Ok(lines
            .iter()
            .filter_map(|line| Some(Day(u32::from_be_bytes(line.key.as_slice().try_into().ok()?))))
            .collect())
    }

    /// The live holds of a member after `after`, in the order of their ids. The slices are asked,
    /// because a hold is on no list.
    pub async fn holds_of(
        &self,
        owner: Id,
        after: Option<HoldId>,
        limit: usize,
    ) -> Result<Vec<(HoldId, HoldView)>, WalkFailure> {
        let mut from = after.map_or(Day(0), |after| after.slice.day);
        let mut found = Vec::new();
        loop {
            let days = self.not_closed(from, DAYS_AT_ONCE).await.map_err(WalkFailure::Store)?;
            for day in &days {
                found.extend(
                    self.holds_in(*day, owner)
                        .await?
                        .into_iter()
                        .filter(|(id, _)| after.is_none_or(|after| *id > after)),
                );
                if found.len() >= limit {
                    found.truncate(limit);
                    return Ok(found);
                }
            }
            match days.last() {
                Some(last) if days.len() == DAYS_AT_ONCE => from = Day(last.0 + 1),
                _ => return Ok(found),
            }
        }
    }

    async fn holds_in(&self, day: Day, owner: Id) -> Result<Vec<(HoldId, HoldView)>, WalkFailure> {
        let Some(plan) = self.plan(day).await.map_err(WalkFailure::Lottery)? else {
            return Ok(Vec::new());
        };
        let slices = plan.slices(day);
        let ask =
            slices.iter().map(|slice| self.engine.slices.look(slice, Question::HoldsOf(owner)));
        let mut found = Vec::new();
        for (slice, looked) in
            slices.iter().zip(try_join_all(ask).await.map_err(WalkFailure::Slice)?)
        {
            if let Answer::Holds(holds) = looked.answer {
                found.extend(
                    holds
                        .into_iter()
                        .map(|(number, view)| (HoldId { slice: *slice, number }, view)),
                );
            }
        }
        Ok(found)
    }

    /// Holds tickets in whichever slice has some that match, and says which.
    pub async fn hold(
        &self,
        day: Day,
        plan: &Plan,
        wanted: &Wanted,
        by: By,
    ) -> Result<(SliceName, Done<tickets::Event>), TicketFailure> {
        let names = SliceName::matching(day, &wanted.pattern);
        let Wanted { pattern, count, at_least, ttl_s } = *wanted;
        let command = tickets::Command::Hold { pattern, count, at_least, ttl_s };
        let (place, done) = self.slices(&names, &open_with(plan)).command(&command, by).await?;
        Ok((names[place], done))
    }

    fn slices<'a>(
        &'a self,
        names: &'a [SliceName],
        open: &'a (dyn Fn(&SliceName) -> Option<tickets::Command> + Sync),
    ) -> Whole<'a, Slice> {
        Whole { router: &self.engine.slices, names, open }
    }

    /// A command to the slice that a hold or ticket names. Where nothing was ever opened, nothing
    /// was ever held.
    pub async fn command(
        &self,
        slice: &SliceName,
        command: tickets::Command,
        by: By,
    ) -> CommandResult<tickets::Slice> {
        self.engine.slices.command(slice, command, by).await
    }

    pub async fn hold_view(&self, id: &HoldId) -> Result<Option<HoldView>, TicketFailure> {
        match self.engine.slices.look(&id.slice, Question::Hold(id.number)).await?.answer {
            Answer::Hold(view) => Ok(view),
            _ => Ok(None),
        }
    }

    pub async fn matching(
        &self,
        day: Day,
        plan: &Plan,
        pattern: &Pattern,
        sample: u16,
    ) -> Result<Matching, TicketFailure> {
        let names = SliceName::matching(day, pattern);
        let seed = self.engine.node.seed();
        let question = Question::Matching { pattern: *pattern, sample, seed };
        let _turn = self.looks.acquire().await;
        let mut all = Matching::default();
        for (name, answer) in
            names.iter().zip(self.slices(&names, &open_with(plan)).look(&question).await?)
        {
            if let Answer::Matching { matching, free, sample } = answer {
                all.matching += matching;
                all.free += free;
                let id = |ticket: &tickets::stock::Ticket| TicketId {
                    day,
                    digits: name.digits,
                    number: ticket.number,
                    copy: ticket.copy,
                };
                all.sample.extend(sample.iter().map(id));
            }
        }
        spread(&mut all.sample, sample as usize);
        Ok(all)
    }

    pub async fn ledger(&self, day: Day, plan: &Plan) -> Result<TicketLedger, TicketFailure> {
        let _turn = self.looks.acquire().await;
        let mut sum = TicketLedger::default();
        for answer in
            self.slices(&plan.slices(day), &open_with(plan)).look(&Question::Ledger).await?
        {
            if let Answer::Ledger(part) = answer {
                sum = sum + part;
            }
        }
        Ok(sum)
    }

    /// Seals all slices of a lottery, those too that nobody ever opened. Can be repeated.
    pub async fn seal(&self, day: Day, plan: &Plan) -> Result<(), TicketFailure> {
        let names = plan.slices(day);
        self.slices(&names, &open_with(plan)).open().await?;
        try_join_all(names.iter().map(|name| self.seal_one(name))).await.map(drop)
    }

    async fn seal_one(&self, name: &SliceName) -> Result<(), TicketFailure> {
        loop {
            let done = self.engine.slices.command(name, tickets::Command::Seal, By::SYSTEM).await?;
            if matches!(done.event, tickets::Event::Sealed { .. }) {
                return Ok(());
            }
        }
    }

    pub fn now(&self) -> Time {
        self.engine.node.now()
    }
}

/// What a slice is told, by whoever first needs it.
fn open_with(plan: &Plan) -> impl Fn(&SliceName) -> Option<tickets::Command> + Sync {
    let terms = plan.terms();
    move |name| Some(tickets::Command::Open { lead: name.lead, terms: terms? })
}

/// Why a walk over a lottery, its slices and its boxes broke off.
#[derive(Debug)]
pub enum WalkFailure {
    Lottery(Failure<lottery::Refusal>),
    Slice(TicketFailure),
    Box(BoxFailure),
    Store(StoreError),
}

/// Keeps `most`, evenly taken from all slices rather than from the first.
fn spread(sample: &mut Vec<TicketId>, most: usize) {
    if sample.len() > most {
        let step = sample.len() as f64 / most as f64;
        *sample = (0..most).map(|i| sample[(i as f64 * step) as usize]).collect();
    }
}
