//! Bad input: each kind its own clear problem, nothing changed, and never a 500.

use harness::{Client, PASSWORD, TestApp, TicketBooks, id, pointers};
use serde_json::{Value, json};
use stampede::app::App;
use std::sync::Arc;

pub const DAY: &str = "2026-12-31";
pub const HOLDS: &str = "/lotteries/2026-12-31/holds";

/// A lottery in which somebody holds and somebody has bought, so that there is something to damage.
pub fn scene() -> (TestApp, String) {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let bought = ada.hold(DAY, json!({"number": "1000"})).expect(201);
    ada.confirm(id(&bought)).expect(200);
    let held = ada.hold(DAY, json!({"number": "2000"})).expect(201);
    (app, id(&held).to_owned())
}

#[track_caller]
pub fn nothing_changed(app: &TestApp) {
    assert_eq!(app.books(DAY), TicketBooks { free: 9_998, held: 1, sold: 1 });
}

pub fn ada(app: &TestApp) -> Client {
    app.log_in("ada", PASSWORD)
}

pub fn token(client: &Client) -> String {
    client.header("Authorization").unwrap().to_owned()
}

#[test]
fn what_cannot_be_a_hold_is_pointed_at() {
    let (app, _) = scene();
    let ada = ada(&app);
    for (wanted, pointer) in [
        (json!({"pattern": ""}), "/pattern"),
        (json!({"pattern": "***"}), "/pattern"),
        (json!({"pattern": "*****"}), "/pattern"),
        (json!({"pattern": "12x4"}), "/pattern"),
        (json!({"pattern": "12?4"}), "/pattern"),
        (json!({"pattern": " 123"}), "/pattern"),
        (json!({"pattern": "１２３４"}), "/pattern"),
        (json!({"pattern": "*".repeat(10_000)}), "/pattern"),
        (json!({"pattern": "12\u{0}4"}), "/pattern"),
        (json!({"pattern": 1234}), "/pattern"),
        (json!({"number": "12"}), "/number"),
        (json!({"number": "12*4"}), "/number"),
        (json!({"number": "-123"}), "/number"),
        (json!({"number": 1234}), "/number"),
        (json!({}), ""),
        (json!({"pattern": "****", "number": "1234"}), ""),
        (json!({"pattern": null}), ""),
        (json!({"pattern": "****", "count": 0}), "/count"),
        (json!({"pattern": "****", "count": 11}), "/count"),
        (json!({"pattern": "****", "count": -1}), "/count"),
        (json!({"pattern": "****", "count": 1.5}), "/count"),
        (json!({"pattern": "****", "count": "1"}), "/count"),
        (json!({"pattern": "****", "count": null}), "/count"),
        (json!({"pattern": "****", "count": 65_537}), "/count"),
        (json!({"pattern": "****", "count": 1e300}), "/count"),
        (json!({"pattern": "****", "at_least": 0}), "/at_least"),
        (json!({"pattern": "****", "at_least": 2}), "/at_least"),
        (json!({"pattern": "****", "ttl_s": 0}), "/ttl_s"),
        (json!({"pattern": "****", "ttl_s": 7201}), "/ttl_s"),
        (json!({"pattern": "****", "ttl_s": 4_294_967_296_u64}), "/ttl_s"),
        (json!({"pattern": "****", "colour": "red"}), "/colour"),
    ] {
        let refused = ada.post(HOLDS, wanted.clone()).refused(422, "invalid");
        assert_eq!(pointers(&refused), [pointer], "{wanted}");
    }
    nothing_changed(&app);
}

#[test]
fn a_body_that_is_not_json_cannot_be_read() {
    let (app, held) = scene();
    let ada = ada(&app);
    let mut deep = "[".repeat(60_000).into_bytes();
    deep.extend("]".repeat(5).bytes());
    for body in [
        &b"{"[..],
        b"[",
        b"nonsense",
        b"{\"pattern\":\"****\"",
        b"{\"pattern\":\"****\"} {}",
        b"{'pattern':'****'}",
        b"\xff\xfe{}",
        b"{\"pattern\":\"\xff\xff\xff\xff\"}",
        b"{\"pattern\":\"\\ud800***\"}",
        b"\0",
        &deep,
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let refused = ada.send("POST", HOLDS, Some(body.to_vec()));
        assert_eq!(refused.status, 400, "{shown} {}", refused.text);
        refused.refused(400, "not-readable");
    }
    for path in [format!("/holds/{held}/confirm"), format!("/holds/{held}/extend")] {
        ada.send("POST", &path, Some(b"{".to_vec())).refused(400, "not-readable");
    }
    app.anybody().send("POST", "/auth/login", Some(b"{".to_vec())).refused(400, "not-readable");
    nothing_changed(&app);
}

#[test]
fn json_of_another_kind_is_not_valid() {
    let (app, held) = scene();
    let ada = ada(&app);
    for body in [
        "[]",
        "\"****\"",
        "1",
        "null",
        "true",
        "[\"****\",null,1,1,300]",
        "{\"pattern\":\"****\",\"pattern\":\"1***\"}",
    ] {
        ada.send("POST", HOLDS, Some(body.into())).refused(422, "invalid");
    }
    let refused =
        ada.post(&format!("/holds/{held}/confirm"), json!({"amount": 1})).refused(422, "invalid");
    assert_eq!(pointers(&refused), ["/amount"]);
    ada.post(&format!("/holds/{held}/extend"), json!({})).refused(422, "invalid");
    nothing_changed(&app);
}

#[test]
fn what_is_not_there_is_not_found() {
    let (app, _) = scene();
    let ada = ada(&app);
    for day in [
        "2027-01-31",
        "2026-12-32",
        "2026-13-01",
        "2026-1-1",
        "20261231",
        "tomorrow",
        "-",
        "%00",
        "2026-12-31%20",
        "..%2F",
    ] {
        let path = format!("/lotteries/{day}");
        app.anybody().get(&path).refused(404, "not-found");
        app.anybody().get(&format!("{path}/ledger")).refused(404, "not-found");
        app.anybody().get(&format!("{path}/tickets?pattern=****")).refused(404, "not-found");
        for about in ["statistics", "winner", "proof"] {
            app.anybody().get(&format!("{path}/{about}")).refused(404, "not-found");
        }
        ada.submit(day).refused(404, "not-found");
        app.admin().get(&format!("{path}/ballots")).refused(404, "not-found");
        ada.hold(day, json!({"pattern": "****"})).refused(404, "not-found");
        app.admin().post(&format!("{path}/close"), json!({})).refused(404, "not-found");
    }
    for hold in [
        "h_20261231_4_9_0",
        "h_20261231_4_1_99",
        "h_20261231_6_1_0",
        "h_20270131_4_1_0",
        "h_20261231_8_1_0",
        "h_99999999_4_1_0",
        "nonsense",
        "%00",
        "h_20261231_4_1_4294967296",
    ] {
        ada.get(&format!("/holds/{hold}")).refused(404, "not-found");
        ada.confirm(hold).refused(404, "not-found");
        ada.extend(hold, 60).refused(404, "not-found");
        ada.release(hold).refused(404, "not-found");
    }
    for ballot in [
        "bl_20261231_0_0_0000000000000000",
        "bl_20270131_0_0_0000000000000000",
        "bl_20261231_64_0_0000000000000000",
        "nonsense",
        "%00",
    ] {
        ada.get(&format!("/ballots/{ballot}")).refused(404, "not-found");
        app.anybody().get(&format!("/ballots/{ballot}/proof")).refused(404, "not-found");
    }
    ada.patch("/users/nonsense", json!({})).refused(404, "not-found");
    nothing_changed(&app);
}

#[test]
fn a_closed_lottery_an_expired_hold_and_somebody_elses_hold_are_told_apart() {
    let (app, held) = scene();
    app.lottery("2026-12-24", 1);
    app.admin().post("/lotteries/2026-12-24/close", json!({})).expect(200);
    let ada = ada(&app);
    ada.hold("2026-12-24", json!({"pattern": "****"})).refused(409, "lottery-closed");
    app.member("bob").confirm(&held).refused(404, "not-found");
    nothing_changed(&app);
    app.pass_s(300);
    ada.confirm(&held).refused(409, "hold-expired");
    assert_eq!(app.books(DAY), TicketBooks { free: 9_999, held: 0, sold: 1 });
}

#[test]
fn a_query_that_says_something_unknown_or_wrong_is_refused() {
    let (app, held) = scene();
    let (ada, admin) = (ada(&app), app.admin());
    for path in ["/holds", "/tickets", "/ballots", "/lotteries", "/auth/sessions"] {
        for query in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=ten",
            "limit=",
            "limit=18446744073709551616",
            "cursor=%21",
            "cursor=a",
            "page=2",
            "limit=1&limit=2",
            "Limit=1",
        ] {
            ada.get(&format!("{path}?{query}")).refused(422, "invalid");
        }
    }
    for path in ["/users", "/service-keys"] {
        admin.get(&format!("{path}?limit=0")).refused(422, "invalid");
        admin.get(&format!("{path}?cursor=AAAA")).refused(422, "invalid");
    }
    for query in ["dry_run=maybe", "dry_run=1", "dryrun=true", "dry_run=true&dry_run=false"] {
        ada.post(&format!("{HOLDS}?{query}"), json!({"pattern": "****"})).refused(422, "invalid");
        ada.post(&format!("/holds/{held}/confirm?{query}"), json!({})).refused(422, "invalid");
        ada.delete(&format!("/holds/{held}?{query}")).refused(422, "invalid");
    }
    for path in [
        "/me",
        "/lotteries/2026-12-31",
        "/lotteries/2026-12-31/ledger",
        "/lotteries/2026-12-31/statistics",
        "/lotteries/2026-12-31/winner",
        "/lotteries/2026-12-31/proof",
        "/ballots/bl_20261231_0_0_0000000000000000",
        "/ballots/bl_20261231_0_0_0000000000000000/proof",
        "//.well-known/stampede-receipts.json",
        "//health/live",
        "//health/ready",
        "//",
    ] {
        let answer = ada.get(&format!("{path}?verbose=true"));
        assert_eq!(answer.body["type"], "/problems/invalid", "{path} {}", answer.status);
    }
    nothing_changed(&app);
}

#[test]
fn a_cursor_of_another_list_shows_nothing_of_anybody_elses() {
    let (app, _) = scene();
    let (ada, bob) = (ada(&app), app.member("bob"));
    for number in ["3000", "4000"] {
        ada.hold(DAY, json!({"number": number})).expect(201);
    }
    let cursor = ada.get("/holds?limit=1").expect(200)["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(bob.get(&format!("/holds?cursor={cursor}")).expect(200)["items"], json!([]));
    let answer = app.anybody().get(&format!("/lotteries?cursor={cursor}"));
    assert!([200, 422].contains(&answer.status), "{}", answer.text);
}

#[test]
fn a_second_server_on_the_same_folder_is_refused_with_a_sentence() {
    let (app, _) = scene();
    let (config, now) = (app.config(), app.now());
    let refused = actix_web::rt::System::new()
        .block_on(async move { App::open(config, Arc::new(move || now)).await.err() });
    let sentence = format!("{:#}", refused.expect("it is refused"));
    assert!(
        sentence.starts_with("the folder ") && sentence.ends_with(" is in use by another stampede"),
        "{sentence}"
    );
    nothing_changed(&app);
}

#[cfg(unix)]
#[test]
fn a_problem_says_nothing_about_the_inside() {
    let (app, _) = scene();
    let ada = ada(&app);
    for answer in [
        ada.get("/holds/nonsense"),
        ada.post(HOLDS, json!({"count": 1})),
        ada.get("/holds?limit=0"),
        app.anybody().get("/me"),
    ] {
        for word in ["sqlite", "panicked", ".rs", "actix", "/home/", "/tmp/", "serde"] {
            assert!(!answer.text.to_lowercase().contains(word), "{}", answer.text);
        }
    }
    let refused: Value = ada.post(HOLDS, json!({"pattern": "12"})).refused(422, "invalid");
    assert!(refused["detail"].as_str().unwrap().contains("/pattern"), "{refused}");
}
