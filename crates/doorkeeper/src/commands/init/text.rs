//! The text of a first configuration: what is known filled in, and beside it what comes next.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use client::{HostPort, UpstreamSettings};
use store::yaml::{scalar, stands_for_itself};

use super::cluster::{Authorizer, Cluster};
use super::files::{CERTIFICATE, PASSWORD, PRIVATE_KEY, TRUST};

/// The ports of brokers follow that of the listener.
const FIRST_PORT_AFTER: u16 = 8;

/// Room for brokers that join.
const ROOM: i32 = 20;

/// Where clients come in.
#[derive(Debug)]
pub(super) struct Entrance {
    pub(super) address: SocketAddr,
    pub(super) advertised_host: String,
}

pub(super) fn configuration(upstream: &UpstreamSettings, cluster: &Cluster, entrance: &Entrance) -> Result<String> {
    let mut text = String::from(
        "# Written by `doorkeeper init`; `doorkeeper check FILE` says what is wrong with it, and `check --online` whether the\n\
         # brokers let anybody else in. docs/operations.md has every key.\n\n",
    );
    let name = cluster.id.as_deref().unwrap_or("kafka");
    let _ = writeln!(text, "cluster: {}   # a name for the log", scalar(name));
    write_upstream(&mut text, upstream)?;
    write_listener(&mut text, cluster, entrance)?;
    text.push_str(
        "\n# They may do everything. The first one gives the others their rights.\n\
         authorizer:\n  super.users: User:admin\n",
    );
    text.push_str(store(&cluster.authorizer));
    text.push_str(
        "\n# GET only: /metrics /livez /readyz. No login, so keep it inside.\n# metrics: { address: 127.0.0.1:9464 }\n",
    );
    Ok(text)
}

fn write_upstream(text: &mut String, upstream: &UpstreamSettings) -> Result<()> {
    let servers: Vec<String> = upstream.bootstrap_servers.iter().map(HostPort::to_string).collect();
    let security = &upstream.security;
    let protocol = match (security.tls.is_some(), security.sasl.is_some()) {
        (false, false) => "PLAINTEXT",
        (true, false) => "SSL",
        (false, true) => "SASL_PLAINTEXT",
        (true, true) => "SASL_SSL",
    };
    let _ = write!(
        text,
        "\n# The brokers. They should trust this one user, and nobody else (docs/security.md).\nupstream:\n  \
         bootstrap.servers: {}\n  security.protocol: {protocol}\n",
        scalar(&servers.join(","))
    );
    if let Some(sasl) = &security.sasl {
        ensure!(
            stands_for_itself(&sasl.username),
            "the user name `{}` would stand for another value in YAML",
            sasl.username
        );
        let (mechanism, username) = (sasl.mechanism, scalar(&sasl.username));
        let _ =
            write!(text, "  sasl.mechanism: {mechanism}\n  username: {username}\n  password: ${{file:{PASSWORD}}}\n");
    }
    if let Some(tls) = &security.tls {
        let _ = write!(text, "  tls:\n    trust: {TRUST}\n");
        if tls.identity.is_some() {
            let _ = write!(text, "    certificate: {CERTIFICATE}\n    private_key: {PRIVATE_KEY}\n");
        }
    }
    let (connect, request) = (upstream.connect_timeout.as_millis(), upstream.request_timeout.as_millis());
    let _ = write!(text, "  socket.connection.setup.timeout.ms: {connect}\n  request.timeout.ms: {request}\n");
    Ok(())
}

fn write_listener(text: &mut String, cluster: &Cluster, entrance: &Entrance) -> Result<()> {
    let Entrance { address, advertised_host } = entrance;
    let brokers = brokers(cluster, address.port())?;
    let host = scalar(advertised_host);
    let _ = write!(
        text,
        "\n# Where clients come in. With a certificate for {host}: `security.protocol: SASL_SSL` and\n\
         # `tls: {{ certificate: tls.crt, private_key: tls.key }}`; then an address that others reach, too.\n\
         listeners:\n  - name: CLIENT\n    address: {}\n    security.protocol: SASL_PLAINTEXT\n    \
         sasl.enabled.mechanisms: SCRAM-SHA-256,SCRAM-SHA-512\n    \
         # Each broker has a port of its own; give the range room for those that join.\n    \
         brokers: {{ advertised_host: {host}, {brokers} }}\n",
        scalar(&address.to_string())
    );
    Ok(())
}

/// A range, or single ports where ids are far apart.
fn brokers(cluster: &Cluster, port: u16) -> Result<String> {
    let first_port = port.checked_add(FIRST_PORT_AFTER).context("`--address` has a port with no room above it")?;
    let lowest = cluster.brokers.keys().next().copied().unwrap_or_default();
    let highest = cluster.brokers.keys().next_back().copied().unwrap_or_default();
    if highest - lowest < ROOM {
        return Ok(format!("first_port: {first_port}, node_ids: {lowest}-{}", lowest.saturating_add(ROOM - 1)));
    }
    let ports = cluster.brokers.keys().zip(first_port..).map(|(node_id, port)| format!("{node_id}: {port}"));
    Ok(format!("nodes: {{ {} }}", ports.collect::<Vec<_>>().join(", ")))
}

fn store(authorizer: &Authorizer) -> &'static str {
    match authorizer {
        Authorizer::None => {
            "\n# ACLs and users, in a database that kafka-acls.sh, kafka-configs.sh and `doorkeeper users` change.\n\
             store:\n  embedded: doorkeeper-store\n"
        }
        Authorizer::With(_) | Authorizer::Unknown(_) => {
            "\n# The ACLs stay where they are, in the cluster, and mean the same here; users are here. To keep the ACLs here, too:\n\
             # `doorkeeper migrate`, and `store: { embedded: doorkeeper-store }` (docs/migration.md).\n\
             store:\n  acls: { upstream: {} }\n  users: { embedded: doorkeeper-store }\n"
        }
    }
}

/// What to do with the files.
pub(super) fn next_steps(configuration: &Path, cluster: &Cluster) -> String {
    let shown = configuration.display();
    let directory = configuration.parent().unwrap_or(Path::new(".")).join("doorkeeper-store");
    let mut text = format!(
        "\nNext:\n  doorkeeper users add admin --embedded {}\n  doorkeeper check --online {shown}\n  doorkeeper run {shown}\n",
        directory.display()
    );
    if cluster.authorizer != Authorizer::None {
        text.push_str("The brokers decide, too: our user must be one of their `super.users`.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(node_ids: &[i32]) -> Cluster {
        Cluster::for_test(node_ids.iter().map(|id| (*id, HostPort::new("kafka", 9092))).collect())
    }

    #[test]
    fn brokers_get_a_range_with_room_or_ports_of_their_own() {
        for (node_ids, expected) in [
            (&[0, 1, 2][..], "first_port: 19100, node_ids: 0-19"),
            (&[101, 103], "first_port: 19100, node_ids: 101-120"),
            (&[1, 1001], "nodes: { 1: 19100, 1001: 19101 }"),
            (&[], "first_port: 19100, node_ids: 0-19"),
        ] {
            assert_eq!(brokers(&cluster(node_ids), 19092).expect("ports"), expected);
        }
        assert!(brokers(&cluster(&[0]), 65530).is_err());
    }
}
