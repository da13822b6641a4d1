//! SyncGroup (14): `KafkaApis.handleSyncGroupRequest`.
//!
//! Read on the group. From version 5 on a request without protocol type or name is answered with
//! INCONSISTENT_GROUP_PROTOCOL before anything is asked.

use acl::{AclOperation, ResourceType};
use protocol::messages::{SyncGroupRequest, SyncGroupResponse};
use protocol::{ErrorCode, ErrorResponse};

use crate::{Authorize, Outcome, RequestContext};

/// The first version whose protocol type and name are mandatory (KIP-559).
const MANDATORY_PROTOCOL: i16 = 5;

impl Authorize for SyncGroupRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<SyncGroupResponse> {
        let incomplete = self.protocol_type.is_none() || self.protocol_name.is_none();
        if context.version >= MANDATORY_PROTOCOL && incomplete {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::INCONSISTENT_GROUP_PROTOCOL));
        }
        if context.authorize(AclOperation::Read, ResourceType::Group, &self.group_id.0) {
            Outcome::Forward
        } else {
            Outcome::Respond(self.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, str_bytes};

    fn syncing() -> SyncGroupRequest {
        SyncGroupRequest::default()
            .with_group_id(str_bytes("billing").into())
            .with_protocol_type(Some(str_bytes("consumer")))
            .with_protocol_name(Some(str_bytes("range")))
    }

    #[test]
    fn read_on_the_group_lets_it_pass() {
        for version in [0, 5] {
            let mut client = Client::with(&["allow Read Group billing"]);
            assert!(client.ask(version, &syncing()).passed_through());
            assert_eq!(client.decisions(), ["allowed Read Group billing"]);
        }
    }

    #[test]
    fn without_read_the_group_is_denied() {
        for version in [0, 5] {
            let denied = SyncGroupResponse::default().with_error_code(ErrorCode::GROUP_AUTHORIZATION_FAILED.0);
            assert_eq!(Client::with(&["allow Describe Group billing"]).ask(version, &syncing()).response(), denied);
        }
    }

    #[test]
    fn a_missing_protocol_is_refused_before_anything_is_asked() {
        let mut client = Client::with(&[]);
        let answer = client.ask(5, &syncing().with_protocol_name(None)).response();
        assert_eq!(answer.error_code, ErrorCode::INCONSISTENT_GROUP_PROTOCOL.0);
        assert_eq!(client.decisions(), Vec::<String>::new());
    }
}
