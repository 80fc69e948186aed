//! A client: asks, asks again with the same key when no answer came, sometimes twice at once, and remembers what it was told.

use super::World;
use super::auditor::{Asked, Call, Told};
use super::node::Replied;
use actors::dice::Dice;
use actors::domain::tickets::slice::Question;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Command, Event, Refusal, Slice};
use actors::engine::open::{Reach, ask_any};
use actors::engine::{Failure, How, Key, Reply, Request};
use actors::machine::Role;
use actors::{Caller, Id};
use futures_util::future::join;
use std::cell::Cell;
use std::future::poll_fn;
use std::task::Poll;

/// What a client knows of, because it was told.
#[derive(Clone)]
struct Mine {
    place: u16,
    hold: u32,
    tickets: Vec<Ticket>,
    sold: bool,
}

struct Client<'w> {
    world: &'w World,
    caller: Caller,
    dice: Dice,
    keys: u64,
    mine: Vec<Mine>,
    /// Calls under a key, to be repeated some time.
    earlier: Vec<Call>,
}

/// Does this and that until the world calms down.
pub async fn live(world: &World, number: u64, seed: u64) {
    // Some people sit in front of two screens.
    let caller = Caller::member(Id::digest(&[b"member", &(number / 2).to_le_bytes()]));
    let mut client = Client { world, caller, dice: Dice::new(seed), keys: number << 32, mine: Vec::new(), earlier: Vec::new() };
    while !world.is_calm() {
        client.act().await;
        world.rest().await;
    }
    // Whatever was asked for under a key has one answer, and it can still be had.
    for call in client.earlier.clone() {
        client.settle(call).await;
    }
}

impl Client<'_> {
    async fn act(&mut self) {
        match self.dice.below(20) {
            0..=9 => self.hold().await,
            10..=11 => self.with_hold(|hold, _| Command::Confirm { hold }).await,
            12 => self.with_hold(|hold, dice| Command::Extend { hold, ttl_s: dice.below(900) as u32 }).await,
            13 => self.with_hold(|hold, _| Command::Release { hold }).await,
            14 => self.refund().await,
            15..=16 => self.repeat_an_earlier_call().await,
            17 => self.reuse_a_key().await,
            18 => self.somebody_elses_hold().await,
            _ => self.look().await,
        }
    }

    async fn hold(&mut self) {
        let open = self.dice.below(8) > 0;
        let patterns = self.world.node.borrow().plan.patterns.clone();
        let mut pattern = patterns[self.dice.below(patterns.len() as u64) as usize].to_string();
        let mut places: Vec<u16> = (0..self.world.places()).collect();
        if !open {
            let place = self.dice.below(places.len() as u64) as u16;
            pattern.replace_range(0..1, &place.to_string());
            places = vec![place];
        }
        let count = 1 + self.dice.below(3) as u16;
        let at_least = self.dice.below(count as u64 + 1) as u16;
        let ttl_s = 5 + self.dice.below(400) as u32;
        let command = Command::Hold { pattern: pattern.parse().expect("it is one"), count, at_least, ttl_s };
        let dry = self.dice.below(12) == 0;
        let key = (self.dice.below(4) > 0 && !dry).then(|| self.next_key(0));
        self.send(Call { caller: self.caller, key, command, places, dry }).await;
    }

    async fn with_hold(&mut self, what: impl Fn(u32, &mut Dice) -> Command) {
        if self.mine.is_empty() {
            return self.hold().await;
        }
        let mine = self.mine[self.dice.below(self.mine.len() as u64) as usize].clone();
        let key = (self.dice.below(2) == 0).then(|| self.next_key(1));
        let command = what(mine.hold, &mut self.dice);
        self.send(Call { caller: self.caller, key, command, places: vec![mine.place], dry: false }).await;
    }

    async fn refund(&mut self) {
        let sold: Vec<(u16, Ticket)> =
            self.mine.iter().filter(|mine| mine.sold).flat_map(|mine| mine.tickets.iter().map(|ticket| (mine.place, *ticket))).collect();
        if sold.is_empty() {
            return self.with_hold(|hold, _| Command::Confirm { hold }).await;
        }
        let (place, ticket) = sold[self.dice.below(sold.len() as u64) as usize];
        let admin = Caller { id: Id([200; 16]), role: Role::Admin };
        let key = (self.dice.below(2) == 0).then(|| self.next_key(2));
        self.send(Call { caller: admin, key, command: Command::Refund { ticket }, places: vec![place], dry: false }).await;
    }

    async fn repeat_an_earlier_call(&mut self) {
        if self.earlier.is_empty() {
            return self.hold().await;
        }
        let call = self.earlier[self.dice.below(self.earlier.len() as u64) as usize].clone();
        self.send(call).await;
    }

    /// The same key for something else: refused, unless nothing ever came of the first.
    async fn reuse_a_key(&mut self) {
        let Some(mut call) = self.earlier.last().cloned() else { return };
        let (Command::Hold { pattern, ttl_s, .. }, Some(key)) = (&call.command, &mut call.key) else { return };
        key.command ^= 1;
        call.command = Command::Hold { pattern: *pattern, count: 9, at_least: 0, ttl_s: ttl_s + 1 };
        // What comes of it, the auditor has heard.
        let _ = self.ask_once(&call).await;
    }

    async fn somebody_elses_hold(&mut self) {
        let all = self.world.told.borrow().clone();
        if all.is_empty() {
            return;
        }
        let (place, hold) = all[self.dice.below(all.len() as u64) as usize];
        let command = Command::Confirm { hold };
        self.send(Call { caller: self.caller, key: None, command, places: vec![place], dry: false }).await;
    }

    async fn look(&mut self) {
        let anywhere = self.dice.below(self.world.places() as u64) as u16;
        let (place, question) = match self.dice.below(4) {
            0 => (anywhere, Question::HoldsOf(self.caller.id)),
            1 => (anywhere, Question::Ledger),
            _ if self.mine.is_empty() => (anywhere, Question::Ledger),
            _ => {
                let mine = &self.mine[self.dice.below(self.mine.len() as u64) as usize];
                (mine.place, Question::Hold(mine.hold))
            }
        };
        let nothing = Command::Seal;
        let call = Call { caller: self.caller, key: None, command: nothing, places: vec![place], dry: false };
        let asked = self.world.asked(&call);
        if let Ok(Reply::Looked(looked)) = self.world.here().ask(place, Request::Look(question)).await {
            self.world.node.borrow_mut().auditor.told_answer(&asked, place as usize, &looked.answer, looked.at);
        }
    }

    /// Asks until there is an answer, or patience ends.
    async fn send(&mut self, call: Call) {
        if call.key.is_some() && !self.earlier.iter().any(|other| other.key == call.key) {
            self.earlier.push(call.clone());
        }
        let patience = if call.key.is_some() { self.dice.below(6) } else { 0 };
        for attempt in 0..=patience {
            let twice = call.key.is_some() && self.dice.below(6) == 0;
            let before = self.world.lives();
            let told = if twice { join(self.ask_once(&call), self.ask_once(&call)).await.0 } else { self.ask_once(&call).await };
            match &told {
                Err(Failure::Unknown | Failure::Busy | Failure::Unavailable(_)) => {
                    self.world.rest().await;
                    if self.world.lives() > before && call.key.is_some_and(|key| self.world.node.borrow().auditor.was_passed_on(&key)) {
                        self.world.count("passed on, then everything crashed, then repeated");
                    }
                    continue;
                }
                Ok((_, done)) if attempt > 0 && call.key.is_some() => {
                    self.world.count(if done.replayed { "unknown, and it was kept" } else { "unknown, and it was lost" });
                }
                _ => {}
            }
            return self.remember(&told);
        }
    }

    /// Nothing goes wrong any more: a keyed call has an answer now.
    async fn settle(&mut self, call: Call) {
        for _ in 0..100 {
            match self.ask_once(&call).await {
                Err(Failure::Unknown | Failure::Busy | Failure::Unavailable(_)) => self.world.rest().await,
                told => return self.remember(&told),
            }
        }
        panic!("{:?} finds no answer", call.command);
    }

    async fn ask_once(&self, call: &Call) -> Told {
        let told = self.world.ask(call).await;
        if let Err(Failure::Refused(Refusal::NotOpened)) = told {
            self.world.open_slices(&call.places).await;
            return self.world.ask(call).await;
        }
        told
    }

    fn remember(&mut self, told: &Told) {
        let Ok((place, done)) = told else { return };
        match &done.event {
            Event::Held { hold, tickets, .. } if !self.mine.iter().any(|mine| (mine.place as usize, mine.hold) == (*place, *hold)) => {
                // A dry run also comes here: its hold may never come to be.
                self.mine.push(Mine { place: *place as u16, hold: *hold, tickets: tickets.clone(), sold: false });
            }
            Event::Confirmed { hold, .. } => {
                self.mine.iter_mut().filter(|mine| mine.hold == *hold && mine.place as usize == *place).for_each(|mine| mine.sold = true)
            }
            _ => {}
        }
    }

    fn next_key(&mut self, kind: u64) -> Key {
        self.keys += 1;
        let text = self.keys.to_le_bytes();
        let who = if kind == 2 { Id([200; 16]) } else { self.caller.id };
        Key::new(who, &text, &[b"meaning", &text])
    }
}

/// The way from a client to the partitions of the process that lives now.
pub struct Here<'w> {
    world: &'w World,
    life: u32,
}

impl World {
    pub fn here(&self) -> Here<'_> {
        Here { world: self, life: self.lives() }
    }

    fn asked(&self, call: &Call) -> Asked {
        self.node.borrow_mut().auditor.asked(call)
    }

    /// Asks as the shell would, and tells the auditor of it.
    pub async fn ask(&self, call: &Call) -> Told {
        let asked = self.asked(call);
        let told = match call.places[..] {
            [place] => self.ask_one(place, call).await,
            _ => ask_any(&self.here(), &call.command, call.caller, call.key, call.dry, self.roll()).await,
        };
        self.node.borrow_mut().auditor.told(asked, &told);
        if let (Ok((place, Done { event: Event::Held { hold, .. }, .. })), false) = (&told, call.dry) {
            self.told.borrow_mut().push((*place as u16, *hold));
        }
        told
    }

    async fn ask_one(&self, place: u16, call: &Call) -> Told {
        let how = if call.dry { How::Dry } else { How::Real };
        let request = Request::Command { command: call.command.clone(), caller: call.caller, key: call.key, how };
        match self.here().ask(place, request).await? {
            Reply::Done(done) => Ok((place as usize, done)),
            Reply::Refused(refusal) => Err(Failure::Refused(refusal)),
            Reply::KeyReused | Reply::Passed { .. } | Reply::Declined => Err(Failure::KeyReused),
            Reply::KeyForgotten => Err(Failure::KeyForgotten),
            Reply::Looked(_) | Reply::Left(_) => panic!("a command is not answered by a look"),
        }
    }

    /// Tells slices their terms, as the shell does when one says that it does not know them.
    pub async fn open_slices(&self, places: &[u16]) {
        for place in places {
            let command = {
                let node = self.node.borrow();
                Command::Open { lead: node.plan.names[*place as usize].lead, terms: node.plan.terms }
            };
            let call = Call { caller: Caller::SYSTEM, key: None, command, places: vec![*place], dry: false };
            let asked = self.asked(&call);
            let told = self.ask_one(*place, &call).await;
            self.node.borrow_mut().auditor.told(asked, &told);
        }
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

impl Reach<Slice> for Here<'_> {
    fn places(&self) -> u16 {
        self.world.places()
    }

    async fn ask(&self, place: u16, request: Request<Slice>) -> Replied {
        if self.world.lives() > self.life {
            return Err(Failure::Unknown);
        }
        let slot = self.world.node.borrow_mut().send(place as usize, request);
        poll_fn(|_| match slot.borrow_mut().take() {
            _ if self.world.lives() > self.life => Poll::Ready(Err(Failure::Unknown)),
            Some(replied) => Poll::Ready(replied),
            None => Poll::Pending,
        })
        .await
    }
}

use actors::engine::Done;
