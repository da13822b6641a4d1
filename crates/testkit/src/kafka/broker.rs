//! One broker: its directory, its ports, and its process while it runs.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::options::Options;
use super::properties::{BROKER_PASSWORD, BROKER_USER, Place, server_properties};
use super::release::Release;
use crate::java::class_of;
use crate::log::Log;
use crate::ports::FreePorts;
use crate::process::Process;
use crate::raw_client::RawClient;
use crate::scram::ScramMechanism;

/// Two cores shared with compilers and other brokers can be slow; a broker that fails says so much sooner.
const START_DEADLINE: Duration = Duration::from_secs(120);
const STOP_DEADLINE: Duration = Duration::from_secs(60);
const FORMAT_DEADLINE: Duration = Duration::from_secs(60);

/// A broker that has been formatted; it may be running or not.
#[derive(Debug)]
pub struct Broker {
    id: i32,
    release: Release,
    directory: TempDir,
    ports: FreePorts,
    client_listeners: usize,
    process: Option<Process>,
}

impl Broker {
    /// Reserves ports and writes the configuration and an empty log directory of cluster `cluster_id`.
    pub(crate) async fn format(
        options: &Options,
        cluster_id: &str,
        id: i32,
        controller_port: Option<u16>,
    ) -> Result<Broker> {
        let directory = tempfile::Builder::new().prefix(&format!("kafka-{id}-")).tempdir()?;
        let client_listeners = options.listeners.len();
        let ports = FreePorts::reserve(u16::try_from(client_listeners + 2)?)?;
        let broker = Broker { id, release: options.release, directory, ports, client_listeners, process: None };

        if let Some(certificates) = &options.certificates {
            let identity = certificates.server(&format!("broker-{id}"))?;
            fs::copy(identity.keystore(), broker.path("keystore.pem"))?;
        }
        let ports: Vec<u16> = broker.ports.iter().collect();
        let place = Place {
            node_id: id,
            directory: broker.directory.path(),
            ports: &ports,
            controller_port: controller_port.unwrap_or_else(|| broker.controller_port()),
        };
        fs::write(broker.path("server.properties"), server_properties(options, place)?)?;
        broker.run_storage_tool(options, cluster_id).await?;
        Ok(broker)
    }

    async fn run_storage_tool(&self, options: &Options, cluster_id: &str) -> Result<()> {
        let mut command = class_of(self.release, "kafka.tools.StorageTool", 128)?;
        command.args(["format", "--cluster-id", cluster_id, "--config"]).arg(self.path("server.properties"));
        if options.listeners.iter().any(|listener| listener.security.has_sasl()) {
            for user in &options.users {
                for mechanism in ScramMechanism::ALL {
                    let (name, password) = (&user.name, &user.password);
                    let credential = format!("{}=[name={name},password={password}]", mechanism.name());
                    command.args(["--add-scram", &credential]);
                }
            }
        }
        let process = Process::start("kafka-storage", command, b"", None)?;
        let status = process.wait(FORMAT_DEADLINE).await?;
        ensure!(
            status.success(),
            "kafka-storage could not format broker {}:\n{}{}",
            self.id,
            process.stdout().tail(30),
            process.stderr().tail(30)
        );
        Ok(())
    }

    /// Starts the process; [`Broker::wait_until_it_sees`] says when it can be used.
    pub(crate) fn start(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "broker {} runs already", self.id);
        let mut command = class_of(self.release, "kafka.Kafka", 384)?;
        command.arg(self.path("server.properties")).current_dir(self.directory.path());
        let name = format!("broker {}", self.id);
        self.process = Some(Process::start(&name, command, b"", Some(self.directory.path()))?);
        Ok(())
    }

    /// Waits until this broker answers Metadata and knows of `brokers` brokers.
    pub(crate) async fn wait_until_it_sees(&self, brokers: usize) -> Result<()> {
        let end = Instant::now() + START_DEADLINE;
        loop {
            let process = self.process.as_ref().with_context(|| format!("broker {} was not started", self.id))?;
            if let Some(status) = process.exit_status() {
                bail!("broker {} ended with {status}:\n{}", self.id, self.log().tail(40));
            }
            let outcome = self.metadata().await;
            match &outcome {
                Ok(metadata) if metadata.brokers.len() == brokers && metadata.controller_id.0 >= 0 => return Ok(()),
                _ if Instant::now() < end => sleep(Duration::from_millis(50)).await,
                Ok(metadata) => bail!("broker {} sees {} of {brokers} brokers", self.id, metadata.brokers.len()),
                Err(error) => {
                    bail!("broker {} does not answer ({error:#}); its log ends with:\n{}", self.id, self.log().tail(40))
                }
            }
        }
    }

    async fn metadata(&self) -> Result<MetadataResponse> {
        self.admin().await?.send(12, &MetadataRequest::default().with_topics(Some(Vec::new()))).await
    }

    /// A connection of the brokers' own user: a super user where there is an authorizer.
    pub(crate) async fn admin(&self) -> Result<RawClient> {
        let mut client = RawClient::connect(self.internal_address()).await?;
        client.login_plain(BROKER_USER, BROKER_PASSWORD).await?;
        Ok(client)
    }

    /// Stops it as an operator does (SIGTERM): leadership moves away first.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        let process = self.process.take().with_context(|| format!("broker {} is not running", self.id))?;
        process.terminate(STOP_DEADLINE).await.map(|_| ())
    }

    /// Kills it, as a power cut does.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        let process = self.process.take().with_context(|| format!("broker {} is not running", self.id))?;
        process.kill().await.map(|_| ())
    }

    /// Kafka's node id.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// Where its `server.properties` is, and its `data`.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Whether its process has been started and not stopped.
    pub fn is_running(&self) -> bool {
        self.process.as_ref().is_some_and(|process| process.exit_status().is_none())
    }

    /// The operating system's process id, while it runs.
    pub fn process_id(&self) -> Option<i32> {
        self.process.as_ref().map(Process::id)
    }

    /// The address of the clients' listener with this index in the options.
    ///
    /// # Panics
    /// If there is no such listener.
    pub fn address(&self, listener: usize) -> SocketAddr {
        assert!(listener < self.client_listeners, "there are only {} listeners", self.client_listeners);
        local(self.ports.get(listener))
    }

    /// Where brokers talk to each other.
    pub fn internal_address(&self) -> SocketAddr {
        local(self.ports.get(self.client_listeners))
    }

    /// Where the controller listens, if this broker is it: as the internal listener.
    pub fn controller_address(&self) -> SocketAddr {
        local(self.controller_port())
    }

    pub(crate) fn controller_port(&self) -> u16 {
        self.ports.get(self.client_listeners + 1)
    }

    /// What it logs, since it was last started: warnings, and the authorizer's audit lines.
    pub fn log(&self) -> Log {
        self.process.as_ref().map_or_else(Log::empty, |process| process.stderr().clone())
    }

    fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
