//! One of `listeners`: where clients come in, how they prove themselves, and how they reach each broker.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use acl::KafkaPrincipal;
use authentication::{Mechanism, SslPrincipalMapper};
use proxy::settings::{BrokerPorts, ClientAuth, ListenerSettings, SecurityProtocol};
use store::yaml::{Field, Fields, Reading};

use super::authorizer::super_users;
use super::certificate::{self, Expiry};
use super::mechanism::mechanism;
use super::ports::Ports;
use super::{SECURITY_PROTOCOLS, brokers, tls};

const CLIENT_AUTH: &[(&str, ClientAuth)] =
    &[("none", ClientAuth::None), ("requested", ClientAuth::Requested), ("required", ClientAuth::Required)];

const NOT_BUILT_YET: &[&str] = &[
    "connections.max.reauth.ms",
    "login_relay",
    "max.connection.creation.rate",
    "max.connections",
    "proxy_protocol",
    "sasl.kerberos.principal.to.local.rules",
    "sasl.kerberos.service.name",
    "sasl.oauthbearer.expected.audience",
    "sasl.oauthbearer.expected.issuer",
    "sasl.oauthbearer.jwks.endpoint.url",
    "ssl.cipher.suites",
    "ssl.enabled.protocols",
];

/// A listener, and who is super on it.
pub(super) struct Listener {
    pub(super) settings: ListenerSettings,
    pub(super) super_users: BTreeSet<String>,
}

pub(super) fn read(
    reading: &mut Reading,
    item: &Field<'_>,
    ports: &mut Ports,
    expiries: &mut Vec<Expiry>,
) -> Option<Listener> {
    let mut fields = item.fields(reading)?;
    let name = fields.required(reading, "name", "a name such as `CLIENT`").and_then(|field| name(reading, &field));
    let address_field = fields.required(reading, "address", "an IP address and a port such as `0.0.0.0:9092`");
    let address = address_field.as_ref().and_then(|field| address(reading, field));
    let protocol = fields
        .required(reading, "security.protocol", "`PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`")
        .and_then(|field| field.one_of(reading, SECURITY_PROTOCOLS));
    let brokers_field = fields.required(reading, "brokers", "`{ advertised_host: …, first_port: …, node_ids: … }`");
    let brokers = brokers_field.as_ref().and_then(|field| brokers::read(reading, field));
    if let (Some(address), Some(field)) = (address, &address_field) {
        let whose = format!("listener `{}`", name.as_deref().unwrap_or("?"));
        take_ports(reading, ports, address, field, brokers.as_ref().zip(brokers_field.as_ref()), &whose);
    }

    let client_auth = client_auth(reading, &mut fields, protocol);
    let listener_name = name.as_deref().unwrap_or_default();
    let tls = transport(reading, &mut fields, protocol, client_auth, listener_name, brokers.as_ref(), expiries);
    let principal_mapping = principal_mapping(reading, &mut fields, protocol, client_auth);
    let mechanisms = mechanisms(reading, &mut fields, protocol);
    let principal = principal(reading, &mut fields, protocol);
    let super_users = fields.optional("super.users").map_or_else(BTreeSet::new, |field| super_users(reading, &field));
    let lenient_scram_nonce =
        fields.optional("lenient_scram_nonce").and_then(|field| field.boolean(reading)).unwrap_or(false);
    fields.not_built_yet(reading, NOT_BUILT_YET);
    fields.finish(reading);

    let settings = ListenerSettings {
        name: name?.into(),
        address: address?,
        security_protocol: protocol?,
        tls,
        client_auth,
        principal_mapping: principal_mapping?,
        mechanisms,
        principal,
        brokers: brokers?,
        lenient_scram_nonce,
    };
    Some(Listener { settings, super_users })
}

/// Letters, digits and a few signs: it is a label of metrics and a word in the log.
fn name(reading: &mut Reading, field: &Field<'_>) -> Option<String> {
    field.parsed(reading, "letters, digits, `-`, `_` and `.`", |text| {
        let allowed = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        (text.len() <= 100 && text.chars().all(allowed)).then(|| text.to_owned())
    })
}

pub(super) fn address(reading: &mut Reading, field: &Field<'_>) -> Option<SocketAddr> {
    field.parsed(reading, "an IP address and a port such as `0.0.0.0:9092` or `[::]:9092`", |text| text.parse().ok())
}

fn take_ports(
    reading: &mut Reading,
    ports: &mut Ports,
    address: SocketAddr,
    field: &Field<'_>,
    brokers: Option<(&BrokerPorts, &Field<'_>)>,
    whose: &str,
) {
    ports.take(reading, field.mark(), field.path(), address, whose.to_owned());
    let Some((brokers, field)) = brokers else { return };
    for (node_id, port) in brokers.ports() {
        let whose = format!("broker {node_id} of {whose}");
        // One word about a range is enough.
        if !ports.take(reading, field.mark(), field.path(), SocketAddr::new(address.ip(), port), whose) {
            return;
        }
    }
}

fn client_auth(reading: &mut Reading, fields: &mut Fields<'_>, protocol: Option<SecurityProtocol>) -> ClientAuth {
    let Some(field) = fields.optional("ssl.client.auth") else { return ClientAuth::None };
    let client_auth = field.one_of(reading, CLIENT_AUTH).unwrap_or(ClientAuth::None);
    if protocol.is_some_and(|protocol| !protocol.has_tls()) && client_auth != ClientAuth::None {
        field.error(reading, "has no use without TLS, expected `security.protocol` SSL or SASL_SSL");
    }
    client_auth
}

fn transport(
    reading: &mut Reading,
    fields: &mut Fields<'_>,
    protocol: Option<SecurityProtocol>,
    client_auth: ClientAuth,
    listener: &str,
    brokers: Option<&BrokerPorts>,
    expiries: &mut Vec<Expiry>,
) -> Option<Arc<rustls::ServerConfig>> {
    let field = match protocol {
        Some(protocol) if protocol.has_tls() => {
            fields.required(reading, "tls", "`{ certificate: tls.crt, private_key: tls.key }`")?
        }
        Some(_) => {
            if let Some(field) = fields.optional("tls") {
                field.error(reading, "has no use without TLS, expected `security.protocol` SSL or SASL_SSL");
            }
            return None;
        }
        None => fields.optional("tls")?,
    };
    let mut tls_fields = field.fields(reading)?;
    let identity = tls::identity(reading, &mut tls_fields, true);
    let trust_field = tls_fields.optional("trust");
    match (client_auth, &trust_field) {
        (ClientAuth::None, Some(trust)) => trust.warning(reading, "is not used: `ssl.client.auth` is `none`"),
        (ClientAuth::Required | ClientAuth::Requested, None) => {
            let key = format!("{}.trust", tls_fields.path());
            reading.error(
                tls_fields.mark(),
                &key,
                "is missing, expected who may sign client certificates: the path of a PEM file",
            );
        }
        (ClientAuth::None, None) | (ClientAuth::Required | ClientAuth::Requested, Some(_)) => {}
    }
    let trust = trust_field.as_ref().and_then(|field| tls::certificates(reading, field));
    tls_fields.not_built_yet(reading, &["crl"]);
    tls_fields.finish(reading);
    let identity = identity?;
    if let Some(leaf) = identity.certificates.first() {
        expiries.extend(certificate::expiry(reading, &identity.certificate_field, leaf, listener));
        if let Some(brokers) = brokers
            && !certificate::speaks_for(leaf, &brokers.advertised_host)
        {
            let host = &brokers.advertised_host;
            identity
                .certificate_field
                .warning(reading, format!("is not for `{host}`, which is advertised: clients will not believe it"));
        }
    }
    tls::server_config(reading, &identity, client_auth, trust_field.as_ref().zip(trust))
}

fn principal_mapping(
    reading: &mut Reading,
    fields: &mut Fields<'_>,
    protocol: Option<SecurityProtocol>,
    client_auth: ClientAuth,
) -> Option<SslPrincipalMapper> {
    let Some(field) = fields.optional("ssl.principal.mapping.rules") else {
        return Some(SslPrincipalMapper::default());
    };
    let text = field.text_or_empty(reading, "rules such as `RULE:^CN=([^,]+),.*$/$1/,DEFAULT`")?;
    let mapper = match SslPrincipalMapper::parse(text.as_str()) {
        Ok(mapper) => mapper,
        Err(_) if !text.is_written_out() => {
            field.error(reading, format!("{} holds no rules", text.shown()));
            return None;
        }
        Err(error) => {
            field.error(reading, error.to_string());
            return None;
        }
    };
    for warning in mapper.suspicious() {
        field.warning(reading, warning.to_string());
    }
    if protocol.is_some_and(|protocol| protocol != SecurityProtocol::Ssl) || client_auth == ClientAuth::None {
        field.warning(reading, "is not used: only on SSL listeners with `ssl.client.auth` do certificates give a name");
    }
    Some(mapper)
}

fn mechanisms(reading: &mut Reading, fields: &mut Fields<'_>, protocol: Option<SecurityProtocol>) -> Vec<Mechanism> {
    let expected = "mechanisms such as `SCRAM-SHA-256,SCRAM-SHA-512`";
    let field = match protocol {
        Some(protocol) if protocol.has_sasl() => fields.required(reading, "sasl.enabled.mechanisms", expected),
        Some(_) => {
            if let Some(field) = fields.optional("sasl.enabled.mechanisms") {
                field
                    .error(reading, "has no use without SASL, expected `security.protocol` SASL_SSL or SASL_PLAINTEXT");
            }
            None
        }
        None => fields.optional("sasl.enabled.mechanisms"),
    };
    let Some(field) = field else { return Vec::new() };
    let mut mechanisms = Vec::new();
    for word in field.words(reading, expected) {
        let Some(mechanism) = mechanism(reading, &field, &word) else { continue };
        match mechanisms.contains(&mechanism) {
            true => field.error(reading, format!("{} is here twice", word.shown())),
            false => mechanisms.push(mechanism),
        }
    }
    if protocol == Some(SecurityProtocol::SaslPlaintext) && mechanisms.contains(&Mechanism::Plain) {
        field.warning(reading, "PLAIN without TLS: everybody on the way reads the passwords");
    }
    mechanisms
}

/// Who everybody is on a listener without login.
fn principal(
    reading: &mut Reading,
    fields: &mut Fields<'_>,
    protocol: Option<SecurityProtocol>,
) -> Option<KafkaPrincipal> {
    let field = fields.optional("principal")?;
    if protocol.is_some_and(SecurityProtocol::has_sasl) {
        field.error(reading, "has no use where clients log in, expected `security.protocol` PLAINTEXT or SSL");
        return None;
    }
    field.parsed(reading, "a principal such as `User:payments`", |text| {
        KafkaPrincipal::parse(text)
            .ok()
            .filter(|principal| !principal.principal_type.is_empty() && !principal.name.is_empty())
    })
}
