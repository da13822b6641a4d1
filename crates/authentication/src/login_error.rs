//! Why a login failed: the true cause, for the log and the audit, and what Kafka lets the client know of it.
//!
//! Two kinds of refusal come out of a mechanism in Kafka: its own `SaslAuthenticationException`, whose text the client
//! reads, and any other `SaslException`, which is answered by a standard text that hides the cause. `Refusal::told`
//! is the whole table.

use std::borrow::Cow;

use protocol::{ApiKey, EncodeError, ErrorResponseError, FrameError, Malformed};

use crate::mechanism::Mechanism;
use crate::scram::ScramFault;

/// The true cause of a failed login. Names in it came from the client: escape control characters where it is printed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("a frame of `{length}` bytes, at most {max} are taken before login (`sasl.server.max.receive.size`)")]
    FrameSize { length: i64, max: usize },
    #[error("not a kafka request ({0}); is the client set up for another `security.protocol`?")]
    NotARequest(#[source] FrameError),
    #[error("{0}")]
    Malformed(#[source] Malformed),
    #[error("received {received} before login, expected {expected}; is the client set up without sasl?")]
    UnexpectedRequest { received: ApiKey, expected: &'static str },
    #[error("received {received} in the middle of the login, expected SaslAuthenticate")]
    IllegalState { received: ApiKey },
    #[error("sasl mechanism `{requested}` is not enabled here, {enabled} is")]
    UnsupportedMechanism { requested: String, enabled: String },
    #[error("{mechanism}: {refusal}")]
    Refused {
        mechanism: Mechanism,
        #[source]
        refusal: Refusal,
    },
    #[error("the answer cannot be written: {0}")]
    Encode(#[from] EncodeError),
    #[error("the error answer cannot be written: {0}")]
    ErrorResponse(#[from] ErrorResponseError),
}

/// Why a mechanism refused the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("expected 3 parts separated by nul, found {0}")]
    PlainParts(usize),
    #[error("the user name is empty")]
    NoUserName,
    #[error("the password is empty")]
    NoPassword,
    #[error("user `{user}` is unknown or has no credential that fits")]
    UnknownUser { user: String },
    #[error("wrong password for user `{user}`")]
    WrongPassword { user: String },
    #[error("user `{user}` asked to act as `{authorization_id}`")]
    AuthorizationId { user: String, authorization_id: String },
    #[error("delegation token `{token_id}` cannot be used here")]
    DelegationToken { token_id: String },
    #[error("malformed message: {0}")]
    Scram(#[from] ScramFault),
    #[error(
        "the nonce of user `{user}` is not the one of this exchange (librdkafka before 2.6.1 needs the lenient setting)"
    )]
    Nonce { user: String },
    #[error("the proof has {0} bytes, not the length of the hash")]
    ProofLength(usize),
}

/// What the client learns of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// A text of the mechanism's own. Counts as failed authentication whichever handshake was used.
    Message(Cow<'static, str>),
    /// The standard text. After a version 0 handshake: nothing, the connection is just closed.
    StandardText,
    /// Nothing: a defect in Kafka's own mechanism, the connection is just closed.
    Nothing,
}

impl Refusal {
    pub(crate) fn told(&self, mechanism: Mechanism) -> Told {
        let message = |text| Told::Message(Cow::Borrowed(text));
        match self {
            Refusal::PlainParts(found) => {
                Told::Message(Cow::Owned(format!("Invalid SASL/PLAIN response: expected 3 tokens, got {found}")))
            }
            Refusal::NoUserName => message("Authentication failed: username not specified"),
            Refusal::NoPassword => message("Authentication failed: password not specified"),
            Refusal::UnknownUser { .. } | Refusal::WrongPassword { .. } => match mechanism {
                Mechanism::Plain => message("Authentication failed: Invalid username or password"),
                Mechanism::ScramSha256 | Mechanism::ScramSha512 => Told::StandardText,
            },
            Refusal::AuthorizationId { .. } => {
                message("Authentication failed: Client requested an authorization id that is different from username")
            }
            Refusal::DelegationToken { .. } | Refusal::Scram(_) | Refusal::Nonce { .. } => Told::StandardText,
            Refusal::ProofLength(_) => Told::Nothing,
        }
    }
}

/// Kafka's text for a refusal that it does not explain.
pub(crate) fn standard_text(mechanism: Mechanism) -> String {
    format!("Authentication failed during authentication due to invalid credentials with SASL mechanism {mechanism}")
}
