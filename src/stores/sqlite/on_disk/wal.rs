//! A write-ahead log that was damaged, cut or torn: what would be lost in silence is refused, what
//! a power cut may do is not.

use super::*;
use crate::wal::check;

const FRAME: usize = 24 + 4096;

/// The files of a store that is killed after so many commits.
struct Left {
    scratch: Scratch,
    log: Vec<u8>,
    index: Vec<u8>,
    /// Where each commit ends, in frames.
    ends: Vec<usize>,
}

impl Left {
    fn after(commits: usize) -> Left {
        let disk = OnDisk::new();
        let mut p = Script::new("p");
        (0..commits).for_each(|_| drop(append(disk.store(), &mut p, &[])));
        let scratch = Scratch::new();
        let (from, to) = (disk.scratch.at("data"), scratch.at("data"));
        let copied = disk.store().write(move |_| {
            std::fs::create_dir_all(&to).unwrap();
            for name in ["stampede.db", "stampede.db-wal", "stampede.db-shm"] {
                std::fs::copy(from.join(name), to.join(name)).unwrap();
            }
            Ok(())
        });
        wait(copied).unwrap();
        let (log, index) =
            (read(&scratch, "data/stampede.db-wal"), read(&scratch, "data/stampede.db-shm"));
        std::fs::remove_file(scratch.at("data/stampede.db-shm")).unwrap();
        let ends_one = |frame: &usize| log[32 + (frame - 1) * FRAME + 4..][..4] != [0; 4];
        let ends = (1..=(log.len() - 32) / FRAME).filter(ends_one).collect();
        Left { scratch, log, index, ends }
    }

    fn folder(&self) -> PathBuf {
        self.scratch.at("data")
    }

    fn check(&self, log: &[u8]) -> Result<(), Error> {
        std::fs::write(self.scratch.at("data/stampede.db-wal"), log).unwrap();
        check(&self.scratch.at("data/stampede.db"))
    }

    /// Where the last commit begins.
    fn last(&self) -> usize {
        32 + self.ends[self.ends.len() - 2] * FRAME
    }

    fn flipped(&self, bit: usize) -> Vec<u8> {
        let mut log = self.log.clone();
        log[bit / 8] ^= 1 << (bit % 8);
        log
    }

    fn keeps_its_index(&self) {
        std::fs::write(self.scratch.at("data/stampede.db-shm"), &self.index).unwrap();
    }
}

fn read(scratch: &Scratch, name: &str) -> Vec<u8> {
    std::fs::read(scratch.at(name)).unwrap()
}

fn is_refused(found: Result<(), Error>, what: &str) {
    assert!(matches!(found, Err(Error::LosesCommits { .. })), "{what}: {found:?}");
}

#[test]
fn a_flipped_bit_before_the_last_commit_is_refused_wherever_it_is() {
    let left = Left::after(8);
    left.check(&left.log).unwrap();
    let headers = left
        .ends
        .iter()
        .flat_map(|end| (0..24 * 8).map(move |bit| (32 + (end - 1) * FRAME) * 8 + bit));
    let bits: Vec<usize> =
        (0..32 * 8).chain(headers).chain((0..left.last() * 8).step_by(1_009)).collect();
    let mark = |bit: usize| (bit / 8 - 32) % FRAME;
    let can_be_seen =
        |bit: &usize| *bit < left.last() * 8 && (*bit < 32 * 8 || !(4..8).contains(&mark(*bit)));
    for bit in bits.into_iter().filter(can_be_seen) {
        is_refused(left.check(&left.flipped(bit)), &format!("byte {} bit {}", bit / 8, bit % 8));
    }
}

#[test]
fn whatever_a_power_cut_leaves_of_the_last_commit_is_no_damage() {
    let left = Left::after(5);
    let last = left.last();
    let frames = (left.log.len() - last) / FRAME;
    for lost in 0..1_usize << frames.min(6) {
        let mut log = left.log.clone();
        let lost = (0..frames).filter(|frame| lost >> frame & 1 == 1);
        lost.for_each(|frame| log[last + frame * FRAME..][..FRAME].fill(0x5a));
        left.check(&log).unwrap();
    }
    for cut in (last..left.log.len()).step_by(997) {
        left.check(&left.log[..cut]).unwrap();
        let mut torn = left.log.clone();
        torn[cut..(cut + 512).min(left.log.len())].fill(0);
        left.check(&torn).unwrap();
    }
}

#[test]
fn a_log_that_was_cut_is_refused_as_long_as_its_index_knows_better() {
    let left = Left::after(5);
    left.keeps_its_index();
    left.check(&left.log).unwrap();
    for cut in [left.log.len() - 1, left.last(), 32 + FRAME / 2, 32, 0] {
        is_refused(left.check(&left.log[..cut]), &format!("cut at {cut}"));
    }
    std::fs::remove_file(left.folder().join("stampede.db-wal")).unwrap();
    is_refused(check(&left.folder().join("stampede.db")), "removed");
    std::fs::remove_file(left.folder().join("stampede.db-shm")).unwrap();
    left.check(&left.log[..left.last()]).unwrap();
}

#[test]
fn damage_in_a_log_that_was_folded_in_to_its_end_loses_nothing() {
    let scratch = Scratch::new();
    let connection = in_wal_mode(&scratch.at("t.db"));
    (0..5).for_each(|_| grow(&connection, 100));
    let flip = || {
        std::fs::copy(scratch.at("t.db-shm"), scratch.at("c.db-shm")).unwrap();
        let mut log = read(&scratch, "t.db-wal");
        log[32 + 24 + 100] ^= 1;
        std::fs::write(scratch.at("c.db-wal"), log).unwrap();
        check(&scratch.at("c.db"))
    };
    is_refused(flip(), "not folded in");
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
    flip().unwrap();
}

/// A database of its own, with one row of so many bytes in each commit.
fn grow(connection: &Connection, bytes: usize) {
    connection.execute("INSERT INTO t VALUES (zeroblob(?1))", [bytes as i64]).unwrap();
}

fn in_wal_mode(file: &Path) -> Connection {
    let connection = Connection::open(file).unwrap();
    let manners = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = \
        2; CREATE TABLE t (x)";
    connection.execute_batch(manners).unwrap();
    connection
}

#[test]
fn what_a_rolled_back_transaction_and_a_former_generation_left_is_no_damage() {
    let scratch = Scratch::new();
    let file = scratch.at("t.db");
    let connection = in_wal_mode(&file);
    let is_fine = |what: &str| {
        for name in ["c.db-wal", "c.db-shm"] {
            std::fs::copy(scratch.at(&name.replace('c', "t")), scratch.at(name)).unwrap();
        }
        check(&scratch.at("c.db")).unwrap_or_else(|error| panic!("{what}: {error}"));
        std::fs::remove_file(scratch.at("c.db-shm")).unwrap();
        check(&scratch.at("c.db"))
            .unwrap_or_else(|error| panic!("{what}, without its index: {error}"));
    };
    for _ in 0..3 {
        grow(&connection, 100);
        // Far more than the cache holds, so its frames get into the log.
        connection.execute_batch("BEGIN").unwrap();
        (0..40).for_each(|_| grow(&connection, 8_000));
        connection.execute_batch("ROLLBACK").unwrap();
        is_fine("rolled back");
        (0..3).for_each(|_| grow(&connection, 100));
        is_fine("written over");
    }
    (0..20).for_each(|_| grow(&connection, 5_000));
    connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).unwrap();
    is_fine("folded in");
    (0..3).for_each(|_| grow(&connection, 100));
    is_fine("a new generation over an old one");
}

#[test]
fn nobody_opens_a_folder_that_would_lose_commits_until_somebody_gives_them_up() {
    let left = Left::after(9);
    let third = 32 + left.ends[2] * FRAME + 24 + 100;
    let damaged = left.flipped(third * 8);
    std::fs::write(left.folder().join("stampede.db-wal"), &damaged).unwrap();
    let refused = [
        SqliteStore::open(&left.folder(), &rows_of).err().unwrap().to_string(),
        SqliteHistory::open(&left.folder(), &rows_of).err().unwrap().to_string(),
        backup(&left.folder(), &left.scratch.at("copy.db")).unwrap_err().to_string(),
    ];
    for said in refused {
        assert!(
            said.contains("damaged or cut at frame") && said.contains("commits behind it"),
            "{said}"
        );
    }
    assert_eq!(
        std::fs::read(left.folder().join("stampede.db-wal")).unwrap(),
        damaged,
        "nothing was changed"
    );
    let said = accept_loss(&left.folder()).unwrap();
    assert!(said.contains("gave up"), "{said}");
    assert_eq!(std::fs::read(left.folder().join("stampede.db-wal.damaged")).unwrap(), damaged);
    let found = frames(&open(&left.folder()), "p").len();
    assert!((1..9).contains(&found), "{found}");
    assert!(accept_loss(&left.folder()).unwrap().contains("nothing was given up"));
}
