//! Requests that any partition of a resource may answer: the next free ticket, wherever it is.
//!
//! A repeat must find its way back to the same answer. So a keyed request goes first to its *home*,
//! named by the hash of its key. If the home has nothing, the others are asked how much they have.
//! If none has any, the request is refused and nothing is written. Else the home notes to which
//! partition it passes the request on. Only then is that partition asked, as a guest under the same
//! key. It grants or declines; either is a fact. A repeat starts at the same home and follows the
//! note. Only the partition named last can have granted the request, because the home names another
//! one only after the refusal of the one before is durable. Without a key there is nothing to
//! repeat, and nothing is noted.

use super::by::{By, How};
use super::failure::Failure;
use super::keys::Key;
use super::request::{Done, HomeNote, Manner, Reply, Request};
use crate::dice::Dice;
use crate::machine::{Caller, Machine, Refused};
use crate::time::Time;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::mem::replace;

/// The partitions of one resource, numbered from 0.
pub trait Reach<M: Machine> {
    fn places(&self) -> u16;
    fn ask(
        &self,
        place: u16,
        request: Request<M>,
    ) -> impl Future<Output = Result<Reply<M>, Failure<M::Refusal>>>;
}

/// Where a keyed request starts.
pub fn home(key: &Key, places: u16) -> u16 {
    let mut hash = [0; 8];
    hash.copy_from_slice(&key.hash.0[8..]);
    (u64::from_le_bytes(hash) % places as u64) as u16
}

pub async fn ask_any<M: Machine, R: Reach<M>>(
    reach: &R,
    command: &M::Command,
    by: By,
    seed: u64,
) -> Result<(usize, Done<M::Event, M::Witness>), Failure<M::Refusal>> {
    Search::new(reach, command, by, seed).finish().await
}

/// The way of one request through the partitions.
struct Search<'a, M: Machine, R> {
    reach: &'a R,
    command: &'a M::Command,
    caller: Caller,
    key: Option<Key>,
    how: Manner,
    dice: Dice,
    home: u16,
    /// Who was asked last.
    asked: u16,
    /// To whom the home passed the key last.
    note: Option<HomeNote>,
    /// Crossed off.
    had_nothing: Vec<u16>,
    /// When guests declined the key.
    declined: BTreeMap<u16, Time>,
    asked_home_again: bool,
    chose_again: bool,
}

impl<'a, M: Machine, R: Reach<M>> Search<'a, M, R> {
    fn new(
        reach: &'a R,
        command: &'a M::Command,
        By { caller, key, how }: By,
        seed: u64,
    ) -> Search<'a, M, R> {
        let mut dice = Dice::new(seed);
        let key = key.filter(|_| how == How::ForGood);
        let home = match &key {
            Some(key) => home(key, reach.places()),
            None => dice.below(reach.places() as u64) as u16,
        };
        Search {
            reach,
            command,
            caller,
            key,
            how: how.into(),
            dice,
            home,
            asked: home,
            note: None,
            had_nothing: Vec::new(),
            declined: BTreeMap::new(),
            asked_home_again: false,
            chose_again: false,
        }
    }

    async fn finish(mut self) -> Result<(usize, Done<M::Event, M::Witness>), Failure<M::Refusal>> {
        let mut reply = self.ask(self.home, self.how).await?;
        // Every turn either follows a note, or crosses one place off; the bound only guards against
        // a stock that comes and goes forever.
        for _ in 0..4 * self.reach.places() as usize + 8 {
            reply = match reply {
                Reply::Done(done) => return Ok((self.asked as usize, done)),
                Reply::Passed(last) => {
                    self.note = Some(last);
                    self.ask(last.to, Manner::Guest(last)).await?
                }
                Reply::Declined { at } => {
                    self.declined.insert(self.asked, at);
                    self.ask_elsewhere(None).await?
                }
                Reply::Refused(refusal) if refusal.may_be_had_elsewhere() => {
                    self.ask_elsewhere(Some(refusal)).await?
                }
                Reply::Refused(refusal) => return Err(Failure::Refused(refusal)),
                Reply::KeyReused => return Err(Failure::KeyReused),
                Reply::KeyForgotten => return Err(Failure::KeyForgotten),
                Reply::Looked(_) | Reply::Left(_) => return Err(Failure::Unknown),
            };
        }
        Err(Failure::Busy)
    }

    async fn ask(&mut self, place: u16, how: Manner) -> Result<Reply<M>, Failure<M::Refusal>> {
        let (command, caller, key) = (self.command.clone(), self.caller, self.key);
        self.asked = place;
        self.reach.ask(place, Request::Command { command, caller, key, how }).await
    }

    /// Asks the home to name that guest for the key.
    async fn pass(&mut self, key: Key, to: u16) -> Result<Reply<M>, Failure<M::Refusal>> {
        let (caller, declined) = (self.caller, self.note);
        let after = self.declined.get(&to).copied();
        self.asked = self.home;
        self.reach.ask(self.home, Request::Pass { key, caller, declined, to, after }).await
    }

    /// Whoever was asked last had nothing: they refused, or declined the key without saying why.
    async fn ask_elsewhere(
        &mut self,
        refusal: Option<M::Refusal>,
    ) -> Result<Reply<M>, Failure<M::Refusal>> {
        self.had_nothing.push(self.asked);
        let mut next = self.choose().await?;
        // All were guests and declined, but maybe when they were first asked, and they have
        // something by now.
        if next.is_none() && refusal.is_none() && !replace(&mut self.chose_again, true) {
            self.had_nothing.clear();
            next = self.choose().await?;
        }
        match (next, self.key, refusal) {
            (Some(to), Some(key), _) => self.pass(key, to).await,
            (Some(to), None, _) => self.ask(to, self.how).await,
            // A twin with the same key may have got the last one meanwhile, and that is the answer
            // to this one, too: the home knows.
            (None, Some(_), Some(_)) if !replace(&mut self.asked_home_again, true) => {
                unless_refused(self.ask(self.home, self.how).await?)
            }
            (None, _, Some(refusal)) => Err(Failure::Refused(refusal)),
            // The home says why, or something has come back to it.
            (None, Some(key), None) => {
                unless_refused(self.ask(self.home, Manner::DryRun).await?)?;
                self.pass(key, self.home).await
            }
            (None, None, None) => Err(Failure::Unknown),
        }
    }

    /// One of the places not crossed off, weighed by what is left there.
    async fn choose(&mut self) -> Result<Option<u16>, Failure<M::Refusal>> {
        let places: Vec<u16> =
            (0..self.reach.places()).filter(|place| !self.had_nothing.contains(place)).collect();
        let left = |place: &u16| {
            let (command, caller) = (self.command.clone(), self.caller);
            self.reach.ask(*place, Request::Left { command, caller })
        };
        let mut weights = Vec::with_capacity(places.len());
        for reply in join_all(places.iter().map(left)).await {
            weights.push(if let Reply::Left(left) = reply? { left } else { 0 });
        }
        // Where it was granted before, by whatever name outlives its key, it is granted again.
        let granted_before = weights.iter().position(|weight| *weight == u64::MAX);
        Ok(granted_before.or_else(|| self.dice.weigh(&weights)).map(|place| places[place]))
    }
}

fn unless_refused<M: Machine>(reply: Reply<M>) -> Result<Reply<M>, Failure<M::Refusal>> {
    match reply {
        Reply::Refused(refusal) => Err(Failure::Refused(refusal)),
        reply => Ok(reply),
    }
}
