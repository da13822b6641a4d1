//! The database itself: three tables, one more for the journal, and a transaction for each change.
//!
//! `meta` has the number of this form and how many ACLs and users there are. A database without them, or with others
//! than are found, has lost something and is not used.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use acl::AclBinding;
use redb::backends::FileBackend;
use redb::{DatabaseError, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};

use super::journal::{self, Author, Changes, Untold};
use super::{UserEntries, record};
use crate::file::user::UserEntry;
use crate::{AlteredCredential, Bootstrap};

/// The key is the whole ACL.
const ACLS: TableDefinition<'_, &[u8], ()> = TableDefinition::new("acls");
/// By name.
const USERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("users");
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

const FORM: &str = "form";
const ACL_COUNT: &str = "acls";
const USER_COUNT: &str = "users";

/// Raised by releases whose databases older ones must not touch.
const CURRENT_FORM: u64 = 1;

/// All that is read is kept in memory anyway.
const CACHE_BYTES: usize = 8 << 20;

/// Why the store cannot be used. The operator's or the disk's.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error("cannot use `{}`: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("others can use the directory `{}` (mode {mode:04o}), which holds credentials: `chmod 700` it", directory.display())]
    OpenToOthers { directory: PathBuf, mode: u32 },
    #[error("`{}` is in use: another Doorkeeper runs with it", path.display())]
    InUse { path: PathBuf },
    #[error(
        "the store has lost its database: `{}` says that there was one, and `{}` is not there. Bring it back from a \
         backup; or remove the first, and an empty store is filled from `bootstrap`",
        mark.display(), path.display()
    )]
    Lost { path: PathBuf, mark: PathBuf },
    #[error("`{}` has no mark that says it was ever filled: it is not Doorkeeper's, or damaged. Bring it back from a backup", path.display())]
    NoMark { path: PathBuf },
    #[error("`{}` was written by a newer Doorkeeper (form {form}, this one knows {CURRENT_FORM})", path.display())]
    NewerForm { path: PathBuf, form: u64 },
    #[error("`{}` is damaged: {what}. Bring it back from a backup", path.display())]
    Damaged { path: PathBuf, what: String },
    #[error("`{}`: {source}", path.display())]
    Database { path: PathBuf, source: Box<redb::Error> },
}

impl EmbeddedError {
    pub(super) fn io(path: &Path, source: io::Error) -> EmbeddedError {
        EmbeddedError::Io { path: path.to_owned(), source }
    }
}

/// An open database; the only one of the process, and of the machine.
pub(super) struct Database {
    path: PathBuf,
    database: redb::Database,
    /// Whoever writes, if it is the command line: then it goes into the journal.
    author: Option<Author>,
}

impl Database {
    /// Makes one in an empty file and fills it.
    pub(super) fn create(
        path: &Path,
        file: File,
        bootstrap: &Bootstrap,
        author: Option<&Author>,
    ) -> Result<(), EmbeddedError> {
        let database = FileBackend::new(file)
            .and_then(|file| builder().create_with_backend(file))
            .map_err(|error| opening(path, error))?;
        let database = Database { path: path.to_owned(), database, author: author.cloned() };
        database.write(|transaction| {
            transaction.open_table(META)?.insert(FORM, CURRENT_FORM)?;
            put_users(transaction, &BTreeSet::new(), bootstrap.users.iter())?;
            let mut changes = put_acls(transaction, &[], &bootstrap.acls)?;
            changes.users_created(&bootstrap.users);
            Ok(changes)
        })
    }

    pub(super) fn open(path: &Path, author: Option<&Author>) -> Result<Database, EmbeddedError> {
        crate::permissions::secret_is_open_to_others(path)
            .map_err(|message| EmbeddedError::io(path, io::Error::other(message)))?;
        let database = builder().open(path).map_err(|error| opening(path, error))?;
        Ok(Database { path: path.to_owned(), database, author: author.cloned() })
    }

    pub(super) fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Everything in it.
    pub(super) fn read(&self) -> Result<(Vec<AclBinding>, UserEntries), EmbeddedError> {
        let read = self.read_tables().map_err(|source| self.error(source))?;
        let Some((counts, acls, users)) = read else { return Err(EmbeddedError::NoMark { path: self.path.clone() }) };
        if counts.form > CURRENT_FORM {
            return Err(EmbeddedError::NewerForm { path: self.path.clone(), form: counts.form });
        }
        let damaged = |what: String| EmbeddedError::Damaged { path: self.path.clone(), what };
        let unreadable = |what: &str| damaged(format!("{what} in it cannot be read"));
        let acls: Option<Vec<AclBinding>> = acls.iter().map(|bytes| record::acl(bytes)).collect();
        let acls = acls.ok_or_else(|| unreadable("an ACL"))?;
        let users: Option<UserEntries> =
            users.iter().map(|(name, bytes)| Some((name.clone(), record::user(name, bytes)?))).collect();
        let users = users.ok_or_else(|| unreadable("a user"))?;
        for (what, expected, found) in [("ACLs", counts.acls, acls.len()), ("users", counts.users, users.len())] {
            if u64::try_from(found) != Ok(expected) {
                return Err(damaged(format!("it should have {expected} {what} and has {found}")));
            }
        }
        Ok((acls, users))
    }

    pub(super) fn change_acls(&self, remove: &[AclBinding], add: &[AclBinding]) -> Result<(), EmbeddedError> {
        self.write(|transaction| put_acls(transaction, remove, add))
    }

    /// `altered` is what that comes to.
    pub(super) fn change_users<'e>(
        &self,
        remove: &BTreeSet<String>,
        put: impl Iterator<Item = &'e UserEntry>,
        altered: &[AlteredCredential],
    ) -> Result<(), EmbeddedError> {
        self.write(|transaction| {
            put_users(transaction, remove, put)?;
            Ok(Changes { credentials: altered.to_vec(), ..Changes::default() })
        })
    }

    /// What the command line has changed, and nobody was told.
    pub(super) fn offline_changes(&self) -> Result<Untold, EmbeddedError> {
        let read = || journal::read(&self.database.begin_read()?);
        read().map_err(|source| self.error(source))
    }

    pub(super) fn forget_offline_changes(&self) -> Result<(), EmbeddedError> {
        self.write(|transaction| {
            journal::forget(transaction)?;
            Ok(Changes::default())
        })
    }

    /// One transaction; when this returns, it is on the disk.
    fn write<'c>(
        &self,
        change: impl FnOnce(&WriteTransaction) -> Result<Changes<'c>, redb::Error>,
    ) -> Result<(), EmbeddedError> {
        let write = || {
            let transaction = self.database.begin_write()?;
            let changes = change(&transaction)?;
            if let Some(author) = &self.author {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
                journal::append(&transaction, author, now, &changes)?;
            }
            transaction.commit()?;
            Ok(())
        };
        write().map_err(|source| self.error(source))
    }

    fn read_tables(&self) -> Result<Option<Tables>, redb::Error> {
        let transaction = self.database.begin_read()?;
        let meta = match transaction.open_table(META) {
            Ok(meta) => meta,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let number = |name| meta.get(name).map(|found| found.map(|number| number.value()));
        let (Some(form), Some(acls), Some(users)) = (number(FORM)?, number(ACL_COUNT)?, number(USER_COUNT)?) else {
            return Ok(None);
        };
        let counts = Counts { form, acls, users };
        if form > CURRENT_FORM {
            return Ok(Some((counts, Vec::new(), Vec::new())));
        }
        let mut acls = Vec::new();
        for entry in transaction.open_table(ACLS)?.iter()? {
            acls.push(entry?.0.value().to_owned());
        }
        let mut users = Vec::new();
        for entry in transaction.open_table(USERS)?.iter()? {
            let (name, user) = entry?;
            users.push((name.value().to_owned(), user.value().to_owned()));
        }
        Ok(Some((counts, acls, users)))
    }

    fn error(&self, source: redb::Error) -> EmbeddedError {
        EmbeddedError::Database { path: self.path.clone(), source: Box::new(source) }
    }
}

struct Counts {
    form: u64,
    acls: u64,
    users: u64,
}

type Tables = (Counts, Vec<Vec<u8>>, Vec<(String, Vec<u8>)>);

fn put_acls<'c>(
    transaction: &WriteTransaction,
    remove: &'c [AclBinding],
    add: &'c [AclBinding],
) -> Result<Changes<'c>, redb::Error> {
    let mut table = transaction.open_table(ACLS)?;
    let mut changes = Changes::default();
    for binding in remove {
        if table.remove(record::acl_bytes(binding).as_slice())?.is_some() {
            changes.removed.insert(binding);
        }
    }
    for binding in add {
        let is_new = table.insert(record::acl_bytes(binding).as_slice(), ())?.is_none();
        if is_new && !changes.removed.remove(binding) {
            changes.added.push(binding);
        }
    }
    let count = table.len()?;
    transaction.open_table(META)?.insert(ACL_COUNT, count)?;
    Ok(changes)
}

fn put_users<'e>(
    transaction: &WriteTransaction,
    remove: &BTreeSet<String>,
    put: impl Iterator<Item = &'e UserEntry>,
) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(USERS)?;
    for user in remove {
        table.remove(user.as_str())?;
    }
    for entry in put {
        table.insert(entry.name.as_str(), record::user_bytes(entry).as_slice())?;
    }
    let count = table.len()?;
    transaction.open_table(META)?.insert(USER_COUNT, count)?;
    Ok(())
}

/// What is read after a crash, or was changed on the disk, is checked before it is believed.
fn builder() -> redb::Builder {
    let mut builder = redb::Database::builder();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder
}

fn opening(path: &Path, error: DatabaseError) -> EmbeddedError {
    let path = path.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen => EmbeddedError::InUse { path },
        error => EmbeddedError::Database { path, source: Box::new(error.into()) },
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("path", &self.path).finish_non_exhaustive()
    }
}
