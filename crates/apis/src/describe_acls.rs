//! DescribeAcls (29): `AclApis.handleDescribeAcls`. Answered from our own store.
//!
//! Describe on the cluster; without it CLUSTER_AUTHORIZATION_FAILED on top and no list. Whoever may ask sees every ACL
//! that matches. A filter with a code that Kafka does not have finds nothing, without an error.

use acl::{AclBinding, AclOperation};
use protocol::messages::describe_acls_response::{AclDescription, DescribeAclsResource};
use protocol::messages::{DescribeAclsRequest, DescribeAclsResponse};
use protocol::{ErrorCode, StrBytes};

use crate::acl_codes::{FilterFields, UNPARSABLE, str_bytes};
use crate::{Authorize, Outcome, RequestContext, Serve};

impl Authorize for DescribeAclsRequest {
    /// ACLs that this connection has just made are to be seen.
    fn waits_for_answers(&self, _version: i16) -> bool {
        true
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<DescribeAclsResponse> {
        let fields = FilterFields {
            resource_type: self.resource_type_filter,
            name: &self.resource_name_filter,
            pattern_type: self.pattern_type_filter,
            principal: &self.principal_filter,
            host: &self.host_filter,
            operation: self.operation,
            permission_type: self.permission_type,
        };
        if fields.is_unparsable() {
            return Outcome::Close(UNPARSABLE);
        }
        if !context.authorize_cluster(AclOperation::Describe) {
            return Outcome::Respond(denied());
        }
        match fields.filter() {
            Ok(filter) => Outcome::Serve(Serve::DescribeAcls { filter, reply: Box::new(found) }),
            Err(_) => Outcome::Respond(found(Vec::new())),
        }
    }
}

fn denied() -> DescribeAclsResponse {
    let error = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
    let text = StrBytes::from_static_str(error.message());
    DescribeAclsResponse::default().with_error_code(error.0).with_error_message(Some(text))
}

/// Grouped by resource pattern. The text is empty, not null.
fn found(mut bindings: Vec<AclBinding>) -> DescribeAclsResponse {
    bindings.sort_unstable();
    let of_one_pattern = bindings.chunk_by(|one, other| one.pattern == other.pattern);
    let resources = of_one_pattern.filter_map(|bindings| {
        let pattern = &bindings.first()?.pattern;
        let resource = DescribeAclsResource::default()
            .with_resource_type(pattern.resource_type.code())
            .with_resource_name(str_bytes(&pattern.name))
            .with_pattern_type(pattern.pattern_type.code());
        Some(resource.with_acls(bindings.iter().map(description).collect()))
    });
    DescribeAclsResponse::default().with_error_message(Some(StrBytes::default())).with_resources(resources.collect())
}

fn description(AclBinding { entry, .. }: &AclBinding) -> AclDescription {
    AclDescription::default()
        .with_principal(str_bytes(&entry.principal))
        .with_host(str_bytes(&entry.host))
        .with_operation(entry.operation.code())
        .with_permission_type(entry.permission_type.code())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Client, binding, on_the_wire, str_bytes};

    const DESCRIBE: &str = "allow Describe Cluster";

    /// Everything, but for what a test changes.
    fn any() -> DescribeAclsRequest {
        DescribeAclsRequest::default()
            .with_resource_type_filter(1)
            .with_pattern_type_filter(1)
            .with_operation(1)
            .with_permission_type(1)
            .with_resource_name_filter(None)
            .with_principal_filter(None)
            .with_host_filter(None)
    }

    /// `Topic foo: Read, Write`, for each pattern that was found.
    fn shown(response: &DescribeAclsResponse) -> Vec<String> {
        let pattern = |resource: &DescribeAclsResource| {
            let operations: Vec<_> = resource.acls.iter().map(|acl| acl.operation.to_string()).collect();
            format!(
                "{} {} {}: {}",
                resource.resource_type,
                resource.pattern_type,
                &*resource.resource_name,
                operations.join(",")
            )
        };
        response.resources.iter().map(pattern).collect()
    }

    #[test]
    fn without_describe_on_the_cluster_there_is_no_list() {
        for version in 1..=3 {
            let mut client = Client::with(&["allow Create Cluster"]).stored(&["allow Read Topic foo"]);
            let response = client.ask(version, &any()).response();
            assert_eq!(response, on_the_wire(version, &denied()));
            assert_eq!(client.decisions(), ["denied Describe Cluster kafka-cluster"]);
        }
    }

    #[test]
    fn acls_are_grouped_by_their_pattern_and_the_text_is_empty() {
        for version in 1..=3 {
            let mut client = Client::with(&["allow Alter Cluster"]);
            client = client.stored(&["allow Write Topic foo", "allow Read Topic foo", "deny Read Topic foo Prefixed"]);
            let response = client.ask(version, &any()).response();
            assert_eq!((response.error_code, response.error_message.as_deref()), (0, Some("")));
            assert_eq!(shown(&response), ["2 3 foo: 3,4", "2 4 foo: 3"]);
            assert_eq!(client.decisions(), ["allowed Describe Cluster kafka-cluster"]);
        }
    }

    #[test]
    fn an_entry_is_told_field_by_field() {
        let stored = binding("deny Write TransactionalId tx Prefixed");
        let expected = DescribeAclsResource::default()
            .with_resource_type(5)
            .with_resource_name(str_bytes("tx"))
            .with_pattern_type(4)
            .with_acls(vec![
                AclDescription::default()
                    .with_principal(str_bytes("User:alice"))
                    .with_host(str_bytes("*"))
                    .with_operation(4)
                    .with_permission_type(2),
            ]);
        assert_eq!(found(vec![stored]).resources, [expected]);
    }

    /// Verified with Kafka 4.3.0; all rows of the table are tests of `acl::AclBindingFilter`.
    #[test]
    fn names_are_matched_as_the_pattern_filter_says() {
        let stored = [
            "allow Read Topic foo",
            "allow Read Topic *",
            "allow Read Topic fo Prefixed",
            "allow Read Topic * Prefixed",
        ];
        for (pattern_type, name, expected) in [
            (1, Some("foo"), vec!["2 3 foo: 3"]),
            (2, Some("foo"), vec!["2 3 foo: 3", "2 4 fo: 3", "2 3 *: 3"]),
            (3, Some("*"), vec!["2 3 *: 3"]),
            (4, Some("*"), vec!["2 4 *: 3"]),
            (4, None, vec!["2 4 fo: 3", "2 4 *: 3"]),
            (2, Some(""), vec!["2 3 *: 3"]),
            (1, Some(""), vec![]),
        ] {
            let mut client = Client::with(&[DESCRIBE]).stored(&stored);
            let request = any().with_pattern_type_filter(pattern_type).with_resource_name_filter(name.map(str_bytes));
            assert_eq!(shown(&client.ask(3, &request).response()), expected, "{pattern_type} {name:?}");
        }
    }

    #[test]
    fn code_0_closes_the_connection_before_anything_is_asked() {
        for request in [
            any().with_resource_type_filter(0),
            any().with_pattern_type_filter(0),
            any().with_operation(0),
            any().with_permission_type(0),
        ] {
            let mut client = Client::with(&[]);
            assert!(client.ask(3, &request).closed());
            assert_eq!(client.decisions(), Vec::<String>::new());
        }
    }

    #[test]
    fn codes_that_kafka_does_not_have_find_nothing() {
        for code in [9, 99, -1] {
            for request in [
                any().with_resource_type_filter(code),
                any().with_pattern_type_filter(code),
                any().with_operation(if code == 9 { 16 } else { code }),
                any().with_permission_type(code),
            ] {
                let mut client = Client::with(&[DESCRIBE]).stored(&["allow Read Topic foo"]);
                assert_eq!(client.ask(3, &request).response(), on_the_wire(3, &found(Vec::new())));
            }
        }
    }
}
