//! `doorkeeper init`: from a Java client's properties to a Doorkeeper that runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use testkit::process::Process;
use testkit::{Certificates, Doorkeeper, FreePorts, KafkaCluster, Options, ScramMechanism, Security};

use crate::{doorkeeper_ok, doorkeeper_refuses, logs_in};

/// The listener's port, and eight ports on those of 20 brokers.
const PORTS: u16 = 28;

/// Java's own tool makes the store that Java's clients read.
async fn truststore(certificates: &Certificates, path: &Path) -> Result<()> {
    let mut command = std::process::Command::new("keytool");
    command
        .args(["-importcert", "-noprompt", "-alias", "ca", "-storepass", "changeit", "-file"])
        .arg(certificates.ca());
    command.arg("-keystore").arg(path);
    let keytool = Process::start("keytool", command, b"", None)?;
    let status = keytool.wait(std::time::Duration::from_secs(60)).await?;
    ensure!(status.success(), "{}", keytool.stderr().tail(10));
    Ok(())
}

#[tokio::test]
async fn a_java_clients_properties_become_a_doorkeeper_that_runs() -> Result<()> {
    let certificates = Arc::new(Certificates::new()?);
    let options = Options::secured(Security::SaslSsl).user("doorkeeper", "it's secret");
    let options = Options {
        certificates: Some(certificates.clone()),
        super_users: Some(vec!["User:doorkeeper".to_owned()]),
        ..options
    };
    let kafka = KafkaCluster::start(options).await?;
    let work = tempfile::tempdir()?;
    let directory = work.path();
    truststore(&certificates, &directory.join("trust.p12")).await?;
    let properties = "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=\
        org.apache.kafka.common.security.scram.ScramLoginModule required \\\n  username=\"doorkeeper\" \\\n  \
        password=\"it's secret\";\nssl.truststore.location=trust.p12\nssl.truststore.password=changeit\n";
    fs::write(directory.join("client.properties"), properties)?;

    let ports = FreePorts::reserve(PORTS)?;
    let (bootstrap, address) = (kafka.bootstrap(), format!("127.0.0.1:{}", ports.first()));
    let init = ["init", "--bootstrap-server", &bootstrap, "--command-config", "client.properties"];
    let to = ["--output", "made", "--address", &address];
    let said = doorkeeper_ok(directory, &[&init[..], &to].concat()).await?;
    for expected in [
        &format!("ok       cluster {}, 1 broker\n", kafka.cluster_id()),
        "ok       it has an authorizer with 0 ACLs\n",
        &format!("ok       broker 0 at {bootstrap}: metadata.version "),
        "written  made/doorkeeper.yaml\nwritten  made/upstream.password\nwritten  made/upstream-ca.crt\n",
        "doorkeeper users add admin --embedded made/doorkeeper-store\n",
    ] {
        ensure!(said.contains(expected), "{expected}{said}");
    }
    let made = directory.join("made");
    for file in fs::read_dir(&made)? {
        let file = file?;
        assert_eq!(file.metadata()?.permissions().mode() & 0o777, 0o600, "{}", file.path().display());
    }
    let said = doorkeeper_refuses(directory, &[&init[..], &to].concat()).await?;
    ensure!(said.contains("nothing is overwritten: `made/doorkeeper.yaml`, `made/upstream.password`"), "{said}");

    let said = doorkeeper_ok(directory, &["check", "made/doorkeeper.yaml"]).await?;
    ensure!(!said.contains("warning"), "{said}");
    doorkeeper_ok(directory, &["check", "--online", "made/doorkeeper.yaml"]).await?;
    fs::write(directory.join("password"), "admin-secret")?;
    fs::set_permissions(directory.join("password"), fs::Permissions::from_mode(0o600))?;
    let add = ["users", "add", "admin", "--password-file", "password", "--embedded", "made/doorkeeper-store"];
    doorkeeper_ok(directory, &add).await?;

    let text = |name: &str| fs::read_to_string(made.join(name)).with_context(|| name.to_owned());
    let store = made.join("doorkeeper-store");
    let configuration =
        text("doorkeeper.yaml")?.replace("embedded: doorkeeper-store", &format!("embedded: {}", store.display()));
    let files = [("upstream.password", text("upstream.password")?), ("upstream-ca.crt", text("upstream-ca.crt")?)];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let doorkeeper = Doorkeeper::start(&configuration, &files).await?;
    ensure!(
        logs_in(ports.first(), ScramMechanism::Sha256, "admin", "admin-secret").await?,
        "{}",
        doorkeeper.log().tail(9)
    );
    doorkeeper.stop().await
}

#[tokio::test]
async fn a_cluster_without_an_authorizer_gets_an_embedded_store() -> Result<()> {
    let kafka = KafkaCluster::shared().await?;
    let work = tempfile::tempdir()?;
    let said = doorkeeper_ok(work.path(), &["init", "--bootstrap-server", &kafka.bootstrap()]).await?;
    ensure!(said.contains("ok       it has no authorizer: whoever it lets in may do everything\n"), "{said}");
    let said = doorkeeper_ok(work.path(), &["check", "doorkeeper.yaml"]).await?;
    ensure!(said.contains("ACLs and users in the embedded store `doorkeeper-store`"), "{said}");
    Ok(())
}
