//! A webhook's cursor, its retries and its end.

use super::given::{ADA, ADMIN, Given, given, s};
use actors::domain::shelves;
use actors::domain::webhooks::{
    Command, Event, Question, Refusal, Telling, Trouble, WAITS_S, Webhook, WebhookPlan,
    WebhookReplay, WebhookView, WhyDisabled,
};
use actors::store::Row;
use actors::{Caller, Id, Machine, Time};

const COURIER: Caller = Caller::SYSTEM;

fn plan() -> WebhookPlan {
    WebhookPlan { url: "https://shop.example/hook".into(), events: vec!["coupon.used".into()] }
}

fn created() -> Given<Webhook> {
    given([(s(1), Event::Created { plan: plan(), from: 7 })])
}

fn view(webhook: &Given<Webhook>) -> WebhookView {
    webhook.look(&Question).expect("it is there")
}

fn live(to: u64) -> Command {
    Command::Advance { to }
}

fn advanced(to: u64) -> Event {
    Event::Advanced { line: Telling::Live, to }
}

fn replay() -> WebhookReplay {
    WebhookReplay { from: s(0), to: s(50), cursor: 2, end: 6 }
}

/// Fails again and again, each time as soon as it may be tried again, until it is disabled. Returns
/// how long each wait was, in ms.
fn fail_to_the_end(mut webhook: Given<Webhook>, seed: u64) -> (Given<Webhook>, Vec<i64>) {
    let (mut now, mut waits) = (s(100), Vec::new());
    loop {
        let event = webhook.when_by_chance(Command::Fail, COURIER, now, seed).event();
        webhook = webhook.and(now, event.clone());
        match event {
            Event::Failed(Trouble { attempts, next_at }) => {
                waits.push(next_at.0 - now.0);
                assert_eq!(attempts as usize, waits.len());
                now = next_at;
            }
            last => {
                assert_eq!(last, Event::Disabled(WhyDisabled::GaveUp));
                return (webhook, waits);
            }
        }
    }
}

#[test]
fn a_webhook_begins_where_it_was_told_to() {
    let create = |plan| Command::Create { plan, from: 7 };
    given::<Webhook>([])
        .when(create(plan()), ADMIN, s(1))
        .then(Event::Created { plan: plan(), from: 7 });
    let view = view(&created());
    assert_eq!(
        (view.plan, view.created_at, view.cursor, view.trouble, view.disabled),
        (plan(), s(1), 7, None, None)
    );
    created()
        .when(Command::Create { plan: plan(), from: 99 }, ADMIN, s(2))
        .then_already(Event::Created { plan: plan(), from: 7 });
    let other = WebhookPlan { events: vec!["*".into()], ..plan() };
    created().when(create(other), ADMIN, s(2)).refused(Refusal::Exists);
}

#[test]
fn members_have_no_say_and_what_is_not_there_is_unknown() {
    let all = || {
        [
            live(9),
            Command::Fail,
            Command::Disable(WhyDisabled::Ordered),
            Command::Enable,
            Command::Delete,
            Command::Replay(replay()),
        ]
        .into_iter()
    };
    for command in all() {
        created().when(command.clone(), ADA, s(2)).refused(Refusal::NotAdmin);
        given::<Webhook>([]).when(command, ADMIN, s(2)).refused(Refusal::Unknown);
    }
    let deleted = || created().and(s(2), Event::Deleted);
    deleted().when(Command::Delete, ADMIN, s(3)).then_already(Event::Deleted);
    for command in all().filter(|command| !matches!(command, Command::Delete)) {
        deleted().when(command, ADMIN, s(3)).refused(Refusal::Unknown);
    }
    deleted()
        .when(Command::Create { plan: plan(), from: 7 }, ADMIN, s(3))
        .refused(Refusal::Unknown);
    assert_eq!(deleted().look(&Question), None);
}

#[test]
fn the_cursor_only_moves_forward() {
    created().when(live(9), COURIER, s(2)).then(advanced(9));
    let at_nine = created().and(s(2), advanced(9));
    assert_eq!(view(&at_nine).cursor, 9);
    at_nine.when(live(9), COURIER, s(3)).then_already(advanced(9));
    at_nine.when(live(8), COURIER, s(3)).then_already(advanced(9));
}

#[test]
fn a_failed_delivery_is_tried_again_by_the_table_with_a_little_chance() {
    let mut all = Vec::new();
    for seed in 0..50 {
        let (_, waits) = fail_to_the_end(created(), seed);
        assert_eq!(waits.len(), WAITS_S.len());
        for (wait, wait_s) in waits.iter().zip(WAITS_S) {
            let least = i64::from(wait_s) * 1000;
            assert!((least..=least + least / 10).contains(wait), "{wait} for {wait_s} s");
        }
        all.push(waits);
    }
    let chosen: std::collections::BTreeSet<_> = all.iter().map(|waits| waits[8]).collect();
    assert!(chosen.len() > 40, "chance chooses among a tenth of a day");
}

#[test]
fn after_the_last_attempt_it_is_disabled_and_keeps_its_place() {
    let (webhook, _) = fail_to_the_end(created(), 1);
    let disabled = view(&webhook);
    assert_eq!(
        (disabled.disabled, disabled.cursor, disabled.trouble),
        (Some(WhyDisabled::GaveUp), 7, None)
    );
    webhook
        .when(Command::Fail, COURIER, s(999_999))
        .then_already(Event::Disabled(WhyDisabled::GaveUp));
    webhook.when(Command::Enable, ADMIN, s(999_999)).then(Event::Enabled);
    let enabled = webhook.and(s(999_999), Event::Enabled);
    assert_eq!((view(&enabled).disabled, view(&enabled).cursor), (None, 7));
    let (_, waits) = fail_to_the_end(enabled, 1);
    assert_eq!(waits.len(), WAITS_S.len(), "the attempts are counted anew");
}

#[test]
fn a_success_ends_the_trouble_even_in_the_middle_of_a_frame() {
    let event = created().when(Command::Fail, COURIER, s(2)).event();
    let troubled = created().and(s(2), event);
    assert!(view(&troubled).trouble.is_some());
    troubled.when(live(7), COURIER, s(8)).then(advanced(7));
    let well = troubled.and(s(8), advanced(7));
    assert_eq!((view(&well).trouble, view(&well).cursor), (None, 7));
    well.when(live(7), COURIER, s(9)).then_already(advanced(7));
}

#[test]
fn a_receiver_that_is_gone_is_disabled_once_and_the_first_reason_stays() {
    created()
        .when(Command::Disable(WhyDisabled::Gone), COURIER, s(2))
        .then(Event::Disabled(WhyDisabled::Gone));
    let gone = created().and(s(2), Event::Disabled(WhyDisabled::Gone));
    gone.when(Command::Disable(WhyDisabled::Ordered), ADMIN, s(3))
        .then_already(Event::Disabled(WhyDisabled::Gone));
    created().when(Command::Enable, ADMIN, s(2)).then_already(Event::Enabled);
    // What was under way when it was disabled may still arrive.
    gone.when(live(8), COURIER, s(3)).then(advanced(8));
    assert_eq!(view(&gone.and(s(3), advanced(8))).disabled, Some(WhyDisabled::Gone));
}

#[test]
fn a_replay_has_a_cursor_of_its_own_and_ends_at_its_end() {
    let on = |to| Command::AdvanceReplay { number: 1, to };
    let moved = |to| Event::Advanced { line: Telling::Replay, to };
    created().when(on(3), COURIER, s(2)).refused(Refusal::NoReplay);
    created().when(Command::Replay(replay()), ADMIN, s(2)).then(Event::ReplayBegun(replay()));
    let replaying = created().and(s(2), Event::ReplayBegun(replay()));
    replaying.when(Command::Replay(replay()), ADMIN, s(3)).refused(Refusal::ReplayUnderWay);
    replaying.when(on(2), COURIER, s(3)).then_already(moved(2));
    replaying.when(on(4), COURIER, s(3)).then(moved(4));
    let further = replaying.and(s(3), moved(4)).and(s(3), advanced(20));
    assert_eq!(
        (view(&further).cursor, view(&further).replay),
        (20, Some(WebhookReplay { cursor: 4, ..replay() }))
    );
    further.when(on(6), COURIER, s(4)).then(moved(6));
    let over = further.and(s(4), moved(6));
    assert_eq!((view(&over).cursor, view(&over).replay), (20, None));
    over.when(Command::Replay(replay()), ADMIN, s(5)).then(Event::ReplayBegun(replay()));
}

#[test]
fn who_tells_of_an_earlier_replay_moves_nothing_of_the_next_one() {
    let on = |number, to| Command::AdvanceReplay { number, to };
    let moved = |to| Event::Advanced { line: Telling::Replay, to };
    let second = created()
        .and(s(2), Event::ReplayBegun(replay()))
        .and(s(3), moved(6))
        .and(s(4), Event::ReplayBegun(WebhookReplay { cursor: 0, ..replay() }));
    // It may arrive late, and be said by somebody who does not know that it is over.
    for to in [4, 6, 9] {
        second.when(on(1, to), COURIER, s(5)).refused(Refusal::NoReplay);
    }
    second.when(on(3, 4), COURIER, s(5)).refused(Refusal::NoReplay);
    second.when(on(2, 4), COURIER, s(5)).then(moved(4));
}

#[test]
fn a_replay_of_nothing_ends_at_once_and_a_disabled_webhook_replays_nothing() {
    let empty = WebhookReplay { cursor: 6, ..replay() };
    let replaying = created().and(s(2), Event::ReplayBegun(empty));
    let moved = Event::Advanced { line: Telling::Replay, to: 6 };
    replaying.when(Command::AdvanceReplay { number: 1, to: 6 }, COURIER, s(3)).then(moved.clone());
    assert_eq!(view(&replaying.and(s(3), moved)).replay, None);
    created()
        .and(s(2), Event::Disabled(WhyDisabled::GaveUp))
        .when(Command::Replay(replay()), ADMIN, s(3))
        .refused(Refusal::Disabled);
}

#[test]
fn nothing_of_it_expires_by_itself() {
    let event = created().when(Command::Fail, COURIER, s(2)).event();
    assert_eq!(created().and(s(2), event).expires(s(999_999)), None);
}

#[test]
fn the_list_has_a_line_from_creation_to_deletion() {
    let id = Id([9; 16]);
    let rows = |event: &Event| {
        let mut rows = Vec::new();
        Webhook::rows(&id, event, s(1), &mut rows);
        rows
    };
    let row =
        |body| vec![Row { shelf: shelves::WEBHOOKS, owner: Id::SYSTEM, key: id.0.to_vec(), body }];
    assert_eq!(rows(&Event::Created { plan: plan(), from: 7 }), row(Some(vec![])));
    assert_eq!(rows(&Event::Deleted), row(None));
    for quiet in [
        advanced(9),
        Event::Failed(Trouble { attempts: 1, next_at: Time(5) }),
        Event::Disabled(WhyDisabled::Gone),
        Event::Enabled,
    ] {
        assert_eq!(rows(&quiet), []);
    }
}

#[test]
fn a_snapshot_of_a_webhook_is_that_webhook() {
    let webhook = created()
        .and(s(2), advanced(9))
        .and(s(3), Event::ReplayBegun(replay()))
        .and(s(4), Event::Disabled(WhyDisabled::Gone));
    let again = webhook.0.saved_and_read();
    assert_eq!(again.look(&Question), webhook.look(&Question));
}
