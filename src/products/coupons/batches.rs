//! Batches of coupons: assign the next free one or a given one, count, walk; paused, extended and
//! voided as a whole.
//!
//! A batch of codes of our own is one range or sixteen, an imported one is on all racks; both
//! answer alike. The first request that needs a range opens it.

use crate::failure::{Error, Refusal, pick};
use crate::opening::Whole;
use crate::table::Engine;
use actors::domain::Only;
use actors::domain::coupons::catalogue::{self, BatchKind, BatchPlan};
use actors::domain::coupons::ledger::{Walk, Walked};
use actors::domain::coupons::range::{
    self, Answer, Command, Event, Question, Range, RangeOverview, RangeTerms, VoidedCounts,
};
use actors::domain::coupons::{CouponHome, CouponLedger, RackName, RangeName, Serial, rack};
use actors::engine::{By, Done, Failure};
use actors::{Id, Time};
use futures_util::future::try_join_all;
use std::sync::Arc;

pub struct Batches {
    engine: Arc<Engine>,
}

/// A part of a batch: one of its ranges, or its share of a rack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchPart {
    Range(RangeName),
    Rack(RackName, Serial),
}

impl BatchPart {
    pub fn home(&self, slot: u64) -> CouponHome {
        match *self {
            BatchPart::Range(name) => CouponHome::Range { name, slot },
            BatchPart::Rack(name, batch) => CouponHome::Rack { name, batch, slot },
        }
    }
}

/// All parts of a batch, in a fixed order.
pub fn parts(batch: Serial, plan: &BatchPlan) -> Vec<BatchPart> {
    match plan.what {
        BatchKind::Made { .. } => plan.ranges(batch).into_iter().map(BatchPart::Range).collect(),
        BatchKind::Imported { .. } => {
            RackName::all().map(|name| BatchPart::Rack(name, batch)).collect()
        }
    }
}

/// A share that no line of the batch has fallen to has as little as one of which all is given.
fn none_left(error: Error) -> Error {
    match error.refusal() {
        Some(Refusal::Coupons(range::Refusal::NotOpened)) => {
            Error(Failure::Refused(Refusal::Coupons(range::Refusal::Exhausted)))
        }
        _ => error,
    }
}

impl Batches {
    pub fn new(engine: Arc<Engine>) -> Batches {
        Batches { engine }
    }

    pub(super) fn now(&self) -> Time {
        self.engine.node.now()
    }

    /// The next free coupon of a batch for that member. The same `source` gets the same one for
    /// ever.
    pub async fn assign(
        &self,
        batch: Serial,
        plan: &BatchPlan,
        member: Id,
        source: Option<Id>,
        by: By,
    ) -> Result<Done<CouponHome>, Error> {
        let command = Command::Assign { member, source };
        let parts = match (plan.what, source) {
            // One owner keeps the limit of each member.
            (BatchKind::Made { one_per_member: true, .. }, _) => {
                vec![range_of(&plan.ranges(batch), member)]
            }
            // Where nothing was left for this source, more may have been imported since.
            (BatchKind::Imported { .. }, Some(source)) => {
                self.part_that_knows(plan, parts(batch, plan), source).await?
            }
            _ => parts(batch, plan),
        };
        let (place, done) = self.command(plan, &parts, command, by).await.map_err(none_left)?;
        pick(done, |event| match event {
            Event::Assigned { slot, .. } => Some(parts[place].home(slot)),
            _ => None,
        })
    }

    /// The one part that has given a coupon to this source, or all.
    async fn part_that_knows(
        &self,
        plan: &BatchPlan,
        parts: Vec<BatchPart>,
        source: Id,
    ) -> Result<Vec<BatchPart>, Error> {
        let answers = self.look(plan, &parts, &Question::Source(source)).await?;
        let known = answers.iter().position(|answer| matches!(answer, Answer::Source(Some(_))));
        Ok(known.map_or(parts.clone(), |place| vec![parts[place]]))
    }

    /// That coupon for that member.
    pub async fn give(
        &self,
        plan: &BatchPlan,
        part: BatchPart,
        slot: u64,
        member: Id,
        by: By,
    ) -> Result<Done<()>, Error> {
        let (_, done) = self.command(plan, &[part], Command::Give { slot, member }, by).await?;
        pick(done, |event| matches!(event, Event::Assigned { .. }).then_some(()))
    }

    /// The command to any of the parts, which are of one kind.
    pub(crate) async fn command(
        &self,
        plan: &BatchPlan,
        parts: &[BatchPart],
        command: Command,
        by: By,
    ) -> Result<(usize, Done<Event>), Error> {
        if let [BatchPart::Range(_), ..] = parts {
            let names = ranges(parts);
            let open = open_with(plan);
            return Ok(self.whole(&names, &open).command(&command, by).await?);
        }
        let Some((names, batch)) = racks(parts) else {
            return Err(Error(Failure::Unknown));
        };
        let command = rack::Command::In { batch, command };
        let (place, done) = match names.as_slice() {
            [only] => (0, self.engine.racks.command(only, command, by).await?),
            any => self.engine.racks.command_any(any, command, by).await?,
        };
        let done = pick(done, |event| match event {
            rack::Event::In { event, .. } => Some(event),
            rack::Event::Imported { .. }
            | rack::Event::ImportedLoosely { .. }
            | rack::Event::ImportedWithTerms { .. }
            | rack::Event::Opened { .. } => None,
        })?;
        Ok((place, done))
    }

    pub(crate) async fn look(
        &self,
        plan: &BatchPlan,
        parts: &[BatchPart],
        question: &Question,
    ) -> Result<Vec<Answer>, Error> {
        if let [BatchPart::Range(_), ..] = parts {
            let names = ranges(parts);
            let open = open_with(plan);
            return Ok(self.whole(&names, &open).look(question).await?);
        }
        let Some((names, batch)) = racks(parts) else { return Ok(Vec::new()) };
        let ask = |name| async move {
            let question = rack::Question::In { batch, question: question.clone() };
            Ok::<_, Error>(match self.engine.racks.look(name, question).await?.answer {
                rack::Answer::In(answer) => answer,
                _ => Answer::NotOpened,
            })
        };
        try_join_all(names.iter().map(ask)).await
    }

    /// A change of the batch as a whole. Says how it is after that; for a dry run, how it would be.
    pub async fn change(
        &self,
        batch: Serial,
        plan: &BatchPlan,
        command: Command,
        by: By,
    ) -> Result<Done<RangeOverview>, Error> {
        if matches!(command, Command::Resume) {
            // It is also what is asked for where a revision was broken off half-way.
            self.bring_to_an_end(batch, plan, by).await?;
        }
        let done = self.command_all(batch, plan, command, by).await?;
        let mut overview = self.overview(batch, plan).await?;
        if by.is_dry_run() {
            done.event.iter().for_each(|event| foresee(&mut overview, event));
        }
        pick(done, |_| Some(overview))
    }

    /// The whole batch expires then. It is listed so first, so that nothing of it is overlooked.
    pub async fn extend(
        &self,
        batch: Serial,
        plan: &BatchPlan,
        expires_at: Time,
        by: By,
    ) -> Result<Done<RangeOverview>, Error> {
        let before = self.overview(batch, plan).await?.terms.expires_at;
        if before < expires_at && !by.is_dry_run() {
            self.list_expiry(batch, expires_at).await?;
        }
        self.change(batch, plan, Command::Extend { expires_at }, by).await
    }

    pub(super) async fn list_expiry(&self, serial: Serial, expires_at: Time) -> Result<(), Error> {
        let list = catalogue::Command::ListExpiry { serial, expires_at };
        Ok(self.engine.catalogue.command(&Only, list, By::SYSTEM).await.map(drop)?)
    }

    /// All that is neither held nor used is void. Says how many that were, or would be.
    pub async fn void_all(
        &self,
        batch: Serial,
        plan: &BatchPlan,
        by: By,
    ) -> Result<Done<VoidedCounts>, Error> {
        let done = self.command_all(batch, plan, Command::VoidAll, by).await?;
        pick(done, |events| {
            let counts = events.into_iter().map(|event| match event {
                Event::AllVoided(counts) => Some(counts),
                _ => None,
            });
            counts.sum()
        })
    }

    /// The command to each part, the first of them last: what that one says then holds for all.
    async fn command_all(
        &self,
        batch: Serial,
        plan: &BatchPlan,
        command: Command,
        by: By,
    ) -> Result<Done<Vec<Event>>, Error> {
        let parts = parts(batch, plan);
        if !by.is_dry_run() {
            self.open_shares(plan, &parts).await?;
        }
        let tell = |part| self.command_one(plan, part, command.clone(), by);
        let (first, others) = parts.split_first().ok_or(Error(Failure::Unknown))?;
        let mut told = try_join_all(others.iter().copied().map(tell)).await?;
        told.push(tell(*first).await?);
        let told: Vec<Done<Event>> = told.into_iter().flatten().collect();
        Ok(Done {
            at: told.iter().map(|done| done.at).max().unwrap_or(self.engine.node.now()),
            replayed: !told.is_empty() && told.iter().all(|done| done.replayed),
            event: told.into_iter().map(|done| done.event).collect(),
            witness: None,
        })
    }

    /// None for a dry run in a share that no line of the batch has fallen to.
    pub(super) async fn command_one(
        &self,
        plan: &BatchPlan,
        part: BatchPart,
        command: Command,
        by: By,
    ) -> Result<Option<Done<Event>>, Error> {
        match self.command(plan, &[part], command, by).await {
            Ok((_, done)) => Ok(Some(done)),
            Err(error) => match error.refusal() {
                Some(Refusal::Coupons(range::Refusal::NotOpened)) if by.is_dry_run() => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// So that what is told to all of them also holds for lines that are imported later.
    pub(super) async fn open_shares(
        &self,
        plan: &BatchPlan,
        parts: &[BatchPart],
    ) -> Result<(), Error> {
        let Some((names, batch)) = racks(parts) else { return Ok(()) };
        let open = rack::Command::Open { batch, terms: plan.rack_terms() };
        let open = |name| self.engine.racks.command(name, open.clone(), By::SYSTEM);
        try_join_all(names.iter().map(open)).await?;
        Ok(())
    }

    /// How the batch stands as a whole. A change is the first part's last.
    pub async fn overview(&self, batch: Serial, plan: &BatchPlan) -> Result<RangeOverview, Error> {
        self.overview_by(plan, parts(batch, plan)[0]).await
    }

    /// As that part of it says.
    pub(crate) async fn overview_by(
        &self,
        plan: &BatchPlan,
        part: BatchPart,
    ) -> Result<RangeOverview, Error> {
        Ok(match self.look(plan, &[part], &Question::Overview).await?.pop() {
            Some(Answer::Overview(overview)) => overview,
            _ => as_registered(plan),
        })
    }

    pub async fn ledger(&self, batch: Serial, plan: &BatchPlan) -> Result<CouponLedger, Error> {
        let answers = self.look(plan, &parts(batch, plan), &Question::Ledger).await?;
        Ok(answers.into_iter().fold(CouponLedger::default(), |sum, answer| match answer {
            Answer::Ledger(part) => sum + part,
            _ => sum,
        }))
    }

    pub async fn walk(
        &self,
        plan: &BatchPlan,
        part: BatchPart,
        walk: &Walk,
    ) -> Result<Walked, Error> {
        Ok(match self.look(plan, &[part], &Question::Walk(walk.clone())).await?.pop() {
            Some(Answer::Walked(walked)) => walked,
            _ => Walked { found: Vec::new(), next: None },
        })
    }

    fn whole<'a>(
        &'a self,
        names: &'a [RangeName],
        open: &'a (dyn Fn(&RangeName) -> Option<Command> + Sync),
    ) -> Whole<'a, Range> {
        Whole { router: &self.engine.ranges, names, open }
    }
}

/// How a batch stands of which nothing is known but what was registered.
pub fn as_registered(plan: &BatchPlan) -> RangeOverview {
    let (count, one_per_member) = match plan.what {
        BatchKind::Made { count, one_per_member } => (count, one_per_member),
        BatchKind::Imported { .. } => (0, false),
    };
    let (offer, expires_at) = (plan.offer, plan.expires_at);
    let terms = RangeTerms { count, offer, expires_at, one_per_member };
    RangeOverview { terms, paused: false, void: false, withdrawn: false, frozen: false }
}

/// What the command would make of a batch that is frozen.
pub(super) fn foresee_command(overview: &mut RangeOverview, command: &Command) {
    match command {
        Command::Revise { offer, expires_at, .. } => {
            (overview.terms.offer, overview.terms.expires_at) = (*offer, *expires_at)
        }
        Command::Withdraw { .. } => overview.withdrawn = true,
        _ => {}
    }
}

/// What the event would make of the batch.
pub(super) fn foresee(overview: &mut RangeOverview, event: &Event) {
    match event {
        Event::Paused => overview.paused = true,
        Event::Resumed => overview.paused = false,
        Event::Extended { expires_at } => overview.terms.expires_at = *expires_at,
        Event::AllVoided(_) => overview.void = true,
        Event::Revised { offer, expires_at } => {
            (overview.terms.offer, overview.terms.expires_at) = (*offer, *expires_at)
        }
        Event::Withdrawn => overview.withdrawn = true,
        Event::Opened(_)
        | Event::Assigned { .. }
        | Event::Redeemed(_)
        | Event::VoidedThose { .. }
        | Event::Frozen
        | Event::FrozenInTurn(_)
        | Event::Thawed => {}
    }
}

fn open_with(plan: &BatchPlan) -> impl Fn(&RangeName) -> Option<Command> + Sync {
    |name| plan.terms(name).map(Command::Open)
}

fn ranges(parts: &[BatchPart]) -> Vec<RangeName> {
    let name = |part: &BatchPart| match part {
        BatchPart::Range(name) => Some(*name),
        BatchPart::Rack(..) => None,
    };
    parts.iter().filter_map(name).collect()
}

fn racks(parts: &[BatchPart]) -> Option<(Vec<RackName>, Serial)> {
    let rack = |part: &BatchPart| match part {
        BatchPart::Rack(name, batch) => Some((*name, *batch)),
        BatchPart::Range(_) => None,
    };
    let (_, batch) = parts.first().and_then(rack)?;
    Some((parts.iter().filter_map(rack).map(|(name, _)| name).collect(), batch))
}

/// The range that keeps the limit of that member.
fn range_of(ranges: &[RangeName], member: Id) -> BatchPart {
    let hash = Id::digest(&[b"range of member", &member.0]).0[0] as usize;
    BatchPart::Range(ranges[hash % ranges.len()])
}
