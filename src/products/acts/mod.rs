//! The book of what staff do: written before it is done, closed when it is answered, and read by
//! administrators.

pub mod told;

use crate::failure::{Error, Refusal};
use crate::table::Engine;
use actors::domain::acts::{
    Act, ActBy, ActOutcome, Command, Event, Question, act_of_row, key_of_act, key_of_time,
    outcome_of_row,
};
use actors::domain::{Only, shelves};
use actors::engine::{By, Failure};
use actors::store::{ListedRow, Page, StoreError};
use actors::{Caller, Id, Time};
use hashbrown::HashMap;
use std::sync::Arc;

/// Lines that are read at a time, and at most for one page: a filter that fits nothing ends there,
/// and goes on with the next page.
const AT_ONCE: usize = 500;
const MOST_READ: usize = 10_000;

pub struct StaffActs {
    engine: Arc<Engine>,
}

/// An act that was written down and is under way.
#[derive(Clone, Copy, Debug)]
pub struct BegunAct {
    number: u64,
    at: Time,
    caller: Caller,
}

/// An act as the list has it.
pub struct ActLine {
    pub number: u64,
    pub at: Time,
    pub act: Act,
    /// None while it is under way, and for ever if nobody could write down what came of it.
    pub outcome: Option<ActOutcome>,
}

/// How an act went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActResult {
    Done,
    Refused,
    Failed,
    Unknown,
}

/// Which acts are wanted.
#[derive(Default)]
pub struct ActFilter {
    /// The id of an account or of a key, or the name of a service.
    pub who: Option<String>,
    pub what: Option<String>,
    pub from: Option<Time>,
    pub to: Option<Time>,
    pub result: Option<ActResult>,
}

impl ActLine {
    pub fn result(&self) -> ActResult {
        match self.outcome.map(|outcome| outcome.status) {
            None => ActResult::Unknown,
            Some(..400) => ActResult::Done,
            Some(400..500) => ActResult::Refused,
            Some(_) => ActResult::Failed,
        }
    }
}

impl ActFilter {
    fn fits(&self, line: &ActLine) -> bool {
        let is_by = |who: &String| match &line.act.by {
            ActBy::Account(id) => id.to_string() == *who,
            ActBy::Key { key, service } => key.to_string() == *who || service == who,
        };
        self.who.as_ref().is_none_or(is_by)
            && self.what.as_ref().is_none_or(|what| *what == line.act.what)
            && self.result.is_none_or(|result| result == line.result())
    }
}

impl StaffActs {
    pub fn new(engine: Arc<Engine>) -> StaffActs {
        StaffActs { engine }
    }

    /// Writes down what is about to be done.
    pub async fn begin(&self, act: Act, caller: Caller) -> Result<BegunAct, Error> {
        let by = By::for_good(caller);
        let done = self.engine.acts.command(&Only, Command::Begin(act), by).await?;
        match done.event {
            Event::Begun { number, .. } => Ok(BegunAct { number, at: done.at, caller }),
            Event::Ended { .. } => Err(Error(Failure::Refused(Refusal::OtherFact))),
        }
    }

    /// Writes down what came of it.
    pub async fn end(&self, begun: BegunAct, status: u16) -> Result<(), Error> {
        let BegunAct { number, at: begun_at, caller } = begun;
        let command = Command::End { number, begun_at, status };
        self.engine.acts.command(&Only, command, By::for_good(caller)).await?;
        Ok(())
    }

    /// The newest that fit, after that key; and the key after which to go on, if there may be more.
    pub async fn list(
        &self,
        filter: &ActFilter,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<(Vec<ActLine>, Option<Vec<u8>>), Error> {
        if self.engine.acts.look(&Only, Question).await?.answer == 0 {
            return Ok((Vec::new(), None));
        }
        // What was begun in the instant `to` is not wanted any more.
        let start = filter.to.map(|to| key_of_time(Time(to.0.saturating_sub(1))));
        let (mut after, mut found, mut read) = (after.max(start), Vec::new(), 0);
        loop {
            let lines = self.page(after.clone()).await?;
            let is_last = lines.len() < AT_ONCE;
            read += lines.len();
            for line in lines {
                if filter.from.is_some_and(|from| line.at < from) {
                    return Ok((found, None));
                }
                if found.len() == limit {
                    return Ok((found, after));
                }
                after = Some(key_of_act(line.at, line.number));
                if filter.fits(&line) {
                    found.push(line);
                }
            }
            if is_last {
                return Ok((found, None));
            }
            if read >= MOST_READ {
                return Ok((found, after));
            }
        }
    }

    /// Some lines, each with what came of it.
    async fn page(&self, after: Option<Vec<u8>>) -> Result<Vec<ActLine>, StoreError> {
        let page = |shelf| Page { shelf, owner: Id::SYSTEM, after: after.clone(), limit: AT_ONCE };
        let acts = self.engine.rows(page(shelves::ACTS)).await?;
        // So many outcomes reach as far as the acts do: there are no others.
        let outcomes = self.engine.rows(page(shelves::ACT_OUTCOMES)).await?;
        let outcomes: HashMap<Vec<u8>, Vec<u8>> =
            outcomes.into_iter().map(|row| (row.key, row.body)).collect();
        let line = |row: ListedRow| {
            let (at, number, act) = act_of_row(&row.key, &row.body)
                .ok_or_else(|| StoreError::Broken("a line of the acts cannot be read".into()))?;
            let outcome = outcomes.get(&row.key).and_then(|body| outcome_of_row(body));
            Ok(ActLine { number, at, act, outcome })
        };
        acts.into_iter().map(line).collect()
    }
}
