//! Orders in the world: what may be told of a till, and when.

pub mod agreement;
pub mod client;
mod model;
mod order;
mod refused;
pub mod rest;
mod shell;
mod together;

use super::ask::Call;
use super::kind::{Kind, Told};
use super::node::{Node, Yard};
use super::plan;
use super::room::Room;
use super::tally::Tally;
use actors::cards::Cards;
use actors::domain::tickets::{self, OrderNumber};
use actors::domain::till::{
    AllowanceSide, Answer, Command, Event, OrderEnd, OrderStage, OrderWish, Question, Refusal,
    Till, TillName,
};
use actors::machine::Machine;
use actors::{Caller, Time};
use agreement::Agreement;
use model::{Books, Model};
use order::Fate;

pub fn room(plan: &plan::Plan) -> Room<Till> {
    let terms = plan.tickets.pool.till_terms().expect("it has tickets");
    Room::new(plan.orders.tills.clone(), |_: &TillName| Model::new(terms))
}

/// What all who order share.
#[derive(Default)]
pub struct Known {
    /// Every order that any client was told of.
    told: Vec<OrderNumber>,
    /// Orders of which somebody was told that they are held, before their tills knew.
    held: Vec<OrderNumber>,
    /// What was sent, and may arrive once more at any time.
    sent: Vec<Message>,
    /// Orders of which all have heard, up to that step, as the process of that life knows.
    heard: Vec<(u32, OrderNumber, u32)>,
}

#[derive(Clone, Debug)]
enum Message {
    ToTill(u8, Command),
    ToSlice(u8, tickets::Command),
}

/// Each limit that was the nearest for whoever asks, at some moment.
#[derive(Default)]
pub struct Seen(Vec<(AllowanceSide, u32, u32)>);

impl Kind for Till {
    type Model = Model;
    type Books = Books;
    type Seen = Seen;
    type Whole = ();

    const GRANTED_BY_A_GUEST: &'static str = "order begun by a guest";

    fn parts(node: &mut Node) -> (&mut Yard, &mut Room<Till>) {
        (&mut node.yard, &mut node.tills)
    }

    fn opening(yard: &Yard, _: &TillName) -> Option<Command> {
        let terms = yard.plan.tickets.pool.till_terms().expect("it has tickets");
        Some(Command::Open { terms })
    }

    fn is_not_opened(refusal: &Refusal) -> bool {
        *refusal == Refusal::NotOpened
    }

    fn is_expiry(event: &Event) -> bool {
        let expired = |end| matches!(end, OrderEnd::Expired);
        matches!(event, Event::Ended { orders } if orders.iter().all(|(_, past)| expired(past.end)))
    }

    fn record(model: &mut Model, event: &Event, at: Time) {
        model.record(event, at);
    }

    fn hear(agreement: &mut Agreement, name: &TillName, event: &Event) {
        agreement.hear_of_till(name.number, event);
    }

    fn model_books(model: &Model) -> Books {
        Books { ledger: model.ledger(), of: model.all() }
    }

    fn compare(model: &Model, machine: &Till, cards: &Cards<'_>) {
        match machine.look(&Question::Ledger, cards) {
            Answer::Ledger(ledger) => assert_eq!(ledger, model.ledger()),
            _ => return assert!(!model.opened),
        }
        for (number, order) in (0..).zip(&model.orders) {
            let shown = machine.look(&Question::Order(number), cards);
            assert_eq!(shown, Answer::Order(Some(order.view())), "order {number}");
        }
        let next = model.orders.len() as u32;
        assert_eq!(machine.look(&Question::Order(next), cards), Answer::Order(None));
        for (who, (held, bought)) in model.all() {
            let shown = machine.look(&Question::Allowance(who), cards);
            assert_eq!(shown, Answer::Allowance { held, bought }, "{who:?}");
        }
        let all: Vec<u32> = (0..next).collect();
        let Answer::Unsettled(shown) = machine.look(&Question::Unsettled(all), cards) else {
            panic!("asked what is unsettled")
        };
        let steps = shown.into_iter().map(|(order, step, _)| (order, step)).collect();
        assert_eq!(model.unsettled, steps);
    }

    fn see(model: &Model, command: &Command, caller: &Caller, Seen(seen): &mut Seen) {
        let who = match command {
            Command::Begin { .. } | Command::BeginInOne { .. } => caller.id,
            Command::Take { key, .. } => key.0,
            _ => return,
        };
        seen.extend(model.nearest_limit(who));
        seen.dedup();
    }

    fn lacks(_: &Model, _: &Command) -> bool {
        panic!("no order is passed on")
    }

    /// The model is as it was when the order began, so what was allowed is known exactly.
    fn is_what_was_asked_for(model: &Model, call: &Call<Till>, event: &Event, _: Time) {
        match (&call.command, event) {
            (Command::Begin { wish, keys }, Event::Begun { owner, wish: begun, keys: by, .. }) => {
                let left = model.nearest_limit(*owner).map_or(u32::MAX, |(.., left)| left);
                assert_eq!(u32::from(begun.count), u32::from(wish.count).min(left), "{wish:?}");
                let rest = (begun.pattern, begun.at_least, begun.ttl_s);
                assert_eq!(rest, (wish.pattern, wish.at_least, wish.ttl_s));
                assert_eq!((owner, by), (&call.caller.id, keys));
            }
            (Command::BeginInOne { wish }, Event::BegunInOne { owner, wish: begun, .. }) => {
                let left = model.nearest_limit(*owner).map_or(u32::MAX, |(.., left)| left);
                assert_eq!(u32::from(begun.count), u32::from(wish.count).min(left), "{wish:?}");
                assert_eq!(*begun, OrderWish { count: begun.count, ..*wish });
                assert_eq!(*owner, call.caller.id);
            }
            (
                Command::Refund { order, tickets },
                Event::Refunded { order: of, tickets: back, .. },
            ) => {
                let all = tickets.is_empty();
                assert!(order == of && back.iter().all(|one| all || tickets.contains(one)));
            }
            (Command::Confirm { order: asked }, Event::Confirmed { order, .. })
            | (Command::Extend { order: asked, .. }, Event::Extended { order, .. }) => {
                assert_eq!(asked, order);
            }
            (Command::Release { order }, Event::Ended { orders }) => {
                assert!(matches!(orders[..], [(ended, _)] if ended == *order));
            }
            (command, event) => panic!("{command:?} led to {event:?}"),
        }
    }

    fn told_dry(told: &Told<Till>, event: &Event, _: Time) {
        let (Event::Begun { order, owner, .. } | Event::BegunInOne { order, owner, .. }) = event
        else {
            panic!("a dry order was answered with {event:?}")
        };
        assert_eq!(*owner, told.asker());
        let begun = |event: &&Event| match event {
            Event::Begun { order: of, .. } | Event::BegunInOne { order: of, .. } => of == order,
            _ => false,
        };
        let before = told.before(told.place).find(begun);
        assert!(before.is_none(), "a dry run named an order that was there before: {before:?}");
    }

    fn told_done(told: &Told<Till>, event: &Event, durable: bool) {
        let model = told.model();
        let fate = |order: &u32| model.order(*order).expect("it has begun").fate;
        match (&told.call.command, event) {
            (Command::Begin { .. }, Event::Begun { owner, .. })
            | (Command::BeginInOne { .. }, Event::BegunInOne { owner, .. }) => {
                assert!(durable, "an order that is not in the log under its key: {event:?}");
                assert_eq!(*owner, told.asker());
            }
            (Command::Place { order, .. }, Event::Placed { order: of, parts, .. }) => {
                assert_eq!(order, of);
                let placed = model.order(*order).expect("it has begun");
                assert!(placed.placed_until.is_some(), "told it was placed: {placed:?}");
                let left = placed.parts.iter().flat_map(|part| &part.tickets);
                let of_all: Vec<_> = parts.iter().flat_map(|part| &part.tickets).collect();
                assert!(left.chain(&placed.refunded).all(|ticket| of_all.contains(&ticket)));
            }
            (Command::GiveUp { order }, Event::Ended { .. }) => {
                assert_eq!(fate(order), Fate::Over(OrderEnd::GivenUp));
            }
            (Command::Confirm { order }, Event::Confirmed { order: of, .. }) => {
                assert_eq!((order, fate(order)), (of, Fate::Over(OrderEnd::Sold)));
            }
            (Command::Release { order }, Event::Ended { .. }) => {
                assert_eq!(fate(order), Fate::Over(OrderEnd::Released));
            }
            (Command::Extend { order, .. }, Event::Extended { order: of, .. })
            | (Command::Refund { order, .. }, Event::Refunded { order: of, .. }) => {
                assert_eq!(order, of);
            }
            (Command::Take { order, key, .. }, Event::Taken { order: of, key: by, .. }) => {
                assert_eq!((order, key), (of, by));
                assert!(model.shares.contains_key(&(*order, *key)));
            }
            (Command::FollowKey { order, key, share }, Event::FollowedKey { share: known, .. }) => {
                assert!(known.step >= share.step, "told less than is known");
                let heard = model.shares.get(&(*order, *key));
                let needs_none = model.sealed && (share.held, share.bought) == (0, 0);
                assert!(heard.map_or(needs_none, |heard| heard.step >= share.step));
            }
            (Command::Settle { .. }, Event::Settled { .. }) => {}
            (Command::Open { .. }, Event::Opened { .. }) => assert!(model.opened),
            (Command::Seal, Event::Cleared { .. } | Event::Sealed) => assert!(model.closing),
            (command, event) => panic!("{command:?} was answered with {event:?}"),
        }
    }

    fn told_refused(told: &Told<Till>, refusal: &Refusal, tally: &mut Tally) {
        refused::told(told, refusal, tally);
    }

    fn told_answer(told: &Told<Till>, answer: &Answer, _: Time, tally: &mut Tally) {
        let books = told.books_since();
        match answer {
            Answer::NotOpened | Answer::Order(None) => {}
            Answer::Ledger(ledger) => {
                let known = books.iter().any(|books| books.ledger == *ledger);
                assert!(known, "a ledger that was never durable: {ledger:?}");
                tally.count("ledger of a till read");
            }
            Answer::Allowance { held, bought } => {
                let of = |books: &Books| books.of.get(&told.asker()).copied().unwrap_or_default();
                let known = books.iter().any(|books| of(books) == (*held, *bought));
                assert!(known, "an allowance that was never durable: {answer:?}");
                tally.count("allowance read");
            }
            Answer::Order(Some(view)) => {
                let known = told.model().orders.iter().any(|order| {
                    let same = (order.owner, &order.keys) == (view.owner, &view.keys);
                    same && match &view.stage {
                        OrderStage::Gathering { since, .. } => *since <= order.since,
                        OrderStage::Placed { placed_until, .. } => {
                            order.placed_until == Some(*placed_until)
                        }
                        OrderStage::Past(past) => order.fate == Fate::Over(past.end),
                    }
                });
                assert!(known, "a view of no durable order: {view:?}");
                tally.count("order read");
            }
            Answer::Orders(orders) => {
                let placed = |view: &actors::domain::till::OrderView| {
                    matches!(view.stage, OrderStage::Placed { .. }) && view.owner == told.asker()
                };
                assert!(orders.iter().all(|(_, view)| placed(view)));
            }
            Answer::Unsettled(orders) => {
                for (order, step, view) in orders {
                    let known = told.model().order(*order).expect("it has begun");
                    assert!(known.step >= *step && known.owner == view.owner);
                }
            }
        }
    }
}
