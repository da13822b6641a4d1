//! `bootstrap:` of the configuration: users and ACLs that an empty store is filled with, once.
//!
//! The same form as the file store's. When the store has been filled, what stands here plays no part any more.

use std::sync::Arc;

use acl::AclBinding;
use authentication::{ScramMechanism, Users};

use crate::file::document::Document;
use crate::file::user::UserEntry;
use crate::yaml::{Field, Reading};

/// What an empty store begins with. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bootstrap {
    pub(crate) users: Vec<UserEntry>,
    pub(crate) acls: Vec<AclBinding>,
}

impl Bootstrap {
    /// With what another store has.
    pub fn new(users: &Users, acls: &[AclBinding]) -> Bootstrap {
        let mut names: Vec<_> = users.names().collect();
        names.sort();
        let entry = |name: &Arc<str>| UserEntry {
            credentials: ScramMechanism::ALL
                .into_iter()
                .filter_map(|mechanism| Some((mechanism, users.get(name, mechanism)?.clone())))
                .collect(),
            groups: users.groups(name).to_vec(),
            ..UserEntry::new(name)
        };
        Bootstrap { users: names.into_iter().map(entry).collect(), acls: acls.to_vec() }
    }

    /// Reads `{ users: …, acls: … }`. What is wrong is in `reading`.
    pub fn read(reading: &mut Reading, field: &Field<'_>) -> Option<Bootstrap> {
        let mut fields = field.fields(reading)?;
        let mut document = Document::default();
        document.read_parts(reading, &mut fields, &Default::default());
        fields.finish(reading);
        let Document { users, acls, .. } = document;
        Some(Bootstrap { users, acls })
    }

    pub fn has_users(&self) -> bool {
        !self.users.is_empty()
    }

    pub fn has_acls(&self) -> bool {
        !self.acls.is_empty()
    }
}
