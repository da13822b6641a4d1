//! A real broker, as a client's connection sees it.

use std::sync::Arc;
use std::time::Duration;

use acl::KafkaPrincipal;
use apis::{BrokerVersions, Found, Lookup};
use client::{Connector, LoginError, LoginStep, RequestError, Stream};
use protocol::BrokerAddresses;
use tokio::time::timeout;

use crate::broker_ports::AdvertisedBrokers;
use crate::brokers::{Brokers, Node};
use crate::metrics;
use crate::topics::{LookupError, Topics};
use crate::upstream::{Broker, Link, Unavailable, Upstream};

/// How long a client waits for a broker that is not known.
const PATIENCE: Duration = Duration::from_secs(5);

/// What leads to the brokers. One for the process.
#[derive(Debug)]
pub(crate) struct Upstreams {
    pub connector: Connector,
    pub brokers: Arc<Brokers>,
    pub topics: Arc<Topics>,
}

/// The broker that a client's connection belongs to.
#[derive(Debug)]
pub(crate) struct NodeBroker {
    upstreams: Arc<Upstreams>,
    node: Arc<Node>,
    versions: Arc<BrokerVersions>,
    addresses: Arc<AdvertisedBrokers>,
}

impl Upstreams {
    /// The broker of a port, or any live one for a bootstrap connection. One that is not known yet is waited for, for a
    /// while: it may just have joined, or the whole cluster may just be starting.
    pub(crate) async fn find(
        self: &Arc<Upstreams>,
        node_id: Option<i32>,
        addresses: &Arc<AdvertisedBrokers>,
    ) -> Result<NodeBroker, Unavailable> {
        let node = timeout(PATIENCE, self.node(node_id)).await.unwrap_or_else(|_| Err(not_known(node_id)))?;
        let versions = node.versions().await.map_err(unavailable)?;
        Ok(NodeBroker { upstreams: Arc::clone(self), node, versions, addresses: Arc::clone(addresses) })
    }

    async fn node(&self, node_id: Option<i32>) -> Result<Arc<Node>, Unavailable> {
        let mut changes = self.brokers.changes();
        loop {
            changes.borrow_and_update();
            let found = match node_id {
                Some(id) => self.brokers.node(id),
                None => self.brokers.any_live(),
            };
            match found {
                Some(node) => return Ok(node),
                None if changes.changed().await.is_err() => {
                    return Err(Unavailable { text: "we stop".to_owned(), reason: "unreachable" });
                }
                None => {}
            }
        }
    }
}

impl Broker for NodeBroker {
    type Stream = Stream;

    fn versions(&self) -> Arc<BrokerVersions> {
        Arc::clone(&self.versions)
    }

    fn addresses(&self) -> &dyn BrokerAddresses {
        &*self.addresses
    }

    async fn connect(&self) -> Result<Link<Stream>, Unavailable> {
        if !self.upstreams.brokers.cluster().may_forward() {
            let text = "a broker belongs to another cluster, nothing is forwarded".to_owned();
            return Err(Unavailable { text, reason: "protocol" });
        }
        match self.upstreams.connector.connect(self.node.address()).await {
            Ok(connected) => Ok(Link { stream: connected.stream, session_lifetime: connected.session_lifetime }),
            Err(error) => {
                metrics::upstream_connect_error(error.reason());
                self.upstreams.brokers.miss();
                Err(Unavailable { text: error.to_string(), reason: error.reason() })
            }
        }
    }

    async fn log_in_again(&self, upstream: &mut Upstream<Stream>) -> Result<Option<Duration>, Unavailable> {
        let after = self.upstreams.connector.settings().connect_timeout;
        let login = timeout(after, self.login(upstream))
            .await
            .unwrap_or_else(|_| Err(Unavailable { text: format!("no answer within {after:?}"), reason: "timeout" }));
        login.map_err(|Unavailable { text, reason }| {
            metrics::upstream_connect_error(reason);
            Unavailable { text: format!("the session at `{}` is not prolonged: {text}", self.node.address()), reason }
        })
    }

    async fn resolve(&self, caller: &KafkaPrincipal, lookup: Lookup) -> Result<Found, Unavailable> {
        self.upstreams.topics.resolve(&self.node, caller, &lookup).await.map_err(|error| match error {
            LookupError::Request(error) => unavailable(error),
            LookupError::TooLong { .. } => Unavailable { text: error.to_string(), reason: "timeout" },
            LookupError::Refused { .. } | LookupError::NoAutoCreate { .. } => {
                Unavailable { text: error.to_string(), reason: "protocol" }
            }
        })
    }
}

impl NodeBroker {
    async fn login(&self, upstream: &mut Upstream<Stream>) -> Result<Option<Duration>, Unavailable> {
        let versions = self.node.control().versions().await.map_err(unavailable)?;
        let Some(begun) = self.upstreams.connector.login_again(&versions).map_err(|error| refused(&error))? else {
            return Ok(None);
        };
        let (mut request, mut login) = begun;
        loop {
            let answer = upstream.exchange(request).await;
            let answer = answer.map_err(|error| Unavailable { text: error.to_string(), reason: "unreachable" })?;
            // Key derivation takes milliseconds: not on a thread that serves connections.
            let step = tokio::task::spawn_blocking(move || login.handle(answer)).await;
            let step = step.map_err(|error| Unavailable { text: error.to_string(), reason: "unreachable" })?;
            match step.map_err(|error| refused(&error))? {
                LoginStep::Send(next, waiting) => (request, login) = (next, waiting),
                LoginStep::Done { session_lifetime } => return Ok(session_lifetime),
            }
        }
    }
}

fn refused(error: &LoginError) -> Unavailable {
    let reason = match error {
        LoginError::Refused { .. } | LoginError::Mechanism { .. } | LoginError::Encode(_) => "authentication",
        LoginError::Broker(_) => "protocol",
    };
    Unavailable { text: error.to_string(), reason }
}

fn not_known(node_id: Option<i32>) -> Unavailable {
    let text = match node_id {
        Some(id) => format!("no broker has node id `{id}` now"),
        None => "no broker is known yet".to_owned(),
    };
    Unavailable { text, reason: "unreachable" }
}

fn unavailable(error: RequestError) -> Unavailable {
    let reason = match &error {
        RequestError::Connect(error) => error.reason(),
        RequestError::Timeout { .. } => "timeout",
        RequestError::Broker { .. } | RequestError::Unsendable { .. } | RequestError::Ended { .. } => "protocol",
    };
    Unavailable { text: error.to_string(), reason }
}
