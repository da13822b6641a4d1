//! Which versions have a typed codec, and the list of all APIs that have one.
//!
//! `kafka-protocol` 0.18 is made from Kafka 4.1's definitions and leaves out versions that Kafka marks unstable, in a
//! request and its response apart: its own table `ApiKey::valid_versions` promises versions that it then refuses. What
//! counts is the intersection of both messages' `VERSIONS`. With ours ([`crate::messages`])
//! that is all of Kafka 4.3 that clients may use.

use std::ops::RangeInclusive;

use kafka_protocol::protocol::{Message, Request};

use crate::api_key::ApiKey;
use crate::messages::*;

/// Calls a macro with `Produce ProduceRequest, ...`: every API that has types.
#[doc(hidden)]
#[macro_export]
macro_rules! with_typed_apis {
    ($callback:ident) => {
        $callback! {
            Produce ProduceRequest,
            Fetch FetchRequest,
            ListOffsets ListOffsetsRequest,
            Metadata MetadataRequest,
            OffsetCommit OffsetCommitRequest,
            OffsetFetch OffsetFetchRequest,
            FindCoordinator FindCoordinatorRequest,
            JoinGroup JoinGroupRequest,
            Heartbeat HeartbeatRequest,
            LeaveGroup LeaveGroupRequest,
            SyncGroup SyncGroupRequest,
            DescribeGroups DescribeGroupsRequest,
            ListGroups ListGroupsRequest,
            SaslHandshake SaslHandshakeRequest,
            ApiVersions ApiVersionsRequest,
            CreateTopics CreateTopicsRequest,
            DeleteTopics DeleteTopicsRequest,
            DeleteRecords DeleteRecordsRequest,
            InitProducerId InitProducerIdRequest,
            OffsetForLeaderEpoch OffsetForLeaderEpochRequest,
            AddPartitionsToTxn AddPartitionsToTxnRequest,
            AddOffsetsToTxn AddOffsetsToTxnRequest,
            EndTxn EndTxnRequest,
            WriteTxnMarkers WriteTxnMarkersRequest,
            TxnOffsetCommit TxnOffsetCommitRequest,
            DescribeAcls DescribeAclsRequest,
            CreateAcls CreateAclsRequest,
            DeleteAcls DeleteAclsRequest,
            DescribeConfigs DescribeConfigsRequest,
            AlterConfigs AlterConfigsRequest,
            AlterReplicaLogDirs AlterReplicaLogDirsRequest,
            DescribeLogDirs DescribeLogDirsRequest,
            SaslAuthenticate SaslAuthenticateRequest,
            CreatePartitions CreatePartitionsRequest,
            CreateDelegationToken CreateDelegationTokenRequest,
            RenewDelegationToken RenewDelegationTokenRequest,
            ExpireDelegationToken ExpireDelegationTokenRequest,
            DescribeDelegationToken DescribeDelegationTokenRequest,
            DeleteGroups DeleteGroupsRequest,
            ElectLeaders ElectLeadersRequest,
            IncrementalAlterConfigs IncrementalAlterConfigsRequest,
            AlterPartitionReassignments AlterPartitionReassignmentsRequest,
            ListPartitionReassignments ListPartitionReassignmentsRequest,
            OffsetDelete OffsetDeleteRequest,
            DescribeClientQuotas DescribeClientQuotasRequest,
            AlterClientQuotas AlterClientQuotasRequest,
            DescribeUserScramCredentials DescribeUserScramCredentialsRequest,
            AlterUserScramCredentials AlterUserScramCredentialsRequest,
            Vote VoteRequest,
            BeginQuorumEpoch BeginQuorumEpochRequest,
            EndQuorumEpoch EndQuorumEpochRequest,
            DescribeQuorum DescribeQuorumRequest,
            AlterPartition AlterPartitionRequest,
            UpdateFeatures UpdateFeaturesRequest,
            Envelope EnvelopeRequest,
            FetchSnapshot FetchSnapshotRequest,
            DescribeCluster DescribeClusterRequest,
            DescribeProducers DescribeProducersRequest,
            BrokerRegistration BrokerRegistrationRequest,
            BrokerHeartbeat BrokerHeartbeatRequest,
            UnregisterBroker UnregisterBrokerRequest,
            DescribeTransactions DescribeTransactionsRequest,
            ListTransactions ListTransactionsRequest,
            AllocateProducerIds AllocateProducerIdsRequest,
            ConsumerGroupHeartbeat ConsumerGroupHeartbeatRequest,
            ConsumerGroupDescribe ConsumerGroupDescribeRequest,
            ControllerRegistration ControllerRegistrationRequest,
            GetTelemetrySubscriptions GetTelemetrySubscriptionsRequest,
            PushTelemetry PushTelemetryRequest,
            AssignReplicasToDirs AssignReplicasToDirsRequest,
            ListConfigResources ListConfigResourcesRequest,
            DescribeTopicPartitions DescribeTopicPartitionsRequest,
            ShareGroupHeartbeat ShareGroupHeartbeatRequest,
            ShareGroupDescribe ShareGroupDescribeRequest,
            ShareFetch ShareFetchRequest,
            ShareAcknowledge ShareAcknowledgeRequest,
            AddRaftVoter AddRaftVoterRequest,
            RemoveRaftVoter RemoveRaftVoterRequest,
            UpdateRaftVoter UpdateRaftVoterRequest,
            InitializeShareGroupState InitializeShareGroupStateRequest,
            ReadShareGroupState ReadShareGroupStateRequest,
            WriteShareGroupState WriteShareGroupStateRequest,
            DeleteShareGroupState DeleteShareGroupStateRequest,
            ReadShareGroupStateSummary ReadShareGroupStateSummaryRequest,
            StreamsGroupHeartbeat StreamsGroupHeartbeatRequest,
            StreamsGroupDescribe StreamsGroupDescribeRequest,
            DescribeShareGroupOffsets DescribeShareGroupOffsetsRequest,
            AlterShareGroupOffsets AlterShareGroupOffsetsRequest,
            DeleteShareGroupOffsets DeleteShareGroupOffsetsRequest,
        }
    };
}
pub use with_typed_apis;

macro_rules! define_served_versions {
    ($($api:ident $request:ident,)*) => {
        /// The versions that can be decoded and encoded, request and response alike; `None` for an API without types.
        pub fn served_versions(api_key: ApiKey) -> Option<RangeInclusive<i16>> {
            let range = match api_key {
                $(ApiKey::$api => $request::VERSIONS.intersect(&<$request as Request>::Response::VERSIONS),)*
                ApiKey::LeaderAndIsr
                | ApiKey::StopReplica
                | ApiKey::UpdateMetadata
                | ApiKey::ControlledShutdown => return None,
            };
            Some(range.min..=range.max)
        }
    };
}
with_typed_apis!(define_served_versions);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{self, Direction};

    #[test]
    fn served_versions_are_those_that_request_and_response_both_have() {
        assert_eq!(served_versions(ApiKey::Produce), Some(3..=13));
        assert_eq!(served_versions(ApiKey::OffsetCommit), Some(2..=10));
        assert_eq!(served_versions(ApiKey::InitProducerId), Some(0..=6));
        assert_eq!(served_versions(ApiKey::StreamsGroupHeartbeat), Some(0..=0));
        assert_eq!(served_versions(ApiKey::LeaderAndIsr), None);
    }

    #[test]
    fn every_version_that_clients_may_use_has_types() {
        let beyond_types = |key: &&ApiKey| {
            let next = served_versions(**key).map_or(0, |versions| *versions.end() + 1);
            schema::program(Direction::Request, **key, next).is_some()
        };
        let without: Vec<&ApiKey> = ApiKey::ALL.iter().filter(beyond_types).collect();
        assert_eq!(without, [&ApiKey::BrokerHeartbeat]);
    }
}
