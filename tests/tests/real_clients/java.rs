//! Kafka's own command-line tools: the Java clients.

use anyhow::{Result, ensure};
use testkit::{Entrance, Stage, Tool, ToolOutput};

use crate::{stage, topic};

pub(crate) fn tool(stage: &Stage, name: &str, user: &str) -> Result<Tool> {
    let bootstrap = stage.bootstrap(Entrance::Client);
    Ok(Tool::kafka(name).args(["--bootstrap-server", &bootstrap]).arg("--command-config").arg(stage.user(user)?))
}

pub(crate) async fn produce(stage: &Stage, user: &str, topic: &str, text: &str) -> Result<ToolOutput> {
    tool(stage, "kafka-console-producer", user)?.args(["--topic", topic]).stdin(text.to_owned()).run().await
}

async fn consume(stage: &Stage, user: &str, topic: &str, group: &str, protocol: &str) -> Result<ToolOutput> {
    tool(stage, "kafka-console-consumer", user)?
        .args(["--topic", topic, "--group", group, "--max-messages", "2", "--timeout-ms", "30000"])
        .args(["--command-property", &format!("group.protocol={protocol}")])
        .args(["--command-property", "auto.offset.reset=earliest"])
        .run()
        .await
}

pub(crate) fn says(output: &ToolOutput, wanted: &str) -> Result<()> {
    ensure!(output.stdout.contains(wanted) || output.stderr.contains(wanted), "expected `{wanted}`: {output}");
    Ok(())
}

pub(crate) fn is_clean(output: &ToolOutput) -> Result<()> {
    let bad = ["Exception", "ERROR"].iter().any(|word| output.stdout.contains(word) || output.stderr.contains(word));
    ensure!(output.status.success() && !bad, "{output}");
    Ok(())
}

#[tokio::test]
async fn produce_and_consume_in_a_group_by_both_protocols() -> Result<()> {
    let stage = stage().await?;
    let topic = topic(stage, "alice-java").await?;
    is_clean(&produce(stage, "alice", &topic, "one\ntwo\n").await?)?;
    for protocol in ["classic", "consumer"] {
        let output = consume(stage, "alice", &topic, &format!("alice-java-{protocol}"), protocol).await?;
        ensure!(output.stdout == "one\ntwo\n", "{output}");
    }
    Ok(())
}

#[tokio::test]
async fn denied_topics_groups_and_transactions_are_the_exceptions_of_a_broker() -> Result<()> {
    let stage = stage().await?;
    let mine = topic(stage, "alice-java-denied").await?;
    let theirs = topic(stage, "payments-java").await?;
    let output = produce(stage, "alice", &theirs, "no\n").await?;
    says(&output, "TopicAuthorizationException: Not authorized to access topics: [payments-java]")?;
    // Without --sync the tool ends before it has told of the refusal.
    let producer = tool(stage, "kafka-console-producer", "bob")?.args(["--topic", &mine, "--sync"]).stdin("no\n");
    says(&producer.run().await?, "ClusterAuthorizationException: Cluster authorization failed.")?;
    for protocol in ["classic", "consumer"] {
        let output = consume(stage, "alice", &mine, "other-group", protocol).await?;
        says(&output, "GroupAuthorizationException: Not authorized to access group: other-group")?;
        let output = consume(stage, "bob", &theirs, "bob-group", protocol).await?;
        says(&output, "TopicAuthorizationException")?;
    }
    let perf = tool(stage, "kafka-producer-perf-test", "alice")?
        .args(["--topic", &mine, "--num-records", "1", "--record-size", "10", "--throughput", "-1"])
        .args(["--transactional-id", "other-tx", "--transaction-duration-ms", "100"]);
    says(&perf.run().await?, "TransactionalIdAuthorizationException")
}

#[tokio::test]
async fn a_transaction_is_committed_where_it_is_allowed() -> Result<()> {
    let stage = stage().await?;
    let topic = topic(stage, "alice-java-tx").await?;
    let perf = tool(stage, "kafka-producer-perf-test", "alice")?
        .args(["--topic", &topic, "--num-records", "10", "--record-size", "10", "--throughput", "-1"])
        .args(["--transactional-id", "alice-tx", "--transaction-duration-ms", "1000"]);
    let output = perf.run().await?;
    is_clean(&output)?;
    says(&output, "10 records sent")
}

#[tokio::test]
async fn topics_are_administered_where_it_is_allowed() -> Result<()> {
    let stage = stage().await?;
    let topics = |arguments: &[&str]| Ok::<_, anyhow::Error>(tool(stage, "kafka-topics", "alice")?.args(arguments));
    let output = topics(&["--create", "--topic", "alice-made", "--partitions", "2"])?.run().await?;
    says(&output, "Created topic alice-made.")?;
    let output = topics(&["--create", "--topic", "bob-made"])?.run().await?;
    says(&output, "TopicAuthorizationException")?;
    topic(stage, "hidden-java").await?;
    let listed = topics(&["--list"])?.run_ok().await?;
    ensure!(listed.lines().any(|line| line == "alice-made"), "{listed}");
    ensure!(listed.lines().all(|line| line.starts_with("alice-")), "{listed}");
    says(&topics(&["--describe", "--topic", "alice-made"])?.run().await?, "PartitionCount: 2")?;
    let output = topics(&["--alter", "--topic", "alice-made", "--partitions", "3"])?.run().await?;
    says(&output, "TopicAuthorizationException")?;

    let configs = |arguments: &[&str]| Ok::<_, anyhow::Error>(tool(stage, "kafka-configs", "alice")?.args(arguments));
    let entity = ["--entity-type", "topics", "--entity-name", "alice-made"];
    let alter = configs(&["--alter", "--add-config", "retention.ms=1000000"])?.args(entity);
    is_clean(&alter.run().await?)?;
    says(&configs(&["--describe"])?.args(entity).run().await?, "retention.ms=1000000")?;
    let output = configs(&["--describe", "--entity-type", "brokers", "--entity-name", "0", "--all"])?.run().await?;
    says(&output, "ClusterAuthorizationException")?;

    let output = topics(&["--delete", "--topic", "alice-made"])?.run().await?;
    is_clean(&output)?;
    says(&topics(&["--describe", "--topic", "alice-made"])?.run().await?, "does not exist")
}

#[tokio::test]
async fn groups_are_administered_where_it_is_allowed() -> Result<()> {
    let stage = stage().await?;
    let topic = topic(stage, "alice-java-groups").await?;
    is_clean(&produce(stage, "alice", &topic, "one\ntwo\n").await?)?;
    for protocol in ["classic", "consumer"] {
        let group = format!("alice-admin-{protocol}");
        is_clean(&consume(stage, "alice", &topic, &group, protocol).await?)?;
        let groups = |user: &str, arguments: &[&str]| {
            Ok::<_, anyhow::Error>(tool(stage, "kafka-consumer-groups", user)?.args(arguments))
        };
        let listed = groups("alice", &["--list"])?.run_ok().await?;
        ensure!(listed.lines().any(|line| line == group), "{listed}");
        let listed = groups("bob", &["--list"])?.run_ok().await?;
        ensure!(!listed.contains("alice"), "{listed}");
        says(&groups("alice", &["--describe", "--group", &group])?.run().await?, &topic)?;
        says(&groups("bob", &["--describe", "--group", &group])?.run().await?, "GroupAuthorizationException")?;
        says(&groups("bob", &["--delete", "--group", &group])?.run().await?, "GroupAuthorizationException")?;
        let reset = ["--reset-offsets", "--to-earliest", "--execute", "--topic", &topic, "--group", &group];
        is_clean(&groups("alice", &reset)?.run().await?)?;
        is_clean(&groups("alice", &["--delete", "--group", &group])?.run().await?)?;
    }
    Ok(())
}

#[tokio::test]
async fn offsets_records_and_directories_are_shown_where_it_is_allowed() -> Result<()> {
    let stage = stage().await?;
    let mine = topic(stage, "alice-java-offsets").await?;
    let theirs = topic(stage, "hidden-java-offsets").await?;
    is_clean(&produce(stage, "alice", &mine, "one\ntwo\n").await?)?;
    let offsets = tool(stage, "kafka-get-offsets", "alice")?.args(["--topic", &mine]).run().await?;
    says(&offsets, &format!("{mine}:0:2"))?;

    let file = stage.certificates().directory().join("delete.json");
    let json =
        |topic: &str| format!(r#"{{"partitions":[{{"topic":"{topic}","partition":0,"offset":1}}],"version":1}}"#);
    std::fs::write(&file, json(&mine))?;
    let delete = tool(stage, "kafka-delete-records", "alice")?.arg("--offset-json-file").arg(&file);
    says(&delete.run().await?, "low_watermark: 1")?;
    std::fs::write(&file, json(&theirs))?;
    says(&delete.run().await?, "TopicAuthorizationException")?;

    let directories = tool(stage, "kafka-log-dirs", "alice")?.arg("--describe").run_ok().await?;
    ensure!(directories.contains(&format!("{mine}-0")) && !directories.contains("hidden"), "{directories}");
    Ok(())
}

#[tokio::test]
async fn a_client_certificate_is_a_user_by_its_mapped_name() -> Result<()> {
    let stage = stage().await?;
    let topic = topic(stage, "alice-java-tls").await?;
    let producer = |properties: std::path::PathBuf| {
        let bootstrap = stage.bootstrap(Entrance::Services);
        Tool::kafka("kafka-console-producer")
            .args(["--bootstrap-server", &bootstrap, "--command-config"])
            .arg(properties)
            .args(["--topic", &topic])
            .stdin("from a certificate\n")
    };
    is_clean(&producer(stage.certified("alice-certificate", "CN=alice,OU=services,O=Example")?).run().await?)?;
    let output = producer(stage.certified("dave-certificate", "CN=dave,OU=people,O=Example")?).run().await?;
    says(&output, "TopicAuthorizationException")?;
    let wanted = |line: &str| line.contains("Principal = User:CN=dave,OU=people,O=Example is Denied");
    stage.doorkeeper().wait_for_line(wanted, std::time::Duration::from_secs(5)).await?;
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_is_a_sasl_authentication_exception() -> Result<()> {
    let stage = stage().await?;
    let properties = std::fs::read_to_string(stage.user("alice")?)?.replace("alice-secret", "wrong");
    let file = stage.certificates().directory().join("wrong.properties");
    std::fs::write(&file, properties)?;
    let topics = Tool::kafka("kafka-topics")
        .args(["--bootstrap-server", &stage.bootstrap(Entrance::Client), "--command-config"])
        .arg(&file)
        .arg("--list");
    says(
        &topics.run().await?,
        "SaslAuthenticationException: Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256",
    )
}
