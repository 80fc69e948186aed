//! The contract on a real file, and what only this store can suffer: a full disk, a kill, a second
//! owner, a copy made under way.

mod wal;

use super::*;
use actors::store::{Row, Shelf, Snapshot, StoreError};
use actors::{Id, Time};
use ports::directory::Directory;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use testing::contract::{Script, StoreHarness, answer, rows_of};

/// A folder that does not outlive its test.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> Scratch {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "stampede-store-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn open(folder: &Path) -> Sqlite {
    Sqlite::open(folder, &rows_of).unwrap()
}

struct OnDisk {
    store: Option<Arc<Sqlite>>,
    scratch: Scratch,
}

impl OnDisk {
    fn new() -> OnDisk {
        let scratch = Scratch::new();
        OnDisk { store: Some(Arc::new(open(&scratch.at("data")))), scratch }
    }

    fn store(&self) -> &Sqlite {
        self.store.as_ref().unwrap()
    }

    fn people(&self) -> Arc<dyn Directory> {
        self.store.clone().unwrap()
    }
}

impl StoreHarness for OnDisk {
    fn store(&self) -> &dyn Store {
        OnDisk::store(self)
    }

    fn reopen(&mut self) {
        self.store = None;
        self.store = Some(Arc::new(open(&self.scratch.at("data"))));
    }

    fn lose_snapshots(&mut self) {
        self.store = None;
        let database = Connection::open(self.scratch.at("data").join("stampede.db")).unwrap();
        database.execute("DELETE FROM snapshots", []).unwrap();
        drop(database);
        self.reopen();
    }
}

/// The same data after a kill: the files as they lie on the disk, and nothing that was in memory.
struct Killed(OnDisk);

impl Killed {
    fn new() -> Killed {
        Killed(OnDisk::new())
    }

    fn store(&self) -> &Sqlite {
        self.0.store()
    }

    /// Kills the store between two commits, and opens what is left.
    fn after_kill(&mut self) {
        self.after_kill_and(|_| ());
    }

    fn after_kill_and(&mut self, happens: impl FnOnce(&Connection)) {
        let after = Scratch::new();
        let (from, to) = (self.0.scratch.at("data"), after.at("data"));
        // What was asked for before is committed; then the writer holds still while its files are
        // copied.
        wait(self.store().write(|_| Ok(()))).unwrap();
        let copied = self.store().write(move |_| {
            std::fs::create_dir_all(&to).unwrap();
            for name in ["stampede.db", "stampede.db-wal"] {
                std::fs::copy(from.join(name), to.join(name)).unwrap();
            }
            Ok(())
        });
        wait(copied).unwrap();
        happens(&Connection::open(after.at("data").join("stampede.db")).unwrap());
        self.0 = OnDisk { store: Some(Arc::new(open(&after.at("data")))), scratch: after };
    }
}

impl StoreHarness for Killed {
    fn store(&self) -> &dyn Store {
        Killed::store(self)
    }

    fn reopen(&mut self) {
        self.after_kill();
    }

    fn lose_snapshots(&mut self) {
        self.0.lose_snapshots();
    }
}

impl contracts::Harness for OnDisk {
    fn directory(&self) -> Arc<dyn Directory> {
        self.people()
    }

    /// Only one process can have the folder.
    fn elsewhere(&self) -> Arc<dyn Directory> {
        self.people()
    }

    fn reopen(&mut self) {
        StoreHarness::reopen(self);
    }
}

testing::store_contract!(OnDisk::new());
contracts::directory_contract!(Some(OnDisk::new()));

mod killed {
    use super::*;

    testing::store_contract!(Killed::new());
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn append(store: &Sqlite, script: &mut Script, rows: &[Row]) -> AppendOutcome {
    let append = script.next(rows);
    answer(|done| store.append(append, done))
}

fn frames(store: &Sqlite, partition: &str) -> Vec<Frame> {
    answer(|done| store.open(partition, done)).unwrap().frames
}

fn ticket(number: u32, body: Option<&str>) -> Row {
    Row {
        shelf: Shelf(1),
        owner: Id([7; 16]),
        key: number.to_be_bytes().to_vec(),
        body: body.map(Into::into),
    }
}

fn tickets(store: &Sqlite) -> Vec<ListedRow> {
    let page = Page { shelf: Shelf(1), owner: Id([7; 16]), after: None, limit: usize::MAX };
    answer(|done| store.rows(page, done)).unwrap()
}

fn grow_to(store: &Sqlite, pages: i64) {
    wait(
        store.write(move |c| c.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))),
    )
    .unwrap();
}

fn pages(store: &Sqlite) -> i64 {
    wait(store.read(|c| c.pragma_query_value(None, "page_count", |row| row.get(0)))).unwrap()
}

fn count(store: &Sqlite, what: &'static str) -> i64 {
    wait(store.read(move |c| c.query_row(what, [], |row| row.get(0)))).unwrap()
}

/// Keeps all readers of lists at work until it is dropped.
fn busy(
    store: &Sqlite,
) -> (Vec<mpsc::SyncSender<()>>, Vec<impl Future<Output = Result<(), StoreError>> + use<>>) {
    let (begun, has_begun) = mpsc::sync_channel(READERS);
    let keep = |_| {
        let (free, is_free) = mpsc::sync_channel::<()>(0);
        let begun = begun.clone();
        let asked = store.read_list(move |_| {
            begun.send(()).unwrap();
            let _ = is_free.recv();
            Ok(())
        });
        (free, asked)
    };
    let kept = (0..READERS).map(keep).unzip();
    (0..READERS).for_each(|_| has_begun.recv().unwrap());
    kept
}

#[test]
fn a_crowd_that_reads_lists_makes_nobody_else_wait_and_is_bounded() {
    let disk = OnDisk::new();
    let store = disk.store();
    let mut p = Script::new("p");
    assert_eq!(append(store, &mut p, &[ticket(1, Some("x"))]), AppendOutcome::Durable);
    let (free, kept) = busy(store);
    let crowd: Vec<_> = (0..LISTS_WAITING).map(|_| store.read_list(|_| Ok(()))).collect();
    // One more is told so at once, by whatever way it comes.
    assert!(matches!(wait(store.read_list(|_| Ok(()))), Err(StoreError::Unavailable(_))));
    let page = Page { shelf: Shelf(1), owner: Id([7; 16]), after: None, limit: 9 };
    assert!(matches!(answer(|done| store.rows(page, done)), Err(StoreError::Unavailable(_))));
    assert!(matches!(wait(disk.people().members(None, 10)), Err(StoreError::Unavailable(_))));
    assert!(matches!(
        wait(disk.people().members_of(vec![Id([1; 16])])),
        Err(StoreError::Unavailable(_))
    ));
    // Who logs in, who opens a partition and who writes is served meanwhile.
    wait(disk.people().prepare()).unwrap();
    assert_eq!(wait(disk.people().account("ada".into())), Ok(None));
    assert_eq!(answer(|done| store.open("p", done)).unwrap().frames.len(), 1);
    assert_eq!(append(store, &mut p, &[ticket(2, Some("x"))]), AppendOutcome::Durable);
    drop(free);
    crowd.into_iter().for_each(|one| wait(one).unwrap());
    kept.into_iter().for_each(|one| wait(one).unwrap());
    assert_eq!(tickets(store).len(), 2);
}

#[test]
fn a_full_disk_loses_nothing_answered_and_work_goes_on_when_there_is_room() {
    let mut disk = OnDisk::new();
    let mut p = Script::new("p");
    grow_to(disk.store(), pages(disk.store()) + 3);
    let mut answered = 0;
    let refused = loop {
        let before = p.clone();
        match append(disk.store(), &mut p, &[ticket(answered, Some("x"))]) {
            AppendOutcome::Durable => answered += 1,
            outcome => break (before, outcome),
        }
        assert!(answered < 10_000, "the disk never got full");
    };
    assert!(answered > 0);
    assert!(matches!(refused.1, AppendOutcome::Unknown(_)), "{:?}", refused.1);
    // Again, in the same place: memory went back with the disk, so this is refused for want of room
    // and for nothing else.
    let again = append(disk.store(), &mut refused.0.clone(), &[]);
    assert!(matches!(again, AppendOutcome::Unknown(_)), "{again:?}");
    assert_eq!(
        (frames(disk.store(), "p").len(), tickets(disk.store()).len()),
        (answered as usize, answered as usize)
    );

    grow_to(disk.store(), 1_000_000);
    let mut p = refused.0;
    assert_eq!(
        append(disk.store(), &mut p, &[ticket(answered, Some("y"))]),
        AppendOutcome::Durable
    );
    for _ in 0..2 {
        assert_eq!(
            (frames(disk.store(), "p").len(), tickets(disk.store()).len()),
            (answered as usize + 1, answered as usize + 1)
        );
        disk.reopen();
    }
}

#[test]
fn a_partition_that_a_full_disk_kept_out_can_begin_later() {
    let mut disk = OnDisk::new();
    grow_to(disk.store(), pages(disk.store()));
    let mut script = Script::new("new");
    let first = script.next_of_size(1 << 16);
    assert!(matches!(answer(|done| disk.store().append(first, done)), AppendOutcome::Unknown(_)));
    grow_to(disk.store(), 1_000_000);
    assert_eq!(frames(disk.store(), "new"), []);
    assert_eq!(append(disk.store(), &mut Script::new("new"), &[]), AppendOutcome::Durable);
    disk.reopen();
    assert_eq!(frames(disk.store(), "new").len(), 1);
}

#[test]
fn one_failed_commit_is_unknown_to_everybody_in_it() {
    let disk = OnDisk::new();
    let mut old = Script::new("old");
    let first = old.next(&[]);
    assert_eq!(answer(|done| disk.store().append(first, done)), AppendOutcome::Durable);
    let mut as_answered = old.clone();
    let (holding, held) = mpsc::channel::<()>();
    let (let_go, going) = mpsc::channel::<()>();
    // While the writer is held, everything that follows gathers into one batch.
    let blocker = disk.store().write(move |_| {
        holding.send(()).unwrap();
        going.recv().unwrap();
        Ok(())
    });
    held.recv().unwrap();
    let limit = pages(disk.store());
    let lowered = disk
        .store()
        .write(move |c| c.pragma_update_and_check(None, "max_page_count", limit, |_| Ok(())));
    let (to, outcomes) = mpsc::channel();
    let (mut new, mut big) = (Script::new("new"), Script::new("big"));
    for append in [old.next(&[]), new.next(&[]), big.next_of_size(1 << 20), old.next(&[])] {
        let to = to.clone();
        disk.store().append(append, Box::new(move |outcome| to.send(outcome).unwrap()));
    }
    drop(to);
    let written =
        disk.store().write(|c| c.execute("INSERT INTO meta (name, value) VALUES ('lost', 1)", []));
    let_go.send(()).unwrap();
    wait(blocker).unwrap();
    assert!(outcomes.into_iter().all(|outcome| matches!(outcome, AppendOutcome::Unknown(_))));
    assert!(wait(written).is_err());
    let _ = wait(lowered);
    grow_to(disk.store(), 1_000_000);
    assert_eq!((frames(disk.store(), "new"), frames(disk.store(), "big")), (vec![], vec![]));
    assert_eq!(frames(disk.store(), "old").len(), 1);
    assert_eq!(append(disk.store(), &mut as_answered, &[]), AppendOutcome::Durable);
    assert_eq!(frames(disk.store(), "old").len(), 2);
    assert_eq!(count(disk.store(), "SELECT count(*) FROM meta WHERE name = 'lost'"), 0);
}

#[test]
fn a_write_that_fails_is_undone_and_harms_nobody() {
    let disk = OnDisk::new();
    let failed: Result<(), _> = wait(disk.store().write(|c| {
        c.execute("INSERT INTO meta (name, value) VALUES ('half', 1)", [])?;
        c.execute("INSERT INTO meta (name, value) VALUES ('half', 2)", []).map(drop)
    }));
    assert!(failed.is_err());
    let panicked: Result<(), _> = wait(disk.store().write(|c| {
        c.execute("INSERT INTO meta (name, value) VALUES ('half', 1)", [])?;
        panic!("planted")
    }));
    assert!(panicked.is_err());
    assert_eq!(count(disk.store(), "SELECT count(*) FROM meta WHERE name = 'half'"), 0);
    wait(
        disk.store().write(|c| c.execute("INSERT INTO meta (name, value) VALUES ('whole', 1)", [])),
    )
    .unwrap();
    assert_eq!(count(disk.store(), "SELECT value FROM meta WHERE name = 'whole'"), 1);
    assert_eq!(append(disk.store(), &mut Script::new("p"), &[]), AppendOutcome::Durable);
}

#[test]
fn a_second_owner_of_the_folder_is_refused() {
    let disk = OnDisk::new();
    let folder = disk.scratch.at("data");
    let refused = Sqlite::open(&folder, &rows_of).err().unwrap();
    assert_eq!(
        refused.to_string(),
        format!("the folder {} is in use by another stampede", folder.display())
    );
    drop(disk.store);
    drop(open(&folder));
}

#[cfg(unix)]
#[test]
fn a_second_owner_is_refused_although_somebody_removed_the_lock() {
    let disk = OnDisk::new();
    let folder = disk.scratch.at("data");
    std::fs::remove_file(folder.join("lock")).unwrap();
    assert!(matches!(Sqlite::open(&folder, &rows_of), Err(Error::InUse(_))));
    drop(disk.store);
    drop(open(&folder));
}

#[test]
fn where_the_rest_of_an_installation_lies_no_new_one_is_made_and_nothing_is_lost() {
    for database in ["gone", "empty"] {
        for (left, named) in [
            ("stampede.db-wal", "stampede.db-wal"),
            ("stampede.db-shm", "stampede.db-shm"),
            ("imports/9", "imports/"),
        ] {
            let scratch = Scratch::new();
            std::fs::create_dir_all(scratch.at("imports")).unwrap();
            std::fs::write(scratch.at(left), "precious").unwrap();
            if database == "empty" {
                std::fs::write(scratch.at("stampede.db"), "").unwrap();
            }
            for refused in
                [Sqlite::open(&scratch.0, &rows_of), Sqlite::open_existing(&scratch.0, &rows_of)]
            {
                let said = refused.err().unwrap().to_string();
                assert!(
                    said.contains(&format!("holds {named}, but its stampede.db is {database}")),
                    "{said}"
                );
            }
            assert_eq!(std::fs::read(scratch.at(left)).unwrap(), b"precious");
        }
    }
}

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
fn an_empty_folder_has_nothing_to_carry_away() {
    let scratch = Scratch::new();
    assert!(matches!(Sqlite::open_existing(&scratch.0, &rows_of), Err(Error::NoDatabase(_))));
    std::fs::create_dir_all(scratch.at("imports")).unwrap();
    drop(open(&scratch.0));
    drop(Sqlite::open_existing(&scratch.0, &rows_of).unwrap());
}

#[test]
fn whatever_follows_the_log_can_be_made_again_from_it() {
    let mut disk = Killed::new();
    let (mut p, mut q) = (Script::new("p"), Script::new("q"));
    for number in 0..300 {
        append(
            disk.store(),
            &mut p,
            &[ticket(number, Some("held")), ticket(number + 1000, Some("held"))],
        );
        append(disk.store(), &mut q, &[ticket(number, Some("sold")), ticket(number + 1000, None)]);
    }
    let before = tickets(disk.store());
    assert_eq!(before.len(), 300);
    let nothing_followed = "DELETE FROM lookups; UPDATE meta SET value = 0, sum = row_sum(name, 0);
        UPDATE partitions SET last = 0, seq = 0, head = zeroblob(32), sum = row_sum(id, name, 0, \
        0, zeroblob(32))";
    disk.after_kill_and(|database| {
        sums::teach(database).unwrap();
        database.execute_batch(nothing_followed).unwrap();
    });
    assert_eq!(tickets(disk.store()), before);
    assert_eq!((frames(disk.store(), "p").len(), frames(disk.store(), "q").len()), (300, 300));
    disk.0.reopen();
    assert_eq!(count(disk.store(), "SELECT count(*) FROM lookups"), 300, "closing writes them");
    assert_eq!(tickets(disk.store()), before);
    append(disk.store(), &mut p, &[ticket(7, None)]);
    disk.after_kill();
    assert_eq!(tickets(disk.store()).len(), 299);
}

#[test]
fn many_rows_are_swept_up_while_work_goes_on() {
    let disk = OnDisk::new();
    let mut p = Script::new("p");
    for batch in 0..120 {
        let rows: Vec<Row> = (0..1000).map(|n| ticket(n * 120 + batch, Some("x"))).collect();
        assert_eq!(append(disk.store(), &mut p, &rows), AppendOutcome::Durable);
    }
    assert!(count(disk.store(), "SELECT count(*) FROM lookups") > 0, "no sweep has begun");
    assert_eq!(tickets(disk.store()).len(), 120_000);
}

#[test]
fn a_sweep_cut_off_or_just_finished_changes_no_list() {
    let mut disk = Killed::new();
    let mut p = Script::new("p");
    for batch in 0..55 {
        let rows: Vec<Row> = (0..1000).map(|n| ticket(n * 60 + batch, Some("x"))).collect();
        append(disk.store(), &mut p, &rows);
    }
    // Rows before, at and behind where the sweep is walking just then.
    for number in 0..400 {
        append(
            disk.store(),
            &mut p,
            &[
                ticket(number * 120, None),
                ticket(number % 7 * 60 + 57, None),
                ticket(number + 100, Some("y")),
            ],
        );
        if [3, 50, 399].contains(&number) {
            let before = tickets(disk.store());
            disk.after_kill();
            assert_eq!(tickets(disk.store()), before, "after {number}");
        }
    }
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
fn a_newer_database_is_refused_and_a_foreign_one_too() {
    let scratch = Scratch::new();
    drop(open(&scratch.0));
    let database = scratch.at("stampede.db");
    let alter = |sql: &str| Connection::open(&database).unwrap().execute_batch(sql).unwrap();
    alter("PRAGMA user_version = 99");
    assert!(matches!(Sqlite::open(&scratch.0, &rows_of), Err(Error::Newer { found: 99 })));
    assert!(matches!(View::open(&scratch.0, &rows_of), Err(Error::Newer { found: 99 })));
    alter("PRAGMA user_version = 1");
    assert!(matches!(Sqlite::open(&scratch.0, &rows_of), Err(Error::Older { found: 1 })));
    alter("PRAGMA application_id = 5");
    assert!(matches!(Sqlite::open(&scratch.0, &rows_of), Err(Error::Foreign(_))));
    std::fs::write(&database, [b'x'; 5000]).unwrap();
    assert!(matches!(Sqlite::open(&scratch.0, &rows_of), Err(Error::Foreign(_))));
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
    disk.store().save("p", Snapshot { at: p.at, due: Some(Time(5)), state: vec![1, 2] });
    answer(|done| disk.store().sleepers(Time(0), done)).unwrap();
    let view = View::open(&folder, &rows_of).unwrap();
    append(disk.store(), &mut p, &[]);
    assert_eq!(view.partitions().collect::<Vec<_>>(), ["p", "q"]);
    let seen = |view: &View, partition| {
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
    assert_eq!(seen(&View::open(&folder, &rows_of).unwrap(), "p").len(), 21);
}

#[test]
fn a_clean_end_leaves_one_file_and_the_lock() {
    let scratch = Scratch::new();
    let store = open(&scratch.0);
    append(&store, &mut Script::new("p"), &[ticket(1, Some("x"))]);
    drop(store);
    let mut names: Vec<_> =
        std::fs::read_dir(&scratch.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["lock", "stampede.db"]);
}

#[test]
fn the_last_hold_on_the_store_may_be_let_go_on_its_own_threads() {
    let scratch = Scratch::new();
    let store = Arc::new(open(&scratch.0));
    append(&store, &mut Script::new("p"), &[]);
    let (mine, (to, answers)) = (store.clone(), mpsc::channel());
    let (let_go, going) = mpsc::channel::<()>();
    store.open(
        "p",
        Box::new(move |opened| {
            going.recv().unwrap();
            drop(mine);
            to.send(opened.unwrap().frames.len()).unwrap();
        }),
    );
    drop(store);
    let_go.send(()).unwrap();
    assert_eq!(answers.recv().unwrap(), 1);
}

/// The same store after somebody has changed its file by hand, whose changes no trigger seals.
fn after_damage(disk: &mut OnDisk, damage: &str) -> Result<(), Error> {
    disk.store = None;
    let folder = disk.scratch.at("data");
    Connection::open(folder.join("stampede.db")).unwrap().execute_batch(damage).unwrap();
    disk.store = Some(Arc::new(Sqlite::open(&folder, &rows_of)?));
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
    assert!(Sqlite::open(&of_strays.0, &rows_of).err().unwrap().to_string().contains("is missing"));
}

#[test]
fn a_damaged_time_to_wake_wakes_at_once_and_its_snapshot_is_replaced() {
    for damage in ["due = NULL", "due = 1000000", "seq = 0", "head = zeroblob(32)", "partition = 2"]
    {
        let mut disk = OnDisk::new();
        let mut p = Script::new("p");
        append(disk.store(), &mut p, &[]);
        let snapshot = Snapshot { at: p.at, due: Some(Time(50)), state: vec![1] };
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
    View::open(&fine.scratch.at("data"), &rows_of).unwrap().check_the_rest().unwrap();
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
        disk.store().save("p", Snapshot { at: p.at, due: None, state: vec![1] });
        let damage = damage.replace("FROM log", "FROM log LIMIT 1");
        let opened = after_damage(&mut disk, &damage);
        let view = View::open(&disk.scratch.at("data"), &rows_of);
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

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn paths_need_not_be_text() {
        let scratch = Scratch::new();
        let folder = scratch.0.join(std::ffi::OsStr::from_bytes(b"\xff data ?x=1#\xfe"));
        let mut p = Script::new("p");
        assert_eq!(append(&open(&folder), &mut p, &[]), AppendOutcome::Durable);
        assert_eq!(frames(&open(&folder), "p").len(), 1);
        let copy = scratch.0.join(std::ffi::OsStr::from_bytes(b"\xff copy"));
        backup(&folder, &copy).unwrap();
        restore(&copy, &folder.join(std::ffi::OsStr::from_bytes(b"\xfe"))).unwrap();
    }

    #[test]
    fn only_the_owner_may_read_what_holds_secrets() {
        let scratch = Scratch::new();
        let folder = scratch.at("data");
        let store = open(&folder);
        append(&store, &mut Script::new("p"), &[]);
        backup(&folder, &scratch.at("copy.db")).unwrap();
        restore(&scratch.at("copy.db"), &scratch.at("restored")).unwrap();
        for file in ["data/stampede.db", "data/stampede.db-wal", "copy.db", "restored/stampede.db"]
        {
            let mode = std::fs::metadata(scratch.at(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }
}
