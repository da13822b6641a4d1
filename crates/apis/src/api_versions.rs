//! ApiVersions (18): `KafkaApis.handleApiVersionsRequest`, `ApiVersionsResponse`. Answered here, before and after login.
//!
//! What a client may use is what both we and the broker behind the connection serve, so both have a say. Two exceptions:
//! Produce begins where the broker says (0, though nobody serves less than 3), because librdkafka otherwise stops
//! compressing (KAFKA-18659), and what concerns only us (ApiVersions itself, SASL, ACLs and users) is ours alone.
//! Features are the broker's.

use std::ops::RangeInclusive;

use bytes::Bytes;
use protocol::messages::api_versions_response::ApiVersion;
use protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use protocol::{ApiKey, Decodable, ErrorCode, RequestFrame, encode_response};

use crate::{BrokerVersions, Row, table};

/// The answer, with its size. The frame may be of any version: one that nobody serves is answered in the oldest form
/// with `UNSUPPORTED_VERSION` and the versions that are served of this API.
pub fn answer(frame: &RequestFrame, broker: &BrokerVersions) -> Bytes {
    let ours = &table::row(ApiKey::ApiVersions).versions;
    let (version, response) = match frame.api_version {
        version if !ours.contains(&version) => (0, unsupported_version(ours)),
        version if version >= 3 && !is_valid(frame) => (version, invalid_request()),
        version => (version, supported(version, broker)),
    };
    encode_response(version, frame.correlation_id, &response)
        .or_else(|_| encode_response(version, frame.correlation_id, &without_features(response)))
        .expect("keys of the table and their versions can be encoded")
}

/// Without anything that a broker has chosen the bytes of.
fn without_features(response: ApiVersionsResponse) -> ApiVersionsResponse {
    ApiVersionsResponse::default().with_error_code(response.error_code).with_api_keys(response.api_keys)
}

fn unsupported_version(ours: &RangeInclusive<i16>) -> ApiVersionsResponse {
    ApiVersionsResponse::default().with_error_code(ErrorCode::UNSUPPORTED_VERSION.0).with_api_keys(vec![api_version(
        ApiKey::ApiVersions,
        *ours.start(),
        *ours.end(),
    )])
}

fn invalid_request() -> ApiVersionsResponse {
    ApiVersionsResponse::default().with_error_code(ErrorCode::INVALID_REQUEST.0)
}

fn supported(version: i16, broker: &BrokerVersions) -> ApiVersionsResponse {
    let theirs = broker.response();
    let mut features = theirs.supported_features.clone();
    // Clients that speak version 3 cannot read a feature that begins at 0.
    features.retain(|feature| version >= 4 || feature.min_version > 0);
    ApiVersionsResponse::default()
        .with_api_keys(table::all().iter().filter_map(|row| advertised(row, broker)).collect())
        .with_supported_features(features)
        .with_finalized_features_epoch(theirs.finalized_features_epoch)
        .with_finalized_features(theirs.finalized_features.clone())
}

fn advertised(row: &Row, broker: &BrokerVersions) -> Option<ApiVersion> {
    match row.api_key {
        key @ (ApiKey::ApiVersions | ApiKey::SaslHandshake | ApiKey::SaslAuthenticate) => {
            Some(api_version(key, *row.versions.start(), *row.versions.end()))
        }
        ApiKey::Produce => {
            let both = table::served(ApiKey::Produce, broker)?;
            let lowest = *broker.range(ApiKey::Produce)?.start();
            Some(api_version(ApiKey::Produce, lowest.min(*both.start()), *both.end()))
        }
        key => {
            let both = table::served(key, broker)?;
            Some(api_version(key, *both.start(), *both.end()))
        }
    }
}

fn api_version(key: ApiKey, min: i16, max: i16) -> ApiVersion {
    ApiVersion::default().with_api_key(key.code()).with_min_version(min).with_max_version(max)
}

/// `ApiVersionsRequest.isValid`: clients say from version 3 on what software they are.
fn is_valid(frame: &RequestFrame) -> bool {
    ApiVersionsRequest::decode(&mut frame.body(), frame.api_version).is_ok_and(|request| {
        is_software_name(&request.client_software_name) && is_software_name(&request.client_software_version)
    })
}

/// Letters, digits, hyphens and dots, of which neither of the last two at an end.
fn is_software_name(text: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use protocol::messages::api_versions_response::{FinalizedFeatureKey, SupportedFeatureKey};
    use protocol::{Limits, encode_request, guard_response};

    use super::*;
    use crate::testing::str_bytes;

    fn broker() -> BrokerVersions {
        let feature = |name, min| {
            SupportedFeatureKey::default().with_name(str_bytes(name)).with_min_version(min).with_max_version(2)
        };
        let finalized = FinalizedFeatureKey::default().with_name(str_bytes("group.version")).with_max_version_level(1);
        BrokerVersions::new(
            ApiVersionsResponse::default()
                .with_api_keys(vec![
                    api_version(ApiKey::Produce, 0, 13),
                    api_version(ApiKey::Fetch, 4, 12),
                    // Newer than the table, and newer than all it has.
                    api_version(ApiKey::Metadata, 12, 99),
                    api_version(ApiKey::Heartbeat, 90, 99),
                    api_version(ApiKey::OffsetCommit, 2, 10),
                    api_version(ApiKey::SaslHandshake, 0, 0),
                    api_version(ApiKey::ApiVersions, 0, 3),
                    api_version(ApiKey::BrokerHeartbeat, 0, 1),
                    ApiVersion::default().with_api_key(999),
                ])
                .with_supported_features(vec![feature("group.version", 0), feature("metadata.version", 1)])
                .with_finalized_features_epoch(7)
                .with_finalized_features(vec![finalized]),
        )
    }

    fn request(version: i16, name: &str, software_version: &str) -> RequestFrame {
        let header = RequestFrame::header(ApiKey::ApiVersions, version, 5, "client");
        let request = ApiVersionsRequest::default()
            .with_client_software_name(str_bytes(name))
            .with_client_software_version(str_bytes(software_version));
        RequestFrame::parse(encode_request(&header, &request).unwrap().slice(4..)).unwrap()
    }

    fn answered(version: i16, name: &str, software_version: &str) -> ApiVersionsResponse {
        let bytes = answer(&request(version, name, software_version), &broker());
        let limits = Limits::default();
        guard_response(ApiKey::ApiVersions, version, bytes.slice(4..), &limits).unwrap().decode().unwrap()
    }

    #[test]
    fn what_both_serve_is_advertised() {
        let keys = vec![
            api_version(ApiKey::Produce, 0, 13),
            api_version(ApiKey::Fetch, 4, 12),
            api_version(ApiKey::Metadata, 12, 13),
            api_version(ApiKey::OffsetCommit, 2, 10),
            api_version(ApiKey::SaslHandshake, 0, 1),
            api_version(ApiKey::ApiVersions, 0, 4),
            api_version(ApiKey::DescribeAcls, 1, 3),
            api_version(ApiKey::CreateAcls, 1, 3),
            api_version(ApiKey::DeleteAcls, 1, 3),
            api_version(ApiKey::SaslAuthenticate, 0, 2),
            api_version(ApiKey::DescribeUserScramCredentials, 0, 0),
            api_version(ApiKey::AlterUserScramCredentials, 0, 0),
        ];
        let theirs = broker().response().clone();
        let old = ApiVersionsResponse::default().with_api_keys(keys);
        let new = old
            .clone()
            .with_supported_features(theirs.supported_features.clone())
            .with_finalized_features_epoch(7)
            .with_finalized_features(theirs.finalized_features);
        assert_eq!(answered(0, "", ""), old);
        assert_eq!(answered(2, "", ""), old);
        let readable = new.supported_features[1..].to_vec();
        assert_eq!(answered(3, "librdkafka", "2.12.1"), new.clone().with_supported_features(readable));
        assert_eq!(answered(4, "librdkafka", "2.12.1"), new);
    }

    #[test]
    fn an_unknown_version_is_answered_in_the_oldest_form() {
        for version in [-1, 5, 99] {
            let frame = RequestFrame::header(ApiKey::ApiVersions, version, 5, "client");
            let expected = [0, 0, 0, 16, 0, 0, 0, 5, 0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4];
            assert_eq!(answer(&frame, &broker())[..], expected);
        }
    }

    #[test]
    fn features_that_cannot_be_written_leave_the_versions() {
        for version in 0..=4 {
            let whole = supported(version, &broker());
            let rest = without_features(whole.clone());
            let expected = ApiVersionsResponse::default().with_api_keys(whole.api_keys);
            assert_eq!(rest, expected);
            assert!(encode_response(version, 5, &rest).is_ok());
        }
    }

    #[test]
    fn software_without_a_proper_name_is_refused() {
        let refused = ApiVersionsResponse::default().with_error_code(42);
        for (name, valid) in [
            ("a..b", true),
            ("1-2", true),
            ("x", true),
            ("", false),
            ("a-", false),
            ("-a", false),
            (".a", false),
            ("a b", false),
            ("é", false),
        ] {
            for version in [3, 4] {
                assert_eq!(answered(version, name, "1") != refused, valid, "name `{name}`");
                assert_eq!(answered(version, "x", name) != refused, valid, "version `{name}`");
            }
        }
        assert_ne!(answered(2, "", ""), refused, "older clients do not say what they are");
    }
}
