//! What is changed at one replica holds at all.

use anyhow::{Result, ensure};
use testkit::{KafkaCluster, Options, Tool};
use tokio::sync::Mutex;

use crate::ground::{Plan, Replica, soon};
use crate::{DENIED, asks_for};

#[tokio::test]
async fn an_acl_made_at_one_replica_holds_at_the_other_and_after_a_restart() -> Result<()> {
    let kafka = KafkaCluster::start(Options::default()).await?;
    let plan = Plan::new(&kafka);
    // Both find no topic.
    let (one, mut other) = tokio::try_join!(Replica::start(&plan), Replica::start(&plan))?;
    let listed = one.kafka_acls("--list").await?;
    ensure!(listed.contains("name=first, patternType=LITERAL"), "{listed}");
    ensure!(listed.contains("(principal=User:alice, host=*, operation=DESCRIBE, permissionType=ALLOW)"), "{listed}");

    let client = Mutex::new(other.raw("alice").await?);
    ensure!(asks_for(&mut *client.lock().await, "orders").await? == DENIED);
    one.kafka_acls("--add --allow-principal User:alice --operation Read --topic orders").await?;
    let took =
        soon("held at the other", async || Ok(asks_for(&mut *client.lock().await, "orders").await? != DENIED)).await?;
    println!("{took:?} after it was answered at one replica it held at the other");
    let listed = other.kafka_acls("--list --topic orders").await?;
    ensure!(listed.contains("(principal=User:alice, host=*, operation=READ, permissionType=ALLOW)"), "{listed}");
    other
        .doorkeeper
        .wait_for_line(|line| line.contains("doorkeeper::changes") && line.contains("orders"), crate::ground::SOON)
        .await?;

    let configs = Tool::kafka("kafka-configs").args(["--bootstrap-server", &other.bootstrap(), "--command-config"]);
    let configs = configs.arg(other.properties("admin")?);
    let set = "--alter --entity-type users --entity-name bob --add-config SCRAM-SHA-256=[password=bob-secret]";
    configs.args(set.split_whitespace()).run_ok().await?;
    soon("bob logs in at the first", async || Ok(one.raw("bob").await.is_ok())).await?;

    one.kafka_acls("--remove --force --allow-principal User:alice --operation Read --topic orders").await?;
    soon("taken away at the other", async || Ok(asks_for(&mut *client.lock().await, "orders").await? == DENIED))
        .await?;

    other.doorkeeper.kill().await?;
    other.doorkeeper.start_again().await?;
    let listed = other.kafka_acls("--list").await?;
    ensure!(listed.contains("first") && !listed.contains("orders"), "{listed}");
    other.raw("bob").await?;
    Ok(())
}
