//! What may be told of a range of a batch, and when.

use super::super::ask::Call;
use super::super::kind::{Kind, Moment, Told};
use super::super::node::{Node, Yard};
use super::super::room::Room;
use super::super::tally::Tally;
use super::batch::{self, Batch};
use super::pool::is_alive;
use super::{Seen, refusal_of, refused_rightly};
use actors::cards::Cards;
use actors::domain::coupons::range::{Answer, Command, Event, Question, Range, Refusal};
use actors::domain::coupons::{CouponLedger, RangeName, redeem};
use actors::{Caller, Id, Machine, Time};
use std::collections::BTreeMap;

impl Kind for Range {
    type Model = Batch;
    type Books = Option<CouponLedger>;
    type Seen = Seen<Refusal>;
    type Whole = BTreeMap<Id, Moment>;

    const GRANTED_BY_A_GUEST: &'static str = "coupon granted by a guest";

    fn parts(node: &mut Node) -> (&mut Yard, &mut Room<Range>) {
        (&mut node.yard, &mut node.ranges)
    }

    fn opening(yard: &Yard, name: &RangeName) -> Option<Command> {
        let planned = yard.plan.coupons.ranges.iter().find(|(range, _)| range == name);
        planned.map(|(_, terms)| Command::Open(*terms))
    }

    fn is_not_opened(refusal: &Refusal) -> bool {
        *refusal == Refusal::NotOpened
    }

    fn is_expiry(event: &Event) -> bool {
        batch::is_expiry(event)
    }

    fn record(model: &mut Batch, event: &Event, at: Time) {
        model.record(event, at);
    }

    fn record_of_all(
        whole: &mut Self::Whole,
        event: &Event,
        now: Moment,
        outlived: impl Fn(Moment) -> bool,
    ) {
        if let Event::Assigned { source: Some(source), .. } = event {
            let first = whole.insert(*source, now);
            assert!(first.is_none_or(outlived), "the same source has two coupons of one batch");
        }
    }

    fn model_books(model: &Batch) -> Option<CouponLedger> {
        model.ledger()
    }

    fn compare(model: &Batch, machine: &Range, cards: &Cards<'_>) {
        let Answer::Ledger(ledger) = machine.look(&Question::Ledger, cards) else {
            return assert!(!model.opened);
        };
        assert_eq!(Some(ledger), model.ledger());
        for slot in 0..=model.terms.count {
            let Answer::Coupon(view) = machine.look(&Question::Coupon(slot), cards) else {
                panic!("it is open")
            };
            assert!(model.pool.is_shown(slot, &view), "{slot} is shown as {view:?}");
        }
    }

    fn see(model: &Batch, command: &Command, caller: &Caller, seen: &mut Self::Seen) {
        seen.note(model.right(command, caller));
    }

    fn lacks(model: &Batch, command: &Command) -> bool {
        model.right(command, &Caller::SYSTEM) == Err(Refusal::Exhausted)
    }

    fn is_what_was_asked_for(model: &Batch, call: &Call<Range>, event: &Event, _: Time) {
        assert!(Batch::answers(&call.command, event));
        model.is_what_was_asked_for(&call.command, event);
    }

    fn told_dry(_: &Told<Range>, event: &Event, _: Time) {
        panic!("nobody here asks what would happen: {event:?}");
    }

    fn told_done(told: &Told<Range>, event: &Event, durable: bool) {
        assert!(
            Batch::answers(&told.call.command, event),
            "{:?} was answered with {event:?}",
            told.call.command
        );
        let said_before =
            || told.places[told.place].has_happened(|first| Batch::is_repeat(first, event));
        assert!(
            durable || Batch::may_always_be_so(event) || said_before(),
            "a repeat of what never happened: {event:?}"
        );
        assert!(
            durable || told.call.key.is_some() || told.seen_in(told.place as u16).repeated(),
            "{event:?} is no repeat"
        );
    }

    fn told_refused(told: &Told<Range>, refusal: &Refusal, tally: &mut Tally) {
        match refusal {
            Refusal::Coupon(redeem::Refusal::NobodyToTell { .. }) => {
                return tally.count("nobody to tell");
            }
            Refusal::Coupon(refusal) => tally.count(refusal_of(refusal)),
            Refusal::SourceReused => tally.count("source reused"),
            Refusal::Exhausted => tally.count("exhausted"),
            Refusal::Expired => tally.count("batch expired"),
            Refusal::AlreadyAssigned => tally.count("already assigned"),
            Refusal::OnePerMember => tally.count("one per member"),
            Refusal::Paused => tally.count("batch paused"),
            Refusal::AllVoid => tally.count("batch void"),
            Refusal::OnlyLater => tally.count("batch not shortened"),
            Refusal::InUse => tally.count("batch in use"),
            Refusal::NotFrozen => tally.count("batch not frozen"),
            Refusal::NoneHere { .. } => panic!("so few are looked at in one go"),
            Refusal::NotOpened | Refusal::NotAdmin => {}
        }
        refused_rightly(told, refusal);
    }

    fn told_answer(told: &Told<Range>, answer: &Answer, at: Time, tally: &mut Tally) {
        match answer {
            Answer::Ledger(ledger) => {
                assert!(
                    told.books_since().contains(&Some(*ledger)),
                    "a ledger that was never durable while it was asked for: {ledger:?}"
                );
                tally.count("ledger of a batch read");
            }
            Answer::Coupons(views) => {
                for (slot, view) in (0..).zip(views) {
                    assert!(
                        view.as_ref().is_none_or(|view| is_alive(view, at)),
                        "shown alive: {view:?}"
                    );
                    assert!(
                        told.is_stale() || told.model().pool.is_shown(slot, view),
                        "{slot} is shown as {view:?}"
                    );
                }
                tally.count("coupons read");
            }
            _ => {}
        }
    }
}
