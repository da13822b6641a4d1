//! ACLs as Strimzi's `KafkaUser` resources, one for each user.
//!
//! Strimzi has no words for everything: what it cannot say is refused, all of it at once, and nothing is written.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use acl::{AclBinding, AclOperation, AclPermissionType, PatternType, ResourcePattern, ResourceType, WILDCARD_HOST};
use anyhow::{Result, bail};
use store::yaml::scalar;

use super::kafka_user::{COMMON_NAME, OPERATIONS, RESOURCES};

/// Resources for the cluster of this name.
pub(super) fn written(acls: &[AclBinding], cluster: &str) -> Result<String> {
    let mut users: BTreeMap<&str, Vec<&AclBinding>> = BTreeMap::new();
    let mut unsaid = Vec::new();
    for acl in acls {
        match user(acl) {
            Ok(user) => users.entry(user).or_default().push(acl),
            Err(reason) => unsaid.push(format!("{acl}: {reason}")),
        }
    }
    if !unsaid.is_empty() {
        bail!("{}\nKafkaUser has no words for {} ACL(s): nothing was written", unsaid.join("\n"), unsaid.len());
    }
    let mut text = String::new();
    for (user, acls) in users {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        resource(&mut text, user, &acls, cluster);
    }
    Ok(text)
}

/// Whose ACL it is, if Strimzi can say it.
fn user(AclBinding { pattern, entry }: &AclBinding) -> Result<&str, String> {
    let Some(user) = entry.principal.strip_prefix("User:") else {
        return Err("the principal is no user".to_owned());
    };
    let name = user.strip_prefix(COMMON_NAME).unwrap_or(user);
    if !is_kubernetes_name(name) {
        return Err(format!("`{name}` cannot be the name of a resource of Kubernetes"));
    }
    if !RESOURCES.iter().any(|(_, resource_type)| *resource_type == pattern.resource_type) {
        return Err(format!("it has no resources of type {}", pattern.resource_type));
    }
    if pattern.resource_type == ResourceType::Cluster && pattern.pattern_type == PatternType::Prefixed {
        return Err("its cluster has no prefix".to_owned());
    }
    match OPERATIONS.contains(&entry.operation) {
        true => Ok(user),
        false => Err(format!("it has no operation {}", entry.operation)),
    }
}

/// RFC 1123: a subdomain.
fn is_kubernetes_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_end = |end: Option<char>| end.is_some_and(|end| end.is_ascii_lowercase() || end.is_ascii_digit());
        is_end(label.chars().next())
            && is_end(label.chars().next_back())
            && label.chars().all(|letter| letter == '-' || letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

fn resource(text: &mut String, user: &str, acls: &[&AclBinding], cluster: &str) {
    let certificate = user.strip_prefix(COMMON_NAME);
    let name = certificate.unwrap_or(user);
    let _ = write!(
        text,
        "apiVersion: kafka.strimzi.io/v1\nkind: KafkaUser\nmetadata:\n  name: {}\n  labels:\n    strimzi.io/cluster: {}\nspec:\n",
        scalar(name),
        scalar(cluster)
    );
    if certificate.is_some() {
        text.push_str("  authentication:\n    type: tls-external\n");
    }
    text.push_str("  authorization:\n    type: simple\n    acls:\n");
    for (Rule { pattern, host, permission_type }, operations) in rules(acls) {
        let key = RESOURCES.iter().find(|(_, resource_type)| *resource_type == pattern.resource_type);
        let _ = write!(text, "      - resource:\n          type: {}\n", key.map_or("", |(name, _)| name));
        if pattern.resource_type != ResourceType::Cluster {
            let kind = match pattern.pattern_type {
                PatternType::Literal => "literal",
                PatternType::Prefixed => "prefix",
            };
            let _ = write!(text, "          name: {}\n          patternType: {kind}\n", scalar(&pattern.name));
        }
        let names: Vec<&str> = operations.iter().map(|operation| operation.name()).collect();
        let _ = writeln!(text, "        operations: [{}]", names.join(", "));
        if host != WILDCARD_HOST {
            let _ = writeln!(text, "        host: {}", scalar(host));
        }
        if permission_type == AclPermissionType::Deny {
            text.push_str("        type: deny\n");
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Rule<'a> {
    pattern: &'a ResourcePattern,
    host: &'a str,
    permission_type: AclPermissionType,
}

/// Operations of the same rule together, in the order in which they come.
fn rules<'a>(acls: &[&'a AclBinding]) -> Vec<(Rule<'a>, Vec<AclOperation>)> {
    let mut places = HashMap::new();
    let mut rules: Vec<(Rule<'a>, Vec<AclOperation>)> = Vec::new();
    for AclBinding { pattern, entry } in acls {
        let rule = Rule { pattern, host: &entry.host, permission_type: entry.permission_type };
        let place = *places.entry(rule).or_insert(rules.len());
        match rules.get_mut(place) {
            Some((_, operations)) => operations.push(entry.operation),
            None => rules.push((rule, vec![entry.operation])),
        }
    }
    rules
}
