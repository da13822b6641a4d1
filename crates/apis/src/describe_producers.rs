//! DescribeProducers (61): `KafkaApis.handleDescribeProducersRequest`.
//!
//! Read on each topic entry, in order; but a name that no topic can have is refused before anybody is asked, which is
//! left to the broker. The answer keeps the order of the request.

use acl::{AclOperation, ResourceType};
use protocol::messages::describe_producers_request::TopicRequest;
use protocol::messages::describe_producers_response::{PartitionResponse, TopicResponse};
use protocol::messages::{DescribeProducersRequest, DescribeProducersResponse};
use protocol::{ErrorCode, StrBytes};

use crate::internal_topics::can_be_a_topic;
use crate::outcome::in_request_order;
use crate::{Authorize, Edit, Outcome, RequestContext};

impl Authorize for DescribeProducersRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DescribeProducersResponse> {
        let mut answers = Vec::new();
        self.topics.retain(|topic| {
            let allowed =
                !can_be_a_topic(&topic.name) || context.authorize(AclOperation::Read, ResourceType::Topic, &topic.name);
            answers.push((!allowed).then(|| denied_topic(topic)));
            allowed
        });
        if answers.iter().all(Option::is_none) {
            return Outcome::Forward;
        }
        if self.topics.is_empty() {
            let denied = answers.into_iter().flatten().collect();
            return Outcome::Respond(DescribeProducersResponse::default().with_topics(denied));
        }
        Outcome::ForwardReduced(Edit::typed(|_, response: &mut DescribeProducersResponse| {
            in_request_order(answers, &mut response.topics);
        }))
    }
}

fn denied_topic(topic: &TopicRequest) -> TopicResponse {
    let error = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    let partition = |&index: &i32| {
        PartitionResponse::default()
            .with_partition_index(index)
            .with_error_code(error.0)
            .with_error_message(Some(StrBytes::from_static_str(error.message())))
    };
    TopicResponse::default()
        .with_name(topic.name.clone())
        .with_partitions(topic.partition_indexes.iter().map(partition).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, str_bytes};

    fn asking(topics: &[&str]) -> DescribeProducersRequest {
        let topic =
            |name: &&str| TopicRequest::default().with_name(str_bytes(name).into()).with_partition_indexes(vec![0, 7]);
        DescribeProducersRequest::default().with_topics(topics.iter().map(topic).collect())
    }

    fn answer(topics: Vec<TopicResponse>) -> DescribeProducersResponse {
        DescribeProducersResponse::default().with_topics(topics)
    }

    fn answered(name: &str, error: ErrorCode, words: Option<&str>) -> TopicResponse {
        let partition = |index| {
            PartitionResponse::default()
                .with_partition_index(index)
                .with_error_code(error.0)
                .with_error_message(words.map(str_bytes))
        };
        TopicResponse::default().with_name(str_bytes(name).into()).with_partitions(vec![partition(0), partition(7)])
    }

    fn denied(name: &str) -> TopicResponse {
        let error = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
        answered(name, error, Some(error.message()))
    }

    #[test]
    fn allowed_topics_pass_through() {
        let mut client = Client::with(&["allow Read Topic orders"]);
        assert!(client.ask(0, &asking(&["orders"])).passed_through());
        assert_eq!(client.decisions(), ["allowed Read Topic orders"]);
        assert!(client.ask(0, &asking(&[])).passed_through());
    }

    #[test]
    fn denied_topics_are_answered_at_their_place() {
        let mut client = Client::with(&["allow Read Topic orders", "allow Describe Topic pay"]);
        let asked = client.ask(0, &asking(&["pay", "orders", "pay"]));
        assert_eq!(client.decisions(), ["denied Read Topic pay", "allowed Read Topic orders", "denied Read Topic pay"]);
        assert_eq!(asked.forwarded(), &asking(&["orders"]));
        let orders = answered("orders", ErrorCode::NONE, None);
        let expected = answer(vec![denied("pay"), orders.clone(), denied("pay")]);
        assert_eq!(client.answer(asked, answer(vec![orders])), expected);
    }

    #[test]
    fn with_all_topics_denied_no_broker_is_asked() {
        let asked = Client::with(&[]).ask(0, &asking(&["pay", "orders"]));
        assert_eq!(asked.response(), answer(vec![denied("pay"), denied("orders")]));
    }

    #[test]
    fn names_that_no_topic_can_have_are_for_the_broker_to_refuse() {
        let long = "x".repeat(250);
        let mut client = Client::with(&[]);
        assert!(client.ask(0, &asking(&["", ".", "..", "a b", "ä", &long])).passed_through());
        assert_eq!(client.decisions(), Vec::<String>::new());

        let asked = client.ask(0, &asking(&["a-b.c_1", "a/b"]));
        assert_eq!(client.decisions(), ["denied Read Topic a-b.c_1"]);
        assert_eq!(asked.forwarded(), &asking(&["a/b"]));
        let invalid = answered("a/b", ErrorCode::INVALID_TOPIC_EXCEPTION, Some("no such name"));
        let expected = answer(vec![denied("a-b.c_1"), invalid.clone()]);
        assert_eq!(client.answer(asked, answer(vec![invalid])), expected);
    }
}
