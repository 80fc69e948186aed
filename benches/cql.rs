//! One hot campaign on CQL: `cargo bench --bench cql`.
//!
//! 512 callers claim from one campaign, in turns of two ways on the same database: through the
//! engine, whose group commit is one fenced conditional update for whatever arrived meanwhile; and
//! by one conditional insert per claim (`IF NOT EXISTS`), as one would without an engine. It starts
//! a Cassandra of its own, or uses that at CASSANDRA_AT; every write is synced. The insert hands
//! out no rank and keeps no quota. Then two servers, one on that database and one on the embedded
//! store, hand out tickets over HTTP, again in turns.

use actix_rt::{Arbiter, System};
use actors::domain::coupons::campaign::{Campaign, CampaignPlan, Command, Trigger};
use actors::domain::coupons::{Discount, Offer, Serial};
use actors::engine::{By, KeyWindow, Limits, Node, Router};
use actors::store::{Append, AppendOutcome, Callback, Store};
use actors::time::system_clock;
use actors::{Caller, Id, Time};
use base::Secret;
use config::{Choice, Config};
use cql::{Conditional, Cql, CqlStore, Tuning};
use futures_util::future::join_all;
use harness::database::{TestDatabase, connect, database, store_of, wait};
use harness::keyspaces::Lent;
use harness::load::server::{Server, serve};
use harness::load::{Load, LoadRound, LoadTarget, median};
use ports::replication::Replication;
use products::table;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use testing::around::Around;

const CALLERS: usize = 512;
const TURNS: usize = 5;
const TURN: Duration = Duration::from_secs(8);
const NAME: Serial = Serial(1);

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--serve", folder] => serve(folder, |config| config.bcrypt_cost = 4, |_| {}),
        ["--serve", folder, address, keyspace] => {
            serve(folder, |config| put_on(config, address, keyspace), |_| {})
        }
        [seconds] => measure(seconds.parse().map_or(TURN, Duration::from_secs)),
        _ => measure(TURN),
    }
}

fn put_on(config: &mut Config, address: &str, keyspace: &str) {
    config.bcrypt_cost = 4;
    config.store = Choice::Cql;
    config.cql = vec![address.to_owned()];
    config.keyspace = keyspace.to_owned();
    config.replication = Replication::Copies(1);
    config.cluster_key = Some(Secret::new("a key that only benches have, and long"));
    config.migrate = true;
}

fn measure(turn: Duration) {
    let Some(database) = database() else { return };
    in_process(database, turn);
    over_http(database, turn);
}

fn over_http(database: &TestDatabase, turn: Duration) {
    let lent = Lent::new(database.address());
    let servers =
        [Server::start("sqlite"), Server::start_with("cql", &[database.address(), &lent.keyspace])];
    let loads = servers.each_ref().map(|server| Load::prepare(&server.address, 256, 256));
    for what in [Load::hold as fn(&Load, &str) -> LoadTarget, |load, _| load.sold_out()] {
        let mut turns: [Vec<LoadRound>; 2] = Default::default();
        for number in 0..=TURNS {
            for ((server, load), rounds) in servers.iter().zip(&loads).zip(&mut turns) {
                let round = load.run(&what(load, "******"), turn.as_secs(), server.pid());
                // The first one warms up.
                rounds.extend((number > 0).then_some(round));
            }
        }
        let of = |place: usize, part: fn(&LoadRound) -> f64| median(turns[place].iter().map(part));
        println!(
            "{}, over HTTP, 256 connections, medians of {TURNS} turns",
            what(&loads[0], "******").name
        );
        for (place, name) in ["SQLite", "CQL"].into_iter().enumerate() {
            println!(
                "  on {name}: {:.0} a second, {:.0} µs of the server's CPU, p50 {:.1} ms, p99 \
                 {:.1} ms; commits so far: {}",
                of(place, |round| round.per_second),
                of(place, |round| round.cpu_us),
                of(place, |round| round.p50_ms),
                of(place, |round| round.p99_ms),
                loads[place].commits()
            );
        }
        let ratio = median(
            turns[0].iter().zip(&turns[1]).map(|(sqlite, cql)| cql.per_second / sqlite.per_second),
        );
        println!("  CQL ÷ SQLite: {ratio:.3}");
    }
}

fn in_process(database: &TestDatabase, turn: Duration) {
    let settings = database.fresh();
    let store = Arc::new(Counted {
        store: store_of(&settings, Tuning::default(), table::rows),
        commits: AtomicU64::new(0),
        events: AtomicU64::new(0),
    });
    let cql = connect(&settings);
    wait(cql.session().query_unpaged(
        "CREATE TABLE single_claims (campaign int, member blob, PRIMARY KEY (campaign, member))",
        (),
    ))
    .expect("a table");
    let insert = wait(cql.prepare_conditional(
        "INSERT INTO single_claims (campaign, member) VALUES (?, ?) IF NOT EXISTS",
    ))
    .expect("a statement");
    System::new().block_on(run(store, cql, insert, turn));
}

async fn run(store: Arc<Counted>, cql: Arc<Cql>, insert: Conditional, turn: Duration) {
    let node = Node::new(
        testing::around::as_store(store.clone()),
        system_clock(),
        KeyWindow::new(1_000_000, 3600),
        Limits::default(),
    );
    node.add_seat(Arbiter::new().handle());
    let campaigns = Rc::new(Router::<Campaign>::new(node));
    campaigns.command(&NAME, Command::Open(plan()), By::SYSTEM).await.expect("the campaign opens");
    let members = Rc::new(Cell::new(0u64));
    let mut ratios = Vec::new();
    // The first turn is the database's own warming up, and does not count.
    for number in 0..=TURNS {
        let (commits, events) =
            (store.commits.load(Ordering::Relaxed), store.events.load(Ordering::Relaxed));
        let grouped = crowd(turn, &members, |member| {
            let campaigns = campaigns.clone();
            async move {
                let claim = Command::Claim { member: Id(member), code: None };
                campaigns
                    .command(&NAME, claim, By::for_good(Caller::member(Id(member))))
                    .await
                    .is_ok()
            }
        })
        .await;
        let (commits, events) = (
            store.commits.load(Ordering::Relaxed) - commits,
            store.events.load(Ordering::Relaxed) - events,
        );
        let single = crowd(turn, &members, |member| {
            let (cql, insert) = (cql.clone(), insert.clone());
            async move {
                cql.decide(&insert, (NAME.0 as i32, &member[..]), false)
                    .await
                    .is_ok_and(|verdict| verdict.applied)
            }
        })
        .await;
        println!("turn {number}, {CALLERS} callers");
        println!(
            "  group commit:      {grouped}; {:.0} commits/s of {:.1} events",
            commits as f64 / grouped.seconds,
            events as f64 / commits.max(1) as f64
        );
        println!("  one LWT per claim: {single}");
        ratios.extend((number > 0).then(|| grouped.rate() / single.rate()));
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "group commit ÷ one LWT per claim: {:.1} (median of {TURNS} turns, {:.1} to {:.1})",
        ratios[TURNS / 2],
        ratios[0],
        ratios[TURNS - 1]
    );
}

fn plan() -> CampaignPlan {
    let offer = Offer::of(Discount::percent(10));
    let (starts_at, ends_at) = (Time(0), Time(i64::MAX / 2));
    CampaignPlan {
        name: "hot".into(),
        quota: u64::MAX / 2,
        starts_at,
        ends_at,
        trigger: Trigger::Claim,
        offer,
        valid_s: None,
    }
}

/// What a crowd got in one turn.
#[derive(Default)]
struct Got {
    seconds: f64,
    failed: usize,
    took_ms: Vec<f64>,
}

impl Got {
    fn rate(&self) -> f64 {
        self.took_ms.len() as f64 / self.seconds
    }

    fn percentile(&self, of_100: usize) -> f64 {
        self.took_ms
            .get((self.took_ms.len() * of_100 / 100).min(self.took_ms.len().saturating_sub(1)))
            .copied()
            .unwrap_or(f64::NAN)
    }
}

impl std::fmt::Display for Got {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (p50, p99) = (self.percentile(50), self.percentile(99));
        write!(
            f,
            "{:.0} claims/s, p50 {p50:.0} ms, p99 {p99:.0} ms, {} without an answer",
            self.rate(),
            self.failed
        )
    }
}

/// Every caller claims for one new member after the other.
async fn crowd<F: Future<Output = bool> + 'static>(
    turn: Duration,
    members: &Rc<Cell<u64>>,
    claim: impl Fn([u8; 16]) -> F,
) -> Got {
    let (claim, got) = (&claim, &RefCell::new(Got::default()));
    let began = Instant::now();
    let caller = || async move {
        while began.elapsed() < turn {
            members.set(members.get() + 1);
            let mut member = [0; 16];
            member[..8].copy_from_slice(&members.get().to_be_bytes());
            let asked = Instant::now();
            match claim(member).await {
                true => got.borrow_mut().took_ms.push(asked.elapsed().as_secs_f64() * 1000.0),
                false => got.borrow_mut().failed += 1,
            }
        }
    };
    join_all((0..CALLERS).map(|_| caller())).await;
    let mut got = got.take();
    got.seconds = began.elapsed().as_secs_f64();
    got.took_ms.sort_by(f64::total_cmp);
    got
}

/// Counts what is committed.
struct Counted {
    store: CqlStore,
    commits: AtomicU64,
    events: AtomicU64,
}

impl Around for Counted {
    fn inner(&self) -> &dyn Store {
        &self.store
    }

    fn append(&self, append: Append, done: Callback<AppendOutcome>) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.events.fetch_add(append.frame.to.seq - append.frame.from.seq, Ordering::Relaxed);
        self.store.append(append, done);
    }
}
