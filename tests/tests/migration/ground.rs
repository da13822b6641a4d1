//! The cluster that a reader of the page has: one of today, or one of ZooKeeper's days.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use tempfile::TempDir;
use testkit::java::class_of;
use testkit::kafka::release::Release;
use testkit::process::Process;
use testkit::stage::password;
use testkit::{FreePorts, KafkaCluster, ScramMechanism};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::logs_in;

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) enum Ground {
    Kafka(KafkaCluster),
    Old(OldCluster),
}

/// ZooKeeper and one broker of Kafka 3.9 that keeps everything there.
pub(crate) struct OldCluster {
    directory: TempDir,
    /// Of ZooKeeper, of clients and of the broker itself.
    ports: FreePorts,
    _zookeeper: Process,
    broker: Option<Process>,
}

impl Ground {
    /// What holds on this machine for names of the page.
    pub(crate) fn names(&self) -> Result<Vec<(&'static str, String)>> {
        match self {
            Ground::Kafka(kafka) => {
                let broker = kafka.broker(0)?;
                let internal = broker.internal_address();
                let mut names = vec![
                    ("kafka-0:9095", internal.to_string()),
                    ("kafka-0:9093", format!("127.0.0.1:{}", internal.port() + 1)),
                    ("/var/lib/kafka", broker.directory().join("data").display().to_string()),
                ];
                names.extend(
                    ["kafka-0:9092", "kafka-0:9094"].into_iter().zip(self.doors()?.iter().map(ToString::to_string)),
                );
                Ok(names)
            }
            Ground::Old(old) => Ok(vec![
                ("kafka-0:9092", old.door().to_string()),
                ("zookeeper-0:2181", format!("127.0.0.1:{}", old.ports.get(0))),
            ]),
        }
    }

    /// Where clients could get in.
    pub(crate) fn doors(&self) -> Result<Vec<SocketAddr>> {
        match self {
            Ground::Kafka(kafka) => {
                let broker = kafka.broker(0)?;
                Ok((0..kafka.options().listeners.len()).map(|listener| broker.address(listener)).collect())
            }
            Ground::Old(old) => Ok(vec![old.door()]),
        }
    }

    pub(crate) fn server_properties(&self) -> Result<PathBuf> {
        let directory = match self {
            Ground::Kafka(kafka) => kafka.broker(0)?.directory(),
            Ground::Old(old) => old.directory.path(),
        };
        Ok(directory.join("server.properties"))
    }

    pub(crate) async fn restart(&mut self) -> Result<()> {
        match self {
            Ground::Kafka(kafka) => kafka.restart_broker(0).await,
            Ground::Old(old) => old.restart().await,
        }
    }
}

impl OldCluster {
    /// With users whose passwords are `NAME-secret`; `admin` is a super user.
    pub(crate) async fn start(users: &[&str]) -> Result<OldCluster> {
        let directory = tempfile::Builder::new().prefix("zookeeper-").tempdir()?;
        let ports = FreePorts::reserve(3)?;
        let path = |name: &str| directory.path().join(name);
        fs::write(path("zookeeper.properties"), zookeeper_properties(directory.path(), ports.get(0)))?;
        fs::write(path("server.properties"), server_properties(directory.path(), &ports))?;
        let mut command = class_of(Release::V3_9, "org.apache.zookeeper.server.quorum.QuorumPeerMain", 64)?;
        command.arg(path("zookeeper.properties")).current_dir(directory.path());
        let zookeeper = Process::start("zookeeper", command, b"", None)?;
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", ports.get(0))).await.is_err() {
            ensure!(began.elapsed() < PATIENCE, "zookeeper does not answer:\n{}", zookeeper.stderr().tail(20));
            sleep(Duration::from_millis(50)).await;
        }
        for user in users {
            let mut command = class_of(Release::V3_9, "kafka.admin.ConfigCommand", 64)?;
            let secret = password(user);
            let credentials = format!("SCRAM-SHA-256=[password={secret}],SCRAM-SHA-512=[password={secret}]");
            command.args(["--zookeeper", &format!("127.0.0.1:{}", ports.get(0)), "--alter", "--entity-type", "users"]);
            command.args(["--entity-name", user, "--add-config", &credentials]);
            let configs = Process::start("kafka-configs", command, b"", None)?;
            ensure!(configs.wait(PATIENCE).await?.success(), "{}", configs.stderr().tail(20));
        }
        let mut cluster = OldCluster { directory, ports, _zookeeper: zookeeper, broker: None };
        cluster.start_broker().await?;
        Ok(cluster)
    }

    fn door(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.ports.get(1)).into()
    }

    async fn start_broker(&mut self) -> Result<()> {
        let mut command = class_of(Release::V3_9, "kafka.Kafka", 384)?;
        command.arg(self.directory.path().join("server.properties")).current_dir(self.directory.path());
        let broker = self.broker.insert(Process::start("broker", command, b"", None)?);
        let began = Instant::now();
        loop {
            if let Some(status) = broker.exit_status() {
                bail!("the broker ended with {status}:\n{}", broker.stderr().tail(30));
            }
            let port = self.ports.get(1);
            if logs_in(port, ScramMechanism::Sha512, "admin", &password("admin")).await.unwrap_or(false) {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "the broker does not answer:\n{}", broker.stderr().tail(30));
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn restart(&mut self) -> Result<()> {
        if let Some(broker) = self.broker.take() {
            broker.terminate(PATIENCE).await?;
        }
        self.start_broker().await
    }
}

fn zookeeper_properties(directory: &Path, port: u16) -> String {
    let data = directory.join("zookeeper").display().to_string();
    format!("dataDir={data}\nclientPort={port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n")
}

fn server_properties(directory: &Path, ports: &FreePorts) -> String {
    let addresses = format!("CLIENT://127.0.0.1:{},INTERNAL://127.0.0.1:{}", ports.get(1), ports.get(2));
    let module = |name: &str| format!("org.apache.kafka.common.security.{name} required");
    let (plain, scram) = (module("plain.PlainLoginModule"), module("scram.ScramLoginModule"));
    let lines = [
        "broker.id=0".to_owned(),
        format!("zookeeper.connect=127.0.0.1:{}", ports.get(0)),
        format!("listeners={addresses}"),
        format!("advertised.listeners={addresses}"),
        "listener.security.protocol.map=CLIENT:SASL_PLAINTEXT,INTERNAL:SASL_PLAINTEXT".to_owned(),
        "inter.broker.listener.name=INTERNAL".to_owned(),
        "sasl.mechanism.inter.broker.protocol=PLAIN".to_owned(),
        "listener.name.internal.sasl.enabled.mechanisms=PLAIN".to_owned(),
        format!(
            "listener.name.internal.plain.sasl.jaas.config={plain} username=\"kafka\" password=\"kafka\" user_kafka=\"kafka\";"
        ),
        "listener.name.client.sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512".to_owned(),
        format!("listener.name.client.scram-sha-256.sasl.jaas.config={scram};"),
        format!("listener.name.client.scram-sha-512.sasl.jaas.config={scram};"),
        "authorizer.class.name=kafka.security.authorizer.AclAuthorizer".to_owned(),
        "super.users=User:kafka;User:admin".to_owned(),
        "offsets.topic.replication.factor=1".to_owned(),
        format!("log.dirs={}", directory.join("data").display()),
    ];
    lines.join("\n") + "\n"
}
