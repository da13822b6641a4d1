//! The ACLs of one principal, in Kafka's order.

use crate::common_prefix::{common_prefix, without_last};
use crate::java_order::java_order;
use crate::sorted_map::SortedMap;
use crate::{AclBinding, PatternType, ResourceType, WILDCARD_RESOURCE};

#[derive(Debug, Clone, Default)]
pub(crate) struct Shard {
    bindings: SortedMap<AclBinding, ()>,
}

impl Shard {
    /// From bindings in strictly ascending order.
    pub(crate) fn from_sorted(bindings: impl IntoIterator<Item = AclBinding>) -> Self {
        Self { bindings: SortedMap::from_sorted(bindings.into_iter().map(|binding| (binding, ()))) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bindings.is_empty()
    }

    pub(crate) fn contains(&self, binding: &AclBinding) -> bool {
        self.bindings.get(|other| other.cmp(binding)).is_some()
    }

    pub(crate) fn insert(&mut self, binding: &AclBinding) {
        self.bindings.entry(binding);
    }

    pub(crate) fn remove(&mut self, binding: &AclBinding) {
        self.bindings.remove(binding);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &AclBinding> {
        self.bindings.iter().map(|(binding, ())| binding)
    }

    /// Those that are about the resource of this type and name, in no particular order.
    pub(crate) fn covering(&self, resource_type: ResourceType, name: &str) -> Vec<&AclBinding> {
        let mut covering = Vec::new();
        if name != WILDCARD_RESOURCE {
            let on_wildcard = self.iter_from(resource_type, WILDCARD_RESOURCE);
            covering.extend(on_wildcard.take_while(|binding| binding.pattern.is_wildcard()));
        }
        // Names stand downwards, so the prefixes of a name are behind it, the longest first, with others between them.
        let mut rest = Some(name);
        while let Some(longest) = rest {
            let Some(next) = self.iter_from(resource_type, longest).next().map(|binding| &*binding.pattern.name) else {
                break;
            };
            let common = common_prefix(longest, next);
            if common == next {
                let on_it = self.iter_from(resource_type, next).take_while(|binding| &*binding.pattern.name == next);
                covering.extend(
                    on_it.filter(|binding| binding.pattern.pattern_type == PatternType::Prefixed || next == name),
                );
                rest = without_last(common);
            } else {
                rest = Some(common);
            }
        }
        covering
    }

    /// Those on the names of this resource type from `name` on, which is downwards.
    fn iter_from(&self, resource_type: ResourceType, name: &str) -> impl Iterator<Item = &AclBinding> {
        let is_behind = move |binding: &AclBinding| {
            let pattern = &binding.pattern;
            pattern.resource_type.cmp(&resource_type).then_with(|| java_order(name, &pattern.name)).is_ge()
        };
        self.bindings
            .iter_from(is_behind)
            .map(|(binding, ())| binding)
            .take_while(move |binding| binding.pattern.resource_type == resource_type)
    }
}
