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
/// and partitions that it does not know. `place` is where the request names a topic.
pub(crate) fn without_coordinator_first<T>(
    topics: &mut [T],
    first_error: impl Fn(&T) -> Option<i16>,
    place: impl Fn(&T) -> usize,
) {
    const WITHOUT_COORDINATOR: [ErrorCode; 3] = [
        ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode::UNKNOWN_TOPIC_ID,
    ];
    topics.sort_by_key(|topic| match first_error(topic) {
        Some(error) if WITHOUT_COORDINATOR.iter().any(|code| code.0 == error) => place(topic),
        _ => usize::MAX,
    });
}

/// Where each key stands first.
pub(crate) fn places<K: Hash + Eq>(keys: impl IntoIterator<Item = K>) -> HashMap<K, usize> {
    let mut places = HashMap::new();
    for (place, key) in keys.into_iter().enumerate() {
        places.entry(key).or_insert(place);
    }
    places
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
