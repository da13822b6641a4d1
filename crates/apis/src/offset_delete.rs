//! OffsetDelete (47): `KafkaApis.handleOffsetDeleteRequest`.
//!
//! Delete on the group, then Read on each topic. The coordinator is asked for the rest even if nothing is left; an error
//! of its own at the top replaces everything. Denied topics are answered first.

use acl::{AclOperation, ResourceType};
use protocol::messages::offset_delete_request::OffsetDeleteRequestTopic;
use protocol::messages::offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic};
use protocol::messages::{OffsetDeleteRequest, OffsetDeleteResponse, TopicName};
use protocol::{ErrorCode, ErrorResponse};

use crate::merging::{Places, together, without_coordinator_first};
use crate::{Authorize, Outcome, RequestContext};

impl Authorize for OffsetDeleteRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<OffsetDeleteResponse> {
        if !context.authorize(AclOperation::Delete, ResourceType::Group, &self.group_id.0) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
        let topics = std::mem::take(&mut self.topics);
        let indexes = |topic: &OffsetDeleteRequestTopic| {
            topic.partitions.iter().map(|partition| partition.partition_index).collect::<Vec<_>>()
        };
        let places = Places::new(topics.iter().map(|topic| (topic.name.clone(), indexes(topic))));
        let (allowed, denied) =
            context.partition_seq_by_authorized(AclOperation::Read, ResourceType::Topic, topics, |topic| &topic.name.0);
        self.topics = allowed;
        let denied = denied.into_iter().map(denied_topic).collect();
        Outcome::without(denied, false, move |response: &mut OffsetDeleteResponse, denied| {
            if response.error_code == ErrorCode::NONE.0 {
                merge(&mut response.topics, denied, &places);
            }
        })
    }
}

/// What the broker answers without its coordinator first, in the order of the request; each topic once.
fn merge(
    topics: &mut Vec<OffsetDeleteResponseTopic>,
    denied: Vec<OffsetDeleteResponseTopic>,
    places: &Places<TopicName>,
) {
    let name = |topic: &OffsetDeleteResponseTopic| topic.name.clone();
    // What is denied of a topic stands together, where the topic is named first.
    topics.extend(together(denied, name, |first, next| first.partitions.extend(next.partitions)));
    without_coordinator_first(
        topics,
        |topic| topic.partitions.first().map(|partition| (partition.partition_index, partition.error_code)),
        name,
        places,
    );
    *topics = together(std::mem::take(topics), name, |first, next| first.partitions.extend(next.partitions));
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

#[cfg(test)]
mod tests {
    use protocol::messages::offset_delete_request::OffsetDeleteRequestPartition;

    use super::*;
    use crate::testing::{Client, str_bytes};

    fn deleting(topics: &[&str]) -> OffsetDeleteRequest {
        let partitions = vec![OffsetDeleteRequestPartition::default().with_partition_index(3)];
        let topic = |name: &&str| {
            OffsetDeleteRequestTopic::default().with_name(str_bytes(name).into()).with_partitions(partitions.clone())
        };
        let request = OffsetDeleteRequest::default().with_group_id(str_bytes("billing").into());
        request.with_topics(topics.iter().map(topic).collect())
    }

    fn answered(name: &str, error: ErrorCode) -> OffsetDeleteResponseTopic {
        let partition = OffsetDeleteResponsePartition::default().with_partition_index(3).with_error_code(error.0);
        OffsetDeleteResponseTopic::default().with_name(str_bytes(name).into()).with_partitions(vec![partition])
    }

    #[test]
    fn the_group_comes_before_the_topics() {
        let mut client = Client::with(&["allow Read Topic orders", "allow Read Group billing"]);
        let denied = OffsetDeleteResponse::default().with_error_code(ErrorCode::GROUP_AUTHORIZATION_FAILED.0);
        assert_eq!(client.ask(0, &deleting(&["orders"])).response(), denied);
        assert_eq!(client.decisions(), ["denied Delete Group billing"]);
    }

    #[test]
    fn allowed_topics_pass_through() {
        let mut client = Client::with(&["allow Delete Group billing", "allow Read Topic orders"]);
        assert!(client.ask(0, &deleting(&["orders"])).passed_through());
        assert_eq!(client.decisions(), ["allowed Delete Group billing", "allowed Read Topic orders"]);
    }

    #[test]
    fn denied_topics_come_first_unless_the_coordinator_refuses_the_group() {
        let mut client = Client::with(&["allow Delete Group billing", "allow Read Topic orders"]);
        let asked = client.ask(0, &deleting(&["orders", "pay"]));
        assert_eq!(asked.forwarded(), &deleting(&["orders"]));
        let broker = OffsetDeleteResponse::default().with_topics(vec![answered("orders", ErrorCode::NONE)]);
        let denied = answered("pay", ErrorCode::TOPIC_AUTHORIZATION_FAILED);
        let expected = OffsetDeleteResponse::default().with_topics(vec![denied, answered("orders", ErrorCode::NONE)]);
        assert_eq!(client.answer(asked, broker), expected);

        let asked = client.ask(0, &deleting(&["pay"]));
        assert_eq!(asked.forwarded(), &deleting(&[]));
        let broker = OffsetDeleteResponse::default().with_error_code(ErrorCode::GROUP_ID_NOT_FOUND.0);
        assert_eq!(client.answer(asked, broker.clone()), broker);
    }

    #[test]
    fn a_topic_that_is_named_twice_is_answered_once_where_the_broker_merges() {
        let mut client = Client::with(&["allow Delete Group billing", "allow Read Topic orders"]);
        let asked = client.ask(0, &deleting(&["orders", "pay", "orders"]));
        let orders = answered("orders", ErrorCode::NONE);
        let broker = OffsetDeleteResponse::default().with_topics(vec![orders.clone(), orders.clone()]);
        let partitions = [orders.partitions.clone(), orders.partitions.clone()].concat();
        let denied = answered("pay", ErrorCode::TOPIC_AUTHORIZATION_FAILED);
        let expected = OffsetDeleteResponse::default().with_topics(vec![denied, orders.with_partitions(partitions)]);
        assert_eq!(client.answer(asked, broker), expected);
    }

    #[test]
    fn denied_and_unknown_topics_come_first_in_the_order_of_the_request() {
        let mut client = Client::with(&["allow Delete Group billing", "allow Read Topic *", "deny Read Topic pay"]);
        let asked = client.ask(0, &deleting(&["orders", "gone", "pay"]));
        let (gone, orders) =
            (answered("gone", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION), answered("orders", ErrorCode::NONE));
        let broker = OffsetDeleteResponse::default().with_topics(vec![gone.clone(), orders.clone()]);
        let denied = answered("pay", ErrorCode::TOPIC_AUTHORIZATION_FAILED);
        let expected = OffsetDeleteResponse::default().with_topics(vec![gone, denied, orders]);
        assert_eq!(client.answer(asked, broker), expected);
    }
}
