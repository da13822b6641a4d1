//! What the proxy is told to do: values only, checked by whoever read them (`doorkeeper`).
//!
//! Where Kafka has a property of the same meaning, the field names it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use acl::KafkaPrincipal;
use apis::Channel;
use authentication::{Mechanism, SslPrincipalMapper};

/// Everything the proxy is told at its start.
#[derive(Debug)]
pub struct Settings {
    /// The name of the cluster behind us.
    pub cluster: String,
    pub listeners: Vec<ListenerSettings>,
    pub limits: Limits,
    pub audit: AuditSettings,
    /// How long new connections are still accepted after a request to stop, so that load balancers can notice.
    pub shutdown_delay: Duration,
    /// How long after that delay the last connection may stay.
    pub shutdown_deadline: Duration,
}

/// One listener: a name, one address for bootstrap, and a port for each broker.
#[derive(Debug)]
pub struct ListenerSettings {
    pub name: Arc<str>,
    /// Where clients bootstrap. The ports of the brokers are on the same IP address.
    pub address: SocketAddr,
    pub security_protocol: SecurityProtocol,
    /// With `Ssl` and `SaslSsl`, and only with them.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// `ssl.client.auth`
    pub client_auth: ClientAuth,
    /// `ssl.principal.mapping.rules`
    pub principal_mapping: SslPrincipalMapper,
    /// `sasl.enabled.mechanisms`
    pub mechanisms: Vec<Mechanism>,
    /// Who everybody is on a listener without login. `User:ANONYMOUS` where it is not set; a client certificate goes
    /// before it.
    pub principal: Option<KafkaPrincipal>,
    pub brokers: BrokerPorts,
    /// Accepts the SCRAM nonces that older librdkafka sends.
    pub lenient_scram_nonce: bool,
}

/// Kafka's `SecurityProtocol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurityProtocol {
    Plaintext,
    Ssl,
    SaslPlaintext,
    SaslSsl,
}

impl SecurityProtocol {
    /// Whether clients speak TLS.
    pub fn has_tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    /// Whether clients log in by SASL.
    pub fn has_sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }

    /// How a client on it came, as far as a decision asks for it.
    pub(crate) fn channel(self) -> Channel {
        match self {
            Self::Plaintext => Channel::Plaintext,
            Self::Ssl => Channel::Ssl,
            Self::SaslPlaintext | Self::SaslSsl => Channel::Sasl,
        }
    }
}

/// `ssl.client.auth`. What it means for the handshake is built into [`ListenerSettings::tls`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    Required,
    Requested,
    None,
}

/// Under which host and ports clients reach the brokers through one listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerPorts {
    pub advertised_host: String,
    /// The port of the first of `node_ids`; node `n` is at `first_port + (n - first node id)`.
    pub first_port: Option<u16>,
    pub node_ids: RangeInclusive<i32>,
    /// Ports of single nodes; they go before the range.
    pub nodes: BTreeMap<i32, u16>,
}

/// What one process, and one connection of it, may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of frames that are held at one time, over all connections; at most a tenth of it before login.
    pub memory_budget_bytes: usize,
    /// `socket.request.max.bytes`
    pub max_request_bytes: usize,
    /// `sasl.server.max.receive.size`
    pub sasl_max_receive_bytes: usize,
    /// From the accepted connection to the end of its login.
    pub handshake_timeout: Duration,
    /// `connections.max.idle.ms`
    pub idle_timeout: Duration,
    /// Connections that have not logged in yet. The oldest of them goes when one more comes.
    pub max_unauthenticated_connections: usize,
    /// `max.connections`: no more are accepted; they wait in the backlog.
    pub max_connections: usize,
    /// `max.connections.per.ip`: one more of an address is closed as soon as it is accepted.
    pub max_connections_per_ip: usize,
    /// `max.connections.per.ip.overrides`, by canonical address.
    pub max_connections_per_ip_overrides: BTreeMap<IpAddr, usize>,
    /// Requests of one connection that wait for their answer.
    pub max_in_flight: usize,
    /// Elements of all arrays of one message.
    pub max_elements: usize,
    /// `connection.failed.authentication.delay.ms`
    pub failed_authentication_delay: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory_budget_bytes: 512 * 1024 * 1024,
            max_request_bytes: 104_857_600,
            sasl_max_receive_bytes: 524_288,
            handshake_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(600),
            max_unauthenticated_connections: 1_000,
            max_connections: 50_000,
            max_connections_per_ip: i32::MAX as usize,
            max_connections_per_ip_overrides: BTreeMap::new(),
            max_in_flight: 64,
            max_elements: 1_000_000,
            failed_authentication_delay: Duration::from_millis(100),
        }
    }
}

/// How decisions, logins and reloads are told.
#[derive(Debug, Clone)]
pub struct AuditSettings {
    pub overflow: Overflow,
    /// Events that wait for the writer.
    pub queue: usize,
    /// A file that each event is appended to as a line of JSON, beside the log.
    pub json: Option<PathBuf>,
    pub lines_per_connection_and_second: u32,
    /// Whether the JSON file gets allowed decisions too. In the log they are at level DEBUG.
    pub allowed: bool,
}

impl Default for AuditSettings {
    fn default() -> AuditSettings {
        AuditSettings {
            overflow: Overflow::Drop,
            queue: 8192,
            json: None,
            lines_per_connection_and_second: 100,
            allowed: false,
        }
    }
}

/// `audit.overflow`: what happens when the writer cannot keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// Events are dropped, counted, and the number is told.
    Drop,
    /// The request waits: nothing happens untold.
    Block,
}
