//! A real Apache Kafka, as processes: what it is started with ([`options`]), one broker ([`broker`]) and all of them
//! ([`cluster`]).

pub mod broker;
pub mod cluster;
pub mod options;
pub mod properties;

pub use cluster::KafkaCluster;
pub use options::{Credentials, Listener, Options, Security};
