//! A client who takes part in a draw: submits, submits again, looks, and now and then an
//! administrator who seals.

use super::super::World;
use super::super::ask::{Asker, Call, Outcome};
use actors::dice::Dice;
use actors::domain::ballots::{BallotBox, Command, Event, Question, Refusal};
use actors::engine::{Failure, Key};
use actors::machine::Role;
use actors::{Caller, Id};

struct Client<'w> {
    world: &'w World,
    caller: Caller,
    dice: Dice,
    keys: u64,
    /// Box and place of what it was told it has.
    mine: Vec<(u16, u64)>,
    boxes: Asker<'w, BallotBox>,
}

/// Does this and that until the world calms down.
pub async fn live(world: &World, number: u64, seed: u64) {
    let caller = Caller::member(Id::digest(&[b"voter", &(number / 2).to_le_bytes()]));
    let (dice, boxes) = (Dice::new(seed), Asker::new(world));
    let mut client = Client { world, caller, dice, keys: number << 32, mine: Vec::new(), boxes };
    while !world.is_calm() {
        client.act().await;
        world.rest().await;
    }
    client.boxes.settle().await;
}

impl Client<'_> {
    async fn act(&mut self) {
        match self.dice.below(40) {
            0..=19 => self.submit().await,
            20..=29 => match self.boxes.repeat_an_earlier_call(&mut self.dice).await {
                Some(told) => self.remember(&told),
                None => self.submit().await,
            },
            30 => self.seal().await,
            31 => {
                let admin = Caller { id: Id([200; 16]), role: Role::Admin };
                self.send(Call::of(admin, None, Command::Submit, self.all())).await;
            }
            _ => self.look().await,
        }
    }

    async fn submit(&mut self) {
        let dry = self.dice.below(12) == 0;
        self.keys += 1;
        let text = self.keys.to_le_bytes();
        let key = (self.dice.below(4) > 0 && !dry)
            .then(|| Key::new(self.caller.id, &text, &[b"ballot", &text]));
        self.send(Call { dry, ..Call::of(self.caller, key, Command::Submit, self.all()) }).await;
    }

    /// Rarely, or no ballot would ever come.
    async fn seal(&mut self) {
        if self.dice.below(30) == 0 {
            let place = self.dice.below(self.all().len() as u64) as u16;
            self.send(Call::of(Caller::SYSTEM, None, Command::Seal, vec![place])).await;
        }
    }

    async fn look(&mut self) {
        let (place, index) = match self.mine.len() as u64 {
            0 => (self.dice.below(self.all().len() as u64) as u16, 0),
            mine => self.mine[self.dice.below(mine) as usize],
        };
        let question = match self.dice.below(4) {
            0 => Question::State,
            1 => Question::Ballot { index },
            2 => Question::Witness { index },
            _ => Question::Path { index },
        };
        self.boxes.look(self.caller, place, question, Command::Seal).await;
    }

    async fn send(&mut self, call: Call<BallotBox>) {
        let told = self.boxes.send(call, &mut self.dice).await;
        self.remember(&told);
    }

    fn remember(&mut self, told: &Outcome<BallotBox>) {
        let Ok((place, done)) = told else { return };
        if let Event::Submitted { index, .. } = done.event {
            // A dry run also comes here: its ballot may never come to be, or be another member's.
            self.mine.push((*place as u16, index));
        }
        if let Some(shown) = &done.witness {
            self.world.node.borrow().boxes.auditor.places[*place].model.has_seen(shown);
            self.world.count("ballot witnessed");
        }
    }

    fn all(&self) -> Vec<u16> {
        (0..self.world.plan(|plan| plan.ballots.names.len() as u16)).collect()
    }
}

/// At the end: fill every box that is not sealed, seal them all, and prove each ballot.
pub async fn seal_everything(world: &World) {
    let places: Vec<u16> = (0..world.plan(|plan| plan.ballots.names.len() as u16)).collect();
    for number in 0u64.. {
        let caller = Caller::member(Id::digest(&[b"late voter", &number.to_le_bytes()]));
        match world
            .settle::<BallotBox>(&Call::of(caller, None, Command::Submit, places.clone()))
            .await
        {
            Ok((_, done)) => assert!(matches!(done.event, Event::Submitted { .. })),
            Err(Failure::Refused(Refusal::Full)) => {
                let node = world.node.borrow();
                assert!(
                    node.boxes
                        .auditor
                        .places
                        .iter()
                        .all(|place| place.model.is_full() || place.model.sealed.is_some())
                );
                break;
            }
            Err(Failure::Refused(Refusal::Closed)) => break,
            told => panic!("nothing goes wrong any more, and still: {told:?}"),
        }
    }
    let asker = Asker::<BallotBox>::new(world);
    for place in places {
        let told = world
            .settle::<BallotBox>(&Call::of(Caller::SYSTEM, None, Command::Seal, vec![place]))
            .await;
        assert!(matches!(told, Ok((_, done)) if matches!(done.event, Event::Sealed(_))));
        let count =
            world.node.borrow().boxes.auditor.places[place as usize].model.ballots.len() as u64;
        for index in 0..count {
            asker.look(Caller::SYSTEM, place, Question::Path { index }, Command::Seal).await;
        }
    }
    world.count("boxes sealed");
}
