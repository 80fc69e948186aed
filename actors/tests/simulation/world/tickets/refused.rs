//! Whether a refusal of a slice was right when it was asked.

use super::super::kind::Told;
use super::super::tally::Tally;
use super::begins;
use super::model::Fate;
use super::refunds;
use super::wanted::{Wanted, wanted};
use actors::domain::tickets::{Command, Event, Refusal, Slice};
use actors::machine::Role;

pub fn told(told: &Told<Slice>, refusal: &Refusal, tally: &mut Tally) {
    let (call, model) = (told.call, told.model());
    let fate = |hold: &u32| model.holds.get(hold).map(|held| held.fate);
    let hold = match &call.command {
        Command::Confirm { hold }
        | Command::Extend { hold, .. }
        | Command::Release { hold }
        | Command::RefundHold { hold, .. } => *hold,
        _ => u32::MAX,
    };
    match refusal {
        Refusal::NotOpened => {
            let opened = |place: &u16| {
                told.before(*place as usize).any(|event| matches!(event, Event::Prepared { .. }))
            };
            assert!(!call.places.iter().all(opened), "it was open before anybody asked");
        }
        Refusal::Withdrawn | Refusal::Touched => panic!("nobody withdraws it"),
        Refusal::NoMatchLeft { left } => {
            let wanted = wanted(&call.command).expect("only a hold is refused so");
            assert!((*left as usize) < wanted.at_least);
            nothing_was_left(told);
            tally.count("no match left");
        }
        Refusal::NotReleasedYet { next_at } => {
            nothing_was_left(told);
            let is_a_wave = |place: &u16| told.places[*place as usize].model.releases_at(*next_at);
            assert!(call.places.iter().any(is_a_wave), "nothing is let out at {next_at:?}");
            tally.count("not let out yet");
        }
        Refusal::NotYetOpen { opens_at } => {
            assert_eq!(model.sale().starts_at, Some(*opens_at));
            tally.count("sale not begun");
        }
        Refusal::SaleOver => {
            assert!(model.sale().ends_at.is_some_and(|ends_at| ends_at <= told.latest));
            tally.count("sale over");
        }
        Refusal::LimitReached { limit } => {
            let at_least = wanted(&call.command).expect("only a hold is refused so").at_least;
            let most = call.places.iter().map(|place| told.seen_in(*place).most).max().unwrap_or(0);
            assert!(
                *limit as usize == model.limit() && most + at_least > *limit as usize,
                "limit reached with {most} held"
            );
            tally.count("limit reached");
        }
        Refusal::Closed => {
            let closing =
                call.places.iter().any(|place| told.places[*place as usize].model.closing);
            assert!(
                closing || told.latest >= model.closes_at(),
                "closed before the closing instant"
            );
            tally.count("closed");
        }
        Refusal::OrderOver => {
            let (Command::HoldFor { order, .. } | Command::HoldTogetherFor { order, .. }) =
                &call.command
            else {
                panic!("only a part is refused so")
            };
            assert!(!model.parts[order].is_live(), "the part of {order:?} lives");
            tally.count("slice asked too late");
        }
        Refusal::NoPart => panic!("a part is lost: {:?}", call.command),
        Refusal::PartsLive { .. } => {
            panic!("all orders were settled before slices are sealed")
        }
        Refusal::UnknownHold => {
            let begun = told.before(told.place).find(|event| begins(event, hold));
            assert!(begun.is_none(), "a hold is gone: {begun:?}");
            // A dry run named a hold that never was.
            tally.count("unknown hold");
        }
        Refusal::NotYours => {
            assert_eq!(call.caller.role, Role::Member);
            assert_ne!(model.holds[&hold].owner, call.caller.id);
            tally.count("not yours");
        }
        Refusal::HoldExpired => {
            assert!(
                call.caller.may_act_for(model.holds[&hold].owner),
                "a stranger heard of a hold that ended"
            );
            assert!(
                matches!(fate(&hold), Some(Fate::Expired | Fate::Cleared)),
                "{:?} was called expired",
                fate(&hold)
            );
            tally.count("hold expired");
        }
        Refusal::HoldReleased => {
            assert!(
                call.caller.may_act_for(model.holds[&hold].owner),
                "a stranger heard of a hold that was released"
            );
            assert_eq!(fate(&hold), Some(Fate::Released));
        }
        Refusal::AlreadyConfirmed => assert_eq!(fate(&hold), Some(Fate::Sold)),
        Refusal::NotSold => refunds::told_not_sold(told),
        Refusal::NotAdmin => refunds::told_not_admin(told),
        Refusal::ExtendedToTheLimit { until } => {
            assert_eq!(*until, model.end_of_hold(model.holds[&hold].since, u32::MAX))
        }
        Refusal::UnknownTicket => {
            panic!("nobody here asks for that: {:?}", call.command)
        }
    }
}

/// At some moment each place had fewer than the call asked for.
fn nothing_was_left(told: &Told<Slice>) {
    let Wanted { pattern, at_least, .. } =
        wanted(&told.call.command).expect("only a hold is refused so");
    for place in &told.call.places {
        let least = told.seen_in(*place).least;
        assert!(
            least < at_least as i64,
            "no {pattern} left, but place {place} had {least} all the time"
        );
    }
}
