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
    /// The prefixes themselves, one after the other: together they are read sooner than each in a place of its own.
    names: Vec<u8>,
}

#[derive(Debug)]
struct Prefix {
    /// Where its name is.
    start: usize,
    end: usize,
    /// Of this prefix and all its parents.
    masks: Masks,
    /// The index of the parent, which is lower than its own.
    parent: Option<usize>,
}

impl Prefixes {
    pub(crate) fn new(masks_by_name: BTreeMap<Arc<str>, Masks>) -> Self {
        let mut prefixes = Self::default();
        for (name, masks) in masks_by_name {
            let last = prefixes.sorted.len().checked_sub(1);
            let parent = prefixes.longest(last, name.as_bytes());
            let inherited = parent.and_then(|index| prefixes.sorted.get(index)).map(|prefix| prefix.masks);
            let start = prefixes.names.len();
            prefixes.names.extend_from_slice(name.as_bytes());
            let end = prefixes.names.len();
            prefixes.sorted.push(Prefix { start, end, masks: masks.union(inherited.unwrap_or_default()), parent });
        }
        prefixes
    }

    /// The masks of every prefix that this name starts with, together.
    pub(crate) fn matching(&self, name: &str) -> Masks {
        let name = name.as_bytes();
        let last = self.sorted.partition_point(|prefix| self.name(prefix) <= name).checked_sub(1);
        let longest = self.longest(last, name).and_then(|index| self.sorted.get(index));
        longest.map(|prefix| prefix.masks).unwrap_or_default()
    }

    /// The first that the name starts with, of this prefix, its parent, the parent's parent and so on.
    fn longest(&self, mut candidate: Option<usize>, name: &[u8]) -> Option<usize> {
        while let Some(prefix) = candidate.and_then(|index| self.sorted.get(index)) {
            if name.starts_with(self.name(prefix)) {
                return candidate;
            }
            candidate = prefix.parent;
        }
        None
    }

    fn name(&self, prefix: &Prefix) -> &[u8] {
        self.names.get(prefix.start..prefix.end).unwrap_or_default()
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
