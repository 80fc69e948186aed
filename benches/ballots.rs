//! A million ballots in one lottery: `cargo bench --bench ballots`.
//!
//! A crowd submits, receipts and all, in turns with a constant reply of the same server (same
//! middleware, token checked, body parsed). Then the lottery is closed and drawn, its proof is
//! streamed to a file, and both verifiers check it. The server's memory is watched all the time.
//! `--ballots N`, `--rounds N` and `--connections N` change the run.

use draws::verify;
use harness::load::connection::{LoadConnection, block_on, call, request, token};
use harness::load::process::{cpu_s, highest_mib, resident_mib};
use harness::load::server::{ADMIN_PASSWORD, Server, serve};
use harness::load::{constant, median, register, said};
use serde_json::json;
use stampede::http::flags;
use std::cell::Cell;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Instant;
use tokio::task::LocalSet;

const DAY: &str = "2099-12-31";
const MEMBERS: usize = 256;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => {
            serve(&arguments[1], |config| config.bcrypt_cost = 4, constant::serve::<flags::Nothing>)
        }
        Some("--verify") => check(&arguments[1]),
        _ => measure(&arguments),
    }
}

struct Turn {
    per_second: f64,
    cpu_us: f64,
    bytes: f64,
}

fn measure(arguments: &[String]) {
    let last = |flag: &str, usual: u64| said(arguments, flag).last().copied().unwrap_or(usual);
    let (ballots, rounds, connections) = (
        last("--ballots", 1_000_000),
        last("--rounds", 10).max(1),
        last("--connections", 256) as usize,
    );
    let server = Server::start("ballots");
    let (admin, tokens) = block_on(prepare(&server.address));
    let submit = format!("/api/v1/lotteries/{DAY}/ballots");
    let each = ballots / rounds;
    ask(&server, constant::PATH, &tokens, each.min(5000), connections);
    let memory = resident_mib(server.pid());
    let (mut constants, mut submitted) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        constants.push(ask(&server, constant::PATH, &tokens, each, connections));
        submitted.push(ask(&server, &submit, &tokens, each, connections));
    }
    println!(
        "{connections} connections, {} ballots in one lottery of 4 boxes; medians of {rounds} \
         turns",
        each * rounds
    );
    println!(
        "{:<28} {:>10} {:>8} {:>12} {:>8} {:>12}",
        "request", "per second", "ratio", "CPU µs each", "ratio", "bytes each"
    );
    report("constant reply", &constants, &constants);
    report("ballot, with its receipt", &submitted, &constants);

    let highest = highest_mib(server.pid());
    let began = Instant::now();
    let closed = block_on(call(
        &server.address,
        "POST",
        &format!("/api/v1/lotteries/{DAY}/close"),
        &admin,
        &json!({}),
    ));
    assert_eq!(closed["state"], "drawn", "{closed}");
    let took = began.elapsed().as_secs_f64();
    println!("closed, sealed and drawn in {took:.2} s");
    println!(
        "memory of the server: {memory:.0} MiB without a ballot, {highest:.0} at its highest with \
         all of them, {:.0} once they were drawn",
        highest_mib(server.pid())
    );
    let file =
        std::env::temp_dir().join(format!("stampede-bench-{}-proof.json", std::process::id()));
    download(&server, &file);
    drop(server);
    let this = std::env::current_exe().expect("this program has a path");
    timed("stampede verify-draw", Command::new(this).arg("--verify").arg(&file));
    timed(
        "verify_draw.py",
        Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify_draw.py"))
            .arg(&file),
    );
    let _ = std::fs::remove_file(&file);
}

fn report(name: &str, turns: &[Turn], constant: &[Turn]) {
    let rate = median(turns.iter().map(|turn| turn.per_second));
    let (cpu, bytes) =
        (median(turns.iter().map(|turn| turn.cpu_us)), median(turns.iter().map(|turn| turn.bytes)));
    let rate_ratio = median(
        turns.iter().zip(constant).map(|(turn, constant)| turn.per_second / constant.per_second),
    );
    let cpu_ratio =
        median(turns.iter().zip(constant).map(|(turn, constant)| turn.cpu_us / constant.cpu_us));
    println!(
        "{name:<28} {rate:>10.0} {rate_ratio:>8.2} {cpu:>12.1} {cpu_ratio:>8.2} {bytes:>12.0}"
    );
}

/// The administrator's token, those of the members, and the lottery.
async fn prepare(address: &str) -> (String, Vec<String>) {
    let admin = token(address, "admin", ADMIN_PASSWORD).await;
    let plan = json!({"closes_on": DAY, "ballots": true, "winners": 10, "reserves": 10});
    call(address, "POST", "/api/v1/lotteries", &admin, &plan).await;
    (admin, register(address, MEMBERS).await)
}

/// So many requests over so many connections, each of which asks again when it was answered.
fn ask(server: &Server, path: &str, tokens: &[String], count: u64, connections: usize) -> Turn {
    let (left, bytes) = (Rc::new(Cell::new(count)), Rc::new(Cell::new(0)));
    let (cpu_before, began) = (cpu_s(server.pid()), Instant::now());
    block_on(async {
        let crowd = LocalSet::new();
        for i in 0..connections {
            let request = request("POST", path, &tokens[i % tokens.len()], "{}");
            let (address, left, bytes) = (server.address.clone(), left.clone(), bytes.clone());
            crowd.spawn_local(async move {
                let mut connection = LoadConnection::open(&address).await;
                while let Some(rest) = left.get().checked_sub(1) {
                    left.set(rest);
                    let (status, body) = connection.ask(&request).await;
                    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
                    bytes.set(bytes.get() + body.len());
                }
            });
        }
        crowd.await;
    });
    let (seconds, count) = (began.elapsed().as_secs_f64(), count as f64);
    Turn {
        per_second: count / seconds,
        cpu_us: (cpu_s(server.pid()) - cpu_before) * 1e6 / count,
        bytes: bytes.get() as f64 / count,
    }
}

/// Streams the proof to a file. Says how long it took, and how much the server's memory grew at its
/// highest.
fn download(server: &Server, file: &Path) {
    let before = highest_mib(server.pid());
    let (resident, began) = (resident_mib(server.pid()), Instant::now());
    let answer = ureq::get(format!("http://{}/api/v1/lotteries/{DAY}/proof", server.address))
        .call()
        .expect("the lottery is drawn");
    let mut to = File::create(file).expect("the folder for temporary files takes files");
    let bytes = std::io::copy(&mut answer.into_body().into_reader(), &mut to)
        .expect("the proof comes whole");
    let grown = highest_mib(server.pid()) - before;
    println!(
        "proof of {:.0} MB streamed in {:.2} s; the server had {resident:.0} MiB, its highest rose \
         by {grown:.1} MiB",
        bytes as f64 / 1e6,
        began.elapsed().as_secs_f64()
    );
}

fn timed(name: &str, command: &mut Command) {
    let began = Instant::now();
    match command.stdout(Stdio::null()).status() {
        Ok(status) if status.success() => {
            println!("{name}: {:.2} s", began.elapsed().as_secs_f64())
        }
        Ok(status) => println!("{name}: failed, {status}"),
        Err(error) => println!("{name}: not run, {error}"),
    }
}

/// What `stampede verify-draw` does, in a process of its own.
fn check(file: &str) {
    let request = verify::VerifyRequest {
        file: file.into(),
        commitment: None,
        key: None,
        receipts: Vec::new(),
    };
    if let Err(wrong) = request.run() {
        panic!("{wrong:#}");
    }
}
