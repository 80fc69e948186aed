//! Sheets of claims: each line is a claim of its own.

use super::{all_fared, answers, fared, line_of};
use crate::campaigns::{campaign, claim, ledger};
use harness::{Client, TestApp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;

fn path(campaign: &str) -> String {
    format!("/campaigns/{campaign}/claims:batch")
}

fn ranks(answers: &[Value]) -> Vec<Option<u64>> {
    answers.iter().map(|line| line["body"]["rank"].as_u64()).collect()
}

/// Without the id of the request.
fn problem_of(mut problem: Value) -> Value {
    problem.as_object_mut().unwrap().remove("request_id");
    problem
}

#[test]
fn every_line_is_answered_as_it_would_be_alone() {
    let app = TestApp::start();
    let id = campaign(&app, json!({}));
    let shop = app.service("shop");
    let said = ["m1", "m2", "m1", "m3", "not one"].map(line_of);
    let lines = said.into_iter().chain([json!({})]).collect();
    let answered = answers(&shop, &path(&id), lines);
    assert_eq!(
        all_fared(&answered),
        [
            (201, ""),
            (201, ""),
            (200, ""),
            (409, "sold-out"),
            (400, "not-readable"),
            (403, "forbidden")
        ]
    );
    assert_eq!(answered[0]["body"], claim(&shop.on_behalf_of("m1"), &id).expect(200));
    assert_eq!(answered[2]["body"], answered[0]["body"]);
    assert_eq!((&answered[0]["replayed"], &answered[2]["replayed"]), (&Value::Null, &json!(true)));
    let alone = [
        claim(&shop.on_behalf_of("m3"), &id),
        claim(&shop.on_behalf_of("not one"), &id),
        claim(&shop, &id),
    ];
    for (answer, alone) in answered[3..].iter().zip(alone) {
        assert_eq!(problem_of(answer["problem"].clone()), problem_of(alone.body));
    }
    // What is not there is told in every line, too.
    let nowhere = answers(&shop, &path("c_99"), vec![line_of("m1"), line_of("m2")]);
    assert_eq!(all_fared(&nowhere), [(404, "not-found"); 2]);
    assert_eq!(ledger(&app, &id)["assigned"], 2);
}

#[test]
fn a_line_has_a_key_of_its_own_or_that_of_the_sheet_with_its_number() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": 9}));
    let (path, shop) = (path(&id), app.service("shop"));
    let lines = || vec![json!({"member": "m1", "key": "own"}), line_of("m2")];
    let first = shop.key("sheet").post(&path, lines().into());
    assert!(!first.was_replayed());
    let first = first.expect(200);
    let again = shop.key("sheet").post(&path, lines().into());
    assert!(again.was_replayed());
    let again = again.expect(200);
    for at in 0..2 {
        assert_eq!(again[at]["replayed"], true);
        assert_eq!(again[at]["body"], first[at]["body"]);
    }
    // Alone they are the same keys.
    let (one, two) = (shop.on_behalf_of("m1"), shop.on_behalf_of("m2"));
    let alone = format!("/campaigns/{id}/claims");
    assert!(one.key("own").post(&alone, json!({})).was_replayed());
    assert!(two.key("sheet.2").post(&alone, json!({})).was_replayed());
    let other = json!({"code": "another"});
    two.key("sheet.2").post(&alone, other.clone()).refused(422, "idempotency-key-reused");
    let keys = [json!("own"), json!("own"), json!("a b"), json!(""), json!(7)];
    let bodies = [json!({}), other, json!({}), json!({}), json!({})];
    let line = |(key, body)| json!({"member": "m1", "key": key, "body": body}).to_string();
    let lines: Vec<String> = keys.into_iter().zip(bodies).map(line).collect();
    let fared_so = shop.send_lines(&path, &lines.join("\n")).expect(200);
    assert_eq!(
        all_fared(fared_so.as_array().unwrap()),
        [
            (200, ""),
            (422, "idempotency-key-reused"),
            (400, "bad-idempotency-key"),
            (400, "bad-idempotency-key"),
            (422, "invalid"),
        ]
    );
    shop.key("a b").post(&path, vec![line_of("m1")].into()).refused(400, "bad-idempotency-key");
    assert_eq!(ledger(&app, &id)["assigned"], 2);
}

#[test]
fn a_crowd_of_sheets_grants_every_rank_once() {
    const SHEETS: usize = 8;
    const LINES: usize = 50;
    const QUOTA: u64 = 150;
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": QUOTA}));
    let shop = app.service("shop");
    let granted: Mutex<BTreeMap<String, u64>> = Mutex::default();
    thread::scope(|scope| {
        for sheet in 0..SHEETS {
            let (granted, shop, path) = (&granted, &shop, path(&id));
            scope.spawn(move || {
                // Each member stands in two sheets, and two sheets are sent twice at once.
                let at = sheet % (SHEETS / 2);
                let members: Vec<String> =
                    (0..LINES).map(|line| format!("m{}", at * LINES / 2 + line)).collect();
                let lines = members.iter().map(|member| line_of(member)).collect();
                let sheet = shop.key(&format!("sheet-{at}"));
                let answered = answers(&sheet, &path, lines);
                for (member, rank) in members.into_iter().zip(ranks(&answered)) {
                    let Some(rank) = rank else { continue };
                    let before = granted.lock().unwrap().insert(member, rank);
                    assert!(before.is_none_or(|before| before == rank), "{before:?} and {rank}");
                }
            });
        }
    });
    let granted = granted.into_inner().unwrap();
    let all: BTreeSet<u64> = granted.values().copied().collect();
    // 125 members stand in the sheets.
    assert_eq!((granted.len(), all), (125, (1..=125).collect()));
    let more = (0..50).map(|more| line_of(&format!("late-{more}"))).collect();
    let late = answers(&shop, &path(&id), more);
    let got = late.iter().filter(|line| fared(line) == (201, "")).count();
    let refused = late.iter().filter(|line| fared(line) == (409, "sold-out")).count();
    assert_eq!((got, refused), (25, 25));
    assert_eq!(ledger(&app, &id)["assigned"], QUOTA);
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn wrong_codes_are_counted_line_by_line() {
    let app = TestApp::start_with(|config| config.failures_per_minute = 4);
    let id = campaign(&app, json!({"trigger": "code", "code": "SUMMER", "quota": 9}));
    let (path, shop) = (path(&id), app.service("shop"));
    let tries = |member: &str, code: &str| json!({"member": member, "body": {"code": code}});
    let one_by_one = |member: &str, code: &str| {
        fared(&answers(&shop, &path, vec![tries(member, code)])[0]).1.to_owned()
    };
    let lines = vec![tries("ada", "winter"), tries("bob", "summer"), tries("ada", "spring")];
    let answered = answers(&shop, &path, lines);
    assert_eq!(all_fared(&answered), [(409, "wrong-code"), (201, ""), (409, "wrong-code")]);
    assert_eq!(one_by_one("ada", "autumn"), "wrong-code");
    assert_eq!(one_by_one("ada", "never"), "wrong-code");
    let waits = answers(&shop, &path, vec![tries("ada", "summer"), tries("eve", "summer")]);
    assert_eq!(all_fared(&waits), [(429, "too-many-requests"), (201, "")]);
    assert_eq!(waits[0]["retry_after_s"], 5);
}

#[test]
fn a_dry_run_of_a_sheet_changes_nothing() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": 1}));
    let shop: Client = app.service("shop");
    let lines = || vec![line_of("m1"), line_of("m2")];
    let tried = answers(&shop, &format!("{}?dry_run=true", path(&id)), lines());
    assert_eq!(
        (ranks(&tried), &tried[0]["body"]["voucher"]["code"]),
        (vec![Some(1); 2], &json!(null))
    );
    assert_eq!(ledger(&app, &id)["assigned"], 0);
    let meant = answers(&shop, &path(&id), lines());
    let mut fared = all_fared(&meant);
    // Which of them is first is not promised.
    fared.sort_unstable();
    assert_eq!(fared, [(201, ""), (409, "sold-out")]);
}
