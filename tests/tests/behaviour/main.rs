//! What Doorkeeper promises to whoever is on call, seen from outside: one stage, raw clients, the log and the metrics.

mod addresses;
mod health;
mod hostile;
mod live;
mod shadow;
mod share;
mod stopping;
mod wire;

use std::time::Duration;

use anyhow::Result;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{MetadataRequest, MetadataResponse, ProduceRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use testkit::RawClient;

const POLICY: &str = "\
users:
  admin: { password: admin-secret }
  alice: { password: alice-secret }
  bob: { password: bob-secret }
acls:
  - { principal: User:alice, allow: [Read, Write, Describe], topic: { prefixed: alice- } }
  - { principal: User:alice, allow: Read, group: { prefixed: alice- } }
  - { principal: User:ANONYMOUS, allow: [Read, Write], topic: open }
";

const SOON: Duration = Duration::from_secs(10);

fn str_bytes(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn topic_name(name: &str) -> TopicName {
    TopicName(str_bytes(name))
}

/// Metadata of one topic, as a client asks for it.
async fn metadata(client: &mut RawClient, topic: &str) -> Result<MetadataResponse> {
    let topic = MetadataRequestTopic::default().with_name(Some(topic_name(topic)));
    client.send(12, &MetadataRequest::default().with_topics(Some(vec![topic]))).await
}

/// A produce request with an empty record set: allowed or denied before anybody looks at it.
fn produce(topic: &str, acks: i16) -> ProduceRequest {
    let partition = PartitionProduceData::default().with_index(0).with_records(Some(bytes::Bytes::new()));
    let topic = TopicProduceData::default().with_name(topic_name(topic)).with_partition_data(vec![partition]);
    ProduceRequest::default().with_acks(acks).with_timeout_ms(5000).with_topic_data(vec![topic])
}
