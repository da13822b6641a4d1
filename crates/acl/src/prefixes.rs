//! The operations that PREFIXED entries decide, found for a name over **all** the prefixes that match it.
//!
//! The prefixes stand in order, each with its parent: the longest other one that it starts with. The masks of a prefix
//! include those of its parents, so the longest match has the answer. It is found from the last prefix that is not behind
//! the name: everything between a prefix of the name and the name starts with that prefix, so what matches is among the
//! last one and its parents.
//!
//! ```text
//!   name: payments-zz        pay          ← parent of both below, and the longest match
//!                            payments-eu  ← last one not behind the name; not a prefix of it, so on to its parent
//!                            payroll
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::masks::Masks;

#[derive(Debug, Default)]
pub(crate) struct Prefixes {
    sorted: Vec<Prefix>,
}

#[derive(Debug)]
struct Prefix {
    name: Arc<str>,
    /// Of this prefix and all its parents.
    masks: Masks,
    /// An index that is lower than this one's.
    parent: Option<usize>,
}

impl Prefixes {
    pub(crate) fn new(masks_by_name: BTreeMap<Arc<str>, Masks>) -> Self {
        let mut sorted: Vec<Prefix> = Vec::with_capacity(masks_by_name.len());
        for (name, masks) in masks_by_name {
            let mut parent = sorted.len().checked_sub(1);
            while let Some(candidate) = parent.and_then(|index| sorted.get(index)) {
                if name.starts_with(&*candidate.name) {
                    break;
                }
                parent = candidate.parent;
            }
            let inherited = parent.and_then(|index| sorted.get(index)).map(|prefix| prefix.masks);
            sorted.push(Prefix { name, masks: masks.union(inherited.unwrap_or_default()), parent });
        }
        Self { sorted }
    }

    /// The masks of every prefix that this name starts with, together.
    pub(crate) fn matching(&self, name: &str) -> Masks {
        let mut place = self.sorted.partition_point(|prefix| &*prefix.name <= name).checked_sub(1);
        while let Some(prefix) = place.and_then(|index| self.sorted.get(index)) {
            if name.starts_with(&*prefix.name) {
                return prefix.masks;
            }
            place = prefix.parent;
        }
        Masks::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AclOperation, AclPermissionType};
    use proptest::prelude::*;

    fn masks(operation: AclOperation) -> Masks {
        Masks::of(operation, AclPermissionType::Deny)
    }

    #[test]
    fn every_matching_prefix_counts() {
        use AclOperation::{Alter, Create, Delete, Read};
        let prefixes = Prefixes::new(
            [("pay", Read), ("payments-eu", Create), ("payroll", Delete), ("payroll-", Alter)]
                .map(|(name, operation)| (Arc::from(name), masks(operation)))
                .into(),
        );
        for (name, expected) in [
            ("pay", &[Read][..]),
            ("payments-zz", &[Read]),
            ("payments-eu", &[Read, Create]),
            ("payments-eu-1", &[Read, Create]),
            ("payroll", &[Read, Delete]),
            ("payroll-1", &[Read, Delete, Alter]),
            ("payroll.1", &[Read, Delete]),
            ("pa", &[]),
            ("", &[]),
            ("zz", &[]),
        ] {
            let expected = expected.iter().fold(Masks::default(), |all, &operation| all.union(masks(operation)));
            assert_eq!(prefixes.matching(name), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn it_finds_what_a_scan_finds(
            names in proptest::collection::btree_map("[abé]{0,4}", 3i8..=15, 0..12),
            name in "[abé]{0,5}",
        ) {
            let by_name: BTreeMap<Arc<str>, Masks> = names
                .into_iter()
                .map(|(name, code)| (name.into(), masks(AclOperation::try_from(code).expect("a code"))))
                .collect();
            let expected = by_name
                .iter()
                .filter(|(prefix, _)| name.starts_with(&***prefix))
                .fold(Masks::default(), |all, (_, masks)| all.union(*masks));
            prop_assert_eq!(Prefixes::new(by_name).matching(&name), expected);
        }
    }
}
