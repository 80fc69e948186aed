//! The power goes at any operation of a busy server: what was answered is there, and nothing is
//! there twice.

use crate::facts::{Fact, Told, check, gather};
use crate::recording::Entry;
use crate::replay::{Disk, Fate};
use crate::watched::Watched;
use harness::{Client, Process, TestFolder};
use std::path::Path;
use std::thread;

const CLIENTS: usize = 6;
const HOLDS: usize = 900;

/// How many of something a test does, unless it is told otherwise.
#[expect(clippy::disallowed_methods, reason = "no setting of the server's")]
pub fn number(name: &str, usually: u64) -> u64 {
    std::env::var(name).map_or(usually, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}"))
    })
}

/// A cut at a position, and all that was answered by then.
#[derive(Clone, Copy)]
pub struct Cut {
    pub at: u64,
    pub fate: Fate,
    pub seed: u64,
}

/// Makes the cuts, whose positions rise, one after the other, and says what is wrong with what they
/// leave.
pub fn make(cuts: &[Cut], root: &Path, entries: &[Entry], facts: &[Fact]) -> Vec<String> {
    let mut disk = Disk::new(root);
    let mut wrong = Vec::new();
    for Cut { at, fate, seed } in cuts {
        entries[disk.position as usize..*at as usize].iter().for_each(|entry| disk.follow(entry));
        let left = TestFolder::new();
        disk.leave(*fate, *seed, &left);
        let answered = facts.partition_point(|fact| fact.at <= *at);
        if let Err(error) = check(&left.join("data"), &facts[..answered]) {
            wrong.push(format!(
                "cut at {at} of {}, {fate:?}, seed {seed}: {error:#}",
                entries.len()
            ));
        }
    }
    wrong
}

/// The same, on all processors.
pub fn make_together(
    cuts: Vec<Cut>,
    root: &Path,
    entries: &[Entry],
    facts: &[Fact],
) -> Vec<String> {
    on_all_processors(&cuts, |share| make(share, root, entries, facts))
}

/// Neighbours go to different processors, so that each has the same work.
pub fn on_all_processors<T: Copy + Send + Sync, R: Send>(
    all: &[T],
    work: impl Fn(&[T]) -> Vec<R> + Sync,
) -> Vec<R> {
    let (hands, work) = (thread::available_parallelism().map_or(2, usize::from), &work);
    let share = |hand| all.iter().copied().skip(hand).step_by(hands).collect::<Vec<T>>();
    thread::scope(|scope| {
        let working: Vec<_> = (0..hands)
            .map(|hand| {
                let share = share(hand);
                scope.spawn(move || work(&share))
            })
            .collect();
        working.into_iter().flat_map(|share| share.join().unwrap()).collect()
    })
}

/// They hold until there are so many more facts, or the server turns them away so often.
pub fn hold_until(told: &Told, more: usize, clients: &[Client], disk: &Watched) {
    let (enough, patience) = (told.count() + more, told.refused() + 50);
    thread::scope(|scope| {
        for client in clients {
            scope.spawn(|| {
                while told.count() < enough
                    && told.refused() < patience
                    && told.hold(client, &disk.control).is_some()
                {}
            });
        }
    });
}

/// Work, an orderly end, another start, more work, and a kill.
fn lives(disk: &Watched, told: &Told) {
    let server = disk.start();
    let mut clients = gather(&server, CLIENTS).unwrap();
    hold_until(told, HOLDS, &clients, disk);
    server.stop();
    let server: Process = disk.start();
    clients.iter_mut().for_each(|client| *client = client.at(&server.address));
    hold_until(told, HOLDS / 9, &clients, disk);
    server.kill();
}

#[test]
fn a_power_cut_at_any_operation_loses_nothing_that_was_answered_and_doubles_nothing() {
    let count = number("STAMPEDE_DISK_CUTS", 300);
    let (disk, told) = (Watched::new(), Told::default());
    lives(&disk, &told);
    let (entries, facts) = (disk.recording(), told.facts());
    assert!(facts.len() >= HOLDS);
    let folds = entries.iter().filter(|entry| matches!(entry, Entry::Synced { .. })).count();
    assert!(folds > 0 && entries.len() > 1_000, "{folds} flushes of {} operations", entries.len());
    // From before the first file to the end, spread evenly.
    let last = entries.len() as u64;
    let cuts = (0..count).map(|number| Cut {
        at: last * number / (count - 1).max(1),
        fate: Fate::of(number),
        seed: number,
    });
    let wrong = make_together(cuts.collect(), disk.root(), &entries, &facts);
    assert!(wrong.is_empty(), "{} of {count} cuts: {}", wrong.len(), wrong.join("\n"));
}
