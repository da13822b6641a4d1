//! kafka-python, in a virtual environment that `scripts/setup` makes of `tests/python/requirements.txt`.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::{Entrance, Process, Stage};

use crate::{stage, topic};

/// Runs one step of `tests/python/client.py`.
async fn step(stage: &Stage, user: &str, arguments: &[&str]) -> Result<Value> {
    let settings = json!({
        "bootstrap_servers": stage.bootstrap(Entrance::Client),
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": user,
        "sasl_plain_password": testkit::stage::password(user),
        "ssl_cafile": stage.certificates().ca(),
    });
    let file = stage.certificates().directory().join(format!("{user}.json"));
    std::fs::write(&file, settings.to_string())?;
    let tests = testkit::paths::repository().join("tests");
    let python = tests.join("python/.venv/bin/python");
    ensure!(python.exists(), "there is no `tests/python/.venv`: run `scripts/setup`, which makes it");
    let mut command = Command::new(python);
    command.arg(tests.join("python/client.py")).arg(&file).args(arguments);
    let process = Process::start("client.py", command, b"", None)?;
    let status = process.wait(Duration::from_secs(90)).await?;
    ensure!(status.success(), "{arguments:?}: {}", process.stderr().tail(30));
    let told = process.stdout().lines().pop().context("client.py said nothing")?;
    Ok(serde_json::from_str(&told)?)
}

#[tokio::test]
async fn produce_and_consume_in_a_group() -> Result<()> {
    let stage = stage().await?;
    let topic = topic(stage, "alice-python").await?;
    let told = step(stage, "alice", &["produce", &topic, "one", "two"]).await?;
    ensure!(told == json!({ "ok": { "topic": topic, "written": 2 } }), "{told}");
    let told = step(stage, "alice", &["idempotent", &topic, "three"]).await?;
    ensure!(told == json!({ "ok": { "topic": topic, "written": 1 } }), "{told}");
    let told = step(stage, "alice", &["consume", &topic, "alice-python", "3"]).await?;
    ensure!(told == json!({ "ok": { "values": ["one", "two", "three"] } }), "{told}");
    Ok(())
}

/// kafka-python has no exception of its own for this refusal.
const IDEMPOTENT_REFUSED: &str =
    "KafkaError: Unexpected error in InitProducerIdResponse: [Error 31] ClusterAuthorizationFailedError";

#[tokio::test]
async fn what_is_denied_is_the_exception_of_a_broker() -> Result<()> {
    let stage = stage().await?;
    let mine = topic(stage, "alice-python-denied").await?;
    let theirs = topic(stage, "payments-python").await?;
    for (user, arguments, error) in [
        ("alice", vec!["produce", &theirs, "no"], "TopicAuthorizationFailedError"),
        ("bob", vec!["idempotent", &mine, "no"], IDEMPOTENT_REFUSED),
        ("alice", vec!["consume", &mine, "other-python", "1"], "GroupAuthorizationFailedError"),
        ("alice", vec!["transact", "other-python", &mine, "-", "no"], "TransactionalIdAuthorizationFailedError"),
        ("alice", vec!["create_topic", "bob-python"], "TopicAuthorizationFailedError"),
        ("alice", vec!["delete_topic", &theirs], "TopicAuthorizationFailedError"),
    ] {
        let told = step(stage, user, &arguments).await?;
        ensure!(told == json!({ "error": error }), "{user} {arguments:?}: {told}");
    }
    Ok(())
}

#[tokio::test]
async fn a_transaction_with_offsets_is_committed_where_it_is_allowed() -> Result<()> {
    let stage = stage().await?;
    let topic = topic(stage, "alice-python-tx").await?;
    let told = step(stage, "alice", &["transact", "alice-python", &topic, "alice-python-tx", "hello"]).await?;
    ensure!(told == json!({ "ok": { "committed": "alice-python" } }), "{told}");
    Ok(())
}

#[tokio::test]
async fn topics_are_administered_where_it_is_allowed() -> Result<()> {
    let stage = stage().await?;
    topic(stage, "hidden-python").await?;
    let told = step(stage, "alice", &["create_topic", "alice-python-made"]).await?;
    ensure!(told == json!({ "ok": { "created": "alice-python-made" } }), "{told}");
    let told = step(stage, "alice", &["topics"]).await?;
    let names = told["ok"].as_array().context("no list")?;
    ensure!(names.contains(&json!("alice-python-made")) && !names.contains(&json!("hidden-python")), "{told}");
    let told = step(stage, "alice", &["delete_topic", "alice-python-made"]).await?;
    ensure!(told == json!({ "ok": { "deleted": "alice-python-made" } }), "{told}");
    Ok(())
}
