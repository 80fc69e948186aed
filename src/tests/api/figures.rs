//! To whom figures are told: of a campaign, a batch and a lottery, to whom each says.

use crate::campaigns::{END, campaign, claim, show, with};
use crate::roles::staff_named;
use harness::{Client, TestApp, id, pointers};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";

/// Everybody who may ask, from those who are told least to those who are told most: at which of
/// `public`, `members` and `staff` they are told figures.
fn callers(app: &TestApp) -> Vec<(&'static str, Client, [bool; 3])> {
    let service = app.service("shop");
    vec![
        ("nobody", app.anybody(), [true, false, false]),
        ("member", app.member("mia"), [true, true, false]),
        ("service", service.clone(), [true, true, false]),
        ("service, for a member", service.on_behalf_of("m1"), [true, true, false]),
        ("viewer", staff_named(app, "viewer", "vera"), [true, true, true]),
        ("operator", staff_named(app, "operator", "olga"), [true, true, true]),
        ("administrator", app.admin(), [true, true, true]),
    ]
}

const LEVELS: [&str; 3] = ["public", "members", "staff"];

/// Looks where figures alone are: they are told, or refused by who asks.
#[track_caller]
fn tells(caller: &(&str, Client, [bool; 3]), is_told: bool, path: &str) -> Value {
    let (name, client, _) = caller;
    let answer = client.get(path);
    match (is_told, *name) {
        (true, _) => answer.expect(200),
        (false, "nobody") => answer.refused(401, "unauthenticated"),
        (false, _) => answer.refused(403, "forbidden"),
    }
}

#[test]
fn a_campaign_tells_its_figures_to_whom_it_says() {
    let app = TestApp::start();
    let callers = callers(&app);
    for (level, to) in LEVELS.into_iter().enumerate() {
        let id = campaign(&app, json!({"name": to, "figures": to}));
        claim(&callers[1].1, &id).expect(201);
        for caller in &callers {
            let (name, client, told) = caller;
            let is_told = told[level];
            let seen = client.get(&format!("/campaigns/{id}")).expect(200);
            let list = client.get("/campaigns").expect(200);
            let listed = list["items"].as_array().unwrap().iter().find(|one| one["id"] == *id);
            assert_eq!(listed, Some(&seen), "{name}, {to}");
            let figures = if is_told { json!([1, 1]) } else { json!([null, null]) };
            assert_eq!(json!([seen["granted"], seen["remaining"]]), figures, "{name}, {to}");
            assert_eq!((&seen["figures"], &seen["quota"]), (&json!(to), &json!(2)));
            tells(caller, is_told, &format!("/campaigns/{id}/ledger"));
        }
    }
}

#[test]
fn what_is_sold_out_is_said_to_everybody() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": 1, "figures": "staff"}));
    claim(&app.member("ada"), &id).expect(201);
    claim(&app.member("bob"), &id).refused(409, "sold-out");
    let seen = show(&app, &id);
    assert_eq!((&seen["state"], &seen["remaining"]), (&json!("sold_out"), &Value::Null));
}

#[test]
fn a_campaign_may_say_otherwise_later_and_says_so_after_a_restart() {
    let app = TestApp::start();
    let id = campaign(&app, json!({}));
    assert_eq!(show(&app, &id)["figures"], "public");
    let path = format!("/campaigns/{id}/figures");
    let staff = json!({"figures": "staff"});
    app.member("ada").put(&path, staff.clone()).refused(403, "forbidden");
    let admin = app.admin();
    let dry = admin.put(&format!("{path}?dry_run=true"), staff.clone()).expect(200);
    assert_eq!((&dry["figures"], &show(&app, &id)["figures"]), (&json!("staff"), &json!("public")));
    let told = admin.put(&path, staff.clone()).expect(200);
    assert_eq!((&told["figures"], &told["remaining"]), (&json!("staff"), &json!(2)));
    assert_eq!(show(&app, &id)["remaining"], Value::Null);
    admin.post(&format!("/campaigns/{id}/end"), json!({})).expect(200);
    app.restart();
    assert_eq!(
        (&show(&app, &id)["figures"], &show(&app, &id)["granted"]),
        (&json!("staff"), &Value::Null)
    );
    app.anybody().get(&format!("/campaigns/{id}/ledger")).refused(401, "unauthenticated");
    admin.put(&path, json!({"figures": "public"})).expect(200);
    assert_eq!(show(&app, &id)["granted"], 0);
    admin.put("/campaigns/c_999/figures", staff).refused(404, "not-found");
}

#[test]
fn a_batch_is_shown_to_staff_unless_it_says_otherwise() {
    let app = TestApp::start();
    let callers = callers(&app);
    let plan = json!({"count": 3, "discount_percent": 10, "expires_at": END});
    let made = app.admin().post("/coupon-batches", plan.clone()).expect(201);
    assert_eq!(made["figures"], "staff");
    for (level, to) in LEVELS.into_iter().enumerate() {
        let plan = with(plan.clone(), json!({"figures": to}));
        let id = id(&app.admin().post("/coupon-batches", plan).expect(201)).to_owned();
        for caller in &callers {
            let seen = tells(caller, caller.2[level], &format!("/coupon-batches/{id}"));
            if caller.2[level] {
                assert_eq!((&seen["figures"], &seen["count"]), (&json!(to), &json!(3)));
            }
            tells(caller, caller.2[level], &format!("/coupon-batches/{id}/ledger"));
        }
    }
    for caller in &callers {
        match caller.2[2] {
            true => drop(caller.1.get("/coupon-batches/b_998").refused(404, "not-found")),
            // Whether there is one is for staff, too.
            false => drop(tells(caller, false, "/coupon-batches/b_998")),
        }
    }
}

#[test]
fn a_lottery_tells_its_figures_to_whom_it_says() {
    let app = TestApp::start();
    let callers = callers(&app);
    for (level, to) in LEVELS.into_iter().enumerate() {
        let day = format!("2026-12-2{level}");
        let plan = json!({"closes_on": day, "tickets": {"digits": 4}, "ballots": true,
            "figures": to});
        assert_eq!(app.admin().post("/lotteries", plan).expect(201)["figures"], to);
        app.restart();
        for caller in &callers {
            let (name, client, told) = caller;
            let is_told = told[level];
            let seen = client.get(&format!("/lotteries/{day}")).expect(200);
            assert_eq!(seen["figures"], to, "{name}");
            tells(caller, is_told, &format!("/lotteries/{day}/ledger"));
            tells(caller, is_told, &format!("/lotteries/{day}/statistics"));
            let found = client.get(&format!("/lotteries/{day}/tickets?pattern=***7")).expect(200);
            let free = if is_told { json!(1000) } else { Value::Null };
            assert_eq!((&found["free"], &found["matching"]), (&free, &json!(1000)), "{name}");
            assert_eq!(found["sample"].as_array().unwrap().len(), 10, "{name}");
        }
    }
}

#[test]
fn to_whom_figures_cannot_be_told_is_pointed_at() {
    let app = TestApp::start();
    let admin = app.admin();
    let id = campaign(&app, json!({}));
    let worth = json!({"discount_percent": 10, "figures": "friends"});
    let batch = with(worth.clone(), json!({"count": 3, "expires_at": END}));
    let other =
        with(worth, json!({"name": "Other", "quota": 0, "ends_at": END, "trigger": "claim"}));
    let lottery = json!({"closes_on": DAY, "ballots": true, "figures": "friends"});
    for (answer, expected) in [
        (admin.post("/coupon-batches", batch.clone()), vec!["/figures"]),
        (admin.post("/coupons", batch), vec!["/figures"]),
        (admin.post("/campaigns", other), vec!["/figures", "/quota"]),
        (admin.post("/lotteries", lottery), vec!["/figures"]),
        (
            admin.put(&format!("/campaigns/{id}/figures"), json!({"figures": "all"})),
            vec!["/figures"],
        ),
    ] {
        assert_eq!(pointers(&answer.refused(422, "invalid")), expected);
    }
}

#[test]
fn one_key_for_other_figures_is_another_request() {
    let app = TestApp::start();
    let admin = app.admin().with("Idempotency-Key", "k1");
    let plan = json!({"count": 3, "discount_percent": 10, "expires_at": END, "figures": "members"});
    let made = admin.post("/coupon-batches", plan.clone()).expect(201);
    assert_eq!(admin.post("/coupon-batches", plan.clone()).expect(201), made);
    admin
        .post("/coupon-batches", with(plan, json!({"figures": "public"})))
        .refused(422, "idempotency-key-reused");
}
