//! Group commit beside one conditional insert per claim, in turns on the same database.

use crate::TURNS;
use crate::claims::{CALLERS, NAME, claim, crowd, open_campaign};
use actix_rt::System;
use actors::store::{Append, AppendOutcome, Callback, Store};
use cql::{Conditional, Cql, CqlStore, Tuning};
use harness::database::{TestDatabase, connect, store_of, wait};
use products::table;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use testing::around::Around;

pub fn measure(database: &TestDatabase, turn: Duration) {
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
    let campaigns = open_campaign(testing::around::as_store(store.clone())).await;
    let members = Rc::new(Cell::new(0u64));
    let mut ratios = Vec::new();
    // The first turn is the database's own warming up, and does not count.
    for number in 0..=TURNS {
        let (commits, events) =
            (store.commits.load(Ordering::Relaxed), store.events.load(Ordering::Relaxed));
        let grouped = crowd(turn, &members, |member| {
            let campaigns = campaigns.clone();
            async move { claim(&campaigns, member).await }
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
