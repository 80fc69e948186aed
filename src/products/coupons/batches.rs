//! Batches of coupons: assign the next free one or a given one, count, walk.
//!
//! A batch of codes of our own is one range or sixteen, an imported one is on all racks; both
//! answer alike. The first request that needs a range opens it.

use crate::failure::{Error, pick};
use crate::opening::Whole;
use crate::table::Engine;
use actors::Id;
use actors::domain::coupons::catalogue::{BatchKind, BatchPlan};
use actors::domain::coupons::ledger::{Walk, Walked};
use actors::domain::coupons::range::{Answer, Command, Event, Question, Range};
use actors::domain::coupons::{CouponHome, CouponLedger, RackName, RangeName, Serial, rack};
use actors::engine::{By, Done, Failure};
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

impl Batches {
    pub fn new(engine: Arc<Engine>) -> Batches {
        Batches { engine }
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
        let (place, done) = self.command(plan, &parts, command, by).await?;
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
            rack::Event::Imported { .. } => None,
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
