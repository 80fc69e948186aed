//! Commands that are sent, and for which nobody waits.

use super::bench::*;
use actors::domain::tickets::{Command, Event, Refusal, Slice};
use actors::engine::{By, CommandResult, Failure, Limits};
use std::sync::mpsc::{Receiver, channel};
use testing::memory::Fate;

/// Sends the slice 0 a command of Ada's; what is heard of it, if it was sent.
fn send(bench: &Bench, command: Command) -> Option<Receiver<CommandResult<Slice>>> {
    let (hears, heard) = channel();
    let sent = bench.slices.send(&slice(0), command, By::for_good(ADA), move |told| {
        hears.send(told).expect("somebody hears");
    });
    sent.then_some(heard)
}

#[test]
fn whoever_asks_later_is_served_after_what_was_sent() {
    with_engine(async |bench| {
        bench.command(0, hold("0001"), ADA, None).await.expect("it is free");
        bench.store.plan(Fate::Stall);
        let heard = send(&bench, Command::Release { hold: 0 }).expect("there is room");
        let asked = bench.ask(0, hold("0001"), BOB, None);
        settle().await;
        assert!(heard.try_recv().is_err(), "told before it is durable");
        assert!(!asked.is_finished() && bench.node.in_flight() == 2);
        bench.store.step();
        settle().await;
        let told = heard.try_recv().expect("it is durable");
        assert!(matches!(told.expect("it lives").event, Event::Released { hold: 0, .. }));
        assert!(matches!(told_event(asked).await, Event::Held { hold: 1, .. }));
        assert_eq!(bench.node.in_flight(), 0);
    });
}

async fn told_event(asked: Asked) -> Event {
    told(asked).await.expect("it is free again").event
}

#[test]
fn a_refusal_is_heard_of_as_well() {
    with_engine(async |bench| {
        let heard = send(&bench, Command::Release { hold: 7 }).expect("there is room");
        settle().await;
        assert_eq!(heard.try_recv(), Ok(Err(Failure::Refused(Refusal::UnknownHold))));
    });
}

#[test]
fn nothing_is_sent_where_there_is_no_room() {
    let limits = Limits { partition_in_flight: 1, ..Limits::default() };
    with_limits(limits, async |bench| {
        bench.store.plan(Fate::Stall);
        let heard = send(&bench, hold("0001")).expect("there is room");
        settle().await;
        assert!(send(&bench, hold("0002")).is_none());
        bench.store.step();
        settle().await;
        assert!(heard.try_recv().expect("it is durable").is_ok());
        assert_eq!((bench.held(0), bench.node.in_flight()), (1, 0));
    });
}

#[test]
fn nobody_knows_what_became_of_what_was_sent_when_its_commit_is_lost() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        let heard = send(&bench, hold("0001")).expect("there is room");
        settle().await;
        bench.store.complete(0, Fate::LoseUnknown);
        settle().await;
        assert_eq!(heard.try_recv(), Ok(Err(Failure::Unknown)));
        assert_eq!((bench.held(0), bench.node.in_flight()), (0, 0));
    });
}
