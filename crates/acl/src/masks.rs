//! What ACL entries decide, as two sets of operations.

use crate::operation::OperationSet;
use crate::{AclOperation, AclPermissionType, AuthorizationResult};

/// What is allowed and what is denied. An operation may be in both; then the deny wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Masks {
    pub(crate) allow: OperationSet,
    pub(crate) deny: OperationSet,
}

impl Masks {
    /// What one entry decides, implications included.
    pub(crate) fn of(operation: AclOperation, permission_type: AclPermissionType) -> Self {
        let decided = OperationSet::decided_by(operation, permission_type);
        match permission_type {
            AclPermissionType::Allow => Self { allow: decided, deny: OperationSet::EMPTY },
            AclPermissionType::Deny => Self { allow: OperationSet::EMPTY, deny: decided },
        }
    }

    pub(crate) fn union(self, other: Self) -> Self {
        Self { allow: self.allow.union(other.allow), deny: self.deny.union(other.deny) }
    }

    /// The decision, if any entry makes one.
    pub(crate) fn decide(self, operation: AclOperation) -> Option<AuthorizationResult> {
        if self.deny.contains(operation) {
            Some(AuthorizationResult::Denied)
        } else if self.allow.contains(operation) {
            Some(AuthorizationResult::Allowed)
        } else {
            None
        }
    }
}
