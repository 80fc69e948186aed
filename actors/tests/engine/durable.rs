//! No answer leaves before every fact it rests on is durable.

use super::bench::*;
use actors::domain::tickets::Refusal;
use actors::domain::tickets::{Answer, Question};
use actors::engine::{By, Failure, Limits};
use std::sync::Arc;
use testing::memory::{Fate, MemoryStore};

#[test]
fn a_fact_is_told_when_it_is_durable_and_not_before() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        let asked = bench.ask(0, hold("0123"), ADA, None);
        settle().await;
        assert!(!asked.is_finished() && bench.held(0) == 0);
        assert!(bench.store.step());
        assert!(!told(asked).await.expect("it was free").replayed);
        assert_eq!(bench.held(0), 1);
    });
}

#[test]
fn a_refusal_waits_for_the_fact_it_rests_on() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        let first = bench.ask(0, hold("0123"), ADA, None);
        let second = bench.ask(0, hold("0123"), BOB, None);
        settle().await;
        assert!(!first.is_finished() && !second.is_finished());
        bench.store.step();
        assert!(told(first).await.is_ok());
        assert_eq!(told(second).await, Err(Failure::Refused(Refusal::NoMatchLeft { left: 0 })));
    });
}

#[test]
fn a_refusal_is_not_told_when_the_fact_it_rests_on_is_lost() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        let first = bench.ask(0, hold("0123"), ADA, None);
        let second = bench.ask(0, hold("0123"), BOB, None);
        settle().await;
        bench.store.complete(0, Fate::LoseUnknown);
        assert_eq!(told(first).await, Err(Failure::Unknown));
        assert_eq!(told(second).await, Err(Failure::Unknown));
        assert!(bench.command(0, hold("0123"), BOB, None).await.is_ok());
    });
}

#[test]
fn a_look_and_a_dry_run_wait_for_the_fact_they_rest_on() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        let fact = bench.ask(0, hold("0123"), ADA, None);
        settle().await;
        let (slices, dry_slices) = (bench.slices.clone(), bench.slices.clone());
        let look = actix_rt::spawn(async move { slices.look(&slice(0), Question::Ledger).await });
        let dry = actix_rt::spawn(async move {
            dry_slices.command(&slice(0), hold("0123"), By::dry_run(BOB)).await
        });
        settle().await;
        assert!(!fact.is_finished() && !look.is_finished() && !dry.is_finished());
        bench.store.step();
        let Answer::Ledger(ledger) = told(look).await.expect("it can be looked at").answer else {
            panic!("not a ledger")
        };
        assert_eq!((ledger.free, ledger.held), (999, 1));
        assert_eq!(told(dry).await, Err(Failure::Refused(Refusal::NoMatchLeft { left: 0 })));
    });
}

#[test]
fn an_answer_in_the_second_batch_waits_for_the_second_append() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        bench.store.plan(Fate::Stall);
        let first = bench.ask(0, hold("0001"), ADA, None);
        settle().await;
        let second = bench.ask(0, hold("0002"), ADA, None);
        let refused = bench.ask(0, hold("0002"), BOB, None);
        settle().await;
        bench.store.step();
        settle().await;
        assert!(first.is_finished() && !second.is_finished() && !refused.is_finished());
        bench.store.step();
        assert!(told(second).await.is_ok() && told(refused).await.is_err());
    });
}

#[test]
fn a_refusal_with_nothing_under_way_leaves_at_once_and_writes_nothing() {
    with_engine(async |bench| {
        bench.command(0, hold("0123"), ADA, None).await.expect("it was free");
        let before = bench.facts(0).len();
        bench.store.plan(Fate::Stall);
        assert!(bench.command(0, hold("0123"), BOB, None).await.is_err());
        assert_eq!(bench.ledger(0).await.held, 1);
        assert!(bench.store.pending().is_empty() && bench.facts(0).len() == before);
    });
}

#[test]
fn whatever_is_ready_at_once_is_one_batch_and_whatever_arrives_meanwhile_is_the_next() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        let ask = |n: u32| bench.ask(0, hold(&format!("00{n:02}")), ADA, None);
        let mut asked: Vec<_> = (0..5).map(ask).collect();
        settle().await;
        assert_eq!(bench.store.pending().len(), 1);
        asked.extend((5..20).map(ask));
        settle().await;
        assert_eq!(bench.store.pending().len(), 1);
        bench.store.step();
        for asked in asked {
            told(asked).await.expect("it was free");
        }
        let frames = bench
            .store
            .frames(&actors::machine::partition_id::<actors::domain::tickets::Slice>(&slice(0)));
        let sizes: Vec<u64> = frames.iter().map(|frame| frame.to.seq - frame.from.seq).collect();
        assert_eq!(sizes, [1, 5, 15]);
    });
}

#[test]
fn one_partition_that_stalls_holds_up_no_other() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        let stalled = bench.ask(0, hold("0123"), ADA, None);
        settle().await;
        assert!(bench.command(1, hold("1123"), ADA, None).await.is_ok());
        assert!(!stalled.is_finished());
    });
}

/// As of a store that several nodes share.
fn with_confirmations(test: impl AsyncFnOnce(Bench)) {
    in_a_system(async || {
        let store = Arc::new(MemoryStore::default().confirming_reads());
        let bench = Bench::on(store.clone(), store, Limits::default());
        bench.open(0).await;
        bench.command(0, hold("0123"), ADA, None).await.expect("it was free");
        test(bench).await;
    });
}

#[test]
fn all_refusals_that_wait_share_one_confirmation() {
    with_confirmations(async |bench| {
        bench.store.plan(Fate::Stall);
        bench.store.plan(Fate::Stall);
        let first = bench.ask(0, hold("0123"), BOB, None);
        settle().await;
        let others: Vec<_> = (0..50).map(|_| bench.ask(0, hold("0123"), BOB, None)).collect();
        settle().await;
        assert_eq!(bench.store.pending().len(), 1, "that of the first");
        assert!(bench.store.step());
        settle().await;
        // It may have been looked at before they came, so they have one of their own.
        assert!(first.is_finished() && others.iter().all(|asked| !asked.is_finished()));
        let pending = bench.store.pending();
        assert_eq!((pending.len(), pending[0].to), (1, pending[0].from));
        assert!(bench.store.step());
        for asked in others {
            assert!(matches!(told(asked).await, Err(Failure::Refused(_))));
        }
        assert!(bench.store.pending().is_empty());
    });
}

#[test]
fn a_refusal_is_confirmed_by_the_next_fact_of_anybody() {
    with_confirmations(async |bench| {
        bench.store.plan(Fate::Stall);
        bench.store.plan(Fate::Stall);
        let first = bench.ask(0, hold("0001"), ADA, None);
        settle().await;
        let refused = bench.ask(0, hold("0123"), BOB, None);
        let second = bench.ask(0, hold("0002"), ADA, None);
        settle().await;
        assert!(bench.store.step());
        assert!(told(first).await.is_ok() && !refused.is_finished());
        let pending = bench.store.pending();
        assert_eq!((pending.len(), pending[0].to.seq - pending[0].from.seq), (1, 1));
        assert!(bench.store.step());
        assert!(told(second).await.is_ok());
        assert!(matches!(told(refused).await, Err(Failure::Refused(_))));
        assert!(bench.store.pending().is_empty());
    });
}
