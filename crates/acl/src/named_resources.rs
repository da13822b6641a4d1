//! The resources that any ACL is about, whoever it is for: what `allow.everyone.if.no.acl.found` asks for.

use std::sync::Arc;

use crate::by_resource_type::ByResourceType;
use crate::common_prefix::common_prefix;
use crate::sorted_map::SortedMap;
use crate::{PatternType, ResourcePattern, ResourceType};

/// How many ACLs there are on each pattern.
#[derive(Debug, Clone, Default)]
pub(crate) struct NamedResources {
    by_type: ByResourceType<Counts>,
}

/// Names stand in the order of their bytes, so a prefix stands before what starts with it.
#[derive(Debug, Clone, Default)]
struct Counts {
    wildcard: usize,
    literals: SortedMap<Arc<str>, usize>,
    prefixes: SortedMap<Arc<str>, usize>,
}

impl NamedResources {
    pub(crate) fn new<'a>(patterns: impl Iterator<Item = &'a ResourcePattern>) -> Self {
        let mut resources = Self::default();
        for pattern in patterns {
            resources.add(pattern);
        }
        resources
    }

    /// One more ACL on this pattern.
    pub(crate) fn add(&mut self, pattern: &ResourcePattern) {
        let counts = self.by_type.get_mut(pattern.resource_type);
        if pattern.is_wildcard() {
            counts.wildcard += 1;
        } else if let Some(count) = counts.of(pattern.pattern_type).entry(&pattern.name) {
            *count += 1;
        }
    }

    /// One ACL less on this pattern, on which there is one.
    pub(crate) fn remove(&mut self, pattern: &ResourcePattern) {
        let counts = self.by_type.get_mut(pattern.resource_type);
        if pattern.is_wildcard() {
            counts.wildcard = counts.wildcard.saturating_sub(1);
            return;
        }
        let names = counts.of(pattern.pattern_type);
        let Some(count) = names.entry(&pattern.name) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            names.remove(&pattern.name);
        }
    }

    /// Whether any ACL is about the resource of this type and name.
    pub(crate) fn contains(&self, resource_type: ResourceType, name: &str) -> bool {
        let counts = self.by_type.get(resource_type);
        counts.wildcard > 0
            || counts.literals.get(|literal| (**literal).cmp(name)).is_some()
            || counts.has_prefix_of(name)
    }
}

impl Counts {
    fn of(&mut self, pattern_type: PatternType) -> &mut SortedMap<Arc<str>, usize> {
        match pattern_type {
            PatternType::Literal => &mut self.literals,
            PatternType::Prefixed => &mut self.prefixes,
        }
    }

    /// Looks at the last prefix that is not behind the name. If the name does not start with it, only what the two have in
    /// common can still be one.
    fn has_prefix_of(&self, name: &str) -> bool {
        let mut rest = name;
        while let Some((prefix, _)) = self.prefixes.last_before(|prefix| **prefix > *rest) {
            let common = common_prefix(rest, prefix);
            if common.len() == prefix.len() {
                return true;
            }
            // It is shorter than `rest`: a prefix that starts with all of `rest` is `rest`, or behind it.
            rest = common;
        }
        false
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
