//! The text that `kafka-acls.sh --list` prints, read again.
//!
//! ```text
//! Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=orders, patternType=LITERAL)`:
//!     (principal=User:alice, host=*, operation=READ, permissionType=ALLOW)
//! ```
//!
//! Every line is understood or refused: a text that was cut, edited or printed by something else must not become other
//! ACLs than were meant.

use std::fmt::Write;

use acl::{
    AccessControlEntry, AclBinding, AclOperation, AclPermissionType, PatternType, ResourcePattern, ResourceType,
};
use anyhow::{Result, bail};

use super::print;

/// Lines that are wrong and told one by one.
const MOST_TOLD: usize = 50;

/// The ACLs of a text. `name` is for messages.
pub(crate) fn read(name: &str, text: &str) -> Result<Vec<AclBinding>> {
    let mut bindings = Vec::new();
    let mut pattern = None;
    let mut wrong = Vec::new();
    for (at, line) in text.lines().enumerate() {
        match line_of(line) {
            Ok(Line::Nothing) => {}
            Ok(Line::Pattern(read)) => pattern = Some(read),
            Ok(Line::Entry(entry)) => match &pattern {
                Some(pattern) => bindings.push(AclBinding::new(ResourcePattern::clone(pattern), entry)),
                None => wrong.push((at + 1, "an entry before the line that says for which resource".to_owned())),
            },
            Err(message) => wrong.push((at + 1, message)),
        }
    }
    if wrong.is_empty() {
        return Ok(bindings);
    }
    let mut said = String::new();
    for (line, message) in wrong.iter().take(MOST_TOLD) {
        let _ = writeln!(said, "{name}:{line}: {message}");
    }
    bail!("{said}{} line(s) were not understood: nothing was read", wrong.len())
}

enum Line {
    Nothing,
    Pattern(ResourcePattern),
    Entry(AccessControlEntry),
}

fn line_of(line: &str) -> Result<Line, String> {
    if line.trim().is_empty() || line.starts_with(print::PRINCIPAL) {
        return Ok(Line::Nothing);
    }
    if let Some(rest) = line.strip_prefix(print::CURRENT) {
        return pattern(rest).map(Line::Pattern);
    }
    match line.trim_start_matches([' ', '\t']).strip_prefix("(principal=") {
        Some(rest) => entry(rest).map(Line::Entry),
        None => Err(format!("`{line}` is no line of `kafka-acls.sh --list`")),
    }
}

/// The name stands between words that occur once before it and once behind it.
fn pattern(rest: &str) -> Result<ResourcePattern, String> {
    let parts = || -> Option<(&str, &str, &str)> {
        let inside = rest.strip_prefix("ResourcePattern(resourceType=")?.strip_suffix(")`:")?;
        let (resource_type, rest) = inside.split_once(", name=")?;
        let (name, pattern_type) = rest.rsplit_once(", patternType=")?;
        Some((resource_type, name, pattern_type))
    };
    let (resource_type, name, pattern_type) = parts().ok_or("this line names no resource as Kafka's tool does")?;
    let resource_type = one_of(resource_type, "resource type", ResourceType::VALUES, ResourceType::upper_name)?;
    let pattern_type = one_of(pattern_type, "pattern type", PatternType::VALUES, PatternType::upper_name)?;
    Ok(ResourcePattern::new(resource_type, name, pattern_type))
}

fn entry(rest: &str) -> Result<AccessControlEntry, String> {
    let parts = || -> Option<(&str, &str, &str)> {
        let inside = rest.strip_suffix(')')?;
        let (rest, permission_type) = inside.rsplit_once(", permissionType=")?;
        let (who, operation) = rest.rsplit_once(", operation=")?;
        Some((who, operation, permission_type))
    };
    let (who, operation, permission_type) = parts().ok_or("this line is no entry as Kafka's tool prints it")?;
    let Some((principal, host)) = who.split_once(", host=") else {
        return Err("this entry has no host".to_owned());
    };
    if host.contains(", host=") {
        return Err(format!("`{who}` can be read in two ways: which part is the host?"));
    }
    let operation = one_of(operation, "operation", AclOperation::VALUES, AclOperation::upper_name)?;
    let permission_type =
        one_of(permission_type, "permission type", AclPermissionType::VALUES, AclPermissionType::upper_name)?;
    Ok(AccessControlEntry::new(principal, host, operation, permission_type))
}

fn one_of<T: Copy>(word: &str, what: &str, values: &[T], name: impl Fn(T) -> &'static str) -> Result<T, String> {
    values.iter().copied().find(|value| name(*value) == word).ok_or_else(|| {
        let known: Vec<&str> = values.iter().map(|value| name(*value)).collect();
        format!("`{word}` is no {what}, expected {}", store::yaml::list(&known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_tool_prints_is_read() {
        let text = "ACLs for principal `User:Bob`\n\
            Current ACLs for resource `ResourcePattern(resourceType=TRANSACTIONAL_ID, name=a, name=b, patternType=PREFIXED)`: \r\n";
        assert!(read("-", text).is_err(), "a blank too much");
        let text = "Current ACLs for resource `ResourcePattern(resourceType=TRANSACTIONAL_ID, name=a, name=b, patternType=PREFIXED)`:\r\n \
            \t(principal=User:CN=a,O=b, host=*, operation=TWO_PHASE_COMMIT, permissionType=DENY)\r\n\
            \t(principal=User:*, host=10.0.0.1, operation=ALL, permissionType=ALLOW)\n\n";
        let acls = read("-", text).expect("it is understood");
        let said: Vec<String> = acls.iter().map(ToString::to_string).collect();
        let pattern = "pattern=ResourcePattern(resourceType=TRANSACTIONAL_ID, name=a, name=b, patternType=PREFIXED)";
        assert_eq!(
            said,
            [
                format!(
                    "({pattern}, entry=(principal=User:CN=a,O=b, host=*, operation=TWO_PHASE_COMMIT, permissionType=DENY))"
                ),
                format!("({pattern}, entry=(principal=User:*, host=10.0.0.1, operation=ALL, permissionType=ALLOW))"),
            ]
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_lines() {
        let text = "Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=a, patternType=ANY)`:\n\
            \t(principal=User:a, host=*, operation=READ, permissionType=ALLOW)\n\
            Current ACLs for resource `Topic:LITERAL:a`:\n\
            \t(principal=User:a, host=*, operation=Read, permissionType=ALLOW)\n\
            \t(principal=User:a, host=b, host=*, operation=READ, permissionType=ALLOW)\n\
            \t(principal=User:a, host=*, operation=READ, permissionType=ALLOW\n\
            Adding ACLs\n";
        let said = read("acls.txt", text).expect_err("it is not understood").to_string();
        assert_eq!(
            said,
            "acls.txt:1: `ANY` is no pattern type, expected `LITERAL` or `PREFIXED`\n\
             acls.txt:2: an entry before the line that says for which resource\n\
             acls.txt:3: this line names no resource as Kafka's tool does\n\
             acls.txt:4: `Read` is no operation, expected `ALL`, `READ`, `WRITE`, `CREATE`, `DELETE`, `ALTER`, `DESCRIBE`, \
             `CLUSTER_ACTION`, `DESCRIBE_CONFIGS`, `ALTER_CONFIGS`, `IDEMPOTENT_WRITE`, `CREATE_TOKENS`, \
             `DESCRIBE_TOKENS` or `TWO_PHASE_COMMIT`\n\
             acls.txt:5: `User:a, host=b, host=*` can be read in two ways: which part is the host?\n\
             acls.txt:6: this line is no entry as Kafka's tool prints it\n\
             acls.txt:7: `Adding ACLs` is no line of `kafka-acls.sh --list`\n\
             7 line(s) were not understood: nothing was read"
        );
    }
}
