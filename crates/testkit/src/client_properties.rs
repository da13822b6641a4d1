//! The properties file a Java client or tool logs in with (`--command-config`, `--producer.config`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::certificates::Identity;
use crate::kafka::properties::text_of;
use crate::scram::ScramMechanism;

/// Lines of a client's properties file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientProperties {
    lines: Vec<(String, String)>,
}

impl ClientProperties {
    /// With one of Kafka's security protocols: `PLAINTEXT`, `SSL`, `SASL_PLAINTEXT`, `SASL_SSL`.
    pub fn new(security_protocol: &str) -> ClientProperties {
        ClientProperties { lines: Vec::new() }.with("security.protocol", security_protocol)
    }

    /// One more line.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> ClientProperties {
        self.lines.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Logs in by PLAIN.
    #[must_use]
    pub fn plain(self, name: &str, password: &str) -> ClientProperties {
        let login = login_module("org.apache.kafka.common.security.plain.PlainLoginModule", name, password);
        self.with("sasl.mechanism", "PLAIN").with("sasl.jaas.config", &login)
    }

    /// Logs in by SCRAM.
    #[must_use]
    pub fn scram(self, mechanism: ScramMechanism, name: &str, password: &str) -> ClientProperties {
        let login = login_module("org.apache.kafka.common.security.scram.ScramLoginModule", name, password);
        self.with("sasl.mechanism", mechanism.name()).with("sasl.jaas.config", &login)
    }

    /// Trusts servers whose certificate this PEM file has signed.
    #[must_use]
    pub fn trust(self, ca: &Path) -> ClientProperties {
        self.with("ssl.truststore.type", "PEM").with("ssl.truststore.location", &ca.display().to_string())
    }

    /// Shows this certificate.
    #[must_use]
    pub fn identity(self, identity: &Identity) -> ClientProperties {
        self.with("ssl.keystore.type", "PEM").with("ssl.keystore.location", &identity.keystore().display().to_string())
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        text_of(&self.lines)
    }

    /// Writes `name` into `directory` and returns its path.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, directory: &Path, name: &str) -> Result<PathBuf> {
        let path = directory.join(name);
        fs::write(&path, self.text()).with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(path)
    }
}

fn login_module(class: &str, name: &str, password: &str) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{class} required username=\"{}\" password=\"{}\";", quoted(name), quoted(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scram_login_over_tls_reads_as_in_kafkas_documentation() {
        let properties = ClientProperties::new("SASL_SSL")
            .scram(ScramMechanism::Sha256, "alice", "secret")
            .trust(Path::new("/certificates/ca.crt"));
        let expected = "security.protocol=SASL_SSL\n\
            sasl.mechanism=SCRAM-SHA-256\n\
            sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
            username=\"alice\" password=\"secret\";\n\
            ssl.truststore.type=PEM\n\
            ssl.truststore.location=/certificates/ca.crt\n";
        assert_eq!(properties.text(), expected);
    }
}
