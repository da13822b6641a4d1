//! What `store.kafka` says.

use std::path::PathBuf;
use std::time::Duration;

use client::{Connector, UpstreamSettings};

use super::KafkaError;
use super::seal::Keyring;

/// The name of the topic where nothing is said.
pub const DEFAULT_TOPIC: &str = "__doorkeeper";

/// Where the topic is, and what opens it.
#[derive(Debug, Clone)]
pub struct KafkaSettings {
    pub topic: String,
    /// The cluster whose ACLs and users these are: the scope of what is changed through the API.
    pub cluster: String,
    pub keys: Keyring,
    /// The cluster that has the topic. None: the one behind us, the protected one.
    pub central: Option<UpstreamSettings>,
    /// Of the topic, if it has to be made. None: 3, or as many as there are brokers.
    pub replication_factor: Option<i16>,
    /// How old what is known may become before nothing is allowed any more. None: any age.
    pub max_staleness: Option<Duration>,
    pub snapshot: Option<SnapshotSettings>,
}

/// A copy on this machine's disk to start with when the topic is out of reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotSettings {
    pub file: PathBuf,
    /// An older one is not used.
    pub max_age: Duration,
}

impl KafkaSettings {
    pub fn new(cluster: &str, keys: Keyring) -> KafkaSettings {
        KafkaSettings {
            topic: DEFAULT_TOPIC.to_owned(),
            cluster: cluster.to_owned(),
            keys,
            central: None,
            replication_factor: None,
            max_staleness: None,
            snapshot: None,
        }
    }

    /// Whether clients could find the topic behind us, so that it has to be hidden from them.
    pub fn on_protected_cluster(&self) -> bool {
        self.central.is_none()
    }

    /// The way to the topic's brokers. `upstream` leads to the cluster behind us.
    pub(super) fn connector(&self, upstream: &Connector) -> Result<Connector, KafkaError> {
        let Some(central) = &self.central else { return Ok(upstream.clone()) };
        Connector::new(central.clone()).map_err(|error| KafkaError::Log {
            topic: self.topic.clone(),
            fault: format!("cannot be reached: {error}"),
        })
    }

    fn servers(&self) -> Option<Vec<String>> {
        let central = self.central.as_ref()?;
        Some(central.bootstrap_servers.iter().map(ToString::to_string).collect())
    }
}

/// The way to a central cluster is compared by its addresses.
impl PartialEq for KafkaSettings {
    fn eq(&self, other: &KafkaSettings) -> bool {
        let KafkaSettings { topic, cluster, keys, central: _, replication_factor, max_staleness, snapshot } = self;
        *topic == other.topic
            && *cluster == other.cluster
            && *keys == other.keys
            && self.servers() == other.servers()
            && *replication_factor == other.replication_factor
            && *max_staleness == other.max_staleness
            && *snapshot == other.snapshot
    }
}

impl Eq for KafkaSettings {}
