//! What a broker, or whoever answers in its place, can do wrong.

use protocol::{ApiKey, ErrorCode, Malformed};

use crate::FrameFault;

/// The broker misbehaved, or is too old. Its connection is given up.
#[derive(Debug, thiserror::Error)]
pub enum BrokerFault {
    #[error(transparent)]
    Frame(#[from] FrameFault),
    #[error("the answer to request `{expected}` has the correlation id `{found}`")]
    CorrelationId { expected: i32, found: i32 },
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("{api_key} was answered with {} ({})", error.name(), error.0)]
    Error { api_key: ApiKey, error: ErrorCode },
    #[error("the broker does not serve {api_key} in a version from {min} to {max}")]
    Unsupported { api_key: ApiKey, min: i16, max: i16 },
    #[error("an answer came that no request had asked for")]
    Unasked,
    /// An answer to another request of the connection was wrong; nothing after it can be believed.
    #[error("the connection was given up: {0}")]
    Untrusted(String),
}
