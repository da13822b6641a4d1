//! `doorkeeper acls import SOURCE --into TARGET`: ACLs from elsewhere, none of which may mean more here than there.
//!
//! A broker compares the hosts of ACLs as texts: a range such as `10.0.0.0/8` is a host there that nobody comes from. Where
//! ranges are understood it would come alive, and where a range denies and is not understood, the denial would die. So an
//! ACL with such a host does not go from one world to the other.

use std::collections::HashSet;
use std::path::PathBuf;

use acl::AclBinding;
use anyhow::{Result, bail};
use clap::Args;

use crate::commands::source::{self, CommandConfigs, Source};
use crate::report::number;

const EXAMPLES: &str = "\
Examples:
  doorkeeper acls import kafka:kafka-0:9092 --command-config admin.properties --into file:acls.yaml --dry-run
  kafka-acls.sh --bootstrap-server kafka-0:9092 --list | doorkeeper acls import list:- --into embedded:store
  kubectl get kafkauser -o yaml | doorkeeper acls import strimzi:- --into doorkeeper:localhost:9092 --command-config admin.properties";

#[derive(Debug, Args)]
#[command(after_help = format!("Sources and targets:\n{}\n\n{EXAMPLES}", source::FORMS))]
pub(super) struct Import {
    /// Where the ACLs are
    source: String,
    /// Where they shall be too; what is there stays
    #[arg(long, value_name = "TARGET")]
    into: String,
    /// Only shows what would be added
    #[arg(long)]
    dry_run: bool,
    /// Leaves out, and tells, ACLs whose host is a range that means nobody at one of the two. At a broker with
    /// `allow.everyone.if.no.acl.found` even those close their resource
    #[arg(long)]
    skip_ranges: bool,
    /// How to log in at clusters: once for all, or once for each in their order
    #[arg(long, value_name = "FILE")]
    command_config: Vec<PathBuf>,
}

pub(super) async fn run(arguments: Import) -> Result<()> {
    let mut configs = CommandConfigs::new(&arguments.command_config);
    let source = Source::parse(&arguments.source, &mut configs)?;
    let target = Source::parse(&arguments.into, &mut configs)?;
    configs.finish()?;
    let found = source.acls().await?;
    let wanted = same_meaning(found, &source, &target, arguments.skip_ranges)?;
    let there: HashSet<AclBinding> = target.acls_if_there().await?.into_iter().collect();
    let (old, new): (Vec<AclBinding>, Vec<AclBinding>) = wanted.into_iter().partition(|acl| there.contains(acl));
    let (added, old) = (number(new.len(), "ACL"), number(old.len(), "ACL"));
    if arguments.dry_run {
        let new: String = new.iter().map(|acl| format!("+{acl}\n")).collect();
        super::say(&format!(
            "{new}{added} would be added to {target}, which has {old} of {source} already; nothing was changed\n"
        ))?;
        return Ok(());
    }
    if !new.is_empty() {
        target.change(&[], &new).await?;
    }
    super::say(&format!("{added} added to {target}, which had {old} of {source} already\n"))?;
    Ok(())
}

/// The ACLs that mean the same in both places; an error if others are not to be left out.
fn same_meaning(acls: Vec<AclBinding>, source: &Source, target: &Source, skip: bool) -> Result<Vec<AclBinding>> {
    if source.knows_ranges() == target.knows_ranges() {
        return Ok(acls);
    }
    let (other, same): (Vec<AclBinding>, Vec<AclBinding>) =
        acls.into_iter().partition(|acl| acl::needs_host_ranges(&acl.entry.host));
    if other.is_empty() {
        return Ok(same);
    }
    let (here, there) = if source.knows_ranges() { (source, target) } else { (target, source) };
    let listed = other.iter().map(|acl| format!("  {acl}\n")).collect::<String>();
    let what =
        format!("{listed}{}: the host means somebody in {here}, and nobody in {there}", number(other.len(), "ACL"));
    if !skip {
        bail!(
            "{what}: nothing was changed. Remove them at the source, or leave them out with --skip-ranges; if {there} is a \
             Doorkeeper and no broker, name it `doorkeeper:`"
        );
    }
    eprintln!("doorkeeper: left out:\n{what}");
    Ok(same)
}

#[cfg(test)]
mod tests {
    use acl::{AccessControlEntry, AclOperation, AclPermissionType, ResourcePattern, ResourceType};

    use super::*;

    fn acl(host: &str) -> AclBinding {
        let entry = AccessControlEntry::new("User:a", host, AclOperation::Read, AclPermissionType::Allow);
        AclBinding::new(ResourcePattern::literal(ResourceType::Topic, "t"), entry)
    }

    fn place(word: &str) -> Source {
        Source::parse(word, &mut CommandConfigs::new(&[])).expect("a place")
    }

    #[test]
    fn a_host_that_is_dead_at_a_broker_does_not_come_alive_nor_the_other_way_round() {
        let acls = ["*", "10.0.0.1", "10.0.0.0/8", "::1", "10.0.0.0/33"].map(acl).to_vec();
        let moved = |from: &str, to: &str, skip| same_meaning(acls.clone(), &place(from), &place(to), skip);
        for (from, to) in [
            ("list:-", "file:a"),
            ("kafka:k:1", "doorkeeper:k:1"),
            ("embedded:s", "kafka:k:1"),
            ("strimzi:-", "store:s"),
        ] {
            let said = moved(from, to, false).expect_err("two mean something else").to_string();
            assert!(said.contains("2 ACLs: the host means somebody in") && said.contains("host=::1"), "{said}");
            let kept = moved(from, to, true).expect("they are left out");
            assert_eq!(kept, ["*", "10.0.0.1", "10.0.0.0/33"].map(acl));
        }
        for (from, to) in [("file:a", "doorkeeper:k:1"), ("kafka:k:1", "kafka:k:2"), ("file:a", "embedded:s")] {
            assert_eq!(moved(from, to, false).expect("they mean the same"), acls);
        }
    }
}
