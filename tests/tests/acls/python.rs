//! Admin clients that are not Java's: kafka-python's own, and librdkafka's as confluent-kafka has it.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::{Entrance, Process, ScramMechanism, Stage};

use crate::stage;

/// A client that is driven by a script in `tests/python`.
#[derive(Clone, Copy, Debug)]
enum Client {
    KafkaPython,
    Librdkafka,
}

impl Client {
    fn script(self) -> &'static str {
        match self {
            Client::KafkaPython => "client.py",
            Client::Librdkafka => "librdkafka_admin.py",
        }
    }

    fn settings(self, stage: &Stage, user: &str) -> Value {
        let (bootstrap, password) = (stage.bootstrap(Entrance::Client), testkit::stage::password(user));
        match self {
            Client::KafkaPython => json!({
                "bootstrap_servers": bootstrap,
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": user,
                "sasl_plain_password": password,
                "ssl_cafile": stage.certificates().ca(),
            }),
            Client::Librdkafka => json!({
                "bootstrap.servers": bootstrap,
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.username": user,
                "sasl.password": password,
                "ssl.ca.location": stage.certificates().ca(),
            }),
        }
    }

    /// Runs one step of the script.
    async fn step(self, stage: &Stage, user: &str, arguments: &[&str]) -> Result<Value> {
        let file = stage.certificates().directory().join(format!("{user}-{self:?}.json"));
        std::fs::write(&file, self.settings(stage, user).to_string())?;
        let tests = testkit::paths::repository().join("tests");
        let python = tests.join("python/.venv/bin/python");
        ensure!(python.exists(), "there is no `tests/python/.venv`: run `scripts/setup`, which makes it");
        let mut command = Command::new(python);
        command.arg(tests.join("python").join(self.script())).arg(&file).args(arguments);
        let process = Process::start(self.script(), command, b"", None)?;
        let status = process.wait(Duration::from_secs(90)).await?;
        ensure!(status.success(), "{arguments:?}: {}", process.stderr().tail(30));
        let told = process.stdout().lines().pop().context("the script said nothing")?;
        Ok(serde_json::from_str(&told)?)
    }
}

#[tokio::test]
async fn kafka_python_creates_describes_and_deletes_acls() -> Result<()> {
    let stage = stage().await?;
    let client = Client::KafkaPython;
    for (pattern_type, topic) in [("LITERAL", "python-orders"), ("PREFIXED", "python-"), ("LITERAL", "python-other")] {
        let told = client.step(stage, "manager", &["create_acl", "User:bob", "READ", pattern_type, topic]).await?;
        ensure!(told == json!({ "ok": { "succeeded": 1, "failed": [] } }), "{told}");
    }
    let told = client.step(stage, "auditor", &["describe_acls", "python-orders"]).await?;
    let expected = json!([["User:bob", "READ", "LITERAL"], ["User:bob", "READ", "PREFIXED"]]);
    ensure!(told == json!({ "ok": expected }), "{told}");
    let told = client.step(stage, "manager", &["delete_acls", "python-orders"]).await?;
    ensure!(told == json!({ "ok": { "deleted": 2 } }), "{told}");
    let told = client.step(stage, "auditor", &["describe_acls", "python-orders"]).await?;
    ensure!(told == json!({ "ok": [] }), "{told}");
    let told = client.step(stage, "alice", &["describe_acls", "python-orders"]).await?;
    ensure!(told["error"].as_str().is_some_and(|error| error.contains("ClusterAuthorizationFailed")), "{told}");
    Ok(())
}

#[tokio::test]
async fn librdkafka_creates_describes_and_deletes_acls() -> Result<()> {
    let stage = stage().await?;
    let client = Client::Librdkafka;
    for (pattern_type, topic) in [("LITERAL", "rd-orders"), ("PREFIXED", "rd-"), ("LITERAL", "rd-other")] {
        let told = client.step(stage, "manager", &["create_acl", "User:bob", "READ", pattern_type, topic]).await?;
        ensure!(told == json!({ "ok": "created" }), "{told}");
    }
    let expected = json!([["User:bob", "READ", "LITERAL"], ["User:bob", "READ", "PREFIXED"]]);
    for (user, step) in [("auditor", "describe_acls"), ("manager", "delete_acls")] {
        let told = client.step(stage, user, &[step, "rd-orders"]).await?;
        ensure!(told == json!({ "ok": expected }), "{told}");
    }
    let told = client.step(stage, "auditor", &["describe_acls", "rd-orders"]).await?;
    ensure!(told == json!({ "ok": [] }), "{told}");
    let told = client.step(stage, "alice", &["create_acl", "User:alice", "READ", "LITERAL", "rd-orders"]).await?;
    ensure!(told["error"] == "CLUSTER_AUTHORIZATION_FAILED", "{told}");
    // librdkafka does not look at the error of DescribeAcls: what is refused reads as an empty list.
    let told = client.step(stage, "alice", &["describe_acls", "rd-other"]).await?;
    ensure!(told == json!({ "ok": [] }), "{told}");
    Ok(())
}

#[tokio::test]
async fn librdkafka_sets_describes_and_deletes_passwords() -> Result<()> {
    let stage = stage().await?;
    let client = Client::Librdkafka;
    let told = client.step(stage, "manager", &["set_password", "rd", "SCRAM_SHA_256", "rd-secret"]).await?;
    ensure!(told == json!({ "ok": "altered" }), "{told}");
    let told = client.step(stage, "auditor", &["describe_user", "rd"]).await?;
    ensure!(told == json!({ "ok": [["SCRAM_SHA_256", 4096]] }), "{told}");
    let mut rd = stage.raw_before_login().await?;
    rd.login_scram(ScramMechanism::Sha256, "rd", "rd-secret").await?;
    let told = client.step(stage, "manager", &["delete_password", "rd", "SCRAM_SHA_256"]).await?;
    ensure!(told == json!({ "ok": "altered" }), "{told}");
    rd.expect_close().await?;
    let told = client.step(stage, "auditor", &["describe_user", "rd"]).await?;
    ensure!(told["error"] == "RESOURCE_NOT_FOUND", "{told}");
    Ok(())
}
