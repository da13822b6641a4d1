//! One entry of `users`: a name, its credentials, its groups.

use std::sync::Arc;

use authentication::{ScramCredential, ScramMechanism, UserError, UsersBuilder};

use super::password::Passwords;
use crate::yaml::{Field, Key, Reading, Secret};

/// A user as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UserEntry {
    pub(crate) name: String,
    pub(crate) credentials: Vec<(ScramMechanism, ScramCredential)>,
    /// Texts such as `Group:finance`.
    pub(crate) groups: Vec<Arc<str>>,
}

impl UserEntry {
    /// A user without anything.
    pub(crate) fn new(name: &str) -> UserEntry {
        UserEntry { name: name.to_owned(), credentials: Vec::new(), groups: Vec::new() }
    }

    /// Whether nothing is left of the user.
    pub(crate) fn is_nobody(&self) -> bool {
        self.credentials.is_empty() && self.groups.is_empty()
    }

    /// Sets or deletes the credential for a mechanism; the one that was there.
    pub(crate) fn set(
        &mut self,
        mechanism: ScramMechanism,
        credential: Option<ScramCredential>,
    ) -> Option<ScramCredential> {
        let at = self.credentials.iter().position(|(other, _)| *other == mechanism);
        let before = at.map(|at| self.credentials.remove(at).1);
        self.credentials.extend(credential.map(|credential| (mechanism, credential)));
        before
    }

    pub(crate) fn add_to(&self, builder: &mut UsersBuilder) -> Result<(), UserError> {
        builder.user(&self.name)?.groups(&self.name, self.groups.iter().cloned())?;
        for (mechanism, credential) in &self.credentials {
            builder.credential(&self.name, *mechanism, credential.clone())?;
        }
        Ok(())
    }
}

/// `alice: { SCRAM-SHA-256: …, SCRAM-SHA-512: … }`, or `alice: { password: … }`, with or without `groups: […]`.
pub(super) fn read(
    reading: &mut Reading,
    key: &Key,
    field: &Field<'_>,
    known: &Passwords,
    passwords: &mut Passwords,
) -> Option<UserEntry> {
    if key.name.is_empty() {
        field.error(reading, "a user needs a name");
        return None;
    }
    if key.name.starts_with("User:") {
        let message = format!("users are named without a type: this one is the principal `User:{}`", key.name);
        reading.warning(key.mark, field.path(), message);
    }
    let mut fields = field.fields(reading)?;
    let sha_256 = fields.optional("SCRAM-SHA-256");
    let sha_512 = fields.optional("SCRAM-SHA-512");
    let password = fields.optional("password");
    let groups = fields.optional("groups");
    if sha_256.is_none() && sha_512.is_none() && password.is_none() && groups.is_none() {
        let message = "has nothing, expected `SCRAM-SHA-256`, `SCRAM-SHA-512`, `password` or `groups`";
        reading.error(key.mark, field.path(), message);
    }
    if let Some(password) = &password
        && (sha_256.is_some() || sha_512.is_some())
    {
        password.error(reading, "is here beside a SCRAM credential, expected one of them");
    }
    let mut credentials = Vec::new();
    for (mechanism, field) in [(ScramMechanism::Sha256, sha_256), (ScramMechanism::Sha512, sha_512)] {
        credentials
            .extend(field.and_then(|field| credential(reading, mechanism, &field)).map(|read| (mechanism, read)));
    }
    if let Some(secret) = password.and_then(|field| field.secret(reading)) {
        credentials = derive(&key.name, &secret, known, passwords);
    }
    let groups = groups.map_or_else(Vec::new, |field| self::groups(reading, &field));
    fields.finish(reading);
    Some(UserEntry { name: key.name.clone(), credentials, groups })
}

/// Kafka's own form, `[iterations=8192,salt=…,stored_key=…,server_key=…]`.
fn credential(reading: &mut Reading, mechanism: ScramMechanism, field: &Field<'_>) -> Option<ScramCredential> {
    let secret = field.secret(reading)?;
    let parsed = ScramCredential::parse(secret.expose());
    match parsed.and_then(|credential| credential.validate(mechanism).map(|()| credential)) {
        Ok(credential) => Some(credential),
        Err(error) => {
            field.error(reading, format!("is no credential: {error}"));
            None
        }
    }
}

fn derive(
    user: &str,
    secret: &Secret,
    known: &Passwords,
    passwords: &mut Passwords,
) -> Vec<(ScramMechanism, ScramCredential)> {
    let credentials = known.credentials(user, secret);
    passwords.remember(user, secret, &credentials);
    credentials.to_vec()
}

fn groups(reading: &mut Reading, field: &Field<'_>) -> Vec<Arc<str>> {
    let mut groups = Vec::new();
    for item in field.items(reading, "group names").unwrap_or_default() {
        let Some(text) = item.text(reading, "the name of a group") else { continue };
        match text.as_str().starts_with("Group:") {
            true => item.error(reading, "has a type, expected the name alone: ACLs name it `Group:…`"),
            false => groups.push(format!("Group:{}", text.as_str()).into()),
        }
    }
    groups
}
