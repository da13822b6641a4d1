//! The loads: what clients send, and to whom.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{FetchRequest, ProduceRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{
    Compression, NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, Record, RecordBatchEncoder,
    RecordEncodeOptions, TimestampType,
};
use testkit::{RawClient, ScramMechanism, Stage};
use tokio::task::JoinSet;

/// Whom a load goes to.
#[derive(Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    tls: Arc<rustls::ClientConfig>,
    user: Option<&'static str>,
}

/// A load.
#[derive(Clone, Copy)]
pub(crate) enum Load {
    /// Batches of 32 KiB, one connection, one at a time.
    ProduceBatches,
    /// A mebibyte at a time, one connection.
    Fetch,
    /// One record of 100 bytes a request, 64 connections.
    ProduceSingle,
}

const BATCHES: usize = 8_000;
const FETCHES: usize = 400;
const CONNECTIONS: usize = 64;
const SINGLES_EACH: usize = 300;
const GIGABYTE: f64 = 1e9;

impl Target {
    pub(crate) fn doorkeeper(stage: &Stage, port: u16) -> Result<Target> {
        Target::new(stage, port, Some("alice"))
    }

    pub(crate) fn offload(stage: &Stage, port: u16) -> Result<Target> {
        Target::new(stage, port, None)
    }

    fn new(stage: &Stage, port: u16, user: Option<&'static str>) -> Result<Target> {
        let tls = stage.certificates().client_config(None)?;
        Ok(Target { address: SocketAddr::from(([127, 0, 0, 1], port)), tls, user })
    }

    async fn connect(&self) -> Result<RawClient> {
        let mut client = RawClient::connect_tls(self.address, self.tls.clone(), "localhost").await?;
        if let Some(user) = self.user {
            let password = testkit::stage::password(user);
            client.login_scram(ScramMechanism::Sha256, user, &password).await?;
        }
        Ok(client)
    }
}

impl Load {
    pub(crate) const ALL: [Load; 3] = [Load::ProduceBatches, Load::Fetch, Load::ProduceSingle];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Load::ProduceBatches => "produce, 32 KiB batches",
            Load::Fetch => "fetch, 1 MiB",
            Load::ProduceSingle => "produce, single records, 64 connections",
        }
    }

    pub(crate) fn unit(self) -> &'static str {
        match self {
            Load::ProduceBatches | Load::Fetch => "GB",
            Load::ProduceSingle => "1,000 requests",
        }
    }

    /// What Doorkeeper may need, times HAProxy.
    pub(crate) fn bound(self) -> f64 {
        match self {
            Load::ProduceBatches | Load::Fetch => 1.3,
            Load::ProduceSingle => 1.5,
        }
    }

    /// Runs a little of it, so that what is done once is done.
    pub(crate) async fn warm_up(self, target: &Target) -> Result<()> {
        match self {
            Load::ProduceBatches => produce(target.connect().await?, 32 * 1024, 200).await.map(|_| ()),
            Load::Fetch => fetch(target.connect().await?, 10).await.map(|_| ()),
            Load::ProduceSingle => produce(target.connect().await?, 100, 200).await.map(|_| ()),
        }
    }

    /// Runs it; how many units it was.
    pub(crate) async fn run(self, target: &Target) -> Result<f64> {
        match self {
            Load::ProduceBatches => Ok(produce(target.connect().await?, 32 * 1024, BATCHES).await? / GIGABYTE),
            Load::Fetch => Ok(fetch(target.connect().await?, FETCHES).await? / GIGABYTE),
            Load::ProduceSingle => {
                let mut clients = JoinSet::new();
                for _ in 0..CONNECTIONS {
                    let target = target.clone();
                    clients.spawn(async move { produce(target.connect().await?, 100, SINGLES_EACH).await });
                }
                while let Some(finished) = clients.join_next().await {
                    finished??;
                }
                Ok((CONNECTIONS * SINGLES_EACH) as f64 / 1_000.0)
            }
        }
    }
}

/// Sends batches one after the other; how many bytes of records.
async fn produce(mut client: RawClient, size: usize, count: usize) -> Result<f64> {
    let records = batch(size)?;
    let bytes = records.len() * count;
    let partition = PartitionProduceData::default().with_index(0).with_records(Some(records));
    let topic = TopicProduceData::default().with_name(topic()).with_partition_data(vec![partition]);
    let request = ProduceRequest::default().with_acks(1).with_timeout_ms(30_000).with_topic_data(vec![topic]);
    for _ in 0..count {
        let answer = client.send(9, &request).await?;
        let partition = answer.responses.first().and_then(|topic| topic.partition_responses.first());
        ensure!(partition.is_some_and(|partition| partition.error_code == 0), "{answer:?}");
    }
    Ok(bytes as f64)
}

/// Fetches a mebibyte again and again; how many bytes of records.
async fn fetch(mut client: RawClient, count: usize) -> Result<f64> {
    const MEBIBYTE: i32 = 1 << 20;
    let partition = FetchPartition::default().with_partition(0).with_partition_max_bytes(MEBIBYTE);
    let topic = FetchTopic::default().with_topic(topic()).with_partitions(vec![partition]);
    let request = FetchRequest::default()
        .with_max_wait_ms(1_000)
        .with_min_bytes(MEBIBYTE / 2)
        .with_max_bytes(MEBIBYTE)
        .with_session_epoch(-1)
        .with_topics(vec![topic]);
    let mut bytes = 0;
    for _ in 0..count {
        let answer = client.send(12, &request).await?;
        let partition = answer.responses.first().and_then(|topic| topic.partitions.first());
        let records = partition.context("no partition")?.records.as_ref().map_or(0, Bytes::len);
        ensure!(records > 500_000, "a fetch of {records} bytes");
        bytes += records;
    }
    Ok(bytes as f64)
}

fn topic() -> TopicName {
    TopicName(StrBytes::from_static_str("bench"))
}

/// A batch of one record of this size.
fn batch(size: usize) -> Result<Bytes> {
    // An old record would be deleted under the load (`log.retention.hours`).
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
    let record = Record {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
        producer_id: NO_PRODUCER_ID,
        producer_epoch: NO_PRODUCER_EPOCH,
        timestamp_type: TimestampType::Creation,
        offset: 0,
        sequence: NO_SEQUENCE,
        timestamp: i64::try_from(now)?,
        key: None,
        value: Some(Bytes::from(vec![b'x'; size])),
        headers: Default::default(),
    };
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    let mut encoded = BytesMut::new();
    RecordBatchEncoder::encode(&mut encoded, [&record], &options)?;
    Ok(encoded.freeze())
}
