//! Changes of the file's ACLs as a careful editor makes them, for the command line.
//!
//! Comments, order and form of everything else stay as they are. What is added goes below the last entry. An entry that
//! says nothing more goes with its lines, one that says less is written anew; comments in it stay.
//!
//! The text that comes of it is read again before it is written. If it says anything else than what was asked for, nothing
//! is changed: so whatever way of writing is not understood here costs an error, never an ACL.

mod entry;
mod layout;
mod replace;
mod text;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use acl::AclBinding;

use super::LoadError;
use super::document;
use super::read::directory_of;
use crate::yaml::{Fields, FileReferences, Key, Node, Reading, Value, tree};
pub use entry::{NoWords, Principals, entries};

/// Why a file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    NoWords(#[from] NoWords),
    #[error("`{}` cannot be edited safely, nothing was changed: line {line}: {what}; edit it by hand", path.display())]
    Layout { path: PathBuf, line: usize, what: &'static str },
    #[error("`{}` cannot be edited safely, nothing was changed: the change would not say what was meant; edit it by hand", path.display())]
    Unsafe { path: PathBuf },
    #[error("`{}` was changed by somebody else meanwhile, nothing was changed: try again", path.display())]
    Changed { path: PathBuf },
    #[error("cannot write `{}`, nothing was changed: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// What a change came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edited {
    /// ACLs before, without those that were removed, and after.
    pub before: usize,
    pub removed: usize,
    pub after: usize,
}

impl Edited {
    /// Whether a Doorkeeper that follows the file holds the change back until `allow_mass_removal: true` is in it.
    pub fn is_held_back(&self) -> bool {
        self.removed * 2 > self.before
    }
}

/// The ACLs of a file. Its users are not looked at, so their secrets need not be there.
pub fn acls(path: &Path) -> Result<Vec<AclBinding>, LoadError> {
    let mut reading = Reading::new(path, FileReferences::Below(directory_of(path)));
    let tree = reading.tree();
    Ok(entries_of(reading, tree)?.concat())
}

/// A whole file with these ACLs and nothing else.
pub fn document(bindings: &[AclBinding]) -> Result<String, NoWords> {
    let entries = entries(bindings, Principals::Apart)?;
    if entries.is_empty() {
        return Ok("acls: []\n".to_owned());
    }
    Ok(entries.iter().fold("acls:\n".to_owned(), |text, entry| text + "  - " + entry + "\n"))
}

/// Removes ACLs, as far as they are there, and adds those that are not there yet. A file that is not there is made, for
/// its owner alone.
///
/// # Errors
/// If the file is wrong already, cannot be edited safely, or cannot be written. Nothing is changed then.
pub fn edit(path: &Path, remove: &[AclBinding], add: &[AclBinding]) -> Result<Edited, EditError> {
    let old = replace::read(path)?;
    let (new, edited) = edited(path, old.text(), remove, add)?;
    if new != old.text() {
        old.replace_by(&new)?;
    }
    Ok(edited)
}

fn edited(path: &Path, old: &str, remove: &[AclBinding], add: &[AclBinding]) -> Result<(String, Edited), EditError> {
    let before = match old.trim().is_empty() {
        true => Vec::new(),
        false => read(path, old)?,
    };
    let removed: HashSet<&AclBinding> = remove.iter().collect();
    let present: HashSet<&AclBinding> = before.iter().flatten().collect();
    let mut seen = HashSet::new();
    let added: Vec<AclBinding> = add
        .iter()
        .filter(|&binding| (!present.contains(binding) || removed.contains(binding)) && seen.insert(binding))
        .cloned()
        .collect();
    let rest: Vec<Vec<AclBinding>> = before
        .iter()
        .map(|entry| entry.iter().filter(|binding| !removed.contains(binding)).cloned().collect())
        .collect();
    let count = |entries: &[Vec<AclBinding>]| entries.iter().map(Vec::len).sum::<usize>();
    let edited =
        Edited { before: count(&before), removed: count(&before) - count(&rest), after: count(&rest) + added.len() };
    if edited.removed == 0 && added.is_empty() {
        return Ok((old.to_owned(), edited));
    }
    let new = text::change(old, &before, &rest, &added).map_err(|error| match error {
        text::Unchanged::NoWords(error) => EditError::NoWords(error),
        text::Unchanged::Layout(layout::Unreadable { line, what }) => {
            EditError::Layout { path: path.to_owned(), line, what }
        }
    })?;
    let expected: HashSet<&AclBinding> = rest.iter().flatten().chain(&added).collect();
    let says = read(path, &new).map_err(|_| EditError::Unsafe { path: path.to_owned() })?;
    let says: HashSet<&AclBinding> = says.iter().flatten().collect();
    match says == expected && others(old) == others(&new) {
        true => Ok((new, edited)),
        false => Err(EditError::Unsafe { path: path.to_owned() }),
    }
}

fn read(path: &Path, text: &str) -> Result<Vec<Vec<AclBinding>>, LoadError> {
    let mut reading = Reading::new(path, FileReferences::Below(directory_of(path)));
    let tree = tree::parse(text).map_err(|error| reading.error(error.mark, "", error.message)).ok();
    entries_of(reading, tree)
}

fn entries_of(mut reading: Reading, tree: Option<Node>) -> Result<Vec<Vec<AclBinding>>, LoadError> {
    let mut entries = Vec::new();
    if let Some(tree) = &tree
        && let Some(mut fields) = Fields::of_document(&mut reading, tree)
    {
        entries = document::entries(&mut reading, &mut fields);
    }
    match reading.has_errors() {
        false => Ok(entries),
        true => Err(LoadError { problems: reading.into_problems() }),
    }
}

/// What a document says beside its ACLs, wherever it stands.
fn others(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some(String::new());
    }
    let Ok(Node { value: Value::Mapping(entries), .. }) = tree::parse(text) else { return None };
    let others = entries.iter().filter(|(Key { name, .. }, _)| name != "acls");
    Some(others.map(|(Key { name, .. }, node)| format!("{name:?}: {}", said(node))).collect())
}

fn said(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Scalar { text, .. } => format!("{text:?}"),
        Value::Sequence(items) => format!("[{}]", items.iter().map(said).collect::<Vec<_>>().join(",")),
        Value::Mapping(entries) => {
            let entries = entries.iter().map(|(Key { name, .. }, node)| format!("{name:?}: {}", said(node)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
    }
}

#[cfg(test)]
mod tests;
