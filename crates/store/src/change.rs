//! What a request to change ACLs or credentials comes to, worked out before anything is written: the rules that every
//! store shares.
//!
//! Kafka: `AclControlManager`, whose limit is that of records in one batch of the metadata log.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use acl::{AclBinding, AclBindingFilter, Policy};
use apis::Refused;
use authentication::ScramMechanism;

/// ACLs that one request may create, or delete.
pub const MOST_CHANGES: usize = 10_000;

/// What was created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Created {
    /// Without those that existed.
    pub added: Vec<AclBinding>,
}

/// What was deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// For each filter, in their order. An ACL may be found by several.
    pub found: Vec<Vec<AclBinding>>,
    /// Each once.
    pub removed: Vec<AclBinding>,
}

/// What became of credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Altered {
    /// Users whose credential was to be deleted and was not there.
    pub missing: BTreeSet<Arc<str>>,
    pub credentials: Vec<AlteredCredential>,
}

/// A credential that was set or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlteredCredential {
    pub user: Arc<str>,
    pub mechanism: ScramMechanism,
    /// Iterations, if there was one.
    pub before: Option<u32>,
    /// Iterations, if there is one now.
    pub after: Option<u32>,
}

impl Created {
    /// What creating these would come to.
    pub fn plan(policy: &Policy, bindings: Vec<AclBinding>) -> Result<Created, Refused> {
        let mut seen = HashSet::new();
        let added: Vec<AclBinding> =
            bindings.into_iter().filter(|binding| !policy.contains(binding) && seen.insert(binding.clone())).collect();
        match added.len() > MOST_CHANGES {
            true => Err(Refused::TooMany),
            false => Ok(Created { added }),
        }
    }
}

impl Deleted {
    /// What deleting these would come to.
    pub fn plan(policy: &Policy, filters: &[AclBindingFilter]) -> Result<Deleted, Refused> {
        let mut found = vec![Vec::new(); filters.len()];
        let mut removed = Vec::new();
        for binding in policy.bindings() {
            let mut is_found = false;
            for (filter, found) in filters.iter().zip(&mut found) {
                if filter.matches(&binding) {
                    found.push(binding.clone());
                    is_found = true;
                }
            }
            if is_found {
                removed.push(binding);
            }
            if removed.len() > MOST_CHANGES {
                return Err(Refused::TooMany);
            }
        }
        Ok(Deleted { found, removed })
    }
}

#[cfg(test)]
mod tests {
    use acl::{AccessControlEntry, AclOperation, AclPermissionType, ResourcePattern, ResourceType, Settings};

    use super::*;

    fn acl(topic: &str) -> AclBinding {
        AclBinding::new(
            ResourcePattern::literal(ResourceType::Topic, topic),
            AccessControlEntry::new("User:a", "*", AclOperation::Read, AclPermissionType::Allow),
        )
    }

    fn acls(count: usize) -> Vec<AclBinding> {
        (0..count).map(|number| acl(&number.to_string())).collect()
    }

    fn policy(acls: Vec<AclBinding>) -> Policy {
        Policy::new(Settings::default(), acls)
    }

    #[test]
    fn what_exists_or_is_there_twice_is_created_once() {
        let planned = Created::plan(&policy(vec![acl("a")]), vec![acl("b"), acl("a"), acl("b"), acl("c")]);
        assert_eq!(planned, Ok(Created { added: vec![acl("b"), acl("c")] }));
    }

    /// Verified with Kafka 4.3.0: what exists is free.
    #[test]
    fn ten_thousand_are_created_and_one_more_is_too_many() {
        let empty = policy(Vec::new());
        assert_eq!(Created::plan(&empty, acls(10_000)).map(|created| created.added.len()), Ok(10_000));
        assert_eq!(Created::plan(&empty, acls(10_001)), Err(Refused::TooMany));
        assert_eq!(Created::plan(&policy(vec![acl("0")]), acls(10_001)).map(|created| created.added.len()), Ok(10_000));
    }

    #[test]
    fn an_acl_that_two_filters_find_is_removed_once() {
        let named = |name: &str| AclBindingFilter { name: Some(name.into()), ..AclBindingFilter::default() };
        let planned = Deleted::plan(&policy(vec![acl("a"), acl("b")]), &[named("a"), named("c"), named("a")]);
        let expected = Deleted { found: vec![vec![acl("a")], vec![], vec![acl("a")]], removed: vec![acl("a")] };
        assert_eq!(planned, Ok(expected));
    }

    #[test]
    fn more_than_ten_thousand_distinct_ones_are_not_removed() {
        let everything = [AclBindingFilter::default(), AclBindingFilter::default()];
        let removed = |count| Deleted::plan(&policy(acls(count)), &everything).map(|deleted| deleted.removed.len());
        assert_eq!(removed(10_000), Ok(10_000));
        assert_eq!(removed(10_001), Err(Refused::TooMany));
    }
}
