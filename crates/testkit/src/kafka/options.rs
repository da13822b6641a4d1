//! What a test may choose about its Kafka.

use std::sync::Arc;

use super::release::Release;
use crate::certificates::Certificates;

/// What a cluster is started with. The default is one broker with one PLAINTEXT listener and no authorizer.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which Kafka; the newest unless set.
    pub release: Release,
    /// How many brokers, ids from 0. Broker 0 is also the only controller.
    pub brokers: u16,
    /// For clients; the first is where [`super::KafkaCluster::bootstrap`] points. Brokers talk on two more of their own.
    pub listeners: Vec<Listener>,
    /// Who may log in on SASL listeners, by PLAIN and by both SCRAM mechanisms.
    pub users: Vec<Credentials>,
    /// Signs the brokers' certificate and those of clients; needed by listeners with TLS.
    pub certificates: Option<Arc<Certificates>>,
    /// If given, `StandardAuthorizer` decides, with these principals (`User:admin`) as super users.
    pub super_users: Option<Vec<String>>,
    /// More lines for `server.properties`; they win over ours.
    pub properties: Vec<(String, String)>,
}

/// A listener for clients.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Kafka's listener name, upper case.
    pub name: String,
    pub security: Security,
    /// The ports that are told to clients, by broker id, where they are not the listener's own: those of a
    /// [`crate::Relay`] for each broker.
    pub advertised_ports: Vec<u16>,
}

/// Kafka's security protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    Plaintext,
    /// TLS; with `client_auth`, only for clients with a certificate (`ssl.client.auth=required`).
    Ssl {
        client_auth: bool,
    },
    /// PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512, without TLS.
    SaslPlaintext,
    /// The same over TLS.
    SaslSsl,
}

/// A user and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub name: String,
    pub password: String,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            release: Release::Newest,
            brokers: 1,
            listeners: vec![Listener::new("CLIENT", Security::Plaintext)],
            users: Vec::new(),
            certificates: None,
            super_users: None,
            properties: Vec::new(),
        }
    }
}

impl Options {
    /// One broker whose listener `CLIENT` has this security.
    pub fn secured(security: Security) -> Options {
        Options { listeners: vec![Listener::new("CLIENT", security)], ..Options::default() }
    }

    /// Adds a user.
    #[must_use]
    pub fn user(mut self, name: &str, password: &str) -> Options {
        self.users.push(Credentials { name: name.to_owned(), password: password.to_owned() });
        self
    }

    /// Adds a listener.
    #[must_use]
    pub fn listener(mut self, name: &str, security: Security) -> Options {
        self.listeners.push(Listener::new(name, security));
        self
    }

    /// Adds a listener that tells its clients another port than its own. Only for a single broker.
    #[must_use]
    pub fn listener_behind(self, name: &str, security: Security, advertised_port: u16) -> Options {
        self.listener_behind_each(name, security, &[advertised_port])
    }

    /// Adds a listener that tells its clients other ports than its own: the first for broker 0, and so on.
    #[must_use]
    pub fn listener_behind_each(mut self, name: &str, security: Security, advertised_ports: &[u16]) -> Options {
        let advertised_ports = advertised_ports.to_vec();
        self.listeners.push(Listener { advertised_ports, ..Listener::new(name, security) });
        self
    }

    /// Adds a line to `server.properties`.
    #[must_use]
    pub fn property(mut self, key: &str, value: &str) -> Options {
        self.properties.push((key.to_owned(), value.to_owned()));
        self
    }
}

impl Listener {
    pub fn new(name: &str, security: Security) -> Listener {
        Listener { name: name.to_owned(), security, advertised_ports: Vec::new() }
    }
}

impl Security {
    /// Kafka's name: `SASL_SSL`.
    pub fn protocol(self) -> &'static str {
        match self {
            Security::Plaintext => "PLAINTEXT",
            Security::Ssl { .. } => "SSL",
            Security::SaslPlaintext => "SASL_PLAINTEXT",
            Security::SaslSsl => "SASL_SSL",
        }
    }

    pub(crate) fn has_tls(self) -> bool {
        matches!(self, Security::Ssl { .. } | Security::SaslSsl)
    }

    pub(crate) fn has_sasl(self) -> bool {
        matches!(self, Security::SaslPlaintext | Security::SaslSsl)
    }
}
