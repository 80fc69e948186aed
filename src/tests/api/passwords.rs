//! Passwords: which are accepted, how they are changed and reset, and what an attacker finds on the
//! disk.

use crate::members::crowd;
use harness::{Answer, Client, PASSWORD, TestApp, id, pointers};
use serde_json::{Value, json};

const ANOTHER: &str = "another sentence";

fn register(app: &TestApp, name: &str, password: &str) -> Answer {
    app.anybody().post("/auth/register", json!({"username": name, "password": password}))
}

fn log_in(app: &TestApp, name: &str, password: &str) -> Answer {
    app.anybody().post("/auth/login", json!({"account": name, "password": password}))
}

fn change(client: &Client, old: &str, new: &str) -> Answer {
    client.post("/auth/password", json!({"old_password": old, "new_password": new}))
}

fn reset(app: &TestApp, token: &Value, new: &str) -> Answer {
    app.anybody().post("/auth/reset", json!({"token": token, "new_password": new}))
}

/// Passwords that nobody may have.
fn unacceptable() -> Vec<String> {
    let mut all: Vec<String> =
        [72, 73, 256, 10_000].into_iter().map(|bytes| "y".repeat(bytes)).collect();
    all.extend(["", "7 chars", "äöüßäöü", "twelve\0bytes", "\0\0\0\0\0\0\0\0"].map(str::to_owned));
    all.extend(
        [&"ü".repeat(36), "password", "PassWord", "iloveyou", "12345678", "qwertyuiop"]
            .map(|text| text.to_owned()),
    );
    all
}

#[test]
fn seventy_one_bytes_are_a_password_and_every_one_of_them_counts() {
    let app = TestApp::start();
    for (n, password) in [
        "y".repeat(70),
        "y".repeat(71),
        "ü".repeat(35),
        "8 signs!".to_owned(),
        "äöüßäöüß".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let name = format!("member{n}");
        register(&app, &name, password).expect(201);
        log_in(&app, &name, password).expect(200);
        for wrong in [
            format!("{password}y"),
            password[..password.len() - 2].to_owned() + "z",
            password.to_uppercase(),
            format!(" {password}"),
        ] {
            log_in(&app, &name, &wrong).refused(401, "wrong-credentials");
        }
    }
}

#[test]
fn a_name_of_the_account_is_no_password_of_it() {
    let app = TestApp::start();
    let admin = app.admin();
    let bob = |password: &str| {
        json!({"username": "bob-the-builder", "email": "bob.builder@example.org",
            "full_name": "Bob the Builder", "password": password})
    };
    let names = ["Bob-the-Builder", "bob.builder@example.org", "BOB.BUILDER", "bob the builder"];
    for name in names {
        for path in ["/auth/register", "/users"] {
            let answer = admin.post(path, bob(name)).refused(422, "invalid");
            assert_eq!(pointers(&answer), ["/password"], "{name} at {path}");
        }
    }
    let made = admin.post("/users", bob(PASSWORD)).expect(201);
    let offer = admin.post(&format!("/users/{}/password", id(&made)), json!({})).expect(201);
    let owner = app.log_in("bob-the-builder", PASSWORD);
    for name in names {
        let changed = change(&owner, PASSWORD, name).refused(422, "invalid");
        assert_eq!(pointers(&changed), ["/new_password"], "{name}");
        let reset = reset(&app, &offer["token"], name).refused(422, "invalid");
        assert_eq!(pointers(&reset), ["/new_password"], "{name}");
    }
    // The token is not used up by that, and a name of somebody else is like any other text.
    reset(&app, &offer["token"], "alice-the-builder").expect(204);
}

#[test]
fn seventy_two_bytes_too_few_characters_nul_and_common_passwords_are_refused_wherever_one_is_set() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let me = ada.get("/me").expect(200);
    let token =
        admin.post(&format!("/users/{}/password", id(&me)), json!({})).expect(201)["token"].clone();
    for password in unacceptable() {
        for (answer, field) in [
            (register(&app, "bob", &password), "/password"),
            (admin.post("/users", json!({"username": "bob", "password": password})), "/password"),
            (change(&ada, PASSWORD, &password), "/new_password"),
            (reset(&app, &token, &password), "/new_password"),
        ] {
            assert_eq!(pointers(&answer.refused(422, "invalid")), [field], "{password:?}");
        }
    }
    let long = register(&app, "bob", &"y".repeat(72)).refused(422, "invalid");
    assert!(long["detail"].as_str().unwrap().contains("71 bytes at most"), "{long}");
    // None of this changed anything, or used the token up.
    log_in(&app, "ada", PASSWORD).expect(200);
    log_in(&app, "bob", "password").refused(401, "wrong-credentials");
    reset(&app, &token, ANOTHER).expect(204);
}

#[test]
fn a_password_that_nobody_can_have_is_a_wrong_one_at_login() {
    let app = TestApp::start_with(|config| config.account_failures_per_minute = 100);
    register(&app, "ada", &"y".repeat(71)).expect(201);
    for password in unacceptable() {
        log_in(&app, "ada", &password).refused(401, "wrong-credentials");
    }
    // bcrypt itself would take these for the same.
    register(&app, "bob", "repeated").expect(201);
    log_in(&app, "bob", "repeated\0repeated").refused(401, "wrong-credentials");
    log_in(&app, "bob", "repeated\0").refused(401, "wrong-credentials");
}

#[test]
fn the_unicode_form_of_a_password_counts() {
    let app = TestApp::start();
    let (composed, decomposed) = ("caf\u{e9} au lait", "cafe\u{301} au lait");
    register(&app, "ada", composed).expect(201);
    register(&app, "bob", decomposed).expect(201);
    log_in(&app, "ada", composed).expect(200);
    log_in(&app, "ada", decomposed).refused(401, "wrong-credentials");
    log_in(&app, "bob", decomposed).expect(200);
    log_in(&app, "bob", composed).refused(401, "wrong-credentials");
}

#[test]
fn a_change_of_password_needs_the_old_one_and_ends_the_other_sessions() {
    let app = TestApp::start();
    app.member("ada");
    let tokens = || log_in(&app, "ada", PASSWORD).expect(200);
    let (mine, other) = (tokens(), tokens());
    let of = |tokens: &Value| app.anybody().bearer(tokens["access_token"].as_str().unwrap());
    change(&of(&mine), "wrong horse battery", ANOTHER).refused(401, "wrong-credentials");
    of(&other).get("/me").expect(200);
    change(&of(&mine), PASSWORD, ANOTHER).expect(204);
    of(&mine).get("/me").expect(200);
    assert_eq!(of(&mine).get("/auth/sessions").expect(200)["items"].as_array().unwrap().len(), 1);
    of(&other).get("/me").refused(401, "unauthenticated");
    app.anybody()
        .post("/auth/refresh", json!({"refresh_token": other["refresh_token"]}))
        .refused(401, "unauthenticated");
    app.restart();
    of(&other).get("/me").refused(401, "unauthenticated");
    app.anybody()
        .post("/auth/refresh", json!({"refresh_token": mine["refresh_token"]}))
        .expect(200);
    log_in(&app, "ada", PASSWORD).refused(401, "wrong-credentials");
    log_in(&app, "ada", ANOTHER).expect(200);
    app.anybody()
        .post("/auth/password", json!({"old_password": ANOTHER, "new_password": PASSWORD}))
        .refused(401, "unauthenticated");
}

#[test]
fn of_parallel_changes_of_one_password_one_is_made() {
    let app = TestApp::start();
    let ada = app.member("ada");
    let news: Vec<String> = (0..10).map(|n| format!("sentence number {n}")).collect();
    let answers = crowd(10, 1, |n| change(&ada, PASSWORD, &news[n]));
    let made: Vec<usize> = (0..10).filter(|n| answers[*n].status == 204).collect();
    assert_eq!(made.len(), 1);
    for (n, password) in news.iter().enumerate() {
        log_in(&app, "ada", password).expect(if made == [n] { 200 } else { 401 });
    }
    log_in(&app, "ada", PASSWORD).refused(401, "wrong-credentials");
}

#[test]
fn guessing_the_old_password_with_a_stolen_token_is_limited_as_logins_are() {
    let app = TestApp::start_with(|config| config.account_failures_per_minute = 3);
    let ada = app.member("ada");
    (0..3).for_each(|n| {
        drop(change(&ada, &format!("wrong guess {n}"), ANOTHER).refused(401, "wrong-credentials"))
    });
    change(&ada, PASSWORD, ANOTHER).refused(401, "wrong-credentials");
    app.pass_s(15);
    change(&ada, PASSWORD, ANOTHER).expect(204);
}

#[test]
fn an_administrator_hands_out_a_reset_that_is_good_for_one_use_within_a_day() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let path = format!("/users/{}/password", id(&ada.get("/me").expect(200)));
    ada.post(&path, json!({})).refused(403, "forbidden");
    app.anybody().post(&path, json!({})).refused(401, "unauthenticated");
    let offer = || admin.post(&path, json!({})).expect(201);
    let (replaced, good) = (offer(), offer());
    assert_eq!(good["expires_at"], "2026-12-02T12:00:00.000Z");
    for bad in [
        replaced["token"].clone(),
        json!(""),
        json!("rp_"),
        json!("rp_AAAA"),
        json!(format!("{}A", good["token"].as_str().unwrap())),
    ] {
        reset(&app, &bad, ANOTHER).refused(401, "unauthenticated");
    }
    app.restart();
    app.pass_s(86_399);
    let both = crowd(2, 1, |_| reset(&app, &good["token"], ANOTHER));
    assert_eq!(both.iter().filter(|one| one.status == 204).count(), 1);
    reset(&app, &good["token"], "a third sentence").refused(401, "unauthenticated");
    ada.get("/me").refused(401, "unauthenticated");
    log_in(&app, "ada", PASSWORD).refused(401, "wrong-credentials");
    log_in(&app, "ada", ANOTHER).expect(200);
    let late = offer();
    app.pass_s(86_401);
    reset(&app, &late["token"], "a third sentence").refused(401, "unauthenticated");
    admin
        .post("/users/00000000000000000000000000000007/password", json!({}))
        .refused(404, "not-found");
    admin.post("/users/nobody/password", json!({})).refused(404, "not-found");
}

#[test]
fn a_new_password_uses_up_the_reset_that_was_handed_out() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let offer = admin
        .post(&format!("/users/{}/password", id(&ada.get("/me").expect(200))), json!({}))
        .expect(201);
    change(&ada, PASSWORD, ANOTHER).expect(204);
    reset(&app, &offer["token"], "a third sentence").refused(401, "unauthenticated");
}

#[test]
fn nothing_on_the_disk_lets_anybody_in() {
    let app = TestApp::start();
    if !app.has_a_file() {
        return;
    }
    let (admin, ada) = (app.admin(), app.member("ada"));
    let tokens = log_in(&app, "ada", PASSWORD).expect(200);
    let offer = admin
        .post(&format!("/users/{}/password", id(&ada.get("/me").expect(200))), json!({}))
        .expect(201);
    let key = admin.post("/service-keys", json!({"name": "shop"})).expect(201);
    let secrets = [
        &tokens["access_token"],
        &tokens["refresh_token"],
        &offer["token"],
        &key["key"],
        &json!(PASSWORD),
    ];
    app.stop();
    for file in std::fs::read_dir(app.data())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
    {
        let bytes = std::fs::read(&file).unwrap();
        for secret in secrets.map(|secret| secret.as_str().unwrap()) {
            let whole = secret.as_bytes();
            assert!(
                !bytes.windows(whole.len()).any(|window| window == whole),
                "{} has {secret}",
                file.display()
            );
        }
    }
}
