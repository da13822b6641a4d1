//! A store in a topic, followed as in a running process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use acl::{
    AccessControlEntry, AclBinding, AclBindingFilter, AclOperation, AclPermissionType, ResourcePattern, ResourceType,
};
use authentication::ScramMechanism;
use client::Connector;
use store::kafka::{KafkaSettings, Keyring, SealingKey};
use store::yaml::{Fields, FileReferences, Reading};
use store::{Bootstrap, OpenError, Place, Places, Reload, StoreSettings, Stores};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

pub(crate) const SOON: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) stores: Stores,
    pub(crate) told: mpsc::Receiver<Reload>,
    task: JoinHandle<()>,
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Replica {
    pub(crate) async fn open(settings: &KafkaSettings, connector: &Connector) -> Result<Replica, OpenError> {
        Replica::at(Places::Together(Place::Kafka(Box::new(settings.clone()))), connector).await
    }

    pub(crate) async fn at(places: Places, connector: &Connector) -> Result<Replica, OpenError> {
        let acl = acl::Settings { super_users: ["User:root".to_owned()].into(), ..acl::Settings::default() };
        let opened = Stores::open(StoreSettings { acl, places, bootstrap: bootstrap() }, connector).await?;
        let stores = opened.stores.clone();
        let (tell, told) = mpsc::channel(1000);
        let task = tokio::spawn(opened.keep_current(Arc::new(Notify::new()), tell));
        Ok(Replica { stores, told, task })
    }

    pub(crate) async fn start(settings: &KafkaSettings, connector: &Connector) -> Replica {
        Replica::open(settings, connector).await.expect("a good store")
    }

    /// Why it does not start.
    pub(crate) async fn error(settings: &KafkaSettings, connector: &Connector) -> String {
        Replica::open(settings, connector).await.expect_err("no good store").to_string()
    }

    /// Names of the topics that ACLs in force are about.
    pub(crate) fn topics(&self) -> BTreeSet<String> {
        self.stores.current.load().policy.bindings().map(|binding| binding.pattern.name.to_string()).collect()
    }

    pub(crate) async fn create(&self, topics: &[&str]) -> usize {
        let acls = topics.iter().map(|topic| acl(topic)).collect();
        self.stores.acls.create_acls(acls).await.expect("created").added.len()
    }

    pub(crate) async fn delete(&self, topic: &str) -> usize {
        let filter = AclBindingFilter { name: Some(topic.into()), ..AclBindingFilter::default() };
        self.stores.acls.delete_acls(vec![filter]).await.expect("deleted").removed.len()
    }

    /// Waits until these are in force, and no others.
    pub(crate) async fn has(&self, topics: &[&str]) {
        let expected: BTreeSet<String> = topics.iter().map(|topic| (*topic).to_owned()).collect();
        soon(&format!("{expected:?}"), || self.topics() == expected).await;
    }

    /// The next that is told, told within a few seconds.
    pub(crate) async fn tells(&mut self) -> Reload {
        tokio::time::timeout(SOON, self.told.recv()).await.expect("told in time").expect("it lives")
    }
}

/// What every store here begins with: `alice` may read `first`.
pub(crate) fn bootstrap() -> Bootstrap {
    const TEXT: &str = "\
bootstrap:
  users: { alice: { password: secret, groups: [finance] } }
  acls: [{ principal: User:alice, allow: Read, topic: first }]
";
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    std::io::Write::write_all(&mut file, TEXT.as_bytes()).expect("written");
    let mut reading = Reading::new(file.path(), FileReferences::RelativeTo(".".into()));
    let tree = reading.tree().expect("a tree");
    let field =
        Fields::of_document(&mut reading, &tree).expect("a mapping").optional("bootstrap").expect("it is there");
    Bootstrap::read(&mut reading, &field).expect("a mapping")
}

pub(crate) fn keyring(secrets: &[u8]) -> Keyring {
    Keyring::new(secrets.iter().map(|secret| SealingKey::new(&[*secret; 32])).collect()).expect("some")
}

pub(crate) fn settings() -> KafkaSettings {
    KafkaSettings::new("orders", keyring(&[1]))
}

pub(crate) fn acl(topic: &str) -> AclBinding {
    AclBinding::new(
        ResourcePattern::literal(ResourceType::Topic, topic),
        AccessControlEntry::new("User:bob", "*", AclOperation::Read, AclPermissionType::Allow),
    )
}

/// Users, each with the mechanisms of their credentials.
pub(crate) fn users(replica: &Replica) -> Vec<String> {
    let snapshot = replica.stores.current.load();
    let shown = |name: &Arc<str>| {
        let has = |mechanism: &ScramMechanism| snapshot.users.get(name, *mechanism).is_some();
        let mechanisms: Vec<String> =
            ScramMechanism::ALL.iter().filter(|mechanism| has(mechanism)).map(ToString::to_string).collect();
        format!("{name} {} {:?}", mechanisms.join(" "), snapshot.users.groups(name))
    };
    let mut users: Vec<String> = snapshot.users.names().map(shown).collect();
    users.sort();
    users
}

/// Waits until it is so, with a deadline.
pub(crate) async fn soon(what: &str, look: impl Fn() -> bool) {
    let began = Instant::now();
    while !look() {
        assert!(began.elapsed() < SOON, "not within {SOON:?}: {what}");
        sleep(Duration::from_millis(2)).await;
    }
}
