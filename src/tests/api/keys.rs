//! `Idempotency-Key`: a fact answers once, and the same key never stands for two of them.

use harness::{Answer, Client, TestApp, TicketBooks, id, numbers, tickets};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::thread;

const DAY: &str = "2026-12-31";

fn hold(client: &Client, key: &str, wanted: Value) -> Answer {
    client.key(key).hold(DAY, wanted)
}

/// The same answer, and it says that it is one.
#[track_caller]
fn assert_repeats(again: Answer, first: &Value, status: u16) {
    assert!(again.was_replayed(), "{}", again.text);
    assert_eq!(&again.expect(status), first);
}

#[test]
fn the_same_key_gives_the_same_hold() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let wanted = json!({"pattern": "**23", "count": 2});
    let first = hold(&ada, "key-1", wanted.clone());
    assert!(!first.was_replayed());
    let first = first.expect(201);
    for _ in 0..5 {
        assert_repeats(hold(&ada, "key-1", wanted.clone()), &first, 201);
    }
    // In quotes it is the same key, and fields in another order are the same request.
    assert_repeats(
        ada.key("\"key-1\"").send(
            "POST",
            "/lotteries/2026-12-31/holds",
            Some(br#"{"count":2,"pattern":"**23"}"#.to_vec()),
        ),
        &first,
        201,
    );
    assert_eq!(app.books(DAY).held, 2);
    let other = hold(&ada, "key-2", wanted).expect(201);
    assert_ne!(id(&other), id(&first));
    assert_eq!(app.books(DAY).held, 4);
}

#[test]
fn a_key_stands_for_its_request_across_a_restart() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let wanted = json!({"pattern": "1*23"});
    let held = hold(&ada, "key-1", wanted.clone()).expect(201);
    let bought = ada.key("key-2").confirm(id(&held)).expect(200);
    for _ in 0..2 {
        app.restart();
        assert_repeats(hold(&ada, "key-1", wanted.clone()), &held, 201);
        assert_repeats(ada.key("key-2").confirm(id(&held)), &bought, 200);
        hold(&ada, "key-1", json!({"pattern": "1*24"})).refused(422, "idempotency-key-reused");
    }
    assert_eq!(app.books(DAY), TicketBooks { free: 9_999, held: 0, sold: 1 });
}

#[test]
fn a_key_used_for_something_else_is_refused() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    app.lottery("2027-01-31", 1);
    let ada = app.member("ada");
    let first = hold(&ada, "key-1", json!({"pattern": "1*23"})).expect(201);
    let reused = |answer: Answer| answer.refused(422, "idempotency-key-reused");
    reused(hold(&ada, "key-1", json!({"pattern": "1*23", "count": 2})));
    reused(hold(&ada, "key-1", json!({"pattern": "1*23", "ttl_s": 10})));
    // What another slice, another lottery and another call would have done.
    reused(hold(&ada, "key-1", json!({"number": "9999"})));
    reused(hold(&ada, "key-1", json!({"pattern": "****"})));
    reused(ada.key("key-1").hold("2027-01-31", json!({"pattern": "1*23"})));
    reused(ada.key("key-1").confirm(id(&first)));
    reused(ada.key("key-1").extend(id(&first), 600));
    reused(ada.key("key-1").release(id(&first)));
    assert_eq!(app.books(DAY), TicketBooks { free: 9_999, held: 1, sold: 0 });
    assert_eq!(app.books("2027-01-31").held, 0);
}

/// What a key stood for is known again once the slice that answered it is awake.
#[test]
fn a_key_is_refused_for_another_slice_or_lottery_also_after_a_restart() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    app.lottery("2027-01-31", 1);
    let ada = app.member("ada");
    hold(&ada, "key-1", json!({"pattern": "1*23"})).expect(201);
    app.restart();
    assert_eq!(app.books(DAY).held, 1);
    hold(&ada, "key-1", json!({"number": "9999"})).refused(422, "idempotency-key-reused");
    ada.key("key-1")
        .hold("2027-01-31", json!({"pattern": "1*23"}))
        .refused(422, "idempotency-key-reused");
    assert_eq!(app.books(DAY).held, 1);
}

#[test]
fn the_same_key_of_another_caller_is_another_key() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let shop = app.service("shop");
    let callers =
        [app.member("ada"), app.member("bob"), shop.on_behalf_of("ada"), shop.on_behalf_of("bob")];
    let holds: BTreeSet<String> = callers
        .iter()
        .map(|caller| id(&hold(caller, "1", json!({"pattern": "1***"})).expect(201)).to_owned())
        .collect();
    assert_eq!(holds.len(), 4);
    assert_eq!(app.books(DAY).held, 4);
}

#[test]
fn a_refusal_is_decided_anew() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let wanted = json!({"number": "0007"});
    let first = ada.hold(DAY, wanted.clone()).expect(201);
    hold(&bob, "key-1", wanted.clone()).refused(409, "no-match-left");
    ada.release(id(&first)).expect(200);
    let second = hold(&bob, "key-1", wanted.clone());
    assert!(!second.was_replayed());
    let second = second.expect(201);
    assert_repeats(hold(&bob, "key-1", wanted), &second, 201);
}

#[test]
fn an_answer_is_remembered_for_its_window_and_no_longer() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let wanted = json!({"pattern": "1***", "ttl_s": 7200});
    let first = hold(&ada, "key-1", wanted.clone()).expect(201);
    app.pass_s(3599);
    assert_repeats(hold(&ada, "key-1", wanted.clone()), &first, 201);
    app.pass_s(3600);
    let later = hold(&ada, "key-1", wanted);
    assert!(!later.was_replayed());
    assert_ne!(id(&later.expect(201)), id(&first));
}

#[test]
fn the_answer_to_a_hold_that_ended_since_is_still_the_answer() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let wanted = json!({"number": "0007", "ttl_s": 60});
    let first = hold(&ada, "key-1", wanted.clone()).expect(201);
    app.pass_s(60);
    assert_repeats(hold(&ada, "key-1", wanted), &first, 201);
    assert_eq!(app.books(DAY).held, 0);
}

#[test]
fn twenty_at_once_with_one_key_make_one_hold() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    for (key, wanted) in
        [("key-1", json!({"pattern": "****"})), ("key-2", json!({"number": "0007"}))]
    {
        let answers: Vec<Answer> = thread::scope(|scope| {
            let asking: Vec<_> =
                (0..20).map(|_| scope.spawn(|| hold(&ada, key, wanted.clone()))).collect();
            asking.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|answer| !answer.was_replayed()).count(), 1);
        let holds: BTreeSet<String> =
            answers.into_iter().map(|answer| answer.expect(201).to_string()).collect();
        assert_eq!(holds.len(), 1, "{holds:?}");
    }
    assert_eq!(app.books(DAY).held, 2);
}

/// Near the end of a stock, the slice that a key calls home has nothing, and another one gives.
#[test]
fn a_key_finds_its_way_back_when_the_first_slice_had_nothing() {
    let app = TestApp::start_with(|config| config.holds_per_member = 10_000);
    app.lottery(DAY, 1);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    // Of all numbers that end in 23, only those of slice 7 stay free.
    for lead in (0..10).filter(|lead| *lead != 7) {
        bob.hold(
            DAY,
            json!({"pattern": format!("{lead}*23"), "count": 10, "at_least": 10, "ttl_s": 7200}),
        )
        .expect(201);
    }
    let wanted = json!({"pattern": "**23"});
    let firsts: Vec<Value> =
        (0..8).map(|n| hold(&ada, &format!("key-{n}"), wanted.clone()).expect(201)).collect();
    let repeat = || {
        for (n, first) in firsts.iter().enumerate() {
            assert!(numbers(first)[0].starts_with('7'), "{first}");
            assert_repeats(hold(&ada, &format!("key-{n}"), wanted.clone()), first, 201);
            hold(&ada, &format!("key-{n}"), json!({"pattern": "**24"}))
                .refused(422, "idempotency-key-reused");
        }
    };
    repeat();
    app.restart();
    repeat();
    assert_eq!(app.books(DAY).held, 98);
    // Also when the home has something again.
    app.pass_s(301);
    assert_eq!(app.books(DAY).held, 90);
    let released = bob.get("/holds").expect(200);
    released["items"]
        .as_array()
        .unwrap()
        .iter()
        .for_each(|held| drop(bob.release(id(held)).expect(200)));
    repeat();
    assert_eq!(app.books(DAY), TicketBooks { free: 10_000, held: 0, sold: 0 });
}

#[test]
fn the_last_ticket_wherever_it_is_goes_to_one_key() {
    let app = TestApp::start_with(|config| config.holds_per_member = 10_000);
    app.lottery(DAY, 1);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    for lead in 0..10 {
        let count = if lead == 4 { 9 } else { 10 };
        bob.hold(DAY, json!({"pattern": format!("{lead}*23"), "count": count, "at_least": count}))
            .expect(201);
    }
    let wanted = json!({"pattern": "**23"});
    let answers: Vec<Answer> = thread::scope(|scope| {
        let asking: Vec<_> = (0..20)
            .map(|n| {
                scope.spawn({
                    let (ada, wanted) = (&ada, wanted.clone());
                    move || hold(ada, &format!("key-{n}"), wanted)
                })
            })
            .collect();
        asking.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let granted: Vec<usize> = (0..20).filter(|n| answers[*n].status == 201).collect();
    assert_eq!(granted.len(), 1, "{granted:?}");
    assert_eq!(tickets(&answers[granted[0]].body).len(), 1);
    for (n, answer) in answers.into_iter().enumerate() {
        if n == granted[0] {
            assert_repeats(hold(&ada, &format!("key-{n}"), wanted.clone()), &answer.body, 201);
        } else {
            answer.refused(409, "no-match-left");
            hold(&ada, &format!("key-{n}"), wanted.clone()).refused(409, "no-match-left");
        }
    }
    assert_eq!(app.books(DAY).held, 100);
}

#[test]
fn lotteries_are_created_and_refunds_made_once_per_key() {
    let app = TestApp::start();
    let admin = app.admin();
    let plan = json!({"closes_on": DAY, "tickets": {"digits": 4}});
    let first = admin.key("new").post("/lotteries", plan.clone()).expect(201);
    assert_repeats(admin.key("new").post("/lotteries", plan.clone()), &first, 201);
    app.restart();
    assert_repeats(admin.key("new").post("/lotteries", plan), &first, 201);
    admin
        .key("new")
        .post("/lotteries", json!({"closes_on": DAY, "tickets": {"digits": 5}}))
        .refused(422, "idempotency-key-reused");
    admin
        .key("new")
        .post("/lotteries", json!({"closes_on": "2027-01-31", "ballots": true}))
        .refused(422, "idempotency-key-reused");
    app.anybody().get("/lotteries/2027-01-31").refused(404, "not-found");
}

#[test]
fn a_registration_repeated_with_its_key_gives_the_same_member_new_tokens() {
    let app = TestApp::start();
    let body = json!({"username": "ada", "password": harness::PASSWORD});
    let register =
        |key: &str, body: &Value| app.anybody().key(key).post("/auth/register", body.clone());
    let first = register("ada-1", &body).expect(201);
    let again = register("ada-1", &body).expect(200);
    assert_eq!(id(&again["member"]), id(&first["member"]));
    assert_ne!(again["access_token"], first["access_token"]);
    register("ada-2", &body).refused(409, "already-taken");
    register("ada-1", &json!({"username": "ada", "password": "another one altogether"}))
        .refused(422, "idempotency-key-reused");
}

#[test]
fn a_key_makes_one_account_and_is_refused_with_another_body() {
    let app = TestApp::start();
    let admin = app.admin();
    let named = |name: &str| json!({"username": name, "password": harness::PASSWORD});
    app.anybody().key("1").post("/auth/register", named("ada")).expect(201);
    app.anybody()
        .key("1")
        .post("/auth/register", named("bob"))
        .refused(422, "idempotency-key-reused");
    let eve = admin.key("1").post("/users", named("eve")).expect(201);
    admin.key("1").post("/users", named("max")).refused(422, "idempotency-key-reused");
    let again = admin.key("1").post("/users", named("eve"));
    assert!(again.was_replayed());
    assert_eq!(again.expect(201)["id"], eve["id"]);
    let users = admin.get("/users").expect(200);
    let users = users["items"].as_array().unwrap().iter();
    let mut names: Vec<&str> = users.map(|user| user["username"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ada", "admin", "eve"]);
    app.pass_s(i64::from(app.config().idempotency_s) + 1);
    app.anybody().key("1").post("/auth/register", named("bob")).expect(201);
}
