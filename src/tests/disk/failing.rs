//! The n-th flush, write, truncation or opening of a life fails: nothing that was answered is lost,
//! and the next start is sound.

use crate::control::{Control, EIO, ENOSPC, Fault, Kind};
use crate::cuts::{Cut, make, number, on_all_processors};
use crate::facts::{Fact, Told, gather};
use crate::replay::Fate;
use crate::watched::Watched;
use harness::Client;

/// Facts of a life, each of them a commit, if nobody asks for more.
const FEW: u64 = 8;
/// So many are still tried by each client when something has failed.
const AFTERWARDS: u64 = 3;
/// In so many lives something fails if nobody asks for more.
const SOME: u64 = 10;
/// Flushes are few, and each is one that a mend has forgotten before.
const EVERY: u64 = u64::MAX;

/// A start, a few facts, an orderly end; as much of it as the disk allows.
fn live(disk: &Watched, told: &Told) {
    let Ok(server) = disk.try_to_start() else { return };
    if let Some(clients) = gather(&server, 2) {
        clients.iter().for_each(|client| hold(client, told, &disk.control));
    }
    server.tell_to_stop();
    let mut server = server;
    let ended = server.wait();
    assert_eq!(ended.code(), Some(0), "{ended}: {}", server.whole_log());
}

fn holds() -> u64 {
    number("STAMPEDE_DISK_HOLDS", FEW)
}

fn hold(client: &Client, told: &Told, control: &Control) {
    let mut left = holds() / 2;
    while left > 0 {
        let _ = told.hold(client, control);
        left -= 1;
        if control.fired() > 0 {
            left = left.min(AFTERWARDS);
        }
    }
}

/// What is wrong with a life in which this fails. The next start has a sound disk. None if the life
/// was too short for it.
fn fail(fault: Fault) -> Option<Vec<String>> {
    let (disk, told) = (Watched::new(), Told::default());
    disk.control.arm(fault);
    live(&disk, &told);
    if disk.control.fired() == 0 {
        return None;
    }
    disk.control.disarm();
    let cut_off = disk.recording().len() as u64;
    let before = told.facts();
    live_again(&disk);
    let (entries, seed) = (disk.recording(), fault.after);
    let answered: Option<u64> = before.last().map(|fact: &Fact| fact.at);
    let mut cuts: Vec<Cut> = answered
        .into_iter()
        .chain([cut_off])
        .map(|at| Cut { at, fate: Fate::Dropped, seed })
        .collect();
    cuts.push(Cut { at: cut_off, fate: Fate::of(2 + seed), seed });
    cuts.push(Cut { at: entries.len() as u64, fate: Fate::Dropped, seed });
    let wrong = make(&cuts, disk.root(), &entries, &before);
    Some(wrong.into_iter().map(|wrong| format!("{fault:?}: {wrong}")).collect())
}

fn live_again(disk: &Watched) {
    let server = disk.start();
    assert_eq!(server.anybody().get("//health/ready").status, 200);
    server.stop();
}

/// How many operations of a kind a life has.
fn operations(kind: Kind) -> u64 {
    let (disk, told) = (Watched::new(), Told::default());
    live(&disk, &told);
    assert_eq!((told.count() as u64, told.refused()), (holds(), 0));
    disk.control.seen(kind)
}

/// Each operation of the kind fails in each of the ways, in so many lives spread over all of them
/// unless all are asked for.
fn all(kind: Kind, ways: &[fn(Fault) -> Fault], lives: u64) {
    let all = number("STAMPEDE_DISK_FAULTS", 0) > 0;
    let count = operations(kind);
    let places = count * ways.len() as u64;
    let step = if all { 1 } else { places.div_ceil(number("STAMPEDE_DISK_LIVES", lives)) };
    let faults = (0..places).step_by(step as usize).map(|place| {
        let (way, after) = (ways[(place % ways.len() as u64) as usize], place / ways.len() as u64);
        way(Fault::once(kind, after, "", EIO))
    });
    let faults: Vec<Fault> = faults.collect();
    let lives =
        on_all_processors(&faults, |share| share.iter().copied().filter_map(fail).collect());
    assert!(!lives.is_empty(), "none of {count} operations failed");
    println!("{kind:?}: {} lives with {count} operations", lives.len());
    let wrong: Vec<String> = lives.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{count} operations: {wrong:#?}");
}

fn once(fault: Fault) -> Fault {
    fault
}

fn forever(fault: Fault) -> Fault {
    Fault { forever: true, ..fault }
}

fn full(fault: Fault) -> Fault {
    Fault { error: ENOSPC, forever: true, ..fault }
}

fn full_once(fault: Fault) -> Fault {
    Fault { error: ENOSPC, ..fault }
}

fn short(fault: Fault) -> Fault {
    Fault { error: ENOSPC, short: true, ..fault }
}

#[test]
fn whichever_flush_fails_nothing_answered_is_lost() {
    all(Kind::Sync, &[once, forever], EVERY);
}

#[test]
fn whichever_write_fails_nothing_answered_is_lost() {
    all(Kind::Write, &[once, full, short, forever, full_once], SOME);
}

#[test]
fn whichever_truncation_fails_nothing_answered_is_lost() {
    all(Kind::Truncate, &[once, full], SOME);
}

#[test]
fn whichever_opening_fails_nothing_answered_is_lost() {
    all(Kind::Open, &[once, forever, full_once], SOME);
}

#[test]
fn pages_that_could_not_be_written_in_the_background_lose_nothing_answered() {
    all(Kind::Writeback, &[once], SOME);
}
