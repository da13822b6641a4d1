//! A million mutated frames under a counting allocator: nothing panics, what the guard accepts the decoder accepts too,
//! and guarding and decoding together never hold more than 48 bytes per byte of input and 64 KiB on top.
//!
//! The frames begin as what the real Kafka writes (see `java_messages.rs`), and as dense ones made by hand. The mutations
//! come from a fixed seed; `FUZZ_SEED` and `FUZZ_FRAMES` change them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod java;
mod mutation;
mod typed;

use std::alloc::System;

use bytes::Bytes;
use mutation::{Frame, Random, seeds};
use peakmem_alloc::{INSTRUMENTED_SYSTEM, PeakMemAlloc, PeakMemAllocTrait};
use protocol::{ApiKey, Limits, RequestFrame, guard_request, guard_response};

#[global_allocator]
static ALLOCATOR: &PeakMemAlloc<System> = &INSTRUMENTED_SYSTEM;

const MEMORY_PER_BYTE: usize = 48;
const MEMORY_ON_TOP: usize = 64 * 1024;

// One test: the allocator counts what all threads do.
#[test]
fn a_million_mutated_frames_neither_panic_nor_take_memory_out_of_proportion() {
    let seeds = seeds();
    let mut random = Random(setting("FUZZ_SEED", 1));
    let mut tally = Tally::default();
    // the schema programs are compiled at first use
    for seed in &seeds {
        guard_and_decode(seed);
    }

    for dense in dense_frames() {
        tally.count(&dense);
    }
    for _ in 0..setting("FUZZ_FRAMES", 1_000_000) {
        tally.count(&random.mutated(&seeds));
    }
    println!("{tally:?}");
    assert!(tally.accepted > 10_000 && tally.refused > 10_000, "{tally:?}");
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    decoded: usize,
    highest_peak: usize,
    /// The highest peak over 64 KiB, per byte of its frame.
    highest_ratio: f64,
}

impl Tally {
    fn count(&mut self, frame: &Frame) {
        let length = frame.bytes.len();
        ALLOCATOR.reset_peak_memory();
        let outcome = guard_and_decode(frame);
        // the guard's own copy of the frame is the input, not what it makes of it
        let peak = ALLOCATOR.get_peak_memory().saturating_sub(length);
        assert!(peak <= MEMORY_PER_BYTE * length + MEMORY_ON_TOP, "{peak} bytes for {length}: {:02x?}", frame.bytes);
        match outcome {
            Outcome::Refused => self.refused += 1,
            Outcome::Accepted => self.accepted += 1,
            Outcome::Decoded => {
                self.accepted += 1;
                self.decoded += 1;
            }
        }
        self.highest_peak = self.highest_peak.max(peak);
        self.highest_ratio = self.highest_ratio.max(peak.saturating_sub(MEMORY_ON_TOP) as f64 / length as f64);
    }
}

enum Outcome {
    Refused,
    /// A version without typed messages.
    Accepted,
    Decoded,
}

fn guard_and_decode(frame: &Frame) -> Outcome {
    let bytes = Bytes::copy_from_slice(&frame.bytes);
    match frame.response_to {
        None => request(bytes),
        Some((key, version)) => response(key, version, bytes),
    }
}

fn request(bytes: Bytes) -> Outcome {
    let Ok(frame) = RequestFrame::parse(bytes) else { return Outcome::Refused };
    let Ok(guarded) = guard_request(frame, &Limits::default()) else { return Outcome::Refused };
    if !typed::has_types(guarded.api_key, guarded.api_version) {
        return Outcome::Accepted;
    }
    typed::read(guarded.api_key, guarded.api_version, guarded.body(), true);
    Outcome::Decoded
}

fn response(key: ApiKey, version: i16, bytes: Bytes) -> Outcome {
    let Ok(guarded) = guard_response(key, version, bytes, &Limits::default()) else { return Outcome::Refused };
    if !typed::has_types(key, version) {
        return Outcome::Accepted;
    }
    typed::read(key, version, guarded.body(), false);
    Outcome::Decoded
}

/// Frames of as many elements as fit, each as small as it can be: they cost the decoder most.
fn dense_frames() -> Vec<Frame> {
    const COUNT: u32 = 200_000;
    let compact_count = |count: u32| {
        let mut bytes = Vec::new();
        let mut left = count + 1;
        while left >= 0x80 {
            bytes.push(left as u8 | 0x80);
            left >>= 7;
        }
        bytes.push(left as u8);
        bytes
    };
    let frame = |key: ApiKey, version: i16, before: &[u8], element: &[u8], after: &[u8]| {
        let mut bytes = RequestFrame::header(key, version, 1, "fuzz").bytes().to_vec();
        bytes.extend_from_slice(before);
        bytes.extend(compact_count(COUNT));
        (0..COUNT).for_each(|_| bytes.extend_from_slice(element));
        bytes.extend_from_slice(after);
        Frame { bytes, response_to: None }
    };
    let tagged = [1, 1, 1, 0, 0];
    vec![
        // topics without a name or partitions, then the flags
        frame(ApiKey::Metadata, 9, &[], &[1, 0], &[0, 0, 0, 0]),
        frame(ApiKey::Metadata, 9, &[], &[3, b'a', b'b', 0], &[0, 0, 0, 0]),
        // topics that each have one unknown tag
        frame(ApiKey::Metadata, 9, &[], &[1, 1, 9, 0], &[0, 0, 0, 0]),
        frame(ApiKey::Fetch, 12, &[0; 25], &[1, 1, 0], &[1, 1, 0]),
        frame(ApiKey::Fetch, 12, &[0; 25], &tagged, &[1, 1, 0]),
        frame(ApiKey::Produce, 9, &[0, 0, 1, 0, 0, 0, 1], &[1, 1, 0], &[0]),
        frame(ApiKey::DeleteGroups, 2, &[], &[1], &[0]),
        frame(ApiKey::DeleteGroups, 2, &[], &[2, b'a'], &[0]),
        frame(ApiKey::CreateTopics, 7, &[], &[1, 0, 0, 0, 0, 0, 0, 1, 1, 0], &[0, 0, 0, 0, 0, 0]),
        frame(ApiKey::LeaveGroup, 5, &[1], &[1, 0, 0, 0], &[0]),
    ]
}
