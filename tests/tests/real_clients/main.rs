//! Real clients through Doorkeeper to a real Kafka: what is allowed works, and what is denied is the exception that a
//! broker would have caused. One stage for all; topics and groups keep the tests apart.

mod admin_tools;
mod java;
mod librdkafka;
mod python;

use std::sync::OnceLock;

use anyhow::Result;
use testkit::Stage;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

const POLICY: &str = "\
users:
  admin: { password: admin-secret }
  alice: { password: alice-secret }
  bob: { password: bob-secret }
acls:
  - { principal: User:alice, allow: [Read, Write, Create, Delete, DescribeConfigs, AlterConfigs], topic: { prefixed: alice- } }
  - { principal: User:alice, allow: [Read, Delete], group: { prefixed: alice- } }
  - { principal: User:alice, allow: [Write, Describe], transactional_id: { prefixed: alice- } }
  - { principal: User:bob, allow: Describe, topic: { prefixed: alice- } }
  - { principal: User:bob, allow: Read, group: { prefixed: bob- } }
";

/// The one stage. It plays on a runtime of its own, since each test ends its own.
async fn stage() -> Result<&'static Stage> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static STAGE: OnceCell<Stage> = OnceCell::const_new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new().expect("a runtime can be made"));
    STAGE.get_or_try_init(|| async { runtime.spawn(Stage::start(POLICY)).await? }).await
}

/// A topic of this test alone, made by the administrator behind Doorkeeper.
async fn topic(stage: &Stage, name: &str) -> Result<String> {
    stage.kafka().create_topic(name, 1).await?;
    Ok(name.to_owned())
}
