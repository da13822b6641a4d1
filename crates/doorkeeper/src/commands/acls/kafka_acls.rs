//! `doorkeeper acls --add|--remove|--list …`: `kafka-acls.sh`, on more than clusters.
//!
//! Kafka: `AclCommand`. Its options, its output and its exit status 1 for whatever goes wrong; a wrong command line is said
//! on standard error with the usage, what happens later on standard output. There is no stack trace, and `--help` is no
//! error.

use std::io::IsTerminal;
use std::path::Path;

use acl::{AclBinding, AclBindingFilter};
use anyhow::{Context, Error, bail};
use protocol::ErrorCode;

use super::cluster::Refusal;
use super::options::{self, Options};
use super::plan::{self, Wrong};
use super::target::{Opened, Place, Target};
use super::{checks, print};
use crate::commands::client_properties;

const EXAMPLES: &str = "\
Examples:
  doorkeeper acls --bootstrap-server localhost:9092 --command-config admin.properties \\
      --add --allow-principal User:alice --producer --topic orders
  doorkeeper acls --file acls.yaml --list --topic orders --resource-pattern-type match
  doorkeeper acls --embedded /var/lib/doorkeeper/store --remove --force --topic orders
";

/// Why it did not do what it was asked to.
#[derive(Debug)]
enum Failed {
    Usage(String),
    Later(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Later(error)
    }
}

impl From<Wrong> for Failed {
    fn from(wrong: Wrong) -> Failed {
        match wrong {
            Wrong::Usage(message) => Failed::Usage(message),
            Wrong::Value(message) => Failed::Later(Error::msg(message)),
        }
    }
}

/// Does it; whether all went well.
pub(super) async fn run(words: &[String]) -> bool {
    match attempt(words).await {
        Ok(()) => true,
        Err(Failed::Usage(message)) => {
            eprint!("{message}\n{}", usage());
            false
        }
        Err(Failed::Later(error)) => {
            say(&format!("Error while executing ACL command: {}\n", told(&error)));
            false
        }
    }
}

async fn attempt(words: &[String]) -> Result<(), Failed> {
    let options = Options::parse(words).map_err(Failed::Usage)?;
    if options.is_empty() {
        return Err(Failed::Usage(
            "This tool manages ACLs: of a running Doorkeeper, a broker, a file, an embedded store.".to_owned(),
        ));
    }
    if options.has("help") {
        say(&usage());
        return Ok(());
    }
    if options.has("version") {
        say(concat!(env!("CARGO_PKG_VERSION"), "\n"));
        return Ok(());
    }
    checks::check(&options).map_err(Failed::Usage)?;
    for word in &options.ignored {
        eprintln!("doorkeeper: `{word}` belongs to no option and is ignored, as by kafka-acls.sh");
    }
    let target = Target { place: place(&options)? };
    if options.has("add") {
        return add(&target, &options).await;
    }
    if options.has("remove") {
        return remove(&target, &options).await;
    }
    list(&target, &options).await
}

fn place(options: &Options) -> Result<Place, Error> {
    let value = |name| options.value(name).map_err(Error::msg);
    let settings = |servers| -> Result<_, Error> {
        let config = value("command-config")?.map(Path::new);
        Ok(Box::new(client_properties::read(config, servers)?))
    };
    if let Some(servers) = value("bootstrap-server")? {
        return Ok(Place::Brokers(settings(servers)?));
    }
    if let Some(servers) = value("bootstrap-controller")? {
        return Ok(Place::Controllers(settings(servers)?));
    }
    if let Some(path) = value("file")? {
        return Ok(Place::File(path.into()));
    }
    for name in ["embedded", "store-directory"] {
        if let Some(directory) = value(name)? {
            return Ok(Place::Embedded(directory.into()));
        }
    }
    bail!("nothing says where the ACLs are")
}

async fn add(target: &Target, options: &Options) -> Result<(), Failed> {
    let plan = plan::to_add(options)?;
    let mut opened = target.open().await?;
    for (pattern, entries) in plan {
        let every = AclBindingFilter {
            resource_type: Some(pattern.resource_type),
            name: Some(pattern.name.clone()),
            pattern_type: acl::PatternFilter::Exactly(pattern.pattern_type),
            ..AclBindingFilter::default()
        };
        let there = existing(&mut opened, &every).await?;
        let mut new = Vec::new();
        for entry in entries {
            let binding = AclBinding::new(pattern.clone(), entry);
            match there.contains(&binding) {
                true => say(&print::exists(&binding)),
                false => new.push(binding),
            }
        }
        if !new.is_empty() {
            let entries: Vec<_> = new.iter().map(|binding| binding.entry.clone()).collect();
            say(&print::adding(&pattern, &entries));
            opened.create(&new).await?;
        }
    }
    Ok(())
}

/// What is there of a place that is made by the first addition is nothing.
async fn existing(opened: &mut Opened, filter: &AclBindingFilter) -> Result<Vec<AclBinding>, Error> {
    match opened {
        Opened::File(path) if !path.exists() => Ok(Vec::new()),
        Opened::Embedded(stored) if !stored.exists() => Ok(Vec::new()),
        opened => opened.describe(filter).await,
    }
}

async fn remove(target: &Target, options: &Options) -> Result<(), Failed> {
    let plan = plan::to_remove(options)?;
    let mut opened = target.open().await?;
    for (filter, entries) in &plan {
        let (question, filters) = match entries.is_empty() {
            true => (print::asks_to_delete_all(filter), vec![filter.every_entry()]),
            false => {
                let filters = entries.iter().map(|entry| filter.entry(entry)).collect();
                (print::asks_to_remove(filter, entries), filters)
            }
        };
        if options.has("force") || is_confirmed(&question)? {
            opened.delete(&filters).await?;
        }
    }
    Ok(())
}

fn is_confirmed(question: &str) -> Result<bool, Error> {
    say(question);
    if !std::io::stdin().is_terminal() {
        bail!("standard input is no terminal, so nobody can be asked: nothing was removed; use --force");
    }
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim_end_matches(['\r', '\n']).eq_ignore_ascii_case("y"))
}

async fn list(target: &Target, options: &Options) -> Result<(), Failed> {
    let (filters, principals) = plan::to_list(options)?;
    let mut opened = target.open().await?;
    let mut acls = Vec::new();
    if filters.is_empty() {
        acls = opened.all().await?;
    }
    for filter in &filters {
        acls.extend(opened.describe(&filter.every_entry()).await?);
    }
    let mut text = String::new();
    if principals.is_empty() {
        text = print::current(&acls);
    }
    for principal in principals {
        let own: Vec<AclBinding> = acls.iter().filter(|acl| *acl.entry.principal == *principal).cloned().collect();
        text += &print::principal(&principal);
        text += &print::current(&own);
    }
    Ok(super::say(&text).context("cannot write to standard output")?)
}

/// A place that is changed is not left half way because nobody listens.
fn say(text: &str) {
    if let Err(error) = super::say(text) {
        eprintln!("doorkeeper: cannot write to standard output: {error}");
    }
}

fn usage() -> String {
    format!(
        "\
Usage: doorkeeper acls --add|--remove|--list OPTIONS     as kafka-acls.sh
       doorkeeper acls import|export|diff …              --help says more

{}
{EXAMPLES}",
        options::usage()
    )
}

/// A broker's refusal is told as by Kafka's tool, by the name of its exception: scripts look for that.
fn told(error: &Error) -> String {
    match error.downcast_ref::<Refusal>() {
        Some(Refusal { error, text }) => format!("org.apache.kafka.common.errors.{}: {text}", exception(*error)),
        None => format!("{error:#}"),
    }
}

fn exception(error: ErrorCode) -> String {
    match error {
        ErrorCode::UNKNOWN_SERVER_ERROR => "UnknownServerException".to_owned(),
        ErrorCode::CLUSTER_AUTHORIZATION_FAILED => "ClusterAuthorizationException".to_owned(),
        error => {
            let words = error.name().split('_').map(|word| {
                let (first, rest) = word.split_at(word.len().min(1));
                format!("{first}{}", rest.to_ascii_lowercase())
            });
            format!("{}Exception", words.collect::<String>())
        }
    }
}
