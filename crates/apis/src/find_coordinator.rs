//! FindCoordinator (10): `KafkaApis.handleFindCoordinatorRequest`.
//!
//! What is asked depends on the type of key: Describe on the group (0) or on the transactional id (1), ClusterAction on
//! the cluster (2, share partitions). Version 4 and above name many keys, each answered for itself in the order of the
//! request; but a caller without ClusterAction is refused all of them, as in a broker, which throws there.

use acl::{AclOperation, ResourceType};
use protocol::messages::find_coordinator_response::Coordinator;
use protocol::messages::{BrokerId, FindCoordinatorRequest, FindCoordinatorResponse};
use protocol::{ErrorCode, ErrorResponse, StrBytes};

use crate::{Authorize, Edit, Outcome, RequestContext};

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
const SHARE: i8 = 2;
/// The first version that names many keys.
const MANY_KEYS: i16 = 4;
/// The first version in which a key may be of type share.
const SHARE_KEYS: i16 = 6;

impl Authorize for FindCoordinatorRequest {
    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<FindCoordinatorResponse> {
        let version = context.version;
        if version < MANY_KEYS {
            return match verdict(self.key_type, &self.key, context) {
                Verdict::Allowed => Outcome::Forward,
                Verdict::Denied(error) | Verdict::AllDenied(error) => Outcome::Respond(denied_single(version, error)),
            };
        }
        let mut slots = Vec::with_capacity(self.coordinator_keys.len());
        for key in &self.coordinator_keys {
            match verdict(self.key_type, key, context) {
                Verdict::Allowed => slots.push(None),
                Verdict::Denied(error) => slots.push(Some(denied_key(key, error))),
                Verdict::AllDenied(error) => return Outcome::Respond(self.error_response(version, error)),
            }
        }
        if slots.iter().all(Option::is_none) {
            return Outcome::Forward;
        }
        if slots.iter().all(Option::is_some) {
            let coordinators = slots.into_iter().flatten().collect();
            return Outcome::Respond(FindCoordinatorResponse::default().with_coordinators(coordinators));
        }
        let mut allowed = slots.iter().map(Option::is_none);
        self.coordinator_keys.retain(|_| allowed.next().unwrap_or(false));
        Outcome::ForwardReduced(Edit::typed(move |_, response: &mut FindCoordinatorResponse| {
            let mut found = std::mem::take(&mut response.coordinators).into_iter();
            response.coordinators = slots.into_iter().filter_map(|slot| slot.or_else(|| found.next())).collect();
            response.coordinators.extend(found);
        }))
    }
}

enum Verdict {
    Allowed,
    Denied(ErrorCode),
    /// The whole request is refused with this code.
    AllDenied(ErrorCode),
}

fn verdict(key_type: i8, key: &StrBytes, context: &mut RequestContext<'_>) -> Verdict {
    match key_type {
        GROUP if context.authorize(AclOperation::Describe, ResourceType::Group, key) => Verdict::Allowed,
        GROUP => Verdict::Denied(ErrorCode::GROUP_AUTHORIZATION_FAILED),
        TRANSACTION if context.authorize(AclOperation::Describe, ResourceType::TransactionalId, key) => Verdict::Allowed,
        TRANSACTION => Verdict::Denied(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
        SHARE if context.version < SHARE_KEYS => Verdict::Denied(ErrorCode::INVALID_REQUEST),
        SHARE if context.authorize_cluster(AclOperation::ClusterAction) => Verdict::Allowed,
        SHARE => Verdict::AllDenied(ErrorCode::CLUSTER_AUTHORIZATION_FAILED),
        _ => Verdict::AllDenied(ErrorCode::INVALID_REQUEST),
    }
}

/// Version 4 and above: the message is empty, not null.
fn denied_key(key: &StrBytes, error: ErrorCode) -> Coordinator {
    Coordinator::default()
        .with_key(key.clone())
        .with_node_id(BrokerId(-1))
        .with_port(-1)
        .with_error_code(error.0)
        .with_error_message(Some(StrBytes::new()))
}

/// Up to version 3: the one key there is, with the standard text of the error.
fn denied_single(version: i16, error: ErrorCode) -> FindCoordinatorResponse {
    let message = (version >= 1).then(|| StrBytes::from_static_str(error.message()));
    FindCoordinatorResponse::default()
        .with_node_id(BrokerId(-1))
        .with_port(-1)
        .with_error_code(error.0)
        .with_error_message(message)
}
