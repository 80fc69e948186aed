//! Whatever befalls the nodes: nothing is lost, nothing doubled, nobody refused falsely, and
//! everybody is told in the end.

use super::told::{all_are_told_the_same_again, all_ask, granted, refused};
use super::town::Town;
use harness::DAY;
use harness::database::database;
use serde_json::json;
use std::collections::BTreeSet;
use std::thread;

#[test]
fn three_nodes_drain_a_lottery_and_a_campaign_exactly_while_one_is_killed_and_started_again() {
    let Some(database) = database() else { return };
    let mut town = Town::of(3, database);
    town.lottery();
    let campaign = town.campaign(100);
    let holders = town.crowd();
    let claimers = holders.another();
    let (held, claimed) = thread::scope(|scope| {
        let claims = scope.spawn(|| all_ask(150, |n| claimers.claim(n, &campaign), || {}));
        let held = all_ask(
            150,
            |n| holders.hold(n, "12**"),
            || {
                holders.wait_until_told(30);
                town.kill(2);
                holders.wait_until_told(60);
                town.start(2);
            },
        );
        (held, claims.join().unwrap())
    });

    assert_eq!((granted(&held).len(), refused(&held, "no-match-left")), (100, 50));
    let ranks: BTreeSet<u64> =
        claimed.iter().filter_map(|told| told.body["rank"].as_u64()).collect();
    assert_eq!((ranks, refused(&claimed, "sold-out")), ((1..=100).collect(), 50));
    assert_eq!(town.ledger()["held"], 100);
    all_are_told_the_same_again(&held, |n| holders.hold(n, "12**"));
    let verified = town.verify();
    assert!(verified.contains("in order"), "{verified}");
}

#[test]
fn an_owner_that_wakes_up_after_it_was_taken_over_writes_nothing_and_refuses_nobody_falsely() {
    let Some(database) = database() else { return };
    let mut town = Town::of(2, database);
    town.lottery();
    let crowd = town.crowd();
    // Every pattern begins with a digit, so each of the ten slices is asked, whoever owns it.
    let pattern = |n: usize| format!("{}***", n % 10);
    let told = all_ask(
        240,
        |n| crowd.hold(n, &pattern(n)),
        || {
            crowd.wait_until_told(40);
            town.node(1).signal("STOP");
            crowd.wait_until_told(120);
            town.node(1).signal("CONT");
        },
    );
    assert_eq!(granted(&told).len(), 240, "there is enough for all, so nobody is refused");
    assert_eq!(town.ledger()["held"], 240);
    all_are_told_the_same_again(&told, |n| crowd.hold(n, &pattern(n)));
    town.verify();
}

#[test]
fn a_rolling_restart_under_load_is_noticed_by_nobody_who_repeats_his_key() {
    let Some(database) = database() else { return };
    let mut town = Town::of(3, database);
    town.lottery();
    let crowd = town.crowd();
    let pattern = |n: usize| format!("{}***", n % 10);
    let told = all_ask(
        300,
        |n| crowd.hold(n, &pattern(n)),
        || {
            for node in 0..3 {
                crowd.wait_until_told(20 + 60 * node);
                town.stop(node);
                town.start(node);
            }
        },
    );
    assert_eq!(granted(&told).len(), 300);
    assert_eq!(town.ledger()["held"], 300);
    town.verify();
}

#[test]
fn twenty_who_close_a_lottery_at_once_on_three_nodes_are_told_of_one_close() {
    let Some(database) = database() else { return };
    let mut town = Town::of(3, database);
    town.lottery();
    let crowd = town.crowd();
    all_ask(30, |n| crowd.hold(n, &format!("{}***", n % 10)), || {});
    let admins: Vec<_> = (0..3).map(|node| town.node(node).admin()).collect();
    let closed: Vec<String> = thread::scope(|scope| {
        let closing: Vec<_> = (0..20)
            .map(|n| {
                let admin = admins[n % 3].clone();
                scope.spawn(move || {
                    let answer = admin.post(&format!("/lotteries/{DAY}/close"), json!({}));
                    answer.expect(200).to_string()
                })
            })
            .collect();
        closing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let different: BTreeSet<&String> = closed.iter().collect();
    assert_eq!(different.len(), 1, "{different:?}");
    let ledger = town.ledger();
    assert_eq!(
        (&ledger["held"], &ledger["sold"]),
        (&json!(0), &json!(0)),
        "live holds are released"
    );
    let late = crowd.hold(1000, "1***");
    assert_eq!(late.body["type"], "/problems/lottery-closed", "{}", late.body);
    town.verify();
}

#[test]
fn what_nodes_say_to_each_other_is_no_path_for_anybody_who_cannot_prove_that_he_is_one() {
    let Some(database) = database() else { return };
    let town = Town::of(1, database);
    let anybody = town.node(0).anybody();
    for body in [None, Some(json!({})), Some(json!({"partition": "lottery/2199-12-31"}))] {
        let answer =
            anybody.send("POST", "//cluster/ask", body.map(|body| body.to_string().into_bytes()));
        assert_eq!(
            (answer.status, answer.body["type"].as_str()),
            (404, Some("/problems/unknown-route")),
            "{}",
            answer.body
        );
    }
    assert_eq!(
        town.admin().send("POST", "//cluster/ask", None).status,
        404,
        "an administrator is no node"
    );
    assert_eq!(anybody.get("//health/ready").expect(200)["nodes"], 1);
}
