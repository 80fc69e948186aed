//! Whether a refusal of a till was right when it was asked.

use super::super::kind::Told;
use super::super::tally::Tally;
use super::Seen;
use super::order::Fate;
use actors::domain::till::{Command, Event, OrderEnd, Refusal, Till};
use actors::machine::Role;

/// The order that a command is about.
fn order_of(command: &Command) -> Option<u32> {
    match command {
        Command::Place { order, .. }
        | Command::GiveUp { order }
        | Command::Confirm { order }
        | Command::Extend { order, .. }
        | Command::Release { order }
        | Command::Refund { order, .. } => Some(*order),
        _ => None,
    }
}

pub fn told(told: &Told<Till>, refusal: &Refusal, tally: &mut Tally) {
    let (call, model) = (told.call, told.model());
    let order = order_of(&call.command).and_then(|order| model.order(order));
    let is = |fates: &[Fate]| order.is_some_and(|order| fates.contains(&order.fate));
    let over = |end| is(&[Fate::Over(end)]);
    match refusal {
        Refusal::Withdrawn | Refusal::Touched => panic!("nobody withdraws it"),
        Refusal::NotOpened => {
            let opened = |event: &Event| matches!(event, Event::Opened { .. });
            assert!(!told.before(told.place).any(opened), "it was open before anybody asked");
        }
        Refusal::Closed => {
            let closed = model.closing || told.latest >= model.terms.closes_at;
            assert!(closed, "closed before the closing instant");
        }
        Refusal::LimitReached { side, limit, left } => {
            let Seen(seen) = told.seen_in(told.place as u16);
            assert!(seen.contains(&(*side, *limit, *left)), "{refusal:?} was never so: {seen:?}");
            let (at_least, case) = match &call.command {
                Command::Begin { wish, .. } | Command::BeginInOne { wish } => {
                    (wish.at_least, "limit of a member reached")
                }
                Command::Take { at_least, .. } => (*at_least, "limit of a key reached"),
                other => panic!("{other:?} knows no limit"),
            };
            assert!(*left < u32::from(at_least.max(1)), "there was enough left");
            tally.count(case);
        }
        Refusal::UnknownOrder => {
            // A dry run named an order that never was.
            assert!(order.is_none() || told.is_stale(), "{order:?} is unknown");
        }
        Refusal::NotYours => {
            let owner = order.expect("it has begun").owner;
            assert!(call.caller.role == Role::Member && owner != call.caller.id);
            tally.count("order not yours");
        }
        Refusal::NotPlaced => {
            let placed = !is(&[Fate::Gathering, Fate::Over(OrderEnd::GivenUp)]);
            assert!(!placed || told.is_stale(), "{order:?} was placed");
            tally.count("order not placed");
        }
        Refusal::OrderOver => match &call.command {
            Command::Take { order, key, .. } => {
                assert!(model.shares[&(*order, *key)].step > 0, "{order:?} is not over");
                tally.count("key asked too late");
            }
            Command::GiveUp { .. } => {
                assert!(!is(&[Fate::Gathering, Fate::Over(OrderEnd::GivenUp)]));
                tally.count("order placed before it was given up");
            }
            _ => {
                assert!(!is(&[Fate::Gathering, Fate::Placed]), "{order:?} is not over");
                tally.count("order placed too late");
            }
        },
        Refusal::OrderExpired => {
            assert!(over(OrderEnd::Expired));
            tally.count("order had expired");
        }
        Refusal::OrderReleased => assert!(over(OrderEnd::Released)),
        Refusal::AlreadyBought => assert!(over(OrderEnd::Sold)),
        Refusal::NotSold => assert!(!over(OrderEnd::Sold) || told.is_stale()),
        Refusal::ExtendedToTheLimit { until } => {
            let (order, terms) = (order.expect("it has begun"), model.terms);
            assert_eq!(*until, order.since.plus_s(terms.hold_max_s).min(terms.closes_at));
        }
        Refusal::Unsettled { .. } => assert!(model.closing),
        Refusal::NotAdmin | Refusal::OtherTickets => {
            panic!("nobody here asks for that: {:?}", call.command)
        }
    }
}
