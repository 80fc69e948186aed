//! Every write takes an `Idempotency-Key`: each is sent twice under one key, and done once.

use crate::writes::{Scene, writes};
use harness::{Answer, PASSWORD, TestApp};
use serde_json::{Value, json};

const NEW_PASSWORD: &str = "another one altogether";

/// Asked again, it is found done, whoever did it.
const REPEATED_BY_NATURE: &[&str] = &["importMembers", "closeLottery", "closePool", "setReady"];

/// A repeat says that it was there already: 200 instead of 201.
const FOUND_AGAIN: &[&str] = &["assignNextCoupon", "claimVoucher"];

#[test]
fn every_write_takes_a_key() {
    for (_, name, operation) in writes(&TestApp::start()) {
        let parameters = operation["parameters"].as_array().unwrap();
        let key = json!({"$ref": "#/components/parameters/IdempotencyKey"});
        assert!(parameters.contains(&key), "{name}");
    }
}

/// What is made anew for a repeat: the same session goes on, for as long as other tokens.
fn without_access_token(mut body: Value) -> Value {
    if let Some(body) = body.as_object_mut() {
        body.remove("access_token");
    }
    body
}

#[test]
fn every_write_that_is_sent_twice_under_one_key_is_done_once() {
    let scene = Scene::new();
    let mut writes = writes(&scene.app);
    // While the clock is doubted, nothing else is done.
    writes.sort_by_key(|(_, name, _)| name == "acceptClock");
    let wrong = |(method, name, _): &(String, String, Value)| twice(&scene, method, name).err();
    let wrong: Vec<String> = writes.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with the second answer, if anything is.
fn twice(scene: &Scene, method: &str, name: &str) -> Result<(), String> {
    let Some(write) = scene.write(name) else { return Ok(()) };
    let (first, again) = (write.send(method, name), write.send(method, name));
    let is_that_job = |status| (again.status, &again.body["id"]) == (status, &first.body["id"]);
    let is_right = match name {
        _ if !(200..300).contains(&first.status) || first.was_replayed() => false,
        _ if again.was_replayed() == REPEATED_BY_NATURE.contains(&name) => false,
        // It goes on meanwhile, and is told as it is now.
        "importCodes" | "replayEvents" | "voidCouponsOfBatch" => is_that_job(202),
        "cancelVoiding" => is_that_job(200),
        // It may have failed at its first delivery meanwhile.
        "createWebhook" => {
            let made = |answer: &Answer| {
                let [id, secret] = ["id", "secret"].map(|field| answer.body[field].to_string());
                (answer.status, id, secret)
            };
            made(&first) == made(&again)
        }
        // Nothing of its tokens was kept, so it logs in anew.
        "register" => (again.status, &again.body["member"]) == (200, &first.body["member"]),
        // Each of its lines has a mark and a status of its own. A receipt of a repeat may be signed
        // over a later state of the box.
        _ if name.contains("Sheet") => {
            let body = |line: &Value| {
                let mut body = line["body"].clone();
                body.as_object_mut().and_then(|body| body.remove("receipt"));
                body
            };
            let bodies = |answer: &Answer| -> Vec<Value> {
                answer.body.as_array().unwrap().iter().map(body).collect()
            };
            let is_done = bodies(&first).iter().all(Value::is_object);
            is_done && again.status == first.status && bodies(&first) == bodies(&again)
        }
        _ => {
            let is_status = again.status == first.status
                || FOUND_AGAIN.contains(&name) && (first.status, again.status) == (201, 200);
            let bodies = [&first, &again].map(|answer| without_access_token(answer.body.clone()));
            is_status && bodies[0] == bodies[1]
        }
    };
    let said = |answer: &Answer| format!("{} {}", answer.status, answer.text);
    is_right.then_some(()).ok_or_else(|| format!("{name}: {}, then {}", said(&first), said(&again)))
}

#[test]
fn a_key_that_stands_for_another_call_about_people_is_refused() {
    let scene = Scene::new();
    let ((_, one), (_, other)) = (scene.member(), scene.member());
    let admin = scene.admin.key("k");
    let named = |name: &str| json!({"full_name": name});
    admin.patch(&format!("/users/{one}"), named("Ada")).expect(200);
    let reused = |answer: Answer| drop(answer.refused(422, "idempotency-key-reused"));
    reused(admin.patch(&format!("/users/{one}"), named("Eve")));
    reused(admin.patch(&format!("/users/{one}"), json!({"full_name": null})));
    reused(admin.patch(&format!("/users/{one}"), json!({"role": "viewer"})));
    reused(admin.patch(&format!("/users/{other}"), named("Ada")));
    reused(admin.delete(&format!("/users/{one}")));
    reused(admin.post("/auth/logout-all", json!({})));
    // The account is told as it is now.
    scene.admin.patch(&format!("/users/{one}"), named("Grace")).expect(200);
    let again = admin.patch(&format!("/users/{one}"), named("Ada"));
    assert!(again.was_replayed());
    assert_eq!(again.expect(200)["full_name"], "Grace");
    // After an hour the key is forgotten.
    scene.app.pass_s(3601);
    let anew = scene.app.admin().key("k").patch(&format!("/users/{one}"), named("Eve"));
    assert!(!anew.was_replayed());
    assert_eq!(anew.expect(200)["full_name"], "Eve");
}

#[test]
fn a_refusal_under_a_key_is_decided_anew_and_a_restart_forgets_nothing() {
    let scene = Scene::new();
    let (member, own) = scene.member();
    scene.admin.key("k").delete("/auth/sessions/s_unknown").refused(404, "not-found");
    let path = format!("/users/{own}");
    let taken = json!({"username": "admin"});
    member.key("k").patch(&path, taken.clone()).refused(409, "already-taken");
    member.key("k").patch(&path, taken).refused(409, "already-taken");
    member.key("k").patch(&path, json!({"full_name": "Ada"})).expect(200);
    scene.app.restart();
    assert!(member.key("k").patch(&path, json!({"full_name": "Ada"})).was_replayed());
}

#[test]
fn a_reset_asked_for_twice_with_one_key_is_one_token_that_is_good_once() {
    let scene = Scene::new();
    let (_, own) = scene.member();
    let path = format!("/users/{own}/password");
    let first = scene.admin.key("k").post(&path, json!({})).expect(201);
    assert_eq!(scene.admin.key("k").post(&path, json!({})).expect(201), first);
    let reset = |key: &str, password: &str| {
        let body = json!({"token": first["token"], "new_password": password});
        scene.app.anybody().key(key).post("/auth/reset", body)
    };
    reset("r", NEW_PASSWORD).expect(204);
    // The token that is told again is not good again.
    assert_eq!(scene.admin.key("k").post(&path, json!({})).expect(201), first);
    reset("other", NEW_PASSWORD).refused(401, "unauthenticated");
    assert!(reset("r", NEW_PASSWORD).was_replayed());
    reset("r", "and yet another one").refused(422, "idempotency-key-reused");
    // Another key, or another administrator's, is another token.
    assert_ne!(scene.admin.key("k2").post(&path, json!({})).expect(201)["token"], first["token"]);
}

#[test]
fn a_repeated_change_of_a_password_says_whether_it_still_is() {
    let scene = Scene::new();
    let (member, _) = scene.tokens();
    let change = |key: &str, old: &str, new: &str| {
        let body = json!({"old_password": old, "new_password": new});
        member.key(key).post("/auth/password", body)
    };
    change("k", PASSWORD, NEW_PASSWORD).expect(204);
    assert!(change("k", PASSWORD, NEW_PASSWORD).was_replayed());
    change("k", PASSWORD, "something else again").refused(422, "idempotency-key-reused");
    change("k2", NEW_PASSWORD, "something else again").expect(204);
    change("k", PASSWORD, NEW_PASSWORD).refused(422, "idempotency-key-reused");
}

#[test]
fn a_lost_refresh_is_asked_again_long_after_and_never_ends_the_session() {
    let app = TestApp::start();
    let body = json!({"username": "ada", "password": PASSWORD});
    let made = app.anybody().post("/auth/register", body).expect(201);
    let refresh = |key: &str, token: &Value| {
        app.anybody().key(key).post("/auth/refresh", json!({"refresh_token": token}))
    };
    let first = refresh("k1", &made["refresh_token"]).expect(200);
    app.pass_s(1800);
    let again = refresh("k1", &made["refresh_token"]);
    assert!(again.was_replayed());
    assert_eq!(again.expect(200)["refresh_token"], first["refresh_token"]);
    refresh("k1", &first["refresh_token"]).refused(422, "idempotency-key-reused");
    let second = refresh("k2", &first["refresh_token"]).expect(200);
    // Too late to be of use, but no theft.
    refresh("k1", &made["refresh_token"]).refused(401, "unauthenticated");
    let third = refresh("k3", &second["refresh_token"]).expect(200);
    // Under another key it is one.
    refresh("k4", &made["refresh_token"]).refused(401, "unauthenticated");
    refresh("k5", &third["refresh_token"]).refused(401, "unauthenticated");
}

#[test]
fn a_repeated_login_is_the_same_first_login_in_the_same_session() {
    let app = TestApp::start();
    app.member("ada");
    let log_in = |key: &str, password: &str| {
        let body = json!({"username": "ada", "password": password});
        app.anybody().key(key).post("/auth/login", body)
    };
    let first = log_in("k", PASSWORD).expect(200);
    assert_eq!(first["first_login"], true);
    log_in("k", "wrong, whatever the key").refused(401, "wrong-credentials");
    let again = log_in("k", PASSWORD);
    assert!(again.was_replayed());
    let again = again.expect(200);
    assert_eq!(
        (&again["first_login"], &again["refresh_token"]),
        (&json!(true), &first["refresh_token"])
    );
    let ada = app.anybody().bearer(again["access_token"].as_str().unwrap());
    // That of the registration, and one more.
    assert_eq!(ada.get("/auth/sessions").expect(200)["items"].as_array().unwrap().len(), 2);
    ada.post("/auth/logout", json!({})).expect(204);
    let anew = log_in("k", PASSWORD);
    assert!(!anew.was_replayed());
    assert_eq!(anew.expect(200)["first_login"], false);
}

#[test]
fn who_has_left_repeats_it_with_the_token_that_is_dead_and_nothing_else() {
    let scene = Scene::new();
    let (member, own) = scene.member();
    member.key("k").post("/auth/logout", json!({})).expect(204);
    member.get("/me").refused(401, "unauthenticated");
    assert!(member.key("k").post("/auth/logout", json!({})).was_replayed());
    member.key("k2").post("/auth/logout", json!({})).refused(401, "unauthenticated");
    member.post("/auth/logout", json!({})).refused(401, "unauthenticated");
    member.key("k2").delete(&format!("/users/{own}")).refused(401, "unauthenticated");
    let stranger = scene.app.anybody().bearer("no.token.of.ours");
    stranger.key("k").post("/auth/logout-all", json!({})).refused(401, "unauthenticated");
    scene.admin.get(&format!("/users/{own}")).expect(200);
}
