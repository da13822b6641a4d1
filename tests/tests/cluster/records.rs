//! Records in and out, by a raw client and by name.

use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{FetchRequest, MetadataRequest, ProduceRequest};
use kafka_protocol::records::{
    Compression, NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, Record, RecordBatchEncoder,
    RecordEncodeOptions, TimestampType,
};
use testkit::RawClient;

use crate::topic_name;

const MEBIBYTE: usize = 1024 * 1024;

/// A batch of one record of now: a broker deletes those that are older than its retention.
pub(crate) fn batch(value: impl Into<Bytes>) -> Result<Bytes> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
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
        timestamp: i64::try_from(now.as_millis())?,
        key: None,
        value: Some(value.into()),
        headers: Default::default(),
    };
    let mut bytes = BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    RecordBatchEncoder::encode(&mut bytes, [&record], &options)?;
    Ok(bytes.freeze())
}

/// Partition 0 of a topic, acknowledged by all.
pub(crate) fn produce_request(topic: &str, records: Bytes) -> ProduceRequest {
    let partition = PartitionProduceData::default().with_index(0).with_records(Some(records));
    let topic = TopicProduceData::default().with_name(topic_name(topic)).with_partition_data(vec![partition]);
    ProduceRequest::default().with_acks(-1).with_timeout_ms(20_000).with_topic_data(vec![topic])
}

pub(crate) async fn produce(client: &mut RawClient, topic: &str, records: Bytes) -> Result<()> {
    let answer = client.send(9, &produce_request(topic, records)).await?;
    let partition = answer.responses.first().and_then(|topic| topic.partition_responses.first());
    let error = partition.context("no partition is answered")?.error_code;
    ensure!(error == 0, "cannot produce to `{topic}`: error {error}");
    Ok(())
}

/// All of partition 0 from the beginning, without a session; the broker waits for a record until `max_wait_ms`.
pub(crate) fn fetch_request(topic: &str, max_wait_ms: i32) -> FetchRequest {
    let most = i32::try_from(256 * MEBIBYTE).unwrap_or(i32::MAX);
    let partition = FetchPartition::default().with_partition(0).with_partition_max_bytes(most);
    let topic = FetchTopic::default().with_topic(topic_name(topic)).with_partitions(vec![partition]);
    FetchRequest::default()
        .with_max_wait_ms(max_wait_ms)
        .with_min_bytes(1)
        .with_max_bytes(most)
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}

pub(crate) async fn fetch(client: &mut RawClient, topic: &str) -> Result<Bytes> {
    let answer = client.send(12, &fetch_request(topic, 5_000)).await?;
    let partition = answer.responses.first().and_then(|topic| topic.partitions.first());
    let partition = partition.context("no partition is answered")?;
    ensure!(answer.error_code == 0 && partition.error_code == 0, "cannot fetch `{topic}`: {}", partition.error_code);
    partition.records.clone().context("an answer without records")
}

/// What Metadata says of one topic.
pub(crate) async fn describe(client: &mut RawClient, topic: &str) -> Result<MetadataResponseTopic> {
    let wanted = MetadataRequestTopic::default().with_name(Some(topic_name(topic)));
    let answer = client.send(12, &MetadataRequest::default().with_topics(Some(vec![wanted]))).await?;
    answer.topics.into_iter().next().context("no topic is answered")
}

/// A topic of so many mebibytes, written directly at the broker.
pub(crate) async fn large_topic(kafka: &testkit::KafkaCluster, name: &str, mebibytes: usize) -> Result<()> {
    kafka.create_topic(name, 1).await?;
    let mut admin = kafka.admin().await?;
    // One record with its batch stays below `message.max.bytes`.
    let records = batch(vec![b'x'; MEBIBYTE - 1024])?;
    for _ in 0..mebibytes {
        produce(&mut admin, name, records.clone()).await?;
    }
    Ok(())
}
