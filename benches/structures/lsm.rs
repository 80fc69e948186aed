//! Cards in `fjall`: key and value, each batch flushed with its journal.

use crate::Structure;
use crate::cards::Card;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use std::path::Path;

pub struct Lsm {
    database: Database,
    cards: Keyspace,
}

impl Lsm {
    pub fn open(folder: &Path, cache_mib: u64) -> Lsm {
        let database = Database::builder(folder.join("lsm"))
            .cache_size(cache_mib << 20)
            .open()
            .expect("it can be opened");
        let cards = database
            .keyspace("cards", KeyspaceCreateOptions::default)
            .expect("there is a keyspace");
        Lsm { database, cards }
    }
}

fn key(card: &Card) -> Vec<u8> {
    [&card.owner[..], &[card.shelf], &card.key[..]].concat()
}

impl Structure for Lsm {
    fn write(&mut self, sorted: &[Card]) {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        for card in sorted {
            batch.insert(
                &self.cards,
                key(card),
                [&card.body[..], &card.sum.to_be_bytes()].concat(),
            );
        }
        batch.commit().expect("it is written");
    }

    fn read(&mut self, card: &Card) -> Option<Vec<u8>> {
        self.cards.get(key(card)).expect("it is read").map(|value| value.to_vec())
    }

    #[allow(clippy::disallowed_methods, reason = "nothing tells when its threads are done")]
    fn settle(&mut self) {
        self.cards.rotate_memtable_and_wait().expect("it is flushed");
        while self.database.active_compactions() > 0 || self.database.outstanding_flushes() > 0 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}
