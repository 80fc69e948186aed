//! Files that were sent to be imported: `<data>/imports/<job>/file.csv`, kept before anybody is
//! told so.
//!
//! A file is written beside its place while it arrives and moved there when all of it is durable;
//! one that breaks off leaves nothing behind, not even after a kill. The folder is the data
//! folder's, so one process owns it.

use crate::imports::columns::NEEDED;
use crate::imports::seen::Seen;
use actors::Id;
use ports::backend::IMPORTS;
use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

const FILE: &str = "file.csv";
const HALF: &str = "receiving-";
/// Files that may arrive at the same time.
const AT_ONCE: usize = 8;

/// Looks at the beginning of a file before it is kept.
pub type HeaderCheck = fn(&[u8]) -> Result<(), String>;

pub struct Spool {
    folder: PathBuf,
    limit: u64,
    receiving: Arc<AtomicUsize>,
    next: AtomicU64,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum FileRefused {
    #[error("{0} files are arriving already")]
    Busy(usize),
    #[error("a file may have {0} bytes")]
    TooLarge(u64),
    #[error("{0}")]
    Header(String),
    #[error("the disk is full")]
    DiskFull,
    #[error("the file could not be kept: {0}")]
    Io(io::Error),
}

impl From<io::Error> for FileRefused {
    fn from(error: io::Error) -> FileRefused {
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => FileRefused::DiskFull,
            _ => FileRefused::Io(error),
        }
    }
}

impl Spool {
    /// Removes what was arriving when the process went down.
    pub fn open(data: &Path, limit: u64) -> io::Result<Spool> {
        let folder = std::path::absolute(data)?.join(IMPORTS);
        make_folder(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(HALF) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Spool { folder, limit, receiving: Arc::default(), next: AtomicU64::new(0) })
    }

    /// Whether the job's file is on this machine.
    pub fn has(&self, job: Id) -> bool {
        self.folder_of(job).is_dir()
    }

    pub fn folder_of(&self, job: Id) -> PathBuf {
        self.folder.join(job.to_string())
    }

    /// The file of a job, to read.
    pub fn file_of(&self, job: Id) -> io::Result<File> {
        File::open(self.folder_of(job).join(FILE))
    }

    /// Begins to take a file in. `announced` is how large it says it is, and `check` says of its
    /// beginning why it cannot be imported.
    pub fn receive(
        &self,
        announced: Option<u64>,
        check: HeaderCheck,
    ) -> Result<Arriving, FileRefused> {
        if announced.is_some_and(|bytes| bytes > self.limit) {
            return Err(FileRefused::TooLarge(self.limit));
        }
        let place = Place::take(&self.receiving).ok_or(FileRefused::Busy(AT_ONCE))?;
        let path = self.folder.join(format!("{HALF}{}", self.next.fetch_add(1, Ordering::Relaxed)));
        let file = private(OpenOptions::new().write(true).create_new(true)).open(&path)?;
        let half = Half { path, _place: place };
        Ok(Arriving {
            file,
            half,
            limit: self.limit,
            sha: Sha256::new(),
            bytes: 0,
            check,
            beginning: Vec::new(),
            has_header: false,
        })
    }

    /// Puts a file that has arrived where its job looks for it. Durable when it returns; the same
    /// file may be put there again.
    pub fn keep(&self, arrived: &Arrived, job: Id) -> Result<(), FileRefused> {
        let folder = self.folder_of(job);
        // What was made for nothing goes again; a folder that has something in it stays.
        let moved =
            make_folder(&folder).and_then(|()| fs::rename(&arrived.half.path, folder.join(FILE)));
        moved.inspect_err(|_| drop(fs::remove_dir(&folder)))?;
        for folder in [&folder, &self.folder] {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

/// A file that arrives. Dropped before its end, it is gone.
pub struct Arriving {
    file: File,
    half: Half,
    limit: u64,
    sha: Sha256,
    bytes: u64,
    check: HeaderCheck,
    /// What is here of the header, until that was judged.
    beginning: Vec<u8>,
    has_header: bool,
}

/// All of a file, durable under a name that a restart removes, and its drop, too.
pub struct Arrived {
    half: Half,
    pub hash: [u8; 32],
    pub bytes: u64,
}

impl Arrived {
    /// To read it where it is, if it is to become no job.
    pub fn open(&self) -> io::Result<File> {
        File::open(&self.half.path)
    }

    /// Which names earlier rows of it have had. Gone with it.
    pub fn seen(&self) -> rusqlite::Result<Seen> {
        Seen::beside(&self.half.path)
    }
}

impl Arriving {
    pub fn write(&mut self, chunk: &[u8]) -> Result<(), FileRefused> {
        self.bytes += chunk.len() as u64;
        if self.bytes > self.limit {
            return Err(FileRefused::TooLarge(self.limit));
        }
        if !self.has_header {
            self.beginning.extend_from_slice(&chunk[..chunk.len().min(NEEDED)]);
            if self.beginning.len() >= NEEDED {
                self.judge_header()?;
            }
        }
        self.sha.update(chunk);
        Ok(self.file.write_all(chunk)?)
    }

    pub fn end(mut self) -> Result<Arrived, FileRefused> {
        if !self.has_header {
            self.judge_header()?;
        }
        self.file.sync_all()?;
        Ok(Arrived { half: self.half, hash: self.sha.finalize().into(), bytes: self.bytes })
    }

    fn judge_header(&mut self) -> Result<(), FileRefused> {
        self.has_header = true;
        (self.check)(&std::mem::take(&mut self.beginning)).map_err(FileRefused::Header)
    }
}

/// The file under its temporary name, which goes with it.
struct Half {
    path: PathBuf,
    _place: Place,
}

impl Drop for Half {
    fn drop(&mut self) {
        // It is not there when it was moved to its job.
        let _ = fs::remove_file(&self.path);
        Seen::remove_beside(&self.path);
    }
}

/// One of the few that may send at a time.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(receiving: &Arc<AtomicUsize>) -> Option<Place> {
        let place = Place(receiving.clone());
        (receiving.fetch_add(1, Ordering::AcqRel) < AT_ONCE).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Made for its owner alone, and its name is durable.
fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)?;
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

/// Codes are worth money: only the owner may read them.
#[cfg(unix)]
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}
