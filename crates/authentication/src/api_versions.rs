//! Which of its three answers an ApiVersions request gets (KIP-35, KIP-511). Kafka: `ApiVersionsRequest`.
//!
//! The same before and after login, on every listener. The full list is the caller's: it depends on the broker.

use bytes::Bytes;
use protocol::messages::api_versions_response::ApiVersion;
use protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use protocol::{ApiKey, EncodeError, ErrorCode, Limits, Malformed, RequestFrame, encode_response, guard_request};

/// The versions of ApiVersions that are served.
const LOWEST: i16 = 0;
const HIGHEST: i16 = 4;

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiVersionsAnswer {
    /// The list of what is served, in the version of the request.
    Full { software: Option<Software> },
    /// Error 35 in version 0 with ApiVersions itself as the only entry: the client may ask again in a version of it.
    UnsupportedVersion,
    /// Error 42 without entries: the name or version of the software is not one.
    InvalidRequest,
}

/// What a client calls itself since version 3: `apache-kafka-java`, `4.3.0`. Kafka's metric tags.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Software {
    pub name: String,
    pub version: String,
}

impl ApiVersionsAnswer {
    /// Looks at an ApiVersions request. `Err` means that the connection is closed.
    pub fn of(request: &RequestFrame) -> Result<ApiVersionsAnswer, Malformed> {
        if !(LOWEST..=HIGHEST).contains(&request.api_version) {
            return Ok(ApiVersionsAnswer::UnsupportedVersion);
        }
        let message: ApiVersionsRequest = guard_request(request.clone(), &Limits::default())?.decode()?;
        if request.api_version < 3 {
            return Ok(ApiVersionsAnswer::Full { software: None });
        }
        let (name, version) = (message.client_software_name, message.client_software_version);
        if !is_software_text(&name) || !is_software_text(&version) {
            return Ok(ApiVersionsAnswer::InvalidRequest);
        }
        Ok(ApiVersionsAnswer::Full {
            software: Some(Software { name: name.to_string(), version: version.to_string() }),
        })
    }

    /// The answer without the full list, with its 4-byte size; `None` for [`ApiVersionsAnswer::Full`].
    pub fn refusal(&self, request: &RequestFrame) -> Result<Option<Bytes>, EncodeError> {
        let (version, response) = match self {
            ApiVersionsAnswer::Full { .. } => return Ok(None),
            ApiVersionsAnswer::UnsupportedVersion => (0, unsupported_version()),
            ApiVersionsAnswer::InvalidRequest => {
                (request.api_version, ApiVersionsResponse::default().with_error_code(ErrorCode::INVALID_REQUEST.0))
            }
        };
        encode_response(version, request.correlation_id, &response).map(Some)
    }
}

fn unsupported_version() -> ApiVersionsResponse {
    let api_versions = ApiVersion::default()
        .with_api_key(ApiKey::ApiVersions.code())
        .with_min_version(LOWEST)
        .with_max_version(HIGHEST);
    ApiVersionsResponse::default().with_error_code(ErrorCode::UNSUPPORTED_VERSION.0).with_api_keys(vec![api_versions])
}

/// Letters, digits, `-` and `.`, with a letter or digit at both ends.
fn is_software_text(text: &str) -> bool {
    let ends_well = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    ends_well(text.bytes().next())
        && ends_well(text.bytes().last())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{StrBytes, encode_request};

    fn request(version: i16, name: &str, software_version: &str) -> RequestFrame {
        let message = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_string(name.into()))
            .with_client_software_version(StrBytes::from_string(software_version.into()));
        let header = RequestFrame::header(ApiKey::ApiVersions, version, 7, "me");
        let bytes = encode_request(&header, &message).unwrap();
        RequestFrame::parse(bytes.slice(4..)).unwrap()
    }

    #[test]
    fn software_names_are_judged_as_kafka_does() {
        for good in ["a", "a..b", "1-2", "apache-kafka-java", "4.3.0"] {
            assert_eq!(
                ApiVersionsAnswer::of(&request(3, good, "1")),
                Ok(ApiVersionsAnswer::Full { software: Some(Software { name: good.into(), version: "1".into() }) })
            );
        }
        for bad in ["", "a-", "-a", "a b", "é", ".", "a\0a"] {
            let answer = Ok(ApiVersionsAnswer::InvalidRequest);
            assert_eq!(ApiVersionsAnswer::of(&request(3, bad, "1")), answer, "{bad:?}");
            assert_eq!(ApiVersionsAnswer::of(&request(4, "a", bad)), answer, "{bad:?}");
        }
        assert_eq!(ApiVersionsAnswer::of(&request(2, "", "")), Ok(ApiVersionsAnswer::Full { software: None }));
    }

    #[test]
    fn an_unknown_version_is_answered_in_version_0_with_one_entry() {
        for version in [5, 99, -1, i16::MAX, i16::MIN] {
            let header = RequestFrame::header(ApiKey::ApiVersions, version, 7, "me");
            let answer = ApiVersionsAnswer::of(&header).unwrap();
            assert_eq!(answer, ApiVersionsAnswer::UnsupportedVersion);
            assert_eq!(
                answer.refusal(&header).unwrap().unwrap().as_ref(),
                [0, 0, 0, 16, 0, 0, 0, 7, 0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4]
            );
        }
    }

    #[test]
    fn a_bad_name_is_answered_in_its_version_with_error_42() {
        let request = request(3, "a b", "1");
        let answer = ApiVersionsAnswer::of(&request).unwrap();
        // size, correlation id, error 42, no keys, throttle time, no tagged fields
        assert_eq!(
            answer.refusal(&request).unwrap().unwrap().as_ref(),
            [0, 0, 0, 12, 0, 0, 0, 7, 0, 42, 1, 0, 0, 0, 0, 0]
        );
    }

    #[test]
    fn a_missing_body_closes_the_connection() {
        let header = RequestFrame::header(ApiKey::ApiVersions, 3, 7, "me");
        assert!(ApiVersionsAnswer::of(&header).is_err());
    }
}
