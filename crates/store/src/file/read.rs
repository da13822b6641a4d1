//! The file and all files it names, read as one snapshot.
//!
//! Kubernetes swaps a link under us between two reads, an editor saves in steps: so after parsing, everything that was
//! read is read again, and if anything differs, once more from the start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Part;
use super::document::Document;
use super::password::Passwords;
use crate::problem::{Mark, Problem, Severity};
use crate::yaml::{FileReferences, Fingerprint, Reading};

/// Whoever writes more often than this is read when the next poll finds it quiet.
const ATTEMPTS: usize = 5;

/// The files that a load stood on, and what they held.
pub(super) type Files = BTreeMap<PathBuf, Fingerprint>;

#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) document: Document,
    pub(super) warnings: Vec<Problem>,
    pub(super) files: Files,
}

#[derive(Debug)]
pub(super) struct Failed {
    /// At least one error, perhaps warnings too.
    pub(super) problems: Vec<Problem>,
    pub(super) files: Files,
}

/// Reads everything. `known` saves deriving passwords again.
pub(super) fn load(path: &Path, part: Part, known: &Passwords) -> Result<Loaded, Failed> {
    for _ in 0..ATTEMPTS {
        let mut reading = Reading::new(path, FileReferences::Below(directory_of(path)));
        let document = Document::read(&mut reading, part, known);
        let files = reading.files().clone();
        if look(&files) != files {
            continue;
        }
        return match reading.has_errors() {
            false => Ok(Loaded { document, warnings: reading.into_problems(), files }),
            true => Err(Failed { problems: reading.into_problems(), files }),
        };
    }
    let problem = Problem {
        severity: Severity::Error,
        file: path.into(),
        mark: Mark::WHOLE_FILE,
        key: String::new(),
        message: format!("changed each of the {ATTEMPTS} times it was read"),
    };
    Err(Failed { problems: vec![problem], files: look(&[(path.to_owned(), Fingerprint::NONE)].into()) })
}

/// What the same files hold now.
pub(super) fn look(files: &Files) -> Files {
    files.keys().map(|path| (path.clone(), Fingerprint::of_file(path))).collect()
}

/// Where the file is, and all it may name.
pub(super) fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
