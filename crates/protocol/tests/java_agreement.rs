//! What the guard lets pass, Kafka and the typed codec read alike: mutated frames that the guard accepts are read by the
//! real classes and by ours, and written again to the same bytes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod java;
mod mutation;
mod typed;

use bytes::Bytes;
use mutation::{Frame, Random, seeds};
use protocol::{ApiKey, Limits, RequestFrame, guard_request, guard_response};

const FRAMES: usize = 200_000;

#[test]
fn mutated_frames_that_the_guard_accepts_mean_the_same_to_kafka_and_to_us() {
    let seeds = seeds();
    let mut random = Random(2);
    let mut accepted: Vec<Accepted> = Vec::new();
    let mut records = Vec::new();
    for _ in 0..FRAMES {
        let frame = random.mutated(&seeds);
        if let Some(read) = read(&frame) {
            records.extend(read.key.code().to_be_bytes());
            records.extend(read.version.to_be_bytes());
            records.push(u8::from(frame.response_to.is_none()));
            records.extend((frame.bytes.len() as i32).to_be_bytes());
            records.extend(&frame.bytes);
            accepted.push(read);
        }
    }
    assert!(accepted.len() > FRAMES / 20, "{}", accepted.len());

    let answers = java::reread(&records);
    let mut answers = java::Records(&answers);
    for ours in &accepted {
        let theirs = answers
            .bytes()
            .unwrap_or_else(|| panic!("kafka cannot read {} {}: {:02x?}", ours.key, ours.version, &ours.body[..]));
        if let Some(written) = &ours.written {
            assert_eq!(&written[..], theirs, "{} {}: {:02x?}", ours.key, ours.version, &ours.body[..]);
        }
    }
    assert!(answers.is_empty());
}

struct Accepted {
    key: ApiKey,
    version: i16,
    body: Bytes,
    /// The body as our codec writes it again; `None` for versions without types.
    written: Option<Bytes>,
}

fn read(frame: &Frame) -> Option<Accepted> {
    let bytes = Bytes::copy_from_slice(&frame.bytes);
    let limits = Limits::default();
    if let Some((key, version)) = frame.response_to {
        let body = guard_response(key, version, bytes, &limits).ok()?.body();
        let written = typed::has_types(key, version).then(|| typed::rewritten_response(key, version, body.clone()));
        return Some(Accepted { key, version, body, written });
    }
    let guarded = guard_request(RequestFrame::parse(bytes).ok()?, &limits).ok()?;
    let (key, version, body) = (guarded.api_key, guarded.api_version, guarded.body());
    let written = typed::has_types(key, version).then(|| typed::rewritten_request(key, version, body.clone()));
    Some(Accepted { key, version, body, written })
}
