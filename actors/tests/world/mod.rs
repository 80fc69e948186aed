//! A small world, wholly decided by its seed: clients, a network, partitions, a store, a clock, and an auditor who trusts nobody.
//!
//! `node` is the machinery around the pure core, `client` the people, `model`, `story` and `auditor` what ought to be true, `plan` what the seed
//! decides, `tally` what occurred. One thread, no waiting: a step is a letter that arrives, an append that ends, or a client's turn.

pub mod auditor;
pub mod client;
pub mod model;
pub mod node;
pub mod plan;
pub mod story;
pub mod tally;

use actors::dice::Dice;
use actors::domain::tickets::{Command, Event, Refusal};
use actors::engine::Failure;
use actors::{Caller, Id};
use auditor::Call;
use node::Node;
use plan::Plan;
use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Waker};
use tally::Tally;

pub struct World {
    pub node: RefCell<Node>,
    dice: RefCell<Dice>,
    /// Every hold that any client was told of.
    pub told: RefCell<Vec<(u16, u32)>>,
}

type Life<'w> = Pin<Box<dyn Future<Output = ()> + 'w>>;

/// Lives through one seed, from the first client to the audit at the end.
pub fn run(seed: u64) -> Tally {
    let mut dice = Dice::new(seed);
    let plan = Plan::drawn(&mut dice);
    let (clients, steps, seals) = (plan.clients, plan.steps, plan.seals);
    let world = World { node: RefCell::new(Node::new(plan, plan::EVENING)), dice: RefCell::new(dice), told: RefCell::default() };
    let mut lives: Vec<Life> = (0..clients as u64).map(|number| Box::pin(client::live(&world, number, world.roll())) as Life).collect();
    world.go_on(&mut lives, steps);
    world.node.borrow_mut().calm = true;
    world.finish(lives);
    if seals {
        world.finish(vec![Box::pin(world.seal_everything())]);
    } else {
        world.finish(vec![Box::pin(world.drain_everything())]);
    }
    let mut node = world.node.borrow_mut();
    node.replay_everything();
    std::mem::take(&mut node.auditor.tally)
}

impl World {
    fn roll(&self) -> u64 {
        self.dice.borrow_mut().roll()
    }

    pub fn lives(&self) -> u32 {
        self.node.borrow().lives
    }

    pub fn is_calm(&self) -> bool {
        self.node.borrow().calm
    }

    pub fn places(&self) -> u16 {
        self.node.borrow().plan.names.len() as u16
    }

    pub fn count(&self, case: &'static str) {
        self.node.borrow_mut().auditor.tally.count(case);
    }

    /// So many steps, each of them anybody's.
    fn go_on(&self, lives: &mut Vec<Life>, steps: usize) {
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..steps {
            if self.roll().is_multiple_of(3) && !lives.is_empty() {
                let whose = self.dice.borrow_mut().below(lives.len() as u64) as usize;
                if lives[whose].as_mut().poll(&mut context).is_ready() {
                    drop(lives.swap_remove(whose));
                }
            } else {
                self.node.borrow_mut().step(&mut self.dice.borrow_mut());
            }
        }
    }

    fn finish(&self, mut lives: Vec<Life>) {
        for _ in 0..1000 {
            self.go_on(&mut lives, 1000);
            if lives.is_empty() && self.node.borrow().is_idle() {
                return;
            }
        }
        panic!("somebody waits for ever");
    }

    /// At the end: hold whatever is left of the patterns, and count.
    async fn drain_everything(&self) {
        let patterns = self.node.borrow().plan.patterns.clone();
        for (number, pattern) in (0u64..).zip(patterns) {
            for buyer in 0u64.. {
                let caller = Caller::member(Id::digest(&[b"drain", &number.to_le_bytes(), &buyer.to_le_bytes()]));
                let command = Command::Hold { pattern: pattern.parse().expect("it is one"), count: 10, at_least: 0, ttl_s: 1200 };
                let places: Vec<u16> = (0..self.places()).collect();
                match self.ask(&Call { caller, key: None, command, places: places.clone(), dry: false }).await {
                    Ok(_) => {}
                    Err(Failure::Refused(Refusal::NotOpened)) => self.open_slices(&places).await,
                    Err(Failure::Refused(Refusal::NoMatchLeft { left: 0 })) => {
                        let node = self.node.borrow();
                        let free: i64 = node.auditor.places.iter().map(|place| place.model.free(pattern)).sum();
                        assert_eq!(free, 0, "drained, and still something is left of {pattern}");
                        break;
                    }
                    Err(Failure::Refused(Refusal::Closed)) => return,
                    told => panic!("nothing goes wrong any more, and still: {told:?}"),
                }
            }
        }
        self.count("drained");
    }

    /// Or: seal every slice. Nothing is held then, and what is sold stays sold.
    async fn seal_everything(&self) {
        for place in 0..self.places() {
            loop {
                let call = Call { caller: Caller::SYSTEM, key: None, command: Command::Seal, places: vec![place], dry: false };
                match self.ask(&call).await {
                    Ok((_, done)) if matches!(done.event, Event::Sealed { .. }) => break,
                    Ok(_) => {}
                    Err(Failure::Refused(Refusal::NotOpened)) => self.open_slices(&[place]).await,
                    told => panic!("a slice can be sealed, and still: {told:?}"),
                }
            }
            let ledger = self.node.borrow().auditor.places[place as usize].model.ledger();
            assert_eq!((ledger.held, ledger.free + ledger.sold), (0, ledger.stock));
        }
        self.count("sealed");
    }
}
