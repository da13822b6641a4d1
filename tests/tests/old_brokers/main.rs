//! Brokers that are older than our table of APIs, or newer: clients are offered what both know, it works, and decisions
//! are those of Kafka 4.3 whatever the broker's own would have been (`docs/differences.md`).
//!
//! One stage for each release. Start reading at [`negotiation`].

#[allow(dead_code, reason = "parity needs all of it")]
#[path = "../parity/codec.rs"]
mod codec;
#[allow(dead_code, reason = "parity needs all of it")]
#[path = "../parity/records.rs"]
mod records;
#[allow(dead_code, reason = "parity needs all of it")]
#[path = "../parity/schema.rs"]
mod schema;
#[allow(dead_code, reason = "parity needs all of it")]
#[path = "../parity/side.rs"]
mod side;

mod clients;
mod negotiation;
mod newer;
mod rules;

/// What parity's sides ask for by this name.
mod world {
    pub(crate) const ANONYMOUS: &str = "ANONYMOUS";
}

use std::sync::OnceLock;

use anyhow::Result;
use kafka_protocol::protocol::StrBytes;
use testkit::{Options, Plan, Release, Stage};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

const POLICY: &str = "\
users:
  admin: { password: admin-secret }
  alice: { password: alice-secret }
acls:
  - { principal: User:alice, allow: [Read, Write, Create, Delete, DescribeConfigs, AlterConfigs], topic: { prefixed: alice- } }
  - { principal: User:alice, allow: [Read, Delete, DescribeConfigs], group: { prefixed: alice- } }
  - { principal: User:alice, allow: [Write, Describe], transactional_id: { prefixed: alice- } }
  - { principal: User:ANONYMOUS, allow: [Read, Write, Create, Delete], topic: { prefixed: open- } }
  - { principal: User:ANONYMOUS, allow: [Read, Delete, DescribeConfigs], group: { prefixed: open- } }
  - { principal: User:ANONYMOUS, allow: Alter, cluster: true }
";

/// The one stage of a release, on a runtime of its own, since each test ends its own.
async fn stage(release: Release) -> Result<&'static Stage> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static STAGES: [OnceCell<Stage>; 2] = [const { OnceCell::const_new() }; 2];
    let runtime = RUNTIME.get_or_init(|| Runtime::new().expect("a runtime can be made"));
    let stage = &STAGES[usize::from(release == Release::V3_9)];
    stage.get_or_try_init(|| async { runtime.spawn(Stage::build(plan(release))).await? }).await
}

fn plan(release: Release) -> Plan {
    let kafka = Options { release, ..Options::default() };
    // In 3.9 groups of the consumer protocol are a preview.
    let kafka = kafka.property("group.coordinator.rebalance.protocols", "classic,consumer");
    Plan { kafka, ..Plan::new(POLICY) }
}

fn str_bytes(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}
