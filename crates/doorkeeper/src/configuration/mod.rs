//! The configuration: one YAML file, read as a whole, with everything that is wrong told at once.
//!
//! Kafka's properties keep their names, dots and all; ours are in snake_case. Each section of the file has a module here,
//! and `config/doorkeeper.yaml` shows every key. `docs/operations.md` says what each does and when a change of it holds.

mod authorizer;
mod brokers;
mod certificate;
mod limits;
mod listener;
mod logging;
mod mechanism;
mod ports;
mod tls;
mod units;
mod upstream;

use std::net::SocketAddr;
use std::path::Path;

use client::UpstreamSettings;
use proxy::settings::SecurityProtocol;
use store::file::FileSettings;
use store::yaml::{Field, Fields, FileReferences, Reading};
use store::{Problem, Severity};

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
    pub(crate) store: FileSettings,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) logging: Logging,
    /// When the certificates we show expire.
    pub(crate) expiries: Vec<Expiry>,
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
        Some(document(&mut reading, fields))
    });
    let mut problems = Vec::new();
    if let Some(store) = parts.as_ref().and_then(|parts| parts.store.as_ref()) {
        problems = store::file::check(&store.path);
    }
    let mut all = reading.into_problems();
    all.append(&mut problems);
    let has_errors = all.iter().any(|problem| problem.severity == Severity::Error);
    let configuration = if has_errors { None } else { parts.and_then(Parts::complete) };
    Read { configuration, problems: all }
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
    store: Option<FileSettings>,
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
    let store = fields.required(reading, "store", "`{ file: acls.yaml }`").and_then(|field| store_of(reading, &field));
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
    fn complete(self) -> Option<Configuration> {
        let mut acl = acl::Settings {
            super_users: self.authorizer.super_users,
            allow_everyone_if_no_acl_found: self.authorizer.allow_everyone_if_no_acl_found,
            host_ranges: true,
            ..acl::Settings::default()
        };
        let mut listeners = Vec::new();
        for Listener { settings, super_users } in self.listeners {
            acl.listener_super_users.insert(settings.name.to_string(), super_users);
            listeners.push(settings);
        }
        let mut store = self.store?;
        store.acl = acl;
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

fn store_of(reading: &mut Reading, field: &Field<'_>) -> Option<FileSettings> {
    let mut fields = field.fields(reading)?;
    fields.not_built_yet(reading, &["acls", "bootstrap", "embedded", "kafka", "upstream", "users"]);
    let file = fields.required(reading, "file", "the path of the ACL file");
    let path = file.and_then(|field| {
        let named = field.text(reading, "the path of the ACL file")?;
        reading.locate(field.mark(), field.path(), named.as_str())
    });
    let mut settings = FileSettings::new(path.clone().unwrap_or_default(), acl::Settings::default());
    if let Some(field) = fields.optional("poll_interval") {
        settings.poll_interval = units::duration(reading, &field).unwrap_or(settings.poll_interval);
    }
    if let Some(field) = fields.optional("quiet_period") {
        settings.quiet_period = units::duration(reading, &field).unwrap_or(settings.quiet_period);
    }
    fields.finish(reading);
    path.map(|_| settings)
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
