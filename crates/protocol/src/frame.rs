//! A request as it came from the network, with its header read and its body still raw.
//!
//! Kafka: `RequestHeader.parse` and `RequestHeader.json`. The header is version 1 (key, version, correlation id,
//! client id), or version 2 with tagged fields after it; which one depends only on key and version. The client id has
//! a 16-bit length in both.

use bytes::Bytes;
use kafka_protocol::protocol::StrBytes;

use crate::api_key::{ApiKey, UnknownApiKey};
use crate::cursor::Cursor;
use crate::guard::Fault;

/// A request frame without its 4-byte size. The version may be one that nobody serves.
#[derive(Clone, Debug)]
pub struct RequestFrame {
    pub api_key: ApiKey,
    pub api_version: i16,
    pub correlation_id: i32,
    /// Shares memory with the frame: copy it before keeping it longer.
    pub client_id: Option<StrBytes>,
    bytes: Bytes,
    header_length: usize,
}

/// Why bytes are not a request frame. A broker closes the connection without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error(transparent)]
    UnknownApiKey(#[from] UnknownApiKey),
    #[error("malformed request header: {0}")]
    Header(#[from] Fault),
}

impl RequestFrame {
    /// Reads the header of a frame without its 4-byte size.
    pub fn parse(bytes: Bytes) -> Result<Self, FrameError> {
        let mut cursor = Cursor::new(&bytes);
        let code = cursor.int16()?;
        let api_version = cursor.int16()?;
        let api_key = ApiKey::try_from(code)?;
        let correlation_id = cursor.int32()?;
        let client_id = match cursor.int16()? {
            -1 => None,
            length => {
                let text = cursor.take(usize::try_from(length).map_err(|_| Fault::NegativeLength)?)?;
                Some(StrBytes::from_utf8(bytes.slice_ref(text)).map_err(|_| Fault::Utf8)?)
            }
        };
        if api_key.request_header_version(api_version) == 2 {
            cursor.unknown_tags()?;
        }
        let header_length = bytes.len() - cursor.remaining();
        Ok(RequestFrame { api_key, api_version, correlation_id, client_id, bytes, header_length })
    }

    /// The header of a request of our own, with an empty body; for [`crate::encode_request`].
    pub fn header(api_key: ApiKey, api_version: i16, correlation_id: i32, client_id: &str) -> Self {
        let client_id = &client_id[..client_id.floor_char_boundary(i16::MAX as usize)];
        let mut bytes = Vec::with_capacity(11 + client_id.len());
        bytes.extend_from_slice(&api_key.code().to_be_bytes());
        bytes.extend_from_slice(&api_version.to_be_bytes());
        bytes.extend_from_slice(&correlation_id.to_be_bytes());
        bytes.extend_from_slice(&(client_id.len() as i16).to_be_bytes());
        bytes.extend_from_slice(client_id.as_bytes());
        if api_key.request_header_version(api_version) == 2 {
            bytes.push(0);
        }
        RequestFrame {
            api_key,
            api_version,
            correlation_id,
            client_id: Some(StrBytes::from_string(client_id.to_owned())),
            header_length: bytes.len(),
            bytes: bytes.into(),
        }
    }

    /// The whole frame, without the 4-byte size.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Header bytes as they came, tagged fields included.
    pub fn header_bytes(&self) -> Bytes {
        self.bytes.slice(..self.header_length)
    }

    /// Where the body begins.
    pub(crate) fn header_length(&self) -> usize {
        self.header_length
    }

    /// What follows the header.
    pub fn body(&self) -> Bytes {
        self.bytes.slice(self.header_length..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<RequestFrame, FrameError> {
        RequestFrame::parse(Bytes::copy_from_slice(bytes))
    }

    #[test]
    fn a_flexible_header_ends_with_its_tagged_fields() {
        // Metadata v12, correlation id 7, client id "me", one unknown tag, then the body
        let bytes = [0, 3, 0, 12, 0, 0, 0, 7, 0, 2, b'm', b'e', 1, 5, 1, 0xaa, 0xbb];
        let frame = parse(&bytes).unwrap();
        assert_eq!((frame.api_key, frame.api_version, frame.correlation_id), (ApiKey::Metadata, 12, 7));
        assert_eq!(frame.client_id.as_deref(), Some("me"));
        assert_eq!(&frame.body()[..], &[0xbb]);
        assert_eq!(&frame.bytes()[..], &bytes);
    }

    #[test]
    fn an_unsupported_version_still_has_a_header() {
        let frame = parse(&[0, 18, 0, 99, 0, 0, 0, 1, 0xff, 0xff, 0]).unwrap();
        assert_eq!((frame.api_version, frame.client_id.clone(), frame.body().len()), (99, None, 0));
    }

    #[test]
    fn every_prefix_of_a_header_is_refused_without_a_panic() {
        let bytes = [0, 3, 0, 12, 0, 0, 0, 7, 0, 2, b'm', b'e', 1, 5, 1, 0xaa];
        for length in 0..bytes.len() {
            let refused = parse(&bytes[..length]).unwrap_err();
            assert!(
                matches!(refused, FrameError::Header(Fault::Truncated | Fault::TagCount(1))),
                "{length}: {refused}"
            );
        }
    }

    #[test]
    fn bad_keys_and_client_ids_are_named() {
        assert_eq!(parse(&[0xff, 0xff, 0, 0]).unwrap_err(), FrameError::UnknownApiKey(UnknownApiKey(-1)));
        assert_eq!(parse(&[0x27, 0x11, 0, 0]).unwrap_err(), FrameError::UnknownApiKey(UnknownApiKey(10001)));
        let negative = [0, 3, 0, 1, 0, 0, 0, 7, 0xff, 0xfe];
        assert_eq!(parse(&negative).unwrap_err(), FrameError::Header(Fault::NegativeLength));
        let latin = [0, 3, 0, 1, 0, 0, 0, 7, 0, 1, 0xe9];
        assert_eq!(parse(&latin).unwrap_err(), FrameError::Header(Fault::Utf8));
    }

    #[test]
    fn a_header_of_our_own_parses_back() {
        let ours = RequestFrame::header(ApiKey::Metadata, 12, 9, "doorkeeper");
        let back = RequestFrame::parse(ours.bytes().clone()).unwrap();
        assert_eq!(back.client_id.as_deref(), Some("doorkeeper"));
        assert_eq!((back.correlation_id, back.body().len()), (9, 0));
        assert_eq!(back.header_bytes(), ours.header_bytes());
    }
}
