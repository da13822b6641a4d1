//! CreateAcls (30): `AclApis.handleCreateAcls`, `AclControlManager.createAcls`. Answered from our own store.
//!
//! Alter on the cluster; without it every element is CLUSTER_AUTHORIZATION_FAILED. Elements that are wrong do not stop
//! the others: those are created in one step. As in Kafka an operation need not make sense for its resource type, nor a
//! host be an address; but unlike Kafka's, our texts say no names of Java classes.

use std::sync::Arc;

use acl::{
    AccessControlEntry, AclBinding, AclOperation, AclPermissionType, CLUSTER_NAME, KafkaPrincipal, PatternType,
    ResourcePattern, ResourceType,
};
use protocol::messages::create_acls_request::AclCreation;
use protocol::messages::create_acls_response::AclCreationResult;
use protocol::messages::{CreateAclsRequest, CreateAclsResponse};
use protocol::{ErrorCode, StrBytes};

use crate::acl_codes::{ANY, MATCH, UNKNOWN, UNPARSABLE};
use crate::serve::Refused;
use crate::{Authorize, Outcome, RequestContext, Serve};

impl Authorize for CreateAclsRequest {
    fn waits_for_answers(&self, _version: i16) -> bool {
        true
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<CreateAclsResponse> {
        let creations = std::mem::take(&mut self.creations);
        if creations.iter().any(|creation| codes(creation).contains(&UNKNOWN)) {
            return Outcome::Close(UNPARSABLE);
        }
        let every = |error: ErrorCode, text: Option<StrBytes>| {
            let result = result(error, text);
            CreateAclsResponse::default().with_results(creations.iter().map(|_| result.clone()).collect())
        };
        if !context.authorize_cluster(AclOperation::Alter) {
            let error = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
            return Outcome::Respond(every(error, Some(StrBytes::from_static_str(error.message()))));
        }
        if creations.iter().any(is_only_for_filters) {
            return Outcome::Respond(every(ErrorCode::UNKNOWN_SERVER_ERROR, None));
        }
        let checked: Vec<Result<AclBinding, StrBytes>> = creations.iter().map(checked).collect();
        let bindings: Vec<AclBinding> = checked.iter().flatten().cloned().collect();
        if bindings.is_empty() {
            return Outcome::Respond(answer(checked, Ok(())));
        }
        Outcome::Serve(Serve::CreateAcls { bindings, reply: Box::new(|outcome| answer(checked, outcome)) })
    }
}

fn codes(creation: &AclCreation) -> [i8; 4] {
    [creation.resource_type, creation.resource_pattern_type, creation.operation, creation.permission_type]
}

/// Kafka's `AclBinding` cannot be made of these, and the exception takes the whole request with it.
fn is_only_for_filters(creation: &AclCreation) -> bool {
    codes(creation).contains(&ANY) || creation.resource_pattern_type == MATCH
}

const NO_COLON: &str = "the principal has no colon between its type and its name, as in `User:alice`";

/// The ACL, or what is wrong first: the name, the codes, the principal.
fn checked(creation: &AclCreation) -> Result<AclBinding, StrBytes> {
    let name = &*creation.resource_name;
    match name {
        _ if creation.resource_type == ResourceType::Cluster.code() && name != CLUSTER_NAME => {
            return Err(format!("the cluster resource has one name only, `{CLUSTER_NAME}`").into());
        }
        "" => return Err(StrBytes::from_static_str("the name of the resource is empty")),
        _ => {}
    }
    let invalid = |what: &'static str| move |_| StrBytes::from_string(format!("Invalid {what} UNKNOWN"));
    let resource_type = ResourceType::try_from(creation.resource_type).map_err(invalid("resourceType"))?;
    let pattern_type = PatternType::try_from(creation.resource_pattern_type).map_err(invalid("patternType"))?;
    let operation = AclOperation::try_from(creation.operation).map_err(invalid("operation"))?;
    let permission_type = AclPermissionType::try_from(creation.permission_type).map_err(invalid("permissionType"))?;
    if KafkaPrincipal::parse(&creation.principal).is_err() {
        return Err(StrBytes::from_static_str(NO_COLON));
    }
    let text = |text: &StrBytes| -> Arc<str> { Arc::from(&**text) };
    Ok(AclBinding::new(
        ResourcePattern::new(resource_type, text(&creation.resource_name), pattern_type),
        AccessControlEntry::new(text(&creation.principal), text(&creation.host), operation, permission_type),
    ))
}

/// In the order of the request. What is refused as a whole is refused for every element, those that are wrong too.
fn answer(checked: Vec<Result<AclBinding, StrBytes>>, outcome: Result<(), Refused>) -> CreateAclsResponse {
    let results: Vec<AclCreationResult> = match outcome.map_err(Refused::told) {
        Err((error, text)) => checked.iter().map(|_| result(error, text.clone())).collect(),
        Ok(()) => {
            let one = |checked| match checked {
                Ok(_) => result(ErrorCode::NONE, Some(StrBytes::default())),
                Err(text) => result(ErrorCode::INVALID_REQUEST, Some(text)),
            };
            checked.into_iter().map(one).collect()
        }
    };
    CreateAclsResponse::default().with_results(results)
}

fn result(error: ErrorCode, text: Option<StrBytes>) -> AclCreationResult {
    AclCreationResult::default().with_error_code(error.0).with_error_message(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, str_bytes};

    const ALTER: &str = "allow Alter Cluster";

    /// `allow Read on Topic foo for User:bob from everywhere`, but for what a test changes.
    fn creation() -> AclCreation {
        AclCreation::default()
            .with_resource_type(2)
            .with_resource_name(str_bytes("foo"))
            .with_resource_pattern_type(3)
            .with_principal(str_bytes("User:bob"))
            .with_host(str_bytes("*"))
            .with_operation(3)
            .with_permission_type(3)
    }

    fn creating(creations: Vec<AclCreation>) -> CreateAclsRequest {
        CreateAclsRequest::default().with_creations(creations)
    }

    /// Code and text of each element.
    fn told(response: &CreateAclsResponse) -> Vec<(i16, Option<&str>)> {
        response.results.iter().map(|result| (result.error_code, result.error_message.as_deref())).collect()
    }

    #[test]
    fn without_alter_on_the_cluster_every_element_is_denied() {
        for version in 1..=3 {
            let mut client = Client::with(&["allow Describe Cluster"]);
            let response = client.ask(version, &creating(vec![creation(), creation().with_operation(1)])).response();
            assert_eq!(told(&response), [(31, Some("Cluster authorization failed.")); 2]);
            assert_eq!(client.decisions(), ["denied Alter Cluster kafka-cluster"]);
            assert_eq!(client.store(), [""; 0]);
        }
    }

    #[test]
    fn code_0_closes_the_connection_before_anything_is_asked() {
        for unknown in [
            creation().with_resource_type(0),
            creation().with_resource_pattern_type(0),
            creation().with_operation(0),
            creation().with_permission_type(0),
        ] {
            let mut client = Client::with(&[ALTER]);
            assert!(client.ask(3, &creating(vec![creation(), unknown])).closed());
            assert_eq!((client.decisions().len(), client.store().len()), (0, 0));
        }
    }

    #[test]
    fn what_only_a_filter_may_say_fails_every_element() {
        for any in [
            creation().with_resource_type(1),
            creation().with_resource_pattern_type(1),
            creation().with_resource_pattern_type(2),
            creation().with_operation(1),
            creation().with_permission_type(1),
        ] {
            let mut client = Client::with(&[ALTER]);
            let response = client.ask(3, &creating(vec![creation(), any])).response();
            assert_eq!(told(&response), [(-1, None); 2]);
            assert_eq!(client.store(), [""; 0]);
        }
    }

    /// Verified with Kafka 4.3.0: the codes, not the words.
    #[test]
    fn elements_that_are_wrong_say_what_and_do_not_stop_the_others() {
        let cluster = |name| creation().with_resource_type(4).with_resource_name(str_bytes(name));
        for (wrong, text) in [
            (cluster("other"), "the cluster resource has one name only, `kafka-cluster`"),
            (cluster("*"), "the cluster resource has one name only, `kafka-cluster`"),
            (cluster(""), "the cluster resource has one name only, `kafka-cluster`"),
            (creation().with_resource_name(str_bytes("")), "the name of the resource is empty"),
            (creation().with_resource_name(str_bytes("")).with_resource_type(99), "the name of the resource is empty"),
            (creation().with_resource_type(99).with_operation(99), "Invalid resourceType UNKNOWN"),
            (creation().with_resource_pattern_type(99), "Invalid patternType UNKNOWN"),
            (creation().with_operation(99).with_permission_type(99), "Invalid operation UNKNOWN"),
            (creation().with_permission_type(-1).with_principal(str_bytes("")), "Invalid permissionType UNKNOWN"),
        ] {
            let mut client = Client::with(&[ALTER]);
            let right = creation().with_resource_name(str_bytes("right"));
            let response = client.ask(3, &creating(vec![wrong, right])).response();
            assert_eq!(told(&response), [(42, Some(text)), (0, Some(""))]);
            assert_eq!(client.store(), ["Allow Read on Topic Literal right for User:bob from *"]);
        }
    }

    #[test]
    fn a_principal_needs_a_colon() {
        for principal in ["", "bob"] {
            let mut client = Client::with(&[ALTER]);
            let response = client.ask(3, &creating(vec![creation().with_principal(str_bytes(principal))])).response();
            assert_eq!(told(&response), [(42, Some(NO_COLON))]);
            assert_eq!(client.store(), [""; 0]);
        }
    }

    /// Verified with Kafka 4.3.0.
    #[test]
    fn what_looks_odd_is_taken_as_kafka_takes_it() {
        let long = "x".repeat(30_000);
        let cluster = creation().with_resource_type(4).with_resource_name(str_bytes("kafka-cluster"));
        for odd in [
            creation().with_principal(str_bytes(":")),
            creation().with_principal(str_bytes("Group:x")),
            creation().with_host(str_bytes("")),
            creation().with_host(str_bytes("no address")),
            creation().with_operation(9),
            cluster.clone(),
            cluster.with_resource_pattern_type(4).with_operation(9),
            creation().with_resource_name(str_bytes("a/b c")),
            creation().with_resource_type(3).with_resource_name(str_bytes(&long)),
        ] {
            for version in 1..=3 {
                let mut client = Client::with(&[ALTER]);
                let response = client.ask(version, &creating(vec![odd.clone()])).response();
                assert_eq!(told(&response), [(0, Some(""))], "{odd:?}");
                assert_eq!(client.store().len(), 1);
            }
        }
    }

    #[test]
    fn what_exists_and_what_is_there_twice_is_no_error() {
        let mut client = Client::with(&[ALTER]);
        for _ in 0..2 {
            let response = client.ask(3, &creating(vec![creation(), creation()])).response();
            assert_eq!(told(&response), [(0, Some("")); 2]);
            assert_eq!(client.store().len(), 1);
        }
    }

    #[test]
    fn an_empty_list_has_an_empty_answer() {
        let mut client = Client::with(&[ALTER]);
        assert_eq!(told(&client.ask(3, &creating(vec![])).response()), []);
        assert_eq!(client.decisions(), ["allowed Alter Cluster kafka-cluster"]);
    }

    #[test]
    fn what_the_store_refuses_is_refused_for_every_element() {
        let wrong = creation().with_resource_name(str_bytes(""));
        for (refused, code) in [
            (Refused::NotEditable("they are in a file".to_owned()), 44),
            (Refused::TooMany, 44),
            (Refused::Unavailable("the disk is full".to_owned()), -1),
        ] {
            let mut client = Client::with(&[ALTER]).store_refuses(refused.clone());
            let response = client.ask(3, &creating(vec![creation(), wrong.clone()])).response();
            let text = refused.told().1;
            assert_eq!(told(&response), [(code, text.as_deref()); 2]);
        }
    }
}
