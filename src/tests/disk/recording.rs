//! What the shim recorded, in the order in which it happened.
//!
//! An entry is five numbers of eight bytes, then two texts or bytes as long as the last two say;
//! see `record` in `shim.c`. The place of an entry, counted from 1, is its position.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Names are relative to the folder that is watched; the empty name is that folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Made {
        inode: u64,
        name: PathBuf,
    },
    MadeFolder {
        inode: u64,
        name: PathBuf,
    },
    Wrote {
        inode: u64,
        offset: u64,
        bytes: Vec<u8>,
    },
    Truncated {
        inode: u64,
        size: u64,
    },
    Synced {
        inode: u64,
    },
    SyncFailed {
        inode: u64,
    },
    Renamed {
        inode: u64,
        from: PathBuf,
        to: PathBuf,
    },
    /// A file or an empty folder.
    Removed {
        name: PathBuf,
    },
    /// The armed fault struck here.
    Failed {
        name: PathBuf,
    },
}

pub fn read(recording: &Path) -> Vec<Entry> {
    let bytes = std::fs::read(recording).unwrap();
    let mut rest = bytes.as_slice();
    let mut entries = Vec::new();
    // The last may be cut off: the program was killed while it was being recorded.
    while let Some((entry, after)) = first(rest) {
        entries.push(entry);
        rest = after;
    }
    entries
}

fn first(bytes: &[u8]) -> Option<(Entry, &[u8])> {
    let (head, rest) = bytes.split_at_checked(40)?;
    let number = |place: usize| u64::from_le_bytes(head[place * 8..][..8].try_into().unwrap());
    let (inode, value) = (number(1), number(2));
    let (a, rest) = rest.split_at_checked(number(3) as usize)?;
    let (b, rest) = rest.split_at_checked(number(4) as usize)?;
    let entry = match number(0) {
        1 => Entry::Made { inode, name: path(a) },
        2 => Entry::Wrote { inode, offset: value, bytes: a.to_vec() },
        3 => Entry::Truncated { inode, size: value },
        4 => Entry::Synced { inode },
        5 => Entry::SyncFailed { inode },
        6 => Entry::Renamed { inode, from: path(a), to: path(b) },
        7 | 9 => Entry::Removed { name: path(a) },
        8 => Entry::MadeFolder { inode, name: path(a) },
        10 => Entry::Failed { name: path(a) },
        unknown => panic!("no such entry: {unknown}"),
    };
    Some((entry, rest))
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}
