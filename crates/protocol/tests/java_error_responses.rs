//! Our error answers are Kafka's: the same random requests, the same errors, compared with `getErrorResponse`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod java;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use bytes::Bytes;
use protocol::messages::*;
use protocol::{
    ApiKey, Decodable, ErrorCode, Limits, Request, RequestFrame, error_response, guard_request, guard_response,
    served_versions,
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

macro_rules! define_typed {
    ($($api:ident $request:ident,)*) => {
        /// The answer as it reads, in an order that Kafka's hash maps do not change.
        fn typed(key: ApiKey, version: i16, frame: Bytes) -> (i32, String) {
            let guarded = guard_response(key, version, frame, &Limits::default()).unwrap();
            let text = match key {
                $(ApiKey::$api => sorted::<<$request as Request>::Response>(guarded.decode().unwrap()),)*
                _ => panic!("{key} has no types"),
            };
            (guarded.correlation_id, text)
        }
    };
}
protocol::with_typed_apis!(define_typed);

fn sorted<T: Decodable + Debug + Any>(mut response: T) -> String {
    let any: &mut dyn Any = &mut response;
    if let Some(response) = any.downcast_mut::<ProduceResponse>() {
        response.responses.sort_by_key(|topic| (topic.name.clone(), topic.topic_id));
        for topic in &mut response.responses {
            topic.partition_responses.sort_by_key(|partition| partition.index);
        }
    } else if let Some(response) = any.downcast_mut::<WriteTxnMarkersResponse>() {
        response.markers.sort_by_key(|marker| marker.producer_id);
        for marker in &mut response.markers {
            marker.topics.sort_by_key(|topic| topic.name.clone());
            for topic in &mut marker.topics {
                topic.partitions.sort_by_key(|partition| partition.partition_index);
            }
        }
    }
    format!("{response:?}")
}
