//! Entries that are valid and mean nothing, or not what they seem to mean. Kafka takes them without a word.

use acl::{AclOperation, PatternType, ResourcePattern, ResourceType};

use super::entry::is_address_or_range;
use crate::yaml::{Field, Reading};

pub(super) fn principal(reading: &mut Reading, field: &Field<'_>, text: &str) {
    match text.split_once(':') {
        None => field.warning(reading, format!("`{text}` has no type and is nobody: write `User:{text}`")),
        Some(("User", "*")) => {}
        Some(("User", name)) if name.ends_with('*') => {
            field.warning(
                reading,
                format!("`{text}` is one user of exactly this name: only `User:*` stands for others"),
            );
        }
        Some(("Group", "*")) => {
            field.warning(reading, "`Group:*` is one group of exactly this name: `User:*` stands for everybody");
        }
        Some(("User" | "Group", _)) => {}
        Some((principal_type, name)) => {
            let message =
                format!("nobody has the type `{principal_type}`: types are `User` and `Group`, as in `User:{name}`");
            field.warning(reading, message);
        }
    }
}

pub(super) fn pattern(reading: &mut Reading, field: &Field<'_>, pattern: &ResourcePattern) {
    let name = &*pattern.name;
    match (pattern.pattern_type, name.strip_suffix('*')) {
        (PatternType::Literal, Some(prefix)) if !prefix.is_empty() => {
            let message = format!(
                "`{name}` is one name, asterisk included: write `{{ prefixed: {prefix} }}` for all that begin so"
            );
            field.warning(reading, message);
        }
        (PatternType::Prefixed, Some(prefix)) => {
            let instead = if prefix.is_empty() { "`\"*\"`".to_owned() } else { format!("`{{ prefixed: {prefix} }}`") };
            field.warning(reading, format!("names that begin with `{name}` have an asterisk in them: write {instead}"));
        }
        (PatternType::Literal | PatternType::Prefixed, _) => {}
    }
    if pattern.resource_type == ResourceType::User && !name.contains(':') && name != acl::WILDCARD_RESOURCE {
        field.warning(reading, format!("users are resources by their principal: write `User:{name}`"));
    }
}

pub(super) fn host(reading: &mut Reading, field: &Field<'_>, text: &str) {
    if text == acl::WILDCARD_HOST || is_address_or_range(text) {
        return;
    }
    let what = if text.contains('/') { "no range of addresses" } else { "no address" };
    field.warning(reading, format!("`{text}` is {what} and is nobody's: names are not looked up"));
}

pub(super) fn operation(reading: &mut Reading, field: &Field<'_>, operation: AclOperation, on: ResourceType) {
    if operation == AclOperation::All || on.supported_operations().contains(&operation) {
        return;
    }
    let supported: Vec<&str> = on.supported_operations().iter().map(|operation| operation.name()).collect();
    let message = format!("`{operation}` has no meaning for {on}, which knows {}", supported.join(", "));
    field.warning(reading, message);
}
