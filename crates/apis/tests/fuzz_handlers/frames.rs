//! Where the inputs come from: what Kafka writes, mutated.

use std::collections::BTreeMap;

use bytes::Bytes;
use protocol::{ApiKey, RequestFrame};

use crate::mutation::{Random, seeds_with_long_ones};

const ELEMENTS_OF_A_LONG_ONE: usize = 1500;
/// A frame of more bytes is a long one: one input of so many.
const LONG: usize = 2000;
const ONE_LONG_OF: usize = 100;
/// Mutations that the guard refuses, one after the other.
const MOST_TRIES: usize = 16;

/// What Kafka writes of one API and version.
pub(crate) struct Kind {
    pub(crate) api_key: ApiKey,
    pub(crate) version: i16,
    pub(crate) requests: Frames,
    pub(crate) answers: Frames,
}

#[derive(Default)]
pub(crate) struct Frames {
    usual: Vec<Vec<u8>>,
    long: Vec<Vec<u8>>,
}

impl Frames {
    fn push(&mut self, bytes: Vec<u8>) {
        if bytes.len() > LONG { self.long.push(bytes) } else { self.usual.push(bytes) }
    }

    /// One of them, mutated up to three times. Mostly a mutation is tried until the guard lets one through: behind it is
    /// what is to be tested.
    pub(crate) fn one(&self, random: &mut Random, passes: impl Fn(Bytes) -> bool) -> Bytes {
        let is_long = !self.long.is_empty() && random.below(ONE_LONG_OF) == 0;
        let times = [0, 1, 1, 1, 1, 2, 2, 3][random.below(8)];
        let tries = if random.below(4) > 0 { MOST_TRIES } else { 1 };
        let mut bytes = Bytes::new();
        for _ in 0..tries {
            bytes = Bytes::from(random.changed(if is_long { &self.long } else { &self.usual }, times));
            if passes(bytes.clone()) {
                break;
            }
        }
        bytes
    }
}

/// What Kafka writes, by API and version.
pub(crate) fn kinds() -> Vec<Kind> {
    let mut kinds: BTreeMap<(ApiKey, i16), Kind> = BTreeMap::new();
    for seed in seeds_with_long_ones(ELEMENTS_OF_A_LONG_ONE) {
        let (api_key, version) = seed.response_to.unwrap_or_else(|| {
            let frame = RequestFrame::parse(Bytes::from(seed.bytes.clone())).unwrap();
            (frame.api_key, frame.api_version)
        });
        let kind = kinds.entry((api_key, version)).or_insert_with(|| Kind {
            api_key,
            version,
            requests: Frames::default(),
            answers: Frames::default(),
        });
        match seed.response_to {
            None => kind.requests.push(seed.bytes),
            Some(_) => kind.answers.push(seed.bytes),
        }
    }
    kinds.into_values().collect()
}
