//! Where it ends: `cargo bench --bench limits`. One server, all of it holds of tickets, each
//! answered when its commit is flushed, each ended by itself after a second.
//!
//! In turns: the disk alone (4 KiB and `fdatasync`, again and again); the latency at 1,000 a
//! second; the peak with 256 connections; the latency at a third of it, and that of a constant
//! reply at the same rate, which is the machine's own; ten times the connections, and whether all
//! is as before two seconds later. Then ten thousand connections held open, each asking now and
//! then. `--turns N`; `--soak MINUTES` adds a steady run at half the peak, minute by minute.
//! `TMPDIR=/dev/shm` makes the same run without a disk.

use harness::load::connection::{LoadConnection, block_on, call, request, token};
use harness::load::constant;
use harness::load::process::resident_mib;
use harness::load::server::{ADMIN_PASSWORD, Server, serve};
use harness::load::steady::{SteadyAnswer, in_turn, send};
use harness::load::{median, quantile, register, said};
use serde_json::json;
use stampede::http::api::tickets::bodies::CreateHold;
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::Write;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

const DAY: &str = "2099-12-31";
const USUAL: usize = 256;
const MANY: usize = 2_560;
const HELD_OPEN: usize = 10_000;
/// How often each of those asks.
const NOW_AND_THEN: Duration = Duration::from_millis(2_500);
/// How long a hold lives, so that soon as many end as begin.
const LIVES: Duration = Duration::from_secs(1);
const SPAN: Duration = Duration::from_secs(5);

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => serve(
            &arguments[1],
            |config| (config.bcrypt_cost, config.connections_per_address) = (4, 0),
            constant::serve::<CreateHold>,
        ),
        _ => measure(
            said(&arguments, "--turns").last().map_or(3, |turns| *turns as usize),
            said(&arguments, "--soak").last().copied(),
        ),
    }
}

fn measure(turns: usize, soak_minutes: Option<u64>) {
    let server = Server::start("limits");
    let tokens = block_on(prepare(&server.address));
    let asked = |path: &str, body: &str| {
        Rc::new(tokens.iter().map(|token| request("POST", path, token, body)).collect::<Vec<_>>())
    };
    let body = json!({"pattern": "******", "ttl_s": LIVES.as_secs()}).to_string();
    let holds = asked(&format!("/api/v1/lotteries/{DAY}/holds"), &body);
    let constants = asked(constant::PATH, &body);
    // From here on as many holds end as begin.
    closed(&server, &holds, USUAL, LIVES + Duration::from_secs(2));
    let taken: Vec<Turn> =
        (1..=turns).map(|number| Turn::take(number, &server, &holds, &constants)).collect();
    let of = |part: fn(&Turn) -> f64| median(taken.iter().map(part));
    println!("medians of {turns} turns");
    println!(
        "{USUAL} connections, closed loop: {:.0} a second; the disk flushes in {:.2} ms, p99 {:.2} \
         ms",
        of(|t| t.peak),
        of(|t| t.disk.0),
        of(|t| t.disk.1)
    );
    println!(
        "p50 at 1,000 a second: {:.2} ms = {:.1} of the disk's p50",
        of(|t| t.slow.0),
        of(|t| t.slow.0 / t.disk.0)
    );
    println!(
        "p99 at a third of the peak: {:.2} ms = {:.1} of the disk's p99",
        of(|t| t.third.1),
        of(|t| t.third.1 / t.disk.1)
    );
    println!(
        "p99 of a constant reply at that rate: {:.2} ms = {:.1} of the disk's p99",
        of(|t| t.floor.1),
        of(|t| t.floor.1 / t.disk.1)
    );
    println!("{MANY} connections, closed loop: {:.2} of the peak", of(|t| t.many / t.peak));
    println!("{USUAL} connections, two seconds later: {:.2} of the peak", of(|t| t.again / t.peak));

    let held = held_open(&server, &holds);
    println!(
        "{HELD_OPEN} connections held open ({} descriptors, {:.0} MB), each asks every \
         {NOW_AND_THEN:?}: {} of {} answered well, p99 {:.1} ms",
        held.descriptors, held.memory, held.good, held.asked, held.p99
    );
    if let Some(minutes) = soak_minutes {
        soak(&server, &holds, of(|t| t.peak) * 0.5, minutes);
    }
}

struct Turn {
    /// Milliseconds, p50 and p99.
    disk: (f64, f64),
    slow: (f64, f64),
    third: (f64, f64),
    floor: (f64, f64),
    /// Good answers a second.
    peak: f64,
    many: f64,
    again: f64,
}

impl Turn {
    fn take(
        number: usize,
        server: &Server,
        holds: &Rc<Vec<Vec<u8>>>,
        constants: &Rc<Vec<Vec<u8>>>,
    ) -> Turn {
        let latency = |requests: &Rc<Vec<Vec<u8>>>, rate: f64| {
            quiet();
            let answers = open(server, requests, rate, SPAN);
            (took(&answers, 0.5), took(&answers, 0.99))
        };
        let disk = disk();
        let slow = latency(holds, 1_000.0);
        let peak = closed(server, holds, USUAL, SPAN).good;
        let third = latency(holds, peak / 3.0);
        let floor = latency(constants, peak / 3.0);
        let before = resident_mib(server.pid());
        let many = closed(server, holds, MANY, SPAN);
        quiet();
        let again = closed(server, holds, USUAL, SPAN).good;
        println!(
            "turn {number}: flush {disk:.2?} ms; at 1,000/s {slow:.2?} ms; at {:.0}/s {third:.2?} \
             ms, constant {floor:.2?} ms; {peak:.0}/s, {MANY} connections {:.0}/s and {:.0}/s \
             refused, then {again:.0}/s; memory {before:.0} and {:.0} MB",
            peak / 3.0,
            many.good,
            many.refused,
            resident_mib(server.pid())
        );
        Turn { disk, slow, third, floor, peak, many: many.good, again }
    }
}

/// Milliseconds of one flush after another, in the folder where the server keeps its own.
fn disk() -> (f64, f64) {
    let path = std::env::temp_dir().join(format!("stampede-bench-disk-{}", std::process::id()));
    let mut file = File::create(&path).expect("the folder takes files");
    let mut flush = || {
        let began = Instant::now();
        file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).expect("the disk takes it");
        began.elapsed().as_secs_f64() * 1000.0
    };
    let took: Vec<f64> = (0..2_000).map(|_| flush()).collect();
    let _ = std::fs::remove_file(&path);
    (quantile(took.iter().copied(), 0.5), quantile(took.into_iter(), 0.99))
}

/// A lottery of ten million tickets; answers the tokens of as many members as there usually are
/// connections.
async fn prepare(address: &str) -> Vec<String> {
    let admin = token(address, "admin", ADMIN_PASSWORD).await;
    call(
        address,
        "POST",
        "/api/v1/lotteries",
        &admin,
        &json!({"closes_on": DAY, "tickets": {"digits": 6, "copies": 10}}),
    )
    .await;
    register(address, USUAL).await
}

/// Answers a second.
struct Rates {
    good: f64,
    refused: f64,
}

/// Everybody asks, waits for the answer, and asks again.
fn closed(
    server: &Server,
    requests: &Rc<Vec<Vec<u8>>>,
    connections: usize,
    span: Duration,
) -> Rates {
    let (good, refused) = (Rc::new(Cell::new(0u64)), Rc::new(Cell::new(0u64)));
    let began = Instant::now();
    block_on(async {
        let crowd = LocalSet::new();
        for i in 0..connections {
            let (address, requests, good, refused) =
                (server.address.clone(), requests.clone(), good.clone(), refused.clone());
            crowd.spawn_local(async move {
                let mut connection = LoadConnection::open(&address).await;
                while began.elapsed() < span {
                    let (status, _) = connection.ask(&requests[i % requests.len()]).await;
                    let count = if status == 201 { &good } else { &refused };
                    count.set(count.get() + 1);
                }
            });
        }
        crowd.await;
    });
    let seconds = began.elapsed().as_secs_f64();
    Rates { good: good.get() as f64 / seconds, refused: refused.get() as f64 / seconds }
}

/// Requests leave at a steady rate, whether or not those before them were answered.
fn open(
    server: &Server,
    requests: &Rc<Vec<Vec<u8>>>,
    rate: f64,
    span: Duration,
) -> Vec<SteadyAnswer> {
    block_on(LocalSet::new().run_until(send(&server.address, in_turn(requests), rate, span)))
}

fn took(answers: &[SteadyAnswer], share: f64) -> f64 {
    quantile(answers.iter().map(|answer| answer.took_ms), share)
}

/// Nobody asks, and what was held ends.
fn quiet() {
    block_on(async { tokio::time::sleep(LIVES * 2).await });
}

struct Held {
    asked: usize,
    good: usize,
    p99: f64,
    /// When all were open.
    descriptors: usize,
    memory: f64,
}

fn held_open(server: &Server, requests: &Rc<Vec<Vec<u8>>>) -> Held {
    let took = Rc::new(RefCell::new(Vec::new()));
    let (asked, seen) = (Rc::new(Cell::new(0)), Rc::new(Cell::new((0, 0.0))));
    block_on(async {
        let crowd = LocalSet::new();
        for i in 0..HELD_OPEN {
            let (address, requests, took, asked) =
                (server.address.clone(), requests.clone(), took.clone(), asked.clone());
            let (pid, seen) = (server.pid(), seen.clone());
            crowd.spawn_local(async move {
                // One after the other, as people come; then each by its own clock.
                tokio::time::sleep(NOW_AND_THEN * i as u32 / HELD_OPEN as u32).await;
                let mut connection = LoadConnection::open(&address).await;
                for _ in 0..4 {
                    let sent = Instant::now();
                    let (status, _) = connection.ask(&requests[i % requests.len()]).await;
                    asked.set(asked.get() + 1);
                    if status == 201 {
                        took.borrow_mut().push(sent.elapsed().as_secs_f64() * 1000.0);
                    }
                    if i == HELD_OPEN - 1 {
                        seen.set((descriptors(pid), resident_mib(pid)));
                    }
                    tokio::time::sleep(NOW_AND_THEN.saturating_sub(sent.elapsed())).await;
                }
            });
        }
        crowd.await;
    });
    let (took, (descriptors, memory)) = (took.take(), seen.get());
    Held {
        asked: asked.get(),
        good: took.len(),
        p99: quantile(took.into_iter(), 0.99),
        descriptors,
        memory,
    }
}

fn soak(server: &Server, requests: &Rc<Vec<Vec<u8>>>, rate: f64, minutes: u64) {
    println!("soak at {rate:.0} a second");
    println!(
        "{:>6} {:>10} {:>9} {:>9} {:>9} {:>12}",
        "minute", "good", "p50 ms", "p99 ms", "MB", "descriptors"
    );
    for minute in 1..=minutes {
        let answers = open(server, requests, rate, Duration::from_secs(60));
        let good = answers.iter().filter(|answer| answer.status == 201).count();
        let (p50, p99) = (took(&answers, 0.5), took(&answers, 0.99));
        println!(
            "{minute:>6} {:>10} {p50:>9.2} {p99:>9.2} {:>9.0} {:>12}",
            format!("{good}/{}", answers.len()),
            resident_mib(server.pid()),
            descriptors(server.pid())
        );
    }
}

fn descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}
