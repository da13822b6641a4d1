//! `authorizer`: Kafka's properties of the same names.

use std::collections::BTreeSet;

use store::yaml::{Field, Reading};

/// `super.users`, and whether what no ACL is about is open to everybody.
#[derive(Debug, Default)]
pub(super) struct Authorizer {
    pub(super) super_users: BTreeSet<String>,
    pub(super) allow_everyone_if_no_acl_found: bool,
}

pub(super) fn read(reading: &mut Reading, field: &Field<'_>) -> Option<Authorizer> {
    let mut fields = field.fields(reading)?;
    let mut authorizer = Authorizer::default();
    if let Some(field) = fields.optional("super.users") {
        authorizer.super_users = super_users(reading, &field);
    }
    if let Some(field) = fields.optional("allow.everyone.if.no.acl.found") {
        authorizer.allow_everyone_if_no_acl_found = field.boolean(reading).unwrap_or(false);
    }
    fields.not_built_yet(reading, &["early.start.listeners", "shadow"]);
    fields.finish(reading);
    Some(authorizer)
}

/// Kafka's form: `User:admin;User:ops`.
pub(super) fn super_users(reading: &mut Reading, field: &Field<'_>) -> BTreeSet<String> {
    let Some(text) = field.text_or_empty(reading, "principals such as `User:admin`, separated by semicolons") else {
        return BTreeSet::new();
    };
    let users = match acl::Settings::parse_super_users(text.as_str()) {
        Ok(users) => users,
        Err(_) if !text.is_written_out() => {
            field.error(
                reading,
                format!("{} holds no principals such as `User:admin`, separated by semicolons", text.shown()),
            );
            return BTreeSet::new();
        }
        Err(error) => {
            field.error(reading, error.to_string());
            return BTreeSet::new();
        }
    };
    for user in &users {
        suspicious(reading, field, user);
    }
    users
}

fn suspicious(reading: &mut Reading, field: &Field<'_>, user: &str) {
    match user.split_once(':') {
        Some(("User", "ANONYMOUS")) => {
            field.warning(reading, "`User:ANONYMOUS` as a super user: whoever need not log in may do everything");
        }
        Some(("User", "*")) => field.warning(reading, "`User:*` is one user of this name: there is no wildcard here"),
        // A comma is part of a certificate's name, but mostly a semicolon was meant.
        Some(("User", name)) if name.contains(",User:") => {
            field.warning(reading, format!("`{user}` is one user: separate users by semicolons"));
        }
        Some(("User", _)) | None => {}
        Some((principal_type, _)) => {
            field.warning(reading, format!("`{user}` is nobody: no login gives the type `{principal_type}`"));
        }
    }
}
