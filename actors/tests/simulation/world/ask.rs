//! How clients ask: as the shell would, again with the same key when no answer came, sometimes
//! twice at once.

use super::World;
use super::auditor::Asked;
use super::kind::Kind;
use super::room::Replied;
use actors::dice::Dice;
use actors::engine::open::{Reach, ask_any};
use actors::engine::{By, Done, Failure, How, Key, Manner, Reply, Request};
use actors::{Caller, Machine};
use futures_util::future::join;
use std::cell::Cell;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::task::Poll;

/// What a client asks for.
pub struct Call<M: Machine> {
    pub caller: Caller,
    pub key: Option<Key>,
    pub command: M::Command,
    /// Where it may be answered: one place, or the first so many.
    pub places: Vec<u16>,
    pub dry: bool,
    /// If there is an answer already, one of the places can tell it.
    pub first_look: Option<FirstLook<M>>,
}

/// What to ask every place before the command is given, and how to read what was found as the
/// answer to it.
pub struct FirstLook<M: Machine> {
    pub question: M::Question,
    pub found: fn(&M::Command, M::Answer) -> Option<Result<M::Event, M::Refusal>>,
}

pub type Outcome<M> = Result<
    (usize, Done<<M as Machine>::Event, <M as Machine>::Witness>),
    Failure<<M as Machine>::Refusal>,
>;

impl<M: Machine> Call<M> {
    pub fn of(caller: Caller, key: Option<Key>, command: M::Command, places: Vec<u16>) -> Call<M> {
        Call { caller, key, command, places, dry: false, first_look: None }
    }

    /// Whether more than one place may answer it.
    pub fn is_open(&self) -> bool {
        self.places.len() > 1
    }
}

impl<M: Machine> Clone for Call<M> {
    fn clone(&self) -> Call<M> {
        let first_look = self
            .first_look
            .as_ref()
            .map(|look| FirstLook { question: look.question.clone(), found: look.found });
        Call { command: self.command.clone(), places: self.places.clone(), first_look, ..*self }
    }
}

/// A client's calls to one kind of partition.
pub struct Asker<'w, K: Kind> {
    world: &'w World,
    /// Calls under a key, to be repeated some time.
    pub earlier: Vec<Call<K>>,
}

impl<'w, K: Kind> Asker<'w, K> {
    pub fn new(world: &'w World) -> Asker<'w, K> {
        Asker { world, earlier: Vec::new() }
    }

    /// Asks until there is an answer, or patience ends.
    pub async fn send(&mut self, call: Call<K>, dice: &mut Dice) -> Outcome<K> {
        if call.key.is_some() && !self.earlier.iter().any(|other| other.key == call.key) {
            self.earlier.push(call.clone());
        }
        let patience = if call.key.is_some() { dice.below(6) } else { 0 };
        let mut attempt = 0;
        loop {
            let twice = call.key.is_some() && dice.below(6) == 0;
            let before = self.world.lives();
            let told = if twice {
                join(self.ask_once(&call), self.ask_once(&call)).await.0
            } else {
                self.ask_once(&call).await
            };
            match &told {
                Err(
                    Failure::Unknown | Failure::Moved | Failure::Busy | Failure::Unavailable(_),
                ) if attempt < patience => {
                    self.world.rest().await;
                    if self.world.lives() > before
                        && call.key.is_some_and(|key| self.world.was_passed_on::<K>(&key))
                    {
                        self.world.count("passed on, then everything crashed, then repeated");
                    }
                    attempt += 1;
                }
                told_now => {
                    if let (Ok((_, done)), 1.., true) = (told_now, attempt, call.key.is_some()) {
                        self.world.count(if done.replayed {
                            "unknown, and it was kept"
                        } else {
                            "unknown, and it was lost"
                        });
                    }
                    return told;
                }
            }
        }
    }

    pub async fn repeat_an_earlier_call(&mut self, dice: &mut Dice) -> Option<Outcome<K>> {
        let call = match self.earlier.len() as u64 {
            0 => return None,
            calls => self.earlier[dice.below(calls) as usize].clone(),
        };
        Some(self.send(call, dice).await)
    }

    /// Nothing goes wrong any more: whatever was asked for under a key has one answer, and it can
    /// still be had.
    pub async fn settle(&mut self) {
        for call in std::mem::take(&mut self.earlier) {
            // What comes of it, the auditor has heard.
            let _ = self.world.settle(&call).await;
        }
    }

    pub async fn ask_once(&self, call: &Call<K>) -> Outcome<K> {
        self.world.ask_open(call).await
    }

    pub async fn look(
        &self,
        caller: Caller,
        place: u16,
        question: K::Question,
        nothing: K::Command,
    ) -> Option<K::Answer> {
        let call = Call::<K>::of(caller, None, nothing, vec![place]);
        let asked = self.world.asked(&call);
        match self.world.here(&call).ask(place, Request::Look(question)).await {
            Ok(Reply::Looked(looked)) => {
                self.world.told_answer(asked, &looked.answer, looked.at);
                Some(looked.answer)
            }
            _ => {
                self.world.told(asked, &Err(Failure::Unknown));
                None
            }
        }
    }
}

/// The way from a client to the partitions of the process that lives now.
pub struct Here<'w, K> {
    world: &'w World,
    places: u16,
    life: u32,
    of: PhantomData<K>,
}

impl World {
    fn here<K: Kind>(&self, call: &Call<K>) -> Here<'_, K> {
        Here { world: self, places: call.places.len() as u16, life: self.lives(), of: PhantomData }
    }

    fn asked<K: Kind>(&self, call: &Call<K>) -> Asked<K> {
        let mut node = self.node.borrow_mut();
        K::parts(&mut node).1.auditor.asked(call)
    }

    fn told<K: Kind>(&self, asked: Asked<K>, outcome: &Outcome<K>) {
        let mut node = self.node.borrow_mut();
        let (yard, room) = K::parts(&mut node);
        room.auditor.told(asked, outcome, yard.latest, &mut yard.tally);
    }

    fn told_answer<K: Kind>(&self, asked: Asked<K>, answer: &K::Answer, at: actors::Time) {
        let mut node = self.node.borrow_mut();
        let (yard, room) = K::parts(&mut node);
        room.auditor.told_answer(asked, answer, at, yard.latest, &mut yard.tally);
    }

    fn was_passed_on<K: Kind>(&self, key: &Key) -> bool {
        K::parts(&mut self.node.borrow_mut()).1.auditor.was_passed_on(key)
    }

    /// Asks, and opens what says that it was not opened, as the shell does.
    pub async fn ask_open<K: Kind>(&self, call: &Call<K>) -> Outcome<K> {
        let told = self.ask(call).await;
        match &told {
            Err(Failure::Refused(refusal))
                if K::is_not_opened(refusal) && self.open_places::<K>(&call.places).await =>
            {
                self.ask(call).await
            }
            _ => told,
        }
    }

    /// Asks as the shell would, and tells the auditor of it.
    async fn ask<K: Kind>(&self, call: &Call<K>) -> Outcome<K> {
        let asked = self.asked(call);
        let told = match self.look_first(call).await {
            Ok(Some(found)) => Ok(found),
            Err(failure) => Err(failure),
            Ok(None) => match call.places[..] {
                [place] => self.ask_one(place, call).await,
                _ => {
                    ask_any(
                        &self.here(call),
                        &call.command,
                        By { caller: call.caller, key: call.key, how: How::dry_run_if(call.dry) },
                        self.roll(),
                    )
                    .await
                }
            },
        };
        self.told(asked, &told);
        told
    }

    async fn look_first<K: Kind>(
        &self,
        call: &Call<K>,
    ) -> Result<Option<(usize, Done<K::Event, K::Witness>)>, Failure<K::Refusal>> {
        let Some(look) = &call.first_look else { return Ok(None) };
        for place in &call.places {
            let Reply::Looked(looked) =
                self.here(call).ask(*place, Request::Look(look.question.clone())).await?
            else {
                continue;
            };
            match (look.found)(&call.command, looked.answer) {
                Some(Ok(event)) => {
                    self.count("the same source again");
                    return Ok(Some((
                        *place as usize,
                        Done { event, at: looked.at, replayed: true, witness: None },
                    )));
                }
                Some(Err(refusal)) => return Err(Failure::Refused(refusal)),
                None => {}
            }
        }
        Ok(None)
    }

    async fn ask_one<K: Kind>(&self, place: u16, call: &Call<K>) -> Outcome<K> {
        let how = if call.dry { Manner::DryRun } else { Manner::ForGood };
        let request = Request::Command {
            command: call.command.clone(),
            caller: call.caller,
            key: call.key,
            how,
        };
        match self.here(call).ask(place, request).await? {
            Reply::Done(done) => Ok((place as usize, done)),
            Reply::Refused(refusal) => Err(Failure::Refused(refusal)),
            Reply::KeyReused | Reply::Passed(_) | Reply::Declined { .. } => Err(Failure::KeyReused),
            Reply::KeyForgotten => Err(Failure::KeyForgotten),
            Reply::Looked(_) | Reply::Left(_) => panic!("a command is not answered by a look"),
        }
    }

    /// False if they are opened by other means.
    async fn open_places<K: Kind>(&self, places: &[u16]) -> bool {
        for place in places {
            let opening = {
                let mut node = self.node.borrow_mut();
                let (yard, room) = K::parts(&mut node);
                K::opening(yard, &room.names[*place as usize])
            };
            let Some(command) = opening else { return false };
            let call = Call::<K>::of(Caller::SYSTEM, None, command, vec![*place]);
            let asked = self.asked(&call);
            let told = self.ask_one(*place, &call).await;
            self.told(asked, &told);
        }
        true
    }

    /// Asks until there is an answer, which there is when nothing goes wrong any more.
    pub async fn settle<K: Kind>(&self, call: &Call<K>) -> Outcome<K> {
        for _ in 0..100 {
            match self.ask_open(call).await {
                Err(
                    Failure::Unknown | Failure::Moved | Failure::Busy | Failure::Unavailable(_),
                ) => self.rest().await,
                told => return told,
            }
        }
        panic!("{:?} finds no answer", call.command);
    }

    /// Lets everything else go on for a while.
    pub async fn rest(&self) {
        let turns = Cell::new(1 + self.roll() % 8);
        poll_fn(|_| match turns.replace(turns.get().saturating_sub(1)) {
            0 => Poll::Ready(()),
            _ => Poll::Pending,
        })
        .await
    }
}

impl<K: Kind> Reach<K> for Here<'_, K> {
    fn places(&self) -> u16 {
        self.places
    }

    async fn ask(&self, place: u16, request: Request<K>) -> Replied<K> {
        if self.world.lives() > self.life {
            return Err(Failure::Unknown);
        }
        let slot = K::parts(&mut self.world.node.borrow_mut()).1.send(place as usize, request);
        poll_fn(|_| match slot.borrow_mut().take() {
            _ if self.world.lives() > self.life => Poll::Ready(Err(Failure::Unknown)),
            Some(replied) => Poll::Ready(replied),
            None => Poll::Pending,
        })
        .await
    }
}
