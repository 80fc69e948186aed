//! What the store knows against its disk, and that it says so.
//!
//! Damage and failed flushes stand until a restart. A kernel counts pages as clean that it could
//! not write, so after such a failure nothing is folded into the database any more: the write-ahead
//! log keeps everything, and a restart folds from its first frame. Want of room stands until the
//! log could be folded in to its end.

use super::error::store_error;
use actors::store::StoreError;
use base::journal;
use base::journal::Value;
use metrics::{Counter, Gauge, counter, gauge};
use rusqlite::{Error, ErrorCode, ffi};
use std::sync::{Mutex, MutexGuard};

pub struct DiskHealth {
    state: Mutex<State>,
    broken: Gauge,
    cramped: Gauge,
    failed_folds: Counter,
}

#[derive(Default)]
struct State {
    /// What was seen first that only a restart can mend.
    broken: Option<String>,
    /// What found no room.
    cramped: Option<String>,
}

impl Default for DiskHealth {
    fn default() -> DiskHealth {
        let health = DiskHealth {
            state: Mutex::default(),
            broken: gauge!("stampede_store_folding_broken"),
            cramped: gauge!("stampede_store_out_of_room"),
            failed_folds: counter!("stampede_store_failed_folds_total"),
        };
        health.broken.set(0);
        health.cramped.set(0);
        health.failed_folds.increment(0);
        health
    }
}

impl DiskHealth {
    /// Whether traffic is welcome, as far as is known without asking the disk.
    pub fn verdict(&self) -> Result<(), StoreError> {
        let state = self.state();
        match (&state.broken, &state.cramped) {
            (Some(why), _) => Err(StoreError::Broken(why.clone())),
            (None, Some(why)) => Err(StoreError::Unavailable(why.clone())),
            (None, None) => Ok(()),
        }
    }

    pub fn is_broken(&self) -> bool {
        self.state().broken.is_some()
    }

    pub fn is_cramped(&self) -> bool {
        self.state().cramped.is_some()
    }

    /// What the engine is told of an error, which is remembered if it speaks against the disk.
    pub fn tell(&self, error: Error) -> StoreError {
        self.note(&error);
        store_error(error)
    }

    pub fn note(&self, error: &Error) {
        if is_want_of_room(error) {
            self.miss_room(error);
        } else if is_damage(error) {
            self.give_up(error);
        }
    }

    /// What folding came to: whether all of the log is in the database now.
    pub fn note_fold(&self, folded: Result<bool, Error>) {
        match folded {
            Ok(true) => self.find_room(),
            Ok(false) => {}
            Err(error) => self.fail_to_fold(&error),
        }
    }

    fn fail_to_fold(&self, error: &Error) {
        self.failed_folds.increment(1);
        if is_want_of_room(error) {
            self.miss_room(error);
        } else {
            self.give_up(error);
        }
    }

    /// Once and for all.
    pub fn give_up(&self, why: &dyn std::fmt::Display) {
        let mut state = self.state();
        if state.broken.is_none() {
            state.broken = Some(format!(
                "it was damaged or could not be flushed, and needs a restart on a sound disk \
                 ({why})"
            ));
            self.broken.set(1);
            journal::error(
                "the disk failed the store: its write-ahead log is kept and not folded in any \
                 more; see to the disk, then restart",
                &[("reason", Value::Text(why))],
            );
        }
    }

    fn miss_room(&self, why: &dyn std::fmt::Display) {
        let mut state = self.state();
        if state.cramped.is_none() {
            self.cramped.set(1);
            journal::error(
                "the store has no room: free some space on its disk",
                &[("reason", Value::Text(why))],
            );
        }
        state.cramped = Some(format!("its disk is full ({why})"));
    }

    fn find_room(&self) {
        if self.state().cramped.take().is_some() {
            self.cramped.set(0);
            journal::info("the store has room again", &[]);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The index of the write-ahead log is a file, too.
fn is_want_of_room(error: &Error) -> bool {
    let grows_the_index =
        error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE);
    grows_the_index || error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

fn is_damage(error: &Error) -> bool {
    use ErrorCode::{DatabaseCorrupt, NotADatabase, SystemIoFailure};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase | SystemIoFailure))
}
