//! Bad input: each kind its own clear problem, nothing changed, and never a 500.

use crate::harness::{Answer, Books, Client, PASSWORD, TestApp, id, pointers};
use crate::wire;
use serde_json::{Value, json};
use stampede::app::App;
use std::sync::Arc;

const DAY: &str = "2026-12-31";
const HOLDS: &str = "/lotteries/2026-12-31/holds";

/// A lottery in which somebody holds and somebody has bought, so that there is something to damage.
fn scene() -> (TestApp, String) {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let bought = ada.hold(DAY, json!({"number": "1000"})).expect(201);
    ada.confirm(id(&bought)).expect(200);
    let held = ada.hold(DAY, json!({"number": "2000"})).expect(201);
    (app, id(&held).to_owned())
}

#[track_caller]
fn nothing_changed(app: &TestApp) {
    assert_eq!(app.books(DAY), Books { free: 9_998, held: 1, sold: 1 });
}

fn ada(app: &TestApp) -> Client<'_> {
    app.log_in("ada", PASSWORD)
}

fn token(client: &Client) -> String {
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
    for body in ["[]", "\"****\"", "1", "null", "true", "[\"****\",null,1,1,300]", "{\"pattern\":\"****\",\"pattern\":\"1***\"}"] {
        ada.send("POST", HOLDS, Some(body.into())).refused(422, "invalid");
    }
    let refused = ada.post(&format!("/holds/{held}/confirm"), json!({"amount": 1})).refused(422, "invalid");
    assert_eq!(pointers(&refused), ["/amount"]);
    ada.post(&format!("/holds/{held}/extend"), json!({})).refused(422, "invalid");
    nothing_changed(&app);
}

#[test]
fn what_is_not_there_is_not_found() {
    let (app, _) = scene();
    let ada = ada(&app);
    for day in ["2027-01-31", "2026-12-32", "2026-13-01", "2026-1-1", "20261231", "tomorrow", "-", "%00", "2026-12-31%20", "..%2F"] {
        let path = format!("/lotteries/{day}");
        app.anybody().get(&path).refused(404, "not-found");
        app.anybody().get(&format!("{path}/ledger")).refused(404, "not-found");
        app.anybody().get(&format!("{path}/tickets?pattern=****")).refused(404, "not-found");
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
    nothing_changed(&app);
}

#[test]
fn a_closed_lottery_an_expired_hold_and_somebody_elses_hold_are_told_apart() {
    let (app, held) = scene();
    app.lottery("2026-12-24", 1);
    app.admin().post("/lotteries/2026-12-24/close", json!({})).expect(200);
    let ada = ada(&app);
    ada.hold("2026-12-24", json!({"pattern": "****"})).refused(409, "lottery-closed");
    app.member("bob").confirm(&held).refused(403, "forbidden");
    nothing_changed(&app);
    app.pass_s(300);
    ada.confirm(&held).refused(409, "hold-expired");
    assert_eq!(app.books(DAY), Books { free: 9_999, held: 0, sold: 1 });
}

#[test]
fn a_body_over_the_limit_is_too_large_whether_or_not_its_length_is_said() {
    let (app, _) = scene();
    let ada = ada(&app);
    let authorization = token(&ada);
    let body = json!({"pattern": "****", "padding": "x".repeat(100_000)}).to_string();
    ada.send("POST", HOLDS, Some(body.clone().into_bytes())).refused(413, "too-large");
    let path = format!("/api/v1{HOLDS}");
    let headers = [("Authorization", authorization.as_bytes()), ("Transfer-Encoding", b"chunked")];
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    wire::send(&app, &wire::request("POST", path.as_bytes(), &headers, chunked.as_bytes())).unwrap().refused(413, "too-large");
    // A lie about the length costs nothing either.
    let headers = [("Authorization", authorization.as_bytes()), ("Content-Length", b"99999999999")];
    wire::send(&app, &wire::request("POST", path.as_bytes(), &headers, b"{}")).unwrap().refused(413, "too-large");
    for path in ["/auth/login", "/auth/register"] {
        app.anybody().send("POST", path, Some(vec![b' '; 100_000])).refused(413, "too-large");
    }
    // Just at the limit it is read, and found wanting for what it says.
    ada.send("POST", HOLDS, Some(vec![b' '; 65_536])).refused(400, "not-readable");
    ada.send("POST", HOLDS, Some(vec![b' '; 65_537])).refused(413, "too-large");
    nothing_changed(&app);
}

#[test]
fn whoever_cannot_say_who_he_is_is_asked() {
    let (app, _) = scene();
    let good = token(&ada(&app));
    let mut forged = good.clone();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'Q' } else { 'A' });
    let payload = good.split('.').nth(1).unwrap();
    let unsigned = format!("Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.");
    for header in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Basic YWRhOmFkYQ==",
        "bearer a.b.c",
        "Bearer sk_unknown",
        &forged[..],
        &unsigned[..],
        &format!("{good} {good}"),
        &good["Bearer ".len()..],
    ] {
        let answer = app.anybody().with("Authorization", header).post(HOLDS, json!({"pattern": "****"}));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{header}");
        answer.refused(401, "unauthenticated");
    }
    app.anybody().post(HOLDS, json!({"pattern": "****"})).refused(401, "unauthenticated");
    let bytes = wire::request("GET", b"/api/v1/me", &[("Authorization", b"Bearer \xff\xfe")], b"");
    wire::send(&app, &bytes).unwrap().refused(401, "unauthenticated");
    nothing_changed(&app);
}

#[test]
fn who_may_not_is_told_before_anything_else_is_looked_at() {
    let (app, _) = scene();
    let ada = ada(&app);
    for path in ["/lotteries", "/service-keys", "/users"] {
        ada.send("POST", path, Some(b"{".to_vec())).refused(403, "forbidden");
        app.anybody().send("POST", path, Some(b"{".to_vec())).refused(401, "unauthenticated");
    }
    nothing_changed(&app);
}

#[test]
fn a_service_has_to_say_for_whom_it_acts() {
    let (app, _) = scene();
    let shop = app.service("shop");
    shop.hold(DAY, json!({"pattern": "****"})).refused(403, "forbidden");
    shop.get("/holds").refused(403, "forbidden");
    for name in ["", "two words", "tab\tbed", &"x".repeat(129)] {
        shop.on_behalf_of(name).hold(DAY, json!({"pattern": "****"})).refused(400, "not-readable");
    }
    let authorization = token(&shop);
    let bytes = |name: &[u8]| {
        let headers = [("Authorization", authorization.as_bytes()), ("On-Behalf-Of", name)];
        wire::request("GET", b"/api/v1/holds", &headers, b"")
    };
    wire::send(&app, &bytes("jürgen".as_bytes())).unwrap().refused(400, "not-readable");
    wire::send(&app, &bytes(b"\xff")).unwrap().refused(400, "not-readable");
    // A member acts for himself only, and a service is no administrator, whoever it acts for.
    ada(&app).on_behalf_of("bob").get("/holds").refused(403, "forbidden");
    app.admin().on_behalf_of("bob").get("/holds").refused(403, "forbidden");
    shop.on_behalf_of("admin").post("/lotteries", json!({"closes_on": "2027-01-31"})).refused(403, "forbidden");
    nothing_changed(&app);
    shop.on_behalf_of(&"x".repeat(128)).hold(DAY, json!({"pattern": "****"})).expect(201);
}

#[test]
fn a_key_that_cannot_be_used_is_refused() {
    let (app, _) = scene();
    let ada = ada(&app);
    let wanted = json!({"pattern": "****"});
    for key in [&"k".repeat(256)[..], "", "\"\"", "tab\tbed"] {
        ada.key(key).hold(DAY, wanted.clone()).refused(400, "bad-idempotency-key");
    }
    let authorization = token(&ada);
    for key in ["schlüssel".as_bytes(), b"\xff", "鍵".as_bytes()] {
        let headers = [("Authorization", authorization.as_bytes()), ("Idempotency-Key", key)];
        let bytes = wire::request("POST", format!("/api/v1{HOLDS}").as_bytes(), &headers, wanted.to_string().as_bytes());
        wire::send(&app, &bytes).unwrap().refused(400, "bad-idempotency-key");
    }
    nothing_changed(&app);
    let longest = "k".repeat(255);
    ada.key(&longest).hold(DAY, wanted.clone()).expect(201);
    ada.key(&longest).hold(DAY, json!({"pattern": "1***"})).refused(422, "idempotency-key-reused");
    assert_eq!(app.books(DAY).held, 2);
}

#[test]
fn a_query_that_says_something_unknown_or_wrong_is_refused() {
    let (app, held) = scene();
    let (ada, admin) = (ada(&app), app.admin());
    for path in ["/holds", "/tickets", "/lotteries", "/auth/sessions"] {
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
    for path in ["/me", "/lotteries/2026-12-31", "/lotteries/2026-12-31/ledger", "//health/live", "//health/ready", "//"] {
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
fn bytes_that_are_not_utf8_in_a_path_or_query_find_nothing() {
    let (app, _) = scene();
    let authorization = token(&ada(&app));
    let ask = |method: &str, path: &[u8]| -> Answer {
        let bytes = wire::request(method, path, &[("Authorization", authorization.as_bytes())], b"");
        wire::send(&app, &bytes).unwrap_or_else(|| panic!("no answer to {}", String::from_utf8_lossy(path)))
    };
    ask("GET", b"/api/v1/lotteries/%ff").refused(404, "not-found");
    ask("GET", b"/api/v1/lotteries/%ff%fe/ledger").refused(404, "not-found");
    ask("POST", b"/api/v1/lotteries/%c3%28/holds").refused(404, "not-found");
    ask("GET", b"/api/v1/holds/%ff").refused(404, "not-found");
    ask("POST", b"/api/v1/holds/%ff/confirm").refused(404, "not-found");
    ask("GET", b"/problems/%ff").refused(404, "not-found");
    ask("GET", b"/%ff").refused(404, "unknown-route");
    ask("GET", b"/api/v1/lotteries/2026-12-31/tickets?pattern=%ff%ff%ff%ff").refused(422, "invalid");
    ask("GET", b"/api/v1/holds?cursor=%ff").refused(422, "invalid");
    for path in [&b"/api/v1/lotteries/\xff"[..], b"/api/v1/holds?cursor=\xff"] {
        let answer = ask("GET", path);
        assert!((400..500).contains(&answer.status), "{}", answer.status);
    }
    nothing_changed(&app);
}

#[test]
fn headers_without_end_are_cut_off() {
    let (app, _) = scene();
    let authorization = token(&ada(&app));
    for size in [10_000, 300_000] {
        let long = vec![b'x'; size];
        let bytes = wire::request("GET", b"/api/v1/holds", &[("Authorization", authorization.as_bytes()), ("X-Long", &long)], b"");
        if let Some(answer) = wire::send(&app, &bytes) {
            assert!([200, 400, 413, 431].contains(&answer.status), "{}", answer.status);
        }
    }
    let many: Vec<(String, Vec<u8>)> = (0..500).map(|n| (format!("X-{n}"), b"x".to_vec())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    if let Some(answer) = wire::send(&app, &wire::request("GET", b"/api/v1/lotteries", &many, b"")) {
        assert!([200, 400, 413, 431].contains(&answer.status), "{}", answer.status);
    }
    nothing_changed(&app);
}

#[test]
fn a_second_server_on_the_same_folder_is_refused_with_a_sentence() {
    let (app, _) = scene();
    let (config, now) = (app.config(), app.now());
    let refused = actix_web::rt::System::new().block_on(async move { App::open(config, Arc::new(move || now)).await.err() });
    let sentence = format!("{:#}", refused.expect("it is refused"));
    assert!(sentence.starts_with("the folder ") && sentence.ends_with(" is in use by another stampede"), "{sentence}");
    nothing_changed(&app);
}

#[cfg(unix)]
#[test]
fn a_data_folder_may_have_a_name_that_is_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let app = TestApp::start_with(|config| config.data = config.data.join(std::ffi::OsStr::from_bytes(b"d\xffta")));
    app.lottery(DAY, 1);
    let held = app.member("ada").hold(DAY, json!({"pattern": "****"})).expect(201);
    app.restart();
    assert_eq!(ada(&app).get(&format!("/holds/{}", id(&held))).expect(200), held);
    app.stop();
    assert!(stampede::verify::verify(app.data()).is_ok());
}

#[test]
fn a_problem_says_nothing_about_the_inside() {
    let (app, _) = scene();
    let ada = ada(&app);
    for answer in [ada.get("/holds/nonsense"), ada.post(HOLDS, json!({"count": 1})), ada.get("/holds?limit=0"), app.anybody().get("/me")] {
        for word in ["sqlite", "panicked", ".rs", "actix", "/work/", "/tmp/", "serde"] {
            assert!(!answer.text.to_lowercase().contains(word), "{}", answer.text);
        }
    }
    let refused: Value = ada.post(HOLDS, json!({"pattern": "12"})).refused(422, "invalid");
    assert!(refused["detail"].as_str().unwrap().contains("/pattern"), "{refused}");
}
