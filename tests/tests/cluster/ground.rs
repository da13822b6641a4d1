//! One broker with every way in, for all tests; and the Doorkeepers in front of it, one for each test.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, ensure};
use testkit::{Certificates, Doorkeeper, FreePorts, KafkaCluster, Options, RawClient, Relay, Security};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use crate::eventually;
use crate::process::{State, sockets};

pub(crate) const POLICY: &str = "\
users:
  alice: { password: alice-secret }
acls:
  - { principal: User:alice, allow: [Read, Write], topic: { prefixed: alice- } }
  - { principal: User:alice, allow: Read, group: { prefixed: alice- } }
";

/// Whom the broker trusts.
pub(crate) const USERNAME: &str = "doorkeeper";
pub(crate) const PASSWORD: &str = "upstream-secret";

/// What the broker lets a login last on its listener `SHORT`.
pub(crate) const SHORT_SESSION_MS: u64 = 2000;

/// A broker with the listeners `OPEN`, `TLS`, `MUTUAL`, `SASL`, `SASLTLS`, `SHORT` (SASL, sessions end soon), `CUT` and
/// `STALLED` (PLAINTEXT; their clients are sent to relays, each for one test alone).
pub(crate) struct Ground {
    pub(crate) kafka: KafkaCluster,
    pub(crate) certificates: Arc<Certificates>,
    pub(crate) cut: Relay,
    pub(crate) stalled: Relay,
}

/// The one broker. It plays on a runtime of its own, since each test ends its own.
pub(crate) async fn ground() -> Result<&'static Ground> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static GROUND: OnceCell<Ground> = OnceCell::const_new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new().expect("a runtime can be made"));
    GROUND.get_or_try_init(|| async { runtime.spawn(Ground::prepare()).await? }).await
}

impl Ground {
    async fn prepare() -> Result<Ground> {
        let certificates = Arc::new(Certificates::new()?);
        let cut = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let stalled = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let reauth = ("listener.name.short.connections.max.reauth.ms", SHORT_SESSION_MS.to_string());
        let open = testkit::Listener::new("OPEN", Security::Plaintext);
        let options =
            Options { certificates: Some(Arc::clone(&certificates)), listeners: vec![open], ..Options::default() }
                .listener("TLS", Security::Ssl { client_auth: false })
                .listener("MUTUAL", Security::Ssl { client_auth: true })
                .listener("SASL", Security::SaslPlaintext)
                .listener("SASLTLS", Security::SaslSsl)
                .listener("SHORT", Security::SaslPlaintext)
                .listener_behind("CUT", Security::Plaintext, cut.local_addr()?.port())
                .listener_behind("STALLED", Security::Plaintext, stalled.local_addr()?.port())
                .user(USERNAME, PASSWORD)
                .property(reauth.0, &reauth.1);
        let kafka = KafkaCluster::start(options).await?;
        let cut = Relay::on(cut, kafka.bootstrap_of("CUT").parse()?)?;
        let stalled = Relay::on(stalled, kafka.bootstrap_of("STALLED").parse()?)?;
        Ok(Ground { kafka, certificates, cut, stalled })
    }

    /// Where clients of a listener find the broker.
    pub(crate) fn address(&self, broker_listener: &str) -> Result<SocketAddr> {
        match broker_listener {
            "CUT" => Ok(self.cut.address()),
            "STALLED" => Ok(self.stalled.address()),
            other => Ok(self.kafka.bootstrap_of(other).parse()?),
        }
    }
}

/// A Doorkeeper with the listeners `OPEN` (PLAINTEXT, everybody is alice), `SECURE` and `LENIENT` (SASL_SSL).
pub(crate) struct Door {
    pub(crate) doorkeeper: Doorkeeper,
    ports: FreePorts,
}

/// One of its listeners where clients log in; each has a port for bootstrap and one for broker 0.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Listener {
    Secure = 1,
    Lenient,
}

/// What it is started with.
pub(crate) struct Plan {
    configuration: String,
    files: Vec<(&'static str, String)>,
    ports: FreePorts,
}

impl Plan {
    /// In front of a listener of the broker. `upstream` are more lines below `upstream:`, indented by two.
    pub(crate) async fn new(broker_listener: &str, upstream: &str) -> Result<Plan> {
        let ground = ground().await?;
        let ports = FreePorts::reserve(7)?;
        let nodes = |index: usize| {
            format!("{{ mode: ports, advertised_host: localhost, nodes: {{ 0: {} }} }}", ports.get(index))
        };
        let secure = "security.protocol: SASL_SSL\n    tls: { certificate: server.crt, private_key: server.key }\n    \
                      sasl.enabled.mechanisms: SCRAM-SHA-256,SCRAM-SHA-512";
        let bootstrap = ground.address(broker_listener)?;
        let configuration = format!(
            "cluster: ground\n\
             upstream:\n  bootstrap.servers: {bootstrap}\n{upstream}\
             listeners:\n\
             \x20 - name: OPEN\n    address: 127.0.0.1:{}\n    security.protocol: PLAINTEXT\n    \
             principal: User:alice\n    brokers: {}\n\
             \x20 - name: SECURE\n    address: 127.0.0.1:{}\n    {secure}\n    brokers: {}\n\
             \x20 - name: LENIENT\n    address: 127.0.0.1:{}\n    {secure}\n    lenient_scram_nonce: true\n    brokers: {}\n\
             store: {{ file: acls.yaml }}\n\
             metrics: {{ address: 127.0.0.1:{} }}\n",
            ports.get(0),
            nodes(1),
            ports.get(2),
            nodes(3),
            ports.get(4),
            nodes(5),
            ports.get(6),
        );
        let (server, client) = identities(&ground.certificates)?;
        let read = |path: &std::path::Path| fs::read_to_string(path).context("cannot read a certificate");
        let files = vec![
            ("acls.yaml", POLICY.to_owned()),
            ("password", PASSWORD.to_owned()),
            ("server.crt", read(server.certificate())?),
            ("server.key", read(server.private_key())?),
            ("client.crt", read(client.certificate())?),
            ("client.key", read(client.private_key())?),
            ("ca.crt", read(ground.certificates.ca())?),
        ];
        Ok(Plan { configuration, files, ports })
    }

    /// More lines for the configuration.
    pub(crate) fn with(mut self, lines: &str) -> Plan {
        self.configuration.push_str(lines);
        self
    }

    /// Another file, or another text for one.
    pub(crate) fn with_file(mut self, name: &'static str, text: String) -> Plan {
        self.files.retain(|(other, _)| *other != name);
        self.files.push((name, text));
        self
    }

    /// Starts it and waits until it is ready.
    pub(crate) async fn open(self) -> Result<Door> {
        let doorkeeper = Doorkeeper::start(&self.configuration, &self.files()).await?;
        Ok(Door { doorkeeper, ports: self.ports })
    }

    /// Starts it and waits for nothing.
    pub(crate) fn launch(self) -> Result<Door> {
        let doorkeeper = Doorkeeper::launch(&self.configuration, &self.files())?;
        Ok(Door { doorkeeper, ports: self.ports })
    }

    /// Starts it with so many file descriptors, and waits until it is ready.
    pub(crate) async fn open_with_few_files(self, most: u16) -> Result<Door> {
        let doorkeeper = Doorkeeper::start_with_few_files(most, &self.configuration, &self.files()).await?;
        Ok(Door { doorkeeper, ports: self.ports })
    }

    fn files(&self) -> Vec<(&str, &str)> {
        self.files.iter().map(|(name, text)| (*name, text.as_str())).collect()
    }
}

/// Of Doorkeeper for its clients, and for the broker. Made once: tests run side by side, and files have one name.
fn identities(certificates: &Certificates) -> Result<(testkit::Identity, testkit::Identity)> {
    static MADE: OnceLock<(testkit::Identity, testkit::Identity)> = OnceLock::new();
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = LOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if MADE.get().is_none() {
        let made = (certificates.server("front")?, certificates.client("client", "CN=doorkeeper")?);
        let _ = MADE.set(made);
    }
    MADE.get().cloned().context("they were just made")
}

impl Door {
    /// In front of the broker's PLAINTEXT listener.
    pub(crate) async fn open() -> Result<Door> {
        Plan::new("OPEN", "").await?.open().await
    }

    /// `localhost:PORT`, as for `bootstrap.servers`.
    pub(crate) fn bootstrap(&self, listener: Listener) -> String {
        format!("localhost:{}", self.ports.get(2 * listener as usize))
    }

    /// Where clients of the listener `OPEN` find broker 0.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.get(1)))
    }

    /// Where clients of the listener `SECURE` find broker 0.
    pub(crate) fn secure_address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.get(3)))
    }

    /// Alice, connected to broker 0.
    pub(crate) async fn alice(&self) -> Result<RawClient> {
        RawClient::connect(self.address()).await
    }

    /// Status and body of a GET at the metrics' address.
    pub(crate) async fn get(&self, path: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.ports.get(6))).await?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: door\r\nConnection: close\r\n\r\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no body")?;
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        Ok((status, body.to_owned()))
    }

    /// The sum of a metric over all its labels that have this text in them; 0 if there is none.
    pub(crate) async fn metric(&self, name: &str, labels: &str) -> Result<f64> {
        let (status, text) = self.get("/metrics").await?;
        ensure!(status == 200, "{text}");
        let lines = text.lines().filter(|line| line.split(['{', ' ']).next() == Some(name) && line.contains(labels));
        Ok(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// Connections between it and the broker on this listener.
    pub(crate) async fn upstream_connections(&self, broker_listener: &str) -> Result<usize> {
        let ground = ground().await?;
        let port = ground.address(broker_listener)?.port();
        let sockets = sockets(self.doorkeeper.process_id())?;
        Ok(sockets.iter().filter(|socket| socket.remote_port == port).count())
    }

    /// Waits until all clients have gone, and with them everything that was held for them: no socket but those of the
    /// control connection is left to the broker, none waits to be closed, and the memory budget is whole.
    pub(crate) async fn is_left_clean(&self, broker_listener: &str) -> Result<()> {
        let clean = eventually("nothing is left behind", async || {
            let waiting = sockets(self.doorkeeper.process_id())?;
            let waiting = waiting.iter().any(|socket| socket.state == State::CloseWait);
            let active = self.metric("doorkeeper_connections_active", "").await?;
            let held = self.metric("doorkeeper_memory_budget_used_bytes", "").await?;
            let to_broker = self.upstream_connections(broker_listener).await?;
            Ok(!waiting && active == 0.0 && held == 0.0 && to_broker <= 1)
        });
        clean.await.with_context(|| {
            format!("{:?}\n{}", sockets(self.doorkeeper.process_id()), self.doorkeeper.log().tail(20))
        })?;
        ensure!(!self.doorkeeper.log().lines().iter().any(|line| line.contains("panicked")), "a panic");
        Ok(())
    }
}
