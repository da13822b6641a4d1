//! `doorkeeper acls` against Kafka's own tool: the same commands, one after the other, and the same answers, whether the
//! ACLs are a broker's, in a file or in an embedded store. And what moves ACLs from place to place.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use testkit::{Doorkeeper, Entrance, KafkaCluster, Options, Tool, ToolOutput};

use crate::stage;

/// Each changes or shows what those before it have left.
const COMMANDS: &[&str] = &[
    "--list",
    "--add --topic a --allow-principal User:alice",
    "--add --topic a --topic b --group a --operation Read --operation DESCRIBE --allow-principal User:alice \
     --allow-principal User:bob --allow-host 10.0.0.1 --allow-host 10.0.0.2 --deny-principal User:eve",
    "--add --topic a --operation describeconfigs --operation Read --allow-principal User:alice --allow-host 10.0.0.1",
    "--add --resource-pattern-type prefixed --producer --consumer --idempotent --topic a --group g --transactional-id x \
     --allow-principal User:CN=app,O=Example",
    "--add --producer --topic * --group ignored --cluster --allow-principal User:*",
    "--add --consumer --topic c --group c --allow-principal Group:g --allow-host ::1",
    "--add --delegation-token * --user-principal User:alice --cluster --allow-principal User:ops",
    "--add --user-principal User:alice --operation CreateTokens --allow-principal User:ops --deny-principal User:eve",
    "--add --cluster --operation Alter --operation ClusterAction --deny-principal User:eve --deny-host not-an-address",
    "--add --topic=d=e --topic=--list --operation All --allow-principal User:x",
    "--list",
    "--list --topic a --resource-pattern-type any",
    "--list --topic ab --group ab --resource-pattern-type MATCH",
    "--list --topic a --cluster --principal User:alice --principal User:nobody",
    "--list --cluster --resource-pattern-type prefixed",
    "--list --principal",
    "--remove --force --topic a --operation Read --allow-principal User:alice --allow-host 10.0.0.1",
    "--remove --force --producer --topic * --allow-principal User:*",
    "--remove --topic b",
    "--remove --force --topic b --resource-pattern-type match --deny-principal User:eve --operation Read",
    "--remove --force --topic nothing",
    "--remove --force --group a --resource-pattern-type any",
    "--remove --force --cluster --user-principal User:alice --delegation-token *",
    "--list",
    "--remove --force --topic zzz --group zzz --transactional-id y --resource-pattern-type match",
    "--list",
];

/// What cannot be done, told before anybody is asked.
const BAD: &[&str] = &[
    "--bogus",
    "--lis",
    "-h",
    "--list --topic",
    "--add --remove",
    "",
    "--list --allow-principal User:a",
    "--list --deny-host h --producer",
    "--add --producer --topic t --operation Read --allow-principal User:a",
    "--add --consumer --topic t --group g --deny-principal User:a",
    "--remove --topic t --principal User:a",
    "--add --producer --allow-principal User:a",
    "--add --idempotent --topic t --allow-principal User:a",
    "--add --consumer --topic t --allow-principal User:a",
    "--add --consumer --topic t --group g --cluster --allow-principal User:a",
    "--add --allow-principal User:a",
    "--remove --cluster --resource-pattern-type prefixed",
    "--add --topic t",
    "--add --topic t --resource-pattern-type any --allow-principal User:a",
    "--add --topic t --resource-pattern-type nonsense --allow-principal User:a",
    "--list --resource-pattern-type unknown --topic t",
    "--add --topic t --operation Describe_Configs --allow-principal User:a",
    "--add --group t --operation CreateTokens --deny-principal User:a",
    "--add --topic t --operation Any --allow-principal User:a",
    "--add --topic t --allow-principal alice",
    "--list --principal alice",
    "--list --topic t --resource-pattern-type any --resource-pattern-type any",
];

const SOON: Duration = Duration::from_secs(20);

fn words(command: &str) -> impl Iterator<Item = &str> {
    command.split_whitespace()
}

/// Lines and words have no order that means anything.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // Which of several entries stands first is chance, and a blank before it says so.
    let mut first = 0;
    for line in lines.iter_mut().filter(|line| line.starts_with(" \t")) {
        line.remove(0);
        first += 1;
    }
    lines.push(format!("{first} first entries"));
    lines.sort();
    lines
}

async fn theirs(kafka: &KafkaCluster, command: &str) -> Result<ToolOutput> {
    Tool::kafka("kafka-acls").args(["--bootstrap-server", &kafka.bootstrap()]).args(words(command)).run().await
}

/// Our tool on a place, which is two words.
async fn ours(directory: &Path, place: &[&str], command: &str) -> Result<ToolOutput> {
    let arguments: Vec<&str> = ["acls"].into_iter().chain(place.iter().copied()).chain(words(command)).collect();
    Doorkeeper::run(directory, &arguments).await
}

async fn broker() -> Result<KafkaCluster> {
    let super_users = Some(vec!["User:ANONYMOUS".to_owned()]);
    KafkaCluster::start(Options { super_users, ..Options::default() }).await
}

#[tokio::test]
async fn every_command_is_answered_as_by_kafkas_tool() -> Result<()> {
    let kafka = broker().await?;
    let directory = tempfile::tempdir()?;
    let bootstrap = kafka.bootstrap();
    let at_broker = ["--bootstrap-server", &bootstrap];
    let mut told = Vec::new();
    for command in COMMANDS {
        told.push(theirs(&kafka, command).await?);
    }
    let listing = told.last().context("the last command lists all")?.stdout.as_str();
    fs::write(directory.path().join("listing.txt"), listing)?;
    let compare = ["acls", "diff", "list:listing.txt", &format!("kafka:{bootstrap}")];
    let same = Doorkeeper::run(directory.path(), &compare).await?;
    ensure!(same.status.success() && !listing.is_empty(), "{same}");
    empty(directory.path(), &at_broker).await?;

    // The broker last: a change is shown there a moment after it was taken, elsewhere at once.
    let mut after = Vec::new();
    for place in [&["--file", "acls.yaml"][..], &["--embedded", "store"], &at_broker] {
        if place != at_broker {
            // They are made by the first addition; Kafka has nothing that could be missing.
            let missing = ours(directory.path(), place, "--list").await?;
            ensure!(missing.status.code() == Some(1), "{missing}");
            ours(directory.path(), place, "--add --topic first --allow-principal User:first").await?;
            ours(directory.path(), place, "--remove --force --topic first").await?;
        }
        for (at, (command, theirs)) in COMMANDS.iter().zip(&told).enumerate() {
            let output = ours(directory.path(), place, command).await?;
            let is_same = output.status.code() == theirs.status.code()
                && match theirs.status.success() {
                    true => lines(&output.stdout) == lines(&theirs.stdout),
                    false => is_refused_alike(theirs, &output),
                };
            ensure!(is_same, "{place:?} {command}\n{theirs}\n{output}");
            match after.get(at) {
                None => after.push(lines(&ours(directory.path(), place, "--list").await?.stdout)),
                Some(expected) => {
                    shows(directory.path(), place, expected).await.with_context(|| format!("{place:?} {command}"))?;
                }
            }
        }
    }
    Ok(())
}

/// A broker shows a change a moment after it has taken it.
async fn shows(directory: &Path, place: &[&str], expected: &[String]) -> Result<()> {
    let deadline = Instant::now() + SOON;
    loop {
        let output = ours(directory, place, "--list").await?;
        if output.status.success() && lines(&output.stdout) == expected {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{output}\ninstead of {expected:#?}");
        tokio::task::yield_now().await;
    }
}

/// Removes what no pattern finds.
async fn empty(directory: &Path, place: &[&str]) -> Result<()> {
    let deadline = Instant::now() + SOON;
    loop {
        let listed = ours(directory, place, "--list").await?;
        let names = listed.stdout.lines().filter_map(|line| {
            let rest = line.split_once("resourceType=")?.1;
            let (resource_type, rest) = rest.split_once(", name=")?;
            Some((resource_type.to_owned(), rest.split_once(", patternType=")?.0.to_owned()))
        });
        let names: BTreeSet<(String, String)> = names.collect();
        if names.is_empty() {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{listed}");
        for (resource_type, name) in names {
            let option = match resource_type.as_str() {
                "TOPIC" => format!("--topic={name}"),
                "GROUP" => format!("--group={name}"),
                "CLUSTER" => "--cluster".to_owned(),
                "TRANSACTIONAL_ID" => format!("--transactional-id={name}"),
                "DELEGATION_TOKEN" => format!("--delegation-token={name}"),
                _ => format!("--user-principal={name}"),
            };
            let kind = if resource_type == "CLUSTER" { "literal" } else { "any" };
            let removed =
                ours(directory, place, &format!("--remove --force {option} --resource-pattern-type {kind}")).await?;
            ensure!(removed.status.success(), "{removed}");
        }
    }
}

/// The question without a terminal ends with an error in both, in other words.
fn is_refused_alike(theirs: &ToolOutput, ours: &ToolOutput) -> bool {
    let before = |output: &ToolOutput| {
        let said = output.stdout.split("Error while executing ACL command: ").next().unwrap_or_default();
        said.to_owned()
    };
    before(theirs) == before(ours) && ours.stdout.contains("Error while executing ACL command: ")
}

#[tokio::test]
async fn a_bad_command_line_is_refused_as_by_kafkas_tool() -> Result<()> {
    let directory = tempfile::tempdir()?;
    // Nobody is there, and nobody is asked.
    let place = ["--bootstrap-server", "localhost:1"];
    for command in BAD {
        let theirs = Tool::kafka("kafka-acls").args(place).args(words(command)).run().await?;
        let ours = ours(directory.path(), &place, command).await?;
        ensure!(theirs.status.code() == Some(1) && ours.status.code() == Some(1), "{theirs}\n{ours}");
        // The usage after it is our own, and there is no stack trace.
        let first = |text: &str| {
            let words: BTreeSet<String> =
                text.lines().next().unwrap_or_default().split([' ', '[', ']', ',']).map(str::to_owned).collect();
            words
        };
        ensure!(first(&theirs.stderr) == first(&ours.stderr), "{theirs}\n{ours}");
        ensure!(first(&theirs.stdout) == first(&ours.stdout), "{theirs}\n{ours}");
        ensure!(theirs.stderr.lines().count() > 1 || ours.stderr.is_empty(), "usage where there is none: {ours}");
    }
    Ok(())
}

#[tokio::test]
async fn controllers_are_asked_as_well() -> Result<()> {
    let kafka = broker().await?;
    let directory = tempfile::tempdir()?;
    kafka.internal_properties().write(directory.path(), "broker.properties")?;
    let controller = kafka.broker(0)?.controller_address().to_string();
    let place = ["--bootstrap-controller", &controller, "--command-config", "broker.properties"];
    let added = ours(directory.path(), &place, "--add --topic controlled --allow-principal User:a").await?;
    ensure!(added.status.success(), "{added}");
    let bootstrap = kafka.bootstrap();
    let printed = theirs(&kafka, "--list").await?.stdout;
    ensure!(printed.contains("name=controlled"), "{printed}");
    shows(directory.path(), &["--bootstrap-server", &bootstrap], &lines(&printed)).await?;
    shows(directory.path(), &place, &lines(&printed)).await
}

#[tokio::test]
async fn acls_move_from_a_broker_to_a_running_doorkeeper() -> Result<()> {
    let (kafka, stage) = (broker().await?, stage().await?);
    let directory = tempfile::tempdir()?;
    let (old, new) = (kafka.bootstrap(), stage.bootstrap(Entrance::Client));
    let admin = stage.user("admin")?.display().to_string();
    let run = async |arguments: &[&str]| Doorkeeper::run(directory.path(), arguments).await;
    let at_broker = ["--bootstrap-server", &old];
    for command in [
        "--add --topic moved --operation Read --allow-principal User:moved --deny-principal User:moved --deny-host 10.0.0.1",
        "--add --group moved- --resource-pattern-type prefixed --allow-principal User:moved",
    ] {
        let added = ours(directory.path(), &at_broker, command).await?;
        ensure!(added.status.success(), "{added}");
    }
    let expected = theirs(&kafka, "--list --principal User:moved").await?.stdout;
    let (from, into) = (format!("kafka:{old}"), format!("doorkeeper:{new}"));
    // The broker's users need no login: the properties are for Doorkeeper.
    fs::write(directory.path().join("none.properties"), "")?;
    let import =
        ["acls", "import", &from, "--into", &into, "--command-config", "none.properties", "--command-config", &admin];
    let dry = run(&[&import[..], &["--dry-run"]].concat()).await?;
    ensure!(dry.status.success() && dry.stdout.contains("3 ACLs would be added"), "{dry}");
    let done = run(&import).await?;
    ensure!(done.status.success() && done.stdout.contains("3 ACLs added"), "{done}");
    let at_doorkeeper = ["--bootstrap-server", &new, "--command-config", &admin];
    let found = ours(directory.path(), &at_doorkeeper, "--list --principal User:moved").await?;
    ensure!(lines(&found.stdout) == lines(&expected), "{found}");
    let again = run(&import).await?;
    ensure!(again.stdout.contains("0 ACLs added") && again.stdout.contains("had 3 ACLs"), "{again}");

    // A range is dead at the broker.
    let range = "--add --topic moved --allow-principal User:moved --allow-host 10.0.0.0/8";
    ours(directory.path(), &at_broker, range).await?;
    let deadline = Instant::now() + SOON;
    let refused = loop {
        let refused = run(&import).await?;
        if !refused.status.success() || Instant::now() > deadline {
            break refused;
        }
    };
    ensure!(refused.status.code() == Some(1) && refused.stderr.contains("host=10.0.0.0/8"), "{refused}");
    let found = ours(directory.path(), &at_doorkeeper, "--list --principal User:moved").await?;
    ensure!(lines(&found.stdout) == lines(&expected), "{found}");

    // While it runs, its store is its own.
    let store = stage.doorkeeper().directory().join("store").display().to_string();
    let in_use = ours(directory.path(), &["--embedded", &store], "--list").await?;
    ensure!(in_use.status.code() == Some(1) && in_use.stdout.contains("another Doorkeeper runs with it"), "{in_use}");

    // Who may not is told so by the name that scripts look for.
    let alice = stage.user("alice")?.display().to_string();
    let denied = ours(directory.path(), &["--bootstrap-server", &new, "--command-config", &alice], "--list").await?;
    let said = "Error while executing ACL command: org.apache.kafka.common.errors.ClusterAuthorizationException: \
                Cluster authorization failed.\n";
    ensure!(denied.status.code() == Some(1) && denied.stdout == said, "{denied}");
    Ok(())
}
