//! Where it ends: `cargo bench --bench limits`. One server, one run, all of it holds of tickets, each answered when its commit is flushed.
//!
//! First the disk alone (4 KiB and `fdatasync`, again and again), then the crowd: the peak with 256 connections; the latency at 1,000 a second and at a third of the peak, against the disk's
//! own; ten times the connections, and whether all is as before two seconds later; ten thousand connections held open, each asking now and then. `--soak MINUTES` adds a steady
//! run at 70 % of the peak, minute by minute. `TMPDIR=/dev/shm` makes the same run without a disk.

#[allow(dead_code, reason = "each bench uses its part")]
mod load;

use load::connection::{Connection, block_on, call, request, token};
use load::process::resident_mib;
use load::server::{ADMIN_PASSWORD, Server, serve};
use load::steady::{Answered, send};
use load::{quantile, register, said};
use serde_json::json;
use std::cell::Cell;
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
const SPAN: Duration = Duration::from_secs(5);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => serve(&arguments[1], |config| config.bcrypt_cost = 4, |_| {}),
        _ => measure(said(&arguments, "--soak").last().copied()),
    }
}

fn measure(soak_minutes: Option<u64>) {
    let (disk_p50, disk_p99) = disk();
    println!("fdatasync of 4 KiB: p50 {disk_p50:.2} ms, p99 {disk_p99:.2} ms");
    let server = Server::start("limits");
    let holds = Rc::new(block_on(prepare(&server.address)));
    closed(&server, &holds, USUAL, Duration::from_secs(2));

    let peak = closed(&server, &holds, USUAL, SPAN);
    println!("{USUAL} connections, closed loop: {:.0} a second", peak.good);
    for (what, rate) in [("1,000 a second".to_owned(), 1_000.0), ("a third of the peak".to_owned(), peak.good / 3.0)] {
        let answers = open(&server, &holds, rate, SPAN);
        let (p50, p99) = (took(&answers, 0.5), took(&answers, 0.99));
        println!("{what}: p50 {p50:.2} ms = {:.1} of the disk's, p99 {p99:.2} ms = {:.1} of the disk's", p50 / disk_p50, p99 / disk_p99);
    }

    let before = resident_mib(server.pid());
    let many = closed(&server, &holds, MANY, SPAN);
    println!(
        "{MANY} connections, closed loop: {:.0} good answers a second = {:.2} of the peak, {:.0} refused",
        many.good,
        many.good / peak.good,
        many.refused
    );
    closed(&server, &holds, USUAL, Duration::from_secs(2));
    let again = closed(&server, &holds, USUAL, SPAN);
    println!(
        "two seconds later, {USUAL} connections: {:.2} of the peak; memory {before:.0} MB before, {:.0} MB after",
        again.good / peak.good,
        resident_mib(server.pid())
    );

    let (asked, good, p99) = held_open(&server, &holds);
    println!(
        "{HELD_OPEN} connections held open, each asks every {NOW_AND_THEN:?}: {good} of {asked} answered well, p99 {p99:.1} ms, {} descriptors, {:.0} MB",
        descriptors(&server),
        resident_mib(server.pid())
    );
    if let Some(minutes) = soak_minutes {
        soak(&server, &holds, peak.good * 0.7, minutes);
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

/// A lottery of ten million tickets; answers the requests of as many members as there usually are connections.
async fn prepare(address: &str) -> Vec<Vec<u8>> {
    let admin = token(address, "admin", ADMIN_PASSWORD).await;
    call(address, "POST", "/api/v1/lotteries", &admin, &json!({"closes_on": DAY, "tickets": {"digits": 6, "copies": 10}})).await;
    let (path, tokens) = (format!("/api/v1/lotteries/{DAY}/holds"), register(address, USUAL).await);
    // Released by themselves after a while, so that the lottery is never sold out.
    tokens.iter().map(|token| request("POST", &path, token, r#"{"pattern": "******", "ttl_s": 30}"#)).collect()
}

/// Answers a second.
struct Rates {
    good: f64,
    refused: f64,
}

/// Everybody asks, waits for the answer, and asks again.
fn closed(server: &Server, requests: &Rc<Vec<Vec<u8>>>, connections: usize, span: Duration) -> Rates {
    let (good, refused) = (Rc::new(Cell::new(0u64)), Rc::new(Cell::new(0u64)));
    let began = Instant::now();
    block_on(async {
        let crowd = LocalSet::new();
        for i in 0..connections {
            let (address, requests, good, refused) = (server.address.clone(), requests.clone(), good.clone(), refused.clone());
            crowd.spawn_local(async move {
                let mut connection = Connection::open(&address).await;
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
fn open(server: &Server, requests: &Rc<Vec<Vec<u8>>>, rate: f64, span: Duration) -> Vec<Answered> {
    block_on(LocalSet::new().run_until(send(&server.address, requests.clone(), rate, span)))
}

fn took(answers: &[Answered], share: f64) -> f64 {
    quantile(answers.iter().map(|answer| answer.took_ms), share)
}

/// How many asked, how many were answered well, and how long the slowest hundredth waited.
fn held_open(server: &Server, requests: &Rc<Vec<Vec<u8>>>) -> (usize, usize, f64) {
    let took = Rc::new(std::cell::RefCell::new(Vec::new()));
    let asked = Rc::new(Cell::new(0));
    block_on(async {
        let crowd = LocalSet::new();
        for i in 0..HELD_OPEN {
            let (address, requests, took, asked) = (server.address.clone(), requests.clone(), took.clone(), asked.clone());
            crowd.spawn_local(async move {
                // One after the other, as people come; then each by its own clock.
                tokio::time::sleep(NOW_AND_THEN * i as u32 / HELD_OPEN as u32).await;
                let mut connection = Connection::open(&address).await;
                for _ in 0..4 {
                    let sent = Instant::now();
                    let (status, _) = connection.ask(&requests[i % requests.len()]).await;
                    asked.set(asked.get() + 1);
                    if status == 201 {
                        took.borrow_mut().push(sent.elapsed().as_secs_f64() * 1000.0);
                    }
                    tokio::time::sleep(NOW_AND_THEN.saturating_sub(sent.elapsed())).await;
                }
            });
        }
        crowd.await;
    });
    let took = took.take();
    (asked.get(), took.len(), quantile(took.into_iter(), 0.99))
}

fn soak(server: &Server, requests: &Rc<Vec<Vec<u8>>>, rate: f64, minutes: u64) {
    println!("soak at {rate:.0} a second");
    println!("{:>6} {:>10} {:>9} {:>9} {:>9} {:>12}", "minute", "good", "p50 ms", "p99 ms", "MB", "descriptors");
    for minute in 1..=minutes {
        let answers = open(server, requests, rate, Duration::from_secs(60));
        let good = answers.iter().filter(|answer| answer.status == 201).count();
        let (p50, p99) = (took(&answers, 0.5), took(&answers, 0.99));
        println!(
            "{minute:>6} {:>10} {p50:>9.2} {p99:>9.2} {:>9.0} {:>12}",
            format!("{good}/{}", answers.len()),
            resident_mib(server.pid()),
            descriptors(server)
        );
    }
}

fn descriptors(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid())).map_or(0, Iterator::count)
}
