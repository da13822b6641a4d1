//! `doorkeeper users`: who may log in, and by what.
//!
//! Kafka: the SCRAM part of `kafka-configs.sh`. Differences that matter: a password is never an argument, both mechanisms
//! are set in one go, and credentials that exist can be brought in as they are.

mod change;
mod cluster;
mod import;
mod password;
mod place;
mod yaml;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use authentication::{ScramMechanism, Users};
use clap::{Args, Subcommand};

pub(crate) use change::Change;
use change::Credential;
use place::PlaceArguments;
pub(crate) use place::alter;

use crate::report::number;

/// Kafka's default, and the most that it takes.
const DEFAULT_ITERATIONS: u32 = 4096;
const MAX_ITERATIONS: i64 = 16_384;

#[derive(Debug, Clone, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Clone, Subcommand)]
enum Action {
    /// Sets a user's password; the user need not be there yet
    Add(Add),
    /// Shows the users, and how each may log in
    List(List),
    /// Removes a user, or what one mechanism needs
    Remove(Remove),
    /// Brings in credentials: Kafka's SCRAM records, or passwords of a JAAS file
    Import(Import),
}

#[derive(Debug, Clone, Args)]
struct Add {
    /// The user, without a type
    name: String,
    /// Mechanisms to set; each also serves PLAIN
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_values = ["SCRAM-SHA-256", "SCRAM-SHA-512"])]
    mechanism: Vec<ScramMechanism>,
    /// Hashes that a guess costs
    #[arg(long, default_value_t = DEFAULT_ITERATIONS, value_parser = iterations())]
    iterations: u32,
    /// A file with the password, which others cannot read; without it, the terminal is asked
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    place: PlaceArguments,
}

#[derive(Debug, Clone, Args)]
struct List {
    /// Only these
    names: Vec<String>,
    #[command(flatten)]
    place: PlaceArguments,
}

#[derive(Debug, Clone, Args)]
struct Remove {
    /// The user, without a type
    name: String,
    /// Mechanisms to remove; all without it
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    mechanism: Vec<ScramMechanism>,
    #[command(flatten)]
    place: PlaceArguments,
}

#[derive(Debug, Clone, Args)]
struct Import {
    /// Text as Kafka's tools and files have it: `name=SCRAM-SHA-256=[…]`, `kafka-storage --add-scram`, the records of
    /// `kafka-dump-log --cluster-metadata-decoder`, `kafka-configs --zookeeper --describe`, or JAAS with `user_NAME="…"`
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Also replaces what is there
    #[arg(long)]
    replace: bool,
    /// Only shows what would be done
    #[arg(long)]
    dry_run: bool,
    /// Hashes that a guess costs, for passwords that come without a number
    #[arg(long, default_value_t = DEFAULT_ITERATIONS, value_parser = iterations())]
    iterations: u32,
    #[command(flatten)]
    place: PlaceArguments,
}

fn iterations() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(i64::from(authentication::MIN_ITERATIONS)..=MAX_ITERATIONS)
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    match arguments.action {
        Action::Add(arguments) => add(arguments).await,
        Action::List(arguments) => list(arguments).await,
        Action::Remove(arguments) => remove(arguments).await,
        Action::Import(arguments) => import(arguments).await,
    }
}

async fn add(Add { name, mechanism, iterations, password_file, place }: Add) -> Result<()> {
    if name.is_empty() {
        bail!("a user needs a name");
    }
    let place = place.open()?;
    let password = password::read(password_file.as_deref(), &name)?;
    let mechanisms: BTreeSet<ScramMechanism> = mechanism.into_iter().collect();
    let changes = mechanisms.iter().map(|mechanism| Change {
        user: name.clone(),
        mechanism: *mechanism,
        to: Some(Credential::of_password(*mechanism, &password, iterations)),
    });
    place.change(changes.collect()).await?;
    println!("{name}: {} set, {iterations} iterations", listed(mechanisms));
    Ok(())
}

async fn list(List { names, place }: List) -> Result<()> {
    for (name, credentials) in place.open()?.list().await? {
        if !names.is_empty() && !names.contains(&name) {
            continue;
        }
        let each = credentials.iter().map(|(mechanism, iterations)| format!("{mechanism}=iterations={iterations}"));
        let each: Vec<String> = each.collect();
        match each.is_empty() {
            true => println!("{name}: no credentials"),
            false => println!("{name}: {}", each.join(", ")),
        }
    }
    Ok(())
}

async fn remove(Remove { name, mechanism, place }: Remove) -> Result<()> {
    let place = place.open()?;
    let known = place.list().await?;
    let Some(credentials) = known.get(&name) else { bail!("there is no user `{name}`") };
    let asked: BTreeSet<ScramMechanism> = mechanism.into_iter().collect();
    if let Some(missing) = asked.iter().find(|mechanism| !credentials.contains_key(mechanism)) {
        bail!("`{name}` has no credential for {missing}");
    }
    match asked.is_empty() || asked.len() == credentials.len() {
        true => {
            place.remove(&name, credentials.keys().copied()).await?;
            println!("{name}: removed");
        }
        false => {
            let changes = asked.iter().map(|mechanism| Change { user: name.clone(), mechanism: *mechanism, to: None });
            place.change(changes.collect()).await?;
            println!("{name}: {} removed", listed(asked));
        }
    }
    Ok(())
}

async fn import(Import { files, replace, dry_run, iterations, place }: Import) -> Result<()> {
    let place = place.open()?;
    let changes = import::read(&files, iterations)?;
    if changes.is_empty() {
        bail!("there is nothing to import: no line holds a credential or a password of a user");
    }
    let known = place.list().await?;
    let is_known = |change: &Change| {
        known.get(&change.user).is_some_and(|credentials| credentials.contains_key(&change.mechanism))
    };
    if !replace {
        let there: BTreeSet<&str> =
            changes.iter().filter(|change| is_known(change)).map(|change| &*change.user).collect();
        if !there.is_empty() {
            let there: Vec<&str> = there.into_iter().collect();
            bail!("already there: {}; `--replace` replaces what they log in by. Nothing was changed", there.join(", "));
        }
    }
    for change in &changes {
        let what = if is_known(change) { "replaced" } else { "added" };
        println!("{}: {} {what}", change.user, change.mechanism);
    }
    let users: BTreeSet<&str> = changes.iter().map(|change| change.user.as_str()).collect();
    let summary = format!("{} of {}", number(changes.len(), "credential"), number(users.len(), "user"));
    if dry_run {
        println!("{summary} would be imported; nothing was changed");
        return Ok(());
    }
    place.change(changes).await?;
    println!("{summary} imported");
    Ok(())
}

/// What it takes to have these users somewhere.
pub(crate) fn changes(users: &Users) -> Vec<Change> {
    let mut changes = Vec::new();
    for name in users.names() {
        for mechanism in ScramMechanism::ALL {
            let credential = users.get(name, mechanism).cloned();
            changes.extend(credential.map(|credential| Change {
                user: name.to_string(),
                mechanism,
                to: Some(Credential::Keys(credential)),
            }));
        }
    }
    changes.sort_by(|one, other| (&one.user, one.mechanism).cmp(&(&other.user, other.mechanism)));
    changes
}

/// Adds users to a file, with their groups.
pub(crate) fn add_to_file(path: &Path, users: &Users) -> Result<()> {
    yaml::add(path, users, &changes(users))
}

/// Adds users to an embedded store that is there, without their groups.
pub(crate) async fn add_to_embedded(directory: &Path, users: &Users) -> Result<()> {
    place::Place::Embedded(directory.to_owned()).change(changes(users)).await
}

fn listed(mechanisms: BTreeSet<ScramMechanism>) -> String {
    let names: Vec<String> = mechanisms.iter().map(ToString::to_string).collect();
    names.join(" and ")
}
