//! kafka-python's Admin client.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::{Entrance, Process, Stage};

use crate::stage;

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
async fn acls_are_created_described_and_deleted() -> Result<()> {
    let stage = stage().await?;
    for (pattern_type, topic) in [("LITERAL", "python-orders"), ("PREFIXED", "python-"), ("LITERAL", "python-other")] {
        let told = step(stage, "manager", &["create_acl", "User:bob", "READ", pattern_type, topic]).await?;
        ensure!(told == json!({ "ok": { "succeeded": 1, "failed": [] } }), "{told}");
    }
    let told = step(stage, "auditor", &["describe_acls", "python-orders"]).await?;
    let expected = json!([["User:bob", "READ", "LITERAL"], ["User:bob", "READ", "PREFIXED"]]);
    ensure!(told == json!({ "ok": expected }), "{told}");
    let told = step(stage, "manager", &["delete_acls", "python-orders"]).await?;
    ensure!(told == json!({ "ok": { "deleted": 2 } }), "{told}");
    let told = step(stage, "auditor", &["describe_acls", "python-orders"]).await?;
    ensure!(told == json!({ "ok": [] }), "{told}");
    Ok(())
}

#[tokio::test]
async fn without_describe_on_the_cluster_they_are_not_shown() -> Result<()> {
    let told = step(stage().await?, "alice", &["describe_acls", "python-orders"]).await?;
    ensure!(told["error"].as_str().is_some_and(|error| error.contains("ClusterAuthorizationFailed")), "{told}");
    Ok(())
}
