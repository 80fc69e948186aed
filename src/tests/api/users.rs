//! Accounts: who sees and changes which, the list, and what is left of somebody who was deleted.

use harness::{Answer, Client, PASSWORD, TestApp, TicketBooks, id, pointers};
use serde_json::{Value, json};

fn me(client: &Client) -> Value {
    client.get("/me").expect(200)
}

fn path(user: &Value) -> String {
    format!("/users/{}", id(user))
}

fn log_in(app: &TestApp, name: &str) -> Answer {
    app.anybody().post("/auth/login", json!({"account": name, "password": PASSWORD}))
}

fn names(page: &Value) -> Vec<&str> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["username"].as_str().unwrap())
        .collect()
}

#[test]
fn only_administrators_do_what_administrators_do() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let shop = app.service("shop").on_behalf_of("customer-7");
    assert_eq!(
        (&me(&admin)["role"], &me(&ada)["role"], &me(&shop)["role"]),
        (&json!("admin"), &json!("member"), &json!("service"))
    );
    let user = path(&me(&ada));
    let calls = [
        ("GET", "/users".to_owned(), None),
        ("POST", "/users".to_owned(), Some(json!({"username": "bob", "password": PASSWORD}))),
        ("POST", format!("{user}/password"), Some(json!({}))),
        ("GET", "/service-keys".to_owned(), None),
        ("POST", "/service-keys".to_owned(), Some(json!({"name": "shop"}))),
        ("DELETE", "/service-keys/00000000000000000000000000000007".to_owned(), None),
        (
            "POST",
            "/lotteries".to_owned(),
            Some(json!({"closes_on": "2026-12-31", "tickets": {"digits": 4, "copies": 1}})),
        ),
    ];
    for (method, path, body) in calls {
        let body = body.map(|body| body.to_string().into_bytes());
        app.anybody().send(method, &path, body.clone()).refused(401, "unauthenticated");
        ada.send(method, &path, body.clone()).refused(403, "forbidden");
        let why = if path == "/lotteries" { "out-of-scope" } else { "forbidden" };
        shop.send(method, &path, body.clone()).refused(403, why);
        assert!(![401, 403].contains(&admin.send(method, &path, body).status), "{method} {path}");
    }
}

#[test]
fn an_administrator_creates_members_and_administrators() {
    let app = TestApp::start();
    let admin = app.admin();
    let create = |body: Value| admin.post("/users", body);
    let ada = create(json!({"username": "ada", "email": "ada@example.org", "password": PASSWORD}))
        .expect(201);
    assert_eq!((&ada["role"], &ada["first_login_at"]), (&json!("member"), &Value::Null));
    assert!(ada.get("access_token").is_none() && ada.get("password_hash").is_none());
    let boss =
        create(json!({"username": "boss", "password": PASSWORD, "role": "admin"})).expect(201);
    assert_eq!(boss["role"], "admin");
    app.log_in("boss", PASSWORD).get("/users").expect(200);
    assert_eq!(log_in(&app, "ada").expect(200)["first_login"], true);
    for role in ["service", "root", ""] {
        let refused = create(json!({"username": "eve", "password": PASSWORD, "role": role}))
            .refused(422, "invalid");
        assert_eq!(pointers(&refused), ["/role"]);
    }
    assert_eq!(
        pointers(
            &create(json!({"username": "ADA", "password": PASSWORD})).refused(409, "already-taken")
        ),
        ["/username"]
    );
    assert_eq!(pointers(&create(json!({"password": PASSWORD})).refused(422, "invalid")), [""]);

    let keyed = |body: Value| admin.key("k").post("/users", body);
    let made = keyed(json!({"username": "bob", "password": PASSWORD}));
    assert!(!made.was_replayed());
    let again = keyed(json!({"username": "bob", "password": PASSWORD}));
    assert!(again.was_replayed());
    assert_eq!(again.expect(201), made.expect(201));
    keyed(json!({"username": "bob", "password": "another sentence"}))
        .refused(422, "idempotency-key-reused");
    keyed(json!({"username": "bob", "password": PASSWORD, "role": "admin"}))
        .refused(422, "idempotency-key-reused");
}

#[test]
fn the_list_of_users_goes_on_by_cursor_whatever_is_written_meanwhile() {
    let app = TestApp::start();
    let admin = app.admin();
    let register = |name: &str| {
        app.pass_s(1);
        drop(app.member(name));
    };
    (0..5).for_each(|n| register(&format!("member{n}")));
    let first = admin.get("/users?limit=3").expect(200);
    assert_eq!(names(&first), ["admin", "member0", "member1"]);
    register("member5");
    // The last line of the first page, and one of the next.
    for gone in ["member1", "member3"] {
        let user = me(&app.log_in(gone, PASSWORD));
        admin.delete(&path(&user)).expect(204);
    }
    let second = admin
        .get(&format!("/users?limit=2&cursor={}", first["next_cursor"].as_str().unwrap()))
        .expect(200);
    assert_eq!(names(&second), ["member2", "member4"]);
    let third = admin
        .get(&format!("/users?limit=2&cursor={}", second["next_cursor"].as_str().unwrap()))
        .expect(200);
    assert_eq!((names(&third), &third["next_cursor"]), (vec!["member5"], &Value::Null));
    for bad in ["limit=0", "limit=101", "limit=x", "cursor=%21", "cursor=AAAA", "page=2"] {
        admin.get(&format!("/users?{bad}")).refused(422, "invalid");
    }
}

#[test]
fn an_account_is_its_owners_and_the_administrators_to_see_and_change() {
    let app = TestApp::start();
    let (admin, ada, bob) = (app.admin(), app.member("ada"), app.member("bob"));
    let shop = app.service("shop").on_behalf_of(id(&me(&ada)));
    let user = path(&me(&ada));
    for client in [&ada, &admin] {
        assert_eq!(client.get(&user).expect(200), me(&ada));
        client.patch(&user, json!({"full_name": "Ada"})).expect(200);
        client.put(&user, json!({"username": "ada"})).expect(200);
    }
    for client in [&bob, &shop] {
        client.get(&user).refused(403, "forbidden");
        client.patch(&user, json!({"full_name": "Eve"})).refused(403, "forbidden");
        client.put(&user, json!({"username": "eve"})).refused(403, "forbidden");
        client.delete(&user).refused(403, "forbidden");
    }
    for nobody in ["/users/nobody", "/users/00000000000000000000000000000007"] {
        admin.get(nobody).refused(404, "not-found");
        admin.patch(nobody, json!({"full_name": "Eve"})).refused(404, "not-found");
        admin.put(nobody, json!({"username": "eve"})).refused(404, "not-found");
        admin.delete(nobody).refused(404, "not-found");
    }
    assert_eq!(me(&ada)["full_name"], Value::Null);
}

#[test]
fn put_replaces_the_whole_profile_and_patch_its_parts() {
    let app = TestApp::start();
    let ada = app.member("ada");
    let user = path(&me(&ada));
    let whole = json!({"username": "ada", "email": "ada@example.org", "phone": "+491701234567",
        "full_name": "Ada Lovelace", "birthday": "1990-02-28"});
    let put = ada.put(&user, whole.clone()).expect(200);
    assert!(whole.as_object().unwrap().iter().all(|(field, value)| put[field] == *value), "{put}");

    let patched =
        ada.patch(&user, json!({"email": "lovelace@example.org", "birthday": null})).expect(200);
    let mut expected = put.clone();
    (expected["email"], expected["birthday"]) = (json!("lovelace@example.org"), Value::Null);
    assert_eq!(patched, expected);
    assert_eq!(ada.patch(&user, json!({})).expect(200), expected);

    let smaller = ada.put(&user, json!({"email": "lovelace@example.org"})).expect(200);
    for field in ["username", "phone", "full_name", "birthday"] {
        assert_eq!(smaller[field], Value::Null);
    }
    for (field, kept) in [("id", &put), ("role", &put), ("created_at", &put)] {
        assert_eq!(smaller[field], kept[field]);
    }
    log_in(&app, "ada").refused(401, "wrong-credentials");
    log_in(&app, "Lovelace@example.org").expect(200);
    app.restart();
    assert_eq!(me(&ada)["email"], "lovelace@example.org");
}

#[test]
fn a_change_that_is_not_valid_changes_nothing() {
    let app = TestApp::start();
    let (ada, _bob) = (app.member("ada"), app.member("bob"));
    let before = me(&ada);
    let user = path(&before);
    for (body, pointer) in [
        (json!({"username": null}), ""),
        (json!({"username": ""}), "/username"),
        (json!({"full_name": "Ada", "email": "x"}), "/email"),
        (json!({"birthday": "2026-12-01"}), "/birthday"),
        (json!({"password": PASSWORD}), "/password"),
        (json!({"id": "x"}), "/id"),
    ] {
        assert_eq!(
            pointers(&ada.patch(&user, body.clone()).refused(422, "invalid")),
            [pointer],
            "{body}"
        );
    }
    assert_eq!(
        pointers(&ada.put(&user, json!({"full_name": "Ada"})).refused(422, "invalid")),
        [""]
    );
    for body in [json!({"username": "BOB"}), json!({"username": "b\u{ff4f}b", "full_name": "Ada"})]
    {
        assert_eq!(
            pointers(&ada.patch(&user, body.clone()).refused(409, "already-taken")),
            ["/username"]
        );
        assert_eq!(pointers(&ada.put(&user, body).refused(409, "already-taken")), ["/username"]);
    }
    assert_eq!(me(&ada), before);
}

#[test]
fn a_changed_identifier_is_free_for_others_at_once() {
    let app = TestApp::start();
    let ada = app.member("ada");
    let user = path(&me(&ada));
    // One's own name in another spelling is not taken.
    assert_eq!(ada.patch(&user, json!({"username": "ADA"})).expect(200)["username"], "ADA");
    ada.patch(&user, json!({"username": "eve"})).expect(200);
    let second = app.member("ada");
    assert_ne!(id(&me(&second)), id(&me(&ada)));
    ada.patch(&user, json!({"username": "ada"})).refused(409, "already-taken");
}

#[test]
fn of_somebody_deleted_sessions_end_identifiers_are_free_holds_are_released_and_sold_tickets_stay()
{
    const DAY: &str = "2026-12-31";
    let app = TestApp::start();
    app.lottery(DAY, 1);
    app.lottery("2026-12-30", 1);
    app.pass_s(1);
    let (admin, ada, bob) = (app.admin(), app.member("ada"), app.member("bob"));
    let tokens = log_in(&app, "ada").expect(200);
    let bought = ada.hold(DAY, json!({"pattern": "1***", "count": 3})).expect(201);
    ada.confirm(id(&bought)).expect(200);
    for pattern in ["2***", "7***", "****"] {
        ada.hold(DAY, json!({"pattern": pattern, "count": 2})).expect(201);
    }
    ada.hold("2026-12-30", json!({"number": "0000"})).expect(201);
    bob.hold(DAY, json!({"pattern": "9***"})).expect(201);
    assert_eq!(app.books(DAY), TicketBooks { free: 9_990, held: 7, sold: 3 });
    let user = me(&ada);

    ada.delete(&path(&user)).expect(204);
    assert_eq!(app.books(DAY), TicketBooks { free: 9_996, held: 1, sold: 3 });
    assert_eq!(app.books("2026-12-30"), TicketBooks { free: 10_000, held: 0, sold: 0 });
    let gone = |app: &TestApp| {
        ada.get("/me").refused(401, "unauthenticated");
        ada.hold(DAY, json!({"pattern": "****"})).refused(401, "unauthenticated");
        app.anybody()
            .post("/auth/refresh", json!({"refresh_token": tokens["refresh_token"]}))
            .refused(401, "unauthenticated");
        log_in(app, "ada").refused(401, "wrong-credentials");
        app.admin().get(&path(&user)).refused(404, "not-found");
        app.admin().delete(&path(&user)).refused(404, "not-found");
    };
    gone(&app);
    app.restart();
    gone(&app);
    assert_eq!(names(&admin.get("/users").expect(200)), ["admin", "bob"]);
    assert_eq!(app.books(DAY), TicketBooks { free: 9_996, held: 1, sold: 3 });

    let again = app.member("ada");
    assert_ne!(id(&me(&again)), id(&user));
    assert_eq!(again.get("/tickets").expect(200)["items"], json!([]));
    gone_for_her_sessions_only(&app, &ada, &again);
    // An administrator deletes whom he likes.
    admin.delete(&path(&me(&bob))).expect(204);
    bob.get("/me").refused(401, "unauthenticated");
    assert_eq!(app.books(DAY), TicketBooks { free: 9_997, held: 0, sold: 3 });
}

/// Whoever has the name now is somebody else.
fn gone_for_her_sessions_only(app: &TestApp, old: &Client, new: &Client) {
    old.get("/me").refused(401, "unauthenticated");
    new.get("/me").expect(200);
    log_in(app, "ada").expect(200);
}
