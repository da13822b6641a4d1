//! Clusters and faults: brokers that come and go, every way into a broker, sessions that end, networks and clients that
//! break. Nothing here may lose a record, leave a socket behind or tell a client what is wrong behind us.
//!
//! `brokers.rs` has a cluster of its own. All others share one broker with every way in ([`ground::ground`]), each
//! behind its own Doorkeeper ([`ground::Door`]).

mod brokers;
mod descriptors;
mod faults;
mod ground;
mod kcat;
mod leaders;
mod process;
mod records;
mod sessions;
mod topics;
mod upstreams;

use std::time::Duration;

use anyhow::{Result, ensure};
use kafka_protocol::messages::TopicName;
use kafka_protocol::protocol::StrBytes;

/// For what happens within moments, on a machine that does other things too.
const SOON: Duration = Duration::from_secs(20);

fn str_bytes(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn topic_name(name: &str) -> TopicName {
    TopicName(str_bytes(name))
}

/// Looks again and again until it is as expected.
async fn eventually(what: &str, mut fact: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let end = tokio::time::Instant::now() + SOON;
    while !fact().await? {
        ensure!(tokio::time::Instant::now() < end, "not within {SOON:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
