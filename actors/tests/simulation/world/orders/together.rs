//! Orders whose numbers have to follow one another, as the shell gathers them.

use super::super::ask::Asker;
use super::shell::{Begun, Shell, Stopped};
use actors::Caller;
use actors::domain::tickets::{self, Pattern, Slice};
use actors::domain::till::{OrderPart, OrderWish};
use actors::engine::Failure;

impl Shell<'_> {
    /// All of one slice: of that with the longest run, or of the next if others were quicker there.
    pub(super) async fn parts_together(
        &self,
        begun: &Begun,
        count: u16,
    ) -> Result<Vec<OrderPart>, Stopped> {
        let (order, owner, OrderWish { pattern, at_least, .. }) =
            (begun.order, begun.owner, begun.wish);
        let hold = tickets::Command::HoldTogetherFor { order, owner, pattern, count, at_least };
        let mut longest = Vec::new();
        for lead in self.slices(|slice| slice.may_match(&pattern)) {
            longest.push((self.longest_run(lead, pattern, count, &hold).await, lead));
        }
        longest.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        let mut parts = Vec::new();
        for (_, lead) in longest.into_iter().filter(|(length, _)| *length >= at_least.max(1)) {
            self.goes_on()?;
            let told = self.to_slice(lead, hold.clone()).await;
            let tickets = match told {
                Ok(tickets::Event::HeldFor { tickets, .. }) => tickets,
                Err(Failure::Refused(
                    tickets::Refusal::NoMatchLeft { .. } | tickets::Refusal::LimitReached { .. },
                )) => Vec::new(),
                _ => return Err(Stopped::InDoubt),
            };
            let found = tickets.len();
            parts.push(OrderPart { lead, tickets });
            if found > 0 {
                self.world.count(if found > 1 { "order of one run" } else { "order of one" });
                self.goes_on()?;
                return Ok(parts);
            }
        }
        self.world.count("no run for an order");
        Err(Stopped::InDoubt)
    }

    async fn longest_run(
        &self,
        lead: u8,
        pattern: Pattern,
        most: u16,
        hold: &tickets::Command,
    ) -> u16 {
        let slices = Asker::<Slice>::new(self.world);
        let question = tickets::Question::LongestRun { pattern, most };
        match slices.look(Caller::SYSTEM, lead.into(), question, hold.clone()).await {
            Some(tickets::Answer::LongestRun(length)) => length,
            // One that is not open yet has all of it.
            Some(tickets::Answer::NotOpened) => most,
            _ => 0,
        }
    }
}
