//! One hot campaign on CQL: `cargo bench --bench cql`.
//!
//! 512 callers claim from one campaign, in turns of two ways on the same database: through the
//! engine, whose group commit is one fenced conditional update for whatever arrived meanwhile; and
//! by one conditional insert per claim (`IF NOT EXISTS`), as one would without an engine. It starts
//! a Cassandra of its own, or uses that at CASSANDRA_AT; every write is synced. The insert hands
//! out no rank and keeps no quota. Then two servers, one on that database and one on the embedded
//! store, hand out tickets over HTTP, again in turns.
//!
//! `--grown N` instead claims until N members have: is the last span as the first, and how long
//! does another node take to go on with such a campaign? `--rounds` instead says what a commit of
//! ten partitions costs the database, statement by statement, and `--http` and `--claims` measure
//! one half alone.

mod claims;
mod grown;
mod pairs;
mod rounds;

use base::Secret;
use config::{Choice, Config};
use harness::database::{TestDatabase, database};
use harness::keyspaces::Lent;
use harness::load::server::{Server, serve};
use harness::load::{Load, LoadRound, LoadTarget, median};
use ports::replication::Replication;
use std::time::Duration;

const TURNS: usize = 5;
const TURN: Duration = Duration::from_secs(8);
const SHORT_TURN: Duration = Duration::from_secs(2);

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--serve", folder] => serve(folder, |config| config.bcrypt_cost = 4, |_| {}),
        ["--serve", folder, address, keyspace] => {
            serve(folder, |config| put_on(config, address, keyspace), |_| {})
        }
        ["--grown", number] => {
            let number = number.parse().expect("a number follows");
            database().into_iter().for_each(|database| grown::measure(database, number));
        }
        ["--rounds"] => {
            database().into_iter().for_each(|database| rounds::measure(database, SHORT_TURN));
        }
        ["--http"] => {
            database().into_iter().for_each(|database| over_http(database, TURN));
        }
        ["--claims"] => {
            database().into_iter().for_each(|database| pairs::measure(database, TURN));
        }
        [seconds] => measure(seconds.parse().map_or(TURN, Duration::from_secs)),
        _ => measure(TURN),
    }
}

fn put_on(config: &mut Config, address: &str, keyspace: &str) {
    config.bcrypt_cost = 4;
    config.store = Choice::Cql;
    config.cql = vec![address.to_owned()];
    config.keyspace = keyspace.to_owned();
    config.replication = Replication::Copies(1);
    config.cluster_key = Some(Secret::new("a key that only benches have, and long"));
    config.migrate = true;
}

fn measure(turn: Duration) {
    let Some(database) = database() else { return };
    pairs::measure(database, turn);
    over_http(database, turn);
}

fn over_http(database: &TestDatabase, turn: Duration) {
    let lent = Lent::new(database.address());
    let servers =
        [Server::start("sqlite"), Server::start_with("cql", &[database.address(), &lent.keyspace])];
    let loads = servers.each_ref().map(|server| Load::prepare(&server.address, 256, 256));
    for what in [Load::hold as fn(&Load, &str) -> LoadTarget, |load, _| load.sold_out()] {
        let mut turns: [Vec<LoadRound>; 2] = Default::default();
        for number in 0..=TURNS {
            for ((server, load), rounds) in servers.iter().zip(&loads).zip(&mut turns) {
                let round = load.run(&what(load, "******"), turn.as_secs(), server.pid());
                // The first one warms up.
                rounds.extend((number > 0).then_some(round));
            }
        }
        let of = |place: usize, part: fn(&LoadRound) -> f64| median(turns[place].iter().map(part));
        println!(
            "{}, over HTTP, 256 connections, medians of {TURNS} turns",
            what(&loads[0], "******").name
        );
        for (place, name) in ["SQLite", "CQL"].into_iter().enumerate() {
            println!(
                "  on {name}: {:.0} a second, {:.0} µs of the server's CPU, p50 {:.1} ms, p99 \
                 {:.1} ms; commits so far: {}",
                of(place, |round| round.per_second),
                of(place, |round| round.cpu_us),
                of(place, |round| round.p50_ms),
                of(place, |round| round.p99_ms),
                loads[place].commits()
            );
        }
        let ratio = median(
            turns[0].iter().zip(&turns[1]).map(|(sqlite, cql)| cql.per_second / sqlite.per_second),
        );
        println!("  CQL ÷ SQLite: {ratio:.3}");
    }
}
