//! A process that writes an embedded store is killed 200 times: nothing acknowledged is lost, nothing half-written is
//! read.
//!
//! This binary is both: with a directory in its environment it is the writer, which says each batch that it was told is
//! done; without, it starts the writer, kills it, and looks.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use acl::{
    AccessControlEntry, AclBinding, AclBindingFilter, AclOperation, AclPermissionType, ResourcePattern, ResourceType,
};
use client::{Connector, HostPort, UpstreamSecurity, UpstreamSettings};
use store::{Bootstrap, Place, Places, StoreSettings, Stores};

const DIRECTORY: &str = "DOORKEEPER_TEST_STORE_TO_WRITE";
const KILLS: u32 = 200;
/// ACLs of a batch, which are there together or not at all.
const BATCH: usize = 7;
/// The oldest is removed before there are more.
const KEPT: u64 = 5;

async fn open(directory: &Path) -> Stores {
    // Nothing here is in Kafka.
    let nowhere = Connector::new(UpstreamSettings {
        bootstrap_servers: vec![HostPort::new("localhost", 1)],
        security: UpstreamSecurity::default(),
        connect_timeout: Duration::from_secs(1),
        request_timeout: Duration::from_secs(1),
    });
    let places = Places::Together(Place::Embedded(directory.to_owned()));
    let settings = StoreSettings { acl: acl::Settings::default(), places, bootstrap: Bootstrap::default() };
    let opened = Stores::open(settings, &nowhere.expect("good settings")).await;
    opened.unwrap_or_else(|error| panic!("{error}")).stores
}

fn batch(number: u64) -> Vec<AclBinding> {
    let acl = |part: usize| {
        let principal = format!("User:{}", part % 3);
        AclBinding::new(
            ResourcePattern::literal(ResourceType::Topic, format!("{number}-{part}")),
            AccessControlEntry::new(principal, "*", AclOperation::Read, AclPermissionType::Allow),
        )
    };
    (0..BATCH).map(acl).collect()
}

/// The batches that are there; each must be whole.
fn batches(stores: &Stores) -> Vec<u64> {
    let policy = stores.current.load().policy.clone();
    let number = |acl: AclBinding| -> u64 {
        let (number, _) = acl.pattern.name.split_once('-').expect("a name of ours");
        number.parse().expect("a number")
    };
    let mut numbers: Vec<u64> = policy.bindings().map(number).collect();
    numbers.sort_unstable();
    for whole in numbers.chunk_by(|one, other| one == other) {
        assert_eq!(whole.len(), BATCH, "batch {} is there in part", whole[0]);
    }
    numbers.dedup();
    numbers
}

#[tokio::test]
async fn the_writer() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let stores = open(Path::new(&directory)).await;
    let there = batches(&stores);
    let mut next = there.last().map_or(0, |last| last + 1);
    let mut oldest = there.first().copied().unwrap_or(0);
    // The line of the test runner ends here.
    println!();
    loop {
        while next >= oldest + KEPT {
            let exactly = batch(oldest).iter().map(AclBindingFilter::exactly).collect();
            stores.acls.delete_acls(exactly).await.expect("deleted");
            say("deleted", oldest);
            oldest += 1;
        }
        stores.acls.create_acls(batch(next)).await.expect("created");
        say("created", next);
        next += 1;
    }
}

fn say(what: &str, number: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what} {number}").and_then(|()| out.flush()).expect("somebody reads");
}

fn start(directory: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "the_writer", "--nocapture", "--test-threads=1"]).env(DIRECTORY, directory);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts")
}

#[tokio::test]
async fn a_writer_that_is_killed_loses_nothing_it_was_told_is_done() {
    if std::env::var_os(DIRECTORY).is_some() {
        return;
    }
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    let (mut created, mut deleted) = (None, None);
    for kill in 0..KILLS {
        let mut writer = start(&directory);
        let mut lines = BufReader::new(writer.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
        let mut told = |line: &str| {
            let Some((what, number)) = line.split_once(' ') else { return false };
            match (what, number.parse::<u64>()) {
                ("created", Ok(number)) => created = Some(number),
                ("deleted", Ok(number)) => deleted = Some(number),
                _ => return false,
            }
            true
        };
        // Some are killed while they open the store, most in the middle of their writes.
        if kill % 8 != 0 {
            lines.by_ref().find(|line| told(line)).expect("it writes");
        }
        std::thread::sleep(Duration::from_micros(u64::from(kill * 7919 % 20_000)));
        writer.kill().expect("it runs");
        writer.wait().expect("it is gone");
        lines.for_each(|line| {
            told(&line);
        });

        let there = batches(&open(&directory).await);
        let last = there.last().copied();
        // One more than was told may be done: it was killed before it could say so.
        let may_be = [created, Some(created.map_or(0, |created| created + 1))];
        assert!(may_be.contains(&last), "told {created:?}, found {there:?}");
        let first = there.first().copied();
        assert!(deleted.is_none_or(|deleted| first > Some(deleted)), "deleted {deleted:?}, found {there:?}");
        let whole_range: Vec<u64> = first.into_iter().flat_map(|first| first..=last.unwrap_or(first)).collect();
        assert_eq!(there, whole_range);
        assert!(there.len() as u64 <= KEPT, "{there:?}");
        (created, deleted) = (last, first.and_then(|first| first.checked_sub(1)));
    }
    assert!(created.is_some_and(|created| created > u64::from(KILLS)), "it hardly wrote: {created:?}");
}
