//! What it costs a node to let a session in that other nodes may have ended: `cargo bench --bench
//! sessions`.
//!
//! Three servers answer the same constant reply (token checked, body parsed) in turns within one
//! run: alone, beside a Redis, and with a Redis that is not there, so that the store is asked at
//! every request. It needs a redis-server or a valkey-server. What counts are the ratios.
//! `--seconds N`, `--rounds N` and `--connections N` change the run.

use harness::RedisServer;
use harness::load::constant;
use harness::load::process::cpu_s;
use harness::load::server::{Server, serve};
use harness::load::{Load, LoadRound, median, said};
use harness::loopback::free_port;
use stampede::http::api::tickets::bodies::CreateHold;

const MEMBERS: usize = 256;
/// In a server's name, before the port of its Redis.
const BESIDE: &str = "redis-at-";

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => serve(
            &arguments[1],
            |config| {
                config.bcrypt_cost = 4;
                config.redis = arguments[1]
                    .rsplit_once(BESIDE)
                    .map(|(_, port)| format!("redis://127.0.0.1:{port}"));
            },
            constant::serve::<CreateHold>,
        ),
        _ => measure(&arguments),
    }
}

fn measure(arguments: &[String]) {
    let number = |flag: &str, or: u64| said(arguments, flag).last().copied().unwrap_or(or);
    let (seconds, rounds) = (number("--seconds", 3), number("--rounds", 7));
    let connections = number("--connections", 64) as usize;
    let redis = RedisServer::start().expect("a redis-server or a valkey-server is installed");
    let names = [
        "alone".to_owned(),
        format!("{BESIDE}{}", redis.port()),
        format!("{BESIDE}{}", free_port()),
    ];
    let servers: Vec<(Server, Load)> = names
        .iter()
        .map(|name| {
            let server = Server::start(name);
            let load = Load::prepare(&server.address, MEMBERS, connections);
            (server, load)
        })
        .collect();
    let mut turns: [Vec<LoadRound>; 3] = Default::default();
    let mut redis_us = Vec::new();
    // The first turn warms the servers up and does not count.
    for round in 0..=rounds {
        for (place, (server, load)) in servers.iter().enumerate() {
            let before = cpu_s(redis.pid());
            let turn = load.run(&load.constant(), seconds, server.pid());
            if round == 0 {
                continue;
            }
            if place == 1 {
                redis_us
                    .push((cpu_s(redis.pid()) - before) * 1e6 / (turn.per_second * seconds as f64));
            }
            turns[place].push(turn);
        }
    }
    println!("{connections} connections, medians of {rounds} turns of {seconds} s");
    println!(
        "{:<24} {:>10} {:>7} {:>12} {:>7} {:>8} {:>8}",
        "sessions are known", "per second", "ratio", "CPU µs each", "ratio", "p50 ms", "p99 ms"
    );
    for (name, turn) in
        ["by this node alone", "by a slip in Redis", "by asking the store"].iter().zip(&turns)
    {
        let of = |value: fn(&LoadRound) -> f64| median(turn.iter().map(value));
        let ratio = |value: fn(&LoadRound) -> f64| {
            median(turn.iter().zip(&turns[0]).map(|(turn, alone)| value(turn) / value(alone)))
        };
        println!(
            "{name:<24} {:>10.0} {:>7.2} {:>12.1} {:>7.2} {:>8.2} {:>8.2}",
            of(|turn| turn.per_second),
            ratio(|turn| turn.per_second),
            of(|turn| turn.cpu_us),
            ratio(|turn| turn.cpu_us),
            of(|turn| turn.p50_ms),
            of(|turn| turn.p99_ms),
        );
    }
    println!(
        "CPU of Redis itself for each request of the second row: {:.1} µs",
        median(redis_us.into_iter())
    );
}
