//! ConsumerGroupHeartbeat (68): `KafkaApis.handleConsumerGroupHeartbeat` (KIP-848).
//!
//! Read on the group; then, when the subscription is sent, Describe on every topic named in it: one denied name denies
//! the request, and the client is not told which.
//!
//! A subscription by regular expression would be matched by the broker against all topics it has, by *our* identity,
//! which sees everything. Until it is matched here it is refused (`docs/differences.md`).

use acl::{AclOperation, ResourceType};
use protocol::messages::{ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse};
use protocol::{ErrorCode, ErrorResponse, StrBytes};

use crate::{Authorize, Outcome, RequestContext};

const NO_REGULAR_EXPRESSIONS: &str =
    "Doorkeeper does not serve subscriptions by regular expression yet; subscribe to topics by name";

impl Authorize for ConsumerGroupHeartbeatRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<ConsumerGroupHeartbeatResponse> {
        if !context.authorize(AclOperation::Read, ResourceType::Group, &self.group_id.0) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
        let names = self.subscribed_topic_names.as_deref().unwrap_or_default();
        let mut distinct: Vec<StrBytes> = names.iter().map(|name| name.0.clone()).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let authorized = context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, &distinct);
        if distinct.iter().any(|name| !authorized.contains(name)) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::TOPIC_AUTHORIZATION_FAILED));
        }
        if self.subscribed_topic_regex.as_ref().is_some_and(|expression| !expression.is_empty()) {
            let refusal = self.error_response(context.version, ErrorCode::INVALID_REGULAR_EXPRESSION);
            return Outcome::Respond(
                refusal.with_error_message(Some(StrBytes::from_static_str(NO_REGULAR_EXPRESSIONS))),
            );
        }
        Outcome::Forward
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn beating(topics: Option<&[&str]>) -> ConsumerGroupHeartbeatRequest {
        let names = topics.map(|names| names.iter().map(|name| str_bytes(name).into()).collect());
        ConsumerGroupHeartbeatRequest::default()
            .with_group_id(str_bytes("billing").into())
            .with_subscribed_topic_names(names)
    }

    fn denied(error: ErrorCode) -> ConsumerGroupHeartbeatResponse {
        ConsumerGroupHeartbeatResponse::default().with_error_code(error.0)
    }

    #[test]
    fn an_unchanged_subscription_asks_for_the_group_alone() {
        for version in [0, 1] {
            let mut client = Client::with(&["allow Read Group billing"]);
            assert!(client.ask(version, &beating(None)).passed_through());
            assert_eq!(client.decisions(), ["allowed Read Group billing"]);
            let asked = Client::with(&["allow Describe Group billing"]).ask(version, &beating(None));
            assert_eq!(asked.response(), on_the_wire(version, &denied(ErrorCode::GROUP_AUTHORIZATION_FAILED)));
        }
    }

    #[test]
    fn one_denied_topic_denies_the_request() {
        for version in [0, 1] {
            let mut client = Client::with(&["allow Read Group billing", "allow Read Topic orders"]);
            assert!(client.ask(version, &beating(Some(&["orders", "orders"]))).passed_through());
            assert_eq!(client.decisions(), ["allowed Read Group billing", "allowed Describe Topic orders"]);
            let asked = client.ask(version, &beating(Some(&["orders", "pay"])));
            assert_eq!(asked.response(), on_the_wire(version, &denied(ErrorCode::TOPIC_AUTHORIZATION_FAILED)));
        }
    }

    #[test]
    fn a_regular_expression_is_refused_in_words() {
        let request = beating(None).with_subscribed_topic_regex(Some(str_bytes("orders.*")));
        let asked = Client::with(&["allow Read Group billing", "allow Read Topic *"]).ask(1, &request);
        let refused = denied(ErrorCode::INVALID_REGULAR_EXPRESSION);
        assert_eq!(asked.response(), refused.with_error_message(Some(str_bytes(NO_REGULAR_EXPRESSIONS))));
    }
}
