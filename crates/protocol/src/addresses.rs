//! Broker addresses in responses: eight carry them, and one that leaked would lead clients around us.
//!
//! Every address is replaced by the one under which we offer that broker. A broker that we offer nowhere is left out,
//! together with the ids that point to it: a client that knows an id without an address asks for metadata for ever.

use kafka_protocol::protocol::StrBytes;

use crate::api_key::ApiKey;
use crate::error_code::ErrorCode;
use crate::messages::*;

/// Where clients of one listener find the brokers.
pub trait BrokerAddresses {
    /// Host and port under which clients reach this node through us; `None` if they cannot.
    fn address(&self, node_id: i32) -> Option<(StrBytes, u16)>;
}

/// A response that carries the addresses of brokers.
pub trait CarriesAddresses {
    /// Replaces every address, and leaves out what cannot be reached. Returns how many nodes were left out.
    fn replace_addresses(&mut self, version: i16, brokers: &dyn BrokerAddresses) -> usize;
}

/// Whether responses of this API and version have fields for addresses at all.
pub const fn carries_addresses(api_key: ApiKey, version: i16) -> bool {
    match api_key {
        ApiKey::Metadata
        | ApiKey::FindCoordinator
        | ApiKey::DescribeCluster
        | ApiKey::ShareFetch
        | ApiKey::ShareAcknowledge => true,
        ApiKey::DescribeQuorum => version >= 2,
        ApiKey::Produce => version >= 10,
        ApiKey::Fetch => version >= 16,
        _ => false,
    }
}

const NO_NODE: i32 = -1;

fn reachable(brokers: &dyn BrokerAddresses, node_id: i32) -> bool {
    brokers.address(node_id).is_some()
}

/// Rewrites the entries of a list of nodes, and drops those without an address.
macro_rules! replace_nodes {
    ($nodes:expr, $id:ident, $brokers:expr) => {{
        let before = $nodes.len();
        $nodes.retain_mut(|node| match $brokers.address(node.$id.into()) {
            Some((host, port)) => {
                node.host = host;
                node.port = port.into();
                true
            }
            None => false,
        });
        before - $nodes.len()
    }};
}

impl CarriesAddresses for MetadataResponse {
    fn replace_addresses(&mut self, _version: i16, brokers: &dyn BrokerAddresses) -> usize {
        let left_out = replace_nodes!(self.brokers, node_id, brokers);
        if !reachable(brokers, self.controller_id.0) {
            self.controller_id = NO_NODE.into();
        }
        for partition in self.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
            if partition.leader_id.0 >= 0 && !reachable(brokers, partition.leader_id.0) {
                partition.leader_id = NO_NODE.into();
                partition.error_code = ErrorCode::LEADER_NOT_AVAILABLE.0;
            }
        }
        left_out
    }
}

/// A coordinator that nobody can reach is one that is not available (from version 4 on without a text, as in Kafka).
macro_rules! replace_coordinator {
    ($entry:expr, $brokers:expr) => {{
        match $brokers.address($entry.node_id.into()) {
            Some((host, port)) => {
                $entry.host = host;
                $entry.port = port.into();
                0
            }
            None if $entry.node_id.0 < 0 && $entry.host.is_empty() => 0,
            None => {
                $entry.error_code = ErrorCode::COORDINATOR_NOT_AVAILABLE.0;
                $entry.node_id = NO_NODE.into();
                $entry.host = StrBytes::new();
                $entry.port = -1;
                1
            }
        }
    }};
}

impl CarriesAddresses for FindCoordinatorResponse {
    fn replace_addresses(&mut self, version: i16, brokers: &dyn BrokerAddresses) -> usize {
        if version >= 4 {
            return self.coordinators.iter_mut().map(|entry| replace_coordinator!(entry, brokers)).sum();
        }
        let left_out = replace_coordinator!(self, brokers);
        if left_out > 0 {
            self.error_message = Some(StrBytes::from_static_str(ErrorCode::COORDINATOR_NOT_AVAILABLE.message()));
        }
        left_out
    }
}

impl CarriesAddresses for DescribeClusterResponse {
    fn replace_addresses(&mut self, _version: i16, brokers: &dyn BrokerAddresses) -> usize {
        if !reachable(brokers, self.controller_id.0) {
            self.controller_id = NO_NODE.into();
        }
        if self.endpoint_type == BROKER_ENDPOINTS {
            return replace_nodes!(self.brokers, broker_id, brokers);
        }
        std::mem::take(&mut self.brokers).len()
    }
}

/// KIP-919: 1 lists brokers, 2 controllers, which nobody reaches through us even where ids are shared.
const BROKER_ENDPOINTS: i8 = 1;

/// The listeners here are the controllers'.
impl CarriesAddresses for DescribeQuorumResponse {
    fn replace_addresses(&mut self, _version: i16, _brokers: &dyn BrokerAddresses) -> usize {
        for node in &mut self.nodes {
            node.listeners.clear();
        }
        0
    }
}

impl CarriesAddresses for ProduceResponse {
    fn replace_addresses(&mut self, _version: i16, brokers: &dyn BrokerAddresses) -> usize {
        for partition in self.responses.iter_mut().flat_map(|topic| &mut topic.partition_responses) {
            let leader = &mut partition.current_leader;
            if !reachable(brokers, leader.leader_id.0) {
                leader.leader_id = NO_NODE.into();
                leader.leader_epoch = -1;
            }
        }
        replace_nodes!(self.node_endpoints, node_id, brokers)
    }
}

impl CarriesAddresses for FetchResponse {
    fn replace_addresses(&mut self, _version: i16, brokers: &dyn BrokerAddresses) -> usize {
        for partition in self.responses.iter_mut().flat_map(|topic| &mut topic.partitions) {
            let leader = &mut partition.current_leader;
            if !reachable(brokers, leader.leader_id.0) {
                leader.leader_id = NO_NODE.into();
                leader.leader_epoch = -1;
            }
            if !reachable(brokers, partition.preferred_read_replica.0) {
                partition.preferred_read_replica = NO_NODE.into();
            }
        }
        replace_nodes!(self.node_endpoints, node_id, brokers)
    }
}

/// Share responses always carry the leader field; without an error it is 0/0 and means nothing.
macro_rules! replace_share_leaders {
    ($responses:expr, $brokers:expr) => {
        for partition in $responses.iter_mut().flat_map(|topic| &mut topic.partitions) {
            let leader = &mut partition.current_leader;
            if partition.error_code != 0 && !reachable($brokers, leader.leader_id) {
                leader.leader_id = NO_NODE;
                leader.leader_epoch = -1;
            }
        }
    };
}

impl CarriesAddresses for ShareFetchResponse {
    fn replace_addresses(&mut self, _version: i16, brokers: &dyn BrokerAddresses) -> usize {
        replace_share_leaders!(self.responses, brokers);
        replace_nodes!(self.node_endpoints, node_id, brokers)
    }
}

impl CarriesAddresses for ShareAcknowledgeResponse {
    fn replace_addresses(&mut self, _version: i16, brokers: &dyn BrokerAddresses) -> usize {
        replace_share_leaders!(self.responses, brokers);
        replace_nodes!(self.node_endpoints, node_id, brokers)
    }
}
