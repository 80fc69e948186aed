//! Holds: taken by pattern or number, then confirmed, extended or released, and nobody else's
//! meanwhile.

use crate::campaigns::with;
use harness::{Client, TestApp, TicketBooks, id, numbers, pointers, tickets};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";

#[test]
fn a_hold_by_pattern_gives_tickets_that_match_and_confirming_it_buys_them() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    assert_eq!(app.books(DAY), TicketBooks { free: 10_000, held: 0, sold: 0 });

    let held = ada.hold(DAY, json!({"pattern": "**23", "count": 2})).expect(201);
    assert!(
        numbers(&held).iter().all(|number| number.len() == 4 && number.ends_with("23")),
        "{held}"
    );
    assert_eq!(
        (&held["lottery"], &held["state"], &held["expires_at"]),
        (&json!(DAY), &json!("held"), &json!("2026-12-01T12:05:00.000Z"))
    );
    assert_eq!(ada.get(&format!("/holds/{}", id(&held))).expect(200), held);
    assert_eq!(app.books(DAY), TicketBooks { free: 9_998, held: 2, sold: 0 });

    let bought = ada.confirm(id(&held)).expect(200);
    assert_eq!((&bought["state"], &bought["expires_at"]), (&json!("confirmed"), &Value::Null));
    assert_eq!(bought["tickets"], held["tickets"]);
    assert_eq!(app.books(DAY), TicketBooks { free: 9_998, held: 0, sold: 2 });
}

#[test]
fn a_hold_by_number_gives_that_number_and_the_next_one_comes_too_late() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let held = app.member("ada").hold(DAY, json!({"number": "0023"})).expect(201);
    assert_eq!(numbers(&held), ["0023"]);
    let bob = app.member("bob");
    bob.hold(DAY, json!({"number": "0023"})).refused(409, "no-match-left");
    bob.hold(DAY, json!({"pattern": "0023"})).refused(409, "no-match-left");
    assert_eq!(app.books(DAY), TicketBooks { free: 9_999, held: 1, sold: 0 });
}

#[test]
fn every_copy_of_a_number_is_a_ticket_of_its_own() {
    let app = TestApp::start();
    app.lottery(DAY, 3);
    let ada = app.member("ada");
    let mut seen = tickets(&ada.hold(DAY, json!({"number": "0042", "count": 2})).expect(201));
    seen.extend(tickets(&ada.hold(DAY, json!({"number": "0042", "count": 10})).expect(201)));
    seen.sort();
    assert_eq!(seen, ["t_20261231_0042_1", "t_20261231_0042_2", "t_20261231_0042_3"]);
    ada.hold(DAY, json!({"number": "0042"})).refused(409, "no-match-left");
}

#[test]
fn count_is_at_most_and_at_least_refuses_fewer() {
    let app = TestApp::start();
    app.lottery(DAY, 3);
    let ada = app.member("ada");
    let refused = ada
        .hold(DAY, json!({"number": "0042", "count": 5, "at_least": 4}))
        .refused(409, "no-match-left");
    assert_eq!(refused["retry"], "later");
    assert_eq!(app.books(DAY).held, 0);
    let held = ada.hold(DAY, json!({"number": "0042", "count": 5, "at_least": 3})).expect(201);
    assert_eq!(numbers(&held).len(), 3);
    let refused = ada
        .hold(DAY, json!({"pattern": "****", "count": 2, "at_least": 3}))
        .refused(422, "invalid");
    assert_eq!(pointers(&refused), ["/at_least"]);
}

#[test]
fn a_hold_lives_in_one_slice() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let held = app.member("ada").hold(DAY, json!({"pattern": "****", "count": 10})).expect(201);
    let leads: std::collections::BTreeSet<char> =
        numbers(&held).iter().map(|number| number.chars().next().unwrap()).collect();
    assert_eq!((numbers(&held).len(), leads.len()), (10, 1));
}

#[test]
fn a_confirmed_hold_answers_the_same_for_ever() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let held = ada.hold(DAY, json!({"pattern": "7***"})).expect(201);
    let bought = ada.confirm(id(&held)).expect(200);
    assert_eq!(ada.confirm(id(&held)).expect(200), bought);
    app.restart();
    assert_eq!(ada.confirm(id(&held)).expect(200), bought);
    assert_eq!(ada.get(&format!("/holds/{}", id(&held))).expect(200), bought);
    app.pass_s(8 * 3600);
    assert_eq!(ada.confirm(id(&held)).expect(200), bought);
    app.admin().post("/lotteries/2026-12-31/close", json!({})).expect(200);
    assert_eq!(ada.confirm(id(&held)).expect(200), bought);
    assert_eq!(app.books(DAY).sold, 1);
}

#[test]
fn a_confirmed_hold_is_neither_extended_nor_released() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let held = ada.hold(DAY, json!({"pattern": "7***"})).expect(201);
    ada.confirm(id(&held)).expect(200);
    ada.extend(id(&held), 600).refused(409, "hold-confirmed");
    ada.release(id(&held)).refused(409, "hold-confirmed");
    assert_eq!(app.books(DAY).sold, 1);
}

#[test]
fn a_released_hold_gives_its_tickets_back_at_once() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let held = ada.hold(DAY, json!({"number": "1234"})).expect(201);
    let released = ada.release(id(&held)).expect(200);
    assert_eq!(released, json!({"id": id(&held), "state": "released", "expires_at": null}));
    assert_eq!(app.books(DAY), TicketBooks { free: 10_000, held: 0, sold: 0 });
    assert_eq!(numbers(&bob.hold(DAY, json!({"number": "1234"})).expect(201)), ["1234"]);
    assert_eq!(ada.release(id(&held)).expect(200), released);
    ada.confirm(id(&held)).refused(409, "hold-released");
    ada.extend(id(&held), 600).refused(409, "hold-released");
    app.restart();
    ada.confirm(id(&held)).refused(409, "hold-released");
    assert_eq!(app.books(DAY), TicketBooks { free: 9_999, held: 1, sold: 0 });
}

#[test]
fn a_hold_is_extended_up_to_two_hours_after_it_began() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let held = ada.hold(DAY, json!({"pattern": "1***", "ttl_s": 60})).expect(201);
    assert_eq!(held["expires_at"], "2026-12-01T12:01:00.000Z");
    let extended = ada.extend(id(&held), 3600).expect(200);
    assert_eq!(
        extended,
        json!({"id": id(&held), "state": "held", "expires_at": "2026-12-01T13:00:00.000Z"})
    );
    // Less than it has already is no reason to take something away.
    assert_eq!(ada.extend(id(&held), 10).expect(200), extended);
    app.pass_s(3599);
    assert_eq!(ada.extend(id(&held), 7200).expect(200)["expires_at"], "2026-12-01T14:00:00.000Z");
    ada.extend(id(&held), 7200).refused(409, "hold-extended-to-the-limit");
    app.restart();
    ada.extend(id(&held), 7200).refused(409, "hold-extended-to-the-limit");
    app.pass_s(3601);
    ada.extend(id(&held), 60).refused(409, "hold-expired");
    assert_eq!(app.books(DAY).held, 0);
}

#[test]
fn how_long_a_hold_may_last_is_limited() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    for ttl_s in [0, 7201] {
        let refused =
            ada.hold(DAY, json!({"pattern": "****", "ttl_s": ttl_s})).refused(422, "invalid");
        assert_eq!(pointers(&refused), ["/ttl_s"]);
    }
    let held = ada.hold(DAY, json!({"pattern": "****", "ttl_s": 7200})).expect(201);
    for ttl_s in [0, 7201] {
        ada.extend(id(&held), ttl_s).refused(422, "invalid");
    }
    assert_eq!(app.books(DAY).held, 1);
}

#[test]
fn nobody_but_its_owner_and_administrators_touch_a_hold() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let held = ada.hold(DAY, json!({"pattern": "****"})).expect(201);
    let path = format!("/holds/{}", id(&held));
    bob.get(&path).refused(404, "not-found");
    bob.confirm(id(&held)).refused(404, "not-found");
    bob.extend(id(&held), 600).refused(404, "not-found");
    bob.release(id(&held)).refused(404, "not-found");
    assert_eq!(app.books(DAY).held, 1);
    assert_eq!(app.admin().get(&path).expect(200), held);
    app.admin().release(id(&held)).expect(200);
    assert_eq!(app.books(DAY).held, 0);
}

/// Everything a member may do with a hold, and what it is answered: no two may differ in more than
/// the id of the request.
fn told(client: &Client, hold: &str) -> Vec<Value> {
    let answers = [
        client.get(&format!("/holds/{hold}")),
        client.confirm(hold),
        client.extend(hold, 60),
        client.release(hold),
    ];
    answers
        .into_iter()
        .map(|answer| with(answer.refused(404, "not-found"), json!({"request_id": null})))
        .collect()
}

#[test]
fn somebody_elses_hold_is_answered_like_one_that_never_was_whatever_became_of_it() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let number =
        |n: u32| id(&ada.hold(DAY, json!({"number": format!("000{n}")})).expect(201)).to_owned();
    let (live, sold, released, expired) = (number(0), number(1), number(2), number(3));
    ada.confirm(&sold).expect(200);
    ada.release(&released).expect(200);
    app.pass_s(290);
    ada.extend(&live, 600).expect(200);
    app.pass_s(20);
    ada.confirm(&expired).refused(409, "hold-expired");
    for _ in 0..2 {
        let never = told(&bob, "h_20261231_4_0_4");
        for hold in [&live, &sold, &released, &expired] {
            assert_eq!(told(&bob, hold), never, "{hold}");
        }
        app.restart();
    }
    ada.confirm(&released).refused(409, "hold-released");
    app.admin().confirm(&expired).refused(409, "hold-expired");
}

#[test]
fn a_member_holds_only_so_many_tickets_of_a_slice() {
    let app = TestApp::start_with(|config| config.holds_per_member = 3);
    app.lottery(DAY, 1);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let first = ada.hold(DAY, json!({"pattern": "1***", "count": 2})).expect(201);
    assert_eq!(
        numbers(&ada.hold(DAY, json!({"pattern": "1***", "count": 2})).expect(201)).len(),
        1
    );
    ada.hold(DAY, json!({"pattern": "1***"})).refused(409, "hold-limit-reached");
    bob.hold(DAY, json!({"pattern": "1***", "count": 3, "at_least": 3})).expect(201);
    ada.hold(DAY, json!({"pattern": "2***", "count": 3, "at_least": 3})).expect(201);
    app.restart();
    ada.hold(DAY, json!({"pattern": "1***"})).refused(409, "hold-limit-reached");
    // What is bought is no longer held.
    ada.confirm(id(&first)).expect(200);
    assert_eq!(
        numbers(&ada.hold(DAY, json!({"pattern": "1***", "count": 9})).expect(201)).len(),
        2
    );
    assert_eq!(app.books(DAY), TicketBooks { free: 9_989, held: 9, sold: 2 });
}

#[test]
fn seven_digits_are_a_hundred_slices_and_otherwise_the_same() {
    let app = TestApp::start();
    let made = app
        .admin()
        .post("/lotteries", json!({"closes_on": DAY, "tickets": {"digits": 7, "copies": 1}}))
        .expect(201);
    assert_eq!(
        (&made["tickets"]["slices"], &made["tickets"]["stock"]),
        (&json!(100), &json!(10_000_000))
    );
    let ada = app.member("ada");
    let exact = ada.hold(DAY, json!({"number": "0123456"})).expect(201);
    assert_eq!(tickets(&exact), ["t_20261231_0123456_1"]);
    ada.hold(DAY, json!({"number": "0123456"})).refused(409, "no-match-left");
    let open = ada.hold(DAY, json!({"pattern": "*12*45*", "count": 10})).expect(201);
    assert!(
        numbers(&open).iter().all(|number| number[1..3] == *"12" && number[4..6] == *"45"),
        "{open}"
    );
    ada.confirm(id(&exact)).expect(200);
    app.restart();
    let held = numbers(&open).len() as u64;
    assert_eq!(app.books(DAY), TicketBooks { free: 9_999_999 - held, held, sold: 1 });
}

#[test]
fn services_hold_for_members_of_their_own_who_are_strangers_to_each_other() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (shop, bank) = (app.service("shop"), app.service("bank"));
    let held = shop.on_behalf_of("customer-7").hold(DAY, json!({"number": "0007"})).expect(201);
    shop.on_behalf_of("customer-8").confirm(id(&held)).refused(404, "not-found");
    bank.on_behalf_of("customer-7").confirm(id(&held)).refused(404, "not-found");
    shop.on_behalf_of("customer-7").confirm(id(&held)).expect(200);
    // Another key of the same service acts for the same members.
    app.restart();
    let rotated = app.service("shop").on_behalf_of("customer-7").get("/tickets").expect(200);
    assert_eq!(rotated["items"][0]["number"], "0007");
    assert_eq!(bank.on_behalf_of("customer-7").get("/tickets").expect(200)["items"], json!([]));
}
