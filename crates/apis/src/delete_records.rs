//! DeleteRecords (21): `KafkaApis.handleDeleteRecordsRequest`.
//!
//! Delete on each topic; denied ones are answered partition by partition. With nothing left no broker is asked.

use acl::{AclOperation, ResourceType};
use protocol::ErrorCode;
use protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use protocol::messages::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
use protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};

use crate::{Authorize, Outcome, RequestContext};

/// What a broker gives as low watermark where there is none (`DeleteRecordsResponse.INVALID_LOW_WATERMARK`).
const INVALID_LOW_WATERMARK: i64 = -1;

impl Authorize for DeleteRecordsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DeleteRecordsResponse> {
        let topics = std::mem::take(&mut self.topics);
        let (allowed, denied) =
            context.partition_seq_by_authorized(AclOperation::Delete, ResourceType::Topic, topics, |topic| &topic.name.0);
        self.topics = allowed;
        let denied = denied.into_iter().map(denied_topic).collect();
        Outcome::without(denied, self.topics.is_empty(), |response: &mut DeleteRecordsResponse, denied| {
            response.topics.extend(denied);
        })
    }
}

fn denied_topic(topic: DeleteRecordsTopic) -> DeleteRecordsTopicResult {
    let partition = |asked: DeleteRecordsPartition| {
        DeleteRecordsPartitionResult::default()
            .with_partition_index(asked.partition_index)
            .with_low_watermark(INVALID_LOW_WATERMARK)
            .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
    };
    DeleteRecordsTopicResult::default()
        .with_name(topic.name)
        .with_partitions(topic.partitions.into_iter().map(partition).collect())
}
