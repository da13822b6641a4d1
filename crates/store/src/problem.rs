//! What is wrong with a file, said so that its author finds the place: `acls.yaml:12:9: acls[3].host: …`.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A place in a file. Both numbers count from one; zero stands for the whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mark {
    pub line: usize,
    /// In characters, not bytes.
    pub column: usize,
}

impl Mark {
    pub const WHOLE_FILE: Mark = Mark { line: 0, column: 0 };
}

/// Whether the file can be used all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file is not used.
    Error,
    /// The file is used, and means something its author may not have meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// One thing that is wrong, or suspicious, in one place. Never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    /// The file as it was named to us.
    pub file: Arc<Path>,
    pub mark: Mark,
    /// The path of keys to the value, such as `listeners[0].tls.certificate`. Empty for the document itself.
    pub key: String,
    /// In lower case, with what was expected.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.mark != Mark::WHOLE_FILE {
            write!(f, ":{}:{}", self.mark.line, self.mark.column)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}
