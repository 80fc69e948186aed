//! Ballots: submitted, looked at, listed, sealed.
//!
//! They are in the boxes of a lottery. The first request that needs a box opens it.
//! A ballot may go into any box of its lottery; its id says which one took it. What a commit can
//! show for its ballots comes with their answers; of an older ballot the box is asked again.

pub mod proof;
pub mod receipt_key;
pub mod rounds;
pub mod seeds;
pub mod told;

use crate::failure::Error;
use crate::opening::{Whole, withdraw_all};
use crate::table::Engine;
use actors::domain::ballots::{
    Answer, Ballot, BallotBox, BallotId, BoxName, Command, Event, Question, Refusal, Witness,
    ballot_of_card, ballot_of_row, before_lines_of, key_of_ballot,
};
use actors::domain::draw::{Hash, Sealed};
use actors::domain::lottery::{ArrangedPlan, Lot};
use actors::domain::pool::{PoolCommand, PoolName};
use actors::domain::shelves;
use actors::engine::{By, Failure};
use actors::store::{ListedRow, Page, StoreError};
use actors::{Id, Time};
use futures_util::future::try_join_all;
use metrics::Counter;
use std::sync::Arc;

pub struct Ballots {
    engine: Arc<Engine>,
    pub taken: Counter,
}

/// A ballot that was taken, and what its box can show for it. A dry run has neither.
pub struct Submitted {
    pub shown: Option<(BallotId, Arc<Witness>)>,
    pub replayed: bool,
}

/// How a box is, and how many ballots it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InBox {
    pub count: u64,
    pub sealed: Option<Sealed>,
}

impl Ballots {
    pub fn new(engine: Arc<Engine>) -> Ballots {
        Ballots { engine, taken: metrics::counter!("stampede_ballots_total") }
    }

    pub async fn submit(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        by: By,
    ) -> Result<Submitted, Error> {
        let names = plan.boxes(pool);
        let submit = Command::Submit.of(plan.edition);
        let (place, done) = self.whole(&names, &open_with(plan)).command(&submit, by).await?;
        let Event::Submitted { index, nonce, .. } = done.event else {
            return Err(Error(Failure::Unknown));
        };
        let id = BallotId { name: names[place], index, nonce };
        let shown = match done.witness {
            _ if by.is_dry_run() && !done.replayed => None,
            Some(witness) => Some((id, witness)),
            None => self.shown(&id).await?.map(|(_, witness)| (id, Arc::new(witness))),
        };
        Ok(Submitted { shown, replayed: done.replayed })
    }

    /// Whose ballot it is, and what its box can show for it alone. None if there is no such ballot.
    pub async fn shown(&self, id: &BallotId) -> Result<Option<(Id, Witness)>, Error> {
        match self.engine.boxes.look(&id.name, Question::Witness { index: id.index }).await?.answer
        {
            Answer::Witness(Some((ballot, witness))) if ballot.nonce == id.nonce => {
                Ok(Some((ballot.owner, witness)))
            }
            _ => Ok(None),
        }
    }

    /// The path of a ballot in the tree of its box. None if there is no such ballot, or the box is
    /// not sealed.
    pub async fn path(&self, id: &BallotId) -> Result<Option<Vec<Hash>>, Error> {
        match self.engine.boxes.look(&id.name, Question::Path { index: id.index }).await?.answer {
            Answer::Path(Some((ballot, path))) if ballot.nonce == id.nonce => Ok(Some(path)),
            _ => Ok(None),
        }
    }

    /// Ballots of a box in their order, from that place on.
    pub async fn page(
        &self,
        name: &BoxName,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Ballot>, Error> {
        let Answer::State { count, .. } =
            self.engine.boxes.look(name, Question::State).await?.answer
        else {
            return Ok(Vec::new());
        };
        let found =
            self.engine.cards::<BallotBox>(name, shelves::BALLOT_CARDS, from..count, limit).await?;
        let ballot = |(index, body): &(u64, Vec<u8>)| {
            ballot_of_card(body).ok_or_else(|| {
                StoreError::Broken(format!("the card of ballot {index} of box {name}"))
            })
        };
        Ok(found.iter().map(ballot).collect::<Result<_, _>>()?)
    }

    /// The ballots of a lottery by box and place, after `after`.
    pub async fn in_lottery(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        after: Option<BallotId>,
        limit: usize,
    ) -> Result<Vec<(BallotId, Id)>, Error> {
        let mut found = Vec::new();
        for name in plan.boxes(pool) {
            let from = match after {
                Some(after) if after.name > name => continue,
                Some(after) if after.name == name => after.index.saturating_add(1),
                _ => 0,
            };
            let ballots = self.page(&name, from, limit - found.len()).await?;
            found.extend(ballots.iter().zip(from..).map(|(ballot, index)| {
                (BallotId { name, index, nonce: ballot.nonce }, ballot.owner)
            }));
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    /// A member's own ballots: lines of a list. Of all lotteries, if none is named.
    pub async fn of(
        &self,
        owner: Id,
        lottery: Option<PoolName>,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<ListedRow>, StoreError> {
        let after = after.max(lottery.map(before_lines_of));
        let page = Page { shelf: shelves::BALLOTS, owner, after, limit };
        let mut lines = self.engine.rows(page).await?;
        if let Some(pool) = lottery {
            let is_of = |(id, _): (BallotId, Time)| id.name.pool == pool;
            lines.retain(|line| ballot_of_row(&line.key, &line.body).is_some_and(is_of));
        }
        Ok(lines)
    }

    /// A member's own ballots in one lottery, by box and place, after `after`.
    pub async fn of_member_in(
        &self,
        owner: Id,
        pool: PoolName,
        after: Option<BallotId>,
        limit: usize,
    ) -> Result<Vec<(BallotId, Id)>, StoreError> {
        let after = after.as_ref().map(key_of_ballot);
        let lines = self.of(owner, Some(pool), after, limit).await?;
        let ballot = |line: &ListedRow| ballot_of_row(&line.key, &line.body);
        Ok(lines.iter().filter_map(ballot).map(|(id, _)| (id, owner)).collect())
    }

    /// All boxes of a lottery, in their order.
    pub async fn boxes(&self, pool: PoolName, plan: &ArrangedPlan) -> Result<Vec<InBox>, Error> {
        let answers =
            self.whole(&plan.boxes(pool), &open_with(plan)).look(&Question::State).await?;
        let in_box = |answer| match answer {
            Answer::State { count, sealed } => InBox { count, sealed },
            _ => InBox { count: 0, sealed: None },
        };
        Ok(answers.into_iter().map(in_box).collect())
    }

    /// Whether all boxes gave way that nobody has touched: false if one was touched.
    pub async fn withdraw(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        by: By,
    ) -> Result<bool, Error> {
        let command = Command::Withdraw { edition: plan.edition };
        withdraw_all(&self.engine.boxes, &plan.boxes(pool), &command, by, &Refusal::Touched).await
    }

    /// Seals all boxes of a lottery, those too that were never opened, and says what they hold.
    /// Can be repeated.
    pub async fn seal(&self, pool: PoolName, plan: &ArrangedPlan) -> Result<Vec<Sealed>, Error> {
        let names = plan.boxes(pool);
        self.whole(&names, &open_with(plan)).open().await?;
        try_join_all(names.iter().map(|name| self.seal_one(name))).await
    }

    async fn seal_one(&self, name: &BoxName) -> Result<Sealed, Error> {
        let done = self.engine.boxes.command(name, Command::Seal, By::SYSTEM).await?;
        match done.event {
            Event::Sealed(sealed) => Ok(sealed),
            _ => Err(Error(Failure::Unknown)),
        }
    }

    /// The ballot at a place that was drawn. Every place that can be drawn has one.
    pub async fn lot(&self, pool: PoolName, number: u8, index: u64) -> Result<Lot, Error> {
        let name = BoxName { pool, number };
        match self.engine.boxes.look(&name, Question::Ballot { index }).await?.answer {
            Answer::Ballot(Some(Ballot { nonce, owner })) => {
                Ok(Lot { number, index, nonce, owner })
            }
            _ => Err(Error(Failure::Unknown)),
        }
    }

    fn whole<'a>(
        &'a self,
        names: &'a [BoxName],
        open: &'a (dyn Fn(&BoxName) -> Option<Command> + Sync),
    ) -> Whole<'a, BallotBox> {
        Whole { router: &self.engine.boxes, names, open }
    }
}

/// What a box is told when it is first needed.
fn open_with(plan: &ArrangedPlan) -> impl Fn(&BoxName) -> Option<Command> + Sync {
    let (terms, edition) = (plan.box_terms(), plan.edition);
    move |name| Some(Command::Open { name: *name, terms: terms? }.of(edition))
}
