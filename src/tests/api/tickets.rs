//! Tickets: looking for them holds nothing, and a sold one can be taken back by an administrator.

use harness::{TestApp, TicketBooks, id, numbers, pointers, tickets};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const DAY: &str = "2026-12-31";

#[test]
fn looking_says_how_many_match_and_shows_some_and_holds_nothing() {
    let app = TestApp::start();
    app.lottery(DAY, 2);
    let look = |pattern: &str| {
        app.anybody().get(&format!("/lotteries/{DAY}/tickets?pattern={pattern}")).expect(200)
    };
    let found = look("**23");
    assert_eq!(
        (&found["pattern"], &found["matching"], &found["free"]),
        (&json!("**23"), &json!(200), &json!(200))
    );
    let sample = found["sample"].as_array().unwrap();
    let distinct: BTreeSet<String> = sample.iter().map(ToString::to_string).collect();
    assert_eq!((sample.len(), distinct.len()), (10, 10));
    assert!(
        sample.iter().all(|ticket| ticket["number"].as_str().unwrap().ends_with("23")),
        "{found}"
    );
    assert_eq!(look("****")["free"], 20_000);
    assert_eq!(look("1234")["sample"].as_array().unwrap().len(), 2);
    assert_eq!(app.books(DAY), TicketBooks { free: 20_000, held: 0, sold: 0 });
}

#[test]
fn what_is_held_or_sold_is_no_longer_shown_as_free() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let look = || app.anybody().get("/lotteries/2026-12-31/tickets?pattern=123*").expect(200);
    ada.hold(DAY, json!({"pattern": "123*", "count": 4, "at_least": 4})).expect(201);
    let bought = ada.hold(DAY, json!({"pattern": "123*", "count": 5, "at_least": 5})).expect(201);
    ada.confirm(id(&bought)).expect(200);
    let found = look();
    assert_eq!((&found["matching"], &found["free"]), (&json!(10), &json!(1)));
    assert_eq!(found["sample"].as_array().unwrap().len(), 1);
    app.pass_s(300);
    assert_eq!(look()["free"], 5);
    app.restart();
    assert_eq!(look()["free"], 5);
}

#[test]
fn a_pattern_that_fits_no_number_is_refused_where_it_stands() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    for pattern in ["", "***", "*****", "12a4", "12.4", "%20123", "١٢٣٤", "1%002"] {
        let refused = app
            .anybody()
            .get(&format!("/lotteries/{DAY}/tickets?pattern={}", percent(pattern)))
            .refused(422, "invalid");
        assert_eq!(pointers(&refused), ["?pattern"], "{pattern}");
    }
    app.anybody().get("/lotteries/2026-12-31/tickets").refused(422, "invalid");
}

/// What is not ASCII, as a query string has it.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii() { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[test]
fn a_refunded_ticket_is_free_again_and_off_the_list_of_its_buyer() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let held = ada.hold(DAY, json!({"pattern": "123*", "count": 2, "at_least": 2})).expect(201);
    ada.confirm(id(&held)).expect(200);
    let bought = tickets(&held);
    let refunded =
        app.admin().post(&format!("/tickets/{}/refund", bought[0]), json!({})).expect(200);
    assert_eq!(refunded, json!({"id": bought[0], "state": "refunded"}));
    assert_eq!(app.books(DAY), TicketBooks { free: 9_999, held: 0, sold: 1 });
    let left = ada.get("/tickets").expect(200);
    assert_eq!(
        (left["items"].as_array().unwrap().len(), id(&left["items"][0])),
        (1, bought[1].as_str())
    );

    app.restart();
    app.admin().post(&format!("/tickets/{}/refund", bought[0]), json!({})).refused(409, "not-sold");
    let again = bob.hold(DAY, json!({"number": numbers(&held)[0]})).expect(201);
    app.admin().post(&format!("/tickets/{}/refund", bought[0]), json!({})).refused(409, "not-sold");
    bob.confirm(id(&again)).expect(200);
    assert_eq!(app.books(DAY), TicketBooks { free: 9_998, held: 0, sold: 2 });
}

#[test]
fn a_refund_repeated_with_its_key_takes_back_nothing_that_was_sold_since() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let buy = || {
        let held = ada.hold(DAY, json!({"number": "0007"})).expect(201);
        ada.confirm(id(&held)).expect(200);
    };
    let refund =
        || app.admin().key("refund-7").post("/tickets/t_20261231_0007_1/refund", json!({}));
    buy();
    assert!(!refund().was_replayed());
    buy();
    let repeated = refund();
    assert!(repeated.was_replayed());
    repeated.expect(200);
    assert_eq!(app.books(DAY).sold, 1);
}

#[test]
fn only_an_administrator_refunds_and_only_what_is_sold() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let held = ada.hold(DAY, json!({"number": "0007"})).expect(201);
    let refund = |ticket: &str| app.admin().post(&format!("/tickets/{ticket}/refund"), json!({}));
    refund("t_20261231_0007_1").refused(409, "not-sold");
    ada.confirm(id(&held)).expect(200);
    ada.post("/tickets/t_20261231_0007_1/refund", json!({})).refused(403, "forbidden");
    refund("t_20261231_0008_1").refused(409, "not-sold");
    refund("t_20261231_0007_2").refused(404, "not-found");
    refund("t_20261231_0007_0").refused(404, "not-found");
    refund("t_20261231_00007_1").refused(404, "not-found");
    refund("t_20270101_0007_1").refused(404, "not-found");
    refund("nonsense").refused(404, "not-found");
    assert_eq!(app.books(DAY).sold, 1);
    refund("t_20261231_0007_1").expect(200);
    assert_eq!(app.books(DAY).sold, 0);
}

#[test]
fn a_flood_that_looks_for_tickets_keeps_nobody_from_holding_them() {
    let app = TestApp::start_with(|config| config.in_flight = 500);
    app.admin().post("/lotteries", json!({"closes_on": DAY, "tickets": {"digits": 7}})).expect(201);
    let (ada, looked) = (app.member("ada"), AtomicUsize::new(0));
    let path = format!("/lotteries/{DAY}/tickets?pattern=*****77");
    thread::scope(|scope| {
        let look = || {
            (0..20).for_each(|_| {
                app.anybody().get(&path).expect(200);
                looked.fetch_add(1, Ordering::Relaxed);
            });
        };
        (0..40).for_each(|_| drop(scope.spawn(look)));
        while looked.load(Ordering::Relaxed) < 700 {
            let held = ada.hold(DAY, json!({"pattern": "1234***"})).expect(201);
            ada.release(id(&held)).expect(200);
        }
    });
}
