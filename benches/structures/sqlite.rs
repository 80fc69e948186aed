//! Cards in SQLite: the product's own table and manners.

use crate::Structure;
use crate::cards::Card;
use rusqlite::{Connection, OptionalExtension};
use std::path::Path;

const TABLES: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 16384;
CREATE TABLE IF NOT EXISTS lookups (
    owner BLOB NOT NULL,
    shelf INTEGER NOT NULL,
    key BLOB NOT NULL,
    body BLOB NOT NULL,
    sum INTEGER NOT NULL,
    PRIMARY KEY (owner, shelf, key)
) STRICT, WITHOUT ROWID;
";

pub struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    pub fn open(folder: &Path, cache_mib: u64) -> Sqlite {
        let connection = Connection::open(folder.join("cards.db")).expect("it can be opened");
        connection.execute_batch(TABLES).expect("there is a table");
        let cache = format!("PRAGMA cache_size = -{}", cache_mib * 1024);
        connection.execute_batch(&cache).expect("it has a cache");
        Sqlite { connection }
    }
}

impl Structure for Sqlite {
    fn write(&mut self, sorted: &[Card]) {
        let batch = self.connection.transaction().expect("it begins");
        {
            let insert = "INSERT OR REPLACE INTO lookups (owner, shelf, key, body, sum) \
                          VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut insert = batch.prepare_cached(insert).expect("it is a statement");
            for card in sorted {
                insert
                    .execute((&card.owner, card.shelf, &card.key, &card.body, card.sum))
                    .expect("it is written");
            }
        }
        batch.commit().expect("it is flushed");
    }

    fn read(&mut self, card: &Card) -> Option<Vec<u8>> {
        self.connection
            .prepare_cached("SELECT body FROM lookups WHERE owner = ?1 AND shelf = ?2 AND key = ?3")
            .expect("it is a statement")
            .query_row((&card.owner, card.shelf, &card.key), |row| row.get(0))
            .optional()
            .expect("it is read")
    }

    fn settle(&mut self) {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .expect("it is folded in");
    }
}
