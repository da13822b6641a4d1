//! What the tests and the demo stand on: a real Kafka, its own tools, certificates, a raw client, and a bad network.
//!
//! - [`KafkaCluster`]: Apache Kafka 4.3 (or older: [`Release`]) as real processes, from Maven (`tests/kafka`)
//! - [`Tool`]: Kafka's command-line tools, by the names of its scripts
//! - [`Doorkeeper`]: the built binary, with its log
//! - [`RawClient`]: requests and bytes as a test wants them, over TCP or TLS
//! - [`Certificates`]: a certificate authority and what it signs
//! - [`Stage`]: a Kafka and a Doorkeeper in front of it
//! - [`Relay`]: a network that delays, stalls and cuts
//!
//! Everything listens on 127.0.0.1, on ports of [`FreePorts`], and lives in temporary directories. Nothing outlives the
//! test: processes die when their owner is dropped, and also when the test binary itself is killed ([`Process`]).
//!
//! What this crate deliberately does not do: it uses no code of Doorkeeper. Its clients check Doorkeeper from outside,
//! so they must not share its mistakes. It also never skips: what is missing is an error that says what to do.
//!
//! Start reading at [`kafka::cluster`].

pub mod certificates;
pub mod client_properties;
pub mod doorkeeper;
pub mod java;
pub mod kafka;
pub mod log;
pub mod paths;
pub mod ports;
pub mod process;
pub mod raw_client;
pub mod relay;
pub mod scram;
pub mod stage;
pub mod tool;

pub use certificates::{Certificates, Identity};
pub use client_properties::ClientProperties;
pub use doorkeeper::Doorkeeper;
pub use kafka::{Credentials, KafkaCluster, Listener, Options, Release, Security};
pub use log::Log;
pub use ports::FreePorts;
pub use process::Process;
pub use raw_client::RawClient;
pub use relay::{Relay, Weather};
pub use scram::ScramMechanism;
pub use stage::{Entrance, Plan, Stage};
pub use tool::{Tool, ToolOutput};
