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
        TRANSACTION if context.authorize(AclOperation::Describe, ResourceType::TransactionalId, key) => {
            Verdict::Allowed
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, on_the_wire, str_bytes};

    fn one(key_type: i8, key: &str) -> FindCoordinatorRequest {
        FindCoordinatorRequest::default().with_key(str_bytes(key)).with_key_type(key_type)
    }

    fn many(key_type: i8, keys: &[&str]) -> FindCoordinatorRequest {
        let keys = keys.iter().map(|key| str_bytes(key)).collect();
        FindCoordinatorRequest::default().with_coordinator_keys(keys).with_key_type(key_type)
    }

    fn coordinator(key: &str) -> Coordinator {
        let here = Coordinator::default().with_key(str_bytes(key)).with_node_id(BrokerId(1));
        here.with_host(str_bytes("kafka-1")).with_port(9092).with_error_message(Some(StrBytes::new()))
    }

    fn at_doorkeeper(key: &str) -> Coordinator {
        coordinator(key).with_host(str_bytes("doorkeeper")).with_port(9101)
    }

    #[test]
    fn an_allowed_group_goes_on_and_its_coordinator_is_one_of_ours() {
        let mut client = Client::with(&["allow Read Group billing"]);
        let asked = client.ask(0, &one(GROUP, "billing"));
        assert!(asked.went_on_as_it_came());
        assert_eq!(client.decisions(), ["allowed Describe Group billing"]);
        let broker = FindCoordinatorResponse::default()
            .with_node_id(BrokerId(1))
            .with_host(str_bytes("kafka-1"))
            .with_port(9092);
        let expected = broker.clone().with_host(str_bytes("doorkeeper")).with_port(9101);
        assert_eq!(client.answer(asked, broker), on_the_wire(0, &expected));
    }

    #[test]
    fn a_denied_key_is_answered_at_the_top_up_to_version_3() {
        for (version, key_type, error) in [
            (0, GROUP, ErrorCode::GROUP_AUTHORIZATION_FAILED),
            (3, GROUP, ErrorCode::GROUP_AUTHORIZATION_FAILED),
            (3, TRANSACTION, ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
            (3, SHARE, ErrorCode::INVALID_REQUEST),
            (3, 9, ErrorCode::INVALID_REQUEST),
        ] {
            let asked = Client::with(&[]).ask(version, &one(key_type, "key"));
            let expected = FindCoordinatorResponse::default()
                .with_error_code(error.0)
                .with_error_message((version > 0).then(|| str_bytes(error.message())))
                .with_node_id(BrokerId(-1))
                .with_port(-1);
            assert_eq!(asked.response(), on_the_wire(version, &expected), "version {version}, type {key_type}");
        }
    }

    #[test]
    fn denied_keys_keep_their_place_among_the_allowed_ones() {
        let mut client = Client::with(&["allow Describe TransactionalId tx prefixed"]);
        let asked = client.ask(6, &many(TRANSACTION, &["tx-1", "other", "tx-2"]));
        assert_eq!(asked.forwarded(), &many(TRANSACTION, &["tx-1", "tx-2"]));
        let broker =
            FindCoordinatorResponse::default().with_coordinators(vec![coordinator("tx-1"), coordinator("tx-2")]);
        let denied = denied_key(&str_bytes("other"), ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
        let expected = vec![at_doorkeeper("tx-1"), denied, at_doorkeeper("tx-2")];
        assert_eq!(client.answer(asked, broker), FindCoordinatorResponse::default().with_coordinators(expected));
    }

    #[test]
    fn with_all_keys_denied_no_broker_is_asked() {
        let asked = Client::with(&[]).ask(4, &many(GROUP, &["a", "b"]));
        let denied = ["a", "b"].map(|key| denied_key(&str_bytes(key), ErrorCode::GROUP_AUTHORIZATION_FAILED));
        assert_eq!(asked.response(), FindCoordinatorResponse::default().with_coordinators(denied.to_vec()));
    }

    #[test]
    fn a_share_partition_needs_cluster_action_for_the_whole_request() {
        let request = many(SHARE, &["group:AAAAAAAAAAAAAAAAAAAAAA:0", "group:AAAAAAAAAAAAAAAAAAAAAA:1"]);
        let mut client = Client::with(&[]);
        let answer = client.ask(6, &request).response();
        let errors: Vec<i16> = answer.coordinators.iter().map(|each| each.error_code).collect();
        assert_eq!(errors, [ErrorCode::CLUSTER_AUTHORIZATION_FAILED.0; 2]);
        assert_eq!(client.decisions(), ["denied ClusterAction Cluster kafka-cluster"]);
        assert!(Client::with(&["allow ClusterAction Cluster"]).ask(6, &request).went_on_as_it_came());
    }
}
