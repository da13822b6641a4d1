//! What a request to change ACLs or credentials comes to, worked out before anything is written: the rules that every
//! store shares.
//!
//! Kafka: `AclControlManager`, whose limit is that of records in one batch of the metadata log.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use acl::{AclBinding, AclBindingFilter, PatternFilter, Policy};
use apis::Refused;
use authentication::ScramMechanism;

/// ACLs that one request may create, or delete.
pub const MOST_CHANGES: usize = 10_000;

/// ACLs that the answer to one deletion may name, those that several filters find counted for each.
const MOST_TOLD: usize = 100 * MOST_CHANGES;

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
        Created::plan_beside(|binding| policy.contains(binding), bindings)
    }

    /// The same in a store that is not the whole policy.
    pub(crate) fn plan_beside(
        exists: impl Fn(&AclBinding) -> bool,
        bindings: Vec<AclBinding>,
    ) -> Result<Created, Refused> {
        let mut seen = HashSet::new();
        let added: Vec<AclBinding> =
            bindings.into_iter().filter(|binding| !exists(binding) && seen.insert(binding.clone())).collect();
        match added.len() > MOST_CHANGES {
            true => Err(Refused::TooMany),
            false => Ok(Created { added }),
        }
    }
}

impl Deleted {
    /// What deleting these would come to.
    pub fn plan(policy: &Policy, filters: &[AclBindingFilter]) -> Result<Deleted, Refused> {
        Deleted::plan_among(policy.bindings(), filters)
    }

    /// The same in a store that is not the whole policy.
    pub(crate) fn plan_among(
        bindings: impl Iterator<Item = AclBinding>,
        filters: &[AclBindingFilter],
    ) -> Result<Deleted, Refused> {
        let by_name = ByName::new(filters);
        if by_name.without_one_name.len() > MOST_CHANGES {
            return Err(Refused::TooMany);
        }
        let mut found = vec![Vec::new(); filters.len()];
        let (mut removed, mut told) = (Vec::new(), 0);
        for binding in bindings {
            let mut is_found = false;
            for &at in by_name.candidates(&binding) {
                if let (Some(filter), Some(found)) = (filters.get(at), found.get_mut(at))
                    && filter.matches(&binding)
                {
                    found.push(binding.clone());
                    told += 1;
                    is_found = true;
                }
            }
            if is_found {
                removed.push(binding);
            }
            if removed.len() > MOST_CHANGES || told > MOST_TOLD {
                return Err(Refused::TooMany);
            }
        }
        Ok(Deleted { found, removed })
    }
}

/// Filters by the name they want: tools send one for each of the ACLs they delete.
struct ByName<'f> {
    of_one_name: HashMap<&'f str, Vec<usize>>,
    without_one_name: Vec<usize>,
}

impl<'f> ByName<'f> {
    fn new(filters: &'f [AclBindingFilter]) -> ByName<'f> {
        let mut by_name = ByName { of_one_name: HashMap::new(), without_one_name: Vec::new() };
        for (at, filter) in filters.iter().enumerate() {
            match (&filter.name, filter.pattern_type) {
                (Some(name), PatternFilter::Any | PatternFilter::Exactly(_)) => {
                    by_name.of_one_name.entry(name).or_default().push(at);
                }
                (None, _) | (Some(_), PatternFilter::Match) => by_name.without_one_name.push(at),
            }
        }
        by_name
    }

    /// Where those are that may match.
    fn candidates(&self, binding: &AclBinding) -> impl Iterator<Item = &usize> {
        let of_its_name = self.of_one_name.get(&*binding.pattern.name);
        of_its_name.into_iter().flatten().chain(&self.without_one_name)
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

    #[test]
    fn a_filter_for_each_acl_costs_no_more_than_the_acls() {
        let exactly: Vec<AclBindingFilter> = acls(10_000).iter().map(AclBindingFilter::exactly).collect();
        let deleted = Deleted::plan(&policy(acls(10_000)), &exactly).expect("just as many as are allowed");
        assert!(deleted.found.iter().all(|found| found.len() == 1));
        assert_eq!(deleted.removed.len(), 10_000);
    }

    /// A small request must not become an answer of gigabytes.
    #[test]
    fn an_answer_that_tells_each_acl_too_often_is_refused() {
        let everything = vec![AclBindingFilter::default(); 101];
        assert_eq!(Deleted::plan(&policy(acls(10_000)), &everything), Err(Refused::TooMany));
        let everything = vec![AclBindingFilter::default(); 10_001];
        assert_eq!(Deleted::plan(&policy(acls(1)), &everything), Err(Refused::TooMany));
    }
}
