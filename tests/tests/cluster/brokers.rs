//! A cluster of three brokers under load: one is restarted, one is added, and one comes that has no port here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kafka_protocol::messages::create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic};
use kafka_protocol::messages::create_topics_request::{CreatableReplicaAssignment, CreatableTopic};
use kafka_protocol::messages::{CreatePartitionsRequest, CreateTopicsRequest, MetadataRequest};
use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::message::Message;
use rdkafka::producer::{FutureProducer, FutureRecord};
use testkit::{Entrance, KafkaCluster, Options, Plan, RawClient, Stage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::records::describe;
use crate::{SOON, leaders, topic_name};

const POLICY: &str = "\
users:
  alice: { password: alice-secret }
acls:
  - { principal: User:alice, allow: [Read, Write], topic: { prefixed: alice- } }
  - { principal: User:alice, allow: Read, group: { prefixed: alice- } }
  - { principal: User:ANONYMOUS, allow: [Read, Write], topic: { prefixed: alice- } }
";

/// Broker 3, which joins later, has a port; broker 4 has none.
const PORTS: u16 = 4;
const TOPIC: &str = "alice-orders";
const WRITERS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn brokers_come_and_go_under_load_and_no_record_is_lost_or_doubled() -> Result<()> {
    let kafka = Options { brokers: 3, ..Options::default() }.property("offsets.topic.replication.factor", "3");
    let mut stage = Stage::build(Plan { kafka, nodes: PORTS, ..Plan::new(POLICY) }).await?;
    create(stage.kafka(), TOPIC, &[[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [1, 0, 2], [2, 1, 0]]).await?;
    let load = Load::begin(&stage)?;
    let changed = change_the_cluster(&mut stage, &load).await;
    // Before anything is told: librdkafka waits for brokers, and they are gone with the stage.
    let (written, seen) = load.end(changed.is_ok()).await?;
    changed?;

    let values: BTreeSet<&str> = seen.records.values().map(String::as_str).collect();
    let lost: Vec<_> = written.iter().filter(|value| !values.contains(value.as_str())).collect();
    ensure!(lost.is_empty(), "{} of {} records are lost, among them {:?}", lost.len(), written.len(), lost.first());
    ensure!(seen.records.len() == written.len(), "{} records of {} values", seen.records.len(), written.len());
    ensure!(seen.errors.is_empty(), "the consumer was told: {:?}", seen.errors);
    println!("{} records while one broker was restarted and one was added", written.len());
    let found = |line: &str| line.contains("broker found") && line.contains("node_id=3");
    stage.doorkeeper().wait_for_line(found, SOON).await?;

    leaders::hints_lead_to_doorkeeper(&stage).await?;
    a_broker_without_a_port_is_left_out(&mut stage).await
}

async fn change_the_cluster(stage: &mut Stage, load: &Load) -> Result<()> {
    load.goes_on("at the start", 100).await?;
    stage.kafka_mut().restart_broker(1).await?;
    load.goes_on("after broker 1 was restarted", 200).await?;

    ensure!(stage.kafka_mut().add_broker().await? == 3);
    let replicas = CreatePartitionsAssignment::default().with_broker_ids(vec![3.into(), 0.into(), 2.into()]);
    let grown = CreatePartitionsTopic::default()
        .with_name(topic_name(TOPIC))
        .with_count(7)
        .with_assignments(Some(vec![replicas]));
    let request = CreatePartitionsRequest::default().with_topics(vec![grown]).with_timeout_ms(20_000);
    let answer = stage.kafka().admin().await?.send(3, &request).await?;
    ensure!(answer.results.iter().all(|topic| topic.error_code == 0), "{answer:?}");
    load.reaches("records of the partition on the new broker", |seen| seen.of_partition(6) >= 20).await
}

/// Told once in the log, counted, and left out of answers together with the ids that point to it.
async fn a_broker_without_a_port_is_left_out(stage: &mut Stage) -> Result<()> {
    ensure!(stage.kafka_mut().add_broker().await? == 4);
    create(stage.kafka(), "alice-far", &[[4]]).await?;
    let mut alice = stage.raw("alice").await?;
    for _ in 0..3 {
        let answer = alice.send(12, &MetadataRequest::default().with_topics(Some(Vec::new()))).await?;
        let ids: Vec<i32> = answer.brokers.iter().map(|broker| broker.node_id.0).collect();
        ensure!(ids == [0, 1, 2, 3], "{ids:?}");
    }
    let far = describe(&mut alice, "alice-far").await?;
    let partition = far.partitions.first().context("no partition")?;
    ensure!((partition.error_code, partition.leader_id.0) == (5, -1), "{far:?}");
    leaders::a_leader_without_a_port_is_not_named(stage, "alice-far").await?;

    let told = |line: &str| line.contains("clients cannot reach this broker") && line.contains("CLIENT");
    stage.doorkeeper().wait_for_line(|line| told(line) && line.contains("node_id=4"), SOON).await?;
    ensure!(stage.doorkeeper().log().lines().iter().filter(|line| told(line)).count() == 1, "told more than once");
    let mut stream = tokio::net::TcpStream::connect(stage.metrics_address()).await?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: stage\r\nConnection: close\r\n\r\n").await?;
    let mut metrics = String::new();
    stream.read_to_string(&mut metrics).await?;
    let counted = "doorkeeper_unmapped_brokers{listener=\"CLIENT\"} 1";
    ensure!(metrics.lines().any(|line| line == counted), "{metrics}");
    Ok(())
}

/// A topic with these replicas of each partition, the leader first; returns when all have a leader.
async fn create<const N: usize>(kafka: &KafkaCluster, name: &str, replicas: &[[i32; N]]) -> Result<()> {
    let assignments = (0..).zip(replicas).map(|(partition, brokers)| {
        let brokers = brokers.iter().map(|id| (*id).into()).collect();
        CreatableReplicaAssignment::default().with_partition_index(partition).with_broker_ids(brokers)
    });
    let topic = CreatableTopic::default()
        .with_name(topic_name(name))
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_assignments(assignments.collect());
    let request = CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(20_000);
    let mut admin = kafka.admin().await?;
    let answer = admin.send(7, &request).await?;
    ensure!(answer.topics.iter().all(|topic| topic.error_code == 0), "{answer:?}");
    crate::eventually("every partition has a leader", async || {
        let topic = describe(&mut admin, name).await?;
        let led = topic.partitions.iter().filter(|partition| partition.leader_id.0 >= 0).count();
        Ok(led == replicas.len())
    })
    .await
}

/// Clients with librdkafka that write and read as fast as each answer lets them.
struct Load {
    writers: JoinSet<Result<Vec<String>>>,
    reader: tokio::task::JoinHandle<()>,
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
}

/// What the reader has got.
#[derive(Clone, Default)]
struct Seen {
    /// By partition and offset: what is delivered twice is here once, what is written twice is here twice.
    records: BTreeMap<(i32, i64), String>,
    errors: Vec<String>,
}

impl Seen {
    fn of_partition(&self, partition: i32) -> usize {
        self.records.range((partition, 0)..(partition + 1, 0)).count()
    }
}

impl Load {
    fn begin(stage: &Stage) -> Result<Load> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", stage.bootstrap(Entrance::Client))
            .set("security.protocol", "SASL_SSL")
            .set("sasl.mechanism", "SCRAM-SHA-256")
            .set("sasl.username", "alice")
            .set("sasl.password", testkit::stage::password("alice"))
            .set("ssl.ca.location", stage.certificates().ca().to_string_lossy())
            .set("topic.metadata.refresh.interval.ms", "1000");
        let stop = Arc::new(AtomicBool::new(false));
        let mut writers = JoinSet::new();
        let producer: FutureProducer = config
            .clone()
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("sticky.partitioning.linger.ms", "0")
            .create()?;
        for writer in 0..WRITERS {
            writers.spawn(write(producer.clone(), writer, Arc::clone(&stop)));
        }
        let consumer: StreamConsumer = config
            .clone()
            .set("group.id", "alice-readers")
            .set("auto.offset.reset", "earliest")
            .set("auto.commit.interval.ms", "500")
            .create()?;
        consumer.subscribe(&[TOPIC])?;
        let seen = Arc::default();
        let reader = tokio::spawn(read(consumer, Arc::clone(&seen)));
        Ok(Load { writers, reader, stop, seen })
    }

    fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for so many records more.
    async fn goes_on(&self, when: &str, more: usize) -> Result<()> {
        let before = self.seen().records.len();
        self.reaches(when, |seen| seen.records.len() >= before + more).await
    }

    async fn reaches(&self, what: &str, fact: impl Fn(&Seen) -> bool) -> Result<()> {
        let end = tokio::time::Instant::now() + 2 * SOON;
        while !fact(&self.seen()) {
            let seen = self.seen();
            let (count, errors) = (seen.records.len(), seen.errors);
            ensure!(tokio::time::Instant::now() < end, "the load stands still {what}: {count} records, {errors:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Stops writing and, if all went well, reads the rest: what was acknowledged, and what has come.
    async fn end(mut self, all_went_well: bool) -> Result<(Vec<String>, Seen)> {
        self.stop.store(true, Ordering::Relaxed);
        let mut written = Vec::new();
        if !all_went_well {
            self.writers.shutdown().await;
        }
        while let Some(writer) = self.writers.join_next().await {
            written.extend(writer??);
        }
        let all: BTreeSet<&String> = written.iter().collect();
        let missing = |seen: &Seen| all.len() - all.intersection(&seen.records.values().collect()).count();
        // What is lost is told by the caller.
        let _ = self.reaches("for the last records", |seen| missing(seen) == 0).await;
        self.reader.abort();
        // Cancelled, and the consumer has left its group.
        let _ = (&mut self.reader).await;
        Ok((written, self.seen()))
    }
}

async fn write(producer: FutureProducer, writer: usize, stop: Arc<AtomicBool>) -> Result<Vec<String>> {
    let mut written = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let value = format!("{writer}-{}", written.len());
        let record: FutureRecord<'_, (), str> = FutureRecord::to(TOPIC).payload(&value);
        let sent = producer.send(record, Duration::from_secs(60)).await;
        sent.map_err(|(error, _)| error).with_context(|| format!("record {value} is refused"))?;
        written.push(value);
    }
    Ok(written)
}

async fn read(consumer: StreamConsumer, seen: Arc<Mutex<Seen>>) {
    loop {
        let came = consumer.recv().await;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        match came {
            Ok(message) => {
                let value = message.payload().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
                seen.records.insert((message.partition(), message.offset()), value);
            }
            Err(error) => seen.errors.push(error.to_string()),
        }
    }
}

/// A client of the listener `OPEN`, at the port of a broker or, without one, at bootstrap.
pub(crate) async fn open(stage: &Stage, port: Option<u16>) -> Result<RawClient> {
    let port = port.unwrap_or_else(|| stage.port(Entrance::Open));
    RawClient::connect(std::net::SocketAddr::from(([127, 0, 0, 1], port))).await
}
