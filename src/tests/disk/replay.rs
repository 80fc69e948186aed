//! What a power cut leaves of a folder, made from the recording of what was done in it.
//!
//! What was flushed is there. Of all else, every write may be there, not at all, or in part; parts
//! may be there in any order; a file may have grown without what it grew by; names may have come
//! and gone or not. A failed flush covers nothing, and no later flush covers what it should have:
//! Linux counts those pages as clean. They come back only when they are written again.

use crate::recording::Entry;
use actors::dice::Dice;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What a disk writes as a whole, if it keeps its word.
const SECTOR: usize = 512;

/// What becomes of changes that were not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// None of them came to be.
    Dropped,
    /// All of them did, as if the power had stayed.
    Kept,
    /// Each whole or not at all, so that later ones may be there without earlier ones.
    Reordered,
    /// Each sector of each by itself.
    Torn,
    /// Each up to some byte.
    CutShort,
    /// The file has their length, and zeros.
    Hollow,
}

const FATES: [Fate; 6] =
    [Fate::Dropped, Fate::Kept, Fate::Reordered, Fate::Torn, Fate::CutShort, Fate::Hollow];

impl Fate {
    pub fn of(seed: u64) -> Fate {
        FATES[(seed % FATES.len() as u64) as usize]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flush {
    Awaited,
    Done,
    Failed,
}

#[derive(Clone, Debug)]
struct Change<C> {
    what: C,
    flush: Flush,
}

#[derive(Clone, Debug)]
enum Content {
    Wrote { offset: usize, bytes: Vec<u8> },
    Truncated { size: usize },
}

/// A name and what it stands for from now on.
#[derive(Clone, Debug)]
enum Naming {
    Is {
        name: PathBuf,
        inode: u64,
    },
    IsNot {
        name: PathBuf,
    },
    /// Both at once, as within one folder.
    Moves {
        from: PathBuf,
        to: PathBuf,
        inode: u64,
    },
}

#[derive(Default)]
struct File {
    /// What is there whatever happens, up to the first change that might not be.
    settled: Vec<u8>,
    changes: Vec<Change<Content>>,
}

/// The folder, as far as it was followed.
pub struct Disk {
    files: HashMap<u64, File>,
    folders: HashMap<u64, PathBuf>,
    settled: HashMap<PathBuf, u64>,
    names: Vec<Change<Naming>>,
    /// How many entries it has seen.
    pub position: u64,
}

impl Disk {
    /// An empty folder, whose own name is safe.
    pub fn new(root: &Path) -> Disk {
        let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(root).unwrap());
        let folders = HashMap::from([(inode, PathBuf::new())]);
        Disk {
            files: HashMap::new(),
            folders,
            settled: HashMap::new(),
            names: Vec::new(),
            position: 0,
        }
    }

    pub fn follow(&mut self, entry: &Entry) {
        self.position += 1;
        match entry {
            Entry::Made { inode, name } => self.make(*inode, name),
            Entry::MadeFolder { inode, name } => {
                self.folders.insert(*inode, name.clone());
                self.name(Naming::Is { name: name.clone(), inode: *inode });
            }
            Entry::Wrote { inode, offset, bytes } => {
                self.change(
                    *inode,
                    Content::Wrote { offset: *offset as usize, bytes: bytes.clone() },
                );
            }
            Entry::Truncated { inode, size } => {
                self.change(*inode, Content::Truncated { size: *size as usize })
            }
            Entry::Synced { inode } => self.flush(*inode, Flush::Done),
            Entry::SyncFailed { inode } => self.flush(*inode, Flush::Failed),
            Entry::Renamed { inode, from, to } => self.rename(*inode, from, to),
            Entry::Removed { name } => self.name(Naming::IsNot { name: name.clone() }),
            Entry::Failed { .. } => {}
        }
    }

    /// An inode's number may have been another file's before.
    fn make(&mut self, inode: u64, name: &Path) {
        self.files.insert(inode, File::default());
        self.name(Naming::Is { name: name.to_owned(), inode });
    }

    fn change(&mut self, inode: u64, what: Content) {
        self.files.entry(inode).or_default().changes.push(Change { what, flush: Flush::Awaited });
    }

    fn name(&mut self, what: Naming) {
        self.names.push(Change { what, flush: Flush::Awaited });
    }

    fn rename(&mut self, inode: u64, from: &Path, to: &Path) {
        let (from, to) = (from.to_owned(), to.to_owned());
        if from.parent() == to.parent() {
            return self.name(Naming::Moves { from, to, inode });
        }
        self.name(Naming::Is { name: to, inode });
        self.name(Naming::IsNot { name: from });
    }

    fn flush(&mut self, inode: u64, flush: Flush) {
        if let Some(folder) = self.folders.get(&inode) {
            settle(&mut self.names, flush, |naming| naming.is_in(folder));
            return self.settle_names();
        }
        let file = self.files.entry(inode).or_default();
        settle(&mut file.changes, flush, |_| true);
        let safe = file.changes.iter().take_while(|change| change.flush == Flush::Done).count();
        for change in file.changes.drain(..safe) {
            change.what.apply(&mut file.settled);
        }
    }

    fn settle_names(&mut self) {
        let safe = self.names.iter().take_while(|change| change.flush == Flush::Done).count();
        for change in self.names.drain(..safe) {
            change.what.apply(&mut self.settled);
        }
    }

    /// Writes what a cut at this moment leaves into a folder. The same seed leaves the same.
    pub fn leave(&self, fate: Fate, seed: u64, into: &Path) {
        let mut dice = Dice::new(seed);
        fs::create_dir_all(into).unwrap();
        let mut names: Vec<_> = self.names_after(fate, &mut dice).into_iter().collect();
        // A folder before what is in it; and the same order in each run of one seed.
        names.sort();
        for (name, inode) in names {
            let at = into.join(&name);
            if self.folders.contains_key(&inode) {
                fs::create_dir_all(at).unwrap();
            } else if at.parent().is_some_and(Path::is_dir) {
                fs::write(
                    at,
                    self.files.get(&inode).map_or_else(Vec::new, |file| file.left(fate, &mut dice)),
                )
                .unwrap();
            }
        }
    }

    fn names_after(&self, fate: Fate, dice: &mut Dice) -> HashMap<PathBuf, u64> {
        let mut names = self.settled.clone();
        for change in &self.names {
            let happened = match fate {
                Fate::Dropped => false,
                Fate::Kept => true,
                _ => dice.below(2) == 0,
            };
            if change.flush == Flush::Done || happened {
                change.what.clone().apply(&mut names);
            }
        }
        names
    }
}

fn settle<C>(changes: &mut [Change<C>], flush: Flush, covers: impl Fn(&C) -> bool) {
    let awaited =
        changes.iter_mut().filter(|change| change.flush == Flush::Awaited && covers(&change.what));
    awaited.for_each(|change| change.flush = flush);
}

impl File {
    fn left(&self, fate: Fate, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.settled.clone();
        for change in &self.changes {
            match change.flush {
                Flush::Done => change.what.apply(&mut bytes),
                Flush::Awaited | Flush::Failed => change.what.apply_in_part(&mut bytes, fate, dice),
            }
        }
        bytes
    }
}

impl Content {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Content::Wrote { offset, bytes } => put(file, *offset, bytes),
            Content::Truncated { size } => file.resize(*size, 0),
        }
    }

    fn apply_in_part(&self, file: &mut Vec<u8>, fate: Fate, dice: &mut Dice) {
        let Content::Wrote { offset, bytes } = self else {
            return match fate {
                Fate::Dropped => {}
                Fate::Kept => self.apply(file),
                _ if dice.below(2) == 0 => self.apply(file),
                _ => {}
            };
        };
        match fate {
            Fate::Dropped => {}
            Fate::Kept => self.apply(file),
            Fate::Reordered if dice.below(2) == 0 => self.apply(file),
            Fate::Reordered => {}
            Fate::Torn => sectors(*offset, bytes)
                .filter(|_| dice.below(2) == 0)
                .for_each(|(offset, bytes)| put(file, offset, bytes)),
            Fate::CutShort => {
                put(file, *offset, &bytes[..dice.below(bytes.len() as u64 + 1) as usize])
            }
            Fate::Hollow => file.resize(file.len().max(offset + bytes.len()), 0),
        }
    }
}

fn put(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    file.resize(file.len().max(offset + bytes.len()), 0);
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
}

/// The parts of a write that lie in one sector each.
fn sectors(offset: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let first = (SECTOR - offset % SECTOR).min(bytes.len());
    let (head, tail) = bytes.split_at(first);
    let rest = tail
        .chunks(SECTOR)
        .enumerate()
        .map(move |(place, part)| (offset + first + place * SECTOR, part));
    std::iter::once((offset, head)).chain(rest)
}

impl Naming {
    fn is_in(&self, folder: &Path) -> bool {
        let (Naming::Is { name, .. } | Naming::IsNot { name } | Naming::Moves { to: name, .. }) =
            self;
        name.parent() == Some(folder)
    }

    fn apply(self, names: &mut HashMap<PathBuf, u64>) {
        match self {
            Naming::Is { name, inode } => drop(names.insert(name, inode)),
            Naming::IsNot { name } => drop(names.remove(&name)),
            Naming::Moves { from, to, inode } => {
                names.remove(&from);
                names.insert(to, inode);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::TestFolder;

    const FILE: u64 = 1;

    /// What is left of one file after these entries.
    fn left(entries: &[Entry], fate: Fate, seed: u64) -> Option<Vec<u8>> {
        let (root, into) = (TestFolder::new(), TestFolder::new());
        let mut disk = Disk::new(&root);
        let folder = std::os::unix::fs::MetadataExt::ino(&fs::metadata(&root).unwrap());
        disk.follow(&Entry::Made { inode: FILE, name: "file".into() });
        disk.follow(&Entry::Synced { inode: folder });
        entries.iter().for_each(|entry| disk.follow(entry));
        disk.leave(fate, seed, &into);
        fs::read(into.join("file")).ok()
    }

    fn wrote(offset: u64, bytes: &[u8]) -> Entry {
        Entry::Wrote { inode: FILE, offset, bytes: bytes.to_vec() }
    }

    const SYNCED: Entry = Entry::Synced { inode: FILE };
    const FAILED: Entry = Entry::SyncFailed { inode: FILE };

    #[test]
    fn what_was_flushed_is_there_and_what_was_not_may_be() {
        let entries = [wrote(0, b"aaaa"), SYNCED, wrote(2, b"bb")];
        for seed in 0..50 {
            let found = left(&entries, Fate::of(seed), seed).unwrap();
            assert!(
                [b"aaaa".as_slice(), b"aabb", b"aaba"].contains(&found.as_slice()),
                "{found:?}"
            );
        }
        assert_eq!(left(&entries, Fate::Dropped, 0).unwrap(), b"aaaa");
        assert_eq!(left(&entries, Fate::Kept, 0).unwrap(), b"aabb");
    }

    #[test]
    fn a_failed_flush_is_not_made_good_by_a_later_one_but_by_writing_again() {
        assert_eq!(
            left(&[wrote(0, b"aa"), FAILED, wrote(2, b"b"), SYNCED], Fate::Dropped, 0).unwrap(),
            b"\0\0b"
        );
        assert_eq!(
            left(&[wrote(0, b"aa"), FAILED, wrote(0, b"bb"), SYNCED], Fate::Dropped, 0).unwrap(),
            b"bb"
        );
        assert_eq!(
            left(&[wrote(0, b"aa"), FAILED, wrote(1, b"b"), SYNCED], Fate::Kept, 0).unwrap(),
            b"ab"
        );
    }

    #[test]
    fn a_name_is_safe_when_its_folder_was_flushed() {
        let gone = Entry::Removed { name: "file".into() };
        let moved = Entry::Renamed { inode: FILE, from: "file".into(), to: "other".into() };
        assert!(left(std::slice::from_ref(&gone), Fate::Dropped, 0).is_some());
        assert!(left(&[gone], Fate::Kept, 0).is_none());
        assert!(left(std::slice::from_ref(&moved), Fate::Dropped, 0).is_some());
        assert!(left(&[moved], Fate::Kept, 0).is_none());
    }

    #[test]
    fn sectors_are_torn_where_the_disk_has_them() {
        let bytes = vec![7; 1500];
        let parts: Vec<(usize, usize)> =
            sectors(500, &bytes).map(|(offset, part)| (offset, part.len())).collect();
        assert_eq!(parts, [(500, 12), (512, 512), (1024, 512), (1536, 464)]);
    }
}
