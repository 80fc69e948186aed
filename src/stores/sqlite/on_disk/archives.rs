//! The archive: what is in it is read as before, whatever was cut off while it was made, and what
//! is damaged in it is named.

use super::*;
use crate::archive;
use crate::archive::catalogue;
use actors::engine::record;
use actors::store::{Append, FeedFrame, Position};

const ALL: Time = Time(i64::MAX);

fn no_rows(_: &str, _: &Frame) -> Vec<Row> {
    Vec::new()
}

fn open_plain(folder: &Path) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(folder, &no_rows).unwrap())
}

/// Moves everything that may be moved.
fn archive_all(store: &SqliteStore, until: Time) -> u64 {
    wait(store.settle()).unwrap();
    let mut frames = 0;
    while let Some(made) = wait(store.archive(until, until)).unwrap() {
        frames += made.frames;
    }
    frames
}

/// A store that has nothing in the table of its log whenever it is asked.
struct Archived(OnDisk);

impl StoreHarness for Archived {
    fn store(&self) -> &dyn Store {
        archive_all(self.0.store(), ALL);
        assert_eq!(count(self.0.store(), "SELECT count(*) FROM log"), 0);
        self.0.store()
    }

    fn reopen(&mut self) {
        self.0.reopen();
    }

    fn lose_snapshots(&mut self) {
        self.0.lose_snapshots();
    }
}

mod archived {
    use super::*;

    testing::store_contract!(Archived(OnDisk::new()));
}

/// Writes frames of one record, one in each millisecond.
struct Timed {
    partition: &'static str,
    at: Position,
    bytes: usize,
}

impl Timed {
    fn new(partition: &'static str) -> Timed {
        Timed { partition, at: Position::default(), bytes: 40 }
    }

    fn next(&mut self, now: i64) -> Append {
        let mut records = Vec::new();
        record::push(&mut records, Id([3; 16]), Time(now), None, &vec![now as u8; self.bytes]);
        let frame = record::frame(self.at, 1, records);
        self.at = frame.to;
        Append { partition: self.partition.into(), frame, rows: Vec::new() }
    }
}

/// Three partitions whose frames take turns, the first at 1, the last at `until`.
fn write(store: &SqliteStore, until: i64) -> Vec<FeedFrame> {
    let mut partitions = [Timed::new("a"), Timed::new("b"), Timed::new("c")];
    for now in 1..=until {
        let append = partitions[(now * now % 7 % 3) as usize].next(now);
        assert_eq!(answer(|done| store.append(append, done)), AppendOutcome::Durable);
    }
    wait(store.settle()).unwrap();
    fed(store, 0)
}

/// All that the feed shows after that position.
fn fed(store: &SqliteStore, after: u64) -> Vec<FeedFrame> {
    answer(|done| store.feed(after, usize::MAX, done)).unwrap().frames
}

fn of<'f>(all: &'f [FeedFrame], partition: &'f str) -> impl Iterator<Item = Frame> + 'f {
    all.iter().filter(move |fed| &*fed.partition == partition).map(|fed| fed.frame.clone())
}

/// Everything that reads the log sees these frames.
fn shows(folder: &Path, store: &SqliteStore, all: &[FeedFrame]) {
    for after in 0..all.len() {
        assert_eq!(fed(store, after as u64), all[after..]);
        let some = answer(|done| store.feed(after as u64, 3, done)).unwrap();
        assert_eq!(some.frames, all[after..all.len().min(after + 3)]);
        assert_eq!(some.end, all.len() as u64);
    }
    let view = SqliteHistory::open(folder, &no_rows).unwrap();
    for partition in ["a", "b", "c"] {
        assert!(frames(store, partition).into_iter().eq(of(all, partition)), "{partition}");
        let mut seen = Vec::new();
        view.frames_of::<Error>(partition, |frame| {
            seen.push(frame);
            Ok(())
        })
        .unwrap();
        assert!(seen.into_iter().eq(of(all, partition)), "{partition}");
    }
    view.check_the_rest().unwrap();
}

#[test]
fn whatever_is_archived_the_log_reads_as_before() {
    let scratch = Scratch::new();
    let folder = scratch.at("data");
    let store = open_plain(&folder);
    let all = write(&store, 20);
    shows(&folder, &store, &all);
    let of_a: Vec<Frame> = of(&all, "a").collect();
    for border in [1, 2, 7, 8, 13, 20] {
        archive_all(&store, Time(border));
        let left = count(&store, "SELECT coalesce(min(position), 21) FROM log");
        assert_eq!(left, border + 1);
        shows(&folder, &store, &all);
        for keys_after in 0..of_a.len() - 1 {
            let at = of_a[of_a.len() - 2].to;
            let keys_after = of_a[keys_after].from.seq;
            store.save("a", Snapshot { at, keys_after, due: None, state: vec![1] });
            let opened = answer(|done| store.open("a", done)).unwrap();
            assert_eq!(opened.snapshot.map(|snapshot| snapshot.at), Some(at));
            assert_eq!(opened.frames, of_a[keys_after as usize..]);
        }
        store.forget_snapshot("a");
    }
    drop(store);
    let store = open_plain(&folder);
    shows(&folder, &store, &all);
    let mut more = Timed { at: of_a[of_a.len() - 1].to, ..Timed::new("a") };
    assert_eq!(answer(|done| store.append(more.next(30), done)), AppendOutcome::Durable);
    let fed = fed(&store, 20);
    assert_eq!((fed[0].position, fed[0].frame.from), (21, of_a[of_a.len() - 1].to));
}

#[test]
fn what_is_too_young_and_what_is_not_in_its_tables_yet_stays() {
    let scratch = Scratch::new();
    let store = open_plain(&scratch.0);
    let mut a = Timed::new("a");
    for now in [5, 9, 7] {
        answer(|done| store.append(a.next(now), done));
    }
    assert_eq!(wait(store.archive(ALL, ALL)).unwrap(), None, "it was not swept");
    assert_eq!(archive_all(&store, Time(4)), 0);
    assert_eq!(archive_all(&store, Time(8)), 1, "positions stay in one piece");
    assert_eq!(archive_all(&store, Time(9)), 2);
}

#[test]
fn what_does_not_fill_a_segment_waits_until_it_is_older() {
    let scratch = Scratch::new();
    let store = open_plain(&scratch.0);
    let mut a = Timed { bytes: 1 << 20, ..Timed::new("a") };
    for now in 1..=9 {
        answer(|done| store.append(a.next(now), done));
    }
    wait(store.settle()).unwrap();
    assert_eq!(wait(store.archive(Time(6), Time(0))).unwrap(), None);
    let made = wait(store.archive(ALL, Time(0))).unwrap().unwrap();
    assert_eq!(made.frames, 7);
    assert_eq!(wait(store.archive(ALL, Time(7))).unwrap(), None);
    assert_eq!(count(&store, "SELECT count(*) FROM log"), 2);
    let on_disk = std::fs::metadata(scratch.at("archive/000001.segment")).unwrap();
    assert_eq!(on_disk.len(), made.bytes);
    assert_eq!(frames(&store, "a").len(), 9);
    let rest = wait(store.archive(ALL, Time(8))).unwrap().unwrap();
    assert_eq!((rest.frames, frames(&store, "a").len()), (2, 9));
}

/// A folder with segments, what its log says, and the database as it was before they were made.
fn made() -> (Scratch, Vec<FeedFrame>) {
    let scratch = Scratch::new();
    let store = open_plain(&scratch.at("data"));
    let all = write(&store, 30);
    drop(store);
    std::fs::copy(scratch.at("data/stampede.db"), scratch.at("before.db")).unwrap();
    let store = open_plain(&scratch.at("data"));
    assert_eq!((archive_all(&store, Time(12)), archive_all(&store, Time(25))), (12, 13));
    (scratch, all)
}

#[test]
fn whatever_a_crash_leaves_is_finished_or_replaced() {
    let (scratch, all) = made();
    let folder = scratch.at("data");
    let connection = Connection::open(folder.join("stampede.db")).unwrap();
    crate::sums::teach(&connection).unwrap();
    let rows = catalogue::all(&connection).unwrap();
    drop(connection);
    assert_eq!(rows.len(), 2);
    for (known, deleted) in [(0, 0), (1, 0), (1, 5), (1, 12), (2, 12), (2, 20), (2, 25)] {
        std::fs::copy(scratch.at("before.db"), folder.join("stampede.db")).unwrap();
        for left in ["000003.segment", "000003.segment.new"] {
            std::fs::write(folder.join("archive").join(left), "half of it").unwrap();
        }
        let store = open_plain(&folder);
        let some = rows[..known].to_vec();
        wait(store.write(move |connection| {
            some.iter().try_for_each(|row| catalogue::add(connection, row))?;
            connection.execute("DELETE FROM log WHERE position <= ?1", [deleted]).map(drop)
        }))
        .unwrap();
        drop(store);
        let store = open_plain(&folder);
        shows(&folder, &store, &all);
        let last = known.checked_sub(1).map_or(0, |row| rows[row].last);
        assert_eq!(archive_all(&store, Time(last)), 0, "nothing more is that old");
        assert_eq!(count(&store, "SELECT min(position) FROM log"), last + 1);
        shows(&folder, &store, &all);
        assert_eq!(archive_all(&store, ALL), 30 - last as u64, "{known} {deleted}");
        assert_eq!(count(&store, "SELECT count(*) FROM log"), 0);
        shows(&folder, &store, &all);
        drop(store);
        shows(&folder, &open_plain(&folder), &all);
        // As it was when both were made.
        std::fs::copy(scratch.at("before.db"), folder.join("stampede.db")).unwrap();
        std::fs::remove_dir_all(folder.join("archive")).unwrap();
        let store = open_plain(&folder);
        archive_all(&store, Time(12));
        archive_all(&store, Time(25));
    }
}

#[test]
fn every_flipped_byte_of_a_segment_is_named_and_never_believed() {
    let (scratch, all) = made();
    let folder = scratch.at("data");
    let file = folder.join("archive/000001.segment");
    let whole = std::fs::read(&file).unwrap();
    for byte in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[byte] ^= 1 << (byte % 8);
        std::fs::write(&file, &bytes).unwrap();
        let found = SqliteHistory::open(&folder, &no_rows).and_then(|view| view.check_the_rest());
        let said = found.expect_err(&format!("byte {byte} was not found")).to_string();
        assert!(said.contains("000001.segment"), "byte {byte}: {said}");
        let Ok(store) = SqliteStore::open(&folder, &no_rows) else { continue };
        for partition in ["a", "b", "c"] {
            match answer(|done| store.open(partition, done)) {
                Ok(opened) => assert!(opened.frames.into_iter().eq(of(&all, partition))),
                Err(StoreError::Broken(why)) => assert!(why.contains("000001.segment"), "{why}"),
                Err(other) => panic!("byte {byte}: {other}"),
            }
        }
        wait(store.ready()).expect("one damaged segment is not the whole disk");
    }
    std::fs::write(&file, &whole).unwrap();
    shows(&folder, &open_plain(&folder), &all);
}

#[test]
fn a_segment_that_is_gone_cut_or_another_one_is_named_at_the_start() {
    let (scratch, all) = made();
    let (other, _) = made();
    let folder = scratch.at("data");
    let file = |number: u32| folder.join(format!("archive/00000{number}.segment"));
    let (one, two) = (std::fs::read(file(1)).unwrap(), std::fs::read(file(2)).unwrap());
    let refused = |name: &str| {
        let said = SqliteStore::open(&folder, &no_rows).err().unwrap().to_string();
        assert!(said.contains(name), "{said}");
        let said = SqliteHistory::open(&folder, &no_rows).err().unwrap().to_string();
        assert!(said.contains(name), "{said}");
        let to = scratch.at("refused.db");
        assert!(backup(&folder, &to).unwrap_err().to_string().contains(name));
        assert!(!to.exists() && !scratch.at("refused.db.archive").exists());
    };
    std::fs::remove_file(file(2)).unwrap();
    refused("000002.segment is missing");
    std::fs::write(file(2), &two[..two.len() - 1]).unwrap();
    refused("000002.segment is damaged");
    std::fs::write(file(2), &one).unwrap();
    refused("000002.segment");
    std::fs::write(file(2), &two).unwrap();
    let store = open_plain(&other.at("data"));
    archive_all(&store, ALL);
    drop(store);
    // One made of other frames, with a row that names it: it does not follow the first.
    let stranger = Scratch::new();
    let store = open_plain(&stranger.0);
    let mut a = Timed::new("a");
    for now in 1..=25 {
        answer(|done| store.append(a.next(now), done));
        if now == 12 {
            archive_all(&store, ALL);
        }
    }
    archive_all(&store, ALL);
    let row = wait(store.read(catalogue::newest)).unwrap().unwrap();
    std::fs::copy(stranger.at("archive/000002.segment"), file(2)).unwrap();
    let mine = Connection::open(folder.join("stampede.db")).unwrap();
    crate::sums::teach(&mine).unwrap();
    mine.execute(
        "UPDATE segments SET digest = ?1, bytes = ?2, sum = row_sum(2, first, last, ?1, ?2) WHERE \
         number = 2",
        (row.digest, row.bytes),
    )
    .unwrap();
    drop(mine);
    refused("000002.segment is not the one that follows");
    let names = std::fs::read_dir(other.at("data/archive")).unwrap().count();
    assert_eq!((names, all.len()), (3, 30));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_while_a_segment_is_written_changes_nothing() {
    let scratch = Scratch::new();
    let folder = scratch.at("data");
    let store = open_plain(&folder);
    let all = write(&store, 30);
    std::fs::create_dir_all(folder.join("archive")).unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.join("archive/000001.segment.new")).unwrap();
    let full = wait(store.archive(ALL, ALL));
    assert!(matches!(full, Err(StoreError::Unavailable(_))), "{full:?}");
    assert_eq!(std::fs::read_dir(folder.join("archive")).unwrap().count(), 0);
    assert_eq!(count(&store, "SELECT count(*) FROM segments"), 0);
    assert_eq!(count(&store, "SELECT count(*) FROM log"), 30);
    wait(store.ready()).unwrap();
    assert_eq!(archive_all(&store, ALL), 30);
    shows(&folder, &store, &all);
}

#[test]
fn a_damaged_frame_is_not_archived() {
    for damage in [
        "UPDATE log SET records = zeroblob(length(records)) WHERE position = 9",
        "UPDATE log SET head = zeroblob(32) WHERE position = 9",
        "UPDATE log SET from_seq = from_seq + 1 WHERE position = 9",
        "UPDATE log SET previous = previous - 1 WHERE position = 20",
        "DELETE FROM log WHERE position = 9",
    ] {
        let scratch = Scratch::new();
        let store = open_plain(&scratch.0);
        write(&store, 30);
        wait(store.write(move |connection| connection.execute(damage, []))).unwrap();
        wait(store.archive(Time(5), Time(5))).unwrap();
        let said = wait(store.archive(ALL, ALL)).unwrap_err().to_string();
        assert!(said.contains("the frame"), "{damage}: {said}");
        assert_eq!(count(&store, "SELECT count(*) FROM segments"), 1);
        assert!(!scratch.at("archive/000002.segment").exists());
    }
}

#[test]
fn a_row_of_the_catalogue_that_was_changed_by_hand_is_found() {
    for damage in ["last = last + 1", "digest = zeroblob(32)", "bytes = bytes - 1", "number = 7"] {
        let (scratch, _) = made();
        let database = Connection::open(scratch.at("data/stampede.db")).unwrap();
        let damage = format!("UPDATE segments SET {damage} WHERE number = 2");
        database.execute(&damage, []).unwrap();
        drop(database);
        let said = SqliteStore::open(&scratch.at("data"), &no_rows).err().unwrap().to_string();
        assert!(said.contains("of the table segments"), "{damage}: {said}");
    }
}

#[test]
fn a_backup_has_its_segments_beside_it_and_a_restore_brings_them_back() {
    let (scratch, all) = made();
    let (copy, beside) = (scratch.at("copy.db"), scratch.at("copy.db.archive"));
    backup(&scratch.at("data"), &copy).unwrap();
    assert_eq!(std::fs::read_dir(&beside).unwrap().count(), 2);
    let again = scratch.at("copy2.db");
    std::fs::create_dir(scratch.at("copy2.db.archive")).unwrap();
    assert!(matches!(backup(&scratch.at("data"), &again), Err(Error::Exists(_))));

    let restored = scratch.at("restored");
    restore(&copy, &restored).unwrap();
    shows(&restored, &open_plain(&restored), &all);

    let name = beside.join("000002.segment");
    let whole = std::fs::read(&name).unwrap();
    let mut damaged = whole.clone();
    damaged[60] ^= 1;
    std::fs::remove_file(&name).unwrap();
    std::fs::write(&name, &damaged).unwrap();
    let to = scratch.at("to");
    assert!(restore(&copy, &to).unwrap_err().to_string().contains("000002.segment is damaged"));
    std::fs::remove_file(&name).unwrap();
    std::fs::remove_dir_all(&to).unwrap();
    assert!(restore(&copy, &to).unwrap_err().to_string().contains("000002.segment is missing"));
    std::fs::write(&name, &whole).unwrap();
    // What the attempt left is the same, so it goes on.
    restore(&copy, &to).unwrap();
    shows(&to, &open_plain(&to), &all);
}

#[test]
fn segments_without_their_database_are_not_built_upon() {
    let (scratch, _) = made();
    let folder = scratch.at("data");
    backup(&folder, &scratch.at("copy.db")).unwrap();
    let store = open_plain(&folder);
    archive_all(&store, ALL);
    drop(store);
    std::fs::remove_file(folder.join("stampede.db")).unwrap();
    let said = SqliteStore::open(&folder, &no_rows).err().unwrap().to_string();
    assert!(said.contains("archive/"), "{said}");
    let said = restore(&scratch.at("copy.db"), &folder).unwrap_err().to_string();
    assert!(said.contains("archive/000003.segment"), "{said}");
}

#[test]
fn the_command_archives_all_that_is_old_and_makes_the_database_smaller() {
    let scratch = Scratch::new();
    let store = open_plain(&scratch.0);
    let mut a = Timed { bytes: 5_000, ..Timed::new("a") };
    for now in 1..=400 {
        answer(|done| store.append(a.next(now), done));
    }
    let used = wait(archive::command::archive(&scratch.0, ALL, &no_rows, &mut |_| ()));
    assert!(matches!(used, Err(Error::InUse(_))));
    drop(store);
    let report =
        wait(archive::command::archive(&scratch.0, Time(390), &no_rows, &mut |_| ())).unwrap();
    assert_eq!((report.frames, report.segments), (390, 1));
    assert!(report.before > 2_000_000 && report.after < 300_000, "{report}");
    assert_eq!(report.after, std::fs::metadata(scratch.at("stampede.db")).unwrap().len());
    assert!(!scratch.at("stampede.db-wal").exists());
    assert_eq!(frames(&open_plain(&scratch.0), "a").len(), 400);
    let nothing = Scratch::new();
    let none = wait(archive::command::archive(&nothing.0, ALL, &no_rows, &mut |_| ()));
    assert!(matches!(none, Err(Error::NoDatabase(_))));
}

/// A segment is written of what is in the database, so one that has more says that the database is
/// an older one.
#[test]
fn an_older_database_under_newer_segments_is_not_built_upon() {
    let scratch = Scratch::new();
    let folder = scratch.at("data");
    let mut a = Timed::new("a");
    let store = open_plain(&folder);
    (1..=30).for_each(|now| drop(answer(|done| store.append(a.next(now), done))));
    drop(store);
    let older = std::fs::read(folder.join("stampede.db")).unwrap();
    let store = open_plain(&folder);
    (31..=50).for_each(|now| drop(answer(|done| store.append(a.next(now), done))));
    archive_all(&store, ALL);
    drop(store);
    std::fs::write(folder.join("stampede.db"), older).unwrap();
    let said = SqliteStore::open(&folder, &no_rows).err().expect("facts are missing").to_string();
    assert!(said.contains("000001.segment"), "{said}");
}
