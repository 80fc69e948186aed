//! What may be told of a campaign, and when.

use super::super::ask::Call;
use super::super::kind::{Kind, Told};
use super::super::node::{Node, Yard};
use super::super::orders::agreement::Agreement;
use super::super::right::Answered;
use super::super::room::Room;
use super::super::tally::Tally;
use super::batch::is_answer;
use super::campaign::{self, Model};
use super::pool::is_alive;
use super::{Seen, refusal_of, refused_rightly};
use actors::cards::Cards;
use actors::domain::coupons::campaign::{Answer, Campaign, Command, Event, Question, Refusal};
use actors::domain::coupons::{CouponLedger, Serial, redeem};
use actors::{Caller, Machine, Time};

impl Kind for Campaign {
    type Model = Model;
    type Books = Option<CouponLedger>;
    type Seen = Seen<Refusal>;
    type Whole = ();

    const GRANTED_BY_A_GUEST: &'static str = "no campaign has guests";

    fn parts(node: &mut Node) -> (&mut Yard, &mut Room<Campaign>) {
        (&mut node.yard, &mut node.campaigns)
    }

    fn opening(yard: &Yard, name: &Serial) -> Option<Command> {
        let planned = yard.plan.coupons.campaigns.iter().find(|(serial, _)| serial == name);
        planned.map(|(_, plan)| Command::Open(plan.clone()))
    }

    fn is_not_opened(refusal: &Refusal) -> bool {
        *refusal == Refusal::NotOpened
    }

    fn is_expiry(event: &Event) -> bool {
        campaign::is_expiry(event)
    }

    fn record(model: &mut Model, event: &Event, at: Time) {
        model.record(event, at);
    }

    fn hear(agreement: &mut Agreement, serial: &Serial, event: &Event) {
        agreement.names.hear_of_campaign(*serial, event);
    }

    fn model_books(model: &Model) -> Option<CouponLedger> {
        model.ledger()
    }

    fn compare(model: &Model, machine: &Campaign, cards: &Cards<'_>) {
        let Answer::Campaign(overview) = machine.look(&Question::Campaign, cards) else {
            return assert!(!model.opened);
        };
        assert_eq!((&overview.plan, overview.granted), (&model.plan, model.granted()));
        assert_eq!((overview.paused, overview.over), (model.paused, model.over));
        assert_eq!((overview.figures, overview.turn), (model.figures, model.turn));
        let Answer::Ledger(ledger) = machine.look(&Question::Ledger, cards) else {
            panic!("it is open")
        };
        assert_eq!(Some(ledger), model.ledger());
        for rank in 0..=model.granted() + 1 {
            let Answer::Voucher(view) = machine.look(&Question::Voucher(rank), cards) else {
                panic!("it is open")
            };
            assert!(model.pool.is_shown(rank, &view), "{rank} is shown as {view:?}");
            assert_eq!(view.is_some(), (1..=model.granted()).contains(&rank));
        }
    }

    fn see(model: &Model, command: &Command, caller: &Caller, seen: &mut Self::Seen) {
        model.rights(command, caller).into_iter().for_each(|right| seen.note(right));
    }

    fn lacks(_: &Model, command: &Command) -> bool {
        panic!("a campaign is one place: {command:?}")
    }

    fn is_what_was_asked_for(model: &Model, call: &Call<Campaign>, event: &Event, _: Time) {
        assert!(
            model.rights(&call.command, &call.caller).contains(&Ok(Answered::New)),
            "{:?} led to {event:?}",
            call.command
        );
        assert!(is_answer_to(&call.command, event));
    }

    fn told_dry(_: &Told<Campaign>, event: &Event, _: Time) {
        panic!("nobody here asks what would happen: {event:?}");
    }

    fn told_done(told: &Told<Campaign>, event: &Event, durable: bool) {
        assert!(
            is_answer_to(&told.call.command, event),
            "{:?} was answered with {event:?}",
            told.call.command
        );
        // One that ended by itself says that it has ended, too.
        let said_before = || {
            told.places[told.place].has_happened(|first| first == event)
                || (*event == Event::Ended && told.model().over)
        };
        assert!(
            durable || said_before() || tells_how_it_is(event),
            "a repeat of what never happened: {event:?}"
        );
        assert!(
            durable || told.call.key.is_some() || told.seen_in(told.place as u16).repeated(),
            "{event:?} is no repeat"
        );
    }

    fn told_refused(told: &Told<Campaign>, refusal: &Refusal, tally: &mut Tally) {
        tally.count(match refusal {
            Refusal::Coupon(redeem::Refusal::NobodyToTell { .. }) => return,
            Refusal::Coupon(refusal) => refusal_of(refusal),
            Refusal::SoldOut => "sold out",
            Refusal::NotYetOpen { .. } => "not yet open",
            Refusal::Ended => "campaign ended",
            Refusal::Paused => "campaign paused",
            Refusal::WrongCode => "wrong code",
            Refusal::ByFirstLoginOnly => "by first login only",
            Refusal::AdminsDoNotClaim => "an admin claimed",
            Refusal::OnlyMore => "less was wanted",
            Refusal::Claimed => "campaign in use",
            Refusal::NoTimeLeft => "no time left",
            Refusal::NotItsTurn => "renamed too late",
            Refusal::NotOpened | Refusal::NotAdmin => "campaign not opened",
        });
        refused_rightly(told, refusal);
    }

    fn told_answer(told: &Told<Campaign>, answer: &Answer, at: Time, tally: &mut Tally) {
        match answer {
            Answer::Ledger(ledger) => {
                assert!(
                    told.books_since().contains(&Some(*ledger)),
                    "a ledger that was never durable while it was asked for: {ledger:?}"
                );
                tally.count("ledger of a campaign read");
            }
            Answer::Of(Some((rank, view))) => {
                assert!(is_alive(view, at) && view.coupon.owner == told.asker(), "shown: {view:?}");
                let known = told
                    .model()
                    .pool
                    .coupons
                    .get(rank)
                    .is_some_and(|one| one.owner == told.asker());
                assert!(known, "a voucher that is not durable was shown");
                tally.count("voucher read");
            }
            _ => {}
        }
    }
}

fn is_answer_to(command: &Command, event: &Event) -> bool {
    match (command, event) {
        (Command::Open(_), Event::Opened(_)) => true,
        (Command::Change { .. }, Event::Changed { .. }) => true,
        (Command::Pause, Event::Paused)
        | (Command::Resume, Event::Resumed)
        | (Command::End, Event::Ended)
        | (Command::Withdraw, Event::Withdrawn) => true,
        // A repeat, and what is so already, needs no turn.
        (
            Command::Revise(changes) | Command::ReviseInTurn { changes, .. },
            Event::Revised(plan) | Event::RevisedInTurn { plan, .. },
        ) => changes.made_to(plan) == *plan,
        (Command::PassTurn(turn), Event::TurnPassed(passed)) => passed >= turn,
        (
            Command::Claim { member, .. } | Command::ClaimFirstLogin { member, .. },
            Event::Granted { member: to, .. },
        ) => member == to,
        (Command::TellFigures(to), Event::FiguresTold(told)) => to == told,
        (Command::Redeem(command), Event::Redeemed(event)) => is_answer(command, event),
        _ => false,
    }
}

/// A repeat of these says how the campaign is now, whatever led to it.
fn tells_how_it_is(event: &Event) -> bool {
    matches!(
        event,
        Event::Opened(_)
            | Event::Resumed
            | Event::Changed { .. }
            | Event::Revised(_)
            | Event::TurnPassed(_)
    )
}
