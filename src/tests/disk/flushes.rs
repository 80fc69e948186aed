//! One flush of the database fails, the server goes on, and later the power goes: nothing that was
//! answered is lost.

use crate::control::{EIO, Fault, Kind};
use crate::cuts::{Cut, hold_until, make_together, number};
use crate::facts::{Told, gather};
use crate::ready::metric;
use crate::replay::Fate;
use crate::watched::Watched;
use actors::dice::Dice;

const CLIENTS: usize = 6;
/// As many as make the write-ahead log begin anew twice, if it does.
const AFTERWARDS: usize = 2_200;

/// Whether what was answered outlives a cut some time after the failure; else what is missing.
fn run(seed: u64) -> Vec<String> {
    let (disk, told) = (Watched::new(), Told::default());
    let mut dice = Dice::new(seed);
    let server = disk.start();
    let clients = gather(&server, CLIENTS).unwrap();
    // The flush that the folding thread asks for itself is the one whose failure used to lose
    // facts.
    let kind = [Kind::Sync, Kind::DataSync, Kind::Writeback][(seed % 3) as usize];
    // A fold has two flushes, and writes a few pages of so small a database.
    let after = dice.below([3, 1, 12][(seed % 3) as usize]);
    disk.control.arm(Fault::once(kind, after, "stampede.db", EIO));
    while disk.control.fired() == 0 {
        hold_until(&told, 200, &clients, &disk);
    }
    hold_until(&told, AFTERWARDS, &clients, &disk);
    assert_eq!(told.refused(), 0, "the log is on a sound part of the disk");
    admits(&server);
    server.kill();
    let (entries, facts) = (disk.recording(), told.facts());
    let last = entries.len() as u64;
    let at = last - dice.below(facts.len() as u64);
    let cuts = vec![
        Cut { at, fate: Fate::Dropped, seed },
        Cut { at: last, fate: Fate::of(2 + seed), seed },
    ];
    make_together(cuts, disk.root(), &entries, &facts)
}

/// It is not ready, its metrics tell, and it has said so once.
fn admits(server: &harness::Process) {
    let refused = server.anybody().get("//health/ready").expect(503);
    assert_eq!(refused["type"], "/problems/not-ready", "{refused}");
    metric(server, "stampede_store_folding_broken 1");
    let said = server.whole_log();
    assert_eq!(said.matches("see to the disk, then restart").count(), 1, "{said}");
}

#[test]
fn a_failed_flush_of_the_database_and_a_later_power_cut_lose_nothing() {
    let runs = number("STAMPEDE_DISK_RUNS", 6);
    let lost: Vec<Vec<String>> = (0..runs).map(run).filter(|wrong| !wrong.is_empty()).collect();
    assert!(lost.is_empty(), "{} of {runs} runs: {lost:#?}", lost.len());
}
