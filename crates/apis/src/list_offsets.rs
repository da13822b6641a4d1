//! ListOffsets (2): `KafkaApis.handleListOffsetRequest`.
//!
//! Describe on each topic. Allowed topics are answered first, denied ones are appended.

use acl::{AclOperation, ResourceType};
use protocol::ErrorCode;
use protocol::messages::list_offsets_request::ListOffsetsTopic;
use protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};

use crate::{Authorize, Outcome, RequestContext};

impl Authorize for ListOffsetsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<ListOffsetsResponse> {
        let topics = std::mem::take(&mut self.topics);
        let (allowed, denied) =
            context.partition_seq_by_authorized(AclOperation::Describe, ResourceType::Topic, topics, |topic| &topic.name.0);
        self.topics = allowed;
        let denied = denied.into_iter().map(denied_topic).collect();
        Outcome::without(denied, self.topics.is_empty(), |response: &mut ListOffsetsResponse, denied| {
            response.topics.extend(denied);
        })
    }
}

fn denied_topic(topic: ListOffsetsTopic) -> ListOffsetsTopicResponse {
    let partition = |asked: protocol::messages::list_offsets_request::ListOffsetsPartition| {
        ListOffsetsPartitionResponse::default()
            .with_partition_index(asked.partition_index)
            .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
            .with_timestamp(-1)
            .with_offset(-1)
            .with_leader_epoch(-1)
    };
    ListOffsetsTopicResponse::default()
        .with_name(topic.name)
        .with_partitions(topic.partitions.into_iter().map(partition).collect())
}
