//! A batch as a whole: paused, extended, voided.

use super::coupons::*;
use super::given::{ADA, ADMIN, BOB, Given, s};
use actors::domain::coupons::rack::Spelling;
use actors::domain::coupons::range::{
    Answer, Command, Event, Question, Range, RangeOverview, RangeTerms, Refusal, VoidedCounts,
};
use actors::domain::coupons::{CancelBy, CouponState, Discount, Offer, rack, range, redeem};
use actors::{Id, Machine, Time};

const SOURCE: Id = Id([7; 16]);
const LATER: Time = Time(ENDS.0 + 1_000_000);

fn assign() -> Command {
    Command::Assign { member: ADA.id, source: None }
}

fn give(slot: u64) -> Command {
    Command::Give { slot, member: ADA.id }
}

const CHEAPER: Offer = Offer::of(Discount::Amount(9));

const WITHDRAW: Command = Command::Withdraw { turn: 1 };

/// In the first turn.
fn revise() -> Command {
    Command::Revise { offer: CHEAPER, expires_at: before(ENDS), turn: 1 }
}

fn freeze(turn: u32) -> Command {
    Command::Freeze { turn: Some(turn) }
}

/// Ada has the first of five since the first second.
fn adas_first() -> Given<Range> {
    opened(TERMS, [(s(10), assigned(0, ADA, Some(SOURCE)))])
}

fn all_voided(free: u64, assigned: u64) -> Event {
    Event::AllVoided(VoidedCounts { free, assigned })
}

fn is_expired(until: Time) -> Event {
    Event::Redeemed(redeem::Event::Expired { until })
}

#[test]
fn a_member_changes_nothing_of_a_whole_batch() {
    for command in [
        Command::Pause,
        Command::Resume,
        Command::Extend { expires_at: LATER },
        Command::VoidAll,
        freeze(1),
        Command::Thaw { turn: 1 },
        revise(),
        WITHDRAW,
    ] {
        adas_first().when(command, ADA, s(20)).refused(Refusal::NotAdmin);
    }
}

#[test]
fn nothing_is_assigned_while_it_is_paused_and_what_was_can_be_used() {
    adas_first().when(Command::Pause, ADMIN, s(20)).then(Event::Paused);
    adas_first().when(Command::Resume, ADMIN, s(20)).then_already(Event::Resumed);
    let paused = adas_first().and(s(20), Event::Paused);
    for paused in [&paused, &paused.saved_and_read()] {
        paused.when(Command::Pause, ADMIN, s(30)).then_already(Event::Paused);
        paused.when(assign(), ADA, s(30)).refused(Refusal::Paused);
        paused.when(give(3), ADMIN, s(30)).refused(Refusal::Paused);
        assert_eq!(paused.left_for(&assign(), &ADA), 0);
        let again = Command::Assign { member: ADA.id, source: Some(SOURCE) };
        paused.when(again, ADA, s(30)).then_already(assigned(0, ADA, Some(SOURCE)));
        let used = Event::Redeemed(used(0, ADA, ADA));
        paused.when(Command::Redeem(use_it(0)), ADA, s(30)).then(used);
    }
    let resumed = paused.and(s(40), Event::Resumed);
    resumed.when(assign(), ADA, s(50)).then(assigned(1, ADA, None));
    let over = adas_first().and_time_passes(ENDS);
    over.when(Command::Pause, ADMIN, ENDS).refused(Refusal::Expired);
    over.when(Command::Resume, ADMIN, ENDS).refused(Refusal::Expired);
}

#[test]
fn an_expiry_only_moves_later_and_not_once_it_has_passed() {
    let to = |expires_at| Command::Extend { expires_at };
    let it = adas_first();
    it.when(to(LATER), ADMIN, s(20)).then(Event::Extended { expires_at: LATER });
    it.when(to(ENDS), ADMIN, s(20)).then_already(Event::Extended { expires_at: ENDS });
    it.when(to(before(ENDS)), ADMIN, s(20)).refused(Refusal::OnlyLater);
    it.and_time_passes(ENDS).when(to(LATER), ADMIN, ENDS).refused(Refusal::Expired);
}

#[test]
fn all_coupons_of_an_extended_batch_expire_later_and_none_before() {
    let held = held(1, ADA, ADA, s(99));
    let used = used(2, ADA, ADA);
    let range = opened(
        TERMS,
        [
            (s(10), assigned(0, ADA, None)),
            (s(10), assigned(1, ADA, None)),
            (s(10), assigned(2, ADA, None)),
            (s(20), Event::Redeemed(held)),
            (s(20), Event::Redeemed(used)),
            (s(30), Event::Extended { expires_at: LATER }),
        ],
    );
    for range in [&range, &range.saved_and_read()] {
        for slot in 0..5 {
            assert_eq!(view(range, slot).map(|view| view.coupon.tenure.expires_at), Some(LATER));
        }
    }
    // The hold ends by itself, and the use is taken back: both expire with all others.
    let lapsed = range.and_time_passes(s(99));
    assert_eq!(lapsed.expires(before(LATER)), None);
    let back = lapsed.when(
        Command::Redeem(redeem::Command::Cancel { slot: 2, by: CancelBy::Member }),
        ADA,
        s(100),
    );
    let later = lapsed.saved_and_read().and(s(100), back.event());
    assert_eq!(ledger_of(&later), ledger([5, 2, 0, 3, 0, 0, 0]));
    assert_eq!(later.0.due(), Some(LATER));
    let at_the_end = later.when(Command::Redeem(use_it(0)), ADA, before(LATER)).event();
    let one_used = later.and(before(LATER), at_the_end);
    assert_eq!(one_used.expires(LATER), Some(is_expired(LATER)));
    let over = one_used.and_time_passes(LATER);
    assert_eq!(ledger_of(&over), ledger([5, 0, 0, 0, 1, 4, 0]));
}

#[test]
fn a_new_coupon_of_an_extended_batch_has_the_new_expiry() {
    let range = adas_first().and(s(20), Event::Extended { expires_at: LATER });
    let Event::Assigned { slot, expires_at, .. } = range.when(assign(), BOB, s(30)).event() else {
        panic!("it is assigned")
    };
    assert_eq!((slot, expires_at), (1, LATER));
}

#[test]
fn voided_as_a_whole_nothing_is_left_but_what_was_held_or_used() {
    let range = opened(
        TERMS,
        [
            (s(10), assigned(0, ADA, None)),
            (s(10), assigned(1, ADA, None)),
            (s(10), assigned(2, ADA, None)),
            (s(20), Event::Redeemed(held(1, ADA, ADA, s(99)))),
            (s(20), Event::Redeemed(used(2, ADA, ADA))),
        ],
    );
    range.when(Command::VoidAll, ADMIN, s(30)).then(all_voided(2, 1));
    let void = range.and(s(30), all_voided(2, 1));
    let why = |why| Refusal::Coupon(why);
    for void in [&void, &void.saved_and_read()] {
        assert_eq!(ledger_of(void), ledger([5, 0, 1, 0, 1, 0, 3]));
        assert_eq!(
            [0, 1, 2, 3].map(|slot| state(void, slot)),
            [CouponState::Void, CouponState::Held, CouponState::Used, CouponState::Void].map(Some)
        );
        void.when(Command::VoidAll, ADMIN, s(40)).then_already(all_voided(2, 1));
        void.when(assign(), BOB, s(40)).refused(Refusal::AllVoid);
        void.when(give(4), ADMIN, s(40)).refused(Refusal::AllVoid);
        void.when(Command::Pause, ADMIN, s(40)).refused(Refusal::AllVoid);
        let extend = Command::Extend { expires_at: LATER };
        void.when(extend, ADMIN, s(40)).refused(Refusal::AllVoid);
        void.when(Command::Redeem(use_it(0)), ADA, s(40)).refused(why(redeem::Refusal::Void));
        void.when(Command::Redeem(redeem::Command::Void { slot: 4 }), ADMIN, s(40))
            .then_already(Event::Redeemed(voided_untouched(4)));
        assert_eq!(void.left_for(&assign(), &ADA), 0);
        void.when(Command::Redeem(redeem::Command::Confirm { slot: 1 }), ADA, s(40)).event();
    }
    // What comes back is void in the same instant.
    let back = void
        .when(
            Command::Redeem(redeem::Command::Cancel { slot: 2, by: CancelBy::Member }),
            ADA,
            s(40),
        )
        .event();
    let rest = void.and(s(40), back).and_time_passes(s(99));
    assert_eq!(ledger_of(&rest), ledger([5, 0, 0, 0, 0, 0, 5]));
    assert_eq!((rest.0.due(), state(&rest, 2)), (None, Some(CouponState::Void)));
}

#[test]
fn what_has_expired_is_not_voided() {
    let over = adas_first().and_time_passes(ENDS);
    over.when(Command::VoidAll, ADMIN, ENDS).refused(Refusal::Expired);
}

#[test]
fn a_batch_says_how_it_stands() {
    let overview = |range: &Given<Range>| match range.look(&Question::Overview) {
        Answer::Overview(overview) => overview,
        other => panic!("asked how it stands, told {other:?}"),
    };
    let fresh =
        RangeOverview { terms: TERMS, paused: false, void: false, withdrawn: false, frozen: false };
    assert_eq!(overview(&opened(TERMS, [])), fresh);
    let later = adas_first()
        .and(s(20), Event::Paused)
        .and(s(21), Event::Extended { expires_at: LATER })
        .and(s(22), all_voided(4, 1));
    let terms = RangeTerms { expires_at: LATER, ..TERMS };
    assert_eq!(
        overview(&later),
        RangeOverview { terms, paused: true, void: true, withdrawn: false, frozen: false }
    );
}

#[test]
fn what_is_told_of_a_whole_batch_also_holds_for_lines_that_come_later() {
    use rack::{Command, Event, Rack};
    let terms = RACK_TERMS;
    let open = Command::Open { batch: BATCH, terms };
    assert!(Rack::is_opening(&open));
    let opened = Event::Opened { batch: BATCH, terms };
    rack([]).when(open.clone(), SYSTEM, s(1)).then(opened.clone());
    let empty = rack([(s(1), opened.clone())]);
    empty.when(open, SYSTEM, s(2)).then_already(opened);
    let inside = |event| Event::In { batch: BATCH, event };
    let paused = empty
        .and(s(2), inside(range::Event::Paused))
        .and(s(3), imported(BATCH, &[(1, "aa"), (2, "bb")]));
    let assign = |batch| Command::In { batch, command: assign() };
    paused.when(assign(BATCH), ADA, s(4)).refused(rack::Refusal::In(Refusal::Paused));
    let void = paused
        .and(s(5), inside(all_voided(2, 0)))
        .and(s(6), imported_after(2, BATCH, &[(3, "cc")]));
    let question = rack::Question::In { batch: BATCH, question: Question::Ledger };
    let rack::Answer::In(Answer::Ledger(books)) = void.look(&question) else { panic!() };
    assert_eq!(books, ledger([3, 0, 0, 0, 0, 0, 3]));
}

#[test]
fn what_is_frozen_stays_untouched_until_it_is_thawed() {
    adas_first().when(freeze(1), ADMIN, s(20)).refused(Refusal::InUse);
    let one_void = opened(TERMS, [(s(10), Event::Redeemed(voided_untouched(3)))]);
    one_void.when(freeze(1), ADMIN, s(20)).refused(Refusal::InUse);
    let fresh = opened(TERMS, []);
    fresh.when(freeze(1), ADMIN, s(20)).then(Event::FrozenInTurn(1));
    fresh.when(Command::Thaw { turn: 1 }, ADMIN, s(20)).then_already(Event::Thawed);
    let frozen = fresh.and(s(20), Event::FrozenInTurn(1)).saved_and_read();
    frozen.when(freeze(1), ADMIN, s(30)).then_already(Event::FrozenInTurn(1));
    let void_one = Command::Redeem(redeem::Command::Void { slot: 3 });
    for command in [assign(), give(3), void_one] {
        frozen.when(command, ADMIN, s(30)).refused(Refusal::Paused);
    }
    assert_eq!(frozen.left_for(&assign(), &ADA), 0);
    let thawed = frozen.and(s(30), Event::Thawed);
    thawed.when(assign(), ADA, s(40)).then(assigned(0, ADA, None));
}

#[test]
fn only_what_is_frozen_is_revised() {
    let revised = Event::Revised { offer: CHEAPER, expires_at: before(ENDS) };
    opened(TERMS, []).when(revise(), ADMIN, s(20)).refused(Refusal::NotFrozen);
    let frozen = opened(TERMS, [(s(20), Event::FrozenInTurn(1))]);
    frozen.when(revise(), ADMIN, s(30)).then(revised.clone());
    let same = Command::Revise { offer: TERMS.offer, expires_at: ENDS, turn: 1 };
    frozen
        .when(same, ADMIN, s(30))
        .then_already(Event::Revised { offer: TERMS.offer, expires_at: ENDS });
    let cheaper = frozen.and(s(30), revised.clone()).and(s(31), Event::Thawed).saved_and_read();
    cheaper.when(revise(), ADMIN, s(40)).then_already(revised);
    assert_eq!(cheaper.0.due(), Some(before(ENDS)));
    let first = cheaper.when(assign(), ADA, s(40)).event();
    let given = cheaper.and(s(40), first);
    let Event::Redeemed(redeem::Event::Used { what, .. }) =
        given.when(Command::Redeem(use_it(0)), ADA, s(50)).event()
    else {
        panic!("it is used")
    };
    assert_eq!(what.cut.discount, Some(9));
}

#[test]
fn a_part_of_a_batch_obeys_no_turn_but_the_last_in_which_it_froze() {
    let fresh = opened(TERMS, []);
    let next = Command::Freeze { turn: None };
    fresh.when(next.clone(), ADMIN, s(20)).then(Event::FrozenInTurn(1));
    fresh.when(freeze(0), ADMIN, s(20)).refused(Refusal::NotFrozen);
    let first = fresh.and(s(20), Event::FrozenInTurn(1));
    first.when(next, ADMIN, s(21)).then(Event::FrozenInTurn(2));
    first.when(freeze(5), ADMIN, s(21)).then(Event::FrozenInTurn(5));
    let second = first.and(s(21), Event::FrozenInTurn(2)).saved_and_read();
    for late in [freeze(1), revise(), WITHDRAW] {
        second.when(late, ADMIN, s(22)).refused(Refusal::NotFrozen);
    }
    let as_it_is = Command::Revise { offer: TERMS.offer, expires_at: ENDS, turn: 1 };
    second.when(as_it_is.clone(), ADMIN, s(22)).refused(Refusal::NotFrozen);
    second.when(Command::Thaw { turn: 1 }, ADMIN, s(22)).then_already(Event::Thawed);
    second.when(Command::Thaw { turn: 3 }, ADMIN, s(22)).then(Event::Thawed);
    let revise = Command::Revise { offer: CHEAPER, expires_at: before(ENDS), turn: 2 };
    let revised = Event::Revised { offer: CHEAPER, expires_at: before(ENDS) };
    second.when(revise, ADMIN, s(22)).then(revised);
    let thawed = second.and(s(23), Event::Thawed);
    thawed.when(freeze(2), ADMIN, s(24)).refused(Refusal::NotFrozen);
    let unchanged = Event::Revised { offer: TERMS.offer, expires_at: ENDS };
    thawed.when(as_it_is, ADMIN, s(24)).then_already(unchanged);
    // As it was written before there were turns.
    let old = opened(TERMS, [(s(20), Event::Frozen)]);
    old.when(freeze(1), ADMIN, s(21)).then(Event::FrozenInTurn(1));
    old.when(Command::Thaw { turn: 1 }, ADMIN, s(21)).then(Event::Thawed);
}

#[test]
fn only_what_is_frozen_is_withdrawn_and_stays_so() {
    opened(TERMS, []).when(WITHDRAW, ADMIN, s(20)).refused(Refusal::NotFrozen);
    let frozen = opened(TERMS, [(s(20), Event::FrozenInTurn(1))]);
    frozen.when(WITHDRAW, ADMIN, s(30)).then(Event::Withdrawn);
    let gone = frozen.and(s(30), Event::Withdrawn).saved_and_read();
    gone.when(WITHDRAW, ADMIN, s(40)).then_already(Event::Withdrawn);
    gone.when(freeze(1), ADMIN, s(40)).then_already(Event::FrozenInTurn(1));
    gone.when(Command::Thaw { turn: 1 }, ADMIN, s(40)).then_already(Event::Thawed);
    gone.when(assign(), ADA, s(40)).refused(Refusal::AllVoid);
    gone.when(revise(), ADMIN, s(40)).refused(Refusal::AllVoid);
    assert_eq!((ledger_of(&gone), gone.0.due()), (ledger([5, 0, 0, 0, 0, 0, 5]), None));
    let over = opened(TERMS, []).and_time_passes(ENDS).and(ENDS, Event::FrozenInTurn(1));
    over.when(WITHDRAW, ADMIN, ENDS).then(Event::Withdrawn);
    let gone = over.and(ENDS, Event::Withdrawn);
    assert_eq!(ledger_of(&gone), ledger([5, 0, 0, 0, 0, 5, 0]), "what has expired stays so");
}

#[test]
fn the_codes_of_a_withdrawn_batch_can_be_imported_again() {
    use rack::Event;
    let inside = |event| Event::In { batch: BATCH, event };
    let gone = rack([
        (s(1), imported(BATCH, &[(1, "aa"), (2, "bb")])),
        (s(2), inside(range::Event::FrozenInTurn(1))),
        (s(3), inside(range::Event::Withdrawn)),
    ]);
    let known = rack::Question::Known(Spelling::Exact, vec!["aa".into(), "zz".into()]);
    assert_eq!(gone.look(&known), rack::Answer::Flags(vec![false, false]));
    gone.when(import(OTHER, &[(7, "aa")]), SYSTEM, s(4)).then(imported(OTHER, &[(7, "aa")]));
    let again = gone.and(s(4), imported(OTHER, &[(7, "aa")]));
    assert_eq!(
        again.look(&rack::Question::Find(Spelling::Exact, "aa".into())),
        rack::Answer::Found(Some((OTHER, 0)))
    );
    again.when(import(OTHER, &[(8, "aa")]), SYSTEM, s(5)).refused(rack::Refusal::NothingNew);
}
