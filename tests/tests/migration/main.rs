//! From what somebody has to Doorkeeper: users and ACLs brought over, and each step of `docs/migration.md`, done with the
//! real binary, real brokers and Kafka's own tools.

mod ground;
mod init;
mod migrate;
mod page;
mod sections;
mod users;

use std::path::Path;

use anyhow::{Result, ensure};
use testkit::{Doorkeeper, FreePorts, RawClient, ScramMechanism, ToolOutput};

/// A command of the binary that has to succeed; what it printed.
async fn doorkeeper_ok(directory: &Path, arguments: &[&str]) -> Result<String> {
    let output = doorkeeper(directory, arguments).await?;
    ensure!(output.status.success(), "{output}");
    Ok(output.stdout)
}

/// A command of the binary that has to fail, with a message of one line; what it said.
async fn doorkeeper_refuses(directory: &Path, arguments: &[&str]) -> Result<String> {
    let output = doorkeeper(directory, arguments).await?;
    ensure!(output.status.code() == Some(1) && output.stderr.lines().count() == 1, "{output}");
    Ok(output.stderr)
}

async fn doorkeeper(directory: &Path, arguments: &[&str]) -> Result<ToolOutput> {
    Doorkeeper::run(directory, arguments).await
}

/// Whether a user gets in at an address without TLS.
async fn logs_in(port: u16, mechanism: ScramMechanism, user: &str, password: &str) -> Result<bool> {
    let mut client = RawClient::connect(([127, 0, 0, 1], port).into()).await?;
    Ok(client.login_scram(mechanism, user, password).await.is_ok())
}

/// A configuration with one listener, for users, without TLS; `store` is the section of that name.
fn configuration(kafka: &str, ports: &FreePorts, store: &str) -> String {
    let (bootstrap, broker) = (ports.get(0), ports.get(1));
    format!(
        "cluster: moved\nupstream: {{ bootstrap.servers: \"{kafka}\" }}\nlisteners:\n  - name: CLIENT\n    \
         address: 127.0.0.1:{bootstrap}\n    security.protocol: SASL_PLAINTEXT\n    \
         sasl.enabled.mechanisms: SCRAM-SHA-256,SCRAM-SHA-512\n    \
         brokers: {{ advertised_host: localhost, nodes: {{ 0: {broker} }} }}\nstore: {store}\n"
    )
}
