//! The words of DescribeAcls, CreateAcls and DeleteAcls, and what they mean to us.

use std::fmt;
use std::sync::Arc;

use acl::{
    AccessControlEntry, AclBinding, AclBindingFilter, AclOperation, AclPermissionType, PatternFilter, PatternType,
    ResourcePattern, ResourceType,
};
use protocol::StrBytes;
use protocol::messages::create_acls_request::AclCreation;
use protocol::messages::delete_acls_request::DeleteAclsFilter;
use protocol::messages::delete_acls_response::DeleteAclsMatchingAcl;
use protocol::messages::{DescribeAclsRequest, DescribeAclsResponse};

use super::UpstreamError;

/// `ANY` in all enumerations of Kafka's ACLs.
const ANY: i8 = 1;
/// Of pattern types only.
const MATCH: i8 = 2;

/// Ignored ACLs that are told one by one.
const MOST_TOLD: usize = 20;

/// The ACLs of a cluster.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Understood {
    pub(super) acls: Vec<AclBinding>,
    /// Those that this release does not know, and that can only allow.
    pub(super) ignored: Vec<String>,
}

/// An ACL as it came.
#[derive(Debug, Clone, Copy)]
struct Words<'a> {
    resource_type: i8,
    name: &'a StrBytes,
    pattern_type: i8,
    principal: &'a StrBytes,
    host: &'a StrBytes,
    operation: i8,
    permission_type: i8,
}

/// Takes an answer apart. What might deny and is not known makes all of it useless, for to drop it would be to allow. With
/// `everyone_if_no_acl` (`allow.everyone.if.no.acl.found`) so does what allows: while it is there, its resource is closed
/// to everybody else.
pub(super) fn understand(
    response: &DescribeAclsResponse,
    everyone_if_no_acl: bool,
) -> Result<Understood, UpstreamError> {
    let mut understood = Understood::default();
    for resource in &response.resources {
        for acl in &resource.acls {
            let words = Words {
                resource_type: resource.resource_type,
                name: &resource.resource_name,
                pattern_type: resource.pattern_type,
                principal: &acl.principal,
                host: &acl.host,
                operation: acl.operation,
                permission_type: acl.permission_type,
            };
            match words.binding() {
                Some(binding) => understood.acls.push(binding),
                None if words.permission_type != AclPermissionType::Allow.code() => {
                    return Err(UpstreamError::NotKnown { what: "deny", acl: words.to_string() });
                }
                None if everyone_if_no_acl => {
                    let what = "close a resource that `allow.everyone.if.no.acl.found` opens";
                    return Err(UpstreamError::NotKnown { what, acl: words.to_string() });
                }
                None => understood.ignored.push(words.to_string()),
            }
        }
    }
    Ok(understood)
}

/// So that nobody wonders why an ACL does nothing.
pub(super) fn tell_of_ignored(ignored: &[String]) {
    for acl in ignored.iter().take(MOST_TOLD) {
        tracing::warn!("an ACL of the cluster is not known to this release and allows nothing here: {acl}");
    }
    if ignored.len() > MOST_TOLD {
        tracing::warn!("and {} more ACLs that are not known", ignored.len() - MOST_TOLD);
    }
}

/// An ACL that was deleted, if it is one that we know.
pub(super) fn deleted(acl: &DeleteAclsMatchingAcl) -> Option<AclBinding> {
    let words = Words {
        resource_type: acl.resource_type,
        name: &acl.resource_name,
        pattern_type: acl.pattern_type,
        principal: &acl.principal,
        host: &acl.host,
        operation: acl.operation,
        permission_type: acl.permission_type,
    };
    words.binding()
}

/// Everything.
pub(super) fn describe_all() -> DescribeAclsRequest {
    DescribeAclsRequest::default()
        .with_resource_type_filter(ANY)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(ANY)
        .with_principal_filter(None)
        .with_host_filter(None)
        .with_operation(ANY)
        .with_permission_type(ANY)
}

pub(super) fn creation(AclBinding { pattern, entry }: &AclBinding) -> AclCreation {
    AclCreation::default()
        .with_resource_type(pattern.resource_type.code())
        .with_resource_name(str_bytes(&pattern.name))
        .with_resource_pattern_type(pattern.pattern_type.code())
        .with_principal(str_bytes(&entry.principal))
        .with_host(str_bytes(&entry.host))
        .with_operation(entry.operation.code())
        .with_permission_type(entry.permission_type.code())
}

pub(super) fn filter(filter: &AclBindingFilter) -> DeleteAclsFilter {
    let pattern_type = match filter.pattern_type {
        PatternFilter::Any => ANY,
        PatternFilter::Match => MATCH,
        PatternFilter::Exactly(pattern_type) => pattern_type.code(),
    };
    DeleteAclsFilter::default()
        .with_resource_type_filter(filter.resource_type.map_or(ANY, ResourceType::code))
        .with_resource_name_filter(filter.name.as_ref().map(str_bytes))
        .with_pattern_type_filter(pattern_type)
        .with_principal_filter(filter.principal.as_ref().map(str_bytes))
        .with_host_filter(filter.host.as_ref().map(str_bytes))
        .with_operation(filter.operation.map_or(ANY, AclOperation::code))
        .with_permission_type(filter.permission_type.map_or(ANY, AclPermissionType::code))
}

fn str_bytes(text: &Arc<str>) -> StrBytes {
    StrBytes::from_string(text.as_ref().to_owned())
}

impl Words<'_> {
    fn binding(self) -> Option<AclBinding> {
        let text = |text: &StrBytes| -> Arc<str> { Arc::from(&**text) };
        let resource_type = ResourceType::try_from(self.resource_type).ok()?;
        let pattern_type = PatternType::try_from(self.pattern_type).ok()?;
        let operation = AclOperation::try_from(self.operation).ok()?;
        let permission_type = AclPermissionType::try_from(self.permission_type).ok()?;
        Some(AclBinding::new(
            ResourcePattern::new(resource_type, text(self.name), pattern_type),
            AccessControlEntry::new(text(self.principal), text(self.host), operation, permission_type),
        ))
    }
}

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "resource type {}, name {:?}, pattern type {}, principal {:?}, host {:?}, operation {}, permission type {}",
            self.resource_type,
            &**self.name,
            self.pattern_type,
            &**self.principal,
            &**self.host,
            self.operation,
            self.permission_type
        )
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::describe_acls_response::{AclDescription, DescribeAclsResource};

    use super::*;

    /// One ACL on the topic `orders` for User:a, with these codes.
    fn one(resource_type: i8, pattern_type: i8, operation: i8, permission_type: i8) -> DescribeAclsResponse {
        let acl = AclDescription::default()
            .with_principal(StrBytes::from_static_str("User:a"))
            .with_host(StrBytes::from_static_str("*"))
            .with_operation(operation)
            .with_permission_type(permission_type);
        let resource = DescribeAclsResource::default()
            .with_resource_type(resource_type)
            .with_resource_name(StrBytes::from_static_str("orders"))
            .with_pattern_type(pattern_type)
            .with_acls(vec![acl]);
        DescribeAclsResponse::default().with_resources(vec![resource])
    }

    #[test]
    fn a_known_acl_is_read_field_by_field() {
        let expected = AclBinding::new(
            ResourcePattern::prefixed(ResourceType::Topic, "orders"),
            AccessControlEntry::new("User:a", "*", AclOperation::Read, AclPermissionType::Deny),
        );
        let understood = understand(&one(2, 4, 3, 2), false).expect("it is known");
        assert_eq!(understood, Understood { acls: vec![expected], ignored: vec![] });
    }

    #[test]
    fn what_is_not_known_and_allows_is_ignored_and_told() {
        for response in [one(99, 3, 3, 3), one(2, 99, 3, 3), one(2, 3, 99, 3)] {
            let understood = understand(&response, false).expect("it only allows");
            assert_eq!((understood.acls.len(), understood.ignored.len()), (0, 1));
            assert!(understood.ignored[0].contains("principal \"User:a\""), "{:?}", understood.ignored);
        }
    }

    #[test]
    fn what_is_not_known_and_might_deny_makes_all_of_it_useless() {
        for response in [one(99, 3, 3, 2), one(2, 99, 3, 2), one(2, 3, 99, 2), one(2, 3, 3, 4), one(2, 3, 3, 0)] {
            let error = understand(&response, false).expect_err("it might deny").to_string();
            assert!(error.contains("might deny") && error.contains("name \"orders\""), "{error}");
        }
    }

    /// While the broker has it, the topic is closed to everybody else.
    #[test]
    fn what_is_not_known_closes_where_no_acl_opens() {
        let error = understand(&one(2, 3, 99, 3), true).expect_err("it closes the topic").to_string();
        assert!(error.contains("allow.everyone.if.no.acl.found"), "{error}");
    }
}
