//! Callers who read nothing, send nothing, or come in numbers: what they hold is bounded, they are
//! sent away in the end, and others are served meanwhile.

use crate::STAMPEDE;
use crate::abuse::{
    CROWD, ask, beside_an_honest_caller, get, growth_kib, start, status, tcp_kib, until,
};
use harness::{Process, TestFolder, id};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

#[test]
fn answers_that_nobody_reads_hold_little_memory_and_are_cut_off() {
    let folder = TestFolder::new();
    let server = start(&folder, &[("STAMPEDE_UNREAD_TIMEOUT_S", "2")]);
    let plain = get("/openapi.json", None);
    // Once for everybody: what is kept of it is no growth.
    drop(ask(&server, &plain));
    server.anybody().get("/lotteries").expect(200);
    let (memory, system, open) = (server.resident_kib(), tcp_kib(), server.descriptors());
    let unread = beside_an_honest_caller(&server, "unread answers", || {
        let all: Vec<TcpStream> = (0..CROWD).map(|_| ask(&server, &plain)).collect();
        assert!(all.iter().all(|stream| status(stream).starts_with("HTTP/1.1 200")));
        let by_the_system = tcp_kib().saturating_sub(system);
        println!("unread answers: {by_the_system} KiB more are held by the system");
        // Handed over whole, they would be 170 MB, most of it the system's.
        assert!(growth_kib(&server, memory, "unread answers") + by_the_system < 120 * 1024);
        all
    });
    until(&server, "they are cut off", || server.descriptors() <= open + CROWD / 10);
    drop(unread);
    server.stop();
}

#[test]
fn bodies_that_never_end_hold_little_memory_and_are_given_up() {
    let folder = TestFolder::new();
    let settings = [("STAMPEDE_BODY_TIMEOUT_S", "3"), ("STAMPEDE_UNFINISHED_BODIES", "4194304")];
    let server = start(&folder, &settings);
    let mut half =
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 65000\r\n\r\n".to_vec();
    half.resize(half.len() + 60_000, b' ');
    server.anybody().get("/lotteries").expect(200);
    let memory = server.resident_kib();
    beside_an_honest_caller(&server, "unfinished bodies", || {
        let all: Vec<TcpStream> = (0..2 * CROWD).map(|_| ask(&server, &half)).collect();
        // Kept without a bound, they would be 90 MB.
        assert!(growth_kib(&server, memory, "unfinished bodies") < 48 * 1024);
        let said: Vec<String> = all.iter().map(status).collect();
        let count = |status: &str| said.iter().filter(|said| said.ends_with(status)).count();
        println!("unfinished bodies: {} had no room, {} took too long", count("503"), count("408"));
        assert!(count("408") > 0 && count("503") > 0, "{said:?}");
        // A few are ended by force, because they go on sending after their answer.
        assert!(count("408") + count("503") + count("") >= all.len(), "{said:?}");
    });
    server.stop();
}

#[test]
fn streams_that_nobody_reads_are_bounded_and_leave_others_their_turn() {
    let folder = TestFolder::new();
    let server = start(&folder, &[]);
    let admin = server.admin();
    let body =
        json!({"count": 10_000_000, "discount_percent": 5, "expires_at": "2190-01-01T00:00:00Z"});
    let batch = id(&admin.post("/coupon-batches", body).expect(201)).to_owned();
    let codes = get(&format!("/api/v1/coupon-batches/{batch}/codes"), admin.token());
    let memory = server.resident_kib();
    let unread = beside_an_honest_caller(&server, "unread streams", || {
        let all: Vec<TcpStream> = (0..CROWD).map(|_| ask(&server, &codes)).collect();
        let said: Vec<String> = all.iter().map(status).collect();
        let count = |status: &str| said.iter().filter(|said| said.ends_with(status)).count();
        assert_eq!((count("200"), count("503")), (64, CROWD - 64));
        assert!(growth_kib(&server, memory, "unread streams") < 64 * 1024);
        all
    });
    drop(unread);
    until(&server, "their places are free", || status(&ask(&server, &codes)).ends_with("200"));
    server.stop();
}

#[test]
fn a_stop_does_not_wait_for_bodies_that_never_come() {
    let folder = TestFolder::new();
    // Whoever waited for them would wait for an hour.
    let hour = [("STAMPEDE_BODY_TIMEOUT_S", "600"), ("STAMPEDE_SHUTDOWN_S", "3600")];
    let mut server = start(&folder, &hour);
    let token = server.admin().token().unwrap().to_owned();
    let import = "/api/v1/coupon-imports?expires_at=2190-01-01T00:00:00Z&discount_percent=5";
    let begun = |path: &str| {
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n");
        format!("{head}Content-Length: 500\r\nExpect: 100-continue\r\n\r\n").into_bytes()
    };
    let half: Vec<TcpStream> = ["/api/v1/auth/login", import]
        .map(|path| {
            let mut stream = ask(&server, &begun(path));
            // The server is at the body now.
            stream.read_exact(&mut [0; 25]).unwrap();
            stream.write_all(b"code\n").unwrap();
            stream
        })
        .into();
    let began = Instant::now();
    server.tell_to_stop();
    assert_eq!(server.wait().code(), Some(0));
    println!("a stop beside unfinished bodies: {:?}", began.elapsed());
    drop(half);
}

/// The binary with so many open files at most: first what it is given, then what it may ask for.
fn limited(data: &Path, soft: u32, hard: u32) -> Command {
    let plain = STAMPEDE.command(data);
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\""));
    command.arg(plain.get_program()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

#[test]
fn it_asks_for_all_the_open_files_it_may_have_and_says_when_there_are_none_left() {
    let folder = TestFolder::new();
    let (server, _) = Process::start_with(limited(&folder, 128, 256), &folder);
    assert_eq!(server.most_descriptors(), 256);
    assert!(server.said("few connections can be open at once"));
    let crowd: Vec<TcpStream> = (0..CROWD).map(|_| ask(&server, b"")).collect();
    while !server.said("connections cannot be accepted") {
        thread::yield_now();
    }
    drop(crowd);
    server.anybody().get("/lotteries").expect(200);
    server.stop();

    let (server, _) = Process::start_with(limited(&folder, 128, 5000), &folder);
    assert_eq!(server.most_descriptors(), 5000);
    server.stop();
}
