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
use super::request::{Done, Manner, Reply, Request};
use crate::dice::Dice;
use crate::machine::{Caller, Machine};
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
    By { caller, key, how }: By,
    seed: u64,
) -> Result<(usize, Done<M::Event, M::Witness>), Failure<M::Refusal>> {
    let mut dice = Dice::new(seed);
    let key = key.filter(|_| how == How::ForGood);
    let home = match &key {
        Some(key) => home(key, reach.places()),
        None => dice.below(reach.places() as u64) as u16,
    };
    let here = |how| Request::Command { command: command.clone(), caller, key, how };
    let plain = Manner::from(how);

    let mut asked = home;
    let mut note = None;
    let mut had_nothing = Vec::new();
    let mut declined = BTreeMap::new();
    let (mut asked_home_again, mut chose_again) = (false, false);
    let mut reply = reach.ask(home, here(plain)).await?;
    // Every turn either follows a note, or crosses one place off; the bound only guards against a
    // stock that comes and goes forever.
    for _ in 0..4 * reach.places() as usize + 8 {
        reply = match reply {
            Reply::Done(done) => return Ok((asked as usize, done)),
            Reply::Passed(last) => {
                (asked, note) = (last.to, Some(last));
                reach.ask(last.to, here(Manner::Guest(last))).await?
            }
            Reply::KeyReused => return Err(Failure::KeyReused),
            Reply::KeyForgotten => return Err(Failure::KeyForgotten),
            reply if reply.may_be_had_elsewhere() || matches!(reply, Reply::Declined { .. }) => {
                had_nothing.push(asked);
                if let Reply::Declined { at } = reply {
                    declined.insert(asked, at);
                }
                let refusal = if let Reply::Refused(why) = reply { Some(why) } else { None };
                let mut next = choose(reach, command, caller, &had_nothing, &mut dice).await?;
                // All were guests and declined, but maybe when they were first asked, and they have
                // something by now.
                if next.is_none() && refusal.is_none() && !replace(&mut chose_again, true) {
                    had_nothing.clear();
                    next = choose(reach, command, caller, &had_nothing, &mut dice).await?;
                }
                let pass = |key: &Key, to| Request::Pass {
                    key: *key,
                    caller,
                    declined: note,
                    to,
                    after: declined.get(&to).copied(),
                };
                match (next, &key, refusal) {
                    (Some(to), Some(key), _) => {
                        asked = home;
                        reach.ask(home, pass(key, to)).await?
                    }
                    (Some(to), None, _) => {
                        asked = to;
                        reach.ask(to, here(plain)).await?
                    }
                    // A twin with the same key may have got the last one meanwhile, and that is the
                    // answer to this one, too: the home knows.
                    (None, Some(_), Some(_)) if !replace(&mut asked_home_again, true) => {
                        asked = home;
                        match reach.ask(home, here(plain)).await? {
                            Reply::Refused(refusal) => return Err(Failure::Refused(refusal)),
                            reply => reply,
                        }
                    }
                    (None, _, Some(refusal)) => return Err(Failure::Refused(refusal)),
                    // The home says why, or something has come back to it.
                    (None, Some(key), None) => {
                        asked = home;
                        match reach.ask(home, here(Manner::DryRun)).await? {
                            Reply::Refused(refusal) => return Err(Failure::Refused(refusal)),
                            _ => reach.ask(home, pass(key, home)).await?,
                        }
                    }
                    (None, None, None) => return Err(Failure::Unknown),
                }
            }
            Reply::Refused(refusal) => return Err(Failure::Refused(refusal)),
            Reply::Declined { .. } | Reply::Looked(_) | Reply::Left(_) => {
                return Err(Failure::Unknown);
            }
        };
    }
    Err(Failure::Busy)
}

/// One of the places not crossed off, weighed by what is left there.
async fn choose<M: Machine, R: Reach<M>>(
    reach: &R,
    command: &M::Command,
    caller: Caller,
    crossed_off: &[u16],
    dice: &mut Dice,
) -> Result<Option<u16>, Failure<M::Refusal>> {
    let places: Vec<u16> =
        (0..reach.places()).filter(|place| !crossed_off.contains(place)).collect();
    let left = join_all(
        places
            .iter()
            .map(|place| reach.ask(*place, Request::Left { command: command.clone(), caller })),
    )
    .await;
    let mut weights = Vec::with_capacity(places.len());
    for reply in left {
        weights.push(match reply? {
            Reply::Left(left) => left,
            _ => 0,
        });
    }
    // Where it was granted before, by whatever name outlives its key, it is granted again.
    let granted_before = weights.iter().position(|weight| *weight == u64::MAX);
    Ok(granted_before.or_else(|| dice.weigh(&weights)).map(|place| places[place]))
}
