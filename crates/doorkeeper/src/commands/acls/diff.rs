//! `doorkeeper acls diff A B`: what two places differ in, with the exit status of diff(1).

use std::path::PathBuf;

use acl::AclBinding;
use anyhow::{Context, Result};
use clap::Args;

use crate::commands::source::{self, CommandConfigs, Source};
use crate::report::number;

const EXAMPLES: &str = "\
Exit status: 0 the same ACLs, 1 others, 2 trouble.

Examples:
  doorkeeper acls diff file:acls.yaml doorkeeper:localhost:9092 --command-config admin.properties
  doorkeeper acls diff kafka:old:9092 kafka:new:9092 --command-config old.properties --command-config new.properties";

#[derive(Debug, Args)]
#[command(after_help = format!("Places:\n{}\n\n{EXAMPLES}", source::FORMS))]
pub(super) struct Diff {
    /// What is only here is shown behind a minus
    a: String,
    /// What is only here is shown behind a plus
    b: String,
    /// How to log in at clusters: once for both, or once for each in their order
    #[arg(long, value_name = "FILE")]
    command_config: Vec<PathBuf>,
}

/// Whether there is no difference.
pub(super) async fn run(arguments: Diff) -> Result<bool> {
    let mut configs = CommandConfigs::new(&arguments.command_config);
    let a = Source::parse(&arguments.a, &mut configs)?;
    let b = Source::parse(&arguments.b, &mut configs)?;
    configs.finish()?;
    let (in_a, in_b) = (a.acls().await?, b.acls().await?);
    if a.knows_ranges() != b.knows_ranges() {
        let ranges = in_a.iter().chain(&in_b).filter(|acl| acl::needs_host_ranges(&acl.entry.host)).count();
        if ranges > 0 {
            let what = number(ranges, "host");
            eprintln!(
                "doorkeeper: {what} can be equal in both and yet mean nobody in one of them: ranges, unusual spellings"
            );
        }
    }
    let lines = difference(&in_a, &in_b);
    if !lines.is_empty() {
        super::say(&format!("--- {a}\n+++ {b}\n{}\n", lines.join("\n"))).context("cannot write to standard output")?;
    }
    Ok(lines.is_empty())
}

/// Both are sorted.
fn difference(a: &[AclBinding], b: &[AclBinding]) -> Vec<String> {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut lines = Vec::new();
    loop {
        let order = match (a.peek(), b.peek()) {
            (None, None) => return lines,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(one), Some(other)) => one.cmp(other),
        };
        let only_a = a.next_if(|_| order.is_le());
        let only_b = b.next_if(|_| order.is_ge());
        match (only_a, only_b) {
            (Some(acl), None) => lines.push(format!("-{acl}")),
            (None, Some(acl)) => lines.push(format!("+{acl}")),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use acl::{AccessControlEntry, AclOperation, AclPermissionType, ResourcePattern, ResourceType};

    use super::*;

    #[test]
    fn what_is_in_one_only_is_shown_in_order() {
        let acl = |topic: &str| {
            let entry = AccessControlEntry::new("User:a", "*", AclOperation::Read, AclPermissionType::Allow);
            AclBinding::new(ResourcePattern::literal(ResourceType::Topic, topic), entry)
        };
        let sorted = |topics: &[&str]| {
            let mut acls: Vec<AclBinding> = topics.iter().map(|topic| acl(topic)).collect();
            acls.sort();
            acls
        };
        let (a, b) = (sorted(&["a", "b", "d"]), sorted(&["b", "c", "d", "e"]));
        let expected: Vec<String> =
            [("+", "e"), ("+", "c"), ("-", "a")].map(|(sign, topic)| format!("{sign}{}", acl(topic))).to_vec();
        assert_eq!(difference(&a, &b), expected);
        assert_eq!(difference(&a, &a), Vec::<String>::new());
    }
}
