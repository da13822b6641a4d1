//! OffsetDelete (47): `KafkaApis.handleOffsetDeleteRequest`.
//!
//! Delete on the group, then Read on each topic. The coordinator is asked for the rest even if nothing is left; an error
//! of its own at the top replaces everything. Denied topics are answered first.

use acl::{AclOperation, ResourceType};
use protocol::messages::offset_delete_request::OffsetDeleteRequestTopic;
use protocol::messages::offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic};
use protocol::messages::{OffsetDeleteRequest, OffsetDeleteResponse};
use protocol::{ErrorCode, ErrorResponse};

use crate::outcome::prepend;
use crate::{Authorize, Outcome, RequestContext};

impl Authorize for OffsetDeleteRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<OffsetDeleteResponse> {
        if !context.authorize(AclOperation::Delete, ResourceType::Group, &self.group_id.0) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
        let topics = std::mem::take(&mut self.topics);
        let (allowed, denied) =
            context.partition_seq_by_authorized(AclOperation::Read, ResourceType::Topic, topics, |topic| &topic.name.0);
        self.topics = allowed;
        let denied = denied.into_iter().map(denied_topic).collect();
        Outcome::without(denied, false, |response: &mut OffsetDeleteResponse, denied| {
            if response.error_code == ErrorCode::NONE.0 {
                prepend(denied, &mut response.topics);
            }
        })
    }
}

fn denied_topic(topic: OffsetDeleteRequestTopic) -> OffsetDeleteResponseTopic {
    let partition = |asked: protocol::messages::offset_delete_request::OffsetDeleteRequestPartition| {
        OffsetDeleteResponsePartition::default()
            .with_partition_index(asked.partition_index)
            .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
    };
    OffsetDeleteResponseTopic::default()
        .with_name(topic.name)
        .with_partitions(topic.partitions.into_iter().map(partition).collect())
}
