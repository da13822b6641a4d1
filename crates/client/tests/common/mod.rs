//! Settings, certificates and scripts that the tests share.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::Arc;
use std::time::Duration;

use authentication::{Mechanism, SaslServer, SaslSettings, ScramCredential, ScramMechanism, Step, Users};
use bytes::Bytes;
use client::testing::{FakeCluster, Reply, Script, api_versions, header};
use client::{
    ConnectError, Connected, Connector, HostPort, SaslCredentials, TlsSettings, UpstreamSecurity, UpstreamSettings,
};
use protocol::messages::{SaslAuthenticateResponse, SaslHandshakeResponse};
use protocol::{ApiKey, StrBytes, encode_response};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::time::Instant;
use zeroize::Zeroizing;

/// Settings for a cluster whose only known server is `bootstrap`.
pub(crate) fn settings(bootstrap: HostPort, security: UpstreamSecurity) -> UpstreamSettings {
    UpstreamSettings {
        bootstrap_servers: vec![bootstrap],
        security,
        connect_timeout: Duration::from_secs(10),
        request_timeout: Duration::from_secs(10),
    }
}

pub(crate) fn connector(to: &HostPort, security: UpstreamSecurity) -> Connector {
    Connector::new(settings(to.clone(), security)).unwrap()
}

pub(crate) async fn connect(to: &HostPort, security: UpstreamSecurity) -> Result<Connected, ConnectError> {
    connector(to, security).connect(to).await
}

pub(crate) fn plaintext() -> UpstreamSecurity {
    UpstreamSecurity::default()
}

pub(crate) fn sasl(mechanism: Mechanism, password: &str) -> UpstreamSecurity {
    let password = Zeroizing::new(password.to_owned());
    let credentials = SaslCredentials { mechanism, username: "doorkeeper".to_owned(), password };
    UpstreamSecurity { tls: None, sasl: Some(credentials) }
}

/// Waits for an observable fact.
pub(crate) async fn eventually(what: &str, fact: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !fact() {
        assert!(Instant::now() < deadline, "not within 10 s: {what}");
        tokio::task::yield_now().await;
    }
}

/// A certificate authority, and what it signs.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Authority { issuer }
    }

    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        roots
    }

    /// What a broker with this name presents; `client_auth` is `ssl.client.auth=required`.
    pub(crate) fn broker(&self, name: &str, client_auth: bool) -> Arc<ServerConfig> {
        use rustls::pki_types::pem::PemObject;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let (certificate, key) = self.sign(name);
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let builder = builder.unwrap();
        let builder = if client_auth {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(self.roots()), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        Arc::new(builder.with_single_cert(chain, key).unwrap())
    }

    /// What a client that trusts this authority needs, with a certificate of its own or without.
    pub(crate) fn client(&self, with_identity: bool) -> UpstreamSecurity {
        let (certificate, key) = self.sign("doorkeeper");
        let identity = with_identity.then_some((certificate.as_bytes(), key.as_bytes()));
        let tls = TlsSettings::from_pem(self.issuer.pem().as_bytes(), identity).unwrap();
        UpstreamSecurity { tls: Some(tls), sasl: None }
    }
}

/// A broker that lets `doorkeeper` in with the password `secret`, by any of the mechanisms, and then knows `cluster`.
pub(crate) fn sasl_script(
    mechanisms: Vec<Mechanism>,
    cluster: FakeCluster,
) -> impl Fn() -> Script + Send + Sync + 'static {
    let settings = Arc::new(SaslSettings {
        mechanisms,
        max_receive_size: 524_288,
        lenient_scram_nonce: false,
        unknown_user_secret: [7; 32],
    });
    let mut users = Users::builder();
    for mechanism in ScramMechanism::ALL {
        let credential = ScramCredential::derive(mechanism, "secret", b"salt of the test", 4096);
        users.credential("doorkeeper", mechanism, credential).unwrap();
    }
    let users = Arc::new(users.build());
    move || {
        let mut server = Some(SaslServer::new(Arc::clone(&settings)));
        let (users, cluster) = (Arc::clone(&users), cluster.clone());
        Box::new(move |frame| match server.take() {
            None => cluster.answer(frame),
            Some(waiting) => {
                let (reply, next) = log_in(waiting.handle(frame, &users, [9; 32]));
                server = next;
                reply
            }
        })
    }
}

fn log_in(step: Step) -> (Reply, Option<SaslServer>) {
    match step {
        Step::AnswerApiVersions { request, next, .. } => {
            let response = api_versions(&(0..=13));
            let bytes = encode_response(request.api_version, request.correlation_id, &response).unwrap();
            (Reply::Bytes(bytes), Some(next))
        }
        Step::Reply { bytes, next } => (Reply::Bytes(bytes), Some(next)),
        Step::Compute(work) => log_in(work.run()),
        Step::Authenticated { bytes, .. } => (Reply::Bytes(bytes), None),
        Step::Failed { bytes, .. } => (bytes.map_or(Reply::Close, Reply::Bytes), None),
    }
}

/// A broker that lets everybody in by PLAIN, for so long.
pub(crate) fn session_script(lifetime: Duration, cluster: FakeCluster) -> impl Fn() -> Script + Send + Sync + 'static {
    move || {
        let cluster = cluster.clone();
        Box::new(move |frame: Bytes| {
            let request = header(&frame);
            let (version, id) = (request.api_version, request.correlation_id);
            let bytes = match request.api_key {
                ApiKey::SaslHandshake => {
                    let mechanisms = vec![StrBytes::from_static_str("PLAIN")];
                    encode_response(version, id, &SaslHandshakeResponse::default().with_mechanisms(mechanisms))
                }
                ApiKey::SaslAuthenticate => {
                    let lifetime = i64::try_from(lifetime.as_millis()).unwrap();
                    encode_response(
                        version,
                        id,
                        &SaslAuthenticateResponse::default().with_session_lifetime_ms(lifetime),
                    )
                }
                _ => return cluster.answer(frame),
            };
            Reply::Bytes(bytes.unwrap())
        })
    }
}
