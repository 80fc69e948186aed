//! What is said to a request: what its key was answered before, or else what the machine decides.

use super::{Missing, Partition};
use crate::cards::Cards;
use crate::engine::keys::Key;
use crate::engine::record::Entry;
use crate::engine::request::{Done, HomeNote, Looked, Manner, Reply, Request};
use crate::machine::{Caller, Machine, Refused, Stamp, Verdict};
use crate::time::Time;

impl<M: Machine, W> Partition<M, W> {
    pub(super) fn answer(&mut self, request: &Request<M>, seed: u64) -> Result<Reply<M>, Missing> {
        match request {
            Request::Command { command, caller, key, how: Manner::DryRun } => {
                self.decide(command, caller, *key, Manner::DryRun, seed)
            }
            Request::Command { command, caller, key, how } => {
                match key.and_then(|key| self.known(&key, *how)) {
                    Some(reply) => Ok(reply),
                    None => self.decide(command, caller, *key, *how, seed),
                }
            }
            Request::Pass { key, caller, declined, to, .. } => {
                Ok(self.pass(*key, *caller, *declined, *to))
            }
            Request::Look(question) => {
                let answer = self.reading(|machine, cards| machine.look(question, cards))?;
                Ok(Reply::Looked(Looked { answer, at: self.time }))
            }
            Request::Left { command, caller } => {
                Ok(Reply::Left(self.reading(|machine, cards| {
                    machine.left_for(command, caller, self.time, cards)
                })?))
            }
        }
    }

    /// What the machine says, if all the cards were there that it asked for.
    fn reading<T>(&self, say: impl FnOnce(&M, &Cards<'_>) -> T) -> Result<T, Missing> {
        let cards = Cards::new(&self.cards);
        let said = say(&self.machine, &cards);
        let missing = cards.into_missing();
        if missing.is_empty() { Ok(said) } else { Err(Missing(missing)) }
    }

    fn decide(
        &mut self,
        command: &M::Command,
        caller: &Caller,
        key: Option<Key>,
        how: Manner,
        seed: u64,
    ) -> Result<Reply<M>, Missing> {
        let stamp = Stamp { at: self.time, seed };
        let decided =
            self.reading(|machine, cards| machine.decide(command, caller, &stamp, cards))?;
        Ok(match decided {
            Ok(Verdict::Already(event)) => Reply::Done(Done::again(event, self.time)),
            Ok(Verdict::New(event)) if how == Manner::DryRun => {
                Reply::Done(Done::new(event, self.time))
            }
            Ok(Verdict::New(event)) => {
                if key.is_some_and(|key| !self.window.bind(&key, self.time)) {
                    return Ok(Reply::KeyReused);
                }
                self.happen(&event, *caller, key);
                Reply::Done(Done::new(event, self.time))
            }
            Err(refusal) => match (how, key) {
                (Manner::Guest(_), Some(key)) if refusal.may_be_had_elsewhere() => {
                    self.window.bind(&key, self.time);
                    self.note(Entry::Declined, *caller, key);
                    Reply::Declined { at: self.time }
                }
                _ => Reply::Refused(refusal),
            },
        })
    }

    /// What was already said about the key, if that settles the request.
    fn known(&mut self, key: &Key, how: Manner) -> Option<Reply<M>> {
        if self.window.stands_for_another(key) {
            return Some(Reply::KeyReused);
        }
        let entry = match self.entry_of(key) {
            Ok(found) => found,
            Err(reply) => return Some(reply),
        };
        match (entry, how) {
            (Some((at, Entry::Fact(event))), _) => Some(Reply::Done(Done::again(event, at))),
            (Some((at, Entry::Passed { to })), Manner::ForGood) => {
                Some(Reply::Passed(HomeNote { to, at }))
            }
            // The home was its own guest, and has named another since.
            (Some((at, Entry::Passed { to })), Manner::Guest(note)) if to != note.to => {
                Some(Reply::Passed(HomeNote { to, at }))
            }
            // What was declined before it was named again is no answer to that.
            (Some((at, Entry::Declined)), Manner::Guest(note)) if at >= note.at => {
                Some(Reply::Declined { at })
            }
            (None, Manner::Guest(note)) if note.at < self.horizon() => Some(Reply::KeyForgotten),
            _ => None,
        }
    }

    fn pass(&mut self, key: Key, caller: Caller, declined: Option<HomeNote>, to: u16) -> Reply<M> {
        let known = match self.entry_of(&key) {
            Ok(known) => known,
            Err(reply) => return reply,
        };
        match (known, declined) {
            (Some((at, Entry::Fact(event))), _) => Reply::Done(Done::again(event, at)),
            (Some((at, Entry::Passed { to })), declined)
                if declined != Some(HomeNote { to, at }) =>
            {
                Reply::Passed(HomeNote { to, at })
            }
            (None, Some(_)) => Reply::KeyForgotten,
            _ if !self.window.bind(&key, self.time) => Reply::KeyReused,
            _ => {
                self.note(Entry::Passed { to }, caller, key);
                Reply::Passed(HomeNote { to, at: self.time })
            }
        }
    }

    fn entry_of(&mut self, key: &Key) -> Result<Option<(Time, Entry<M::Event>)>, Reply<M>> {
        let horizon = self.horizon();
        match self.answered.get(key.hash, horizon) {
            Some(answer) if answer.command != key.command => Err(Reply::KeyReused),
            Some(answer) => {
                Ok(postcard::from_bytes(&answer.entry).ok().map(|entry| (answer.at, entry)))
            }
            None => Ok(None),
        }
    }
}
