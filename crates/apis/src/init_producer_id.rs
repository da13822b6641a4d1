//! InitProducerId (22): `KafkaApis.handleInitProducerIdRequest`.
//!
//! With a transactional id: Write on it and, for two-phase commit (KIP-939, version 6), TwoPhaseCommit. Without one, for an idempotent producer: IdempotentWrite on the cluster or, since
//! KIP-679, Write on any topic.
//!
//! A broker writes no line about an idempotent producer that it finally refuses. We do, one: IdempotentWrite on the
//! cluster. Version 6 is unstable: a broker advertises it only if it is told to.

use acl::{AclOperation, ResourceType};
use protocol::messages::{InitProducerIdRequest, InitProducerIdResponse};
use protocol::{ErrorCode, ErrorResponse, StrBytes};

use crate::{Authorize, Outcome, RequestContext};

impl Authorize for InitProducerIdRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<InitProducerIdResponse> {
        let denied = match &self.transactional_id {
            Some(id) if may_be_transactional(id, self.enable_2_pc, context) => None,
            Some(_) => Some(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
            None if may_be_idempotent(context) => None,
            None => Some(ErrorCode::CLUSTER_AUTHORIZATION_FAILED),
        };
        match denied {
            None => Outcome::Forward,
            Some(error) => Outcome::Respond(self.error_response(context.version, error)),
        }
    }
}

fn may_be_transactional(id: &StrBytes, two_phase_commit: bool, context: &mut RequestContext<'_>) -> bool {
    let mut asked = |operation| context.authorize(operation, ResourceType::TransactionalId, id);
    asked(AclOperation::Write) && (!two_phase_commit || asked(AclOperation::TwoPhaseCommit))
}

fn may_be_idempotent(context: &mut RequestContext<'_>) -> bool {
    context.authorize_cluster_quietly(AclOperation::IdempotentWrite)
        || context.authorize_by_resource_type(AclOperation::Write, ResourceType::Topic)
        || context.refuse_for(AclOperation::IdempotentWrite)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, str_bytes};

    fn transactional() -> InitProducerIdRequest {
        InitProducerIdRequest::default().with_transactional_id(Some(str_bytes("tx").into()))
    }

    fn idempotent() -> InitProducerIdRequest {
        InitProducerIdRequest::default().with_transactional_id(None)
    }

    fn denied(error: i16) -> InitProducerIdResponse {
        InitProducerIdResponse::default().with_error_code(error).with_producer_id((-1).into()).with_producer_epoch(-1)
    }

    #[test]
    fn a_transactional_producer_needs_its_id() {
        for version in [0, 6] {
            let mut client = Client::with(&["allow Write TransactionalId tx"]);
            assert!(client.ask(version, &transactional()).passed_through());
            assert_eq!(client.decisions(), ["allowed Write TransactionalId tx"]);

            client.acls_are_now(&["allow IdempotentWrite Cluster", "allow Describe TransactionalId tx"]);
            let asked = client.ask(version, &transactional());
            assert_eq!(client.decisions(), ["denied Write TransactionalId tx"]);
            assert_eq!(asked.response(), denied(53));
        }
    }

    #[test]
    fn two_phase_commit_needs_an_operation_of_its_own() {
        let request = transactional().with_enable_2_pc(true);
        let mut client = Client::with(&["allow Write TransactionalId tx", "allow TwoPhaseCommit TransactionalId tx"]);
        assert!(client.ask(6, &request).passed_through());
        assert_eq!(
            client.decisions(),
            ["allowed Write TransactionalId tx", "allowed TwoPhaseCommit TransactionalId tx"]
        );
        client.acls_are_now(&["allow Write TransactionalId tx"]);
        assert_eq!(client.ask(6, &request).response(), denied(53));
        assert!(client.ask(6, &transactional()).passed_through());
    }

    #[test]
    fn an_idempotent_producer_needs_the_cluster_or_any_topic() {
        for version in [0, 6] {
            let mut client = Client::with(&["allow IdempotentWrite Cluster"]);
            assert!(client.ask(version, &idempotent()).passed_through());
            assert_eq!(client.decisions(), ["allowed IdempotentWrite Cluster kafka-cluster (quiet)"]);

            client.acls_are_now(&["allow Write Topic pay- prefixed"]);
            assert!(client.ask(version, &idempotent()).passed_through());
            assert_eq!(
                client.decisions(),
                ["denied IdempotentWrite Cluster kafka-cluster (quiet)", "denied Write Topic hardcode x0 (quiet)"]
            );

            client.acls_are_now(&["allow Write Topic orders", "deny Write Topic ord prefixed"]);
            let asked = client.ask(version, &idempotent());
            assert_eq!(
                client.decisions(),
                ["denied IdempotentWrite Cluster kafka-cluster", "denied Write Topic hardcode x0 (quiet)"]
            );
            assert_eq!(asked.response(), denied(31));
        }
    }
}
