//! Files and folders that belong to one owner, and errors that name them.

use super::error::Error;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A new, empty file that only its owner may read.
pub fn create_private(file: &Path) -> Result<File, Error> {
    private(OpenOptions::new().write(true).create_new(true)).open(file).map_err(|error| match error
        .kind()
    {
        io::ErrorKind::AlreadyExists => Error::Exists(file.into()),
        _ => Error::File { path: file.into(), error },
    })
}

/// SQLite takes a path that begins with `file:` for an address; an absolute one cannot.
pub fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(at(path))
}

pub fn sync_folder(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(at(path))
}

pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |error| Error::File { path: path.into(), error }
}

#[cfg(unix)]
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
pub fn keep_private(file: File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
pub fn keep_private(_: File) -> io::Result<()> {
    Ok(())
}

/// Makes a folder that only its owner may read, and flushes its name.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    builder.recursive(true).create(path)?;
    // A start that was cut off may have made it and not come this far.
    std::iter::once(path).chain(made).try_for_each(sync_name)
}

/// Flushes the name of a folder. Where the folder above may not be read, another user has made this
/// one.
fn sync_name(folder: &Path) -> io::Result<()> {
    match folder.parent().map(File::open) {
        Some(Ok(above)) => above.sync_all(),
        Some(Err(error)) if error.kind() != io::ErrorKind::PermissionDenied => Err(error),
        _ => Ok(()),
    }
}
