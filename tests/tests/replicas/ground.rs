//! Three brokers, three replicas, and a relay between each pair of them.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, bail, ensure};
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, CreateTopicsRequest, ListOffsetsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use testkit::{Doorkeeper, FreePorts, KafkaCluster, Options, RawClient, Relay, ScramMechanism, Security, Weather};
use tokio::net::TcpListener;
use tokio::time::Instant;

/// Leads both topics at first, and dies. Not broker 0, which is the controller.
pub(crate) const LEADER: i32 = 1;

/// What clients write to.
pub(crate) const TOPIC: &str = "shop-orders";

const STORE: &str = "__doorkeeper";
const BROKERS: u16 = 3;

/// 32 bytes in base64.
const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// The replicas that are not this one.
pub(crate) fn others(replica: usize) -> [usize; 2] {
    [(replica + 1) % 3, (replica + 2) % 3]
}

pub(crate) struct Ground {
    pub(crate) kafka: KafkaCluster,
    pub(crate) replicas: Vec<Replica>,
}

/// One Doorkeeper, and its lines to the brokers.
pub(crate) struct Replica {
    pub(crate) doorkeeper: Doorkeeper,
    ports: FreePorts,
    lines: Vec<Relay>,
}

impl Ground {
    pub(crate) async fn prepare() -> Result<Ground> {
        let mut options = Options { brokers: BROKERS, ..Options::default() }
            .property("broker.heartbeat.interval.ms", "500")
            .property("broker.session.timeout.ms", "3000");
        let mut listeners = Vec::new();
        for replica in 0..3 {
            let mut lines = Vec::new();
            for _ in 0..BROKERS {
                lines.push(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?);
            }
            let told = lines.iter().map(|line| Ok(line.local_addr()?.port())).collect::<Result<Vec<u16>>>()?;
            options = options.listener_behind_each(&format!("REPLICA{replica}"), Security::Plaintext, &told);
            listeners.push(lines);
        }
        let kafka = KafkaCluster::start(options).await?;
        create_topics(&kafka).await?;
        let mut replicas = Vec::new();
        for (replica, lines) in listeners.into_iter().enumerate() {
            let lines = lines.into_iter().zip(kafka.brokers());
            // The first listener of the options is nobody's.
            let lines = lines.map(|(line, broker)| Relay::on(line, broker.address(1 + replica)));
            replicas.push(Replica::launch(lines.collect::<Result<_>>()?)?);
        }
        for replica in &replicas {
            let ready = |line: &str| line.ends_with("ready");
            replica.doorkeeper.wait_for_line(ready, crate::LONG).await.context("a replica is not ready")?;
        }
        Ok(Ground { kafka, replicas })
    }

    /// Records in the clients' topic.
    pub(crate) async fn records(&self) -> Result<u64> {
        let deadline = Instant::now() + crate::LONG;
        while Instant::now() < deadline {
            for broker in self.kafka.brokers() {
                let mut client = RawClient::connect(broker.address(0)).await?;
                if let Some(end) = end_of_log(&mut client).await? {
                    return Ok(u64::try_from(end)?);
                }
            }
        }
        bail!("nobody leads `{TOPIC}`")
    }
}

/// None if this broker does not lead it.
async fn end_of_log(client: &mut RawClient) -> Result<Option<i64>> {
    let partition = ListOffsetsPartition::default().with_timestamp(-1).with_current_leader_epoch(-1);
    let topic = ListOffsetsTopic::default().with_name(topic_name(TOPIC)).with_partitions(vec![partition]);
    let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]);
    let response = client.send(7, &request).await?;
    let found = &response.topics[0].partitions[0];
    Ok((found.error_code == 0).then_some(found.offset))
}

/// With an order of replicas, which makes the first of them the leader.
async fn create_topics(kafka: &KafkaCluster) -> Result<()> {
    let topic = |name: &str, configs: &[(&str, &str)]| {
        let replicas = [LEADER, 2, 0].map(BrokerId).to_vec();
        let assignment = CreatableReplicaAssignment::default().with_partition_index(0).with_broker_ids(replicas);
        let configs = configs
            .iter()
            .map(|(key, value)| CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value))));
        CreatableTopic::default()
            .with_name(topic_name(name))
            .with_num_partitions(-1)
            .with_replication_factor(-1)
            .with_assignments(vec![assignment])
            .with_configs(configs.collect())
    };
    let store = [("cleanup.policy", "compact"), ("max.message.bytes", "16777216"), ("min.insync.replicas", "2")];
    let topics = vec![topic(TOPIC, &[("min.insync.replicas", "2")]), topic(STORE, &store)];
    let request = CreateTopicsRequest::default().with_topics(topics).with_timeout_ms(30_000);
    let response = kafka.admin().await?.send(7, &request).await?;
    ensure!(response.topics.iter().all(|topic| topic.error_code == 0), "{response:?}");
    Ok(())
}

impl Replica {
    fn launch(lines: Vec<Relay>) -> Result<Replica> {
        let ports = FreePorts::reserve(4)?;
        let servers: Vec<String> = lines.iter().map(|line| line.address().to_string()).collect();
        let configuration = format!(
            "cluster: shop\n\
             upstream: {{ bootstrap.servers: \"{}\", request.timeout.ms: 5000 }}\n\
             listeners:\n\
             \x20 - name: CLIENT\n\
             \x20   address: 127.0.0.1:{}\n\
             \x20   security.protocol: SASL_PLAINTEXT\n\
             \x20   sasl.enabled.mechanisms: SCRAM-SHA-256\n\
             \x20   brokers: {{ advertised_host: localhost, nodes: {{ 0: {}, 1: {}, 2: {} }} }}\n\
             authorizer: {{ super.users: User:admin }}\n\
             store:\n\
             \x20 kafka: {{ topic: {STORE}, keys: [\"${{file:store.key}}\"] }}\n\
             \x20 bootstrap:\n\
             \x20   users:\n\
             \x20     admin: {{ password: admin-secret }}\n\
             \x20     shop: {{ password: shop-secret }}\n\
             \x20     guest: {{ password: guest-secret }}\n\
             \x20     probe: {{ password: probe-secret }}\n\
             \x20   acls:\n\
             \x20     - {{ principal: User:shop, allow: Write, topic: {{ prefixed: shop- }} }}\n",
            servers.join(","),
            ports.get(0),
            ports.get(1),
            ports.get(2),
            ports.get(3),
        );
        Ok(Replica { doorkeeper: Doorkeeper::launch(&configuration, &[("store.key", KEY)])?, ports, lines })
    }

    pub(crate) fn bootstrap(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.get(0)).into()
    }

    /// Of all its lines to brokers.
    pub(crate) fn weather(&self, weather: Weather) {
        self.lines.iter().for_each(|line| line.set(weather));
    }

    /// Ends its connections to brokers, and lets it make no others.
    pub(crate) fn cut_off(&self, is_cut: bool) {
        for line in &self.lines {
            line.refuse(is_cut);
            line.cut();
        }
    }
}

/// A connection of a user, whose password is known.
pub(crate) async fn log_in(bootstrap: SocketAddr, user: &str) -> Result<RawClient> {
    let mut client = RawClient::connect(bootstrap).await?;
    client.login_scram(ScramMechanism::Sha256, user, &format!("{user}-secret")).await?;
    Ok(client)
}

pub(crate) fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

pub(crate) fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}
