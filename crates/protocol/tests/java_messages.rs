//! Whatever the real Kafka writes, the guard accepts, and the typed codec reads and writes back byte for byte.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod java;
mod typed;

use std::collections::BTreeSet;

use bytes::Bytes;
use protocol::{ApiKey, Limits, RequestFrame, guard_request, guard_response};

const SEED: u64 = 1;
const MESSAGES_OF_EACH: usize = 30;

#[test]
fn every_message_that_kafka_writes_passes_the_guard_and_survives_the_codec() {
    let file = java::run("Messages", SEED, MESSAGES_OF_EACH);
    let mut records = java::Records(&file);
    let mut seen = BTreeSet::new();
    let mut messages = 0;
    while !records.is_empty() {
        let key = ApiKey::try_from(records.int16()).unwrap();
        let version = records.int16();
        let is_request = records.int8() == 1;
        let frame = Bytes::copy_from_slice(records.bytes().unwrap());
        if is_request {
            check_request(key, version, frame);
        } else {
            check_response(key, version, frame);
        }
        seen.insert((key, is_request));
        messages += 1;
    }
    let apis_with_versions = ApiKey::ALL.len() - 4;
    assert_eq!(seen.len(), 2 * apis_with_versions);
    assert!(messages > 2 * apis_with_versions * MESSAGES_OF_EACH, "{messages}");
}

fn check_request(key: ApiKey, version: i16, bytes: Bytes) {
    let frame = RequestFrame::parse(bytes.clone()).unwrap();
    assert_eq!((frame.api_key, frame.api_version), (key, version));
    let guarded = guard_request(frame, &Limits::default()).unwrap_or_else(|error| panic!("{error}\n{bytes:?}"));
    if typed::has_types(key, version) {
        assert_eq!(typed::rewritten_request(key, version, guarded.body()), guarded.body(), "request {key} {version}");
    }
}

fn check_response(key: ApiKey, version: i16, bytes: Bytes) {
    let guarded = guard_response(key, version, bytes.clone(), &Limits::default())
        .unwrap_or_else(|error| panic!("response: {error}\n{bytes:?}"));
    if typed::has_types(key, version) {
        assert_eq!(typed::rewritten_response(key, version, guarded.body()), guarded.body(), "response {key} {version}");
    }
}
