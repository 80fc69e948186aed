//! Segments beside a backup, and back again.
//!
//! A segment never changes, so where both folders are on one disk no byte is copied: the file gets
//! a second name. Either way it is read from its first byte before it counts.

use super::catalogue;
use super::reading::Archive;
use super::segment::SegmentFile;
use crate::error::Error;
use crate::files::{at, create_private, make_folder, sync_folder};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::Path;

/// Brings every segment that the database names from one folder into the other. One that is there
/// already must be the same.
pub fn carry(connection: &Connection, from: &Path, to: &Path) -> Result<(), Error> {
    let rows = catalogue::all(connection)?;
    if rows.is_empty() {
        return Ok(());
    }
    make_folder(to).map_err(at(to))?;
    let (from, to) = (Archive::new(from.into(), 0), Archive::new(to.into(), 0));
    for row in rows {
        let (source, target) = (from.file(row), to.file(row));
        if !target.path.exists() {
            source.footer()?;
            bring(&source, &target)?;
        }
    }
    to.check(connection)?;
    sync_folder(to.folder())
}

fn bring(source: &SegmentFile, target: &SegmentFile) -> Result<(), Error> {
    if fs::hard_link(&source.path, &target.path).is_ok() {
        return Ok(());
    }
    let half = target.path.with_extension("segment.new");
    // What an attempt left that was cut off.
    let _ = fs::remove_file(&half);
    let mut copy = create_private(&half)?;
    let mut whole = File::open(&source.path).map_err(at(&source.path))?;
    std::io::copy(&mut whole, &mut copy)
        .and_then(|_| copy.sync_all())
        .map_err(at(&half))
        .inspect_err(|_| drop(fs::remove_file(&half)))?;
    fs::rename(&half, &target.path).map_err(at(&target.path))
}

/// A segment in that folder which the database does not name.
pub fn stray(connection: &Connection, folder: &Path) -> Result<Option<OsString>, Error> {
    let archive = Archive::new(folder.into(), 0);
    let named: BTreeSet<_> = catalogue::all(connection)?
        .into_iter()
        .filter_map(|row| archive.file(row).path.file_name().map(OsString::from))
        .collect();
    let Ok(files) = fs::read_dir(folder) else { return Ok(None) };
    let mut names = files.flatten().map(|file| file.file_name());
    let is_segment = |name: &OsString| Path::new(name).extension().is_some_and(|e| e == "segment");
    Ok(names.find(|name| is_segment(name) && !named.contains(name)))
}
