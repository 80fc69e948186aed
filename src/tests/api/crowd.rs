//! A crowd of 64 with overlapping patterns takes a lottery to its last ticket, and every ticket is
//! had once.

use actors::dice::Dice;
use harness::{Answer, Client, TestApp, TicketBooks, id, tickets};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Mutex;
use std::thread;

const DAY: &str = "2026-12-31";
const CROWD: u64 = 64;

/// Patterns of one client: each overlaps with those of many others, and the last has everything.
fn patterns(client: u64) -> [String; 4] {
    let digit = client % 10;
    [
        format!("*{digit}**"),
        format!("**{}*", client / 7 % 10),
        format!("{}***", client / 10),
        "****".to_owned(),
    ]
}

/// One client: takes what his patterns give until even `****` has nothing left. Returns the tickets
/// he bought.
fn drain(client: &Client, me: u64, give_back: bool) -> Vec<String> {
    let mut dice = Dice::new(me);
    let mut bought = Vec::new();
    let mut wish = 0;
    let patterns = patterns(me);
    for turn in 0.. {
        let pattern = &patterns[wish];
        let body = json!({"pattern": pattern, "count": 1 + dice.below(10)});
        let answer = if me.is_multiple_of(2) {
            keyed(client, &format!("{me}-{turn}"), body, &mut dice)
        } else {
            client.hold(DAY, body)
        };
        if answer.status == 409 {
            answer.refused(409, "no-match-left");
            wish += 1;
            if wish == patterns.len() {
                break;
            }
            continue;
        }
        let held = answer.expect(201);
        if give_back && dice.below(4) == 0 {
            client.release(id(&held)).expect(200);
        } else {
            client.confirm(id(&held)).expect(200);
            bought.extend(tickets(&held));
        }
    }
    bought
}

/// A request that is repeated at times, and then answered alike.
fn keyed(client: &Client, key: &str, body: serde_json::Value, dice: &mut Dice) -> Answer {
    let first = client.key(key).hold(DAY, body.clone());
    for _ in 0..dice.below(3) {
        let again = client.key(key).hold(DAY, body.clone());
        if first.status == 201 {
            assert!(again.was_replayed(), "{}", again.text);
            assert_eq!((again.status, &again.body), (201, &first.body));
        } else if again.status == 201 {
            // A refusal is decided anew, and what somebody gave back meanwhile can be had.
            return again;
        }
    }
    first
}

/// Every ticket with its buyer; that nobody else has it is checked here.
fn crowd_drains(app: &TestApp, give_back: bool) -> HashMap<String, u64> {
    let members: Vec<Client> = (0..CROWD).map(|n| app.member(&format!("member-{n}"))).collect();
    let owners = Mutex::new(HashMap::new());
    thread::scope(|scope| {
        for (me, client) in members.iter().enumerate() {
            let owners = &owners;
            scope.spawn(move || {
                for ticket in drain(client, me as u64, give_back) {
                    let before = owners.lock().unwrap().insert(ticket.clone(), me as u64);
                    assert_eq!(before, None, "{ticket} was had twice");
                }
            });
        }
    });
    owners.into_inner().unwrap()
}

#[test]
fn a_crowd_with_overlapping_patterns_gets_every_ticket_exactly_once() {
    let app = TestApp::start_with(|config| config.holds_per_member = 10_000);
    app.lottery(DAY, 2);
    let owners = crowd_drains(&app, false);
    assert_eq!(owners.len(), 20_000);
    assert_eq!(app.books(DAY), TicketBooks { free: 0, held: 0, sold: 20_000 });
    let late = app.member("late");
    for pattern in ["****", "*7**", "1***", "1234"] {
        late.hold(DAY, json!({"pattern": pattern})).refused(409, "no-match-left");
        late.key("late").hold(DAY, json!({"pattern": pattern})).refused(409, "no-match-left");
    }
    app.restart();
    assert_eq!(app.books(DAY), TicketBooks { free: 0, held: 0, sold: 20_000 });
    late.hold(DAY, json!({"pattern": "****"})).refused(409, "no-match-left");
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn a_crowd_that_gives_back_and_lets_expire_never_has_a_ticket_twice() {
    let app = TestApp::start_with(|config| config.holds_per_member = 10_000);
    app.lottery(DAY, 1);
    // Somebody holds a good part of it, and forgets about it.
    let sleepy = app.member("sleepy");
    for _ in 0..100 {
        sleepy.hold(DAY, json!({"pattern": "***7", "count": 10, "ttl_s": 60})).expect(201);
    }
    let forgotten = app.books(DAY).held;
    let mut owners = crowd_drains(&app, true);
    // Whoever left early may have missed what another gave back later.
    let sold = owners.len() as u64;
    assert_eq!(
        app.books(DAY),
        TicketBooks { free: 10_000 - forgotten - sold, held: forgotten, sold }
    );
    app.pass_s(60);
    assert_eq!(app.books(DAY), TicketBooks { free: 10_000 - sold, held: 0, sold });
    let last = app.member("last");
    for ticket in drain(&last, CROWD, false) {
        assert_eq!(owners.insert(ticket.clone(), CROWD), None, "{ticket} was had twice");
    }
    assert_eq!(owners.len(), 10_000);
    assert_eq!(app.books(DAY), TicketBooks { free: 0, held: 0, sold: 10_000 });
}
