//! One accepted connection, from the first byte to the last: TLS, login, then [`Connection`]; and the line in the log
//! that says why it ended.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use apis::Channel;
use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tracing::{debug, info, warn};

use crate::audit::{Lines, LoginEvent};
use crate::audit_writer::readable;
use crate::broker::{NodeBroker, Upstreams};
use crate::budget::Class;
use crate::client_stream::{ClientStream, ReadAhead};
use crate::connection::Connection;
use crate::connections::{Closed, Membership};
use crate::end::{End, Owner};
use crate::frame_reader::FrameReader;
use crate::listener::Listener;
use crate::metrics;
use crate::session::{Authenticated, SaslLogin, TLS_HANDSHAKE, unless_ordered, without_login};
use crate::shared::Shared;
use crate::upstream::Broker;

/// Somebody at the door.
pub(crate) struct Guest {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    pub local: SocketAddr,
    pub listener: Arc<Listener>,
    pub node_id: Option<i32>,
    pub shared: Arc<Shared>,
    pub upstreams: Arc<Upstreams>,
}

/// What a login came to.
struct LoggedIn {
    client: ClientStream,
    requests: FrameReader,
    broker: NodeBroker,
    authenticated: Authenticated,
    channel: Channel,
}

/// Who is at the door, for those who write about it.
struct Visit {
    peer: SocketAddr,
    node_id: Option<i32>,
    local: SocketAddr,
    listener: Arc<Listener>,
    shared: Arc<Shared>,
}

impl Guest {
    /// Serves the connection until its end. Returns when both sides are closed.
    pub(crate) async fn serve(self) {
        let visit = Visit {
            peer: self.peer,
            node_id: self.node_id,
            local: self.local,
            listener: Arc::clone(&self.listener),
            shared: Arc::clone(&self.shared),
        };
        let mut membership = self.shared.connections.enter();
        let _counted = Counted::new(&self.listener.active);
        // In a box of its own: what a login needs is freed when it is over.
        let login = Box::pin(timeout(self.shared.limits.handshake_timeout, self.log_in(&mut membership)));
        let logged_in = match login.await {
            Ok(Ok(logged_in)) => logged_in,
            Ok(Err(end)) => return visit.refused(end).await,
            Err(_) => return visit.refused(End::LoginTimeout).await,
        };
        visit.admitted(&logged_in.authenticated).await;
        let _session = Counted::new(&visit.shared.metrics.sessions_active);
        let principal = logged_in.authenticated.identity.principal.clone();
        let connection = logged_in.connect(&visit, membership);
        let end = connection.run().await;
        visit.ended(&principal, &end);
    }

    async fn log_in(self, membership: &mut Membership) -> Result<LoggedIn, End> {
        unless_ordered(membership, self.introduce()).await
    }

    /// TLS, the broker, and who it is.
    async fn introduce(self) -> Result<LoggedIn, End> {
        let Guest { stream, peer, listener, node_id, shared, upstreams, .. } = self;
        let limits = &shared.limits;
        let mut client = match &listener.tls {
            None => ClientStream::Plain(stream),
            Some(acceptor) => {
                let accepted = acceptor.accept(ReadAhead::new(stream)).await;
                ClientStream::Tls(Box::new(accepted.map_err(tls_end)?))
            }
        };
        let broker = upstreams.find(node_id, &listener.addresses).await.map_err(End::NoUpstream)?;
        let permit = shared.budget.permit(Class::Unauthenticated);
        let mut requests = FrameReader::new(permit, Class::Unauthenticated, limits.sasl_max_receive_bytes);
        let settings = &listener.settings;
        let authenticated = if settings.security_protocol.has_sasl() {
            SaslLogin {
                shared: &shared,
                sasl: &listener.sasl,
                listener: settings,
                peer,
                versions: &broker.versions(),
                client: &mut client,
                requests: &mut requests,
            }
            .run()
            .await?
        } else {
            without_login(settings, client.certificate(), peer)?
        };
        requests.logged_in(limits.max_request_bytes);
        Ok(LoggedIn { client, requests, broker, authenticated, channel: settings.security_protocol.channel() })
    }
}

impl LoggedIn {
    fn connect(self, visit: &Visit, membership: Membership) -> Connection<ClientStream, NodeBroker> {
        let LoggedIn { client, requests, broker, authenticated, channel } = self;
        let shared = &visit.shared;
        membership.logged_in(authenticated.user.clone());
        let snapshot = shared.current.load();
        // The user may have been removed after the login looked, and before the connection was watched.
        if authenticated.user.is_some_and(|user| !snapshot.users.contains(&user)) {
            membership.give(Closed::UserRemoved);
        }
        let grants = shared.grants.get(&authenticated.identity, &snapshot.policy);
        let lines = Lines::new(visit.peer);
        Connection::new(Arc::clone(shared), client, requests, broker, grants, membership, lines).over(channel)
    }
}

impl ClientStream {
    /// The client's certificate, which TLS has verified.
    fn certificate(&self) -> Option<&CertificateDer<'static>> {
        match self {
            ClientStream::Plain(_) => None,
            ClientStream::Tls(tls) => tls.get_ref().1.peer_certificates()?.first(),
        }
    }
}

impl Visit {
    fn mechanism(&self) -> &'static str {
        if self.listener.settings.security_protocol.has_sasl() { "SASL" } else { "SSL" }
    }

    async fn admitted(&self, authenticated: &Authenticated) {
        let Authenticated { identity, mechanism, .. } = authenticated;
        // Nobody was asked on a PLAINTEXT listener: Kafka does not count that as a login either.
        if *mechanism != "NONE" {
            metrics::authentication(mechanism, "success");
            self.tell(mechanism, Ok(identity.principal.to_string())).await;
        }
    }

    async fn tell(&self, mechanism: &'static str, outcome: Result<String, String>) {
        let listener = Arc::clone(&self.listener.settings.name);
        self.shared.audit.login(LoginEvent { listener, peer: self.peer, mechanism, outcome }).await;
    }

    /// A connection that did not come as far as its first request.
    async fn refused(&self, end: End) {
        match &end {
            End::TlsOnPlaintext | End::PlaintextOnTls => self.spoke_wrongly(&end).await,
            End::Login(_) | End::Certificate(_) | End::Tls(_) | End::LoginTimeout => {
                metrics::authentication(self.mechanism(), "failure");
                self.tell(self.mechanism(), Err(end.to_string())).await;
            }
            End::Ordered(closed) => {
                metrics::connection_rejected(closed.reason());
                debug!(peer = %self.peer, listener = &*self.listener.settings.name, "refused: {end}");
            }
            _ if end.owner() == Owner::Broker => {
                let (peer, listener) = (self.peer, &*self.listener.settings.name);
                match self.more_like_it(&end) {
                    Some(more) => warn!(%peer, listener, "refused: {end}{more}"),
                    None => debug!(%peer, listener, "refused: {end}"),
                }
            }
            _ => debug!(peer = %self.peer, listener = &*self.listener.settings.name, "left before login: {end}"),
        }
    }

    /// What is added to a line about a broker, where it is worth a warning.
    fn more_like_it(&self, end: &End) -> Option<String> {
        match self.shared.broker_warnings.note(self.node_id, end)? {
            0 => Some(String::new()),
            more => Some(format!(" ({more} more like it were not told)")),
        }
    }

    async fn spoke_wrongly(&self, end: &End) {
        metrics::authentication(self.mechanism(), "failure");
        let name = &self.listener.settings.name;
        self.tell(self.mechanism(), Err(format!("{end}: from {} to {} ({name})", self.peer, self.local))).await;
    }

    fn ended(&self, principal: &acl::KafkaPrincipal, end: &End) {
        if end.is_malformed() {
            self.shared.metrics.malformed_frames.increment(1);
        }
        if end.is_unknown_api() {
            self.shared.metrics.unknown_api.increment(1);
        }
        let (peer, listener) = (self.peer, &*self.listener.settings.name);
        let principal = readable(&principal.to_string());
        let spoke_tls = matches!(end, End::ClientFrame(crate::frame_reader::ReadError::Size { size, .. }) if size.starts_with(&TLS_HANDSHAKE));
        match end.owner() {
            _ if spoke_tls => {
                let local = self.local;
                info!(%peer, listener, "{}: from {peer} to {local} ({listener})", End::TlsOnPlaintext);
            }
            Owner::Nobody => debug!(%peer, listener, "connection of {principal} ended: {end}"),
            Owner::Client => info!(%peer, listener, "connection of {principal} closed: {end}"),
            Owner::Broker => match self.more_like_it(end) {
                Some(more) => warn!(%peer, listener, "connection of {principal} closed: {end}{more}"),
                None => debug!(%peer, listener, "connection of {principal} closed: {end}"),
            },
            Owner::Doorkeeper => info!(%peer, listener, "connection of {principal} closed: {end}"),
        }
    }
}

/// Counts one in a gauge as long as it lives, whatever ends it.
struct Counted(::metrics::Gauge);

impl Counted {
    fn new(gauge: &::metrics::Gauge) -> Counted {
        gauge.increment(1);
        Counted(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// What a failed handshake says.
fn tls_end(error: io::Error) -> End {
    let tls = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) => End::PlaintextOnTls,
        Some(_) => End::Tls(error),
        // The client has gone, or was only looking whether the port is open.
        None => End::ClientGone(error),
    }
}
