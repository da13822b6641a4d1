//! `upstream`: where the brokers are, and what we prove ourselves with.

use std::time::Duration;

use authentication::Mechanism;
use client::{ClientIdentity, HostPort, SaslCredentials, TlsSettings, UpstreamSecurity, UpstreamSettings};
use proxy::settings::SecurityProtocol;
use store::yaml::{Field, Fields, Reading};

use super::certificate::{self, Expiry};
use super::mechanism::mechanism;
use super::{SECURITY_PROTOCOLS, tls, units};

/// Kafka's `socket.connection.setup.timeout.ms` and `request.timeout.ms`.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

const NOT_BUILT_YET: &[&str] = &["login", "sasl.jaas.config", "unsafe_skip_host_name_verification"];

pub(super) fn read(reading: &mut Reading, field: &Field<'_>, expiries: &mut Vec<Expiry>) -> Option<UpstreamSettings> {
    let mut fields = field.fields(reading)?;
    let servers = fields
        .required(reading, "bootstrap.servers", "`host:port`, separated by commas")
        .map_or_else(Vec::new, |field| bootstrap_servers(reading, &field));
    let protocol = match fields.optional("security.protocol") {
        Some(field) => field.one_of(reading, SECURITY_PROTOCOLS),
        None => Some(SecurityProtocol::Plaintext),
    };
    let protocol_name = |wanted: Option<SecurityProtocol>| {
        SECURITY_PROTOCOLS.iter().find(|(_, protocol)| Some(*protocol) == wanted).map_or("?", |(name, _)| *name)
    };
    let sasl = sasl(reading, &mut fields, protocol, protocol_name(protocol));
    let tls = transport(reading, &mut fields, protocol, protocol_name(protocol), expiries);
    let connect_timeout = fields.optional("socket.connection.setup.timeout.ms");
    let request_timeout = fields.optional("request.timeout.ms");
    let mut timeout = |field: Option<Field<'_>>, usual| {
        field.and_then(|field| units::milliseconds(reading, &field, 1..=3_600_000)).unwrap_or(usual)
    };
    let connect_timeout = timeout(connect_timeout, CONNECT_TIMEOUT);
    let request_timeout = timeout(request_timeout, REQUEST_TIMEOUT);
    fields.not_built_yet(reading, NOT_BUILT_YET);
    fields.finish(reading);

    let security = UpstreamSecurity { tls, sasl };
    let settings = UpstreamSettings { bootstrap_servers: servers, security, connect_timeout, request_timeout };
    tried_out(reading, field, settings)
}

fn bootstrap_servers(reading: &mut Reading, field: &Field<'_>) -> Vec<HostPort> {
    let mut servers = Vec::new();
    for word in field.words(reading, "`host:port`, separated by commas") {
        match word.as_str().parse::<HostPort>() {
            Ok(server) => servers.push(server),
            Err(_) if !word.is_written_out() => {
                field.error(reading, format!("{} is not understood, expected `host:port`", word.shown()));
            }
            Err(error) => field.error(reading, error.to_string()),
        }
    }
    servers
}

fn sasl(
    reading: &mut Reading,
    fields: &mut Fields<'_>,
    protocol: Option<SecurityProtocol>,
    protocol_name: &str,
) -> Option<SaslCredentials> {
    if protocol.is_some_and(|protocol| !protocol.has_sasl()) {
        for name in ["sasl.mechanism", "username", "password"] {
            if let Some(field) = fields.optional(name) {
                field.error(
                    reading,
                    format!("has no use with security.protocol {protocol_name}, expected SASL_SSL or SASL_PLAINTEXT"),
                );
            }
        }
        return None;
    }
    let mechanism_field = fields.required(reading, "sasl.mechanism", "`PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`");
    let username = fields.required(reading, "username", "the user that Doorkeeper is for the brokers");
    let password = fields.required(reading, "password", "`${file:…}` or `${env:…}`");
    let mechanism: Option<Mechanism> = mechanism_field.and_then(|field| {
        let text = field.text(reading, "a mechanism")?;
        mechanism(reading, &field, &text)
    });
    let username = username.and_then(|field| field.text(reading, "a user name"));
    let password = password.and_then(|field| field.secret(reading));
    Some(SaslCredentials {
        mechanism: mechanism?,
        username: username?.as_str().to_owned(),
        password: zeroize::Zeroizing::new(password?.expose().to_owned()),
    })
}

fn transport(
    reading: &mut Reading,
    fields: &mut Fields<'_>,
    protocol: Option<SecurityProtocol>,
    protocol_name: &str,
    expiries: &mut Vec<Expiry>,
) -> Option<TlsSettings> {
    let field = match protocol {
        Some(protocol) if protocol.has_tls() => fields.required(reading, "tls", "`{ trust: ca.crt }`")?,
        Some(_) => {
            if let Some(field) = fields.optional("tls") {
                field.error(
                    reading,
                    format!("has no use with security.protocol {protocol_name}, expected SSL or SASL_SSL"),
                );
            }
            return None;
        }
        None => fields.optional("tls")?,
    };
    let mut tls_fields = field.fields(reading)?;
    let trust = tls_fields.required(reading, "trust", "the path of a PEM file with certificate authorities");
    let trust = trust.and_then(|field| tls::certificates(reading, &field));
    let identity = tls::identity(reading, &mut tls_fields, false);
    tls_fields.not_built_yet(reading, &["crl"]);
    tls_fields.finish(reading);
    if let Some(identity) = &identity
        && let Some(leaf) = identity.certificates.first()
    {
        expiries.extend(certificate::expiry(reading, &identity.certificate_field, leaf, "upstream"));
    }
    let identity = identity
        .map(|identity| ClientIdentity { certificates: identity.certificates, private_key: identity.private_key });
    Some(TlsSettings { trust: trust?, identity })
}

/// The settings, if the client takes them.
fn tried_out(reading: &mut Reading, field: &Field<'_>, settings: UpstreamSettings) -> Option<UpstreamSettings> {
    if settings.bootstrap_servers.is_empty() {
        return Some(settings);
    }
    match client::Connector::new(settings.clone()) {
        Ok(_) => Some(settings),
        Err(error) => {
            field.error(reading, error.to_string());
            None
        }
    }
}
