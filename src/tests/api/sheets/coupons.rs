//! Sheets of assignments, uses, their confirmations, and voids.

use super::{all_fared, answers, fared, line_of};
use crate::campaigns::balanced;
use harness::{Client, TestApp, id};
use serde_json::{Value, json};
use std::thread;

const USE: &str = "/coupons/use:batch";
const CONFIRM: &str = "/coupons/use/confirm:batch";
const VOID: &str = "/coupons/void:batch";

/// A batch of so many coupons.
fn batch(app: &TestApp, count: u64) -> String {
    let coupons =
        json!({"count": count, "discount_percent": 10, "expires_at": "2026-12-31T00:00:00Z"});
    id(&app.admin().post("/coupon-batches", coupons).expect(201)).to_owned()
}

fn ledger(app: &TestApp, batch: &str) -> Value {
    balanced(app.admin().get(&format!("/coupon-batches/{batch}/ledger")).expect(200))
}

fn assign(shop: &Client, batch: &str, members: &[&str]) -> Vec<Value> {
    let path = format!("/coupon-batches/{batch}/assign:batch");
    answers(shop, &path, members.iter().map(|member| line_of(member)).collect())
}

/// The codes of coupons that these members were given.
fn codes(shop: &Client, batch: &str, members: &[&str]) -> Vec<String> {
    let code = |line: Value| line["body"]["code"].as_str().unwrap().to_owned();
    assign(shop, batch, members).into_iter().map(code).collect()
}

fn use_of(member: &str, code: &str) -> Value {
    json!({"member": member, "code": code, "body": {"amount": 5000}})
}

#[test]
fn coupons_are_assigned_to_many_and_never_more_than_there_are() {
    let app = TestApp::start();
    let (batch, shop) = (batch(&app, 3), app.service("shop"));
    let answered = assign(&shop, &batch, &["m1", "m2", "m3", "m4", "m5"]);
    let given = answered.iter().filter(|line| fared(line) == (201, "")).count();
    let refused = answered.iter().filter(|line| fared(line) == (409, "sold-out")).count();
    assert_eq!((given, refused, &ledger(&app, &batch)["assigned"]), (3, 2, &json!(3)));
    for line in answered.iter().filter(|line| line["body"].is_object()) {
        assert_eq!(line["body"]["known_as"]["service"], "shop", "{line}");
    }
    // Staff name members of ours in the body, as alone.
    let other = self::batch(&app, 3);
    let ada = app.member("ada").get("/me").expect(200)["id"].clone();
    let lines = vec![json!({"body": {"member_id": ada}}), json!({}), line_of("m1")];
    let by_admin = answers(&app.admin(), &format!("/coupon-batches/{other}/assign:batch"), lines);
    assert_eq!(all_fared(&by_admin), [(201, ""), (422, "invalid"), (403, "forbidden")]);
    assert_eq!(by_admin[0]["body"]["owner"], ada);
}

#[test]
fn coupons_are_used_line_by_line_and_somebody_elses_is_not_there() {
    let app = TestApp::start();
    let (batch, shop) = (batch(&app, 9), app.service("shop"));
    let codes = codes(&shop, &batch, &["m1", "m2"]);
    let lines = [
        use_of("m1", &codes[0]),
        use_of("m1", &codes[1]),
        use_of("m1", "NO-SUCH-CODE"),
        json!({"member": "m2", "code": codes[1], "body": {"amount": -1, "hold_s": 0}}),
        json!({"member": "m2"}),
    ];
    let answered = answers(&shop, USE, lines[..3].to_vec());
    assert_eq!(all_fared(&answered), [(200, ""), (404, "unknown-coupon"), (404, "unknown-coupon")]);
    assert_eq!(
        (&answered[0]["body"]["payable"], &answered[0]["replayed"]),
        (&json!(4500), &json!(null))
    );
    let wrong: Vec<String> = lines[3..].iter().map(Value::to_string).collect();
    let wrong = shop.send_lines(USE, &wrong.join("\n")).expect(200);
    let told = |at: usize| harness::pointers(&wrong[at]["problem"]);
    assert_eq!((told(0), told(1)), (vec!["/amount", "/hold_s"], vec!["/code"]));
    let again = answers(&shop, USE, vec![use_of("m1", &codes[0])]);
    assert_eq!(fared(&again[0]), (409, "coupon-used"));
    assert_eq!(ledger(&app, &batch)["used"], 1);
}

#[test]
fn the_same_sheet_twice_at_once_uses_every_coupon_once() {
    const MEMBERS: usize = 20;
    let app = TestApp::start();
    let (batch, shop) = (batch(&app, 50), app.service("shop"));
    let members: Vec<String> = (0..MEMBERS).map(|n| format!("m{n}")).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    let codes = codes(&shop, &batch, &members);
    let lines = || -> Vec<Value> {
        members.iter().zip(&codes).map(|(member, code)| use_of(member, code)).collect()
    };
    let both = thread::scope(|scope| {
        let send = || scope.spawn(|| answers(&shop.key("pay"), USE, lines()));
        [send(), send()].map(|sent| sent.join().unwrap())
    });
    for (one, other) in both[0].iter().zip(&both[1]) {
        assert_eq!((one["status"].as_u64(), &one["body"]), (Some(200), &other["body"]));
        let marks = [&one["replayed"], &other["replayed"]];
        assert_eq!(marks.iter().filter(|mark| ***mark == json!(true)).count(), 1, "{one} {other}");
    }
    assert_eq!(ledger(&app, &batch)["used"], MEMBERS);
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn held_uses_are_confirmed_and_coupons_voided_in_sheets() {
    let app = TestApp::start();
    let (batch, shop) = (batch(&app, 9), app.service("shop"));
    let codes = codes(&shop, &batch, &["m1", "m2", "m3"]);
    let held = json!({"amount": 5000, "hold_s": 60});
    let lines = vec![json!({"member": "m1", "code": codes[0], "body": held})];
    assert_eq!(fared(&answers(&shop, USE, lines)[0]), (200, ""));
    let line = |member: &str, code: &str| json!({"member": member, "code": code});
    let confirms = || vec![line("m1", &codes[0]), line("m2", &codes[1]), line("m2", &codes[0])];
    let answered = answers(&shop, CONFIRM, confirms());
    assert_eq!(
        all_fared(&answered),
        [(200, ""), (409, "coupon-not-held"), (404, "unknown-coupon")]
    );
    shop.post(VOID, vec![line("m2", &codes[1])].into()).refused(403, "out-of-scope");
    let lines = vec![
        json!({"code": codes[1]}),
        json!({"code": codes[0]}),
        json!({"code": "NO-SUCH-CODE"}),
        line("m3", &codes[2]),
    ];
    let voided = answers(&app.admin(), VOID, lines);
    assert_eq!(
        all_fared(&voided),
        [(200, ""), (409, "coupon-used"), (404, "unknown-coupon"), (403, "forbidden")]
    );
    let books = ledger(&app, &batch);
    assert_eq!(
        (&books["used"], &books["void"], &books["assigned"]),
        (&json!(1), &json!(1), &json!(1))
    );
}
