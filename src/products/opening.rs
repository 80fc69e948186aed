//! Partitions that are opened by whoever first needs them: a slice of a lottery, a campaign, a
//! range of a batch.
//!
//! What they are told at their opening was fixed when the whole was created, so anybody may tell
//! them, any number of times. One that has not been told says so, is told, and is asked again. Only
//! a command that is meant tells it: a question, or a command that is only tried, is answered by
//! what it would be, and neither writes nor keeps anything.

use crate::failure::{Error, Refusal};
use actors::cards::Cards;
use actors::engine::{By, CommandResult, Done, Failure, Router};
use actors::machine::{Refused, Stamp, Verdict};
use actors::{Caller, Machine};
use futures_util::future::{join_all, try_join_all};

/// Tells each of these partitions that its whole is withdrawn, whether it was ever opened or not.
/// False if one of them was touched; the others may have given way by then.
pub(crate) async fn withdraw_all<M: Machine>(
    router: &Router<M>,
    names: &[M::Name],
    command: &M::Command,
    by: By,
    touched: &M::Refusal,
) -> Result<bool, Error>
where
    M::Refusal: PartialEq + Into<Refusal>,
{
    let tell = |name| router.command(name, command.clone(), by);
    for outcome in join_all(names.iter().map(tell)).await {
        match outcome {
            Ok(_) => {}
            Err(Failure::Refused(refusal)) if refusal == *touched => return Ok(false),
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(true)
}

/// Some partitions of one whole, and what each is told when it is opened.
pub struct Whole<'a, M: Machine> {
    pub router: &'a Router<M>,
    pub names: &'a [M::Name],
    pub open: &'a (dyn Fn(&M::Name) -> Option<M::Command> + Sync),
}

impl<M: Machine> Whole<'_, M> {
    /// A command that any of them may carry out; says which did.
    pub async fn command(
        &self,
        command: &M::Command,
        by: By,
    ) -> Result<(usize, Done<M::Event, M::Witness>), Failure<M::Refusal>> {
        match self.try_to_command(command, by).await {
            Err(Failure::Refused(refusal)) if M::must_be_opened(&refusal) && by.is_dry_run() => {
                self.foresee(command, by, refusal).await
            }
            Err(Failure::Refused(refusal)) if M::must_be_opened(&refusal) => {
                self.open().await?;
                self.try_to_command(command, by).await
            }
            outcome => outcome,
        }
    }

    /// Many commands at once that `only`, one of these, carries out in their order.
    pub async fn command_together(
        &self,
        only: &M::Name,
        commands: Vec<(M::Command, By)>,
    ) -> Vec<CommandResult<M>> {
        let mut outcomes = self.router.command_together(only, commands.clone()).await;
        let is_not_told = |outcome: &CommandResult<M>| match outcome {
            Err(Failure::Refused(refusal)) => M::must_be_opened(refusal),
            _ => false,
        };
        let places = (0..commands.len()).filter(|place| is_not_told(&outcomes[*place]));
        let (tried, meant): (Vec<usize>, Vec<usize>) =
            places.partition(|place| commands[*place].1.is_dry_run());
        let again = tried.iter().map(async |place| {
            let (command, by) = &commands[*place];
            self.command(command, *by).await.map(|(_, done)| done)
        });
        let mut again = join_all(again).await;
        if !meant.is_empty() {
            again.extend(match self.open().await {
                Ok(()) => {
                    let commands = meant.iter().map(|place| commands[*place].clone()).collect();
                    self.router.command_together(only, commands).await
                }
                Err(failure) => vec![Err(failure); meant.len()],
            });
        }
        for (place, outcome) in tried.into_iter().chain(meant).zip(again) {
            outcomes[place] = outcome;
        }
        outcomes
    }

    async fn try_to_command(
        &self,
        command: &M::Command,
        by: By,
    ) -> Result<(usize, Done<M::Event, M::Witness>), Failure<M::Refusal>> {
        match self.names {
            [only] => Ok((0, self.router.command(only, command.clone(), by).await?)),
            any => self.router.command_any(any, command.clone(), by).await,
        }
    }

    /// What a command would come to if all of them had been told: the first that would carry it
    /// out, from any of them on.
    async fn foresee(
        &self,
        command: &M::Command,
        by: By,
        not_told: M::Refusal,
    ) -> Result<(usize, Done<M::Event, M::Witness>), Failure<M::Refusal>> {
        let first = self.router.node().seed() as usize % self.names.len();
        let mut refused = not_told;
        for place in (first..self.names.len()).chain(0..first) {
            match self.foresee_in(&self.names[place], command, by).await {
                Err(Failure::Refused(refusal)) if refusal.may_be_had_elsewhere() => {
                    refused = refusal
                }
                outcome => return outcome.map(|done| (place, done)),
            }
        }
        Err(Failure::Refused(refused))
    }

    async fn foresee_in(&self, name: &M::Name, command: &M::Command, by: By) -> CommandResult<M> {
        match self.router.command(name, command.clone(), By::dry_run(by.caller)).await {
            Err(Failure::Refused(refusal)) if M::must_be_opened(&refusal) => {
                let (machine, stamp) = self.told(name).ok_or(Failure::Refused(refusal))?;
                let verdict = machine
                    .decide(command, &by.caller, &stamp, &Cards::none())
                    .map_err(Failure::Refused)?;
                let (Verdict::New(event) | Verdict::Already(event)) = verdict;
                Ok(Done { event, at: stamp.at, replayed: false, witness: None })
            }
            outcome => outcome,
        }
    }

    /// The same question to all of them.
    pub async fn look(
        &self,
        question: &M::Question,
    ) -> Result<Vec<M::Answer>, Failure<M::Refusal>> {
        let answers = self.ask(question).await?;
        let answer =
            |(name, answer)| match M::is_unopened(&answer).then(|| self.told(name)).flatten() {
                Some((machine, _)) => machine.look(question, &Cards::none()),
                None => answer,
            };
        Ok(self.names.iter().zip(answers).map(answer).collect())
    }

    /// One that was never told, as it would be at this moment if it had been.
    fn told(&self, name: &M::Name) -> Option<(M, Stamp)> {
        let node = self.router.node();
        let (mut machine, stamp) = (M::default(), Stamp { at: node.now(), seed: node.seed() });
        let (Verdict::New(event) | Verdict::Already(event)) =
            machine.decide(&(self.open)(name)?, &Caller::SYSTEM, &stamp, &Cards::none()).ok()?;
        machine.apply(&event, stamp.at);
        while let Some(event) = machine.expire(stamp.at) {
            machine.apply(&event, stamp.at);
        }
        Some((machine, stamp))
    }

    async fn ask(&self, question: &M::Question) -> Result<Vec<M::Answer>, Failure<M::Refusal>> {
        let looked =
            try_join_all(self.names.iter().map(|name| self.router.look(name, question.clone())))
                .await?;
        Ok(looked.into_iter().map(|looked| looked.answer).collect())
    }

    /// Tells all of them. Those that know already say so.
    pub async fn open(&self) -> Result<(), Failure<M::Refusal>> {
        let tell = |name: &M::Name| (self.open)(name).map(|open| self.tell(name.clone(), open));
        try_join_all(self.names.iter().filter_map(tell)).await?;
        Ok(())
    }

    async fn tell(&self, name: M::Name, open: M::Command) -> CommandResult<M> {
        self.router.command(&name, open, By::SYSTEM).await
    }
}
