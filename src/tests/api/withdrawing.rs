//! Pools and lotteries that nobody has touched, withdrawn; and those that are arranged under their
//! names next.

use super::events::{listen, next};
use harness::{Answer, Client, TODAY, TestApp, id, numbers};
use serde_json::{Value, json};

const CLOSES: &str = "2026-12-20T18:00:00Z";

fn arrange(app: &TestApp, name: &str, more: Value) -> Value {
    let mut body = json!({"id": name, "closes_at": CLOSES});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.admin().post("/pools", body).expect(201)
}

fn hold(member: &Client, name: &str, pattern: &str, count: u32) -> Answer {
    member.post(&format!("/pools/{name}/holds"), json!({"pattern": pattern, "count": count}))
}

#[test]
fn a_pool_nobody_has_touched_is_withdrawn_and_the_next_of_its_name_has_nothing_of_it() {
    let app = TestApp::start();
    let plan = json!({
        "tickets": {"count": 100_000}, "ballots": true,
        "labels": [{"name": "stalls", "pattern": "0****"}], "per_member": {"held": 1},
    });
    let made = arrange(&app, "gala", plan);
    let (admin, ada) = (app.admin(), app.member("ada"));
    let would = admin.delete("/pools/gala?dry_run=true").expect(200);
    let mut as_it_was = made.clone();
    as_it_was["state"] = json!("withdrawn");
    assert_eq!(would, as_it_was);
    assert_eq!(app.anybody().get("/pools/gala").expect(200), made, "it was only tried");
    assert_eq!(admin.delete("/pools/gala").expect(200), as_it_was);
    for _ in 0..2 {
        for path in ["/pools/gala", "/pools/gala/availability", "/pools/gala/ledger"] {
            app.anybody().get(path).refused(404, "not-found");
        }
        assert_eq!(app.anybody().get("/pools").expect(200)["items"], json!([]));
        hold(&ada, "gala", "*****", 1).refused(404, "not-found");
        ada.post("/pools/gala/ballots", json!({})).refused(404, "not-found");
        admin.post("/pools/gala/close", json!({})).refused(404, "not-found");
        admin.delete("/pools/gala").refused(404, "not-found");
        app.restart();
    }
    // Another stock, other labels, no limits: what is new counts, from the first hold on.
    arrange(&app, "gala", json!({"tickets": {"count": 30}, "ballots": true}));
    let bob = app.member("bob");
    let held = hold(&bob, "gala", "****", 3).expect(201);
    assert_eq!(numbers(&held).len(), 3);
    assert!(numbers(&held).iter().all(|number| number.as_str() < "0030"), "{held}");
    assert!(id(&held).ends_with("_0"), "the first hold of its slice: {held}");
    hold(&bob, "gala", "*****", 1).refused(422, "invalid");
    bob.post("/pools/gala/ballots", json!({})).expect(201);
    for _ in 0..2 {
        let ledger = app.anybody().get("/pools/gala/ledger").expect(200);
        let expected = json!({
            "stock": 30, "free": 27, "held": 3, "sold": 0, "ballots": 1, "imbalance": 0,
        });
        assert_eq!(ledger, expected);
        app.restart();
    }
    admin.delete("/pools/gala").refused(409, "in-use");
    assert_eq!(admin.post("/pools/gala/close", json!({})).expect(200)["state"], "drawn");
    admin.delete("/pools/gala").refused(409, "lottery-closed");
}

#[test]
fn a_day_is_free_again_when_its_lottery_was_withdrawn() {
    let app = TestApp::start();
    let (admin, path) = (app.admin(), format!("/lotteries/{TODAY}"));
    app.lottery(TODAY, 2);
    app.member("ada").delete(&path).refused(403, "forbidden");
    app.anybody().delete(&path).refused(401, "unauthenticated");
    assert_eq!(admin.delete(&path).expect(200)["state"], "withdrawn");
    app.anybody().get(&path).refused(404, "not-found");
    let listed = format!("/lotteries?from={TODAY}");
    assert_eq!(app.anybody().get(&listed).expect(200)["items"], json!([]));
    app.lottery(TODAY, 1);
    assert_eq!(app.books(TODAY).free, 10_000);
    // The other way to it is the same.
    assert_eq!(admin.delete(&format!("/pools/{TODAY}")).expect(200)["state"], "withdrawn");
    app.lottery(TODAY, 3);
    app.pass_s(24 * 3600);
    app.until("it is closed by its instant", || {
        app.anybody().get(&path).expect(200)["state"] == "closed"
    });
    admin.delete(&path).refused(409, "lottery-closed");
}

#[test]
fn a_pool_that_anybody_has_ever_touched_is_not_withdrawn_and_goes_on() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let touch = |name: &str| match name {
        "released" => {
            let held = hold(&ada, name, "*****", 1).expect(201);
            ada.release(id(&held)).expect(200);
        }
        "expired" => {
            hold(&ada, name, "*****", 1).expect(201);
            app.pass_s(3600);
        }
        "ordered" => {
            let held = hold(&ada, name, "*****", 3).expect(201);
            assert!(id(&held).starts_with("o_"), "{held}");
            ada.release(id(&held)).expect(200);
        }
        _ => drop(ada.post(&format!("/pools/{name}/ballots"), json!({})).expect(201)),
    };
    let names = ["released", "expired", "ordered", "submitted"];
    for name in names {
        arrange(&app, name, json!({"tickets": {"count": 50_000}, "ballots": true}));
        touch(name);
    }
    for _ in 0..2 {
        for name in names {
            let path = format!("/pools/{name}");
            admin.delete(&format!("{path}?dry_run=true")).refused(409, "in-use");
            let told = admin.delete(&path).refused(409, "in-use");
            assert!(told["detail"].as_str().is_some_and(|why| why.contains("held")), "{told}");
            assert_eq!(app.anybody().get(&path).expect(200)["state"], "open");
            let held = hold(&ada, name, "*****", 3).expect(201);
            ada.release(id(&held)).expect(200);
        }
        app.restart();
    }
    for name in names {
        admin.post(&format!("/pools/{name}/close"), json!({})).expect(200);
        admin.delete(&format!("/pools/{name}")).refused(409, "lottery-closed");
    }
}

#[test]
fn a_withdrawal_is_told_and_answers_its_key_again_when_the_name_has_another_pool() {
    let app = TestApp::start();
    let admin = app.admin();
    arrange(&app, "gala", json!({"tickets": {"count": 5}}));
    let mut lines = listen(&admin, &app, None);
    let once = admin.key("k").delete("/pools/gala").expect(200);
    let (_, kind, event) = next(&mut lines).unwrap();
    assert_eq!((kind.as_str(), &event["data"]["lottery"]), ("lottery.withdrawn", &json!("gala")));
    arrange(&app, "gala", json!({"tickets": {"count": 7}}));
    for _ in 0..2 {
        let again = admin.key("k").delete("/pools/gala");
        assert!(again.was_replayed());
        assert_eq!(again.expect(200), once);
        assert_eq!(app.anybody().get("/pools/gala/ledger").expect(200)["stock"], 7);
        app.restart();
    }
}
