//! Answers that a broker keeps in a map while it makes them: what a request names twice stands in them once.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use protocol::ErrorCode;

/// Entries of the same key become one, at the place of the first.
pub(crate) fn together<T, K: Hash + Eq>(entries: Vec<T>, key: impl Fn(&T) -> K, absorb: impl Fn(&mut T, T)) -> Vec<T> {
    let mut places = HashMap::with_capacity(entries.len());
    let mut merged: Vec<T> = Vec::with_capacity(entries.len());
    for entry in entries {
        let place = *places.entry(key(&entry)).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(first) => absorb(first, entry),
            None => merged.push(entry),
        }
    }
    merged
}

/// What a broker answers without its group coordinator comes first, in the order of the request: denied topics, and topics
/// and partitions that it does not know. `first_error` is the first partition of an entry and its error.
pub(crate) fn without_coordinator_first<T, K: Hash + Eq>(
    topics: &mut [T],
    first_error: impl Fn(&T) -> Option<(i32, i16)>,
    key: impl Fn(&T) -> K,
    places: &Places<K>,
) {
    const WITHOUT_COORDINATOR: [ErrorCode; 3] =
        [ErrorCode::TOPIC_AUTHORIZATION_FAILED, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, ErrorCode::UNKNOWN_TOPIC_ID];
    topics.sort_by_key(|topic| match first_error(topic) {
        Some((partition, error)) if WITHOUT_COORDINATOR.iter().any(|code| code.0 == error) => {
            places.of(key(topic), partition)
        }
        _ => usize::MAX,
    });
}

/// Where a request names each partition first.
pub(crate) struct Places<K>(HashMap<(K, i32), usize>);

impl<K: Hash + Eq + Clone> Places<K> {
    /// From topics and their partitions, in the order of the request.
    pub(crate) fn new<P: IntoIterator<Item = i32>>(topics: impl IntoIterator<Item = (K, P)>) -> Places<K> {
        let mut places = HashMap::new();
        for (place, (topic, partitions)) in topics.into_iter().enumerate() {
            for partition in partitions {
                places.entry((topic.clone(), partition)).or_insert(place);
            }
        }
        Places(places)
    }
}

impl<K: Hash + Eq> Places<K> {
    fn of(&self, topic: K, partition: i32) -> usize {
        self.0.get(&(topic, partition)).copied().unwrap_or(usize::MAX)
    }
}

/// Only the first entry of a key stays.
pub(crate) fn each_once<T, K: Hash + Eq>(entries: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let mut seen = HashSet::with_capacity(entries.len());
    entries.retain(|entry| seen.insert(key(entry)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_key_gives_the_place() {
        let entries = vec![("a", vec![1]), ("b", vec![2]), ("a", vec![1, 3])];
        let merged = together(entries, |entry| entry.0, |first, next| first.1.extend(next.1));
        assert_eq!(merged, [("a", vec![1, 1, 3]), ("b", vec![2])]);
        let mut numbers = vec![1, 1, 3];
        each_once(&mut numbers, |number| *number);
        assert_eq!(numbers, [1, 3]);
    }
}
