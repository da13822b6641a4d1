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
