//! Why a connection ended, by who is at fault, and how loudly that is said.

use std::io;

use apis::JudgeError;
use authentication::LoginError;
use protocol::{ApiKey, EncodeError, FrameError, Malformed};

use crate::connections::Closed;
use crate::frame_reader::ReadError;
use crate::in_flight::Unexpected;
use crate::upstream::Unavailable;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    #[error("the client has closed it")]
    ClientClosed,
    #[error("the client is gone: {0}")]
    ClientGone(#[source] io::Error),
    #[error("no request: {0}")]
    ClientFrame(#[source] ReadError),
    #[error("no request: {0}")]
    ClientHeader(#[from] FrameError),
    #[error("{0}")]
    ClientMalformed(#[source] Malformed),
    #[error("{0}")]
    ClientRequest(#[source] JudgeError),
    #[error("{api_key} version {version} is not served")]
    NotServed { api_key: ApiKey, version: i16 },
    #[error("{0}")]
    Decided(&'static str),
    #[error("{0}")]
    Login(#[source] LoginError),
    #[error("{0}")]
    Certificate(String),
    #[error("the login took longer than it may")]
    LoginTimeout,
    #[error("no tls: {0}")]
    Tls(#[source] io::Error),
    #[error("tls came to a listener that speaks plaintext, is the client's `security.protocol` right?")]
    TlsOnPlaintext,
    #[error("plaintext came to a listener that speaks tls, is the client's `security.protocol` right?")]
    PlaintextOnTls,
    #[error("the system gives no random bytes")]
    NoRandom,
    #[error("no connection to the broker: {0}")]
    NoUpstream(#[source] Unavailable),
    #[error("the broker could not be asked what a decision needs: {0}")]
    LookUp(#[source] Unavailable),
    #[error("the connection to the broker is lost: {0}")]
    BrokerLost(#[source] ReadError),
    #[error("the broker has closed its connection")]
    BrokerClosed,
    #[error("the broker misbehaved: {0}")]
    BrokerUnexpected(#[from] Unexpected),
    #[error("the broker misbehaved: {0}")]
    BrokerMalformed(#[source] Malformed),
    #[error("the broker misbehaved: {0}")]
    BrokerAnswer(#[source] JudgeError),
    #[error(
        "an answer of `{length}` bytes is longer than the memory budget, raise it or lower the client's fetch size"
    )]
    AnswerTooLong { length: usize },
    #[error("closed from here: {}", .0.reason())]
    Ordered(Closed),
    #[error("an answer could not be written: {0}")]
    Unencodable(#[source] EncodeError),
    #[error("finished before the stop")]
    Finished,
}

/// Whose doing an end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Nobody's fault.
    Nobody,
    Client,
    Broker,
    /// The operator's will, or a limit.
    Doorkeeper,
}

impl End {
    pub(crate) fn owner(&self) -> Owner {
        match self {
            End::ClientClosed | End::ClientGone(_) | End::Finished => Owner::Nobody,
            End::ClientFrame(ReadError::Io(_) | ReadError::Cut) => Owner::Nobody,
            End::ClientFrame(ReadError::Size { .. })
            | End::ClientHeader(_)
            | End::ClientMalformed(_)
            | End::ClientRequest(_)
            | End::NotServed { .. }
            | End::Decided(_)
            | End::Login(_)
            | End::Certificate(_)
            | End::LoginTimeout
            | End::Tls(_)
            | End::TlsOnPlaintext
            | End::PlaintextOnTls => Owner::Client,
            End::NoUpstream(_)
            | End::LookUp(_)
            | End::BrokerLost(_)
            | End::BrokerClosed
            | End::BrokerUnexpected(_)
            | End::BrokerMalformed(_)
            | End::BrokerAnswer(_)
            | End::AnswerTooLong { .. } => Owner::Broker,
            End::Ordered(_) | End::NoRandom | End::Unencodable(_) => Owner::Doorkeeper,
        }
    }

    /// Bytes from the client that are no message of Kafka.
    pub(crate) fn is_malformed(&self) -> bool {
        matches!(
            self,
            End::ClientFrame(ReadError::Size { .. })
                | End::ClientHeader(FrameError::Header(_))
                | End::ClientMalformed(_)
                | End::ClientRequest(JudgeError::Malformed(_))
        )
    }

    /// An API, or a version of one, that nobody serves.
    pub(crate) fn is_unknown_api(&self) -> bool {
        matches!(self, End::ClientHeader(FrameError::UnknownApiKey(_)) | End::NotServed { .. })
    }
}
