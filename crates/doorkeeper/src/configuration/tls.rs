//! Certificates and keys: PEM files, read and tried out before a port is bound.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use store::permissions::secret_is_open_to_others;
use store::yaml::{Field, Fields, Reading};

use proxy::settings::ClientAuth;

/// A certificate, its intermediates after it, and its key; with their places, for what is found out later.
pub(super) struct Identity<'t> {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) private_key: PrivateKeyDer<'static>,
    pub(super) certificate_field: Field<'t>,
    pub(super) private_key_field: Field<'t>,
}

/// `certificate` and `private_key`, both or neither.
pub(super) fn identity<'t>(reading: &mut Reading, fields: &mut Fields<'t>, needed: bool) -> Option<Identity<'t>> {
    let expected = "the path of a PEM file";
    let (certificate_field, private_key_field) = match (fields.optional("certificate"), fields.optional("private_key"))
    {
        (Some(certificate), Some(private_key)) => (certificate, private_key),
        (None, None) if !needed => return None,
        (certificate, private_key) => {
            for (name, field) in [("certificate", certificate), ("private_key", private_key)] {
                if field.is_none() {
                    reading.error(
                        fields.mark(),
                        &format!("{}.{name}", fields.path()),
                        format!("is missing, expected {expected}"),
                    );
                }
            }
            return None;
        }
    };
    let certificates = certificates(reading, &certificate_field);
    let private_key = private_key(reading, &private_key_field);
    Some(Identity { certificates: certificates?, private_key: private_key?, certificate_field, private_key_field })
}

/// All certificates of a PEM file; at least one.
pub(super) fn certificates(reading: &mut Reading, field: &Field<'_>) -> Option<Vec<CertificateDer<'static>>> {
    let content = file(reading, field)?;
    match CertificateDer::pem_slice_iter(&content).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if certificates.is_empty() => {
            field.error(reading, "holds no certificate, expected PEM (`-----BEGIN CERTIFICATE-----`)");
            None
        }
        Ok(certificates) => Some(certificates),
        Err(error) => {
            field.error(reading, format!("is no PEM file: {error}"));
            None
        }
    }
}

fn private_key(reading: &mut Reading, field: &Field<'_>) -> Option<PrivateKeyDer<'static>> {
    let content = file(reading, field)?;
    let path = path(reading, field)?;
    if let Err(message) = secret_is_open_to_others(&path) {
        field.error(reading, message);
        return None;
    }
    if content.windows(9).any(|window| window == b"ENCRYPTED") {
        field.error(
            reading,
            "holds an encrypted key, which is not read here: decrypt it, and keep the file to yourself",
        );
        return None;
    }
    match PrivateKeyDer::from_pem_slice(&content) {
        Ok(key) => Some(key),
        Err(_) => {
            field.error(reading, "holds no private key, expected PEM (`-----BEGIN PRIVATE KEY-----`)");
            None
        }
    }
}

fn path(reading: &mut Reading, field: &Field<'_>) -> Option<std::path::PathBuf> {
    let named = field.text(reading, "the path of a PEM file")?;
    reading.locate(field.mark(), field.path(), named.as_str())
}

fn file(reading: &mut Reading, field: &Field<'_>) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let path = path(reading, field)?;
    reading.read(&path, field.mark(), field.path())
}

/// What a listener says and asks in the handshake.
///
/// Where client certificates count there is no resumption: a resumed session is not verified again, and so would outlive
/// the certificate's revocation. 0-RTT is nowhere: what it carries can be replayed.
pub(super) fn server_config(
    reading: &mut Reading,
    identity: &Identity<'_>,
    client_auth: ClientAuth,
    trust: Option<(&Field<'_>, Vec<CertificateDer<'static>>)>,
) -> Option<Arc<rustls::ServerConfig>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for TLS 1.2 and 1.3");
    let builder = match (client_auth, trust) {
        (ClientAuth::None, _) => builder.with_no_client_auth(),
        (ClientAuth::Required | ClientAuth::Requested, None) => return None,
        (ClientAuth::Required | ClientAuth::Requested, Some((field, trust))) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(roots(reading, field, trust)?, provider);
            let verifier = match client_auth {
                ClientAuth::Requested => verifier.allow_unauthenticated(),
                ClientAuth::Required | ClientAuth::None => verifier,
            };
            match verifier.build() {
                Ok(verifier) => builder.with_client_cert_verifier(verifier),
                Err(error) => {
                    field.error(reading, format!("cannot be used: {error}"));
                    return None;
                }
            }
        }
    };
    let mut config = match builder.with_single_cert(identity.certificates.clone(), identity.private_key.clone_key()) {
        Ok(config) => config,
        Err(error) => {
            refuse(reading, identity, &error);
            return None;
        }
    };
    if client_auth != ClientAuth::None {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    config.max_early_data_size = 0;
    Some(Arc::new(config))
}

/// Says what is wrong with a certificate and its key.
pub(super) fn refuse(reading: &mut Reading, identity: &Identity<'_>, error: &rustls::Error) {
    match error {
        rustls::Error::InconsistentKeys(_) => {
            identity.private_key_field.error(reading, "does not belong to the certificate");
        }
        rustls::Error::InvalidCertificate(_) => {
            identity.certificate_field.error(reading, format!("cannot be used: {error}"));
        }
        error => identity.private_key_field.error(reading, format!("cannot be used: {error}")),
    }
}

fn roots(
    reading: &mut Reading,
    field: &Field<'_>,
    certificates: Vec<CertificateDer<'static>>,
) -> Option<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        if let Err(error) = roots.add(certificate) {
            field.error(reading, format!("cannot be used: {error}"));
            return None;
        }
    }
    Some(Arc::new(roots))
}
