//! What became of a change, for the audit line, the metrics and the log.

use std::fmt;

use acl::AclBinding;

use crate::problem::{Problem, Severity};

/// The outcome of one look at the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reload {
    /// The new state holds.
    Loaded {
        generation: u64,
        /// How many ACLs hold now; an entry with three operations and two hosts is six.
        acls: usize,
        added: usize,
        removed: usize,
        users: usize,
        /// What is valid and suspicious.
        warnings: Vec<Problem>,
        /// What is not as it was. Empty for the first load, which is no change.
        edits: Edits,
    },
    /// The file was read again and says what already holds.
    Unchanged { generation: u64 },
    /// The new state cannot be used; the old one still holds.
    Failed { problems: Vec<Problem> },
    /// The new state would take away too much to be believed; the old one still holds.
    Held { file: String, reason: String },
}

/// What somebody changed in a file, for the audit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits {
    /// The file as it was named to us.
    pub file: String,
    pub added: Vec<AclBinding>,
    pub removed: Vec<AclBinding>,
    /// Names, each with what became of it.
    pub users: Vec<(String, UserEdit)>,
}

/// What became of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserEdit {
    Created,
    /// Another credential, or other groups.
    Altered,
    Deleted,
}

/// What to do about a [`Reload::Held`].
pub const HOW_TO_ALLOW: &str =
    "if this is meant, write `allow_mass_removal: true` into the file, and remove it when it is done";

impl Edits {
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.users.is_empty()
    }
}

impl Reload {
    /// The value of the metric's label: `loaded`, `unchanged`, `failed` or `held`.
    pub fn result(&self) -> &'static str {
        match self {
            Reload::Loaded { .. } => "loaded",
            Reload::Unchanged { .. } => "unchanged",
            Reload::Failed { .. } => "failed",
            Reload::Held { .. } => "held",
        }
    }
}

impl fmt::Display for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reload::Loaded { generation, acls, added, removed, users, .. } => write!(
                f,
                "policy loaded: generation {generation}, {acls} ACLs ({added} added, {removed} removed), {users} users"
            ),
            Reload::Unchanged { generation } => write!(f, "policy unchanged: generation {generation}"),
            Reload::Failed { problems } => {
                f.write_str("policy not loaded, the old one still holds")?;
                let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
                errors.into_iter().try_for_each(|problem| write!(f, "; {problem}"))
            }
            Reload::Held { file, reason } => {
                write!(f, "policy held back, the old one still holds; {file}: {reason}; {HOW_TO_ALLOW}")
            }
        }
    }
}
