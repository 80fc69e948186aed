//! Mistakes are told all at once, each with its place and in plain words.

use harness::{Answer, TestApp, id, pointers};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Words of the implementation, which nobody who calls can know.
const INSIDE: &[&str] = &[
    "u8", "u16", "u32", "u64", "i64", "usize", "struct", "serde", "ident", "variant", "sequence",
    "boolean", "EOF", "null,",
];

#[track_caller]
fn is_plain(answer: &Value) {
    let said = answer.to_string().to_lowercase();
    let words: Vec<&str> = said.split(|c: char| !c.is_alphanumeric()).collect();
    for inside in INSIDE {
        assert!(!words.contains(&inside.to_lowercase().as_str()), "{inside}: {answer}");
    }
}

/// The calls with a JSON body, and the fields that it may have.
fn calls_with_fields(document: &Value) -> Vec<(String, String, BTreeSet<String>)> {
    let mut calls = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let Some(reference) = schema["$ref"].as_str() else { continue };
            let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
            let fields = schema["properties"].as_object().unwrap().keys().cloned().collect();
            calls.push((method.to_uppercase(), path.clone(), fields));
        }
    }
    calls
}

#[test]
fn a_body_in_which_everything_is_wrong_has_everything_told() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let calls = calls_with_fields(&app.anybody().get("//openapi.json").expect(200));
    assert!(calls.len() > 15, "{calls:?}");
    for (method, path, fields) in calls {
        // A list in a list is nothing that any field takes.
        let body: Map<String, Value> =
            fields.iter().map(|field| (field.clone(), json!([[]]))).collect();
        let body = Value::Object(body).to_string().replacen('{', "{\"no such\":1,", 1);
        let path = format!("/{}", path.replace("{date}", "2026-12-31").replace(['{', '}'], ""));
        let answers = [&admin, &ada].map(|who| who.send(&method, &path, Some(body.clone().into())));
        let refused = answers.into_iter().find(|answer| answer.status == 422);
        let refused = refused.unwrap_or_else(|| panic!("{method} {path} takes it"));
        let refused = refused.refused(422, "invalid");
        let told = pointers(&refused);
        let told: BTreeSet<String> =
            told.iter().map(|at| at.split('/').nth(1).unwrap().to_owned()).collect();
        let mut all = fields;
        all.insert("no such".into());
        assert_eq!(told, all, "{method} {path}");
        is_plain(&refused);
    }
}

#[test]
fn every_parameter_that_is_wrong_is_told_by_its_name() {
    let app = TestApp::start();
    app.lottery("2026-12-31", 1);
    let (admin, ada) = (app.admin(), app.member("ada"));
    for (who, path, told) in [
        (&ada, "/holds?limit=ten&Cursor=x", &["?limit", "?Cursor"][..]),
        (&admin, "/users?limit=-1&limit=2&page=1", &["?limit", "?limit", "?page"]),
        (&admin, "/jobs?limit=0&cursor=!", &["?limit", "?cursor"]),
        (&ada, "/lotteries/2026-12-31/tickets?patern=****", &["?patern", "?pattern"]),
        (&admin, "/coupons/expired?limit=1.5&on=x&stat=used", &["?limit", "?stat"]),
    ] {
        let refused = who.get(path).refused(422, "invalid");
        assert_eq!(pointers(&refused), told, "{path}");
        is_plain(&refused);
    }
    let refused = ada
        .post("/lotteries/2026-12-31/holds?dry_run=1", json!({"pattern": "****"}))
        .refused(422, "invalid");
    assert_eq!(refused["errors"], json!([{"pointer": "?dry_run", "detail": "true or false"}]));
}

#[test]
fn what_can_be_read_is_checked_whole() {
    let app = TestApp::start();
    app.lottery("2026-12-31", 1);
    let (admin, ada) = (app.admin(), app.member("ada"));
    for (who, path, body, told) in [
        (
            &admin,
            "/campaigns",
            json!({"name": " ", "quota": 0, "discount_percent": 101, "min_amount": 0,
                "starts_at": "soon", "ends_at": "2001-01-01T00:00:00Z", "trigger": "x",
                "voucher_valid_days": 0}),
            &[
                "/quota",
                "/starts_at",
                "/ends_at",
                "/voucher_valid_days",
                "/name",
                "/trigger",
                "/min_amount",
                "/discount_percent",
            ][..],
        ),
        (
            &admin,
            "/coupon-batches",
            json!({"count": 0, "name": "", "expires_at": "never", "discount_amount": 0}),
            &["/count", "/name", "/discount_amount", "/expires_at"],
        ),
        (
            &admin,
            "/lotteries",
            json!({"closes_on": "x", "name": "", "tickets": {"digits": 9, "copies": 0},
                "winners": 2, "beacon": true}),
            &["/closes_on", "/winners", "/beacon", "/name", "/tickets/digits", "/tickets/copies"],
        ),
        (
            &ada,
            "/lotteries/2026-12-31/holds",
            json!({"number": "12*4", "count": 3, "at_least": 4, "ttl_s": 0}),
            &["/number", "/at_least", "/ttl_s"],
        ),
        (
            &ada,
            "/coupons/some/use",
            json!({"amount": u64::MAX, "hold_s": 0, "reference": ""}),
            &["/amount", "/hold_s", "/reference"],
        ),
        (
            &admin,
            "/webhooks",
            json!({"url": "nowhere", "events": ["*", "a", "b"]}),
            &["/url", "/events/1", "/events/2"],
        ),
    ] {
        let refused = who.post(path, body).refused(422, "invalid");
        assert_eq!(pointers(&refused), told, "{path}");
        is_plain(&refused);
    }
}

/// What is told of each place, in order.
fn told(refused: &Value) -> Vec<(&str, &str)> {
    let errors = refused["errors"].as_array().unwrap().iter();
    errors.map(|one| (one["pointer"].as_str().unwrap(), one["detail"].as_str().unwrap())).collect()
}

#[test]
fn a_query_wrong_types_and_wrong_values_are_told_in_one_answer() {
    let app = TestApp::start();
    app.lottery("2026-12-31", 1);
    let (admin, ada) = (app.admin(), app.member("ada"));
    let digits = "a whole number, 4 to 7: the memory for counting every pattern grows as 11^digits";
    let dry_run = ("?dry_run", "true or false");
    for (who, path, body, expected) in [
        (
            &admin,
            "/lotteries?dry_run=1",
            json!({"closes_on": 5, "tickets": {"digits": "six", "copies": 0}, "ballots": true,
                "winners": 0}),
            vec![
                dry_run,
                ("/closes_on", "text"),
                ("/tickets/digits", digits),
                ("/winners", "1 to 1000"),
                ("/tickets/copies", "1 to 1000"),
            ],
        ),
        (
            &admin,
            "/lotteries",
            json!({"closes_on": "2027-12-31", "tickets": {"digits": 256}}),
            vec![("/tickets/digits", digits)],
        ),
        (
            &ada,
            "/lotteries/2026-12-31/holds?dry_run=yes",
            json!({"pattern": "12", "count": "two", "at_least": 2, "ttl_s": 0, "x": 1}),
            vec![
                dry_run,
                ("/count", "a whole number, 1 to 10"),
                (
                    "/x",
                    "is not known here; known are `pattern`, `number`, `label`, `count`, \
                    `at_least`, `together`, `ttl_s`, `limit_key`",
                ),
                ("/pattern", "a pattern has 4 to 7 places, this one has 2"),
                ("/ttl_s", "1 to 7200 seconds"),
            ],
        ),
        // A query alone, and with a body that is read as a whole before it is checked.
        (&ada, "/holds/none-such/extend?dry_run=1", json!({"ttl_s": 60}), vec![dry_run]),
        (
            &ada,
            "/holds/none-such/extend?dry_run=1",
            json!({"ttl_s": "x"}),
            vec![dry_run, ("/ttl_s", "a whole number from 0 to 4294967295")],
        ),
        (
            &admin,
            "/users",
            json!({"username": "a", "email": 5, "password": "x", "role": "boss"}),
            vec![
                ("/email", "text"),
                ("/username", "3 to 64 letters, digits, dots, dashes or underscores"),
                ("/password", "8 characters at least"),
                ("/role", "`member`, `viewer`, `operator` or `admin`"),
            ],
        ),
    ] {
        let refused = who.post(path, body).refused(422, "invalid");
        assert_eq!(told(&refused), expected, "{path}");
        is_plain(&refused);
    }
    let hook = json!({"url": "nowhere", "events": [5, "no.such"]});
    let refused = admin.post("/webhooks", hook).refused(422, "invalid");
    assert_eq!(pointers(&refused), ["/events/0", "/url", "/events/1"]);
    let refused = admin.get("/coupons/expired?on=x&state=y&limit=0").refused(422, "invalid");
    assert_eq!(pointers(&refused), ["?on", "?state", "?limit"]);
    assert_eq!(app.books("2026-12-31").held, 0);
}

#[test]
fn what_stands_too_much_in_a_change_is_told_beside_what_is_wrong_in_it() {
    let app = TestApp::start();
    let admin = app.admin();
    let ends = "2099-12-31T00:00:00Z";
    let campaign = json!({"name": "First", "quota": 1, "discount_percent": 10, "ends_at": ends,
        "trigger": "claim"});
    let campaign = id(&admin.post("/campaigns", campaign).expect(201)).to_owned();
    let batch = json!({"count": 1, "discount_percent": 10, "expires_at": ends});
    let batch = id(&admin.post("/coupon-batches", batch).expect(201)).to_owned();
    let (one, all) = (format!("/campaigns/{campaign}"), format!("/coupon-batches/{batch}"));
    let refused = |answer: Answer| -> Vec<String> {
        pointers(&answer.refused(422, "invalid")).into_iter().map(str::to_owned).collect()
    };
    let too_much = admin.patch(&one, json!({"name": "", "zz": 1}));
    assert_eq!(refused(too_much), ["/zz", "/name"]);
    let too_much = admin.patch(&all, json!({"expires_at": "soon", "zz": 1}));
    assert_eq!(refused(too_much), ["/zz", "/expires_at"]);
    let too_much = admin.post(&format!("{all}/voidings"), json!({"state": "used", "zz": 1}));
    assert_eq!(refused(too_much), ["/zz", "/state"]);
    let too_much = admin.post("/service-keys", json!({"name": "", "zz": 1}));
    assert_eq!(refused(too_much), ["/zz", "/name"]);
}

#[test]
fn what_is_not_json_is_told_by_line_and_column() {
    let app = TestApp::start();
    for (body, why) in [
        ("{\"a\":1,\n  nonsense}", "it cannot be read, at line 2, column 3"),
        ("{\"username\":", "it ends too early, at line 1, column 12"),
        ("{} x", "it cannot be read, at line 1, column 4"),
    ] {
        let answer = app.anybody().send("POST", "/auth/register", Some(body.into()));
        let refused = answer.refused(400, "not-readable");
        let detail = refused["detail"].as_str().unwrap();
        assert_eq!(detail, format!("the body is not JSON: {why}"), "{body}");
    }
}

#[test]
fn a_body_that_is_no_object_is_told_so_by_name() {
    let app = TestApp::start();
    for body in ["[]", "7", "null"] {
        let answer = app.admin().send("POST", "/lotteries", Some(body.into()));
        let refused = answer.refused(422, "invalid");
        assert_eq!(refused["detail"], "the body: an object", "{body}");
        assert_eq!(refused["errors"], json!([{"pointer": "", "detail": "an object"}]), "{body}");
    }
}

#[test]
fn a_newline_ends_json() {
    let app = TestApp::start();
    app.ballots("2026-12-31", json!({}));
    app.admin().post("/lotteries/2026-12-31/close", json!({})).expect(200);
    for path in
        ["/me", "/lotteries", "/lotteries/2026-12-31/winner", "//health/live", "//openapi.json"]
    {
        let answer = app.anybody().get(path);
        assert!(answer.text.ends_with("}\n"), "{path}: {:?}", answer.text);
        let length = answer.header("content-length").map(|length| length.parse::<usize>().unwrap());
        assert!(length.is_none_or(|length| answer.text.len() == length), "{path}");
    }
}
