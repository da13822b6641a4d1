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
            context.partition_seq_by_authorized(AclOperation::Describe, ResourceType::Topic, topics, |topic| {
                &topic.name.0
            });
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

#[cfg(test)]
mod tests {
    use protocol::messages::TopicName;
    use protocol::messages::list_offsets_request::ListOffsetsPartition;

    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn asking(topics: &[&str]) -> ListOffsetsRequest {
        let partition = ListOffsetsPartition::default().with_partition_index(3).with_timestamp(-1);
        let topic = |name: &&str| {
            ListOffsetsTopic::default().with_name(TopicName(str_bytes(name))).with_partitions(vec![partition.clone()])
        };
        ListOffsetsRequest::default().with_topics(topics.iter().map(topic).collect())
    }

    fn answered(name: &str, offset: i64) -> ListOffsetsTopicResponse {
        let partition = ListOffsetsPartitionResponse::default().with_partition_index(3).with_offset(offset);
        ListOffsetsTopicResponse::default().with_name(TopicName(str_bytes(name))).with_partitions(vec![partition])
    }

    fn denied(name: &str) -> ListOffsetsTopicResponse {
        let partition = ListOffsetsPartitionResponse::default()
            .with_partition_index(3)
            .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0);
        ListOffsetsTopicResponse::default().with_name(TopicName(str_bytes(name))).with_partitions(vec![partition])
    }

    #[test]
    fn allowed_topics_pass_through() {
        for version in [1, 11] {
            let mut client = Client::with(&["allow Describe Topic orders"]);
            let asked = client.ask(version, &asking(&["orders", "orders"]));
            assert!(asked.passed_through());
            assert_eq!(client.decisions(), ["allowed Describe Topic orders x2"]);
        }
    }

    #[test]
    fn denied_topics_are_appended_to_the_answer_for_the_allowed_ones() {
        for version in [1, 11] {
            let mut client = Client::with(&["allow Read Topic orders"]);
            let asked = client.ask(version, &asking(&["pay", "orders"]));
            assert_eq!(asked.forwarded(), &on_the_wire(version, &asking(&["orders"])));
            assert_eq!(client.decisions(), ["allowed Describe Topic orders", "denied Describe Topic pay"]);
            let broker = ListOffsetsResponse::default().with_topics(vec![answered("orders", 17)]);
            let expected = ListOffsetsResponse::default().with_topics(vec![answered("orders", 17), denied("pay")]);
            assert_eq!(client.answer(asked, broker), on_the_wire(version, &expected));
        }
    }

    #[test]
    fn with_all_topics_denied_no_broker_is_asked() {
        for version in [1, 11] {
            let mut client = Client::with(&[]);
            let asked = client.ask(version, &asking(&["pay", "orders"]));
            let expected = ListOffsetsResponse::default().with_topics(vec![denied("pay"), denied("orders")]);
            assert_eq!(asked.response(), on_the_wire(version, &expected));
        }
    }
}
