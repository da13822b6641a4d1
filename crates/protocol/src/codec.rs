//! Typed messages back to bytes: frames with their 4-byte size, in one allocation.
//!
//! `kafka-protocol` never complains about a field that a version cannot carry: whoever changes a message keeps its
//! version. Both functions refuse a version the type does not have.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::{Encodable, HeaderVersion, Request};

use crate::api_key::ApiKey;
use crate::frame::RequestFrame;

/// Why a message could not be written. Always our own mistake or an answer too large to exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    #[error("a request with the header of {header} version {api_version} cannot be another api or version")]
    WrongHeader { header: ApiKey, api_version: i16 },
    #[error("version `{0}` of this message cannot be encoded: {1}")]
    Message(i16, String),
    #[error("a frame of `{0}` bytes is longer than 2147483647")]
    TooLong(usize),
}

/// The request behind the header as it came: key, version, correlation id, client id and tagged fields are kept.
pub fn encode_request<T: Request>(header: &RequestFrame, request: &T) -> Result<Bytes, EncodeError> {
    let version = header.api_version;
    if T::KEY != header.api_key.code() || !(T::VERSIONS.min..=T::VERSIONS.max).contains(&version) {
        return Err(EncodeError::WrongHeader { header: header.api_key, api_version: version });
    }
    encode_frame(&header.header_bytes(), version, request)
}

/// The response behind a header of the right version without tagged fields.
pub fn encode_response<T: Encodable + HeaderVersion>(
    version: i16,
    correlation_id: i32,
    response: &T,
) -> Result<Bytes, EncodeError> {
    let [a, b, c, d] = correlation_id.to_be_bytes();
    if T::header_version(version) == 0 {
        encode_frame(&[a, b, c, d], version, response)
    } else {
        encode_frame(&[a, b, c, d, 0], version, response)
    }
}

fn encode_frame<T: Encodable>(header: &[u8], version: i16, message: &T) -> Result<Bytes, EncodeError> {
    let refuse = |reason: &dyn std::fmt::Display| EncodeError::Message(version, reason.to_string());
    let body = message.compute_size(version).map_err(|error| refuse(&error))?;
    let length = header.len().saturating_add(body);
    let size = i32::try_from(length).map_err(|_| EncodeError::TooLong(length))?;
    let mut frame = BytesMut::with_capacity(4 + length);
    frame.put_i32(size);
    frame.put_slice(header);
    message.encode(&mut frame, version).map_err(|error| refuse(&error))?;
    if frame.len() != 4 + length {
        return Err(refuse(&format_args!("it took `{}` bytes instead of `{body}`", frame.len() - 4 - header.len())));
    }
    Ok(frame.freeze())
}
