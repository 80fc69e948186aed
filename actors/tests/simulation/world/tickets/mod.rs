//! Tickets in the world: what may be told of a slice, and when.

pub mod client;
mod model;
mod parts;

use super::ask::Call;
use super::auditor::Audited;
use super::kind::{Kind, Told};
use super::node::{Node, Yard};
use super::orders::agreement::Agreement;
use super::plan;
use super::room::Room;
use super::tally::Tally;
use actors::cards::Cards;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Answer, HoldState, HoldView, Question};
use actors::domain::tickets::{Command, Event, PartFate, Refusal, Slice, SliceName, TicketLedger};
use actors::machine::{Machine, Role, Stamp, Verdict};
use actors::{Caller, Time};
use model::{Fate, Held, Model};
use parts::{Taker, compare_parts, compare_refund};

pub fn room(plan: &plan::Tickets) -> Room<Slice> {
    Room::new(plan.names.clone(), |name: &SliceName| Model::new(name.lead, plan.terms(name)))
}

/// The least that was left, and the most the caller held.
pub struct Seen {
    least: i64,
    most: usize,
}

impl Default for Seen {
    fn default() -> Seen {
        Seen { least: i64::MAX, most: 0 }
    }
}

/// The pattern of a hold, and how many it takes at least.
fn wanted(command: &Command) -> Option<(String, usize)> {
    match command {
        Command::Hold { pattern, at_least, .. } => {
            Some((pattern.to_string(), (*at_least).max(1) as usize))
        }
        Command::HoldFor { pattern, .. } => Some((pattern.to_string(), 1)),
        _ => None,
    }
}

fn begins(event: &Event, hold: u32) -> bool {
    matches!(event, Event::Held { hold: begun, .. } if *begun == hold)
}

impl Kind for Slice {
    type Model = Model;
    type Books = TicketLedger;
    type Seen = Seen;
    type Whole = ();

    const GRANTED_BY_A_GUEST: &'static str = "hold granted by a guest";

    fn parts(node: &mut Node) -> (&mut Yard, &mut Room<Slice>) {
        (&mut node.yard, &mut node.slices)
    }

    fn opening(yard: &Yard, name: &SliceName) -> Option<Command> {
        Some(Command::Open { lead: name.lead, terms: Box::new(yard.plan.tickets.terms(name)) })
    }

    fn is_not_opened(refusal: &Refusal) -> bool {
        *refusal == Refusal::NotOpened
    }

    fn is_expiry(event: &Event) -> bool {
        matches!(event, Event::Expired { .. })
    }

    fn wish(command: &Command) -> String {
        wanted(command)
            .map_or_else(String::new, |(pattern, at_least)| format!("{at_least} of {pattern}"))
    }

    fn record(model: &mut Model, event: &Event, at: Time) {
        model.record(event, at);
    }

    fn hear(agreement: &mut Agreement, name: &SliceName, event: &Event) {
        agreement.hear_of_slice(name.lead, event);
    }

    fn model_books(model: &Model) -> TicketLedger {
        model.ledger()
    }

    fn compare(model: &Model, machine: &Slice, cards: &Cards<'_>) {
        match machine.look(&Question::Ledger, cards) {
            Answer::Ledger(ledger) => assert_eq!(ledger, model.ledger()),
            _ => assert!(!model.opened),
        }
        for (hold, held) in &model.holds {
            compare_hold(*hold, held, machine, cards);
        }
        if model.opened {
            compare_parts(model, machine, cards);
        }
        if !model.sealed {
            compare_tickets(model, machine, cards);
        }
    }

    fn see(model: &Model, command: &Command, caller: &Caller, seen: &mut Seen) {
        if let Some((pattern, _)) = wanted(command) {
            let left = if model.closing { 0 } else { model.left(&pattern) };
            seen.least = left.min(seen.least);
            let who = match command {
                Command::HoldFor { owner, .. } => *owner,
                _ => caller.id,
            };
            seen.most = model.held_by(who).max(seen.most);
        }
    }

    fn lacks(model: &Model, command: &Command) -> bool {
        let (pattern, at_least) = wanted(command).expect("only a hold is passed on");
        model.closing || model.left(&pattern) < at_least as i64
    }

    /// The model is as it was when the hold was decided, so its size and its end are known exactly.
    fn is_what_was_asked_for(model: &Model, call: &Call<Slice>, event: &Event, at: Time) {
        let (Event::Held { tickets, until, .. }, Command::Hold { count, ttl_s, pattern, .. }) =
            (event, &call.command)
        else {
            return;
        };
        let pattern = pattern.to_string();
        let allowed = model.limit() - model.held_by(call.caller.id);
        let left = model.free(&pattern).min(model.released(at)) as usize;
        let could_be_had = left.min(allowed).min(*count as usize);
        assert_eq!(tickets.len(), could_be_had, "of {count} wanted");
        assert!(tickets.iter().all(|ticket| model::matches(&pattern, ticket.number)));
        assert_eq!(*until, model.end_of_hold(at, *ttl_s));
    }

    fn told_dry(told: &Told<Slice>, event: &Event, at: Time) {
        let Event::Held { hold, until, .. } = event else {
            panic!("a dry hold was answered with {event:?}")
        };
        assert!(*until > at);
        let begun = told.before(told.place).find(|event| begins(event, *hold));
        assert!(begun.is_none(), "a dry run named a hold that was there before: {begun:?}");
    }

    fn told_done(told: &Told<Slice>, event: &Event, durable: bool) {
        let model = told.model();
        match (&told.call.command, event) {
            (Command::Hold { .. }, Event::Held { owner, .. }) => {
                assert!(durable, "a hold that is not in the log under its key: {event:?}");
                assert_eq!(*owner, told.asker());
            }
            (Command::Confirm { hold }, Event::Confirmed { hold: confirmed, .. }) => {
                assert_eq!(hold, confirmed);
                assert_eq!(model.holds[hold].fate, Fate::Sold, "told it was bought");
            }
            (Command::Extend { hold, .. }, Event::Extended { hold: extended, .. }) => {
                assert_eq!(hold, extended)
            }
            (Command::Release { hold }, Event::Released { hold: released, .. }) => {
                assert_eq!(hold, released);
                assert_eq!(model.holds[hold].fate, Fate::Released, "told it was released");
            }
            (Command::Refund { ticket }, Event::Refunded { ticket: refunded, .. }) => {
                assert_eq!(ticket, refunded)
            }
            (Command::Refund { ticket }, Event::Referred { ticket: referred, order }) => {
                assert!(ticket == referred && model.parts.contains_key(order));
            }
            (Command::HoldFor { order, count, .. }, Event::HeldFor { order: of, tickets, .. }) => {
                assert!(order == of && tickets.len() <= usize::from(*count));
                assert!(model.parts.contains_key(order), "told of a part that is nowhere");
            }
            (Command::Follow { order, fate }, Event::Followed { order: of, .. }) => {
                let known = model.parts.get(order).and_then(|part| part.fate);
                let may_be_new = model.sealed && *fate == PartFate::Ended;
                assert!(order == of && (known == Some(*fate) || may_be_new), "{known:?}");
            }
            (Command::FollowRefund { order, tickets }, Event::FollowedRefund { order: of, .. }) => {
                let left = &model.parts[order].tickets;
                assert!(order == of && !left.iter().any(|ticket| tickets.contains(ticket)));
            }
            (Command::Open { .. }, Event::Prepared { .. }) => assert!(model.opened),
            (Command::Seal, Event::Cleared { .. } | Event::Sealed { .. }) => assert!(model.closing),
            (command, event) => panic!("{command:?} was answered with {event:?}"),
        }
    }

    fn told_refused(told: &Told<Slice>, refusal: &Refusal, tally: &mut Tally) {
        let (call, model) = (told.call, told.model());
        let fate = |hold: &u32| model.holds.get(hold).map(|held| held.fate);
        let hold = match &call.command {
            Command::Confirm { hold }
            | Command::Extend { hold, .. }
            | Command::Release { hold } => *hold,
            _ => u32::MAX,
        };
        match refusal {
            Refusal::NotOpened => {
                let opened = |place: &u16| {
                    told.before(*place as usize)
                        .any(|event| matches!(event, Event::Prepared { .. }))
                };
                assert!(!call.places.iter().all(opened), "it was open before anybody asked");
            }
            Refusal::Withdrawn | Refusal::Touched => panic!("nobody withdraws it"),
            Refusal::NoMatchLeft { left } => {
                let (_, at_least) = wanted(&call.command).expect("only a hold is refused so");
                assert!((*left as usize) < at_least);
                nothing_was_left(told);
                tally.count("no match left");
            }
            Refusal::NotReleasedYet { next_at } => {
                nothing_was_left(told);
                let is_a_wave =
                    |place: &u16| told.places[*place as usize].model.releases_at(*next_at);
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
                let (_, at_least) = wanted(&call.command).expect("only a hold is refused so");
                let most =
                    call.places.iter().map(|place| told.seen_in(*place).most).max().unwrap_or(0);
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
                let Command::HoldFor { order, .. } = &call.command else {
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
            Refusal::NotSold => {
                let Command::Refund { ticket } = &call.command else {
                    panic!("only a refund is refused so")
                };
                let is_sold = match model.taken.get(&(ticket.number, ticket.copy)) {
                    Some(Taker::Hold(hold)) => model.holds[hold].fate == Fate::Sold,
                    Some(Taker::Order(_)) => true,
                    None => false,
                };
                assert!(!is_sold || told.is_stale(), "{ticket:?} is sold");
            }
            Refusal::ExtendedToTheLimit { until } => {
                assert_eq!(*until, model.end_of_hold(model.holds[&hold].since, u32::MAX))
            }
            Refusal::UnknownTicket | Refusal::NotAdmin => {
                panic!("nobody here asks for that: {:?}", call.command)
            }
        }
    }

    fn told_answer(told: &Told<Slice>, answer: &Answer, at: Time, tally: &mut Tally) {
        let audited = &told.places[told.place];
        match answer {
            Answer::NotOpened => {}
            Answer::Ledger(ledger) => {
                assert!(
                    told.books_since().contains(ledger),
                    "a ledger that was never durable while it was asked for: {ledger:?}"
                );
                tally.count("ledger read");
            }
            Answer::Hold(Some(view)) => {
                shows(audited, view, at);
                tally.count("hold read");
            }
            Answer::Holds(holds) => {
                holds.iter().for_each(|(_, view)| shows(audited, view, at));
                assert!(
                    holds.iter().all(|(_, view)| view.owner == told.asker()
                        && view.state != HoldState::Confirmed)
                );
                tally.count("holds listed");
            }
            Answer::Hold(None) | Answer::Matching { .. } | Answer::LongestRun(_) => {}
        }
    }
}

/// At some moment each place had fewer than the call asked for.
fn nothing_was_left(told: &Told<Slice>) {
    let (pattern, at_least) = wanted(&told.call.command).expect("only a hold is refused so");
    for place in &told.call.places {
        let least = told.seen_in(*place).least;
        assert!(
            least < at_least as i64,
            "no {pattern} left, but place {place} had {least} all the time"
        );
    }
}

/// The slice shows the hold as it is, and says what became of it.
fn compare_hold(hold: u32, held: &Held, machine: &Slice, cards: &Cards<'_>) {
    let state = match held.fate {
        Fate::Live => Some(HoldState::Held { until: held.until }),
        Fate::Sold => Some(HoldState::Confirmed),
        Fate::Released | Fate::Expired | Fate::Cleared => None,
    };
    let (owner, tickets) = (held.owner, held.tickets.clone());
    let view = state.map(|state| HoldView { owner, tickets, state });
    assert_eq!(machine.look(&Question::Hold(hold), cards), Answer::Hold(view), "hold {hold}");
    let refusal = match held.fate {
        Fate::Live => return,
        Fate::Sold => Refusal::AlreadyConfirmed,
        Fate::Released => Refusal::HoldReleased,
        Fate::Expired | Fate::Cleared => Refusal::HoldExpired,
    };
    let (extend, stamp) = (Command::Extend { hold, ttl_s: 1 }, Stamp { at: held.since, seed: 1 });
    let decided = machine.decide(&extend, &Caller::member(held.owner), &stamp, cards);
    assert_eq!(decided, Err(refusal), "hold {hold}");
}

/// The slice would take back exactly what is sold, and knows whose it is.
fn compare_tickets(model: &Model, machine: &Slice, cards: &Cards<'_>) {
    for ((number, copy), taker) in &model.taken {
        let ticket = Ticket { number: *number, copy: *copy };
        let hold = match taker {
            Taker::Hold(hold) => hold,
            Taker::Order(order) => {
                compare_refund(ticket, *order, machine, cards);
                continue;
            }
        };
        let held = &model.holds[hold];
        let decided = machine.decide(
            &Command::Refund { ticket },
            &Caller::SYSTEM,
            &Stamp { at: held.since, seed: 1 },
            cards,
        );
        let left = held.tickets.iter().copied().filter(|other| *other != ticket).collect();
        let refunded = Event::Refunded { ticket, hold: *hold, owner: held.owner, left };
        match held.fate {
            Fate::Sold => assert_eq!(decided, Ok(Verdict::New(refunded))),
            _ => assert_eq!(decided, Err(Refusal::NotSold), "{ticket:?}"),
        }
    }
}

/// Whether a client may be shown that.
fn shows(audited: &Audited<Slice>, view: &HoldView, at: Time) {
    let same = |held: &&Held| {
        held.owner == view.owner && view.tickets.iter().all(|ticket| held.tickets.contains(ticket))
    };
    let held = audited.model.holds.values().find(same);
    assert!(
        held.is_some() || view.state == HoldState::Confirmed,
        "a view of no durable hold: {view:?}"
    );
    if let HoldState::Held { until } = view.state {
        assert!(until > at, "an expired hold was shown alive");
    }
}
