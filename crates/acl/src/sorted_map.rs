//! A sorted map whose versions share what is equal in them.
//!
//! The entries stand in chunks, sorted within and among each other. A copy shares all chunks; a change copies the one
//! chunk it is in. With 100,000 entries that is some hundred pointers and some hundred entries, not all of them. (The
//! two levels of a B-tree, and no more: policies are far from needing a third.)

use std::cmp::Ordering;
use std::sync::Arc;

/// A chunk that would grow beyond this is cut in two.
const MAX_CHUNK: usize = 256;

#[derive(Debug, Clone)]
pub(crate) struct SortedMap<K, V> {
    /// None of them is empty.
    chunks: Vec<Arc<Vec<(K, V)>>>,
    len: usize,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<K: Ord + Clone, V: Clone> SortedMap<K, V> {
    /// From entries in strictly ascending order.
    pub(crate) fn from_sorted(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut entries = entries.into_iter().peekable();
        let mut map = Self::default();
        while entries.peek().is_some() {
            // Half full, so that the first changes do not have to cut.
            let chunk: Vec<(K, V)> = entries.by_ref().take(MAX_CHUNK / 2).collect();
            map.len += chunk.len();
            map.chunks.push(Arc::new(chunk));
        }
        debug_assert!(map.iter().is_sorted_by(|(left, _), (right, _)| left < right), "entries must be in order");
        map
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.chunks.iter().flat_map(|chunk| chunk.iter()).map(|(key, value)| (key, value))
    }

    /// The value of the key for which `compare` (of a key with the sought one) says `Equal`.
    pub(crate) fn get(&self, mut compare: impl FnMut(&K) -> Ordering) -> Option<&V> {
        let (key, value) = self.first_from(|key| compare(key).is_ge())?;
        compare(key).is_eq().then_some(value)
    }

    /// The first entry that is at or behind a place in the order. `is_behind` says so of a key, and is false of all keys
    /// before that place.
    pub(crate) fn first_from(&self, mut is_behind: impl FnMut(&K) -> bool) -> Option<(&K, &V)> {
        let (chunk, entry) = self.place(&mut is_behind);
        let (key, value) = self.chunks.get(chunk)?.get(entry)?;
        Some((key, value))
    }

    /// All entries from such a place on.
    pub(crate) fn iter_from(&self, mut is_behind: impl FnMut(&K) -> bool) -> impl Iterator<Item = (&K, &V)> {
        let (chunk, entry) = self.place(&mut is_behind);
        let chunks = self.chunks.get(chunk..).unwrap_or_default();
        chunks.iter().flat_map(|chunk| chunk.iter()).skip(entry).map(|(key, value)| (key, value))
    }

    /// The last entry before such a place.
    pub(crate) fn last_before(&self, mut is_behind: impl FnMut(&K) -> bool) -> Option<(&K, &V)> {
        let (chunk, entry) = self.place(&mut is_behind);
        let (key, value) = match entry.checked_sub(1) {
            Some(previous) => self.chunks.get(chunk)?.get(previous)?,
            None => self.chunks.get(chunk.checked_sub(1)?)?.last()?,
        };
        Some((key, value))
    }

    /// The chunk, and the index in it, of the first entry that is behind. Never the end of a chunk that has a successor.
    fn place(&self, is_behind: &mut impl FnMut(&K) -> bool) -> (usize, usize) {
        let chunk = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|(key, _)| !is_behind(key)));
        let entry = self.chunks.get(chunk).map_or(0, |chunk| chunk.partition_point(|(key, _)| !is_behind(key)));
        (chunk, entry)
    }

    /// The value of this key to change it, after putting `V::default()` there if there is none.
    pub(crate) fn entry(&mut self, key: &K) -> Option<&mut V>
    where
        V: Default,
    {
        let (mut chunk, mut entry) = self.place(&mut |other: &K| other >= key);
        if self.chunks.is_empty() {
            self.chunks.push(Arc::default());
        }
        if chunk == self.chunks.len() {
            chunk -= 1;
            entry = self.chunks.get(chunk)?.len();
        }
        if self.chunks.get(chunk)?.get(entry).is_none_or(|(other, _)| other != key) {
            (chunk, entry) = self.make_room(chunk, entry)?;
            Arc::make_mut(self.chunks.get_mut(chunk)?).insert(entry, (key.clone(), V::default()));
            self.len += 1;
        }
        Arc::make_mut(self.chunks.get_mut(chunk)?).get_mut(entry).map(|(_, value)| value)
    }

    /// Cuts a full chunk, and says where the place in it has gone.
    fn make_room(&mut self, chunk: usize, entry: usize) -> Option<(usize, usize)> {
        let full = self.chunks.get_mut(chunk)?;
        if full.len() < MAX_CHUNK {
            return Some((chunk, entry));
        }
        let half = full.len() / 2;
        let rest = Arc::make_mut(full).split_off(half);
        self.chunks.insert(chunk + 1, Arc::new(rest));
        Some(if entry <= half { (chunk, entry) } else { (chunk + 1, entry - half) })
    }

    /// Whether the key was there.
    pub(crate) fn remove(&mut self, key: &K) -> bool {
        let (chunk, entry) = self.place(&mut |other: &K| other >= key);
        let Some(entries) = self.chunks.get_mut(chunk) else { return false };
        if entries.get(entry).is_none_or(|(other, _)| other != key) {
            return false;
        }
        Arc::make_mut(entries).remove(entry);
        if entries.is_empty() {
            self.chunks.remove(chunk);
        }
        self.len -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn map_of(keys: impl IntoIterator<Item = u32>) -> SortedMap<u32, u32> {
        SortedMap::from_sorted(keys.into_iter().map(|key| (key, 0)))
    }

    #[test]
    fn a_change_copies_one_chunk_and_leaves_the_older_version_alone() {
        let old = map_of(0..10_000);
        let mut new = old.clone();
        *new.entry(&5_000).expect("a place") = 1;
        assert!(new.remove(&5_001));
        let shared = old.chunks.iter().filter(|chunk| new.chunks.iter().any(|other| Arc::ptr_eq(chunk, other)));
        assert_eq!(shared.count(), old.chunks.len() - 1);
        assert_eq!((old.get(|key| key.cmp(&5_000)), old.len()), (Some(&0), 10_000));
        assert_eq!((new.get(|key| key.cmp(&5_000)), new.len()), (Some(&1), 9_999));
    }

    proptest! {
        #[test]
        fn it_is_a_sorted_map(
            start in proptest::collection::btree_set(0u32..2_000, 0..600),
            changes in proptest::collection::vec((any::<bool>(), 0u32..2_000), 0..1_500),
            sought in 0u32..2_100,
        ) {
            let mut expected: BTreeMap<u32, u32> = start.iter().map(|&key| (key, 0)).collect();
            let mut map = map_of(start);
            for (add, key) in changes {
                if add {
                    *expected.entry(key).or_default() += 1;
                    *map.entry(&key).expect("a place") += 1;
                } else {
                    prop_assert_eq!(map.remove(&key), expected.remove(&key).is_some());
                }
            }
            prop_assert!(map.chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= MAX_CHUNK));
            prop_assert_eq!((map.len(), map.is_empty()), (expected.len(), expected.is_empty()));
            prop_assert!(map.iter().eq(&expected));
            prop_assert!(map.iter_from(|&key| key >= sought).eq(expected.range(sought..)));
            prop_assert_eq!(map.first_from(|&key| key >= sought), expected.range(sought..).next());
            prop_assert_eq!(map.last_before(|&key| key >= sought), expected.range(..sought).next_back());
            prop_assert_eq!(map.get(|key| key.cmp(&sought)), expected.get(&sought));
        }
    }
}
