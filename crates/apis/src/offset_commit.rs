//! OffsetCommit (8): `KafkaApis.handleOffsetCommitRequest`.
//!
//! Read on the group, then Read on each topic. There is no error code at the top: a denied group stands on every
//! partition. With no topic left no coordinator is asked. Topics that the broker answers without its coordinator, denied
//! and unknown ones, come first, in the order of the request.
//!
//! From version 10 on topics are named by id. An id that no topic has is asked about under the empty name, as by a
//! broker, and answered UNKNOWN_TOPIC_ID whatever the answer was.

use acl::{AclOperation, Grants, ResourceType};
use protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use protocol::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use protocol::messages::{OffsetCommitRequest, OffsetCommitResponse, TopicName};
use protocol::{ErrorCode, ErrorResponse, StrBytes};
use uuid::Uuid;

use crate::merging::{Places, together, without_coordinator_first};
use crate::{Authorize, Lookup, Outcome, RequestContext};

/// From this version on topics are named by id.
const TOPIC_IDS: i16 = 10;

impl Authorize for OffsetCommitRequest {
    fn lookup(&self, version: i16, _grants: &Grants) -> Lookup {
        if version < TOPIC_IDS {
            return Lookup::default();
        }
        Lookup::topic_ids(self.topics.iter().map(|topic| topic.topic_id))
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<OffsetCommitResponse> {
        if !context.authorize(AclOperation::Read, ResourceType::Group, &self.group_id) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
        let topics = std::mem::take(&mut self.topics);
        let indexes = |topic: &OffsetCommitRequestTopic| {
            topic.partitions.iter().map(|partition| partition.partition_index).collect::<Vec<_>>()
        };
        let places = Places::new(topics.iter().map(|topic| ((topic.name.clone(), topic.topic_id), indexes(topic))));
        let names: Vec<StrBytes> = topics.iter().map(|topic| name_of(topic, context)).collect();
        let authorized = context.filter_by_authorized(AclOperation::Read, ResourceType::Topic, &names);
        let mut refused = Vec::new();
        for (topic, name) in topics.into_iter().zip(names) {
            if context.version >= TOPIC_IDS && name.is_empty() {
                refused.push(refused_topic(topic, ErrorCode::UNKNOWN_TOPIC_ID));
            } else if authorized.contains(&name) {
                self.topics.push(topic);
            } else {
                refused.push(refused_topic(topic, ErrorCode::TOPIC_AUTHORIZATION_FAILED));
            }
        }
        Outcome::without(refused, self.topics.is_empty(), move |response, refused| merge(response, refused, &places))
    }
}

/// How a topic is named: with a name or, from version 10 on, with an id; the other of the two is empty.
type Topic = (TopicName, Uuid);

fn name_of(topic: &OffsetCommitRequestTopic, context: &RequestContext<'_>) -> StrBytes {
    if context.version < TOPIC_IDS {
        return topic.name.0.clone();
    }
    context.found.topic_name(topic.topic_id).cloned().unwrap_or_default()
}

fn refused_topic(topic: OffsetCommitRequestTopic, error: ErrorCode) -> OffsetCommitResponseTopic {
    let partition = |asked: OffsetCommitRequestPartition| {
        OffsetCommitResponsePartition::default().with_partition_index(asked.partition_index).with_error_code(error.0)
    };
    OffsetCommitResponseTopic::default()
        .with_name(topic.name)
        .with_topic_id(topic.topic_id)
        .with_partitions(topic.partitions.into_iter().map(partition).collect())
}

fn merge(response: &mut OffsetCommitResponse, refused: Vec<OffsetCommitResponseTopic>, places: &Places<Topic>) {
    let key = |topic: &OffsetCommitResponseTopic| (topic.name.clone(), topic.topic_id);
    let mut topics = std::mem::take(&mut response.topics);
    // What is denied of a topic stands together, where the topic is named first.
    topics.extend(together(refused, key, |first, next| first.partitions.extend(next.partitions)));
    without_coordinator_first(
        &mut topics,
        |topic| topic.partitions.first().map(|partition| (partition.partition_index, partition.error_code)),
        key,
        places,
    );
    response.topics = together(topics, key, |first, next| first.partitions.extend(next.partitions));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes, topic_id};

    fn request(topics: &[(&str, &[i32])]) -> OffsetCommitRequest {
        let topic = |(name, partitions): &(&str, &[i32])| {
            let partition = |index: &i32| {
                OffsetCommitRequestPartition::default().with_partition_index(*index).with_committed_offset(42)
            };
            OffsetCommitRequestTopic::default()
                .with_name(str_bytes(name).into())
                .with_topic_id(topic_id(name))
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
                .with_topic_id(topic_id(name))
                .with_partitions(partitions.iter().map(partition).collect())
        };
        OffsetCommitResponse::default().with_topics(topics.iter().map(topic).collect())
    }

    fn client(acls: &[&str]) -> Client {
        Client::with(acls).topic("orders", 1).topic("audit", 1).topic("secret", 2).topic("pay", 1)
    }

    #[test]
    fn allowed_offsets_go_through() {
        for version in [2, 9, 10] {
            let mut client = client(&["allow Read Group billing", "allow Read Topic *"]);
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
        for version in [2, 9, 10] {
            let mut client =
                client(&["allow Read Group billing", "allow Read Topic *", "deny Read Topic secret prefixed"]);
            let asked = client
                .ask(version, &request(&[("orders", &[0]), ("pay", &[7]), ("secret", &[0, 1]), ("audit", &[9, 0])]));
            let left = request(&[("orders", &[0]), ("pay", &[7]), ("audit", &[9, 0])]);
            assert_eq!(asked.forwarded(), &on_the_wire(version, &left));
            let broker = response(&[("pay", &[(7, 3)]), ("audit", &[(9, 3), (0, 0)]), ("orders", &[(0, 0)])]);
            let expected = response(&[
                ("pay", &[(7, 3)]),
                ("secret", &[(0, 29), (1, 29)]),
                ("audit", &[(9, 3), (0, 0)]),
                ("orders", &[(0, 0)]),
            ]);
            assert_eq!(client.answer(asked, broker), on_the_wire(version, &expected));
        }
    }

    #[test]
    fn a_topic_that_is_named_twice_stands_where_its_unknown_partition_is_named() {
        let mut client = client(&["allow Read Group billing", "allow Read Topic *", "deny Read Topic secret prefixed"]);
        let asked = client.ask(2, &request(&[("orders", &[0]), ("secret", &[9]), ("orders", &[9]), ("secrets", &[0])]));
        let broker = response(&[("orders", &[(9, 3), (0, 69)])]);
        let expected = response(&[("secret", &[(9, 29)]), ("orders", &[(9, 3), (0, 69)]), ("secrets", &[(0, 29)])]);
        assert_eq!(client.answer(asked, broker), on_the_wire(2, &expected));
    }

    #[test]
    fn a_denied_topic_that_is_named_again_and_again_is_answered_in_the_order_of_the_request() {
        let mut client = client(&["allow Read Group billing", "allow Read Topic *", "deny Read Topic secret"]);
        let asked =
            client.ask(2, &request(&[("secret", &[0]), ("orders", &[0]), ("secret", &[9, 1]), ("secret", &[0])]));
        let expected = response(&[("secret", &[(0, 29), (9, 29), (1, 29), (0, 29)]), ("orders", &[(0, 0)])]);
        assert_eq!(client.answer(asked, response(&[("orders", &[(0, 0)])])), on_the_wire(2, &expected));
    }

    #[test]
    fn an_id_that_no_topic_has_is_unknown_whoever_asks() {
        for (acls, decided) in [
            (&["allow Read Group billing", "allow Read Topic orders"][..], "denied Read Topic  x2"),
            (&["allow Read Group billing", "allow Read Topic *"], "allowed Read Topic  x2"),
        ] {
            let mut client = client(acls);
            let nameless = OffsetCommitRequestTopic::default();
            let mut asking = request(&[("gone", &[0]), ("orders", &[0])]);
            asking.topics.push(nameless);
            let asked = client.ask(10, &asking);
            assert_eq!(client.lookups, [Lookup::topic_ids([topic_id("gone"), topic_id("orders")])]);
            assert_eq!(client.decisions(), ["allowed Read Group billing", decided, "allowed Read Topic orders"]);
            assert_eq!(asked.forwarded(), &on_the_wire(10, &request(&[("orders", &[0])])));
            let mut expected = response(&[("gone", &[(0, 100)]), ("orders", &[(0, 0)])]);
            expected.topics.push(OffsetCommitResponseTopic::default());
            let answer = client.answer(asked, response(&[("orders", &[(0, 0)])]));
            assert_eq!(answer, on_the_wire(10, &expected));
        }
    }

    #[test]
    fn with_every_topic_denied_no_coordinator_is_asked() {
        for version in [2, 9, 10] {
            let mut client = client(&["allow Read Group billing"]);
            let asked = client.ask(version, &request(&[("secret", &[0]), ("orders", &[1])]));
            assert_eq!(
                client.decisions(),
                ["allowed Read Group billing", "denied Read Topic orders", "denied Read Topic secret"]
            );
            let expected = response(&[("secret", &[(0, 29)]), ("orders", &[(1, 29)])]);
            assert_eq!(asked.response(), on_the_wire(version, &expected));
        }
    }

    #[test]
    fn a_denied_group_stands_on_every_partition() {
        for version in [2, 9, 10] {
            let mut client = client(&["allow Describe Group billing", "allow Read Topic *"]);
            let asked = client.ask(version, &request(&[("orders", &[0, 1]), ("audit", &[0])]));
            assert_eq!(client.decisions(), ["denied Read Group billing"]);
            let expected = response(&[("orders", &[(0, 30), (1, 30)]), ("audit", &[(0, 30)])]);
            assert_eq!(asked.response(), on_the_wire(version, &expected));
        }
    }

    #[test]
    fn a_topic_that_is_named_twice_is_answered_once_where_the_broker_merges() {
        let mut client = client(&["allow Read Group billing", "allow Read Topic orders"]);
        let topics = [("secret", &[0][..]), ("orders", &[0]), ("pay", &[0]), ("secret", &[1]), ("orders", &[1])];
        let asked = client.ask(9, &request(&topics));
        let broker = response(&[("orders", &[(0, 0)]), ("orders", &[(1, 0)])]);
        let expected = response(&[("secret", &[(0, 29), (1, 29)]), ("pay", &[(0, 29)]), ("orders", &[(0, 0), (1, 0)])]);
        assert_eq!(client.answer(asked, broker), on_the_wire(9, &expected));
    }
}
