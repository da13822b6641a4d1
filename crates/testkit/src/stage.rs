//! A Kafka without an authorizer, and a Doorkeeper in front of it: where most end-to-end tests, and the demo, play.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::{
    Certificates, ClientProperties, Doorkeeper, FreePorts, Identity, KafkaCluster, Options, RawClient, ScramMechanism,
};

const RELOAD_DEADLINE: Duration = Duration::from_secs(15);

/// How the broker is known to clients: `localhost` is what the certificate says.
const HOST: &str = "localhost";

/// A running cluster behind a running Doorkeeper with three listeners: `CLIENT` (SASL_SSL: SCRAM and PLAIN), `SERVICES`
/// (SSL, a client certificate is required) and `OPEN` (PLAINTEXT). A user's password is `NAME-secret`; `admin` is a super
/// user.
#[derive(Debug)]
pub struct Stage {
    kafka: KafkaCluster,
    doorkeeper: Doorkeeper,
    certificates: Certificates,
    ports: StagePorts,
    /// Keeps other test binaries away from them.
    _reserved: FreePorts,
}

/// What a stage is built of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The policy file.
    pub policy: String,
    /// Brokers of the cluster, ids from 0.
    pub kafka: Options,
    /// How many node ids have a port on each listener, from 0.
    pub nodes: u16,
    /// The section `store`.
    pub store: String,
    /// More lines for the section `authorizer`, indented by two.
    pub authorizer: String,
    /// More lines for the configuration.
    pub configuration: String,
}

#[derive(Debug)]
struct StagePorts {
    client: u16,
    services: u16,
    open: u16,
    metrics: u16,
}

/// One of Doorkeeper's listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    Client,
    Services,
    Open,
}

impl Plan {
    /// One broker under this policy.
    pub fn new(policy: &str) -> Plan {
        Plan {
            policy: policy.to_owned(),
            kafka: Options::default(),
            nodes: 1,
            store: "{ file: acls.yaml }".to_owned(),
            authorizer: String::new(),
            configuration: String::new(),
        }
    }

    /// One broker and an embedded store that begins with this policy.
    pub fn embedded(policy: &str) -> Plan {
        let bootstrap: String = policy.lines().map(|line| format!("    {line}\n")).collect();
        let store = format!("\n  embedded: store\n  bootstrap:\n{bootstrap}");
        Plan { store: store.trim_end().to_owned(), ..Plan::new(policy) }
    }
}

impl Stage {
    /// One broker under this policy.
    ///
    /// # Errors
    /// If Kafka or Doorkeeper does not start; with the end of its log.
    pub async fn start(policy: &str) -> Result<Stage> {
        Stage::build(Plan::new(policy)).await
    }

    /// Builds what is planned.
    ///
    /// # Errors
    /// If Kafka or Doorkeeper does not start; with the end of its log.
    pub async fn build(plan: Plan) -> Result<Stage> {
        let kafka = KafkaCluster::start(plan.kafka.clone()).await?;
        let certificates = Certificates::new()?;
        let server = certificates.server("doorkeeper")?;
        let reserved = FreePorts::reserve(4 + 3 * plan.nodes)?;
        let ports = StagePorts {
            client: reserved.get(0),
            services: reserved.get(1),
            open: reserved.get(2),
            metrics: reserved.get(3),
        };
        let brokers: Vec<u16> = reserved.iter().skip(4).collect();
        let configuration = configuration(&plan, &kafka.bootstrap(), &ports, &brokers);
        let read = |path: &std::path::Path| fs::read_to_string(path).context("cannot read a certificate");
        let files = [
            ("acls.yaml", plan.policy.as_str()),
            ("server.crt", &read(server.certificate())?),
            ("server.key", &read(server.private_key())?),
            ("ca.crt", &read(certificates.ca())?),
        ];
        let doorkeeper = Doorkeeper::start(&configuration, &files).await?;
        Ok(Stage { kafka, doorkeeper, certificates, ports, _reserved: reserved })
    }

    /// The cluster behind.
    pub fn kafka(&self) -> &KafkaCluster {
        &self.kafka
    }

    /// The cluster behind, to be made to lose and gain brokers.
    pub fn kafka_mut(&mut self) -> &mut KafkaCluster {
        &mut self.kafka
    }

    /// The proxy.
    pub fn doorkeeper(&self) -> &Doorkeeper {
        &self.doorkeeper
    }

    /// The proxy, to be ended and started again.
    pub fn doorkeeper_mut(&mut self) -> &mut Doorkeeper {
        &mut self.doorkeeper
    }

    /// Who signs certificates here.
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// `localhost:PORT` of a listener, as for `bootstrap.servers`.
    pub fn bootstrap(&self, entrance: Entrance) -> String {
        format!("{HOST}:{}", self.port(entrance))
    }

    /// The port of a listener.
    pub fn port(&self, entrance: Entrance) -> u16 {
        match entrance {
            Entrance::Client => self.ports.client,
            Entrance::Services => self.ports.services,
            Entrance::Open => self.ports.open,
        }
    }

    /// `127.0.0.1:PORT` of metrics and health.
    pub fn metrics_address(&self) -> std::net::SocketAddr {
        std::net::SocketAddr::from(([127, 0, 0, 1], self.ports.metrics))
    }

    /// A file of Java client properties for a user with a password (SCRAM-SHA-256).
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn user(&self, name: &str) -> Result<PathBuf> {
        self.properties_of(name)
            .trust(self.certificates.ca())
            .write(self.certificates.directory(), &format!("{name}.properties"))
    }

    fn properties_of(&self, name: &str) -> ClientProperties {
        ClientProperties::new("SASL_SSL").scram(ScramMechanism::Sha256, name, &password(name))
    }

    /// A file of Java client properties for a client with a certificate of this subject.
    ///
    /// # Errors
    /// If it cannot be made or written.
    pub fn certified(&self, name: &str, subject: &str) -> Result<PathBuf> {
        let identity: Identity = self.certificates.client(name, subject)?;
        let properties = ClientProperties::new("SSL").trust(self.certificates.ca()).identity(&identity);
        properties.write(self.certificates.directory(), &format!("{name}.properties"))
    }

    /// A raw connection to the listener `CLIENT`, logged in as a user.
    ///
    /// # Errors
    /// If it cannot connect or log in.
    pub async fn raw(&self, user: &str) -> Result<RawClient> {
        let mut client = self.raw_before_login().await?;
        client.login_scram(ScramMechanism::Sha256, user, &password(user)).await?;
        Ok(client)
    }

    /// A raw connection to the listener `CLIENT`, not logged in.
    ///
    /// # Errors
    /// If it cannot connect.
    pub async fn raw_before_login(&self) -> Result<RawClient> {
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], self.ports.client));
        RawClient::connect_tls(address, self.certificates.client_config(None)?, HOST).await
    }

    /// Replaces the policy and waits until it is in force.
    ///
    /// # Errors
    /// If it is not in force within a quarter of a minute.
    pub async fn policy_is_now(&self, policy: &str) -> Result<()> {
        let mark = self.doorkeeper.log().mark();
        self.doorkeeper.write("acls.yaml", policy)?;
        let loaded = |line: &str| line.contains("policy loaded");
        self.doorkeeper.log().wait_for_since(mark, loaded, RELOAD_DEADLINE).await?;
        Ok(())
    }
}

/// The password of a user of the stage.
pub fn password(user: &str) -> String {
    format!("{user}-secret")
}

fn configuration(plan: &Plan, kafka: &str, ports: &StagePorts, brokers: &[u16]) -> String {
    let nodes = |listener: usize| {
        let first = listener * usize::from(plan.nodes);
        let own = brokers.iter().skip(first).take(usize::from(plan.nodes));
        own.enumerate().map(|(node, port)| format!("{node}: {port}")).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!(
        "cluster: stage\nupstream:\n  bootstrap.servers: {kafka}\n  security.protocol: PLAINTEXT\nlisteners:\n"
    );
    let mut listener = |name: &str, index: usize, port: u16, lines: &[&str]| {
        let _ = writeln!(text, "  - name: {name}\n    address: 127.0.0.1:{port}");
        for line in lines {
            let _ = writeln!(text, "    {line}");
        }
        let _ =
            writeln!(text, "    brokers: {{ mode: ports, advertised_host: {HOST}, nodes: {{ {} }} }}", nodes(index));
    };
    listener(
        "CLIENT",
        0,
        ports.client,
        &[
            "security.protocol: SASL_SSL",
            "tls: { certificate: server.crt, private_key: server.key }",
            "sasl.enabled.mechanisms: SCRAM-SHA-256,SCRAM-SHA-512,PLAIN",
        ],
    );
    listener(
        "SERVICES",
        1,
        ports.services,
        &[
            "security.protocol: SSL",
            "ssl.client.auth: required",
            "tls: { certificate: server.crt, private_key: server.key, trust: ca.crt }",
            "ssl.principal.mapping.rules: RULE:^CN=([a-z0-9-]+),OU=services,O=Example$/$1/,DEFAULT",
        ],
    );
    listener("OPEN", 2, ports.open, &["security.protocol: PLAINTEXT"]);
    let _ = write!(
        text,
        "authorizer:\n  super.users: User:admin\n{}store: {}\nmetrics: {{ address: 127.0.0.1:{} }}\n{}",
        plan.authorizer, plan.store, ports.metrics, plan.configuration
    );
    text
}
