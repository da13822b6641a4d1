//! A certificate authority for one test, and what it signs, as the PEM files servers and clients read.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

/// An authority and the directory of its files, which is removed with it.
pub struct Certificates {
    directory: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
    ca: PathBuf,
}

/// A certificate with its key. Private files are for the owner only (0600).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    certificate: PathBuf,
    private_key: PathBuf,
    keystore: PathBuf,
}

/// What is asked of the authority beyond a subject.
#[derive(Clone, Debug, Default)]
pub struct Request {
    subject: DistinguishedName,
    names: Vec<String>,
    expired: bool,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Certificates").field("ca", &self.ca).finish_non_exhaustive()
    }
}

impl Certificates {
    /// A new authority in a temporary directory.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn new() -> Result<Certificates> {
        Certificates::named("CN=Test CA,O=Doorkeeper tests")
    }

    /// A new authority with this subject in Java's form.
    ///
    /// # Errors
    /// If the subject cannot be read or the files cannot be written.
    pub fn named(subject: &str) -> Result<Certificates> {
        let directory = tempfile::Builder::new().prefix("certificates-").tempdir()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = distinguished_name(subject)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let ca = directory.path().join("ca.crt");
        fs::write(&ca, authority.pem())?;
        Ok(Certificates { directory, authority, ca })
    }

    /// The authority's certificate, as a PEM file.
    pub fn ca(&self) -> &Path {
        &self.ca
    }

    /// Where the files are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A certificate for a server on 127.0.0.1 and localhost; `name` is its CN and names its files.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn server(&self, name: &str) -> Result<Identity> {
        self.issue(name, Request::new(&format!("CN={name}"))?.valid_for("127.0.0.1").valid_for("localhost"))
    }

    /// A client's certificate; `name` names its files, `subject` is in Java's form: `CN=alice,OU=services,O=Example`.
    ///
    /// # Errors
    /// If the subject cannot be read or the files cannot be written.
    pub fn client(&self, name: &str, subject: &str) -> Result<Identity> {
        self.issue(name, Request::new(subject)?)
    }

    /// Signs `request` and writes `name.crt`, `name.key` and `name.pem`.
    ///
    /// # Errors
    /// If a name in it is no valid DNS name or the files cannot be written.
    pub fn issue(&self, name: &str, request: Request) -> Result<Identity> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(request.names)?;
        params.distinguished_name = request.subject;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        if request.expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2020, 12, 31);
        }
        let certificate = params.signed_by(&key, &self.authority)?.pem();
        let key = key.serialize_pem();
        Ok(Identity {
            certificate: self.write(&format!("{name}.crt"), &certificate)?,
            private_key: self.write(&format!("{name}.key"), &key)?,
            keystore: self.write(&format!("{name}.pem"), &format!("{key}{certificate}"))?,
        })
    }

    /// TLS for a client that trusts this authority alone and shows `identity`, if given.
    ///
    /// # Errors
    /// If the files cannot be read.
    pub fn client_config(&self, identity: Option<&Identity>) -> Result<Arc<ClientConfig>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone())?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder.with_client_auth_cert(
                vec![CertificateDer::from_pem_file(identity.certificate())?],
                PrivateKeyDer::from_pem_file(identity.private_key())?,
            )?,
        };
        Ok(Arc::new(config))
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.directory.path().join(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
        file.write_all(text.as_bytes())?;
        Ok(path)
    }
}

impl Request {
    /// A certificate with this subject, in Java's form.
    ///
    /// # Errors
    /// If the subject cannot be read.
    pub fn new(subject: &str) -> Result<Request> {
        Ok(Request::of(distinguished_name(subject)?))
    }

    /// A certificate with a subject that needs more than [`distinguished_name`] can read.
    pub fn of(subject: DistinguishedName) -> Request {
        Request { subject, ..Request::default() }
    }

    /// Valid for a server of this DNS name or IP address.
    #[must_use]
    pub fn valid_for(mut self, name: &str) -> Request {
        self.names.push(name.to_owned());
        self
    }

    /// Expired years ago.
    #[must_use]
    pub fn expired(mut self) -> Request {
        self.expired = true;
        self
    }
}

impl Identity {
    /// The certificate, as a PEM file.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// The private key, as a PEM file in PKCS#8.
    pub fn private_key(&self) -> &Path {
        &self.private_key
    }

    /// Key and certificate in one file, for `ssl.keystore.type=PEM`.
    pub fn keystore(&self) -> &Path {
        &self.keystore
    }
}

/// Reads a name as Java prints it, most specific part first. Certificates hold the parts in the opposite order.
///
/// # Errors
/// If a part has no `=` or a type this does not know. Values cannot contain commas.
pub fn distinguished_name(text: &str) -> Result<DistinguishedName> {
    let mut name = DistinguishedName::new();
    for part in text.split(',').rev().filter(|part| !part.is_empty()) {
        let (attribute, value) = part.split_once('=').with_context(|| format!("no `=` in `{part}`"))?;
        let attribute = match attribute.trim() {
            "CN" => DnType::CommonName,
            "OU" => DnType::OrganizationalUnitName,
            "O" => DnType::OrganizationName,
            "L" => DnType::LocalityName,
            "ST" => DnType::StateOrProvinceName,
            "C" => DnType::CountryName,
            "UID" => DnType::from_oid(&[0, 9, 2342, 19_200_300, 100, 1, 1]),
            other => bail!("`{other}` is not an attribute the test certificates know"),
        };
        name.push(attribute, value);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn private_files_are_readable_by_their_owner_only() {
        let certificates = Certificates::new().expect("an authority");
        let alice = certificates.client("alice", "CN=alice,OU=services,O=Example").expect("a certificate");
        for file in [alice.private_key(), alice.keystore()] {
            assert_eq!(fs::metadata(file).expect("file").permissions().mode() & 0o777, 0o600);
        }
        certificates.client_config(Some(&alice)).expect("rustls reads what was written");
    }

    #[test]
    fn the_parts_of_a_name_are_encoded_in_reverse() {
        let name = distinguished_name("CN=alice,O=Example").expect("a name");
        let parts: Vec<_> = name.iter().map(|(attribute, _)| attribute.clone()).collect();
        assert_eq!(parts, [DnType::OrganizationName, DnType::CommonName]);
        assert!(distinguished_name("alice").is_err());
    }
}
