//! DeleteAcls (31): `AclApis.handleDeleteAcls`, `AclControlManager.deleteAcls`. Answered from our own store.
//!
//! Alter on the cluster; without it every filter is CLUSTER_AUTHORIZATION_FAILED. What all filters find goes in one
//! step; an ACL that two of them find is told under both.

use acl::{AclBinding, AclBindingFilter, AclOperation};
use protocol::messages::delete_acls_request::DeleteAclsFilter;
use protocol::messages::delete_acls_response::{DeleteAclsFilterResult, DeleteAclsMatchingAcl};
use protocol::messages::{DeleteAclsRequest, DeleteAclsResponse};
use protocol::{ErrorCode, StrBytes};

use crate::acl_codes::{FilterFields, UNPARSABLE, UnknownFilter, str_bytes};
use crate::serve::{Refused, TOO_MANY};
use crate::{Authorize, Outcome, RequestContext, Serve};

impl Authorize for DeleteAclsRequest {
    fn waits_for_answers(&self, _version: i16) -> bool {
        true
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DeleteAclsResponse> {
        if self.filters.iter().any(|filter| fields(filter).is_unparsable()) {
            return Outcome::Close(UNPARSABLE);
        }
        if !context.authorize_cluster(AclOperation::Alter) {
            let error = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
            let denied = result(error, Some(StrBytes::from_static_str(error.message())));
            return Outcome::Respond(every(self.filters.len(), denied));
        }
        let checked: Vec<Result<AclBindingFilter, UnknownFilter>> =
            self.filters.iter().map(|filter| fields(filter).filter()).collect();
        let filters: Vec<AclBindingFilter> = checked.iter().flatten().cloned().collect();
        if filters.is_empty() {
            return Outcome::Respond(answer(&checked, Ok(Vec::new())));
        }
        Outcome::Serve(Serve::DeleteAcls { filters, reply: Box::new(move |outcome| answer(&checked, outcome)) })
    }
}

fn fields(filter: &DeleteAclsFilter) -> FilterFields<'_> {
    FilterFields {
        resource_type: filter.resource_type_filter,
        name: &filter.resource_name_filter,
        pattern_type: filter.pattern_type_filter,
        principal: &filter.principal_filter,
        host: &filter.host_filter,
        operation: filter.operation,
        permission_type: filter.permission_type,
    }
}

/// In the order of the request. What is refused as a whole is refused for every filter.
fn answer(
    checked: &[Result<AclBindingFilter, UnknownFilter>],
    outcome: Result<Vec<Vec<AclBinding>>, Refused>,
) -> DeleteAclsResponse {
    let found = match outcome {
        Ok(found) => found,
        // Kafka: InvalidRequestException here, PolicyViolationException in CreateAcls.
        Err(Refused::TooMany) => {
            let too_many = result(ErrorCode::INVALID_REQUEST, Some(StrBytes::from_static_str(TOO_MANY)));
            return every(checked.len(), too_many);
        }
        Err(refused @ (Refused::NotEditable(_) | Refused::Unavailable(_) | Refused::Upstream { .. })) => {
            let (error, text) = refused.told();
            return every(checked.len(), result(error, text));
        }
    };
    let mut found = found.into_iter();
    let one = |checked: &Result<AclBindingFilter, UnknownFilter>| match checked {
        Ok(_) => {
            let matching = found.next().unwrap_or_default();
            result(ErrorCode::NONE, None).with_matching_acls(matching.iter().map(matching_acl).collect())
        }
        Err(UnknownFilter::Pattern) => unknown("Unknown patternFilter."),
        Err(UnknownFilter::Entry) => unknown("Unknown entryFilter."),
    };
    DeleteAclsResponse::default().with_filter_results(checked.iter().map(one).collect())
}

fn every(filters: usize, result: DeleteAclsFilterResult) -> DeleteAclsResponse {
    DeleteAclsResponse::default().with_filter_results(vec![result; filters])
}

fn unknown(text: &'static str) -> DeleteAclsFilterResult {
    result(ErrorCode::INVALID_REQUEST, Some(StrBytes::from_static_str(text)))
}

fn result(error: ErrorCode, text: Option<StrBytes>) -> DeleteAclsFilterResult {
    DeleteAclsFilterResult::default().with_error_code(error.0).with_error_message(text)
}

fn matching_acl(AclBinding { pattern, entry }: &AclBinding) -> DeleteAclsMatchingAcl {
    DeleteAclsMatchingAcl::default()
        .with_error_message(None)
        .with_resource_type(pattern.resource_type.code())
        .with_resource_name(str_bytes(&pattern.name))
        .with_pattern_type(pattern.pattern_type.code())
        .with_principal(str_bytes(&entry.principal))
        .with_host(str_bytes(&entry.host))
        .with_operation(entry.operation.code())
        .with_permission_type(entry.permission_type.code())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, binding, on_the_wire, str_bytes};

    const ALTER: &str = "allow Alter Cluster";
    const STORED: [&str; 3] = ["allow Read Topic foo", "allow Write Topic foo", "allow Read Topic fo Prefixed"];

    /// Everything, but for what a test changes.
    fn any() -> DeleteAclsFilter {
        DeleteAclsFilter::default()
            .with_resource_type_filter(1)
            .with_pattern_type_filter(1)
            .with_operation(1)
            .with_permission_type(1)
            .with_resource_name_filter(None)
            .with_principal_filter(None)
            .with_host_filter(None)
    }

    fn deleting(filters: Vec<DeleteAclsFilter>) -> DeleteAclsRequest {
        DeleteAclsRequest::default().with_filters(filters)
    }

    /// Code, text and the number of ACLs found of each filter.
    fn told(response: &DeleteAclsResponse) -> Vec<(i16, Option<&str>, usize)> {
        let one = |result: &DeleteAclsFilterResult| result.matching_acls.len();
        let results = response.filter_results.iter();
        results.map(|result| (result.error_code, result.error_message.as_deref(), one(result))).collect()
    }

    #[test]
    fn without_alter_on_the_cluster_every_filter_is_denied() {
        for version in 1..=3 {
            let mut client = Client::with(&["allow Describe Cluster"]).stored(&STORED);
            let response = client.ask(version, &deleting(vec![any(), any()])).response();
            assert_eq!(told(&response), [(31, Some("Cluster authorization failed."), 0); 2]);
            assert_eq!(client.decisions(), ["denied Alter Cluster kafka-cluster"]);
            assert_eq!(client.store().len(), 3);
        }
    }

    #[test]
    fn code_0_closes_the_connection_before_anything_is_asked() {
        for unknown in [
            any().with_resource_type_filter(0),
            any().with_pattern_type_filter(0),
            any().with_operation(0),
            any().with_permission_type(0),
        ] {
            let mut client = Client::with(&[ALTER]).stored(&STORED);
            assert!(client.ask(3, &deleting(vec![any(), unknown])).closed());
            assert_eq!((client.decisions().len(), client.store().len()), (0, 3));
        }
    }

    #[test]
    fn codes_that_kafka_does_not_have_fail_their_filter_and_no_other() {
        for (unknown, text) in [
            (any().with_resource_type_filter(99), "Unknown patternFilter."),
            (any().with_pattern_type_filter(99).with_operation(99), "Unknown patternFilter."),
            (any().with_operation(99), "Unknown entryFilter."),
            (any().with_permission_type(99), "Unknown entryFilter."),
        ] {
            let mut client = Client::with(&[ALTER]).stored(&STORED);
            let write = any().with_operation(4);
            let response = client.ask(3, &deleting(vec![unknown, write])).response();
            assert_eq!(told(&response), [(42, Some(text), 0), (0, None, 1)]);
            assert_eq!(client.store().len(), 2);
        }
    }

    #[test]
    fn what_finds_nothing_is_no_error() {
        let mut client = Client::with(&[ALTER]).stored(&STORED);
        let nothing = any().with_resource_name_filter(Some(str_bytes("bar")));
        assert_eq!(told(&client.ask(3, &deleting(vec![nothing])).response()), [(0, None, 0)]);
        assert_eq!(told(&client.ask(3, &deleting(vec![])).response()), []);
        assert_eq!(client.store().len(), 3);
    }

    #[test]
    fn an_acl_that_two_filters_find_is_told_under_both() {
        for version in 1..=3 {
            let mut client = Client::with(&[ALTER]).stored(&STORED);
            let matching = any().with_pattern_type_filter(2).with_resource_name_filter(Some(str_bytes("foo")));
            let response = client.ask(version, &deleting(vec![matching, any().with_operation(4)])).response();
            assert_eq!(told(&response), [(0, None, 3), (0, None, 1)]);
            let write = on_the_wire(version, &answer(&[any_filter()], Ok(vec![vec![binding(STORED[1])]])));
            assert_eq!(response.filter_results[1], write.filter_results[0]);
            assert_eq!(client.store(), [""; 0]);
        }
    }

    fn any_filter() -> Result<AclBindingFilter, UnknownFilter> {
        Ok(AclBindingFilter::default())
    }

    #[test]
    fn a_found_acl_is_told_field_by_field() {
        let expected = DeleteAclsMatchingAcl::default()
            .with_error_code(0)
            .with_error_message(None)
            .with_resource_type(2)
            .with_resource_name(str_bytes("fo"))
            .with_pattern_type(4)
            .with_principal(str_bytes("User:alice"))
            .with_host(str_bytes("*"))
            .with_operation(3)
            .with_permission_type(3);
        assert_eq!(matching_acl(&binding(STORED[2])), expected);
    }

    #[test]
    fn what_the_store_refuses_is_refused_for_every_filter() {
        for (refused, code) in [
            (Refused::NotEditable("they are in a file".to_owned()), 44),
            (Refused::TooMany, 42),
            (Refused::Unavailable("the disk is full".to_owned()), -1),
        ] {
            let mut client = Client::with(&[ALTER]).stored(&STORED).store_refuses(refused.clone());
            let response = client.ask(3, &deleting(vec![any(), any().with_operation(99)])).response();
            let text = refused.told().1;
            assert_eq!(told(&response), [(code, text.as_deref(), 0); 2]);
            assert_eq!(client.store().len(), 3);
        }
    }
}
