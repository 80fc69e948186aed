//! The power goes, or the disk fails, at any operation while old facts are archived: every fact is
//! there once, and to archive again finishes it.

use crate::control::{EIO, ENOSPC, Fault, Kind};
use crate::cuts::number;
use crate::facts::{Fact, check};
use crate::replay::{Disk, Fate};
use crate::watched::Watched;
use actors::Time;
use config::Choice;
use harness::{TestApp, TestFolder, fails, id, succeeds, wait_until_free};
use products::table;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The first instant of 2020: long ago for the machine's clock.
const LONG_AGO: Time = Time(1_577_836_800_000);
const HOLDS: usize = 700;
const ARCHIVE: [&str; 3] = ["archive", "--older-than-days", "1"];

/// A backup of an installation whose facts are old, in that folder, and its holds.
fn old(folder: &TestFolder) -> (PathBuf, Vec<Fact>) {
    let app = TestApp::start_at(LONG_AGO, |config| {
        config.store = Choice::Sqlite;
        config.holds_per_member = 1_000;
    });
    app.lottery("2020-12-31", 1);
    let ada = app.member("ada");
    let hold = || ada.hold("2020-12-31", json!({"pattern": "****"})).expect(201);
    let facts = (0..HOLDS).map(|_| Fact { at: 0, hold: id(&hold()).to_owned() }).collect();
    app.stop();
    let file = folder.join("old.db");
    sqlite::backup(app.data(), &file).unwrap();
    (file, facts)
}

fn restored(backup: &Path) -> Watched {
    let disk = Watched::new();
    succeeds(disk.run(["restore".as_ref(), backup.as_os_str()]));
    disk
}

/// All facts are there, before and after what was begun is finished.
fn finishes(data: &Path, facts: &[Fact]) -> anyhow::Result<()> {
    check(data, facts)?;
    wait_until_free(data);
    let mut nobody = |_| ();
    let archive = sqlite::archive(data, Time(i64::MAX), &table::rows, &mut nobody);
    actix_rt::System::new().block_on(archive)?;
    check(data, facts)
}

#[test]
fn a_power_cut_while_facts_are_archived_loses_none_and_doubles_none() {
    let folder = TestFolder::new();
    let (backup, facts) = old(&folder);
    let disk = restored(&backup);
    let begun = disk.recording().len() as u64;
    let said = succeeds(disk.run(ARCHIVE));
    assert!(said.contains(" in 1 segments"), "{said}");
    let entries = disk.recording();
    assert!(succeeds(disk.run(["verify"])).contains("in order"));
    let operations = entries.len() as u64 - begun;
    assert!(operations > 50, "{operations}");
    let mut left = Disk::new(disk.root());
    entries[..begun as usize].iter().for_each(|entry| left.follow(entry));
    let count = number("STAMPEDE_DISK_CUTS", 150);
    let mut wrong = Vec::new();
    for cut in 0..count {
        let at = begun + operations * cut / (count - 1);
        entries[left.position as usize..at as usize].iter().for_each(|entry| left.follow(entry));
        let folder = TestFolder::new();
        left.leave(Fate::of(cut), cut, &folder);
        if let Err(error) = finishes(&folder.join("data"), &facts) {
            wrong.push(format!("cut at {at}, {:?}, seed {cut}: {error:#}", Fate::of(cut)));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cuts: {}", wrong.len(), wrong.join("\n"));
}

#[test]
fn whatever_fails_while_a_segment_is_written_changes_nothing() {
    let folder = TestFolder::new();
    let (backup, facts) = old(&folder);
    let faults = [
        (Kind::Open, ".segment.new", EIO),
        (Kind::Write, ".segment.new", ENOSPC),
        (Kind::Write, ".segment.new", EIO),
        (Kind::Sync, ".segment.new", EIO),
    ];
    for (kind, name, error) in faults {
        let disk = restored(&backup);
        let before = std::fs::read(disk.data().join("stampede.db")).unwrap();
        disk.control.arm(Fault::once(kind, 0, name, error));
        let ended = disk.run(ARCHIVE);
        assert_eq!(disk.control.fired(), 1, "{kind:?} {name}");
        fails(ended, 1);
        disk.control.disarm();
        let after = std::fs::read(disk.data().join("stampede.db")).unwrap();
        assert!(before.len() == after.len(), "{kind:?} {name}");
        check(&disk.data(), &facts).unwrap();
        let said = succeeds(disk.run(ARCHIVE));
        assert!(said.contains(" in 1 segments"), "{kind:?} {name}: {said}");
        check(&disk.data(), &facts).unwrap();
    }
}

#[test]
fn whichever_flush_fails_while_facts_are_archived_none_is_lost() {
    let folder = TestFolder::new();
    let (backup, facts) = old(&folder);
    for after in 0.. {
        let disk = restored(&backup);
        disk.control.arm(Fault::once(Kind::Sync, after, "", EIO));
        let ended = disk.run(ARCHIVE);
        if disk.control.fired() == 0 {
            succeeds(ended);
            assert!(after > 5, "only {after} flushes");
            return;
        }
        disk.control.disarm();
        check(&disk.data(), &facts).unwrap_or_else(|error| panic!("flush {after}: {error:#}"));
        succeeds(disk.run(ARCHIVE));
        check(&disk.data(), &facts).unwrap_or_else(|error| panic!("flush {after}: {error:#}"));
    }
}
