//! A partition without requests writes a snapshot and leaves; the next request finds it as it was.

use super::bench::*;
use actix_rt::Arbiter;
use actors::domain::tickets::{Answer, HoldState, Question};
use actors::domain::tickets::{Command, Event, Slice};
use actors::engine::snapshot::{self, PartitionMemory, PartitionState};
use actors::engine::{KeyWindow, Manner, Partition, Request};
use actors::machine::partition_id;
use actors::store::{Opened, Snapshot, Store};
use actors::{Caller, Time};
use std::sync::Arc;
use testing::contract::answer;
use testing::memory::Fate;

fn snapshot_of(bench: &Bench, lead: u8) -> Option<Snapshot> {
    answer(|done| bench.store.open(&partition_id::<Slice>(&slice(lead)), done))
        .expect("a memory store opens")
        .snapshot
}

async fn all_asleep(bench: &Bench) {
    bench.slices.rest();
    settle().await;
    assert!(bench.slices.rest(), "all have left");
}

#[test]
fn a_partition_goes_to_sleep_with_a_snapshot_and_wakes_as_it_was() {
    with_engine(async |bench| {
        bench.command(0, hold("0123"), ADA, None).await.expect("it was free");
        all_asleep(&bench).await;
        assert!(bench.slices.awake().is_empty());
        let snapshot = snapshot_of(&bench, 0).expect("it was written");
        assert_eq!((snapshot.at.seq, snapshot.due), (2, Some(actors::Time(START + 300_000))));
        assert_eq!(bench.ledger(0).await.held, 1);
        let next = bench.command(0, hold("0124"), ADA, None).await.expect("it was free");
        assert!(matches!(next.event, Event::Held { hold: 1, .. }));
    });
}

#[test]
fn a_partition_that_remembers_keys_asks_to_be_woken_at_the_next_start() {
    with_engine(async |bench| {
        bench.command(0, hold("0123"), ADA, key("k")).await.expect("it was free");
        bench.command(1, hold("1123"), ADA, None).await.expect("it was free");
        all_asleep(&bench).await;
        assert_eq!(snapshot_of(&bench, 0).expect("it was written").due, Some(actors::Time(START)));
        assert_eq!(
            snapshot_of(&bench, 1).expect("it was written").due,
            Some(actors::Time(START + 300_000))
        );
    });
}

#[test]
fn whoever_has_slept_reads_what_stands_on_cards_and_sleeps_as_it_is_then() {
    with_engine(async |bench| {
        bench.command(0, hold("0123"), ADA, None).await.expect("it was free");
        bench.command(0, Command::Confirm { hold: 0 }, ADA, None).await.expect("it is theirs");
        all_asleep(&bench).await;
        assert_eq!(snapshot_of(&bench, 0).expect("it was written").at.seq, 3);
        let answer = bench.look(0, Question::Hold(0)).await;
        let Answer::Hold(Some(view)) = answer else { panic!("{answer:?}") };
        assert_eq!(view.state, HoldState::Confirmed);
        bench.command(0, hold("0124"), ADA, None).await.expect("it was free");
        all_asleep(&bench).await;
        assert_eq!(snapshot_of(&bench, 0).expect("another was written").at.seq, 4);
    });
}

#[test]
fn it_is_the_snapshot_that_a_partition_wakes_from() {
    with_engine(async |bench| {
        bench.command(0, hold("0123"), ADA, None).await.expect("it was free");
        all_asleep(&bench).await;
        // A snapshot that tells something else, so that one can see whether it was read.
        bench.open(1).await;
        bench.command(1, hold("1123"), ADA, None).await.expect("it was free");
        bench.command(1, hold("1124"), ADA, None).await.expect("it was free");
        let frames = bench.store.frames(&partition_id::<Slice>(&slice(1)));
        let window = bench.node.window.clone();
        let other =
            Partition::<Slice, ()>::open(slice(1), Opened { snapshot: None, frames }, window)
                .expect("it is whole");
        let mine = snapshot_of(&bench, 0).expect("written");
        let known = PartitionMemory { time: actors::Time(START), horizon: actors::Time(0) };
        let partition = partition_id::<Slice>(&slice(0));
        let telling = snapshot::seal(
            &partition,
            mine.at,
            mine.keys_after,
            mine.due,
            &PartitionState { known, machine: other.machine() },
        );
        bench.store.save(&partition, telling);
        assert_eq!(bench.ledger(0).await.held, 2);
    });
}

#[test]
fn a_sold_ticket_stays_sold_whichever_bit_of_a_snapshot_is_flipped() {
    with_engine(async |bench| {
        bench.command(0, hold("0123"), ADA, key("k")).await.expect("it was free");
        bench.command(0, Command::Confirm { hold: 0 }, ADA, None).await.expect("it is theirs");
        all_asleep(&bench).await;
        let partition = partition_id::<Slice>(&slice(0));
        let whole = snapshot_of(&bench, 0).expect("it was written");
        for bit in 0..whole.state.len() * 8 {
            let mut bitten = whole.clone();
            bitten.state[bit / 8] ^= 1 << (bit % 8);
            bench.store.save(&partition, bitten);
            assert!(bench.command(0, hold("0123"), BOB, None).await.is_err(), "bit {bit}");
            assert!(
                bench.command(0, hold("0123"), ADA, key("k")).await.expect("it is known").replayed,
                "bit {bit}"
            );
            all_asleep(&bench).await;
            assert_eq!(
                snapshot_of(&bench, 0).map(|snapshot| snapshot.state),
                Some(whole.state.clone()),
                "bit {bit}"
            );
        }
    });
}

#[test]
fn a_snapshot_that_cannot_be_read_is_forgotten_and_the_log_says_the_same() {
    with_engine(async |bench| {
        bench.command(0, hold("0123"), ADA, None).await.expect("it was free");
        all_asleep(&bench).await;
        let mine = snapshot_of(&bench, 0).expect("it was written");
        let mut of_another_version = mine.state.clone();
        of_another_version[0] += 1;
        for state in
            [vec![], vec![mine.state[0]], vec![mine.state[0], 255, 255], of_another_version]
        {
            bench.store.save(&partition_id::<Slice>(&slice(0)), Snapshot { state, ..mine.clone() });
            assert_eq!(bench.ledger(0).await.held, 1);
            all_asleep(&bench).await;
            assert_eq!(
                snapshot_of(&bench, 0).map(|snapshot| snapshot.state),
                Some(mine.state.clone()),
                "a new one was written"
            );
        }
    });
}

#[test]
fn a_partition_with_something_under_way_does_not_go_to_sleep() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        let asked = bench.ask(0, hold("0123"), ADA, None);
        settle().await;
        bench.slices.rest();
        settle().await;
        assert_eq!(bench.slices.awake(), [slice(0)]);
        assert!(snapshot_of_never_slept(&bench));
        bench.store.step();
        assert!(told(asked).await.is_ok());
        all_asleep(&bench).await;
    });
}

#[test]
fn nothing_that_is_not_durable_gets_into_a_snapshot() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        bench.store.plan(Fate::LoseUnknown);
        let first = bench.ask(0, hold("0123"), ADA, None);
        settle().await;
        let second = bench.ask(0, hold("0124"), ADA, None);
        settle().await;
        // The partition is asked to rest when the first append is kept but it does not know yet,
        // and the second is still to come.
        bench.slices.rest();
        bench.store.step();
        assert!(told(first).await.is_ok() && told(second).await.is_err());
        assert_eq!((bench.ledger(0).await.held, bench.held(0)), (1, 1));
    });
}

/// Looked up without opening, which would take the partition away from its owner.
fn snapshot_of_never_slept(bench: &Bench) -> bool {
    let sleepers = answer(|done| bench.store.sleepers(actors::Time(i64::MAX), done))
        .expect("it can be listed");
    sleepers.iter().any(|sleeper| {
        sleeper.partition == partition_id::<Slice>(&slice(0)) && sleeper.due.is_none()
    })
}

#[test]
fn a_snapshot_is_written_after_so_many_records_and_only_of_what_is_durable() {
    let limits = actors::engine::Limits { snapshot_every: 5, ..Default::default() };
    with_limits(limits, async |bench| {
        for n in 0..3 {
            bench.command(0, hold(&format!("000{n}")), ADA, None).await.expect("it was free");
        }
        bench.store.plan(Fate::Stall);
        let fifth = bench.ask(0, hold("0003"), ADA, None);
        settle().await;
        let later = bench.ask(0, hold("0004"), ADA, None);
        settle().await;
        bench.store.plan(Fate::LoseUnknown);
        bench.store.step();
        assert!(told(fifth).await.is_ok());
        assert!(told(later).await.is_err());
        let snapshot = snapshot_of(&bench, 0).expect("it was written");
        assert_eq!(snapshot.at.seq, 5);
        let bench = bench.restarted();
        assert_eq!((bench.ledger(0).await.held, bench.held(0)), (4, 4));
    });
}

#[test]
fn the_next_snapshot_is_written_after_as_many_records_again() {
    let limits = actors::engine::Limits { snapshot_every: 5, ..Default::default() };
    with_limits(limits, async |bench| {
        let mut written = Vec::new();
        for n in 0..9 {
            bench.command(0, hold(&format!("000{n}")), ADA, None).await.expect("it was free");
            written.push(snapshot_of(&bench, 0).map_or(0, |snapshot| snapshot.at.seq));
        }
        // The first record opened it.
        assert_eq!(written, [0, 0, 0, 5, 5, 5, 5, 5, 10]);
    });
}

#[test]
fn a_partition_that_is_called_as_it_goes_to_sleep_stays_where_it_is() {
    with_engine(async |bench| {
        bench.slices.rest();
        settle().await;
        assert!(bench.slices.rest(), "it has written its snapshot and left");
        bench.ledger(0).await;
        let called = bench.ask(0, hold("0***"), ADA, None);
        bench.slices.rest();
        told(called).await.expect("it was free");
        assert_eq!(bench.slices.awake(), [slice(0)]);
    });
}

#[test]
fn a_partition_going_to_sleep_is_never_overtaken_by_a_request() {
    in_a_system(async || {
        let store = std::sync::Arc::new(testing::memory::MemoryStore::default());
        let bench = Bench::on(store.clone(), store, Default::default());
        // The partition lives on a thread of its own, so that sleep and requests really race.
        let elsewhere = Arbiter::new();
        for _ in 0..64 {
            bench.node.add_seat(elsewhere.handle());
        }
        let open = Command::Open { lead: 0, terms: Box::new(TERMS) };
        bench.ask(0, open, actors::Caller::SYSTEM, None).await.unwrap().expect("it opens");
        let mut held = 0;
        for round in 0..400u32 {
            let asked: Vec<_> = (0..1 + round % 2)
                .map(|n| bench.ask(0, hold(&format!("0{:03}", held + n)), ADA, None))
                .collect();
            bench.slices.rest();
            for asked in asked {
                asked.await.unwrap().expect("it was free, and nobody is lost between two lives");
                bench.slices.rest();
                held += 1;
            }
        }
        let looked =
            bench.slices.look(&slice(0), Question::Ledger).await.expect("it can be looked at");
        assert!(matches!(looked.answer, Answer::Ledger(ledger) if ledger.held == held as u64));
        assert_eq!(bench.held(0) as u32, held);
        elsewhere.stop();
    });
}

#[test]
fn a_partition_stays_awake_for_as_long_as_it_remembers_a_key() {
    let window = Arc::new(KeyWindow::new(1_000, 3_600));
    let mut partition =
        Partition::<Slice, ()>::open(slice(0), Opened::default(), window).expect("it is new");
    let mut give = |command, caller, key| {
        let request = Request::Command { command, caller, key, how: Manner::ForGood };
        partition.serve(request, Time(START), 7, ());
        partition.flush().expect("something has happened");
        partition.land();
    };
    let open = Command::Open { lead: 0, terms: Box::new(TERMS) };
    give(open, Caller::SYSTEM, None);
    give(hold("0123"), ADA, key("k"));
    let may_sleep = [0, 3_600, 3_601].map(|s| partition.may_sleep(Time(START).plus_s(s)));
    assert_eq!(may_sleep, [false, false, true]);
}
