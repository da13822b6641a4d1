//! The entries that apply to one caller on resources of one type, compiled.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::masks::Masks;
use crate::name_hasher::BuildNameHasher;
use crate::operation::OperationSet;
use crate::prefixes::Prefixes;
use crate::{AclBinding, AclOperation, AclPermissionType, AuthorizationResult, PatternType};

#[derive(Debug, Default)]
pub(crate) struct ResourceGrants {
    /// Of LITERAL `*`.
    wildcard: Masks,
    /// Of all literals together: what none of them decides need not be looked up.
    all_literals: Masks,
    /// Of all prefixes together, likewise.
    all_prefixes: Masks,
    literals: HashMap<Arc<str>, Masks, BuildNameHasher>,
    prefixes: Prefixes,
    /// The operations that are allowed on at least one resource, by what the entries say of one another's names.
    on_some_resource: OperationSet,
}

impl ResourceGrants {
    /// From the entries that are about resources of one type and apply to the caller.
    pub(crate) fn new(bindings: &[&AclBinding]) -> Self {
        let mut literals: HashMap<Arc<str>, Masks, BuildNameHasher> = HashMap::default();
        let mut prefixes: BTreeMap<Arc<str>, Masks> = BTreeMap::new();
        let mut wildcard = Masks::default();
        for AclBinding { pattern, entry } in bindings {
            let masks = match pattern.pattern_type {
                PatternType::Literal if pattern.is_wildcard() => &mut wildcard,
                PatternType::Literal => literals.entry(Arc::clone(&pattern.name)).or_default(),
                PatternType::Prefixed => prefixes.entry(Arc::clone(&pattern.name)).or_default(),
            };
            *masks = masks.union(Masks::of(entry.operation, entry.permission_type));
        }
        let mut grants = Self {
            wildcard,
            all_literals: literals.values().copied().fold(Masks::default(), Masks::union),
            all_prefixes: prefixes.values().copied().fold(Masks::default(), Masks::union),
            literals,
            prefixes: Prefixes::new(prefixes),
            on_some_resource: OperationSet::EMPTY,
        };
        grants.on_some_resource = grants.find_on_some_resource(bindings);
        grants
    }

    /// The decision about the resource of this name, if any entry makes one.
    pub(crate) fn decide(&self, operation: AclOperation, name: &str) -> Option<AuthorizationResult> {
        let mut masks = self.wildcard;
        if self.all_literals.decide(operation).is_some() {
            masks = masks.union(self.literal(name));
        }
        if self.all_prefixes.decide(operation).is_some() {
            masks = masks.union(self.prefixes.matching(name));
        }
        masks.decide(operation)
    }

    /// What all the entries about the resource of this name say together.
    pub(crate) fn masks(&self, name: &str) -> Masks {
        self.wildcard.union(self.literal(name)).union(self.prefixes.matching(name))
    }

    fn literal(&self, name: &str) -> Masks {
        self.literals.get(name).copied().unwrap_or_default()
    }

    pub(crate) fn is_on_some_resource(&self, operation: AclOperation) -> bool {
        self.on_some_resource.contains(operation)
    }

    /// The scan of Kafka's `Authorizer.authorizeByResourceType`, for all operations at once. Only what an ALLOW names
    /// counts, not what it implies, and a DENY takes away only what it covers entirely:
    /// on LITERAL `*` everything; on a prefix all names and prefixes that start with it, but not LITERAL `*`; on a literal
    /// name the ALLOW on that literal name.
    fn find_on_some_resource(&self, bindings: &[&AclBinding]) -> OperationSet {
        let allowed = bindings
            .iter()
            .filter(|binding| binding.entry.permission_type == AclPermissionType::Allow)
            .map(|AclBinding { pattern, entry }| {
                let named = OperationSet::named_by(entry.operation);
                let denied_prefix = self.prefixes.matching(&pattern.name).deny;
                match pattern.pattern_type {
                    PatternType::Literal if pattern.is_wildcard() => named,
                    PatternType::Literal => named.without(denied_prefix).without(self.literal(&pattern.name).deny),
                    PatternType::Prefixed => named.without(denied_prefix),
                }
            })
            .fold(OperationSet::EMPTY, OperationSet::union);
        allowed.without(self.wildcard.deny)
    }
}
