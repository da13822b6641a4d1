//! Metrics and health, over plain HTTP.

use anyhow::{Context, Result, ensure};
use testkit::Stage;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{POLICY, metadata};

/// The whole answer to one request: status line, headers, body.
pub(crate) async fn request(stage: &Stage, method: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(stage.metrics_address()).await?;
    let text = format!("{method} {path} HTTP/1.1\r\nHost: doorkeeper\r\nConnection: close\r\n\r\n");
    stream.write_all(text.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// The body of a successful GET.
pub(crate) async fn get(stage: &Stage, path: &str) -> Result<String> {
    let answer = request(stage, "GET", path).await?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    Ok(answer.split_once("\r\n\r\n").context("no body")?.1.to_owned())
}

#[tokio::test]
async fn decisions_logins_and_connections_are_counted_and_only_get_is_answered() -> Result<()> {
    let stage = Stage::start(POLICY).await?;
    stage.kafka().create_topic("alice-counted", 1).await?;
    get(&stage, "/livez").await?;
    get(&stage, "/readyz").await?;
    ensure!(request(&stage, "POST", "/metrics").await?.starts_with("HTTP/1.1 405"));
    ensure!(request(&stage, "GET", "/").await?.starts_with("HTTP/1.1 404"));

    let mut alice = stage.raw("alice").await?;
    metadata(&mut alice, "alice-counted").await?;
    metadata(&mut alice, "payments").await?;
    let metrics = get(&stage, "/metrics").await?;
    for (name, labels, value) in [
        ("doorkeeper_decisions_total", &["Metadata", "Topic", "allowed"][..], Some("1")),
        ("doorkeeper_decisions_total", &["Metadata", "Topic", "denied"][..], Some("1")),
        ("doorkeeper_authentications_total", &["SCRAM-SHA-256"][..], Some("1")),
        ("doorkeeper_connections_active", &["CLIENT"][..], Some("1")),
        ("doorkeeper_acls_loaded", &[][..], Some("6")),
        ("doorkeeper_requests_total", &["Metadata"][..], Some("2")),
    ] {
        let line = metrics.lines().find(|line| {
            line.starts_with(name) && labels.iter().all(|label| line.to_lowercase().contains(&label.to_lowercase()))
        });
        let line = line.with_context(|| format!("no `{name}` with {labels:?}:\n{metrics}"))?;
        ensure!(value.is_none_or(|value| line.ends_with(&format!(" {value}"))), "{line}");
    }
    ensure!(!metrics.contains("alice-counted") && !metrics.contains("payments"), "a topic is a label");
    Ok(())
}

#[tokio::test]
async fn a_real_prometheus_scrapes_and_its_rules_fire_as_they_should() -> Result<()> {
    let stage = Stage::start(POLICY).await?;
    let mut alice = stage.raw("alice").await?;
    metadata(&mut alice, "payments").await?;
    let script = testkit::paths::repository().join("deploy/prometheus/test");
    let mut command = std::process::Command::new(script);
    command.arg(format!("http://{}", stage.metrics_address()));
    let process = testkit::Process::start("deploy/prometheus/test", command, b"", None)?;
    let status = process.wait(std::time::Duration::from_secs(90)).await?;
    ensure!(status.success(), "{}\n{}", process.stdout().tail(40), process.stderr().tail(40));
    Ok(())
}
