//! A box of ballots: a share of those who take part in one draw, in the order in which they came.
//!
//! Rules: a member may submit as many ballots as the box takes, until the closing instant or its
//! own Seal; administrators none. A ballot is never changed, moved or taken out. The box chains
//! them as they come, so that a receipt fixes what came before it, and answers with the root of the
//! tree over them when it is sealed. The first request that needs it opens it.

use super::names::{BallotId, BoxName};
use super::rows;
use super::words::{Answer, Ballot, Command, Event, Question, Refusal, Terms, Witness};
use crate::cards::Cards;
use crate::dice::Dice;
use crate::domain::draw::{Hash, Sealed, chain, merkle};
use crate::machine::{Caller, Counts, Machine, Role, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// Every so many ballots the head of the chain is kept, so that the receipt of an old ballot can be
/// made again without going back to the first.
const KEPT_EVERY: usize = 16;

#[derive(Default, Serialize, Deserialize)]
pub struct BallotBox {
    name: BoxName,
    terms: Option<Terms>,
    ballots: Vec<Ballot>,
    head: Hash,
    /// The head before each ballot whose place is a multiple of `KEPT_EVERY`.
    kept: Vec<Hash>,
    sealed: Option<Seal>,
}

#[derive(Serialize, Deserialize)]
struct Seal {
    sealed: Sealed,
    /// The roots of the blocks of its tree.
    blocks: Vec<Hash>,
}

impl Machine for BallotBox {
    const KIND: &'static str = "ballots";
    type Name = BoxName;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Question;
    type Answer = Answer;
    type Witness = Witness;

    fn decide(
        &self,
        command: &Command,
        caller: &Caller,
        stamp: &Stamp,
        _: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        let terms = match (command, &self.terms) {
            (Command::Open { name, terms }, None) => {
                return Ok(Verdict::New(Event::Opened { name: *name, terms: *terms }));
            }
            (Command::Open { .. }, Some(terms)) => {
                return Ok(Verdict::Already(Event::Opened { name: self.name, terms: *terms }));
            }
            (_, None) => return Err(Refusal::NotOpened),
            (_, Some(terms)) => terms,
        };
        match (command, &self.sealed) {
            (Command::Seal, Some(seal)) => Ok(Verdict::Already(Event::Sealed(seal.sealed))),
            (Command::Seal, None) => Ok(Verdict::New(Event::Sealed(Sealed {
                count: self.count(),
                root: merkle::root(&self.blocks()),
            }))),
            _ if caller.role != Role::Member => Err(Refusal::NotForAdmins),
            (_, Some(_)) => Err(Refusal::Closed),
            _ if stamp.at >= terms.closes_at => Err(Refusal::Closed),
            _ if self.count() >= terms.most => Err(Refusal::Full),
            _ => Ok(Verdict::New(Event::Submitted {
                index: self.count(),
                nonce: Dice::new(stamp.seed).roll(),
                owner: caller.id,
            })),
        }
    }

    fn is_opening(command: &Command) -> bool {
        matches!(command, Command::Open { .. })
    }

    fn must_be_opened(refusal: &Refusal) -> bool {
        *refusal == Refusal::NotOpened
    }

    fn is_unopened(answer: &Answer) -> bool {
        *answer == Answer::NotOpened
    }

    fn apply(&mut self, event: &Event, _: Time) {
        match event {
            Event::Opened { name, terms } => {
                (self.name, self.terms) = (*name, Some(*terms));
                self.head = chain::start(&name.to_string());
            }
            Event::Submitted { nonce, owner, .. } => {
                if self.ballots.len().is_multiple_of(KEPT_EVERY) {
                    self.kept.push(self.head);
                }
                self.ballots.push(Ballot { nonce: *nonce, owner: *owner });
                self.head = chain::link(&self.head, &self.leaf(self.ballots.len() - 1));
            }
            Event::Sealed(sealed) => {
                self.sealed = Some(Seal { sealed: *sealed, blocks: self.blocks() })
            }
        }
    }

    fn look(&self, question: &Question, _: &Cards<'_>) -> Answer {
        match *question {
            _ if self.terms.is_none() => Answer::NotOpened,
            Question::State => Answer::State {
                count: self.count(),
                sealed: self.sealed.as_ref().map(|seal| seal.sealed),
            },
            Question::Page { from, limit } => Answer::Ballots(
                self.ballots.iter().skip(from as usize).take(limit).copied().collect(),
            ),
            Question::Witness { index } => Answer::Witness(
                self.at(index)
                    .map(|ballot| (ballot, self.shown(index as usize, index as usize + 1))),
            ),
            Question::Path { index } => Answer::Path(self.at(index).zip(self.path(index as usize))),
        }
    }

    fn mark(&self) -> u64 {
        self.count()
    }

    fn witness(&self, since: u64) -> Option<Witness> {
        (since < self.count()).then(|| self.shown(since as usize, self.ballots.len()))
    }

    fn left_for(&self, _: &Command, _: &Caller, _: &Cards<'_>) -> u64 {
        match self.terms {
            // A box that was never opened says so when it is asked for real; until then it counts
            // as empty.
            None => u32::MAX as u64,
            Some(_) if self.sealed.is_some() => 0,
            Some(terms) => terms.most.saturating_sub(self.count()),
        }
    }

    fn rows(name: &BoxName, event: &Event, _: Time, rows: &mut Vec<Row>) {
        rows::declare(name, event, rows);
    }

    fn books(&self, name: &BoxName) -> Vec<(String, Counts)> {
        if self.terms.is_none() {
            Vec::new()
        } else {
            vec![(format!("ballots {}", name.day), vec![("submitted", self.count())])]
        }
    }

    fn imbalance(&self) -> i64 {
        self.sealed.as_ref().map_or(0, |seal| self.count() as i64 - seal.sealed.count as i64)
    }
}

impl BallotBox {
    fn count(&self) -> u64 {
        self.ballots.len() as u64
    }

    fn at(&self, index: u64) -> Option<Ballot> {
        self.ballots.get(usize::try_from(index).ok()?).copied()
    }

    fn leaf(&self, index: usize) -> Hash {
        BallotId { name: self.name, index: index as u64, nonce: self.ballots[index].nonce }.leaf()
    }

    fn blocks(&self) -> Vec<Hash> {
        merkle::blocks(self.ballots.len(), |index| self.leaf(index))
    }

    fn path(&self, index: usize) -> Option<Vec<Hash>> {
        let blocks = &self.sealed.as_ref()?.blocks;
        Some(merkle::path(index, self.ballots.len(), blocks, |index| self.leaf(index)))
    }

    /// The head of the chain before the ballot at `index`.
    fn head_before(&self, index: usize) -> Hash {
        match self.kept.get(index / KEPT_EVERY) {
            Some(kept) => (index - index % KEPT_EVERY..index)
                .fold(*kept, |head, index| chain::link(&head, &self.leaf(index))),
            None => self.head,
        }
    }

    fn shown(&self, from: usize, to: usize) -> Witness {
        let leaves: Vec<Hash> = (from..to).map(|index| self.leaf(index)).collect();
        let mut head = self.head_before(from);
        let mut heads = vec![head];
        for leaf in &leaves {
            head = chain::link(&head, leaf);
            heads.push(head);
        }
        Witness { from: from as u64, leaves, heads, signature: OnceLock::new() }
    }
}
