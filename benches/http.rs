//! How much of a server's speed durability costs: `cargo bench --bench http`.
//!
//! One server, started as its own process, answers pairs of requests in turns within one run: a constant reply (same middleware, body
//! parsed, token checked, no engine) and a durable hold. What counts are the ratios: requests per second and the server's own CPU per
//! request. Seconds on a shared machine say nothing. `--seconds N`, `--rounds N` and `--connections N` (repeatable) change the run.

mod load;

use load::{Load, Round, Target};
use stampede::app::{App, Shared};
use stampede::config::Config;
use stampede::http::api::holds::CreateHold;
use stampede::http::body::Body;
use stampede::http::caller::Member;
use stampede::http::problem::Problem;
use stampede::http::reply;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => serve(&arguments[1]),
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
        let said = |flag: &str| -> Vec<u64> {
            let pairs = arguments.windows(2).filter(|pair| pair[0] == flag);
            pairs.map(|pair| pair[1].parse().unwrap_or_else(|_| panic!("{flag} takes a number"))).collect()
        };
        let connections: Vec<usize> = said("--connections").into_iter().map(|n| n as usize).collect();
        Plan {
            seconds: said("--seconds").last().copied().unwrap_or(3),
            rounds: said("--rounds").last().copied().unwrap_or(5) as usize,
            connections: if connections.is_empty() { vec![64, 256] } else { connections },
        }
    }
}

const MEMBERS: usize = 256;

fn measure(plan: &Plan) {
    for connections in &plan.connections {
        let folder = std::env::temp_dir().join(format!("stampede-bench-{}-{connections}", std::process::id()));
        let mut server = Server::start(&folder);
        let load = Load::prepare(&server.address, MEMBERS, *connections);
        let targets = [load.constant(), load.hold("******"), load.hold("*****7"), load.sold_out()];
        let mut rounds: Vec<Vec<Round>> = targets.iter().map(|_| Vec::new()).collect();
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
        server.stop();
        let _ = std::fs::remove_dir_all(&folder);
    }
}

fn report(connections: usize, targets: &[Target], rounds: &[Vec<Round>]) {
    println!("\n{connections} connections");
    println!("{:<28} {:>10} {:>8} {:>12} {:>8} {:>9} {:>9}", "request", "per second", "ratio", "CPU µs each", "ratio", "p50 ms", "p99 ms");
    for (target, own) in targets.iter().zip(rounds) {
        let rate = median(own.iter().map(|round| round.per_second));
        let cpu = median(own.iter().map(|round| round.cpu_us));
        // The ratio of each pair of one turn, and the median of these: a turn's neighbour on the machine is the same for both.
        let rate_ratio = median(own.iter().zip(&rounds[0]).map(|(one, constant)| one.per_second / constant.per_second));
        let cpu_ratio = median(own.iter().zip(&rounds[0]).map(|(one, constant)| one.cpu_us / constant.cpu_us));
        let (p50, p99) = (median(own.iter().map(|round| round.p50_ms)), median(own.iter().map(|round| round.p99_ms)));
        println!("{:<28} {rate:>10.0} {rate_ratio:>8.2} {cpu:>12.1} {cpu_ratio:>8.2} {p50:>9.2} {p99:>9.2}", target.name);
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &std::path::Path) -> Server {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .arg("--serve")
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this program starts itself");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the server says where it listens");
        Server { child, address: line.trim().to_owned() }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn stop(&mut self) {
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let _ = self.child.wait();
    }
}

/// The server as it is, with one more route: the constant reply.
fn serve(folder: &str) {
    stampede::meters::install();
    let config = Config {
        data: folder.into(),
        listen: "127.0.0.1:0".parse().expect("an address"),
        admin_password: Some(stampede::config::Secret::new(load::ADMIN_PASSWORD)),
        bcrypt_cost: 4,
        holds_per_member: 60_000,
        ..Config::default()
    };
    actix_web::rt::System::new().block_on(async {
        stampede::log::start(config.log);
        let app = App::open(config, actors::time::system_clock()).await.expect("the folder is new");
        let running = app.serve(|routes| {
            routes.route("/constant", actix_web::web::post().to(constant));
        });
        let running = running.expect("port 0 is free");
        println!("{}", running.address);
        running.until_told_to_stop().await.expect("it stops");
    });
}

async fn constant(
    _: actix_web::web::Data<Shared>,
    Member(_): Member,
    Body(_): Body<CreateHold>,
) -> Result<actix_web::HttpResponse, Problem> {
    Ok(reply::created(&serde_json::json!({"id": "h_20261231_6_3_17", "state": "held"})))
}
