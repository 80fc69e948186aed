//! What open consoles cost a crowd that claims: `cargo bench --bench consoles`.
//!
//! One server, started as its own process, takes first claims of new members over HTTP, in turns
//! within one run: while nobody looks on, while a thousand consoles show the overview (each a
//! stream of the figures of every second), while a thousand show the page of a campaign (each a
//! stream of bulletins, one a second), and while a thousand programs follow every event. All of
//! them are read in a thread of this program, so they take their share of the machine, as the crowd
//! does. What counts are the ratios to the turns without consoles: claims per second, and the
//! server's own CPU per claim. `--consoles N`, `--seconds N`, `--rounds N` and `--connections N`
//! change the run.

use harness::load::connection::{block_on, request};
use harness::load::server::{Server, serve};
use harness::load::shop::{CrowdSpan, LoadShop};
use harness::load::{median, said};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::LocalSet;

/// Each with the stream that such a page opens.
const LOOKED_ON: [(&str, Option<&str>); 4] = [
    ("nobody", None),
    ("overviews", Some("/api/v1/live")),
    ("pages of the campaign", Some("/api/v1/events/bulletins")),
    ("followers of every event", Some("/api/v1/events")),
];

/// What a reader takes at once.
const PIECE: usize = 16 * 1024;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => serve(
            &arguments[1],
            |config| {
                (config.bcrypt_cost, config.connections_per_address) = (4, 0);
                config.new_members_per_minute = 100_000_000;
                (config.streams, config.token_s) = (100_000, 86_400);
            },
            |_| (),
        ),
        _ => measure(&Plan::read(&arguments)),
    }
}

struct Plan {
    consoles: usize,
    seconds: u64,
    rounds: usize,
    connections: usize,
}

impl Plan {
    fn read(arguments: &[String]) -> Plan {
        let last = |flag, usual| said(arguments, flag).last().copied().unwrap_or(usual);
        Plan {
            consoles: last("--consoles", 1000) as usize,
            seconds: last("--seconds", 5),
            rounds: last("--rounds", 7) as usize,
            connections: last("--connections", 64) as usize,
        }
    }
}

struct Turn {
    span: CrowdSpan,
    /// What all consoles were told, in bytes.
    heard: u64,
}

fn measure(plan: &Plan) {
    let server = Server::start("consoles");
    let shop = LoadShop::open(&server, plan.connections);
    let path = shop.campaign("looked at");
    let mut turns: [Vec<Turn>; 4] = Default::default();
    let mut claimed = 0;
    // The first round warms the server up and does not count.
    for round in 0..=plan.rounds {
        for (place, (_, stream)) in LOOKED_ON.iter().enumerate() {
            let consoles = stream.map(|stream| Consoles::open(&shop, stream, plan.consoles));
            let span = shop.claim(Duration::from_secs(plan.seconds), &path, "new", claimed);
            claimed += span.asked;
            let heard = consoles.map_or(0, Consoles::close);
            if round > 0 {
                turns[place].push(Turn { span, heard });
            }
        }
    }
    report(plan, &turns);
}

fn report(plan: &Plan, turns: &[Vec<Turn>; 4]) {
    println!(
        "{} consoles, {} connections, medians of {} turns of {} s",
        plan.consoles, plan.connections, plan.rounds, plan.seconds
    );
    println!(
        "{:<24} {:>10} {:>7} {:>12} {:>7} {:>8} {:>8} {:>10}",
        "who looks on",
        "per second",
        "ratio",
        "CPU µs each",
        "ratio",
        "p50 ms",
        "p99 ms",
        "told MB"
    );
    for ((name, _), own) in LOOKED_ON.iter().zip(turns) {
        let of = |value: fn(&Turn) -> f64| median(own.iter().map(value));
        let ratio = |value: fn(&Turn) -> f64| {
            median(own.iter().zip(&turns[0]).map(|(turn, alone)| value(turn) / value(alone)))
        };
        println!(
            "{name:<24} {:>10.0} {:>7.2} {:>12.1} {:>7.2} {:>8.2} {:>8.2} {:>10.1}",
            of(|turn| turn.span.per_second),
            ratio(|turn| turn.span.per_second),
            of(|turn| turn.span.cpu_us),
            ratio(|turn| turn.span.cpu_us),
            of(|turn| turn.span.p50_ms),
            of(|turn| turn.span.p99_ms),
            of(|turn| turn.heard as f64 / 1e6),
        );
    }
}

/// Consoles that are open and read what they are told.
struct Consoles {
    over: watch::Sender<bool>,
    reading: JoinHandle<u64>,
}

impl Consoles {
    /// Returns when each of them was let in.
    fn open(shop: &LoadShop, stream: &str, count: usize) -> Consoles {
        let (let_in, all_are_in) = sync_channel(1);
        let (over, mut until) = watch::channel(false);
        let address = shop.server.address.clone();
        let asked = request("GET", stream, &shop.admin, "");
        let reading = std::thread::spawn(move || {
            block_on(LocalSet::new().run_until(async move {
                let heard = Rc::new(Cell::new(0));
                let mut consoles = Vec::new();
                for _ in 0..count {
                    consoles.push(Console::open(&address, &asked).await);
                }
                let_in.send(()).expect("somebody waits for them");
                for console in consoles {
                    tokio::task::spawn_local(console.read(heard.clone()));
                }
                until.wait_for(|over| *over).await.expect("it is told");
                heard.get()
            }))
        });
        all_are_in.recv().expect("all are let in");
        Consoles { over, reading }
    }

    fn close(self) -> u64 {
        self.over.send(true).expect("they read");
        self.reading.join().expect("all of them were told something until they were closed")
    }
}

struct Console(TcpStream);

impl Console {
    async fn open(address: &str, asked: &[u8]) -> Console {
        let mut stream = TcpStream::connect(address).await.expect("the server listens");
        stream.write_all(asked).await.expect("the server reads");
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.expect("the server answers");
        assert_eq!(&status, b"HTTP/1.1 200");
        Console(stream)
    }

    async fn read(mut self, heard: Rc<Cell<u64>>) {
        let mut piece = vec![0; PIECE];
        loop {
            let read = self.0.read(&mut piece).await.expect("the stream goes on");
            assert!(read > 0, "the server hung up on a console");
            heard.set(heard.get() + read as u64);
        }
    }
}
