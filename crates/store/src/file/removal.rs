//! A reload that takes away so much that it is more likely an accident: an empty template, a wrong file, a half-finished
//! merge. It is held back until the file itself says that it is meant.

use acl::{AclBinding, Policy, Settings};
use authentication::Users;

/// What a new state changes.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) added: Vec<AclBinding>,
    pub(super) removed: Vec<AclBinding>,
}

impl Change {
    pub(super) fn between(old: &Policy, new: &[AclBinding]) -> Change {
        let kept: std::collections::HashSet<&AclBinding> = new.iter().collect();
        Change {
            added: new.iter().filter(|binding| !old.contains(binding)).cloned().collect(),
            removed: old.bindings().filter(|binding| !kept.contains(binding)).collect(),
        }
    }
}

/// Why the change is not believed, if it is not: more than half of the ACLs would go, or all that a super user has.
pub(super) fn suspicion(old: &Policy, old_users: &Users, change: &Change, new_users: &Users) -> Option<String> {
    let (removed, all) = (change.removed.len(), old.len());
    if removed * 2 > all {
        return Some(format!("{removed} of {all} ACLs would be removed"));
    }
    for user in super_users(old.settings()) {
        let is_theirs = |acl: &AclBinding| &*acl.entry.principal == user;
        let keeps_one = || old.bindings().any(|acl| is_theirs(&acl) && !change.removed.contains(&acl));
        if change.removed.iter().any(is_theirs) && !change.added.iter().any(is_theirs) && !keeps_one() {
            return Some(format!("every ACL of the super user `{user}` would be removed"));
        }
        let name = user.strip_prefix("User:").unwrap_or_default();
        if old_users.contains(name) && !new_users.contains(name) {
            return Some(format!("the super user `{user}` would be removed from `users`"));
        }
    }
    None
}

fn super_users(settings: &Settings) -> impl Iterator<Item = &str> {
    let of_listeners = settings.listener_super_users.values().flatten();
    settings.super_users.iter().chain(of_listeners).map(String::as_str)
}
