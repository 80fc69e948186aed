//! Those coupons of a batch that a filter means, voided by a job.

use crate::coupons::{assign, batch, books, code, codes, give};
use crate::events::{listen, next};
use harness::{Client, TestApp, id, pointers};
use serde_json::{Value, json};

const MANY: u64 = 2_000_000;

fn void(client: &Client, batch: &str, filter: Value) -> harness::Answer {
    client.post(&format!("/coupon-batches/{batch}/voidings"), filter)
}

/// The job as it is when it has ended.
#[track_caller]
fn ended(app: &TestApp, job: &Value) -> Value {
    let path = format!("/voidings/{}", id(job));
    let shown = || app.admin().get(&path).expect(200);
    app.until("the voiding ends", || shown()["ended_at"].is_string());
    shown()
}

fn voided(job: &Value) -> (u64, u64) {
    let count = |name: &str| job["voided"][name].as_u64().unwrap();
    (count("free"), count("assigned"))
}

fn state(client: &Client, code: &str) -> Value {
    client.get(&format!("/coupons/{code}")).expect(200)["state"].clone()
}

#[test]
fn a_member_s_coupons_are_voided_in_all_parts_of_a_batch_and_nothing_else_is() {
    let app = TestApp::start();
    let (admin, shop) = (app.admin(), app.service("shop"));
    let (ada, bob) = (shop.on_behalf_of("ada"), shop.on_behalf_of("bob"));
    for count in [40, MANY] {
        let batch = batch(&app, json!({ "count": count }));
        let take =
            |member: &Client| code(&assign(member, &batch, json!({})).expect(201)).to_owned();
        let hers: Vec<String> = (0..10).map(|_| take(&ada)).collect();
        let his: Vec<String> = (0..10).map(|_| take(&bob)).collect();
        ada.post(&format!("/coupons/{}/use", hers[0]), json!({})).expect(200);
        ada.post(&format!("/coupons/{}/use", hers[1]), json!({"hold_s": 600})).expect(200);
        let of_ada = json!({"service": "shop", "their_id": "ada"});
        let path = format!("/coupon-batches/{batch}/voidings?dry_run=true");
        let would = ended(&app, &admin.post(&path, of_ada.clone()).expect(202));
        assert_eq!((&would["state"], voided(&would)), (&json!("finished"), (0, 8)), "{would}");
        assert_eq!(books(&app, &batch)["void"], 0, "it was only counted");

        app.pass_s(1);
        let mut lines = listen(&admin, &app, None);
        let made = void(&admin, &batch, of_ada).expect(202);
        let done = ended(&app, &made);
        assert_eq!((&done["state"], voided(&done)), (&json!("finished"), (0, 8)), "{done}");
        assert_eq!(done["progress"]["parts"], done["progress"]["of_parts"]);
        for _ in 0..8 {
            let (_, kind, event) = next(&mut lines).unwrap();
            let told = (kind.as_str(), &event["data"]["known_as"]["id"]);
            assert_eq!(told, ("coupon.voided", &json!("ada")), "{event}");
        }
        assert_eq!([&hers[0], &hers[1]].map(|code| state(&ada, code)), ["used", "held"]);
        assert!(hers[2..].iter().all(|code| state(&ada, code) == "void"));
        assert!(his.iter().all(|code| state(&bob, code) == "assigned"));
        let books = books(&app, &batch);
        assert_eq!((&books["void"], &books["assigned"]), (&json!(8), &json!(10)));
        let listed = admin.get(&format!("/coupon-batches/{batch}/voidings")).expect(200);
        assert_eq!(listed["items"], json!([done, would]), "the newest first");
    }
}

#[test]
fn free_coupons_and_those_given_within_a_time_are_voided_by_what_they_are() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.service("shop").on_behalf_of("ada"));
    let (batch, codes) = codes(&app, json!({"count": 1000}));
    give(&ada, &codes[0], json!({})).expect(200);
    let first = app.now();
    app.pass_s(60);
    give(&ada, &codes[999], json!({})).expect(200);
    let wire = |seconds: i64| base::calendar::wire_time(first.plus_s(seconds as u32));
    let early = json!({"state": "assigned", "to": wire(30)});
    assert_eq!(voided(&ended(&app, &void(&admin, &batch, early).expect(202))), (0, 1));
    assert_eq!(
        (state(&ada, &codes[0]), state(&ada, &codes[999])),
        (json!("void"), json!("assigned"))
    );
    // More than one stretch has.
    let free = ended(&app, &void(&admin, &batch, json!({"state": "created"})).expect(202));
    assert_eq!(voided(&free), (998, 0));
    let books = books(&app, &batch);
    assert_eq!((&books["available"], &books["assigned"]), (&json!(0), &json!(1)));
    assign(&ada, &batch, json!({})).refused(409, "sold-out");
    // Nothing is left that it means.
    let none = ended(&app, &void(&admin, &batch, json!({"state": "created"})).expect(202));
    assert_eq!(voided(&none), (0, 0));
}

#[test]
fn imported_coupons_are_voided_by_the_reference_of_a_use_that_was_cancelled() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.service("shop").on_behalf_of("ada"));
    let file: String = (0..40).map(|n| format!("X-{n}\n")).collect();
    let terms = "discount_percent=10&expires_at=2027-01-01T00:00:00Z";
    let path = format!("/coupon-imports?{terms}");
    let job = admin.send("POST", &path, Some(format!("code\n{file}").into_bytes())).expect(202);
    let path = format!("/jobs/{}", id(&job));
    app.until("it is imported", || admin.get(&path).expect(200)["ended_at"].is_string());
    let batch = admin.get(&path).expect(200)["batch"].as_str().unwrap().to_owned();
    for n in 0..5 {
        give(&ada, &format!("X-{n}"), json!({})).expect(200);
        let order = json!({"reference": format!("order-{}", n % 2)});
        ada.post(&format!("/coupons/X-{n}/use"), order).expect(200);
        ada.delete(&format!("/coupons/X-{n}/use")).expect(200);
    }
    let done = ended(&app, &void(&admin, &batch, json!({"reference": "order-0"})).expect(202));
    assert_eq!(voided(&done), (0, 3));
    let states: Vec<Value> = (0..5).map(|n| state(&ada, &format!("X-{n}"))).collect();
    assert_eq!(states, ["void", "assigned", "void", "assigned", "void"]);
}

#[test]
fn a_voiding_can_be_cancelled_and_goes_on_after_a_restart() {
    let app = TestApp::start();
    let admin = app.admin();
    let large = batch(&app, json!({"count": MANY}));
    let made = void(&admin, &large, json!({"state": "created"})).expect(202);
    let path = format!("/voidings/{}", id(&made));
    let so_far = || voided(&admin.get(&path).expect(200)).0;
    app.until("some are void", || so_far() > 0);
    app.restart();
    let before = so_far();
    app.until("it goes on", || so_far() > before);
    assert!(
        ["cancelling", "cancelled"]
            .contains(&admin.delete(&path).expect(200)["state"].as_str().unwrap())
    );
    let done = ended(&app, &made);
    assert_eq!(done["state"], "cancelled");
    // Exactly those that it has counted.
    let books = books(&app, &large);
    assert_eq!(
        (json!(voided(&done).0), books["void"].clone()),
        (books["void"].clone(), json!(voided(&done).0))
    );
    assert!(voided(&done).0 < MANY);
    admin.delete(&path).expect(200);
    // One that has finished is not cancelled.
    let small = batch(&app, json!({}));
    let finished = ended(&app, &void(&admin, &small, json!({"state": "created"})).expect(202));
    admin.delete(&format!("/voidings/{}", id(&finished))).refused(409, "job-ended");
}

#[test]
fn what_is_wrong_with_a_filter_is_told_and_a_key_makes_one_job() {
    let app = TestApp::start();
    let (admin, batch) = (app.admin(), batch(&app, json!({})));
    for (filter, at) in [
        (json!({}), "/state"),
        (json!({"state": "used"}), "/state"),
        (json!({"member": "x"}), "/member"),
        (json!({"service": "shop"}), "/their_id"),
        (json!({"from": "yesterday"}), "/from"),
        (json!({"reference": ""}), "/reference"),
    ] {
        let told = void(&admin, &batch, filter).refused(422, "invalid");
        assert_eq!(pointers(&told), [at], "{told}");
    }
    void(&admin, "b_unknown", json!({"state": "created"})).refused(404, "not-found");
    admin.get("/voidings/x").refused(404, "not-found");
    app.member("ada").get("/voidings/x").refused(403, "forbidden");
    let keyed = admin.key("k");
    let first = void(&keyed, &batch, json!({"state": "created"})).expect(202);
    let again = void(&keyed, &batch, json!({"state": "created"}));
    assert!(again.was_replayed());
    assert_eq!(id(&again.expect(202)), id(&first));
    void(&keyed, &batch, json!({"state": "assigned"})).refused(422, "idempotency-key-reused");
    assert_eq!(voided(&ended(&app, &first)), (10, 0));
}
