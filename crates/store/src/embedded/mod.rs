//! ACLs and users in a database on this node's disk (`redb`), changed by Kafka's own tools.
//!
//! ```text
//! a request ─▶ turn ─▶ plan ─▶ one write transaction, on the disk ─▶ Current ─▶ the answer
//! ```
//!
//! Changes take turns. Each is planned on what holds now, written in one transaction and only then made to hold, so what
//! is answered is on the disk, and what is on the disk is whole. Decisions read memory and never wait for the disk.
//!
//! The directory, which is ours alone (mode 0700):
//!
//! | file | |
//! |---|---|
//! | `store.redb` | the database, mode 0600 |
//! | `initialised` | says that there was one: without it the directory is new, and `bootstrap:` fills it |
//! | `store.redb.new` | a database that is being filled; it counts for nothing until it has its name |
//!
//! The command line changes a database that nobody has open ([`load_offline`]); what it did is in the [`Journal`] until the
//! next start has told it.
//!
//! Start reading at [`EmbeddedStore`]; `database.rs` is the disk, `record.rs` its bytes, `directory.rs` the files.

mod database;
mod directory;
mod journal;
mod offline;
pub(crate) mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use acl::{AclBinding, AclBindingFilter};
use apis::{Refused, ScramAlteration};
use authentication::Users;
use tokio::sync::{Mutex, Notify, mpsc};

use crate::file::user::UserEntry;
use crate::{Altered, AlteredCredential, Bootstrap, Created, Current, Deleted, Pending, Reload, Store};
use database::Database;
pub use database::EmbeddedError;
pub use journal::{Author, Journal, MOST_KEPT, OfflineChange, Untold};
pub use offline::{is_there, load_offline};

pub(crate) type UserEntries = BTreeMap<String, UserEntry>;

/// What a client is told when the disk fails; the log has the cause.
const CANNOT_WRITE: &str = "the store of ACLs and users cannot be written: see the log of Doorkeeper";

/// The database, loaded and not yet in use.
#[derive(Debug)]
pub struct LoadedDatabase {
    database: Database,
    acls: Vec<AclBinding>,
    users: UserEntries,
    is_new: bool,
    untold: Untold,
}

/// The database, in use.
#[derive(Debug)]
pub struct EmbeddedStore {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    /// As the database has them. The ACLs are in the policy of `current`.
    users: UserEntries,
    current: Current,
    /// A change began and did not come to its end: memory and disk may differ.
    is_torn: bool,
}

/// Opens the database in a directory. A directory that is new is made and filled with `bootstrap`.
///
/// # Errors
/// If the directory or the database cannot be used, is open to others, is in use, or has lost what says that it was
/// filled before.
pub fn load(directory: &Path, bootstrap: &Bootstrap) -> Result<LoadedDatabase, EmbeddedError> {
    let loaded = load_by(None, directory, bootstrap)?;
    let untold = loaded.database.offline_changes()?;
    Ok(LoadedDatabase { untold, ..loaded })
}

fn load_by(author: Option<&Author>, directory: &Path, bootstrap: &Bootstrap) -> Result<LoadedDatabase, EmbeddedError> {
    let (database, is_new) = directory::open(directory, bootstrap, author)?;
    let (acls, users) = database.read()?;
    Ok(LoadedDatabase { database, acls, users, is_new, untold: Untold::default() })
}

/// What will stop a start with this directory, as far as it can be seen without touching it. For `doorkeeper check`.
///
/// # Errors
/// As [`load`], but for what only opening the database can tell.
pub fn check(directory: &Path) -> Result<(), EmbeddedError> {
    directory::check(directory)
}

impl LoadedDatabase {
    pub fn acls(&self) -> &[AclBinding] {
        &self.acls
    }

    pub fn users(&self) -> Users {
        users_of(&self.users)
    }

    pub fn directory(&self) -> &Path {
        self.database.directory()
    }

    /// Whether it was made and filled just now.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The store that changes its part of `current`, in which the database is already.
    pub fn into_store(self, current: Current) -> EmbeddedStore {
        let LoadedDatabase { database, users, .. } = self;
        EmbeddedStore { inner: Arc::new(Mutex::new(Inner { database, users, current, is_torn: false })) }
    }

    /// The same, and what was changed offline, if anything was.
    pub(crate) fn into_store_and_journal(mut self, current: Current) -> (EmbeddedStore, Option<Journal>) {
        let (directory, untold) = (self.directory().to_owned(), std::mem::take(&mut self.untold));
        let store = self.into_store(current);
        let journal = (!untold.is_empty()).then(|| Journal::new(&directory, untold, Arc::clone(&store.inner)));
        (store, journal)
    }
}

impl EmbeddedStore {
    /// One change, in its turn and away from those who decide. It goes on if nobody waits for it any more.
    fn change<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Inner) -> Result<T, Refused> + Send + 'static,
    ) -> Pending<Result<T, Refused>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let mut inner = inner.lock_owned().await;
            let done = tokio::task::spawn_blocking(move || {
                if inner.is_torn {
                    tracing::error!("the store is not written any more after a change that was cut off: restart");
                    return Err(Refused::Unavailable(CANNOT_WRITE.to_owned()));
                }
                inner.is_torn = true;
                let done = act(&mut inner);
                inner.is_torn = false;
                done
            });
            done.await.unwrap_or_else(|_| Err(Refused::Unavailable(CANNOT_WRITE.to_owned())))
        })
    }
}

impl Store for EmbeddedStore {
    fn create_acls(&self, bindings: Vec<AclBinding>) -> Pending<Result<Created, Refused>> {
        self.change(move |inner| {
            let created = Created::plan(&inner.current.load().policy, bindings)?;
            inner.change_acls(&[], &created.added)?;
            Ok(created)
        })
    }

    fn delete_acls(&self, filters: Vec<AclBindingFilter>) -> Pending<Result<Deleted, Refused>> {
        self.change(move |inner| {
            let deleted = Deleted::plan(&inner.current.load().policy, &filters)?;
            inner.change_acls(&deleted.removed, &[])?;
            Ok(deleted)
        })
    }

    fn alter_credentials(&self, alterations: Vec<ScramAlteration>) -> Pending<Result<Altered, Refused>> {
        self.change(move |inner| inner.alter_credentials(alterations))
    }

    /// Nobody else writes here.
    fn keep_current(self: Arc<Self>, _: Arc<Notify>, _: mpsc::Sender<Reload>) -> Pending<()> {
        Box::pin(std::future::pending())
    }
}

impl Inner {
    fn change_acls(&mut self, remove: &[AclBinding], add: &[AclBinding]) -> Result<(), Refused> {
        if remove.is_empty() && add.is_empty() {
            return Ok(());
        }
        self.database.change_acls(remove, add).map_err(cannot_write)?;
        self.current.update(|old| (old.policy.with_changes(remove, add), Arc::clone(&old.users)));
        Ok(())
    }

    fn alter_credentials(&mut self, alterations: Vec<ScramAlteration>) -> Result<Altered, Refused> {
        let mut altered = Altered::default();
        let mut changed = UserEntries::new();
        for ScramAlteration { user, mechanism, credential } in alterations {
            let known = changed.get(&*user).or_else(|| self.users.get(&*user)).cloned();
            let mut entry = known.unwrap_or_else(|| UserEntry::new(&user));
            let after = credential.as_ref().map(|credential| credential.iterations);
            let before = entry.set(mechanism, credential).map(|credential| credential.iterations);
            if before.is_none() && after.is_none() {
                altered.missing.insert(user);
                continue;
            }
            changed.insert(user.as_ref().to_owned(), entry);
            altered.credentials.push(AlteredCredential { user, mechanism, before, after });
        }
        if changed.is_empty() {
            return Ok(altered);
        }
        let (kept, gone): (UserEntries, UserEntries) = changed.into_iter().partition(|(_, entry)| !entry.is_nobody());
        let gone: BTreeSet<String> = gone.into_keys().collect();
        self.database.change_users(&gone, kept.values(), &altered.credentials).map_err(cannot_write)?;
        self.users.retain(|user, _| !gone.contains(user));
        self.users.extend(kept);
        let users = Arc::new(users_of(&self.users));
        self.current.update(|old| (old.policy.clone(), users));
        Ok(altered)
    }
}

pub(crate) fn users_of(entries: &UserEntries) -> Users {
    let mut builder = Users::builder();
    for entry in entries.values() {
        entry.add_to(&mut builder).expect("what is in a store was validated when it came there, and when it was read");
    }
    builder.build()
}

fn cannot_write(error: EmbeddedError) -> Refused {
    tracing::error!("the store cannot be written: {error}");
    Refused::Unavailable(CANNOT_WRITE.to_owned())
}
