//! What `kafka-acls.sh` prints, byte for byte, which scripts take apart. The order is arbitrary there and stable here.

use std::fmt::Write;

use acl::{AccessControlEntry, AclBinding, AclPermissionType, ResourcePattern};

use super::plan::ResourceFilter;

/// Begins the line before the ACLs of a resource.
pub(super) const CURRENT: &str = "Current ACLs for resource `";

/// Begins the line before the ACLs of a principal.
pub(super) const PRINCIPAL: &str = "ACLs for principal `";

/// The ACLs by resource, with an empty line after each.
pub(in crate::commands) fn current(acls: &[AclBinding]) -> String {
    let mut text = String::new();
    for (pattern, entries) in by_resource(acls) {
        let _ = writeln!(text, "{CURRENT}{pattern}`:\n{}\n", listed(&entries));
    }
    text
}

pub(super) fn principal(principal: &str) -> String {
    format!("{PRINCIPAL}{principal}`\n")
}

pub(super) fn exists(binding: &AclBinding) -> String {
    format!("Acl {binding} already exists.\n")
}

pub(super) fn adding(pattern: &ResourcePattern, entries: &[AccessControlEntry]) -> String {
    format!("Adding ACLs for resource `{pattern}`: \n {}\n\n", listed(entries))
}

pub(super) fn asks_to_delete_all(filter: &ResourceFilter) -> String {
    format!("Are you sure you want to delete all ACLs for resource filter `{filter}`? (y/n)\n")
}

pub(super) fn asks_to_remove(filter: &ResourceFilter, entries: &[AccessControlEntry]) -> String {
    format!("Are you sure you want to remove ACLs: \n {}\n from resource filter `{filter}`? (y/n)\n", listed(entries))
}

fn listed(entries: &[AccessControlEntry]) -> String {
    entries.iter().map(|entry| format!("\t{entry}")).collect::<Vec<_>>().join("\n")
}

fn by_resource(acls: &[AclBinding]) -> Vec<(ResourcePattern, Vec<AccessControlEntry>)> {
    let mut sorted: Vec<&AclBinding> = acls.iter().collect();
    sorted.sort_by(|one, other| {
        let key = |binding: &AclBinding| {
            (binding.pattern.resource_type, binding.pattern.name.clone(), binding.pattern.pattern_type)
        };
        key(one).cmp(&key(other)).then_with(|| in_order(&one.entry, &other.entry))
    });
    sorted.dedup();
    let mut found: Vec<(ResourcePattern, Vec<AccessControlEntry>)> = Vec::new();
    for AclBinding { pattern, entry } in sorted {
        match found.last_mut() {
            Some((last, entries)) if last == pattern => entries.push(entry.clone()),
            _ => found.push((pattern.clone(), vec![entry.clone()])),
        }
    }
    found
}

/// By principal first, as a person reads them.
pub(super) fn in_order(one: &AccessControlEntry, other: &AccessControlEntry) -> std::cmp::Ordering {
    type Key<'e> = (&'e str, &'e str, AclPermissionType, acl::AclOperation);
    fn key(entry: &AccessControlEntry) -> Key<'_> {
        (&entry.principal, &entry.host, entry.permission_type, entry.operation)
    }
    key(one).cmp(&key(other))
}

#[cfg(test)]
mod tests {
    use super::super::list_text;
    use super::*;

    #[test]
    fn what_is_printed_looks_as_from_the_tool_and_is_read_again() {
        let printed = "\
Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=a, patternType=LITERAL)`:
\t(principal=User:a, host=*, operation=READ, permissionType=ALLOW)
\t(principal=User:b, host=*, operation=READ, permissionType=ALLOW)

Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=b, patternType=PREFIXED)`:
\t(principal=User:a, host=*, operation=READ, permissionType=DENY)

";
        let mut acls = list_text::read("-", printed).expect("our own words");
        acls.reverse();
        acls.push(acls[0].clone());
        assert_eq!(current(&acls), printed);
        let first = &acls[0];
        assert_eq!(
            adding(&first.pattern, std::slice::from_ref(&first.entry)),
            "Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=b, patternType=PREFIXED)`: \n \
             \t(principal=User:a, host=*, operation=READ, permissionType=DENY)\n\n"
        );
    }
}
