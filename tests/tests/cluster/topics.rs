//! Topics that are deleted and created again behind our back, directly at the broker: an id means one topic for ever, a
//! name does not.

use anyhow::{Context, Result, ensure};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{DeleteTopicsRequest, FetchRequest, MetadataRequest, ProduceRequest};
use testkit::RawClient;
use uuid::Uuid;

use crate::eventually;
use crate::ground::{Door, ground};
use crate::records::{batch, describe};
use crate::topic_name;

const NONE: i16 = 0;
const TOPIC_AUTHORIZATION_FAILED: i16 = 29;
const UNKNOWN_TOPIC_ID: i16 = 100;

async fn delete(name: &str) -> Result<()> {
    let topic = DeleteTopicState::default().with_name(Some(topic_name(name)));
    let request = DeleteTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(20_000);
    let mut admin = ground().await?.kafka.admin().await?;
    let answer = admin.send(6, &request).await?;
    ensure!(answer.responses.iter().all(|topic| topic.error_code == 0), "{answer:?}");
    // The controller has deleted it; the broker hears of it a moment later.
    eventually("the broker has forgotten the topic", async || Ok(describe(&mut admin, name).await?.error_code != 0))
        .await
}

/// Creates it directly at the broker; gives back its id.
async fn create(name: &str) -> Result<Uuid> {
    let ground = ground().await?;
    ground.kafka.create_topic(name, 1).await?;
    Ok(describe(&mut ground.kafka.admin().await?, name).await?.topic_id)
}

/// What Metadata, Produce and Fetch by this id say to a client: error codes.
async fn asked_by_id(client: &mut RawClient, id: Uuid) -> Result<(i16, i16, i16)> {
    let wanted = MetadataRequestTopic::default().with_topic_id(id).with_name(None);
    let described = client.send(12, &MetadataRequest::default().with_topics(Some(vec![wanted]))).await?;
    let described = described.topics.first().context("no topic is answered")?.error_code;

    let partition = PartitionProduceData::default().with_index(0).with_records(Some(batch("by id")?));
    let topic = TopicProduceData::default().with_topic_id(id).with_partition_data(vec![partition]);
    let request = ProduceRequest::default().with_acks(-1).with_timeout_ms(20_000).with_topic_data(vec![topic]);
    let produced = client.send(13, &request).await?;
    let produced = produced.responses.first().context("no topic is answered")?;
    ensure!(produced.topic_id == id, "the answer is about another id: {produced:?}");
    let produced = produced.partition_responses.first().context("no partition is answered")?.error_code;

    let partition = FetchPartition::default().with_partition(0).with_partition_max_bytes(100_000);
    let topic = FetchTopic::default().with_topic_id(id).with_partitions(vec![partition]);
    let request = FetchRequest::default()
        .with_max_wait_ms(100)
        .with_max_bytes(100_000)
        .with_session_epoch(-1)
        .with_topics(vec![topic]);
    let fetched = client.send(16, &request).await?;
    let fetched = fetched.responses.first().context("no topic is answered")?;
    ensure!(fetched.topic_id == id, "the answer is about another id: {fetched:?}");
    let fetched = fetched.partitions.first().context("no partition is answered")?.error_code;
    Ok((described, produced, fetched))
}

#[tokio::test]
async fn a_deleted_topics_id_is_unknown_and_the_new_one_is_decided_by_its_name() -> Result<()> {
    let door = Door::open().await?;
    let mut alice = door.alice().await?;
    let first = create("alice-again").await?;
    let may = (NONE, NONE, NONE);
    ensure!(asked_by_id(&mut alice, first).await? == may);

    delete("alice-again").await?;
    let unknown = (UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_ID);
    let answers = asked_by_id(&mut alice, first).await?;
    ensure!(answers == unknown, "after the deletion: {answers:?}");
    let by_name = describe(&mut alice, "alice-again").await?;
    ensure!(by_name.error_code == 3, "a deleted topic exists: {by_name:?}");

    let second = create("alice-again").await?;
    ensure!(first != second && asked_by_id(&mut alice, second).await? == may);
    ensure!(describe(&mut alice, "alice-again").await?.topic_id == second);
    let answers = asked_by_id(&mut alice, first).await?;
    ensure!(answers == unknown, "the old id after a new topic of its name: {answers:?}");

    let theirs = create("payments-again").await?;
    let answers = asked_by_id(&mut alice, theirs).await?;
    let denied = (TOPIC_AUTHORIZATION_FAILED, TOPIC_AUTHORIZATION_FAILED, TOPIC_AUTHORIZATION_FAILED);
    ensure!(answers == denied, "a topic of others by its id: {answers:?}");
    Ok(())
}
