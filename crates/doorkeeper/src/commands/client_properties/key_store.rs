//! `ssl.truststore.*` and `ssl.keystore.*`: PEM and PKCS#12.
//!
//! Kafka: `DefaultSslEngineFactory`. Its type `JKS` also reads PKCS#12, which is what `keytool` has written since Java 9; a
//! store in the old format itself is refused with the command that converts it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use client::{ClientIdentity, TlsSettings};
use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12ImportPolicy};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use super::Properties;

/// The first bytes of Java's own formats.
const JKS: &[u8] = &[0xfe, 0xed, 0xfe, 0xed];
const JCEKS: &[u8] = &[0xce, 0xce, 0xce, 0xce];

/// What `security.protocol` SSL and SASL_SSL need.
pub(super) fn tls(properties: &Properties) -> Result<TlsSettings> {
    Ok(TlsSettings { trust: trust(properties)?, identity: identity(properties)? })
}

fn trust(properties: &Properties) -> Result<Vec<CertificateDer<'static>>> {
    let (location, certificates) = ("ssl.truststore.location", "ssl.truststore.certificates");
    let is_pem = is_pem(properties, "ssl.truststore.type")?;
    let found = match (properties.get(certificates), properties.get(location)) {
        (Some(_), Some(_)) => bail!("`{certificates}` is there beside `{location}`, expected one of them"),
        (Some(pem), None) if is_pem => pem_certificates(certificates, pem.as_bytes())?,
        (Some(_), None) => bail!("`{certificates}` needs `ssl.truststore.type=PEM`"),
        (None, Some(path)) => {
            let content = content(location, path)?;
            match is_pem {
                true => pem_certificates(location, &content)?,
                false => pkcs12(location, path, &content, properties.secret("ssl.truststore.password"))?
                    .entries()
                    .filter_map(|(_, entry)| match entry {
                        KeyStoreEntry::Certificate(certificate) => Some(certificate.as_der().to_vec().into()),
                        KeyStoreEntry::PrivateKeyChain(_) | KeyStoreEntry::Secret(_) => None,
                    })
                    .collect(),
            }
        }
        (None, None) => bail!(
            "`{location}` is missing: there is no Java here whose own authorities could be trusted. For those of the \
             system name its PEM file, such as `ssl.truststore.type=PEM` and \
             `ssl.truststore.location=/etc/ssl/certs/ca-certificates.crt`"
        ),
    };
    if found.is_empty() {
        bail!("`{location}` holds no certificate that is trusted");
    }
    Ok(found)
}

fn identity(properties: &Properties) -> Result<Option<ClientIdentity>> {
    let (location, key, chain) = ("ssl.keystore.location", "ssl.keystore.key", "ssl.keystore.certificate.chain");
    let is_pem = is_pem(properties, "ssl.keystore.type")?;
    match (properties.get(location), properties.get(key), properties.get(chain)) {
        (None, None, None) => Ok(None),
        (None, Some(key_pem), Some(chain_pem)) if is_pem => Ok(Some(ClientIdentity {
            certificates: pem_certificates(chain, chain_pem.as_bytes())?,
            private_key: pem_key(key, key_pem.as_bytes())?,
        })),
        (None, Some(_), Some(_)) => bail!("`{key}` needs `ssl.keystore.type=PEM`"),
        (None, _, _) => bail!("`{key}` and `{chain}` need each other"),
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
            bail!("`{location}` is there beside `{key}` or `{chain}`, expected one way of them")
        }
        (Some(path), None, None) => {
            let content = content(location, path)?;
            match is_pem {
                true => Ok(Some(ClientIdentity {
                    certificates: pem_certificates(location, &content)?,
                    private_key: pem_key(location, &content)?,
                })),
                false => {
                    let store = pkcs12(location, path, &content, properties.secret("ssl.keystore.password"))?;
                    let (_, chain) = store
                        .private_key_chain()
                        .with_context(|| format!("`{location}`: `{path}` holds no private key with its certificate"))?;
                    let certificates = chain.certs().iter().map(|certificate| certificate.as_der().to_vec().into());
                    let key = PrivatePkcs8KeyDer::from(chain.key().as_der().to_vec());
                    Ok(Some(ClientIdentity { certificates: certificates.collect(), private_key: key.into() }))
                }
            }
        }
    }
}

/// Otherwise it is one of Java's formats, to be told by the content.
fn is_pem(properties: &Properties, key: &str) -> Result<bool> {
    match properties.get(key) {
        Some("PEM") => Ok(true),
        None => Ok(false),
        Some(other) if other.eq_ignore_ascii_case("JKS") || other.eq_ignore_ascii_case("PKCS12") => Ok(false),
        Some(other) => bail!("`{key}`: `{other}` is not read here, expected `PEM` or `PKCS12`"),
    }
}

fn content(key: &str, path: &str) -> Result<Zeroizing<Vec<u8>>> {
    fs::read(Path::new(path)).map(Zeroizing::new).with_context(|| format!("`{key}`: cannot read `{path}`"))
}

fn pem_certificates(key: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.with_context(|| format!("`{key}` is no PEM"))?;
    if found.is_empty() {
        bail!("`{key}` holds no certificate, expected PEM (`-----BEGIN CERTIFICATE-----`)");
    }
    Ok(found)
}

fn pem_key(key: &str, pem: &[u8]) -> Result<PrivateKeyDer<'static>> {
    if pem.windows(9).any(|window| window == b"ENCRYPTED") {
        bail!(
            "`{key}` holds an encrypted private key, which is not read here: decrypt it \
             (`openssl pkcs8 -in encrypted.key -out decrypted.key`, in a file that is yours alone)"
        );
    }
    // The cause may show what stands in the file.
    PrivateKeyDer::from_pem_slice(pem)
        .ok()
        .with_context(|| format!("`{key}` holds no private key, expected PEM (`-----BEGIN PRIVATE KEY-----`)"))
}

fn pkcs12(key: &str, path: &str, content: &[u8], password: Option<&str>) -> Result<KeyStore> {
    if content.starts_with(JKS) || content.starts_with(JCEKS) {
        bail!(
            "`{key}`: `{path}` is in Java's old format, which is not read here: convert it \
             (`keytool -importkeystore -srckeystore {path} -destkeystore {path}.p12 -deststoretype PKCS12`)"
        );
    }
    if content.trim_ascii_start().starts_with(b"-----BEGIN") {
        let type_key = key.replace(".location", ".type");
        bail!("`{key}`: `{path}` is a PEM file, and needs `{type_key}=PEM`");
    }
    KeyStore::from_pkcs12(content, password.unwrap_or_default(), Pkcs12ImportPolicy::Strict).with_context(|| {
        let password_key = key.replace(".location", ".password");
        format!("`{key}`: `{path}` cannot be read as PKCS#12 with `{password_key}`")
    })
}
