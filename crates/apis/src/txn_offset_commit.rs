//! TxnOffsetCommit (28): `KafkaApis.handleTxnOffsetCommitRequest`.
//!
//! Write on the transactional id, Read on the group, then Read on each topic. There is no error code at the top: a denial
//! of the first two stands on every partition. Denied topics are answered first; with nothing left no broker is asked.

use acl::{AclOperation, ResourceType};
use protocol::messages::txn_offset_commit_request::{TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic};
use protocol::messages::txn_offset_commit_response::{TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic};
use protocol::messages::{TxnOffsetCommitRequest, TxnOffsetCommitResponse};
use protocol::{ErrorCode, ErrorResponse};

use crate::outcome::prepend;
use crate::{Authorize, Outcome, RequestContext};

impl Authorize for TxnOffsetCommitRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<TxnOffsetCommitResponse> {
        if !context.authorize(AclOperation::Write, ResourceType::TransactionalId, &self.transactional_id.0) {
            let error = ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
            return Outcome::Respond(self.error_response(context.version, error));
        }
        if !context.authorize(AclOperation::Read, ResourceType::Group, &self.group_id.0) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
        let topics = std::mem::take(&mut self.topics);
        let (allowed, denied) =
            context.partition_seq_by_authorized(AclOperation::Read, ResourceType::Topic, topics, |topic| &topic.name.0);
        self.topics = allowed;
        let denied = denied.into_iter().map(denied_topic).collect();
        Outcome::without(denied, self.topics.is_empty(), |response: &mut TxnOffsetCommitResponse, denied| {
            prepend(denied, &mut response.topics);
        })
    }
}

fn denied_topic(topic: TxnOffsetCommitRequestTopic) -> TxnOffsetCommitResponseTopic {
    let partition = |asked: TxnOffsetCommitRequestPartition| {
        TxnOffsetCommitResponsePartition::default()
            .with_partition_index(asked.partition_index)
            .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
    };
    TxnOffsetCommitResponseTopic::default()
        .with_name(topic.name)
        .with_partitions(topic.partitions.into_iter().map(partition).collect())
}
