//! One reading of one file: what was wrong, and which other files were needed.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::reference::{FileReferences, Piece, Secret, pieces};
use super::tree::{self, Node};
use crate::permissions::secret_is_open_to_others;
use crate::problem::{Mark, Problem, Severity};

/// No file of ours is this large; a device that never ends is none of ours.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// What a file held when it was read: equal if its content is, for telling a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(Option<u64>);

impl Fingerprint {
    /// Of a file that cannot be read.
    pub const NONE: Fingerprint = Fingerprint(None);

    pub fn of(content: &[u8]) -> Fingerprint {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        Fingerprint(Some(hasher.finish()))
    }

    /// Of the file as it is now.
    pub fn of_file(path: &Path) -> Fingerprint {
        read(path).map_or(Fingerprint::NONE, |content| Fingerprint::of(&content))
    }
}

/// Collects what one file says wrongly, and reads what it refers to.
#[derive(Debug)]
pub struct Reading {
    file: Arc<Path>,
    references: FileReferences,
    problems: Vec<Problem>,
    files: BTreeMap<PathBuf, Fingerprint>,
}

impl Reading {
    pub fn new(file: &Path, references: FileReferences) -> Reading {
        Reading { file: file.into(), references, problems: Vec::new(), files: BTreeMap::new() }
    }

    /// The document, or nothing and a problem.
    pub fn tree(&mut self) -> Option<Node> {
        let path = self.file.clone();
        let content = self.read(&path, Mark::WHOLE_FILE, "")?;
        let text = match std::str::from_utf8(&content) {
            Ok(text) => text,
            Err(error) => {
                let before = content.get(..error.valid_up_to()).unwrap_or_default();
                let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
                self.error(Mark { line, column: 1 }, "", "this line is not UTF-8");
                return None;
            }
        };
        tree::parse(text).map_err(|error| self.error(error.mark, "", error.message)).ok()
    }

    pub fn error(&mut self, mark: Mark, key: &str, message: impl Into<String>) {
        self.add(Severity::Error, mark, key, message.into());
    }

    pub fn warning(&mut self, mark: Mark, key: &str, message: impl Into<String>) {
        self.add(Severity::Warning, mark, key, message.into());
    }

    fn add(&mut self, severity: Severity, mark: Mark, key: &str, message: String) {
        self.problems.push(Problem { severity, file: self.file.clone(), mark, key: key.to_owned(), message });
    }

    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// All that was said, in the order of the file.
    pub fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.mark);
        self.problems
    }

    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Every file that was read, this one included, and what it held.
    pub fn files(&self) -> &BTreeMap<PathBuf, Fingerprint> {
        &self.files
    }

    /// Where a file is that a value names without `${…}`, as certificates are.
    pub fn locate(&mut self, mark: Mark, key: &str, named: &str) -> Option<PathBuf> {
        self.references.locate(Path::new(named)).map_err(|message| self.error(mark, key, message)).ok()
    }

    /// The content of a file, remembered as one this reading stands on.
    pub fn read(&mut self, path: &Path, mark: Mark, key: &str) -> Option<Zeroizing<Vec<u8>>> {
        match read(path) {
            Ok(content) => {
                self.files.insert(path.to_owned(), Fingerprint::of(&content));
                Some(content)
            }
            Err(error) => {
                self.files.insert(path.to_owned(), Fingerprint::NONE);
                self.error(mark, key, format!("cannot read `{}`: {error}", path.display()));
                None
            }
        }
    }

    /// A value with its references resolved.
    pub(super) fn expand(&mut self, mark: Mark, key: &str, text: &str, secret: bool) -> Option<Text> {
        let pieces = pieces(text).map_err(|message| self.error(mark, key, message)).ok()?;
        let hidden = pieces.iter().any(|piece| !matches!(piece, Piece::Literal(_)));
        let mut value = Zeroizing::new(String::new());
        for piece in pieces {
            match piece {
                Piece::Literal(text) => value.push_str(text),
                Piece::Env(name) => value.push_str(&self.environment(mark, key, name)?),
                Piece::File(name) => value.push_str(&self.content(mark, key, name, secret)?),
            }
        }
        Some(Text { value, written: hidden.then(|| text.to_owned()) })
    }

    fn environment(&mut self, mark: Mark, key: &str, name: &str) -> Option<Zeroizing<String>> {
        match std::env::var(name) {
            Ok(value) => Some(Zeroizing::new(value)),
            Err(std::env::VarError::NotPresent) => {
                self.error(mark, key, format!("the environment variable `{name}` is not set"));
                None
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                self.error(mark, key, format!("the environment variable `{name}` is not UTF-8"));
                None
            }
        }
    }

    /// The text of a file, without the line break that editors put at its end.
    fn content(&mut self, mark: Mark, key: &str, named: &str, secret: bool) -> Option<Zeroizing<String>> {
        let path = self.locate(mark, key, named)?;
        let content = self.read(&path, mark, key)?;
        if secret && let Err(message) = secret_is_open_to_others(&path) {
            self.error(mark, key, message);
            return None;
        }
        match std::str::from_utf8(&content) {
            Ok(text) => {
                let text = text.strip_suffix('\n').unwrap_or(text);
                Some(Zeroizing::new(text.strip_suffix('\r').unwrap_or(text).to_owned()))
            }
            Err(_) => {
                self.error(mark, key, format!("`{}` is not UTF-8", path.display()));
                None
            }
        }
    }
}

fn read(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    use std::io::Read;
    let file = std::fs::File::open(path)?;
    let mut content = Zeroizing::new(Vec::new());
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut content)?;
    match content.len() as u64 > MAX_FILE_BYTES {
        true => Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "larger than 256 MiB")),
        false => Ok(content),
    }
}

/// A value, and whether it may be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    value: Zeroizing<String>,
    /// The text of the file, if the value comes from elsewhere.
    written: Option<String>,
}

impl Text {
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// For messages: what the file says, never what stands behind a reference.
    pub fn shown(&self) -> String {
        match &self.written {
            None => format!("`{}`", &*self.value),
            Some(written) => format!("the value of `{written}`"),
        }
    }

    /// Whether the value itself is in the file.
    pub fn is_written_out(&self) -> bool {
        self.written.is_none()
    }

    /// A part of the value, shown no more than the whole.
    pub(super) fn part(&self, part: &str) -> Text {
        Text { value: Zeroizing::new(part.to_owned()), written: self.written.clone() }
    }

    pub fn into_secret(self) -> Secret {
        Secret::new(self.value.as_str())
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}
