//! Kafka's `AclOperation`, and which operation an ACL entry on another one grants.

use crate::AclPermissionType;
use crate::kafka_enum::kafka_enum;

kafka_enum! {
    /// Kafka's `AclOperation`. The code is also the bit number in authorized-operations fields.
    AclOperation ("operation") {
        /// In an entry: every operation. Asked for: only entries that say `All` match.
        All = 2 "ALL",
        Read = 3 "READ",
        Write = 4 "WRITE",
        Create = 5 "CREATE",
        Delete = 6 "DELETE",
        Alter = 7 "ALTER",
        Describe = 8 "DESCRIBE",
        ClusterAction = 9 "CLUSTER_ACTION",
        DescribeConfigs = 10 "DESCRIBE_CONFIGS",
        AlterConfigs = 11 "ALTER_CONFIGS",
        IdempotentWrite = 12 "IDEMPOTENT_WRITE",
        CreateTokens = 13 "CREATE_TOKENS",
        DescribeTokens = 14 "DESCRIBE_TOKENS",
        TwoPhaseCommit = 15 "TWO_PHASE_COMMIT",
    }
}

/// A set of operations: one bit for each, numbered by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OperationSet(u16);

impl OperationSet {
    pub(crate) const EMPTY: Self = Self(0);

    /// Every operation.
    pub(crate) const FULL: Self = Self::of(AclOperation::VALUES);

    const fn of(operations: &[AclOperation]) -> Self {
        let mut bits = 0;
        let mut rest = operations;
        while let [operation, others @ ..] = rest {
            bits |= 1 << operation.code();
            rest = others;
        }
        Self(bits)
    }

    /// What an entry on `operation` speaks about by its own words: that operation, or all of them.
    pub(crate) const fn named_by(operation: AclOperation) -> Self {
        match operation {
            AclOperation::All => Self::FULL,
            _ => Self::of(&[operation]),
        }
    }

    /// What an entry on `operation` decides. Only an ALLOW implies more than it says: who may read, write, delete or
    /// alter may describe, and who may alter configurations may describe them.
    pub(crate) const fn decided_by(operation: AclOperation, permission_type: AclPermissionType) -> Self {
        use AclOperation::*;
        match (permission_type, operation) {
            (AclPermissionType::Allow, Read | Write | Delete | Alter) => Self::of(&[operation, Describe]),
            (AclPermissionType::Allow, AlterConfigs) => Self::of(&[operation, DescribeConfigs]),
            (AclPermissionType::Allow | AclPermissionType::Deny, _) => Self::named_by(operation),
        }
    }

    pub(crate) const fn supported_by(resource_type: crate::ResourceType) -> Self {
        Self::of(resource_type.supported_operations())
    }

    pub(crate) const fn contains(self, operation: AclOperation) -> bool {
        self.0 & (1 << operation.code()) != 0
    }

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The form of authorized-operations fields.
    pub(crate) fn bits(self) -> i32 {
        i32::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deciding(asked: AclOperation, permission_type: AclPermissionType) -> Vec<AclOperation> {
        AclOperation::VALUES
            .iter()
            .copied()
            .filter(|&entry| OperationSet::decided_by(entry, permission_type).contains(asked))
            .collect()
    }

    #[test]
    fn an_allow_implies_describe_and_describe_configs() {
        use AclOperation::*;
        for &asked in AclOperation::VALUES {
            let expected = match asked {
                All => vec![All],
                Describe => vec![All, Read, Write, Delete, Alter, Describe],
                DescribeConfigs => vec![All, DescribeConfigs, AlterConfigs],
                _ => vec![All, asked],
            };
            assert_eq!(deciding(asked, AclPermissionType::Allow), expected, "{asked}");
        }
    }

    #[test]
    fn a_deny_implies_nothing() {
        for &asked in AclOperation::VALUES {
            let expected = if asked == AclOperation::All { vec![asked] } else { vec![AclOperation::All, asked] };
            assert_eq!(deciding(asked, AclPermissionType::Deny), expected, "{asked}");
        }
    }
}
