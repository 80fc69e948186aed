//! Orders whose numbers have to follow one another: all of one slice, that with the longest run.
//!
//! Slices say how long their longest runs are, and the best one decides. If somebody was quicker
//! there, all are looked at again.

use super::Orders;
use super::gathering::{Begun, unsure};
use crate::failure::Error;
use crate::opening::Whole;
use crate::tickets::opened::open_with;
use actors::Caller;
use actors::dice::Dice;
use actors::domain::lottery::ArrangedPlan;
use actors::domain::pool::PoolCommand;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Answer, Command, Event, Question, Refusal, SliceName};
use actors::domain::till::{OrderPart, OrderWish};
use actors::engine::{By, Failure};

/// So often all are looked at while others are quicker.
const LOOKS: usize = 32;

/// What a slice said.
enum Said {
    Held(Vec<Ticket>),
    /// Somebody was quicker.
    Gone,
    /// This slice gives this owner nothing.
    Never(Refusal),
}

impl Orders {
    pub(super) async fn parts_together(
        &self,
        begun: &Begun<'_>,
        wish: &OrderWish,
    ) -> Result<Vec<OrderPart>, Error> {
        let refused = |refusal: Refusal| Error(Failure::Refused(refusal.into()));
        let mut slices = begun.plan.slices_matching(begun.id.till.pool, &wish.pattern);
        let (mut parts, mut never) = (Vec::<OrderPart>::new(), None);
        for _ in 0..LOOKS {
            let found = self.longest_run(&slices, begun.plan, wish).await?;
            let longest = found.map_or(0, |(_, longest)| longest);
            let Some((slice, _)) = found.filter(|_| longest >= wish.at_least.max(1)) else {
                let none = Refusal::NoMatchLeft { left: u64::from(longest) };
                return Err(refused(never.unwrap_or(none)));
            };
            let said = self.hold_run(begun, wish, &slice, longest).await?;
            // Also a slice that had nothing was asked, so it hears of the end.
            parts.retain(|part| part.lead != slice.lead);
            let mut part = OrderPart { lead: slice.lead, tickets: Vec::new() };
            match said {
                Said::Held(tickets) => {
                    part.tickets = tickets;
                    parts.push(part);
                    return Ok(parts);
                }
                Said::Gone => {}
                Said::Never(refusal) => {
                    never = Some(refusal);
                    slices.retain(|other| *other != slice);
                }
            }
            parts.push(part);
        }
        Err(Error(Failure::Busy))
    }

    /// The slice with the longest run, any of those that have one so long; and how long it is.
    async fn longest_run(
        &self,
        slices: &[SliceName],
        plan: &ArrangedPlan,
        wish: &OrderWish,
    ) -> Result<Option<(SliceName, u16)>, Error> {
        let question = Question::LongestRun { pattern: wish.pattern, most: wish.count };
        let all = Whole { router: &self.engine.slices, names: slices, open: &open_with(plan) };
        let length = |answer| match answer {
            Answer::LongestRun(length) => length,
            _ => 0,
        };
        let lengths: Vec<u16> = all.look(&question).await?.into_iter().map(length).collect();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let weights: Vec<u64> = lengths.iter().map(|length| (*length == longest).into()).collect();
        let place = Dice::new(self.engine.node.seed()).weigh(&weights);
        Ok(place.map(|place| (slices[place], longest)))
    }

    /// What the slice has now: as much as it said, or what its limits leave of that.
    async fn hold_run(
        &self,
        begun: &Begun<'_>,
        wish: &OrderWish,
        slice: &SliceName,
        longest: u16,
    ) -> Result<Said, Error> {
        let OrderWish { pattern, count, at_least, .. } = *wish;
        let (order, owner) = (begun.id.in_pool(), begun.owner);
        let system = By { caller: Caller::SYSTEM, key: None, how: begun.by.how };
        for at_least in [longest, at_least] {
            let command = Command::HoldTogetherFor { order, owner, pattern, count, at_least };
            let command = command.of(begun.plan.edition);
            match self.tell_slice(slice, begun.plan, command, system).await {
                Ok(Event::HeldFor { tickets, .. }) => return Ok(Said::Held(tickets)),
                Ok(_) => return Err(Error(Failure::Refused(crate::Refusal::OtherFact))),
                Err(Failure::Refused(refusal)) => match refusal {
                    Refusal::NoMatchLeft { .. } => return Ok(Said::Gone),
                    Refusal::LimitReached { .. } | Refusal::NotReleasedYet { .. } => {
                        if at_least == wish.at_least {
                            return Ok(Said::Never(refusal));
                        }
                    }
                    other => return Err(Error(Failure::Refused(other.into()))),
                },
                Err(failure) => return Err(unsure(failure)),
            }
        }
        Ok(Said::Gone)
    }
}
