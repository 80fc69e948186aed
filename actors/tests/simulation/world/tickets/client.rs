//! A client who wants tickets: holds, confirms, extends, gives back, and looks at other people's
//! holds.

use super::super::World;
use super::super::ask::{Asker, Call, Outcome};
use actors::dice::Dice;
use actors::domain::tickets::Question;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Command, Event, Refusal, Slice};
use actors::engine::{Failure, Key};
use actors::machine::Role;
use actors::{Caller, Id};

const ADMIN: Caller = Caller { id: Id([200; 16]), role: Role::Admin };

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
    slices: Asker<'w, Slice>,
}

/// Does this and that until the world calms down.
pub async fn live(world: &World, number: u64, seed: u64) {
    // Some people sit in front of two screens.
    let caller = Caller::member(Id::digest(&[b"member", &(number / 2).to_le_bytes()]));
    let (dice, slices) = (Dice::new(seed), Asker::new(world));
    let mut client = Client { world, caller, dice, keys: number << 32, mine: Vec::new(), slices };
    while !world.is_calm() {
        client.act().await;
        world.rest().await;
    }
    client.slices.settle().await;
}

impl Client<'_> {
    async fn act(&mut self) {
        match self.dice.below(24) {
            0..=9 => self.hold().await,
            20..=21 => self.hold_together().await,
            22..=23 => self.refund_hold().await,
            10..=11 => self.with_hold(|hold, _| Command::Confirm { hold }).await,
            12 => {
                self.with_hold(|hold, dice| Command::Extend { hold, ttl_s: dice.below(900) as u32 })
                    .await
            }
            13 => self.with_hold(|hold, _| Command::Release { hold }).await,
            14 => self.refund().await,
            15..=16 => match self.slices.repeat_an_earlier_call(&mut self.dice).await {
                Some(told) => self.remember(&told),
                None => self.hold().await,
            },
            17 => self.reuse_a_key().await,
            18 => self.somebody_elses_hold().await,
            _ => self.look().await,
        }
    }

    async fn hold(&mut self) {
        let open = self.dice.below(8) > 0;
        let patterns = self.world.plan(|plan| plan.tickets.patterns.clone());
        let mut pattern = patterns[self.dice.below(patterns.len() as u64) as usize].to_string();
        let mut places: Vec<u16> = (0..self.places()).collect();
        if !open {
            let place = self.dice.below(places.len() as u64) as u16;
            pattern.replace_range(0..1, &place.to_string());
            places = vec![place];
        }
        if self.dice.below(4) == 0 {
            (pattern, places) = self.of_a_label(pattern, places);
        }
        let count = 1 + self.dice.below(3) as u16;
        let at_least = self.dice.below(count as u64 + 1) as u16;
        let ttl_s = 5 + self.dice.below(400) as u32;
        let command =
            Command::Hold { pattern: pattern.parse().expect("it is one"), count, at_least, ttl_s };
        self.begin(command, places).await;
    }

    /// Numbers that follow one another, of the slice that the pattern names.
    async fn hold_together(&mut self) {
        let place = self.dice.below(self.places() as u64) as u16;
        let runs = ["12*", "12*", "12*", "1**", "*2*"];
        let pattern = format!("{place}{}", runs[self.dice.below(5) as usize]);
        let (pattern, places) = match self.dice.below(3) {
            0 => self.of_a_label(pattern, vec![place]),
            _ => (pattern, vec![place]),
        };
        let count = 1 + self.dice.below(6) as u16;
        let at_least = self.dice.below(u64::from(count) + 1) as u16;
        let (pattern, ttl_s) =
            (pattern.parse().expect("it is one"), 5 + self.dice.below(400) as u32);
        self.begin(Command::HoldTogether { pattern, count, at_least, ttl_s }, places).await;
    }

    async fn begin(&mut self, hold: Command, places: Vec<u16>) {
        let dry = self.dice.below(12) == 0;
        let key = (self.dice.below(4) > 0 && !dry).then(|| self.next_key(self.caller.id));
        self.send(Call { dry, ..Call::of(self.caller, key, hold, places) }).await;
    }

    /// The same of any label, if some of these slices may have that.
    fn of_a_label(&mut self, pattern: String, places: Vec<u16>) -> (String, Vec<u16>) {
        let label = Some(self.dice.below(4) as u8);
        let narrowed = self.world.plan(|plan| {
            let pattern = pattern.parse().expect("it is one");
            let pattern = plan.tickets.pool.narrowed(&pattern, label)?;
            let can = |place: &u16| plan.tickets.names[*place as usize].may_match(&pattern);
            let places: Vec<u16> = places.iter().copied().filter(can).collect();
            (!places.is_empty()).then(|| (pattern.to_string(), places))
        });
        narrowed.unwrap_or((pattern, places))
    }

    async fn with_hold(&mut self, what: impl Fn(u32, &mut Dice) -> Command) {
        if self.mine.is_empty() {
            return self.hold().await;
        }
        let mine = self.mine[self.dice.below(self.mine.len() as u64) as usize].clone();
        let key = (self.dice.below(2) == 0).then(|| self.next_key(self.caller.id));
        let command = what(mine.hold, &mut self.dice);
        self.send(Call::of(self.caller, key, command, vec![mine.place])).await;
    }

    async fn refund(&mut self) {
        let sold: Vec<(u16, Ticket)> = self
            .mine
            .iter()
            .filter(|mine| mine.sold)
            .flat_map(|mine| mine.tickets.iter().map(|ticket| (mine.place, *ticket)))
            .collect();
        if sold.is_empty() {
            return self.with_hold(|hold, _| Command::Confirm { hold }).await;
        }
        let (place, ticket) = sold[self.dice.below(sold.len() as u64) as usize];
        let key = (self.dice.below(2) == 0).then(|| self.next_key(ADMIN.id));
        self.send(Call::of(ADMIN, key, Command::Refund { ticket }, vec![place])).await;
    }

    /// All of a hold, some of it, what is back already, or what another has bought.
    async fn refund_hold(&mut self) {
        let sold: Vec<Mine> = self.mine.iter().filter(|mine| mine.sold).cloned().collect();
        if sold.is_empty() {
            return self.with_hold(|hold, _| Command::Confirm { hold }).await;
        }
        let any = |dice: &mut Dice| sold[dice.below(sold.len() as u64) as usize].clone();
        let (Mine { place, hold, tickets, .. }, other) = (any(&mut self.dice), any(&mut self.dice));
        let named: Vec<Ticket> = match self.dice.below(5) {
            0 => Vec::new(),
            1..=3 => tickets.iter().copied().filter(|_| self.dice.below(2) == 0).collect(),
            _ => vec![other.tickets[0]],
        };
        let rest = tickets.into_iter().find(|ticket| !named.contains(ticket));
        let caller = if self.dice.below(6) == 0 { self.caller } else { ADMIN };
        let key = (self.dice.below(2) == 0).then(|| self.next_key(caller.id));
        let command = Command::RefundHold { hold, tickets: named };
        self.send(Call::of(caller, key, command, vec![place])).await;
        if let Some(ticket) = rest.filter(|_| self.dice.below(2) == 0) {
            self.send(Call::of(ADMIN, None, Command::Refund { ticket }, vec![place])).await;
        }
    }

    /// The same key for something else: refused, unless nothing ever came of the first.
    async fn reuse_a_key(&mut self) {
        let Some(mut call) = self.slices.earlier.last().cloned() else { return };
        let (Command::Hold { pattern, ttl_s, .. }, Some(key)) = (&call.command, &mut call.key)
        else {
            return;
        };
        key.command ^= 1;
        call.command = Command::Hold { pattern: *pattern, count: 9, at_least: 0, ttl_s: ttl_s + 1 };
        // What comes of it, the auditor has heard.
        let _ = self.slices.ask_once(&call).await;
    }

    async fn somebody_elses_hold(&mut self) {
        let all = self.world.told.borrow().clone();
        if all.is_empty() {
            return;
        }
        let (place, hold) = all[self.dice.below(all.len() as u64) as usize];
        self.send(Call::of(self.caller, None, Command::Confirm { hold }, vec![place])).await;
    }

    async fn look(&mut self) {
        let anywhere = self.dice.below(self.places() as u64) as u16;
        let (place, question) = match self.dice.below(4) {
            0 => (anywhere, Question::HoldsOf(self.caller.id)),
            1 => (anywhere, Question::Ledger),
            _ if self.mine.is_empty() => (anywhere, Question::Ledger),
            _ => {
                let mine = &self.mine[self.dice.below(self.mine.len() as u64) as usize];
                (mine.place, Question::Hold(mine.hold))
            }
        };
        self.slices.look(self.caller, place, question, Command::Seal).await;
    }

    async fn send(&mut self, call: Call<Slice>) {
        let told = self.slices.send(call.clone(), &mut self.dice).await;
        if let Some(case) = case_of(&call.command, &told) {
            self.world.count(case);
        }
        self.remember(&told);
    }

    fn remember(&mut self, told: &Outcome<Slice>) {
        let Ok((place, done)) = told else { return };
        match &done.event {
            Event::Held { hold, tickets, .. }
                if !self
                    .mine
                    .iter()
                    .any(|mine| (mine.place as usize, mine.hold) == (*place, *hold)) =>
            {
                // A dry run also comes here: its hold may never come to be.
                self.mine.push(Mine {
                    place: *place as u16,
                    hold: *hold,
                    tickets: tickets.clone(),
                    sold: false,
                });
                self.world.told.borrow_mut().push((*place as u16, *hold));
            }
            Event::Confirmed { hold, .. } => self
                .mine
                .iter_mut()
                .filter(|mine| mine.hold == *hold && mine.place as usize == *place)
                .for_each(|mine| mine.sold = true),
            _ => {}
        }
    }

    fn places(&self) -> u16 {
        self.world.plan(|plan| plan.tickets.names.len() as u16)
    }

    fn next_key(&mut self, who: Id) -> Key {
        self.keys += 1;
        let text = self.keys.to_le_bytes();
        Key::new(who, &text, &[b"meaning", &text])
    }
}

/// How the tally calls it.
fn case_of(command: &Command, told: &Outcome<Slice>) -> Option<&'static str> {
    match (command, told) {
        (Command::HoldTogether { count, .. }, Ok((_, done))) => match &done.event {
            Event::Held { tickets, .. } if tickets.len() < usize::from(*count) => {
                Some("run shorter than asked for")
            }
            Event::Held { tickets, .. } if tickets.len() > 1 => Some("held together"),
            _ => None,
        },
        (Command::HoldTogether { .. }, Err(Failure::Refused(Refusal::NoMatchLeft { .. }))) => {
            Some("no run so long")
        }
        (Command::Refund { .. }, Ok((_, done))) => match &done.event {
            Event::HoldRefunded { .. } => Some("ticket taken back after others of its hold"),
            _ => None,
        },
        (Command::RefundHold { tickets, .. }, Ok((_, done))) => Some(match tickets[..] {
            _ if done.replayed => "taken back of a hold before",
            [] => "hold taken back",
            _ => "some of a hold taken back",
        }),
        (Command::RefundHold { .. }, Err(Failure::Refused(Refusal::NotSold))) => {
            Some("not sold by that hold")
        }
        (Command::RefundHold { .. }, Err(Failure::Refused(Refusal::NotAdmin))) => {
            Some("taken back by no administrator")
        }
        _ => None,
    }
}

/// At the end: hold whatever is left of the patterns, and count.
pub async fn drain_everything(world: &World) {
    let (patterns, places) =
        world.plan(|plan| (plan.tickets.patterns.clone(), plan.tickets.names.len() as u16));
    for (number, pattern) in (0u64..).zip(patterns) {
        for buyer in 0u64.. {
            let caller = Caller::member(Id::digest(&[
                b"drain",
                &number.to_le_bytes(),
                &buyer.to_le_bytes(),
            ]));
            let command = Command::Hold {
                pattern: pattern.parse().expect("it is one"),
                count: 10,
                at_least: 0,
                ttl_s: 1200,
            };
            match world
                .settle::<Slice>(&Call::of(caller, None, command, (0..places).collect()))
                .await
            {
                Ok(_) | Err(Failure::Refused(Refusal::NotOpened)) => {}
                Err(Failure::Refused(Refusal::NoMatchLeft { left: 0 })) => {
                    let node = world.node.borrow();
                    let left: i64 = node
                        .slices
                        .auditor
                        .places
                        .iter()
                        .map(|place| place.model.left(pattern))
                        .sum();
                    assert_eq!(left, 0, "drained, and still something is left of {pattern}");
                    break;
                }
                Err(Failure::Refused(Refusal::NotReleasedYet { .. })) => break,
                Err(Failure::Refused(
                    Refusal::Closed | Refusal::NotYetOpen { .. } | Refusal::SaleOver,
                )) => return,
                told => panic!("nothing goes wrong any more, and still: {told:?}"),
            }
        }
    }
    world.count("drained");
}

/// Or: seal every slice. Nothing is held then, and what is sold stays sold.
pub async fn seal_everything(world: &World) {
    for place in 0..world.plan(|plan| plan.tickets.names.len() as u16) {
        loop {
            match world
                .settle::<Slice>(&Call::of(Caller::SYSTEM, None, Command::Seal, vec![place]))
                .await
            {
                Ok((_, done)) if matches!(done.event, Event::Sealed { .. }) => break,
                Ok(_) => {}
                told => panic!("a slice can be sealed, and still: {told:?}"),
            }
        }
        let ledger = world.node.borrow().slices.auditor.places[place as usize].model.ledger();
        assert_eq!((ledger.held, ledger.free + ledger.sold), (0, ledger.stock));
    }
    world.count("sealed");
}
