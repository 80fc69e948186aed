//! What a back end gains by sheets: `cargo bench --bench sheets`.
//!
//! One server, started as its own process, answers in turns within one run: claims one by one, and
//! claims in sheets of 10, 100 and 1,000 lines; then holds alike. All are durable when answered.
//! What counts are lines per second and the server's own CPU per line, both as ratios to the calls
//! one by one, with the crowd on the same cores. A line is answered with its sheet, so the times
//! are those of a sheet. `--seconds N`, `--rounds N` and `--connections N` (of sheets, but for
//! 4,096 lines at once) change the run.

use harness::load::connection::{LoadConnection, block_on, call, text, token};
use harness::load::process::cpu_s;
use harness::load::server::{ADMIN_PASSWORD, Server, serve};
use harness::load::{median, quantile, said};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

const DAY: &str = "2099-12-31";
/// Members of the service, all of whom it has brought before anything is measured.
const MEMBERS: usize = 60_000;
/// Connections of calls one by one.
const ALONE: usize = 256;
/// Lines that are under way at most: so many commands one partition takes at once.
const MOST_LINES: usize = 4096;
/// Campaigns of one turn: each member claims each of them once.
const CAMPAIGNS: usize = 12;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.first().is_some_and(|first| first == "--serve") {
        let change = |config: &mut config::Config| {
            config.bcrypt_cost = 4;
            config.new_members_per_minute = 0;
        };
        return serve(&arguments[1], change, |_| {});
    }
    let last = |flag: &str| said(&arguments, flag).last().copied();
    let (seconds, rounds) = (last("--seconds").unwrap_or(3), last("--rounds").unwrap_or(5));
    let connections = last("--connections").unwrap_or(16) as usize;
    let server = Server::start("sheets");
    let bench = block_on(SheetBench::prepare(&server, connections));
    for call in [SheetCall::Claim, SheetCall::Hold] {
        bench.compare(call, seconds, rounds);
    }
}

#[derive(Clone, Copy, Debug)]
enum SheetCall {
    Claim,
    Hold,
}

struct SheetBench {
    address: String,
    pid: u32,
    admin: String,
    service: String,
    connections: usize,
    made: Cell<usize>,
}

struct SheetTurn {
    per_second: f64,
    cpu_us: f64,
    per_commit: f64,
    p50_ms: f64,
    p99_ms: f64,
}

impl SheetBench {
    async fn prepare(server: &Server, connections: usize) -> SheetBench {
        let address = server.address.clone();
        let admin = token(&address, "admin", ADMIN_PASSWORD).await;
        let tickets = json!({"closes_on": DAY, "tickets": {"digits": 6, "copies": 10}});
        call(&address, "POST", "/api/v1/lotteries", &admin, &tickets).await;
        let key = json!({"name": "shop"});
        let key = call(&address, "POST", "/api/v1/service-keys", &admin, &key).await;
        let service = key["key"].as_str().expect("a key is told").to_owned();
        let made = Cell::new(0);
        let bench = SheetBench { address, pid: server.pid(), admin, service, connections, made };
        let (campaign, mut connection) =
            (bench.campaign().await, LoadConnection::open(&bench.address).await);
        for first in (0..MEMBERS).step_by(1000) {
            let lines = (first..first + 1000).map(|member| line(SheetCall::Claim, member));
            let asked = bench.request(&path(SheetCall::Claim, &campaign, true), "", &sheet(lines));
            assert_eq!(connection.ask(&asked).await.0, 200);
        }
        bench
    }

    async fn campaign(&self) -> String {
        self.made.set(self.made.get() + 1);
        let offer = json!({"name": format!("campaign {}", self.made.get()), "quota": 100_000_000,
            "discount_percent": 10, "ends_at": "2099-12-31T00:00:00Z", "trigger": "claim"});
        let made = call(&self.address, "POST", "/api/v1/campaigns", &self.admin, &offer).await;
        made["id"].as_str().expect("it has an id").to_owned()
    }

    fn request(&self, path: &str, head: &str, body: &str) -> Vec<u8> {
        let (service, length) = (&self.service, body.len());
        format!(
            "POST {path} HTTP/1.1\r\nhost: stampede\r\nauthorization: Bearer {service}\r\n{head}\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    fn compare(&self, call: SheetCall, seconds: u64, rounds: u64) {
        println!("\n{call:?}, {} connections of sheets, {ALONE} of others", self.connections);
        println!(
            "{:<10} {:>12} {:>8} {:>12} {:>8} {:>12} {:>9} {:>9}",
            "lines",
            "per second",
            "ratio",
            "CPU µs each",
            "ratio",
            "per commit",
            "p50 ms",
            "p99 ms"
        );
        let sizes = [1, 10, 100, 1000];
        let mut turns: Vec<Vec<SheetTurn>> = sizes.iter().map(|_| Vec::new()).collect();
        for _ in 0..rounds {
            for (size, turns) in sizes.iter().zip(&mut turns) {
                turns.push(block_on(self.turn(call, *size, seconds)));
            }
        }
        for (size, own) in sizes.iter().zip(&turns) {
            let of = |value: fn(&SheetTurn) -> f64| median(own.iter().map(value));
            let ratio = |value: fn(&SheetTurn) -> f64| {
                median(own.iter().zip(&turns[0]).map(|(one, alone)| value(one) / value(alone)))
            };
            println!(
                "{size:<10} {:>12.0} {:>8.2} {:>12.1} {:>8.2} {:>12.0} {:>9.2} {:>9.2}",
                of(|turn| turn.per_second),
                ratio(|turn| turn.per_second),
                of(|turn| turn.cpu_us),
                ratio(|turn| turn.cpu_us),
                of(|turn| turn.per_commit),
                of(|turn| turn.p50_ms),
                of(|turn| turn.p99_ms),
            );
        }
    }

    async fn turn(&self, call: SheetCall, size: usize, seconds: u64) -> SheetTurn {
        let mut campaigns = Vec::new();
        for _ in 0..CAMPAIGNS {
            campaigns.push(self.campaign().await);
        }
        let (cpu, before) = (cpu_s(self.pid), self.counted().await);
        let began = Instant::now();
        let until = began + Duration::from_secs(seconds);
        let took: Rc<RefCell<Vec<f64>>> = Rc::default();
        let crowd = LocalSet::new();
        let connections = match size {
            1 => ALONE,
            _ => self.connections.min(MOST_LINES / size),
        };
        let share = MEMBERS / connections / size * size;
        let (campaigns, took) = (&campaigns, &took);
        crowd
            .run_until(futures_util::future::join_all((0..connections).map(async |at| {
                let mut connection = LoadConnection::open(&self.address).await;
                for asked in 0.. {
                    let first = asked * size;
                    let Some(campaign) = campaigns.get(first / share) else { break };
                    let member = at * share + first % share;
                    let request = match size {
                        1 => self.request(
                            &path(call, campaign, false),
                            &format!("on-behalf-of: m{member}\r\n"),
                            body(call),
                        ),
                        _ => {
                            let lines = (member..member + size).map(|member| line(call, member));
                            self.request(&path(call, campaign, true), "", &sheet(lines))
                        }
                    };
                    let sent = Instant::now();
                    let (status, answer) = connection.ask(&request).await;
                    assert!(status < 300, "{status} {}", String::from_utf8_lossy(&answer));
                    took.borrow_mut().push(sent.elapsed().as_secs_f64() * 1000.0);
                    if Instant::now() > until {
                        break;
                    }
                }
            })))
            .await;
        let lines = (took.borrow().len() * size) as f64;
        let after = self.counted().await;
        assert!(size == 1 || after.1 - before.1 == lines, "not every line was done");
        let times = || took.borrow().clone().into_iter();
        SheetTurn {
            per_second: lines / began.elapsed().as_secs_f64(),
            cpu_us: (cpu_s(self.pid) - cpu) * 1e6 / lines,
            per_commit: lines / (after.0 - before.0),
            p50_ms: median(times()),
            p99_ms: quantile(times(), 0.99),
        }
    }

    /// How often the store has flushed, and how many lines were done.
    async fn counted(&self) -> (f64, f64) {
        let metrics = text(&self.address, "GET", "/metrics", "", "").await;
        let value = |line: &str| line.rsplit(' ').next()?.parse::<f64>().ok();
        let all = |name: &str, mark: &str| {
            let lines =
                metrics.lines().filter(|line| line.starts_with(name) && line.contains(mark));
            lines.filter_map(value).sum()
        };
        let done = all("stampede_sheet_lines_total", "outcome=\"done\"");
        (all("stampede_store_commits_total", ""), done)
    }
}

fn path(call: SheetCall, campaign: &str, in_a_sheet: bool) -> String {
    let batch = if in_a_sheet { ":batch" } else { "" };
    match call {
        SheetCall::Claim => format!("/api/v1/campaigns/{campaign}/claims{batch}"),
        SheetCall::Hold => format!("/api/v1/lotteries/{DAY}/holds{batch}"),
    }
}

fn body(call: SheetCall) -> &'static str {
    match call {
        SheetCall::Claim => "{}",
        SheetCall::Hold => r#"{"pattern":"******"}"#,
    }
}

fn line(call: SheetCall, member: usize) -> String {
    format!(r#"{{"member":"m{member}","body":{}}}"#, body(call))
}

fn sheet(lines: impl Iterator<Item = String>) -> String {
    let mut sheet = String::from("[");
    for (at, line) in lines.enumerate() {
        let comma = if at > 0 { "," } else { "" };
        write!(sheet, "{comma}{line}").expect("a text takes whatever is written to it");
    }
    sheet.push(']');
    sheet
}
