//! Proofs of work: which calls ask for one, what is wrong with one, and that each is spent once.

use crate::campaigns::{campaign, claim};
use harness::{Answer, Client, PASSWORD, TestApp, WorkTask};
use ports::GuardedCall;
use serde_json::{Value, json};
use std::sync::Barrier;

const DAY: &str = "2026-12-31";
const SPAN_S: i64 = 5;

fn guarding(calls: &[GuardedCall]) -> TestApp {
    TestApp::start_with(|config| {
        config.proof_of_work = calls.to_vec();
        config.proof_of_work_numbers = 1000;
        config.proof_of_work_per_second = 1_000_000;
    })
}

/// The administrator, let in by a proof of work like everybody.
fn admin(app: &TestApp) -> Client {
    let working = app.anybody().worked("login");
    let token = log_in(&working, "admin", harness::ADMIN_PASSWORD).expect(200);
    app.anybody().bearer(token["access_token"].as_str().unwrap())
}

fn log_in(client: &Client, name: &str, password: &str) -> Answer {
    client.post("/auth/login", json!({"username": name, "password": password}))
}

fn register(client: &Client, name: &str) -> Answer {
    client.post("/auth/register", json!({"username": name, "password": PASSWORD}))
}

#[test]
fn nothing_is_asked_of_anybody_unless_a_setting_says_so() {
    let app = TestApp::start();
    app.member("ada");
    for call in GuardedCall::ALL {
        let path = format!("/proof-of-work/challenge?for={}", call.name());
        app.anybody().get(&path).refused(404, "not-found");
    }
}

#[test]
fn each_call_that_is_named_takes_a_solution_of_its_own_challenge() {
    let app = guarding(&GuardedCall::ALL);
    let anybody = app.anybody();
    let needed = register(&anybody, "ada").refused(403, "proof-of-work-needed");
    assert_eq!(needed["retry"], "never");
    assert_eq!(needed["challenge"], "/api/v1/proof-of-work/challenge?for=register");
    assert!(needed["detail"].as_str().unwrap().contains("/proof-of-work/challenge?for=register"));
    register(&anybody.worked("register"), "ada").expect(201);
    log_in(&anybody, "ada", PASSWORD).refused(403, "proof-of-work-needed");
    let tokens = log_in(&anybody.worked("login"), "ada", PASSWORD).expect(200);
    let ada = anybody.clone().bearer(tokens["access_token"].as_str().unwrap());

    let admin = admin(&app);
    let offer = json!({"name": "First", "quota": 10, "discount_percent": 10, "trigger": "claim",
        "ends_at": "2026-12-31T00:00:00Z"});
    let first = harness::id(&admin.post("/campaigns", offer).expect(201)).to_owned();
    admin.post("/lotteries", json!({"closes_on": DAY, "ballots": true})).expect(201);
    claim(&ada, &first).refused(403, "proof-of-work-needed");
    assert_eq!(claim(&ada.worked("claim"), &first).expect(201)["rank"], 1);
    ada.submit(DAY).refused(403, "proof-of-work-needed");
    ada.worked("ballot").submit(DAY).expect(201);
    // What is not there is told before any work is asked for.
    claim(&ada, "c_none").refused(404, "not-found");
    anybody.get("/proof-of-work/challenge?for=hold").refused(422, "invalid");
    anybody.get("/proof-of-work/challenge").refused(422, "invalid");
}

#[test]
fn services_and_staff_need_none() {
    let app = guarding(&GuardedCall::ALL);
    let admin = admin(&app);
    let offer = json!({"name": "First", "quota": 10, "discount_percent": 10, "trigger": "claim",
        "ends_at": "2026-12-31T00:00:00Z"});
    let first = harness::id(&admin.post("/campaigns", offer).expect(201)).to_owned();
    admin.post("/lotteries", json!({"closes_on": DAY, "ballots": true})).expect(201);
    let key = admin.post("/service-keys", json!({"name": "shop"})).expect(201);
    let shop = app.anybody().bearer(key["key"].as_str().unwrap());
    claim(&shop.on_behalf_of("m1"), &first).expect(201);
    shop.on_behalf_of("m1").submit(DAY).expect(201);
    let sheet = json!([{"member": "m2"}, {"member": "m3"}]);
    let lines = shop.post(&format!("/campaigns/{first}/claims:batch"), sheet).expect(200);
    assert!(lines.as_array().unwrap().iter().all(|line| line["status"] == 201), "{lines}");
    let body = json!({"username": "vera", "password": PASSWORD, "role": "viewer"});
    admin.post("/users", body).expect(201);
    let tokens = log_in(&app.anybody().worked("login"), "vera", PASSWORD).expect(200);
    let vera = app.anybody().bearer(tokens["access_token"].as_str().unwrap());
    claim(&vera, &first).expect(201);
}

#[test]
fn what_is_no_solution_of_a_challenge_of_this_server_for_this_call_is_refused() {
    let app = guarding(&GuardedCall::ALL);
    let anybody = app.anybody();
    let task = anybody.challenge("login");
    assert!(task.text("salt").ends_with("&for=login&"), "{task:?}");
    let number = task.solve();
    let refused = |shown: &str, why: &str| {
        let problem = log_in(&anybody.showing(shown), "admin", harness::ADMIN_PASSWORD)
            .refused(403, "proof-of-work-wrong");
        assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
        assert_eq!(problem["challenge"], "/api/v1/proof-of-work/challenge?for=login");
    };
    refused(&task.shown(number + 1), "not the solution");
    let later = task.text("salt").replace("expires=", "expires=9");
    refused(&task.with("salt", &later).shown(number), "not the solution");
    let spliced = format!("{}{}", task.text("salt"), &number.to_string()[..1]);
    let rest = number.to_string()[1..].parse().unwrap_or(0);
    refused(&task.with("salt", &spliced).shown(rest), "not the solution");
    refused(&task.with("challenge", &"0".repeat(64)).shown(number), "not made here");
    refused(&task.with("signature", &"0".repeat(64)).shown(number), "not made here");
    refused(&task.with("algorithm", "SHA-1").shown(number), "base64");
    refused("e30=", "base64");
    refused("no base64 at all", "base64");
    // A whole challenge of another installation.
    let elsewhere = guarding(&[GuardedCall::Login]).anybody().challenge("login");
    refused(&elsewhere.shown(elsewhere.solve()), "not made here");
    let other = anybody.challenge("register");
    refused(&other.shown(other.solve()), "another call");
    let twice = anybody.showing(&task.shown(number)).showing(&task.shown(number));
    log_in(&twice, "admin", harness::ADMIN_PASSWORD).refused(400, "not-readable");
    // Nothing of all that has spent it.
    log_in(&anybody.showing(&task.shown(number)), "admin", harness::ADMIN_PASSWORD).expect(200);
}

#[test]
fn a_challenge_is_good_until_it_expires() {
    let app = guarding(&[GuardedCall::Login]);
    let (early, late) = (app.anybody().worked("login"), app.anybody().worked("login"));
    app.pass_s(299);
    log_in(&early, "admin", harness::ADMIN_PASSWORD).expect(200);
    app.pass_s(1);
    log_in(&late, "admin", harness::ADMIN_PASSWORD).refused(403, "proof-of-work-expired");
    // Nor does one that was spent become good again when its row is swept.
    app.pass_s(7200);
    log_in(&app.anybody().worked("login"), "admin", harness::ADMIN_PASSWORD).expect(200);
    log_in(&early, "admin", harness::ADMIN_PASSWORD).refused(403, "proof-of-work-expired");
}

#[test]
fn a_solution_lets_one_request_in_and_under_a_key_its_repeats() {
    let app = guarding(&[GuardedCall::Ballot]);
    app.admin().post("/lotteries", json!({"closes_on": DAY, "ballots": true})).expect(201);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let bare = ada.worked("ballot");
    bare.submit(DAY).expect(201);
    bare.submit(DAY).refused(403, "proof-of-work-used");
    bare.key("k").submit(DAY).refused(403, "proof-of-work-used");

    let working = ada.worked("ballot");
    let first = working.key("one").submit(DAY).expect(201);
    let again = working.key("one").submit(DAY);
    assert!(again.was_replayed());
    assert_eq!(again.expect(201)["id"], first["id"]);
    // The key is the ballot's, whatever work is shown with it.
    let other = ada.worked("ballot").key("one").submit(DAY);
    assert_eq!(other.expect(201)["id"], first["id"]);
    working.key("two").submit(DAY).refused(403, "proof-of-work-used");
    working.submit(DAY).refused(403, "proof-of-work-used");
    let shown = working.header("Proof-Of-Work").unwrap();
    bob.showing(shown).key("one").submit(DAY).refused(403, "proof-of-work-used");
    // A restart forgets nothing.
    app.restart();
    bare.submit(DAY).refused(403, "proof-of-work-used");
    assert_eq!(working.key("one").submit(DAY).expect(201)["id"], first["id"]);
}

#[test]
fn a_repeat_says_the_same_or_needs_work_of_its_own() {
    let app = guarding(&[GuardedCall::Claim]);
    let secret = campaign(&app, json!({"name": "Secret", "trigger": "code", "code": "SPRING"}));
    let open = campaign(&app, json!({"name": "Open"}));
    let ada = app.member("ada").worked("claim").key("k");
    let try_code =
        |code: &str| ada.post(&format!("/campaigns/{secret}/claims"), json!({"code": code}));
    try_code("SUMMER").refused(409, "wrong-code");
    try_code("SUMMER").refused(409, "wrong-code");
    // Work for one guess is not good for another.
    try_code("SPRING").refused(403, "proof-of-work-used");
    claim(&ada, &open).refused(403, "proof-of-work-used");
}

#[test]
fn with_one_solution_nobody_tries_two_passwords() {
    let app = guarding(&[GuardedCall::Register, GuardedCall::Login]);
    register(&app.anybody().worked("register"), "ada").expect(201);
    let guessing = app.anybody().worked("login").key("k");
    log_in(&guessing, "ada", "a first guess of it").refused(401, "wrong-credentials");
    log_in(&guessing, "ada", PASSWORD).refused(403, "proof-of-work-used");
    // Who is let in may ask for a lost answer, and for nobody else's.
    let right = app.anybody().worked("login").key("right");
    log_in(&right, "ada", PASSWORD).expect(200);
    let again = log_in(&right, "ada", PASSWORD);
    assert!(again.was_replayed());
    again.expect(200);
    log_in(&right, "admin", "a second guess of it").refused(403, "proof-of-work-used");
    let newcomer = app.anybody().worked("register").key("new");
    let made = register(&newcomer, "bob").expect(201);
    assert_eq!(register(&newcomer, "bob").expect(200)["member"], made["member"]);
    register(&newcomer, "eve").refused(403, "proof-of-work-used");
}

#[test]
fn the_same_request_is_not_repeated_without_end() {
    let app = guarding(&[GuardedCall::Ballot]);
    app.admin().post("/lotteries", json!({"closes_on": DAY, "ballots": true})).expect(201);
    let working = app.member("ada").worked("ballot").key("k");
    (0..11).for_each(|_| drop(working.submit(DAY).expect(201)));
    let over = working.submit(DAY);
    assert!(over.header("retry-after").is_some());
    over.refused(429, "too-many-requests");
    app.pass_s(60);
    working.submit(DAY).expect(201);
}

#[test]
fn of_32_threads_with_one_solution_one_is_let_in() {
    let app = guarding(&[GuardedCall::Ballot]);
    app.admin().post("/lotteries", json!({"closes_on": DAY, "ballots": true})).expect(201);
    let working = app.member("ada").worked("ballot");
    let start = Barrier::new(32);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let send = || {
            start.wait();
            working.submit(DAY)
        };
        let threads: Vec<_> = (0..32).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let taken = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(taken, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.refused(403, "proof-of-work-used");
    }
}

/// How many numbers a challenge has now.
fn numbers(app: &TestApp) -> Value {
    app.anybody().challenge("ballot").0["maxnumber"].clone()
}

#[test]
fn a_rush_makes_challenges_harder_and_quiet_makes_them_easier_again() {
    let app = TestApp::start_with(|config| {
        config.proof_of_work = vec![GuardedCall::Ballot];
        config.proof_of_work_numbers = 1000;
        config.proof_of_work_per_second = 1;
    });
    app.admin().post("/lotteries", json!({"closes_on": DAY, "ballots": true})).expect(201);
    let ada = app.member("ada");
    // What nobody worked for makes nothing harder.
    (0..50).for_each(|_| drop(ada.submit(DAY).refused(403, "proof-of-work-needed")));
    (0..50).for_each(|_| drop(ada.challenge("ballot")));
    (0..5).for_each(|_| drop(ada.worked("ballot").submit(DAY).expect(201)));
    assert_eq!(numbers(&app), 1000);
    ada.worked("ballot").submit(DAY).expect(201);
    assert_eq!(numbers(&app), 2000);
    (0..5).for_each(|_| drop(ada.worked("ballot").submit(DAY).expect(201)));
    assert_eq!(numbers(&app), 4000);
    // A challenge from before is as good as ever.
    let early: WorkTask = ada.challenge("ballot");
    app.pass_s(SPAN_S);
    assert_eq!(numbers(&app), 4000);
    app.pass_s(SPAN_S);
    assert_eq!(numbers(&app), 2000);
    app.pass_s(SPAN_S);
    assert_eq!(numbers(&app), 1000);
    ada.showing(&early.shown(early.solve())).submit(DAY).expect(201);
    let metrics = || app.anybody().get("//metrics").text;
    app.until("the gauge is there", || metrics().contains("stampede_work_challenge_numbers"));
    assert!(metrics().contains("stampede_proofs_of_work_total{outcome=\"spent\"}"));
}
