//! Which Kafka runs: the newest, or an older one as an upstream.

use std::path::PathBuf;

use crate::paths;

/// A release whose newest patch comes from Maven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// What everything else is tested with: `tests/kafka/pom.xml`.
    #[default]
    Newest,
    /// Kafka 4.1: `tests/kafka/4.1/pom.xml`.
    V4_1,
    /// Kafka 3.9, the last with a ZooKeeper mode: `tests/kafka/3.9/pom.xml`.
    V3_9,
}

impl Release {
    /// Where its `pom.xml` is.
    pub fn directory(self) -> PathBuf {
        let kafka = paths::repository().join("tests/kafka");
        match self {
            Release::Newest => kafka,
            Release::V4_1 => kafka.join("4.1"),
            Release::V3_9 => kafka.join("3.9"),
        }
    }
}
