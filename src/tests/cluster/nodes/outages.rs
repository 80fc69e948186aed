//! What stands behind the nodes fails: the database loses one of its three, then another, and Redis
//! dies and is emptied. Claims go on.

use super::told::{all_are_told_the_same_again, all_ask, granted, refused};
use super::town::Town;
use harness::RedisServer;
use harness::database::three_nodes;
use std::collections::BTreeSet;
use std::io::Write;
use std::thread;

const MEMBERS: usize = 600;

#[test]
fn while_database_nodes_and_redis_come_and_go_claims_go_on_and_nothing_is_lost() {
    let Some(database) = three_nodes() else { return };
    let Some(mut redis) = RedisServer::start() else { return };
    let mut town = Town::with(2, &database, Some(redis.url()));
    town.lottery();
    let campaign = town.campaign(400);
    let holders = town.crowd();
    let claimers = holders.another();
    let pattern = |n: usize| format!("{}***", n % 10);
    let outages = || {
        holders.wait_until_told(60);
        database.tell("kill", 3);
        holders.wait_until_told(160);
        redis.kill();
        holders.wait_until_told(220);
        redis.run();
        database.tell("start", 3);
        holders.wait_until_told(300);
        database.tell("pause", 2);
        holders.wait_until_told(400);
        redis.empty();
        holders.wait_until_told(460);
        database.tell("resume", 2);
    };
    let (held, claimed) = thread::scope(|scope| {
        let claims = scope.spawn(|| all_ask(MEMBERS, |n| claimers.claim(n, &campaign), || {}));
        let held = all_ask(MEMBERS, |n| holders.hold(n, &pattern(n)), outages);
        (held, claims.join().unwrap())
    });
    let silence = [&holders, &claimers].map(|crowd| crowd.longest_silence().as_secs_f64());
    let _ = writeln!(
        std::io::stderr().lock(),
        "longest silence while the database lost a node: {silence:.1?} s (holds, claims)"
    );

    shows_what_the_dashboard_asks_for(&town);
    assert_eq!(granted(&held).len(), MEMBERS, "there is enough for all");
    let ranks: BTreeSet<u64> =
        claimed.iter().filter_map(|told| told.body["rank"].as_u64()).collect();
    assert_eq!((ranks, refused(&claimed, "sold-out")), ((1..=400).collect(), 200));
    assert_eq!(town.ledger()["held"], MEMBERS);
    all_are_told_the_same_again(&held, |n| holders.hold(n, &pattern(n)));
    let verified = town.verify();
    assert!(verified.contains("in order"), "{verified}");
}

/// One machine alone has none of these metrics, so the test of the dashboards cannot see that their
/// names are right.
fn shows_what_the_dashboard_asks_for(town: &Town) {
    let dashboard = include_str!("../../../../grafana/dashboards/operator.json");
    let metrics = ureq::get(format!("http://{}/metrics", town.node(0).address)).call().unwrap();
    let shown = metrics.into_body().read_to_string().unwrap();
    let asked: BTreeSet<&str> = dashboard
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("stampede_cluster_") || word.starts_with("stampede_redis_"))
        .collect();
    assert!(asked.len() >= 6, "{asked:?}");
    for name in asked {
        assert!(shown.contains(name), "no {name} in the metrics");
    }
}
