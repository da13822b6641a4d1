//! The house of the tour: a Kafka, a Doorkeeper with two listeners, and who lives there.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use testkit::certificates::{Certificates, Identity};
use testkit::{ClientProperties, Doorkeeper, FreePorts, KafkaCluster, Options, ScramMechanism, Tool, ToolOutput};

use super::screen;

/// A user of the tour; the password is the name with this behind it.
const PASSWORD: &str = "-secret";

const CONFIGURATION: &str = "\
cluster: demo
upstream:
  bootstrap.servers: KAFKA
  security.protocol: PLAINTEXT
listeners:
  - name: CLIENT
    address: 127.0.0.1:CLIENT_PORT
    security.protocol: SASL_SSL
    tls: { certificate: server.crt, private_key: server.key }
    sasl.enabled.mechanisms: SCRAM-SHA-256
    brokers: { mode: ports, advertised_host: localhost, first_port: CLIENT_BROKER, node_ids: 0-0 }
  - name: SERVICES
    address: 127.0.0.1:SERVICES_PORT
    security.protocol: SSL
    ssl.client.auth: required
    tls: { certificate: server.crt, private_key: server.key, trust: ca.crt }
    ssl.principal.mapping.rules: RULE:^CN=([a-z0-9-]+),OU=services,O=Example$/$1/
    brokers: { mode: ports, advertised_host: localhost, first_port: SERVICES_BROKER, node_ids: 0-0 }
authorizer:
  super.users: User:admin
store: { file: acls.yaml }
metrics: { address: 127.0.0.1:METRICS_PORT }
";

/// What the tour begins with; steps add lines to it.
pub(super) const POLICY: &str = "\
users:
  admin: { password: admin-secret }
  alice: { password: alice-secret }
  bob: { password: bob-secret }
acls:
  - { principal: User:alice, allow: [Read, Write, Describe], topic: orders }
  - { principal: User:alice, allow: Read, group: { prefixed: billing- } }
  - { principal: User:bob, allow: Describe, topic: orders }
  - { principal: User:carol, allow: [Write, Describe], topic: { prefixed: ord } }
";

pub(super) struct House {
    kafka: KafkaCluster,
    doorkeeper: Doorkeeper,
    certificates: Arc<Certificates>,
    carol: Identity,
    bootstrap: String,
    services: String,
    metrics: String,
}

impl House {
    pub(super) async fn build() -> Result<House> {
        screen::doing("starting Kafka (KRaft, one broker, PLAINTEXT on loopback, no authorizer)");
        let kafka = KafkaCluster::start(Options::default()).await?;
        screen::doing("starting Doorkeeper (TLS; SCRAM-SHA-256 on one listener, client certificates on the other)");
        let certificates = Arc::new(Certificates::new()?);
        let server = certificates.server("doorkeeper")?;
        let carol = certificates.client("carol", "CN=carol,OU=services,O=Example")?;
        let ports = FreePorts::reserve(5)?;
        let configuration = CONFIGURATION
            .replace("KAFKA", &kafka.bootstrap())
            .replace("CLIENT_PORT", &ports.get(0).to_string())
            .replace("CLIENT_BROKER", &ports.get(1).to_string())
            .replace("SERVICES_PORT", &ports.get(2).to_string())
            .replace("SERVICES_BROKER", &ports.get(3).to_string())
            .replace("METRICS_PORT", &ports.get(4).to_string());
        let read = |path: &std::path::Path| std::fs::read_to_string(path).context("cannot read a certificate");
        let doorkeeper = Doorkeeper::start(
            &configuration,
            &[
                ("acls.yaml", POLICY),
                ("server.crt", &read(server.certificate())?),
                ("server.key", &read(server.private_key())?),
                ("ca.crt", &read(certificates.ca())?),
            ],
        )
        .await?;
        Ok(House {
            kafka,
            doorkeeper,
            certificates,
            carol,
            bootstrap: format!("localhost:{}", ports.get(0)),
            services: format!("localhost:{}", ports.get(2)),
            metrics: format!("http://127.0.0.1:{}/metrics", ports.get(4)),
        })
    }

    pub(super) fn doorkeeper(&self) -> &Doorkeeper {
        &self.doorkeeper
    }

    /// `localhost:PORT` of the listener with passwords.
    pub(super) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// `localhost:PORT` of the listener with certificates.
    pub(super) fn services(&self) -> &str {
        &self.services
    }

    /// A file of client properties for a user with a password; only its name is shown.
    pub(super) fn user(&self, name: &str) -> Result<PathBuf> {
        let properties = ClientProperties::new("SASL_SSL")
            .scram(ScramMechanism::Sha256, name, &format!("{name}{PASSWORD}"))
            .trust(self.certificates.ca());
        properties.write(self.certificates.directory(), &format!("{name}.properties"))
    }

    /// A file of client properties for carol, who has a certificate.
    pub(super) fn carol(&self) -> Result<PathBuf> {
        let properties = ClientProperties::new("SSL").trust(self.certificates.ca()).identity(&self.carol);
        properties.write(self.certificates.directory(), "carol.properties")
    }

    /// Runs a tool and shows it.
    pub(super) async fn try_out(&self, tool: Tool) -> Result<Tried<'_>> {
        let mark = self.doorkeeper.log().mark();
        let directory = format!("{}/", self.certificates.directory().display());
        screen::tried(&tool.command_line().replace(&directory, ""));
        let output = tool.deadline(Duration::from_secs(60)).run().await?;
        Ok(Tried { house: self, output, mark })
    }

    pub(super) fn tell_how_to_connect(&self) -> Result<()> {
        let alice = self.user("alice")?;
        screen::heading("Still running; end it with Ctrl-C. A client configuration to copy:");
        println!("\nbootstrap.servers={}\n{}", self.bootstrap, std::fs::read_to_string(&alice)?);
        println!("Kafka itself:  {}", self.kafka.bootstrap());
        println!("Policy:        {}", self.doorkeeper.directory().join("acls.yaml").display());
        println!("Metrics:       {}", self.metrics);
        Ok(())
    }

    pub(super) async fn close(self) -> Result<()> {
        self.doorkeeper.stop().await
    }
}

/// A tool that has run.
pub(super) struct Tried<'a> {
    house: &'a House,
    output: ToolOutput,
    mark: usize,
}

impl Tried<'_> {
    /// All it said.
    pub(super) fn text(&self) -> String {
        format!("{}{}", self.output.stdout, self.output.stderr)
    }

    /// Demands that a line contains `wanted`, and shows it.
    pub(super) fn shows(self, wanted: &str) -> Result<Self> {
        let text = self.text();
        let line = text.lines().find(|line| line.contains(wanted));
        let line = line.with_context(|| format!("expected `{wanted}`, but:\n{text}"))?;
        screen::came_back(line.trim());
        Ok(self)
    }

    /// Demands that nothing contains `unwanted`.
    pub(super) fn hides(self, unwanted: &str) -> Result<Self> {
        anyhow::ensure!(!self.text().contains(unwanted), "did not expect `{unwanted}`:\n{}", self.text());
        Ok(self)
    }

    /// Waits for the audit line with all of these parts, and shows it.
    pub(super) async fn audited(self, parts: &[&str]) -> Result<Self> {
        let wanted = |line: &str| parts.iter().all(|part| line.contains(part));
        let log = self.house.doorkeeper.log();
        let line = log.wait_for_since(self.mark, wanted, Duration::from_secs(5)).await?;
        let line = line.find("Principal = ").and_then(|start| line.get(start..)).unwrap_or(&line).to_owned();
        screen::audit(&line);
        Ok(self)
    }
}
