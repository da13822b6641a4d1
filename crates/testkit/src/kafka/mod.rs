//! A real Apache Kafka, as processes: what it is started with ([`options`]), one broker ([`broker`]) and all of them
//! ([`cluster`]), of which release ([`release`]).

pub mod broker;
pub mod cluster;
pub mod options;
pub mod properties;
pub mod release;

pub use cluster::KafkaCluster;
pub use options::{Credentials, Listener, Options, Security};
pub use release::Release;
