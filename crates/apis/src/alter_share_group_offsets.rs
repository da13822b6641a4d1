//! AlterShareGroupOffsets (91): `KafkaApis.handleAlterShareGroupOffsetsRequest` (KIP-932).
//!
//! Read on the group, then Read on each topic entry, in order. The coordinator is asked for the rest even if nothing is
//! left; an error of its own at the top replaces everything.
//!
//! Denied topics and those that do not exist are answered first, in the order of the request. A denied one is answered
//! with its id, if it exists: a broker tells that, so it has to be looked up.

use std::collections::HashMap;

use acl::{AclOperation, AuthorizationResult, Grants, ResourceType};
use protocol::messages::alter_share_group_offsets_request::AlterShareGroupOffsetsRequestTopic;
use protocol::messages::alter_share_group_offsets_response::{
    AlterShareGroupOffsetsResponsePartition, AlterShareGroupOffsetsResponseTopic,
};
use protocol::messages::{AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse, TopicName};
use protocol::{ErrorCode, ErrorResponse, StrBytes};

use crate::{Authorize, Edit, Found, Lookup, Outcome, RequestContext};

impl Authorize for AlterShareGroupOffsetsRequest {
    fn lookup(&self, _version: i16, grants: &Grants) -> Lookup {
        let may_read = |resource_type, name: &str| {
            grants.authorize(AclOperation::Read, resource_type, name) == AuthorizationResult::Allowed
        };
        let topics = self.topics.iter().map(|topic| &topic.topic_name.0);
        let decided = !may_read(ResourceType::Group, &self.group_id.0)
            || topics.clone().all(|name| may_read(ResourceType::Topic, name));
        if decided { Lookup::default() } else { Lookup::topics(topics) }
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<AlterShareGroupOffsetsResponse> {
        if !context.authorize(AclOperation::Read, ResourceType::Group, &self.group_id.0) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
        let mut denied = Denied::default();
        let mut in_error: HashMap<TopicName, usize> = HashMap::new();
        let asked = self.topics.len();
        let topics = std::mem::take(&mut self.topics);
        for (place, topic) in topics.into_iter().enumerate() {
            let allowed = context.authorize(AclOperation::Read, ResourceType::Topic, &topic.topic_name.0);
            if !allowed || !context.found.topics.contains_key(&topic.topic_name.0) {
                in_error.entry(topic.topic_name.clone()).or_insert(place);
            }
            if allowed {
                self.topics.push(topic);
            } else {
                denied.add(topic, context.found);
            }
        }
        if self.topics.len() == asked {
            return Outcome::Forward;
        }
        Outcome::ForwardReduced(Edit::typed(move |_, response: &mut AlterShareGroupOffsetsResponse| {
            if response.error_code == ErrorCode::NONE.0 {
                response.responses.extend(denied.topics);
                let place = |topic: &TopicName| in_error.get(topic).copied().unwrap_or(usize::MAX);
                response.responses.sort_by_key(|topic| place(&topic.topic_name));
            }
        }))
    }
}

/// What is answered for denied topics, and where each of them stands.
#[derive(Default)]
struct Denied {
    topics: Vec<AlterShareGroupOffsetsResponseTopic>,
    places: HashMap<TopicName, usize>,
}

impl Denied {
    /// Entries of the same topic are answered as one; without partitions it is not mentioned.
    fn add(&mut self, topic: AlterShareGroupOffsetsRequestTopic, found: &Found) {
        let error = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
        let partitions = topic.partitions.iter().map(|partition| {
            AlterShareGroupOffsetsResponsePartition::default()
                .with_partition_index(partition.partition_index)
                .with_error_code(error.0)
                .with_error_message(Some(StrBytes::from_static_str(error.message())))
        });
        let place = self.places.get(&topic.topic_name);
        if let Some(known) = place.and_then(|place| self.topics.get_mut(*place)) {
            known.partitions.extend(partitions);
        } else if !topic.partitions.is_empty() {
            let id = found.topics.get(&topic.topic_name.0).map(|topic| topic.id).unwrap_or_default();
            let answer = AlterShareGroupOffsetsResponseTopic::default().with_partitions(partitions.collect());
            self.places.insert(topic.topic_name.clone(), self.topics.len());
            self.topics.push(answer.with_topic_name(topic.topic_name).with_topic_id(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::alter_share_group_offsets_request::AlterShareGroupOffsetsRequestPartition;
    use uuid::Uuid;

    use super::*;
    use crate::testing::{Client, str_bytes, topic_id};

    fn altering(topics: &[(&str, &[i32])]) -> AlterShareGroupOffsetsRequest {
        let partition = |&index: &i32| {
            AlterShareGroupOffsetsRequestPartition::default().with_partition_index(index).with_start_offset(42)
        };
        let topic = |(name, partitions): &(&str, &[i32])| {
            AlterShareGroupOffsetsRequestTopic::default()
                .with_topic_name(str_bytes(name).into())
                .with_partitions(partitions.iter().map(partition).collect())
        };
        let request = AlterShareGroupOffsetsRequest::default().with_group_id(str_bytes("billing").into());
        request.with_topics(topics.iter().map(topic).collect())
    }

    fn answer(topics: Vec<AlterShareGroupOffsetsResponseTopic>) -> AlterShareGroupOffsetsResponse {
        AlterShareGroupOffsetsResponse::default().with_responses(topics)
    }

    fn answered(name: &str, id: Uuid, error: ErrorCode, partitions: &[i32]) -> AlterShareGroupOffsetsResponseTopic {
        let words = (error != ErrorCode::NONE).then(|| str_bytes(error.message()));
        let partition = |&index: &i32| {
            AlterShareGroupOffsetsResponsePartition::default()
                .with_partition_index(index)
                .with_error_code(error.0)
                .with_error_message(words.clone())
        };
        AlterShareGroupOffsetsResponseTopic::default()
            .with_topic_name(str_bytes(name).into())
            .with_topic_id(id)
            .with_partitions(partitions.iter().map(partition).collect())
    }

    fn denied(name: &str, id: Uuid, partitions: &[i32]) -> AlterShareGroupOffsetsResponseTopic {
        answered(name, id, ErrorCode::TOPIC_AUTHORIZATION_FAILED, partitions)
    }

    #[test]
    fn the_group_comes_before_the_topics() {
        let mut client = Client::with(&["allow Delete Group billing"]);
        let asked = client.ask(0, &altering(&[("orders", &[0])]));
        let error = ErrorCode::GROUP_AUTHORIZATION_FAILED;
        let refused = answer(vec![]).with_error_code(error.0).with_error_message(Some(str_bytes(error.message())));
        assert_eq!(asked.response(), refused);
        assert_eq!(client.decisions(), ["denied Read Group billing"]);
        assert_eq!(client.lookups, []);
    }

    #[test]
    fn allowed_topics_pass_through() {
        let mut client = Client::with(&["allow Read Group billing", "allow Read Topic orders"]);
        assert!(client.ask(0, &altering(&[("orders", &[0])])).passed_through());
        assert_eq!(client.decisions(), ["allowed Read Group billing", "allowed Read Topic orders"]);
        assert_eq!(client.lookups, []);
    }

    #[test]
    fn denied_and_missing_topics_come_first_with_the_ids_of_those_that_exist() {
        let client = Client::with(&["allow Read Group billing", "allow Read Topic orders", "allow Read Topic gone"]);
        let mut client = client.topic("orders", 1).topic("pay", 1);
        let request = altering(&[
            ("orders", &[0]),
            ("secret", &[0]),
            ("gone", &[0]),
            ("pay", &[0]),
            ("secret", &[1]),
            ("empty", &[]),
        ]);
        let asked = client.ask(0, &request);
        assert_eq!(
            client.decisions(),
            [
                "allowed Read Group billing",
                "allowed Read Topic orders",
                "denied Read Topic secret",
                "allowed Read Topic gone",
                "denied Read Topic pay",
                "denied Read Topic secret",
                "denied Read Topic empty",
            ]
        );
        let names = ["orders", "secret", "gone", "pay", "empty"].map(str_bytes);
        assert_eq!(client.lookups, [Lookup::topics(&names)]);
        assert_eq!(asked.forwarded(), &altering(&[("orders", &[0]), ("gone", &[0])]));
        let gone = answered("gone", Uuid::nil(), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, &[0]);
        let orders = answered("orders", topic_id("orders"), ErrorCode::NONE, &[0]);
        let secret = denied("secret", Uuid::nil(), &[0, 1]);
        let expected = answer(vec![secret, gone.clone(), denied("pay", topic_id("pay"), &[0]), orders.clone()]);
        assert_eq!(client.answer(asked, answer(vec![gone, orders])), expected);
    }

    #[test]
    fn with_all_topics_denied_the_coordinator_is_asked_whether_it_refuses_the_group() {
        let refused = answer(vec![]).with_error_code(ErrorCode::NON_EMPTY_GROUP.0);
        for (broker, expected) in
            [(answer(vec![]), answer(vec![denied("pay", topic_id("pay"), &[0])])), (refused.clone(), refused)]
        {
            let mut client = Client::with(&["allow Read Group billing"]).topic("pay", 1);
            let asked = client.ask(0, &altering(&[("pay", &[0])]));
            assert_eq!(asked.forwarded(), &altering(&[]));
            assert_eq!(client.answer(asked, broker), expected);
        }
    }
}
