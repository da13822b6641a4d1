//! CreatePartitions (37): `ControllerApis.createPartitions`.
//!
//! Alter on each topic. A topic that is named twice is never asked about: the broker refuses it as a duplicate. In the
//! answer stand the duplicates, then the denied topics, then the results.

use std::collections::HashMap;

use acl::{AclOperation, ResourceType};
use protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use protocol::messages::{CreatePartitionsRequest, CreatePartitionsResponse, TopicName};
use protocol::{ErrorCode, StrBytes};

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
        let duplicates = occurrences.values().filter(|&&count| count > 1).count();

        let (left, denied): (Vec<_>, Vec<_>) =
            topics.into_iter().partition(|topic| !unique(&topic.name.0) || authorized.contains(&topic.name.0));
        self.topics = left;
        let denied = denied.into_iter().map(|topic| denied_topic(topic.name)).collect();
        Outcome::without(denied, self.topics.is_empty(), move |response: &mut CreatePartitionsResponse, denied| {
            let after_duplicates = duplicates.min(response.results.len());
            response.results.splice(after_duplicates..after_duplicates, denied);
        })
    }
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
            assert_eq!(asked.forwarded(), &creating(&["twice", "orders", "twice"]));
            let duplicate = answered("twice", ErrorCode::INVALID_REQUEST);
            let created = answered("orders", ErrorCode::NONE);
            let broker =
                CreatePartitionsResponse::default().with_results(vec![duplicate.clone(), created.clone()]);
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
