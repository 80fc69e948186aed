//! The control page that the shim shares with the test: how far the recording is, and what fails
//! next.
//!
//! Its layout is that of `struct control` in `shim.c`. It is read and written as a file; the shim
//! has it mapped.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// An operation that can be told to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sync = 1,
    Write,
    Truncate,
    Open,
    /// Pages written in the background, at the time of a write; their file's next flushes tell it.
    Writeback,
    /// A flush of data alone, of a file that has something to flush. SQLite asks for whole flushes.
    DataSync,
}

pub const EIO: u64 = 5;
pub const ENOSPC: u64 = 28;
pub const UNLIMITED: u64 = u64::MAX;

/// Which operation fails, and how.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub kind: Kind,
    /// How many more succeed before it, of files whose names end like this.
    pub after: u64,
    pub name: &'static str,
    pub error: u64,
    /// The first that fails writes a half of it, and the error comes with the next.
    pub short: bool,
    pub forever: bool,
}

impl Fault {
    pub fn once(kind: Kind, after: u64, name: &'static str, error: u64) -> Fault {
        Fault { kind, after, name, error, short: false, forever: false }
    }
}

const POSITION: u64 = 0;
const KIND: u64 = 1;
const AT: u64 = 2;
const ERROR: u64 = 3;
const SHORT: u64 = 4;
const FOREVER: u64 = 5;
const FIRED: u64 = 6;
const ROOM: u64 = 7;
const SEEN: u64 = 8;
const KINDS: u64 = 7;
const NAME: u64 = SEEN + KINDS;
const NAME_BYTES: usize = 64;

pub struct Control(File);

impl Control {
    pub fn new(path: &Path) -> Control {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path).unwrap();
        file.set_len(NAME * 8 + NAME_BYTES as u64).unwrap();
        let control = Control(file);
        control.set(ROOM, UNLIMITED);
        control
    }

    /// How many operations were done so far. Whoever was answered reads it, and knows that what
    /// made the answer was among them.
    pub fn position(&self) -> u64 {
        self.get(POSITION)
    }

    pub fn arm(&self, fault: Fault) {
        self.disarm();
        let mut name = [0; NAME_BYTES];
        name[..fault.name.len()].copy_from_slice(fault.name.as_bytes());
        self.0.write_all_at(&name, NAME * 8).unwrap();
        let seen = self.seen(fault.kind);
        for (place, value) in [
            (ERROR, fault.error),
            (SHORT, u64::from(fault.short)),
            (FOREVER, u64::from(fault.forever)),
            (FIRED, 0),
        ] {
            self.set(place, value);
        }
        self.set(AT, seen + fault.after + 1);
        self.set(KIND, fault.kind as u64);
    }

    pub fn disarm(&self) {
        self.set(KIND, 0);
    }

    /// How often the armed fault struck.
    pub fn fired(&self) -> u64 {
        self.get(FIRED)
    }

    /// Operations of the kind, on files whose names end as the last armed fault says.
    pub fn seen(&self, kind: Kind) -> u64 {
        self.get(SEEN + kind as u64)
    }

    /// By how many bytes the files may still grow, all together.
    pub fn leave_room(&self, bytes: u64) {
        self.set(ROOM, bytes);
    }

    fn get(&self, place: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, place * 8).unwrap();
        u64::from_le_bytes(bytes)
    }

    fn set(&self, place: u64, value: u64) {
        self.0.write_all_at(&value.to_le_bytes(), place * 8).unwrap();
    }
}
