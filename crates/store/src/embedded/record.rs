//! The bytes of an ACL and of a user in the database.
//!
//! An ACL is its own key: `type pattern operation permission`, one byte each as on Kafka's wire, then name, principal
//! and host, each with its length in four bytes before it. A user is JSON with Kafka's text form of each credential.

use std::sync::Arc;

use acl::{
    AccessControlEntry, AclBinding, AclOperation, AclPermissionType, PatternType, ResourcePattern, ResourceType,
};
use authentication::{ScramCredential, ScramMechanism};
use serde_json::{Value, json};

use crate::file::user::UserEntry;

pub(crate) fn acl_bytes(AclBinding { pattern, entry }: &AclBinding) -> Vec<u8> {
    let codes = [
        pattern.resource_type.code(),
        pattern.pattern_type.code(),
        entry.operation.code(),
        entry.permission_type.code(),
    ];
    let mut bytes: Vec<u8> = codes.into_iter().map(i8::cast_unsigned).collect();
    for text in [&pattern.name, &entry.principal, &entry.host] {
        let length = u32::try_from(text.len()).expect("no text of a request of Kafka is longer than its frame");
        bytes.extend(length.to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

pub(crate) fn acl(bytes: &[u8]) -> Option<AclBinding> {
    let (&[resource_type, pattern_type, operation, permission_type], mut rest) = bytes.split_first_chunk::<4>()?;
    let pattern = ResourcePattern::new(
        ResourceType::try_from(resource_type.cast_signed()).ok()?,
        text(&mut rest)?,
        PatternType::try_from(pattern_type.cast_signed()).ok()?,
    );
    let entry = AccessControlEntry::new(
        text(&mut rest)?,
        text(&mut rest)?,
        AclOperation::try_from(operation.cast_signed()).ok()?,
        AclPermissionType::try_from(permission_type.cast_signed()).ok()?,
    );
    rest.is_empty().then(|| AclBinding::new(pattern, entry))
}

fn text(rest: &mut &[u8]) -> Option<Arc<str>> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (text, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *rest = after;
    std::str::from_utf8(text).ok().map(Arc::from)
}

pub(super) fn user_bytes(entry: &UserEntry) -> Vec<u8> {
    let credentials = entry.credentials.iter();
    let credentials: serde_json::Map<String, Value> =
        credentials.map(|(mechanism, credential)| (mechanism.to_string(), credential.format().into())).collect();
    let groups: Vec<&str> = entry.groups.iter().map(|group| &**group).collect();
    json!({ "credentials": credentials, "groups": groups }).to_string().into_bytes()
}

pub(super) fn user(name: &str, bytes: &[u8]) -> Option<UserEntry> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let credential = |(mechanism, credential): (&String, &Value)| {
        let mechanism: ScramMechanism = mechanism.parse().ok()?;
        let credential = ScramCredential::parse(credential.as_str()?).ok()?;
        credential.validate(mechanism).ok()?;
        Some((mechanism, credential))
    };
    let credentials = value.get("credentials")?.as_object()?.iter().map(credential).collect::<Option<_>>()?;
    let groups = value.get("groups")?.as_array()?.iter().map(|group| group.as_str().map(Arc::from));
    let groups = groups.collect::<Option<_>>()?;
    (!name.is_empty()).then(|| UserEntry { name: name.to_owned(), credentials, groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding() -> AclBinding {
        AclBinding::new(
            ResourcePattern::prefixed(ResourceType::TransactionalId, "tx-ä"),
            AccessControlEntry::new("User:CN=a,O=b", "", AclOperation::TwoPhaseCommit, AclPermissionType::Deny),
        )
    }

    #[test]
    fn an_acl_is_read_back() {
        assert_eq!(acl(&acl_bytes(&binding())), Some(binding()));
    }

    #[test]
    fn no_part_of_an_acl_is_one() {
        let bytes = acl_bytes(&binding());
        for length in 0..bytes.len() {
            assert_eq!(acl(&bytes[..length]), None, "{length}");
        }
        assert_eq!(acl(&[bytes.as_slice(), &[0]].concat()), None);
    }

    #[test]
    fn a_user_is_read_back() {
        let credential = |mechanism| ScramCredential::derive(mechanism, "secret", b"salt", 4096);
        let entry = UserEntry {
            name: "alice".to_owned(),
            credentials: ScramMechanism::ALL.map(|mechanism| (mechanism, credential(mechanism))).to_vec(),
            groups: vec!["Group:finance".into()],
        };
        assert_eq!(user("alice", &user_bytes(&entry)), Some(entry));
        assert_eq!(user("alice", b"{}"), None);
    }
}
