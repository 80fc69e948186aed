//! Service keys: companies that act for members of their own; and what the API's document says of
//! everything about identity.

use crate::members::crowd;
use harness::{Client, TestApp, TicketBooks, id, pointers};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";

#[test]
fn a_service_does_what_a_member_may_for_members_of_its_own() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let shop = app.service("shop");
    let customer = shop.on_behalf_of("customer-7");
    let who = customer.get("/me").expect(200);
    assert_eq!(
        (&who["role"], &who["service"], &who["on_behalf_of"]),
        (&json!("service"), &json!("shop"), &json!("customer-7"))
    );
    let held = customer.key("k").hold(DAY, json!({"pattern": "**23", "count": 2})).expect(201);
    assert_eq!(
        customer.key("k").hold(DAY, json!({"pattern": "**23", "count": 2})).expect(201),
        held
    );
    customer.confirm(id(&held)).expect(200);
    app.restart();
    assert_eq!(customer.get("/tickets").expect(200)["items"].as_array().unwrap().len(), 2);
    assert_eq!(customer.get("/me").expect(200), who);
    assert_eq!(app.books(DAY), TicketBooks { free: 9_998, held: 0, sold: 2 });
    assert_eq!(customer.get("/auth/sessions").expect(200)["items"], json!([]));
}

#[test]
fn members_of_one_service_are_invisible_to_members_of_the_same_name_of_another() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (shop, bank) =
        (app.service("shop").on_behalf_of("7"), app.service("bank").on_behalf_of("7"));
    assert_ne!(shop.get("/me").expect(200)["id"], bank.get("/me").expect(200)["id"]);
    let (first, second) = (
        shop.key("k").hold(DAY, json!({"number": "0001"})).expect(201),
        bank.key("k").hold(DAY, json!({"number": "0002"})).expect(201),
    );
    for (mine, client, other) in [(&first, &shop, &bank), (&second, &bank, &shop)] {
        let listed = client.get("/holds").expect(200);
        assert_eq!(
            listed["items"].as_array().unwrap().iter().map(id).collect::<Vec<_>>(),
            [id(mine)]
        );
        other.get(&format!("/holds/{}", id(mine))).refused(404, "not-found");
        other.confirm(id(mine)).refused(404, "not-found");
        other.release(id(mine)).refused(404, "not-found");
        client.get(&format!("/holds/{}", id(mine))).expect(200);
    }
    // Nor is anybody the member here who has that for a name, or for an id.
    let ada = app.member("ada");
    let posing = app.service("shop").on_behalf_of(id(&ada.get("/me").expect(200)));
    assert_ne!(posing.get("/me").expect(200)["id"], ada.get("/me").expect(200)["id"]);
}

#[test]
fn a_service_that_names_nobody_cannot_act_and_nobody_else_may_name_somebody() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (shop, ada, admin) = (app.service("shop"), app.member("ada"), app.admin());
    shop.hold(DAY, json!({"pattern": "****"})).refused(403, "forbidden");
    assert_eq!(shop.get("/me").expect(200)["on_behalf_of"], Value::Null);
    for named in ["", "a b", &"x".repeat(129)] {
        shop.on_behalf_of(named).hold(DAY, json!({"pattern": "****"})).refused(400, "not-readable");
    }
    for named in ["x", "!", "~#%&", &"x".repeat(128)] {
        shop.on_behalf_of(named).hold(DAY, json!({"pattern": "****"})).expect(201);
    }
    ada.on_behalf_of("customer-7").hold(DAY, json!({"pattern": "****"})).refused(403, "forbidden");
    admin.on_behalf_of(id(&ada.get("/me").expect(200))).get("/me").refused(403, "forbidden");
    app.anybody().on_behalf_of("customer-7").get("/me").refused(401, "unauthenticated");
}

/// Whether this folder says whom a service acts for.
fn is_kept(app: &TestApp, member: &Client) -> bool {
    let id: actors::Id = id(&member.get("/me").expect(200)).parse().unwrap();
    app.stop();
    let kept = app.with_directory(async |directory| {
        directory.outsiders_of(vec![id]).await.unwrap() != [None]
    });
    app.serve();
    kept
}

#[test]
fn a_look_leaves_nothing_behind_of_whom_it_was_for() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (looks, buys) =
        (app.service("shop").on_behalf_of("looks"), app.service("shop").on_behalf_of("buys"));
    for path in ["/me", "/holds", "/tickets", "/coupons"] {
        let (nothing, answer) = (json!([]), looks.get(path).expect(200));
        assert_eq!(answer.get("items").unwrap_or(&nothing), &nothing, "{path}");
    }
    buys.hold(DAY, json!({"pattern": "****"})).expect(201);
    assert!(!is_kept(&app, &looks));
    assert!(is_kept(&app, &buys));
}

#[test]
fn a_service_brings_so_many_new_members_in_a_minute_and_those_it_has_are_let_in() {
    let app = TestApp::start_with(|config| config.new_members_per_minute = 3);
    app.lottery(DAY, 1);
    let (shop, bank) = (app.service("shop"), app.service("bank"));
    let hold = |service: &Client, member: &str| {
        service.on_behalf_of(member).hold(DAY, json!({"pattern": "****"}))
    };
    (0..3).for_each(|n| drop(hold(&shop, &format!("old-{n}")).expect(201)));
    let waits = hold(&shop, "new");
    assert_eq!(waits.header("retry-after"), Some("60"));
    waits.refused(429, "too-many-requests");
    shop.on_behalf_of("new").get("/holds").expect(200);
    hold(&bank, "new").expect(201);
    // Also when the process no longer remembers whom it has seen.
    app.restart();
    (0..3).for_each(|n| drop(hold(&shop, &format!("new-{n}")).expect(201)));
    (0..3).for_each(|n| drop(hold(&shop, &format!("old-{n}")).expect(201)));
    hold(&shop, "new").refused(429, "too-many-requests");
    app.pass_s(60);
    hold(&shop, "new").expect(201);
}

#[test]
fn a_revoked_key_lets_nobody_in_at_the_next_request() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let admin = app.admin();
    let make =
        || admin.post("/service-keys", json!({"name": "shop", "role": "service"})).expect(201);
    let (old, new) = (make(), make());
    let with = |made: &Value| app.anybody().bearer(made["key"].as_str().unwrap()).on_behalf_of("7");
    let held = with(&old).hold(DAY, json!({"number": "0007"})).expect(201);
    admin.delete(&format!("/service-keys/{}", id(&old))).expect(204);
    let refused = |app: &TestApp| {
        app.anybody()
            .bearer(old["key"].as_str().unwrap())
            .get("/me")
            .refused(401, "unauthenticated");
        with(&old).hold(DAY, json!({"pattern": "****"})).refused(401, "unauthenticated");
        with(&old).confirm(id(&held)).refused(401, "unauthenticated");
    };
    refused(&app);
    admin.delete(&format!("/service-keys/{}", id(&old))).refused(404, "not-found");
    admin.delete("/service-keys/nonsense").refused(404, "not-found");
    app.restart();
    refused(&app);
    // Whatever was done with it goes on under its successor.
    with(&new).confirm(id(&held)).expect(200);
}

#[test]
fn a_key_is_shown_once_and_listed_without_its_secret() {
    let app = TestApp::start();
    let admin = app.admin();
    let made: Vec<Value> = ["shop", "bank", "shop"]
        .into_iter()
        .map(|name| {
            app.pass_s(1);
            let answer = admin.post("/service-keys", json!({"name": name}));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            answer.expect(201)
        })
        .collect();
    assert!(
        made.iter()
            .all(|made| made["key"].as_str().unwrap().starts_with("sk_")
                && made["role"] == "service")
    );
    admin.delete(&format!("/service-keys/{}", id(&made[0]))).expect(204);
    let first = admin.get("/service-keys?limit=2").expect(200);
    let rest = admin
        .get(&format!("/service-keys?limit=2&cursor={}", first["next_cursor"].as_str().unwrap()))
        .expect(200);
    assert_eq!(rest["next_cursor"], Value::Null);
    let listed: Vec<&Value> = first["items"]
        .as_array()
        .unwrap()
        .iter()
        .chain(rest["items"].as_array().unwrap())
        .collect();
    assert_eq!(
        listed.iter().map(|key| id(key)).collect::<Vec<_>>(),
        made.iter().map(id).collect::<Vec<_>>()
    );
    assert!(listed.iter().all(|key| key.get("key").is_none()));
    assert_eq!(
        (&listed[0]["revoked_at"], &listed[1]["revoked_at"]),
        (&json!("2026-12-01T12:00:03.000Z"), &Value::Null)
    );
    for (body, pointer) in [
        (json!({"name": ""}), "/name"),
        (json!({"name": "a b"}), "/name"),
        (json!({"name": "x".repeat(65)}), "/name"),
        (json!({"name": "shop", "role": "admin"}), "/role"),
        (json!({"name": "shop", "key": "sk_mine"}), "/key"),
        (json!({"name": "shop", "scopes": []}), "/scopes"),
        (json!({"name": "shop", "scopes": ["view", "admin"]}), "/scopes/1"),
        (json!({"name": "shop", "purpose": " "}), "/purpose"),
        (json!({"name": "shop", "purpose": "x".repeat(201)}), "/purpose"),
        (json!({"name": "shop", "expires_at": "tomorrow"}), "/expires_at"),
        (json!({"name": "shop", "expires_at": "2026-12-01T12:00:00Z"}), "/expires_at"),
    ] {
        assert_eq!(pointers(&admin.post("/service-keys", body).refused(422, "invalid")), [pointer]);
    }
    let all = json!({"name": "", "role": "x", "purpose": "", "scopes": ["x"], "expires_at": "x"});
    let all = admin.post("/service-keys", all).refused(422, "invalid");
    assert_eq!(pointers(&all), ["/role", "/expires_at", "/scopes/0", "/name", "/purpose"]);
}

#[test]
fn the_same_idempotency_key_makes_one_service_key() {
    let app = TestApp::start();
    let admin = app.admin();
    let answers = crowd(10, 2, |_| admin.key("k").post("/service-keys", json!({"name": "shop"})));
    assert_eq!(answers.iter().filter(|answer| !answer.was_replayed()).count(), 1);
    let made: Vec<Value> = answers.into_iter().map(|answer| answer.expect(201)).collect();
    assert!(made.iter().all(|one| *one == made[0]));
    app.anybody().bearer(made[0]["key"].as_str().unwrap()).get("/me").expect(200);
    admin
        .key("k")
        .post("/service-keys", json!({"name": "bank"}))
        .refused(422, "idempotency-key-reused");
    for other in [
        json!({"name": "shop", "scopes": ["view"]}),
        json!({"name": "shop", "purpose": "another"}),
        json!({"name": "shop", "expires_at": "2027-01-01T00:00:00Z"}),
    ] {
        admin.key("k").post("/service-keys", other).refused(422, "idempotency-key-reused");
    }
    assert_eq!(admin.get("/service-keys").expect(200)["items"].as_array().unwrap().len(), 1);
}

/// Every call about identity, and the ways in which it says no beside those that every call of its
/// kind has.
const CALLS: &[(&str, &str, &[&str])] = &[
    (
        "post",
        "/auth/register",
        &[
            "already-taken",
            "invalid",
            "idempotency-key-reused",
            "bad-idempotency-key",
            "too-many-requests",
            "busy",
        ],
    ),
    ("post", "/auth/login", &["wrong-credentials", "invalid", "too-many-requests", "busy"]),
    ("post", "/auth/refresh", &["unauthenticated", "invalid"]),
    ("post", "/auth/logout", &["unauthenticated"]),
    ("post", "/auth/logout-all", &["unauthenticated"]),
    ("get", "/auth/sessions", &["unauthenticated", "invalid"]),
    ("delete", "/auth/sessions/{id}", &["unauthenticated", "not-found"]),
    (
        "post",
        "/auth/password",
        &["wrong-credentials", "unauthenticated", "invalid", "too-many-requests", "busy"],
    ),
    ("post", "/auth/reset", &["unauthenticated", "invalid", "busy"]),
    ("get", "/me", &["unauthenticated"]),
    ("get", "/users", &["unauthenticated", "forbidden", "invalid"]),
    (
        "post",
        "/users",
        &[
            "unauthenticated",
            "forbidden",
            "already-taken",
            "invalid",
            "idempotency-key-reused",
            "busy",
        ],
    ),
    ("get", "/users/{id}", &["unauthenticated", "forbidden", "not-found"]),
    (
        "put",
        "/users/{id}",
        &["unauthenticated", "forbidden", "not-found", "already-taken", "invalid"],
    ),
    (
        "patch",
        "/users/{id}",
        &["unauthenticated", "forbidden", "not-found", "already-taken", "invalid"],
    ),
    ("delete", "/users/{id}", &["unauthenticated", "forbidden", "not-found"]),
    ("delete", "/users/{id}/sessions", &["unauthenticated", "forbidden", "not-found"]),
    ("post", "/users/{id}/password", &["unauthenticated", "forbidden", "not-found"]),
    (
        "post",
        "/service-keys",
        &[
            "unauthenticated",
            "forbidden",
            "invalid",
            "idempotency-key-reused",
            "bad-idempotency-key",
        ],
    ),
    ("get", "/service-keys", &["unauthenticated", "forbidden", "invalid"]),
    ("delete", "/service-keys/{id}", &["unauthenticated", "forbidden", "not-found"]),
];

#[test]
fn every_call_about_identity_is_in_the_document_with_its_problems() {
    let app = TestApp::start();
    let document = app.anybody().get("//openapi.json").expect(200);
    for (method, path, problems) in CALLS {
        let operation = &document["paths"][format!("/api/v1{path}")][method];
        let responses = operation["responses"]
            .as_object()
            .unwrap_or_else(|| panic!("{method} {path} is missing"));
        let said: String =
            responses.values().map(|response| response["description"].as_str().unwrap()).collect();
        // All of them ask the directory, which may not answer.
        for problem in problems.iter().chain(&["unavailable"]) {
            assert!(
                said.contains(&format!("`{problem}`")),
                "{method} {path} does not say {problem}"
            );
            app.anybody().get(&format!("//problems/{problem}")).expect(200);
        }
        assert_eq!(
            operation["requestBody"].is_object(),
            ["put", "patch"].contains(method) || has_body(method, path),
            "{method} {path}"
        );
    }
    let about = |path: &str| {
        path == "/api/v1/me"
            || ["/api/v1/auth/", "/api/v1/users", "/api/v1/service-keys"]
                .iter()
                .any(|start| path.starts_with(start))
    };
    let paths = document["paths"].as_object().unwrap().iter().filter(|(path, _)| about(path));
    assert_eq!(paths.map(|(_, item)| item.as_object().unwrap().len()).sum::<usize>(), CALLS.len());
}

fn has_body(method: &str, path: &str) -> bool {
    method == "post" && !["/auth/logout-all", "/users/{id}/password"].contains(&path)
}
