//! Thirty-two submit while twenty close: each ballot that was taken is drawn from, each that was
//! refused is not, and all hear of one winner.

use harness::{Client, TestApp, id};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const CROWD: usize = 32;
const CLOSERS: usize = 20;
const ROUNDS: usize = 12;
/// The crowd has so many ballots when the closing begins.
const BEFORE: usize = 100;

/// Submits until he is refused. Answers what was taken.
fn submit(client: &Client, day: &str, taken: &AtomicUsize) -> Vec<String> {
    let mut mine = Vec::new();
    loop {
        let answer = client.submit(day);
        if answer.status == 409 {
            answer.refused(409, "lottery-closed");
            return mine;
        }
        mine.push(id(&answer.expect(201)).to_owned());
        taken.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn each_ballot_that_was_taken_is_drawn_from_and_twenty_who_close_announce_the_same_winner() {
    let app = TestApp::start();
    let crowd: Vec<Client> = (0..CROWD).map(|n| app.member(&format!("member-{n}"))).collect();
    let admin = app.admin();
    for round in 0..ROUNDS {
        let day = format!("2027-01-{:02}", round + 1);
        app.ballots(&day, json!({"winners": 2, "reserves": 1}));
        let taken = AtomicUsize::new(0);
        let (mine, closed): (Vec<String>, Vec<Value>) = thread::scope(|scope| {
            let submitting: Vec<_> =
                crowd.iter().map(|client| scope.spawn(|| submit(client, &day, &taken))).collect();
            while taken.load(Ordering::SeqCst) < BEFORE {
                thread::yield_now();
            }
            let close = || {
                (
                    admin.post(&format!("/lotteries/{day}/close"), json!({})).expect(200),
                    app.anybody().get(&format!("/lotteries/{day}/winner")).expect(200),
                )
            };
            let closing: Vec<_> = (0..CLOSERS).map(|_| scope.spawn(close)).collect();
            let closed = closing
                .into_iter()
                .map(|one| one.join().unwrap())
                .map(|(closed, winner)| json!([closed, winner]))
                .collect();
            (submitting.into_iter().flat_map(|one| one.join().unwrap()).collect(), closed)
        });
        assert!(
            closed.iter().all(|one| *one == closed[0] && one[0]["state"] == "drawn"),
            "{closed:?}"
        );
        let taken: BTreeSet<String> = mine.iter().cloned().collect();
        assert_eq!(taken.len(), mine.len(), "no ballot is had twice");
        let counted = admin.all(&format!("/lotteries/{day}/ballots"));
        assert_eq!(counted.iter().map(|line| id(line).to_owned()).collect::<BTreeSet<_>>(), taken);
        assert!(
            taken.contains(closed[0][1]["winner"]["ballot"].as_str().unwrap()),
            "{}",
            closed[0]
        );
    }
    app.stop();
    app.verified().unwrap();
}
