//! The server's side of PLAIN (RFC 4616). Kafka: `PlainSaslServer`, with a store of our own behind it.
//!
//! A password is verified against the user's stored SCRAM credentials: the key is derived again and compared. That is
//! slow by design, so it is [`Work`] for the caller to run on a pool. An unknown user's password is derived too, against
//! decoys, so that both cases take the same time.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::credential::ScramCredential;
use crate::java_text::decode_utf8;
use crate::login_error::Refusal;
use crate::mechanism::ScramMechanism;
use crate::sasl_server::AwaitingVerdict;
use crate::sasl_settings::SaslSettings;
use crate::scram::hash::same;
use crate::step::Step;
use crate::users::Users;

/// A parsed message whose password is yet to be verified.
pub(crate) struct PlainLogin {
    user: Arc<str>,
    authorization_id: String,
    password: Zeroizing<String>,
}

impl PlainLogin {
    /// `[authzid] NUL user NUL password`, exactly three parts; malformed UTF-8 becomes replacement characters.
    pub(crate) fn parse(message: &[u8]) -> Result<Self, Refusal> {
        let text = Zeroizing::new(decode_utf8(message).into_owned());
        let mut parts = text.splitn(4, '\0');
        let (Some(authorization_id), Some(user), Some(password), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::PlainParts(text.splitn(4, '\0').count()));
        };
        if user.is_empty() {
            return Err(Refusal::NoUserName);
        }
        if password.is_empty() {
            return Err(Refusal::NoPassword);
        }
        Ok(PlainLogin {
            user: user.into(),
            authorization_id: authorization_id.to_owned(),
            password: Zeroizing::new(password.to_owned()),
        })
    }

    /// What is left to do, with the credentials to compare with.
    pub(crate) fn work(self, users: &Users, settings: &SaslSettings, then: AwaitingVerdict) -> Work {
        let candidates = users
            .mechanisms_in_use()
            .into_iter()
            .map(|mechanism| {
                let decoy = users.decoy(&settings.unknown_user_secret, mechanism, &self.user);
                let known = users.get(&self.user, mechanism).cloned();
                Candidate { mechanism, known: known.is_some(), credential: known.unwrap_or(decoy) }
            })
            .collect();
        Work { login: self, candidates, then }
    }
}

/// A key derivation that a login waits for: milliseconds of CPU.
///
/// Run it on a bounded pool. Dropping it drops the login.
pub struct Work {
    login: PlainLogin,
    /// One for each mechanism that any user has a credential for.
    candidates: Vec<Candidate>,
    then: AwaitingVerdict,
}

struct Candidate {
    mechanism: ScramMechanism,
    known: bool,
    credential: ScramCredential,
}

impl Work {
    /// Derives and compares, and goes on with the login.
    pub fn run(self) -> Step {
        let verdict = verdict(self.login, &self.candidates);
        self.then.resume(verdict)
    }
}

fn verdict(login: PlainLogin, candidates: &[Candidate]) -> Result<Arc<str>, Refusal> {
    let PlainLogin { user, authorization_id, password } = login;
    // No early exit: the time must not tell which of them fits.
    let fits = candidates
        .iter()
        .map(|candidate| candidate.fits(password.as_bytes()) && candidate.known)
        .fold(false, |any, fits| any | fits);
    if !fits {
        let user = user.to_string();
        return Err(if candidates.iter().any(|candidate| candidate.known) {
            Refusal::WrongPassword { user }
        } else {
            Refusal::UnknownUser { user }
        });
    }
    if !authorization_id.is_empty() && *authorization_id != *user {
        return Err(Refusal::AuthorizationId { user: user.to_string(), authorization_id });
    }
    Ok(user)
}

impl Candidate {
    fn fits(&self, password: &[u8]) -> bool {
        let ScramCredential { iterations, salt, .. } = &self.credential;
        let salted = self.mechanism.salted_password(password, salt, *iterations);
        same(&self.mechanism.stored_key(&salted), &self.credential.stored_key)
    }
}

/// Without the password and the credentials.
impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work").field("user", &self.login.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts<'a> = (&'a str, &'a str, &'a str);

    #[test]
    fn a_message_has_three_parts_with_a_user_and_a_password() {
        let cases: [(&[u8], Result<Parts<'_>, Refusal>); 12] = [
            (b"\0bob\0pw", Ok(("", "bob", "pw"))),
            (b"bob\0bob\0pw", Ok(("bob", "bob", "pw"))),
            ("a\0bücher\0東京".as_bytes(), Ok(("a", "bücher", "東京"))),
            (b"\0b\xff\0p", Ok(("", "b\u{fffd}", "p"))),
            (b"", Err(Refusal::PlainParts(1))),
            (b"bob", Err(Refusal::PlainParts(1))),
            (b"bob\0pw", Err(Refusal::PlainParts(2))),
            (b"\0bob\0pw\0", Err(Refusal::PlainParts(4))),
            (b"\0\0\0\0\0\0", Err(Refusal::PlainParts(4))),
            (b"\0\0pw", Err(Refusal::NoUserName)),
            (b"\0\0", Err(Refusal::NoUserName)),
            (b"\0bob\0", Err(Refusal::NoPassword)),
        ];
        for (message, expected) in cases {
            let parsed = PlainLogin::parse(message);
            let parsed = parsed
                .as_ref()
                .map(|login| (login.authorization_id.as_str(), &*login.user, login.password.as_str()))
                .map_err(Refusal::clone);
            assert_eq!(parsed, expected, "{message:?}");
        }
    }
}
