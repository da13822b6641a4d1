//! Accepting: a socket for bootstrap and one for each broker, all of one listener, all bound at the start, so that a
//! broker that joins the cluster later has its port already.
//!
//! Kafka: `SocketServer`, `Acceptor`.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ::metrics::Gauge;
use authentication::SaslSettings;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use crate::broker::Upstreams;
use crate::broker_ports::AdvertisedBrokers;
use crate::guest::Guest;
use crate::metrics;
use crate::settings::ListenerSettings;
use crate::shared::Shared;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// After the first error of accept; doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What the connections of one listener share.
pub(crate) struct Listener {
    pub settings: ListenerSettings,
    pub sasl: Arc<SaslSettings>,
    pub tls: Option<TlsAcceptor>,
    pub addresses: Arc<AdvertisedBrokers>,
    pub active: Gauge,
}

impl Listener {
    pub(crate) fn new(settings: ListenerSettings, max_receive_size: usize, unknown_user_secret: [u8; 32]) -> Listener {
        let sasl = SaslSettings {
            mechanisms: settings.mechanisms.clone(),
            max_receive_size,
            lenient_scram_nonce: settings.lenient_scram_nonce,
            unknown_user_secret,
        };
        Listener {
            sasl: Arc::new(sasl),
            tls: settings.tls.clone().map(TlsAcceptor::from),
            addresses: Arc::new(AdvertisedBrokers::new(&settings.name, &settings.brokers)),
            active: metrics::connections_active(&settings.name),
            settings,
        }
    }

    /// The addresses to listen on: bootstrap, and one for each broker.
    pub(crate) fn sockets(&self) -> Vec<(SocketAddr, Option<i32>)> {
        let bootstrap = self.settings.address;
        let brokers = self.settings.brokers.ports().into_iter();
        let at = |port| SocketAddr::new(bootstrap.ip(), port);
        std::iter::once((bootstrap, None)).chain(brokers.map(|(node_id, port)| (at(port), Some(node_id)))).collect()
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Binds a port at once, also one that was left a moment ago.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// One bound port, and whose it is.
#[derive(Debug)]
pub(crate) struct Port {
    pub socket: TcpListener,
    pub listener: Arc<Listener>,
    /// The broker that its connections belong to; any, for bootstrap.
    pub node_id: Option<i32>,
}

impl Port {
    /// Accepts until told to stop. `places` are those of `max.connections`: while there is none, the connection that was
    /// accepted last waits, and all others in the backlog, as with Kafka's acceptor. One of an address that has enough is
    /// closed at once.
    pub(crate) async fn accept(
        self,
        shared: Arc<Shared>,
        upstreams: Arc<Upstreams>,
        places: Arc<Semaphore>,
        mut stopping: watch::Receiver<bool>,
    ) {
        let mut pause = FIRST_PAUSE;
        loop {
            let next = async {
                let accepted = self.socket.accept().await;
                let of_address = match &accepted {
                    Ok((_, peer)) => shared.per_address.enter(peer.ip()),
                    Err(_) => None,
                };
                // One that is closed anyway waits for no place.
                let is_refused = accepted.is_ok() && of_address.is_none();
                let place = if is_refused { None } else { Some(Arc::clone(&places).acquire_owned().await.ok()?) };
                Some((accepted, of_address, place))
            };
            let accepted = tokio::select! {
                accepted = next => accepted,
                _ = stopping.wait_for(|stopping| *stopping) => None,
            };
            match accepted {
                None => return,
                Some((Ok((_, peer)), None, _)) => {
                    pause = FIRST_PAUSE;
                    metrics::connection_rejected("too_many_of_address");
                    tracing::debug!(%peer, listener = &*self.listener.settings.name, "refused: its address has enough");
                }
                Some((Ok((stream, peer)), of_address, place)) => {
                    pause = FIRST_PAUSE;
                    if let Some(guest) = self.guest(stream, peer, &shared, &upstreams) {
                        tokio::spawn(async move {
                            guest.serve().await;
                            drop((of_address, place));
                        });
                    }
                }
                Some((Err(error), ..)) if is_of_one_connection(&error) => {}
                // Out of descriptors or memory: accepting again at once would fail again at once.
                Some((Err(error), ..)) => {
                    tracing::warn!(
                        listener = &*self.listener.settings.name,
                        "no connection can be accepted for {} ms: {error}",
                        pause.as_millis()
                    );
                    metrics::connection_rejected("accept_error");
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn guest(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        shared: &Arc<Shared>,
        upstreams: &Arc<Upstreams>,
    ) -> Option<Guest> {
        // Errors mean that the client is gone already.
        stream.set_nodelay(true).ok()?;
        SockRef::from(&stream).set_keepalive(true).ok()?;
        let local = stream.local_addr().ok()?;
        Some(Guest {
            stream,
            peer: SocketAddr::new(peer.ip().to_canonical(), peer.port()),
            local,
            listener: Arc::clone(&self.listener),
            node_id: self.node_id,
            shared: Arc::clone(shared),
            upstreams: Arc::clone(upstreams),
        })
    }
}

/// The connection that was next is broken; the others are not.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
