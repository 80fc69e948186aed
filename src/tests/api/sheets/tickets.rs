//! Sheets of holds and their confirmations.

use super::{all_fared, answers};
use harness::{Client, TestApp, TicketBooks, id};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";
const CONFIRM: &str = "/holds/confirm:batch";

/// The id of a hold of that member.
fn hold(shop: &Client, member: &str) -> String {
    let held = shop.on_behalf_of(member).hold(DAY, json!({"pattern": "****"})).expect(201);
    id(&held).to_owned()
}

fn line(member: &str, hold: &str) -> Value {
    json!({"member": member, "id": hold})
}

#[test]
fn holds_are_confirmed_line_by_line_and_somebody_elses_is_not_there() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let shop = app.service("shop");
    let (one, two, three) = (hold(&shop, "m1"), hold(&shop, "m2"), hold(&shop, "m3"));
    shop.on_behalf_of("m3").release(&three).expect(200);
    let lines = vec![
        line("m1", &one),
        line("m1", &two),
        line("m3", &three),
        line("m1", "none-such"),
        line("m2", &two),
    ];
    let answered = answers(&shop, CONFIRM, lines);
    assert_eq!(
        all_fared(&answered),
        [(200, ""), (404, "not-found"), (409, "hold-released"), (404, "not-found"), (200, "")]
    );
    assert_eq!(answered[0]["body"], shop.on_behalf_of("m1").confirm(&one).expect(200));
    assert_eq!(app.books(DAY), TicketBooks { free: 9_998, held: 0, sold: 2 });
}
