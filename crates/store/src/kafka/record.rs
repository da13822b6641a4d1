//! What stands in the topic: each record is the whole state of one thing, and the last one counts.
//!
//! ```text
//! key   = scope/kind/name      orders-eu/acl/9f86d081884c7d659a2feaa0c55ad015
//! scope = the name of a cluster, or * for all clusters
//! kind  = acl | credential | groups | mark
//! name  = 32 hexadecimal digits: HMAC-SHA-256 of the thing's identity, cut to 16 bytes; `-` for the mark
//! value = sealed ([`super::seal`]): kind (1 byte), then
//!   acl         0 deleted, 1 present; then the ACL's bytes as in an embedded store
//!   credential  { "user", "mechanism", "credential": Kafka's text form, or null: deleted }
//!   groups      { "user", "groups": [..], empty: none }
//!   mark        { "form", "names": the HMAC's key, "acls", "users": how many }
//! ```
//!
//! What is deleted has a sealed record that says so, for ever: a missing value (Kafka's tombstone) proves nothing, since
//! anybody may write it. A value says whose state it is; the key only makes compaction find it.

use std::sync::Arc;

use acl::AclBinding;
use authentication::{ScramCredential, ScramMechanism};
use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::seal::NamingKey;
use crate::embedded::record::{acl, acl_bytes};

/// Raised by releases whose stores older ones must not touch.
pub(super) const CURRENT_FORM: u64 = 1;

/// The scope for all clusters.
pub(super) const ALL_CLUSTERS: &str = "*";

/// For whom a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The cluster of this configuration.
    Cluster,
    AllClusters,
}

/// What kind of thing a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Acl,
    Credential,
    Groups,
    Mark,
}

const KINDS: &[(Kind, &str, u8)] =
    &[(Kind::Acl, "acl", 1), (Kind::Credential, "credential", 2), (Kind::Groups, "groups", 3), (Kind::Mark, "mark", 4)];

/// The state of one thing.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Entry {
    Acl {
        binding: AclBinding,
        is_present: bool,
    },
    /// Without a credential it is deleted.
    Credential {
        user: Arc<str>,
        mechanism: ScramMechanism,
        credential: Option<ScramCredential>,
    },
    Groups {
        user: Arc<str>,
        groups: Vec<Arc<str>>,
    },
    Mark(Mark),
}

/// Says that a scope was filled once, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) form: u64,
    pub(super) names: NamingKey,
    pub(super) acls: u64,
    pub(super) users: u64,
}

/// A record key, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordKey<'k> {
    pub(super) scope: &'k str,
    /// None: of a newer Doorkeeper.
    pub(super) kind: Option<Kind>,
    pub(super) name: &'k str,
}

impl Kind {
    fn word(self) -> &'static str {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, word, _)| word)
    }

    fn code(self) -> u8 {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or(0, |(.., code)| *code)
    }
}

impl RecordKey<'_> {
    /// None if it has not our form at all.
    pub(super) fn parse(bytes: &[u8]) -> Option<RecordKey<'_>> {
        // From the right: a cluster's name may have a slash.
        let mut parts = std::str::from_utf8(bytes).ok()?.rsplitn(3, '/');
        let (name, word, scope) = (parts.next()?, parts.next()?, parts.next()?);
        let kind = KINDS.iter().find(|(_, known, _)| *known == word).map(|(kind, ..)| *kind);
        Some(RecordKey { scope, kind, name })
    }
}

impl Entry {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Entry::Acl { .. } => Kind::Acl,
            Entry::Credential { .. } => Kind::Credential,
            Entry::Groups { .. } => Kind::Groups,
            Entry::Mark(_) => Kind::Mark,
        }
    }

    /// The record key.
    pub(super) fn key(&self, scope: &str, names: &NamingKey) -> String {
        let name = match self {
            Entry::Acl { binding, .. } => name(names, Kind::Acl, &acl_bytes(binding)),
            Entry::Credential { user, mechanism, .. } => {
                name(names, Kind::Credential, format!("{mechanism}/{user}").as_bytes())
            }
            Entry::Groups { user, .. } => name(names, Kind::Groups, user.as_bytes()),
            Entry::Mark(_) => "-".to_owned(),
        };
        format!("{scope}/{}/{name}", self.kind().word())
    }

    /// The plaintext of the value.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind().code()];
        match self {
            Entry::Acl { binding, is_present } => {
                bytes.push(u8::from(*is_present));
                bytes.extend(acl_bytes(binding));
            }
            Entry::Credential { user, mechanism, credential } => {
                let credential = credential.as_ref().map(|credential| credential.format());
                put(
                    &mut bytes,
                    &json!({ "user": **user, "mechanism": mechanism.to_string(), "credential": credential }),
                );
            }
            Entry::Groups { user, groups } => {
                let groups: Vec<&str> = groups.iter().map(|group| &**group).collect();
                put(&mut bytes, &json!({ "user": **user, "groups": groups }));
            }
            Entry::Mark(Mark { form, names, acls, users }) => {
                put(&mut bytes, &json!({ "form": form, "names": hex(names), "acls": acls, "users": users }));
            }
        }
        bytes
    }

    /// None if the bytes are none of this form.
    pub(super) fn read(bytes: &[u8]) -> Option<Entry> {
        let (code, rest) = bytes.split_first()?;
        let (kind, ..) = KINDS.iter().find(|(.., known)| known == code)?;
        match kind {
            Kind::Acl => {
                let (is_present, rest) = rest.split_first()?;
                Some(Entry::Acl { binding: acl(rest)?, is_present: *is_present != 0 })
            }
            Kind::Credential => {
                let value: Value = serde_json::from_slice(rest).ok()?;
                let mechanism: ScramMechanism = value.get("mechanism")?.as_str()?.parse().ok()?;
                let credential = match value.get("credential")? {
                    Value::Null => None,
                    text => Some(ScramCredential::parse(text.as_str()?).ok()?),
                };
                if let Some(credential) = &credential {
                    credential.validate(mechanism).ok()?;
                }
                Some(Entry::Credential { user: user(&value)?, mechanism, credential })
            }
            Kind::Groups => {
                let value: Value = serde_json::from_slice(rest).ok()?;
                let groups = value.get("groups")?.as_array()?.iter().map(|group| group.as_str().map(Arc::from));
                Some(Entry::Groups { user: user(&value)?, groups: groups.collect::<Option<_>>()? })
            }
            Kind::Mark => {
                let value: Value = serde_json::from_slice(rest).ok()?;
                let number = |name| value.get(name).and_then(Value::as_u64);
                let names = unhex(value.get("names")?.as_str()?)?;
                Some(Entry::Mark(Mark { form: number("form")?, names, acls: number("acls")?, users: number("users")? }))
            }
        }
    }
}

fn user(value: &Value) -> Option<Arc<str>> {
    value.get("user")?.as_str().filter(|user| !user.is_empty()).map(Arc::from)
}

fn put(bytes: &mut Vec<u8>, value: &Value) {
    bytes.extend(value.to_string().into_bytes());
}

fn name(names: &NamingKey, kind: Kind, identity: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, names));
    context.update(&[kind.code()]);
    context.update(identity);
    hex(context.sign().as_ref().get(..16).expect("the algorithm's result has 32 bytes"))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS.get(usize::from(value)).copied().unwrap_or(b'0'));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

fn unhex(text: &str) -> Option<NamingKey> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    let bytes: Option<Vec<u8>> = digits.map(|pair| pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use acl::{AccessControlEntry, AclOperation, AclPermissionType, ResourcePattern, ResourceType};
    use proptest::prelude::*;

    use super::*;

    fn entries(topic: &str, user: &str) -> Vec<Entry> {
        let binding = AclBinding::new(
            ResourcePattern::literal(ResourceType::Topic, topic),
            AccessControlEntry::new(user, "*", AclOperation::Read, AclPermissionType::Allow),
        );
        let mechanism = ScramMechanism::Sha512;
        let credential = ScramCredential::of_salted_password(mechanism, b"salted", b"salt", 4096);
        vec![
            Entry::Acl { binding: binding.clone(), is_present: true },
            Entry::Acl { binding, is_present: false },
            Entry::Credential { user: user.into(), mechanism, credential: Some(credential) },
            Entry::Credential { user: user.into(), mechanism, credential: None },
            Entry::Groups { user: user.into(), groups: vec!["Group:finance".into()] },
            Entry::Groups { user: user.into(), groups: vec![] },
            Entry::Mark(Mark { form: 1, names: [7; 32], acls: 3, users: u64::MAX }),
        ]
    }

    proptest! {
        #[test]
        fn entries_are_read_back(topic in ".{0,20}", user in ".{1,20}") {
            for entry in entries(&topic, &user) {
                prop_assert_eq!(Entry::read(&entry.bytes()), Some(entry));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = (Entry::read(&bytes), RecordKey::parse(&bytes).is_some());
        }
    }

    #[test]
    fn present_and_deleted_have_one_key_and_others_have_others() {
        let keys: Vec<String> = entries("t", "u").iter().map(|entry| entry.key("eu/orders", &[1; 32])).collect();
        assert_eq!((&keys[0], &keys[2], &keys[4]), (&keys[1], &keys[3], &keys[5]));
        assert_ne!(entries("t2", "u")[0].key("eu/orders", &[1; 32]), keys[0]);
        assert_ne!(entries("t", "u")[0].key("eu/orders", &[2; 32]), keys[0]);
        for (entry, key) in entries("t", "u").iter().zip(&keys) {
            let parsed = RecordKey::parse(key.as_bytes()).expect("ours");
            assert_eq!((parsed.scope, parsed.kind), ("eu/orders", Some(entry.kind())));
        }
        assert_eq!(keys[6], "eu/orders/mark/-");
        assert_eq!(RecordKey::parse(b"s/later/x").map(|key| key.kind), Some(None));
        assert_eq!(RecordKey::parse(b"acl/x"), None);
    }
}
