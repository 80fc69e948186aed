//! Create, close, finish.

use super::given::{ADMIN, given, s};
use actors::Time;
use actors::domain::day::Day;
use actors::domain::lottery::{
    Command, Event, FirstTicketSetup, Lottery, LotteryPlan, Phase, Refusal, SecondPlan, TicketSetup,
};
use testing::played::Played;

fn plan() -> LotteryPlan {
    let tickets = TicketSetup {
        digits: 6,
        copies: 10,
        holds_per_member: 10,
        hold_max_s: 7200,
        numbers: None,
    };
    LotteryPlan { tickets: Some(tickets), ..LotteryPlan::named("New Year".into(), s(10_000)) }
}

fn after(events: &[Event]) -> super::given::Given<Lottery> {
    given(events.iter().map(|event| (s(1), event.clone())))
}

#[test]
fn a_lottery_is_created_once() {
    after(&[]).when(Command::Create(plan()), ADMIN, s(1)).then(Event::Arranged(plan()));
    after(&[Event::Arranged(plan())])
        .when(Command::Create(plan()), ADMIN, s(2))
        .refused(Refusal::Exists);
}

#[test]
fn a_plan_of_before_is_one_without_sale_labels_and_limits() {
    let tickets =
        FirstTicketSetup { digits: 6, copies: 10, holds_per_member: 10, hold_max_s: 7200 };
    let (name, closes_at) = ("New Year".into(), s(10_000));
    let second = SecondPlan { name, closes_at, tickets: Some(tickets), ballots: None };
    let view = after(&[Event::Planned(second)]).look(&actors::domain::lottery::Question);
    assert_eq!(view.map(|view| view.plan), Some(plan()));
}

#[test]
fn counted_tickets_have_as_many_digits_as_the_last_one_needs() {
    for (numbers, digits) in
        [(1, 4), (500, 4), (10_000, 4), (10_001, 5), (100_000, 5), (1_000_001, 7)]
    {
        let counted = TicketSetup::counted(numbers, 10, 7200);
        let (stock, copies) = (u64::from(numbers), counted.copies);
        assert_eq!((counted.digits, counted.stock(), copies), (digits, stock, 1));
    }
    assert_eq!(plan().tickets.unwrap().stock(), 10_000_000);
}

#[test]
fn a_lottery_nobody_created_is_unknown() {
    after(&[]).when(Command::Close, ADMIN, s(1)).refused(Refusal::Unknown);
    after(&[]).when(Command::Finish { boxes: Vec::new() }, ADMIN, s(1)).refused(Refusal::Unknown);
}

#[test]
fn a_lottery_closes_step_by_step_and_every_step_can_be_repeated() {
    let created = [Event::Arranged(plan())];
    let closing = [Event::Arranged(plan()), Event::Closing];
    let closed = [Event::Arranged(plan()), Event::Closing, Event::Closed];
    after(&created)
        .when(Command::Finish { boxes: Vec::new() }, ADMIN, s(2))
        .refused(Refusal::NotClosing);
    after(&created).when(Command::Close, ADMIN, s(2)).then(Event::Closing);
    after(&closing).when(Command::Close, ADMIN, s(2)).then_already(Event::Closing);
    after(&closing).when(Command::Finish { boxes: Vec::new() }, ADMIN, s(2)).then(Event::Closed);
    after(&closed).when(Command::Close, ADMIN, s(2)).then_already(Event::Closing);
    after(&closed)
        .when(Command::Finish { boxes: Vec::new() }, ADMIN, s(2))
        .then_already(Event::Closed);
}

#[test]
fn a_look_shows_the_plan_and_how_far_it_has_come() {
    assert_eq!(Played::<Lottery>::default().look(&actors::domain::lottery::Question), None);
    let mut events = vec![Event::Arranged(plan())];
    for (phase, next) in [
        (Phase::Open, Event::Closing),
        (Phase::Closing, Event::Closed),
        (Phase::Closed, Event::Closed),
    ] {
        let view = after(&events).look(&actors::domain::lottery::Question).expect("it was created");
        assert_eq!((view.plan, view.phase, view.created_at), (plan(), phase, s(1)));
        events.push(next);
    }
}

#[test]
fn a_snapshot_of_a_lottery_is_that_lottery() {
    let lottery = after(&[Event::Arranged(plan()), Event::Closing]).0;
    let again = lottery.saved_and_read();
    assert_eq!(
        again.look(&actors::domain::lottery::Question),
        lottery.look(&actors::domain::lottery::Question)
    );
}

#[test]
fn a_plan_tells_its_slices_their_terms() {
    let pool = Day(20_261_231).into();
    assert_eq!(plan().slices(pool).len(), 10);
    assert_eq!(
        plan().terms().map(|terms| (terms.digits, terms.copies, terms.closes_at)),
        Some((6, 10, s(10_000)))
    );
    let without = LotteryPlan { tickets: None, ..plan() };
    assert!(without.slices(pool).is_empty() && without.terms().is_none());
    assert_eq!(after(&[]).0.due(), None::<Time>);
}
