//! Many commands that are given to a partition at once.

use super::bench::*;
use actors::Caller;
use actors::domain::tickets::{Command, Refusal};
use actors::engine::{By, CommandResult, Failure, Limits};
use actors::machine::partition_id;
use testing::memory::Fate;

type Together = actix_rt::task::JoinHandle<Vec<CommandResult<actors::domain::tickets::Slice>>>;

/// Gives the slice 0 all of them, and does not wait for the answers.
fn ask(bench: &Bench, commands: Vec<(Command, Caller)>) -> Together {
    let slices = bench.slices.clone();
    let commands =
        commands.into_iter().map(|(command, caller)| (command, By::for_good(caller))).collect();
    actix_rt::spawn(async move { slices.command_together(&slice(0), commands).await })
}

fn numbers(numbers: std::ops::Range<u32>) -> Vec<(Command, Caller)> {
    numbers.map(|n| (hold(&format!("{n:04}")), ADA)).collect()
}

#[test]
fn they_are_decided_in_their_order_and_one_commit_has_them_all() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        let mut commands = numbers(0..5);
        commands.insert(3, (hold("0002"), BOB));
        let asked = ask(&bench, commands);
        settle().await;
        assert!(!asked.is_finished() && bench.store.pending().len() == 1);
        bench.store.step();
        let outcomes = told(asked).await;
        let refused: Vec<usize> = (0..6).filter(|place| outcomes[*place].is_err()).collect();
        assert_eq!(refused, [3]);
        let none_left = Refusal::NoMatchLeft { left: 0 };
        assert_eq!(outcomes[3], Err(Failure::Refused(none_left)));
        let frames = bench.store.frames(&partition_id::<actors::domain::tickets::Slice>(&slice(0)));
        let sizes: Vec<u64> = frames.iter().map(|frame| frame.to.seq - frame.from.seq).collect();
        assert_eq!(sizes, [1, 5]);
        assert_eq!(bench.node.in_flight(), 0);
    });
}

#[test]
fn as_many_are_taken_as_there_is_room_for_and_the_others_are_busy() {
    let limits = Limits { partition_in_flight: 3, ..Limits::default() };
    with_limits(limits, async |bench| {
        bench.store.plan(Fate::Stall);
        let alone = bench.ask(0, hold("0900"), ADA, None);
        settle().await;
        let asked = ask(&bench, numbers(0..5));
        let late = ask(&bench, numbers(5..7));
        settle().await;
        assert_eq!(told(late).await, [Err(Failure::Busy), Err(Failure::Busy)]);
        assert!(!asked.is_finished() && bench.node.in_flight() == 3);
        bench.store.step();
        assert!(told(alone).await.is_ok());
        let outcomes = told(asked).await;
        assert!(outcomes[..2].iter().all(Result::is_ok));
        assert!(outcomes[2..].iter().all(|outcome| *outcome == Err(Failure::Busy)));
        assert_eq!((bench.held(0), bench.node.in_flight()), (3, 0));
    });
}

#[test]
fn nobody_knows_what_became_of_them_when_their_commit_is_lost() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        let asked = ask(&bench, numbers(0..3));
        settle().await;
        bench.store.complete(0, Fate::LoseUnknown);
        assert!(told(asked).await.iter().all(|outcome| *outcome == Err(Failure::Unknown)));
        assert_eq!((bench.held(0), bench.node.in_flight()), (0, 0));
        assert!(told(ask(&bench, numbers(0..3))).await.iter().all(Result::is_ok));
    });
}
