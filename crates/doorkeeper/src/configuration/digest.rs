//! Whether a configuration is the one of before: a digest of what the file says, in any order of its keys.
//!
//! What it refers to (`${file:…}`, certificates, the ACL file) is not in it, and no secret, even one that is written out:
//! a digest of a word can be tried out.

use std::fmt::Write as _;

use ::store::yaml::{Node, Value};
use sha2::{Digest as _, Sha256};

/// Keys whose values are secrets, wherever they stand.
const SECRETS: &[&str] = &["password", "SCRAM-SHA-256", "SCRAM-SHA-512", "keys"];

/// `sha256:` and 64 hexadecimal digits.
pub(super) fn of(document: &Node) -> String {
    let mut lines = Vec::new();
    put(&mut lines, "", document, false);
    lines.sort_unstable();
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(lines.concat()) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A line for each value: its path and itself, both in quotes.
fn put(lines: &mut Vec<String>, path: &str, node: &Node, is_secret: bool) {
    match &node.value {
        Value::Null => lines.push(format!("{path:?}: null\n")),
        Value::Scalar { text, .. } if is_secret && !text.starts_with("${") => lines.push(format!("{path:?}: secret\n")),
        Value::Scalar { text, .. } => lines.push(format!("{path:?}: {text:?}\n")),
        Value::Sequence(items) => {
            lines.push(format!("{path:?}: {} items\n", items.len()));
            items.iter().enumerate().for_each(|(at, item)| put(lines, &format!("{path}[{at}]"), item, is_secret));
        }
        Value::Mapping(fields) => {
            lines.push(format!("{path:?}: {} keys\n", fields.len()));
            for (key, value) in fields {
                let is_secret = is_secret || SECRETS.contains(&key.name.as_str());
                put(lines, &format!("{path}/{}", key.name), value, is_secret);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> String {
        of(&::store::yaml::tree::parse(text).expect("a document"))
    }

    #[test]
    fn what_means_the_same_has_the_same_digest() {
        let one = digest("cluster: a\nstore: { file: b } # as ever\n");
        assert_eq!(one, digest("store:\n  file: \"b\"\ncluster: a\n"));
        assert!(one.starts_with("sha256:") && one.len() == 7 + 64, "{one}");
        for other in
            ["cluster: a\nstore: { file: c }", "cluster: a\nstore: [file, b]", "cluster: a\nstore: { embedded: b }"]
        {
            assert_ne!(one, digest(other), "{other}");
        }
    }

    #[test]
    fn a_secret_is_not_in_it_but_where_it_comes_from_is() {
        let with = |password: &str| digest(&format!("upstream: {{ username: a, password: \"{password}\" }}"));
        assert_eq!(with("one"), with("another"));
        assert_ne!(with("one"), with("${file:upstream.password}"));
        assert_ne!(with("${file:one}"), with("${file:another}"));
        assert_eq!(digest("store: { kafka: { keys: [one] } }"), digest("store: { kafka: { keys: [another] } }"));
    }
}
