//! What a crowd that logs in costs everybody else, and what it can learn: `cargo bench --bench
//! logins`.
//!
//! The storm: logins leave at ten times what can be hashed, whether or not they are answered,
//! beside a steady trickle of holds. It says how many are served against what the hashing threads
//! can do, how fast the rest is refused, and what the holds feel of it, alone and stormed in turns
//! within one run. The timing: an unknown account, a wrong password and a paused account, in turns;
//! their medians. `--seconds N`, `--rounds N`, `--holds N` (per second), `--samples N` (0 leaves
//! the timing out) change the run.

use config::Config;
use harness::load::connection::{LoadConnection, block_on, call, request, token};
use harness::load::process::ThreadTimes;
use harness::load::server::{ADMIN_PASSWORD, Server, serve};
use harness::load::steady::{SteadyAnswer, in_turn, send};
use harness::load::{PASSWORD, median, quantile, register, said};
use serde_json::{Value, json};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

const DAY: &str = "2099-12-31";
const LOGIN: &str = "/api/v1/auth/login";

/// Times as many logins as can be hashed.
const STORM: f64 = 10.0;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => serve(&arguments[1], settings, |_| {}),
        _ => measure(&Plan::read(&arguments)),
    }
}

/// The defaults, but one failure pauses an account, and no address is ever paused.
fn settings(config: &mut Config) {
    config.account_failures_per_minute = 1;
    config.failures_per_minute = 1_000_000;
}

struct Plan {
    span: Duration,
    rounds: u64,
    holds_per_second: f64,
    samples: usize,
}

impl Plan {
    fn read(arguments: &[String]) -> Plan {
        let or =
            |flag: &str, default: u64| said(arguments, flag).last().copied().unwrap_or(default);
        Plan {
            span: Duration::from_secs(or("--seconds", 10)),
            rounds: or("--rounds", 3),
            holds_per_second: or("--holds", 200) as f64,
            samples: or("--samples", 300) as usize,
        }
    }
}

fn measure(plan: &Plan) {
    let server = Server::start("logins");
    let capacity = Capacity::measure();
    println!("{}", capacity.arithmetic());
    let tokens = block_on(prepare(&server.address, plan.samples.max(100)));
    storm(plan, &server, &tokens, &capacity);
    if plan.samples > 0 {
        block_on(timing(&server.address, plan.samples));
    }
}

/// A lottery of ten million tickets, and members; answers their tokens.
async fn prepare(address: &str, members: usize) -> Vec<String> {
    let admin = token(address, "admin", ADMIN_PASSWORD).await;
    let lottery = json!({"closes_on": DAY, "tickets": {"digits": 6, "copies": 10}});
    call(address, "POST", "/api/v1/lotteries", &admin, &lottery).await;
    register(address, members).await
}

/// What the hashing threads can do.
struct Capacity {
    cores: usize,
    threads: usize,
    hash_s: f64,
    cost: u32,
}

impl Capacity {
    fn measure() -> Capacity {
        let config = Config::default();
        let hash_s = |_| {
            let began = Instant::now();
            people::passwords::hash(PASSWORD, config.bcrypt_cost).expect("a short password");
            began.elapsed().as_secs_f64()
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Capacity {
            cores,
            threads: config.hash_threads,
            hash_s: median((0..20).map(hash_s)),
            cost: config.bcrypt_cost,
        }
    }

    fn per_second(&self) -> f64 {
        self.threads as f64 / self.hash_s
    }

    fn arithmetic(&self) -> String {
        let (cores, threads, cost, ms) =
            (self.cores, self.threads, self.cost, self.hash_s * 1000.0);
        let per_second = self.per_second();
        format!(
            "capacity: {cores} cores, less the one left to the engine: {threads} hashing; one hash \
             of cost {cost} takes {ms:.1} ms alone; {threads} / {ms:.1} ms = {per_second:.1} \
             logins per second"
        )
    }
}

/// A part of the run: what became of the holds, and of the logins if there were any.
struct Part {
    holds: Vec<SteadyAnswer>,
    logins: Vec<SteadyAnswer>,
}

fn storm(plan: &Plan, server: &Server, tokens: &[String], capacity: &Capacity) {
    let address = &server.address;
    let holds = tokens.iter().map(|token| hold(token)).collect();
    let logins = (0..tokens.len()).map(|n| login(&format!("member{n}"), PASSWORD)).collect();
    let (holds, logins) = (Rc::new(holds), Rc::new(logins));
    let (mut ratios, mut shares) = (Vec::new(), Vec::new());
    let (mut calm_ms, mut stormed_ms) = (Vec::new(), Vec::new());
    run(plan, address, &holds, &logins, 0.0);
    for round in 1..=plan.rounds {
        let calm = run(plan, address, &holds, &logins, 0.0);
        let before = ThreadTimes::of(server.pid(), "hash-");
        let stormed = run(plan, address, &holds, &logins, STORM * capacity.per_second());
        let hashing = ThreadTimes::of(server.pid(), "hash-").since(before);
        println!("\nround {round}");
        shares.push(report_logins(plan, &stormed.logins, capacity));
        report_hashing(hashing, &stormed.logins, capacity);
        let (alone, beside) =
            (report_holds("alone", &calm), report_holds("during the storm", &stormed));
        println!("p99 of a hold during the storm is {:.2} of its p99 alone", beside / alone);
        ratios.push(beside / alone);
        calm_ms.extend(calm.holds.iter().map(|answer| answer.took_ms));
        stormed_ms.extend(stormed.holds.iter().map(|answer| answer.took_ms));
    }
    let (alone, beside) =
        (quantile(calm_ms.into_iter(), 0.99), quantile(stormed_ms.into_iter(), 0.99));
    println!(
        "\nall rounds: p99 of a hold {alone:.2} ms alone, {beside:.2} ms during the storm, ratio \
         {:.2}",
        beside / alone
    );
    // A neighbour on the machine spoils a round or two, so the medians of the rounds are what
    // counts.
    let (ratio, share) = (median(ratios.into_iter()), median(shares.into_iter()));
    println!(
        "medians of the rounds: {share:.2} of the capacity served, p99 of a hold during the storm \
         {ratio:.2} of its p99 alone"
    );
}

fn run(
    plan: &Plan,
    address: &str,
    holds: &Rc<Vec<Vec<u8>>>,
    logins: &Rc<Vec<Vec<u8>>>,
    logins_per_second: f64,
) -> Part {
    block_on(LocalSet::new().run_until(async {
        let holds = send(address, in_turn(holds), plan.holds_per_second, plan.span);
        let logins = send(address, in_turn(logins), logins_per_second, plan.span);
        let (holds, logins) = tokio::join!(holds, logins);
        Part { holds, logins }
    }))
}

/// Answers the share of the capacity that was served.
fn report_logins(plan: &Plan, logins: &[SteadyAnswer], capacity: &Capacity) -> f64 {
    let span_s = plan.span.as_secs_f64();
    // Those who still waited when the storm ended were served after it.
    let served =
        logins.iter().filter(|answer| answer.status == 200 && answer.at_s <= span_s).count() as f64
            / span_s;
    let refused: Vec<f64> =
        logins.iter().filter(|answer| answer.status == 503).map(|answer| answer.took_ms).collect();
    let other = logins.iter().filter(|answer| ![200, 503].contains(&answer.status)).count();
    println!(
        "logins: {:.0} sent per second ({:.1} times the capacity), {served:.1} served per second = \
         {:.2} of the capacity, {other} answered otherwise",
        logins.len() as f64 / span_s,
        logins.len() as f64 / span_s / capacity.per_second(),
        served / capacity.per_second()
    );
    let of = |share| quantile(refused.iter().copied(), share);
    println!("refused: {}, p50 {:.2} ms, p99 {:.2} ms", refused.len(), of(0.5), of(0.99));
    served / capacity.per_second()
}

/// What the hashing threads had of the cores, and what they made of it.
fn report_hashing(hashing: ThreadTimes, logins: &[SteadyAnswer], capacity: &Capacity) {
    let served = logins.iter().filter(|answer| answer.status == 200).count() as f64;
    let each_s = hashing.ran_s / served;
    println!(
        "the hashing threads ran {:.1} s and waited {:.2} s for a core; {:.1} ms of theirs a login \
         = {:.2} of one hash alone",
        hashing.ran_s,
        hashing.waited_s,
        each_s * 1000.0,
        each_s / capacity.hash_s
    );
}

/// Answers the p99.
fn report_holds(when: &str, part: &Part) -> f64 {
    let failed = part.holds.iter().filter(|answer| answer.status != 201).count();
    assert!(failed == 0, "{failed} holds were refused {when}");
    let of = |share| quantile(part.holds.iter().map(|answer| answer.took_ms), share);
    println!("holds {when}: {}, p50 {:.2} ms, p99 {:.2} ms", part.holds.len(), of(0.5), of(0.99));
    of(0.99)
}

/// One after the other on one connection. A wrong password pauses its account, and the turn after
/// it finds it so, with the right one.
async fn timing(address: &str, samples: usize) {
    let mut connection = LoadConnection::open(address).await;
    let mut took: [Vec<f64>; 3] = Default::default();
    let paused = |n: usize| login(&format!("member{}", (n + samples - 1) % samples), PASSWORD);
    connection.ask(&login(&format!("member{}", samples - 1), "wrong horse battery")).await;
    for n in 0..samples {
        let unknown = login(&format!("nobody{n}"), "wrong horse battery");
        let wrong = login(&format!("member{n}"), "wrong horse battery");
        let requests = [unknown, wrong, paused(n)];
        // Whoever is first in a turn has another neighbour before him than the others have; so all
        // are first equally often.
        for place in 0..3 {
            let which = (place + n) % 3;
            let sent = Instant::now();
            let (status, body) = connection.ask(&requests[which]).await;
            took[which].push(sent.elapsed().as_secs_f64() * 1000.0);
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            assert_eq!(
                (status, &body["type"]),
                (401, &json!("/problems/wrong-credentials")),
                "{which} {n}"
            );
        }
    }
    println!("\ntiming of a refused login, {samples} samples each, in turns");
    let medians = took.iter().map(|took| median(took.iter().copied())).collect::<Vec<_>>();
    for ((name, took), median) in
        ["unknown account", "wrong password", "paused account"].iter().zip(&took).zip(&medians)
    {
        println!(
            "{name:<16} median {median:.3} ms, p90 {:.3} ms",
            quantile(took.iter().copied(), 0.9)
        );
    }
    let (least, most) = (
        medians.iter().copied().fold(f64::MAX, f64::min),
        medians.iter().copied().fold(0.0, f64::max),
    );
    println!("the medians lie {:.2} % apart", (most / least - 1.0) * 100.0);
}

fn hold(token: &str) -> Vec<u8> {
    request(
        "POST",
        &format!("/api/v1/lotteries/{DAY}/holds"),
        token,
        &json!({"pattern": "******"}).to_string(),
    )
}

fn login(account: &str, password: &str) -> Vec<u8> {
    request("POST", LOGIN, "", &json!({"account": account, "password": password}).to_string())
}
