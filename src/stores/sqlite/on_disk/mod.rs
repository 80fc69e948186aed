//! The contract on a real file, and what only this store can suffer: a full disk, a kill, a second
//! owner, a copy made under way.

mod archives;
mod copies;
mod damage;
mod failing;
mod folders;
mod put_back;
mod sweeps;
mod wal;

use crate::store::{LISTS_WAITING, READERS};
use crate::{Error, SqliteHistory, SqliteStore, accept_loss, backup, restore, sums};
use actors::store::{
    AppendOutcome, Frame, ListedRow, Page, Row, Shelf, Sleeper, Snapshot, Store, StoreError,
};
use actors::{Id, Time};
use ports::directory::Directory;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
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

pub fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, &rows_of).unwrap()
}

struct OnDisk {
    store: Option<Arc<SqliteStore>>,
    scratch: Scratch,
}

impl OnDisk {
    fn new() -> OnDisk {
        let scratch = Scratch::new();
        OnDisk { store: Some(Arc::new(open(&scratch.at("data")))), scratch }
    }

    fn store(&self) -> &SqliteStore {
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

    fn store(&self) -> &SqliteStore {
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

impl contracts::DirectoryHarness for OnDisk {
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

fn append(store: &SqliteStore, script: &mut Script, rows: &[Row]) -> AppendOutcome {
    let append = script.next(rows);
    answer(|done| store.append(append, done))
}

fn frames(store: &SqliteStore, partition: &str) -> Vec<Frame> {
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

fn tickets(store: &SqliteStore) -> Vec<ListedRow> {
    let page = Page { shelf: Shelf(1), owner: Id([7; 16]), after: None, limit: usize::MAX };
    answer(|done| store.rows(page, done)).unwrap()
}

fn grow_to(store: &SqliteStore, pages: i64) {
    wait(
        store.write(move |c| c.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))),
    )
    .unwrap();
}

fn pages(store: &SqliteStore) -> i64 {
    wait(store.read(|c| c.pragma_query_value(None, "page_count", |row| row.get(0)))).unwrap()
}

fn count(store: &SqliteStore, what: &'static str) -> i64 {
    wait(store.read(move |c| c.query_row(what, [], |row| row.get(0)))).unwrap()
}
