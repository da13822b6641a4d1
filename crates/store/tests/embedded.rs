//! What is done to an embedded store holds, and is there again after a restart; a store that has lost something is not
//! used.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use acl::{
    AccessControlEntry, AclBinding, AclBindingFilter, AclOperation, AclPermissionType, ResourcePattern, ResourceType,
};
use apis::{Refused, ScramAlteration};
use authentication::{ScramCredential, ScramMechanism};
use client::{Connector, HostPort, UpstreamSecurity, UpstreamSettings};
use store::embedded::{self, Author, OfflineChange, Untold};
use store::stores::Opened;
use store::yaml::{Fields, FileReferences, Reading};
use store::{
    AlteredCredential, Bootstrap, Created, Current, Place, Places, Snapshot, Store as _, StoreSettings, Stores,
};

const BOOTSTRAP: &str = "\
bootstrap:
  users:
    alice: { password: secret, groups: [finance] }
  acls:
    - { principal: User:alice, allow: [Read, Write], topic: orders }
";

fn bootstrap(text: &str) -> Bootstrap {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    std::io::Write::write_all(&mut file, text.as_bytes()).expect("written");
    let mut reading = Reading::new(file.path(), FileReferences::RelativeTo(".".into()));
    let tree = reading.tree().expect("a tree");
    let field =
        Fields::of_document(&mut reading, &tree).expect("a mapping").optional("bootstrap").expect("it is there");
    let bootstrap = Bootstrap::read(&mut reading, &field).expect("a mapping");
    assert!(!reading.has_errors(), "{:?}", reading.into_problems());
    bootstrap
}

fn settings(directory: &Path) -> StoreSettings {
    StoreSettings {
        acl: acl::Settings::default(),
        places: Places::Together(Place::Embedded(directory.to_owned())),
        bootstrap: bootstrap(BOOTSTRAP),
    }
}

/// Nothing here is in Kafka.
fn nowhere() -> Connector {
    Connector::new(UpstreamSettings {
        bootstrap_servers: vec![HostPort::new("localhost", 1)],
        security: UpstreamSecurity::default(),
        connect_timeout: Duration::from_secs(1),
        request_timeout: Duration::from_secs(1),
    })
    .expect("good settings")
}

async fn open(directory: &Path) -> Stores {
    Stores::open(settings(directory), &nowhere()).await.expect("a good store").stores
}

async fn error(directory: &Path) -> String {
    Stores::open(settings(directory), &nowhere()).await.expect_err("no good store").to_string()
}

fn acl(topic: &str) -> AclBinding {
    AclBinding::new(
        ResourcePattern::literal(ResourceType::Topic, topic),
        AccessControlEntry::new("User:bob", "*", AclOperation::Read, AclPermissionType::Allow),
    )
}

/// The ACLs, each as `User:bob Read orders`, in order.
fn acls(stores: &Stores) -> Vec<String> {
    let shown =
        |AclBinding { pattern, entry }: AclBinding| format!("{} {} {}", entry.principal, entry.operation, pattern.name);
    let mut acls: Vec<String> = stores.current.load().policy.bindings().map(shown).collect();
    acls.sort();
    acls
}

/// The users, each as `alice SHA-256 4096, SHA-512 4096 [Group:finance]`.
fn users(stores: &Stores) -> Vec<String> {
    let snapshot = stores.current.load();
    let shown = |name: &Arc<str>| {
        let credentials = ScramMechanism::ALL
            .into_iter()
            .filter_map(|mechanism| Some(format!("{mechanism} {}", snapshot.users.get(name, mechanism)?.iterations)));
        format!("{name} {} {:?}", credentials.collect::<Vec<_>>().join(", "), snapshot.users.groups(name))
    };
    let mut users: Vec<String> = snapshot.users.names().map(shown).collect();
    users.sort();
    users
}

const ALICE: &str = "alice SCRAM-SHA-256 4096, SCRAM-SHA-512 4096 [\"Group:finance\"]";

#[tokio::test]
async fn a_new_store_is_ours_alone_and_filled_once() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    let stores = open(&directory).await;
    assert_eq!(acls(&stores), ["User:alice Read orders", "User:alice Write orders"]);
    assert_eq!(users(&stores), [ALICE]);
    let mode = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for file in fs::read_dir(&directory).expect("ours") {
        assert_eq!(mode(&file.expect("a file").path()), 0o600);
    }

    stores.acls.delete_acls(vec![AclBindingFilter::default()]).await.expect("done");
    drop(stores);
    assert_eq!(acls(&open(&directory).await), [""; 0]);
}

#[tokio::test]
async fn changes_hold_at_once_and_after_a_restart() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    let stores = open(&directory).await;
    let created = stores.acls.create_acls(vec![acl("a"), acl("b"), acl("a")]).await;
    assert_eq!(created, Ok(Created { added: vec![acl("a"), acl("b")] }));
    assert_eq!(stores.acls.create_acls(vec![acl("a")]).await, Ok(Created::default()));
    let filter = AclBindingFilter { name: Some("b".into()), ..AclBindingFilter::default() };
    let deleted = stores.acls.delete_acls(vec![filter]).await.expect("done");
    assert_eq!(deleted.removed, [acl("b")]);
    let after = ["User:alice Read orders", "User:alice Write orders", "User:bob Read a"];
    assert_eq!(acls(&stores), after);
    assert_eq!(stores.current.load().generation, 3);
    drop(stores);
    assert_eq!(acls(&open(&directory).await), after);
}

#[tokio::test]
async fn credentials_come_and_go_and_so_do_users_of_which_nothing_is_left() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    let stores = open(&directory).await;
    let alteration = |user: &str, mechanism, iterations: Option<u32>| ScramAlteration {
        user: user.into(),
        mechanism,
        credential: iterations
            .map(|iterations| ScramCredential::of_salted_password(mechanism, b"salted", b"salt", iterations)),
    };
    use ScramMechanism::{Sha256, Sha512};
    let altered = stores.users.alter_credentials(vec![
        alteration("bob", Sha256, Some(8192)),
        alteration("alice", Sha512, None),
        alteration("carol", Sha256, None),
    ]);
    let altered = altered.await.expect("done");
    assert_eq!(altered.missing, ["carol".into()].into());
    let before_and_after: Vec<_> = altered.credentials.iter().map(|altered| (altered.before, altered.after)).collect();
    assert_eq!(before_and_after, [(None, Some(8192)), (Some(4096), None)]);
    let alice = "alice SCRAM-SHA-256 4096 [\"Group:finance\"]";
    assert_eq!(users(&stores), [alice, "bob SCRAM-SHA-256 8192 []"]);
    let gone = vec![alteration("alice", Sha256, None), alteration("bob", Sha256, None)];
    stores.users.alter_credentials(gone).await.expect("done");
    assert_eq!(users(&stores), ["alice  [\"Group:finance\"]"]);
    drop(stores);
    assert_eq!(users(&open(&directory).await), ["alice  [\"Group:finance\"]"]);
}

#[tokio::test]
async fn what_is_too_much_for_one_request_changes_nothing() {
    let parent = tempfile::tempdir().expect("a directory");
    let stores = open(&parent.path().join("store")).await;
    let many = (0..10_001).map(|number| acl(&number.to_string())).collect();
    assert_eq!(stores.acls.create_acls(many).await, Err(Refused::TooMany));
    assert_eq!((acls(&stores).len(), stores.current.load().generation), (2, 1));
}

#[tokio::test]
async fn one_process_at_a_time_has_the_store() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    let _first = open(&directory).await;
    let expected = format!("`{}` is in use: another Doorkeeper runs with it", directory.join("store.redb").display());
    assert_eq!(error(&directory).await, expected);
}

#[tokio::test]
async fn a_store_that_has_lost_something_is_not_used() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    drop(open(&directory).await);
    let database = directory.join("store.redb");
    let content = fs::read(&database).expect("ours");

    fs::remove_file(&database).expect("ours");
    assert!(error(&directory).await.starts_with("the store has lost its database"), "{}", error(&directory).await);

    fs::write(&database, &content[..content.len() / 2]).expect("written");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o600)).expect("ours");
    assert!(error(&directory).await.contains("store.redb"), "{}", error(&directory).await);

    fs::write(&database, "").expect("written");
    assert!(error(&directory).await.contains("store.redb"), "{}", error(&directory).await);

    fs::write(&database, &content).expect("written");
    fs::remove_file(directory.join("initialised")).expect("ours");
    drop(open(&directory).await);
    assert!(directory.join("initialised").exists());
}

#[tokio::test]
async fn a_store_that_others_can_use_is_not_used() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    drop(open(&directory).await);
    fs::set_permissions(directory.join("store.redb"), fs::Permissions::from_mode(0o640)).expect("ours");
    assert!(error(&directory).await.contains("chmod 600"), "{}", error(&directory).await);
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o750)).expect("ours");
    assert!(error(&directory).await.contains("chmod 700"), "{}", error(&directory).await);
}

fn author(command: &str) -> Author {
    Author { user: Some("ops".to_owned()), uid: 1000, command: command.to_owned() }
}

/// As the command line opens it.
fn offline(directory: &Path, command: &str) -> embedded::LoadedDatabase {
    embedded::load_offline(directory, &Bootstrap::default(), &author(command)).expect("a good store")
}

/// A start, and what it has to tell, without when it was done.
async fn untold(directory: &Path) -> (Opened, Vec<Untold>) {
    let opened = Stores::open(settings(directory), &nowhere()).await.expect("a good store");
    let mut untold: Vec<Untold> = opened.offline.iter().map(|journal| journal.untold.clone()).collect();
    for change in untold.iter_mut().flat_map(|untold| &mut untold.changes) {
        assert!(change.at_ms > 1_700_000_000_000, "{change:?}");
        change.at_ms = 0;
    }
    (opened, untold)
}

/// What is told is not told again. The store is closed.
async fn forget(opened: Opened) {
    for journal in opened.offline {
        journal.forget().await.expect("the disk is good");
    }
}

fn nothing(command: &str) -> OfflineChange {
    let (removed, added, credentials, groups) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    OfflineChange { by: author(command), at_ms: 0, removed, added, credentials, groups }
}

#[tokio::test]
async fn what_is_changed_offline_is_told_by_the_starts_after_it_until_one_has_told_it() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    // A start has nothing to tell of what it does itself.
    let stores = open(&directory).await;
    stores.acls.create_acls(vec![acl("a"), acl("b")]).await.expect("done");
    drop(stores);
    assert_eq!(untold(&directory).await.1, []);

    let mut database = offline(&directory, "acls --remove");
    // Only what is not as it was.
    database.change_acls(&[acl("a"), acl("nothing"), acl("b")], &[acl("b"), acl("c")]).expect("done");
    database.change_acls(&[acl("a")], &[acl("c")]).expect("done");
    drop(database);
    let database = offline(&directory, "users add");
    let policy = acl::Policy::empty(acl::Settings::default());
    let current = Current::new(Snapshot { policy, users: Arc::new(database.users()), generation: 1 });
    let (mechanism, user) = (ScramMechanism::Sha256, Arc::from("bob"));
    let credential = ScramCredential::of_salted_password(mechanism, b"salted", b"salt", 8192);
    let set = ScramAlteration { user: Arc::clone(&user), mechanism, credential: Some(credential) };
    let store = database.into_store(current);
    store.alter_credentials(vec![set]).await.expect("done");
    drop(store);

    let changes = vec![
        OfflineChange { removed: vec![acl("a")], added: vec![acl("c")], ..nothing("acls --remove") },
        OfflineChange {
            credentials: vec![AlteredCredential { user, mechanism, before: None, after: Some(8192) }],
            ..nothing("users add")
        },
    ];
    let expected = [Untold { changes, left_out: 0 }];
    // This one ends before it has told anything.
    assert_eq!(untold(&directory).await.1, expected);
    let (opened, told) = untold(&directory).await;
    assert_eq!(told, expected);
    forget(opened).await;
    let (opened, told) = untold(&directory).await;
    assert_eq!(told, []);
    assert!(acls(&opened.stores).contains(&"User:bob Read c".to_owned()));
}

#[tokio::test]
async fn a_store_that_a_command_has_filled_tells_what_with() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    embedded::load_offline(&directory, &bootstrap(BOOTSTRAP), &author("migrate")).expect("a new store");
    let (opened, untold) = untold(&directory).await;
    let [Untold { changes, left_out: 0 }] = &untold[..] else { panic!("{untold:?}") };
    let [change] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((&change.by, change.added.len(), change.removed.len()), (&author("migrate"), 2, 0));
    let credentials: Vec<_> = change.credentials.iter().map(|altered| (altered.before, altered.after)).collect();
    assert_eq!(credentials, [(None, Some(4096)), (None, Some(4096))]);
    assert_eq!(change.groups, [("alice".into(), vec!["Group:finance".into()])]);
    assert_eq!(users(&opened.stores), [ALICE]);
}

#[tokio::test]
async fn changes_that_the_journal_has_no_room_for_are_counted() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    drop(open(&directory).await);
    let mut database = offline(&directory, "acls import");
    let most = usize::try_from(embedded::MOST_KEPT).expect("a number of entries");
    let many: Vec<AclBinding> = (0..most + 1).map(|number| acl(&number.to_string())).collect();
    database.change_acls(&[], &many).expect("done");
    database.change_acls(&many[..2], &[]).expect("done");
    drop(database);
    let (_, untold) = untold(&directory).await;
    let counted: Vec<_> = untold.iter().map(|untold| (untold.changes.len(), untold.left_out)).collect();
    assert_eq!(counted, [(1, 3)]);
    assert_eq!(untold[0].changes[0].added.len(), most);
}

/// The limit is two seconds for a release; this is a build for tests.
#[tokio::test]
async fn a_hundred_thousand_acls_are_loaded_in_seconds() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("store");
    let stores = open(&directory).await;
    for batch in 0..10 {
        let topics = (0..10_000).map(|number| acl(&format!("topic-{}", batch * 10_000 + number)));
        stores.acls.create_acls(topics.collect()).await.expect("done");
    }
    drop(stores);
    let started = Instant::now();
    let stores = open(&directory).await;
    let loaded = started.elapsed();
    assert_eq!(stores.current.load().policy.len(), 100_002);
    assert!(loaded.as_secs() < 20, "{loaded:?}");
    let started = Instant::now();
    stores.acls.create_acls(vec![acl("one-more")]).await.expect("done");
    println!("100,000 ACLs loaded in {loaded:?}; one more in {:?}", started.elapsed());
}
