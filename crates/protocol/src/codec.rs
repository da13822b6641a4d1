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

/// A body that is written already, behind the header of a response.
pub(crate) fn response_frame(
    api_key: ApiKey,
    version: i16,
    correlation_id: i32,
    body: &[u8],
) -> Result<Bytes, EncodeError> {
    let header = if api_key.response_header_version(version) == 0 { 4 } else { 5 };
    let length = body.len().saturating_add(header);
    let size = i32::try_from(length).map_err(|_| EncodeError::TooLong(length))?;
    let mut frame = BytesMut::with_capacity(4 + length);
    frame.put_i32(size);
    frame.put_i32(correlation_id);
    if header > 4 {
        frame.put_u8(0);
    }
    frame.put_slice(body);
    Ok(frame.freeze())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_key::ApiKey;
    use crate::guard::{Limits, guard_request, guard_response};
    use crate::messages::*;
    use crate::versions::{served_versions, with_typed_apis};

    fn request_survives<T: Request + PartialEq + std::fmt::Debug + Default>(api_key: ApiKey) {
        for version in served_versions(api_key).unwrap() {
            let frame = encode_request(&RequestFrame::header(api_key, version, 7, "me"), &T::default()).unwrap();
            let parsed = RequestFrame::parse(frame.slice(4..)).unwrap();
            let guarded = guard_request(parsed, &Limits::default()).unwrap();
            let decoded: T = guarded.decode().unwrap();
            assert_eq!(encode_request(&guarded, &decoded).unwrap(), frame, "{api_key} {version}");
        }
    }

    fn response_survives<T: Request>(api_key: ApiKey)
    where
        T::Response: PartialEq + std::fmt::Debug + Default,
    {
        for version in served_versions(api_key).unwrap() {
            let frame = encode_response(version, 7, &T::Response::default()).unwrap();
            let guarded = guard_response(api_key, version, frame.slice(4..), &Limits::default()).unwrap();
            let decoded: T::Response = guarded.decode().unwrap();
            assert_eq!(encode_response(version, 7, &decoded).unwrap(), frame, "{api_key} {version}");
            assert!(!guarded.has_addresses, "{api_key} {version}");
        }
    }

    macro_rules! round_trips {
        ($($api:ident $request:ident,)*) => {
            #[test]
            fn every_request_and_response_of_every_version_survives_writing_guarding_and_reading() {
                $(
                    request_survives::<$request>(ApiKey::$api);
                    response_survives::<$request>(ApiKey::$api);
                )*
            }
        };
    }
    with_typed_apis!(round_trips);

    #[test]
    fn a_reencoded_request_keeps_its_header_with_unknown_tags() {
        let header = [0, 3, 0, 9, 0, 0, 0, 7, 0, 2, b'm', b'e', 1, 5, 1, 0xaa];
        let body = [1, 0, 0, 0, 0];
        let bytes = Bytes::from([&header[..], &body].concat());
        let guarded = guard_request(RequestFrame::parse(bytes.clone()).unwrap(), &Limits::default()).unwrap();
        let request: MetadataRequest = guarded.decode().unwrap();
        assert_eq!(encode_request(&guarded, &request).unwrap().slice(4..), bytes);
    }

    #[test]
    fn another_api_or_version_is_not_written_behind_a_header() {
        let refused = |header, api_version| EncodeError::WrongHeader { header, api_version };
        let fetch = RequestFrame::header(ApiKey::Fetch, 12, 1, "");
        assert_eq!(encode_request(&fetch, &MetadataRequest::default()), Err(refused(ApiKey::Fetch, 12)));
        let future = RequestFrame::header(ApiKey::Metadata, 99, 1, "");
        assert_eq!(encode_request(&future, &MetadataRequest::default()), Err(refused(ApiKey::Metadata, 99)));
        assert!(matches!(encode_response(99, 1, &MetadataResponse::default()), Err(EncodeError::Message(99, _))));
    }
}
