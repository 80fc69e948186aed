//! What expires on a day: complete, by cursor, touched or not.

use harness::TestApp;
use serde_json::{Value, json};

fn codes(page: &Value) -> Vec<String> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["code"].as_str().unwrap().to_owned())
        .collect()
}

/// All pages of so many.
fn all(app: &TestApp, query: &str, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page =
            app.admin().get(&format!("/coupons/expired?limit={limit}{query}{cursor}")).expect(200);
        found.extend(codes(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[test]
fn a_day_has_all_that_expires_on_it_and_nothing_else() {
    let app = TestApp::start();
    let admin = app.admin();
    let batch = |count: u64, expires_at: &str| {
        let made = admin
            .post(
                "/coupons",
                json!({"count": count, "discount_amount": 5, "expires_at": expires_at}),
            )
            .expect(201);
        made["codes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|code| code.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    batch(3, "2026-12-09T23:59:59.999Z");
    let mut expected = batch(30, "2026-12-10T00:00:00Z");
    expected.extend(batch(20, "2026-12-10T23:59:59.999Z"));
    batch(3, "2026-12-11T00:00:00Z");
    let campaign = json!({"name": "Spring", "quota": 5, "discount_percent": 10,
        "ends_at": "2026-12-10T10:00:00Z", "trigger": "claim"});
    let id = admin.post("/campaigns", campaign).expect(201)["id"].as_str().unwrap().to_owned();
    let voucher = app.member("ada").post(&format!("/campaigns/{id}/claims"), json!({})).expect(201);
    expected.insert(0, voucher["voucher"]["code"].as_str().unwrap().to_owned());

    for limit in [1, 7, 100] {
        assert_eq!(all(&app, "&on=2026-12-10", limit), expected, "by {limit}");
    }
    let window = admin.get("/coupons/expired?on=2026-12-10").expect(200)["window"].clone();
    assert_eq!(window, json!(["2026-12-10T00:00:00.000Z", "2026-12-11T00:00:00.000Z"]));
    // Today, in the configured zone, if nothing is said.
    assert_eq!(admin.get("/coupons/expired").expect(200)["window"][0], "2026-12-01T00:00:00.000Z");
}

#[test]
fn a_state_can_be_asked_for_before_and_after_the_expiry() {
    let app = TestApp::start();
    let made = app
        .admin()
        .post(
            "/coupons",
            json!({"count": 4, "discount_amount": 5, "expires_at": "2026-12-10T12:00:00Z"}),
        )
        .expect(201);
    let code = |at: usize| made["codes"][at].as_str().unwrap().to_owned();
    let ada = app.member("ada");
    let id = ada.get("/me").expect(200)["id"].clone();
    for at in [0, 1] {
        app.admin()
            .put(&format!("/coupons/{}/assign", code(at)), json!({"member_id": id}))
            .expect(200);
    }
    ada.post(&format!("/coupons/{}/use", code(0)), json!({})).expect(200);
    app.admin().post(&format!("/coupons/{}/void", code(2)), json!({})).expect(200);
    let in_state = |state: &str| all(&app, &format!("&on=2026-12-10&state={state}"), 100);
    assert_eq!(
        (in_state("used"), in_state("assigned"), in_state("void")),
        (vec![code(0)], vec![code(1)], vec![code(2)])
    );
    assert_eq!((in_state("created"), in_state("expired")), (vec![code(3)], vec![]));
    app.pass_s(86_400 * 10);
    assert_eq!((in_state("used"), in_state("void")), (vec![code(0)], vec![code(2)]));
    assert_eq!(
        (in_state("assigned"), in_state("created"), in_state("expired")),
        (vec![], vec![], vec![code(1), code(3)])
    );
}

#[test]
fn ten_thousand_million_expire_by_pages() {
    let app = TestApp::start();
    let batch = json!({"count": 10_000_000_000u64, "discount_amount": 5,
        "expires_at": "2026-12-10T12:00:00Z"});
    app.admin().post("/coupon-batches", batch).expect(201);
    let page = app.admin().get("/coupons/expired?on=2026-12-10").expect(200);
    assert_eq!(codes(&page).len(), 100);
    let next = page["next_cursor"].as_str().unwrap();
    let second =
        app.admin().get(&format!("/coupons/expired?on=2026-12-10&cursor={next}")).expect(200);
    assert!(codes(&second).iter().all(|code| !codes(&page).contains(code)));
}

#[test]
fn what_cannot_be_asked_is_pointed_at() {
    let app = TestApp::start();
    for (query, pointer) in [
        ("on=2026-02-30", "?on"),
        ("state=gone", "?state"),
        ("limit=0", "?limit"),
        ("cursor=_w", "?cursor"),
        ("on=x", "?on"),
    ] {
        let problem = app.admin().get(&format!("/coupons/expired?{query}")).refused(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{query}");
    }
    app.member("ada").get("/coupons/expired").refused(403, "forbidden");
}

#[test]
fn those_that_were_somebodys_are_told_apart_from_those_that_never_were_at_once() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let batch = json!({"count": 10_000_000_000u64, "discount_amount": 5,
        "expires_at": "2026-12-10T12:00:00Z"});
    let batch = admin.post("/coupon-batches", batch).expect(201)["id"].as_str().unwrap().to_owned();
    let me = ada.get("/me").expect(200)["id"].clone();
    let mut given: Vec<String> = (0..6)
        .map(|_| {
            let path = format!("/coupon-batches/{batch}/assign");
            let coupon = admin.post(&path, json!({"member_id": me})).expect(201);
            coupon["code"].as_str().unwrap().to_owned()
        })
        .collect();
    app.pass_s(86_400 * 10);
    let mut found = all(&app, "&on=2026-12-10&state=expired&assigned=true", 4);
    found.sort();
    given.sort();
    assert_eq!(found, given);
    for query in ["&assigned=false", "&assigned=false&state=expired"] {
        let page = admin.get(&format!("/coupons/expired?on=2026-12-10{query}")).expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 100);
        let never = page["items"].as_array().unwrap().iter();
        assert!(never.clone().all(|item| item["owner"].is_null()), "{query}");
        assert!(codes(&page).iter().all(|code| !given.contains(code)), "{query}");
    }
    let void =
        codes(&admin.get("/coupons/expired?on=2026-12-10&limit=1&assigned=false").expect(200));
    assert!(all(&app, "&on=2026-12-10&state=void&assigned=false", 5).is_empty(), "{void:?}");
}
