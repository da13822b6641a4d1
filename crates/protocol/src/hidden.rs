//! Names that are not there for clients: found in any request, and taken out of any response, by the definitions of the
//! messages alone. So no API can be forgotten.
//!
//! A name counts where it is the whole of a text field, or a part of an error's text (a broker names the topic that the name of
//! a new one collides with). Records, and what clients keep in the bytes of their own
//! protocols, are not looked into.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::api_key::ApiKey;
use crate::codec::{EncodeError, response_frame};
use crate::error_code::ErrorCode;
use crate::frame::RequestFrame;
use crate::guard::Fault;
use crate::schema::Direction;
use crate::schema::tree::{Codec, Fields, Named, Value};

/// The smallest character that a name may have: with it behind, a name is the next possible one.
const SMALLEST: &str = "-";

/// Names that are hidden, in any message.
#[derive(Debug, Clone, Copy)]
pub struct Hidden<'n> {
    names: &'n BTreeSet<String>,
    /// What is said of them where they are asked for.
    error: ErrorCode,
}

impl<'n> Hidden<'n> {
    /// `error` is what is said of them where they are asked for.
    pub fn new(names: &'n BTreeSet<String>, error: ErrorCode) -> Hidden<'n> {
        Hidden { names, error }
    }

    /// Whether a field of the request is one of the names. Also if the request cannot be read: it has passed the guard, so
    /// that would be our mistake.
    pub fn is_named(&self, request: &RequestFrame) -> bool {
        if !self.may_be_in(request.bytes()) {
            return false;
        }
        let codec = Codec::new(Direction::Request, request.api_key, request.api_version);
        codec.and_then(|codec| codec.read(&request.body()).ok()).is_none_or(|fields| self.is_in(&fields))
    }

    /// The request frame (without its size) without the elements that have one of the names. Nothing if it cannot be read.
    pub fn without(&self, request: &RequestFrame) -> Option<Bytes> {
        let codec = Codec::new(Direction::Request, request.api_key, request.api_version)?;
        let mut fields = codec.read(&request.body()).ok()?;
        self.remove(&mut fields);
        Some([request.header_bytes(), codec.write(&fields)].concat().into())
    }

    /// What becomes of the body of a response: nothing if it has none of the names. What is said of one of them as an
    /// error is said with our error and its text; what is told of one is left out.
    ///
    /// # Errors
    /// If it cannot be read, or is too long to be written.
    pub fn hide(
        &self,
        api_key: ApiKey,
        version: i16,
        correlation_id: i32,
        body: &Bytes,
    ) -> Result<Option<Bytes>, HideError> {
        if !self.may_be_in(body) {
            return Ok(None);
        }
        let codec = Codec::new(Direction::Response, api_key, version).ok_or(HideError::Version { api_key, version })?;
        let mut fields = codec.read(body).map_err(HideError::Fault)?;
        if !self.is_in(&fields) {
            return Ok(None);
        }
        self.answer(&mut fields);
        self.take_out_of_texts(&mut fields);
        Ok(Some(response_frame(api_key, version, correlation_id, &codec.write(&fields))?))
    }

    fn may_be_in(&self, bytes: &[u8]) -> bool {
        let found =
            |name: &String| !name.is_empty() && bytes.windows(name.len()).any(|window| window == name.as_bytes());
        self.names.iter().any(found)
    }

    fn is_hidden(&self, value: &Value) -> bool {
        let Value::Text(Some(text)) = value else { return false };
        std::str::from_utf8(text).is_ok_and(|text| self.names.contains(text))
    }

    fn is_in(&self, fields: &Fields) -> bool {
        fields.all().any(|named| self.is_in_value(&named.value) || self.is_in_text(named))
    }

    fn is_in_text(&self, named: &Named) -> bool {
        named.name == "ErrorMessage" && matches!(&named.value, Value::Text(Some(text)) if self.may_be_in(text))
    }

    /// The text of an error that has one of the names becomes the usual one of its code.
    fn take_out_of_texts(&self, fields: &mut Fields) {
        let code = fields.all().find_map(|named| match &named.value {
            Value::Raw(code) if named.name == "ErrorCode" => {
                code.first_chunk::<2>().map(|code| i16::from_be_bytes(*code))
            }
            _ => None,
        });
        let usual = code.map_or(self.error, ErrorCode).message();
        for named in fields.all_mut() {
            if self.is_in_text(named) {
                named.value = Value::Text(Some(Bytes::from_static(usual.as_bytes())));
            }
            match &mut named.value {
                Value::Struct(Some(fields)) => self.take_out_of_texts(fields),
                Value::Array(Some(elements)) => {
                    for element in elements {
                        if let Value::Struct(Some(fields)) = element {
                            self.take_out_of_texts(fields);
                        }
                    }
                }
                Value::Raw(_) | Value::Text(_) | Value::Struct(None) | Value::Array(None) => {}
            }
        }
    }

    fn is_in_value(&self, value: &Value) -> bool {
        match value {
            Value::Raw(_) => false,
            Value::Text(_) => self.is_hidden(value),
            Value::Struct(fields) => fields.as_ref().is_some_and(|fields| self.is_in(fields)),
            Value::Array(elements) => elements.iter().flatten().any(|element| self.is_in_value(element)),
        }
    }

    /// Whether this very structure, and not one in it, has one of the names.
    fn names_one(&self, fields: &Fields) -> bool {
        fields.all().any(|named| self.is_hidden(&named.value))
    }

    fn remove(&self, fields: &mut Fields) {
        self.each_element(fields, &|_| false);
    }

    fn answer(&self, fields: &mut Fields) {
        self.each_element(fields, &|element| self.is_answer(element));
    }

    /// Leaves out elements that have one of the names, and those that `keep` does not want.
    fn each_element(&self, fields: &mut Fields, keep: &dyn Fn(&mut Fields) -> bool) {
        for named in fields.all_mut() {
            match &mut named.value {
                Value::Array(Some(elements)) => elements.retain_mut(|element| match element {
                    Value::Struct(Some(fields)) if self.names_one(fields) => keep(fields),
                    Value::Struct(Some(fields)) => {
                        self.each_element(fields, keep);
                        true
                    }
                    other => !self.is_hidden(other),
                }),
                Value::Struct(Some(fields)) => {
                    if named.name == "NextCursor" {
                        self.point_behind(fields);
                    }
                    self.each_element(fields, keep);
                }
                Value::Raw(_) | Value::Text(_) | Value::Struct(None) | Value::Array(None) => {}
            }
        }
    }

    /// Where a list goes on (the cursor of DescribeTopicPartitions): behind the name.
    fn point_behind(&self, cursor: &mut Fields) {
        for named in &mut cursor.fields {
            if self.is_hidden(&named.value)
                && let Value::Text(Some(text)) = &mut named.value
            {
                *text = [text.as_ref(), SMALLEST.as_bytes()].concat().into();
            }
        }
    }

    /// Whether the element says that something went wrong with the name. If so it says our error afterwards.
    fn is_answer(&self, element: &mut Fields) -> bool {
        let mut found = false;
        self.replace_errors(element, &mut found);
        found
    }

    fn replace_errors(&self, fields: &mut Fields, found: &mut bool) {
        let mut is_denied = false;
        for named in fields.all_mut() {
            match &mut named.value {
                Value::Raw(code) if named.name == "ErrorCode" => {
                    let said = code.first_chunk::<2>().map_or(0, |bytes| i16::from_be_bytes(*bytes));
                    if ErrorCode(said) == ErrorCode::TOPIC_AUTHORIZATION_FAILED {
                        *code = Bytes::copy_from_slice(&self.error.0.to_be_bytes());
                        is_denied = true;
                    }
                    *found |= is_denied || is_of_what_is_not_there(ErrorCode(said), self.error);
                }
                Value::Array(Some(elements)) => {
                    for element in elements {
                        if let Value::Struct(Some(fields)) = element {
                            self.replace_errors(fields, found);
                        }
                    }
                }
                Value::Raw(_) | Value::Text(_) | Value::Struct(_) | Value::Array(None) => {}
            }
        }
        if is_denied {
            let texts = fields.all_mut().filter(|named| named.name == "ErrorMessage");
            for text in texts.filter(|named| named.value != Value::Text(None)) {
                text.value = Value::Text(Some(Bytes::from_static(self.error.message().as_bytes())));
            }
        }
    }
}

fn is_of_what_is_not_there(said: ErrorCode, ours: ErrorCode) -> bool {
    said == ours || said == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION || said == ErrorCode::UNKNOWN_TOPIC_ID
}

/// Why a response could not be looked through.
#[derive(Debug, thiserror::Error)]
pub enum HideError {
    #[error("version {version} of {} is not known", api_key.name())]
    Version { api_key: ApiKey, version: i16 },
    #[error(transparent)]
    Fault(Fault),
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// The body of a response frame of ours, which begins with its size.
pub fn body_of(api_key: ApiKey, version: i16, frame: &Bytes) -> Bytes {
    let header = match api_key.response_header_version(version) {
        0 => 4 + 4,
        _ => 4 + 4 + 1,
    };
    frame.slice(header.min(frame.len())..)
}

/// A request frame (without its size) of which every text is `text` and every array has one element: for tests of all
/// APIs. `numbers` stand in all fields of 1, 2 and 4 bytes.
#[cfg(feature = "testing")]
pub fn sample_request(api_key: ApiKey, version: i16, text: &str, numbers: (i8, i16, i32)) -> Option<Bytes> {
    let codec = Codec::new(Direction::Request, api_key, version)?;
    let body = codec.sample(crate::schema::tree::Sample { text, numbers });
    Some([RequestFrame::header(api_key, version, 7, "tests").header_bytes(), body].concat().into())
}

/// The same of a response.
#[cfg(feature = "testing")]
pub fn sample_response(api_key: ApiKey, version: i16, text: &str, numbers: (i8, i16, i32)) -> Option<Bytes> {
    let codec = Codec::new(Direction::Response, api_key, version)?;
    let body = codec.sample(crate::schema::tree::Sample { text, numbers });
    response_frame(api_key, version, 7, &body).ok().map(|frame| frame.slice(4..))
}
