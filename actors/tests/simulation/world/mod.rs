//! A small world, wholly decided by its seed: clients, a network, partitions, a store, a clock, and
//! an auditor who trusts none of them.
//!
//! `node` and `room` are the machinery around the pure core, and `ask` is the way to it. `story`
//! and `auditor` say what ought to be true of any kind of partition, and `kind` what they must know
//! of one. `plan` is what the seed decides, `tally` what occurred. `tickets`, `orders`, `ballots`,
//! `lotteries`, `coupons` and `webhooks` have the people and the models, and `right` is what the
//! latter say. One thread, no waiting: a step is a letter that arrives, an append that ends, or a
//! client's turn.

pub mod ask;
pub mod auditor;
pub mod ballots;
pub mod coupons;
pub mod kind;
pub mod lotteries;
pub mod node;
pub mod orders;
pub mod plan;
pub mod right;
pub mod room;
pub mod story;
pub mod tally;
pub mod tickets;
pub mod webhooks;

use actors::dice::Dice;
use node::Node;
use plan::Plan;
use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Waker};
use tally::Tally;

pub struct World {
    pub node: RefCell<Node>,
    dice: RefCell<Dice>,
    /// Every hold of tickets that any client was told of.
    pub told: RefCell<Vec<(u16, u32)>>,
    pub orders: RefCell<orders::Known>,
    /// Every coupon that any client was told of.
    pub coupons: RefCell<Vec<coupons::known::Mine>>,
}

type Life<'w> = Pin<Box<dyn Future<Output = ()> + 'w>>;

/// Lives through one seed, from the first client to the audit at the end.
pub fn run(seed: u64) -> Tally {
    let mut dice = Dice::new(seed);
    let plan = Plan::drawn(&mut dice);
    let (ticket_people, buyers, coupon_people, voters) =
        (plan.tickets.people, plan.orders.people, plan.coupons.people, plan.ballots.people);
    let (steps, seals) = (plan.steps, plan.tickets.seals);
    let (couriers, importers, closers) = (plan.couriers, plan.importers, plan.lottery.closers);
    let (told, coupons, orders) = Default::default();
    let (node, dice) = (RefCell::new(Node::new(plan)), RefCell::new(dice));
    let world = World { node, dice, told, orders, coupons };
    world.node.borrow_mut().yard.calm = true;
    world.finish_in(vec![Box::pin(coupons::registering::register_the_plan(&world))], 20);
    world.node.borrow_mut().yard.calm = false;
    let mut lives: Vec<Life> = Vec::new();
    lives.extend(
        (0..ticket_people)
            .map(|number| Box::pin(tickets::client::live(&world, number, world.roll())) as Life),
    );
    lives.extend(
        (0..buyers)
            .map(|number| Box::pin(orders::client::live(&world, number, world.roll())) as Life),
    );
    lives.extend(
        (0..coupon_people)
            .map(|number| Box::pin(coupons::client::live(&world, number, world.roll())) as Life),
    );
    lives.extend(
        (0..voters)
            .map(|number| Box::pin(ballots::client::live(&world, number, world.roll())) as Life),
    );
    lives.extend(
        (0..couriers)
            .map(|number| Box::pin(webhooks::courier::live(&world, number, world.roll())) as Life),
    );
    lives.extend((0..importers).map(|number| {
        Box::pin(coupons::imports::worker::live(&world, number, world.roll())) as Life
    }));
    lives.extend(
        (0..closers)
            .map(|number| Box::pin(lotteries::closer::live(&world, number, world.roll())) as Life),
    );
    world.go_on(&mut lives, steps);
    world.node.borrow_mut().yard.calm = true;
    world.finish(lives);
    world.finish(vec![Box::pin(orders::rest::come_to_rest(&world, seals))]);
    world.finish(vec![
        Box::pin(coupons::renaming::give_back_what_is_left_over(&world)),
        Box::pin(coupons::imports::worker::end_everything(&world)),
    ]);
    let sell_off: Life = if seals {
        Box::pin(tickets::client::seal_everything(&world))
    } else {
        Box::pin(tickets::client::drain_everything(&world))
    };
    world.finish(vec![
        sell_off,
        Box::pin(ballots::client::seal_everything(&world)),
        Box::pin(coupons::end::use_everything_up(&world)),
    ]);
    world.finish(vec![Box::pin(lotteries::closer::draw_at_last(&world))]);
    if couriers > 0 {
        world.finish(vec![Box::pin(webhooks::courier::tell_everything(&world))]);
    }
    let mut node = world.node.borrow_mut();
    node.replay_everything();
    std::mem::take(&mut node.yard.tally)
}

impl World {
    fn roll(&self) -> u64 {
        self.dice.borrow_mut().roll()
    }

    pub fn lives(&self) -> u32 {
        self.node.borrow().yard.lives
    }

    pub fn is_calm(&self) -> bool {
        self.node.borrow().yard.calm
    }

    pub fn plan<T>(&self, about: impl Fn(&Plan) -> T) -> T {
        about(&self.node.borrow().yard.plan)
    }

    pub fn count(&self, case: &'static str) {
        self.node.borrow_mut().yard.tally.count(case);
    }

    /// So many steps, each of any participant.
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

    fn finish(&self, lives: Vec<Life>) {
        self.finish_in(lives, 1000);
    }

    /// So many steps at a time, and then one looks whether all is over.
    fn finish_in(&self, mut lives: Vec<Life>, steps: usize) {
        for _ in 0..1_000_000 / steps {
            self.go_on(&mut lives, steps);
            if lives.is_empty() && self.node.borrow_mut().is_idle() {
                return;
            }
        }
        panic!("somebody waits for ever");
    }
}
