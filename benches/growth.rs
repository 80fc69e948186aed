//! What it costs to go on when much was handed out: `cargo bench --bench growth`.
//!
//! A batch of ten thousand million coupons on the real SQLite store. A child process assigns
//! coupons and uses them, and says as it goes how fast that is, what CPU each fact takes, how long
//! the slowest hundredth and the slowest of all took, and its memory. Then it looks at coupons that
//! are not in memory, and is killed. Another child opens what is left and says when it first
//! answers; a third verifies everything. `--coupons N` and `--card-mib N` change the run; with
//! `--keep` the folder stays.

#[allow(dead_code, reason = "each bench uses its part")]
mod sized;

use actix_rt::{Arbiter, System};
use actors::dice::Dice;
use actors::domain::coupons::catalogue::{BatchKind, BatchPlan, CatalogueEntry};
use actors::domain::coupons::code::Keys;
use actors::domain::coupons::{CouponHome, Discount, Offer, SerialKind, redeem};
use actors::engine::{By, KeyWindow, Limits, Node};
use actors::store::Store;
use actors::time::system_clock;
use actors::{Caller, Id, Time};
use futures_util::future::join_all;
use harness::load::process::highest_mib;
use products::campaigns::Campaigns;
use products::coupons::Coupons;
use products::coupons::batches::Batches;
use products::promotions::{Promotion, Promotions};
use products::{Engine, table};
use sized::{cpu_s, disk_kb, folder, ms, resident_mb};
use sqlite::{SqliteHistory, SqliteStore};
use std::cell::{Cell, RefCell};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

const COUNT: u64 = 10_000_000_000;
const CALLERS: u64 = 1000;
/// How often the filling child says how it is doing.
const LINES: u64 = 20;

#[derive(Clone, Copy)]
struct Size {
    coupons: u64,
    card_mib: usize,
    keep: bool,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1)
    };
    let number = |name: &str, usual: u64| {
        after(name).map_or(usual, |text| text.parse().expect("a number follows"))
    };
    let size = Size {
        coupons: number("--coupons", 1_000_000),
        card_mib: number("--card-mib", 128) as usize,
        keep: arguments.iter().any(|argument| argument == "--keep"),
    };
    match (after("--fill"), after("--open"), after("--verify")) {
        (Some(folder), _, _) => System::new().block_on(fill(&PathBuf::from(folder), size)),
        (_, Some(folder), _) => System::new().block_on(open(&PathBuf::from(folder), size)),
        (_, _, Some(folder)) => verify(&PathBuf::from(folder)),
        _ => all(size),
    }
}

fn all(size: Size) {
    let folder = folder("growth");
    let mut filling = child("--fill", &folder, size);
    let said = filling.stdout.take().expect("it is piped");
    for line in BufReader::new(said).lines().map_while(Result::ok) {
        if line == "filled" {
            break;
        }
        println!("{line}");
    }
    println!("highest memory {:.0} MiB", highest_mib(filling.id()));
    filling.kill().expect("it runs");
    let _ = filling.wait();
    let bytes = disk_kb(&folder) as f64 * 1024.0 / size.coupons as f64;
    println!("on disk {bytes:.0} bytes a coupon, log, cards and lists");
    for what in ["--open", "--verify"] {
        let ended = child(what, &folder, size).wait_with_output().expect("it ends");
        print!("{}", String::from_utf8_lossy(&ended.stdout));
    }
    match size.keep {
        true => println!("kept in {}", folder.display()),
        false => drop(std::fs::remove_dir_all(folder)),
    }
}

fn child(what: &str, folder: &Path, size: Size) -> Child {
    let program = std::env::current_exe().expect("this program has a path");
    let mut command = Command::new(program);
    command.arg(what).arg(folder).args(["--coupons", &size.coupons.to_string()]);
    command.args(["--card-mib", &size.card_mib.to_string()]);
    command.stdout(Stdio::piped()).spawn().expect("it starts")
}

struct Place {
    promotions: Arc<Promotions>,
    batches: Arc<Batches>,
    coupons: Coupons,
}

impl Place {
    fn open(folder: &Path, size: Size) -> Place {
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(folder, &table::rows).expect("the folder can be opened"));
        let limits = Limits { card_bytes: size.card_mib << 20, ..Limits::default() };
        let node = Node::new(store, system_clock(), KeyWindow::new(1_000_000, 3600), limits);
        (0..2).for_each(|_| node.add_seat(Arbiter::new().handle()));
        let engine = Engine::new(node);
        let keys = Arc::new(Keys::new([7; 32]));
        let promotions = Arc::new(Promotions::new(engine.clone(), keys.clone()));
        let campaigns = Arc::new(Campaigns::new(engine.clone(), promotions.clone()));
        let batches = Arc::new(Batches::new(engine.clone()));
        let coupons = Coupons::new(engine, keys, promotions.clone(), campaigns, batches.clone());
        Place { promotions, batches, coupons }
    }

    async fn batch(&self) -> Arc<Promotion> {
        let found = self.promotions.page(SerialKind::Batch, None, 1).await.expect("it is read");
        Arc::new(found.into_iter().next().expect("there is a batch"))
    }

    async fn assign_and_use(&self, batch: &Promotion, n: u64) -> CouponHome {
        let plan = batch.batch().expect("it is a batch");
        let member = Id::digest(&[b"member", &n.to_be_bytes()]);
        let assigned = self.batches.assign(batch.serial, plan, member, None, By::SYSTEM).await;
        let home = assigned.expect("some are left").event;
        let use_it = redeem::Command::Use {
            slot: home.slot(),
            amount: Some(5000),
            reference: None,
            hold_s: None,
        };
        let by = By::for_good(Caller::member(member));
        self.coupons.redeem(&home, use_it, by).await.expect("it is theirs");
        home
    }
}

async fn fill(folder: &Path, size: Size) {
    let place = Rc::new(Place::open(folder, size));
    let offer = Offer::of(Discount::percent(10));
    let expires_at = Time(system_clock()().0 + 30 * 86_400_000);
    let what = BatchKind::Made { count: COUNT, one_per_member: false };
    let plan = BatchPlan { name: None, offer, expires_at, what };
    let registered = place.promotions.register(CatalogueEntry::Batch(plan), None, By::SYSTEM).await;
    let batch = Arc::new(registered.expect("it is registered").event);
    let homes = Rc::new(RefCell::new(Vec::new()));
    println!("    touched   facts/s  CPU µs/fact   p50 ms   p99 ms   max ms   MiB");
    for line in 0..LINES {
        let (from, to) = (size.coupons * line / LINES, size.coupons * (line + 1) / LINES);
        let (began, cpu, next) = (Instant::now(), cpu_s(), Rc::new(Cell::new(from)));
        let took = Rc::new(RefCell::new(Vec::new()));
        let caller = || {
            let (place, batch, next) = (place.clone(), batch.clone(), next.clone());
            let (took, homes) = (took.clone(), homes.clone());
            async move {
                while next.get() < to {
                    let n = next.replace(next.get() + 1);
                    let began = Instant::now();
                    let home = place.assign_and_use(&batch, n).await;
                    took.borrow_mut().push(began.elapsed().as_secs_f32() * 500.0);
                    if n.is_multiple_of(size.coupons / 100_000 + 1) {
                        homes.borrow_mut().push(home);
                    }
                }
            }
        };
        join_all((0..CALLERS).map(|_| actix_rt::spawn(caller()))).await;
        let facts = 2.0 * (to - from) as f64;
        let (p50, p99, max) = percentiles(&mut took.borrow_mut());
        println!(
            "{to:>11} {:>9.0} {:>12.1} {p50:>8.1} {p99:>8.1} {max:>8.1} {:>5.0}",
            facts / began.elapsed().as_secs_f64(),
            (cpu_s() - cpu) * 1e6 / facts,
            resident_mb()
        );
    }
    let homes = homes.take();
    look_at_some(&place, &homes).await;
    println!("filled");
    actix_rt::time::sleep(std::time::Duration::from_secs(3600)).await;
}

/// Coupons from all over, most of which are not in memory.
async fn look_at_some(place: &Place, homes: &[CouponHome]) {
    let (mut dice, mut took) = (Dice::new(1), Vec::new());
    for _ in 0..10_000 {
        let home = homes[dice.below(homes.len() as u64) as usize].clone();
        let began = Instant::now();
        place.coupons.find(home).await.expect("it is looked up").expect("there is one");
        took.push(began.elapsed().as_secs_f32() * 1000.0);
    }
    let (p50, p99, max) = percentiles(&mut took);
    println!("a coupon from anywhere: p50 {p50:.2}, p99 {p99:.2}, longest {max:.2} ms");
}

async fn open(folder: &Path, size: Size) {
    let began = Instant::now();
    let place = Place::open(folder, size);
    let opened = ms(began);
    let batch = place.batch().await;
    place.assign_and_use(&batch, u64::MAX).await;
    println!(
        "opened after kill -9: {opened:.0} ms; first coupon assigned and used {:.0} ms after the \
         start; {:.0} MiB",
        ms(began),
        resident_mb()
    );
}

fn verify(folder: &Path) {
    let began = Instant::now();
    let view = SqliteHistory::open(folder, &table::rows).expect("it has a database");
    let verified = products::verify::verify(&view).expect("all is well");
    println!(
        "verified {} records in {:.0} s; highest memory {:.0} MiB",
        verified.records,
        began.elapsed().as_secs_f64(),
        highest_mib(std::process::id())
    );
}

fn percentiles(took: &mut [f32]) -> (f32, f32, f32) {
    took.sort_by(f32::total_cmp);
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)];
    (at(50), at(99), took[took.len() - 1])
}
