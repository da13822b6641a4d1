//! TLS towards the brokers: rustls with aws-lc-rs, TLS 1.2 and 1.3, and the host name always verified.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};

use crate::{SettingsError, TlsSettings};

pub(crate) fn client_config(
    settings: &TlsSettings,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<ClientConfig>, SettingsError> {
    let mut roots = RootCertStore::empty();
    for certificate in &settings.trust {
        roots.add(certificate.clone()).map_err(SettingsError::Trust)?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(SettingsError::Trust)?
        .with_root_certificates(roots);
    let config = match &settings.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => builder
            .with_client_auth_cert(identity.certificates.clone(), identity.private_key.clone_key())
            .map_err(SettingsError::Identity)?,
    };
    Ok(Arc::new(config))
}
