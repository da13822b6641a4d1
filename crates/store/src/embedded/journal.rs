//! What the command line changed while no Doorkeeper had the database open, kept until the next one has told the audit.
//!
//! An entry is written in the transaction of its change, so there is never one without the other. It is JSON: who, when,
//! by which command, and what became of which ACL, credential and group. No secret is in it. What does not fit any more is
//! counted. A release that knows no journal leaves it alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use acl::AclBinding;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redb::{ReadTransaction, ReadableTable, TableDefinition, TableError, WriteTransaction};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::database::META;
use super::{EmbeddedError, Inner, record};
use crate::AlteredCredential;
use crate::file::user::UserEntry;

/// By their order.
const ENTRIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("offline_changes");
/// In `meta`: changes that are in the journal, and those that had no room there.
const KEPT: &str = "offline_changes_kept";
const LEFT_OUT: &str = "offline_changes_left_out";

/// Changes that the journal keeps between two starts: the ACLs of a large store, moved once.
pub const MOST_KEPT: u64 = 100_000;

/// Who changes a database that no Doorkeeper has open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Of the operating system; nothing if it has no name for the number.
    pub user: Option<String>,
    pub uid: u32,
    /// As it is called: `acls --add`. Without anything that could be a secret.
    pub command: String,
}

/// One change made offline, which was one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineChange {
    pub by: Author,
    /// Milliseconds since 1970.
    pub at_ms: u64,
    pub removed: Vec<AclBinding>,
    pub added: Vec<AclBinding>,
    pub credentials: Vec<AlteredCredential>,
    /// What users were made members of.
    pub groups: Vec<(Arc<str>, Vec<Arc<str>>)>,
}

/// What the audit has not been told yet, in the order in which it was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Untold {
    pub changes: Vec<OfflineChange>,
    /// Single changes for which the journal had no room, or that cannot be read.
    pub left_out: u64,
}

/// The journal of a database that is in use.
#[derive(Debug)]
pub struct Journal {
    pub directory: PathBuf,
    pub untold: Untold,
    inner: Arc<Mutex<Inner>>,
}

impl Journal {
    pub(super) fn new(directory: &Path, untold: Untold, inner: Arc<Mutex<Inner>>) -> Journal {
        Journal { directory: directory.to_owned(), untold, inner }
    }

    /// Empties it, when everything is told. Before that, what is in it is told again at the next start.
    ///
    /// # Errors
    /// If the disk fails.
    pub async fn forget(self) -> Result<(), EmbeddedError> {
        let inner = self.inner.lock_owned().await;
        let forgotten = tokio::task::spawn_blocking(move || inner.database.forget_offline_changes());
        forgotten.await.expect("nothing in the journal makes it panic")
    }
}

impl Untold {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.left_out == 0
    }
}

/// What a transaction has changed.
#[derive(Debug, Default)]
pub(super) struct Changes<'c> {
    pub(super) removed: BTreeSet<&'c AclBinding>,
    pub(super) added: Vec<&'c AclBinding>,
    pub(super) credentials: Vec<AlteredCredential>,
    pub(super) groups: Vec<(&'c str, &'c [Arc<str>])>,
}

impl<'c> Changes<'c> {
    /// Users in a database that is new.
    pub(super) fn users_created(&mut self, users: &'c [UserEntry]) {
        for user in users {
            let name: Arc<str> = user.name.as_str().into();
            let created = user.credentials.iter().map(|(mechanism, credential)| AlteredCredential {
                user: Arc::clone(&name),
                mechanism: *mechanism,
                before: None,
                after: Some(credential.iterations),
            });
            self.credentials.extend(created);
            if !user.groups.is_empty() {
                self.groups.push((&user.name, &user.groups));
            }
        }
    }

    fn len(&self) -> usize {
        self.removed.len() + self.added.len() + self.credentials.len() + self.groups.len()
    }

    /// Only so many of them.
    fn json(&self, author: &Author, at_ms: u64, mut room: usize) -> Value {
        let mut some = |many: usize| {
            let taken = many.min(room);
            room -= taken;
            taken
        };
        let acl = |binding: &&AclBinding| Value::from(STANDARD.encode(record::acl_bytes(binding)));
        let removed: Vec<Value> = self.removed.iter().take(some(self.removed.len())).map(acl).collect();
        let added: Vec<Value> = self.added.iter().take(some(self.added.len())).map(acl).collect();
        let credentials = self.credentials.iter().take(some(self.credentials.len()));
        let credentials: Vec<Value> = credentials
            .map(|AlteredCredential { user, mechanism, before, after }| {
                json!({ "user": &**user, "mechanism": mechanism.to_string(), "before": before, "after": after })
            })
            .collect();
        let groups = self.groups.iter().take(some(self.groups.len()));
        let groups: Vec<Value> = groups
            .map(|(user, groups)| {
                let groups: Vec<&str> = groups.iter().map(|group| &**group).collect();
                json!({ "user": user, "groups": groups })
            })
            .collect();
        json!({
            "user": author.user, "uid": author.uid, "command": author.command, "at_ms": at_ms,
            "removed": removed, "added": added, "credentials": credentials, "groups": groups,
        })
    }
}

pub(super) fn append(
    transaction: &WriteTransaction,
    author: &Author,
    at_ms: u64,
    changes: &Changes<'_>,
) -> Result<(), redb::Error> {
    let many = u64::try_from(changes.len()).unwrap_or(u64::MAX);
    if many == 0 {
        return Ok(());
    }
    let mut meta = transaction.open_table(META)?;
    let kept = meta.get(KEPT)?.map_or(0, |number| number.value());
    let room = MOST_KEPT.saturating_sub(kept);
    if room > 0 {
        let mut entries = transaction.open_table(ENTRIES)?;
        let next = entries.last()?.map_or(0, |(last, _)| last.value().saturating_add(1));
        let entry = changes.json(author, at_ms, usize::try_from(room).unwrap_or(usize::MAX));
        entries.insert(next, entry.to_string().as_bytes())?;
        meta.insert(KEPT, kept.saturating_add(many.min(room)))?;
    }
    if many > room {
        let before = meta.get(LEFT_OUT)?.map_or(0, |number| number.value());
        meta.insert(LEFT_OUT, before.saturating_add(many - room))?;
    }
    Ok(())
}

pub(super) fn read(transaction: &ReadTransaction) -> Result<Untold, redb::Error> {
    let mut untold = Untold::default();
    let entries = match transaction.open_table(ENTRIES) {
        Ok(entries) => entries,
        Err(TableError::TableDoesNotExist(_)) => return Ok(untold),
        Err(error) => return Err(error.into()),
    };
    untold.left_out = transaction.open_table(META)?.get(LEFT_OUT)?.map_or(0, |number| number.value());
    for entry in entries.iter()? {
        // What another release writes there does not stop a start.
        match change(entry?.1.value()) {
            Some(change) => untold.changes.push(change),
            None => untold.left_out = untold.left_out.saturating_add(1),
        }
    }
    Ok(untold)
}

pub(super) fn forget(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    transaction.delete_table(ENTRIES)?;
    let mut meta = transaction.open_table(META)?;
    meta.remove(KEPT)?;
    meta.remove(LEFT_OUT)?;
    Ok(())
}

fn change(bytes: &[u8]) -> Option<OfflineChange> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let list = |name: &str| value.get(name)?.as_array();
    let acls = |name: &str| -> Option<Vec<AclBinding>> {
        let acl = |text: &Value| record::acl(&STANDARD.decode(text.as_str()?).ok()?);
        list(name)?.iter().map(acl).collect()
    };
    let credential = |value: &Value| {
        Some(AlteredCredential {
            user: value.get("user")?.as_str()?.into(),
            mechanism: value.get("mechanism")?.as_str()?.parse().ok()?,
            before: iterations(value.get("before")?)?,
            after: iterations(value.get("after")?)?,
        })
    };
    let groups = |value: &Value| {
        let groups = value.get("groups")?.as_array()?.iter().map(|group| group.as_str().map(Arc::from));
        Some((Arc::from(value.get("user")?.as_str()?), groups.collect::<Option<_>>()?))
    };
    Some(OfflineChange {
        by: Author {
            user: value.get("user")?.as_str().map(str::to_owned),
            uid: value.get("uid")?.as_u64()?.try_into().ok()?,
            command: value.get("command")?.as_str()?.to_owned(),
        },
        at_ms: value.get("at_ms")?.as_u64()?,
        removed: acls("removed")?,
        added: acls("added")?,
        credentials: list("credentials")?.iter().map(credential).collect::<Option<_>>()?,
        groups: list("groups")?.iter().map(groups).collect::<Option<_>>()?,
    })
}

fn iterations(value: &Value) -> Option<Option<u32>> {
    match value {
        Value::Null => Some(None),
        number => number.as_u64()?.try_into().ok().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use acl::{AccessControlEntry, AclOperation, AclPermissionType, ResourcePattern, ResourceType};
    use authentication::ScramMechanism;

    use super::*;

    fn acl(topic: &str) -> AclBinding {
        AclBinding::new(
            ResourcePattern::literal(ResourceType::Topic, topic),
            AccessControlEntry::new("User:bob", "*", AclOperation::Read, AclPermissionType::Allow),
        )
    }

    #[test]
    fn an_entry_is_read_back_as_far_as_there_was_room() {
        let by = Author { user: None, uid: 1000, command: "acls --add".to_owned() };
        let (a, b) = (acl("a"), acl("b"));
        let credential = AlteredCredential {
            user: "bob".into(),
            mechanism: ScramMechanism::Sha256,
            before: Some(4096),
            after: None,
        };
        let groups: [Arc<str>; 1] = ["Group:finance".into()];
        let changes = Changes {
            removed: [&a].into(),
            added: vec![&b],
            credentials: vec![credential.clone()],
            groups: vec![("bob", &groups)],
        };
        let read = |room| change(changes.json(&by, 7, room).to_string().as_bytes());
        let all = OfflineChange {
            by: by.clone(),
            at_ms: 7,
            removed: vec![a.clone()],
            added: vec![b.clone()],
            credentials: vec![credential],
            groups: vec![("bob".into(), groups.to_vec())],
        };
        assert_eq!(read(4), Some(all.clone()));
        assert_eq!(read(2), Some(OfflineChange { credentials: Vec::new(), groups: Vec::new(), ..all }));
        assert_eq!(change(b"{}"), None);
    }
}
