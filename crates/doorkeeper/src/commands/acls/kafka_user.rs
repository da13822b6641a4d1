//! The ACLs of Strimzi's `KafkaUser` resources.
//!
//! Strimzi: `KafkaUserModel`, `SimpleAclRule`. A user with `authentication` `tls` or `tls-external` is the principal
//! `User:CN=name`, any other `User:name`. Documents of other kinds are left out and told; in a `KafkaUser` every word about
//! ACLs is understood or refused, because an ACL without what was not understood could allow more.

use std::fmt::Write;

use acl::{
    AccessControlEntry, AclBinding, AclOperation, AclPermissionType, CLUSTER_NAME, PatternType, ResourcePattern,
    ResourceType, WILDCARD_HOST,
};
use anyhow::{Result, bail};
use store::Mark;
use store::yaml::{Key, Node, Value, list, tree};

/// The operations that Strimzi has.
pub(super) const OPERATIONS: &[AclOperation] = &[
    AclOperation::All,
    AclOperation::Read,
    AclOperation::Write,
    AclOperation::Create,
    AclOperation::Delete,
    AclOperation::Alter,
    AclOperation::Describe,
    AclOperation::ClusterAction,
    AclOperation::DescribeConfigs,
    AclOperation::AlterConfigs,
    AclOperation::IdempotentWrite,
];

/// The resource types that Strimzi has, by its names.
pub(super) const RESOURCES: &[(&str, ResourceType)] = &[
    ("topic", ResourceType::Topic),
    ("group", ResourceType::Group),
    ("cluster", ResourceType::Cluster),
    ("transactionalId", ResourceType::TransactionalId),
];

const PATTERNS: &[(&str, PatternType)] = &[("literal", PatternType::Literal), ("prefix", PatternType::Prefixed)];

const PERMISSIONS: &[(&str, AclPermissionType)] =
    &[("allow", AclPermissionType::Allow), ("deny", AclPermissionType::Deny)];

/// What stands before the name of a user with a certificate.
pub(super) const COMMON_NAME: &str = "CN=";

/// The ACLs of a stream of documents. `name` is for messages.
pub(crate) fn read(name: &str, text: &str) -> Result<Vec<AclBinding>> {
    let documents = match tree::parse_all(text) {
        Ok(documents) => documents,
        Err(error) => bail!("{name}:{}:{}: {}", error.mark.line, error.mark.column, error.message),
    };
    let mut reader = Reader { bindings: Vec::new(), wrong: Vec::new(), others: 0 };
    documents.iter().for_each(|document| reader.document(document));
    if !reader.wrong.is_empty() {
        let mut said = String::new();
        for Wrong { mark, message } in &reader.wrong {
            let _ = writeln!(said, "{name}:{}:{}: {message}", mark.line, mark.column);
        }
        bail!("{said}{} thing(s) were not understood: nothing was read", reader.wrong.len());
    }
    if reader.others > 0 {
        eprintln!("doorkeeper: {name}: {} resource(s) of other kinds than KafkaUser were left out", reader.others);
    }
    Ok(reader.bindings)
}

struct Wrong {
    mark: Mark,
    message: String,
}

/// An empty error stands for one that has been noted.
type Read<T> = std::result::Result<T, Wrong>;

struct Reader {
    bindings: Vec<AclBinding>,
    wrong: Vec<Wrong>,
    others: usize,
}

impl Reader {
    fn document(&mut self, document: &Node) {
        let kind = match field(document, "kind").and_then(text) {
            Ok(kind) => kind,
            Err(wrong) => return self.wrong.push(wrong),
        };
        match kind {
            "List" | "KafkaUserList" => match field(document, "items").and_then(items) {
                Ok(items) => items.iter().for_each(|item| self.document(item)),
                Err(wrong) => self.wrong.push(wrong),
            },
            "KafkaUser" => {
                if let Err(wrong) = self.user(document) {
                    self.wrong.push(wrong);
                }
            }
            _ => self.others += 1,
        }
    }

    fn user(&mut self, document: &Node) -> Read<()> {
        let name = text(field(field(document, "metadata")?, "name")?)?;
        let Some(spec) = optional(document, "spec")? else { return Ok(()) };
        let authentication = match optional(spec, "authentication")? {
            None => None,
            Some(authentication) => Some(field(authentication, "type")?),
        };
        let principal = match authentication.map(|node| Ok((text(node)?, node.mark))).transpose()? {
            Some(("tls" | "tls-external", _)) => format!("User:{COMMON_NAME}{name}"),
            Some(("scram-sha-512", _)) | None => format!("User:{name}"),
            Some((other, mark)) => {
                let known = list(&["tls", "tls-external", "scram-sha-512"]);
                return Err(Wrong { mark, message: format!("`{other}` is no authentication, expected {known}") });
            }
        };
        let Some(authorization) = optional(spec, "authorization")? else { return Ok(()) };
        let kind = field(authorization, "type")?;
        if text(kind)? != "simple" {
            let message = "only the authorization `simple` has ACLs".to_owned();
            return Err(Wrong { mark: kind.mark, message });
        }
        only(authorization, &["type", "acls"])?;
        for rule in optional(authorization, "acls")?.map(items).transpose()?.unwrap_or_default() {
            match bindings(rule, &principal) {
                Ok(bindings) => self.bindings.extend(bindings),
                Err(wrong) => self.wrong.push(wrong),
            }
        }
        Ok(())
    }
}

fn bindings(rule: &Node, principal: &str) -> Read<Vec<AclBinding>> {
    only(rule, &["type", "resource", "host", "operation", "operations"])?;
    let permission_type = match optional(rule, "type")? {
        None => AclPermissionType::Allow,
        Some(node) => one_of(node, PERMISSIONS)?,
    };
    let host = optional(rule, "host")?.map(text).transpose()?.unwrap_or(WILDCARD_HOST);
    let pattern = pattern(field(rule, "resource")?)?;
    let operations = match (optional(rule, "operation")?, optional(rule, "operations")?) {
        (Some(one), None) => vec![one],
        (None, Some(many)) => items(many)?.iter().collect(),
        (None, None) => return Err(wrong(rule, "`operations` is missing")),
        (Some(_), Some(many)) => {
            return Err(wrong(many, "`operations` is here beside `operation`, expected one of them"));
        }
    };
    let names: Vec<(&str, AclOperation)> = OPERATIONS.iter().map(|operation| (operation.name(), *operation)).collect();
    let binding = |node| -> Read<AclBinding> {
        let entry = AccessControlEntry::new(principal, host, one_of(node, &names)?, permission_type);
        Ok(AclBinding::new(pattern.clone(), entry))
    };
    operations.into_iter().map(binding).collect()
}

fn pattern(resource: &Node) -> Read<ResourcePattern> {
    only(resource, &["type", "name", "patternType"])?;
    let resource_type = one_of(field(resource, "type")?, RESOURCES)?;
    let pattern_type = match optional(resource, "patternType")? {
        None => PatternType::Literal,
        Some(node) => one_of(node, PATTERNS)?,
    };
    if resource_type == ResourceType::Cluster {
        let named = optional(resource, "name")?.map(text).transpose()?.unwrap_or(CLUSTER_NAME);
        return match (named, pattern_type) {
            (CLUSTER_NAME, PatternType::Literal) => Ok(ResourcePattern::literal(resource_type, CLUSTER_NAME)),
            _ => Err(wrong(resource, "the resource `cluster` has no name and no pattern")),
        };
    }
    let name = field(resource, "name")?;
    match text(name)? {
        "" => Err(wrong(name, "the name of the resource is empty")),
        text => Ok(ResourcePattern::new(resource_type, text, pattern_type)),
    }
}

fn wrong(node: &Node, message: &str) -> Wrong {
    Wrong { mark: node.mark, message: message.to_owned() }
}

fn field<'n>(node: &'n Node, name: &str) -> Read<&'n Node> {
    optional(node, name)?.ok_or_else(|| wrong(node, &format!("`{name}` is missing")))
}

/// A field, if it is there and has a value.
fn optional<'n>(node: &'n Node, name: &str) -> Read<Option<&'n Node>> {
    let found = entries(node)?.iter().find(|(key, _)| key.name == name).map(|(_, value)| value);
    Ok(found.filter(|value| value.value != Value::Null))
}

fn only(node: &Node, names: &[&str]) -> Read<()> {
    match entries(node)?.iter().find(|(key, _)| !names.contains(&key.name.as_str())) {
        None => Ok(()),
        Some((key, _)) => {
            let message = format!("`{}` is not known here, expected {}", key.name, list(names));
            Err(Wrong { mark: key.mark, message })
        }
    }
}

fn entries(node: &Node) -> Read<&[(Key, Node)]> {
    match &node.value {
        Value::Mapping(entries) => Ok(entries),
        _ => Err(wrong(node, "expected keys and values")),
    }
}

fn items(node: &Node) -> Read<&[Node]> {
    match &node.value {
        Value::Sequence(items) => Ok(items),
        _ => Err(wrong(node, "expected a list")),
    }
}

fn text(node: &Node) -> Read<&str> {
    match &node.value {
        Value::Scalar { text, .. } => Ok(text),
        _ => Err(wrong(node, "expected a text")),
    }
}

fn one_of<T: Copy>(node: &Node, words: &[(&str, T)]) -> Read<T> {
    let word = text(node)?;
    let found = words.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        wrong(node, &format!("`{word}` is not known, expected {}", list(&names)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "\
apiVersion: kafka.strimzi.io/v1
kind: KafkaUser
metadata:
  name: billing
  labels: { strimzi.io/cluster: my-cluster }
spec:
  authentication: { type: tls }
  authorization:
    type: simple
    acls:
      - resource: { type: topic, name: \"*\" }
        operations: [Read, DescribeConfigs]
        host: 10.0.0.1
      - type: deny
        resource: { type: group, name: billing-, patternType: prefix }
        operation: All
  quotas: { requestPercentage: 55 }
---
apiVersion: v1
kind: List
items:
  - kind: KafkaTopic
  - kind: KafkaUser
    metadata: { name: ops }
    spec:
      authentication: { type: scram-sha-512 }
      authorization: { type: simple, acls: [{ resource: { type: cluster }, operations: [Alter] }] }
  - kind: KafkaUser
    metadata: { name: outside }
    spec:
      authentication: { type: tls-external }
      authorization:
        type: simple
        acls: [{ resource: { type: transactionalId, name: x, patternType: literal }, operations: [Write] }]
  - { kind: KafkaUser, metadata: { name: nobody }, spec: {} }
";

    #[test]
    fn users_are_read_as_strimzi_reads_them() {
        let said: Vec<String> = read("-", USERS).expect("it is understood").iter().map(ToString::to_string).collect();
        let acl = |resource: &str, entry: &str| format!("(pattern=ResourcePattern({resource}), entry=({entry}))");
        let topics = "resourceType=TOPIC, name=*, patternType=LITERAL";
        assert_eq!(
            said,
            [
                acl(topics, "principal=User:CN=billing, host=10.0.0.1, operation=READ, permissionType=ALLOW"),
                acl(
                    topics,
                    "principal=User:CN=billing, host=10.0.0.1, operation=DESCRIBE_CONFIGS, permissionType=ALLOW"
                ),
                acl(
                    "resourceType=GROUP, name=billing-, patternType=PREFIXED",
                    "principal=User:CN=billing, host=*, operation=ALL, permissionType=DENY"
                ),
                acl(
                    "resourceType=CLUSTER, name=kafka-cluster, patternType=LITERAL",
                    "principal=User:ops, host=*, operation=ALTER, permissionType=ALLOW"
                ),
                acl(
                    "resourceType=TRANSACTIONAL_ID, name=x, patternType=LITERAL",
                    "principal=User:CN=outside, host=*, operation=WRITE, permissionType=ALLOW"
                ),
            ]
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place() {
        for (from, to, expected) in [
            ("host: 10", "hosts: 10", "u.yaml:13:9: `hosts` is not known here"),
            (
                "patternType: prefix",
                "patternType: prefixed",
                "u.yaml:15:63: `prefixed` is not known, expected `literal` or `prefix`",
            ),
            ("type: deny", "type: refuse", "u.yaml:14:15: `refuse` is not known"),
            ("[Read, ", "[READ, ", "u.yaml:12:22: `READ` is not known, expected `All`"),
            ("type: simple\n", "type: opa\n", "u.yaml:9:11: only the authorization `simple` has ACLs"),
            ("type: tls }", "type: kerberos }", "u.yaml:7:27: `kerberos` is no authentication"),
            ("operation: All", "operation: All\n        operations: [All]", "`operations` is here beside `operation`"),
            (", name: \"*\" }", " }", "u.yaml:11:19: `name` is missing"),
            ("{ type: cluster }", "{ type: cluster, name: other }", "the resource `cluster` has no name"),
            ("kind: KafkaUser\n", "kin: KafkaUser\n", "u.yaml:1:1: `kind` is missing"),
        ] {
            let text = USERS.replacen(from, to, 1);
            assert_ne!(text, USERS, "{from}");
            let said = read("u.yaml", &text).expect_err(to).to_string();
            assert!(said.contains(expected), "{said}");
        }
    }
}
