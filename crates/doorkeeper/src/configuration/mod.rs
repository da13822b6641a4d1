//! The configuration: one YAML file, read as a whole, with everything that is wrong told at once.
//!
//! Kafka's properties keep their names, dots and all; ours are in snake_case. Each section of the file has a module here,
//! and `config/doorkeeper.yaml` shows every key. `docs/operations.md` says what each does and when a change of it holds.

mod authorizer;
mod brokers;
mod certificate;
mod digest;
mod kafka_store;
mod limits;
mod listener;
mod logging;
mod mechanism;
mod ports;
mod store;
mod tls;
mod units;
mod upstream;

use std::net::SocketAddr;
use std::path::Path;

use ::store::file::Part;
use ::store::yaml::{Field, Fields, FileReferences, Reading};
use ::store::{Place, Places, Problem, Severity, StoreSettings};
use client::UpstreamSettings;
use proxy::settings::SecurityProtocol;

use authorizer::Authorizer;
pub(crate) use certificate::Expiry;
use limits::Shutdown;
use listener::Listener;
pub(crate) use logging::{LogFormat, Logging};
use ports::Ports;

const SECURITY_PROTOCOLS: &[(&str, SecurityProtocol)] = &[
    ("PLAINTEXT", SecurityProtocol::Plaintext),
    ("SSL", SecurityProtocol::Ssl),
    ("SASL_PLAINTEXT", SecurityProtocol::SaslPlaintext),
    ("SASL_SSL", SecurityProtocol::SaslSsl),
];

/// Keys of the document that are planned.
const NOT_BUILT_YET: &[&str] = &["console", "describe_log_dirs", "quotas", "rest"];

/// A configuration that can be run.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) proxy: proxy::Settings,
    pub(crate) upstream: UpstreamSettings,
    pub(crate) store: StoreSettings,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) logging: Logging,
    /// When the certificates we show expire.
    pub(crate) expiries: Vec<Expiry>,
    /// Of what the file says, for the audit.
    pub(crate) digest: String,
}

/// What a configuration file says, and what is to be said of it.
#[derive(Debug)]
pub(crate) struct Read {
    /// Only if there is no error.
    pub(crate) configuration: Option<Configuration>,
    /// Of this file, and of the ACL file it names.
    pub(crate) problems: Vec<Problem>,
}

/// Reads the file and all it names, the ACL file too. Nothing is bound or connected.
pub(crate) fn read(path: &Path) -> Read {
    let mut reading = Reading::new(path, FileReferences::RelativeTo(directory_of(path)));
    let parts = reading.tree().and_then(|tree| {
        let fields = Fields::of_document(&mut reading, &tree)?;
        Some((document(&mut reading, fields), digest::of(&tree)))
    });
    let mut problems = Vec::new();
    if let Some(store) = parts.as_ref().and_then(|(parts, _)| parts.store.as_ref()) {
        problems = problems_of(&store.places);
    }
    let mut all = reading.into_problems();
    all.append(&mut problems);
    let has_errors = all.iter().any(|problem| problem.severity == Severity::Error);
    let configuration = if has_errors { None } else { parts.and_then(|(parts, digest)| parts.complete(digest)) };
    Read { configuration, problems: all }
}

/// Of the files that the store is in.
fn problems_of(places: &Places) -> Vec<Problem> {
    let of = |place: &Place, part: Part| match place {
        Place::File(file) => ::store::file::check(&file.path, part),
        Place::Embedded(_) | Place::Kafka(_) | Place::Upstream(_) => Vec::new(),
    };
    match places {
        Places::Together(place) => of(place, Part::Both),
        Places::Apart { acls, users } => [of(acls, Part::Acls), of(users, Part::Users)].concat(),
    }
}

fn directory_of(path: &Path) -> std::path::PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => ".".into(),
    }
}

/// What was read; what is not there was complained about.
struct Parts {
    cluster: Option<String>,
    upstream: Option<UpstreamSettings>,
    listeners: Vec<Listener>,
    authorizer: Authorizer,
    store: Option<store::Section>,
    metrics: Option<SocketAddr>,
    logging: Logging,
    limits: proxy::settings::Limits,
    audit: proxy::settings::AuditSettings,
    shutdown: Shutdown,
    expiries: Vec<Expiry>,
}

fn document(reading: &mut Reading, mut fields: Fields<'_>) -> Parts {
    let mut expiries = Vec::new();
    let mut ports = Ports::default();
    let cluster = fields.required(reading, "cluster", "a name for the cluster behind us");
    let cluster = cluster.and_then(|field| field.text(reading, "a name")).map(|text| text.as_str().to_owned());
    let upstream = fields.required(reading, "upstream", "`bootstrap.servers` and how to log in there");
    let upstream = upstream.and_then(|field| upstream::read(reading, &field, &mut expiries));
    let listeners = fields.required(reading, "listeners", "a list of at least one");
    let listeners = listeners.map_or_else(Vec::new, |field| listeners_of(reading, &field, &mut ports, &mut expiries));
    let authorizer =
        fields.optional("authorizer").and_then(|field| authorizer::read(reading, &field)).unwrap_or_default();
    let store = match fields.optional("store") {
        Some(field) => {
            let around = store::Surroundings { cluster: cluster.as_deref(), expiries: &mut expiries };
            store::read(reading, &field, around)
        }
        None => store::by_default(reading),
    };
    let metrics = fields.optional("metrics").and_then(|field| metrics(reading, &field, &mut ports));
    let logging = fields.optional("logging").map(|field| logging::read(reading, &field)).unwrap_or_default();
    let limits = fields.optional("limits").map(|field| limits::limits(reading, &field)).unwrap_or_default();
    let audit = fields.optional("audit").map(|field| limits::audit(reading, &field)).unwrap_or_default();
    let shutdown = fields.optional("shutdown").map(|field| limits::shutdown(reading, &field)).unwrap_or_default();
    fields.not_built_yet(reading, NOT_BUILT_YET);
    fields.finish(reading);
    Parts { cluster, upstream, listeners, authorizer, store, metrics, logging, limits, audit, shutdown, expiries }
}

impl Parts {
    /// The configuration, if every part is there.
    fn complete(self, digest: String) -> Option<Configuration> {
        let mut acl = acl::Settings {
            super_users: self.authorizer.super_users,
            allow_everyone_if_no_acl_found: self.authorizer.allow_everyone_if_no_acl_found,
            host_ranges: true,
            shadow: self.authorizer.shadow,
            ..acl::Settings::default()
        };
        let mut listeners = Vec::new();
        for Listener { settings, super_users } in self.listeners {
            acl.listener_super_users.insert(settings.name.to_string(), super_users);
            listeners.push(settings);
        }
        let store::Section { places, bootstrap } = self.store?;
        let store = StoreSettings { acl, places, bootstrap };
        let proxy = proxy::Settings {
            cluster: self.cluster?,
            listeners,
            limits: self.limits,
            audit: self.audit,
            shutdown_delay: self.shutdown.delay,
            shutdown_deadline: self.shutdown.deadline,
        };
        Some(Configuration {
            proxy,
            upstream: self.upstream?,
            store,
            metrics: self.metrics,
            logging: self.logging,
            expiries: self.expiries,
            digest,
        })
    }
}

fn listeners_of(
    reading: &mut Reading,
    field: &Field<'_>,
    ports: &mut Ports,
    expiries: &mut Vec<Expiry>,
) -> Vec<Listener> {
    let Some(items) = field.items(reading, "listeners") else { return Vec::new() };
    if items.is_empty() {
        field.error(reading, "is empty, expected at least one listener");
    }
    let mut listeners: Vec<Listener> = Vec::new();
    for item in items {
        let Some(listener) = listener::read(reading, &item, ports, expiries) else { continue };
        if listeners.iter().any(|other| other.settings.name == listener.settings.name) {
            item.error(reading, format!("another listener is named `{}` too", listener.settings.name));
        }
        listeners.push(listener);
    }
    listeners
}

fn metrics(reading: &mut Reading, field: &Field<'_>, ports: &mut Ports) -> Option<SocketAddr> {
    let mut fields = field.fields(reading)?;
    let address_field = fields.required(reading, "address", "an IP address and a port such as `0.0.0.0:9464`");
    fields.finish(reading);
    let address_field = address_field?;
    let address = listener::address(reading, &address_field)?;
    ports.take(reading, address_field.mark(), address_field.path(), address, "`metrics`".to_owned());
    Some(address)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use ::store::file::FileSettings;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    use super::*;

    const CONFIGURATION: &str = "
cluster: orders
upstream: { bootstrap.servers: \"kafka-0:9092,[::1]:9093\", request.timeout.ms: 1500 }
listeners:
  - { name: OPEN, address: 127.0.0.1:1, security.protocol: SASL_SSL, tls: { certificate: a.crt, private_key: a.key },
      sasl.enabled.mechanisms: [PLAIN, SCRAM-SHA-512], super.users: User:here, brokers: { advertised_host: a, nodes: { 1: 101 } } }
  - { name: ASKING, address: 127.0.0.1:2, security.protocol: SSL, ssl.client.auth: requested,
      tls: { certificate: a.crt, private_key: a.key, trust: ca.crt }, brokers: { advertised_host: a, nodes: { 1: 102 } } }
  - { name: STRICT, address: 127.0.0.1:3, security.protocol: SSL, ssl.client.auth: required, principal: User:sidecar,
      tls: { certificate: a.crt, private_key: a.key, trust: ca.crt }, brokers: { advertised_host: a, first_port: 200, node_ids: 7-9 } }
authorizer: { super.users: User:a;User:b, allow.everyone.if.no.acl.found: true, mode: shadow,
  shadow.principals: User:c;User:d }
store: { file: acls.yaml, poll_interval: 1m }
limits: { memory_budget: 256MiB, connections.max.idle.ms: 5000 }
shutdown: { delay: 0, deadline: 2s }
";

    fn configuration(directory: &Path) -> Configuration {
        let write = |name: &str, text: &str| {
            let path = directory.join(name);
            std::fs::write(&path, text).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("ours");
        };
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("signed");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["a".to_owned()]).expect("a name");
        write("ca.crt", &authority.pem());
        write("a.crt", &params.signed_by(&key, &authority).expect("signed").pem());
        write("a.key", &key.serialize_pem());
        write("acls.yaml", "acls: []\n");
        write("doorkeeper.yaml", CONFIGURATION);
        let read = read(&directory.join("doorkeeper.yaml"));
        assert_eq!(read.problems, []);
        read.configuration.expect("it can be run")
    }

    #[test]
    fn a_file_becomes_settings() {
        let directory = tempfile::tempdir().expect("a directory");
        let read = configuration(directory.path());
        let servers: Vec<String> = read.upstream.bootstrap_servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["kafka-0:9092", "[::1]:9093"]);
        assert_eq!(read.upstream.request_timeout, Duration::from_millis(1500));
        let texts = |users: &[&str]| users.iter().map(|user| (*user).to_owned()).collect();
        let expected = acl::Settings {
            super_users: texts(&["User:a", "User:b"]),
            listener_super_users: [
                ("OPEN".to_owned(), texts(&["User:here"])),
                ("ASKING".to_owned(), texts(&[])),
                ("STRICT".to_owned(), texts(&[])),
            ]
            .into(),
            allow_everyone_if_no_acl_found: true,
            host_ranges: true,
            shadow: acl::Shadow::Principals(texts(&["User:c", "User:d"])),
            ..acl::Settings::default()
        };
        assert_eq!(read.store.acl, expected);
        let file = FileSettings {
            poll_interval: Duration::from_secs(60),
            ..FileSettings::new(directory.path().join("acls.yaml"))
        };
        assert_eq!(read.store.places, Places::Together(Place::File(file)));
        assert_eq!(read.proxy.limits.memory_budget_bytes, 256 << 20);
        assert_eq!(read.proxy.limits.idle_timeout, Duration::from_secs(5));
        assert_eq!((read.proxy.shutdown_delay, read.proxy.shutdown_deadline), (Duration::ZERO, Duration::from_secs(2)));
        let ports: Vec<_> = read.proxy.listeners.iter().map(|listener| listener.brokers.ports()).collect();
        assert_eq!(ports, [[(1, 101)].into(), [(1, 102)].into(), [(7, 200), (8, 201), (9, 202)].into()]);
        let listeners: Vec<&str> = read.expiries.iter().map(|expiry| expiry.listener.as_str()).collect();
        assert_eq!(listeners, ["OPEN", "ASKING", "STRICT"]);
    }

    /// A resumed session is not verified again, so it would outlive what was believed of the certificate.
    #[test]
    fn where_client_certificates_count_nothing_is_resumed_and_0_rtt_is_nowhere() {
        let directory = tempfile::tempdir().expect("a directory");
        let read = configuration(directory.path());
        let resumes = |listener: &proxy::settings::ListenerSettings| {
            let tls = listener.tls.as_ref().expect("all have TLS");
            let tickets = tls.ticketer.enabled() || tls.send_tls13_tickets > 0;
            (listener.name.to_string(), tls.session_storage.can_cache(), tickets, tls.max_early_data_size)
        };
        let found: Vec<_> = read.proxy.listeners.iter().map(resumes).collect();
        assert_eq!(
            found,
            [
                ("OPEN".to_owned(), true, true, 0),
                ("ASKING".to_owned(), false, false, 0),
                ("STRICT".to_owned(), false, false, 0),
            ]
        );
    }
}
