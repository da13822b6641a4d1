//! The whole proxy: [`bind`] takes every port, or says which one it could not have; [`Bound::serve`] runs until told to
//! stop.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use client::Connector;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::audit::{Audit, ConfigurationEvent, Event};
use crate::audit_writer::AuditWriter;
use crate::broker::Upstreams;
use crate::broker_ports::BrokerPortsError;
use crate::brokers::Brokers;
use crate::clock::Clock;
use crate::connections::{Closed, Order};
use crate::listener::{Listener, Port, listen};
use crate::metrics;
use crate::session::random;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::shutdown::shut_down;
use crate::topics::Topics;

/// How often the cluster is asked for its brokers when nothing is missed.
const REFRESH: Duration = Duration::from_secs(30);

/// Why the proxy could not start. All are the operator's or the machine's.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    #[error("listener `{listener}` cannot listen on `{address}`: {source}")]
    Bind { listener: String, address: SocketAddr, source: io::Error },
    #[error("listener `{listener}`: {source}")]
    BrokerPorts { listener: String, source: BrokerPortsError },
    #[error("the audit cannot be written: {0}")]
    Audit(#[source] io::Error),
    #[error("the system gives no random bytes")]
    Random,
}

/// A proxy that has all its ports.
#[derive(Debug)]
pub struct Bound {
    ports: Vec<Port>,
    shared: Arc<Shared>,
    upstreams: Arc<Upstreams>,
    writer: AuditWriter,
    shutdown_delay: Duration,
    shutdown_deadline: Duration,
}

/// Binds all ports, and begins to look for the brokers. Nothing is accepted yet.
pub async fn bind(settings: Settings, upstream: Connector, stores: store::Stores) -> Result<Bound, ProxyError> {
    let secret = random().map_err(|_| ProxyError::Random)?;
    let mut ports = Vec::new();
    for settings_of_one in settings.listeners {
        let name = settings_of_one.name.to_string();
        settings_of_one
            .brokers
            .validate()
            .map_err(|source| ProxyError::BrokerPorts { listener: name.clone(), source })?;
        let listener = Arc::new(Listener::new(settings_of_one, settings.limits.sasl_max_receive_bytes, secret));
        for (address, node_id) in listener.sockets() {
            let socket =
                listen(address).map_err(|source| ProxyError::Bind { listener: name.clone(), address, source })?;
            let bound = socket.local_addr().unwrap_or(address);
            tracing::info!(listener = name, address = %bound, node_id, "listening");
            ports.push(Port { socket, listener: Arc::clone(&listener), node_id });
        }
    }
    let (audit, writer) = Audit::start(settings.audit).map_err(ProxyError::Audit)?;
    let shared = Shared::new(settings.limits, stores, audit);
    let snapshot = shared.current.load();
    metrics::policy_loaded(snapshot.generation, snapshot.policy.len(), snapshot.users.len());
    drop(snapshot);
    let brokers = Brokers::start(upstream.clone(), REFRESH);
    let upstreams = Arc::new(Upstreams { connector: upstream, brokers, topics: Topics::new() });
    let (shutdown_delay, shutdown_deadline) = (settings.shutdown_delay, settings.shutdown_deadline);
    Ok(Bound { ports, shared, upstreams, writer, shutdown_delay, shutdown_deadline })
}

impl Bound {
    /// Every bound address, with its listener and its broker: `None` for bootstrap.
    pub fn addresses(&self) -> Vec<(Arc<str>, SocketAddr, Option<i32>)> {
        let address = |port: &Port| {
            let address = port.socket.local_addr().ok()?;
            Some((Arc::clone(&port.listener.settings.name), address, port.node_id))
        };
        self.ports.iter().filter_map(address).collect()
    }

    /// Returns when the upstream has answered for the first time.
    pub fn upstream_seen(&self) -> impl Future<Output = ()> + Send + 'static {
        let upstreams = Arc::clone(&self.upstreams);
        async move { upstreams.brokers.first_seen().await }
    }

    /// Tells the audit which configuration this start is with, and which the one before was, if anybody knows.
    pub async fn tell_configuration(&self, file: &Path, before: Option<String>, after: String) {
        let file = file.display().to_string();
        self.shared.audit.configuration(ConfigurationEvent { file, before, after }).await;
    }

    /// Tells the audit what the command line changed in a store, and empties its journal when that is written. If either
    /// fails, the next start tells it again.
    pub async fn tell_offline_changes(&self, mut journal: store::embedded::Journal) {
        let store = journal.directory.display().to_string();
        if self.shared.audit.offline(store, std::mem::take(&mut journal.untold)).await
            && let Err(error) = journal.forget().await
        {
            tracing::warn!("changes made by commands will be told again at the next start: {error}");
        }
    }

    /// Tells audit and metrics what becomes of each reload, until the store ends.
    pub fn follow_reloads(&self, mut reloads: mpsc::Receiver<store::Reload>) {
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            while let Some(reload) = reloads.recv().await {
                metrics::reload(&reload);
                shared.audit.reload(reload).await;
            }
        });
    }

    /// Accepts and serves until `shutdown` is there, then ends in good order (`shutdown.rs`).
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let Bound { ports, shared, upstreams, writer, shutdown_delay, shutdown_deadline } = self;
        let places = Arc::new(Semaphore::new(shared.limits.max_connections.min(Semaphore::MAX_PERMITS)));
        let (stopping, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for port in ports {
            let (shared, upstreams) = (Arc::clone(&shared), Arc::clone(&upstreams));
            tasks.spawn(port.accept(shared, upstreams, Arc::clone(&places), stopped.clone()));
        }
        tasks.spawn(sweep(Arc::clone(&shared)));
        tasks.spawn(watch_users(Arc::clone(&shared)));
        tasks.spawn(watch_cluster(Arc::clone(&shared), Arc::clone(&upstreams)));
        shutdown.await;
        shut_down(Arc::clone(&shared.connections), stopping, shutdown_delay, shutdown_deadline).await;
        tasks.shutdown().await;
        shared.audit.wait([Event::End]).await;
        // It writes what is in the queue.
        let _ = tokio::task::spawn_blocking(move || writer.join()).await;
    }
}

/// Looks for connections that stand still, and tells the gauges what all of them come to.
async fn sweep(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(Clock::TICK);
    let mut since_forgotten = 0;
    loop {
        ticks.tick().await;
        let in_flight = shared.connections.sweep();
        shared.metrics.in_flight_requests.set(in_flight as f64);
        shared.metrics.budget_used_bytes.set(shared.budget.used() as f64);
        metrics::stores_followed(&shared.stores);
        since_forgotten += 1;
        if since_forgotten == 240 {
            since_forgotten = 0;
            shared.grants.forget_dead();
        }
    }
}

/// Closes the connections of users that the store no longer has.
async fn watch_users(shared: Arc<Shared>) {
    let mut generations = shared.current.subscribe();
    while generations.changed().await.is_ok() {
        let snapshot = shared.current.load_full();
        shared.connections.close_users(|user| snapshot.users.contains(user));
    }
}

/// Closes everything while a broker says that it belongs to another cluster.
async fn watch_cluster(shared: Arc<Shared>, upstreams: Arc<Upstreams>) {
    let mut changes = upstreams.brokers.changes();
    while changes.changed().await.is_ok() {
        let may_forward = changes.borrow_and_update().may_forward();
        if !may_forward {
            for id in shared.connections.ids() {
                shared.connections.give(id, Order::Close(Closed::OtherCluster));
            }
        }
    }
}
