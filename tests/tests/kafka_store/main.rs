//! ACLs and users in a topic of a real Kafka: changed by Kafka's own tools, shared by replicas and clusters, sealed
//! against all others, and known while Kafka is away.

mod ground;
mod hidden;
mod replicas;
mod scale;
mod trouble;

use anyhow::Result;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use testkit::RawClient;

/// TOPIC_AUTHORIZATION_FAILED
pub(crate) const DENIED: i16 = 29;

/// The error code of a topic in an answer to Metadata: what Describe on it came to.
pub(crate) async fn asks_for(client: &mut RawClient, topic: &str) -> Result<i16> {
    let name = TopicName(StrBytes::from_string(topic.to_owned()));
    let topic = MetadataRequestTopic::default().with_name(Some(name));
    let request = MetadataRequest::default().with_topics(Some(vec![topic])).with_allow_auto_topic_creation(false);
    Ok(client.send(12, &request).await?.topics[0].error_code)
}
