//! The resources that any ACL is about, whoever it is for: what `allow.everyone.if.no.acl.found` asks for.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::common_prefix::common_prefix;
use crate::sorted_map::SortedMap;
use crate::{PatternType, ResourcePattern, ResourceType, WILDCARD_RESOURCE};

/// How many ACLs there are on each pattern.
#[derive(Debug, Clone, Default)]
pub(crate) struct NamedResources {
    counts: SortedMap<Key, usize>,
}

/// In the order of the names' bytes, so that a prefix stands before what starts with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    resource_type: ResourceType,
    pattern_type: PatternType,
    name: Arc<str>,
}

impl Key {
    fn of(pattern: &ResourcePattern) -> Self {
        let ResourcePattern { resource_type, pattern_type, name } = pattern.clone();
        Self { resource_type, pattern_type, name }
    }

    fn compare(&self, resource_type: ResourceType, pattern_type: PatternType, name: &str) -> Ordering {
        (self.resource_type, self.pattern_type, &*self.name).cmp(&(resource_type, pattern_type, name))
    }
}

impl NamedResources {
    pub(crate) fn new<'a>(patterns: impl Iterator<Item = &'a ResourcePattern>) -> Self {
        let mut keys: Vec<Key> = patterns.map(Key::of).collect();
        keys.sort_unstable();
        let counts = keys.chunk_by(|left, right| left == right);
        Self { counts: SortedMap::from_sorted(counts.filter_map(|equal| Some((equal.first()?.clone(), equal.len())))) }
    }

    /// One more ACL on this pattern.
    pub(crate) fn add(&mut self, pattern: &ResourcePattern) {
        if let Some(count) = self.counts.entry(&Key::of(pattern)) {
            *count += 1;
        }
    }

    /// One ACL less on this pattern.
    pub(crate) fn remove(&mut self, pattern: &ResourcePattern) {
        let key = Key::of(pattern);
        match self.counts.get(|other| other.cmp(&key)) {
            Some(0..=1) => {
                self.counts.remove(&key);
            }
            Some(_) => {
                if let Some(count) = self.counts.entry(&key) {
                    *count -= 1;
                }
            }
            None => {}
        }
    }

    /// Whether any ACL is about the resource of this type and name.
    pub(crate) fn contains(&self, resource_type: ResourceType, name: &str) -> bool {
        self.has_literal(resource_type, WILDCARD_RESOURCE)
            || self.has_literal(resource_type, name)
            || self.has_prefix_of(resource_type, name)
    }

    fn has_literal(&self, resource_type: ResourceType, name: &str) -> bool {
        self.counts.get(|key| key.compare(resource_type, PatternType::Literal, name)).is_some()
    }

    /// Looks at the last prefix that is not behind the name. If the name does not start with it, only what the two have in
    /// common can still be one.
    fn has_prefix_of(&self, resource_type: ResourceType, name: &str) -> bool {
        let mut rest = name;
        loop {
            let last = self.counts.last_before(|key| key.compare(resource_type, PatternType::Prefixed, rest).is_gt());
            let Some((key, _)) = last else { return false };
            if key.resource_type != resource_type || key.pattern_type != PatternType::Prefixed {
                return false;
            }
            let common = common_prefix(rest, &key.name);
            if common.len() == key.name.len() {
                return true;
            }
            // It is shorter than `rest`: had the key started with all of it, the key would be behind it or equal.
            rest = common;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_resource_is_named_until_its_last_acl_is_gone() {
        let pattern = ResourcePattern::prefixed(ResourceType::Topic, "fo");
        let mut resources = NamedResources::new([&pattern, &pattern].into_iter());
        resources.remove(&pattern);
        assert!(resources.contains(ResourceType::Topic, "foo"));
        resources.remove(&pattern);
        resources.remove(&pattern);
        assert!(!resources.contains(ResourceType::Topic, "foo"));
        resources.add(&pattern);
        assert!(resources.contains(ResourceType::Topic, "foo"));
    }

    proptest! {
        #[test]
        fn it_finds_what_a_scan_finds(
            patterns in proptest::collection::vec(
                (prop_oneof![Just(ResourceType::Topic), Just(ResourceType::Group)], "[ab*é]{1,4}", any::<bool>()),
                0..8,
            ),
            name in "[ab*é]{0,5}",
        ) {
            let patterns: Vec<ResourcePattern> = patterns
                .into_iter()
                .map(|(resource_type, name, literal)| {
                    let pattern_type = if literal { PatternType::Literal } else { PatternType::Prefixed };
                    ResourcePattern::new(resource_type, name, pattern_type)
                })
                .collect();
            let resources = NamedResources::new(patterns.iter());
            for &resource_type in ResourceType::VALUES {
                prop_assert_eq!(
                    resources.contains(resource_type, &name),
                    patterns.iter().any(|pattern| pattern.covers(resource_type, &name))
                );
            }
        }
    }
}
