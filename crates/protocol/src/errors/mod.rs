//! The answer to a whole request that failed, for every API: Kafka's `AbstractRequest.getErrorResponse`.

use bytes::Bytes;
use kafka_protocol::protocol::Request;

use crate::ApiKey;
use crate::codec::{EncodeError, encode_response};
use crate::error_code::ErrorCode;
use crate::guard::{GuardedRequest, Malformed};
use crate::messages::*;
use crate::versions::with_typed_apis;

/// A request that Kafka can answer with an error.
pub trait ErrorResponse: Request {
    /// What a broker answers when the request as a whole fails with `error`.
    fn error_response(&self, version: i16, error: ErrorCode) -> Self::Response;
}

/// Why there is no error answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErrorResponseError {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

macro_rules! defaults {
    ($($api:ident $request:ident,)*) => {
        $(impl ErrorResponse for $request {
            fn error_response(&self, _version: i16, _error: ErrorCode) -> Self::Response {
                Default::default()
            }
        })*

        /// The framed answer (with its size) to a request that failed as a whole. `None`: the client expects no answer
        /// (Produce with acks 0).
        pub fn error_response(request: &GuardedRequest, error: ErrorCode) -> Result<Option<Bytes>, ErrorResponseError> {
            match request.api_key {
                $(ApiKey::$api => answer::<$request>(request, error),)*
                _ => Err(Malformed::UnsupportedVersion { api_key: request.api_key, api_version: request.api_version }.into()),
            }
        }
    };
}
with_typed_apis!(defaults);

fn answer<T: ErrorResponse>(request: &GuardedRequest, error: ErrorCode) -> Result<Option<Bytes>, ErrorResponseError> {
    let typed: T = request.decode()?;
    let response = typed.error_response(request.api_version, error);
    Ok(Some(encode_response(request.api_version, request.correlation_id, &response)?))
}
