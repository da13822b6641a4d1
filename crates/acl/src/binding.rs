//! One ACL: Kafka's `AclBinding`, a resource pattern and an entry on it.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use crate::java_order::java_order;
use crate::kafka_enum::kafka_enum;
use crate::{AclOperation, ResourcePattern};

kafka_enum! {
    /// Kafka's `AclPermissionType`.
    AclPermissionType ("permission type") {
        Deny = 2 "DENY",
        Allow = 3 "ALLOW",
    }
}

/// Kafka's `AccessControlEntry`: who, from where, may or may not do what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccessControlEntry {
    /// `type:name` as it was stored. One without a colon is kept, and applies to nobody.
    pub principal: Arc<str>,
    /// `*`, or an address (see [`Host`](crate::Host)). Any other text is kept, and applies to nobody.
    pub host: Arc<str>,
    pub operation: AclOperation,
    pub permission_type: AclPermissionType,
}

impl AccessControlEntry {
    pub fn new(
        principal: impl Into<Arc<str>>,
        host: impl Into<Arc<str>>,
        operation: AclOperation,
        permission_type: AclPermissionType,
    ) -> Self {
        Self { principal: principal.into(), host: host.into(), operation, permission_type }
    }
}

impl fmt::Display for AccessControlEntry {
    /// As Kafka's tools print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "(principal={}, host={}, operation={}, permissionType={})",
            self.principal,
            self.host,
            self.operation.upper_name(),
            self.permission_type.upper_name()
        )
    }
}

/// Kafka's `AclBinding`. All seven fields together are its identity: two that differ in none are one ACL.
///
/// The order is the one in which Kafka's `StandardAcl` are kept and searched, because it settles which of several
/// matching ones the audit line names: longer names come before the prefixes they start with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AclBinding {
    pub pattern: ResourcePattern,
    pub entry: AccessControlEntry,
}

impl AclBinding {
    pub fn new(pattern: ResourcePattern, entry: AccessControlEntry) -> Self {
        Self { pattern, entry }
    }
}

impl Ord for AclBinding {
    fn cmp(&self, other: &Self) -> Ordering {
        let (pattern, entry) = (&self.pattern, &self.entry);
        pattern
            .resource_type
            .cmp(&other.pattern.resource_type)
            .then_with(|| java_order(&other.pattern.name, &pattern.name))
            .then_with(|| pattern.pattern_type.cmp(&other.pattern.pattern_type))
            .then_with(|| entry.operation.cmp(&other.entry.operation))
            .then_with(|| java_order(&entry.principal, &other.entry.principal))
            .then_with(|| java_order(&entry.host, &other.entry.host))
            .then_with(|| entry.permission_type.cmp(&other.entry.permission_type))
    }
}

impl PartialOrd for AclBinding {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for AclBinding {
    /// As Kafka's tools print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(pattern={}, entry={})", self.pattern, self.entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PatternType, ResourceType};

    #[test]
    fn bindings_stand_in_kafkas_order() {
        use AclOperation::{Read, Write};
        use AclPermissionType::{Allow, Deny};
        use PatternType::{Literal, Prefixed};
        use ResourceType::{Group, Topic};
        let in_order: Vec<AclBinding> = [
            (Topic, "b", Literal, "User:a", "*", Read, Allow),
            (Topic, "a\u{E000}", Literal, "User:a", "*", Read, Allow),
            // A pair of surrogates in Java, which is below U+E000.
            (Topic, "a\u{10000}", Literal, "User:a", "*", Read, Allow),
            (Topic, "aa", Literal, "User:a", "*", Read, Allow),
            (Topic, "a", Literal, "User:a", "*", Read, Allow),
            (Topic, "a", Prefixed, "User:a", "*", Read, Deny),
            (Topic, "a", Prefixed, "User:a", "*", Read, Allow),
            (Topic, "a", Prefixed, "User:a", "1", Read, Deny),
            (Topic, "a", Prefixed, "User:b", "*", Read, Deny),
            (Topic, "a", Prefixed, "User:a", "*", Write, Deny),
            (Group, "b", Literal, "User:a", "*", Read, Allow),
        ]
        .map(|(resource_type, name, pattern_type, principal, host, operation, permission_type)| AclBinding {
            pattern: ResourcePattern::new(resource_type, name, pattern_type),
            entry: AccessControlEntry::new(principal, host, operation, permission_type),
        })
        .to_vec();
        let mut sorted: Vec<AclBinding> = in_order.iter().rev().cloned().collect();
        sorted.sort();
        assert_eq!(sorted, in_order);
    }

    #[test]
    fn a_binding_is_shown_as_kafkas_tools_show_it() {
        let binding = AclBinding::new(
            ResourcePattern::literal(ResourceType::Topic, "T"),
            AccessControlEntry::new("User:Bob", "*", AclOperation::Write, AclPermissionType::Allow),
        );
        assert_eq!(
            binding.to_string(),
            "(pattern=ResourcePattern(resourceType=TOPIC, name=T, patternType=LITERAL), \
             entry=(principal=User:Bob, host=*, operation=WRITE, permissionType=ALLOW))"
        );
    }
}
