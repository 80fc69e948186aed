//! What those who abuse the server do, and those who are served meanwhile.
//!
//! How fast the others were served is printed (`--nocapture`), never asserted.

use crate::STAMPEDE;
use harness::{Client, Process, TestFolder};
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub const CROWD: usize = 300;

/// A server that never ends a connection fails a test instead of keeping it for ever.
const PATIENCE: Duration = Duration::from_secs(120);

pub fn start(folder: &TestFolder, settings: &[(&str, &str)]) -> Process {
    let mut command = STAMPEDE.command(folder);
    command.envs(settings.iter().copied());
    Process::start_with(command, folder).0
}

pub fn ask(server: &Process, request: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let _ = stream.write_all(request);
    stream
}

/// The same, by somebody who takes as little at a time as the system lets them.
pub fn ask_and_take_little(server: &Process, request: &[u8]) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(1).unwrap();
    let address: SocketAddr = server.address.parse().unwrap();
    socket.connect(&address.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    let _ = stream.write_all(request);
    stream
}

pub fn get(path: &str, token: Option<&str>) -> Vec<u8> {
    let token = token.map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
    format!("GET {path} HTTP/1.1\r\nHost: stampede\r\n{token}\r\n").into_bytes()
}

/// All that comes until the server ends the connection; an end by force is an end, too. None if it
/// does not end it.
pub fn until_the_end(mut stream: TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut said = Vec::new();
    let ended = match stream.read_to_end(&mut said) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    };
    ended.then(|| String::from_utf8_lossy(&said).into_owned())
}

/// Of all answers in it.
pub fn statuses(said: &str) -> Vec<u16> {
    said.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
}

/// Says so when it is dropped, also if what was tried has failed: nobody waits for the honest then.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Does something while somebody honest calls again and again. Every call is answered with 200.
pub fn beside_an_honest_caller<T>(server: &Process, what: &str, work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    let honest = server.anybody();
    thread::scope(|scope| {
        let calling = scope.spawn(|| call_until(&honest, &over));
        let at_the_end = Over(&over);
        let done = work();
        drop(at_the_end);
        let mut took = calling.join().unwrap();
        took.sort_unstable();
        let at = |share: usize| took[(took.len() - 1) * share / 100];
        println!(
            "{what}: {} honest calls, median {:?}, p99 {:?}, most {:?}",
            took.len(),
            at(50),
            at(99),
            at(100)
        );
        done
    })
}

fn call_until(honest: &Client, over: &AtomicBool) -> Vec<Duration> {
    let mut took = Vec::new();
    while !over.load(Ordering::SeqCst) || took.len() < 50 {
        let began = Instant::now();
        honest.get("/lotteries").expect(200);
        took.push(began.elapsed());
    }
    took
}

/// The first line of an answer that has begun, without taking it.
pub fn status(stream: &TcpStream) -> String {
    let mut line = [0; 12];
    let _ = stream.peek(&mut line[..1]);
    let read = stream.peek(&mut line).unwrap_or(0);
    String::from_utf8_lossy(&line[..read]).into_owned()
}

pub fn growth_kib(server: &Process, before: u64, what: &str) -> u64 {
    let grown = server.resident_kib().saturating_sub(before);
    println!("{what}: {before} KiB before, {grown} KiB more");
    grown
}

/// What the system holds for all connections of this machine.
pub fn tcp_kib() -> u64 {
    let stat = std::fs::read_to_string("/proc/net/sockstat").unwrap();
    let tcp = stat.lines().find_map(|line| line.strip_prefix("TCP:")).unwrap();
    let pages: u64 =
        tcp.split_whitespace().skip_while(|word| *word != "mem").nth(1).unwrap().parse().unwrap();
    pages * 4
}

/// Asks until it is so, each time with a word to the server, so that nothing spins for nothing.
pub fn until(server: &Process, what: &str, is_so: impl Fn() -> bool) {
    let honest = server.anybody();
    let came = (0..100_000).any(|_| is_so() || honest.get("//health/ready").status != 200);
    assert!(came && is_so(), "{what}");
}
