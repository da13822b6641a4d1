//! ACLs as entries of the file, in the form that a person would write:
//! `{ principal: User:alice, allow: [Read, Write], topic: orders }`.

use std::collections::HashMap;
use std::sync::Arc;

use acl::{AclBinding, AclOperation, AclPermissionType, PatternType, ResourcePattern, ResourceType, WILDCARD_HOST};

use crate::file::entry::{MAX_NAME_BYTES, RESOURCES};
use crate::yaml::{scalar, stands_for_itself};

/// An ACL that the form of the file has no words for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{binding}` cannot be written in a file: {reason}")]
pub struct NoWords {
    pub binding: Box<AclBinding>,
    pub reason: &'static str,
}

/// Whether users with equal rights share an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principals {
    Apart,
    Together,
}

/// What one entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    principals: Vec<Arc<str>>,
    permission_type: AclPermissionType,
    operations: Vec<AclOperation>,
    pattern: ResourcePattern,
    hosts: Vec<Arc<str>>,
}

/// Entries that say exactly these ACLs, in the order in which they come, each in `{ … }`.
pub fn entries(bindings: &[AclBinding], principals: Principals) -> Result<Vec<String>, NoWords> {
    bindings.iter().try_for_each(has_words)?;
    Ok(grouped(bindings, principals).iter().map(written).collect())
}

fn has_words(binding: &AclBinding) -> Result<(), NoWords> {
    let refuse = |reason| Err(NoWords { binding: Box::new(binding.clone()), reason });
    let AclBinding { pattern, entry } = binding;
    if pattern.resource_type == ResourceType::Cluster
        && *pattern != ResourcePattern::literal(ResourceType::Cluster, acl::CLUSTER_NAME)
    {
        return refuse("there is one cluster, `cluster: true`, and it has no prefix");
    }
    for text in [&pattern.name, &entry.principal, &entry.host] {
        if text.is_empty() {
            return refuse("a name, a principal or a host is empty");
        }
        if text.len() > MAX_NAME_BYTES {
            return refuse("a name, a principal or a host is too long for Kafka's messages");
        }
        if !stands_for_itself(text) {
            return refuse("`${…}` would stand for a value from elsewhere");
        }
    }
    Ok(())
}

/// Same principal, permission and resource: operations become a list, then hosts, then perhaps principals.
fn grouped(bindings: &[AclBinding], principals: Principals) -> Vec<Entry> {
    let mut entries = Vec::new();
    for AclBinding { pattern, entry } in bindings {
        entries.push(Entry {
            principals: vec![Arc::clone(&entry.principal)],
            permission_type: entry.permission_type,
            operations: vec![entry.operation],
            pattern: pattern.clone(),
            hosts: vec![Arc::clone(&entry.host)],
        });
    }
    let entries = merged(
        entries,
        |entry| Entry { operations: Vec::new(), ..entry.clone() },
        |into, from| {
            into.operations.extend(from.operations);
        },
    );
    let entries = merged(
        entries,
        |entry| Entry { hosts: Vec::new(), ..entry.clone() },
        |into, from| {
            into.hosts.extend(from.hosts);
        },
    );
    match principals {
        Principals::Apart => entries,
        Principals::Together => merged(
            entries,
            |entry| Entry { principals: Vec::new(), ..entry.clone() },
            |into, from| {
                into.principals.extend(from.principals);
            },
        ),
    }
}

/// Those that agree in their key become one, where the first of them was.
fn merged(entries: Vec<Entry>, key: impl Fn(&Entry) -> Entry, merge: impl Fn(&mut Entry, Entry)) -> Vec<Entry> {
    let mut places: HashMap<Entry, usize> = HashMap::new();
    let mut merged: Vec<Entry> = Vec::new();
    for entry in entries {
        let place = *places.entry(key(&entry)).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(into) => merge(into, entry),
            None => merged.push(entry),
        }
    }
    merged
}

impl std::hash::Hash for Entry {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.principals, self.permission_type, &self.operations, &self.pattern, &self.hosts).hash(state);
    }
}

fn written(entry: &Entry) -> String {
    let mut fields = vec![one_or_many("principal", "principals", &entry.principals)];
    let permission = match entry.permission_type {
        AclPermissionType::Allow => "allow",
        AclPermissionType::Deny => "deny",
    };
    let names: Vec<&str> = entry.operations.iter().map(|operation| operation.name()).collect();
    fields.push(match names.as_slice() {
        [one] => format!("{permission}: {one}"),
        many => format!("{permission}: [{}]", many.join(", ")),
    });
    let key = RESOURCES.iter().find(|(_, resource_type)| *resource_type == entry.pattern.resource_type);
    let key = key.map_or("", |(key, _)| key);
    fields.push(match (entry.pattern.resource_type, entry.pattern.pattern_type) {
        (ResourceType::Cluster, _) => format!("{key}: true"),
        (_, PatternType::Literal) => format!("{key}: {}", scalar(&entry.pattern.name)),
        (_, PatternType::Prefixed) => format!("{key}: {{ prefixed: {} }}", scalar(&entry.pattern.name)),
    });
    if !matches!(entry.hosts.as_slice(), [host] if &**host == WILDCARD_HOST) {
        fields.push(one_or_many("host", "hosts", &entry.hosts));
    }
    format!("{{ {} }}", fields.join(", "))
}

fn one_or_many(one: &str, many: &str, texts: &[Arc<str>]) -> String {
    match texts {
        [text] => format!("{one}: {}", scalar(text)),
        texts => format!("{many}: [{}]", texts.iter().map(|text| scalar(text)).collect::<Vec<_>>().join(", ")),
    }
}
