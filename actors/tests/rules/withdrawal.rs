//! Withdrawal of a pool that nobody has touched, and the pool that is arranged under its name next.

use super::given::{ADA, ADMIN, Given, given, s};
use super::terms::{TERMS, hold, slice, ticket};
use actors::domain::ballots::{self, BallotBox, BoxName, BoxTerms};
use actors::domain::day::Day;
use actors::domain::lottery::{
    Command, Event, Lottery, LotteryPlan, LotteryView, Phase, Question, Refusal, TicketSetup,
    closing_of_row,
};
use actors::domain::pool::{Edition, PoolCommand, PoolName};
use actors::domain::shelves;
use actors::domain::tickets::{self, OrderNumber, PartFate, Slice};
use actors::domain::till::{self, MemberLimits, OrderWish, Till, TillTerms};
use actors::{Caller, Id, Machine, Time};

const POOL: PoolName = PoolName::Day(Day(20_261_231));

fn plan(name: &str) -> LotteryPlan {
    let tickets = TicketSetup::counted(9, 10, 7200);
    LotteryPlan { tickets: Some(tickets), ..LotteryPlan::named(name.into(), s(10_000)) }
}

fn withdrawing(edition: Edition, name: &str) -> Event {
    Event::Withdrawing { edition, plan: plan(name), created_at: s(1) }
}

fn withdrawn(edition: Edition) -> Event {
    Event::Withdrawn { edition, closes_at: s(10_000) }
}

fn kept(edition: Edition) -> Event {
    Event::Kept { edition, closes_at: s(10_000) }
}

fn after(events: &[Event]) -> Given<Lottery> {
    given(events.iter().map(|event| (s(1), event.clone())))
}

fn view(lottery: &Given<Lottery>) -> Option<LotteryView> {
    lottery.look(&Question)
}

const WITHDRAW: Command = Command::Withdraw { seems_untouched: true };

fn ends(edition: Edition, is_untouched: bool) -> Command {
    Command::EndWithdrawal { edition, is_untouched }
}

#[test]
fn a_lottery_is_withdrawn_in_two_steps_and_each_can_be_repeated() {
    let created = Event::Arranged(plan("one"));
    let asked = [created.clone(), withdrawing(0, "one")];
    after(&asked[..1]).when(WITHDRAW, ADMIN, s(2)).then(withdrawing(0, "one"));
    after(&asked).when(WITHDRAW, ADMIN, s(2)).then_already(withdrawing(0, "one"));
    let in_use = Command::Withdraw { seems_untouched: false };
    after(&asked[..1]).when(in_use, ADMIN, s(2)).refused(Refusal::Touched);
    after(&asked).when(ends(0, true), Caller::SYSTEM, s(2)).then(withdrawn(0));
    let gone = after(&[created, withdrawing(0, "one"), withdrawn(0)]);
    assert_eq!(view(&gone), None);
    // Whoever comes later with another answer changes nothing.
    gone.when(ends(0, false), Caller::SYSTEM, s(3))
        .then_already(Event::Withdrawn { edition: 0, closes_at: Time::default() });
    gone.when(WITHDRAW, ADMIN, s(3)).refused(Refusal::Unknown);
    gone.when(Command::Close, ADMIN, s(3)).refused(Refusal::Unknown);
}

#[test]
fn a_lottery_that_somebody_has_touched_goes_on_in_its_next_edition() {
    let asked = after(&[Event::Arranged(plan("one")), withdrawing(0, "one")]);
    asked.when(ends(0, false), Caller::SYSTEM, s(2)).then(kept(0));
    let on = asked.and(s(2), kept(0));
    on.when(ends(0, true), Caller::SYSTEM, s(2)).then_already(kept(0));
    let view = view(&on).expect("it goes on");
    assert_eq!((view.phase, view.plan.edition, &view.plan.plan), (Phase::Open, 1, &plan("one")));
    assert_eq!(on.due(), Some(s(10_000)));
    on.when(WITHDRAW, ADMIN, s(3)).then(withdrawing(1, "one"));
    on.when(ends(1, true), ADMIN, s(3)).refused(Refusal::NotWithdrawing);
    // An answer of long ago belongs to no withdrawal that is remembered.
    let twice = on.and(s(3), withdrawing(1, "one")).and(s(3), kept(1));
    twice.when(ends(0, true), ADMIN, s(4)).refused(Refusal::NotWithdrawing);
}

#[test]
fn a_lottery_that_is_being_withdrawn_neither_closes_nor_is_another_in_its_place() {
    let asked = after(&[Event::Arranged(plan("one")), withdrawing(0, "one")]);
    asked.when(Command::Close, ADMIN, s(2)).refused(Refusal::BeingWithdrawn);
    asked.when(Command::Create(plan("two")), ADMIN, s(2)).refused(Refusal::Exists);
    assert_eq!(asked.due(), None, "its closing instant waits until it is known what becomes of it");
    assert_eq!(asked.and(s(10_001), kept(0)).due(), Some(s(10_000)));
}

#[test]
fn a_lottery_that_has_begun_to_close_is_not_withdrawn() {
    let stopped = Event::Stopped { closes_at: s(10_000) };
    let mut events = vec![Event::Arranged(plan("one"))];
    for event in [stopped, Event::Closed] {
        events.push(event);
        after(&events).when(WITHDRAW, ADMIN, s(2)).refused(Refusal::Over);
    }
    after(&[]).when(WITHDRAW, ADMIN, s(2)).refused(Refusal::Unknown);
}

#[test]
fn another_lottery_of_that_name_is_a_later_edition_and_remembers_nothing() {
    let gone = after(&[Event::Arranged(plan("one")), withdrawing(0, "one"), withdrawn(0)]);
    gone.when(Command::Create(plan("two")), ADMIN, s(5)).then(Event::Arranged(plan("two")));
    let next = gone.saved_and_read().and(s(5), Event::Arranged(plan("two")));
    let view = view(&next.saved_and_read()).expect("it was arranged");
    assert_eq!((view.plan.edition, view.plan.plan, view.created_at), (1, plan("two"), s(5)));
}

#[test]
fn a_withdrawal_takes_the_lottery_off_its_lists_and_a_kept_one_stays_on_them() {
    let pool: PoolName = "gala".parse().expect("it is a name");
    let lines = |pool: &PoolName, event: &Event| {
        let mut rows = Vec::new();
        Lottery::rows(pool, event, s(1), &mut rows);
        rows.into_iter().map(|row| (row.shelf, row.body.is_some())).collect::<Vec<_>>()
    };
    let (closing, ending) = (shelves::CLOSING, shelves::ENDING);
    assert_eq!(lines(&pool, &withdrawing(0, "one")), [(closing, false), (ending, true)]);
    let of_all = (shelves::LOTTERIES, false);
    let expected = [of_all, (ending, false), (shelves::POOLS, false)];
    assert_eq!(lines(&pool, &withdrawn(0)), expected);
    assert_eq!(lines(&POOL, &withdrawn(0)), expected[..2]);
    assert_eq!(lines(&pool, &kept(0)), [(closing, true), (ending, false)]);
    let mut rows = Vec::new();
    Lottery::rows(&pool, &kept(0), s(1), &mut rows);
    assert_eq!(closing_of_row(&rows[0].key), Some((s(10_000), pool)));
}

fn open_slice(edition: Edition) -> tickets::Command {
    tickets::Command::Open { lead: 3, terms: Box::new(TERMS) }.of(edition)
}

#[test]
fn a_slice_that_nobody_has_touched_gives_way_opened_or_not() {
    use tickets::{Command, Event, Refusal};
    for opened in [slice([]), given([])] {
        opened
            .when(Command::Withdraw { edition: 0 }, Caller::SYSTEM, s(2))
            .then(Event::Withdrawn { edition: 0 });
        let gone: Given<Slice> = opened.and(s(2), Event::Withdrawn { edition: 0 });
        let gone = gone.saved_and_read();
        gone.when(Command::Withdraw { edition: 0 }, Caller::SYSTEM, s(3))
            .then_already(Event::Withdrawn { edition: 0 });
        // Whoever knows the old pool only neither opens it again nor holds anything.
        gone.when(open_slice(0), Caller::SYSTEM, s(3)).refused(Refusal::Withdrawn);
        gone.when(hold("3***", 1, 0), ADA, s(3)).refused(Refusal::Withdrawn);
        gone.when(hold("3***", 1, 0).of(1), ADA, s(3)).refused(Refusal::NotOpened);
        gone.when(Command::Confirm { hold: 0 }, ADA, s(3)).refused(Refusal::NotOpened);
        let terms = Box::new(TERMS);
        let again = Event::PreparedIn { edition: 1, lead: 3, terms };
        gone.when(open_slice(1), Caller::SYSTEM, s(3)).then(again.clone());
        let again = gone.and(s(3), again).saved_and_read();
        again.when(hold("3***", 1, 0), ADA, s(3)).refused(Refusal::Withdrawn);
        let held = again.when(hold("3***", 1, 0).of(1), ADA, s(3)).event();
        assert!(matches!(held, Event::Held { hold: 0, .. }), "{held:?}");
    }
}

#[test]
fn a_slice_that_somebody_has_ever_touched_does_not_give_way() {
    use tickets::{Command, Event, Refusal};
    let (order, owner) = (OrderNumber { till: 0, number: 0 }, ADA.id);
    let tickets = vec![ticket(3001, 1)];
    let held = Event::Held { hold: 0, owner, tickets: tickets.clone(), until: s(310) };
    let part = Event::HeldFor { order, owner, tickets };
    let none =
        Event::Followed { order, owner: Id::SYSTEM, tickets: Vec::new(), fate: PartFate::Ended };
    for events in [
        vec![held.clone(), Event::Released { hold: 0, owner }],
        vec![held, Event::Expired { holds: vec![(0, owner)] }],
        vec![part],
        vec![none],
    ] {
        let touched = slice(events.into_iter().map(|event| (s(10), event))).saved_and_read();
        let withdraw = Command::Withdraw { edition: 0 };
        touched.when(withdraw, Caller::SYSTEM, s(20)).refused(Refusal::Touched);
        // It goes on, for whoever knows the pool as it was and as it is.
        for edition in [0, 1] {
            touched.when(hold("3***", 1, 0).of(edition), ADA, s(20)).event();
        }
    }
}

#[test]
fn a_till_and_a_box_give_way_as_a_slice_does() {
    let terms =
        TillTerms { limits: MemberLimits::default(), hold_max_s: 600, closes_at: s(10_000) };
    let wish = OrderWish { pattern: "***1".parse().unwrap(), count: 1, at_least: 1, ttl_s: 300 };
    let begin = || till::Command::Begin { wish, keys: Vec::new() };
    let opened: Given<Till> = given([(s(1), till::Event::Opened { terms })]);
    let begun = opened.when(begin(), ADA, s(2)).event();
    let withdraw = till::Command::Withdraw { edition: 0 };
    opened.when(withdraw.clone(), ADMIN, s(2)).then(till::Event::Withdrawn { edition: 0 });
    let gone = opened.and(s(2), till::Event::Withdrawn { edition: 0 }).saved_and_read();
    gone.when(begin(), ADA, s(3)).refused(till::Refusal::Withdrawn);
    let open = till::Command::Open { terms };
    gone.when(open.clone(), ADMIN, s(3)).refused(till::Refusal::Withdrawn);
    gone.when(open.of(1), ADMIN, s(3)).then(till::Event::OpenedIn { edition: 1, terms });
    gone.and(s(3), till::Event::OpenedIn { edition: 1, terms })
        .when(begin().of(1), ADA, s(3))
        .event();
    let touched: Given<Till> = given([(s(1), till::Event::Opened { terms }), (s(2), begun)]);
    touched.saved_and_read().when(withdraw.clone(), ADMIN, s(3)).refused(till::Refusal::Touched);
    let closed: Given<Till> =
        given([(s(1), till::Event::Opened { terms }), (s(2), till::Event::Sealed)]);
    closed.when(withdraw, ADMIN, s(3)).refused(till::Refusal::Closed);

    let (name, terms) =
        (BoxName { pool: POOL, number: 3 }, BoxTerms { closes_at: s(10_000), most: 9 });
    let opened: Given<BallotBox> = given([(s(1), ballots::Event::Opened { name, terms })]);
    let submit = || ballots::Command::Submit;
    let submitted = opened.when(submit(), ADA, s(2)).event();
    let withdraw = ballots::Command::Withdraw { edition: 0 };
    opened.when(withdraw.clone(), ADMIN, s(2)).then(ballots::Event::Withdrawn { edition: 0 });
    let gone = opened.and(s(2), ballots::Event::Withdrawn { edition: 0 }).saved_and_read();
    gone.when(submit(), ADA, s(3)).refused(ballots::Refusal::Withdrawn);
    let open = ballots::Command::Open { name, terms };
    gone.when(open.clone(), ADMIN, s(3)).refused(ballots::Refusal::Withdrawn);
    let again = ballots::Event::OpenedIn { edition: 1, name, terms };
    gone.when(open.of(1), ADMIN, s(3)).then(again.clone());
    gone.and(s(3), again).when(submit().of(1), ADA, s(3)).event();
    let touched: Given<BallotBox> =
        given([(s(1), ballots::Event::Opened { name, terms }), (s(2), submitted)]);
    touched.saved_and_read().when(withdraw, ADMIN, s(3)).refused(ballots::Refusal::Touched);
}
