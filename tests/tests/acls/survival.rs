//! What has been answered is there after the process was killed; what the configuration began with does not come back.

use anyhow::{Result, ensure};
use testkit::Stage;
use testkit::stage::Plan;

use crate::{DENIED, POLICY, asks_for, kafka_acls_ok, listed};

#[tokio::test]
async fn acls_survive_a_kill_and_the_bootstrap_fills_a_store_once() -> Result<()> {
    let mut stage = Stage::build(Plan::embedded(POLICY)).await?;
    stage.kafka().create_topic("kept", 1).await?;
    let add = "--add --topic kept --operation Describe --allow-principal User:alice";
    kafka_acls_ok(&stage, "manager", add).await?;
    // The manager takes its own rights away, which the bootstrap had given.
    let remove = "--remove --force --cluster --operation Alter --operation Describe --allow-principal User:manager";
    kafka_acls_ok(&stage, "manager", remove).await?;
    let before = listed(&kafka_acls_ok(&stage, "auditor", "--list").await?);
    ensure!(before.len() == 2, "{before:#?}");

    stage.doorkeeper().kill().await?;
    stage.doorkeeper_mut().start_again().await?;
    let after = listed(&kafka_acls_ok(&stage, "auditor", "--list").await?);
    ensure!(after == before, "{after:#?}");
    let mut alice = stage.raw("alice").await?;
    ensure!(asks_for(&mut alice, "kept").await? == 0);
    let mut manager = stage.raw("manager").await?;
    ensure!(asks_for(&mut manager, "kept").await? == DENIED);

    // Without its database it does not start as if it were new.
    stage.doorkeeper().stop().await?;
    std::fs::remove_file(stage.doorkeeper().directory().join("store/store.redb"))?;
    ensure!(stage.doorkeeper_mut().start_again().await.is_err());
    let said = stage.doorkeeper().log().tail(5);
    ensure!(said.contains("the store has lost its database"), "{said}");
    Ok(())
}
