//! The two sides: a Kafka with `StandardAuthorizer`, and one without behind Doorkeeper, under the same ACLs, which both got
//! by the same CreateAcls.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::json;
use testkit::{Credentials, Doorkeeper, FreePorts, KafkaCluster, Listener, Options, Security};

use crate::schema::Schemas;
use crate::side::{Outcome, Side, expect_success};
use crate::world::{ADMIN, ANONYMOUS, World};

/// What brokers and law are set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Setting {
    /// What most clusters have; topics are created by asking for them.
    Usual,
    /// `allow.everyone.if.no.acl.found`; topics are not created by asking.
    Everyone,
    /// Topics cannot be deleted, and groups are of the classic protocol only.
    SwitchedOff,
}

impl Setting {
    const ALL: [(Setting, &str); 3] =
        [(Setting::Usual, "usual"), (Setting::Everyone, "everyone"), (Setting::SwitchedOff, "switched off")];

    pub(crate) fn name(self) -> &'static str {
        Setting::ALL.iter().find(|(setting, _)| *setting == self).map_or("", |(_, name)| name)
    }

    pub(crate) fn of_name(name: &str) -> Option<Setting> {
        Setting::ALL.iter().find(|(_, known)| *known == name).map(|(setting, _)| *setting)
    }
}

/// Both sides, and what must live as long as they do.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) reference: Side,
    pub(crate) doorkeeper: Side,
    _clusters: [KafkaCluster; 2],
    _process: Doorkeeper,
    _ports: FreePorts,
}

impl Scene {
    /// Starts everything and loads the ACLs once.
    pub(crate) async fn start(setting: Setting, world: &World, schemas: &Arc<Schemas>) -> Result<Scene> {
        let bare = options(setting, world);
        let authorizing = Options { super_users: Some(vec![format!("User:{ADMIN}")]), ..bare.clone() };
        let (reference, bare) = tokio::try_join!(KafkaCluster::start(authorizing), KafkaCluster::start(bare))?;
        let ports = FreePorts::reserve(4)?;
        let configuration = configuration(setting, world, &bare, &ports);
        let process = Doorkeeper::start(&configuration, &[]).await?;

        let admin = reference.admin().await?;
        let broker = reference.broker(0)?;
        let addresses = (broker.address(0), broker.address(1));
        let told = [(addresses.0.port(), "port of CLIENT"), (addresses.1.port(), "port of OPEN")];
        let mut reference_side = Side::new("the broker", addresses, &told, admin, Arc::clone(schemas));
        reference_side.cluster_id = reference.cluster_id().to_owned();

        let addresses = (local(ports.get(0)), local(ports.get(1)));
        let told = [(ports.get(2), "port of CLIENT"), (ports.get(3), "port of OPEN")];
        let admin = bare.admin().await?;
        let mut doorkeeper = Side::new("Doorkeeper", addresses, &told, admin, Arc::clone(schemas));
        doorkeeper.cluster_id = bare.cluster_id().to_owned();

        let (key, creations) = (schemas.key("CreateAcls")?, json!({ "Creations": world.creations() }));
        for side in [&mut reference_side, &mut doorkeeper] {
            let Outcome::Answer(created) = side.ask(ADMIN, key, 3, &creations).await? else {
                bail!("{} does not create ACLs", side.name);
            };
            expect_success("CreateAcls", &created)?;
        }
        Ok(Scene {
            reference: reference_side,
            doorkeeper,
            _clusters: [reference, bare],
            _process: process,
            _ports: ports,
        })
    }
}

fn options(setting: Setting, world: &World) -> Options {
    let secret = |name: &str| Credentials { name: name.to_owned(), password: format!("{name}-secret") };
    let users = world.users.iter().filter(|user| *user != ANONYMOUS);
    let mut options = Options {
        listeners: vec![Listener::new("CLIENT", Security::SaslPlaintext), Listener::new("OPEN", Security::Plaintext)],
        users: users.map(|user| secret(user)).collect(),
        ..Options::default()
    };
    for (key, value) in [
        // Members and transactions of the world stay for as long as a run may take.
        ("group.consumer.session.timeout.ms", "3600000"),
        ("group.consumer.max.session.timeout.ms", "3600000"),
        ("group.max.session.timeout.ms", "3600000"),
        ("group.share.session.timeout.ms", "3600000"),
        ("group.share.max.session.timeout.ms", "3600000"),
        ("transaction.max.timeout.ms", "3600000"),
        ("log.retention.check.interval.ms", "3600000"),
        // Without an authorizer these mean nothing, but DescribeConfigs shows them.
        ("super.users", &format!("User:{ADMIN};User:kafka")),
        ("allow.everyone.if.no.acl.found", if setting == Setting::Everyone { "true" } else { "false" }),
        ("auto.create.topics.enable", if setting == Setting::Usual { "true" } else { "false" }),
    ] {
        options = options.property(key, value);
    }
    if setting == Setting::SwitchedOff {
        options = options.property("delete.topic.enable", "false");
        options = options.property("group.coordinator.rebalance.protocols", "classic");
    }
    options
}

fn configuration(setting: Setting, world: &World, bare: &KafkaCluster, ports: &FreePorts) -> String {
    let everyone = setting == Setting::Everyone;
    let port = |index| ports.get(index);
    format!(
        "cluster: parity\n\
         upstream: {{ bootstrap.servers: \"{}\", security.protocol: PLAINTEXT }}\n\
         listeners:\n\
         \x20 - name: CLIENT\n\
         \x20   address: 127.0.0.1:{}\n\
         \x20   security.protocol: SASL_PLAINTEXT\n\
         \x20   sasl.enabled.mechanisms: PLAIN\n\
         \x20   brokers: {{ mode: ports, advertised_host: 127.0.0.1, nodes: {{ 0: {} }} }}\n\
         \x20 - name: OPEN\n\
         \x20   address: 127.0.0.1:{}\n\
         \x20   security.protocol: PLAINTEXT\n\
         \x20   brokers: {{ mode: ports, advertised_host: 127.0.0.1, nodes: {{ 0: {} }} }}\n\
         authorizer: {{ super.users: \"User:{ADMIN}\", allow.everyone.if.no.acl.found: {everyone} }}\n\
         store:\n\
         \x20 embedded: store\n\
         \x20 bootstrap:\n\
         \x20   users:\n\
         {}\
         logging: {{ level: \"info,kafka.authorizer.logger=warn\" }}\n",
        bare.bootstrap_of("OPEN"),
        port(0),
        port(2),
        port(1),
        port(3),
        world.logins("      "),
    )
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Where a run keeps what it found, if it is told to.
pub(crate) fn setting_of(name: &str) -> Result<Option<u64>> {
    let Ok(text) = std::env::var(name) else { return Ok(None) };
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).with_context(|| format!("`{name}` is `{text}`, not a number"))
}
