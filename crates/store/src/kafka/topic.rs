//! The topic: found, made with the right settings, or refused with the wrong ones.

use std::ops::RangeInclusive;

use client::{Connector, HostPort, TypedConnection};
use protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use protocol::messages::describe_configs_request::DescribeConfigsResource;
use protocol::messages::metadata_request::MetadataRequestTopic;
use protocol::messages::{
    BrokerId, CreateTopicsRequest, DescribeConfigsRequest, MetadataRequest, MetadataResponse, TopicName,
};
use protocol::{ApiKey, ErrorCode, StrBytes};
use uuid::Uuid;

use super::{KafkaError, KafkaSettings};

const METADATA: RangeInclusive<i16> = 4..=12;
const CREATE_TOPICS: RangeInclusive<i16> = 2..=7;
const DESCRIBE_CONFIGS: RangeInclusive<i16> = 1..=4;
/// Of `DescribeConfigs`.
const TOPIC_RESOURCE: i8 = 2;

/// The largest record batch, so that ten thousand ACLs fit one (`max.message.bytes`).
pub(super) const MOST_BATCH_BYTES: usize = 16 << 20;

const USUAL_REPLICATION_FACTOR: i16 = 3;

/// The topic as Metadata shows it.
#[derive(Debug)]
pub(super) struct Located {
    /// Nil where brokers know no ids (before Kafka 2.8).
    pub(super) id: Uuid,
    pub(super) partitions: usize,
    /// None while one is elected.
    pub(super) leader: Option<HostPort>,
}

/// The cluster as Metadata shows it.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) topic: Option<Located>,
    brokers: usize,
    controller: Option<HostPort>,
}

/// Asks where the topic is.
pub(super) async fn locate(connection: &mut TypedConnection, topic: &str) -> Result<Cluster, KafkaError> {
    let asked = MetadataRequestTopic::default().with_name(Some(name(topic)));
    let request = MetadataRequest::default().with_topics(Some(vec![asked])).with_allow_auto_topic_creation(false);
    let response = connection.ask(METADATA, &request).await?;
    let address = |id: BrokerId| address(&response, id);
    let located = response.topics.first().map(|found| {
        match ErrorCode(found.error_code) {
            ErrorCode::NONE | ErrorCode::LEADER_NOT_AVAILABLE => {}
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION => return Ok(None),
            error => return Err(refused(ApiKey::Metadata, topic, error, "")),
        }
        let leader = found.partitions.first().and_then(|partition| address(partition.leader_id));
        Ok(Some(Located { id: found.topic_id, partitions: found.partitions.len(), leader }))
    });
    let located = located.transpose()?.flatten();
    Ok(Cluster { topic: located, brokers: response.brokers.len(), controller: address(response.controller_id) })
}

fn address(response: &MetadataResponse, id: BrokerId) -> Option<HostPort> {
    let broker = response.brokers.iter().find(|broker| broker.node_id == id)?;
    Some(HostPort::new(broker.host.as_str(), u16::try_from(broker.port).ok()?))
}

/// Makes the topic. That it is there already, made by another replica, is fine.
pub(super) async fn create(
    connector: &Connector,
    connection: &mut TypedConnection,
    cluster: &Cluster,
    settings: &KafkaSettings,
) -> Result<(), KafkaError> {
    let brokers = i16::try_from(cluster.brokers).unwrap_or(i16::MAX);
    let replicas = settings.replication_factor.unwrap_or_else(|| USUAL_REPLICATION_FACTOR.min(brokers.max(1)));
    let configs = configs(replicas).into_iter().map(|(key, value)| {
        CreatableTopicConfig::default()
            .with_name(StrBytes::from_static_str(key))
            .with_value(Some(StrBytes::from_string(value)))
    });
    let topic = CreatableTopic::default()
        .with_name(name(&settings.topic))
        .with_num_partitions(1)
        .with_replication_factor(replicas)
        .with_configs(configs.collect());
    let request = CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(10_000);
    let mut response = connection.ask(CREATE_TOPICS, &request).await?;
    let is_elsewhere = response.topics.iter().any(|topic| ErrorCode(topic.error_code) == ErrorCode::NOT_CONTROLLER);
    // Brokers of the ZooKeeper era do not pass it on.
    if is_elsewhere && let Some(controller) = &cluster.controller {
        response = TypedConnection::open(connector, controller).await?.ask(CREATE_TOPICS, &request).await?;
    }
    for topic in &response.topics {
        match ErrorCode(topic.error_code) {
            ErrorCode::NONE | ErrorCode::TOPIC_ALREADY_EXISTS => {}
            error => {
                let text = topic.error_message.as_deref().unwrap_or_default();
                return Err(refused(ApiKey::CreateTopics, &settings.topic, error, text));
            }
        }
    }
    Ok(())
}

fn configs(replicas: i16) -> Vec<(&'static str, String)> {
    vec![
        ("cleanup.policy", "compact".to_owned()),
        ("max.message.bytes", MOST_BATCH_BYTES.to_string()),
        ("min.insync.replicas", if replicas >= 3 { "2" } else { "1" }.to_owned()),
        ("unclean.leader.election.enable", "false".to_owned()),
        ("compression.type", "producer".to_owned()),
        // The brokers' clock: ours may be wrong, and brokers refuse times far from theirs.
        ("message.timestamp.type", "LogAppendTime".to_owned()),
        // Only closed segments are compacted, and a start reads all there is.
        ("segment.bytes", (64 << 20).to_string()),
        ("min.cleanable.dirty.ratio", "0.1".to_owned()),
    ]
}

/// Whether a topic that is there can be used.
///
/// # Errors
/// What is wrong, all of it. What is merely unwise is in the result.
pub(super) async fn check(
    connection: &mut TypedConnection,
    located: &Located,
    settings: &KafkaSettings,
) -> Result<Vec<String>, KafkaError> {
    let resource = DescribeConfigsResource::default()
        .with_resource_type(TOPIC_RESOURCE)
        .with_resource_name(StrBytes::from_string(settings.topic.clone()));
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
    let response = connection.ask(DESCRIBE_CONFIGS, &request).await?;
    let Some(result) = response.results.first() else {
        let fault = "was not in the answer to DescribeConfigs".to_owned();
        return Err(KafkaError::Log { topic: settings.topic.clone(), fault });
    };
    if ErrorCode(result.error_code) != ErrorCode::NONE {
        let text = result.error_message.as_deref().unwrap_or_default();
        return Err(refused(ApiKey::DescribeConfigs, &settings.topic, ErrorCode(result.error_code), text));
    }
    let value = |key: &str| {
        let found = result.configs.iter().find(|config| config.name.as_str() == key);
        found.and_then(|config| config.value.as_deref()).unwrap_or_default().to_owned()
    };
    let mut wrong = Vec::new();
    if located.partitions != 1 {
        wrong.push(format!("it has {} partitions, expected 1", located.partitions));
    }
    if value("cleanup.policy") != "compact" {
        wrong.push(format!("cleanup.policy is `{}`, expected `compact`", value("cleanup.policy")));
    }
    if value("max.message.bytes").parse::<usize>().is_ok_and(|most| most < MOST_BATCH_BYTES) {
        wrong
            .push(format!("max.message.bytes is {}, expected at least {MOST_BATCH_BYTES}", value("max.message.bytes")));
    }
    if !matches!(value("compression.type").as_str(), "producer" | "uncompressed") {
        wrong.push(format!("compression.type is `{}`, expected `producer`", value("compression.type")));
    }
    if !wrong.is_empty() {
        return Err(KafkaError::WrongSettings { topic: settings.topic.clone(), what: wrong.join("; ") });
    }
    let mut unwise = Vec::new();
    if value("unclean.leader.election.enable") == "true" {
        unwise.push(format!("`{}` may lose changes: unclean.leader.election.enable is `true`", settings.topic));
    }
    Ok(unwise)
}

pub(super) fn name(topic: &str) -> TopicName {
    TopicName(StrBytes::from_string(topic.to_owned()))
}

pub(super) fn refused(api_key: ApiKey, topic: &str, error: ErrorCode, text: &str) -> KafkaError {
    KafkaError::Refused { api_key, topic: topic.to_owned(), error, text: text.to_owned() }
}
