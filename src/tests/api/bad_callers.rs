//! Callers who cannot say who they are, may not do what they ask, or bring a key that is none.

use crate::bad_input::{DAY, HOLDS, ada, nothing_changed, scene, token};
use crate::wire;
use serde_json::json;

#[test]
fn whoever_cannot_say_who_he_is_is_asked() {
    let (app, _) = scene();
    let good = token(&ada(&app));
    let mut forged = good.clone();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'Q' } else { 'A' });
    let payload = good.split('.').nth(1).unwrap();
    let unsigned = format!("Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.");
    for header in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Basic YWRhOmFkYQ==",
        "bearer a.b.c",
        "Bearer sk_unknown",
        &forged[..],
        &unsigned[..],
        &format!("{good} {good}"),
        &good["Bearer ".len()..],
    ] {
        let answer =
            app.anybody().with("Authorization", header).post(HOLDS, json!({"pattern": "****"}));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{header}");
        answer.refused(401, "unauthenticated");
    }
    app.anybody().post(HOLDS, json!({"pattern": "****"})).refused(401, "unauthenticated");
    let bytes = wire::request("GET", b"/api/v1/me", &[("Authorization", b"Bearer \xff\xfe")], b"");
    wire::send(&app, &bytes).unwrap().refused(401, "unauthenticated");
    nothing_changed(&app);
}

#[test]
fn who_may_not_is_told_before_anything_else_is_looked_at() {
    let (app, _) = scene();
    let ada = ada(&app);
    for path in ["/lotteries", "/service-keys", "/users"] {
        ada.send("POST", path, Some(b"{".to_vec())).refused(403, "forbidden");
        app.anybody().send("POST", path, Some(b"{".to_vec())).refused(401, "unauthenticated");
    }
    nothing_changed(&app);
}

#[test]
fn a_service_has_to_say_for_whom_it_acts() {
    let (app, _) = scene();
    let shop = app.service("shop");
    shop.hold(DAY, json!({"pattern": "****"})).refused(403, "forbidden");
    shop.get("/holds").refused(403, "forbidden");
    for name in ["", "two words", "tab\tbed", &"x".repeat(129)] {
        shop.on_behalf_of(name).hold(DAY, json!({"pattern": "****"})).refused(400, "not-readable");
    }
    let authorization = token(&shop);
    let bytes = |name: &[u8]| {
        let headers = [("Authorization", authorization.as_bytes()), ("On-Behalf-Of", name)];
        wire::request("GET", b"/api/v1/holds", &headers, b"")
    };
    wire::send(&app, &bytes("jürgen".as_bytes())).unwrap().refused(400, "not-readable");
    wire::send(&app, &bytes(b"\xff")).unwrap().refused(400, "not-readable");
    // A member acts for himself only, and a service is no administrator, whoever it acts for.
    ada(&app).on_behalf_of("bob").get("/holds").refused(403, "forbidden");
    app.admin().on_behalf_of("bob").get("/holds").refused(403, "forbidden");
    shop.on_behalf_of("admin")
        .post("/lotteries", json!({"closes_on": "2027-01-31"}))
        .refused(403, "out-of-scope");
    nothing_changed(&app);
    shop.on_behalf_of(&"x".repeat(128)).hold(DAY, json!({"pattern": "****"})).expect(201);
}

#[test]
fn a_key_that_cannot_be_used_is_refused() {
    let (app, _) = scene();
    let ada = ada(&app);
    let wanted = json!({"pattern": "****"});
    for key in [&"k".repeat(256)[..], "", "\"\"", "tab\tbed", "a b", "\"a b\""] {
        ada.key(key).hold(DAY, wanted.clone()).refused(400, "bad-idempotency-key");
    }
    let authorization = token(&ada);
    for key in ["schlüssel".as_bytes(), b"\xff", "鍵".as_bytes()] {
        let headers = [("Authorization", authorization.as_bytes()), ("Idempotency-Key", key)];
        let bytes = wire::request(
            "POST",
            format!("/api/v1{HOLDS}").as_bytes(),
            &headers,
            wanted.to_string().as_bytes(),
        );
        wire::send(&app, &bytes).unwrap().refused(400, "bad-idempotency-key");
    }
    nothing_changed(&app);
    let longest = "k".repeat(255);
    ada.key(&longest).hold(DAY, wanted.clone()).expect(201);
    ada.key(&longest).hold(DAY, json!({"pattern": "1***"})).refused(422, "idempotency-key-reused");
    assert_eq!(app.books(DAY).held, 2);
}
