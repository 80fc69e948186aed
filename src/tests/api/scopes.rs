//! What a service key may do: its scopes, and until when.

use harness::{Client, TestApp, id};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";

/// A new key of the service `shop`.
fn key(app: &TestApp, scopes: Value) -> Client {
    let made = app.admin().post("/service-keys", json!({"name": "shop", "scopes": scopes}));
    app.anybody().bearer(made.expect(201)["key"].as_str().unwrap())
}

fn offer(name: &str) -> Value {
    json!({"name": name, "quota": 10, "discount_percent": 10,
        "ends_at": "2026-12-31T00:00:00Z", "trigger": "claim"})
}

/// Whether the key lacks the scope, or may.
fn may(answer: &harness::Answer) -> bool {
    let is_out = answer.body["type"] == "/problems/out-of-scope";
    assert_eq!(is_out, answer.status == 403, "{answer:?}");
    !is_out
}

#[test]
fn a_checkout_redeems_and_does_nothing_else() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let batch = json!({"count": 2, "discount_percent": 10, "expires_at": "2026-12-31T00:00:00Z"});
    let batch = id(&app.admin().post("/coupon-batches", batch).expect(201)).to_owned();
    let assign = format!("/coupon-batches/{batch}/assign");
    let given = app.service("shop").on_behalf_of("m1").post(&assign, json!({})).expect(201);
    let coupon = format!("/coupons/{}", given["code"].as_str().unwrap());
    let campaign = id(&app.admin().post("/campaigns", offer("First")).expect(201)).to_owned();
    let checkout = key(&app, json!(["redeem"]));
    let customer = checkout.on_behalf_of("m1");
    assert_eq!(customer.get("/me").expect(200)["scopes"], json!(["redeem"]));
    customer.get(&coupon).expect(200);
    customer.get("/coupons").expect(200);
    customer.post(&format!("{coupon}/use"), json!({"amount": 5000})).expect(200);
    let refused = [
        customer.post(&assign, json!({})),
        customer.post(&format!("/campaigns/{campaign}/claims"), json!({})),
        customer.hold(DAY, json!({"pattern": "****"})),
        customer.get("/tickets"),
        customer.get("/ballots"),
        checkout.get("/coupon-batches"),
        checkout.post("/campaigns", offer("Second")),
    ];
    assert!(refused.iter().all(|answer| !may(answer)));
    let said = refused[0].body["detail"].as_str().unwrap();
    assert!(said.contains("`members`") && said.contains("`assign`"), "{said}");
    checkout.get("/service-keys").refused(403, "forbidden");
    checkout.post(&format!("{coupon}/use"), json!({})).refused(403, "forbidden");
}

#[test]
fn every_scope_for_members_lets_do_its_own() {
    let app = TestApp::start();
    let both = json!({"closes_on": DAY, "tickets": {"digits": 4}, "ballots": true});
    app.admin().post("/lotteries", both).expect(201);
    let campaign = id(&app.admin().post("/campaigns", offer("First")).expect(201)).to_owned();
    let asks: [(&str, &dyn Fn(&Client) -> harness::Answer); 5] = [
        ("claim", &|client| client.post(&format!("/campaigns/{campaign}/claims"), json!({}))),
        ("redeem", &|client| client.post("/coupons/none-such/use", json!({}))),
        ("assign", &|client| client.send("PUT", "/coupons/none-such/assign", Some(b"{}".to_vec()))),
        ("tickets", &|client| client.hold(DAY, json!({"pattern": "****"}))),
        ("ballots", &|client| client.submit(DAY)),
    ];
    for (scope, _) in asks.iter().chain(&[("members", &(|client: &Client| client.get("/me")) as _)])
    {
        let customer = key(&app, json!([scope])).on_behalf_of("m1");
        for (asked, ask) in &asks {
            let is_in = scope == asked || *scope == "members";
            assert_eq!(may(&ask(&customer)), is_in, "{scope} for {asked}");
        }
    }
}

#[test]
fn a_job_runs_promotions_with_a_key_and_needs_no_password() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (job, board) = (key(&app, json!(["operate"])), key(&app, json!(["view"])));
    let campaign = id(&job.post("/campaigns", offer("First")).expect(201)).to_owned();
    let pause = format!("/campaigns/{campaign}/pause");
    assert!(!may(&board.post(&pause, json!({}))));
    job.post(&pause, json!({})).expect(200);
    for client in [&job, &board] {
        client.get(&format!("/campaigns/{campaign}/claims")).expect(200);
        client.get("/coupon-batches").expect(200);
        client.get("/webhooks").expect(200);
        client.get("/users").refused(403, "forbidden");
        client.post("/service-keys", json!({"name": "more"})).refused(403, "forbidden");
    }
    let held = app.member("ada").hold(DAY, json!({"pattern": "****"})).expect(201);
    let hold = format!("/holds/{}", id(&held));
    board.get(&hold).expect(200);
    assert!(!may(&board.delete(&hold)));
    // Whoever acts for a member may do what members may.
    job.on_behalf_of("m1").post("/campaigns", offer("Second")).refused(403, "forbidden");
    assert!(!may(&job.on_behalf_of("m1").hold(DAY, json!({"pattern": "****"}))));
    let both = key(&app, json!(["operate", "tickets"]));
    both.on_behalf_of("m1").hold(DAY, json!({"pattern": "****"})).expect(201);
    both.on_behalf_of("m2").get(&hold).refused(404, "not-found");
    both.post("/campaigns", offer("Second")).expect(201);
}

#[test]
fn a_key_lets_in_until_it_expires_and_says_then_that_it_has() {
    let app = TestApp::start();
    let admin = app.admin();
    let wanted = json!({"name": "shop", "purpose": "the stall at the fair",
        "scopes": ["members", "view"], "expires_at": "2026-12-01T12:00:30Z"});
    let made = admin.post("/service-keys", wanted).expect(201);
    assert_eq!(made["scopes"], json!(["members", "view"]));
    let listed = admin.get("/service-keys").expect(200)["items"][0].clone();
    for name in ["id", "name", "purpose", "scopes", "expires_at"] {
        assert_eq!(listed[name], made[name], "{name}");
    }
    assert_eq!(made["purpose"], "the stall at the fair");
    assert_eq!(made["expires_at"], "2026-12-01T12:00:30.000Z");
    let shop = app.anybody().bearer(made["key"].as_str().unwrap());
    shop.get("/coupon-batches").expect(200);
    app.restart();
    app.pass_s(29);
    shop.on_behalf_of("m1").get("/me").expect(200);
    app.pass_s(1);
    for answer in [shop.get("/me"), shop.on_behalf_of("m1").get("/coupons")] {
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        answer.refused(401, "service-key-expired");
    }
    app.anybody().bearer("sk_unknown").get("/me").refused(401, "unauthenticated");
}
