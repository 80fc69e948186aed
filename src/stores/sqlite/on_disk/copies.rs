//! Backups and the view: both are made beside a store that writes on.

use super::*;

#[test]
fn a_backup_is_not_restored_beside_the_log_of_another_database_but_beside_files_to_import() {
    let disk = OnDisk::new();
    let copy = disk.scratch.at("copy.db");
    backup(&disk.scratch.at("data"), &copy).unwrap();
    let folder = disk.scratch.at("restored");
    std::fs::create_dir_all(folder.join("imports/7")).unwrap();
    std::fs::write(folder.join("stampede.db-wal"), "precious").unwrap();
    assert!(matches!(restore(&copy, &folder), Err(Error::Remains { .. })));
    assert_eq!(std::fs::read(folder.join("stampede.db-wal")).unwrap(), b"precious");
    std::fs::remove_file(folder.join("stampede.db-wal")).unwrap();
    restore(&copy, &folder).unwrap();
    drop(open(&folder));
}

#[test]
fn a_backup_made_while_writing_is_restored_to_a_prefix() {
    let disk = OnDisk::new();
    let (copy, data, restored) =
        (disk.scratch.at("copy.db"), disk.scratch.at("data"), disk.scratch.at("restored"));
    let mut written = Script::new("p");
    let mut all: Vec<Frame> = Vec::new();
    let before = 100;
    std::thread::scope(|threads| {
        let (copied, is_copied) = mpsc::channel();
        let (begin, may_begin) = mpsc::channel();
        let (copy, data) = (&copy, &data);
        threads.spawn(move || {
            may_begin.recv().unwrap();
            copied.send(backup(data, copy)).unwrap();
        });
        let is_copied = loop {
            let append = written.next(&[ticket(all.len() as u32, Some("x"))]);
            all.push(append.frame.clone());
            assert_eq!(answer(|done| disk.store().append(append, done)), AppendOutcome::Durable);
            if all.len() == before {
                begin.send(()).unwrap();
            }
            match is_copied.try_recv() {
                Ok(result) => break result,
                Err(waiting) => assert_eq!(waiting, mpsc::TryRecvError::Empty),
            }
        };
        is_copied.unwrap();
    });
    assert!(matches!(backup(&data, &copy), Err(Error::Exists(_))));
    assert!(matches!(restore(&copy, &data), Err(Error::InUse(_))));
    restore(&copy, &restored).unwrap();
    assert!(matches!(restore(&copy, &restored), Err(Error::HoldsDatabase(_))));
    let store = open(&restored);
    let found = frames(&store, "p");
    assert!((before..=all.len()).contains(&found.len()));
    assert_eq!(found, all[..found.len()]);
    assert_eq!(tickets(&store).len(), found.len());
    let mut more = Script::new("p");
    more.at = found[found.len() - 1].to;
    assert_eq!(append(&store, &mut more, &[]), AppendOutcome::Durable);
}

#[test]
fn what_is_no_backup_is_not_restored() {
    let scratch = Scratch::new();
    let (text, folder) = (scratch.at("text"), scratch.at("data"));
    std::fs::write(
        &text,
        "not a database, but long enough to be looked at as one would look at any other",
    )
    .unwrap();
    assert!(matches!(restore(&text, &folder), Err(Error::Foreign(_))));
    let other = scratch.at("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(restore(&other, &folder), Err(Error::Foreign(_))));
    assert!(matches!(restore(&scratch.at("none"), &folder), Err(Error::File { .. })));
    assert!(matches!(backup(&folder, &scratch.at("copy")), Err(Error::NoDatabase(_))));
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let disk = OnDisk::new();
    let mut p = Script::new("p");
    for _ in 0..50 {
        append(disk.store(), &mut p, &[]);
    }
    let copy = disk.scratch.at("copy.db");
    backup(&disk.scratch.at("data"), &copy).unwrap();
    let mut bytes = std::fs::read(&copy).unwrap();
    let page = bytes.len() / 4096 - 1;
    bytes[page * 4096..].fill(0x5a);
    bytes[4096..2 * 4096].fill(0x5a);
    std::fs::write(&copy, bytes).unwrap();
    let restored = disk.scratch.at("restored");
    assert!(restore(&copy, &restored).is_err());
    drop(open(&restored));
}

#[test]
fn a_view_shows_every_frame_from_the_first_beside_a_running_store() {
    let disk = OnDisk::new();
    let folder = disk.scratch.at("data");
    let (mut p, mut q) = (Script::new("p"), Script::new("q"));
    let mut expected = Vec::new();
    for _ in 0..20 {
        let next = p.next(&[]);
        expected.push(next.frame.clone());
        answer(|done| disk.store().append(next, done));
        append(disk.store(), &mut q, &[]);
    }
    disk.store().save(
        "p",
        Snapshot { at: p.at, keys_after: p.at.seq, due: Some(Time(5)), state: vec![1, 2] },
    );
    answer(|done| disk.store().sleepers(Time(0), done)).unwrap();
    let view = SqliteHistory::open(&folder, &rows_of).unwrap();
    append(disk.store(), &mut p, &[]);
    assert_eq!(view.partitions().collect::<Vec<_>>(), ["p", "q"]);
    let seen = |view: &SqliteHistory, partition| {
        let mut seen = Vec::new();
        view.frames_of::<Error>(partition, |frame| {
            seen.push(frame);
            Ok(())
        })
        .unwrap();
        seen
    };
    assert_eq!(seen(&view, "p"), expected);
    assert_eq!(seen(&view, "never"), []);
    assert_eq!(view.snapshot_of("p").unwrap().map(|snapshot| snapshot.at), Some(expected[19].to));
    assert!(view.snapshot_of("q").unwrap().is_none());
    drop(disk.store);
    assert_eq!(seen(&SqliteHistory::open(&folder, &rows_of).unwrap(), "p").len(), 21);
}
