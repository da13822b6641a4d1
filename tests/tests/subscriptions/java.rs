//! Java's consumer with a regular expression, through all that may happen to its topics and to Doorkeeper.
//!
//! One thing better does not happen to it: that it asks for Metadata while it is still assigned a topic that has just been
//! revoked. It asks by id, a denied id is answered without a name, and Java's client 4.3 then never asks again
//! (`MetadataResponse.errors`: an IllegalStateException), behind a broker as here. So it keeps its default of five minutes.

use anyhow::{Result, ensure};
use testkit::java::kafka_class;
use testkit::{Entrance, Process, Stage, Tool};

use crate::{POLICY, SOON, subscription};

const GROUP: &str = "alice-java";

fn subscribe(stage: &Stage, pattern: &str) -> Result<Process> {
    let source = testkit::paths::repository().join("tests/tests/subscriptions/Subscriber.java");
    let mut command = kafka_class(&source.to_string_lossy(), 192)?;
    command.arg(stage.bootstrap(Entrance::Client)).arg(stage.user("alice")?).args([GROUP, pattern]);
    Process::start("subscriber", command, b"", None)
}

async fn produce(stage: &Stage, topic: &str, text: &str) -> Result<()> {
    let bootstrap = stage.bootstrap(Entrance::Client);
    let producer = Tool::kafka("kafka-console-producer").args(["--bootstrap-server", &bootstrap, "--topic", topic]);
    producer.arg("--command-config").arg(stage.user("alice")?).stdin(format!("{text}\n")).run_ok().await.map(drop)
}

async fn says(stage: &Stage, consumer: &Process, wanted: &str) -> Result<()> {
    let said = consumer.stdout().wait_for(|line| line == wanted, SOON).await;
    let logs = || format!("{}\n{}", consumer.stderr().tail(20), stage.doorkeeper().log().tail(20));
    said.map(drop).map_err(|error| error.context(logs()))
}

#[tokio::test]
async fn its_topics_are_those_that_match_and_may_be_described_whatever_happens() -> Result<()> {
    let mut stage = Stage::start(POLICY).await?;
    for topic in ["alice-orders-1", "bob-orders-1", "alice-other"] {
        stage.kafka().create_topic(topic, 1).await?;
    }
    let consumer = subscribe(&stage, ".*-orders-[0-9]+")?;
    says(&stage, &consumer, "assigned [alice-orders-1]").await?;
    produce(&stage, "alice-orders-1", "one").await?;
    says(&stage, &consumer, "record alice-orders-1 one").await?;

    stage.kafka().create_topic("alice-orders-2", 1).await?;
    stage.kafka().create_topic("bob-orders-2", 1).await?;
    says(&stage, &consumer, "assigned [alice-orders-1, alice-orders-2]").await?;
    let shown = subscription(&mut stage.raw("alice").await?, GROUP).await?;
    ensure!(shown == (Some(".*-orders-[0-9]+".to_owned()), Vec::new()), "{shown:?}");

    let revoked = "  - { principal: User:alice, deny: All, topic: alice-orders-1 }\n";
    stage.policy_is_now(&format!("{POLICY}{revoked}")).await?;
    says(&stage, &consumer, "assigned [alice-orders-2]").await?;

    stage.doorkeeper().stop().await?;
    stage.doorkeeper_mut().start_again().await?;
    stage.kafka().create_topic("alice-orders-3", 1).await?;
    says(&stage, &consumer, "assigned [alice-orders-2, alice-orders-3]").await?;
    for topic in ["alice-orders-2", "alice-orders-3"] {
        produce(&stage, topic, "after").await?;
        says(&stage, &consumer, &format!("record {topic} after")).await?;
    }
    let told = consumer.stdout().lines();
    ensure!(!told.iter().any(|line| line.starts_with("lost")), "it had to join anew: {told:#?}");
    ensure!(!told.iter().any(|line| line.contains("bob-") || line.contains("other")), "{told:#?}");
    Ok(())
}
