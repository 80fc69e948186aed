//! Create, close, finish.

use super::given::{ADMIN, given, s};
use actors::domain::ballots::BoxName;
use actors::domain::day::Day;
use actors::domain::lottery::{
    BallotSetup, Command, Event, FirstTicketSetup, Lottery, LotteryPlan, Phase, Refusal,
    SecondPlan, TicketSetup,
};
use actors::domain::pool::PoolName;
use actors::domain::tickets::{Label, Sale, SliceName, SliceTerms, Wave};
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
    assert_eq!(view.map(|view| view.plan), Some(plan().into()));
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
fn a_pattern_is_served_from_the_slices_that_have_numbers_like_it() {
    let pool = PoolName::Day(Day(20_261_231));
    let slices = |plan: &LotteryPlan, pattern: &str| {
        let pattern = pattern.parse().expect("it is one");
        plan.slices_matching(pool, &pattern).iter().map(|slice| slice.lead).collect::<Vec<_>>()
    };
    let all: Vec<u8> = plan().slices(pool).iter().map(|slice| slice.lead).collect();
    assert_eq!(all, (0..10).collect::<Vec<_>>());
    assert_eq!((slices(&plan(), "*****7"), slices(&plan(), "42****")), (all, vec![4]));
    let tickets = Some(TicketSetup { numbers: Some(420_001), ..plan().tickets.unwrap() });
    let fewer = LotteryPlan { tickets, ..plan() };
    assert_eq!((slices(&fewer, "*****7"), slices(&fewer, "5*****")), (vec![0, 1, 2, 3, 4], vec![]));
    assert_eq!(LotteryPlan { tickets: None, ..plan() }.slices(pool), []);
}

#[test]
fn ballots_lie_in_as_many_boxes_as_were_set_up() {
    let pool = PoolName::Day(Day(20_261_231));
    assert_eq!(plan().boxes(pool), []);
    let (commitment, round) = ([7; 32], None);
    let ballots =
        BallotSetup { boxes: 3, most_per_box: 9, winners: 1, reserves: 0, commitment, round };
    let boxes = LotteryPlan { ballots: Some(ballots), ..plan() }.boxes(pool);
    assert_eq!(boxes, [0, 1, 2].map(|number| BoxName { pool, number }));
}

#[test]
fn a_lottery_nobody_created_is_unknown() {
    after(&[]).when(Command::Close, ADMIN, s(1)).refused(Refusal::Unknown);
    after(&[]).when(Command::Finish { boxes: Vec::new() }, ADMIN, s(1)).refused(Refusal::Unknown);
}

#[test]
fn a_lottery_closes_step_by_step_and_every_step_can_be_repeated() {
    let created = [Event::Arranged(plan())];
    let stopped = Event::Stopped { closes_at: s(10_000) };
    let closing = [Event::Arranged(plan()), stopped.clone()];
    let closed = [Event::Arranged(plan()), stopped.clone(), Event::Closed];
    after(&created)
        .when(Command::Finish { boxes: Vec::new() }, ADMIN, s(2))
        .refused(Refusal::NotClosing);
    after(&created).when(Command::Close, ADMIN, s(2)).then(stopped.clone());
    after(&closing).when(Command::Close, ADMIN, s(2)).then_already(stopped.clone());
    after(&closing).when(Command::Finish { boxes: Vec::new() }, ADMIN, s(2)).then(Event::Closed);
    after(&closed).when(Command::Close, ADMIN, s(2)).then_already(stopped.clone());
    after(&closed)
        .when(Command::Finish { boxes: Vec::new() }, ADMIN, s(2))
        .then_already(Event::Closed);
}

#[test]
fn a_lottery_stops_by_itself_at_its_closing_instant_and_once() {
    let open = after(&[Event::Arranged(plan())]);
    for open in [open.saved_and_read(), open] {
        assert_eq!((open.due(), open.expires(s(9_999))), (Some(s(10_000)), None));
        assert_eq!(open.expires(s(10_000)), Some(Event::Stopped { closes_at: s(10_000) }));
        let stopped = open.and_time_passes(s(10_000));
        for events in [vec![], vec![Event::Closed]] {
            let over = events
                .into_iter()
                .fold(stopped.saved_and_read(), |over, event| over.and(s(10_001), event));
            assert_eq!(over.due(), None);
        }
    }
    // So does one that was created before.
    let (name, closes_at) = ("x".into(), s(10));
    let second = SecondPlan { name, closes_at, tickets: None, ballots: None };
    assert_eq!(after(&[Event::Planned(second)]).due(), Some(s(10)));
    assert_eq!(after(&[]).due(), None);
}

#[test]
fn a_look_shows_the_plan_and_how_far_it_has_come() {
    assert_eq!(Played::<Lottery>::default().look(&actors::domain::lottery::Question), None);
    let mut events = vec![Event::Arranged(plan())];
    for (phase, next) in [
        (Phase::Open, Event::Stopped { closes_at: s(10_000) }),
        (Phase::Closing, Event::Closed),
        (Phase::Closed, Event::Closed),
    ] {
        let view = after(&events).look(&actors::domain::lottery::Question).expect("it was created");
        assert_eq!((view.plan, view.phase, view.created_at), (plan().into(), phase, s(1)));
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

fn slice(digits: u8, lead: u8) -> SliceName {
    SliceName { pool: Day(20_261_231).into(), digits, lead }
}

#[test]
fn a_plan_tells_its_slices_their_terms() {
    let pool = Day(20_261_231).into();
    assert_eq!(plan().slices(pool).len(), 10);
    assert_eq!(
        plan().terms(&slice(6, 3)).map(|terms| (terms.digits, terms.copies, terms.closes_at)),
        Some((6, 10, s(10_000)))
    );
    let without = LotteryPlan { tickets: None, ..plan() };
    assert!(without.slices(pool).is_empty() && without.terms(&slice(6, 3)).is_none());
}

#[test]
fn only_the_slices_below_the_count_exist_and_the_last_may_be_smaller() {
    let pool = Day(20_261_231).into();
    for (numbers, in_slices) in [
        (500, &[Some(500)][..]),
        (1000, &[None]),
        (2500, &[None, None, Some(500)]),
        (10_000, &[None; 10]),
    ] {
        let tickets = Some(TicketSetup::counted(numbers, 10, 7200));
        let plan = LotteryPlan { tickets, ..plan() };
        let slices = plan.slices(pool);
        let terms = slices.iter().map(|slice| plan.terms(slice).expect("it has tickets").numbers);
        assert!(terms.eq(in_slices.iter().copied()), "{numbers}");
    }
}

#[test]
fn slices_share_a_wave_and_know_the_labels_that_they_may_have() {
    let label = |name: &str, pattern: &str| Label {
        name: name.into(),
        pattern: pattern.parse().expect("it is one"),
    };
    let waves = vec![Wave { at: s(10), tickets: 7 }, Wave { at: s(20), tickets: 2500 }];
    let plan = LotteryPlan {
        tickets: Some(TicketSetup::counted(2500, 10, 7200)),
        sale: Sale { starts_at: Some(s(5)), ends_at: Some(s(30)), waves },
        labels: vec![label("stalls", "0***"), label("row 7", "*7**"), label("box", "2***")],
        ..plan()
    };
    let terms = [0, 1, 2].map(|lead| plan.terms(&slice(4, lead)).expect("it has tickets"));
    let share = |wave: usize| terms.each_ref().map(|terms| terms.sale.waves[wave].tickets);
    assert_eq!((share(0), share(1)), ([3, 2, 2], [1000, 1000, 500]));
    assert_eq!(terms[2].sale.starts_at, Some(s(5)));
    let places =
        |terms: &SliceTerms| -> Vec<u8> { terms.labels.iter().map(|label| label.place).collect() };
    assert_eq!(terms.each_ref().map(places), [vec![0, 1], vec![1], vec![1, 2]]);
    let narrowed = |pattern: &str, label| {
        plan.narrowed(&pattern.parse().expect("it is one"), label).map(|both| both.to_string())
    };
    assert_eq!(narrowed("***5", Some(1)), Some("*7*5".into()));
    assert_eq!(narrowed("***5", None), Some("***5".into()));
    assert_eq!((narrowed("1***", Some(0)), narrowed("****", Some(3))), (None, None));
}
