//! Passwords in the file: each becomes a SCRAM credential for every mechanism, as a broker would store it.
//!
//! Deriving one is slow by design, and a reload mostly finds the passwords it knows: what was derived is kept.

use std::collections::HashMap;

use authentication::{ScramCredential, ScramMechanism};

use crate::yaml::Secret;

/// Kafka's default.
const ITERATIONS: u32 = 4096;
const SALT_BYTES: usize = 25;

type Credentials = [(ScramMechanism, ScramCredential); 2];

/// What each user's password has become.
#[derive(Debug, Default)]
pub(crate) struct Passwords(HashMap<String, (Secret, Credentials)>);

impl Passwords {
    /// The credentials of this password: those of the last time if it is still the same.
    pub(super) fn credentials(&self, user: &str, secret: &Secret) -> Credentials {
        match self.0.get(user) {
            Some((known, credentials)) if known == secret => credentials.clone(),
            _ => ScramMechanism::ALL
                .map(|mechanism| (mechanism, ScramCredential::derive(mechanism, secret.expose(), &salt(), ITERATIONS))),
        }
    }

    pub(super) fn remember(&mut self, user: &str, secret: &Secret, credentials: &Credentials) {
        self.0.insert(user.to_owned(), (secret.clone(), credentials.clone()));
    }
}

fn salt() -> [u8; SALT_BYTES] {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).expect("an operating system that has no randomness cannot run us");
    salt
}
