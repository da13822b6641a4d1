//! One broker: where it is, what it can do, and our own connection to it.

use std::sync::{Arc, Mutex};

use apis::BrokerVersions;
use client::{Connector, ControlConnection, HostPort, RequestError};
use protocol::messages::ApiVersionsResponse;
use tokio::sync::Notify;

/// A broker at one address. One that has moved is another `Node` with the same id.
#[derive(Debug)]
pub(crate) struct Node {
    id: i32,
    control: ControlConnection,
    /// What was made of the control connection's last answer to ApiVersions.
    learned: Mutex<Option<Learned>>,
}

#[derive(Debug)]
struct Learned {
    response: Arc<ApiVersionsResponse>,
    versions: Arc<BrokerVersions>,
}

impl Node {
    pub(crate) fn new(id: i32, connector: Connector, address: HostPort, lost: Arc<Notify>) -> Node {
        Node { id, control: ControlConnection::new(connector, address, lost), learned: Mutex::default() }
    }

    /// Kafka's node id (`node.id`).
    pub(crate) fn id(&self) -> i32 {
        self.id
    }

    pub(crate) fn address(&self) -> &HostPort {
        self.control.address()
    }

    /// For what Doorkeeper itself asks this broker.
    pub(crate) fn control(&self) -> &ControlConnection {
        &self.control
    }

    /// Whether the control connection stands.
    pub(crate) fn is_connected(&self) -> bool {
        self.control.state().connected
    }

    /// What the broker can do. Asks it if that is not known, or if it may have been restarted since.
    pub(crate) async fn versions(&self) -> Result<Arc<BrokerVersions>, RequestError> {
        Ok(self.learn(self.control.versions().await?))
    }

    fn learn(&self, response: Arc<ApiVersionsResponse>) -> Arc<BrokerVersions> {
        let mut learned = self.learned.lock().expect("nobody panics while holding the lock");
        if let Some(known) = &*learned
            && Arc::ptr_eq(&known.response, &response)
        {
            return Arc::clone(&known.versions);
        }
        let versions = Arc::new(BrokerVersions::new(ApiVersionsResponse::clone(&response)));
        *learned = Some(Learned { response, versions: Arc::clone(&versions) });
        versions
    }
}
