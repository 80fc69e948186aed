//! Some coupons of a range are voided for a job, and how far the job has come.

use super::coupons::*;
use super::given::{ADA, ADMIN, BOB, Given, given, s};
use super::on_shelves::{Shelves, happen, lines_of};
use actors::domain::Between;
use actors::domain::coupons::coupon::Tenure;
use actors::domain::coupons::range::{
    Answer, Command, Event, Question, Range, RangeTerms, Refusal, VoidedCounts, VoidingSoFar,
};
use actors::domain::coupons::voiding::{
    self, UNFINISHED_VOIDINGS, Voiding, VoidingPlan, VoidingProgress, before_voidings_of,
    voiding_of_row,
};
use actors::domain::coupons::{CouponFilter, CouponState, Serial};
use actors::{Caller, Id, Time};

const JOB: Id = Id([9; 16]);

fn of(owner: Caller) -> CouponFilter {
    CouponFilter { owner: Some(owner.id), ..CouponFilter::default() }
}

fn terms_of(count: u64) -> RangeTerms {
    RangeTerms { count, ..TERMS }
}

fn free() -> CouponFilter {
    CouponFilter { state: Some(CouponState::Created), ..CouponFilter::default() }
}

fn void(filter: &CouponFilter, from: u64) -> Command {
    Command::VoidThose { job: JOB, filter: filter.clone(), from }
}

/// What was voided, where it goes on, and how many there were in all.
fn told(event: &Event) -> (Vec<u64>, Option<u64>, VoidedCounts) {
    let Event::VoidedThose { coupons, next, counts, .. } = event else { panic!("{event:?}") };
    (coupons.iter().map(|coupon| coupon.slot).collect(), *next, *counts)
}

fn states(range: &Given<Range>, slots: &[u64]) -> Vec<CouponState> {
    let Answer::Coupons(views) = range.look(&Question::Coupons(slots.to_vec())) else { panic!() };
    views.into_iter().map(|view| view.expect("it is one of them").state).collect()
}

#[test]
fn those_that_the_filter_means_are_void_and_no_others() {
    let owners = [ADA, BOB, ADA, ADA];
    let given = (0u64..).zip(owners).map(|(slot, owner)| (s(1), assigned(slot, owner, None)));
    let range = opened(TERMS, given);
    range.when(void(&of(ADA), 0), ADA, s(2)).refused(Refusal::NotAdmin);
    let question = Question::WouldVoid { filter: of(ADA), from: 0 };
    let counts = VoidedCounts { free: 0, assigned: 3 };
    assert_eq!(range.look(&question), Answer::WouldVoid { counts, next: None });
    let event = range.when(void(&of(ADA), 0), ADMIN, s(2)).event();
    assert_eq!(told(&event), (vec![0, 2, 3], None, counts));
    let range = range.and(s(2), event).saved_and_read();
    use CouponState::{Assigned, Created, Void};
    assert_eq!(states(&range, &[0, 1, 2, 3, 4]), [Void, Assigned, Void, Void, Created]);
    // Whoever asks again is told how many that were, and voids nothing.
    let (coupons, next) = (Vec::new(), None);
    let again = Event::VoidedThose { job: JOB, coupons, next, counts };
    range.when(void(&of(ADA), 0), ADMIN, s(3)).then_already(again);
    let so_far = VoidingSoFar { next: None, counts };
    assert_eq!(range.look(&Question::VoidedBy(JOB)), Answer::VoidedBy(Some(so_far)));
}

#[test]
fn what_is_used_or_held_is_not_voided_with_the_others_of_its_owner() {
    let range = opened(TERMS, (0..3).map(|slot| (s(10), assigned(slot, ADA, None))))
        .and(s(20), Event::Redeemed(used(0, ADA, ADA)))
        .and(s(20), Event::Redeemed(held(1, ADA, ADA, s(99))));
    let event = range.when(void(&of(ADA), 0), ADMIN, s(30)).event();
    assert_eq!(told(&event), (vec![2], None, VoidedCounts { free: 0, assigned: 1 }));
    use CouponState::{Held, Used, Void};
    assert_eq!(states(&range.and(s(30), event), &[0, 1, 2]), [Used, Held, Void]);
}

#[test]
fn those_that_were_given_or_used_at_some_time_are_none_that_never_were() {
    let range = opened(TERMS, [(s(10), assigned(0, ADA, None)), (s(10), assigned(1, ADA, None))])
        .and(s(20), Event::Redeemed(used(0, ADA, ADA)));
    let Answer::Coupons(views) = range.look(&Question::Coupons(vec![0, 1, 2])) else { panic!() };
    let all = |filter: CouponFilter| -> Vec<bool> {
        views.iter().map(|view| filter.has(view.as_ref().expect("it is one"))).collect()
    };
    let has = |used| all(CouponFilter { used, ..CouponFilter::default() });
    let was_given = |given| all(CouponFilter { given, ..CouponFilter::default() });
    let between = |from: Time, to: Time| Between { from: Some(from), to: Some(to) };
    assert_eq!(has(between(s(20), s(21))), [true, false, false]);
    assert_eq!(has(between(s(10), s(20))), [false; 3]);
    assert_eq!(has(Between::default()), [true; 3]);
    assert_eq!(was_given(between(s(10), s(11))), [true, true, false]);
    assert_eq!(was_given(between(s(0), s(10))), [false; 3]);
}

#[test]
fn a_reference_is_that_of_a_use_or_of_one_that_was_cancelled() {
    let once_used = Tenure { past: vec![past(ADA, ADA, s(20), s(30))], ..tenure() };
    let range = opened(TERMS, (0..4).map(|slot| (s(10), assigned(slot, ADA, None))))
        .and(s(20), Event::Redeemed(used(0, ADA, ADA)))
        .and(s(20), Event::Redeemed(held(1, ADA, ADA, s(99))))
        .and(s(20), Event::Redeemed(used(2, ADA, ADA)))
        .and(s(30), Event::Redeemed(having(cancelled(2, ADA, ADA), once_used)));
    let Answer::Coupons(views) = range.look(&Question::Coupons(vec![0, 1, 2, 3])) else { panic!() };
    let has = |reference: &str| -> Vec<bool> {
        let reference = Some(reference.into());
        let filter = CouponFilter { reference, ..CouponFilter::default() };
        views.iter().map(|view| filter.has(view.as_ref().expect("it is one"))).collect()
    };
    assert_eq!(has("order 7"), [true, true, true, false]);
    assert_eq!(has("order 8"), [false; 4]);
}

#[test]
fn a_stretch_ends_and_the_next_one_goes_on_whatever_it_is_asked() {
    let mut range = opened(terms_of(5_000), []);
    let mut all = 0;
    for stretch in 1..=10 {
        // Also if the answer to the one before was lost.
        let event = range.when(void(&free(), 0), ADMIN, s(2)).event();
        let (slots, next, counts) = told(&event);
        all += slots.len() as u64;
        assert_eq!((slots.len(), counts.free), (500, all));
        assert_eq!(next, (stretch < 10).then_some(all));
        range = range.and(s(2), event);
    }
    assert_eq!(all, 5_000);
}

#[test]
fn a_stretch_in_which_there_is_none_says_where_to_go_on() {
    let given = (0..1_500).map(|slot| (s(1), assigned(slot, BOB, None)));
    let range = opened(terms_of(5_000), given);
    range.when(void(&of(ADA), 0), ADMIN, s(2)).refused(Refusal::NoneHere { next: 1_000 });
    let event = range.when(void(&of(ADA), 1_000), ADMIN, s(2)).event();
    assert_eq!(told(&event), (Vec::new(), None, VoidedCounts::default()));
}

#[test]
fn nothing_is_voided_by_a_filter_while_the_batch_is_frozen_or_once_it_is_void() {
    let frozen = opened(TERMS, [(s(1), Event::Frozen)]);
    frozen.when(void(&free(), 0), ADMIN, s(2)).refused(Refusal::Paused);
    let void_all = opened(TERMS, []).when(Command::VoidAll, ADMIN, s(1)).event();
    let none = opened(TERMS, [(s(1), void_all)]);
    none.when(void(&free(), 0), ADMIN, s(2)).refused(Refusal::AllVoid);
    let question = Question::WouldVoid { filter: free(), from: 0 };
    let counts = VoidedCounts::default();
    assert_eq!(none.look(&question), Answer::WouldVoid { counts, next: None });
}

fn plan() -> VoidingPlan {
    VoidingPlan { batch: Serial(4), filter: free(), dry_run: false }
}

fn at(part: u8, slot: u64, free: u64) -> VoidingProgress {
    let here = VoidedCounts { free, assigned: 0 };
    VoidingProgress { part, slot, here, ..VoidingProgress::default() }
}

#[test]
fn a_voiding_goes_on_never_back_and_ends_once() {
    use voiding::{Command, Event, Refusal};
    given::<Voiding>([]).when(Command::Cancel, ADMIN, s(1)).refused(Refusal::Unknown);
    given::<Voiding>([]).when(Command::Create(plan()), ADMIN, s(1)).then(Event::Planned(plan()));
    let begun: Given<Voiding> = given([(s(1), Event::Planned(plan()))]);
    begun.when(Command::Create(plan()), ADMIN, s(2)).then_already(Event::Planned(plan()));
    let on = at(0, 500, 500);
    begun.when(Command::Advance(on), ADMIN, s(2)).then(Event::Advanced(on));
    let further = begun.and(s(2), Event::Advanced(on)).saved_and_read();
    further.when(Command::Advance(on), ADMIN, s(3)).then_already(Event::Advanced(on));
    for back in [at(0, 400, 500), at(0, 600, 400)] {
        further.when(Command::Advance(back), ADMIN, s(3)).refused(Refusal::OutOfStep);
    }
    let next = on.with_next_part();
    assert_eq!((next.part, next.slot, next.voided().free), (1, 0, 500));
    further.when(Command::Advance(next), ADMIN, s(3)).then(Event::Advanced(next));
    further.when(Command::Stop, ADMIN, s(3)).refused(Refusal::OutOfStep);
    let cancelling = further.and(s(3), Event::Cancelling);
    cancelling.when(Command::Cancel, ADMIN, s(4)).then_already(Event::Cancelling);
    cancelling.when(Command::Stop, ADMIN, s(4)).then(Event::Cancelled);
    let cancelled = cancelling.and(s(4), Event::Cancelled);
    cancelled.when(Command::Cancel, ADMIN, s(5)).then_already(Event::Cancelled);
    for command in [Command::Advance(next), Command::Finish] {
        cancelled.when(command, ADMIN, s(5)).refused(Refusal::Ended);
    }
}

#[test]
fn a_voiding_is_listed_with_its_batch_and_among_the_unfinished_until_it_ends() {
    use voiding::Event;
    for (then, goes_on) in [
        (Event::Advanced(at(0, 500, 500)), true),
        (Event::Cancelling, true),
        (Event::Finished, false),
        (Event::Cancelled, false),
    ] {
        let mut shelves = Shelves::default();
        happen::<Voiding>(&mut shelves, &JOB, &Event::Planned(plan()), s(1));
        happen::<Voiding>(&mut shelves, &JOB, &then, s(2));
        let lists = [Id::SYSTEM, UNFINISHED_VOIDINGS].map(|list| lines_of(&shelves, list));
        assert_eq!(lists.each_ref().map(Vec::len), [1, goes_on as usize], "{then:?}");
        assert!(lists.concat().into_iter().all(|key| voiding_of_row(key) == Some(JOB)));
    }
}

#[test]
fn the_voidings_of_a_batch_are_listed_side_by_side_and_the_newest_first() {
    let line = |batch: Serial, at: Time| {
        let mut shelves = Shelves::default();
        let planned = voiding::Event::Planned(VoidingPlan { batch, ..plan() });
        happen::<Voiding>(&mut shelves, &JOB, &planned, at);
        lines_of(&shelves, Id::SYSTEM).concat()
    };
    assert!(line(Serial(4), s(2)) < line(Serial(4), s(1)));
    assert!(line(Serial(4), s(1)).starts_with(&before_voidings_of(Serial(4))));
    assert!(!line(Serial(6), s(1)).starts_with(&before_voidings_of(Serial(4))));
}
