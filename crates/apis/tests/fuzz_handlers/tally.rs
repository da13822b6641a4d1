//! How far the inputs got, and that they got everywhere.

use std::collections::BTreeSet;
use std::fmt;

use apis::{Kind, Row, table};
use protocol::ApiKey;

use crate::memory::Memory;

/// How often what happened, and what it took at most.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) inputs: u64,
    pub(crate) refused: u64,
    pub(crate) not_served: u64,
    pub(crate) closed: u64,
    pub(crate) answered: u64,
    pub(crate) served: u64,
    pub(crate) forwarded: u64,
    pub(crate) reduced: u64,
    pub(crate) looked_up: u64,
    pub(crate) answers_refused: u64,
    pub(crate) answers_as_they_came: u64,
    pub(crate) answers_edited: u64,
    /// Which APIs got how far, in which versions.
    pub(crate) kinds_decided: Seen,
    pub(crate) kinds_edited: Seen,
    pub(crate) memory: Memory,
}

/// APIs and versions. Shown as how many.
#[derive(Default)]
pub(crate) struct Seen(pub(crate) BTreeSet<(ApiKey, i16)>);

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.len())
    }
}

impl Tally {
    /// A fuzzer that never gets anywhere finds nothing.
    pub(crate) fn has_seen_everything(&self) {
        let seen = [
            self.refused,
            self.answered,
            self.served,
            self.forwarded,
            self.reduced,
            self.looked_up,
            self.answers_refused,
            self.answers_as_they_came,
            self.answers_edited,
        ];
        assert!(seen.iter().all(|count| *count > self.inputs / 1000), "{self:#?}");
        let decided = |row: &&Row| !matches!(row.kind, Kind::Refuse | Kind::Answered);
        let rows = table::all().iter().filter(decided);
        let all: BTreeSet<_> =
            rows.flat_map(|row| row.versions.clone().map(|version| (row.api_key, version))).collect();
        assert_eq!(self.kinds_decided.0, all);
        assert!(self.kinds_edited.0.len() > 100, "{self:#?}");
    }
}
