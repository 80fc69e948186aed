//! How much of a server's speed durability costs, and what it costs to come anew:
//! `cargo bench --bench http`.
//!
//! One server, started as its own process, answers pairs of requests in turns within one run: a
//! constant reply (same middleware, body parsed, token checked, no engine), a durable hold, and a
//! refusal; two of them also by a crowd of which each caller hangs up after ten requests and
//! connects again. What counts are the ratios: requests per second and the server's own CPU per
//! request. Seconds on a shared machine say nothing.
//!
//! `--against PATH` compares two builds instead: the `stampede` of this one and the one at PATH, in
//! turns. There is no constant reply in them. Build both with the same profile.
//!
//! `--seconds N`, `--rounds N`, `--connections N` (repeatable) and `--leave-after N` change the
//! run.

use harness::load::constant;
use harness::load::server::{Server, serve};
use harness::load::{Load, LoadRound, LoadTarget, median, said};
use stampede::http::api::tickets::bodies::CreateHold;
use std::path::{Path, PathBuf};

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
    leave_after: u64,
    against: Option<PathBuf>,
}

impl Plan {
    fn read(arguments: &[String]) -> Plan {
        let last = |flag| said(arguments, flag).last().copied();
        let connections: Vec<usize> =
            said(arguments, "--connections").into_iter().map(|n| n as usize).collect();
        let against = arguments.windows(2).find(|pair| pair[0] == "--against");
        Plan {
            seconds: last("--seconds").unwrap_or(3),
            rounds: last("--rounds").unwrap_or(5) as usize,
            connections: if connections.is_empty() { vec![64, 256] } else { connections },
            leave_after: last("--leave-after").unwrap_or(10),
            against: against.map(|pair| PathBuf::from(&pair[1])),
        }
    }
}

const MEMBERS: usize = 256;

/// A server, and what it was asked.
struct Contestant {
    server: Server,
    load: Load,
    targets: Vec<LoadTarget>,
    /// Of each target.
    rounds: Vec<Vec<LoadRound>>,
}

impl Contestant {
    fn prepare(server: Server, connections: usize, plan: &Plan) -> Contestant {
        let load = Load::prepare(&server.address, MEMBERS, connections);
        let anew = |target: LoadTarget| target.leaving_after(plan.leave_after);
        let mut targets = match plan.against {
            Some(_) => Vec::new(),
            None => vec![load.constant(), anew(load.constant())],
        };
        targets.extend([load.hold("******"), load.hold("*****7"), load.sold_out()]);
        targets.push(anew(load.sold_out()));
        let rounds = targets.iter().map(|_| Vec::new()).collect();
        Contestant { server, load, targets, rounds }
    }

    fn warm_up(&self) {
        for target in &self.targets {
            self.load.run(target, 1, self.server.pid());
        }
    }

    fn take_turn(&mut self, target: usize, seconds: u64) {
        let round = self.load.run(&self.targets[target], seconds, self.server.pid());
        self.rounds[target].push(round);
    }
}

fn measure(plan: &Plan) {
    for connections in plan.connections.iter().copied() {
        let servers = match &plan.against {
            None => vec![Server::start(&connections.to_string())],
            Some(other) => {
                let this = Path::new(env!("CARGO_BIN_EXE_stampede"));
                let start = |path: &Path, name: &str| {
                    Server::start_build(path, &format!("{name}-{connections}"))
                };
                vec![start(this, "this"), start(other, "other")]
            }
        };
        let prepare = |server| Contestant::prepare(server, connections, plan);
        let mut all: Vec<Contestant> = servers.into_iter().map(prepare).collect();
        all.iter().for_each(Contestant::warm_up);
        for turn in 0..plan.rounds {
            for target in 0..all[0].targets.len() {
                // Who begins changes from turn to turn.
                if turn % 2 == 0 {
                    all.iter_mut().for_each(|one| one.take_turn(target, plan.seconds));
                } else {
                    all.iter_mut().rev().for_each(|one| one.take_turn(target, plan.seconds));
                }
            }
        }
        report(connections, &all);
        println!("commits: {}", all[0].load.commits());
    }
}

fn report(connections: usize, all: &[Contestant]) {
    println!("\n{connections} connections");
    println!(
        "{:<40} {:>10} {:>6} {:>12} {:>6} {:>10} {:>8} {:>8}",
        "request", "per second", "ratio", "CPU µs each", "ratio", "sleeps", "p50 ms", "p99 ms"
    );
    for (target, of) in all[0].targets.iter().enumerate() {
        match all {
            [this, other] => {
                line(
                    &format!("{}, other build", of.name),
                    &other.rounds[target],
                    &other.rounds[target],
                );
                line(
                    &format!("{}, this build", of.name),
                    &this.rounds[target],
                    &other.rounds[target],
                );
            }
            // The first target is the constant reply.
            _ => line(&of.name, &all[0].rounds[target], &all[0].rounds[0]),
        }
    }
}

fn line(name: &str, own: &[LoadRound], base: &[LoadRound]) {
    let of = |value: fn(&LoadRound) -> f64| median(own.iter().map(value));
    // The ratio of each pair of one turn, and the median of these: a turn's neighbour on the
    // machine is the same for both.
    let ratio = |value: fn(&LoadRound) -> f64| {
        median(own.iter().zip(base).map(|(one, base)| value(one) / value(base)))
    };
    println!(
        "{name:<40} {:>10.0} {:>6.2} {:>12.1} {:>6.2} {:>10.3} {:>8.2} {:>8.2}",
        of(|round| round.per_second),
        ratio(|round| round.per_second),
        of(|round| round.cpu_us),
        ratio(|round| round.cpu_us),
        of(|round| round.sleeps),
        of(|round| round.p50_ms),
        of(|round| round.p99_ms),
    );
}
