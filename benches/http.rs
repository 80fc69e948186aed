//! How much of a server's speed durability costs: `cargo bench --bench http`.
//!
//! One server, started as its own process, answers pairs of requests in turns within one run: a
//! constant reply (same middleware, body parsed, token checked, no engine) and a durable hold. What
//! counts are the ratios: requests per second and the server's own CPU per request. Seconds on a
//! shared machine say nothing. `--seconds N`, `--rounds N` and `--connections N` (repeatable)
//! change the run.

use harness::load::constant;
use harness::load::server::{Server, serve};
use harness::load::{Load, LoadRound, LoadTarget, median, said};
use stampede::http::api::tickets::bodies::CreateHold;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => {
            serve(&arguments[1], |config| config.bcrypt_cost = 4, constant::serve::<CreateHold>)
        }
        _ => measure(&Plan::read(&arguments)),
    }
}

struct Plan {
    seconds: u64,
    rounds: usize,
    connections: Vec<usize>,
}

impl Plan {
    fn read(arguments: &[String]) -> Plan {
        let connections: Vec<usize> =
            said(arguments, "--connections").into_iter().map(|n| n as usize).collect();
        Plan {
            seconds: said(arguments, "--seconds").last().copied().unwrap_or(3),
            rounds: said(arguments, "--rounds").last().copied().unwrap_or(5) as usize,
            connections: if connections.is_empty() { vec![64, 256] } else { connections },
        }
    }
}

const MEMBERS: usize = 256;

fn measure(plan: &Plan) {
    for connections in &plan.connections {
        let server = Server::start(&connections.to_string());
        let load = Load::prepare(&server.address, MEMBERS, *connections);
        let targets = [load.constant(), load.hold("******"), load.hold("*****7"), load.sold_out()];
        let mut rounds: Vec<Vec<LoadRound>> = targets.iter().map(|_| Vec::new()).collect();
        for target in &targets {
            load.run(target, 1, server.pid());
        }
        for _ in 0..plan.rounds {
            for (target, rounds) in targets.iter().zip(&mut rounds) {
                rounds.push(load.run(target, plan.seconds, server.pid()));
            }
        }
        report(*connections, &targets, &rounds);
        println!("commits: {}", load.commits());
    }
}

fn report(connections: usize, targets: &[LoadTarget], rounds: &[Vec<LoadRound>]) {
    println!("\n{connections} connections");
    println!(
        "{:<28} {:>10} {:>8} {:>12} {:>8} {:>9} {:>9}",
        "request", "per second", "ratio", "CPU µs each", "ratio", "p50 ms", "p99 ms"
    );
    for (target, own) in targets.iter().zip(rounds) {
        let rate = median(own.iter().map(|round| round.per_second));
        let cpu = median(own.iter().map(|round| round.cpu_us));
        // The ratio of each pair of one turn, and the median of these: a turn's neighbour on the
        // machine is the same for both.
        let rate_ratio = median(
            own.iter().zip(&rounds[0]).map(|(one, constant)| one.per_second / constant.per_second),
        );
        let cpu_ratio =
            median(own.iter().zip(&rounds[0]).map(|(one, constant)| one.cpu_us / constant.cpu_us));
        let (p50, p99) = (
            median(own.iter().map(|round| round.p50_ms)),
            median(own.iter().map(|round| round.p99_ms)),
        );
        println!(
            "{:<28} {rate:>10.0} {rate_ratio:>8.2} {cpu:>12.1} {cpu_ratio:>8.2} {p50:>9.2} \
             {p99:>9.2}",
            target.name
        );
    }
}
