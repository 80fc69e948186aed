//! Becoming a member: identifiers and what is taken, the first login, and registrations that are
//! repeated.

use crate::wire;
use harness::{Answer, Client, PASSWORD, TestApp, id, pointers};
use serde_json::{Value, json};
use std::thread;

/// The body with a password in it.
fn asked(mut body: Value) -> Value {
    body["password"] = json!(PASSWORD);
    body
}

fn register(app: &TestApp, body: Value) -> Answer {
    app.anybody().post("/auth/register", asked(body))
}

fn log_in(app: &TestApp, body: Value) -> Answer {
    app.anybody().post("/auth/login", asked(body))
}

fn by_form(app: &TestApp, form: &str) -> Answer {
    let headers = [("Content-Type", &b"application/x-www-form-urlencoded; charset=utf-8"[..])];
    wire::send(app, &wire::request("POST", b"/api/v1/auth/login", &headers, form.as_bytes()))
        .unwrap()
}

fn bearer(app: &TestApp, tokens: &Value) -> Client {
    app.anybody().bearer(tokens["access_token"].as_str().unwrap())
}

/// The answers of so many at a time who ask so often each. Who is told that a queue is full comes
/// back.
pub fn crowd(people: usize, each: usize, ask: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    let patiently = |n| loop {
        let answer = ask(n);
        if answer.status != 503 {
            return answer;
        }
        assert!(
            answer
                .header("retry-after")
                .is_some_and(|seconds| seconds.parse::<u32>().unwrap() >= 1),
            "{}",
            answer.text
        );
        answer.refused(503, "busy");
    };
    thread::scope(|scope| {
        let turns = |person: usize| (0..each).map(move |turn| person * each + turn);
        let patiently = &patiently;
        let people: Vec<_> = (0..people)
            .map(|person| scope.spawn(move || turns(person).map(patiently).collect::<Vec<_>>()))
            .collect();
        people.into_iter().flat_map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn a_member_registers_with_any_identifier_and_logs_in_by_it() {
    let app = TestApp::start();
    for (kind, registered, named) in [
        ("username", "Ada.L", "ada.l"),
        ("email", "Ada@Example.org", "ada@example.ORG"),
        ("phone", "+49 170-123 45 67", "+491701234567"),
    ] {
        let made = register(&app, json!({kind: registered})).expect(201);
        for other in ["username", "email", "phone", "full_name", "birthday"] {
            assert!(other == kind || made["member"][other].is_null(), "{made}");
        }
        assert_eq!(
            (&made["token_type"], &made["member"]["role"]),
            (&json!("Bearer"), &json!("member"))
        );
        assert_eq!(bearer(&app, &made).get("/me").expect(200), made["member"]);
        for body in [
            json!({"account": named}),
            json!({kind: named}),
            json!({"account": registered, kind: registered}),
        ] {
            let tokens = log_in(&app, body).expect(200);
            assert_eq!(bearer(&app, &tokens).get("/me").expect(200)["id"], made["member"]["id"]);
        }
        for other in ["username", "email", "phone"].into_iter().filter(|other| *other != kind) {
            log_in(&app, json!({other: named})).refused(401, "wrong-credentials");
        }
    }
}

#[test]
fn all_of_a_profile_is_kept_as_it_was_given() {
    let app = TestApp::start();
    let body = json!({"username": "Zoe\u{308}", "email": "Zoë@example.org",
        "phone": "+49 170 1234567", "full_name": " Zoë Müller ", "birthday": "2024-02-29"});
    let made = register(&app, body).expect(201);
    let member = &made["member"];
    assert_eq!(
        (&member["username"], &member["email"]),
        (&json!("Zo\u{eb}"), &json!("Zoë@example.org"))
    );
    assert_eq!(
        (&member["phone"], &member["full_name"]),
        (&json!("+491701234567"), &json!("Zoë Müller"))
    );
    assert_eq!(
        (&member["birthday"], &member["created_at"]),
        (&json!("2024-02-29"), &json!("2026-12-01T12:00:00.000Z"))
    );
    assert_eq!((&member["first_login_at"], &member["last_login_at"]), (&Value::Null, &Value::Null));
    app.restart();
    assert_eq!(&bearer(&app, &made).get("/me").expect(200), member);
}

#[test]
fn an_oauth2_password_form_logs_in_as_json_does() {
    let app = TestApp::start();
    let made = register(
        &app,
        json!({"username": "ada", "email": "ada@example.org", "phone": "+491701234567"}),
    )
    .expect(201);
    for name in ["ada", "ADA%40example.org", "%2B491701234567"] {
        let tokens = by_form(
            &app,
            &format!("grant_type=password&username={name}&password=correct+horse%20battery&scope="),
        )
        .expect(200);
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(bearer(&app, &tokens).get("/me").expect(200)["id"], made["member"]["id"]);
    }
    for named in [
        "account=ada",
        "email=ADA%40example.org",
        "phone_number=%2B491701234567",
        "phone=%2B491701234567",
        "account=ada&username=ada&email=ada%40example.org",
    ] {
        let form = format!("{named}&password=correct+horse+battery");
        let tokens = by_form(&app, &form).expect(200);
        assert_eq!(bearer(&app, &tokens).get("/me").expect(200)["id"], made["member"]["id"]);
    }
    log_in(&app, json!({"phone_number": "+491701234567"})).expect(200);
    let twice = json!({"phone": "+491701234567", "phone_number": "+491701234567"});
    assert_eq!(pointers(&log_in(&app, twice).refused(422, "invalid")), ["/phone_number"]);
    by_form(&app, "account=ada&username=bob&password=correct+horse+battery")
        .refused(401, "wrong-credentials");
    by_form(&app, "email=bob%40example.org&password=correct+horse+battery")
        .refused(401, "wrong-credentials");
    by_form(&app, "username=ada&password=wrong+horse+battery").refused(401, "wrong-credentials");
    by_form(&app, "username=nobody&password=correct+horse+battery")
        .refused(401, "wrong-credentials");
    for invalid in [
        "",
        "username=ada",
        "password=x",
        "username=ada&password=x&nickname=a",
        "username=ada&username=bob&password=x",
        "{}",
    ] {
        by_form(&app, invalid).refused(422, "invalid");
    }
}

#[test]
fn identifiers_are_unique_regardless_of_case_and_unicode_form() {
    let app = TestApp::start();
    register(
        &app,
        json!({"username": "zo\u{eb}.fin", "email": "ada@example.org", "phone": "+491701234567"}),
    )
    .expect(201);
    for (kind, text) in [
        ("username", "ZO\u{cb}.FIN"),
        ("username", "zoe\u{308}.fin"),
        ("username", "zo\u{eb}.\u{fb01}n"),
        ("username", "\u{ff5a}o\u{eb}.fin"),
        ("email", "ADA@EXAMPLE.ORG"),
        ("email", "ada@\u{ff45}xample.org"),
        ("phone", "+49 170 123-45-67"),
        ("phone", "\u{ff0b}491701234567"),
    ] {
        let refused = register(&app, json!({kind: text})).refused(409, "already-taken");
        assert_eq!(pointers(&refused), [format!("/{kind}")], "{text}");
    }
    let both = register(
        &app,
        json!({"username": "free", "email": "Ada@example.org", "phone": "+491701234567"}),
    )
    .refused(409, "already-taken");
    assert_eq!(pointers(&both), ["/email", "/phone"]);
    // Of what was refused, nothing was taken.
    register(&app, json!({"username": "free"})).expect(201);
}

#[test]
fn absent_identifiers_never_collide() {
    let app = TestApp::start();
    for n in 0..4 {
        register(&app, json!({"email": format!("{n}@example.org")})).expect(201);
        register(
            &app,
            json!({"username": null, "email": null, "phone": format!("+4917000000{n}")}),
        )
        .expect(201);
        register(&app, json!({"username": format!("name{n}"), "full_name": null})).expect(201);
    }
    for kind in ["username", "email", "phone"] {
        let refused = register(&app, json!({kind: ""})).refused(422, "invalid");
        assert_eq!(pointers(&refused), [format!("/{kind}")]);
    }
}

#[test]
fn several_identifiers_in_one_login_must_name_the_same_account() {
    let app = TestApp::start();
    register(
        &app,
        json!({"username": "ada", "email": "ada@example.org", "phone": "+491701234567"}),
    )
    .expect(201);
    register(&app, json!({"username": "bob", "email": "bob@example.org"})).expect(201);
    for body in [
        json!({"username": "ada", "email": "ada@example.org", "phone": "+491701234567"}),
        json!({"account": "ada@example.org", "username": "ADA"}),
        json!({"account": "ada", "email": null}),
    ] {
        log_in(&app, body).expect(200);
    }
    for body in [
        json!({"username": "ada", "email": "bob@example.org"}),
        json!({"account": "ada", "username": "bob"}),
        json!({"account": "ada", "phone": "+491709999999"}),
        json!({"username": "ada", "email": "nobody@example.org"}),
        json!({"username": "ada", "email": "not an address"}),
        json!({"username": "ada@example.org"}),
    ] {
        log_in(&app, body).refused(401, "wrong-credentials");
    }
    log_in(&app, json!({})).refused(422, "invalid");
    let unknown = log_in(&app, json!({"account": "ada", "nickname": "a"})).refused(422, "invalid");
    assert_eq!(pointers(&unknown), ["/nickname"]);
}

#[test]
fn all_that_is_wrong_with_a_registration_is_pointed_at_and_nothing_is_made() {
    let app = TestApp::start();
    let ask = |body: Value| app.anybody().post("/auth/register", body).refused(422, "invalid");
    let all = ask(json!({"username": "a", "email": "x", "phone": "1", "full_name": "",
            "birthday": "2023-02-29", "password": "short"}));
    assert_eq!(
        pointers(&all),
        ["/username", "/email", "/phone", "/full_name", "/birthday", "/password"]
    );
    assert_eq!(pointers(&ask(json!({"password": PASSWORD}))), [""]);
    assert_eq!(
        pointers(&ask(json!({"username": "ada", "password": PASSWORD, "role": "admin"}))),
        ["/role"]
    );
    assert_eq!(pointers(&ask(json!({"username": "ada", "password": 7}))), ["/password"]);
    ask(json!({"username": "ada"}));
    for birthday in
        ["2026-12-01", "2027-01-01", "1849-12-31", "1990-13-01", "1990-1-1", "yesterday", ""]
    {
        let refused = ask(asked(json!({"username": "ada", "birthday": birthday})));
        assert_eq!(pointers(&refused), ["/birthday"], "{birthday}");
    }
    log_in(&app, json!({"account": "ada"})).refused(401, "wrong-credentials");
    register(&app, json!({"username": "ada", "birthday": "2026-11-30"})).expect(201);
}

#[test]
fn a_birthday_lies_in_the_past_where_days_are_counted() {
    let app = TestApp::start_with(|config| {
        config.time_zone = jiff::tz::TimeZone::get("Pacific/Kiritimati").unwrap()
    });
    // At noon in Greenwich it is tomorrow there.
    register(&app, json!({"username": "ada", "birthday": "2026-12-01"})).expect(201);
    register(&app, json!({"username": "bob", "birthday": "2026-12-02"})).refused(422, "invalid");
}

#[test]
fn twenty_parallel_first_logins_are_one_first_login() {
    let app = TestApp::start();
    let made = register(&app, json!({"username": "ada"})).expect(201);
    app.pass_s(60);
    let logins: Vec<Value> = crowd(20, 1, |_| log_in(&app, json!({"account": "ada"})))
        .into_iter()
        .map(|one| one.expect(200))
        .collect();
    assert_eq!(logins.iter().filter(|login| login["first_login"] == true).count(), 1);
    assert!(logins.iter().all(|login| login["vouchers"].is_array()));
    let me = || bearer(&app, &made).get("/me").expect(200);
    let first = json!("2026-12-01T12:01:00.000Z");
    assert_eq!((&me()["first_login_at"], &me()["last_login_at"]), (&first, &first));
    app.restart();
    app.pass_s(60);
    assert_eq!(log_in(&app, json!({"username": "ada"})).expect(200)["first_login"], false);
    assert_eq!(
        (&me()["first_login_at"], &me()["last_login_at"]),
        (&first, &json!("2026-12-01T12:02:00.000Z"))
    );
}

#[test]
fn a_thousand_parallel_registrations_of_one_address_make_one_account() {
    let app = TestApp::start();
    let spelled =
        ["ada@example.org", "ADA@example.org", "Ada@Example.Org", "\u{ff41}da@example.org"];
    let answers = crowd(50, 20, |n| register(&app, json!({"email": spelled[n % spelled.len()]})));
    assert_eq!(answers.len(), 1000);
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for refused in answers.into_iter().filter(|answer| answer.status != 201) {
        assert_eq!(pointers(&refused.refused(409, "already-taken")), ["/email"]);
    }
    let users = app.admin().get("/users").expect(200);
    assert_eq!(users["items"].as_array().unwrap().len(), 2, "he and the administrator");
}

#[test]
fn a_registration_repeated_with_its_key_is_the_same_account_with_new_tokens() {
    let app = TestApp::start();
    let ask = |key: &str, body: Value| app.anybody().key(key).post("/auth/register", body);
    let ada = || asked(json!({"username": "ada", "full_name": "Ada Lovelace"}));
    let first = ask("k", ada());
    assert_eq!(first.header("cache-control"), Some("no-store"));
    let first = first.expect(201);
    for _ in 0..2 {
        let again = ask("\"k\"", ada()).expect(200);
        assert_eq!(again["member"], first["member"]);
        assert_ne!(again["refresh_token"], first["refresh_token"]);
        assert_eq!(
            bearer(&app, &again).get("/me").expect(200),
            bearer(&app, &first).get("/me").expect(200)
        );
        app.restart();
    }
    ask(
        "k",
        json!({"username": "ada", "full_name": "Ada Lovelace", "password": "another sentence"}),
    )
    .refused(422, "idempotency-key-reused");
    ask("k", asked(json!({"username": "ada", "full_name": "Ada King"})))
        .refused(422, "idempotency-key-reused");
    ask("other", ada()).refused(409, "already-taken");
    ask("", ada()).refused(400, "bad-idempotency-key");
    assert_eq!(
        log_in(&app, json!({"account": "ada"})).expect(200)["first_login"],
        true,
        "a registration is no login"
    );
}

#[test]
fn of_parallel_registrations_with_one_key_one_makes_the_account_and_all_are_told() {
    let app = TestApp::start();
    let answers = crowd(20, 2, |_| {
        app.anybody().key("k").post("/auth/register", asked(json!({"username": "ada"})))
    });
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    let bodies: Vec<Value> = answers
        .into_iter()
        .map(|one| if one.status == 201 { one.expect(201) } else { one.expect(200) })
        .collect();
    assert!(bodies.iter().all(|body| id(&body["member"]) == id(&bodies[0]["member"])));
}

#[test]
fn asking_which_names_are_taken_is_limited_by_address() {
    let app = TestApp::start_with(|config| config.failures_per_minute = 5);
    register(&app, json!({"username": "ada"})).expect(201);
    // Twice the budget of failures.
    (0..10).for_each(|_| {
        drop(register(&app, json!({"username": "ada"})).refused(409, "already-taken"))
    });
    let refused = register(&app, json!({"username": "ada"}));
    assert_eq!(refused.header("retry-after"), Some("5"));
    refused.refused(429, "too-many-requests");
    // Nobody is kept from registering, or from logging in.
    register(&app, json!({"username": "bob"})).expect(201);
    log_in(&app, json!({"account": "ada"})).expect(200);
    app.pass_s(5);
    register(&app, json!({"username": "ada"})).refused(409, "already-taken");
}
