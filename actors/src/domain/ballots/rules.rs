//! A box of ballots: a share of those who take part in one draw, in the order in which they came.
//!
//! Rules: a member may submit as many ballots as the box takes, until the closing instant or its
//! own Seal; administrators none. A ballot is never changed, moved or taken out. The box chains
//! them as they come, so that a receipt fixes what came before it, and answers with the root of the
//! tree over them when it is sealed. The first request that needs it opens it.
//!
//! The ballots themselves lie on cards. The box keeps what cannot be made again from the cards of
//! one block: the root of each block, and the head of the chain before it.

use super::names::{BallotId, BoxName};
use super::words::{Answer, Ballot, BoxTerms, Command, Event, Question, Refusal, Witness};
use super::{cards, rows};
use crate::cards::{Card, Cards};
use crate::dice::Dice;
use crate::domain::draw::merkle::{BLOCK, GrowingTree};
use crate::domain::draw::{Hash, Sealed, chain};
use crate::domain::pool::{Edition, PoolCommand, PoolPart};
use crate::domain::shelves;
use crate::machine::{Caller, Counts, Machine, Role, Stamp, Verdict};
use crate::store::{Row, Shelf};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::ops::Range;

#[derive(Default, Serialize, Deserialize)]
pub struct BallotBox {
    /// What it was opened with; so are the terms.
    name: Option<BoxName>,
    terms: Option<BoxTerms>,
    tree: GrowingTree,
    head: Hash,
    /// The head before each block of the tree.
    kept: Vec<Hash>,
    sealed: Option<Sealed>,
    /// What is of an earlier edition of the pool comes too late.
    edition: Edition,
    /// Of the ballots since it was last taken.
    #[serde(skip)]
    witness: Option<Witness>,
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
        let (edition, command) = command.in_edition();
        if edition.is_some_and(|edition| edition < self.edition) {
            return Err(Refusal::Withdrawn);
        }
        let terms = match (command, &self.terms) {
            (Command::Withdraw { edition }, _) => {
                let (touched, closed) = (self.count() > 0, self.sealed.is_some());
                let part = PoolPart { edition: self.edition, touched, closed };
                return part.withdraw(*edition, Event::Withdrawn { edition: *edition });
            }
            (Command::Open { name, terms }, None) => {
                let (name, terms) = (*name, *terms);
                return Ok(Verdict::New(match edition.unwrap_or_default() {
                    0 => Event::Opened { name, terms },
                    edition => Event::OpenedIn { edition, name, terms },
                }));
            }
            (Command::Open { name, .. }, Some(terms)) => {
                let (name, terms) = (*name, *terms);
                return Ok(Verdict::Already(Event::Opened { name, terms }));
            }
            (_, None) => return Err(Refusal::NotOpened),
            (_, Some(terms)) => terms,
        };
        match (command, &self.sealed) {
            (Command::Seal, Some(sealed)) => Ok(Verdict::Already(Event::Sealed(*sealed))),
            (Command::Seal, None) => Ok(Verdict::New(Event::Sealed(Sealed {
                count: self.count(),
                root: self.tree.root(),
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
        matches!(command.in_edition().1, Command::Open { .. } | Command::Withdraw { .. })
    }

    fn must_be_opened(refusal: &Refusal) -> bool {
        *refusal == Refusal::NotOpened
    }

    fn is_unopened(answer: &Answer) -> bool {
        *answer == Answer::NotOpened
    }

    fn apply(&mut self, event: &Event, _: Time) {
        match event {
            Event::Opened { name, terms } => self.open(*name, *terms),
            Event::OpenedIn { edition, name, terms } => {
                self.edition = *edition;
                self.open(*name, *terms);
            }
            Event::Withdrawn { edition } => {
                *self = BallotBox { edition: edition + 1, ..BallotBox::default() }
            }
            Event::Submitted { index, nonce, .. } => {
                if self.count().is_multiple_of(BLOCK) {
                    self.kept.push(self.head);
                }
                let leaf = self.leaf(*index, *nonce);
                let (count, head) = (self.count(), self.head);
                let witness = self.witness.get_or_insert_with(|| Witness::begin(count, head));
                witness.add(leaf);
                self.head = witness.head();
                self.tree.push(leaf);
            }
            Event::Sealed(sealed) => self.sealed = Some(*sealed),
        }
    }

    fn look(&self, question: &Question, cards: &Cards<'_>) -> Answer {
        match *question {
            _ if self.terms.is_none() => Answer::NotOpened,
            Question::State => Answer::State { count: self.count(), sealed: self.sealed },
            Question::Ballot { index } => Answer::Ballot(self.at(index, cards)),
            Question::Witness { index } => Answer::Witness(self.witness_of(index, cards)),
            Question::Path { index } => Answer::Path(self.path_of(index, cards)),
        }
    }

    fn cards(event: &Event, _: Time, cards: &mut Vec<Card>) {
        cards::write(event, cards);
    }

    const SELDOM_READ: &'static [Shelf] = &[shelves::BALLOT_CARDS];

    fn take_witness(&mut self) -> Option<Witness> {
        self.witness.take()
    }

    fn left_for(&self, command: &Command, _: &Caller, _: Time, _: &Cards<'_>) -> u64 {
        match self.terms {
            _ if command.in_edition().0.is_some_and(|edition| edition < self.edition) => 0,
            // A box that was never opened says so when it is asked for real; until then it counts
            // as empty.
            None => u32::MAX as u64,
            Some(_) if self.sealed.is_some() => 0,
            Some(terms) => terms.most.saturating_sub(self.count()),
        }
    }

    fn rows(name: &BoxName, event: &Event, at: Time, rows: &mut Vec<Row>) {
        rows::declare(name, event, at, rows);
    }

    fn books(&self, name: &BoxName) -> Vec<(String, Counts)> {
        if self.terms.is_none() {
            Vec::new()
        } else {
            vec![(format!("ballots {}", name.pool), vec![("submitted", self.count())])]
        }
    }

    fn imbalance(&self) -> i64 {
        self.sealed.map_or(0, |sealed| self.count() as i64 - sealed.count as i64)
    }
}

impl BallotBox {
    fn open(&mut self, name: BoxName, terms: BoxTerms) {
        (self.name, self.terms) = (Some(name), Some(terms));
        self.head = chain::start(&name.to_string());
    }

    fn count(&self) -> u64 {
        self.tree.count()
    }

    fn at(&self, index: u64, cards: &Cards<'_>) -> Option<Ballot> {
        (index < self.count()).then(|| cards::read(index, cards)).flatten()
    }

    fn leaf(&self, index: u64, nonce: u64) -> Hash {
        BallotId { name: self.name.unwrap_or_default(), index, nonce }.leaf()
    }

    /// The witness of an old ballot alone.
    fn witness_of(&self, index: u64, cards: &Cards<'_>) -> Option<(Ballot, Witness)> {
        let kept = self.kept.get(usize::try_from(index / BLOCK).ok()?)?;
        let block = self.tree.block_of(index);
        let (ballot, leaves) = self.with_leaves(index, block.start..index + 1, cards)?;
        let (leaf, before) = leaves.split_last()?;
        let head = before.iter().fold(*kept, |head, leaf| chain::link(&head, leaf));
        let mut witness = Witness::begin(index, head);
        witness.add(*leaf);
        Some((ballot, witness))
    }

    fn path_of(&self, index: u64, cards: &Cards<'_>) -> Option<(Ballot, Vec<Hash>)> {
        self.sealed?;
        let (ballot, block) = self.with_leaves(index, self.tree.block_of(index), cards)?;
        Some((ballot, self.tree.path(index, &block)))
    }

    /// The ballot at `index`, and the leaves of all places. All cards are asked for, also if one is
    /// missing, so that they are looked up at once.
    fn with_leaves(
        &self,
        index: u64,
        places: Range<u64>,
        cards: &Cards<'_>,
    ) -> Option<(Ballot, Vec<Hash>)> {
        let ballots: Vec<Option<Ballot>> =
            places.clone().map(|index| self.at(index, cards)).collect();
        let ballot = (*ballots.get((index - places.start) as usize)?)?;
        let leaves = places
            .zip(ballots)
            .map(|(index, ballot)| Some(self.leaf(index, ballot?.nonce)))
            .collect::<Option<_>>()?;
        Some((ballot, leaves))
    }
}
