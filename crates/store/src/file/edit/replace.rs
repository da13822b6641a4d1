//! Reads a file and puts another text in its place at once: readers see the old one or the new, never half of one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use super::EditError;

/// For a file that is made: it may come to hold secrets.
const NEW_MODE: u32 = 0o600;

/// A file as it was read.
#[derive(Debug)]
pub(super) struct Old {
    /// As it was named.
    named: PathBuf,
    /// Where it is: a symbolic link stays one.
    real: PathBuf,
    content: Option<String>,
}

pub(super) fn read(path: &Path) -> Result<Old, EditError> {
    let failed = |source| EditError::Io { path: path.to_owned(), source };
    match fs::canonicalize(path) {
        Ok(real) => {
            let content = fs::read_to_string(&real).map_err(failed)?;
            Ok(Old { named: path.to_owned(), real, content: Some(content) })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(Old { named: path.to_owned(), real: path.to_owned(), content: None })
        }
        Err(error) => Err(failed(error)),
    }
}

impl Old {
    /// Empty if there is no file.
    pub(super) fn text(&self) -> &str {
        self.content.as_deref().unwrap_or_default()
    }

    /// Under a name beside it first, on the disk, then under its name. Mode and owner stay.
    pub(super) fn replace_by(&self, text: &str) -> Result<(), EditError> {
        let name = self.real.file_name().unwrap_or_default().to_string_lossy();
        let new = self.real.with_file_name(format!(".{name}.{}.new", std::process::id()));
        let written = self.write(&new, text).map_err(|source| EditError::Io { path: self.named.clone(), source });
        let done = written.and_then(|()| {
            if fs::read_to_string(&self.real).ok() != self.content {
                return Err(EditError::Changed { path: self.named.clone() });
            }
            fs::rename(&new, &self.real).map_err(|source| EditError::Io { path: self.named.clone(), source })
        });
        if done.is_err() {
            let _ = fs::remove_file(&new);
        }
        done
    }

    fn write(&self, new: &Path, text: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(NEW_MODE).open(new)?;
        if self.content.is_some() {
            let old = fs::metadata(&self.real)?;
            let made = file.metadata()?;
            if (made.uid(), made.gid()) != (old.uid(), old.gid()) {
                fchown(&file, Some(old.uid()), Some(old.gid()))?;
            }
            file.set_permissions(old.permissions())?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        let directory = new.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(directory)?.sync_all()
    }
}
