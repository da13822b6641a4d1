//! A question, its answer, and the reason for it: Kafka's `Action`, `AuthorizationResult` and `MatchingRule`.

use std::fmt;

use crate::{AclBinding, AclOperation, ResourceType};

/// Kafka's `Action`: one question to the authorizer, and how to tell of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Action<'a> {
    pub operation: AclOperation,
    pub resource_type: ResourceType,
    /// The resource's own name: never a pattern.
    pub name: &'a str,
    /// How often the request names the resource.
    pub reference_count: i32,
    /// Whether an allowed action is of interest in the audit log.
    pub log_if_allowed: bool,
    /// Whether a denied action is a refusal, and not a mere filter or first try.
    pub log_if_denied: bool,
}

impl<'a> Action<'a> {
    /// An action that the request names once, and that is told of whatever the answer.
    pub fn new(operation: AclOperation, resource_type: ResourceType, name: &'a str) -> Self {
        Self { operation, resource_type, name, reference_count: 1, log_if_allowed: true, log_if_denied: true }
    }
}

/// Kafka's `AuthorizationResult`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthorizationResult {
    Allowed,
    Denied,
}

impl AuthorizationResult {
    pub fn is_allowed(self) -> bool {
        self == Self::Allowed
    }
}

impl fmt::Display for AuthorizationResult {
    /// As in the audit line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Allowed => "Allowed",
            Self::Denied => "Denied",
        })
    }
}

impl From<bool> for AuthorizationResult {
    /// From "is it allowed?".
    fn from(allowed: bool) -> Self {
        if allowed { Self::Allowed } else { Self::Denied }
    }
}

/// Kafka's `MatchingRule`: what decided. Displayed, it is the end of Kafka's audit line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MatchingRule {
    SuperUser,
    /// No ACL is about the resource, and `allow.everyone.if.no.acl.found` is on.
    DefaultAllow,
    /// No ACL allows it.
    DefaultDeny,
    MatchingAcl(AclBinding),
}

impl fmt::Display for MatchingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SuperUser => f.write_str("SuperUser"),
            Self::DefaultAllow => f.write_str("DefaultAllow"),
            Self::DefaultDeny => f.write_str("DefaultDeny"),
            Self::MatchingAcl(AclBinding { pattern, entry }) => write!(
                f,
                "MatchingAcl(acl=StandardAcl[resourceType={}, resourceName={}, patternType={}, principal={}, \
                 host={}, operation={}, permissionType={}])",
                pattern.resource_type.upper_name(),
                pattern.name,
                pattern.pattern_type.upper_name(),
                entry.principal,
                entry.host,
                entry.operation.upper_name(),
                entry.permission_type.upper_name()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccessControlEntry, AclPermissionType, ResourcePattern};

    #[test]
    fn rules_are_shown_as_in_kafkas_audit_line() {
        let binding = AclBinding::new(
            ResourcePattern::literal(ResourceType::Topic, "foo"),
            AccessControlEntry::new("User:a", "*", AclOperation::Read, AclPermissionType::Allow),
        );
        for (rule, text) in [
            (MatchingRule::SuperUser, "SuperUser"),
            (MatchingRule::DefaultAllow, "DefaultAllow"),
            (MatchingRule::DefaultDeny, "DefaultDeny"),
            (
                MatchingRule::MatchingAcl(binding),
                "MatchingAcl(acl=StandardAcl[resourceType=TOPIC, resourceName=foo, patternType=LITERAL, \
                 principal=User:a, host=*, operation=READ, permissionType=ALLOW])",
            ),
        ] {
            assert_eq!(rule.to_string(), text);
        }
    }
}
