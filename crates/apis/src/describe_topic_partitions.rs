//! DescribeTopicPartitions (75): `DescribeTopicPartitionsRequestHandler`.
//!
//! Describe on each topic: of those named, or, if none is named, of all there are. A broker asks about all names before
//! it makes pages, so that a cursor always names a topic the caller may see. We keep that: a request for all topics goes
//! on as one for the names the caller may see. The bit field of operations is always filled in.

use acl::{AclOperation, ResourceType};
use acl::Grants;
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
        let mut names: Vec<StrBytes> = if all {
            context.found.topics.keys().cloned().collect()
        } else {
            self.topics.iter().map(|topic| topic.name.0.clone()).collect()
        };
        names.sort_unstable_by(|one, other| one.encode_utf16().cmp(other.encode_utf16()));
        names.dedup();
        if let Some(cursor) = &self.cursor {
            let start = cursor.topic_name.0.clone();
            names.retain(|name| name.encode_utf16().ge(start.encode_utf16()));
        }
        let (allowed, denied): (Vec<_>, Vec<_>) = names
            .into_iter()
            .partition(|name| context.authorize(AclOperation::Describe, ResourceType::Topic, name));
        let denied = if all { Vec::new() } else { denied.into_iter().map(denied_topic).collect() };
        if allowed.is_empty() {
            return Outcome::Respond(DescribeTopicPartitionsResponse::default().with_topics(denied));
        }
        if self.cursor.as_ref().is_some_and(|cursor| !allowed.contains(&cursor.topic_name.0)) {
            // The names left begin behind the cursor: without it the broker begins where it would have with it.
            self.cursor = None;
        }
        self.topics = allowed.into_iter().map(|name| TopicRequest::default().with_name(TopicName(name))).collect();
        Outcome::ForwardReduced(Edit::typed(move |context, response: &mut DescribeTopicPartitionsResponse| {
            if all {
                // Deleted since it was looked up: a broker that lists all topics would not have named it.
                response.topics.retain(|topic| topic.error_code != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0);
            }
            for topic in &mut response.topics {
                let name = topic.name.as_ref().map_or("", |name| name.0.as_str());
                topic.topic_authorized_operations = context.authorized_operations(ResourceType::Topic, name);
            }
            response.topics.extend(denied);
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
