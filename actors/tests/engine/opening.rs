//! A partition that opens: who comes meanwhile waits; and one that cannot be opened is no matter of
//! the others.

use super::bench::*;
use actors::domain::tickets::Slice;
use actors::engine::{Failure, record};
use actors::machine::partition_id;
use actors::store::{Append, AppendOutcome, Callback, Opened, Position, Store, StoreError};
use actors::{Id, Time};
use std::sync::{Arc, Mutex};
use testing::around::{Around, as_store};
use testing::memory::{Fate, MemoryStore};

type Waiting = (String, Callback<Result<Opened, StoreError>>);

/// A store that opens a partition only when it is told to.
struct Slow {
    memory: Arc<MemoryStore>,
    waiting: Mutex<Vec<Waiting>>,
}

impl Slow {
    fn go_on(&self) {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap());
        waiting.into_iter().for_each(|(partition, done)| self.memory.open(&partition, done));
    }
}

impl Around for Slow {
    fn inner(&self) -> &dyn Store {
        &*self.memory
    }

    fn open(&self, partition: &str, done: Callback<Result<Opened, StoreError>>) {
        self.waiting.lock().unwrap().push((partition.into(), done));
    }
}

#[test]
fn requests_that_come_while_a_partition_opens_wait_and_are_served_in_order() {
    in_a_system(async || {
        let memory = Arc::new(MemoryStore::default());
        let slow = Arc::new(Slow { memory: memory.clone(), waiting: Mutex::default() });
        let bench = Bench::on(as_store(slow.clone()), memory, Default::default());
        let open = bench.ask(
            0,
            actors::domain::tickets::Command::Open { lead: 0, terms: Box::new(TERMS) },
            actors::Caller::SYSTEM,
            None,
        );
        let first = bench.ask(0, hold("0123"), ADA, None);
        let second = bench.ask(0, hold("0123"), BOB, None);
        settle().await;
        assert!(!open.is_finished() && !first.is_finished() && !second.is_finished());
        assert_eq!(slow.waiting.lock().unwrap().len(), 1, "it is opened once for all of them");
        slow.go_on();
        assert!(told(open).await.is_ok() && told(first).await.is_ok());
        assert!(matches!(told(second).await, Err(Failure::Refused(_))));
    });
}

#[test]
fn requests_that_come_while_a_partition_opens_again_wait_too() {
    in_a_system(async || {
        let memory = Arc::new(MemoryStore::default());
        let slow = Arc::new(Slow { memory: memory.clone(), waiting: Mutex::default() });
        let bench = Bench::on(as_store(slow.clone()), memory, Default::default());
        let open = bench.ask(
            0,
            actors::domain::tickets::Command::Open { lead: 0, terms: Box::new(TERMS) },
            actors::Caller::SYSTEM,
            None,
        );
        settle().await;
        slow.go_on();
        told(open).await.expect("it opens");
        bench.store.plan(Fate::LoseUnknown);
        assert_eq!(bench.command(0, hold("0123"), ADA, None).await, Err(Failure::Unknown));
        let asked = bench.ask(0, hold("0123"), ADA, None);
        settle().await;
        assert!(!asked.is_finished());
        slow.go_on();
        assert!(told(asked).await.is_ok());
    });
}

#[test]
fn a_store_that_cannot_be_reached_is_said_so_and_tried_again_by_whoever_comes_next() {
    in_a_system(async || {
        let store = Arc::new(MemoryStore::default());
        let bench = Bench::on(store.clone(), store, Default::default());
        bench.store.fail_opens(1);
        assert!(matches!(
            bench.command(0, hold("0123"), ADA, None).await,
            Err(Failure::Unavailable(_))
        ));
        settle().await;
        assert!(bench.slices.awake().is_empty());
        bench.open(0).await;
        assert!(bench.command(0, hold("0123"), ADA, None).await.is_ok());
    });
}

fn write_garbage(store: &MemoryStore, lead: u8, records: Vec<u8>) {
    let frame = record::frame(Position::default(), 1, records);
    let append =
        Append { partition: partition_id::<Slice>(&slice(lead)).into(), frame, rows: Vec::new() };
    store.append(append, Box::new(|outcome| assert_eq!(outcome, AppendOutcome::Durable)));
}

#[test]
fn a_broken_log_makes_its_own_partition_unavailable_and_no_other() {
    with_engine(async |bench| {
        write_garbage(&bench.store, 7, vec![9; 40]);
        for _ in 0..3 {
            let told = bench.command(7, hold("7123"), ADA, None).await;
            assert!(
                matches!(&told, Err(Failure::Unavailable(why)) if why.contains("broken")),
                "{told:?}"
            );
        }
        assert!(bench.command(0, hold("0123"), ADA, None).await.is_ok());
        assert_eq!(
            bench.store.frames(&partition_id::<Slice>(&slice(7))).len(),
            1,
            "nothing is written over it"
        );
    });
}

#[test]
fn an_event_from_the_future_is_named() {
    with_engine(async |bench| {
        let mut records = Vec::new();
        record::push(&mut records, Id::SYSTEM, Time(START), None, &[0, 200]);
        write_garbage(&bench.store, 7, records);
        let told = bench.command(7, hold("7123"), ADA, None).await;
        assert!(
            matches!(&told, Err(Failure::Unavailable(why)) if why.contains("newer version")),
            "{told:?}"
        );
    });
}

#[test]
fn a_frame_that_does_not_follow_is_noticed() {
    let window = || Arc::new(actors::engine::KeyWindow::new(1000, 3600));
    let mut records = Vec::new();
    let opened = actors::domain::tickets::Event::Prepared { lead: 0, terms: Box::new(TERMS) };
    record::push(
        &mut records,
        Id::SYSTEM,
        Time(START),
        None,
        &record::entry_bytes(&record::Entry::Fact(opened)),
    );
    let first = record::frame(Position::default(), 1, records);
    let open = |frames| {
        actors::engine::Partition::<Slice, ()>::open(
            slice(0),
            Opened { snapshot: None, frames },
            window(),
        )
        .map(|_| ())
        .is_ok()
    };
    assert!(open(vec![first.clone()]));
    let mut ahead = first.clone();
    (ahead.from.seq, ahead.to.seq) = (1, 2);
    assert!(!open(vec![ahead]), "a gap in the sequence");
    let mut other = first.clone();
    other.from.head[0] ^= 1;
    assert!(!open(vec![other]), "another chain");
    let mut bitten = first.clone();
    let last = bitten.records.len() - 1;
    bitten.records[last] ^= 1;
    assert!(!open(vec![bitten]), "a flipped bit");
    assert!(!open(vec![first.clone(), first]), "the same frame twice");
}
