//! `server.properties` of one broker.
//!
//! Brokers and controller talk on listeners of their own, where they log in as [`BROKER_USER`]: so the listeners of
//! the clients may have any security, and with an authorizer no client's principal needs to be a super user.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

use super::options::{Credentials, Listener, Options};
use crate::scram::ScramMechanism;

/// The listener where brokers talk to each other; tests use it to look behind Doorkeeper.
pub(crate) const INTERNAL: &str = "INTERNAL";
pub(crate) const CONTROLLER: &str = "CONTROLLER";
/// A super user wherever there is an authorizer.
pub(crate) const BROKER_USER: &str = "kafka";
pub(crate) const BROKER_PASSWORD: &str = "kafka-secret";

/// Where one node of the cluster is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) node_id: i32,
    pub(crate) directory: &'a Path,
    /// The clients' listeners in the order of the options, then [`INTERNAL`], then [`CONTROLLER`].
    pub(crate) ports: &'a [u16],
    pub(crate) controller_port: u16,
}

/// Defaults that make a small broker start soon and answer soon; [`Options::properties`] may change them.
const SMALL: &[(&str, &str)] = &[
    ("auto.create.topics.enable", "false"),
    ("offsets.topic.replication.factor", "1"),
    ("offsets.topic.num.partitions", "5"),
    ("transaction.state.log.replication.factor", "1"),
    ("transaction.state.log.min.isr", "1"),
    ("transaction.state.log.num.partitions", "5"),
    ("share.coordinator.state.topic.replication.factor", "1"),
    ("share.coordinator.state.topic.min.isr", "1"),
    ("share.coordinator.state.topic.num.partitions", "5"),
    ("group.initial.rebalance.delay.ms", "0"),
    ("log.cleaner.dedupe.buffer.size", "2097152"),
    ("num.network.threads", "2"),
    ("num.io.threads", "4"),
    ("background.threads", "2"),
];

/// The text of `server.properties`.
pub(crate) fn server_properties(options: &Options, place: Place<'_>) -> Result<String> {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut put = |key: &str, value: &str| lines.push((key.to_owned(), value.to_owned()));

    for (key, value) in SMALL {
        put(key, value);
    }
    put("node.id", &place.node_id.to_string());
    put("process.roles", if is_controller(place) { "broker,controller" } else { "broker" });
    put("controller.quorum.voters", &format!("0@127.0.0.1:{}", place.controller_port));
    put("controller.listener.names", CONTROLLER);
    put("inter.broker.listener.name", INTERNAL);
    put("log.dirs", &place.directory.join("data").display().to_string());

    let mut names: Vec<(&str, &str)> =
        options.listeners.iter().map(|listener| (listener.name.as_str(), listener.security.protocol())).collect();
    names.extend([(INTERNAL, "SASL_PLAINTEXT"), (CONTROLLER, "SASL_PLAINTEXT")]);
    let map: Vec<String> = names.iter().map(|(name, protocol)| format!("{name}:{protocol}")).collect();
    put("listener.security.protocol.map", &map.join(","));
    let own_ports = || place.ports.iter().copied();
    let at = usize::try_from(place.node_id).unwrap_or(usize::MAX);
    let told = options.listeners.iter().map(|listener| listener.advertised_ports.get(at).copied());
    let advertised = told.chain([None, None]);
    let advertised_ports = own_ports().zip(advertised).map(|(own, other)| other.unwrap_or(own));
    put("advertised.listeners", &addresses(&names, advertised_ports.take(options.listeners.len() + 1)));
    let listening = if is_controller(place) { names.len() } else { names.len() - 1 };
    put("listeners", &addresses(&names, own_ports().take(listening)));

    put("sasl.mechanism.inter.broker.protocol", "PLAIN");
    put("sasl.mechanism.controller.protocol", "PLAIN");
    let brokers = [Credentials { name: BROKER_USER.to_owned(), password: BROKER_PASSWORD.to_owned() }];
    for name in [INTERNAL, CONTROLLER] {
        let prefix = listener_prefix(name);
        put(&format!("{prefix}sasl.enabled.mechanisms"), "PLAIN");
        put(&format!("{prefix}plain.sasl.jaas.config"), &plain_login_module(&brokers));
    }
    for listener in &options.listeners {
        for (key, value) in listener_properties(options, listener, place.directory)? {
            put(&key, &value);
        }
    }

    if let Some(super_users) = &options.super_users {
        put("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        let everyone: Vec<&str> = super_users.iter().map(String::as_str).chain(["User:kafka"]).collect();
        put("super.users", &everyone.join(";"));
    }

    lines.extend(options.properties.iter().cloned());
    Ok(text_of(&lines))
}

/// As many of the names as there are ports.
fn addresses(names: &[(&str, &str)], ports: impl Iterator<Item = u16>) -> String {
    let addresses: Vec<String> =
        names.iter().zip(ports).map(|((name, _), port)| format!("{name}://127.0.0.1:{port}")).collect();
    addresses.join(",")
}

fn is_controller(place: Place<'_>) -> bool {
    place.node_id == 0
}

fn listener_properties(options: &Options, listener: &Listener, directory: &Path) -> Result<Vec<(String, String)>> {
    let prefix = listener_prefix(&listener.name);
    let mut lines = Vec::new();
    if listener.security.has_sasl() {
        lines.push((format!("{prefix}sasl.enabled.mechanisms"), "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512".to_owned()));
        lines.push((format!("{prefix}plain.sasl.jaas.config"), plain_login_module(&options.users)));
        for mechanism in ScramMechanism::ALL {
            lines.push((
                format!("{prefix}{}.sasl.jaas.config", mechanism.name().to_lowercase()),
                "org.apache.kafka.common.security.scram.ScramLoginModule required;".to_owned(),
            ));
        }
    }
    if listener.security.has_tls() {
        let certificates =
            options.certificates.as_ref().context("a listener with TLS needs `Options::certificates`")?;
        let keystore = directory.join("keystore.pem");
        lines.push((format!("{prefix}ssl.keystore.type"), "PEM".to_owned()));
        lines.push((format!("{prefix}ssl.keystore.location"), keystore.display().to_string()));
        lines.push((format!("{prefix}ssl.truststore.type"), "PEM".to_owned()));
        lines.push((format!("{prefix}ssl.truststore.location"), certificates.ca().display().to_string()));
        let client_auth = listener.security == super::Security::Ssl { client_auth: true };
        lines.push((format!("{prefix}ssl.client.auth"), if client_auth { "required" } else { "none" }.to_owned()));
    }
    Ok(lines)
}

fn listener_prefix(name: &str) -> String {
    format!("listener.name.{}.", name.to_lowercase())
}

/// JAAS for PLAIN: the broker's own name, and everybody who may log in.
fn plain_login_module(users: &[Credentials]) -> String {
    let mut text = format!(
        "org.apache.kafka.common.security.plain.PlainLoginModule required \
         username=\"{BROKER_USER}\" password=\"{BROKER_PASSWORD}\""
    );
    for user in users {
        let _ = write!(text, " user_{}=\"{}\"", user.name, user.password);
    }
    text.push(';');
    text
}

/// Java's properties format; later lines win.
pub(crate) fn text_of(lines: &[(String, String)]) -> String {
    lines.iter().fold(String::new(), |mut text, (key, value)| {
        let _ = writeln!(text, "{key}={}", value.replace('\\', "\\\\").replace('\n', "\\n"));
        text
    })
}
