//! DeleteShareGroupOffsets (92): `KafkaApis.handleDeleteShareGroupOffsetsRequest` (KIP-932).
//!
//! Delete on the group, then Read on each topic entry, in order. The coordinator is asked for the rest even if nothing is
//! left; an error of its own at the top replaces everything. Denied topics are answered first.

use acl::{AclOperation, ResourceType};
use protocol::messages::delete_share_group_offsets_request::DeleteShareGroupOffsetsRequestTopic;
use protocol::messages::delete_share_group_offsets_response::DeleteShareGroupOffsetsResponseTopic;
use protocol::messages::{DeleteShareGroupOffsetsRequest, DeleteShareGroupOffsetsResponse};
use protocol::{ErrorCode, ErrorResponse, StrBytes};

use crate::outcome::prepend;
use crate::{Authorize, Outcome, RequestContext};

impl Authorize for DeleteShareGroupOffsetsRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DeleteShareGroupOffsetsResponse> {
        if !context.authorize(AclOperation::Delete, ResourceType::Group, &self.group_id.0) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
        let topics = std::mem::take(&mut self.topics);
        let (allowed, denied): (Vec<_>, Vec<_>) = topics
            .into_iter()
            .partition(|topic| context.authorize(AclOperation::Read, ResourceType::Topic, &topic.topic_name.0));
        self.topics = allowed;
        let denied = denied.into_iter().map(denied_topic).collect();
        Outcome::without(denied, false, |response: &mut DeleteShareGroupOffsetsResponse, denied| {
            if response.error_code == ErrorCode::NONE.0 {
                prepend(denied, &mut response.responses);
            }
        })
    }
}

fn denied_topic(topic: DeleteShareGroupOffsetsRequestTopic) -> DeleteShareGroupOffsetsResponseTopic {
    let error = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    DeleteShareGroupOffsetsResponseTopic::default()
        .with_topic_name(topic.topic_name)
        .with_error_code(error.0)
        .with_error_message(Some(StrBytes::from_static_str(error.message())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, str_bytes, topic_id};

    fn deleting(topics: &[&str]) -> DeleteShareGroupOffsetsRequest {
        let topic =
            |name: &&str| DeleteShareGroupOffsetsRequestTopic::default().with_topic_name(str_bytes(name).into());
        let request = DeleteShareGroupOffsetsRequest::default().with_group_id(str_bytes("billing").into());
        request.with_topics(topics.iter().map(topic).collect())
    }

    fn answer(topics: Vec<DeleteShareGroupOffsetsResponseTopic>) -> DeleteShareGroupOffsetsResponse {
        DeleteShareGroupOffsetsResponse::default().with_responses(topics)
    }

    fn deleted(name: &str) -> DeleteShareGroupOffsetsResponseTopic {
        let topic = DeleteShareGroupOffsetsResponseTopic::default().with_topic_id(topic_id(name));
        topic.with_topic_name(str_bytes(name).into())
    }

    fn denied(name: &str) -> DeleteShareGroupOffsetsResponseTopic {
        let error = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
        DeleteShareGroupOffsetsResponseTopic::default()
            .with_topic_name(str_bytes(name).into())
            .with_error_code(error.0)
            .with_error_message(Some(str_bytes(error.message())))
    }

    #[test]
    fn the_group_comes_before_the_topics() {
        let mut client = Client::with(&["allow Read Topic orders", "allow Read Group billing"]);
        let error = ErrorCode::GROUP_AUTHORIZATION_FAILED;
        let refused = answer(vec![]).with_error_code(error.0).with_error_message(Some(str_bytes(error.message())));
        assert_eq!(client.ask(0, &deleting(&["orders"])).response(), refused);
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
        let broker = answer(vec![deleted("orders")]);
        assert_eq!(client.answer(asked, broker), answer(vec![denied("pay"), deleted("orders")]));

        let asked = client.ask(0, &deleting(&["pay"]));
        assert_eq!(asked.forwarded(), &deleting(&[]));
        let broker = answer(vec![]).with_error_code(ErrorCode::NON_EMPTY_GROUP.0);
        assert_eq!(client.answer(asked, broker.clone()), broker);
    }
}
