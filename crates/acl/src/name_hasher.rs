//! A quick hash for names of resources.
//!
//! Std's hash withstands keys that an enemy chose. Here the keys are names in ACLs, which come from those who rule the
//! cluster; names that clients ask for are only looked up, and at worst are compared with some names in vain. So this one
//! spends a multiplication on eight bytes, which halves the cost of a decision.

use std::hash::{BuildHasherDefault, Hasher};

pub(crate) type BuildNameHasher = BuildHasherDefault<NameHasher>;

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct NameHasher {
    state: u64,
}

impl NameHasher {
    fn add(&mut self, word: u64) {
        // Odd, and without a pattern: the fraction of the golden ratio.
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        // Both halves of the product, so that every bit of the word reaches the low bits as well as the high ones.
        let (low, high) = (self.state ^ word).carrying_mul(FACTOR, 0);
        self.state = low ^ high;
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        // The length first: it tells `a` from `a` and a zero byte.
        self.add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        match bytes.last_chunk::<8>() {
            // The last eight, some of them once more: quicker than to fetch the rest byte by byte.
            Some(last) => self.add(u64::from_le_bytes(*last)),
            None => self.add(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
        }
    }

    fn write_u8(&mut self, _: u8) {
        // What `str` adds to its bytes, to tell ("a", "b") from ("ab", ""). There is one name only.
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    #[test]
    fn names_that_are_alike_are_spread() {
        let hash = |name: &str| BuildNameHasher::default().hash_one(name);
        let names: Vec<String> =
            (0..4_096).flat_map(|n| [format!("t{n}"), format!("team-{n}.orders"), format!("{n:0>40}")]).collect();
        // A table looks at the low bits for a place and at the high ones for a first comparison.
        for (part, shift) in [("low", 0), ("high", 48)] {
            let buckets: HashSet<u64> = names.iter().map(|name| (hash(name) >> shift) & 0xFFFF).collect();
            // 12,288 balls in 65,536 buckets: about 11,200 of them are hit if they fall at random.
            assert!(buckets.len() > 10_500, "{part} bits: {}", buckets.len());
        }
        assert_ne!(hash("a"), hash("a\0"));
        assert_ne!(hash(""), hash("\0"));
    }
}
