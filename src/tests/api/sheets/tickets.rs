//! Sheets of holds and their confirmations.

use super::{all_fared, answers};
use harness::{Client, TestApp, TicketBooks, id, numbers};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::thread;

const DAY: &str = "2026-12-31";
const CONFIRM: &str = "/holds/confirm:batch";

/// The id of a hold of that member.
fn hold(shop: &Client, member: &str) -> String {
    let held = shop.on_behalf_of(member).hold(DAY, json!({"pattern": "****"})).expect(201);
    id(&held).to_owned()
}

fn held(answers: &[Value]) -> Vec<String> {
    let held = answers.iter().filter(|line| line["body"].is_object());
    held.flat_map(|line| numbers(&line["body"])).collect()
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

#[test]
fn every_line_holds_tickets_of_its_own() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let shop = app.service("shop");
    let path = format!("/lotteries/{DAY}/holds:batch");
    let line = |member: &str, body: Value| json!({"member": member, "body": body});
    let lines = vec![
        line("m1", json!({"pattern": "*****"})),
        line("m2", json!({"pattern": "1***", "count": 2})),
        line("m3", json!({"number": "0007"})),
        json!({"member": "m4"}),
    ];
    let answered = answers(&shop, &path, lines);
    assert_eq!(all_fared(&answered), [(422, "invalid"), (201, ""), (201, ""), (422, "invalid")]);
    assert_eq!(harness::pointers(&answered[0]["problem"]), ["/pattern"]);
    assert_eq!(held(&answered).len(), 3);
    let taken = answers(&shop, &path, vec![line("m4", json!({"number": "0007"}))]);
    assert_eq!(all_fared(&taken), [(409, "no-match-left")]);
    let anybody = vec![json!({"body": {"number": "0008"}})];
    assert_eq!(all_fared(&answers(&shop, &path, anybody.clone())), [(403, "forbidden")]);
    // Whoever runs promotions holds for themselves, as alone.
    assert_eq!(all_fared(&answers(&app.admin(), &path, anybody)), [(201, "")]);
    assert_eq!(app.books(DAY), TicketBooks { free: 9_996, held: 4, sold: 0 });
}

#[test]
fn a_crowd_of_sheets_never_holds_a_ticket_twice() {
    const SHEETS: usize = 6;
    const LINES: usize = 25;
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let shop = app.service("shop");
    let path = format!("/lotteries/{DAY}/holds:batch");
    // There are a hundred that match.
    let lines = |sheet: usize| -> Vec<Value> {
        let of = |line| json!({"member": format!("m{sheet}-{line}"), "body": {"pattern": "77**"}});
        (0..LINES).map(of).collect()
    };
    let answered = thread::scope(|scope| {
        let send = |sheet| {
            let (shop, path, lines) = (&shop, &path, lines(sheet));
            scope.spawn(move || answers(shop, path, lines))
        };
        let sent: Vec<_> = (0..SHEETS).map(send).collect();
        sent.into_iter().flat_map(|sent| sent.join().unwrap()).collect::<Vec<Value>>()
    });
    let held = held(&answered);
    let different: BTreeSet<&String> = held.iter().collect();
    assert_eq!((held.len(), different.len()), (100, 100));
    let refused = answered.iter().filter(|line| line["status"] == 409).count();
    assert_eq!(refused, SHEETS * LINES - 100);
    assert_eq!(app.books(DAY), TicketBooks { free: 9_900, held: 100, sold: 0 });
    app.stop();
    assert!(app.verified().is_ok());
}
