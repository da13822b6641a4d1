//! DescribeTopicPartitions (75): `DescribeTopicPartitionsRequestHandler`.
//!
//! Describe on each topic: of those named, or, if none is named, of all there are. A broker asks about all names before
//! it makes pages, so that a cursor always names a topic the caller may see. We keep that: a request for all topics goes
//! on as one for the names the caller may see. The bit field of operations is always filled in.

use acl::Grants;
use acl::{AclOperation, ResourceType};
use protocol::messages::describe_topic_partitions_request::TopicRequest;
use protocol::messages::describe_topic_partitions_response::DescribeTopicPartitionsResponseTopic;
use protocol::messages::{DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, TopicName};
use protocol::{ErrorCode, ErrorResponse, StrBytes};

use crate::{Authorize, Edit, Lookup, Outcome, RequestContext};

impl Authorize for DescribeTopicPartitionsRequest {
    fn lookup(&self, _version: i16, _grants: &Grants) -> Lookup {
        Lookup { all_topics: self.topics.is_empty(), ..Lookup::default() }
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DescribeTopicPartitionsResponse> {
        if self.has_invalid_cursor() {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::INVALID_REQUEST));
        }
        let all = self.topics.is_empty();
        let asked: Vec<StrBytes> = self.topics.iter().map(|topic| topic.name.0.clone()).collect();
        let mut names: Vec<StrBytes> = if all { context.found.topics.keys().cloned().collect() } else { asked.clone() };
        names.sort_unstable_by(|one, other| one.encode_utf16().cmp(other.encode_utf16()));
        names.dedup();
        if let Some(cursor) = &self.cursor {
            let start = cursor.topic_name.0.clone();
            names.retain(|name| name.encode_utf16().ge(start.encode_utf16()));
        }
        let (allowed, denied): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| context.authorize(AclOperation::Describe, ResourceType::Topic, name));
        let denied = if all { Vec::new() } else { denied.into_iter().map(denied_topic).collect() };
        if allowed.is_empty() {
            return Outcome::Respond(DescribeTopicPartitionsResponse::default().with_topics(denied));
        }
        if self.cursor.as_ref().is_some_and(|cursor| !allowed.contains(&cursor.topic_name.0)) {
            // The names left begin behind the cursor: without it the broker begins where it would have with it.
            self.cursor = None;
        }
        self.topics = allowed.into_iter().map(|name| TopicRequest::default().with_name(TopicName(name))).collect();
        Outcome::ForwardReduced(Edit::topics(move |context, response| {
            if all {
                // Deleted since it was looked up: a broker that lists all topics would not have named it.
                response.topics.retain(|topic| topic.error_code != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0);
            }
            // It has as a whole, for every topic as often as the request names it: a name that is empty does that.
            if response.topics.iter().any(|topic| topic.error_code == ErrorCode::UNKNOWN_SERVER_ERROR.0) {
                response.topics.clear();
                let error = ErrorCode::UNKNOWN_SERVER_ERROR.0;
                response.append(asked.into_iter().map(|name| denied_topic(name).with_error_code(error)));
                return;
            }
            for topic in &mut response.topics {
                let name = topic.name.as_deref().unwrap_or_default();
                topic.authorized_operations = context.authorized_operations(ResourceType::Topic, name);
            }
            response.append(denied);
        }))
    }
}

trait Cursor {
    fn has_invalid_cursor(&self) -> bool;
}

impl Cursor for DescribeTopicPartitionsRequest {
    /// A cursor names a topic of the list, if there is a list, and a partition that can be.
    fn has_invalid_cursor(&self) -> bool {
        self.cursor.as_ref().is_some_and(|cursor| {
            let listed = self.topics.is_empty() || self.topics.iter().any(|topic| topic.name == cursor.topic_name);
            cursor.partition_index < 0 || !listed
        })
    }
}

fn denied_topic(name: StrBytes) -> DescribeTopicPartitionsResponseTopic {
    DescribeTopicPartitionsResponseTopic::default()
        .with_name(Some(TopicName(name)))
        .with_error_code(ErrorCode::TOPIC_AUTHORIZATION_FAILED.0)
}

#[cfg(test)]
mod tests {
    use protocol::messages::describe_topic_partitions_request::Cursor as RequestCursor;

    use super::*;
    use crate::testing::{Client, str_bytes};

    fn asking(topics: &[&str]) -> DescribeTopicPartitionsRequest {
        let topic = |name: &&str| TopicRequest::default().with_name(TopicName(str_bytes(name)));
        DescribeTopicPartitionsRequest::default().with_topics(topics.iter().map(topic).collect())
    }

    fn from(cursor: &str, request: DescribeTopicPartitionsRequest) -> DescribeTopicPartitionsRequest {
        request.with_cursor(Some(RequestCursor::default().with_topic_name(TopicName(str_bytes(cursor)))))
    }

    fn described(name: &str, operations: i32) -> DescribeTopicPartitionsResponseTopic {
        DescribeTopicPartitionsResponseTopic::default()
            .with_name(Some(TopicName(str_bytes(name))))
            .with_topic_authorized_operations(operations)
    }

    fn response(topics: Vec<DescribeTopicPartitionsResponseTopic>) -> DescribeTopicPartitionsResponse {
        DescribeTopicPartitionsResponse::default().with_topics(topics)
    }

    const READ: i32 = 1 << 3 | 1 << 8;

    #[test]
    fn denied_names_are_appended_and_the_operations_are_the_callers() {
        let mut client = Client::with(&["allow Read Topic orders"]);
        let asked = client.ask(0, &asking(&["pay", "orders"]));
        assert_eq!(client.decisions(), ["allowed Describe Topic orders", "denied Describe Topic pay"]);
        assert_eq!(asked.forwarded(), &asking(&["orders"]));
        let answer = client.answer(asked, response(vec![described("orders", 3576)]));
        assert_eq!(answer, response(vec![described("orders", READ), denied_topic(str_bytes("pay"))]));
    }

    #[test]
    fn with_all_names_denied_no_broker_is_asked() {
        let answer = Client::with(&[]).ask(0, &asking(&["pay"])).response();
        assert_eq!(answer, response(vec![denied_topic(str_bytes("pay"))]));
    }

    #[test]
    fn all_topics_are_those_the_caller_may_see() {
        let mut client =
            Client::with(&["allow Read Topic o prefixed"]).topic("orders", 1).topic("pay", 1).topic("old", 1);
        let asked = client.ask(0, &asking(&[]));
        assert_eq!(asked.forwarded(), &asking(&["old", "orders"]));
        let deleted = described("old", 0).with_error_code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0);
        let answer = client.answer(asked, response(vec![deleted, described("orders", 3576)]));
        assert_eq!(answer, response(vec![described("orders", READ)]));

        assert_eq!(Client::with(&[]).topic("pay", 1).ask(0, &asking(&[])).response(), response(Vec::new()));
    }

    #[test]
    fn a_cursor_leaves_out_what_stands_before_it() {
        let mut client = Client::with(&["allow Read Topic *"]).topic("a", 1).topic("b", 1).topic("c", 1);
        assert_eq!(client.ask(0, &from("b", asking(&[]))).forwarded(), &from("b", asking(&["b", "c"])));
        assert_eq!(client.decisions(), ["allowed Describe Topic b", "allowed Describe Topic c"]);
        client.acls_are_now(&["allow Read Topic c"]);
        assert_eq!(client.ask(0, &from("b", asking(&[]))).forwarded(), &asking(&["c"]));
    }

    #[test]
    fn a_cursor_that_cannot_be_is_refused_before_anything_is_asked() {
        let mut client = Client::with(&["allow Read Topic *"]);
        let answer = client.ask(0, &from("other", asking(&["orders"]))).response();
        assert_eq!(answer.topics[0].error_code, ErrorCode::INVALID_REQUEST.0);
        assert_eq!(client.decisions(), Vec::<String>::new());
    }

    /// As with a name that is empty: no operations are told, and denied topics have failed, too.
    #[test]
    fn a_request_that_a_broker_fails_at_has_failed_for_every_topic() {
        let failed = |name| described(name, i32::MIN).with_error_code(ErrorCode::UNKNOWN_SERVER_ERROR.0);
        let mut client = Client::with(&["allow Describe Topic *", "deny Describe Topic pay"]);
        let asked = client.ask(0, &asking(&["pay", "", "orders", "orders"]));
        let expected = ["pay", "", "orders", "orders"].map(failed).to_vec();
        assert_eq!(client.answer(asked, response(vec![failed(""), failed("orders")])), response(expected));
    }
}
