//! The two sides, started by the first test that asks and shared by all: a Kafka with `StandardAuthorizer`, and one
//! without behind a Doorkeeper whose store is changed by CreateAcls and DeleteAcls, as a broker's is.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use testkit::{Credentials, Doorkeeper, FreePorts, KafkaCluster, Listener, Options, Security};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use crate::schema::Schemas;
use crate::side::Side;
use crate::world::ADMIN;

/// Who asks, besides [`ADMIN`]: somebody of their own for each test.
const USERS: &[&str] = &[
    "reader",
    "idreader",
    "denied",
    "deleting",
    "iddeleting",
    "evicted",
    "foreign",
    "stranger",
    "piper",
    "idempotent",
    "creator",
    "transactor",
    "classic",
    "modern",
    "sharer",
    "streamer",
    "expressive",
];

/// Fetch sessions that a broker keeps, a tenth of the default, so that they can be filled.
pub(crate) const SESSION_SLOTS: usize = 80;

/// All that runs.
#[derive(Debug)]
pub(crate) struct Ground {
    reference: KafkaCluster,
    bare: KafkaCluster,
    _doorkeeper: Doorkeeper,
    ports: FreePorts,
    schemas: Arc<Schemas>,
}

/// The one ground, on a runtime of its own, since each test ends its own.
pub(crate) async fn ground() -> Result<&'static Ground> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static GROUND: OnceCell<Ground> = OnceCell::const_new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new().expect("a runtime can be made"));
    GROUND.get_or_try_init(|| async { runtime.spawn(Ground::start()).await? }).await
}

impl Ground {
    async fn start() -> Result<Ground> {
        let bare = options();
        let authorizing = Options { super_users: Some(vec![format!("User:{ADMIN}")]), ..bare.clone() };
        let (reference, bare) = tokio::try_join!(KafkaCluster::start(authorizing), KafkaCluster::start(bare))?;
        let ports = FreePorts::reserve(4)?;
        let doorkeeper = Doorkeeper::start(&configuration(&bare, &ports), &[]).await?;
        Ok(Ground { reference, bare, _doorkeeper: doorkeeper, ports, schemas: Arc::new(Schemas::load()?) })
    }

    pub(crate) fn schemas(&self) -> &Arc<Schemas> {
        &self.schemas
    }

    /// `bootstrap.servers` of the broker and of Doorkeeper.
    pub(crate) fn bootstraps(&self) -> [String; 2] {
        [self.reference.bootstrap_of("CLIENT"), local(self.ports.get(0)).to_string()]
    }

    /// New connections to both sides.
    pub(crate) async fn sides(&self) -> Result<[Side; 2]> {
        let broker = self.reference.broker(0)?;
        let addresses = (broker.address(0), broker.address(1));
        let told = [(addresses.0.port(), "port of CLIENT"), (addresses.1.port(), "port of OPEN")];
        let admin = self.reference.admin().await?;
        let mut reference = Side::new("the broker", addresses, &told, admin, Arc::clone(&self.schemas));
        reference.cluster_id = self.reference.cluster_id().to_owned();

        let port = |index| self.ports.get(index);
        let addresses = (local(port(0)), local(port(1)));
        let told = [(port(2), "port of CLIENT"), (port(3), "port of OPEN")];
        let admin = self.bare.admin().await?;
        let mut doorkeeper = Side::new("Doorkeeper", addresses, &told, admin, Arc::clone(&self.schemas));
        doorkeeper.cluster_id = self.bare.cluster_id().to_owned();
        Ok([reference, doorkeeper])
    }
}

fn users() -> impl Iterator<Item = &'static str> {
    USERS.iter().copied().chain([ADMIN])
}

fn options() -> Options {
    let secret = |name: &str| Credentials { name: name.to_owned(), password: format!("{name}-secret") };
    let options = Options {
        listeners: vec![Listener::new("CLIENT", Security::SaslPlaintext), Listener::new("OPEN", Security::Plaintext)],
        users: users().map(secret).collect(),
        ..Options::default()
    };
    options
        .property("auto.create.topics.enable", "true")
        // Records of the tests are of the year 2023.
        .property("log.retention.ms", "-1")
        .property("max.incremental.fetch.session.cache.slots", &SESSION_SLOTS.to_string())
        .property("group.streams.initial.rebalance.delay.ms", "0")
        .property("group.streams.heartbeat.interval.ms", "500")
        .property("group.streams.min.heartbeat.interval.ms", "500")
        .property("group.consumer.heartbeat.interval.ms", "100")
        .property("group.consumer.min.heartbeat.interval.ms", "100")
}

fn configuration(bare: &KafkaCluster, ports: &FreePorts) -> String {
    let mut text = format!(
        "cluster: sequences\nupstream: {{ bootstrap.servers: \"{}\", security.protocol: PLAINTEXT }}\nlisteners:\n",
        bare.bootstrap_of("OPEN")
    );
    for (name, security, port, node) in [
        ("CLIENT", "SASL_PLAINTEXT\n    sasl.enabled.mechanisms: PLAIN", ports.get(0), ports.get(2)),
        ("OPEN", "PLAINTEXT", ports.get(1), ports.get(3)),
    ] {
        let _ = writeln!(text, "  - name: {name}\n    address: 127.0.0.1:{port}\n    security.protocol: {security}");
        let _ = writeln!(text, "    brokers: {{ mode: ports, advertised_host: 127.0.0.1, nodes: {{ 0: {node} }} }}");
    }
    let _ = writeln!(text, "authorizer: {{ super.users: \"User:{ADMIN}\" }}");
    let _ = writeln!(text, "store:\n  embedded: store\n  bootstrap:\n    users:");
    for user in users() {
        let _ = writeln!(text, "      {user}: {{ password: {user}-secret }}");
    }
    text
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
