//! What can be read off a certificate before a client complains: when it ends, and for whom it speaks.

use std::time::{SystemTime, UNIX_EPOCH};

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use store::yaml::{Field, Reading};
use x509_parser::prelude::{FromDer, X509Certificate};

const SOON_SECONDS: i64 = 14 * 24 * 3600;

/// The end of a certificate that we show, for the metric.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expiry {
    /// The listener, or `upstream`.
    pub(crate) listener: String,
    /// Seconds since 1970.
    pub(crate) at: i64,
}

/// When the certificate ends; a warning if that is soon, or past.
pub(super) fn expiry(
    reading: &mut Reading,
    field: &Field<'_>,
    der: &CertificateDer<'_>,
    listener: &str,
) -> Option<Expiry> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        field.error(reading, "holds something that is no X.509 certificate");
        return None;
    };
    let validity = certificate.validity();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(0));
    let left = validity.not_after.timestamp() - now;
    if left <= 0 {
        field.warning(reading, format!("expired at {}", validity.not_after));
    } else if left < SOON_SECONDS {
        field.warning(reading, format!("expires in {} days, at {}", left / (24 * 3600), validity.not_after));
    }
    if validity.not_before.timestamp() > now {
        field.warning(reading, format!("is not valid before {}", validity.not_before));
    }
    Some(Expiry { listener: listener.to_owned(), at: validity.not_after.timestamp() })
}

/// Whether clients that come by this name will believe the certificate.
pub(super) fn speaks_for(der: &CertificateDer<'_>, host: &str) -> bool {
    let Ok(name) = ServerName::try_from(host.to_owned()) else { return false };
    ParsedCertificate::try_from(der).is_ok_and(|certificate| verify_server_name(&certificate, &name).is_ok())
}
