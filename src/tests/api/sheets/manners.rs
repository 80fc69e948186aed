//! What holds for every sheet: who may send one, how it is written, and what bounds it.

use super::{all_fared, answers, line_of};
use crate::campaigns::{campaign, ledger};
use harness::{Client, TestApp, pointers};
use serde_json::{Value, json};

fn path(campaign: &str) -> String {
    format!("/campaigns/{campaign}/claims:batch")
}

fn key(app: &TestApp, scopes: Value) -> Client {
    let made = app.admin().post("/service-keys", json!({"name": "shop", "scopes": scopes}));
    app.anybody().bearer(made.expect(201)["key"].as_str().unwrap())
}

#[test]
fn services_and_staff_send_sheets_and_each_line_is_in_scope_or_not() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": 9}));
    let (path, one) = (path(&id), || vec![line_of("m1")]);
    app.anybody().post(&path, one().into()).refused(401, "unauthenticated");
    app.member("ada").post(&path, one().into()).refused(403, "forbidden");
    crate::roles::staff_named(&app, "viewer", "vera")
        .post(&path, one().into())
        .refused(403, "forbidden");
    app.service("shop").on_behalf_of("m1").post(&path, one().into()).refused(403, "forbidden");
    key(&app, json!(["tickets"])).post(&path, one().into()).refused(403, "out-of-scope");
    let lines = || vec![line_of("m1"), json!({})];
    // Whoever runs promotions has no member to name, and claims nothing.
    let by_admin = answers(&app.admin(), &path, lines());
    assert_eq!(all_fared(&by_admin), [(403, "forbidden"); 2]);
    let by_operator_key = answers(&key(&app, json!(["operate"])), &path, lines());
    assert_eq!(all_fared(&by_operator_key), [(403, "out-of-scope"), (403, "forbidden")]);
    let claims = answers(&key(&app, json!(["claim"])), &path, lines());
    assert_eq!(all_fared(&claims), [(201, ""), (403, "forbidden")]);
    assert_eq!(ledger(&app, &id)["assigned"], 1);
}

#[test]
fn a_line_that_cannot_be_read_is_answered_in_its_place() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": 9}));
    let (path, shop) = (path(&id), app.service("shop"));
    let lines = [
        r#"{"member":"m1"}"#,
        "nonsense",
        "",
        r#"{"member":"m2","memper":"m3"}"#,
        r#"["m2"]"#,
        r#"{"member":"m2","body":{"code":7,"color":1}}"#,
        r#"{"member":"m2","code":"C"}"#,
        r#"{"member":"m2"#,
        r#"{"member":"m2"}"#,
    ];
    let as_lines = shop.send_lines(&path, &lines.join("\r\n"));
    assert_eq!(as_lines.header("content-type"), Some("application/x-ndjson"));
    let as_lines = as_lines.expect(200).as_array().unwrap().clone();
    assert_eq!(
        all_fared(&as_lines),
        [
            (201, ""),
            (400, "not-readable"),
            (422, "invalid"),
            (422, "invalid"),
            (422, "invalid"),
            (422, "invalid"),
            (400, "not-readable"),
            (201, ""),
        ]
    );
    let told: Vec<Vec<&str>> = as_lines.iter().map(|line| pointers(&line["problem"])).collect();
    assert_eq!(told[2..6], [&["/memper"][..], &[""], &["/code", "/color"], &["/code"]]);
    // In an array, too.
    let array = format!("[{}]", [lines[0], "nonsense", lines[8]].join(","));
    let asked = shop.send("POST", &path, Some(array.into_bytes())).expect(200);
    let fared_so = all_fared(asked.as_array().unwrap());
    assert_eq!(fared_so, [(200, ""), (400, "not-readable"), (200, "")]);
    assert_eq!(ledger(&app, &id)["assigned"], 2);
}

#[test]
fn the_answer_has_the_form_of_the_sheet_or_the_one_that_is_asked_for() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": 9}));
    let (path, shop) = (path(&id), app.service("shop"));
    let (json, ndjson) = ("application/json", "application/x-ndjson");
    for (accepts, form) in [("*/*", json), (json, json), (ndjson, ndjson)] {
        let answer = shop.clone().with("Accept", accepts).post(&path, vec![line_of("m1")].into());
        assert_eq!(answer.header("content-type"), Some(form), "{accepts}");
        assert_eq!(answer.text.starts_with('['), form == json);
    }
    for (accepts, form) in [("*/*", ndjson), (json, json), (ndjson, ndjson)] {
        let answer = shop.clone().with("Accept", accepts).send_lines(&path, r#"{"member":"m1"}"#);
        assert_eq!(answer.header("content-type"), Some(form), "{accepts}");
        assert_eq!(answer.body[0]["status"], 200);
    }
}

#[test]
fn what_is_no_sheet_is_refused_as_a_whole() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": 9}));
    let (path, shop) = (path(&id), app.service("shop"));
    let send = |text: &str| shop.send("POST", &path, Some(text.as_bytes().to_vec()));
    for text in ["", "{}", "[]", "nonsense"] {
        assert_eq!(pointers(&send(text).refused(422, "invalid")), [""], "{text:?}");
    }
    for text in ["[{}", "[{]", "[\"]", "[}]"] {
        send(text).refused(400, "not-readable");
    }
    let many = |lines: usize| vec!["{}"; lines].join("\n");
    shop.send_lines(&path, &many(1001)).refused(422, "invalid");
    shop.send_lines(&path, &many(1000)).expect(200);
    let long = " ".repeat((1 << 20) + 1);
    shop.send_lines(&path, &long).refused(413, "too-large");
    shop.post(&format!("{path}?dry=true"), json!([{}])).refused(422, "invalid");
}

#[test]
fn so_many_lines_are_under_way_and_the_next_sheet_comes_later() {
    let app = TestApp::start_with(|config| config.sheet_lines = 1000);
    let id = campaign(&app, json!({"quota": 9}));
    let (path, shop) = (path(&id), app.service("shop"));
    let shared = app.shared();
    let mut others = shared.rooms.lines.enter();
    assert!(others.grow(999));
    let lines = || vec![line_of("m1"), line_of("m2")];
    let busy = shop.post(&path, lines().into());
    assert_eq!(busy.header("retry-after"), Some("1"));
    busy.refused(503, "busy");
    drop(others);
    answers(&shop, &path, lines());
    assert_eq!(shared.rooms.lines.held(), 0);
}

#[test]
fn new_members_and_requests_are_counted_line_by_line() {
    let app = TestApp::start_with(|config| {
        config.new_members_per_minute = 3;
        config.requests_per_minute = 5;
    });
    let id = campaign(&app, json!({"quota": 99}));
    let (path, shop) = (path(&id), app.service("shop"));
    let new = (0..5).map(|n| line_of(&format!("m{n}"))).chain([line_of("m0")]).collect();
    let answered = answers(&shop, &path, new);
    let by_name = |wanted: &str| {
        all_fared(&answered).iter().filter(|(_, problem)| *problem == wanted).count()
    };
    assert_eq!((by_name(""), by_name("too-many-requests")), (4, 2));
    assert_eq!(answered[4]["retry_after_s"], 60);
    // The same member five times a minute, in whatever sheet.
    let often = answers(&shop, &path, (0..5).map(|_| line_of("m0")).collect());
    let refused: Vec<u64> = often.iter().map(|line| line["status"].as_u64().unwrap()).collect();
    assert_eq!(refused, [200, 200, 200, 429, 429]);
    app.pass_s(60);
    let again = answers(&shop, &path, vec![line_of("m0"), line_of("m9")]);
    assert_eq!(all_fared(&again), [(200, ""), (201, "")]);
}

#[test]
fn new_members_of_a_sheet_are_known_when_it_is_answered() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": 99}));
    let shop = app.service("shop");
    let lines = (0..20).map(|n| line_of(&format!("m{n}"))).collect();
    answers(&shop, &path(&id), lines);
    app.restart();
    let listed = app.admin().get(&format!("/campaigns/{id}/claims")).expect(200);
    let mut known: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|claim| claim["known_as"]["id"].as_str().unwrap())
        .collect();
    known.sort_unstable();
    known.dedup();
    assert_eq!(known.len(), 20);
}

#[test]
fn a_sheet_of_staff_is_one_act() {
    let app = TestApp::start();
    let id = campaign(&app, json!({}));
    let admin = app.admin().with("Reason", "a trial");
    answers(&admin, &path(&id), vec![json!({}), json!({})]);
    let acts = admin.get("/audit").expect(200);
    let acts = acts["items"].as_array().unwrap();
    let of_sheets: Vec<&Value> =
        acts.iter().filter(|act| act["what"] == "claimVoucherSheet").collect();
    assert_eq!((of_sheets.len(), &of_sheets[0]["status"]), (1, &json!(200)));
}
