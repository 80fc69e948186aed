//! Roles: each may do what it is for, and nothing of what is for those above it.

use harness::{Client, PASSWORD, TestApp, id, pointers};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";

/// Somebody with that role, logged in.
fn staff(app: &TestApp, role: &str) -> Client {
    staff_named(app, role, &format!("the-{role}"))
}

pub fn staff_named(app: &TestApp, role: &str, username: &str) -> Client {
    let body = json!({"username": username, "password": PASSWORD, "role": role});
    assert_eq!(app.admin().post("/users", body).expect(201)["role"], role);
    app.log_in(username, PASSWORD)
}

fn batch(name: &str) -> Value {
    json!({"name": name, "count": 3, "discount_percent": 10,
        "expires_at": "2027-12-31T23:59:59Z"})
}

/// Whether each of the roles, from the least to the most, may do something.
type Asked<'a> = (&'a str, &'a dyn Fn(&Client) -> u16);

#[test]
fn each_role_may_do_what_those_below_it_may_and_no_more() {
    let app = TestApp::start();
    app.ballots(DAY, json!({}));
    let made = app.admin().post("/coupons", batch("first")).expect(201);
    let (batch_id, code) = (id(&made["batch"]).to_owned(), made["codes"][0].as_str().unwrap());
    let callers =
        [app.member("member"), staff(&app, "viewer"), staff(&app, "operator"), app.admin()];
    let get = |path: String| move |client: &Client| client.get(&path).status;
    let looks = [
        "/coupon-batches".to_owned(),
        format!("/coupon-batches/{batch_id}/ledger"),
        format!("/lotteries/{DAY}/ballots"),
        "/webhooks".to_owned(),
        "/jobs".to_owned(),
        "/notices".to_owned(),
        format!("/coupons/{code}"),
    ];
    for path in looks {
        let told = callers.each_ref().map(get(path.clone()));
        assert!(told[0] == 403 || told[0] == 404, "{path}: {told:?}");
        assert_eq!(told[1..], [200; 3], "{path}");
    }
    let operates: [Asked; 4] = [
        ("batch", &|client| client.post("/coupon-batches?dry_run=true", batch("next")).status),
        ("codes", &|client| client.get(&format!("/coupon-batches/{batch_id}/codes")).status),
        ("webhook", &|client| {
            client.post("/webhooks", json!({"url": "http://192.0.2.1/", "events": ["x"]})).status
        }),
        ("void", &|client| {
            client.post(&format!("/coupons/{code}/void?dry_run=true"), json!({})).status
        }),
    ];
    for (what, ask) in operates {
        let told = callers.each_ref().map(ask);
        assert_eq!(told[..2], [403; 2], "{what}");
        assert!(told[2] != 403 && told[2] == told[3], "{what}: {told:?}");
    }
    let cares: [Asked; 3] = [
        ("users", &|client| client.get("/users").status),
        ("keys", &|client| client.get("/service-keys").status),
        ("clock", &|client| client.get("/clock").status),
    ];
    for (what, ask) in cares {
        assert_eq!(callers.each_ref().map(ask), [403, 403, 403, 200], "{what}");
    }
}

#[test]
fn nobody_but_an_administrator_sees_or_changes_the_account_of_another() {
    let app = TestApp::start();
    let ada = app.member("ada");
    let path = format!("/users/{}", id(&ada.get("/me").expect(200)));
    for role in ["viewer", "operator"] {
        let client = staff(&app, role);
        client.get(&path).refused(403, "forbidden");
        client.patch(&path, json!({"full_name": "Eve"})).refused(403, "forbidden");
        client.delete(&path).refused(403, "forbidden");
        assert_eq!(client.get("/me").expect(200)["role"], role);
    }
    app.admin().patch(&path, json!({"full_name": "Ada"})).expect(200);
}

#[test]
fn a_viewer_looks_at_what_is_a_members_and_changes_nothing_of_it() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let held = ada.hold(DAY, json!({"pattern": "****"})).expect(201);
    let viewer = staff(&app, "viewer");
    viewer.get(&format!("/holds/{}", id(&held))).expect(200);
    viewer.release(id(&held)).refused(404, "not-found");
    viewer.confirm(id(&held)).refused(404, "not-found");
    ada.confirm(id(&held)).expect(200);
}

#[test]
fn another_role_counts_at_once_and_only_an_administrator_gives_it() {
    let app = TestApp::start();
    let admin = app.admin();
    let ada = app.member("ada");
    let path = format!("/users/{}", id(&ada.get("/me").expect(200)));
    let give = |client: &Client, role: &str| client.patch(&path, json!({"role": role}));
    give(&ada, "admin").refused(403, "forbidden");
    give(&staff(&app, "operator"), "viewer").refused(403, "forbidden");
    assert_eq!(pointers(&give(&admin, "root").refused(422, "invalid")), ["/role"]);
    let beside = json!({"role": "viewer", "full_name": "Ada"});
    assert_eq!(pointers(&admin.patch(&path, beside).refused(422, "invalid")), ["/role"]);
    assert_eq!(admin.get(&path).expect(200)["full_name"], Value::Null);
    assert_eq!(give(&admin, "viewer").expect(200)["role"], "viewer");
    ada.get("/me").refused(401, "unauthenticated");
    let ada = app.log_in("ada", PASSWORD);
    ada.get("/coupon-batches").expect(200);
    give(&admin, "member").expect(200);
    ada.get("/coupon-batches").refused(401, "unauthenticated");
    app.log_in("ada", PASSWORD).get("/coupon-batches").refused(403, "forbidden");
    admin
        .patch("/users/0123456789abcdef0123456789abcdef", json!({"role": "viewer"}))
        .refused(404, "not-found");
}

#[test]
fn the_last_administrator_stays_one() {
    let app = TestApp::start();
    let admin = app.admin();
    let first = format!("/users/{}", id(&admin.get("/me").expect(200)));
    admin.delete(&first).refused(409, "last-administrator");
    admin.patch(&first, json!({"role": "operator"})).refused(409, "last-administrator");
    let second = staff(&app, "admin");
    second.delete(&first).expect_text(204);
    let second_path = format!("/users/{}", id(&second.get("/me").expect(200)));
    second.delete(&second_path).refused(409, "last-administrator");
    second.get("/users").expect(200);
}
