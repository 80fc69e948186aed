//! Roles: each may do what it is for, and nothing of what is for those above it.

use harness::{ADMIN_PASSWORD, Client, TestApp, id};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";

/// Somebody with that role, logged in.
fn staff(app: &TestApp, role: &str) -> Client {
    staff_named(app, role, role)
}

pub fn staff_named(app: &TestApp, role: &str, username: &str) -> Client {
    let body = json!({"username": username, "password": ADMIN_PASSWORD, "role": role});
    assert_eq!(app.admin().post("/users", body).expect(201)["role"], role);
    app.log_in(username, ADMIN_PASSWORD)
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
