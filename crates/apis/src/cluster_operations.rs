//! The APIs that are decided by one operation on the cluster ([`crate::row::cluster`]), and no file of their own.
//!
//! The broker or the controller refuses the whole request (`AuthHelper.authorizeClusterOperation`), whatever it names.
//! Where a broker then puts a dump of the request, the words here are the code's standard ones (`docs/differences.md`).
//! Those of the share coordinator are the standard ones in a broker, too (`toGlobalErrorResponse`).

use protocol::StrBytes;
use protocol::messages::*;

/// Beside the code of each partition.
pub(crate) fn elect_leaders(response: &mut ElectLeadersResponse, words: StrBytes) {
    for partition in response.replica_election_results.iter_mut().flat_map(|topic| &mut topic.partition_result) {
        partition.error_message = Some(words.clone());
    }
}

/// At the top, and beside the code of each partition.
pub(crate) fn alter_partition_reassignments(response: &mut AlterPartitionReassignmentsResponse, words: StrBytes) {
    for partition in response.responses.iter_mut().flat_map(|topic| &mut topic.partitions) {
        partition.error_message = Some(words.clone());
    }
    response.error_message = Some(words);
}

/// At the top.
pub(crate) fn list_partition_reassignments(response: &mut ListPartitionReassignmentsResponse, words: StrBytes) {
    response.error_message = Some(words);
}

/// At the top.
pub(crate) fn update_features(response: &mut UpdateFeaturesResponse, words: StrBytes) {
    response.error_message = Some(words);
}

/// Beside the code of each partition.
pub(crate) fn initialize_share_group_state(response: &mut InitializeShareGroupStateResponse, words: StrBytes) {
    for partition in response.results.iter_mut().flat_map(|topic| &mut topic.partitions) {
        partition.error_message = Some(words.clone());
    }
}

/// Beside the code of each partition.
pub(crate) fn delete_share_group_state(response: &mut DeleteShareGroupStateResponse, words: StrBytes) {
    for partition in response.results.iter_mut().flat_map(|topic| &mut topic.partitions) {
        partition.error_message = Some(words.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use protocol::{Decodable, Encodable, ErrorCode, ErrorResponse};
    use uuid::Uuid;

    use super::*;
    use crate::testing::{Client, Shown, on_the_wire, str_bytes};

    const DENIED: i16 = ErrorCode::CLUSTER_AUTHORIZATION_FAILED.0;
    const ID: Uuid = Uuid::from_u128(7);

    fn words() -> Option<StrBytes> {
        Some(str_bytes(ErrorCode::CLUSTER_AUTHORIZATION_FAILED.message()))
    }

    /// With the operation a request passes through; without it, it is answered here. In each version, since that is
    /// where the code and the words may go.
    fn one_operation_decides<T>(
        operation: &str,
        versions: std::ops::RangeInclusive<i16>,
        request: &T,
        denied: impl Fn(i16) -> T::Response,
    ) where
        T: ErrorResponse + Shown + PartialEq,
        T::Response: Encodable + Decodable + PartialEq + Debug,
    {
        for version in versions {
            let request = on_the_wire(version, request);
            let mut client = Client::with(&[&format!("allow {operation} Cluster")]);
            let asked = client.ask(version, &request);
            assert_eq!(client.decisions(), [format!("allowed {operation} Cluster kafka-cluster")]);
            assert!(asked.went_on_as_it_came());

            client.acls_are_now(&["allow All Topic *", "allow All Group *", &format!("deny {operation} Cluster")]);
            let asked = client.ask(version, &request);
            assert_eq!(client.decisions(), [format!("denied {operation} Cluster kafka-cluster")]);
            assert_eq!(asked.response(), on_the_wire(version, &denied(version)), "version {version}");
        }
    }

    #[test]
    fn alter_replica_log_dirs() {
        use alter_replica_log_dirs_request::{AlterReplicaLogDir, AlterReplicaLogDirTopic};
        use alter_replica_log_dirs_response::{AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult};
        let topic =
            AlterReplicaLogDirTopic::default().with_name(str_bytes("orders").into()).with_partitions(vec![0, 1]);
        let directory =
            |path| AlterReplicaLogDir::default().with_path(str_bytes(path)).with_topics(vec![topic.clone()]);
        let request = AlterReplicaLogDirsRequest::default().with_dirs(vec![directory("/a"), directory("/b")]);
        one_operation_decides("Alter", 1..=2, &request, |_| {
            let partition = |index| {
                AlterReplicaLogDirPartitionResult::default().with_partition_index(index).with_error_code(DENIED)
            };
            let topic = AlterReplicaLogDirTopicResult::default()
                .with_topic_name(str_bytes("orders").into())
                .with_partitions(vec![partition(0), partition(1)]);
            AlterReplicaLogDirsResponse::default().with_results(vec![topic.clone(), topic])
        });
    }

    #[test]
    fn elect_leaders_of_partitions_or_of_all() {
        use elect_leaders_request::TopicPartitions;
        use elect_leaders_response::{PartitionResult, ReplicaElectionResult};
        let topic = TopicPartitions::default().with_topic(str_bytes("orders").into()).with_partitions(vec![3]);
        let request = ElectLeadersRequest::default().with_topic_partitions(Some(vec![topic]));
        let top = |version| ElectLeadersResponse::default().with_error_code(if version == 0 { 0 } else { DENIED });
        one_operation_decides("Alter", 0..=2, &request, |version| {
            let partition =
                PartitionResult::default().with_partition_id(3).with_error_code(DENIED).with_error_message(words());
            let topic = ReplicaElectionResult::default()
                .with_topic(str_bytes("orders").into())
                .with_partition_result(vec![partition]);
            top(version).with_replica_election_results(vec![topic])
        });
        one_operation_decides("Alter", 0..=2, &ElectLeadersRequest::default().with_topic_partitions(None), top);
    }

    #[test]
    fn alter_partition_reassignments_of_each_partition() {
        use alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic};
        use alter_partition_reassignments_response::{ReassignablePartitionResponse, ReassignableTopicResponse};
        let partition = ReassignablePartition::default().with_partition_index(3);
        let topic = ReassignableTopic::default().with_name(str_bytes("orders").into()).with_partitions(vec![partition]);
        let request = AlterPartitionReassignmentsRequest::default().with_topics(vec![topic]);
        one_operation_decides("Alter", 0..=1, &request, |_| {
            let partition = ReassignablePartitionResponse::default()
                .with_partition_index(3)
                .with_error_code(DENIED)
                .with_error_message(words());
            let topic = ReassignableTopicResponse::default()
                .with_name(str_bytes("orders").into())
                .with_partitions(vec![partition]);
            AlterPartitionReassignmentsResponse::default()
                .with_error_code(DENIED)
                .with_error_message(words())
                .with_responses(vec![topic])
        });
    }

    #[test]
    fn list_partition_reassignments_echoes_what_was_asked() {
        use list_partition_reassignments_request::ListPartitionReassignmentsTopics;
        use list_partition_reassignments_response::{OngoingPartitionReassignment, OngoingTopicReassignment};
        let denied =
            || ListPartitionReassignmentsResponse::default().with_error_code(DENIED).with_error_message(words());
        let all = ListPartitionReassignmentsRequest::default().with_topics(None);
        one_operation_decides("Describe", 0..=0, &all, |_| denied());
        let topic = ListPartitionReassignmentsTopics::default()
            .with_name(str_bytes("orders").into())
            .with_partition_indexes(vec![3]);
        let request = ListPartitionReassignmentsRequest::default().with_topics(Some(vec![topic]));
        one_operation_decides("Describe", 0..=0, &request, |_| {
            let partition = OngoingPartitionReassignment::default().with_partition_index(3);
            let topic = OngoingTopicReassignment::default()
                .with_name(str_bytes("orders").into())
                .with_partitions(vec![partition]);
            denied().with_topics(vec![topic])
        });
    }

    #[test]
    fn describe_client_quotas_has_no_list_at_all() {
        one_operation_decides("DescribeConfigs", 0..=1, &DescribeClientQuotasRequest::default(), |_| {
            DescribeClientQuotasResponse::default().with_error_code(DENIED).with_error_message(None).with_entries(None)
        });
    }

    #[test]
    fn alter_client_quotas_echoes_each_entity() {
        use alter_client_quotas_request::{EntityData as Asked, EntryData as AskedEntry};
        use alter_client_quotas_response::{EntityData, EntryData};
        let entity = Asked::default().with_entity_type(str_bytes("user")).with_entity_name(None);
        let request =
            AlterClientQuotasRequest::default().with_entries(vec![AskedEntry::default().with_entity(vec![entity])]);
        one_operation_decides("AlterConfigs", 0..=1, &request, |_| {
            let entity = EntityData::default().with_entity_type(str_bytes("user")).with_entity_name(None);
            let entry = EntryData::default().with_error_code(DENIED).with_error_message(words());
            AlterClientQuotasResponse::default().with_entries(vec![entry.with_entity(vec![entity])])
        });
    }

    #[test]
    fn describe_quorum() {
        one_operation_decides("Describe", 0..=2, &DescribeQuorumRequest::default(), |_| {
            DescribeQuorumResponse::default().with_error_code(DENIED).with_error_message(words())
        });
    }

    /// A client that knew where the controllers are could go around us.
    #[test]
    fn describe_quorum_tells_no_addresses() {
        use describe_quorum_response::{Listener, Node};
        let listener = Listener::default().with_name(str_bytes("CONTROLLER")).with_host(str_bytes("kafka-1"));
        let node = Node::default().with_node_id(1.into());
        let mut client = Client::with(&["allow Describe Cluster"]);
        let asked = client.ask(2, &DescribeQuorumRequest::default());
        let broker = vec![node.clone().with_listeners(vec![listener.with_port(9093)])];
        let answer = client.answer(asked, DescribeQuorumResponse::default().with_nodes(broker));
        assert_eq!(answer, on_the_wire(2, &DescribeQuorumResponse::default().with_nodes(vec![node])));
    }

    #[test]
    fn update_features() {
        one_operation_decides("Alter", 0..=2, &UpdateFeaturesRequest::default(), |_| {
            UpdateFeaturesResponse::default().with_error_code(DENIED).with_error_message(words())
        });
    }

    #[test]
    fn unregister_broker() {
        one_operation_decides("Alter", 0..=0, &UnregisterBrokerRequest::default(), |_| {
            UnregisterBrokerResponse::default().with_error_code(DENIED).with_error_message(words())
        });
    }

    #[test]
    fn list_config_resources() {
        one_operation_decides("DescribeConfigs", 0..=1, &ListConfigResourcesRequest::default(), |_| {
            ListConfigResourcesResponse::default().with_error_code(DENIED)
        });
    }

    #[test]
    fn add_and_remove_raft_voter() {
        one_operation_decides("Alter", 0..=0, &AddRaftVoterRequest::default(), |_| {
            AddRaftVoterResponse::default().with_error_code(DENIED).with_error_message(words())
        });
        one_operation_decides("Alter", 0..=0, &RemoveRaftVoterRequest::default(), |_| {
            RemoveRaftVoterResponse::default().with_error_code(DENIED).with_error_message(words())
        });
    }

    /// The share coordinator's state: the five differ in the names of their types only.
    macro_rules! share_state_is_denied_by_partition {
        ($($test:ident $request:ident($asked:ident, $asked_topic:ident) $response:ident($answered:ident, $topic:ident),)*) => {
            $(#[test]
            fn $test() {
                let partition = $asked::PartitionData::default().with_partition(3);
                let topic = $asked::$asked_topic::default().with_topic_id(ID).with_partitions(vec![partition]);
                let request = $request::default().with_topics(vec![topic]);
                one_operation_decides("ClusterAction", 0..=0, &request, |_| {
                    let partition = $answered::PartitionResult::default()
                        .with_partition(3)
                        .with_error_code(DENIED)
                        .with_error_message(words());
                    let topic = $answered::$topic::default().with_topic_id(ID).with_partitions(vec![partition]);
                    $response::default().with_results(vec![topic])
                });
            })*
        };
    }

    share_state_is_denied_by_partition! {
        initialize_share_group_state_by_partition
        InitializeShareGroupStateRequest(initialize_share_group_state_request, InitializeStateData)
        InitializeShareGroupStateResponse(initialize_share_group_state_response, InitializeStateResult),
        read_share_group_state_by_partition
        ReadShareGroupStateRequest(read_share_group_state_request, ReadStateData)
        ReadShareGroupStateResponse(read_share_group_state_response, ReadStateResult),
        write_share_group_state_by_partition
        WriteShareGroupStateRequest(write_share_group_state_request, WriteStateData)
        WriteShareGroupStateResponse(write_share_group_state_response, WriteStateResult),
        delete_share_group_state_by_partition
        DeleteShareGroupStateRequest(delete_share_group_state_request, DeleteStateData)
        DeleteShareGroupStateResponse(delete_share_group_state_response, DeleteStateResult),
        read_share_group_state_summary_by_partition
        ReadShareGroupStateSummaryRequest(read_share_group_state_summary_request, ReadStateSummaryData)
        ReadShareGroupStateSummaryResponse(read_share_group_state_summary_response, ReadStateSummaryResult),
    }
}
