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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::describe_cluster_response::DescribeClusterBroker;
    use crate::messages::describe_quorum_response::{Listener, Node};
    use crate::messages::find_coordinator_response::Coordinator;
    use crate::messages::metadata_response::{
        MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
    };
    use crate::messages::{fetch_response, produce_response, share_acknowledge_response, share_fetch_response};
    use crate::{Limits, encode_response, guard_response};

    /// Node 1 is at proxy:9101; nobody else is anywhere.
    struct OnlyNode1;

    impl BrokerAddresses for OnlyNode1 {
        fn address(&self, node_id: i32) -> Option<(StrBytes, u16)> {
            (node_id == 1).then(|| (StrBytes::from_static_str("proxy"), 9101))
        }
    }

    fn hidden() -> StrBytes {
        StrBytes::from_static_str("kafka.internal")
    }

    fn proxy() -> StrBytes {
        StrBytes::from_static_str("proxy")
    }

    #[test]
    fn metadata_leaves_out_unreachable_brokers_and_the_ids_that_point_to_them() {
        let broker =
            |id: i32| MetadataResponseBroker::default().with_node_id(id.into()).with_host(hidden()).with_port(9092);
        let partition = |leader: i32| {
            MetadataResponsePartition::default()
                .with_leader_id(leader.into())
                .with_replica_nodes(vec![1.into(), 2.into()])
        };
        let response = |brokers, controller: i32, partitions| {
            MetadataResponse::default()
                .with_brokers(brokers)
                .with_controller_id(controller.into())
                .with_topics(vec![MetadataResponseTopic::default().with_partitions(partitions)])
        };
        let mut metadata = response(vec![broker(1), broker(2)], 2, vec![partition(1), partition(2), partition(-1)]);
        assert_eq!(metadata.replace_addresses(12, &OnlyNode1), 1);
        let known = broker(1).with_host(proxy()).with_port(9101);
        let leaderless = partition(-1).with_error_code(ErrorCode::LEADER_NOT_AVAILABLE.0);
        assert_eq!(metadata, response(vec![known], -1, vec![partition(1), leaderless, partition(-1)]));
    }

    #[test]
    fn an_unreachable_coordinator_is_one_that_is_not_available() {
        let entry = |node: i32, host: StrBytes, port: i32| {
            Coordinator::default().with_node_id(node.into()).with_host(host).with_port(port)
        };
        let failed = entry(-1, StrBytes::new(), -1).with_error_code(30);
        let unavailable = entry(-1, StrBytes::new(), -1).with_error_code(15);
        let coordinators = |entries| FindCoordinatorResponse::default().with_coordinators(entries);
        let mut response = coordinators(vec![entry(1, hidden(), 9092), entry(2, hidden(), 9092), failed.clone()]);
        assert_eq!(response.replace_addresses(4, &OnlyNode1), 1);
        assert_eq!(response, coordinators(vec![entry(1, proxy(), 9101), unavailable, failed]));

        let single = |node: i32, host: StrBytes, port: i32| {
            FindCoordinatorResponse::default().with_node_id(node.into()).with_host(host).with_port(port)
        };
        let mut response = single(2, hidden(), 9092);
        assert_eq!(response.replace_addresses(3, &OnlyNode1), 1);
        let text = StrBytes::from_static_str("The coordinator is not available.");
        let unavailable = single(-1, StrBytes::new(), -1).with_error_code(15).with_error_message(Some(text));
        assert_eq!(response, unavailable);
        let mut response = single(1, hidden(), 9092);
        assert_eq!(response.replace_addresses(0, &OnlyNode1), 0);
        assert_eq!(response, single(1, proxy(), 9101));
    }

    #[test]
    fn describe_cluster_shows_reachable_brokers_and_never_controllers() {
        let broker = |id: i32, host: StrBytes, port| {
            DescribeClusterBroker::default().with_broker_id(id.into()).with_host(host).with_port(port)
        };
        let cluster = |endpoint_type, controller: i32, brokers| {
            DescribeClusterResponse::default()
                .with_endpoint_type(endpoint_type)
                .with_controller_id(controller.into())
                .with_brokers(brokers)
        };
        let both = || vec![broker(1, hidden(), 9092), broker(2, hidden(), 9092)];
        let mut brokers = cluster(1, 1, both());
        assert_eq!(brokers.replace_addresses(1, &OnlyNode1), 1);
        assert_eq!(brokers, cluster(1, 1, vec![broker(1, proxy(), 9101)]));
        let mut controllers = cluster(2, 2, both());
        assert_eq!(controllers.replace_addresses(1, &OnlyNode1), 2);
        assert_eq!(controllers, cluster(2, -1, vec![]));
    }

    #[test]
    fn describe_quorum_shows_no_listeners_of_controllers() {
        let node = |listeners| Node::default().with_node_id(1.into()).with_listeners(listeners);
        let quorum = |nodes| DescribeQuorumResponse::default().with_nodes(nodes);
        let mut response = quorum(vec![node(vec![Listener::default().with_host(hidden()).with_port(9093)])]);
        assert_eq!(response.replace_addresses(2, &OnlyNode1), 0);
        assert_eq!(response, quorum(vec![node(vec![])]));
    }

    /// The four that hint at a new leader have the same shape in types of their own: two partitions whose leaders moved
    /// to nodes 1 and 2, and the addresses of both.
    macro_rules! leader_hints_follow_the_endpoints {
        ($test:ident, ($key:ident, $version:literal), $module:ident::{$response:ident, $topic:ident, $partition:ident}, $partitions:ident) => {
            #[test]
            fn $test() {
                use $module::{LeaderIdAndEpoch, NodeEndpoint, $partition, $topic};
                let endpoint = |id: i32, host: StrBytes, port| {
                    NodeEndpoint::default().with_node_id(id.into()).with_host(host).with_port(port)
                };
                let partition = |leader: i32, epoch| {
                    let leader = LeaderIdAndEpoch::default().with_leader_id(leader.into()).with_leader_epoch(epoch);
                    $partition::default()
                        .with_error_code(ErrorCode::NOT_LEADER_OR_FOLLOWER.0)
                        .with_current_leader(leader)
                };
                let response = |partitions, endpoints| {
                    $response::default()
                        .with_responses(vec![$topic::default().$partitions(partitions)])
                        .with_node_endpoints(endpoints)
                };
                let mut moved = response(
                    vec![partition(1, 5), partition(2, 6)],
                    vec![endpoint(1, hidden(), 9092), endpoint(2, hidden(), 9092)],
                );
                let frame = encode_response($version, 1, &moved).unwrap().slice(4..);
                let guarded = guard_response(ApiKey::$key, $version, frame, &Limits::default()).unwrap();
                assert!(guarded.has_addresses && carries_addresses(ApiKey::$key, $version));

                assert_eq!(moved.replace_addresses($version, &OnlyNode1), 1);
                let expected = response(vec![partition(1, 5), partition(-1, -1)], vec![endpoint(1, proxy(), 9101)]);
                assert_eq!(moved, expected);
            }
        };
    }

    leader_hints_follow_the_endpoints!(
        in_produce_leader_hints_follow_the_endpoints,
        (Produce, 10),
        produce_response::{ProduceResponse, TopicProduceResponse, PartitionProduceResponse},
        with_partition_responses
    );
    leader_hints_follow_the_endpoints!(
        in_fetch_leader_hints_follow_the_endpoints,
        (Fetch, 16),
        fetch_response::{FetchResponse, FetchableTopicResponse, PartitionData},
        with_partitions
    );
    leader_hints_follow_the_endpoints!(
        in_share_fetch_leader_hints_follow_the_endpoints,
        (ShareFetch, 1),
        share_fetch_response::{ShareFetchResponse, ShareFetchableTopicResponse, PartitionData},
        with_partitions
    );
    leader_hints_follow_the_endpoints!(
        in_share_acknowledge_leader_hints_follow_the_endpoints,
        (ShareAcknowledge, 1),
        share_acknowledge_response::{ShareAcknowledgeResponse, ShareAcknowledgeTopicResponse, PartitionData},
        with_partitions
    );

    #[test]
    fn a_fetch_from_a_replica_that_nobody_can_reach_goes_to_the_leader() {
        use fetch_response::{FetchableTopicResponse, PartitionData};
        let response = |replicas: &[i32]| {
            let partition = |&id: &i32| PartitionData::default().with_preferred_read_replica(id.into());
            let partitions = replicas.iter().map(partition).collect();
            FetchResponse::default().with_responses(vec![FetchableTopicResponse::default().with_partitions(partitions)])
        };
        let mut fetched = response(&[-1, 1, 2]);
        assert_eq!(fetched.replace_addresses(16, &OnlyNode1), 0);
        assert_eq!(fetched, response(&[-1, 1, -1]));
    }

    #[test]
    fn share_responses_without_an_error_keep_their_meaningless_leader() {
        use share_fetch_response::{PartitionData, ShareFetchableTopicResponse};
        let topic = ShareFetchableTopicResponse::default().with_partitions(vec![PartitionData::default()]);
        let mut response = ShareFetchResponse::default().with_responses(vec![topic]);
        let before = response.clone();
        assert_eq!(response.replace_addresses(1, &OnlyNode1), 0);
        assert_eq!(response, before);
    }
}
