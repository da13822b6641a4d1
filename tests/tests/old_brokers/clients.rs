//! Kafka's own tools and librdkafka, whose newest releases talk to old brokers through Doorkeeper.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rdkafka::ClientConfig;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::message::Message;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use testkit::{Entrance, Release, Stage, Tool, ToolOutput};

use crate::stage;

const DEADLINE: Duration = Duration::from_secs(30);

fn tool(stage: &Stage, name: &str, user: &str) -> Result<Tool> {
    let bootstrap = stage.bootstrap(Entrance::Client);
    Ok(Tool::kafka(name).args(["--bootstrap-server", &bootstrap]).arg("--command-config").arg(stage.user(user)?))
}

async fn run(stage: &Stage, name: &str, arguments: &[&str]) -> Result<ToolOutput> {
    tool(stage, name, "alice")?.args(arguments).run().await
}

fn says(output: &ToolOutput, wanted: &str) -> Result<()> {
    ensure!(output.stdout.contains(wanted) || output.stderr.contains(wanted), "expected `{wanted}`: {output}");
    Ok(())
}

async fn tools_work(release: Release) -> Result<()> {
    let stage = stage(release).await?;
    stage.kafka().create_topic("hidden-tools", 1).await?;
    says(&run(stage, "kafka-topics", &["--create", "--topic", "alice-tools"]).await?, "Created topic alice-tools.")?;
    let list = tool(stage, "kafka-topics", "alice")?.arg("--list").run_ok().await?;
    ensure!(list.contains("alice-tools\n") && !list.contains("hidden"), "{list}");
    let denied = run(stage, "kafka-topics", &["--create", "--topic", "bob-tools"]).await?;
    says(&denied, "TopicAuthorizationException")?;

    let producer = tool(stage, "kafka-console-producer", "alice")?.args(["--topic", "alice-tools"]);
    producer.stdin("one\ntwo\n").run_ok().await?;
    for protocol in ["classic", "consumer"] {
        let group = format!("alice-tools-{protocol}");
        let consumer = tool(stage, "kafka-console-consumer", "alice")?
            .args(["--topic", "alice-tools", "--group", &group, "--max-messages", "2", "--timeout-ms", "30000"])
            .args(["--command-property", &format!("group.protocol={protocol}")])
            .args(["--command-property", "auto.offset.reset=earliest"]);
        let output = consumer.run().await?;
        ensure!(output.stdout == "one\ntwo\n", "{release:?} {protocol}: {output}");
    }
    let groups = run(stage, "kafka-consumer-groups", &["--describe", "--group", "alice-tools-classic"]).await?;
    says(&groups, "alice-tools")?;
    let alter =
        ["--alter", "--entity-type", "topics", "--entity-name", "alice-tools", "--add-config", "retention.ms=1"];
    says(&run(stage, "kafka-configs", &alter).await?, "Completed updating config for topic alice-tools.")?;
    run(stage, "kafka-topics", &["--delete", "--topic", "alice-tools"]).await?;
    Ok(())
}

#[tokio::test]
async fn javas_tools_work_with_kafka_3_9() -> Result<()> {
    tools_work(Release::V3_9).await
}

#[tokio::test]
async fn javas_tools_work_with_kafka_4_1() -> Result<()> {
    tools_work(Release::V4_1).await
}

fn config(stage: &Stage) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", stage.bootstrap(Entrance::Client))
        .set("security.protocol", "SASL_SSL")
        .set("sasl.mechanism", "SCRAM-SHA-256")
        .set("sasl.username", "alice")
        .set("sasl.password", testkit::stage::password("alice"))
        .set("ssl.ca.location", stage.certificates().ca().to_string_lossy())
        .set("message.timeout.ms", "20000")
        .set("group.id", "alice-rdkafka")
        .set("auto.offset.reset", "earliest");
    config
}

/// A transaction, and a consumer that reads what it committed.
async fn librdkafka_works(release: Release) -> Result<()> {
    let stage = stage(release).await?;
    stage.kafka().create_topic("alice-rdkafka", 1).await?;
    let mut writing = config(stage);
    writing.set("transactional.id", "alice-rdkafka");
    let sent = tokio::task::spawn_blocking(move || -> Result<_> {
        let producer: FutureProducer = writing.create()?;
        producer.init_transactions(DEADLINE)?;
        producer.begin_transaction()?;
        let record: FutureRecord<'_, (), str> = FutureRecord::to("alice-rdkafka").payload("in a transaction");
        let sent = producer.send_result(record).map_err(|(error, _)| error)?;
        producer.commit_transaction(DEADLINE)?;
        Ok(sent)
    });
    sent.await??.await?.map_err(|(error, _)| error)?;

    let mut reading = config(stage);
    reading.set("isolation.level", "read_committed");
    let consumer: StreamConsumer = reading.create()?;
    consumer.subscribe(&["alice-rdkafka"])?;
    let message = tokio::time::timeout(DEADLINE, consumer.recv()).await.context("nothing came")??;
    ensure!(message.payload() == Some(&b"in a transaction"[..]));
    consumer.commit_message(&message, CommitMode::Sync)?;
    Ok(())
}

#[tokio::test]
async fn librdkafka_works_with_kafka_3_9() -> Result<()> {
    librdkafka_works(Release::V3_9).await
}

#[tokio::test]
async fn librdkafka_works_with_kafka_4_1() -> Result<()> {
    librdkafka_works(Release::V4_1).await
}
