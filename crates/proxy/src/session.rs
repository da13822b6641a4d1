//! Who is there: from an accepted socket to an [`Identity`].
//!
//! ```text
//! accepted ─▶ TLS ─▶ the broker it belongs to ─▶ SASL, certificate or fixed principal ─▶ Authenticated
//! ```
//!
//! All of it has one deadline. Kafka: `SaslServerAuthenticator` (which is `authentication::SaslServer`; here are the
//! bytes), `SslTransportLayer`, `DefaultKafkaPrincipalBuilder`.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use acl::{Host, Identity, KafkaPrincipal};
use apis::BrokerVersions;
use authentication::{LoginError, SaslServer, SaslSettings, Step, x500};
use bytes::Bytes;
use rustls::crypto::SecureRandom;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::sleep;

use crate::connection::api_versions;
use crate::connections::{Membership, Order};
use crate::end::End;
use crate::frame_reader::{Frame, FrameReader, ReadError};
use crate::settings::ListenerSettings;
use crate::shared::Shared;

static RANDOM: LazyLock<&'static dyn SecureRandom> =
    LazyLock::new(|| rustls::crypto::aws_lc_rs::default_provider().secure_random);

/// Fresh random bytes.
pub(crate) fn random() -> Result<[u8; 32], End> {
    let mut bytes = [0; 32];
    match RANDOM.fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(End::NoRandom),
    }
}

/// Somebody who has proved who they are, or was not asked to.
#[derive(Debug)]
pub(crate) struct Authenticated {
    pub identity: Arc<Identity>,
    /// A user of the store: if it is removed, the connection is closed.
    pub user: Option<Arc<str>>,
    /// Of SASL, `SSL`, or `NONE`.
    pub mechanism: &'static str,
}

/// A login over SASL.
pub(crate) struct SaslLogin<'a, C> {
    pub shared: &'a Shared,
    pub sasl: &'a Arc<SaslSettings>,
    pub listener: &'a ListenerSettings,
    pub peer: SocketAddr,
    pub versions: &'a BrokerVersions,
    pub client: &'a mut C,
    pub requests: &'a mut FrameReader,
}

impl<C: AsyncRead + AsyncWrite + Unpin> SaslLogin<'_, C> {
    /// Conducts it to the end. What fails has been answered, after the delay that Kafka makes.
    pub(crate) async fn run(mut self) -> Result<Authenticated, End> {
        let mut server = SaslServer::new(Arc::clone(self.sasl));
        loop {
            let frame = self.frame().await?;
            let snapshot = self.shared.current.load_full();
            let step = server.handle(frame.body(), &snapshot.users, random()?);
            let step = match step {
                Step::Compute(work) => self.derive(work).await?,
                step => step,
            };
            server = match step {
                Step::AnswerApiVersions { request, next, .. } => {
                    let answer = api_versions(&request, self.versions)
                        .map_err(|malformed| End::Login(LoginError::Malformed(malformed)))?;
                    self.write(&answer).await?;
                    next
                }
                Step::Reply { bytes, next } => {
                    self.write(&bytes).await?;
                    next
                }
                Step::Authenticated { bytes, user, mechanism, .. } => {
                    let groups = snapshot.users.groups(&user).to_vec();
                    self.write(&bytes).await?;
                    let principal = KafkaPrincipal::user(Arc::clone(&user));
                    let identity = identity(principal, groups, self.peer, &self.listener.name);
                    return Ok(Authenticated { identity, user: Some(user), mechanism: mechanism.name() });
                }
                // A derivation is never followed by another one.
                Step::Compute(_) => return Err(End::Decided("the login computes without an end")),
                Step::Failed { bytes, cause, delayed } => {
                    if delayed {
                        self.fail_late(bytes).await?;
                    }
                    return Err(End::Login(cause));
                }
            };
        }
    }

    /// Whatever comes meanwhile is not read: it gets no answer.
    async fn fail_late(&mut self, bytes: Option<Bytes>) -> Result<(), End> {
        sleep(self.shared.limits.failed_authentication_delay).await;
        match bytes {
            Some(bytes) => self.write(&bytes).await,
            None => Ok(()),
        }
    }

    /// Key derivation takes milliseconds of CPU: on the blocking pool, and only so many at once.
    async fn derive(&self, work: authentication::Work) -> Result<Step, End> {
        let derived = self.shared.derivations.run(move || work.run()).await;
        derived.ok_or(End::Decided("the login could not be computed"))
    }

    async fn frame(&mut self) -> Result<Frame, End> {
        let size = match poll_fn(|cx| self.requests.poll_frame(cx, self.client)).await {
            Ok(Some(frame)) => return Ok(frame),
            Ok(None) => return Err(End::ClientClosed),
            Err(ReadError::Size { size, .. }) => size,
            Err(error) => return Err(End::ClientFrame(error)),
        };
        self.fail_late(None).await?;
        if size.starts_with(&TLS_HANDSHAKE) {
            return Err(End::TlsOnPlaintext);
        }
        let length = i32::from_be_bytes(size).into();
        Err(End::Login(LoginError::FrameSize { length, max: self.sasl.max_receive_size }))
    }

    async fn write(&mut self, bytes: &Bytes) -> Result<(), End> {
        self.client.write_all(bytes).await.map_err(End::ClientGone)?;
        self.client.flush().await.map_err(End::ClientGone)
    }
}

/// The first bytes of a TLS ClientHello: a handshake record of version 3.
pub(crate) const TLS_HANDSHAKE: [u8; 2] = [0x16, 0x03];

/// Who somebody is that did not log in: by their certificate on an SSL listener, else by the listener's settings.
pub(crate) fn without_login(
    listener: &ListenerSettings,
    certificate: Option<&CertificateDer<'_>>,
    peer: SocketAddr,
) -> Result<Authenticated, End> {
    let Some(certificate) = certificate else {
        let principal = listener.principal.clone().unwrap_or_else(KafkaPrincipal::anonymous);
        let identity = identity(principal, Vec::new(), peer, &listener.name);
        return Ok(Authenticated { identity, user: None, mechanism: "NONE" });
    };
    let name = x500::subject(certificate).map_err(|error| End::Certificate(error.to_string()))?;
    let mapped = listener.principal_mapping.map(&name).map_err(|error| End::Certificate(error.to_string()))?;
    let identity = identity(KafkaPrincipal::user(mapped), Vec::new(), peer, &listener.name);
    Ok(Authenticated { identity, user: None, mechanism: "SSL" })
}

fn identity(principal: KafkaPrincipal, groups: Vec<Arc<str>>, peer: SocketAddr, listener: &Arc<str>) -> Arc<Identity> {
    let host = match peer {
        SocketAddr::V6(address) if address.scope_id() != 0 => {
            Host::scoped(*address.ip(), &address.scope_id().to_string())
        }
        _ => Host::from(peer.ip()),
    };
    let listener = Arc::clone(listener);
    Arc::new(Identity { principal, groups, host, listener, authenticated_by_token: false })
}

/// Runs a part of a login until it is done or the connection is ordered to close.
pub(crate) async fn unless_ordered<T>(
    membership: &mut Membership,
    login: impl Future<Output = Result<T, End>>,
) -> Result<T, End> {
    let mut login = Box::pin(login);
    poll_fn(|cx| match membership.poll_order(cx) {
        Order::Stay => login.as_mut().poll(cx),
        // Nothing is in flight yet.
        Order::Finish => std::task::Poll::Ready(Err(End::Finished)),
        Order::Close(closed) => std::task::Poll::Ready(Err(End::Ordered(closed))),
    })
    .await
}
