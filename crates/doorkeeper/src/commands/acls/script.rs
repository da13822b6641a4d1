//! ACLs as a shell script of `kafka-acls.sh` commands.
//!
//! Every text is in single quotes and behind `=`, so that nothing of it is taken for an option, a pattern or a command.
//! What the tool would change or refuse is refused here, all of it at once, and nothing is written.

use acl::{AclBinding, AclOperation, AclPermissionType, CLUSTER_NAME, PatternType, ResourceType};
use anyhow::{Result, bail};

const HEAD: &str = r#"#!/bin/sh
# Adds ACLs with Kafka's own tool. Its arguments say where:
#   sh THIS_FILE --bootstrap-server localhost:9092 --command-config admin.properties
# KAFKA_ACLS names the tool, if it is not in the PATH.
set -eu
add() { "${KAFKA_ACLS:-kafka-acls.sh}" "$@"; }

"#;

/// The whole script.
pub(super) fn written(acls: &[AclBinding]) -> Result<String> {
    let unsaid: Vec<String> =
        acls.iter().filter_map(|acl| why_not(acl).map(|reason| format!("{acl:?}: {reason}"))).collect();
    if !unsaid.is_empty() {
        bail!("{}\nkafka-acls.sh cannot add {} ACL(s): nothing was written", unsaid.join("\n"), unsaid.len());
    }
    let mut text = HEAD.to_owned();
    let mut commands = commands(acls);
    // At no time is more allowed than in the end.
    commands.sort_by_key(|(acl, _)| acl.entry.permission_type != AclPermissionType::Deny);
    for (acl, operations) in commands {
        let (principal, host) = match acl.entry.permission_type {
            AclPermissionType::Allow => ("--allow-principal", "--allow-host"),
            AclPermissionType::Deny => ("--deny-principal", "--deny-host"),
        };
        text.push_str("add \"$@\" --add");
        text.push_str(&match option(acl.pattern.resource_type) {
            None => " --cluster".to_owned(),
            Some(option) => format!(" {option}={}", quoted(&acl.pattern.name)),
        });
        if acl.pattern.pattern_type == PatternType::Prefixed {
            text.push_str(" --resource-pattern-type prefixed");
        }
        text.push_str(&format!(" {principal}={} {host}={}", quoted(&acl.entry.principal), quoted(&acl.entry.host)));
        operations.iter().for_each(|operation| text.push_str(&format!(" --operation {operation}")));
        text.push('\n');
    }
    Ok(text)
}

/// Those that differ in the operation only are one command.
fn commands(acls: &[AclBinding]) -> Vec<(&AclBinding, Vec<AclOperation>)> {
    let mut places = std::collections::HashMap::new();
    let mut commands: Vec<(&AclBinding, Vec<AclOperation>)> = Vec::new();
    for acl in acls {
        let key = (&acl.pattern, &acl.entry.principal, &acl.entry.host, acl.entry.permission_type);
        let place = *places.entry(key).or_insert(commands.len());
        match commands.get_mut(place) {
            Some((_, operations)) => operations.push(acl.entry.operation),
            None => commands.push((acl, vec![acl.entry.operation])),
        }
    }
    commands
}

fn option(resource_type: ResourceType) -> Option<&'static str> {
    match resource_type {
        ResourceType::Topic => Some("--topic"),
        ResourceType::Group => Some("--group"),
        ResourceType::TransactionalId => Some("--transactional-id"),
        ResourceType::DelegationToken => Some("--delegation-token"),
        ResourceType::User => Some("--user-principal"),
        ResourceType::Cluster => None,
    }
}

/// Why the tool would not add just this.
fn why_not(AclBinding { pattern, entry }: &AclBinding) -> Option<&'static str> {
    let texts = [&*pattern.name, &*entry.principal, &*entry.host];
    if texts.iter().any(|text| text.chars().any(char::is_control)) {
        return Some("it has a control character, which terminals and scripts may take for something else");
    }
    if texts.iter().any(|text| text.is_empty()) {
        return Some("a text of it is empty");
    }
    // The tool cuts blanks off, but for transactional ids.
    let is_cut = |text: &str| text.starts_with(' ') || text.ends_with(' ');
    if is_cut(&entry.principal)
        || is_cut(&entry.host)
        || (pattern.resource_type != ResourceType::TransactionalId && is_cut(&pattern.name))
    {
        return Some("it begins or ends with a blank, which the tool cuts off");
    }
    if !entry.principal.contains(':') {
        return Some("its principal has no type");
    }
    if pattern.resource_type == ResourceType::Cluster
        && (pattern.pattern_type == PatternType::Prefixed || &*pattern.name != CLUSTER_NAME)
    {
        return Some("the tool knows one cluster, without a prefix");
    }
    let is_supported =
        entry.operation == AclOperation::All || pattern.resource_type.supported_operations().contains(&entry.operation);
    (!is_supported).then_some("the tool does not know this operation for this type of resource")
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use acl::{AccessControlEntry, ResourcePattern};

    use super::*;

    fn acl(name: &str, principal: &str, operation: AclOperation) -> AclBinding {
        let entry = AccessControlEntry::new(principal, "*", operation, AclPermissionType::Deny);
        AclBinding::new(ResourcePattern::prefixed(ResourceType::Group, name), entry)
    }

    #[test]
    fn whatever_a_name_is_it_stays_one_word_of_one_command() {
        let acls = [
            acl("$(rm -rf /)'; `x` \\", "User:O'Brien", AclOperation::Read),
            acl("--force", "User:*", AclOperation::Read),
        ];
        let text = written(&acls).expect("it can be said");
        let commands: Vec<&str> = text.strip_prefix(HEAD).expect("the head").lines().collect();
        assert_eq!(
            commands,
            [
                r#"add "$@" --add --group='$(rm -rf /)'\''; `x` \' --resource-pattern-type prefixed --deny-principal='User:O'\''Brien' --deny-host='*' --operation Read"#,
                r#"add "$@" --add --group='--force' --resource-pattern-type prefixed --deny-principal='User:*' --deny-host='*' --operation Read"#,
            ]
        );
    }

    #[test]
    fn what_the_tool_would_not_add_as_it_is_is_refused_all_at_once() {
        let acls = [
            acl("a\nb", "User:a", AclOperation::Read),
            acl(" a", "User:a", AclOperation::Read),
            acl("a", "nobody", AclOperation::Read),
            acl("a", "User:a", AclOperation::Write),
        ];
        let said = written(&acls).expect_err("it cannot be said").to_string();
        assert!(!said.contains("a\nb") && said.contains("kafka-acls.sh cannot add 4 ACL(s)"), "{said}");
    }
}
