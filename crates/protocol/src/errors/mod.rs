//! The answer to a whole request that failed, for every API: Kafka's `AbstractRequest.getErrorResponse`.
//!
//! Where the code goes differs by API and version: on top, on every partition, on every named resource, or nowhere.
//! So does the text: none, an empty one, or the code's generic one. A test compares each with Kafka's own classes.
//!
//! - `top_level.rs`: most APIs, one code and perhaps a text on top;
//! - the others by what they name: `topics.rs`, `groups.rs`, `transactions.rs`, `administration.rs`, `share_state.rs`.

mod administration;
mod groups;
mod share_state;
mod top_level;
mod topics;
mod transactions;

use bytes::Bytes;
use kafka_protocol::protocol::{Request, StrBytes};

use crate::api_key::ApiKey;
use crate::codec::{EncodeError, encode_response};
use crate::error_code::ErrorCode;
use crate::guard::{GuardedRequest, Malformed};
use crate::messages::*;
use crate::versions::with_typed_apis;

/// A request that Kafka can answer with an error.
pub trait ErrorResponse: Request {
    /// What a broker answers when the request as a whole fails with `error`, throttle time 0.
    ///
    /// A Produce with acks 0 gets no answer at all; that is for the caller to know.
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

macro_rules! define_error_response {
    ($($api:ident $request:ident,)*) => {
        /// The framed answer (with its 4-byte size) to a request that failed as a whole. `None`: the client expects no
        /// answer (Produce with acks 0). APIs and versions without types are refused as unsupported.
        pub fn error_response(request: &GuardedRequest, error: ErrorCode) -> Result<Option<Bytes>, ErrorResponseError> {
            match request.api_key {
                ApiKey::Produce if request.decode::<ProduceRequest>()?.acks == 0 => Ok(None),
                $(ApiKey::$api => answer::<$request>(request, error).map(Some),)*
                ApiKey::LeaderAndIsr
                | ApiKey::StopReplica
                | ApiKey::UpdateMetadata
                | ApiKey::ControlledShutdown => {
                    let (api_key, api_version) = (request.api_key, request.api_version);
                    Err(Malformed::UnsupportedVersion { api_key, api_version }.into())
                }
            }
        }
    };
}
with_typed_apis!(define_error_response);

fn answer<T: ErrorResponse>(request: &GuardedRequest, error: ErrorCode) -> Result<Bytes, ErrorResponseError> {
    let typed: T = request.decode()?;
    let response = typed.error_response(request.api_version, error);
    Ok(encode_response(request.api_version, request.correlation_id, &response)?)
}

/// The code's generic text.
fn generic_text(error: ErrorCode) -> Option<StrBytes> {
    Some(StrBytes::from_static_str(error.message()))
}

fn each<A, B>(items: &[A], answer: impl FnMut(&A) -> B) -> Vec<B> {
    items.iter().map(answer).collect()
}
