//! ACLs over Kafka's protocol: of a Doorkeeper or a broker.
//!
//! Kafka: `Admin.describeAcls`, `createAcls`, `deleteAcls`. Any broker takes them; among controllers only the active one
//! takes changes.

use std::sync::Arc;

use acl::{
    AccessControlEntry, AclBinding, AclBindingFilter, AclOperation, AclPermissionType, PatternFilter, PatternType,
    ResourcePattern, ResourceType,
};
use anyhow::{Context, Result, bail};
use client::{Connector, HostPort, TypedConnection, UpstreamSettings};
use protocol::messages::create_acls_request::AclCreation;
use protocol::messages::delete_acls_request::DeleteAclsFilter;
use protocol::messages::describe_acls_response::{AclDescription, DescribeAclsResource};
use protocol::messages::{CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest, DescribeClusterRequest};
use protocol::{ErrorCode, StrBytes};

/// Of the three APIs. Version 0 knows no prefixes.
const VERSIONS: std::ops::RangeInclusive<i16> = 1..=3;

/// A broker takes 10,000 in one request.
const MOST_CREATIONS: usize = 10_000;

/// A broker looks through all ACLs for each.
const MOST_FILTERS: usize = 1_000;

/// `ANY` in all enumerations of Kafka's ACLs.
const ANY: i8 = 1;
/// Of pattern types only.
const MATCH: i8 = 2;

/// What was given as a bootstrap server (KIP-919).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Brokers,
    Controllers,
}

/// A broker's refusal, in its words.
#[derive(Debug, thiserror::Error)]
#[error("{}: {text}", error.name())]
pub(crate) struct Refusal {
    pub(crate) error: ErrorCode,
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Cluster {
    connection: TypedConnection,
}

impl Cluster {
    pub(crate) async fn open(settings: &UpstreamSettings, endpoint: Endpoint) -> Result<Cluster> {
        let connector = Connector::new(settings.clone())?;
        let connection = TypedConnection::open_any(&connector).await?;
        match endpoint {
            Endpoint::Brokers => Ok(Cluster { connection }),
            Endpoint::Controllers => Ok(Cluster { connection: active_controller(&connector, connection).await? }),
        }
    }

    pub(crate) async fn describe(&mut self, filter: &AclBindingFilter) -> Result<Vec<AclBinding>> {
        let DeleteAclsFilter {
            resource_type_filter,
            resource_name_filter,
            pattern_type_filter,
            principal_filter,
            host_filter,
            operation,
            permission_type,
            ..
        } = wire_filter(filter);
        let request = DescribeAclsRequest::default()
            .with_resource_type_filter(resource_type_filter)
            .with_resource_name_filter(resource_name_filter)
            .with_pattern_type_filter(pattern_type_filter)
            .with_principal_filter(principal_filter)
            .with_host_filter(host_filter)
            .with_operation(operation)
            .with_permission_type(permission_type);
        let response = self.connection.ask(VERSIONS, &request).await?;
        refuse(response.error_code, response.error_message)?;
        let acls = response.resources.iter().flat_map(|resource| resource.acls.iter().map(move |acl| (resource, acl)));
        acls.map(|(resource, acl)| binding(resource, acl)).collect()
    }

    pub(crate) async fn create(&mut self, bindings: &[AclBinding]) -> Result<()> {
        for some in bindings.chunks(MOST_CREATIONS) {
            let creations = some.iter().map(creation).collect();
            let response =
                self.connection.ask(VERSIONS, &CreateAclsRequest::default().with_creations(creations)).await?;
            for result in response.results {
                refuse(result.error_code, result.error_message)?;
            }
        }
        Ok(())
    }

    pub(crate) async fn delete(&mut self, filters: &[AclBindingFilter]) -> Result<()> {
        for some in filters.chunks(MOST_FILTERS) {
            let filters = some.iter().map(wire_filter).collect();
            let response = self.connection.ask(VERSIONS, &DeleteAclsRequest::default().with_filters(filters)).await?;
            for result in response.filter_results {
                refuse(result.error_code, result.error_message)?;
                for acl in result.matching_acls {
                    refuse(acl.error_code, acl.error_message)?;
                }
            }
        }
        Ok(())
    }
}

async fn active_controller(connector: &Connector, mut connection: TypedConnection) -> Result<TypedConnection> {
    let request = DescribeClusterRequest::default().with_endpoint_type(2);
    let response = connection.ask(1..=2, &request).await?;
    refuse(response.error_code, response.error_message)?;
    let active = response.brokers.iter().find(|node| node.broker_id == response.controller_id);
    let active = active.context("no controller is active just now: try again")?;
    let port = u16::try_from(active.port)
        .with_context(|| format!("the controller says that it is at port {}", active.port))?;
    let active = HostPort::new(active.host.to_string(), port);
    match *connection.address() == active {
        true => Ok(connection),
        false => Ok(TypedConnection::open(connector, &active).await?),
    }
}

fn refuse(error: i16, text: Option<StrBytes>) -> Result<()> {
    match ErrorCode(error) {
        ErrorCode::NONE => Ok(()),
        error => Err(Refusal { error, text: text.map_or(error.message().to_owned(), |text| text.to_string()) }.into()),
    }
}

/// One that is not known is an error: left out, it might have denied something.
fn binding(resource: &DescribeAclsResource, acl: &AclDescription) -> Result<AclBinding> {
    let text = |text: &StrBytes| -> Arc<str> { Arc::from(&**text) };
    let read = || -> Option<AclBinding> {
        let resource_type = ResourceType::try_from(resource.resource_type).ok()?;
        let pattern_type = PatternType::try_from(resource.pattern_type).ok()?;
        let operation = AclOperation::try_from(acl.operation).ok()?;
        let permission_type = AclPermissionType::try_from(acl.permission_type).ok()?;
        Some(AclBinding::new(
            ResourcePattern::new(resource_type, text(&resource.resource_name), pattern_type),
            AccessControlEntry::new(text(&acl.principal), text(&acl.host), operation, permission_type),
        ))
    };
    match read() {
        Some(binding) => Ok(binding),
        None => bail!(
            "the cluster has an ACL that this release does not know: resource type {}, name {:?}, pattern type {}, principal \
             {:?}, host {:?}, operation {}, permission type {}",
            resource.resource_type,
            &*resource.resource_name,
            resource.pattern_type,
            &*acl.principal,
            &*acl.host,
            acl.operation,
            acl.permission_type
        ),
    }
}

fn creation(AclBinding { pattern, entry }: &AclBinding) -> AclCreation {
    AclCreation::default()
        .with_resource_type(pattern.resource_type.code())
        .with_resource_name(str_bytes(&pattern.name))
        .with_resource_pattern_type(pattern.pattern_type.code())
        .with_principal(str_bytes(&entry.principal))
        .with_host(str_bytes(&entry.host))
        .with_operation(entry.operation.code())
        .with_permission_type(entry.permission_type.code())
}

fn wire_filter(filter: &AclBindingFilter) -> DeleteAclsFilter {
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
