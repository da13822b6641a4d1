//! How the brokers are reached and what Doorkeeper proves itself with.
//!
//! Kafka: `bootstrap.servers`, `security.protocol`, `sasl.mechanism`. The four security protocols are the four
//! combinations of [`UpstreamSecurity::tls`] and [`UpstreamSecurity::sasl`].

use std::fmt;
use std::time::Duration;

use authentication::Mechanism;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use crate::HostPort;

/// The cluster behind Doorkeeper.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// Where the brokers are asked for; at least one.
    pub bootstrap_servers: Vec<HostPort>,
    pub security: UpstreamSecurity,
    /// For everything until a connection can be used: TCP, TLS, versions and login together.
    pub connect_timeout: Duration,
    /// For the answer to one of our own requests.
    pub request_timeout: Duration,
}

/// Neither is PLAINTEXT, one is SSL or SASL_PLAINTEXT, both are SASL_SSL.
#[derive(Clone, Debug, Default)]
pub struct UpstreamSecurity {
    pub tls: Option<TlsSettings>,
    pub sasl: Option<SaslCredentials>,
}

/// Whom to believe, and who we are if brokers ask for a certificate (mTLS). Host names are always verified.
#[derive(Debug)]
pub struct TlsSettings {
    /// Certificate authorities.
    pub trust: Vec<CertificateDer<'static>>,
    pub identity: Option<ClientIdentity>,
}

/// A certificate, its intermediates after it, and its private key.
#[derive(Debug)]
pub struct ClientIdentity {
    pub certificates: Vec<CertificateDer<'static>>,
    pub private_key: PrivateKeyDer<'static>,
}

/// The login of SASL_PLAINTEXT and SASL_SSL.
#[derive(Clone)]
pub struct SaslCredentials {
    pub mechanism: Mechanism,
    pub username: String,
    pub password: Zeroizing<String>,
}

/// Why settings cannot be used. All are the operator's.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("`bootstrap.servers` is empty, expected at least one `host:port`")]
    NoBootstrapServers,
    #[error("PLAIN would send the password in the clear to `{0}`: use SASL_SSL, or a SCRAM mechanism")]
    PlainInTheClear(HostPort),
    #[error("`{name}` has no {expected} in PEM: {reason}")]
    Pem { name: &'static str, expected: &'static str, reason: String },
    #[error("the certificates of `trust` cannot be used: {0}")]
    Trust(#[source] rustls::Error),
    #[error("the certificate and private key for the brokers cannot be used: {0}")]
    Identity(#[source] rustls::Error),
}

impl TlsSettings {
    /// From the text of PEM files. `identity` is a certificate chain and its private key.
    pub fn from_pem(trust: &[u8], identity: Option<(&[u8], &[u8])>) -> Result<TlsSettings, SettingsError> {
        let identity = identity.map(|(chain, key)| ClientIdentity::from_pem(chain, key)).transpose()?;
        Ok(TlsSettings { trust: certificates("trust", trust)?, identity })
    }
}

impl ClientIdentity {
    fn from_pem(certificate: &[u8], private_key: &[u8]) -> Result<ClientIdentity, SettingsError> {
        let private_key = PrivateKeyDer::from_pem_slice(private_key).map_err(|error| SettingsError::Pem {
            name: "private_key",
            expected: "private key",
            reason: error.to_string(),
        })?;
        Ok(ClientIdentity { certificates: certificates("certificate", certificate)?, private_key })
    }
}

fn certificates(name: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let refuse = |reason: String| SettingsError::Pem { name, expected: "certificate", reason };
    let found: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|error| refuse(error.to_string()))?;
    if found.is_empty() {
        return Err(refuse("there is none".to_owned()));
    }
    Ok(found)
}

impl Clone for TlsSettings {
    fn clone(&self) -> TlsSettings {
        let identity = self.identity.as_ref().map(|identity| ClientIdentity {
            certificates: identity.certificates.clone(),
            private_key: identity.private_key.clone_key(),
        });
        TlsSettings { trust: self.trust.clone(), identity }
    }
}

/// Without the password.
impl fmt::Debug for SaslCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SaslCredentials")
            .field("mechanism", &self.mechanism)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let credentials = SaslCredentials {
            mechanism: Mechanism::ScramSha256,
            username: "doorkeeper".to_owned(),
            password: Zeroizing::new("secret".to_owned()),
        };
        assert!(!format!("{credentials:?}").contains("secret"));
    }

    #[test]
    fn a_file_without_a_certificate_is_named() {
        let error = TlsSettings::from_pem(b"not a certificate", None).unwrap_err();
        assert_eq!(error.to_string(), "`trust` has no certificate in PEM: there is none");
    }
}
