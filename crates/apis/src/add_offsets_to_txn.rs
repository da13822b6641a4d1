//! AddOffsetsToTxn (25): `KafkaApis.handleAddOffsetsToTxnRequest`.
//!
//! Write on the transactional id, then Read on the group; the first that is denied is the answer.

use acl::{AclOperation, ResourceType};
use protocol::messages::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};
use protocol::{ErrorCode, ErrorResponse};

use crate::{Authorize, Outcome, RequestContext};

impl Authorize for AddOffsetsToTxnRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<AddOffsetsToTxnResponse> {
        if !context.authorize(AclOperation::Write, ResourceType::TransactionalId, &self.transactional_id.0) {
            let error = ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
            return Outcome::Respond(self.error_response(context.version, error));
        }
        if !context.authorize(AclOperation::Read, ResourceType::Group, &self.group_id.0) {
            return Outcome::Respond(self.error_response(context.version, ErrorCode::GROUP_AUTHORIZATION_FAILED));
        }
        Outcome::Forward
    }
}
