//! Who may log in: an immutable snapshot of users, their SCRAM credentials and their groups.
//!
//! A user unknown to the snapshot must not be told from a wrong password. So there is a decoy credential for every name
//! and mechanism: always the same for the same secret and name, of the shape (iterations, length of the salt) that most
//! real ones of the mechanism have, and never right.

use std::collections::HashMap;
use std::sync::Arc;

use crate::credential::{CredentialError, MIN_ITERATIONS, ScramCredential};
use crate::mechanism::ScramMechanism;

/// Kafka's own salts are about 25 characters; its salts from command-line tools likewise.
const USUAL_SALT_LENGTH: usize = 25;

#[derive(Debug, Default)]
pub struct Users {
    users: HashMap<Arc<str>, User>,
    sha_256: Shape,
    sha_512: Shape,
}

#[derive(Debug, Default)]
struct User {
    sha_256: Option<ScramCredential>,
    sha_512: Option<ScramCredential>,
    groups: Vec<Arc<str>>,
}

/// What the credentials of a mechanism look like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Shape {
    /// How many credentials of this mechanism have this shape: 0 if there are none of it.
    count: usize,
    iterations: u32,
    salt_length: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Shape { count: 0, iterations: MIN_ITERATIONS, salt_length: USUAL_SALT_LENGTH }
    }
}

/// Collects users; see [`Users::builder`].
#[derive(Debug, Default)]
pub struct UsersBuilder {
    users: HashMap<Arc<str>, User>,
}

/// Why a user cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    #[error("a user name is empty")]
    EmptyName,
    #[error("user `{user}` has more than one credential for {mechanism}")]
    Repeated { user: String, mechanism: ScramMechanism },
    #[error("credential of user `{user}` for {mechanism}: {error}")]
    Credential { user: String, mechanism: ScramMechanism, error: CredentialError },
}

impl Users {
    pub fn builder() -> UsersBuilder {
        UsersBuilder::default()
    }

    /// The credential of this user for this mechanism. One for SCRAM-SHA-256 does not serve SCRAM-SHA-512.
    pub fn get(&self, user: &str, mechanism: ScramMechanism) -> Option<&ScramCredential> {
        let user = self.users.get(user)?;
        match mechanism {
            ScramMechanism::Sha256 => user.sha_256.as_ref(),
            ScramMechanism::Sha512 => user.sha_512.as_ref(),
        }
    }

    pub fn contains(&self, user: &str) -> bool {
        self.users.contains_key(user)
    }

    /// Texts such as `Group:payments`, in the order they were given.
    pub fn groups(&self, user: &str) -> &[Arc<str>] {
        self.users.get(user).map_or(&[], |user| user.groups.as_slice())
    }

    /// All names, in no particular order.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.users.keys()
    }

    pub fn len(&self) -> usize {
        self.users.len()
    }

    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// The mechanisms that any user has a credential for; one of them if there are no users at all.
    pub(crate) fn mechanisms_in_use(&self) -> Vec<ScramMechanism> {
        let used: Vec<_> =
            ScramMechanism::ALL.into_iter().filter(|mechanism| self.shape(*mechanism).count > 0).collect();
        if used.is_empty() { vec![ScramMechanism::Sha256] } else { used }
    }

    /// A credential that no password fits, the same for the same name as long as the secret is.
    pub(crate) fn decoy(&self, secret: &[u8], mechanism: ScramMechanism, user: &str) -> ScramCredential {
        let shape = self.shape(mechanism);
        let derive = |purpose: &str, length: usize| -> Vec<u8> {
            let message = format!("{purpose}\0{mechanism}\0{user}");
            (0u8..=u8::MAX)
                .flat_map(|block| {
                    let mut message = message.clone().into_bytes();
                    message.push(block);
                    mechanism.hmac(secret, &message).to_vec()
                })
                .take(length)
                .collect()
        };
        ScramCredential {
            iterations: shape.iterations,
            salt: derive("salt", shape.salt_length),
            stored_key: derive("stored key", mechanism.key_length()),
            server_key: derive("server key", mechanism.key_length()),
        }
    }

    fn shape(&self, mechanism: ScramMechanism) -> Shape {
        match mechanism {
            ScramMechanism::Sha256 => self.sha_256,
            ScramMechanism::Sha512 => self.sha_512,
        }
    }
}

impl UsersBuilder {
    /// Adds a user without credentials, or nothing if there is one of this name.
    pub fn user(&mut self, user: &str) -> Result<&mut Self, UserError> {
        self.entry(user)?;
        Ok(self)
    }

    pub fn credential(
        &mut self,
        user: &str,
        mechanism: ScramMechanism,
        credential: ScramCredential,
    ) -> Result<&mut Self, UserError> {
        credential.validate(mechanism).map_err(|error| UserError::Credential {
            user: user.to_owned(),
            mechanism,
            error,
        })?;
        let entry = self.entry(user)?;
        let place = match mechanism {
            ScramMechanism::Sha256 => &mut entry.sha_256,
            ScramMechanism::Sha512 => &mut entry.sha_512,
        };
        if place.replace(credential).is_some() {
            return Err(UserError::Repeated { user: user.to_owned(), mechanism });
        }
        Ok(self)
    }

    /// Adds groups, as `Group:name` texts.
    pub fn groups(&mut self, user: &str, groups: impl IntoIterator<Item = Arc<str>>) -> Result<&mut Self, UserError> {
        self.entry(user)?.groups.extend(groups);
        Ok(self)
    }

    pub fn build(self) -> Users {
        let shape = |of: fn(&User) -> Option<&ScramCredential>| most_common_shape(self.users.values().filter_map(of));
        Users {
            sha_256: shape(|user| user.sha_256.as_ref()),
            sha_512: shape(|user| user.sha_512.as_ref()),
            users: self.users,
        }
    }

    fn entry(&mut self, user: &str) -> Result<&mut User, UserError> {
        if user.is_empty() {
            return Err(UserError::EmptyName);
        }
        Ok(self.users.entry(user.into()).or_default())
    }
}

fn most_common_shape<'a>(credentials: impl Iterator<Item = &'a ScramCredential>) -> Shape {
    let mut counts: HashMap<(u32, usize), usize> = HashMap::new();
    for credential in credentials {
        *counts.entry((credential.iterations, credential.salt.len())).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((iterations, salt_length), count)| Shape { count, iterations, salt_length })
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ScramMechanism::{Sha256, Sha512};

    fn credential(mechanism: ScramMechanism, salt: &[u8], iterations: u32) -> ScramCredential {
        ScramCredential {
            iterations,
            salt: salt.to_vec(),
            stored_key: vec![1; mechanism.key_length()],
            server_key: vec![2; mechanism.key_length()],
        }
    }

    #[test]
    fn a_credential_serves_its_own_user_and_mechanism_only() {
        let mut builder = Users::builder();
        builder
            .credential("alice", Sha256, credential(Sha256, b"salt", 4096))
            .unwrap()
            .groups("alice", ["Group:ops".into()])
            .unwrap()
            .user("bob")
            .unwrap();
        let users = builder.build();
        assert_eq!(users.get("alice", Sha256), Some(&credential(Sha256, b"salt", 4096)));
        assert_eq!(users.get("alice", Sha512), None);
        assert_eq!(users.get("Alice", Sha256), None);
        assert_eq!(users.get("bob", Sha256), None);
        assert_eq!(users.groups("alice"), &["Group:ops".into()]);
        assert_eq!((users.len(), users.contains("bob"), users.contains("carol")), (2, true, false));
        assert_eq!(users.mechanisms_in_use(), vec![Sha256]);
    }

    #[test]
    fn users_that_cannot_log_in_are_refused_when_they_are_added() {
        let mut builder = Users::builder();
        assert_eq!(builder.user("").unwrap_err(), UserError::EmptyName);
        builder.credential("alice", Sha256, credential(Sha256, b"salt", 4096)).unwrap();
        assert_eq!(
            builder.credential("alice", Sha256, credential(Sha256, b"salt", 4096)).unwrap_err().to_string(),
            "user `alice` has more than one credential for SCRAM-SHA-256"
        );
        assert_eq!(
            builder.credential("bob", Sha512, credential(Sha512, b"salt", 4095)).unwrap_err().to_string(),
            "credential of user `bob` for SCRAM-SHA-512: `iterations` is 4095, at least 4096 are needed"
        );
    }

    #[test]
    fn a_decoy_is_stable_and_has_the_shape_of_most_real_credentials() {
        let mut builder = Users::builder();
        for (user, salt, iterations) in [
            ("a", b"salt-of-ten".as_slice(), 8192),
            ("b", b"salt-of-22", 8192),
            ("c", b"salt-of-33", 8192),
            ("d", b"salt", 16384),
        ] {
            builder.credential(user, Sha512, credential(Sha512, salt, iterations)).unwrap();
        }
        let users = builder.build();
        let decoy = users.decoy(b"secret", Sha512, "mallory");
        assert_eq!((decoy.iterations, decoy.salt.len()), (8192, 10));
        assert_eq!(decoy.validate(Sha512), Ok(()));
        assert_eq!(decoy, users.decoy(b"secret", Sha512, "mallory"));
        assert_ne!(decoy.salt, users.decoy(b"secret", Sha512, "trudy").salt);
        assert_ne!(decoy.salt, users.decoy(b"another", Sha512, "mallory").salt);
    }

    #[test]
    fn without_any_user_the_decoy_looks_like_kafkas_default() {
        let users = Users::default();
        let decoy = users.decoy(b"secret", Sha256, "mallory");
        assert_eq!((decoy.iterations, decoy.salt.len()), (4096, 25));
        assert_eq!(users.mechanisms_in_use(), vec![Sha256]);
    }
}
