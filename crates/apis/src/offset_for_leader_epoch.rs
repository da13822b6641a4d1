//! OffsetForLeaderEpoch (23): `KafkaApis.handleOffsetForLeaderEpochRequest`.
//!
//! ClusterAction on the cluster (brokers), or Describe on each topic (consumers). Denied topics are appended.

use acl::{AclOperation, ResourceType};
use protocol::ErrorCode;
use protocol::messages::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use protocol::messages::offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult};
use protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

use crate::{Authorize, Outcome, RequestContext};

impl Authorize for OffsetForLeaderEpochRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<OffsetForLeaderEpochResponse> {
        if context.authorize_cluster_quietly(AclOperation::ClusterAction) {
            return Outcome::Forward;
        }
        let topics = std::mem::take(&mut self.topics);
        let (allowed, denied) =
            context.partition_seq_by_authorized(AclOperation::Describe, ResourceType::Topic, topics, |topic| {
                &topic.topic.0
            });
        self.topics = allowed;
        let denied = denied.into_iter().map(denied_topic).collect();
        Outcome::without(denied, self.topics.is_empty(), |response: &mut OffsetForLeaderEpochResponse, denied| {
            response.topics.extend(denied);
        })
    }
}

fn denied_topic(topic: OffsetForLeaderTopic) -> OffsetForLeaderTopicResult {
    let partition = |asked: OffsetForLeaderPartition| {
        EpochEndOffset::default()
            .with_partition(asked.partition)
            .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
            .with_leader_epoch(-1)
            .with_end_offset(-1)
    };
    OffsetForLeaderTopicResult::default()
        .with_topic(topic.topic)
        .with_partitions(topic.partitions.into_iter().map(partition).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn asking(topics: &[&str]) -> OffsetForLeaderEpochRequest {
        let partitions = vec![OffsetForLeaderPartition::default().with_partition(3).with_leader_epoch(1)];
        let topic = |name: &&str| {
            OffsetForLeaderTopic::default().with_topic(str_bytes(name).into()).with_partitions(partitions.clone())
        };
        OffsetForLeaderEpochRequest::default().with_topics(topics.iter().map(topic).collect())
    }

    fn answered(name: &str, end_offset: i64, error: ErrorCode) -> OffsetForLeaderTopicResult {
        let partition =
            EpochEndOffset::default().with_partition(3).with_end_offset(end_offset).with_error_code(error.0);
        OffsetForLeaderTopicResult::default().with_topic(str_bytes(name).into()).with_partitions(vec![partition])
    }

    #[test]
    fn cluster_action_is_enough_for_all_topics() {
        for version in [2, 4] {
            let mut client = Client::with(&["allow ClusterAction Cluster"]);
            assert!(client.ask(version, &asking(&["orders", "pay"])).passed_through());
            assert_eq!(client.decisions(), ["allowed ClusterAction Cluster kafka-cluster (quiet)"]);
        }
    }

    #[test]
    fn consumers_need_describe_on_each_topic() {
        for version in [2, 4] {
            let mut client = Client::with(&["allow Read Topic orders"]);
            let asked = client.ask(version, &asking(&["pay", "orders"]));
            assert_eq!(
                client.decisions(),
                [
                    "denied ClusterAction Cluster kafka-cluster (quiet)",
                    "allowed Describe Topic orders",
                    "denied Describe Topic pay",
                ]
            );
            assert_eq!(asked.forwarded(), &on_the_wire(version, &asking(&["orders"])));
            let denied = answered("pay", -1, ErrorCode::TOPIC_AUTHORIZATION_FAILED);
            let broker =
                OffsetForLeaderEpochResponse::default().with_topics(vec![answered("orders", 17, ErrorCode::NONE)]);
            let expected = OffsetForLeaderEpochResponse::default()
                .with_topics(vec![answered("orders", 17, ErrorCode::NONE), denied.clone()]);
            assert_eq!(client.answer(asked, broker), on_the_wire(version, &expected));

            let expected = OffsetForLeaderEpochResponse::default().with_topics(vec![denied]);
            assert_eq!(client.ask(version, &asking(&["pay"])).response(), on_the_wire(version, &expected));
        }
    }
}
