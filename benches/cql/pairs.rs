//! Group commit beside one conditional insert per claim, in turns on the same database; and group
//! commit that waits for the list rows of the commit before.

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
    let (settings, other) = (database.fresh(), database.fresh());
    let stores = [(&settings, true), (&other, false)].map(|(settings, goes_on)| {
        let store = store_of(settings, Tuning::default(), table::rows);
        let (commits, events) = Default::default();
        Arc::new(Counted { store, goes_on, commits, events })
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
    System::new().block_on(run(stores, cql, insert, turn));
}

async fn run(stores: [Arc<Counted>; 2], cql: Arc<Cql>, insert: Conditional, turn: Duration) {
    let mut grouped = Vec::new();
    for store in stores {
        let campaigns = open_campaign(testing::around::as_store(store.clone())).await;
        grouped.push((store, campaigns));
    }
    let members = Rc::new(Cell::new(0u64));
    let (mut to_single, mut to_waiting) = (Vec::new(), Vec::new());
    // The first turn is the database's own warming up, and does not count.
    for number in 0..=TURNS {
        println!("turn {number}, {CALLERS} callers");
        let mut rates = Vec::new();
        for (store, campaigns) in &grouped {
            let before = store.so_far();
            let got = crowd(turn, &members, |member| {
                let campaigns = campaigns.clone();
                async move { claim(&campaigns, member).await }
            })
            .await;
            println!("  {store}: {got}; {}", store.since(before, got.seconds));
            rates.push(got.rate());
        }
        let single = crowd(turn, &members, |member| {
            let (cql, insert) = (cql.clone(), insert.clone());
            async move {
                cql.decide(&insert, (NAME.0 as i32, &member[..]), false)
                    .await
                    .is_ok_and(|verdict| verdict.applied)
            }
        })
        .await;
        println!("  one LWT per claim: {single}");
        if number > 0 {
            to_single.push(rates[0] / single.rate());
            to_waiting.push(rates[0] / rates[1]);
        }
    }
    report("one LWT per claim", to_single);
    report("group commit that waits for rows", to_waiting);
}

fn report(other: &str, mut ratios: Vec<f64>) {
    ratios.sort_by(f64::total_cmp);
    println!(
        "group commit ÷ {other}: {:.1} (median of {TURNS} turns, {:.1} to {:.1})",
        ratios[TURNS / 2],
        ratios[0],
        ratios[TURNS - 1]
    );
}

/// Counts what is committed.
struct Counted {
    store: CqlStore,
    /// Whether the next commit leaves before the rows of the last one are written.
    goes_on: bool,
    commits: AtomicU64,
    events: AtomicU64,
}

impl Counted {
    fn so_far(&self) -> (u64, u64) {
        (self.commits.load(Ordering::Relaxed), self.events.load(Ordering::Relaxed))
    }

    fn since(&self, (commits, events): (u64, u64), seconds: f64) -> String {
        let now = self.so_far();
        let (commits, events) = (now.0 - commits, now.1 - events);
        format!(
            "{:.0} commits/s of {:.1} events",
            commits as f64 / seconds,
            events as f64 / commits.max(1) as f64
        )
    }
}

impl std::fmt::Display for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.goes_on { "group commit" } else { "the same, waiting for rows" })
    }
}

impl Around for Counted {
    fn inner(&self) -> &dyn Store {
        &self.store
    }

    fn append_and_go_on(
        &self,
        append: Append,
        stands: Callback<()>,
        done: Callback<AppendOutcome>,
    ) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.events.fetch_add(append.frame.to.seq - append.frame.from.seq, Ordering::Relaxed);
        match self.goes_on {
            true => self.store.append_and_go_on(append, stands, done),
            false => self.store.append(append, done),
        }
    }
}
