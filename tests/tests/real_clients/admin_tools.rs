//! Kafka's own tools for administrators: what the super user may, and others may not.

use std::time::Duration;

use anyhow::{Result, ensure};
use testkit::{Stage, ToolOutput};

use crate::java::{is_clean, produce, says, tool};
use crate::{stage, topic};

async fn run(stage: &Stage, user: &str, name: &str, arguments: &[&str]) -> Result<ToolOutput> {
    tool(stage, name, user)?.args(arguments).run().await
}

/// The administrator is told `wanted`, and bob is `refused`.
async fn is_for_administrators(name: &str, arguments: &[&str], wanted: &str, refused: &str) -> Result<()> {
    let stage = stage().await?;
    says(&run(stage, "admin", name, arguments).await?, wanted)?;
    says(&run(stage, "bob", name, arguments).await?, refused)
}

const REFUSED: &str = "ClusterAuthorizationException";
/// Some tools ask for the coordinator first, which is refused by then, and give no exception its name.
const NO_COORDINATOR: &str = "failed due to authorization failure";

#[tokio::test]
async fn elections_and_reassignments_are_for_administrators() -> Result<()> {
    let topic = topic(stage().await?, "alice-tools-election").await?;
    let election = ["--election-type", "PREFERRED", "--topic", &topic, "--partition", "0"];
    is_for_administrators(
        "kafka-leader-election",
        &election,
        "Valid replica already elected",
        "Not authorized to perform leader election",
    )
    .await?;
    is_for_administrators("kafka-reassign-partitions", &["--list"], "No partition reassignments found.", REFUSED)
        .await?;
    let plan = format!(r#"{{"version":1,"partitions":[{{"topic":"{topic}","partition":0,"replicas":[0]}}]}}"#);
    let file = stage().await?.certificates().directory().join("reassignment.json");
    std::fs::write(&file, plan)?;
    let file = file.display().to_string();
    let execute = ["--reassignment-json-file", &file, "--execute"];
    is_for_administrators("kafka-reassign-partitions", &execute, "Successfully started partition reassignment", REFUSED)
        .await
}

#[tokio::test]
async fn quotas_and_other_configuration_are_for_administrators() -> Result<()> {
    let client = ["--entity-type", "clients", "--entity-name", "tools"];
    let with = |arguments: &[&'static str]| [arguments, &client].concat();
    let alter = with(&["--alter", "--add-config", "producer_byte_rate=1048576"]);
    is_for_administrators("kafka-configs", &alter, "Completed updating config for client tools.", REFUSED).await?;
    is_for_administrators("kafka-configs", &with(&["--describe"]), "producer_byte_rate=1048576", REFUSED).await?;
    let metrics = ["--alter", "--name", "tools-metrics", "--metrics", "org.apache.kafka.", "--interval", "60000"];
    is_clean(&run(stage().await?, "admin", "kafka-client-metrics", &metrics).await?)?;
    is_for_administrators("kafka-client-metrics", &["--list"], "tools-metrics", REFUSED).await
}

#[tokio::test]
async fn the_quorum_and_features_are_for_administrators_and_no_controller_is_named() -> Result<()> {
    let stage = stage().await?;
    is_for_administrators("kafka-metadata-quorum", &["describe", "--replication"], "Leader", REFUSED).await?;
    let status = run(stage, "admin", "kafka-metadata-quorum", &["describe", "--status"]).await?;
    says(&status, "LeaderId:")?;
    ensure!(!status.stdout.contains("127.0.0.1"), "{status}");
    let upgrade = ["upgrade", "--feature", "group.version=1", "--dry-run"];
    is_for_administrators("kafka-features", &upgrade, "group.version", "Cluster authorization failed.").await?;
    says(&run(stage, "bob", "kafka-features", &["describe"]).await?, "metadata.version")
}

#[tokio::test]
async fn transactions_are_shown_to_those_who_may_describe_them() -> Result<()> {
    let stage = stage().await?;
    let topic = topic(stage, "alice-tools-tx").await?;
    let perf = ["--topic", &topic, "--num-records", "10", "--record-size", "10", "--throughput", "-1"];
    let transaction = ["--transactional-id", "alice-tools-tx", "--transaction-duration-ms", "1000"];
    is_clean(&run(stage, "alice", "kafka-producer-perf-test", &[&perf[..], &transaction].concat()).await?)?;

    let transactions = |user, arguments| async move { run(stage, user, "kafka-transactions", arguments).await };
    says(&transactions("alice", &["list"]).await?, "alice-tools-tx")?;
    let listed = transactions("bob", &["list"]).await?;
    ensure!(listed.status.success() && !listed.stdout.contains("alice"), "{listed}");
    let describe = ["describe", "--transactional-id", "alice-tools-tx"];
    says(&transactions("alice", &describe).await?, "CompleteCommit")?;
    says(&transactions("bob", &describe).await?, NO_COORDINATOR)?;
    let producers = ["describe-producers", "--topic", &topic, "--partition", "0"];
    says(&transactions("alice", &producers).await?, "ProducerId")?;
    says(&transactions("bob", &producers).await?, "TopicAuthorizationException")?;

    let abort = ["abort", "--topic", &topic, "--partition", "0", "--producer-id", "4242", "--producer-epoch", "0"];
    let abort = [&abort[..], &["--coordinator-epoch", "0"]].concat();
    is_clean(&transactions("admin", &abort).await?)?;
    says(&transactions("alice", &abort).await?, "failed due to cluster authorization error")
}

#[tokio::test]
async fn a_share_group_reads_and_is_administered_where_it_is_allowed() -> Result<()> {
    let stage = stage().await?;
    let topic = topic(stage, "alice-tools-share").await?;
    let group = "alice-tools-share";
    let earliest = ["--alter", "--add-config", "share.auto.offset.reset=earliest", "--entity-type", "groups"];
    for group in [group, "bob-tools-share"] {
        let alter = [&earliest[..], &["--entity-name", group]].concat();
        is_clean(&run(stage, "admin", "kafka-configs", &alter).await?)?;
    }
    is_clean(&produce(stage, "alice", &topic, "one\ntwo\nthree\n").await?)?;
    let consume = |user, group| {
        let arguments = ["--topic", &topic, "--group", group, "--max-messages", "3", "--timeout-ms", "30000"];
        let tool = tool(stage, "kafka-console-share-consumer", user).map(|tool| tool.args(arguments));
        async move { tool?.deadline(Duration::from_secs(90)).run().await }
    };
    let output = consume("alice", group).await?;
    ensure!(output.stdout == "one\ntwo\nthree\n", "{output}");
    says(&consume("alice", "other-share").await?, "GroupAuthorizationException")?;
    says(&consume("bob", "bob-tools-share").await?, "TopicAuthorizationException")?;

    let groups =
        |user, arguments: Vec<&'static str>| async move { run(stage, user, "kafka-share-groups", &arguments).await };
    says(&groups("alice", vec!["--list"]).await?, group)?;
    let listed = groups("bob", vec!["--list"]).await?;
    ensure!(listed.status.success() && !listed.stdout.contains("alice"), "{listed}");
    for (what, wanted) in [("--offsets", "alice-tools-share"), ("--state", "Empty"), ("--members", "no active members")]
    {
        says(&groups("alice", vec!["--describe", "--group", group, what]).await?, wanted)?;
        says(&groups("bob", vec!["--describe", "--group", group, what]).await?, "GroupAuthorizationException")?;
    }
    let reset = vec!["--reset-offsets", "--to-earliest", "--execute", "--topic", group, "--group", group];
    is_clean(&groups("alice", reset.clone()).await?)?;
    says(&groups("bob", reset).await?, NO_COORDINATOR)?;
    let output = consume("alice", group).await?;
    ensure!(output.stdout == "one\ntwo\nthree\n", "{output}");
    let forget = vec!["--delete-offsets", "--topic", group, "--group", group];
    says(&groups("bob", forget.clone()).await?, NO_COORDINATOR)?;
    is_clean(&groups("alice", forget).await?)?;
    says(&groups("bob", vec!["--delete", "--group", group]).await?, "is not a share group")?;
    is_clean(&groups("alice", vec!["--delete", "--group", group]).await?)
}
