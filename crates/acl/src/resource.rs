//! What an ACL is about: Kafka's `ResourceType`, `PatternType` and `ResourcePattern`.

use std::fmt;
use std::sync::Arc;

use crate::AclOperation;
use crate::kafka_enum::kafka_enum;

/// The name of the only resource of type [`ResourceType::Cluster`].
pub const CLUSTER_NAME: &str = "kafka-cluster";

/// The name that, with [`PatternType::Literal`], stands for every resource of a type.
pub const WILDCARD_RESOURCE: &str = "*";

kafka_enum! {
    /// Kafka's `ResourceType`.
    ResourceType ("resource type") {
        Topic = 2 "TOPIC",
        Group = 3 "GROUP",
        Cluster = 4 "CLUSTER",
        TransactionalId = 5 "TRANSACTIONAL_ID",
        DelegationToken = 6 "DELEGATION_TOKEN",
        /// Named by a principal's text, such as `User:alice`.
        User = 7 "USER",
    }
}

impl ResourceType {
    /// The operations that have a meaning for this type, in the order of their codes. They are what the
    /// authorized-operations fields of answers speak about; a stored ACL may well name another one.
    pub const fn supported_operations(self) -> &'static [AclOperation] {
        use AclOperation::*;
        match self {
            Self::Topic => &[Read, Write, Create, Delete, Alter, Describe, DescribeConfigs, AlterConfigs],
            Self::Group => &[Read, Delete, Describe, DescribeConfigs, AlterConfigs],
            Self::Cluster => &[Create, Alter, Describe, ClusterAction, DescribeConfigs, AlterConfigs, IdempotentWrite],
            Self::TransactionalId => &[Write, Describe, TwoPhaseCommit],
            Self::DelegationToken => &[Describe],
            Self::User => &[CreateTokens, DescribeTokens],
        }
    }
}

kafka_enum! {
    /// Kafka's `PatternType`, as far as it can be stored. What filters may say besides is
    /// [`PatternFilter`](crate::PatternFilter).
    PatternType ("pattern type") {
        /// The resource of exactly this name, or every resource if the name is `*`.
        Literal = 3 "LITERAL",
        /// Every resource whose name starts with this one. `*` has no special meaning here.
        Prefixed = 4 "PREFIXED",
    }
}

/// Kafka's `ResourcePattern`: the resources that an ACL is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourcePattern {
    pub resource_type: ResourceType,
    /// Case counts. Kafka stores no empty name.
    pub name: Arc<str>,
    pub pattern_type: PatternType,
}

impl ResourcePattern {
    pub fn new(resource_type: ResourceType, name: impl Into<Arc<str>>, pattern_type: PatternType) -> Self {
        Self { resource_type, name: name.into(), pattern_type }
    }

    pub fn literal(resource_type: ResourceType, name: impl Into<Arc<str>>) -> Self {
        Self::new(resource_type, name, PatternType::Literal)
    }

    pub fn prefixed(resource_type: ResourceType, name: impl Into<Arc<str>>) -> Self {
        Self::new(resource_type, name, PatternType::Prefixed)
    }

    /// Whether this is the pattern for every resource of its type.
    pub fn is_wildcard(&self) -> bool {
        self.pattern_type == PatternType::Literal && &*self.name == WILDCARD_RESOURCE
    }

    /// Whether the resource of this type and name is one of those the pattern is about.
    pub fn covers(&self, resource_type: ResourceType, name: &str) -> bool {
        self.resource_type == resource_type
            && match self.pattern_type {
                PatternType::Literal => &*self.name == name || self.is_wildcard(),
                PatternType::Prefixed => name.starts_with(&*self.name),
            }
    }
}

impl fmt::Display for ResourcePattern {
    /// As Kafka's tools print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ResourcePattern(resourceType={}, name={}, patternType={})",
            self.resource_type.upper_name(),
            self.name,
            self.pattern_type.upper_name()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// facts: the operations of each type, and their sum as the bit field of an answer.
    #[test]
    fn supported_operations_add_up_to_kafkas_bit_fields() {
        let sums: Vec<(ResourceType, i32)> = ResourceType::VALUES
            .iter()
            .map(|&resource_type| {
                let bits = resource_type.supported_operations().iter().map(|operation| 1 << operation.code());
                (resource_type, bits.sum())
            })
            .collect();
        assert_eq!(
            sums,
            [
                (ResourceType::Topic, 3576),
                (ResourceType::Group, 3400),
                (ResourceType::Cluster, 8096),
                (ResourceType::TransactionalId, 33040),
                (ResourceType::DelegationToken, 256),
                (ResourceType::User, 24576),
            ]
        );
    }

    #[test]
    fn a_prefixed_asterisk_is_no_wildcard() {
        let wildcard = ResourcePattern::literal(ResourceType::Topic, "*");
        let prefixed = ResourcePattern::prefixed(ResourceType::Topic, "*");
        let covered = |name| [wildcard.covers(ResourceType::Topic, name), prefixed.covers(ResourceType::Topic, name)];
        assert_eq!(covered("foo"), [true, false]);
        assert_eq!(covered("*foo"), [true, true]);
        assert_eq!(covered("*"), [true, true]);
        assert!(!wildcard.covers(ResourceType::Group, "foo"));
    }
}
