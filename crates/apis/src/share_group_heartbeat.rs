//! ShareGroupHeartbeat (76): `KafkaApis.handleShareGroupHeartbeat` (KIP-932).
//!
//! Read on the group; then a member id that can be none is refused; then, when the subscription is sent, Describe on
//! every topic named in it: one denied name denies the request, and the client is not told which.

use acl::{AclOperation, ResourceType};
use protocol::messages::{ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse};
use protocol::{ErrorCode, ErrorResponse, StrBytes};

use crate::share_sessions::is_member_id;
use crate::{Authorize, Edit, Outcome, RequestContext};

impl Authorize for ShareGroupHeartbeatRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<ShareGroupHeartbeatResponse> {
        if !context.authorize(AclOperation::Read, ResourceType::Group, &self.group_id.0) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
        if !is_member_id(&self.member_id) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::INVALID_REQUEST));
        }
        let has_hidden = context.leave_out_hidden(&mut self.subscribed_topic_names, |name| &name.0);
        let names = self.subscribed_topic_names.as_deref().unwrap_or_default();
        let mut distinct: Vec<StrBytes> = names.iter().map(|name| name.0.clone()).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let authorized = context.filter_by_authorized(AclOperation::Describe, ResourceType::Topic, &distinct);
        if distinct.iter().any(|name| !authorized.contains(name)) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::TOPIC_AUTHORIZATION_FAILED));
        }
        if has_hidden { Outcome::ForwardReduced(Edit::Nothing) } else { Outcome::Forward }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, str_bytes};

    fn beating(topics: Option<&[&str]>) -> ShareGroupHeartbeatRequest {
        let names = topics.map(|names| names.iter().map(|name| str_bytes(name).into()).collect());
        ShareGroupHeartbeatRequest::default()
            .with_group_id(str_bytes("billing").into())
            .with_member_id(str_bytes("member-1"))
            .with_subscribed_topic_names(names)
    }

    fn denied(error: ErrorCode) -> ShareGroupHeartbeatResponse {
        ShareGroupHeartbeatResponse::default().with_error_code(error.0)
    }

    #[test]
    fn an_unchanged_subscription_asks_for_the_group_alone() {
        for unchanged in [beating(None), beating(Some(&[]))] {
            let mut client = Client::with(&["allow Read Group billing"]);
            assert!(client.ask(1, &unchanged).passed_through());
            assert_eq!(client.decisions(), ["allowed Read Group billing"]);
            let asked = Client::with(&["allow Describe Group billing"]).ask(1, &unchanged);
            assert_eq!(asked.response(), denied(ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
    }

    #[test]
    fn one_denied_topic_denies_the_request() {
        let mut client = Client::with(&["allow Read Group billing", "allow Read Topic orders"]);
        assert!(client.ask(1, &beating(Some(&["orders", "orders"]))).passed_through());
        assert_eq!(client.decisions(), ["allowed Read Group billing", "allowed Describe Topic orders"]);
        let asked = client.ask(1, &beating(Some(&["pay", "orders"])));
        assert_eq!(
            client.decisions(),
            ["allowed Read Group billing", "allowed Describe Topic orders", "denied Describe Topic pay"]
        );
        assert_eq!(asked.response(), denied(ErrorCode::TOPIC_AUTHORIZATION_FAILED));
    }

    #[test]
    fn a_member_id_that_can_be_none_is_refused_between_group_and_topics() {
        for id in ["", &"x".repeat(37)] {
            let request = beating(Some(&["pay"])).with_member_id(str_bytes(id));
            let mut client = Client::with(&["allow Read Group billing"]);
            let asked = client.ask(1, &request);
            assert_eq!(client.decisions(), ["allowed Read Group billing"]);
            assert_eq!(asked.response(), denied(ErrorCode::INVALID_REQUEST));
            let asked = Client::with(&[]).ask(1, &request);
            assert_eq!(asked.response(), denied(ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
    }
}
