//! The whole file: `users`, `acls` and `allow_mass_removal`.

use std::collections::HashMap;

use acl::AclBinding;

use super::password::Passwords;
use super::user::{self, UserEntry};
use super::{Part, entry};
use crate::problem::Mark;
use crate::yaml::{Fields, Reading};

/// What the file says, if it says nothing wrong.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) users: Vec<UserEntry>,
    pub(crate) acls: Vec<AclBinding>,
    pub(super) allow_mass_removal: bool,
    pub(super) passwords: Passwords,
}

impl Document {
    /// Reads the file. What is wrong is in `reading`; the document then is only part of what was meant.
    pub(super) fn read(reading: &mut Reading, part: Part, known: &Passwords) -> Document {
        let Some(tree) = reading.tree() else { return Document::default() };
        let Some(mut fields) = Fields::of_document(reading, &tree) else { return Document::default() };
        let mut document = Document::default();
        for (name, is_ours) in [("acls", part.has_acls()), ("users", part.has_users())] {
            if !is_ours && let Some(field) = fields.optional(name) {
                field.error(reading, format!("is not read from this file: `store.{name}` says where they are"));
            }
        }
        document.read_parts(reading, &mut fields, known);
        if let Some(field) = fields.optional("allow_mass_removal") {
            document.allow_mass_removal = field.boolean(reading).unwrap_or(false);
            if document.allow_mass_removal {
                field.warning(reading, "stays on: remove it when the removal is done, or no later one is held back");
            }
        }
        fields.finish(reading);
        document
    }

    /// `users` and `acls`, wherever they are.
    pub(crate) fn read_parts(&mut self, reading: &mut Reading, fields: &mut Fields<'_>, known: &Passwords) {
        self.read_users(reading, fields, known);
        self.read_acls(reading, fields);
    }

    /// The users, as a login looks them up.
    pub(super) fn users(&self) -> authentication::Users {
        let mut builder = authentication::Users::builder();
        for user in &self.users {
            user.add_to(&mut builder)
                .expect("each user and credential was validated when it was read, and is there once");
        }
        builder.build()
    }

    fn read_users(&mut self, reading: &mut Reading, fields: &mut Fields<'_>, known: &Passwords) {
        let has_acls = fields.has("acls");
        let Some(field) = fields.optional("users") else {
            if !has_acls {
                reading.error(fields.mark(), "", "has neither `users` nor `acls`: write `acls: []` if none are meant");
            }
            return;
        };
        let Some(mut users) = field.fields(reading) else { return };
        for (key, field) in users.rest() {
            if let Some(user) = user::read(reading, key, &field, known, &mut self.passwords) {
                self.users.push(user);
            }
        }
    }

    fn read_acls(&mut self, reading: &mut Reading, fields: &mut Fields<'_>) {
        self.acls = entries(reading, fields).into_iter().flatten().collect();
    }
}

/// The ACLs of each entry. One that is there twice is an error.
pub(super) fn entries(reading: &mut Reading, fields: &mut Fields<'_>) -> Vec<Vec<AclBinding>> {
    let Some(field) = fields.optional("acls") else { return Vec::new() };
    let mut first_seen: HashMap<AclBinding, Mark> = HashMap::new();
    let mut entries = Vec::new();
    for item in field.items(reading, "ACLs, or `[]` for none").unwrap_or_default() {
        let mut bindings = entry::read(reading, &item);
        bindings.retain(|binding| match first_seen.insert(binding.clone(), item.mark()) {
            None => true,
            Some(first) => {
                let message = format!("the ACL `{binding}` is here twice, first in line {}", first.line);
                item.error(reading, message);
                false
            }
        });
        entries.push(bindings);
    }
    entries
}
