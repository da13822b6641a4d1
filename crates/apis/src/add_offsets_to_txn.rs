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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn adding() -> AddOffsetsToTxnRequest {
        let request = AddOffsetsToTxnRequest::default().with_transactional_id(str_bytes("tx-1").into());
        request.with_group_id(str_bytes("billing").into())
    }

    #[test]
    fn the_transaction_comes_before_the_group() {
        let cases: [(&[&str], Option<ErrorCode>, &[&str]); 3] = [
            (&[], Some(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED), &["denied Write TransactionalId tx-1"]),
            (
                &["allow Write TransactionalId tx-1"],
                Some(ErrorCode::GROUP_AUTHORIZATION_FAILED),
                &["allowed Write TransactionalId tx-1", "denied Read Group billing"],
            ),
            (
                &["allow Write TransactionalId tx-1", "allow Read Group billing"],
                None,
                &["allowed Write TransactionalId tx-1", "allowed Read Group billing"],
            ),
        ];
        for version in [0, 4] {
            for (acls, error, decisions) in &cases {
                let mut client = Client::with(acls);
                let asked = client.ask(version, &adding());
                assert_eq!(client.decisions(), *decisions);
                match error {
                    None => assert!(asked.passed_through()),
                    Some(error) => {
                        let denied = AddOffsetsToTxnResponse::default().with_error_code(error.0);
                        assert_eq!(asked.response(), on_the_wire(version, &denied));
                    }
                }
            }
        }
    }
}
