//! What a server keeps of a SCRAM password, and its text form.
//!
//! Kafka: `ScramCredential`, and the form that `kafka-storage format --add-scram` and `kafka-configs` print and take:
//! `[iterations=8192,salt=BASE64,stored_key=BASE64,server_key=BASE64]`. It verifies a login and proves the server to
//! the client; the password does not come out of it except by guessing.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroize;

use crate::mechanism::ScramMechanism;

/// The smallest number of iterations that Kafka and RFC 7677 accept.
pub const MIN_ITERATIONS: u32 = 4096;

/// One user's credential for one SCRAM mechanism.
#[derive(Clone, PartialEq, Eq)]
pub struct ScramCredential {
    pub iterations: u32,
    pub salt: Vec<u8>,
    /// `H(HMAC(salted password, "Client Key"))`
    pub stored_key: Vec<u8>,
    /// `HMAC(salted password, "Server Key")`
    pub server_key: Vec<u8>,
}

/// Why a text is not a usable credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    #[error("`{0}` is missing, expected `[iterations=…,salt=…,stored_key=…,server_key=…]`")]
    Missing(&'static str),
    #[error(
        "unknown or repeated part of a credential, expected `iterations`, `salt`, `stored_key` and `server_key` once each"
    )]
    UnknownOrRepeated,
    #[error("`{0}` is not standard base64")]
    Base64(&'static str),
    #[error("`iterations` is not a number")]
    Iterations,
    #[error("`iterations` is {0}, at least {MIN_ITERATIONS} are needed")]
    TooFewIterations(u32),
    #[error("`salt` is empty")]
    EmptySalt,
    #[error("`{field}` has {found} bytes, {mechanism} needs {}", mechanism.key_length())]
    KeyLength { field: &'static str, mechanism: ScramMechanism, found: usize },
}

impl ScramCredential {
    /// Makes the credential of a password. Slow by design: `iterations` hashes.
    pub fn derive(mechanism: ScramMechanism, password: &str, salt: &[u8], iterations: u32) -> Self {
        let salted = mechanism.salted_password(password.as_bytes(), salt, iterations);
        Self::of_salted_password(mechanism, &salted, salt, iterations)
    }

    /// Makes the credential of a password that was salted elsewhere, as AlterUserScramCredentials sends it. Fast.
    pub fn of_salted_password(mechanism: ScramMechanism, salted: &[u8], salt: &[u8], iterations: u32) -> Self {
        ScramCredential {
            iterations,
            salt: salt.to_vec(),
            stored_key: mechanism.stored_key(salted).to_vec(),
            server_key: mechanism.server_key(salted).to_vec(),
        }
    }

    /// Reads Kafka's text form: the four parts in any order, with or without the brackets.
    pub fn parse(text: &str) -> Result<Self, CredentialError> {
        let text = text.trim();
        let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let (mut iterations, mut salt, mut stored_key, mut server_key) = (None, None, None, None);
        for part in text.split(',') {
            let (name, value) = part.trim().split_once('=').unwrap_or((part, ""));
            let place = match name {
                "iterations" => &mut iterations,
                "salt" => &mut salt,
                "stored_key" => &mut stored_key,
                "server_key" => &mut server_key,
                _ => return Err(CredentialError::UnknownOrRepeated),
            };
            if place.replace(value).is_some() {
                return Err(CredentialError::UnknownOrRepeated);
            }
        }
        Ok(ScramCredential {
            iterations: iterations
                .ok_or(CredentialError::Missing("iterations"))?
                .parse()
                .map_err(|_| CredentialError::Iterations)?,
            salt: base64_part("salt", salt)?,
            stored_key: base64_part("stored_key", stored_key)?,
            server_key: base64_part("server_key", server_key)?,
        })
    }

    /// Kafka's text form, with brackets. It is a secret: whoever has it can pose as the server.
    pub fn format(&self) -> String {
        format!(
            "[iterations={},salt={},stored_key={},server_key={}]",
            self.iterations,
            BASE64_STANDARD.encode(&self.salt),
            BASE64_STANDARD.encode(&self.stored_key),
            BASE64_STANDARD.encode(&self.server_key)
        )
    }

    /// Whether it can serve this mechanism: enough iterations, a salt, keys of the hash's length.
    pub fn validate(&self, mechanism: ScramMechanism) -> Result<(), CredentialError> {
        if self.iterations < MIN_ITERATIONS {
            return Err(CredentialError::TooFewIterations(self.iterations));
        }
        if self.salt.is_empty() {
            return Err(CredentialError::EmptySalt);
        }
        let keys = [("stored_key", self.stored_key.len()), ("server_key", self.server_key.len())];
        for (field, found) in keys {
            if found != mechanism.key_length() {
                return Err(CredentialError::KeyLength { field, mechanism, found });
            }
        }
        Ok(())
    }
}

fn base64_part(name: &'static str, value: Option<&str>) -> Result<Vec<u8>, CredentialError> {
    BASE64_STANDARD.decode(value.ok_or(CredentialError::Missing(name))?).map_err(|_| CredentialError::Base64(name))
}

impl Drop for ScramCredential {
    fn drop(&mut self) {
        self.stored_key.zeroize();
        self.server_key.zeroize();
    }
}

/// Without the keys.
impl fmt::Debug for ScramCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramCredential").field("iterations", &self.iterations).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "[iterations=4096,salt=W22ZaJ0SNY7soEsUEjb6gQ==,\
        stored_key=WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,\
        server_key=wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=]";

    fn pencil() -> ScramCredential {
        let salt = BASE64_STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        ScramCredential::derive(ScramMechanism::Sha256, "pencil", &salt, 4096)
    }

    #[test]
    fn a_derived_credential_is_written_and_read_back() {
        assert_eq!(pencil().format(), ALICE);
        assert_eq!(ScramCredential::parse(ALICE), Ok(pencil()));
        assert_eq!(pencil().validate(ScramMechanism::Sha256), Ok(()));
    }

    #[test]
    fn parts_may_come_in_any_order_and_without_brackets() {
        let text = "salt=W22ZaJ0SNY7soEsUEjb6gQ==, stored_key=WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,\
            server_key=wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=,iterations=4096";
        assert_eq!(ScramCredential::parse(text), Ok(pencil()));
    }

    #[test]
    fn broken_texts_are_refused_by_what_is_wrong() {
        let cases = [
            ("", CredentialError::UnknownOrRepeated),
            ("[iterations=4096,password=secret]", CredentialError::UnknownOrRepeated),
            ("[iterations=4096,iterations=4096]", CredentialError::UnknownOrRepeated),
            ("[salt=YQ==,stored_key=YQ==,server_key=YQ==]", CredentialError::Missing("iterations")),
            ("[iterations=many,salt=YQ==]", CredentialError::Iterations),
            ("[iterations=-1,salt=YQ==]", CredentialError::Iterations),
            ("[iterations=4096]", CredentialError::Missing("salt")),
            ("[iterations=4096,salt=YQ]", CredentialError::Base64("salt")),
            ("[iterations=4096,salt=YQ==,stored_key=?]", CredentialError::Base64("stored_key")),
        ];
        for (text, expected) in cases {
            assert_eq!(ScramCredential::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_credential_must_fit_its_mechanism() {
        assert_eq!(
            pencil().validate(ScramMechanism::Sha512).unwrap_err().to_string(),
            "`stored_key` has 32 bytes, SCRAM-SHA-512 needs 64"
        );
        let weak = ScramCredential::derive(ScramMechanism::Sha256, "pencil", b"salt", 4095);
        assert_eq!(weak.validate(ScramMechanism::Sha256), Err(CredentialError::TooFewIterations(4095)));
    }

    #[test]
    fn keys_do_not_appear_in_debug_output() {
        assert_eq!(format!("{:?}", pencil()), "ScramCredential { iterations: 4096, .. }");
    }
}
