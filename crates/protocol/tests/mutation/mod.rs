//! Frames of every key, version and direction, and random changes to them.

#![allow(dead_code, reason = "each test that includes this uses a part of it")]

use protocol::ApiKey;

use crate::java;

/// A frame to be read as a request, or as a response to a request of this key and version.
pub(crate) struct Frame {
    pub(crate) bytes: Vec<u8>,
    pub(crate) response_to: Option<(ApiKey, i16)>,
}

/// What Kafka writes: a few messages of each key, version and direction.
pub(crate) fn seeds() -> Vec<Frame> {
    frames(&java::run("Messages", 7, 6))
}

/// The same, and of each one that is long.
pub(crate) fn seeds_with_long_ones(many: usize) -> Vec<Frame> {
    frames(&java::messages(7, 8, many))
}

fn frames(file: &[u8]) -> Vec<Frame> {
    let mut records = java::Records(file);
    let mut seeds = Vec::new();
    while !records.is_empty() {
        let key = ApiKey::try_from(records.int16()).unwrap();
        let version = records.int16();
        let response_to = (records.int8() == 0).then_some((key, version));
        seeds.push(Frame { bytes: records.bytes().unwrap().to_vec(), response_to });
    }
    seeds
}

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// One of the frames with one to three mutations.
    pub(crate) fn mutated(&mut self, seeds: &[Frame]) -> Frame {
        let seed = self.of(seeds);
        let mut frame = Frame { bytes: seed.bytes.clone(), ..*seed };
        for _ in 0..=self.below(3) {
            let other = self.of(seeds);
            mutate(self, &mut frame.bytes, &other.bytes);
        }
        frame
    }

    /// One of these frames with so many mutations.
    pub(crate) fn changed(&mut self, frames: &[Vec<u8>], times: usize) -> Vec<u8> {
        let mut bytes = self.of(frames).clone();
        for _ in 0..times {
            let other = self.of(frames).clone();
            mutate(self, &mut bytes, &other);
        }
        bytes
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    pub(crate) fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

fn mutate(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    const TELLING: [u8; 8] = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff, 0x0f];
    if bytes.is_empty() {
        bytes.push(random.next() as u8);
        return;
    }
    let at = random.below(bytes.len());
    let length = random.below(16).min(bytes.len() - at);
    match random.below(10) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.next() as u8,
        2 | 3 => bytes[at] = TELLING[random.below(TELLING.len())],
        4 => bytes.truncate(at),
        5 => drop(bytes.drain(at..at + length)),
        6 => {
            let again = bytes[at..at + length].to_vec();
            let times = if random.below(100) == 0 { random.below(2000) } else { 1 };
            (0..times).for_each(|_| drop(bytes.splice(at..at, again.iter().copied())));
        }
        7 => {
            let number = [i32::MAX, -1, -2, i32::MIN, 0x0100_0000, 0xffff][random.below(6)].to_be_bytes();
            let end = (at + 4).min(bytes.len());
            bytes[at..end].copy_from_slice(&number[..end - at]);
        }
        8 => {
            let end = (at + 5).min(bytes.len());
            let varint = [0xff, 0xff, 0xff, 0xff, TELLING[random.below(TELLING.len())]];
            bytes[at..end].copy_from_slice(&varint[..end - at]);
        }
        _ => {
            let from = random.below(other.len());
            bytes.splice(at..at + length, other[from..].iter().take(24).copied());
        }
    }
}
