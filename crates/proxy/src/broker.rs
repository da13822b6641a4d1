//! A real broker, as a client's connection sees it.

use std::sync::Arc;

use apis::{BrokerVersions, Found, Lookup};
use client::{Connector, RequestError, Stream};
use protocol::BrokerAddresses;

use crate::broker_ports::AdvertisedBrokers;
use crate::brokers::{Brokers, Node};
use crate::metrics;
use crate::topics::{LookupError, Topics};
use crate::upstream::{Broker, Unavailable};

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
    /// The broker of a port, or any live one for a bootstrap connection. Waits for one that is not known yet.
    pub(crate) async fn find(
        self: &Arc<Upstreams>,
        node_id: Option<i32>,
        addresses: &Arc<AdvertisedBrokers>,
    ) -> Result<NodeBroker, Unavailable> {
        let node = self.node(node_id).await?;
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

    async fn connect(&self) -> Result<Stream, Unavailable> {
        if !self.upstreams.brokers.cluster().may_forward() {
            let text = "a broker belongs to another cluster, nothing is forwarded".to_owned();
            return Err(Unavailable { text, reason: "protocol" });
        }
        match self.upstreams.connector.connect(self.node.address()).await {
            Ok(connected) => Ok(connected.stream),
            Err(error) => {
                metrics::upstream_connect_error(error.reason());
                self.upstreams.brokers.refresh_soon();
                Err(Unavailable { text: error.to_string(), reason: error.reason() })
            }
        }
    }

    async fn resolve(&self, lookup: Lookup) -> Result<Found, Unavailable> {
        self.upstreams.topics.resolve(&self.node, &lookup).await.map_err(|error| match error {
            LookupError::Request(error) => unavailable(error),
            LookupError::Refused { .. } | LookupError::NoAutoCreate { .. } => {
                Unavailable { text: error.to_string(), reason: "protocol" }
            }
        })
    }
}

fn unavailable(error: RequestError) -> Unavailable {
    let reason = match &error {
        RequestError::Connect(error) => error.reason(),
        RequestError::Timeout { .. } => "timeout",
        RequestError::Broker { .. } | RequestError::Unsendable { .. } | RequestError::Ended { .. } => "protocol",
    };
    Unavailable { text: error.to_string(), reason }
}
