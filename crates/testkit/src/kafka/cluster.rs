//! A whole cluster: started, asked, and made to lose and gain brokers.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{CreateTopicsRequest, MetadataRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};

use super::broker::Broker;
use super::options::Options;
use super::properties::{BROKER_PASSWORD, BROKER_USER};
use crate::client_properties::ClientProperties;
use crate::raw_client::RawClient;

/// A running Kafka; its processes are killed when it is dropped.
///
/// ```no_run
/// # async fn example() -> anyhow::Result<()> {
/// use testkit::{KafkaCluster, Options};
///
/// let kafka = KafkaCluster::start(Options { brokers: 3, ..Options::default() }).await?;
/// kafka.create_topic("orders", 6).await?;
/// println!("bootstrap.servers={}", kafka.bootstrap());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct KafkaCluster {
    options: Options,
    cluster_id: String,
    brokers: Vec<Broker>,
}

impl KafkaCluster {
    /// Formats and starts the brokers, and waits until each of them answers and knows the others.
    ///
    /// # Errors
    /// If Kafka or Java is missing, or a broker does not start; with the end of its log.
    pub async fn start(options: Options) -> Result<KafkaCluster> {
        ensure!(options.brokers > 0, "a cluster needs a broker");
        let mut cluster = KafkaCluster { options, cluster_id: new_cluster_id(), brokers: Vec::new() };
        for _ in 0..cluster.options.brokers {
            cluster.launch_next().await?;
        }
        cluster.wait_until_complete().await?;
        Ok(cluster)
    }

    /// One broker with [`Options::default`], shared by all tests of a test binary and started by the first that asks.
    /// Tests keep apart by names of topics and groups.
    ///
    /// # Errors
    /// As [`KafkaCluster::start`].
    pub async fn shared() -> Result<&'static KafkaCluster> {
        // Never dropped; the watchdog of its process ends it with the test binary.
        static SHARED: OnceCell<KafkaCluster> = OnceCell::const_new();
        SHARED.get_or_try_init(|| KafkaCluster::start(Options::default())).await
    }

    /// The addresses of all running brokers on the first listener, as for `bootstrap.servers`.
    pub fn bootstrap(&self) -> String {
        self.join(|broker| broker.address(0))
    }

    /// The addresses of all running brokers on the listener `name`.
    ///
    /// # Panics
    /// If there is no listener of that name.
    pub fn bootstrap_of(&self, name: &str) -> String {
        let index = self.options.listeners.iter().position(|listener| listener.name == name);
        let index = index.unwrap_or_else(|| panic!("no listener `{name}`"));
        self.join(|broker| broker.address(index))
    }

    /// Where brokers talk to each other: SASL_PLAINTEXT with [`KafkaCluster::internal_properties`].
    pub fn internal_bootstrap(&self) -> String {
        self.join(Broker::internal_address)
    }

    /// How a Java client logs in on the internal listener, as a super user.
    pub fn internal_properties(&self) -> ClientProperties {
        ClientProperties::new("SASL_PLAINTEXT").plain(BROKER_USER, BROKER_PASSWORD)
    }

    /// A connection to broker 0 behind everybody's back, as a super user.
    ///
    /// # Errors
    /// If broker 0 does not run.
    pub async fn admin(&self) -> Result<RawClient> {
        self.broker(0)?.admin().await
    }

    /// Creates a topic with one replica and waits until every partition has a leader.
    ///
    /// # Errors
    /// If it exists, or Kafka refuses it.
    pub async fn create_topic(&self, name: &str, partitions: i32) -> Result<()> {
        let name = TopicName(StrBytes::from_string(name.to_owned()));
        let topic = CreatableTopic::default()
            .with_name(name.clone())
            .with_num_partitions(partitions)
            .with_replication_factor(1);
        let mut admin = self.admin().await?;
        let request = CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(30_000);
        let response = admin.send(7, &request).await?;
        let created = response.topics.first().context("an answer without the topic")?;
        ensure!(created.error_code == 0, "cannot create topic `{}`: error {}", name.0, created.error_code);

        let wanted = MetadataRequestTopic::default().with_name(Some(name));
        let request = MetadataRequest::default().with_topics(Some(vec![wanted]));
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let metadata = admin.send(12, &request).await?;
            let topic = metadata.topics.first().context("an answer without the topic")?;
            if topic.error_code == 0 && topic.partitions.iter().all(|partition| partition.leader_id.0 >= 0) {
                return Ok(());
            }
            ensure!(Instant::now() < end, "the new topic has no leaders");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops a broker as an operator does, with SIGTERM.
    ///
    /// # Errors
    /// If it does not run, or had to be killed.
    pub async fn stop_broker(&mut self, id: i32) -> Result<()> {
        self.broker_mut(id)?.stop().await
    }

    /// Kills a broker with SIGKILL. The others notice after `broker.session.timeout.ms`, 9 seconds.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn kill_broker(&mut self, id: i32) -> Result<()> {
        self.broker_mut(id)?.kill().await
    }

    /// Starts a stopped broker on the ports and data it had, and waits until the cluster is complete again.
    ///
    /// # Errors
    /// If it runs already, or does not start.
    pub async fn start_broker(&mut self, id: i32) -> Result<()> {
        self.broker_mut(id)?.start()?;
        self.wait_until_complete().await
    }

    /// Stops a broker and starts it again.
    ///
    /// # Errors
    /// As [`KafkaCluster::stop_broker`] and [`KafkaCluster::start_broker`].
    pub async fn restart_broker(&mut self, id: i32) -> Result<()> {
        self.stop_broker(id).await?;
        self.start_broker(id).await
    }

    /// Adds a broker with the next id, waits until all know it, and returns its id.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn add_broker(&mut self) -> Result<i32> {
        let id = self.launch_next().await?;
        self.wait_until_complete().await?;
        Ok(id)
    }

    /// The broker with this id.
    ///
    /// # Errors
    /// If there is none.
    pub fn broker(&self, id: i32) -> Result<&Broker> {
        self.brokers.iter().find(|broker| broker.id() == id).with_context(|| format!("no broker {id}"))
    }

    /// All brokers, stopped ones too, by id.
    pub fn brokers(&self) -> &[Broker] {
        &self.brokers
    }

    /// Kafka's cluster id.
    pub fn cluster_id(&self) -> &str {
        &self.cluster_id
    }

    /// What it was started with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    async fn launch_next(&mut self) -> Result<i32> {
        let id = i32::try_from(self.brokers.len())?;
        let controller_port = self.brokers.first().map(Broker::controller_port);
        let mut broker = Broker::format(&self.options, &self.cluster_id, id, controller_port).await?;
        broker.start()?;
        self.brokers.push(broker);
        Ok(id)
    }

    async fn wait_until_complete(&self) -> Result<()> {
        let running = || self.brokers.iter().filter(|broker| broker.is_running());
        for broker in &self.brokers {
            if broker.process_id().is_some() {
                broker.wait_until_it_sees(running().count()).await?;
            }
        }
        Ok(())
    }

    fn broker_mut(&mut self, id: i32) -> Result<&mut Broker> {
        self.brokers.iter_mut().find(|broker| broker.id() == id).with_context(|| format!("no broker {id}"))
    }

    fn join(&self, address: impl Fn(&Broker) -> SocketAddr) -> String {
        let addresses: Vec<String> = self
            .brokers
            .iter()
            .filter(|broker| broker.is_running())
            .map(|broker| address(broker).to_string())
            .collect();
        addresses.join(",")
    }
}

/// Kafka's form of a random UUID. The tools would take a leading `-` for an option, so the first bit is clear.
fn new_cluster_id() -> String {
    let mut bytes = uuid::Uuid::new_v4().into_bytes();
    bytes[0] &= 0x7f;
    URL_SAFE_NO_PAD.encode(bytes)
}
