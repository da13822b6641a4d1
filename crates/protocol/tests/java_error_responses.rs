//! Our error answers are Kafka's: the same random requests, the same errors, compared with `getErrorResponse`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod java;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use protocol::messages::{ApiKey as TypedKey, ResponseKind};
use protocol::{
    ApiKey, ErrorCode, Limits, RequestFrame, error_response, guard_request, guard_response, served_versions,
};

const SEED: u64 = 1;
const REQUESTS_OF_EACH: usize = 54;

#[test]
fn a_failed_request_is_answered_as_kafka_answers_it() {
    let file = java::run("ErrorResponses", SEED, REQUESTS_OF_EACH);
    let mut records = java::Records(&file);
    let mut compared: BTreeMap<(ApiKey, i16), usize> = BTreeMap::new();
    let mut differences = Vec::new();
    while !records.is_empty() {
        let key = ApiKey::try_from(records.int16()).unwrap();
        let (version, error) = (records.int16(), ErrorCode(records.int16()));
        let request = Bytes::copy_from_slice(records.bytes().unwrap());
        let expected = records.bytes().map(Bytes::copy_from_slice);
        if served_versions(key).is_some_and(|versions| versions.contains(&version)) {
            let request = guard_request(RequestFrame::parse(request).unwrap(), &Limits::default()).unwrap();
            let ours = error_response(&request, error).unwrap().map(|frame| frame.slice(4..));
            let (ours, expected) = (ours.map(|it| typed(key, version, it)), expected.map(|it| typed(key, version, it)));
            if ours != expected {
                differences.push(format!("{key} {version} {error}\n  ours  {ours:?}\n  kafka {expected:?}"));
            }
            *compared.entry((key, version)).or_default() += 1;
        }
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
    let apis: BTreeSet<ApiKey> = compared.keys().map(|(key, _)| *key).collect();
    assert_eq!(apis.len(), ApiKey::ALL.iter().filter(|key| served_versions(**key).is_some()).count());
    assert!(compared.values().all(|&requests| requests > 0), "{compared:?}");
}

/// The answer as a value, in an order that Kafka's hash maps do not change.
fn typed(key: ApiKey, version: i16, frame: Bytes) -> (i32, ResponseKind) {
    let guarded = guard_response(key, version, frame, &Limits::default()).unwrap();
    let mut body = guarded.body();
    let mut response = ResponseKind::decode(TypedKey::try_from(key.code()).unwrap(), &mut body, version).unwrap();
    sort(&mut response);
    (guarded.correlation_id, response)
}

fn sort(response: &mut ResponseKind) {
    match response {
        ResponseKind::Produce(response) => {
            response.responses.sort_by_key(|topic| (topic.name.clone(), topic.topic_id));
            for topic in &mut response.responses {
                topic.partition_responses.sort_by_key(|partition| partition.index);
            }
        }
        ResponseKind::WriteTxnMarkers(response) => {
            response.markers.sort_by_key(|marker| marker.producer_id);
            for marker in &mut response.markers {
                marker.topics.sort_by_key(|topic| topic.name.clone());
                for topic in &mut marker.topics {
                    topic.partitions.sort_by_key(|partition| partition.partition_index);
                }
            }
        }
        _ => {}
    }
}
