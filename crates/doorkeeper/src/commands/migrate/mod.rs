//! `doorkeeper migrate FROM TO`: ACLs and users brought from one store to another.
//!
//! FROM is only read. TO must be empty, or only gets what it does not have (`--merge`). What was written is read again and
//! compared before this is done.

mod end;
mod table;

use std::path::PathBuf;

use acl::AclBinding;
use anyhow::{Result, bail};
use authentication::{ScramMechanism, Users};
use clap::{Args, ValueEnum};
use store::file::Part;

use super::source::{self, CommandConfigs};
use crate::report::number;
use end::{Content, End};

const EXAMPLES: &str = "\
Examples:
  doorkeeper migrate kafka:kafka-0:9092 embedded:store --command-config admin.properties --dry-run
  doorkeeper migrate file:acls.yaml config:doorkeeper.yaml";

#[derive(Debug, Clone, Args)]
#[command(after_help = format!("FROM and TO:\n{}\n{}\n\n{EXAMPLES}", source::FORMS, end::FORM))]
pub(crate) struct Arguments {
    /// What is read, and stays as it is
    from: String,
    /// What is written
    to: String,
    /// Only shows what would be done
    #[arg(long)]
    dry_run: bool,
    /// Adds what is not there to a target that is not empty; what is there stays as it is
    #[arg(long)]
    merge: bool,
    /// Moves only these
    #[arg(long, value_name = "PART")]
    only: Option<Only>,
    /// In a store `kafka`, writes the ACLs for all clusters that share the topic
    #[arg(long)]
    all_clusters: bool,
    /// Leaves out, and tells, ACLs whose host is a range that means nobody at one of the two
    #[arg(long)]
    skip_ranges: bool,
    /// How to log in at clusters: once for all, or once for each in their order
    #[arg(long, value_name = "FILE")]
    command_config: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    Acls,
    Users,
}

/// What is to be written, and what need not be.
#[derive(Debug)]
struct Plan {
    add: Content,
    /// Of both, counted.
    from: (usize, usize),
    to: (usize, usize),
    there: (usize, usize),
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let mut configs = CommandConfigs::new(&arguments.command_config);
    let from = End::parse(&arguments.from, &mut configs, false)?;
    let to = End::parse(&arguments.to, &mut configs, arguments.all_clusters)?;
    configs.finish()?;
    to.can_be_written()?;
    let part = match arguments.only {
        None => Part::Both,
        Some(Only::Acls) => Part::Acls,
        Some(Only::Users) => Part::Users,
    };
    let mut found = from.read(part).await?;
    found.acls = same_meaning(found.acls, &from, &to, arguments.skip_ranges)?;
    if found.is_empty() {
        bail!("{from} has nothing to move");
    }
    to.can_take(&found)?;
    let plan = Plan::new(&found, to.read_if_there(part).await?);
    print!("{}", table::of(&plan, &from, &to));
    if plan.add.is_empty() {
        println!("Everything is there already; nothing was changed.");
        return Ok(());
    }
    if plan.to != (0, 0) && !arguments.merge {
        bail!("{to} is not empty: `--merge` adds what it does not have. Nothing was changed");
    }
    if arguments.dry_run {
        print!("{}", table::details(&plan.add));
        println!("Nothing was changed.");
        return Ok(());
    }
    to.add(&plan.add).await?;
    verified(&plan, &to, part).await?;
    let moved = format!("{} and {}", number(plan.add.acls.len(), "ACL"), number(plan.add.users.len(), "user"));
    println!("{moved} were written to {to}, read again and found as they are in {from}.");
    Ok(())
}

impl Plan {
    fn new(found: &Content, there: Content) -> Plan {
        let add = Content {
            acls: found.acls.iter().filter(|acl| there.acls.binary_search(acl).is_err()).cloned().collect(),
            users: found.users_without(&there.users),
        };
        Plan {
            from: (found.acls.len(), found.users.len()),
            to: (there.acls.len(), there.users.len()),
            there: (found.acls.len() - add.acls.len(), found.users.len() - add.users.len()),
            add,
        }
    }
}

/// Reads the target again: what was added must be there, as it was meant, and nothing that was there may be gone.
async fn verified(plan: &Plan, to: &End, part: Part) -> Result<()> {
    let now = to.read_if_there(part).await?;
    let acls = plan.add.acls.iter().filter(|acl| now.acls.binary_search(acl).is_err()).count();
    let users = plan.add.users.names().filter(|name| !same_user(&plan.add.users, &now.users, name)).count();
    let gone = (plan.to.0 + plan.add.acls.len()).saturating_sub(now.acls.len());
    if acls + users + gone > 0 {
        bail!(
            "{to} does not have what was written: {} and {} are missing or differ. Somebody else may change it; compare \
             with `doorkeeper acls diff`, and repeat with `--merge`",
            number(acls.max(gone), "ACL"),
            number(users, "user")
        );
    }
    Ok(())
}

fn same_user(expected: &Users, found: &Users, name: &str) -> bool {
    let same = |mechanism| expected.get(name, mechanism) == found.get(name, mechanism);
    found.contains(name) && ScramMechanism::ALL.into_iter().all(same)
}

/// A range that is understood in one place only would come alive in the other, or die there: see `acls import`.
fn same_meaning(acls: Vec<AclBinding>, from: &End, to: &End, skip: bool) -> Result<Vec<AclBinding>> {
    if from.knows_ranges() == to.knows_ranges() {
        return Ok(acls);
    }
    let (other, same): (Vec<AclBinding>, Vec<AclBinding>) =
        acls.into_iter().partition(|acl| acl::needs_host_ranges(&acl.entry.host));
    if other.is_empty() {
        return Ok(same);
    }
    let (here, there) = if from.knows_ranges() { (from, to) } else { (to, from) };
    let listed = other.iter().map(|acl| format!("  {acl}\n")).collect::<String>();
    let what =
        format!("{listed}{}: the host means somebody in {here}, and nobody in {there}", number(other.len(), "ACL"));
    if !skip {
        bail!("{what}: nothing was changed. Remove them at the source, or leave them out with `--skip-ranges`");
    }
    eprintln!("doorkeeper: left out:\n{what}");
    Ok(same)
}
