//! Batches of coupons: assign the next free one or a given one, count, walk.
//!
//! A batch of codes of our own is one range or sixteen, an imported one is on all racks; both
//! answer alike.

use crate::catalogue::{Failed, Known, Promotions};
use crate::opening::Whole;
use actors::Id;
use actors::domain::coupons::catalogue::{BatchKind, Plan};
use actors::domain::coupons::ledger::{Walk, Walked};
use actors::domain::coupons::range::{Answer, Command, Event, Question, Range};
use actors::domain::coupons::{CouponHome, CouponLedger, RackName, RangeName, Serial, rack};
use actors::engine::By;
use actors::engine::{Done, Failure};
use futures_util::future::try_join_all;

/// A part of a batch: one of its ranges, or its share of a rack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Range(RangeName),
    Rack(RackName, Serial),
}

impl Part {
    pub fn home(&self, slot: u64) -> CouponHome {
        match *self {
            Part::Range(name) => CouponHome::Range { name, slot },
            Part::Rack(name, batch) => CouponHome::Rack { name, batch, slot },
        }
    }
}

/// All parts of a batch, in a fixed order.
pub fn parts(batch: Serial, plan: &Plan) -> Vec<Part> {
    match plan.what {
        BatchKind::Made { .. } => plan.ranges(batch).into_iter().map(Part::Range).collect(),
        BatchKind::Imported { .. } => RackName::all().map(|name| Part::Rack(name, batch)).collect(),
    }
}

impl Promotions {
    /// The next free coupon of a batch for that member. The same `source` gets the same one for
    /// ever.
    pub async fn assign(
        &self,
        batch: Serial,
        plan: &Plan,
        member: Id,
        source: Option<Id>,
        by: By,
    ) -> Result<(CouponHome, Done<Event>), Failed> {
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
        let (place, done) = self.command_any(plan, &parts, command, by).await?;
        Ok((parts[place].home(slot_of(&done.event)), done))
    }

    /// The one part that has given a coupon to this source, or all.
    async fn part_that_knows(
        &self,
        plan: &Plan,
        parts: Vec<Part>,
        source: Id,
    ) -> Result<Vec<Part>, Failed> {
        let answers = self.look_at_parts(plan, &parts, &Question::Source(source)).await?;
        let known = answers.iter().position(|answer| matches!(answer, Answer::Source(Some(_))));
        Ok(known.map_or(parts.clone(), |place| vec![parts[place]]))
    }

    /// That coupon for that member.
    pub async fn give(
        &self,
        plan: &Plan,
        part: Part,
        slot: u64,
        member: Id,
        by: By,
    ) -> Result<Done<Event>, Failed> {
        Ok(self.command_any(plan, &[part], Command::Give { slot, member }, by).await?.1)
    }

    /// The command to any of the parts, which are of one kind.
    pub(super) async fn command_any(
        &self,
        plan: &Plan,
        parts: &[Part],
        command: Command,
        by: By,
    ) -> Result<(usize, Done<Event>), Failed> {
        if let [Part::Range(_), ..] = parts {
            let names = ranges(parts);
            let open = open_with(plan);
            return Ok(self.ranges(&names, &open).command(&command, by).await?);
        }
        let Some((names, batch)) = racks(parts) else {
            return Err(Failed::Range(Failure::Unknown));
        };
        let command = rack::Command::In { batch, command };
        let (place, done) = match names.as_slice() {
            [only] => (0, self.engine.racks.command(only, command, by).await?),
            any => self.engine.racks.command_any(any, command, by).await?,
        };
        match done.event {
            rack::Event::In { event, .. } => {
                Ok((place, Done { event, at: done.at, replayed: done.replayed, witness: None }))
            }
            rack::Event::Imported { .. } => Err(Failed::Range(Failure::KeyReused)),
        }
    }

    pub async fn look_at_parts(
        &self,
        plan: &Plan,
        parts: &[Part],
        question: &Question,
    ) -> Result<Vec<Answer>, Failed> {
        if let [Part::Range(_), ..] = parts {
            let names = ranges(parts);
            let open = open_with(plan);
            return Ok(self.ranges(&names, &open).look(question).await?);
        }
        let Some((names, batch)) = racks(parts) else { return Ok(Vec::new()) };
        let ask = |name| async move {
            let question = rack::Question::In { batch, question: question.clone() };
            Ok::<_, Failed>(match self.engine.racks.look(name, question).await?.answer {
                rack::Answer::In(answer) => answer,
                _ => Answer::NotOpened,
            })
        };
        try_join_all(names.iter().map(ask)).await
    }

    pub async fn ledger(&self, known: &Known) -> Result<CouponLedger, Failed> {
        let Some(plan) = known.batch() else { return self.campaign_ledger(known).await };
        let answers =
            self.look_at_parts(plan, &parts(known.serial, plan), &Question::Ledger).await?;
        Ok(answers.into_iter().fold(CouponLedger::default(), |sum, answer| match answer {
            Answer::Ledger(part) => sum + part,
            _ => sum,
        }))
    }

    pub async fn walk(&self, plan: &Plan, part: Part, walk: &Walk) -> Result<Walked, Failed> {
        Ok(match self.look_at_parts(plan, &[part], &Question::Walk(walk.clone())).await?.pop() {
            Some(Answer::Walked(walked)) => walked,
            _ => Walked { found: Vec::new(), next: None },
        })
    }

    fn ranges<'a>(
        &'a self,
        names: &'a [RangeName],
        open: &'a (dyn Fn(&RangeName) -> Option<Command> + Sync),
    ) -> Whole<'a, Range> {
        Whole { router: &self.engine.ranges, names, open }
    }
}

fn open_with(plan: &Plan) -> impl Fn(&RangeName) -> Option<Command> + Sync {
    |name| plan.terms(name).map(Command::Open)
}

fn ranges(parts: &[Part]) -> Vec<RangeName> {
    let name = |part: &Part| match part {
        Part::Range(name) => Some(*name),
        Part::Rack(..) => None,
    };
    parts.iter().filter_map(name).collect()
}

fn racks(parts: &[Part]) -> Option<(Vec<RackName>, Serial)> {
    let rack = |part: &Part| match part {
        Part::Rack(name, batch) => Some((*name, *batch)),
        Part::Range(_) => None,
    };
    let (_, batch) = parts.first().and_then(rack)?;
    Some((parts.iter().filter_map(rack).map(|(name, _)| name).collect(), batch))
}

/// The range that keeps the limit of that member.
fn range_of(ranges: &[RangeName], member: Id) -> Part {
    let hash = Id::digest(&[b"range of member", &member.0]).0[0] as usize;
    Part::Range(ranges[hash % ranges.len()])
}

fn slot_of(event: &Event) -> u64 {
    match event {
        Event::Assigned { slot, .. } => *slot,
        Event::Opened(_) | Event::Redeemed(_) => 0,
    }
}
