//! Full means Busy, at once, and nothing was done.

use super::bench::*;
use actors::engine::{Failure, Limits};
use testing::memory::Fate;

#[test]
fn beyond_the_limit_of_a_partition_the_answer_is_busy_at_once_and_nothing_is_done() {
    with_limits(Limits { partition_in_flight: 3, ..Limits::default() }, async |bench| {
        bench.store.plan(Fate::Stall);
        let asked: Vec<_> =
            (0..3).map(|n| bench.ask(0, hold(&format!("000{n}")), ADA, None)).collect();
        settle().await;
        assert_eq!(bench.slices.deepest(), 3);
        for _ in 0..5 {
            assert_eq!(bench.command(0, hold("0009"), ADA, key("k")).await, Err(Failure::Busy));
        }
        assert!(
            bench.command(1, hold("1001"), ADA, None).await.is_ok(),
            "another partition has room"
        );
        bench.store.step();
        for asked in asked {
            assert!(told(asked).await.is_ok());
        }
        assert_eq!((bench.held(0), bench.node.in_flight()), (3, 0));
        let done =
            bench.command(0, hold("0009"), ADA, key("k")).await.expect("there is room again");
        assert!(!done.replayed);
    });
}

#[test]
fn beyond_the_limit_of_the_node_every_partition_is_busy() {
    with_limits(Limits { node_in_flight: 2, ..Limits::default() }, async |bench| {
        bench.store.plan(Fate::Stall);
        let asked: Vec<_> =
            (0..2).map(|n| bench.ask(0, hold(&format!("000{n}")), ADA, None)).collect();
        settle().await;
        assert_eq!(bench.command(1, hold("1001"), ADA, None).await, Err(Failure::Busy));
        bench.store.step();
        for asked in asked {
            assert!(told(asked).await.is_ok());
        }
        assert!(bench.command(1, hold("1001"), ADA, None).await.is_ok());
        assert_eq!(bench.node.in_flight(), 0);
    });
}

#[test]
fn somebody_who_no_longer_waits_still_counts_until_it_is_done() {
    with_limits(Limits { partition_in_flight: 1, ..Limits::default() }, async |bench| {
        bench.store.plan(Fate::Stall);
        let gone = bench.ask(0, hold("0001"), ADA, None);
        settle().await;
        gone.abort();
        settle().await;
        assert_eq!(bench.command(0, hold("0002"), ADA, None).await, Err(Failure::Busy));
        bench.store.step();
        settle().await;
        assert_eq!((bench.node.in_flight(), bench.held(0)), (0, 1));
        assert!(bench.command(0, hold("0002"), ADA, None).await.is_ok());
    });
}
