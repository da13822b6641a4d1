//! `doorkeeper check --online`: what only the upstream can tell.
//!
//! - Is it reachable, and does it speak as we need?
//! - May we do what we must? Everything a client is allowed is done by our user, so the broker must let it do all.
//! - **Does it let anybody in without our credentials?** Then whoever reaches it goes around us, and every rule here is
//!   worth nothing. We try it: without a login, without our certificate, with a wrong password, and at its other
//!   listeners.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use acl::ResourceType;
use client::{
    Connector, ControlConnection, HostPort, MetadataTopics, RequestError, UpstreamSecurity, UpstreamSettings,
};
use protocol::messages::MetadataResponse;
use store::{Place, Places};
use tokio::sync::Notify;
use zeroize::Zeroizing;

use crate::Exit;
use crate::check;
use crate::configuration::Configuration;
use crate::findings::Findings;
use crate::report::number;

/// For each attempt; a broker that is open answers in much less.
const PATIENCE: Duration = Duration::from_secs(10);

/// KIP-430's "not asked for".
const NOT_ASKED_FOR: i32 = i32::MIN;

pub(crate) fn check(config: &Path) -> Exit {
    let Some(configuration) = check::read(config) else { return Exit::BadConfiguration };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("doorkeeper: cannot start: {error}");
            return Exit::Failed;
        }
    };
    let mut findings = Findings::default();
    runtime.block_on(try_upstream(&configuration, &mut findings));
    print!("{findings}");
    match findings.are_fine() {
        true => Exit::Fine,
        false => Exit::BadConfiguration,
    }
}

async fn try_upstream(configuration: &Configuration, findings: &mut Findings) {
    let settings = impatient(&configuration.upstream);
    let Some(metadata) = reachable(&settings, findings).await else { return };
    let brokers: BTreeMap<i32, HostPort> = brokers(&metadata, findings);
    every_broker_has_a_port(configuration, &brokers, findings);
    if let Places::Apart { acls: Place::Upstream(_), .. } = &configuration.store.places {
        acls_of_the_cluster(configuration, &settings, findings).await;
    }
    for (node_id, address) in &brokers {
        let Ok(connection) = connection(&settings, address) else { continue };
        if let Err(error) = may_we(&connection, *node_id, findings).await {
            findings.error(&format!("broker {node_id} at {address}: {error}"));
            continue;
        }
        nobody_else(&settings, *node_id, address, findings).await;
        other_listeners(&settings, &connection, *node_id, address, findings).await;
    }
}

fn impatient(settings: &UpstreamSettings) -> UpstreamSettings {
    let mut settings = settings.clone();
    settings.connect_timeout = settings.connect_timeout.min(PATIENCE);
    settings.request_timeout = settings.request_timeout.min(PATIENCE);
    settings
}

fn connection(settings: &UpstreamSettings, to: &HostPort) -> Result<ControlConnection, client::SettingsError> {
    Ok(ControlConnection::new(Connector::new(settings.clone())?, to.clone(), Arc::new(Notify::new())))
}

/// The answer of the first bootstrap server that has one.
async fn reachable(settings: &UpstreamSettings, findings: &mut Findings) -> Option<MetadataResponse> {
    let mut found = None;
    for server in &settings.bootstrap_servers {
        let connection = match connection(settings, server) {
            Ok(connection) => connection,
            Err(error) => {
                findings.error(&error.to_string());
                continue;
            }
        };
        match connection.metadata(MetadataTopics::None, false).await {
            Ok(metadata) => {
                let cluster = metadata.cluster_id.as_ref().map_or("without an id", |id| id.as_str());
                findings.fine(&format!(
                    "{server} answers: cluster {cluster}, {}",
                    number(metadata.brokers.len(), "broker")
                ));
                if let Ok(versions) = connection.versions().await {
                    missing_apis(server, &apis::BrokerVersions::new((*versions).clone()), findings);
                }
                found = found.or(Some(metadata));
            }
            // One of several may be down: that is what several are for.
            Err(error) => findings.warning(&error.to_string()),
        }
    }
    if found.is_none() {
        findings.error("no server of `bootstrap.servers` answers");
    }
    found
}

fn missing_apis(server: &HostPort, versions: &apis::BrokerVersions, findings: &mut Findings) {
    let missing: Vec<&str> = apis::table::all()
        .iter()
        .filter(|row| row.kind != apis::Kind::Refuse && apis::table::served(row.api_key, versions).is_none())
        .map(|row| row.api_key.name())
        .collect();
    if !missing.is_empty() {
        findings.fine(&format!("{server} does not serve, and so clients do not get: {}", missing.join(", ")));
    }
}

fn brokers(metadata: &MetadataResponse, findings: &mut Findings) -> BTreeMap<i32, HostPort> {
    let mut brokers = BTreeMap::new();
    for broker in &metadata.brokers {
        match u16::try_from(broker.port) {
            Ok(port) => {
                brokers.insert(broker.node_id.0, HostPort::new(broker.host.to_string(), port));
            }
            Err(_) => findings.error(&format!("broker {} says that it is at port {}", broker.node_id.0, broker.port)),
        }
    }
    brokers
}

fn every_broker_has_a_port(configuration: &Configuration, brokers: &BTreeMap<i32, HostPort>, findings: &mut Findings) {
    for listener in &configuration.proxy.listeners {
        let ports = listener.brokers.ports();
        for node_id in brokers.keys().filter(|node_id| !ports.contains_key(node_id)) {
            let name = &listener.name;
            findings.error(&format!("broker {node_id} has no port at listener `{name}`: its clients will not find it"));
        }
    }
}

/// Where the ACLs are those of the cluster.
async fn acls_of_the_cluster(configuration: &Configuration, settings: &UpstreamSettings, findings: &mut Findings) {
    let everyone = configuration.store.acl.allow_everyone_if_no_acl_found;
    let Ok(connector) = Connector::new(settings.clone()) else { return };
    match store::upstream::check(&connector, everyone).await {
        Ok(acls) => findings.fine(&format!("the cluster has {} of its own", number(acls, "ACL"))),
        Err(error) => findings.error(&error.to_string()),
    }
}

/// All that any client may be allowed.
async fn may_we(connection: &ControlConnection, node_id: i32, findings: &mut Findings) -> Result<(), RequestError> {
    let cluster = connection.describe_cluster().await?;
    let allowed = cluster.cluster_authorized_operations;
    let missing: Vec<String> = ResourceType::Cluster
        .supported_operations()
        .iter()
        .filter(|operation| allowed & (1 << operation.code()) == 0)
        .map(ToString::to_string)
        .collect();
    if allowed == NOT_ASKED_FOR {
        findings.warning(&format!("broker {node_id} does not tell what we may do there"));
    } else if missing.is_empty() {
        findings.fine(&format!("broker {node_id} lets us do everything to the cluster"));
    } else {
        let missing = missing.join(", ");
        findings.error(&format!(
            "broker {node_id} does not let us {missing} on the cluster: make our user one of its `super.users`"
        ));
    }
    Ok(())
}

/// Tries the address that we use ourselves, without what we prove ourselves with.
async fn nobody_else(settings: &UpstreamSettings, node_id: i32, address: &HostPort, findings: &mut Findings) {
    let what = format!("broker {node_id} at {address}");
    let security = &settings.security;
    let has_certificate = security.tls.as_ref().is_some_and(|tls| tls.identity.is_some());
    if security.sasl.is_none() && !has_certificate {
        findings.error(&open(&format!("{what}: we need no credentials there, so nobody does")));
        return;
    }
    let anonymous = anonymous(settings, security.tls.is_some());
    judge(&what, "without a login and without a certificate", attempt(&anonymous, address).await, findings);
    if let Some(sasl) = &security.sasl {
        let mut wrong = settings.clone();
        let mut credentials = sasl.clone();
        credentials.password = Zeroizing::new(format!("not-{}", credentials.username));
        wrong.security.sasl = Some(credentials);
        judge(&what, "with a wrong password", attempt(&wrong, address).await, findings);
    }
}

/// The same settings without anything we prove ourselves with.
fn anonymous(settings: &UpstreamSettings, with_tls: bool) -> UpstreamSettings {
    let tls = settings.security.tls.clone().filter(|_| with_tls).map(|mut tls| {
        tls.identity = None;
        tls
    });
    UpstreamSettings { security: UpstreamSecurity { tls, sasl: None }, ..settings.clone() }
}

/// What became of an attempt to be let in.
enum Attempt {
    LetIn,
    Refused,
    Unknown(String),
}

async fn attempt(settings: &UpstreamSettings, to: &HostPort) -> Attempt {
    let connection = match connection(settings, to) {
        Ok(connection) => connection,
        Err(error) => return Attempt::Unknown(error.to_string()),
    };
    // ApiVersions is answered to everybody; Metadata only to who is let in.
    match connection.metadata(MetadataTopics::None, false).await {
        Ok(_) => Attempt::LetIn,
        Err(RequestError::Broker { fault, .. }) if matches!(*fault, client::BrokerFault::Error { .. }) => {
            Attempt::LetIn
        }
        Err(error @ RequestError::Timeout { .. }) => Attempt::Unknown(error.to_string()),
        Err(_) => Attempt::Refused,
    }
}

fn judge(what: &str, how: &str, attempt: Attempt, findings: &mut Findings) {
    match attempt {
        Attempt::LetIn => findings.error(&open(&format!("{what} lets anybody in {how}"))),
        Attempt::Refused => findings.fine(&format!("{what} lets nobody in {how}")),
        Attempt::Unknown(reason) => {
            findings.warning(&format!("{what}: not known whether it lets anybody in {how}: {reason}"))
        }
    }
}

fn open(what: &str) -> String {
    format!("{what}; whoever reaches it goes around Doorkeeper (docs/security.md says how to close it)")
}

/// A broker may have more doors than the one we use.
async fn other_listeners(
    settings: &UpstreamSettings,
    connection: &ControlConnection,
    node_id: i32,
    address: &HostPort,
    findings: &mut Findings,
) {
    let names = vec!["advertised.listeners", "authorizer.class.name"];
    let values = match configs(connection, node_id, names).await {
        Ok(values) => values,
        Err(error) => {
            findings.warning(&format!("broker {node_id} does not tell its configuration: {error}"));
            return;
        }
    };
    if let Some(class) = values.get("authorizer.class.name").filter(|class| !class.is_empty()) {
        findings.warning(&format!(
            "broker {node_id} has an authorizer of its own ({class}): our user must be one of its `super.users`"
        ));
    }
    let advertised = values.get("advertised.listeners").map_or("", String::as_str);
    for (name, door) in doors(advertised).filter(|(_, door)| door != address) {
        let what = format!("listener {name} of broker {node_id} at {door}");
        for (with_tls, how) in
            [(false, "in plaintext, without a login"), (true, "without a login and without a certificate")]
        {
            if with_tls && settings.security.tls.is_none() {
                continue;
            }
            let attempt = attempt(&anonymous(settings, with_tls), &door).await;
            judge(&what, how, attempt, findings);
        }
    }
}

async fn configs(
    connection: &ControlConnection,
    node_id: i32,
    names: Vec<&'static str>,
) -> Result<BTreeMap<String, String>, RequestError> {
    let response = connection.describe_broker_configs(node_id, names).await?;
    let configs = response.results.iter().flat_map(|result| &result.configs);
    Ok(configs.filter_map(|config| Some((config.name.to_string(), config.value.as_ref()?.to_string()))).collect())
}

/// `NAME://host:port,…` taken apart. What has no host or port that can be reached is left out.
fn doors(advertised_listeners: &str) -> impl Iterator<Item = (&str, HostPort)> {
    advertised_listeners.split(',').filter_map(|listener| {
        let (name, address) = listener.trim().split_once("://")?;
        Some((name, address.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advertised_listeners_are_doors() {
        let found: Vec<(&str, HostPort)> =
            doors("PLAINTEXT://kafka-0:9092, SSL://[::1]:9093,BROKEN://,CONTROLLER").collect();
        assert_eq!(found, [("PLAINTEXT", HostPort::new("kafka-0", 9092)), ("SSL", HostPort::new("::1", 9093))]);
    }
}
