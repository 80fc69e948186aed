//! Whoever brings the lottery to its end: its boxes are sealed, what they held is written down, and
//! it is drawn. Several may be at it at once, each may die between any two steps, and whoever comes
//! next goes on. Now and then they ask for what must be refused.

use super::super::World;
use super::super::ask::{Asker, Call};
use super::super::plan::Lottery as LotteryOfTheWorld;
use actors::Caller;
use actors::dice::Dice;
use actors::domain::ballots::{self, BallotBox};
use actors::domain::draw::Sealed;
use actors::domain::lottery::{
    Beacon, Command, Drawn, Event, Lot, Lottery, LotteryView, Phase, Question, Refusal, places,
};
use actors::engine::{Failure, Key};

struct Closer<'w> {
    world: &'w World,
    dice: Dice,
    lottery: Asker<'w, Lottery>,
    boxes: Asker<'w, BallotBox>,
}

/// Works until the world calms down.
pub async fn live(world: &World, number: u64, seed: u64) {
    let mut closer = Closer::new(world, seed);
    while !world.is_calm() {
        closer.turn(number).await;
        world.rest().await;
    }
    closer.lottery.settle().await;
}

/// At the end, when nothing goes wrong any more.
pub async fn draw_at_last(world: &World) {
    let mut closer = Closer::new(world, world.roll());
    closer.tell(None, Command::Close).await;
    loop {
        match closer.view().await {
            Some(LotteryView { phase: Phase::Drawn, .. }) => break,
            Some(view) => closer.go_on(view).await,
            None => panic!("a lottery that was closed is known"),
        }
    }
    world.count("drawn at last");
}

impl<'w> Closer<'w> {
    fn new(world: &'w World, seed: u64) -> Closer<'w> {
        let (lottery, boxes) = (Asker::new(world), Asker::new(world));
        Closer { world, dice: Dice::new(seed), lottery, boxes }
    }

    async fn turn(&mut self, number: u64) {
        match self.dice.below(24) {
            0 => {
                let text = [number, self.dice.below(2)].map(u64::to_le_bytes).concat();
                let key = Key::new(Caller::SYSTEM.id, &text, &[b"close"]);
                self.tell(Some(key), Command::Close).await;
            }
            1..=5 => self.ask_for_something_else().await,
            6 => self.tell(None, self.with_plan(|of| Command::Create(of.plan.clone()))).await,
            _ => {
                if let Some(view) = self.view().await {
                    self.go_on(view).await;
                }
            }
        }
    }

    fn with_plan<T>(&self, about: impl Fn(&LotteryOfTheWorld) -> T) -> T {
        self.world.plan(|plan| about(&plan.lottery))
    }

    async fn view(&self) -> Option<LotteryView> {
        self.lottery.look(Caller::SYSTEM, 0, Question, Command::Close).await.flatten()
    }

    async fn tell(&mut self, key: Option<Key>, command: Command) {
        let call = Call::of(Caller::SYSTEM, key, command, vec![0]);
        match self.lottery.send(call, &mut self.dice).await {
            Ok((_, done)) => {
                if let Event::Drawn(drawn) = done.event {
                    self.world.count(match (done.replayed, drawn.lots.is_empty()) {
                        (true, _) => "drawn already",
                        (false, false) => "lottery drawn",
                        (false, true) => "no ballot to draw",
                    });
                }
            }
            Err(Failure::Refused(Refusal::Exists | Refusal::Unknown)) => {}
            Err(Failure::Refused(refusal)) => panic!("that was right, and refused: {refusal:?}"),
            Err(_) => {}
        }
    }

    /// The next step, whoever took the last one.
    async fn go_on(&mut self, view: LotteryView) {
        match view.phase {
            Phase::Closing => {
                if let Some(boxes) = self.seal().await {
                    self.tell(None, Command::Finish { boxes }).await;
                }
            }
            Phase::Closed if !self.world.is_calm() && self.dice.below(2) == 0 => {
                self.ask_for_something_else().await;
            }
            Phase::Closed => {
                if let Some(drawn) = self.draw(&view).await {
                    self.tell(None, Command::Draw(drawn)).await;
                }
            }
            _ => {}
        }
    }

    fn dies(&mut self) -> bool {
        let dies = !self.world.is_calm() && self.dice.below(12) == 0;
        if dies {
            self.world.count("died over a draw");
        }
        dies
    }

    /// None if they do not hear of all boxes.
    async fn seal(&mut self) -> Option<Vec<Sealed>> {
        let mut boxes = Vec::new();
        for place in 0..self.with_plan(|lottery| lottery.setup.boxes) {
            let command = ballots::Command::Seal;
            let call = Call::of(Caller::SYSTEM, None, command, vec![u16::from(place)]);
            match self.boxes.send(call, &mut self.dice).await {
                Ok((_, done)) if !self.dies() => match done.event {
                    ballots::Event::Sealed(sealed) => boxes.push(sealed),
                    other => panic!("a seal led to {other:?}"),
                },
                _ => return None,
            }
        }
        Some(boxes)
    }

    async fn draw(&mut self, view: &LotteryView) -> Option<Drawn> {
        let (setup, seed, beacon) =
            self.with_plan(|lottery| (lottery.setup, lottery.seed, lottery.beacon.clone()));
        let mut lots = Vec::new();
        for (number, index) in places(&setup, &view.boxes, &seed, beacon.as_ref()) {
            let question = ballots::Question::Ballot { index };
            let nothing = ballots::Command::Seal;
            let answer = self.boxes.look(Caller::SYSTEM, u16::from(number), question, nothing);
            match answer.await {
                Some(ballots::Answer::Ballot(Some(ballot))) if !self.dies() => {
                    lots.push(Lot { number, index, nonce: ballot.nonce, owner: ballot.owner });
                }
                Some(ballots::Answer::Ballot(None)) => panic!("{index} of box {number} is gone"),
                _ => return None,
            }
        }
        Some(Drawn { seed, beacon, lots })
    }

    /// Boxes that are not all, another seed, another round, or a lot too many.
    async fn ask_for_something_else(&mut self) {
        let Some(view) = self.view().await else { return };
        let Some(mut drawn) = self.draw(&view).await else { return };
        let (command, wrong) = match self.dice.below(4) {
            0 => (Command::Finish { boxes: Vec::new() }, Refusal::OtherBoxes),
            1 => {
                drawn.seed[0] ^= 1;
                (Command::Draw(drawn), Refusal::OtherSeed)
            }
            2 => {
                let round = drawn.beacon.map_or(0, |beacon| beacon.round + 1);
                drawn.beacon = Some(Beacon { round, signature: vec![1] });
                (Command::Draw(drawn), Refusal::OtherRound)
            }
            _ => {
                // Of a box that there is not: a place in another could be the right one by now.
                let (number, owner) = (u8::MAX, Caller::SYSTEM.id);
                drawn.lots.push(Lot { number, index: 0, nonce: 0, owner });
                (Command::Draw(drawn), Refusal::OtherLots)
            }
        };
        let call = Call::of(Caller::SYSTEM, None, command, vec![0]);
        match self.lottery.send(call, &mut self.dice).await {
            Ok((_, done)) => assert!(done.replayed, "{wrong:?}, and still {:?}", done.event),
            Err(Failure::Refused(Refusal::NotClosing | Refusal::NotClosed)) => {}
            Err(Failure::Refused(refusal)) => assert_eq!(refusal, wrong),
            Err(_) => {}
        }
    }
}
