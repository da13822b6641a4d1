//! The database changed by the command line while no Doorkeeper has it open.

use std::path::Path;

use acl::AclBinding;

use super::directory::DATABASE;
use super::{Author, EmbeddedError, LoadedDatabase};
use crate::Bootstrap;

/// Whether there is a database in a directory. [`load`](super::load) would make one.
pub fn is_there(directory: &Path) -> bool {
    directory.join(DATABASE).exists()
}

/// As [`load`](super::load), by the command line: what is changed, by what comes of this too, goes into the journal.
///
/// # Errors
/// As [`load`](super::load).
pub fn load_offline(directory: &Path, bootstrap: &Bootstrap, author: &Author) -> Result<LoadedDatabase, EmbeddedError> {
    super::load_by(Some(author), directory, bootstrap)
}

impl LoadedDatabase {
    /// Removes ACLs, as far as they are there, and adds others, in one step. When this returns, it is on the disk.
    ///
    /// # Errors
    /// If the disk fails. Nothing is changed then.
    pub fn change_acls(&mut self, remove: &[AclBinding], add: &[AclBinding]) -> Result<(), EmbeddedError> {
        self.database.change_acls(remove, add)?;
        self.acls = self.database.read()?.0;
        Ok(())
    }
}
