//! `--command-config`: a Java client's properties, and what of them concerns us.
//!
//! Kafka: `CommonClientConfigs`, `SslConfigs`, `SaslConfigs`. What concerns only Java's clients is ignored, as those ignore
//! what they do not know. What would weaken the connection, or needs classes of Java, is refused: it would mean something
//! else here than the file says.

pub(super) mod java_properties;
mod key_store;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use authentication::Mechanism;
use client::{HostPort, SaslCredentials, UpstreamSecurity, UpstreamSettings};
use zeroize::Zeroizing;

use super::jaas;

/// Kafka's defaults.
const CONNECT_TIMEOUT_MS: u32 = 10_000;
const REQUEST_TIMEOUT_MS: u32 = 30_000;

/// They name code of Java that decides whom to trust, or what to log in with.
const CLASSES: &[&str] = &[
    "config.providers",
    "sasl.client.callback.handler.class",
    "sasl.login.callback.handler.class",
    "sasl.login.class",
    "security.providers",
    "ssl.engine.factory.class",
];

/// How to reach the cluster at `bootstrap_servers`, as `file` says; PLAINTEXT without one. The servers in the file do not
/// count, as with Kafka's own tools.
pub(crate) fn read(file: Option<&Path>, bootstrap_servers: &str) -> Result<UpstreamSettings> {
    let properties = match file {
        None => Properties::default(),
        Some(path) => Properties::read(path)?,
    };
    let settings = settings(&properties, bootstrap_servers);
    match file {
        None => settings,
        Some(path) => settings.with_context(|| path.display().to_string()),
    }
}

/// A file's keys and values.
#[derive(Default)]
struct Properties(BTreeMap<String, Zeroizing<String>>);

impl Properties {
    fn read(path: &Path) -> Result<Properties> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let bytes = Zeroizing::new(bytes);
        Ok(Properties(java_properties::parse(&bytes).with_context(|| path.display().to_string())?))
    }

    /// Without blanks around it, as Kafka takes texts; none if nothing is left.
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// As it is, as Kafka takes passwords.
    fn secret(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.as_str())
    }

    fn milliseconds(&self, key: &str, usual: u32) -> Result<Duration> {
        let number = match self.get(key) {
            None => usual,
            Some(text) => match text.parse::<u32>() {
                Ok(number) if (1..=3_600_000).contains(&number) => number,
                _ => bail!("`{key}`: `{text}` is not understood, expected milliseconds from 1 to 3600000"),
            },
        };
        Ok(Duration::from_millis(number.into()))
    }
}

fn settings(properties: &Properties, bootstrap_servers: &str) -> Result<UpstreamSettings> {
    nothing_weakens(properties)?;
    let protocol = properties.get("security.protocol").unwrap_or("PLAINTEXT").to_ascii_uppercase();
    let (has_tls, has_sasl) = match protocol.as_str() {
        "PLAINTEXT" => (false, false),
        "SSL" => (true, false),
        "SASL_PLAINTEXT" => (false, true),
        "SASL_SSL" => (true, true),
        _ => bail!(
            "`security.protocol`: `{protocol}` is not known, expected `PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`"
        ),
    };
    let security = UpstreamSecurity {
        tls: has_tls.then(|| key_store::tls(properties)).transpose()?,
        sasl: has_sasl.then(|| credentials(properties)).transpose()?,
    };
    Ok(UpstreamSettings {
        bootstrap_servers: servers(bootstrap_servers)?,
        security,
        connect_timeout: properties.milliseconds("socket.connection.setup.timeout.ms", CONNECT_TIMEOUT_MS)?,
        request_timeout: properties.milliseconds("request.timeout.ms", REQUEST_TIMEOUT_MS)?,
    })
}

fn nothing_weakens(properties: &Properties) -> Result<()> {
    if let Some(algorithm) = properties.0.get("ssl.endpoint.identification.algorithm")
        && !algorithm.trim().eq_ignore_ascii_case("https")
    {
        bail!(
            "`ssl.endpoint.identification.algorithm` turns off that host names are verified, which they always are here: \
             remove the line, and reach the brokers by names that stand in their certificates"
        );
    }
    for key in CLASSES {
        if properties.get(key).is_some() {
            bail!(
                "`{key}` names code of Java, which does not run here: remove the line, and write out what it stands for"
            );
        }
    }
    Ok(())
}

fn servers(text: &str) -> Result<Vec<HostPort>> {
    let servers = text.split(',').map(str::trim).filter(|server| !server.is_empty());
    let servers: Vec<HostPort> = servers.map(str::parse).collect::<Result<_, _>>()?;
    if servers.is_empty() {
        bail!("there is no bootstrap server, expected `host:port`, separated by commas");
    }
    Ok(servers)
}

fn credentials(properties: &Properties) -> Result<SaslCredentials> {
    let name = properties.get("sasl.mechanism").unwrap_or("GSSAPI");
    let Ok(mechanism) = name.parse::<Mechanism>() else {
        bail!("`sasl.mechanism`: `{name}` is not built in, expected `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`");
    };
    let key = "sasl.jaas.config";
    let text = properties.get(key).with_context(|| {
        format!(
            "`{key}` is missing, expected a login module with `username=\"…\"` and `password=\"…\"`; {name} needs both"
        )
    })?;
    let modules = jaas::parse(text).with_context(|| format!("`{key}`"))?;
    let [module] = modules.as_slice() else {
        bail!("`{key}` has {} login modules, expected one", modules.len());
    };
    if !matches!(module.name(), "PlainLoginModule" | "ScramLoginModule") {
        bail!("`{key}`: `{}` is not built in, expected `PlainLoginModule` or `ScramLoginModule`", module.class);
    }
    if module.option("tokenauth").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        bail!("`{key}`: logging in with a delegation token (`tokenauth`) is not built in, expected a user's password");
    }
    let option = |option: &str| {
        module.option(option).with_context(|| format!("`{key}`: `{}` has no `{option}=\"…\"`", module.name()))
    };
    Ok(SaslCredentials {
        mechanism,
        username: option("username")?.to_owned(),
        password: Zeroizing::new(option("password")?.to_owned()),
    })
}

#[cfg(test)]
mod tests;
