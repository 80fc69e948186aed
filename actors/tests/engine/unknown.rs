//! A write that failed, or whose outcome is not known: Unknown is the answer, and the same key
//! finds the truth, exactly once. One that another owner has fenced off was certainly not kept:
//! Moved is the answer.

use super::bench::*;
use actors::domain::tickets::Question;
use actors::engine::Failure;
use testing::memory::Fate;

#[test]
fn a_repeat_with_the_same_key_finds_out_whether_it_was_kept() {
    for (fate, kept) in [
        (Fate::KeepButUnknown, true),
        (Fate::LoseUnknown, false),
        (Fate::Tear, false),
        (Fate::Fence, false),
    ] {
        with_engine(async |bench| {
            bench.store.plan(fate);
            let failure = if fate == Fate::Fence { Failure::Moved } else { Failure::Unknown };
            assert_eq!(
                bench.command(0, hold("0***"), ADA, key("k")).await,
                Err(failure),
                "{fate:?}"
            );
            let first =
                bench.command(0, hold("0***"), ADA, key("k")).await.expect("the truth is found");
            assert_eq!(first.replayed, kept, "{fate:?}");
            let again =
                bench.command(0, hold("0***"), ADA, key("k")).await.expect("it stays found");
            assert_eq!((again.event, again.at, again.replayed), (first.event, first.at, true));
            assert_eq!((bench.held(0), bench.ledger(0).await.held), (1, 1), "{fate:?}");
        });
    }
}

#[test]
fn everybody_who_waits_is_told_so_in_the_batch_under_way_and_in_the_next() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        let first = bench.ask(0, hold("0001"), ADA, key("a"));
        settle().await;
        let second = bench.ask(0, hold("0002"), ADA, key("b"));
        let slices = bench.slices.clone();
        let look = actix_rt::spawn(async move { slices.look(&slice(0), Question::Ledger).await });
        settle().await;
        bench.store.complete(0, Fate::LoseUnknown);
        settle().await;
        assert!(
            first.is_finished() && second.is_finished() && look.is_finished(),
            "nobody is forgotten"
        );
        assert_eq!(told(first).await, Err(Failure::Unknown));
        assert_eq!(told(second).await, Err(Failure::Unknown));
        assert!(matches!(told(look).await, Err(Failure::Unavailable(_))));
        assert_eq!((bench.held(0), bench.ledger(0).await.held), (0, 0));
        assert_eq!(bench.node.in_flight(), 0);
    });
}

#[test]
fn after_any_row_of_misfortunes_the_partition_works_again() {
    with_engine(async |bench| {
        let fates = [Fate::LoseUnknown, Fate::KeepButUnknown, Fate::Tear, Fate::Fence];
        for round in 0..40 {
            bench.store.plan(fates[round % 4]);
            let text = round.to_string();
            let failure =
                if fates[round % 4] == Fate::Fence { Failure::Moved } else { Failure::Unknown };
            assert_eq!(bench.command(0, hold("0***"), ADA, key(&text)).await, Err(failure));
            assert!(bench.command(0, hold("0***"), ADA, key(&text)).await.is_ok());
        }
        assert_eq!((bench.held(0), bench.ledger(0).await.held), (40, 40));
    });
}

#[test]
fn a_node_that_was_fenced_off_cannot_write_over_the_one_that_took_over() {
    in_a_system(async || {
        let store = std::sync::Arc::new(testing::memory::MemoryStore::default());
        let other = std::sync::Arc::new(store.another_node());
        let old = Bench::on(store.clone(), store, Default::default());
        let new = Bench::on(other.clone(), other, Default::default());
        old.open(0).await;
        assert!(new.command(0, hold("0123"), BOB, None).await.is_ok());
        assert_eq!(old.command(0, hold("0123"), ADA, key("k")).await, Err(Failure::Moved));
        // It opens again, takes over in its turn, and sees what the other had done.
        assert!(matches!(
            old.command(0, hold("0123"), ADA, key("k")).await,
            Err(Failure::Refused(_))
        ));
        assert_eq!(old.held(0), 1);
    });
}
