//! The house of the tour: a Kafka, a Doorkeeper with two listeners, and who lives there.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use testkit::{Doorkeeper, Entrance, Stage, Tool, ToolOutput};

use super::screen;

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
    stage: Stage,
}

impl House {
    pub(super) async fn build() -> Result<House> {
        screen::doing("starting Kafka (KRaft, one broker, PLAINTEXT on loopback, no authorizer)");
        screen::doing("and Doorkeeper (TLS; SCRAM-SHA-256 on one listener, client certificates on the other)");
        Ok(House { stage: Stage::start(POLICY).await? })
    }

    pub(super) fn doorkeeper(&self) -> &Doorkeeper {
        self.stage.doorkeeper()
    }

    /// `localhost:PORT` of the listener with passwords.
    pub(super) fn bootstrap(&self) -> String {
        self.stage.bootstrap(Entrance::Client)
    }

    /// `localhost:PORT` of the listener with certificates.
    pub(super) fn services(&self) -> String {
        self.stage.bootstrap(Entrance::Services)
    }

    /// A file of client properties for a user with a password.
    pub(super) fn user(&self, name: &str) -> Result<PathBuf> {
        self.stage.user(name)
    }

    /// A file of client properties for carol, who has a certificate.
    pub(super) fn carol(&self) -> Result<PathBuf> {
        self.stage.certified("carol", "CN=carol,OU=services,O=Example")
    }

    /// Replaces the policy and waits until it is in force.
    pub(super) async fn policy_is_now(&self, policy: &str) -> Result<()> {
        self.stage.policy_is_now(policy).await
    }

    /// Runs a tool and shows it.
    pub(super) async fn try_out(&self, tool: Tool) -> Result<Tried<'_>> {
        let mark = self.doorkeeper().log().mark();
        let directory = format!("{}/", self.stage.certificates().directory().display());
        screen::tried(&tool.command_line().replace(&directory, ""));
        let output = tool.deadline(Duration::from_secs(60)).run().await?;
        Ok(Tried { house: self, output, mark })
    }

    pub(super) fn tell_how_to_connect(&self) -> Result<()> {
        let alice = self.user("alice")?;
        screen::heading("Still running; end it with Ctrl-C. A client configuration to copy:");
        println!("\nbootstrap.servers={}\n{}", self.bootstrap(), std::fs::read_to_string(&alice)?);
        println!("Kafka itself:  {}", self.stage.kafka().bootstrap());
        println!("Policy:        {}", self.doorkeeper().directory().join("acls.yaml").display());
        println!("Metrics:       http://{}/metrics", self.stage.metrics_address());
        Ok(())
    }

    pub(super) async fn close(self) -> Result<()> {
        self.doorkeeper().stop().await
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
        let log = self.house.doorkeeper().log();
        let line = log.wait_for_since(self.mark, wanted, Duration::from_secs(5)).await?;
        let line = line.find("Principal = ").and_then(|start| line.get(start..)).unwrap_or(&line).to_owned();
        screen::audit(&line);
        Ok(self)
    }
}
