//! DeleteRecords (21): `KafkaApis.handleDeleteRecordsRequest`.
//!
//! Delete on each topic; denied ones are answered partition by partition. With nothing left no broker is asked.

use acl::{AclOperation, ResourceType};
use protocol::ErrorCode;
use protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use protocol::messages::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
use protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};

use crate::merging::{each_once, together};
use crate::{Authorize, Outcome, RequestContext};

/// What a broker gives as low watermark where there is none (`DeleteRecordsResponse.INVALID_LOW_WATERMARK`).
const INVALID_LOW_WATERMARK: i64 = -1;

impl Authorize for DeleteRecordsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DeleteRecordsResponse> {
        let topics = std::mem::take(&mut self.topics);
        let (allowed, denied) =
            context
                .partition_seq_by_authorized(AclOperation::Delete, ResourceType::Topic, topics, |topic| &topic.name.0);
        self.topics = allowed;
        let denied = denied.into_iter().map(denied_topic).collect();
        Outcome::without(denied, self.topics.is_empty(), |response: &mut DeleteRecordsResponse, denied| {
            response.topics.extend(denied);
            let topics = std::mem::take(&mut response.topics);
            let name = |topic: &DeleteRecordsTopicResult| topic.name.clone();
            response.topics = together(topics, name, |first, next| first.partitions.extend(next.partitions));
            for topic in &mut response.topics {
                each_once(&mut topic.partitions, |partition| partition.partition_index);
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn deleting(topics: &[&str]) -> DeleteRecordsRequest {
        let partitions = vec![DeleteRecordsPartition::default().with_partition_index(3).with_offset(17)];
        let topic = |name: &&str| {
            DeleteRecordsTopic::default().with_name(str_bytes(name).into()).with_partitions(partitions.clone())
        };
        DeleteRecordsRequest::default().with_topics(topics.iter().map(topic).collect())
    }

    fn answered(name: &str, low_watermark: i64, error: ErrorCode) -> DeleteRecordsTopicResult {
        let partition = DeleteRecordsPartitionResult::default()
            .with_partition_index(3)
            .with_low_watermark(low_watermark)
            .with_error_code(error.0);
        DeleteRecordsTopicResult::default().with_name(str_bytes(name).into()).with_partitions(vec![partition])
    }

    #[test]
    fn allowed_topics_pass_through() {
        for version in [0, 2] {
            let mut client = Client::with(&["allow Delete Topic orders"]);
            assert!(client.ask(version, &deleting(&["orders"])).passed_through());
            assert_eq!(client.decisions(), ["allowed Delete Topic orders"]);
        }
    }

    #[test]
    fn denied_topics_are_appended_and_alone_no_broker_is_asked() {
        for version in [0, 2] {
            let mut client = Client::with(&["allow Delete Topic orders", "allow Write Topic pay"]);
            let asked = client.ask(version, &deleting(&["pay", "orders"]));
            assert_eq!(asked.forwarded(), &deleting(&["orders"]));
            let denied = answered("pay", -1, ErrorCode::TOPIC_AUTHORIZATION_FAILED);
            let broker = DeleteRecordsResponse::default().with_topics(vec![answered("orders", 17, ErrorCode::NONE)]);
            let expected = DeleteRecordsResponse::default()
                .with_topics(vec![answered("orders", 17, ErrorCode::NONE), denied.clone()]);
            assert_eq!(client.answer(asked, broker), on_the_wire(version, &expected));

            let expected = DeleteRecordsResponse::default().with_topics(vec![denied]);
            assert_eq!(client.ask(version, &deleting(&["pay"])).response(), on_the_wire(version, &expected));
        }
    }

    #[test]
    fn a_denied_partition_is_answered_once_however_often_it_is_named() {
        let denied = answered("pay", -1, ErrorCode::TOPIC_AUTHORIZATION_FAILED);
        let expected = DeleteRecordsResponse::default().with_topics(vec![denied]);
        assert_eq!(Client::with(&[]).ask(2, &deleting(&["pay", "pay"])).response(), expected);
    }
}
