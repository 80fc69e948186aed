//! A campaign from which a million claimed: as before, and soon taken over.

use crate::claims::{Got, claim, crowd, has_claimed, node_on, open_campaign};
use actix_rt::System;
use actors::store::Store;
use cql::Tuning;
use harness::database::{TestDatabase, TestKeyspace, store_of};
use harness::load::median;
use harness::load::process::{cpu_s, resident_mib};
use products::table;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SPAN: Duration = Duration::from_secs(10);

pub fn measure(database: &TestDatabase, claims: u64) {
    let settings = database.fresh();
    // Each node has its own connections, which are there before anybody claims.
    let (first, second) = (store(&settings), store(&settings));
    System::new().block_on(async {
        let known = grow(first, claims).await;
        take_over(second, known).await;
    });
}

/// One span of the crowd, and the CPU of this process for each claim.
struct Span {
    got: Got,
    cpu_us: f64,
}

async fn grow(store: Arc<dyn Store>, claims: u64) -> u64 {
    let campaigns = open_campaign(store).await;
    let members = Rc::new(Cell::new(0));
    let me = std::process::id();
    let mut spans = Vec::new();
    while members.get() < claims {
        let (before, cpu) = (members.get(), cpu_s(me));
        let got = crowd(SPAN, &members, |member| {
            let campaigns = campaigns.clone();
            async move { claim(&campaigns, member).await }
        })
        .await;
        let cpu_us = (cpu_s(me) - cpu) * 1e6 / got.took_ms.len() as f64;
        let longest = got.percentile(100);
        println!(
            "{before:>9} claimed before: {got}, longest {longest:.0} ms, CPU {cpu_us:.0} us, \
             memory {:.0} MB",
            resident_mib(me)
        );
        spans.push(Span { got, cpu_us });
    }
    compare(&spans);
    members.get()
}

/// The last three spans of the second to fourth; in the first the database warms up.
fn compare(spans: &[Span]) {
    let Some(early) = spans.get(1..4) else { return };
    let late = &spans[spans.len() - 3..];
    let ratio =
        |part: fn(&Span) -> f64| median(late.iter().map(part)) / median(early.iter().map(part));
    println!(
        "the last three spans of the second to fourth: throughput {:.2}, CPU {:.2}, p99 {:.2}, \
         longest {:.2}",
        ratio(|span| span.got.rate()),
        ratio(|span| span.cpu_us),
        ratio(|span| span.got.percentile(99)),
        ratio(|span| span.got.percentile(100))
    );
}

/// Another node goes on with it, while the first still thinks that it is its own.
async fn take_over(store: Arc<dyn Store>, known: u64) {
    let began = Instant::now();
    let campaigns = node_on(store);
    assert!(claim(&campaigns, member(known + 1_000_000)).await, "somebody new claims");
    let first = began.elapsed();
    assert!(has_claimed(&campaigns, member(known / 2)).await, "nobody has a second voucher");
    println!(
        "taken over with {known} claims: the first answer after {:.0} ms, who had claimed is known \
         {:.0} ms later",
        first.as_secs_f64() * 1000.0,
        (began.elapsed() - first).as_secs_f64() * 1000.0
    );
}

fn store(settings: &TestKeyspace) -> Arc<dyn Store> {
    Arc::new(store_of(settings, Tuning::default(), table::rows))
}

/// As the crowd numbers them.
fn member(number: u64) -> [u8; 16] {
    let mut member = [0; 16];
    member[..8].copy_from_slice(&number.to_be_bytes());
    member
}
