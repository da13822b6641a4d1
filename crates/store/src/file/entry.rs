//! One entry of `acls`: who, from where, may or may not do what, to which resource.
//!
//! An entry stands for as many ACLs as it has principals, hosts and operations, multiplied.

use std::net::IpAddr;

use acl::{
    AccessControlEntry, AclBinding, AclOperation, AclPermissionType, PatternType, ResourcePattern, ResourceType,
};

use super::suspicious;
use crate::yaml::{Field, Fields, Reading, Text, Value, list};

/// The key of each resource type.
pub(super) const RESOURCES: [(&str, ResourceType); 6] = [
    ("topic", ResourceType::Topic),
    ("group", ResourceType::Group),
    ("transactional_id", ResourceType::TransactionalId),
    ("cluster", ResourceType::Cluster),
    ("delegation_token", ResourceType::DelegationToken),
    ("user", ResourceType::User),
];

/// The wire allows no longer one.
pub(super) const MAX_NAME_BYTES: usize = 32_767;

/// The ACLs of an entry; none if anything is wrong with it.
pub(super) fn read(reading: &mut Reading, item: &Field<'_>) -> Vec<AclBinding> {
    let Some(mut fields) = item.fields(reading) else { return Vec::new() };
    let principals = principals(reading, &mut fields);
    let operations = operations(reading, &mut fields);
    let resource = resource(reading, &mut fields);
    let hosts = hosts(reading, &mut fields);
    fields.finish(reading);

    let (Some((permission_type, operations)), Some(pattern)) = (operations, resource) else { return Vec::new() };
    let mut bindings = Vec::new();
    for principal in &principals {
        for host in &hosts {
            for (operation, field) in &operations {
                let entry = AccessControlEntry::new(principal.as_str(), host.as_str(), *operation, permission_type);
                bindings.push(AclBinding::new(pattern.clone(), entry));
                suspicious::operation(reading, field, *operation, pattern.resource_type);
            }
        }
    }
    bindings
}

fn principals(reading: &mut Reading, fields: &mut Fields<'_>) -> Vec<String> {
    let expected = "a principal such as `User:alice`, or `\"User:*\"` for everybody";
    let fields = match (fields.optional("principal"), fields.optional("principals")) {
        (Some(one), None) => vec![one],
        (None, Some(many)) => many.items(reading, "principals").unwrap_or_default(),
        (None, None) => {
            reading.error(
                fields.mark(),
                &format!("{}.principal", fields.path()),
                format!("is missing, expected {expected}"),
            );
            return Vec::new();
        }
        (Some(_), Some(many)) => {
            many.error(reading, "is here beside `principal`, expected one of them");
            return Vec::new();
        }
    };
    let mut principals = Vec::new();
    for field in fields {
        if let Some(text) = field.text(reading, expected).and_then(|text| short(reading, &field, text)) {
            suspicious::principal(reading, &field, &text);
            principals.push(text);
        }
    }
    principals
}

type Operations<'t> = (AclPermissionType, Vec<(AclOperation, Field<'t>)>);

fn operations<'t>(reading: &mut Reading, fields: &mut Fields<'t>) -> Option<Operations<'t>> {
    let (permission_type, field) = match (fields.optional("allow"), fields.optional("deny")) {
        (Some(allow), None) => (AclPermissionType::Allow, allow),
        (None, Some(deny)) => (AclPermissionType::Deny, deny),
        (None, None) => {
            let message = "is missing, expected `allow` or `deny` with an operation such as `Read`, or a list of them";
            reading.error(fields.mark(), &format!("{}.allow", fields.path()), message);
            return None;
        }
        (Some(_), Some(deny)) => {
            deny.error(reading, "is here beside `allow`: make two entries of it");
            return None;
        }
    };
    let items = match field.value() {
        Value::Sequence(items) if items.is_empty() => {
            field.error(reading, "is an empty list, expected an operation such as `Read`");
            return None;
        }
        Value::Sequence(_) => field.items(reading, "operations")?,
        Value::Null | Value::Scalar { .. } | Value::Mapping(_) => vec![field],
    };
    let mut operations = Vec::new();
    for item in items {
        let names: Vec<&str> = AclOperation::VALUES.iter().map(|operation| operation.name()).collect();
        let operation = item.parsed(reading, &list(&names), |text| text.parse().ok())?;
        operations.push((operation, item));
    }
    Some((permission_type, operations))
}

fn resource(reading: &mut Reading, fields: &mut Fields<'_>) -> Option<ResourcePattern> {
    let mut found: Vec<(ResourceType, Field<'_>)> = Vec::new();
    for (name, resource_type) in RESOURCES {
        found.extend(fields.optional(name).map(|field| (resource_type, field)));
    }
    match found.as_slice() {
        [] => {
            let names = RESOURCES.map(|(name, _)| name);
            let message = format!("has no resource, expected {}", list(&names));
            reading.error(fields.mark(), fields.path(), message);
            None
        }
        [(ResourceType::Cluster, field)] => cluster(reading, field),
        [(resource_type, field)] => pattern(reading, *resource_type, field),
        [_, (_, second), ..] => {
            second.error(reading, "is a second resource in one entry: make two entries of it");
            None
        }
    }
}

/// There is only one; `kafka-cluster` is its name in Kafka.
fn cluster(reading: &mut Reading, field: &Field<'_>) -> Option<ResourcePattern> {
    let yes = field.parsed(reading, "`true`", |text| matches!(text, "true" | acl::CLUSTER_NAME).then_some(()));
    yes.map(|()| ResourcePattern::literal(ResourceType::Cluster, acl::CLUSTER_NAME))
}

/// A name, `"*"`, or `{ prefixed: name }`.
fn pattern(reading: &mut Reading, resource_type: ResourceType, field: &Field<'_>) -> Option<ResourcePattern> {
    let (pattern_type, field) = match field.value() {
        Value::Mapping(_) => {
            let mut fields = field.fields(reading)?;
            let prefixed = fields.required(reading, "prefixed", "what the names begin with")?;
            fields.finish(reading);
            (PatternType::Prefixed, prefixed)
        }
        Value::Null | Value::Scalar { .. } | Value::Sequence(_) => (PatternType::Literal, field.clone()),
    };
    let text = field.text(reading, "a name, `\"*\"` or `{ prefixed: name }`")?;
    let name = short(reading, &field, text)?;
    let pattern = ResourcePattern::new(resource_type, name, pattern_type);
    suspicious::pattern(reading, &field, &pattern);
    Some(pattern)
}

fn hosts(reading: &mut Reading, fields: &mut Fields<'_>) -> Vec<String> {
    let field = match (fields.optional("host"), fields.optional("hosts")) {
        (None, None) => return vec![acl::WILDCARD_HOST.to_owned()],
        (Some(field), None) | (None, Some(field)) => field,
        (Some(_), Some(hosts)) => {
            hosts.error(reading, "is here beside `host`, expected one of them");
            return Vec::new();
        }
    };
    let items = match field.value() {
        Value::Sequence(items) if items.is_empty() => {
            field.error(reading, "is an empty list, expected addresses; leave it out for every host");
            return Vec::new();
        }
        Value::Sequence(_) => field.items(reading, "hosts").unwrap_or_default(),
        Value::Null | Value::Scalar { .. } | Value::Mapping(_) => vec![field],
    };
    let mut hosts = Vec::new();
    for item in items {
        let expected = "an address, a range such as `10.0.0.0/8`, or `\"*\"`";
        if let Some(text) = item.text(reading, expected).and_then(|text| short(reading, &item, text)) {
            suspicious::host(reading, &item, &text);
            hosts.push(text);
        }
    }
    hosts
}

fn short(reading: &mut Reading, field: &Field<'_>, text: Text) -> Option<String> {
    if text.as_str().len() > MAX_NAME_BYTES {
        field.error(
            reading,
            format!("has {} bytes, at most {MAX_NAME_BYTES} fit into Kafka's messages", text.as_str().len()),
        );
        return None;
    }
    Some(text.as_str().to_owned())
}

/// Whether a host of an ACL can ever be somebody's: an address in any spelling, or a range.
pub(super) fn is_address_or_range(host: &str) -> bool {
    let without_scope = host.split_once('%').map_or(host, |(address, _)| address);
    match host.split_once('/') {
        None => without_scope.parse::<IpAddr>().is_ok(),
        Some((network, bits)) => match (network.parse::<IpAddr>(), bits.parse::<u8>()) {
            (Ok(IpAddr::V4(_)), Ok(bits)) => bits <= 32,
            (Ok(IpAddr::V6(_)), Ok(bits)) => bits <= 128,
            _ => false,
        },
    }
}
