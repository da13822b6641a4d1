//! OffsetCommit (8): `KafkaApis.handleOffsetCommitRequest`.
//!
//! Read on the group, then Read on each topic. There is no error code at the top: a denied group stands on every
//! partition. With no topic left no coordinator is asked. Topics that the broker answers without its coordinator, denied
//! and unknown ones, come first, in the order of the request.

use std::collections::HashMap;

use acl::{AclOperation, ResourceType};
use protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use protocol::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use protocol::messages::{OffsetCommitRequest, OffsetCommitResponse, TopicName};
use protocol::{ErrorCode, ErrorResponse};

use crate::{Authorize, Outcome, RequestContext};

impl Authorize for OffsetCommitRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<OffsetCommitResponse> {
        if !context.authorize(AclOperation::Read, ResourceType::Group, &self.group_id) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
        let topics = std::mem::take(&mut self.topics);
        let names: Vec<TopicName> = topics.iter().map(|topic| topic.name.clone()).collect();
        let (allowed, denied) =
            context.partition_seq_by_authorized(AclOperation::Read, ResourceType::Topic, topics, |topic| &topic.name);
        self.topics = allowed;
        let denied = denied.into_iter().map(denied_topic).collect();
        Outcome::without(denied, self.topics.is_empty(), move |response, denied| merge(response, denied, &names))
    }
}

fn denied_topic(topic: OffsetCommitRequestTopic) -> OffsetCommitResponseTopic {
    let partition = |asked: OffsetCommitRequestPartition| {
        OffsetCommitResponsePartition::default()
            .with_partition_index(asked.partition_index)
            .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
    };
    OffsetCommitResponseTopic::default()
        .with_name(topic.name)
        .with_partitions(topic.partitions.into_iter().map(partition).collect())
}

fn merge(response: &mut OffsetCommitResponse, denied: Vec<OffsetCommitResponseTopic>, asked: &[TopicName]) {
    let without_coordinator = [ErrorCode::TOPIC_AUTHORIZATION_FAILED.0, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0];
    let places: HashMap<&TopicName, usize> = asked.iter().enumerate().map(|(place, name)| (name, place)).collect();
    response.topics.extend(denied);
    response.topics.sort_by_key(|topic| match topic.partitions.first() {
        Some(first) if without_coordinator.contains(&first.error_code) => {
            places.get(&topic.name).copied().unwrap_or(usize::MAX)
        }
        _ => usize::MAX,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn request(topics: &[(&str, &[i32])]) -> OffsetCommitRequest {
        let topic = |(name, partitions): &(&str, &[i32])| {
            let partition = |index: &i32| {
                OffsetCommitRequestPartition::default().with_partition_index(*index).with_committed_offset(42)
            };
            OffsetCommitRequestTopic::default()
                .with_name(str_bytes(name).into())
                .with_partitions(partitions.iter().map(partition).collect())
        };
        OffsetCommitRequest::default()
            .with_group_id(str_bytes("billing").into())
            .with_topics(topics.iter().map(topic).collect())
    }

    fn response(topics: &[(&str, &[(i32, i16)])]) -> OffsetCommitResponse {
        let topic = |(name, partitions): &(&str, &[(i32, i16)])| {
            let partition = |(index, error): &(i32, i16)| {
                OffsetCommitResponsePartition::default().with_partition_index(*index).with_error_code(*error)
            };
            OffsetCommitResponseTopic::default()
                .with_name(str_bytes(name).into())
                .with_partitions(partitions.iter().map(partition).collect())
        };
        OffsetCommitResponse::default().with_topics(topics.iter().map(topic).collect())
    }

    #[test]
    fn allowed_offsets_go_through() {
        for version in [2, 9] {
            let mut client = Client::with(&["allow Read Group billing", "allow Read Topic *"]);
            let asked = client.ask(version, &request(&[("orders", &[0, 1]), ("audit", &[0])]));
            assert_eq!(
                client.decisions(),
                ["allowed Read Group billing", "allowed Read Topic audit", "allowed Read Topic orders"]
            );
            assert!(asked.passed_through());
        }
    }

    #[test]
    fn denied_and_unknown_topics_come_first_in_the_order_of_the_request() {
        for version in [2, 9] {
            let mut client =
                Client::with(&["allow Read Group billing", "allow Read Topic *", "deny Read Topic secret prefixed"]);
            let asked = client
                .ask(version, &request(&[("orders", &[0]), ("gone", &[0]), ("secret", &[0, 1]), ("audit", &[9, 0])]));
            let left = request(&[("orders", &[0]), ("gone", &[0]), ("audit", &[9, 0])]);
            assert_eq!(asked.forwarded(), &on_the_wire(version, &left));
            let broker = response(&[("gone", &[(0, 3)]), ("audit", &[(9, 3), (0, 0)]), ("orders", &[(0, 0)])]);
            assert_eq!(
                client.answer(asked, broker),
                response(&[
                    ("gone", &[(0, 3)]),
                    ("secret", &[(0, 29), (1, 29)]),
                    ("audit", &[(9, 3), (0, 0)]),
                    ("orders", &[(0, 0)]),
                ])
            );
        }
    }

    #[test]
    fn with_every_topic_denied_no_coordinator_is_asked() {
        for version in [2, 9] {
            let mut client = Client::with(&["allow Read Group billing"]);
            let asked = client.ask(version, &request(&[("secret", &[0]), ("orders", &[1])]));
            assert_eq!(
                client.decisions(),
                ["allowed Read Group billing", "denied Read Topic orders", "denied Read Topic secret"]
            );
            assert_eq!(asked.response(), response(&[("secret", &[(0, 29)]), ("orders", &[(1, 29)])]));
        }
    }

    #[test]
    fn a_denied_group_stands_on_every_partition() {
        for version in [2, 9] {
            let mut client = Client::with(&["allow Describe Group billing", "allow Read Topic *"]);
            let asked = client.ask(version, &request(&[("orders", &[0, 1]), ("audit", &[0])]));
            assert_eq!(client.decisions(), ["denied Read Group billing"]);
            assert_eq!(asked.response(), response(&[("orders", &[(0, 30), (1, 30)]), ("audit", &[(0, 30)])]));
        }
    }
}
