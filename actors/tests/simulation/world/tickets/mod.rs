//! Tickets in the world: what may be told of a slice, and when.

pub mod client;
mod model;
mod parts;
mod refunds;
mod refused;
mod wanted;

use super::ask::Call;
use super::kind::{Kind, Told};
use super::node::{Node, Yard};
use super::orders::agreement::Agreement;
use super::plan;
use super::room::Room;
use super::tally::Tally;
use actors::cards::Cards;
use actors::domain::tickets::{Answer, HoldState, HoldView, Question};
use actors::domain::tickets::{Command, Event, PartFate, Refusal, Slice, SliceName, TicketLedger};
use actors::machine::{Machine, Stamp};
use actors::{Caller, Time};
use model::{Fate, Held, Model};
use parts::compare_parts;
use refunds::{compare_hold_refund, compare_tickets};
use std::collections::BTreeSet;
use wanted::wanted;

pub fn room(plan: &plan::Tickets) -> Room<Slice> {
    Room::new(plan.names.clone(), |name: &SliceName| Model::new(name.lead, plan.terms(name)))
}

/// The least that was left, the most the caller held, and how long the longest runs were.
pub struct Seen {
    least: i64,
    most: usize,
    runs: BTreeSet<i64>,
}

impl Default for Seen {
    fn default() -> Seen {
        Seen { least: i64::MAX, most: 0, runs: BTreeSet::new() }
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
            Answer::Ledger(ledger) => {
                compare_tenths(&ledger, machine, cards);
                assert_eq!(ledger, model.ledger());
            }
            _ => assert!(!model.opened),
        }
        for (hold, held) in &model.holds {
            compare_hold(*hold, held, machine, cards);
            compare_hold_refund(model, *hold, held, machine, cards);
        }
        if model.opened {
            compare_parts(model, machine, cards);
        }
        if !model.sealed {
            compare_tickets(model, machine, cards);
        }
    }

    fn see(model: &Model, command: &Command, caller: &Caller, seen: &mut Seen) {
        if let Some(wanted) = wanted(command) {
            let left = if model.closing { 0 } else { model.left_of(&wanted) };
            seen.least = left.min(seen.least);
            let who = match command {
                Command::HoldFor { owner, .. } | Command::HoldTogetherFor { owner, .. } => *owner,
                _ => caller.id,
            };
            seen.most = model.held_by(who).max(seen.most);
            if wanted.together {
                seen.runs.insert(model.free_of(&wanted).min(wanted.count as i64));
            }
        }
    }

    fn lacks(model: &Model, command: &Command) -> bool {
        let wanted = wanted(command).expect("only a hold is passed on");
        model.closing || model.left_of(&wanted) < wanted.at_least as i64
    }

    /// The model is as it was when the hold was decided, so its size and its end are known exactly.
    fn is_what_was_asked_for(model: &Model, call: &Call<Slice>, event: &Event, at: Time) {
        refunds::is_what_was_asked_for(model, &call.command, event);
        let (Event::Held { tickets, until, .. }, Some(wanted)) = (event, wanted(&call.command))
        else {
            return;
        };
        let allowed = model.limit() - model.held_by(call.caller.id);
        let left = model.free_of(&wanted).min(model.released(at)) as usize;
        let could_be_had = left.min(allowed).min(wanted.count);
        assert_eq!(tickets.len(), could_be_had, "of {} wanted", wanted.count);
        let ttl_s = wanted.ttl_s.expect("no order is a hold");
        assert_eq!(*until, model.end_of_hold(at, ttl_s));
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
            (
                hold @ (Command::Hold { .. } | Command::HoldTogether { .. }),
                Event::Held { owner, tickets, .. },
            ) => {
                assert!(durable, "a hold that is not in the log under its key: {event:?}");
                let wanted = wanted(hold).expect("it is a hold");
                assert!(*owner == told.asker() && wanted.fits(tickets), "{hold:?}: {event:?}");
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
            (Command::Refund { ticket }, Event::HoldRefunded { tickets, .. }) => {
                assert_eq!(*tickets, [*ticket])
            }
            (Command::RefundHold { hold, tickets }, event) => {
                refunds::told_taken_back(model, *hold, tickets, event);
            }
            (Command::Refund { ticket }, Event::Referred { ticket: referred, order }) => {
                assert!(ticket == referred && model.parts.contains_key(order));
            }
            (
                hold @ (Command::HoldFor { order, .. } | Command::HoldTogetherFor { order, .. }),
                Event::HeldFor { order: of, tickets, .. },
            ) => {
                let wanted = wanted(hold).expect("it is a hold");
                assert!(order == of && wanted.fits(tickets), "{hold:?}: {event:?}");
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
            (Command::Decline { order }, Event::HeldFor { order: of, .. }) => {
                assert!(order == of && model.parts.contains_key(order));
            }
            (Command::Decline { order }, Event::Followed { order: of, .. }) => {
                let live = model.parts.get(order).is_some_and(|part| part.is_live());
                assert!(order == of && !live && (model.sealed || model.parts.contains_key(order)));
            }
            (Command::Open { .. }, Event::Prepared { .. }) => assert!(model.opened),
            (Command::Seal, Event::Cleared { .. } | Event::Sealed { .. }) => assert!(model.closing),
            (command, event) => panic!("{command:?} was answered with {event:?}"),
        }
    }

    fn told_refused(told: &Told<Slice>, refusal: &Refusal, tally: &mut Tally) {
        refused::told(told, refusal, tally);
    }

    fn told_answer(told: &Told<Slice>, answer: &Answer, at: Time, tally: &mut Tally) {
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
                shows(told, view, at);
                tally.count("hold read");
            }
            Answer::Holds(holds) => {
                holds.iter().for_each(|(_, view)| shows(told, view, at));
                assert!(
                    holds.iter().all(|(_, view)| view.owner == told.asker()
                        && view.state != HoldState::Confirmed)
                );
                tally.count("holds listed");
            }
            Answer::LongestRun(length) => {
                let seen = &told.seen_in(told.place as u16).runs;
                assert!(seen.contains(&i64::from(*length)), "{length} in a row, never: {seen:?}");
                tally.count("longest run read");
            }
            Answer::Hold(None) | Answer::Matching { .. } | Answer::Tenths(_) => {}
        }
    }
}

/// The tenths of its numbers are all of it.
fn compare_tenths(ledger: &TicketLedger, machine: &Slice, cards: &Cards<'_>) {
    let Answer::Tenths(tenths) = machine.look(&Question::Tenths, cards) else {
        panic!("it is opened");
    };
    let sum = tenths.iter().fold((0, 0), |(free, all), tenth| (free + tenth.free, all + tenth.all));
    assert_eq!(sum, (ledger.free, ledger.stock));
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

/// Whether a client may be shown that.
fn shows(told: &Told<Slice>, view: &HoldView, at: Time) {
    let same = |held: &&Held| {
        // It may have been sold, and some of it taken back, since it was looked at.
        let known = if told.is_stale() { &held.first } else { &held.tickets };
        held.owner == view.owner && view.tickets.iter().all(|ticket| known.contains(ticket))
    };
    let held = told.model().holds.values().find(same);
    assert!(
        held.is_some() || view.state == HoldState::Confirmed,
        "a view of no durable hold: {view:?}"
    );
    if let HoldState::Held { until } = view.state {
        assert!(until > at, "an expired hold was shown alive");
    }
}
