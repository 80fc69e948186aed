//! A copy of the whole database in one file, made while a server writes on, and the way back.
//!
//! The copy is a moment of the log: everything answered before it began, and nothing by halves.
//! Neither direction overwrites anything, and neither counts as done before the copy was read again
//! and found whole: its pages, every row that has a sum, and the segments of the archive, which lie
//! beside a backup in a folder of its name.

use super::archive::carrying;
use super::error::Error;
use super::files::{absolute, at, create_private, sync_folder};
use super::folder::{self, Folder};
use super::{schema, sums};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Copied in one step of a restore.
const PAGES: i32 = 4096;

/// Copies the database of the folder into a new file.
pub fn backup(folder: &Path, to: &Path) -> Result<(), Error> {
    let (from, archive) = folder::look_into(folder)?;
    let to = absolute(to)?;
    let beside = archive_of(&to);
    if beside.exists() {
        return Err(Error::Exists(beside));
    }
    drop(create_private(&to)?);
    let whole = || {
        copy(&from, &to)?;
        // Those that the copy names: more may have been made meanwhile.
        let copy = folder::connect(&to, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        carrying::carry(&copy, &archive, &beside)
    };
    whole().inspect_err(|_| {
        drop(fs::remove_dir_all(&beside));
        drop(fs::remove_file(&to));
    })?;
    sync_beside(&to)
}

/// Makes a backup the database of a folder that has none.
pub fn restore(from: &Path, folder: &Path) -> Result<(), Error> {
    restore_telling(from, folder, &mut |_, _| ())
}

/// Tells how many of how many pages are there.
pub fn restore_telling(
    from: &Path,
    folder: &Path,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<(), Error> {
    let from = absolute(from)?;
    fs::metadata(&from).map_err(at(&from))?;
    let source = folder::connect(&from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    schema::check(&source, &from)?;
    let folder = Folder::lock(folder)?;
    folder.must_hold_no_database()?;
    let (beside, archive) = (archive_of(&from), folder.archive());
    if let Some(stray) = carrying::stray(&source, &archive)? {
        let left = Path::new("archive").join(stray).display().to_string();
        return Err(Error::Remains { folder: folder.path().into(), database: "gone", left });
    }
    let half = folder.path().join("restoring");
    // What an attempt left that was cut off.
    let _ = fs::remove_file(&half);
    drop(create_private(&half)?);
    copy_in_steps(&source, &half, tell).inspect_err(|_| drop(fs::remove_file(&half)))?;
    carrying::carry(&source, &beside, &archive)?;
    let database = folder.database();
    fs::rename(&half, &database).map_err(at(&database))?;
    folder.sync()
}

/// The folder beside a backup that has its segments.
fn archive_of(backup: &Path) -> PathBuf {
    let mut name = backup.as_os_str().to_owned();
    name.push(".archive");
    name.into()
}

/// In one go, because steps would have to begin again whenever the server writes; its writer does
/// not wait for readers.
fn copy(from: &Connection, to: &Path) -> Result<(), Error> {
    let mut copy = folder::connect(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if Backup::new(from, &mut copy)?.step(-1)? != StepResult::Done {
        return Err(locked());
    }
    finish(copy, to)
}

/// For a file that nobody writes to.
fn copy_in_steps(
    from: &Connection,
    to: &Path,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<(), Error> {
    let mut copy = folder::connect(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let backup = Backup::new(from, &mut copy)?;
    loop {
        match backup.step(PAGES)? {
            StepResult::Done => break,
            StepResult::More => {
                let left = backup.progress();
                let [of, left] = [left.pagecount, left.remaining].map(|pages| pages.max(0) as u64);
                tell(of - left, of);
            }
            _ => return Err(locked()),
        }
    }
    drop(backup);
    finish(copy, to)
}

fn locked() -> Error {
    Error::Damaged("it could not be copied: it is locked".to_owned())
}

fn finish(copy: Connection, to: &Path) -> Result<(), Error> {
    // The copy shall be one file; a store that opens it changes this back.
    schema::set_journal(&copy, "delete", to)?;
    drop(copy);
    check(to)?;
    File::open(to).and_then(|file| file.sync_all()).map_err(at(to))
}

fn check(file: &Path) -> Result<(), Error> {
    let connection = folder::connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    schema::check(&connection, file)?;
    schema::check_pages(&connection)?;
    sums::check(&connection)
}

fn sync_beside(file: &Path) -> Result<(), Error> {
    file.parent().map_or(Ok(()), sync_folder)
}
