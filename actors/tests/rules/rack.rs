//! Imported codes: each is taken in once, by the first line that brings it, and is then a coupon
//! like any other.

use super::coupons::*;
use super::given::{ADA, ADMIN, BOB, Given, s};
use actors::domain::coupons::rack::{
    Answer, Command, Event, Question, Rack, RackTerms, Refusal, Spelling, source,
};
use actors::domain::coupons::rows::{CouponHome, home_of_row};
use actors::domain::coupons::{CouponLedger, CouponState, RackName, Serial, range, redeem};
use actors::machine::Refused;
use actors::{Caller, Id, Machine};
use std::collections::BTreeSet;

const SOURCE: Id = Id([7; 16]);

/// Three codes of one batch and two of another.
fn five() -> Given<Rack> {
    rack([
        (s(1), imported(BATCH, &[(1, "aa"), (2, "bb"), (5, "cc")])),
        (s(2), imported(OTHER, &[(1, "dd"), (2, "ee")])),
    ])
}

fn within(batch: Serial, command: range::Command) -> Command {
    Command::In { batch, command }
}

fn happened(batch: Serial, event: range::Event) -> Event {
    Event::In { batch, event }
}

fn assign(batch: Serial, member: Caller, source: Option<Id>) -> Command {
    within(batch, range::Command::Assign { member: member.id, source })
}

fn books(rack: &Given<Rack>, batch: Serial) -> CouponLedger {
    match rack.look(&Question::In { batch, question: range::Question::Ledger }) {
        Answer::In(range::Answer::Ledger(ledger)) => ledger,
        other => panic!("{other:?}"),
    }
}

fn found(rack: &Given<Rack>, code: &str) -> Option<(Serial, u64)> {
    match rack.look(&Question::Find(Spelling::Exact, code.into())) {
        Answer::Found(found) => found,
        other => panic!("{other:?}"),
    }
}

fn flags(rack: &Given<Rack>, question: Question) -> Vec<bool> {
    match rack.look(&question) {
        Answer::Flags(flags) => flags,
        other => panic!("{other:?}"),
    }
}

#[test]
fn new_codes_are_taken_in_with_the_lines_that_brought_them() {
    rack([])
        .when(import(BATCH, &[(1, "aa"), (2, "bb")]), SYSTEM, s(1))
        .then(imported(BATCH, &[(1, "aa"), (2, "bb")]));
    five().when(import(BATCH, &[(9, "ff")]), SYSTEM, s(9)).then(imported_after(
        3,
        BATCH,
        &[(9, "ff")],
    ));
    assert_eq!(
        ["aa", "cc", "dd", "ee", "AA", "aa ", "zz"].map(|code| found(&five(), code)),
        [Some((BATCH, 0)), Some((BATCH, 2)), Some((OTHER, 0)), Some((OTHER, 1)), None, None, None]
    );
}

#[test]
fn a_code_is_imported_once_whatever_batch_it_came_with() {
    for rack in [five(), five().saved_and_read()] {
        rack.when(import(BATCH, &[(7, "aa"), (8, "xx"), (9, "ee")]), SYSTEM, s(9))
            .then(imported_after(3, BATCH, &[(8, "xx")]));
        rack.when(import(OTHER, &[(7, "aa")]), SYSTEM, s(9)).refused(Refusal::NothingNew);
        rack.when(import(Serial(12), &[(7, "aa"), (8, "ee")]), SYSTEM, s(9))
            .refused(Refusal::NothingNew);
    }
    rack([])
        .when(import(BATCH, &[(1, "aa"), (2, "aa"), (3, "bb"), (4, "aa")]), SYSTEM, s(1))
        .then(imported(BATCH, &[(1, "aa"), (3, "bb")]));
    rack([]).when(import(BATCH, &[]), SYSTEM, s(1)).refused(Refusal::NothingNew);
}

#[test]
fn of_loose_codes_two_that_differ_in_case_dashes_or_spaces_are_one() {
    let loosely = |of: &[(u64, &str)]| Command::Import {
        batch: BATCH,
        terms: RACK_TERMS,
        spelling: Spelling::Loose,
        lines: lines(of),
    };
    let taken = |first, of: &[(u64, &str)]| Event::ImportedLoosely {
        batch: BATCH,
        terms: RACK_TERMS,
        first,
        lines: lines(of),
    };
    rack([])
        .when(loosely(&[(1, "AB-12"), (2, "ab 12"), (3, "ab13"), (4, "AB13")]), SYSTEM, s(1))
        .then(taken(0, &[(1, "AB-12"), (3, "ab13")]));
    let two = rack([(s(1), taken(0, &[(1, "AB-12"), (3, "ab13")]))]);
    for two in [&two, &two.saved_and_read()] {
        let find = |spelling, code: &str| two.look(&Question::Find(spelling, code.into()));
        for code in ["AB-12", "ab12", "a B1 2-"] {
            assert_eq!(find(Spelling::Loose, code), Answer::Found(Some((BATCH, 0))), "{code}");
        }
        assert_eq!(find(Spelling::Exact, "AB-12"), Answer::Found(None));
        two.when(loosely(&[(9, "aB1-2")]), SYSTEM, s(2)).refused(Refusal::NothingNew);
        two.when(loosely(&[(9, "AB14")]), SYSTEM, s(2)).then(taken(2, &[(9, "AB14")]));
        let brought = Question::Brought {
            batch: BATCH,
            spelling: Spelling::Loose,
            lines: lines(&[(1, "AB-12"), (2, "ab 12"), (3, "AB-13")]),
        };
        assert_eq!(flags(two, brought), [true, false, true]);
        let known = vec!["ab-12".into(), "ab14".into()];
        assert_eq!(flags(two, Question::Known(Spelling::Loose, known)), [true, false]);
        let codes = two.look(&Question::Codes { batch: BATCH, slots: vec![0] });
        assert_eq!(codes, Answer::Codes(vec![Some("AB-12".into())]), "told as it was written");
        assert_eq!(books(two, BATCH), ledger([2, 2, 0, 0, 0, 0, 0]));
    }
    // Letter by letter it is another code.
    two.when(import(OTHER, &[(1, "AB-12")]), SYSTEM, s(3)).then(imported(OTHER, &[(1, "AB-12")]));
}

#[test]
fn the_same_lines_again_are_the_same_import() {
    let lines = [(1, "aa"), (2, "bb"), (3, "aa"), (5, "cc")];
    five().when(import(BATCH, &lines), SYSTEM, s(9)).refused(Refusal::NothingNew);
    let brought = |batch, of: &[(u64, &str)]| {
        flags(
            &five(),
            Question::Brought {
                batch,
                spelling: Spelling::Exact,
                lines: super::coupons::lines(of),
            },
        )
    };
    assert_eq!(brought(BATCH, &lines), [true, true, false, true]);
    assert_eq!(
        brought(OTHER, &[(1, "aa"), (1, "dd"), (2, "dd"), (9, "zz")]),
        [false, true, false, false]
    );
    assert_eq!(
        flags(
            &five(),
            Question::Known(Spelling::Exact, vec!["aa".into(), "zz".into(), "ee".into()])
        ),
        [true, false, true]
    );
}

#[test]
fn the_first_import_says_what_a_batch_is_worth() {
    let other_terms = RackTerms { expires_at: s(77), ..RACK_TERMS };
    let twice = five().and(
        s(9),
        Event::Imported { batch: BATCH, terms: other_terms, first: 3, lines: lines(&[(9, "ff")]) },
    );
    assert_eq!(twice.0.due(), Some(ENDS));
    assert_eq!(books(&twice, BATCH), ledger([4, 4, 0, 0, 0, 0, 0]));
}

#[test]
fn a_batch_is_opened_by_its_first_import_and_by_nothing_else() {
    let not_opened = Refusal::In(range::Refusal::NotOpened);
    five().when(within(BATCH, range::Command::Open(TERMS)), ADMIN, s(9)).refused(not_opened);
    five().when(assign(Serial(12), ADA, None), ADA, s(9)).refused(not_opened);
    let question = range::Question::Ledger;
    assert_eq!(
        five().look(&Question::In { batch: Serial(12), question }),
        Answer::In(range::Answer::NotOpened)
    );
    assert!(
        not_opened.may_be_had_elsewhere()
            && Refusal::In(range::Refusal::Exhausted).may_be_had_elsewhere()
    );
    assert!(
        !Refusal::NothingNew.may_be_had_elsewhere()
            && !Refusal::In(range::Refusal::Expired).may_be_had_elsewhere()
    );
}

#[test]
fn codes_are_assigned_in_the_order_they_came_and_batch_by_batch() {
    five()
        .when(assign(BATCH, ADA, Some(SOURCE)), ADA, s(9))
        .then(happened(BATCH, assigned(0, ADA, Some(SOURCE))));
    let one = five().and(s(9), happened(BATCH, assigned(0, ADA, Some(SOURCE))));
    for one in [&one, &one.saved_and_read()] {
        one.when(assign(BATCH, ADA, Some(SOURCE)), ADA, s(10))
            .then_already(happened(BATCH, assigned(0, ADA, Some(SOURCE))));
        one.when(assign(BATCH, BOB, Some(SOURCE)), BOB, s(10))
            .refused(Refusal::In(range::Refusal::SourceReused));
        one.when(assign(OTHER, ADA, Some(SOURCE)), ADA, s(10))
            .then(happened(OTHER, assigned(0, ADA, Some(SOURCE))));
        one.when(assign(BATCH, BOB, None), BOB, s(10))
            .then(happened(BATCH, assigned(1, BOB, None)));
    }
    assert_eq!(
        (books(&one, BATCH), books(&one, OTHER)),
        (ledger([3, 2, 0, 1, 0, 0, 0]), ledger([2, 2, 0, 0, 0, 0, 0]))
    );
    let Answer::Codes(codes) = one.look(&Question::Codes { batch: BATCH, slots: vec![2, 0, 3] })
    else {
        panic!()
    };
    assert_eq!(
        codes.iter().map(|code| code.as_deref()).collect::<Vec<_>>(),
        [Some("cc"), Some("aa"), None]
    );
}

#[test]
fn an_exhausted_batch_has_more_when_more_are_imported() {
    let all = (0..3)
        .fold(five(), |rack, slot| rack.and(s(9), happened(BATCH, assigned(slot, ADA, None))));
    all.when(assign(BATCH, BOB, None), BOB, s(10)).refused(Refusal::In(range::Refusal::Exhausted));
    assert_eq!(all.left_for(&assign(BATCH, BOB, None), &BOB), 0);
    let more = all.and(s(11), imported(BATCH, &[(8, "xx")]));
    assert_eq!(more.left_for(&assign(BATCH, BOB, None), &BOB), 1);
    more.when(assign(BATCH, BOB, None), BOB, s(12)).then(happened(BATCH, assigned(3, BOB, None)));
    assert_eq!(
        five().left_for(&assign(Serial(12), BOB, None), &BOB),
        0,
        "no line of that batch fell to this rack"
    );
}

#[test]
fn imported_coupons_are_redeemed_like_any_other() {
    let one = five().and(s(10), happened(OTHER, assigned(1, ADA, None)));
    let redeem = |batch, command| within(batch, range::Command::Redeem(command));
    let done = |event| happened(OTHER, range::Event::Redeemed(event));
    one.when(redeem(OTHER, use_it(1)), ADA, s(10)).then(done(used(1, ADA, ADA)));
    let refused = |command, caller, why| {
        one.when(command, caller, s(10)).refused(Refusal::In(range::Refusal::Coupon(why)))
    };
    refused(redeem(OTHER, use_it(1)), BOB, redeem::Refusal::NotYours);
    refused(redeem(BATCH, use_it(1)), ADMIN, redeem::Refusal::Unknown);
    refused(
        within(OTHER, range::Command::Give { slot: 2, member: ADA.id }),
        ADMIN,
        redeem::Refusal::Unknown,
    );
    one.when(within(OTHER, range::Command::Give { slot: 0, member: BOB.id }), ADMIN, s(10))
        .then(happened(OTHER, assigned(0, BOB, None)));
    let held = one.and(s(10), done(held(1, ADA, ADA, s(70))));
    assert_eq!(held.0.due(), Some(s(70)));
    assert_eq!(held.saved_and_read().expires(s(70)), Some(done(lapsed(1, ADA))));
    assert_eq!(held.and_time_passes(s(70)).0.due(), Some(ENDS));
}

#[test]
fn each_batch_expires_at_its_own_instant() {
    let early = RackTerms { expires_at: s(500), ..RACK_TERMS };
    let two = five().and(
        s(3),
        Event::Imported {
            batch: Serial(12),
            terms: early,
            first: 0,
            lines: lines(&[(1, "ff"), (2, "gg")]),
        },
    );
    assert_eq!((two.0.due(), two.expires(before(s(500)))), (Some(s(500)), None));
    let one = two.and_time_passes(s(500));
    assert_eq!(
        (one.0.due(), books(&one, Serial(12)), books(&one, BATCH)),
        (Some(ENDS), ledger([2, 0, 0, 0, 0, 2, 0]), ledger([3, 3, 0, 0, 0, 0, 0]))
    );
    one.when(assign(Serial(12), ADA, None), ADA, s(500))
        .refused(Refusal::In(range::Refusal::Expired));
    one.when(assign(BATCH, ADA, None), ADA, s(500)).event();
    let none = one.and_time_passes(ENDS);
    for none in [&none, &none.saved_and_read()] {
        assert_eq!(
            (none.0.due(), books(none, BATCH), books(none, OTHER)),
            (None, ledger([3, 0, 0, 0, 0, 3, 0]), ledger([2, 0, 0, 0, 0, 2, 0]))
        );
    }
}

#[test]
fn what_comes_in_after_the_expiry_has_expired() {
    let late = five().and_time_passes(ENDS).and(s(11_000), imported(BATCH, &[(8, "xx")]));
    assert_eq!((late.0.due(), books(&late, BATCH)), (None, ledger([4, 0, 0, 0, 0, 4, 0])));
    let never = rack([(s(11_000), imported(BATCH, &[(8, "xx")]))]).and_time_passes(s(11_000));
    let view = never.look(&Question::In { batch: BATCH, question: range::Question::Coupon(0) });
    let Answer::In(range::Answer::Coupon(Some(view))) = view else { panic!("{view:?}") };
    assert_eq!((view.state, never.0.due()), (CouponState::Expired, None));
}

#[test]
fn a_code_is_on_the_rack_that_its_hash_names() {
    let racks: std::collections::BTreeSet<RackName> =
        (0..1000).map(|n| RackName::of(&format!("code {n}"))).collect();
    assert_eq!(racks, RackName::all().collect());
    assert_ne!(RackName::of("a"), RackName::of("c"), "case and letters count");
}

#[test]
fn an_assignment_writes_a_line_in_its_owners_list() {
    let mut rows = Vec::new();
    Rack::rows(&RackName(3), &imported(BATCH, &[(1, "aa")]), s(1), &mut rows);
    Rack::rows(&RackName(3), &happened(BATCH, assigned(0, ADA, None)), s(10), &mut rows);
    Rack::rows(
        &RackName(3),
        &happened(BATCH, range::Event::Redeemed(used(0, ADA, ADA))),
        s(11),
        &mut rows,
    );
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let home = home_of_row(&row.key);
    assert_eq!(
        (row.owner, home),
        (ADA.id, Some((CouponHome::Rack { name: RackName(3), batch: BATCH, slot: 0 }, s(10))))
    );
}

#[test]
fn a_source_is_known_by_whose_it_is_and_what_it_is_called() {
    let sources = [("shop", "order 7"), ("shop", "order 8"), ("till", "order 7")];
    let ids: BTreeSet<Id> = sources.into_iter().map(|(scope, text)| source(scope, text)).collect();
    assert_eq!(ids.len(), sources.len());
    assert!(ids.contains(&source("shop", "order 7")));
}
