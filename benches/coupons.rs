//! Ten thousand million coupons, and a million of them touched: `cargo bench --bench coupons`.
//!
//! In one process: what the batch costs before anybody touches it; what a coupon costs in memory
//! and on disk that was assigned at a random place and used; how long it takes to find one by its
//! code, by its owner and by its day; how long a restart takes, and `verify`. `--touched N` changes
//! the run.

#[allow(dead_code, reason = "each bench uses its part")]
mod sized;

use actix_rt::{Arbiter, System};
use actors::dice::Dice;
use actors::domain::coupons::catalogue::{BatchKind, BatchPlan, CatalogueEntry};
use actors::domain::coupons::code::Keys;
use actors::domain::coupons::{CouponLedger, Discount, Offer, redeem};
use actors::engine::By;
use actors::engine::{KeyWindow, Limits, Node};
use actors::store::Store;
use actors::time::system_clock;
use actors::{Caller, Id, Time};
use futures_util::future::join_all;
use products::campaigns::Campaigns;
use products::coupons::Coupons;
use products::coupons::batches::Batches;
use products::coupons::expired::{Expiring, Spot};
use products::promotions::{Promotion, Promotions};
use products::{Engine, table};
use sized::{disk_kb, folder, ms, resident_mb};
use sqlite::{SqliteHistory, SqliteStore};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

const COUNT: u64 = 10_000_000_000;
const CALLERS: u64 = 4000;
const MEMBERS: u64 = 100_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let said = arguments.windows(2).find(|pair| pair[0] == "--touched").map(|pair| pair[1].parse());
    let touched = said.map_or(1_000_000, |number| number.expect("--touched takes a number"));
    System::new().block_on(measure(touched));
}

struct Place {
    engine: Arc<Engine>,
    promotions: Arc<Promotions>,
    batches: Arc<Batches>,
    coupons: Coupons,
}

impl Place {
    fn open(folder: &Path) -> Place {
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(folder, &table::rows).expect("the folder can be opened"));
        let limits =
            Limits { partition_in_flight: 1 << 20, node_in_flight: 1 << 20, ..Limits::default() };
        let node = Node::new(store, system_clock(), KeyWindow::new(1_000_000, 3600), limits);
        (0..2).for_each(|_| node.add_seat(Arbiter::new().handle()));
        let engine = Engine::new(node);
        let keys = Arc::new(Keys::new([7; 32]));
        let promotions = Arc::new(Promotions::new(engine.clone(), keys.clone()));
        let campaigns = Arc::new(Campaigns::new(engine.clone(), promotions.clone()));
        let batches = Arc::new(Batches::new(engine.clone()));
        let coupons =
            Coupons::new(engine.clone(), keys, promotions.clone(), campaigns, batches.clone());
        Place { engine, promotions, batches, coupons }
    }

    async fn ledger(&self, batch: &Promotion) -> CouponLedger {
        let plan = batch.batch().expect("it is a batch");
        self.batches.ledger(batch.serial, plan).await.expect("the ranges open")
    }

    async fn rest(self) {
        while !self.engine.rest() {
            let (done, passed) = oneshot::channel::<()>();
            actix_rt::spawn(async move { drop(done) });
            let _ = passed.await;
        }
    }
}

async fn measure(touched: u64) {
    let folder = folder("coupons");
    let place = Rc::new(Place::open(&folder));
    let expires_at = Time(system_clock()().0 + 30 * 86_400_000);
    let (memory, disk, began) = (resident_mb(), disk_kb(&folder), Instant::now());
    let offer = Offer::of(Discount::percent(10));
    let plan = BatchPlan {
        name: None,
        offer,
        expires_at,
        what: BatchKind::Made { count: COUNT, one_per_member: false },
    };
    let done = place
        .promotions
        .register(CatalogueEntry::Batch(plan), None, By::SYSTEM)
        .await
        .expect("it is registered");
    let took = ms(began);
    let known = Arc::new(done.event);
    let ledger = place.ledger(&known).await;
    let (memory, disk) = (resident_mb() - memory, disk_kb(&folder) - disk);
    println!(
        "{} coupons: {took:.1} ms, {memory:.1} MB of memory, {disk} kB of disk, with all ranges \
         open",
        ledger.issued
    );

    touch(&place, &known, touched, &folder).await;
    find(&place, &known, touched, expires_at).await;

    let Ok(place) = Rc::try_unwrap(place) else { unreachable!("all callers are done") };
    place.rest().await;
    let began = Instant::now();
    let place = Place::open(&folder);
    let ledger = place.ledger(&known).await;
    assert_eq!((ledger.used, ledger.imbalance), (touched, 0));
    println!(
        "opened again after a stop: {:.0} ms with all ranges; {} used",
        ms(began),
        ledger.used
    );
    place.rest().await;
    let began = Instant::now();
    let view = SqliteHistory::open(&folder, &table::rows).expect("it has a database");
    let verified = products::verify::verify(&view).expect("all is well");
    println!("verified: {} records in {:.0} ms", verified.records, ms(began));
    let _ = std::fs::remove_dir_all(folder);
}

/// The index of the nth coupon that is touched: scattered, and each its own.
fn index(n: u64) -> u64 {
    // Steps of the golden ratio spread over 2^33 places, and a million of them never come closer
    // than a thousand.
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 31
}

fn member(n: u64) -> Id {
    Id::digest(&[b"member", &(n % MEMBERS).to_be_bytes()])
}

async fn touch(place: &Rc<Place>, known: &Arc<Promotion>, touched: u64, folder: &Path) {
    let (memory, disk, began) = (resident_mb(), disk_kb(folder), Instant::now());
    let caller = |first: u64| {
        let (place, known) = (place.clone(), known.clone());
        async move {
            let plan = known.batch().expect("it is a batch");
            for n in (first..touched).step_by(CALLERS as usize) {
                let (name, slot) = plan.place(known.serial, index(n)).expect("it is in the batch");
                let home = actors::domain::coupons::CouponHome::Range { name, slot };
                let given = place.coupons.give(plan, &home, member(n), By::SYSTEM).await;
                given.expect("it is free").expect("it is no voucher");
                let by = By::for_good(Caller::member(member(n)));
                let use_it = redeem::Command::Use {
                    slot,
                    amount: Some(5000),
                    reference: None,
                    hold_s: None,
                };
                place.coupons.redeem(&home, use_it, by).await.expect("it is his");
            }
        }
    };
    join_all((0..CALLERS).map(|first| actix_rt::spawn(caller(first)))).await;
    let seconds = began.elapsed().as_secs_f64();
    let bytes = (resident_mb() - memory) * 1024.0 * 1024.0 / touched as f64;
    println!(
        "{touched} assigned at random places and used: {:.0} facts a second, {bytes:.0} bytes of \
         memory and {:.0} of disk each",
        2.0 * touched as f64 / seconds,
        (disk_kb(folder) - disk) as f64 * 1024.0 / touched as f64
    );
}

async fn find(place: &Rc<Place>, known: &Arc<Promotion>, touched: u64, expires_at: Time) {
    let mut dice = Dice::new(1);
    let coupons = &place.coupons;
    let mut took = Vec::new();
    for _ in 0..100_000 {
        let index = index(dice.below(touched));
        let code = coupons.codes(known, COUNT, index, 1).pop().expect("there is such a coupon");
        let began = Instant::now();
        let home =
            coupons.find_home(&code).await.expect("it is looked up").expect("the code is good");
        let found = coupons.find(home).await.expect("it is looked up").expect("there is one");
        took.push(began.elapsed().as_nanos() as f64 / 1000.0);
        assert_eq!(found.code, code);
    }
    report("by code", &mut took);
    let mut took = Vec::new();
    for _ in 0..10_000 {
        let owner = member(dice.below(MEMBERS));
        let began = Instant::now();
        for (_, home, _) in coupons.homes_of(owner, None, 100).await.expect("it is looked up") {
            let found = coupons.find(home).await.expect("it is looked up").expect("there is one");
            assert_eq!(found.view.coupon.owner, owner);
        }
        took.push(began.elapsed().as_nanos() as f64 / 1000.0);
    }
    report(&format!("by member, all of his {}", touched / MEMBERS), &mut took);
    let mut took = Vec::new();
    let day = Expiring {
        since: Time(expires_at.0 - 1000),
        until: Time(expires_at.0 + 1000),
        state: None,
        assigned: None,
    };
    let mut spot = Spot::START;
    for _ in 0..1000 {
        let began = Instant::now();
        let (found, next) = coupons.expired(&day, spot, 100).await.expect("it is looked up");
        took.push(began.elapsed().as_nanos() as f64 / 1000.0);
        assert_eq!(found.len(), 100);
        spot = next.expect("there are more");
    }
    report("by expiry day, a page of 100", &mut took);
}

fn report(what: &str, took: &mut [f64]) {
    took.sort_by(f64::total_cmp);
    println!(
        "found {what}: p50 {:.0} µs, p99 {:.0} µs",
        took[took.len() / 2],
        took[took.len() * 99 / 100]
    );
}
