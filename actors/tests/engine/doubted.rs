//! While the wall clock is doubted nothing is decided, and everything can be asked.

use super::bench::*;
use actors::domain::tickets::{Command, Slice};
use actors::engine::{By, Failure, Router};
use actors::timekeeper::{Clocks, Rules, Timekeeper};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const S: i64 = 1_000_000;

/// A steady clock that nobody moves, beside a wall clock that is set by hand.
struct Hands(Arc<AtomicI64>);

impl Clocks for Hands {
    fn wall(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn steady(&self) -> i64 {
        S
    }
}

/// The node of the bench, and how to set its wall clock.
fn living_by_hands(bench: &Bench) -> impl Fn(i64) + use<> {
    let wall = Arc::new(AtomicI64::new(START * 1000));
    let rules = Rules { step_us: S, trust_us: 300 * S };
    let timekeeper = Timekeeper::new(Box::new(Hands(wall.clone())), rules);
    bench.node.live_by(timekeeper.clone());
    move |by_s| {
        wall.fetch_add(by_s * S, Ordering::SeqCst);
        timekeeper.look();
    }
}

async fn give(slices: &Router<Slice>, lead: u8, command: Command, by: By) -> bool {
    let given = slices.command(&slice(lead), command, by).await;
    assert!(matches!(given, Ok(_) | Err(Failure::ClockMoved)), "{given:?}");
    given.is_ok()
}

#[test]
fn while_the_clock_is_doubted_nothing_is_decided_and_everything_is_answered() {
    with_engine(async |bench| {
        let set_by_s = living_by_hands(&bench);
        let (slices, ada) = (&bench.slices, By::for_good(ADA));
        assert!(give(slices, 0, hold("0123"), ada).await);
        set_by_s(3600);
        assert!(!give(slices, 0, hold("0124"), ada).await);
        assert!(!slices.send(&slice(0), hold("0124"), ada, |_| panic!("nothing was sent")));
        let two = || vec![(hold("0124"), ada), (hold("0125"), By::dry_run(ADA))];
        let refused = [Err(Failure::ClockMoved), Err(Failure::ClockMoved)];
        assert_eq!(slices.command_together(&slice(0), two()).await, refused);
        assert_eq!(bench.held(0), 1);

        assert_eq!(bench.ledger(0).await.held, 1);
        assert!(give(slices, 0, hold("0124"), By::dry_run(ADA)).await);
        let tried = slices.command_together(&slice(0), two().split_off(1)).await;
        assert!(tried[0].is_ok(), "{tried:?}");
        // What is opened is the same whatever the time is.
        let open = Command::Open { lead: 7, terms: Box::new(TERMS) };
        assert!(give(slices, 7, open, By::SYSTEM).await);
        assert_eq!(bench.held(0), 1);

        set_by_s(-3600);
        assert!(give(slices, 0, hold("0124"), ada).await);
    });
}

#[test]
fn an_open_request_is_tried_wherever_something_is_left_while_the_clock_is_doubted() {
    with_engine(async |bench| {
        let set_by_s = living_by_hands(&bench);
        let names = [0, 1, 2].map(slice);
        set_by_s(3600);
        let any = |by| bench.slices.command_any(&names, hold("2***"), by);
        // Of the three, it begins with any, and only the last has such tickets.
        for _ in 0..20 {
            let tried = any(By::dry_run(ADA)).await.map(|(place, _)| place);
            assert_eq!(tried, Ok(2));
        }
        assert_eq!(any(By::for_good(ADA)).await.err(), Some(Failure::ClockMoved));
    });
}
