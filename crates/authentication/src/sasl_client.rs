//! The client's side of a login, for upstream brokers. Kafka: `PlainSaslClient`, `ScramSaslClient`.
//!
//! It makes and reads tokens only; SaslHandshake and SaslAuthenticate around them are the caller's.

use std::fmt;

use zeroize::Zeroizing;

use crate::mechanism::Mechanism;
use crate::scram::ScramFault;
use crate::scram::client::{ClientFinalSent, ClientFirstSent};

/// One login. Call [`SaslClient::first`], then [`SaslClient::next`] with each answer until it gives `None`.
pub struct SaslClient {
    username: String,
    password: Zeroizing<String>,
    state: State,
}

enum State {
    Start { mechanism: Mechanism, nonce: String },
    PlainSent,
    ClientFirstSent(ClientFirstSent),
    ClientFinalSent(ClientFinalSent),
    Finished,
    Failed,
}

/// Why the login cannot go on. Always the server's fault, unless `OutOfOrder`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    #[error("malformed message of the server: {0}")]
    Malformed(#[from] ScramFault),
    #[error("the server's nonce does not continue ours")]
    Nonce,
    #[error("the server asks for {found} iterations, {least} to {most} are accepted")]
    Iterations { found: u32, least: u32, most: u32 },
    #[error("the server's signature is wrong: it does not know this user's credential")]
    WrongSignature,
    #[error("the server refused the login: `{0}`")]
    Refused(String),
    #[error("the server sent a message where none was expected")]
    UnexpectedMessage,
    #[error("a message was handed in before the first was made or after the login ended")]
    OutOfOrder,
}

impl SaslClient {
    /// The nonce is fresh random bytes; PLAIN does not use it.
    pub fn new(mechanism: Mechanism, username: &str, password: &str, nonce: [u8; 32]) -> Self {
        SaslClient {
            username: username.to_owned(),
            password: Zeroizing::new(password.to_owned()),
            state: State::Start { mechanism, nonce: nonce.iter().map(|byte| format!("{byte:02x}")).collect() },
        }
    }

    /// The first token to send. Empty if it has been made before.
    pub fn first(&mut self) -> Vec<u8> {
        let State::Start { mechanism, nonce } = &self.state else {
            return Vec::new();
        };
        match mechanism.scram() {
            None => {
                let message = format!("\0{}\0{}", self.username, *self.password).into_bytes();
                self.state = State::PlainSent;
                message
            }
            Some(scram) => {
                let (state, message) = ClientFirstSent::new(scram, &self.username, nonce);
                self.state = State::ClientFirstSent(state);
                message
            }
        }
    }

    /// Takes the server's token; gives the next one to send, or `None` when the login is complete.
    ///
    /// For SCRAM the first call derives a key, which takes milliseconds of CPU.
    pub fn next(&mut self, server_message: &[u8]) -> Result<Option<Vec<u8>>, ClientError> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::PlainSent if server_message.is_empty() => {
                self.state = State::Finished;
                Ok(None)
            }
            State::PlainSent => Err(ClientError::UnexpectedMessage),
            State::ClientFirstSent(state) => {
                let (next, message) = state.server_first(server_message, self.password.as_bytes())?;
                self.state = State::ClientFinalSent(next);
                Ok(Some(message))
            }
            State::ClientFinalSent(state) => {
                state.server_final(server_message)?;
                self.state = State::Finished;
                Ok(None)
            }
            State::Start { .. } | State::Finished | State::Failed => Err(ClientError::OutOfOrder),
        }
    }

    /// Whether the login is complete and, with SCRAM, the server has proven itself.
    pub fn finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }
}

/// Without the password.
impl fmt::Debug for SaslClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Start { .. } => "Start",
            State::PlainSent => "PlainSent",
            State::ClientFirstSent(_) => "ClientFirstSent",
            State::ClientFinalSent(_) => "ClientFinalSent",
            State::Finished => "Finished",
            State::Failed => "Failed",
        };
        f.debug_struct("SaslClient").field("username", &self.username).field("state", &state).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mechanism::ScramMechanism;
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    fn scram(mechanism: Mechanism) -> (SaslClient, String) {
        let mut client = SaslClient::new(mechanism, "al,ice", "secret", [0xab; 32]);
        assert_eq!(String::from_utf8(client.first()).unwrap(), format!("n,,n=al=2Cice,r={}", "ab".repeat(32)));
        (client, "ab".repeat(32))
    }

    #[test]
    fn plain_is_one_token_and_an_empty_answer() {
        let mut client = SaslClient::new(Mechanism::Plain, "alice", "secret", [0; 32]);
        assert_eq!(client.first(), b"\0alice\0secret");
        assert_eq!(client.first(), b"");
        assert_eq!(client.next(b""), Ok(None));
        assert!(client.finished());
        assert_eq!(client.next(b""), Err(ClientError::OutOfOrder));
    }

    #[test]
    fn plain_with_an_answer_is_not_a_login() {
        let mut client = SaslClient::new(Mechanism::Plain, "alice", "secret", [0; 32]);
        client.first();
        assert_eq!(client.next(b"x"), Err(ClientError::UnexpectedMessage));
        assert!(!client.finished());
    }

    #[test]
    fn scram_ends_only_with_the_servers_signature() {
        for mechanism in [ScramMechanism::Sha256, ScramMechanism::Sha512] {
            let (mut client, nonce) = scram(mechanism.into());
            let server_first = format!("r={nonce}srv,s=c2FsdA==,i=4096");
            let client_final = client.next(server_first.as_bytes()).unwrap().unwrap();
            let client_final = String::from_utf8(client_final).unwrap();
            let (without_proof, _) = client_final.rsplit_once(",p=").unwrap();
            assert_eq!(without_proof, format!("c=biws,r={nonce}srv"));
            assert!(!client.finished());

            let salted = mechanism.salted_password(b"secret", b"salt", 4096);
            let auth_message = format!("n=al=2Cice,r={nonce},{server_first},{without_proof}");
            let signature = mechanism.hmac(&mechanism.server_key(&salted), auth_message.as_bytes());
            let server_final = format!("v={}", BASE64_STANDARD.encode(&signature));
            assert_eq!(client.next(server_final.as_bytes()), Ok(None));
            assert!(client.finished());
        }
    }

    #[test]
    fn a_server_that_lies_or_stammers_is_refused() {
        let (_, nonce) = scram(Mechanism::ScramSha256);
        let few = ClientError::Iterations { found: 4095, least: 4096, most: 1_000_000 };
        let many = ClientError::Iterations { found: 1_000_001, least: 4096, most: 1_000_000 };
        let cases = [
            (String::new(), ClientError::Malformed(ScramFault::Missing("r"))),
            (format!("r={nonce},s=YQ==,i=4096"), ClientError::Nonce),
            ("r=other,s=YQ==,i=4096".into(), ClientError::Nonce),
            (format!("r={nonce}x,s=YQ==,i=4095"), few),
            (format!("r={nonce}x,s=YQ==,i=1000001"), many),
            (format!("r={nonce}x,s=YQ==,i=4294967296"), ClientError::Malformed(ScramFault::Iterations)),
            (format!("m=x,r={nonce}x,s=YQ==,i=4096"), ClientError::Malformed(ScramFault::Missing("r"))),
        ];
        for (message, expected) in cases {
            let (mut client, _) = scram(Mechanism::ScramSha256);
            assert_eq!(client.next(message.as_bytes()), Err(expected), "{message}");
            assert_eq!(client.next(message.as_bytes()), Err(ClientError::OutOfOrder));
        }
    }

    #[test]
    fn a_wrong_signature_is_not_a_login() {
        for (message, expected) in [
            ("v=YQ==", ClientError::WrongSignature),
            ("v=", ClientError::WrongSignature),
            ("e=invalid-proof", ClientError::Refused("invalid-proof".into())),
            ("", ClientError::Malformed(ScramFault::Missing("v"))),
        ] {
            let (mut client, nonce) = scram(Mechanism::ScramSha512);
            let server_first = format!("r={nonce}srv,s=c2FsdA==,i=4096");
            client.next(server_first.as_bytes()).unwrap();
            assert_eq!(client.next(message.as_bytes()), Err(expected), "{message}");
            assert!(!client.finished());
        }
    }

    #[test]
    fn the_password_does_not_appear_in_debug_output() {
        let client = SaslClient::new(Mechanism::Plain, "alice", "secret", [0; 32]);
        assert_eq!(format!("{client:?}"), "SaslClient { username: \"alice\", state: \"Start\", .. }");
    }
}
