//! The wire: Kafka's frames, a guard over hostile bytes, typed messages, error answers and broker addresses.
//!
//! ```text
//! bytes ──RequestFrame::parse──▶ RequestFrame ──guard_request──▶ GuardedRequest ──decode──▶ messages::ProduceRequest
//! bytes ──────────────────────────guard_response───────────────▶ GuardedResponse ──decode──▶ messages::ProduceResponse
//! ```
//!
//! Only a guarded frame can be decoded: the guard has walked every byte by Kafka 4.3's own message definitions, and
//! refuses whatever Java and `kafka-protocol` could read differently, or what would take memory out of proportion.
//!
//! What this crate deliberately does not do: read sockets (`proxy`), decide anything (`apis`), look into record batches,
//! or convert a message to another version.
//!
//! Start reading at [`frame`], then [`guard`], then `schema/mod.rs`; messages that `kafka-protocol` lacks are in
//! [`messages`].

#![warn(clippy::unwrap_used, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly"))]

pub mod addresses;
pub mod api_key;
pub mod codec;
mod cursor;
pub mod error_code;
pub mod errors;
pub mod frame;
pub mod guard;
pub mod hidden;
pub mod messages;
mod schema;
pub mod topic_list;
pub mod versions;

pub use addresses::{BrokerAddresses, CarriesAddresses, carries_addresses};
pub use api_key::{ApiKey, UnknownApiKey};
pub use codec::{EncodeError, encode_request, encode_response};
pub use error_code::ErrorCode;
pub use errors::{ErrorResponse, ErrorResponseError, error_response};
pub use frame::{FrameError, RequestFrame};
pub use guard::{Fault, GuardedRequest, GuardedResponse, Limits, Malformed, guard_request, guard_response};
pub use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Message, Request, StrBytes};
pub use topic_list::{ListedTopic, TopicList};
pub use versions::served_versions;
