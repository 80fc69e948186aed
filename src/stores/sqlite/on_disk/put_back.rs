//! A database of one moment beside the write-ahead log of another: either SQLite would make of both
//! what there was, or it is refused.

use super::*;
use rusqlite::types::Value;
use std::collections::BTreeSet;

const LOG: &str = "data/stampede.db-wal";
const DATABASE: &str = "data/stampede.db";

/// The files as they lay at one moment, between two commits.
struct Moment {
    database: Vec<u8>,
    log: Vec<u8>,
}

impl Moment {
    fn of(store: &SqliteStore, scratch: &Scratch) -> Moment {
        let files = [DATABASE, LOG].map(|name| scratch.at(name));
        let read = move |_: &Connection| Ok(files.map(|file| std::fs::read(file).unwrap()));
        let [database, log] = wait(store.write(read)).unwrap();
        Moment { database, log }
    }

    /// Each generation of a log has other salts.
    fn generation(&self) -> &[u8] {
        self.log.get(16..24).unwrap_or_default()
    }
}

/// A few commits of each kind. Each changes a page that others change, too.
fn work(disk: &OnDisk, script: &mut Script, turn: u32, moments: &mut Vec<Moment>) {
    for number in 0..3 {
        append(disk.store(), script, &[ticket(10 * turn + number, Some("x"))]);
        moments.push(Moment::of(disk.store(), &disk.scratch));
    }
    let note = "INSERT INTO secrets (name, value) VALUES ('it', randomblob(9)) ON CONFLICT (name) \
                DO UPDATE SET value = excluded.value";
    wait(disk.store().write(move |connection| connection.execute(note, []))).unwrap();
    moments.push(Moment::of(disk.store(), &disk.scratch));
}

/// Moments of five logs, and more: in the third, somebody reads what is old while it is folded in,
/// so that it is folded in by halves.
fn moments() -> Vec<Moment> {
    let disk = OnDisk::new();
    let (mut script, mut moments) =
        (Script::new("p"), vec![Moment::of(disk.store(), &disk.scratch)]);
    for turn in 0..7 {
        work(&disk, &mut script, turn, &mut moments);
        let reader = Connection::open(disk.scratch.at(DATABASE)).unwrap();
        if turn == 2 {
            reader.execute_batch("BEGIN; SELECT count(*) FROM log").unwrap();
            work(&disk, &mut script, turn + 100, &mut moments);
        }
        wait(disk.store().settle()).unwrap();
        moments.push(Moment::of(disk.store(), &disk.scratch));
        if turn == 2 {
            work(&disk, &mut script, turn + 200, &mut moments);
            drop(reader);
            wait(disk.store().settle()).unwrap();
            moments.push(Moment::of(disk.store(), &disk.scratch));
        }
    }
    moments
}

/// All that SQLite makes of a database and a log. None: it finds damage itself.
fn told(database: &[u8], log: &[u8]) -> Option<Vec<Vec<Value>>> {
    let scratch = lay(database, log);
    let connection = Connection::open(scratch.at(DATABASE)).unwrap();
    read_all(&connection).ok()
}

fn read_all(connection: &Connection) -> rusqlite::Result<Vec<Vec<Value>>> {
    let rows = |sql: &str| -> rusqlite::Result<Vec<Vec<Value>>> {
        let mut statement = connection.prepare(sql)?;
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row| (0..columns).map(|column| row.get(column)).collect();
        statement.query_map([], row)?.collect()
    };
    let mut all = rows("PRAGMA integrity_check")?;
    for table in rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")? {
        let Some(Value::Text(name)) = table.first() else { continue };
        all.extend(rows(&format!("SELECT * FROM {name}"))?);
    }
    Ok(all)
}

fn lay(database: &[u8], log: &[u8]) -> Scratch {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.at("data")).unwrap();
    std::fs::write(scratch.at(DATABASE), database).unwrap();
    std::fs::write(scratch.at(LOG), log).unwrap();
    scratch
}

fn checked(database: &[u8], log: &[u8]) -> Result<(), Error> {
    crate::wal::check(&lay(database, log).at(DATABASE))
}

#[test]
fn a_database_is_taken_beside_a_log_only_if_both_make_what_there_was() {
    let moments = moments();
    let logs: BTreeSet<&[u8]> = moments.iter().map(Moment::generation).collect();
    assert!(logs.len() >= 5, "{} logs", logs.len());
    let (mut refused, mut taken) = (0, 0);
    for (at, of_log) in moments.iter().enumerate() {
        let what_was = told(&of_log.database, &of_log.log);
        assert!(what_was.is_some());
        for (database_at, Moment { database, .. }) in moments.iter().enumerate() {
            // Side by side at some time, so that no other commit lies between them.
            let met = moments.iter().any(|moment| {
                moment.database == *database && moment.generation() == of_log.generation()
            });
            match checked(database, &of_log.log) {
                Ok(()) if database_at <= at => {
                    taken += 1;
                    assert!(told(database, &of_log.log) == what_was, "{database_at} under {at}");
                }
                // That the log was longer is not always seen.
                Ok(()) if met => {}
                Err(Error::OtherDatabase { .. }) if !met || database_at > at => refused += 1,
                other => panic!("{database_at} under {at}, have met: {met}: {other:?}"),
            }
        }
    }
    assert!(refused > taken && taken > moments.len(), "{refused} refused, {taken} taken");
}

#[test]
fn a_database_older_by_one_fold_alone_is_refused() {
    let moments = moments();
    let same = |one: &Moment, other: &Moment| one.generation() == other.generation();
    let begins = (1..moments.len()).filter(|at| !same(&moments[at - 1], &moments[*at]));
    let mut tried = 0;
    for begin in begins {
        let (log, own) = (&moments[begin], &moments[begin].database);
        let older = moments[..begin].iter().rev().find(|moment| moment.database != *own);
        let Some(older) = older else { continue };
        let found = checked(&older.database, &log.log);
        assert!(matches!(found, Err(Error::OtherDatabase { .. })), "{found:?}");
        tried += 1;
    }
    assert!(tried >= 4, "{tried}");
}

#[test]
fn a_first_page_that_was_torn_while_it_was_folded_in_is_no_other_one() {
    let moments = moments();
    let mut torn = 0;
    for (one, next) in moments.iter().zip(&moments[1..]) {
        if one.database == next.database || one.generation() != next.generation() {
            continue;
        }
        for cut in 56..68 {
            let mut database = one.database.clone();
            database[..cut].copy_from_slice(&next.database[..cut]);
            checked(&database, &next.log).unwrap();
            torn += 1;
        }
    }
    assert!(torn >= 12, "{torn}");
}

#[test]
fn nobody_opens_an_older_database_under_a_newer_log_until_somebody_gives_the_log_up() {
    let scratch = Scratch::new();
    let folder = scratch.at("data");
    let mut script = Script::new("p");
    let mut some = |count: usize| {
        let store = open(&folder);
        (0..count).for_each(|_| drop(append(&store, &mut script, &[])));
        store
    };
    drop(some(2));
    let yesterdays = std::fs::read(scratch.at(DATABASE)).unwrap();
    drop(some(3));
    let store = some(4);
    let Moment { database, log } = Moment::of(&store, &scratch);
    drop(store);
    let lay = |database: &[u8]| {
        let _ = std::fs::remove_file(scratch.at("data/stampede.db-shm"));
        std::fs::write(scratch.at(DATABASE), database).unwrap();
        std::fs::write(scratch.at(LOG), &log).unwrap();
    };

    lay(&yesterdays);
    let refused = [
        SqliteStore::open(&folder, &rows_of).err().unwrap().to_string(),
        SqliteHistory::open(&folder, &rows_of).err().unwrap().to_string(),
        backup(&folder, &scratch.at("copy.db")).unwrap_err().to_string(),
    ];
    for said in refused {
        assert!(said.contains("was not written upon the database"), "{said}");
    }
    assert_eq!(std::fs::read(scratch.at(DATABASE)).unwrap(), yesterdays);
    assert_eq!(std::fs::read(scratch.at(LOG)).unwrap(), log, "nothing was changed");

    // What belongs to it is put back, and nothing is lost.
    lay(&database);
    assert_eq!(frames(&open(&folder), "p").len(), 9);

    lay(&yesterdays);
    let said = accept_loss(&folder).unwrap();
    assert!(said.contains("was not written upon this database"), "{said}");
    assert_eq!(std::fs::read(scratch.at("data/stampede.db-wal.damaged")).unwrap(), log);
    assert_eq!(frames(&open(&folder), "p").len(), 2);
    assert!(accept_loss(&folder).unwrap().contains("nothing was given up"));
}
