//! Damage that was done to the file by hand: it is found, and never believed.

use super::*;
use actors::engine::record::head_after;
use actors::store::Position;

/// The same store after its file was changed by hand; no trigger seals such a change.
fn after_damage(disk: &mut OnDisk, damage: &str) -> Result<(), Error> {
    disk.store = None;
    let folder = disk.scratch.at("data");
    Connection::open(folder.join("stampede.db")).unwrap().execute_batch(damage).unwrap();
    disk.store = Some(Arc::new(SqliteStore::open(&folder, &rows_of)?));
    Ok(())
}

#[test]
fn a_damaged_look_up_row_is_told_to_nobody() {
    let mut disk = OnDisk::new();
    append(disk.store(), &mut Script::new("p"), &[ticket(1, Some("x")), ticket(2, Some("y"))]);
    disk.reopen();
    assert_eq!(tickets(disk.store()).len(), 2);
    for damage in ["body = x'7a'", "key = x'00000001ff'", "shelf = 1, body = x'79'"] {
        after_damage(
            &mut disk,
            &format!("UPDATE lookups SET {damage} WHERE key >= x'00000002' OR length(key) > 4"),
        )
        .unwrap();
        let page = Page { shelf: Shelf(1), owner: Id([7; 16]), after: None, limit: 9 };
        let listed = answer(|done| disk.store().rows(page, done));
        match damage.starts_with("shelf") {
            false => assert!(matches!(listed, Err(StoreError::Broken(_))), "{damage}: {listed:?}"),
            true => after_damage(&mut disk, "DELETE FROM lookups").unwrap(),
        }
        disk.reopen();
    }
}

#[test]
fn a_damaged_name_or_reach_is_refused_at_the_start() {
    for damage in [
        "UPDATE partitions SET name = 'q'",
        "UPDATE partitions SET last = 0, seq = 0",
        "UPDATE partitions SET id = 2",
        "UPDATE meta SET value = value + 1 WHERE name = 'reach'",
        "UPDATE meta SET name = 'reac' WHERE name = 'reach'",
    ] {
        let mut disk = OnDisk::new();
        append(disk.store(), &mut Script::new("p"), &[]);
        let said = after_damage(&mut disk, damage).unwrap_err().to_string();
        assert!(said.contains("of the table"), "{damage}: {said}");
    }
}

#[test]
fn of_frames_that_were_not_swept_a_damaged_one_declares_nothing_and_a_stray_one_is_refused() {
    let disk = Killed::new();
    let (mut p, mut q) = (Script::new("p"), Script::new("q"));
    for number in 0..2 {
        append(disk.store(), &mut p, &[ticket(number, Some("x"))]);
        append(disk.store(), &mut q, &[ticket(number + 10, Some("x"))]);
    }
    let folder = disk.0.scratch.at("data");
    let (copy, of_strays) = (Scratch::new(), Scratch::new());
    for to in [&copy, &of_strays] {
        let (from, to) = (folder.clone(), to.0.clone());
        let copied = disk.store().write(move |_| {
            for name in ["stampede.db", "stampede.db-wal"] {
                std::fs::copy(from.join(name), to.join(name)).unwrap();
            }
            Ok(())
        });
        wait(copied).unwrap();
    }
    let damage = |scratch: &Scratch, sql: &str| {
        Connection::open(scratch.at("stampede.db")).unwrap().execute_batch(sql).unwrap()
    };
    damage(&copy, "UPDATE log SET records = zeroblob(length(records)) WHERE position = 3");
    let store = open(&copy.0);
    assert_eq!(tickets(&store).len(), 3);
    damage(&of_strays, "UPDATE log SET partition = 2 WHERE position = 3");
    assert!(
        SqliteStore::open(&of_strays.0, &rows_of).err().unwrap().to_string().contains("is missing")
    );
}

#[test]
fn a_damaged_time_to_wake_wakes_at_once_and_its_snapshot_is_replaced() {
    for damage in ["due = NULL", "due = 1000000", "seq = 0", "head = zeroblob(32)", "partition = 2"]
    {
        let mut disk = OnDisk::new();
        let mut p = Script::new("p");
        append(disk.store(), &mut p, &[]);
        let snapshot =
            Snapshot { at: p.at, keys_after: p.at.seq, due: Some(Time(50)), state: vec![1] };
        disk.store().save("p", snapshot.clone());
        after_damage(&mut disk, &format!("UPDATE snapshots SET {damage}")).unwrap();
        let sleepers = answer(|done| disk.store().sleepers(Time(0), done)).unwrap();
        assert_eq!(sleepers, [Sleeper { partition: "p".into(), due: None }], "{damage}");
        disk.store().save("p", snapshot);
        disk.reopen();
        assert_eq!(answer(|done| disk.store().sleepers(Time(49), done)).unwrap(), [], "{damage}");
        assert_eq!(
            answer(|done| disk.store().sleepers(Time(50), done)).unwrap()[0].due,
            Some(Time(50)),
            "{damage}"
        );
    }
}

#[test]
fn what_is_in_no_chain_is_checked_from_beside() {
    let fine = OnDisk::new();
    append(fine.store(), &mut Script::new("p"), &[ticket(1, Some("x"))]);
    SqliteHistory::open(&fine.scratch.at("data"), &rows_of).unwrap().check_the_rest().unwrap();
    for (damage, named) in [
        ("UPDATE lookups SET body = x'00'", "lookups"),
        ("UPDATE snapshots SET due = 7", "snapshots"),
        ("UPDATE log SET partition = 2 WHERE position = 1", "missing"),
        (
            "INSERT INTO log SELECT 0, partition, previous, from_seq, to_seq, head, records FROM \
             log",
            "frames",
        ),
    ] {
        let mut disk = OnDisk::new();
        let mut p = Script::new("p");
        append(disk.store(), &mut p, &[ticket(1, Some("x"))]);
        append(disk.store(), &mut Script::new("q"), &[]);
        disk.store()
            .save("p", Snapshot { at: p.at, keys_after: p.at.seq, due: None, state: vec![1] });
        let damage = damage.replace("FROM log", "FROM log LIMIT 1");
        let opened = after_damage(&mut disk, &damage);
        let view = SqliteHistory::open(&disk.scratch.at("data"), &rows_of);
        let found = opened.and(view).and_then(|view| view.check_the_rest());
        let said = found.err().unwrap_or_else(|| panic!("{damage} was not found")).to_string();
        assert!(said.contains(named), "{damage}: {said}");
    }
}

#[test]
fn a_broken_partition_says_so_and_the_others_open() {
    let mut disk = OnDisk::new();
    let (mut p, mut q) = (Script::new("p"), Script::new("q"));
    for _ in 0..3 {
        append(disk.store(), &mut p, &[]);
        append(disk.store(), &mut q, &[]);
    }
    disk.reopen();
    wait(disk.store().write(|c| c.execute("DELETE FROM log WHERE position = 3", []))).unwrap();
    let opened = answer(|done| disk.store().open("p", done));
    assert!(matches!(opened, Err(StoreError::Broken(_))), "{opened:?}");
    assert_eq!(frames(disk.store(), "q").len(), 3);
}

/// All that a folder tells whoever verifies it: the frames of each partition, and its rows. Or what
/// is wrong with it.
fn told(folder: &Path) -> Result<(Vec<Frame>, Vec<String>), String> {
    let said = |error: Error| error.to_string();
    let view = SqliteHistory::open(folder, &rows_of).map_err(said)?;
    view.check_the_rest().map_err(said)?;
    let mut frames = Vec::new();
    for partition in ["p", "q"] {
        let mut at = Position::default();
        let chained = |frame: Frame| {
            if frame.from != at || head_after(&at, frame.to.seq, &frame.records) != frame.to.head {
                return Err(Error::Damaged(format!("the chain of {partition} breaks")));
            }
            at = frame.to;
            frames.push(frame);
            Ok(())
        };
        view.frames_of(partition, chained).map_err(said)?;
    }
    let mut rows = Vec::new();
    view.each_row(|row| rows.push(format!("{row:?}"))).map_err(said)?;
    rows.sort();
    Ok((frames, rows))
}

/// A folder of two partitions with rows, and a snapshot of one, whose server was stopped.
fn stopped() -> Scratch {
    let disk = OnDisk::new();
    let (mut p, mut q) = (Script::new("p"), Script::new("q"));
    for number in 0..20 {
        append(disk.store(), &mut p, &[ticket(number, Some("x"))]);
        append(disk.store(), &mut q, &[ticket(number + 100, Some("a longer one"))]);
    }
    disk.store().save("p", Snapshot { at: p.at, keys_after: p.at.seq, due: None, state: vec![1] });
    let OnDisk { store, scratch } = disk;
    drop(store);
    scratch
}

#[test]
fn a_flipped_bit_anywhere_in_the_database_is_named_or_changes_nothing() {
    let scratch = stopped();
    let file = scratch.at("data/stampede.db");
    let whole = std::fs::read(&file).unwrap();
    let honest = told(&scratch.at("data")).unwrap();
    assert_eq!((honest.0.len(), honest.1.len()), (40, 40));
    let (mut named, mut harmless) = (0, 0);
    for place in (0..whole.len()).step_by(149) {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (place % 8);
        std::fs::write(&file, &bytes).unwrap();
        match told(&scratch.at("data")) {
            Err(_) => named += 1,
            Ok(found) => {
                assert!(found == honest, "byte {place} is believed");
                harmless += 1;
            }
        }
    }
    assert!(named > 50 && harmless > 0, "{named} and {harmless}");
}

#[test]
fn a_database_that_was_cut_anywhere_is_named_or_nothing_was_there() {
    let scratch = stopped();
    let file = scratch.at("data/stampede.db");
    let whole = std::fs::read(&file).unwrap();
    let honest = told(&scratch.at("data")).unwrap();
    let mut named = 0;
    for pages in (0..whole.len() / 4096).step_by(3) {
        for length in [pages * 4096, pages * 4096 + 100, (pages + 1) * 4096 - 1] {
            std::fs::write(&file, &whole[..length]).unwrap();
            match told(&scratch.at("data")) {
                Err(_) => named += 1,
                Ok(found) => assert!(found == honest, "cut to {length} bytes"),
            }
        }
    }
    assert!(named > 20, "{named}");
}

#[test]
fn frames_that_changed_places_are_named() {
    let scratch = stopped();
    let file = scratch.at("data/stampede.db");
    let whole = std::fs::read(&file).unwrap();
    for (one, other) in [(3, 5), (3, 4), (1, 39), (2, 40)] {
        for columns in ["records", "head", "records, head", "previous", "partition"] {
            std::fs::write(&file, &whole).unwrap();
            let set: Vec<String> = columns
                .split(", ")
                .map(|column| {
                    let of = |position| {
                        format!("(SELECT {column} FROM log WHERE position = {position})")
                    };
                    let (first, second) = (of(one), of(other));
                    format!("{column} = CASE position WHEN {one} THEN {second} ELSE {first} END")
                })
                .collect();
            let swap = format!(
                "CREATE TEMP TABLE was AS SELECT * FROM log; UPDATE log SET {} WHERE position IN \
                 ({one}, {other})",
                set.join(", ").replace("FROM log", "FROM was")
            );
            Connection::open(&file).unwrap().execute_batch(&swap).unwrap();
            if std::fs::read(&file).unwrap() != whole {
                let found = told(&scratch.at("data"));
                let same = columns == "partition" && one % 2 == other % 2;
                assert!(found.is_err() || same, "{columns} of {one} and {other}");
            }
        }
    }
}
