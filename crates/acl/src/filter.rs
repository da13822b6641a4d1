//! Which ACLs to describe or delete: Kafka's `AclBindingFilter`.

use std::sync::Arc;

use crate::{AclBinding, AclOperation, AclPermissionType, PatternType, ResourcePattern, ResourceType};

/// A condition on each of the seven fields; `None` and [`PatternFilter::Any`] mean any value. The default is every ACL.
///
/// A code that Kafka does not know has no place here: Kafka answers a filter with one by itself, with nothing
/// (DescribeAcls) or an error (DeleteAcls).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct AclBindingFilter {
    pub resource_type: Option<ResourceType>,
    /// A plain text: `*` finds ACLs on the name `*`.
    pub name: Option<Arc<str>>,
    pub pattern_type: PatternFilter,
    /// A plain text: `User:*` finds ACLs for `User:*`.
    pub principal: Option<Arc<str>>,
    /// A plain text: `*` finds ACLs for the host `*`.
    pub host: Option<Arc<str>>,
    /// No implications: `All` finds ACLs on `All`.
    pub operation: Option<AclOperation>,
    pub permission_type: Option<AclPermissionType>,
}

/// How [`AclBindingFilter::name`] is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PatternFilter {
    /// ACLs on this name, whatever their pattern type (code 1).
    #[default]
    Any,
    /// ACLs that are about the resource of this name: on the name, on a prefix of it, or on every resource (code 2).
    Match,
    /// ACLs on this name and of this pattern type (codes 3 and 4).
    Exactly(PatternType),
}

impl AclBindingFilter {
    /// The filter for one ACL and nothing else.
    pub fn exactly(binding: &AclBinding) -> Self {
        let AclBinding { pattern, entry } = binding.clone();
        Self {
            resource_type: Some(pattern.resource_type),
            name: Some(pattern.name),
            pattern_type: PatternFilter::Exactly(pattern.pattern_type),
            principal: Some(entry.principal),
            host: Some(entry.host),
            operation: Some(entry.operation),
            permission_type: Some(entry.permission_type),
        }
    }

    pub fn matches(&self, binding: &AclBinding) -> bool {
        fn is<T: PartialEq>(wanted: &Option<T>, actual: &T) -> bool {
            wanted.as_ref().is_none_or(|wanted| wanted == actual)
        }
        let AclBinding { pattern, entry } = binding;
        is(&self.resource_type, &pattern.resource_type)
            && self.matches_pattern(pattern)
            && is(&self.principal, &entry.principal)
            && is(&self.host, &entry.host)
            && is(&self.operation, &entry.operation)
            && is(&self.permission_type, &entry.permission_type)
    }

    fn matches_pattern(&self, pattern: &ResourcePattern) -> bool {
        let name = self.name.as_deref();
        let same_name = name.is_none_or(|name| name == &*pattern.name);
        match self.pattern_type {
            PatternFilter::Any => same_name,
            PatternFilter::Match => name.is_none_or(|name| pattern.covers(pattern.resource_type, name)),
            PatternFilter::Exactly(pattern_type) => pattern_type == pattern.pattern_type && same_name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccessControlEntry;

    fn binding(pattern: &str) -> AclBinding {
        let (pattern_type, name) = pattern.split_once(' ').expect("a pattern type and a name");
        let pattern_type = if pattern_type == "L" { PatternType::Literal } else { PatternType::Prefixed };
        AclBinding::new(
            ResourcePattern::new(ResourceType::Topic, name, pattern_type),
            AccessControlEntry::new("User:a", "*", AclOperation::Read, AclPermissionType::Allow),
        )
    }

    /// Verified with Kafka 4.3.0.
    #[test]
    fn names_are_matched_as_the_pattern_filter_says() {
        const ALL: [&str; 8] = ["L foo", "L fo", "L bar", "L *", "P fo", "P foo", "P foobar", "P *"];
        let [literal, prefixed] = [PatternType::Literal, PatternType::Prefixed].map(PatternFilter::Exactly);
        for (pattern_type, name, expected) in [
            (PatternFilter::Any, Some("foo"), &["L foo", "P foo"][..]),
            (PatternFilter::Any, Some("*"), &["L *", "P *"]),
            (PatternFilter::Any, None, &ALL),
            (PatternFilter::Any, Some(""), &[]),
            (PatternFilter::Match, Some("foo"), &["L foo", "L *", "P fo", "P foo"]),
            (PatternFilter::Match, Some("*"), &["L *", "P *"]),
            (PatternFilter::Match, None, &ALL),
            (PatternFilter::Match, Some(""), &["L *"]),
            (literal, Some("foo"), &["L foo"]),
            (literal, Some("*"), &["L *"]),
            (literal, None, &["L foo", "L fo", "L bar", "L *"]),
            (literal, Some(""), &[]),
            (prefixed, Some("foo"), &["P foo"]),
            (prefixed, Some("*"), &["P *"]),
            (prefixed, None, &["P fo", "P foo", "P foobar", "P *"]),
            (prefixed, Some(""), &[]),
        ] {
            let filter = AclBindingFilter { pattern_type, name: name.map(Arc::from), ..AclBindingFilter::default() };
            let found: Vec<&str> = ALL.into_iter().filter(|acl| filter.matches(&binding(acl))).collect();
            assert_eq!(found, expected, "{pattern_type:?} {name:?}");
        }
    }

    #[test]
    fn every_field_is_compared_as_it_stands() {
        let acl = AclBinding::new(
            ResourcePattern::literal(ResourceType::Topic, "foo"),
            AccessControlEntry::new("User:*", "*", AclOperation::All, AclPermissionType::Deny),
        );
        let exactly = AclBindingFilter::exactly(&acl);
        assert!(exactly.matches(&acl));
        for other in [
            AclBindingFilter { resource_type: Some(ResourceType::Group), ..exactly.clone() },
            AclBindingFilter { principal: Some("User:a".into()), ..exactly.clone() },
            AclBindingFilter { host: Some("10.0.0.1".into()), ..exactly.clone() },
            AclBindingFilter { operation: Some(AclOperation::Read), ..exactly.clone() },
            AclBindingFilter { permission_type: Some(AclPermissionType::Allow), ..exactly.clone() },
        ] {
            assert!(!other.matches(&acl), "{other:?}");
        }
    }
}
