//! Connections to brokers: TCP, TLS, ApiVersions and login, under one deadline.
//!
//! Kafka: `security.protocol` PLAINTEXT, SSL, SASL_PLAINTEXT and SASL_SSL of a client.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use authentication::Mechanism;
use bytes::Bytes;
use protocol::messages::ApiVersionsResponse;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use socket2::SockRef;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::frame_reader::FrameReader;
use crate::versions::{self, Negotiated};
use crate::{
    BrokerFault, ConnectError, FrameFault, HostPort, Login, LoginError, LoginStep, Phase, SaslCredentials,
    SettingsError, Stream, UpstreamSettings, tls,
};

/// The largest frame before a connection can be used: `sasl.server.max.receive.size`'s default, the other way round.
const MAX_LOGIN_FRAME_BYTES: usize = 512 * 1024;

/// Connects to brokers. Cheap to clone.
#[derive(Clone)]
pub struct Connector {
    inner: Arc<Inner>,
}

struct Inner {
    settings: UpstreamSettings,
    tls: Option<TlsConnector>,
    random: Arc<CryptoProvider>,
}

/// A connection that takes any request.
#[derive(Debug)]
pub struct Connected {
    pub stream: Stream,
    /// The broker's answer to ApiVersions.
    pub versions: ApiVersionsResponse,
    /// How long the broker lets this login last (KIP-368); none is for ever.
    pub session_lifetime: Option<Duration>,
}

impl Connector {
    /// Takes settings that can be used; nothing is connected yet.
    pub fn new(settings: UpstreamSettings) -> Result<Connector, SettingsError> {
        if settings.bootstrap_servers.is_empty() {
            return Err(SettingsError::NoBootstrapServers);
        }
        if sends_password_in_the_clear(&settings)
            && let Some(server) = settings.bootstrap_servers.iter().find(|server| !server.is_loopback())
        {
            return Err(SettingsError::PlainInTheClear(server.clone()));
        }
        let random = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = settings.security.tls.as_ref().map(|tls| tls::client_config(tls, &random)).transpose()?;
        Ok(Connector { inner: Arc::new(Inner { settings, tls: tls.map(TlsConnector::from), random }) })
    }

    pub fn settings(&self) -> &UpstreamSettings {
        &self.inner.settings
    }

    /// A connection to a broker, ready for requests, before `connect_timeout` has passed.
    pub async fn connect(&self, to: &HostPort) -> Result<Connected, ConnectError> {
        let deadline = Instant::now() + self.inner.settings.connect_timeout;
        let tcp = self.within(deadline, to, Phase::Tcp, self.open(to)).await?;
        let mut stream = self.within(deadline, to, Phase::Tls, self.secure(to, tcp)).await?;
        let mut frames = FrameReader::new(MAX_LOGIN_FRAME_BYTES);
        let versions = self
            .within(deadline, to, Phase::Versions, async {
                negotiate(&mut stream, &mut frames)
                    .await
                    .map_err(|fault| ConnectError::broker(to, Phase::Versions, fault))
            })
            .await?;
        let session_lifetime = match &self.inner.settings.security.sasl {
            None => None,
            Some(credentials) => {
                self.within(deadline, to, Phase::Login, async {
                    let login = self.log_in(credentials, &versions, &mut stream, &mut frames).await;
                    login.map_err(|error| ConnectError::login(to, error))
                })
                .await?
            }
        };
        Ok(Connected { stream, versions, session_lifetime })
    }

    /// A further login on a connection whose session is about to end (KIP-368): its first frame with its size, and what
    /// takes the answers. None if brokers are reached without SASL.
    pub fn login_again(&self, versions: &ApiVersionsResponse) -> Result<Option<(Bytes, Login)>, LoginError> {
        let credentials = self.inner.settings.security.sasl.as_ref();
        credentials.map(|credentials| Login::start(credentials, versions, self.nonce())).transpose()
    }

    /// All addresses of the name are tried in turn (`client.dns.lookup=use_all_dns_ips`).
    async fn open(&self, to: &HostPort) -> Result<TcpStream, ConnectError> {
        let unreachable = |source| ConnectError::Unreachable { to: to.clone(), phase: Phase::Tcp, source };
        let tcp = TcpStream::connect((to.host.as_str(), to.port)).await.map_err(unreachable)?;
        tcp.set_nodelay(true).map_err(unreachable)?;
        SockRef::from(&tcp).set_keepalive(true).map_err(unreachable)?;
        let peer = tcp.peer_addr().map_err(unreachable)?;
        // A broker names the others: the bootstrap servers alone prove nothing.
        if sends_password_in_the_clear(&self.inner.settings) && !peer.ip().to_canonical().is_loopback() {
            return Err(ConnectError::PlainInTheClear { to: to.clone() });
        }
        Ok(tcp)
    }

    async fn secure(&self, to: &HostPort, tcp: TcpStream) -> Result<Stream, ConnectError> {
        let Some(tls) = &self.inner.tls else { return Ok(Stream::Plain(tcp)) };
        let name = ServerName::try_from(to.host.clone())
            .map_err(|error| ConnectError::Tls { to: to.clone(), reason: error.to_string() })?;
        let stream = tls.connect(name, tcp).await.map_err(|error| ConnectError::io(to, Phase::Tls, error))?;
        Ok(Stream::Tls(Box::new(stream)))
    }

    async fn log_in(
        &self,
        credentials: &SaslCredentials,
        versions: &ApiVersionsResponse,
        stream: &mut Stream,
        frames: &mut FrameReader,
    ) -> Result<Option<Duration>, LoginError> {
        let (mut request, mut login) = Login::start(credentials, versions, self.nonce())?;
        loop {
            let answer = exchange(stream, frames, &request).await?;
            // Key derivation takes milliseconds: not on a thread that serves connections.
            let step =
                tokio::task::spawn_blocking(move || login.handle(answer)).await.map_err(FrameFault::from_join)?;
            match step? {
                LoginStep::Send(next, waiting) => (request, login) = (next, waiting),
                LoginStep::Done { session_lifetime } => return Ok(session_lifetime),
            }
        }
    }

    async fn within<T>(
        &self,
        deadline: Instant,
        to: &HostPort,
        phase: Phase,
        step: impl Future<Output = Result<T, ConnectError>>,
    ) -> Result<T, ConnectError> {
        let after = self.inner.settings.connect_timeout;
        timeout_at(deadline, step).await.unwrap_or_else(|_| Err(ConnectError::Timeout { to: to.clone(), phase, after }))
    }

    fn nonce(&self) -> [u8; 32] {
        let mut nonce = [0; 32];
        self.inner.random.secure_random.fill(&mut nonce).expect("the system's random source works since start");
        nonce
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}

fn sends_password_in_the_clear(settings: &UpstreamSettings) -> bool {
    let security = &settings.security;
    security.tls.is_none() && security.sasl.as_ref().is_some_and(|sasl| sasl.mechanism == Mechanism::Plain)
}

async fn negotiate(stream: &mut Stream, frames: &mut FrameReader) -> Result<ApiVersionsResponse, BrokerFault> {
    let mut version = versions::FIRST_VERSION;
    loop {
        let answer = exchange(stream, frames, &versions::request(version, 0)).await?;
        match versions::answer(version, 0, answer)? {
            Negotiated::Versions(versions) => return Ok(versions),
            // Each round asks for a lower version, so there are at most five.
            Negotiated::AskAgain(lower) => version = lower,
        }
    }
}

/// One request, one answer, both as frames.
async fn exchange(stream: &mut Stream, frames: &mut FrameReader, request: &Bytes) -> Result<Bytes, BrokerFault> {
    let sent = async {
        stream.write_all(request).await?;
        stream.flush().await
    };
    sent.await.map_err(FrameFault::Io)?;
    Ok(frames.next(stream).await?)
}

impl FrameFault {
    /// The thread of a key derivation is gone: the runtime shuts down.
    fn from_join(error: tokio::task::JoinError) -> BrokerFault {
        BrokerFault::Frame(FrameFault::Io(io::Error::other(error)))
    }
}
