//! CreatePartitions (37): `ControllerApis.createPartitions`.
//!
//! Alter on each topic. A topic that is named twice is an error of the request, which nobody is asked about and which gets
//! its answer from us, so that only topics that were decided on go further. In the answer stand the duplicates, then the
//! denied topics, then the results.

use std::collections::{HashMap, HashSet};

use acl::{AclOperation, ResourceType};
use protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use protocol::messages::{CreatePartitionsRequest, CreatePartitionsResponse, TopicName};
use protocol::{ErrorCode, StrBytes};

use crate::outcome::prepend;
use crate::{Authorize, Outcome, RequestContext};

impl Authorize for CreatePartitionsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<CreatePartitionsResponse> {
        let topics = std::mem::take(&mut self.topics);
        let mut occurrences: HashMap<StrBytes, usize> = HashMap::new();
        for topic in &topics {
            *occurrences.entry(topic.name.0.clone()).or_default() += 1;
        }
        let unique = |name: &StrBytes| occurrences.get(name) == Some(&1);
        let names = topics.iter().map(|topic| &topic.name.0).filter(|name| unique(name));
        let authorized = context.filter_by_authorized(AclOperation::Alter, ResourceType::Topic, names);

        let (mut duplicates, mut denied, mut told) = (Vec::new(), Vec::new(), HashSet::new());
        for topic in topics {
            match (unique(&topic.name.0), authorized.contains(&topic.name.0)) {
                (true, true) => self.topics.push(topic),
                (true, false) => denied.push(denied_topic(topic.name)),
                (false, _) if told.insert(topic.name.clone()) => duplicates.push(duplicate_topic(topic.name)),
                (false, _) => {}
            }
        }
        duplicates.append(&mut denied);
        Outcome::without(duplicates, self.topics.is_empty(), |response: &mut CreatePartitionsResponse, refused| {
            prepend(refused, &mut response.results);
        })
    }
}

fn duplicate_topic(name: TopicName) -> CreatePartitionsTopicResult {
    CreatePartitionsTopicResult::default()
        .with_name(name)
        .with_error_code(ErrorCode::INVALID_REQUEST.0)
        .with_error_message(Some(StrBytes::from_static_str("Duplicate topic name.")))
}

fn denied_topic(name: TopicName) -> CreatePartitionsTopicResult {
    CreatePartitionsTopicResult::default()
        .with_name(name)
        .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
        .with_error_message(None)
}

#[cfg(test)]
mod tests {
    use protocol::messages::create_partitions_request::CreatePartitionsTopic;

    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn creating(topics: &[&str]) -> CreatePartitionsRequest {
        let topic = |name: &&str| CreatePartitionsTopic::default().with_name(str_bytes(name).into()).with_count(4);
        CreatePartitionsRequest::default().with_topics(topics.iter().map(topic).collect())
    }

    fn answered(name: &str, error: ErrorCode) -> CreatePartitionsTopicResult {
        let result = CreatePartitionsTopicResult::default().with_name(str_bytes(name).into());
        result.with_error_code(error.0).with_error_message(None)
    }

    #[test]
    fn allowed_topics_pass_through() {
        for version in [0, 3] {
            let mut client = Client::with(&["allow Alter Topic orders"]);
            assert!(client.ask(version, &creating(&["orders"])).passed_through());
            assert_eq!(client.decisions(), ["allowed Alter Topic orders"]);
        }
    }

    #[test]
    fn denied_topics_stand_between_duplicates_and_results() {
        for version in [0, 3] {
            let mut client = Client::with(&["allow Alter Topic orders"]);
            let asked = client.ask(version, &creating(&["twice", "orders", "pay", "twice"]));
            assert_eq!(client.decisions(), ["allowed Alter Topic orders", "denied Alter Topic pay"]);
            assert_eq!(asked.forwarded(), &creating(&["orders"]), "what nobody decided on goes no further");
            let duplicate = duplicate_topic(str_bytes("twice").into());
            let created = answered("orders", ErrorCode::NONE);
            let broker = CreatePartitionsResponse::default().with_results(vec![created.clone()]);
            let denied = answered("pay", ErrorCode::TOPIC_AUTHORIZATION_FAILED);
            let expected = CreatePartitionsResponse::default().with_results(vec![duplicate, denied, created]);
            assert_eq!(client.answer(asked, broker), on_the_wire(version, &expected));
        }
    }

    #[test]
    fn with_all_topics_denied_no_broker_is_asked() {
        for version in [0, 3] {
            let denied = answered("pay", ErrorCode::TOPIC_AUTHORIZATION_FAILED);
            let expected = CreatePartitionsResponse::default().with_results(vec![denied]);
            assert_eq!(Client::with(&[]).ask(version, &creating(&["pay"])).response(), on_the_wire(version, &expected));
        }
    }
}
