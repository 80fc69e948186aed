//! Several change a batch of sixteen parts at once, on several nodes, and the store fails, or a
//! node dies, at any write. In the end all parts have the terms of one of them, and none is frozen.

use super::*;
use crate::table::Engine;
use actix_rt as rt;
use actors::Id;
use actors::domain::coupons::catalogue::BatchKind;
use actors::domain::coupons::{Discount, SerialKind};
use actors::engine::{Key, KeyWindow, Limits, Node};
use futures_util::future::{join, join3};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use testing::around::as_store;
use testing::memory::{Fate, MemoryStore};
use testing::write_trap::{WriteSnare, WriteTrap};

const ATTEMPTS: usize = 60;
const PARTS: usize = 16;
const RANGES: &[&str] = &["coupons/"];

fn serial() -> Serial {
    Serial::new(0, SerialKind::Batch).expect("it is the first")
}

fn plan() -> BatchPlan {
    BatchPlan {
        name: None,
        offer: offer(1),
        expires_at: Time(1_000),
        what: BatchKind::Made { count: 2_000_000, one_per_member: false },
    }
}

fn offer(percent: u8) -> Offer {
    Offer::of(Discount::percent(percent))
}

fn terms(percent: u8) -> (Offer, Time) {
    (offer(percent), Time(1_000 + i64::from(percent)))
}

/// The data that all nodes share.
struct Stage {
    store: MemoryStore,
    snare: WriteSnare,
}

impl Stage {
    fn set() -> Stage {
        Stage { store: MemoryStore::default().confirming_reads(), snare: WriteSnare::default() }
    }

    fn node(&self) -> Rc<Batches> {
        let trap =
            WriteTrap { memory: self.store.another_node(), snare: self.snare.clone(), of: RANGES };
        let store = as_store(Arc::new(trap));
        let (window, limits) = (KeyWindow::new(1_000, 3600), Limits::default());
        let node = Node::new(store, Arc::new(|| Time(1)), window, limits);
        node.take_seat();
        Rc::new(Batches::new(Engine::new(node)))
    }

    /// By how many percent all parts are cheaper, as a node says that has just started; and then
    /// somebody can be given one.
    async fn agreed(&self) -> u8 {
        let node = self.node();
        let all = parts(serial(), &plan());
        assert_eq!(all.len(), PARTS);
        let mut told = BTreeSet::new();
        for part in all {
            let overview = node.overview_by(&plan(), part).await.unwrap();
            assert!(!overview.frozen && !overview.withdrawn, "{part:?}: {overview:?}");
            let terms = overview.terms;
            let is_so = |percent: &u8| terms_of(*percent) == (terms.offer, terms.expires_at);
            told.insert((1..50).find(is_so).expect("somebody has said so"));
        }
        assert_eq!(told.len(), 1, "parts have different terms: {told:?}");
        node.assign(serial(), &plan(), Id([7; 16]), None, By::SYSTEM).await.unwrap();
        *told.first().expect("there is one")
    }
}

/// Before anybody changes them they are worth one percent.
fn terms_of(percent: u8) -> (Offer, Time) {
    if percent == 1 { (offer(1), Time(1_000)) } else { terms(percent) }
}

/// Asks until it is told what it came to, each time under the same key.
async fn revise(node: Rc<Batches>, percent: u8, after: usize) -> u8 {
    turns(after).await;
    for attempt in 1..ATTEMPTS {
        match node.revise(serial(), &plan(), terms(percent), under(percent)).await {
            Ok(done) => {
                let told = done.event.terms;
                assert_eq!((told.offer, told.expires_at), terms(percent), "its own");
                return percent;
            }
            Err(error) if is_passing(&error) => {
                turns(attempt * usize::from(percent) * 10).await;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("{percent} never comes to its end");
}

async fn turns(count: usize) {
    for _ in 0..count {
        rt::task::yield_now().await;
    }
}

fn under(percent: u8) -> By {
    By::SYSTEM.under(Some(Key::new(Id([9; 16]), &[percent], &[&[percent]])))
}

fn is_passing(Error(failure): &Error) -> bool {
    matches!(failure, Failure::Unknown | Failure::Moved | Failure::Unavailable(_) | Failure::Busy)
}

#[actix_rt::test]
async fn whoever_revises_a_batch_of_many_parts_at_once_all_parts_have_the_terms_of_one() {
    let mut last = BTreeSet::new();
    for lead in 0..16 {
        let stage = Stage::set();
        let (here, there) = (stage.node(), stage.node());
        join3(
            revise(here.clone(), 2, 0),
            revise(there.clone(), 3, 5 * lead),
            revise(there, 5, 9 * lead),
        )
        .await;
        last.insert(stage.agreed().await);
    }
    assert!(last.len() > 1, "always the same was last: {last:?}");
}

#[actix_rt::test]
async fn a_store_that_fails_at_any_write_of_a_revision_leaves_all_parts_alike() {
    for fate in [Fate::LoseUnknown, Fate::KeepButUnknown, Fate::Tear, Fate::Fence] {
        for place in (0..).step_by(7) {
            let stage = Stage::set();
            *stage.snare.lock().unwrap() = Some((place, fate));
            let (here, there) = (stage.node(), stage.node());
            join(revise(here, 2, 0), revise(there, 3, 3 * place)).await;
            let was_met = stage.snare.lock().unwrap().take().is_none();
            assert!([2, 3].contains(&stage.agreed().await));
            if !was_met {
                assert!(place > 4 * PARTS, "there are so many writes: {place}");
                break;
            }
        }
    }
}

#[actix_rt::test]
async fn what_a_node_that_died_left_frozen_is_brought_to_an_end_by_a_resumption_or_a_change() {
    for keeps in [false, true] {
        for place in (0..).step_by(15) {
            let stage = Stage::set();
            *stage.snare.lock().unwrap() = Some((place, Fate::Stall));
            let node = stage.node();
            let revising = rt::spawn(async move { revise(node, 2, 0).await });
            turns(1_000).await;
            let has_died = !stage.store.pending().is_empty();
            // Nobody else dies of it.
            *stage.snare.lock().unwrap() = None;
            revising.abort();
            stage.store.crash(|_| keeps);
            stage.store.forget_snapshots();
            let node = stage.node();
            if place % 2 == 0 {
                node.change(serial(), &plan(), Command::Resume, By::SYSTEM).await.unwrap();
                assert!([1, 2].contains(&stage.agreed().await), "write {place}");
            } else {
                revise(node, 3, 0).await;
                assert_eq!(stage.agreed().await, 3, "write {place}");
            }
            if !has_died {
                assert!(place > 4 * PARTS, "there are so many writes: {place}");
                break;
            }
        }
    }
}
