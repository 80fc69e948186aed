//! The engine without HTTP: `cargo bench --bench engine`.
//!
//! Three questions, each answered as a ratio or a size: does a pick cost more when almost
//! everything is gone; how many durable holds a second does the process make at the best batch;
//! what do ten million tickets cost in time, memory and disk, and how long does a restart take with
//! a million of them sold. `million MIB` lets what was sold have so much memory for its cards.

#[allow(dead_code, reason = "each bench uses its part")]
mod sized;

use actix_rt::{Arbiter, System};
use actors::cards::Cards;
use actors::dice::Dice;
use actors::domain::day::Day;
use actors::domain::pool::PoolName;
use actors::domain::tickets::stock::Stock;
use actors::domain::tickets::{Command, Event, FirstTerms, Pattern, Slice, SliceName, SliceTerms};
use actors::engine::{By, KeyWindow, Limits, Node, Router};
use actors::store::Store;
use actors::time::system_clock;
use actors::{Caller, Id, Machine, Stamp, Time};
use futures_util::future::join_all;
use products::table;
use sized::{cpu_s, disk_kb, folder, ms, resident_mb};
use sqlite::SqliteStore;
use std::cell::Cell;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

const POOL: PoolName = PoolName::Day(Day(20_991_231));
const DIGITS: u8 = 6;
const COPIES: u16 = 10;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("picks") => {
            picks();
            refusals();
        }
        Some("holds") => System::new().block_on(durable_holds()),
        Some("million") => System::new().block_on(ten_million(
            std::env::args().nth(2).map_or(Limits::default().card_bytes, |mib| {
                mib.parse::<usize>().expect("MiB of memory for cards") << 20
            }),
        )),
        // Each in a process of its own, so that the memory one leaves behind is not counted to
        // another.
        _ => ["picks", "holds", "million"].into_iter().for_each(run),
    }
}

fn run(part: &str) {
    let program = std::env::current_exe().expect("this program has a path");
    let status =
        std::process::Command::new(program).arg(part).status().expect("this program starts itself");
    assert!(status.success(), "{part} failed");
}

/// The cost of a pick by how much of what matches is gone.
fn picks() {
    println!(
        "a pick of `***7*` in a slice of 100,000 numbers, by how many of its matches are gone"
    );
    let pattern: Pattern = "0***7*".parse().expect("a pattern");
    let mut fresh = 0.0;
    for gone in [0.0, 0.5, 0.999] {
        let mut stock = Stock::full(0, 5, 1);
        let mut dice = Dice::new(1);
        let (all, _) = stock.matching(&pattern);
        for _ in 0..(all as f64 * gone) as u64 {
            let ticket = stock.pick(&pattern, 1, &mut dice)[0];
            stock.take(&ticket);
        }
        let ns = nanoseconds_each(200_000, || drop(black_box(stock.pick(&pattern, 1, &mut dice))));
        fresh = if gone == 0.0 { ns } else { fresh };
        println!("  {:>5.1} % gone: {ns:>6.0} ns, {:.2} of a fresh one", gone * 100.0, ns / fresh);
    }
}

/// A refusal against a success, both decided only.
fn refusals() {
    let mut slice = Slice::default();
    slice.apply(&Event::Prepared { lead: 0, terms: Box::new(terms()) }, Time(0));
    let stamp = |seed| Stamp { at: Time(0), seed };
    let command = |pattern: &str| Command::Hold {
        pattern: pattern.parse().expect("a pattern"),
        count: 1,
        at_least: 1,
        ttl_s: 60,
    };
    let (some, none) = (command("0***7*"), command("012345"));
    for hold in 0..u32::from(COPIES) {
        let tickets =
            vec![actors::domain::tickets::stock::Ticket { number: 12345, copy: hold as u16 + 1 }];
        slice.apply(
            &Event::Held { hold, owner: Id([1; 16]), tickets, until: Time(i64::MAX) },
            Time(0),
        );
    }
    let mut seed = 0;
    let cards = Cards::none();
    let mut decide = |command: &Command| {
        seed += 1;
        drop(black_box(slice.decide(command, &Caller::member(Id([2; 16])), &stamp(seed), &cards)));
    };
    let success = nanoseconds_each(200_000, || decide(&some));
    let refusal = nanoseconds_each(200_000, || decide(&none));
    println!(
        "a decision: {success:.0} ns; an exhausted pattern is refused in {refusal:.0} ns, {:.2} of \
         it",
        refusal / success
    );
}

fn nanoseconds_each(times: u32, mut work: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        (0..times).for_each(|_| work());
        best = best.min(began.elapsed().as_nanos() as f64 / f64::from(times));
    }
    best
}

fn terms() -> SliceTerms {
    FirstTerms {
        digits: DIGITS,
        copies: COPIES,
        holds_per_member: u16::MAX,
        hold_max_s: 7200,
        closes_at: Time(i64::MAX),
    }
    .in_full()
}

struct Place {
    folder: PathBuf,
    slices: Router<Slice>,
}

impl Place {
    fn open(folder: &Path, card_bytes: usize) -> Place {
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(folder, &table::rows).expect("the folder can be opened"));
        let (partition_in_flight, node_in_flight) = (1 << 20, 1 << 20);
        let limits =
            Limits { partition_in_flight, node_in_flight, card_bytes, ..Limits::default() };
        let node = Node::new(store, system_clock(), KeyWindow::new(1_000_000, 3600), limits);
        (0..2).for_each(|_| node.add_seat(Arbiter::new().handle()));
        Place { folder: folder.to_owned(), slices: Router::new(node) }
    }

    async fn open_slices(&self) {
        for name in SliceName::all(POOL, DIGITS) {
            let open = Command::Open { lead: name.lead, terms: Box::new(terms()) };
            self.slices.command(&name, open, By::SYSTEM).await.expect("a slice opens");
        }
    }

    async fn hold(&self, lead: u8, count: u16, member: u32) -> Option<(SliceName, u32)> {
        let pattern: Pattern = format!("{lead}*****").parse().expect("a pattern");
        let name = SliceName { pool: POOL, digits: DIGITS, lead };
        let mut id = [0; 16];
        id[..4].copy_from_slice(&member.to_be_bytes());
        let command = Command::Hold { pattern, count, at_least: 1, ttl_s: 7200 };
        let done =
            self.slices.command(&name, command, By::for_good(Caller::member(Id(id)))).await.ok()?;
        match done.event {
            Event::Held { hold, .. } => Some((name, hold)),
            _ => None,
        }
    }
}

/// Durable holds a second, by how many callers push at once.
async fn durable_holds() {
    println!("durable holds in process, ten slices on two threads, everything flushed");
    for callers in [64, 512, 4096] {
        let folder = folder("holds");
        let place = Rc::new(Place::open(&folder, Limits::default().card_bytes));
        place.open_slices().await;
        let (until, made) = (Instant::now() + Duration::from_secs(3), Rc::new(Cell::new(0u64)));
        let cpu_before = cpu_s();
        let caller = |i: u32| {
            let (place, made) = (place.clone(), made.clone());
            async move {
                while Instant::now() < until {
                    place.hold((i % 10) as u8, 1, i).await.expect("there are enough");
                    made.set(made.get() + 1);
                }
            }
        };
        let began = Instant::now();
        join_all((0..callers).map(|i| actix_rt::spawn(caller(i)))).await;
        let rate = made.get() as f64 / began.elapsed().as_secs_f64();
        let cpu_us = (cpu_s() - cpu_before) * 1e6 / made.get() as f64;
        println!("  {callers:>5} callers: {rate:>8.0} a second, {cpu_us:.1} µs of CPU each");
        rest(&place).await;
        drop(place);
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// Ten million tickets: made, a million of them sold, opened again.
async fn ten_million(card_bytes: usize) {
    let folder = folder("million");
    let place = Rc::new(Place::open(&folder, card_bytes));
    let (memory, began) = (resident_mb(), Instant::now());
    place.open_slices().await;
    println!(
        "ten million tickets: opened in {:.0} ms, {:.0} MB of memory, {} kB of disk",
        ms(began),
        resident_mb() - memory,
        disk_kb(&folder)
    );
    let sell = |i: u32| {
        let place = place.clone();
        async move {
            for turn in 0..25 {
                let (name, hold) =
                    place.hold((i % 10) as u8, 10, i * 100 + turn).await.expect("there are enough");
                let confirm = Command::Confirm { hold };
                place.slices.command(&name, confirm, By::SYSTEM).await.expect("it is live");
            }
        }
    };
    join_all((0..4000).map(|i| actix_rt::spawn(sell(i)))).await;
    println!(
        "a million sold: {:.0} MB of memory in all, {} kB of disk",
        resident_mb(),
        disk_kb(&folder)
    );
    // Without snapshots, as after a kill; then with them.
    let copied = copy(&folder);
    rest(&place).await;
    drop(place);
    for (how, folder) in [("killed", &copied), ("stopped", &folder)] {
        let began = Instant::now();
        let place = Place::open(folder, card_bytes);
        for name in SliceName::all(POOL, DIGITS) {
            place
                .slices
                .look(&name, actors::domain::tickets::Question::Ledger)
                .await
                .expect("it opens");
        }
        println!("opened again after it was {how}: {:.0} ms with all ten slices", ms(began));
        rest(&Rc::new(place)).await;
    }
    println!("resident at the end: {:.0} MB", resident_mb());
    for folder in [folder, copied] {
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// The files as a kill would leave them.
fn copy(folder: &Path) -> PathBuf {
    let to = folder.with_extension("killed");
    std::fs::create_dir_all(&to).expect("a folder can be made");
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a file can be copied");
    }
    to
}

async fn rest(place: &Rc<Place>) {
    while !place.slices.rest() {
        let (done, passed) = oneshot::channel::<()>();
        actix_rt::spawn(async move { drop(done) });
        let _ = passed.await;
    }
    let _ = &place.folder;
}
