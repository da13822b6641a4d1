//! Bytes that abort the decoder, swell it, or that Java and Rust read differently: each is refused, and says why.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use bytes::Bytes;
use protocol::messages::{AlterUserScramCredentialsRequest, FetchRequest, MetadataRequest};
use protocol::{ApiKey, ErrorCode, Fault, Limits, Malformed, RequestFrame, guard_request, guard_response};

/// A request of this body, behind a header without tagged fields.
fn request(key: ApiKey, version: i16, body: &[u8]) -> Result<protocol::GuardedRequest, Malformed> {
    let mut bytes = RequestFrame::header(key, version, 1, "test").bytes().to_vec();
    bytes.extend_from_slice(body);
    guard_request(RequestFrame::parse(bytes.into()).unwrap(), &Limits::default())
}

fn response(key: ApiKey, version: i16, body: &[u8]) -> Result<protocol::GuardedResponse, Malformed> {
    let mut bytes = vec![0, 0, 0, 1];
    if key.response_header_version(version) == 1 {
        bytes.push(0);
    }
    bytes.extend_from_slice(body);
    guard_response(key, version, bytes.into(), &Limits::default())
}

#[track_caller]
fn fault<T: std::fmt::Debug>(outcome: Result<T, Malformed>) -> Fault {
    match outcome {
        Err(Malformed::Bytes { fault, .. }) => fault,
        other => panic!("not refused for its bytes: {other:?}"),
    }
}

#[test]
fn counts_that_abort_the_decoder_are_refused_before_it_allocates() {
    let most = i32::MAX as usize;
    let int32_count = [0x7f, 0xff, 0xff, 0xff];
    let varint_count = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let count = Fault::Count(most);
    let compact = Fault::Count(u32::MAX as usize - 1);

    assert_eq!(fault(request(ApiKey::Metadata, 1, &int32_count)), count);
    assert_eq!(fault(request(ApiKey::Metadata, 12, &varint_count)), compact);
    assert_eq!(fault(request(ApiKey::Fetch, 12, &[&[0; 25], &varint_count[..]].concat())), compact);
    assert_eq!(fault(request(ApiKey::Produce, 9, &[&[0, 0, 1, 0, 0, 0, 1], &varint_count[..]].concat())), compact);
    assert_eq!(fault(request(ApiKey::DescribeGroups, 0, &int32_count)), count);
    // group "", session timeout, member "", protocol type ""
    assert_eq!(fault(request(ApiKey::JoinGroup, 0, &[&[0; 10], &int32_count[..]].concat())), count);
    assert_eq!(fault(response(ApiKey::Metadata, 12, &[&[0; 4], &varint_count[..]].concat())), compact);
    assert_eq!(fault(response(ApiKey::DescribeDelegationToken, 1, &[&[0; 2], &int32_count[..]].concat())), count);
}

#[test]
fn a_count_may_not_be_larger_than_what_the_bytes_that_remain_can_hold() {
    // three topics of at least 2 bytes each in 5 bytes
    let topics = [0, 0, 0, 3, 0, 0, 0, 0, 0];
    assert_eq!(fault(request(ApiKey::DeleteTopics, 1, &topics)), Fault::Count(3));
    // an array of numbers is measured too
    let partitions = [0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0];
    assert_eq!(fault(request(ApiKey::DescribeLogDirs, 1, &partitions)), Fault::Count(2));
}

#[test]
fn elements_of_all_arrays_together_are_limited() {
    let names = |count: usize| {
        let mut bytes = RequestFrame::header(ApiKey::DescribeGroups, 0, 1, "").bytes().to_vec();
        bytes.extend_from_slice(&(count as u32).to_be_bytes());
        bytes.extend(vec![0; 2 * count]);
        RequestFrame::parse(bytes.into()).unwrap()
    };
    let limits = Limits { max_elements: 1000 };
    assert!(guard_request(names(1000), &limits).is_ok());
    assert_eq!(fault(guard_request(names(1001), &limits)), Fault::TooManyElements);
    assert!(guard_request(names(1_000_000), &Limits::default()).is_ok());
    assert_eq!(fault(guard_request(names(1_000_001), &Limits::default())), Fault::TooManyElements);
}

#[test]
fn tagged_fields_do_not_swell_into_millions_before_login() {
    let mut body = vec![1, 1, 0x80, 0x80, 0x40]; // empty name and version, then 1,048,576 tags
    for tag in 0..0x10_0000u32 {
        body.extend(varint(tag));
        body.push(0);
    }
    assert_eq!(fault(request(ApiKey::ApiVersions, 3, &body)), Fault::TooManyElements);
    let few = Limits { max_elements: usize::MAX };
    let mut bytes = RequestFrame::header(ApiKey::ApiVersions, 3, 1, "").bytes().to_vec();
    bytes.extend_from_slice(&body);
    let frame = RequestFrame::parse(bytes.into()).unwrap();
    assert!(guard_request(frame, &few).is_ok(), "three to five bytes a tag are in proportion");
}

#[test]
fn structures_with_an_unknown_tag_each_would_decode_out_of_proportion() {
    let topics = 10_000;
    let mut body = varint(topics + 1);
    (0..topics).for_each(|_| body.extend([1, 1, 9, 0])); // an empty name, one tag, 9, of no bytes
    body.extend([0, 0, 0, 0]);
    assert_eq!(fault(request(ApiKey::Metadata, 9, &body)), Fault::TooDense);
}

#[test]
fn many_short_names_are_in_proportion() {
    let topics = 10_000;
    for name in [&[1u8][..], &[4, b'a', b'b', b'c']] {
        let mut body = varint(topics + 1);
        (0..topics).for_each(|_| body.extend([name, &[0]].concat()));
        body.extend([0, 0, 0, 0]);
        let guarded = request(ApiKey::Metadata, 9, &body).unwrap();
        assert_eq!(guarded.decode::<MetadataRequest>().unwrap().topics.unwrap().len(), topics as usize);
    }
}

#[test]
fn tags_are_ascending_unique_and_at_most_the_largest_int() {
    // MetadataRequest 9 of no topics; then the tags
    let with_tags = |tags: &[u8]| request(ApiKey::Metadata, 9, &[&[1, 0, 0, 0], tags].concat());
    assert!(with_tags(&[2, 5, 0, 6, 1, 0xaa]).is_ok());
    assert_eq!(fault(with_tags(&[2, 6, 0, 5, 0])), Fault::TagOrder(5));
    assert_eq!(fault(with_tags(&[2, 5, 0, 5, 0])), Fault::TagOrder(5));
    assert_eq!(fault(with_tags(&[1, 0x80, 0x80, 0x80, 0x80, 0x08, 0])), Fault::TagOrder(1 << 31));
    assert!(with_tags(&[1, 0xff, 0xff, 0xff, 0xff, 0x07, 0]).is_ok());
    assert_eq!(fault(with_tags(&[3, 5, 0, 6, 0])), Fault::TagCount(3));
    assert_eq!(fault(with_tags(&[1, 5, 4, 0, 0])), Fault::Truncated);
}

#[test]
fn a_known_tag_has_the_size_of_its_value_and_belongs_to_its_version() {
    // FetchRequest 12 of no topics; tag 0 is the cluster id
    let before = [&[0; 25][..], &[1, 1, 1]].concat();
    let fetch = |version, tags: &[u8]| request(ApiKey::Fetch, version, &[&before, tags].concat());
    assert!(fetch(12, &[1, 0, 3, 3, b'i', b'd']).is_ok());
    assert_eq!(fault(fetch(12, &[1, 0, 2, 3, b'i', b'd'])), Fault::TagSize(0));
    assert_eq!(fault(fetch(12, &[1, 0, 4, 3, b'i', b'd', 0])), Fault::TagSize(0));
    let replica_state = [1, 1, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(fault(fetch(12, &replica_state)), Fault::TagVersion(1));
}

#[test]
fn varints_have_at_most_five_bytes_and_32_bits() {
    let name = |length: &[u8]| request(ApiKey::Metadata, 9, &[&[2], length, &[0, 0, 0, 0, 0]].concat());
    assert!(name(&[0x81, 0x00]).is_ok(), "not the shortest form, but read alike");
    assert_eq!(fault(name(&[0x81, 0x80, 0x80, 0x80, 0x80, 0x00])), Fault::Varint);
    assert_eq!(fault(name(&[0x81, 0x80, 0x80, 0x80, 0x10])), Fault::Varint);
}

#[test]
fn strings_are_at_most_32767_bytes_of_utf_8() {
    let name = |bytes: &[u8]| {
        let length = varint(bytes.len() as u32 + 1);
        request(ApiKey::Metadata, 9, &[&[2][..], &length, bytes, &[0, 0, 0, 0, 0]].concat())
    };
    assert!(name(&[b'a'; 32767]).is_ok());
    assert_eq!(fault(name(&[b'a'; 32768])), Fault::StringLength(32768));
    assert!(name("größe".as_bytes()).is_ok());
    assert_eq!(fault(name(&[0xe9])), Fault::Utf8);
    assert_eq!(fault(name(&[0xed, 0xa0, 0x80])), Fault::Utf8, "half a surrogate pair");
    assert_eq!(fault(name(&[0xc0, 0x80])), Fault::Utf8, "java's modified form of nul");
}

#[test]
fn a_nullable_structure_begins_with_minus_1_or_1() {
    // ConsumerGroupHeartbeatResponse 0: throttle, error, message, member, epoch, interval; then the assignment
    let heartbeat = |rest: &[u8]| response(ApiKey::ConsumerGroupHeartbeat, 0, &[&[0; 16][..], rest].concat());
    assert!(heartbeat(&[0xff, 0]).is_ok());
    assert!(heartbeat(&[1, 1, 0, 0]).is_ok());
    for marker in [0u8, 2, 0x80, 0xfe] {
        assert_eq!(fault(heartbeat(&[marker, 1, 0, 0])), Fault::StructMarker(marker as i8));
    }
}

#[test]
fn null_is_refused_where_the_version_does_not_have_it() {
    // topics: null means all from version 1 on; version 0 has no null
    assert_eq!(fault(request(ApiKey::Metadata, 0, &[0xff; 4])), Fault::Null);
    assert!(request(ApiKey::Metadata, 1, &[0xff; 4]).is_ok());
    assert_eq!(fault(request(ApiKey::Metadata, 1, &[0xff, 0xff, 0xff, 0xfe])), Fault::NegativeLength);
    // a topic's name: null only from version 10 on
    assert_eq!(fault(request(ApiKey::Metadata, 9, &[2, 0, 0, 0, 0, 0, 0])), Fault::Null);
    let by_id = [&[2][..], &[7; 16], &[0, 0], &[0, 0, 0, 0]].concat();
    assert!(request(ApiKey::Metadata, 10, &by_id).is_ok());
    assert_eq!(fault(request(ApiKey::Heartbeat, 0, &[0xff, 0xff])), Fault::Null);
    assert_eq!(fault(request(ApiKey::Heartbeat, 0, &[0x80, 0])), Fault::NegativeLength);
    assert_eq!(fault(request(ApiKey::SaslAuthenticate, 0, &[0xff; 4])), Fault::Null);
}

#[test]
fn booleans_of_any_other_value_are_true_as_in_java() {
    let auto_creation = |byte| {
        let guarded = request(ApiKey::Metadata, 9, &[1, byte, 0, 0, 0]).unwrap();
        guarded.decode::<MetadataRequest>().unwrap().allow_auto_topic_creation
    };
    assert_eq!([0, 1, 2, 0xff].map(auto_creation), [false, true, true, true]);
}

/// Verified with librdkafka 2.16.
#[test]
fn the_second_tags_of_librdkafkas_alter_user_scram_credentials_are_cut_off() {
    let altering = |ends: &[u8]| request(ApiKey::AlterUserScramCredentials, 0, &[&[1, 1][..], ends].concat());
    let guarded = altering(&[0, 0]).unwrap();
    assert_eq!(&guarded.body()[..], [1, 1, 0]);
    guarded.decode::<AlterUserScramCredentialsRequest>().unwrap();
    assert_eq!(fault(altering(&[0, 1])), Fault::TrailingBytes(1));
    assert_eq!(fault(altering(&[0, 0, 0])), Fault::TrailingBytes(2));
}

#[test]
fn the_message_ends_where_the_frame_ends() {
    assert!(request(ApiKey::Metadata, 9, &[1, 0, 0, 0, 0]).is_ok());
    assert_eq!(fault(request(ApiKey::Metadata, 9, &[1, 0, 0, 0, 0, 0])), Fault::TrailingBytes(1));
    assert_eq!(fault(request(ApiKey::Metadata, 9, &[1, 0, 0, 0])), Fault::Truncated);
    assert_eq!(fault(response(ApiKey::Heartbeat, 0, &[0, 0, 7])), Fault::TrailingBytes(1));
    assert_eq!(fault(response(ApiKey::Heartbeat, 0, &[0])), Fault::Truncated);
}

#[test]
fn frames_shorter_than_a_header_are_refused() {
    for bytes in [&[][..], &[0, 3], &[0, 3, 0], &[0, 3, 0, 9], &[0, 3, 0, 9, 0, 0, 0, 1]] {
        assert!(RequestFrame::parse(Bytes::copy_from_slice(bytes)).is_err(), "{bytes:?}");
    }
    let short = guard_response(ApiKey::Heartbeat, 4, Bytes::from_static(&[0, 0, 0]), &Limits::default());
    assert_eq!(fault(short), Fault::Truncated);
}

#[test]
fn versions_that_kafka_does_not_have_are_refused_as_such() {
    for (key, version) in [(ApiKey::Produce, 2), (ApiKey::Produce, 99), (ApiKey::ApiVersions, -1)] {
        let refused = Malformed::UnsupportedVersion { api_key: key, api_version: version };
        assert_eq!(request(key, version, &[]).unwrap_err(), refused);
        assert_eq!(response(key, version, &[]).unwrap_err(), refused);
    }
    let removed = request(ApiKey::LeaderAndIsr, 0, &[]).unwrap_err();
    assert_eq!(removed, Malformed::UnsupportedVersion { api_key: ApiKey::LeaderAndIsr, api_version: 0 });
}

#[test]
fn what_has_no_types_is_guarded_but_neither_decoded_nor_answered() {
    // what brokers tell their controllers is not for us to read
    let guarded = request(ApiKey::BrokerHeartbeat, 2, &[0; 23]).unwrap();
    let refused = Malformed::UnsupportedVersion { api_key: ApiKey::BrokerHeartbeat, api_version: 2 };
    assert_eq!(guarded.decode::<protocol::messages::BrokerHeartbeatRequest>().unwrap_err(), refused);
    let answer = protocol::error_response(&guarded, ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    assert_eq!(answer.unwrap_err(), protocol::ErrorResponseError::Malformed(refused));
}

#[test]
fn a_request_is_not_decoded_as_another_api() {
    let guarded = request(ApiKey::Metadata, 9, &[1, 0, 0, 0, 0]).unwrap();
    let refused = Malformed::UnsupportedVersion { api_key: ApiKey::Metadata, api_version: 9 };
    assert_eq!(guarded.decode::<FetchRequest>().unwrap_err(), refused);
}

#[test]
fn a_refusal_names_the_byte_and_the_field() {
    let refusal = request(ApiKey::Metadata, 9, &[2, 2, 0xe9, 0, 0, 0, 0, 0]).unwrap_err();
    assert_eq!(refusal.to_string(), "malformed Metadata version 9 at byte 18 (`Name`): a string is not utf-8");
}

fn varint(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
