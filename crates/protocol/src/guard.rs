//! The guard: proof that a frame is exactly one message of Kafka 4.3, and the only way to a decoder.
//!
//! `kafka-protocol` allocates by counts that the peer claims: four bytes abort the process. And where it and Java read
//! the same bytes differently, a request could be decided as one thing and carried out as another. So a walk over the
//! raw bytes by Kafka's message definitions comes first, and refuses both.

use std::ops::Deref;

use bytes::Bytes;
use kafka_protocol::protocol::{Decodable, Message, Request};

use crate::api_key::ApiKey;
use crate::cursor::Cursor;
use crate::frame::RequestFrame;
use crate::schema::{self, Direction, Seen};

/// What a frame may ask of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Elements of all arrays and tagged fields of one message together.
    pub max_elements: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_elements: 1_000_000 }
    }
}

/// Why a frame is refused. A broker closes the connection without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("{api_key} version {api_version} is not one of kafka 4.3")]
    UnsupportedVersion { api_key: ApiKey, api_version: i16 },
    /// `offset` counts from the start of the frame, without its 4-byte size.
    #[error("malformed {api_key} version {api_version} at byte {offset} (`{field}`): {fault}")]
    Bytes { api_key: ApiKey, api_version: i16, offset: usize, field: &'static str, fault: Fault },
    #[error("{api_key} version {api_version} cannot be decoded: {reason}")]
    Decode { api_key: ApiKey, api_version: i16, reason: String },
}

/// What is wrong with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the message ends within a field")]
    Truncated,
    #[error("`{0}` bytes follow the message")]
    TrailingBytes(usize),
    #[error("a varint has more than 32 bits")]
    Varint,
    #[error("a length or count is negative")]
    NegativeLength,
    #[error("null where the version does not allow it")]
    Null,
    #[error("`{0}` elements cannot fit in the bytes that remain")]
    Count(usize),
    #[error("more elements than `max_elements` allows")]
    TooManyElements,
    #[error("decoding would take memory out of proportion")]
    TooDense,
    #[error("a string of `{0}` bytes is longer than 32767")]
    StringLength(usize),
    #[error("a string is not utf-8")]
    Utf8,
    #[error("a nullable structure begins with `{0}`, expected -1 or 1")]
    StructMarker(i8),
    #[error("`{0}` tagged fields cannot fit in the bytes that remain")]
    TagCount(u32),
    #[error("tag `{0}` is out of order or repeated")]
    TagOrder(u32),
    #[error("tag `{0}` is not one of this version")]
    TagVersion(u32),
    #[error("tag `{0}` has another size than it claims")]
    TagSize(u32),
}

/// A request that the guard has walked. Only [`guard_request`] makes one.
#[derive(Clone, Debug)]
pub struct GuardedRequest {
    frame: RequestFrame,
    memory: usize,
}

/// A response that the guard has walked. Only [`guard_response`] makes one.
#[derive(Clone, Debug)]
pub struct GuardedResponse {
    pub api_key: ApiKey,
    pub api_version: i16,
    pub correlation_id: i32,
    /// Whether any field that carries the address of a broker is not empty.
    pub has_addresses: bool,
    bytes: Bytes,
    header_length: usize,
    listed: Vec<u32>,
}

/// Walks the body of a request.
pub fn guard_request(frame: RequestFrame, limits: &Limits) -> Result<GuardedRequest, Malformed> {
    let walk = |frame: &RequestFrame| {
        let (api_key, api_version) = (frame.api_key, frame.api_version);
        guard_body(Direction::Request, api_key, api_version, frame.bytes(), frame.header_length(), limits)
    };
    let refused = match walk(&frame) {
        Ok(Seen { memory, .. }) => return Ok(GuardedRequest { frame, memory }),
        Err(refused) => refused,
    };
    let frame = without_second_tags(&frame, &refused).ok_or(refused)?;
    let Seen { memory, .. } = walk(&frame)?;
    Ok(GuardedRequest { frame, memory })
}

/// librdkafka (2.16 and before) ends AlterUserScramCredentials with two empty sections of tagged fields. A broker does not
/// look at the second; here it is cut off. Nobody can read the request as another one by it: it is answered here, and goes
/// to no broker.
fn without_second_tags(frame: &RequestFrame, refused: &Malformed) -> Option<RequestFrame> {
    const EMPTY_TAGS: u8 = 0;
    let is_one_byte_too_long = matches!(refused, Malformed::Bytes { fault: Fault::TrailingBytes(1), .. });
    let (last, rest) = frame.bytes().split_last()?;
    let is_librdkafkas =
        frame.api_key == ApiKey::AlterUserScramCredentials && is_one_byte_too_long && *last == EMPTY_TAGS;
    is_librdkafkas.then(|| RequestFrame::parse(frame.bytes().slice(..rest.len())).ok()).flatten()
}

/// Walks a response frame (without its 4-byte size) to a request of this key and version.
pub fn guard_response(
    api_key: ApiKey,
    api_version: i16,
    bytes: Bytes,
    limits: &Limits,
) -> Result<GuardedResponse, Malformed> {
    let mut cursor = Cursor::new(&bytes);
    let header = read_response_header(&mut cursor, api_key.response_header_version(api_version));
    let header_length = bytes.len() - cursor.remaining();
    let correlation_id = header.map_err(|fault| Malformed::Bytes {
        api_key,
        api_version,
        offset: header_length,
        field: "response header",
        fault,
    })?;
    let seen = guard_body(Direction::Response, api_key, api_version, &bytes, header_length, limits)?;
    let Seen { has_addresses, listed, .. } = seen;
    Ok(GuardedResponse { api_key, api_version, correlation_id, has_addresses, bytes, header_length, listed })
}

fn guard_body(
    direction: Direction,
    api_key: ApiKey,
    api_version: i16,
    frame: &[u8],
    header_length: usize,
    limits: &Limits,
) -> Result<Seen, Malformed> {
    let program = schema::program(direction, api_key, api_version)
        .ok_or(Malformed::UnsupportedVersion { api_key, api_version })?;
    let body = frame.get(header_length..).unwrap_or_default();
    schema::walk(program, body, frame.len(), limits).map_err(|refusal| Malformed::Bytes {
        api_key,
        api_version,
        offset: header_length + refusal.offset,
        field: refusal.field,
        fault: refusal.fault,
    })
}

fn read_response_header(cursor: &mut Cursor<'_>, header_version: i16) -> Result<i32, Fault> {
    let correlation_id = cursor.int32()?;
    if header_version == 1 {
        cursor.unknown_tags()?;
    }
    Ok(correlation_id)
}

impl GuardedRequest {
    /// The typed request. `T` must be the type of this frame's API key.
    pub fn decode<T: Request>(&self) -> Result<T, Malformed> {
        let versions = T::VERSIONS.intersect(&T::Response::VERSIONS);
        if T::KEY != self.api_key.code() || !(versions.min..=versions.max).contains(&self.api_version) {
            return Err(Malformed::UnsupportedVersion { api_key: self.api_key, api_version: self.api_version });
        }
        decode(self.api_key, self.api_version, self.body())
    }

    /// Bytes that its lists take when they are decoded, besides the frame.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// The frame, for those who forward it.
    pub fn into_frame(self) -> RequestFrame {
        self.frame
    }
}

impl Deref for GuardedRequest {
    type Target = RequestFrame;

    fn deref(&self) -> &RequestFrame {
        &self.frame
    }
}

impl GuardedResponse {
    /// The typed response. `T` must be the response type of this frame's API key.
    pub fn decode<T: Decodable>(&self) -> Result<T, Malformed> {
        decode(self.api_key, self.api_version, self.body())
    }

    /// The whole frame, without the 4-byte size.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What follows the header.
    pub fn body(&self) -> Bytes {
        self.bytes.slice(self.header_length..)
    }

    /// Where in the body each topic of a list of topics begins, and where the last one ends.
    pub(crate) fn listed(&self) -> &[u32] {
        &self.listed
    }
}

fn decode<T: Decodable>(api_key: ApiKey, api_version: i16, mut body: Bytes) -> Result<T, Malformed> {
    let refuse = |reason: String| Malformed::Decode { api_key, api_version, reason };
    let message = T::decode(&mut body, api_version).map_err(|error| refuse(error.to_string()))?;
    if body.is_empty() { Ok(message) } else { Err(refuse(format!("`{}` bytes are left", body.len()))) }
}
