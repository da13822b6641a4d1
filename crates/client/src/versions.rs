//! Which version to speak: ApiVersions, and what follows from its answer.
//!
//! Kafka: `NetworkClient.handleApiVersionsResponse`, KIP-511. The highest version we know goes first. A broker that
//! does not know it answers 35 with a version 0 body whatever was asked, and names there what it does know.

use std::ops::RangeInclusive;

use bytes::Bytes;
use protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use protocol::{ApiKey, ErrorCode, Limits, RequestFrame, StrBytes, encode_request, guard_response, served_versions};

use crate::{BrokerFault, CLIENT_ID};

/// ApiVersions before anything is known of the broker.
pub(crate) const FIRST_VERSION: i16 = 4;

/// What an answer to ApiVersions says.
pub(crate) enum Negotiated {
    Versions(ApiVersionsResponse),
    /// The broker knows only up to this version: ask again.
    AskAgain(i16),
}

/// The request, with its size.
pub(crate) fn request(version: i16, correlation_id: i32) -> Bytes {
    let request = ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str(CLIENT_ID))
        .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
    let header = RequestFrame::header(ApiKey::ApiVersions, version, correlation_id, CLIENT_ID);
    encode_request(&header, &request).expect("a request of constants in a version that exists can be written")
}

/// Reads the answer to a request of this version.
pub(crate) fn answer(version: i16, correlation_id: i32, frame: Bytes) -> Result<Negotiated, BrokerFault> {
    let is_version_0 = version > 0 && error_code_of(&frame) == Some(ErrorCode::UNSUPPORTED_VERSION);
    let answered = if is_version_0 { 0 } else { version };
    let guarded = guard_response(ApiKey::ApiVersions, answered, frame, &Limits::default())?;
    if guarded.correlation_id != correlation_id {
        return Err(BrokerFault::CorrelationId { expected: correlation_id, found: guarded.correlation_id });
    }
    let response: ApiVersionsResponse = guarded.decode()?;
    match ErrorCode(response.error_code) {
        ErrorCode::NONE => Ok(Negotiated::Versions(response)),
        _ if is_version_0 => {
            let known = range(&response, ApiKey::ApiVersions).map_or(0, |range| *range.end());
            Ok(Negotiated::AskAgain(known.clamp(0, version - 1)))
        }
        error => Err(BrokerFault::Error { api_key: ApiKey::ApiVersions, error }),
    }
}

/// The error code stands right after the correlation id in every version; the header is always version 0.
fn error_code_of(frame: &Bytes) -> Option<ErrorCode> {
    let code = frame.get(4..)?.first_chunk::<2>()?;
    Some(ErrorCode(i16::from_be_bytes(*code)))
}

/// What the broker serves of an API.
fn range(versions: &ApiVersionsResponse, api_key: ApiKey) -> Option<RangeInclusive<i16>> {
    let api = versions.api_keys.iter().find(|api| api.api_key == api_key.code())?;
    Some(api.min_version..=api.max_version)
}

/// The highest version of an API that the broker and we both have, not below `min`.
pub(crate) fn common(versions: &ApiVersionsResponse, api_key: ApiKey, min: i16) -> Result<i16, BrokerFault> {
    common_within(versions, api_key, &(min..=i16::MAX))
}

/// The highest version of an API that the broker, we and `wanted` have.
pub(crate) fn common_within(
    versions: &ApiVersionsResponse,
    api_key: ApiKey,
    wanted: &RangeInclusive<i16>,
) -> Result<i16, BrokerFault> {
    let ours = served_versions(api_key).expect("every request of our own has types");
    let (min, max) = (*wanted.start().max(ours.start()), *wanted.end().min(ours.end()));
    let unsupported = BrokerFault::Unsupported { api_key, min, max };
    let Some(theirs) = range(versions, api_key) else { return Err(unsupported) };
    let version = max.min(*theirs.end());
    if version >= min.max(*theirs.start()) { Ok(version) } else { Err(unsupported) }
}

#[cfg(test)]
mod tests {
    use protocol::messages::api_versions_response::ApiVersion;

    use super::*;

    fn serves(min: i16, max: i16) -> ApiVersionsResponse {
        let api =
            ApiVersion::default().with_api_key(ApiKey::Metadata.code()).with_min_version(min).with_max_version(max);
        ApiVersionsResponse::default().with_api_keys(vec![api])
    }

    #[test]
    fn the_highest_common_version_is_spoken() {
        for (min, max, lowest, expected) in
            [(0, 13, 0, Some(13)), (0, 99, 0, Some(13)), (0, 9, 4, Some(9)), (0, 3, 4, None)]
        {
            assert_eq!(common(&serves(min, max), ApiKey::Metadata, lowest).ok(), expected);
        }
        assert!(common(&serves(90, 99), ApiKey::Metadata, 0).is_err());
        let error = common(&serves(0, 13), ApiKey::Fetch, 0).unwrap_err();
        assert_eq!(error.to_string(), "the broker does not serve Fetch in a version from 4 to 18");
    }
}
