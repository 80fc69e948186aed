//! Looks at tickets of many slices: how many match, how many are free or released, and the books of
//! all of them. Nothing is opened or changed.

use super::Tickets;
use crate::failure::Error;
use crate::tickets::opened::open_with;
use actors::domain::lottery::ArrangedPlan;
use actors::domain::pool::PoolName;
use actors::domain::tickets::pattern::Pattern;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{
    Answer, LabelLedger, Question, SliceName, Tenth, TicketId, TicketLedger,
};
use actors::time::Time;

/// How many match a pattern, how many of them are free, and some of these.
#[derive(Default)]
pub struct Matching {
    pub matching: u64,
    pub free: u64,
    pub sample: Vec<TicketId>,
}

impl Tickets {
    pub async fn matching(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        pattern: &Pattern,
        label: Option<u8>,
        sample: u16,
    ) -> Result<Matching, Error> {
        let Some(pattern) = plan.narrowed(pattern, label) else { return Ok(Matching::default()) };
        let names = plan.slices_matching(pool, &pattern);
        let seed = self.engine.node.seed();
        let question = Question::Matching { pattern, sample, seed };
        let _turn = self.looks.acquire().await;
        let mut all = Matching::default();
        for (name, answer) in
            names.iter().zip(self.slices(&names, &open_with(plan)).look(&question).await?)
        {
            if let Answer::Matching { matching, free, sample } = answer {
                all.matching += matching;
                all.free += free;
                let id = |ticket: &Ticket| TicketId {
                    pool,
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

    /// How many that match are free in each slice that may have some; or how many of them follow
    /// one another, up to `most`.
    pub(crate) async fn free_of_slices(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        pattern: &Pattern,
        most: Option<u16>,
    ) -> Result<Vec<(SliceName, u64)>, Error> {
        let names = plan.slices_matching(pool, pattern);
        let pattern = *pattern;
        let question = match most {
            Some(most) => Question::LongestRun { pattern, most },
            None => Question::Matching { pattern, sample: 0, seed: 0 },
        };
        let _turn = self.looks.acquire().await;
        let answers = self.slices(&names, &open_with(plan)).look(&question).await?;
        let free = |answer| match answer {
            Answer::Matching { free, .. } => free,
            Answer::LongestRun(length) => u64::from(length),
            _ => 0,
        };
        Ok(names.into_iter().zip(answers.into_iter().map(free)).collect())
    }

    /// Of the tickets whose numbers begin with the same two digits, in their order. Those that the
    /// pool ends before are left out.
    pub async fn hundredths(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
    ) -> Result<Vec<Tenth>, Error> {
        let _turn = self.looks.acquire().await;
        let names = plan.slices(pool);
        // Where a slice has two digits of its own, it is a hundredth itself.
        let tenths_of_one = 10usize.pow(names.first().map_or(0, |name| name.lead_digits() - 1));
        let answers = self.slices(&names, &open_with(plan)).look(&Question::Tenths).await?;
        let tenths = answers.into_iter().filter_map(|answer| match answer {
            Answer::Tenths(tenths) => Some(tenths),
            _ => None,
        });
        let sum = |sum: Tenth, tenth: &Tenth| Tenth {
            free: sum.free + tenth.free,
            all: sum.all + tenth.all,
        };
        let tenths: Vec<Tenth> = tenths.flatten().collect();
        let hundredths = tenths.chunks(tenths_of_one);
        Ok(hundredths.map(|tenths| tenths.iter().fold(Tenth::default(), sum)).collect())
    }

    /// The books of all slices of a lottery.
    pub async fn ledger(&self, pool: PoolName, plan: &ArrangedPlan) -> Result<TicketLedger, Error> {
        let none = no_ledger(plan);
        Ok(self.ledgers(pool, plan).await?.into_iter().fold(none, |sum, (_, part)| sum + part))
    }

    /// The same, and how many of those that are free are released by then. None: there are no
    /// waves, so all are.
    pub async fn ledger_and_released(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        now: Time,
    ) -> Result<(TicketLedger, Option<u64>), Error> {
        let (mut sum, mut released) = (no_ledger(plan), None);
        for (slice, part) in self.ledgers(pool, plan).await? {
            let of_slice = plan.terms(&slice).and_then(|terms| terms.sale.released(now));
            if let Some(of_slice) = of_slice {
                let left = of_slice.saturating_sub(part.stock - part.free).min(part.free);
                *released.get_or_insert(0) += left;
            }
            sum = sum + part;
        }
        Ok((sum, released))
    }

    async fn ledgers(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
    ) -> Result<Vec<(SliceName, TicketLedger)>, Error> {
        let _turn = self.looks.acquire().await;
        let names = plan.slices(pool);
        let answers = self.slices(&names, &open_with(plan)).look(&Question::Ledger).await?;
        let ledger = |(name, answer)| match answer {
            Answer::Ledger(ledger) => Some((name, ledger)),
            _ => None,
        };
        Ok(names.into_iter().zip(answers).filter_map(ledger).collect())
    }
}

/// Of no slice, with all labels.
fn no_ledger(plan: &ArrangedPlan) -> TicketLedger {
    let labels = (0u8..).zip(&plan.labels).map(|(place, _)| LabelLedger::of(place));
    TicketLedger { labels: labels.collect(), ..TicketLedger::default() }
}

/// Keeps `most`, evenly taken from all slices rather than from the first.
fn spread(sample: &mut Vec<TicketId>, most: usize) {
    if sample.len() > most {
        let step = sample.len() as f64 / most as f64;
        *sample = (0..most).map(|i| sample[(i as f64 * step) as usize]).collect();
    }
}
