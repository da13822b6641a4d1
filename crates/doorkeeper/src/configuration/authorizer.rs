//! `authorizer`: Kafka's properties of the same names, and whether its denials count yet.

use std::collections::BTreeSet;

use acl::Shadow;
use store::yaml::{Field, Fields, Reading};

/// `super.users`, whether what no ACL is about is open to everybody, and whose denials are only told.
#[derive(Debug, Default)]
pub(super) struct Authorizer {
    pub(super) super_users: BTreeSet<String>,
    pub(super) allow_everyone_if_no_acl_found: bool,
    pub(super) shadow: Shadow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Enforce,
    Shadow,
}

const MODES: &[(&str, Mode)] = &[("enforce", Mode::Enforce), ("shadow", Mode::Shadow)];

pub(super) fn read(reading: &mut Reading, field: &Field<'_>) -> Option<Authorizer> {
    let mut fields = field.fields(reading)?;
    let mut authorizer = Authorizer::default();
    if let Some(field) = fields.optional("super.users") {
        authorizer.super_users = super_users(reading, &field);
    }
    if let Some(field) = fields.optional("allow.everyone.if.no.acl.found") {
        authorizer.allow_everyone_if_no_acl_found = field.boolean(reading).unwrap_or(false);
    }
    authorizer.shadow = shadow(reading, &mut fields);
    fields.not_built_yet(reading, &["early.start.listeners"]);
    fields.finish(reading);
    Some(authorizer)
}

/// `mode: shadow`, for everybody or for `shadow.principals`.
fn shadow(reading: &mut Reading, fields: &mut Fields<'_>) -> Shadow {
    let mode_field = fields.optional("mode");
    let mode = mode_field.as_ref().and_then(|field| field.one_of(reading, MODES)).unwrap_or(Mode::Enforce);
    let principals_field = fields.optional("shadow.principals");
    match (mode, &mode_field, &principals_field) {
        (Mode::Enforce, None, None) => Shadow::Nobody,
        (Mode::Enforce, _, Some(field)) => {
            field.error(reading, "is for `mode: shadow`");
            Shadow::Nobody
        }
        (Mode::Enforce, Some(_), None) => Shadow::Nobody,
        (Mode::Shadow, mode, None) => {
            if let Some(field) = mode {
                field.warning(reading, "lets everybody do everything, and only tells what would have been denied");
            }
            Shadow::Everybody
        }
        (Mode::Shadow, _, Some(field)) => {
            let principals = principals(reading, field);
            if principals.as_ref().is_some_and(BTreeSet::is_empty) {
                field.error(reading, "names nobody: for everybody, leave it out");
            }
            Shadow::Principals(principals.unwrap_or_default())
        }
    }
}

/// Who may do everything.
pub(super) fn super_users(reading: &mut Reading, field: &Field<'_>) -> BTreeSet<String> {
    let users = principals(reading, field).unwrap_or_default();
    for user in &users {
        suspicious(reading, field, user);
    }
    users
}

/// Kafka's form: `User:admin;User:ops`.
fn principals(reading: &mut Reading, field: &Field<'_>) -> Option<BTreeSet<String>> {
    let text = field.text_or_empty(reading, "principals such as `User:admin`, separated by semicolons")?;
    match acl::Settings::parse_super_users(text.as_str()) {
        Ok(users) => Some(users),
        Err(_) if !text.is_written_out() => {
            let message = format!("{} holds no principals such as `User:admin`, separated by semicolons", text.shown());
            field.error(reading, message);
            None
        }
        Err(error) => {
            field.error(reading, error.to_string());
            None
        }
    }
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
