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
            context.partition_seq_by_authorized(AclOperation::Describe, ResourceType::Topic, topics, |topic| &topic.topic.0);
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
