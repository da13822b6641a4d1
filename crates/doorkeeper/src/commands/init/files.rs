//! The files of a first configuration.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use client::UpstreamSettings;
use rustls::pki_types::PrivateKeyDer;
use zeroize::Zeroizing;

use super::cluster::Cluster;
use super::text::{self, Entrance};

pub(super) const CONFIGURATION: &str = "doorkeeper.yaml";
pub(super) const PASSWORD: &str = "upstream.password";
pub(super) const TRUST: &str = "upstream-ca.crt";
pub(super) const CERTIFICATE: &str = "upstream.crt";
pub(super) const PRIVATE_KEY: &str = "upstream.key";

/// Names and contents; all are for their owner alone.
pub(super) struct Files(Vec<(&'static str, Zeroizing<String>)>);

impl Files {
    pub(super) fn of(upstream: &UpstreamSettings, cluster: &Cluster, entrance: &Entrance) -> Result<Files> {
        let mut files = vec![(CONFIGURATION, Zeroizing::new(text::configuration(upstream, cluster, entrance)?))];
        if let Some(sasl) = &upstream.security.sasl {
            files.push((PASSWORD, Zeroizing::new(format!("{}\n", &*sasl.password))));
        }
        if let Some(tls) = &upstream.security.tls {
            files.push((TRUST, pem("CERTIFICATE", tls.trust.iter().map(|der| der.as_ref()))));
            if let Some(identity) = &tls.identity {
                files.push((CERTIFICATE, pem("CERTIFICATE", identity.certificates.iter().map(|der| der.as_ref()))));
                let label = match &identity.private_key {
                    PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
                    PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
                    PrivateKeyDer::Pkcs8(_) => "PRIVATE KEY",
                    _ => bail!("the private key has a form that cannot be written here"),
                };
                files.push((PRIVATE_KEY, pem(label, std::iter::once(identity.private_key.secret_der()))));
            }
        }
        Ok(Files(files))
    }

    /// Where they are. Nothing is written if one of them is there already.
    pub(super) fn write(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        match DirBuilder::new().mode(0o700).recursive(true).create(directory) {
            Ok(()) => {}
            Err(error) => return Err(error).with_context(|| format!("cannot make `{}`", directory.display())),
        }
        let paths: Vec<PathBuf> = self.0.iter().map(|(name, _)| directory.join(name)).collect();
        let there: Vec<String> =
            paths.iter().filter(|path| path.exists()).map(|path| format!("`{}`", path.display())).collect();
        if !there.is_empty() {
            bail!(
                "already there, and nothing is overwritten: {}; name another directory by `--output`",
                there.join(", ")
            );
        }
        for ((_, content), path) in self.0.iter().zip(&paths) {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            file.and_then(|mut file| file.write_all(content.as_bytes()))
                .with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        Ok(paths)
    }
}

fn pem<'d>(label: &str, contents: impl Iterator<Item = &'d [u8]>) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    for content in contents {
        let base64 = Zeroizing::new(BASE64_STANDARD.encode(content));
        text.push_str(&format!("-----BEGIN {label}-----\n"));
        for (index, character) in base64.chars().enumerate() {
            if index > 0 && index % 64 == 0 {
                text.push('\n');
            }
            text.push(character);
        }
        text.push_str(&format!("\n-----END {label}-----\n"));
    }
    text
}
