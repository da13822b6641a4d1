//! Replicas of Doorkeeper whose ACLs and users are in a topic of the cluster they protect.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use testkit::{ClientProperties, Doorkeeper, FreePorts, KafkaCluster, RawClient, ScramMechanism, Tool, ToolOutput};
use tokio::time::Instant;

/// 32 bytes each, in base64.
pub(crate) const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
pub(crate) const OTHER_KEY: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

pub(crate) const SOON: Duration = Duration::from_secs(15);

/// `admin` is a super user; `alice` may nothing yet.
pub(crate) const BOOTSTRAP: &str = "\
users: { admin: { password: admin-secret }, alice: { password: alice-secret } }
acls: [{ principal: User:alice, allow: Describe, topic: first }]";

/// How a replica is configured.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) cluster: String,
    /// Of `store.kafka`, in braces.
    pub(crate) kafka: String,
    /// Beside `kafka`.
    pub(crate) store: String,
    /// Names of the keys are in `keys`: `one.key`, `other.key`.
    pub(crate) upstream: String,
}

impl Plan {
    pub(crate) fn new(kafka: &KafkaCluster) -> Plan {
        Plan {
            cluster: "orders".to_owned(),
            kafka: "keys: [\"${file:one.key}\"]".to_owned(),
            store: String::new(),
            upstream: kafka.bootstrap(),
        }
    }
}

/// One Doorkeeper with a listener for SCRAM, before a cluster of one broker.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) doorkeeper: Doorkeeper,
    pub(crate) ports: FreePorts,
}

impl Replica {
    pub(crate) async fn start(plan: &Plan) -> Result<Replica> {
        let replica = Replica::launch(plan)?;
        replica.is_ready().await?;
        Ok(replica)
    }

    /// As [`Replica::start`], without waiting.
    pub(crate) fn launch(plan: &Plan) -> Result<Replica> {
        let ports = FreePorts::reserve(3)?;
        let (client, broker, metrics) = (ports.get(0), ports.get(1), ports.get(2));
        let Plan { cluster, kafka, store, upstream } = plan;
        let bootstrap: String = BOOTSTRAP.lines().map(|line| format!("    {line}\n")).collect();
        let configuration = format!(
            "cluster: {cluster}\n\
             upstream: {{ bootstrap.servers: \"{upstream}\" }}\n\
             listeners:\n  \
               - name: CLIENT\n    \
                 address: 127.0.0.1:{client}\n    \
                 security.protocol: SASL_PLAINTEXT\n    \
                 sasl.enabled.mechanisms: SCRAM-SHA-256\n    \
                 brokers: {{ mode: ports, advertised_host: localhost, nodes: {{ 0: {broker} }} }}\n\
             authorizer: {{ super.users: User:admin }}\n\
             store:\n  \
               kafka: {{ {kafka} }}\n{store}  \
               bootstrap:\n{bootstrap}\
             metrics: {{ address: \"127.0.0.1:{metrics}\" }}\n"
        );
        let files = [("one.key", KEY), ("other.key", OTHER_KEY)];
        Ok(Replica { doorkeeper: Doorkeeper::launch(&configuration, &files)?, ports })
    }

    pub(crate) async fn is_ready(&self) -> Result<()> {
        let ready = |line: &str| line.ends_with("ready");
        self.doorkeeper.wait_for_line(ready, Duration::from_secs(60)).await.context("not ready").map(drop)
    }

    pub(crate) fn bootstrap(&self) -> String {
        format!("localhost:{}", self.ports.get(0))
    }

    /// Kafka's own tool as `admin`; it has to succeed.
    pub(crate) async fn kafka_acls(&self, arguments: &str) -> Result<String> {
        let output = self.try_kafka_acls(arguments).await?;
        ensure!(output.status.success(), "{output}");
        Ok(output.stdout)
    }

    pub(crate) async fn try_kafka_acls(&self, arguments: &str) -> Result<ToolOutput> {
        let tool = Tool::kafka("kafka-acls").args(["--bootstrap-server", &self.bootstrap(), "--command-config"]);
        tool.arg(self.properties("admin")?).args(arguments.split_whitespace()).run().await
    }

    pub(crate) fn properties(&self, user: &str) -> Result<PathBuf> {
        let password = format!("{user}-secret");
        let properties = ClientProperties::new("SASL_PLAINTEXT").scram(ScramMechanism::Sha256, user, &password);
        properties.write(self.doorkeeper.directory(), &format!("{user}.properties"))
    }

    pub(crate) async fn raw(&self, user: &str) -> Result<RawClient> {
        let mut client = RawClient::connect(([127, 0, 0, 1], self.ports.get(0)).into()).await?;
        client.login_scram(ScramMechanism::Sha256, user, &format!("{user}-secret")).await?;
        Ok(client)
    }

    /// The value of a metric, and of `/readyz` the status.
    pub(crate) async fn http(&self, path: &str) -> Result<String> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", self.ports.get(2))).await?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes()).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Ok(text)
    }
}

/// Looks until it is so, with a deadline.
pub(crate) async fn soon<F: Future<Output = Result<bool>>>(what: &str, look: impl Fn() -> F) -> Result<Duration> {
    let began = Instant::now();
    while !look().await? {
        ensure!(began.elapsed() < SOON, "{what}: not within {SOON:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(began.elapsed())
}
