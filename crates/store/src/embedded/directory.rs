//! The directory of the database: whose it is, whether it is new, and whether it has lost anything.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::database::{Database, EmbeddedError};
use super::journal::Author;
use crate::Bootstrap;

pub(super) const DATABASE: &str = "store.redb";
const NEW_DATABASE: &str = "store.redb.new";
const MARK: &str = "initialised";

/// What will stop a start, as far as it can be seen without touching anything.
pub(super) fn check(directory: &Path) -> Result<(), EmbeddedError> {
    if !directory.exists() {
        let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
        return match parent.is_none_or(Path::is_dir) {
            true => Ok(()),
            false => {
                let cause = io::Error::other("the directory it is to be made in is not there");
                Err(EmbeddedError::io(directory, cause))
            }
        };
    }
    is_private(directory)?;
    let (path, mark) = (directory.join(DATABASE), directory.join(MARK));
    match mark.exists() && !path.exists() {
        true => Err(EmbeddedError::Lost { path, mark }),
        false => Ok(()),
    }
}

/// The database, and whether it was made just now.
pub(super) fn open(
    directory: &Path,
    bootstrap: &Bootstrap,
    author: Option<&Author>,
) -> Result<(Database, bool), EmbeddedError> {
    make_private(directory)?;
    let (path, mark) = (directory.join(DATABASE), directory.join(MARK));
    if path.exists() {
        let database = Database::open(&path, author)?;
        leave_mark(directory, &mark)?;
        return Ok((database, false));
    }
    if mark.exists() {
        return Err(EmbeddedError::Lost { path, mark });
    }
    fill(&directory.join(NEW_DATABASE), &path, bootstrap, author)?;
    sync(directory)?;
    leave_mark(directory, &mark)?;
    Ok((Database::open(&path, author)?, true))
}

fn make_private(directory: &Path) -> Result<(), EmbeddedError> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => is_private(directory),
        Err(error) => Err(EmbeddedError::io(directory, error)),
    }
}

fn is_private(directory: &Path) -> Result<(), EmbeddedError> {
    let mode = fs::metadata(directory).map_err(|error| EmbeddedError::io(directory, error))?.mode();
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(EmbeddedError::OpenToOthers { directory: directory.to_owned(), mode: mode & 0o7777 }),
    }
}

/// Under another name until it is complete, so that a crash leaves either nothing or all of it.
fn fill(new: &Path, path: &Path, bootstrap: &Bootstrap, author: Option<&Author>) -> Result<(), EmbeddedError> {
    match fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(EmbeddedError::io(new, error)),
        Ok(()) | Err(_) => {}
    }
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(new);
    Database::create(new, file.map_err(|error| EmbeddedError::io(new, error))?, bootstrap, author)?;
    fs::rename(new, path).map_err(|error| EmbeddedError::io(path, error))
}

fn leave_mark(directory: &Path, mark: &Path) -> Result<(), EmbeddedError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(mark) {
        Ok(_) => sync(directory),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(EmbeddedError::io(mark, error)),
    }
}

fn sync(directory: &Path) -> Result<(), EmbeddedError> {
    File::open(directory).and_then(|file| file.sync_all()).map_err(|error| EmbeddedError::io(directory, error))
}
