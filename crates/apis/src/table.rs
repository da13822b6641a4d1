//! The table: one row for every API key of Kafka 4.3.
//!
//! Everything that has to know what an API is reads it from here: dispatch, the advertised ApiVersions,
//! `docs/authorization.md`, metric labels, tests. What is asked, and how a denial is answered, is from the handlers of
//! Kafka 4.3 (`KafkaApis`, `ControllerApis`), not from Kafka's documentation, which differs in places.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use acl::AclOperation::{
    Alter, AlterConfigs, ClusterAction, Create, CreateTokens, Delete, Describe, DescribeConfigs, IdempotentWrite, Read,
    TwoPhaseCommit, Write,
};
use acl::ResourceType::{Cluster, Group, Topic, TransactionalId, User};
use protocol::ApiKey;
use protocol::messages::*;

use crate::row::{
    Row, answered, api, api_with_addresses, cluster, cluster_in_words, cluster_with_addresses, named, open, refuse,
    stored,
};
use crate::{BrokerVersions, Kind, cluster_operations};

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let mut rows: Vec<Row> = rows();
    rows.extend(REFUSED.iter().map(|&api_key| refuse(api_key)));
    rows.sort_by_key(|row| row.api_key);
    rows
});

/// All rows, by key.
pub fn all() -> &'static [Row] {
    &TABLE
}

/// The row of an API key.
pub fn row(api_key: ApiKey) -> &'static Row {
    let found = TABLE.binary_search_by_key(&api_key, |row| row.api_key).ok().and_then(|index| TABLE.get(index));
    found.expect("the table has a row for every key: `every_key_of_kafka_has_one_row` proves it")
}

/// The versions of an API that a client may use in front of a broker: ours, as far as the broker has them too. What our
/// own store answers does not depend on the broker.
pub fn served(api_key: ApiKey, broker: &BrokerVersions) -> Option<RangeInclusive<i16>> {
    let row = row(api_key);
    if row.kind == Kind::Stored {
        return Some(row.versions.clone());
    }
    let broker = broker.range(api_key)?;
    let both = *row.versions.start().max(broker.start())..=*row.versions.end().min(broker.end());
    (row.kind != Kind::Refuse && !both.is_empty()).then_some(both)
}

/// Neither advertised nor served: what a broker keeps for brokers and controllers, and what it has removed.
const REFUSED: &[ApiKey] = &[
    ApiKey::LeaderAndIsr,
    ApiKey::StopReplica,
    ApiKey::UpdateMetadata,
    ApiKey::ControlledShutdown,
    ApiKey::Vote,
    ApiKey::BeginQuorumEpoch,
    ApiKey::EndQuorumEpoch,
    ApiKey::AlterPartition,
    ApiKey::Envelope,
    ApiKey::FetchSnapshot,
    ApiKey::BrokerRegistration,
    ApiKey::BrokerHeartbeat,
    ApiKey::AllocateProducerIds,
    ApiKey::ControllerRegistration,
    ApiKey::AssignReplicasToDirs,
    ApiKey::UpdateRaftVoter,
];

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    vec![
        api_with_addresses::<ProduceRequest>(3..=13, &[(Write, TransactionalId), (Write, Topic)], "each partition; without acks the connection is closed"),
        api_with_addresses::<FetchRequest>(4..=18, &[(Read, Topic), (ClusterAction, Cluster)], "each partition"),
        api::<ListOffsetsRequest>          (1..=11, &[(Describe, Topic)], "each partition of the topic"),
        api_with_addresses::<MetadataRequest>(0..=13, &[(Describe, Topic), (Create, Cluster), (Create, Topic), (Describe, Cluster)], "the topic; left out where all topics are asked for"),
        api::<OffsetCommitRequest>         (2..=10, &[(Read, Group), (Read, Topic)], "each partition"),
        api::<OffsetFetchRequest>          (1..=10, &[(Describe, Group), (Describe, Topic)], "the group (version 8 and above), the top of the answer or each partition; each partition of a topic, left out where all offsets are asked for"),
        api_with_addresses::<FindCoordinatorRequest>(0..=6, &[(Describe, Group), (Describe, TransactionalId), (ClusterAction, Cluster)], "each key (version 4 and above), else the top of the answer"),
        named::<JoinGroupRequest>          (0..=9, Read, Group, |r| &r.group_id.0),
        named::<HeartbeatRequest>          (0..=4, Read, Group, |r| &r.group_id.0),
        named::<LeaveGroupRequest>         (0..=5, Read, Group, |r| &r.group_id.0),
        api::<SyncGroupRequest>            (0..=5, &[(Read, Group)], "the top of the answer"),
        api::<DescribeGroupsRequest>       (0..=6, &[(Describe, Group)], "the group"),
        api::<ListGroupsRequest>           (0..=5, &[(Describe, Cluster), (Describe, Group)], "groups are left out"),
        api::<SaslHandshakeRequest>        (0..=1, &[], "never denied; after login ILLEGAL_SASL_STATE"),
        answered(ApiKey::ApiVersions, 0..=4),
        api::<CreateTopicsRequest>         (2..=7, &[(Create, Cluster), (Create, Topic), (DescribeConfigs, Topic)], "the topic"),
        api::<DeleteTopicsRequest>         (1..=6, &[(Delete, Cluster), (Describe, Topic), (Delete, Topic)], "the topic"),
        api::<DeleteRecordsRequest>        (0..=2, &[(Delete, Topic)], "each partition of the topic"),
        api::<InitProducerIdRequest>       (0..=6, &[(Write, TransactionalId), (TwoPhaseCommit, TransactionalId), (IdempotentWrite, Cluster), (Write, Topic)], "the top of the answer"),
        api::<OffsetForLeaderEpochRequest> (2..=4, &[(ClusterAction, Cluster), (Describe, Topic)], "each partition of the topic"),
        api::<AddPartitionsToTxnRequest>   (0..=5, &[(Write, TransactionalId), (Write, Topic), (ClusterAction, Cluster)], "each partition (up to version 3), else the top of the answer"),
        api::<AddOffsetsToTxnRequest>      (0..=4, &[(Write, TransactionalId), (Read, Group)], "the top of the answer"),
        named::<EndTxnRequest>             (0..=5, Write, TransactionalId, |r| &r.transactional_id.0),
        api::<WriteTxnMarkersRequest>      (1..=2, &[(Alter, Cluster), (ClusterAction, Cluster)], "each partition of each marker"),
        api::<TxnOffsetCommitRequest>      (0..=5, &[(Write, TransactionalId), (Read, Group), (Read, Topic)], "each partition"),
        stored::<DescribeAclsRequest>      (1..=3, &[(Describe, Cluster)], "the top of the answer"),
        stored::<CreateAclsRequest>        (1..=3, &[(Alter, Cluster)], "each ACL"),
        stored::<DeleteAclsRequest>        (1..=3, &[(Alter, Cluster)], "each filter"),
        api::<DescribeConfigsRequest>      (1..=4, &[(DescribeConfigs, Topic), (DescribeConfigs, Group), (DescribeConfigs, Cluster)], "the resource"),
        api::<AlterConfigsRequest>         (0..=2, &[(AlterConfigs, Topic), (AlterConfigs, Group), (AlterConfigs, Cluster)], "the resource"),
        cluster::<AlterReplicaLogDirsRequest>(1..=2, Alter, "each partition"),
        api::<DescribeLogDirsRequest>      (1..=5, &[(Describe, Cluster), (Describe, Topic)], "topics are left out"),
        api::<SaslAuthenticateRequest>     (0..=2, &[], "never denied; after login ILLEGAL_SASL_STATE"),
        api::<CreatePartitionsRequest>     (0..=3, &[(Alter, Topic)], "the topic"),
        api::<CreateDelegationTokenRequest>(1..=3, &[(CreateTokens, User)], "the top of the answer; who is allowed to is told that there are no tokens"),
        api::<RenewDelegationTokenRequest> (1..=2, &[], "never denied; there are no tokens"),
        api::<ExpireDelegationTokenRequest>(1..=2, &[], "never denied; there are no tokens"),
        api::<DescribeDelegationTokenRequest>(1..=3, &[], "never denied; there are no tokens"),
        api::<DeleteGroupsRequest>         (0..=2, &[(Delete, Group)], "the group"),
        cluster_in_words::<ElectLeadersRequest>(0..=2, Alter, "each partition, and from version 1 on the top of the answer", cluster_operations::elect_leaders),
        api::<IncrementalAlterConfigsRequest>(0..=1, &[(AlterConfigs, Topic), (AlterConfigs, Group), (AlterConfigs, Cluster)], "the resource"),
        cluster_in_words::<AlterPartitionReassignmentsRequest>(0..=1, Alter, "the top of the answer and each partition", cluster_operations::alter_partition_reassignments),
        cluster_in_words::<ListPartitionReassignmentsRequest>(0..=0, Describe, "the top of the answer", cluster_operations::list_partition_reassignments),
        api::<OffsetDeleteRequest>         (0..=0, &[(Delete, Group), (Read, Topic)], "the top of the answer (group), each partition (topic)"),
        cluster::<DescribeClientQuotasRequest>(0..=1, DescribeConfigs, "the top of the answer"),
        cluster::<AlterClientQuotasRequest> (0..=1, AlterConfigs, "each entity"),
        cluster_with_addresses::<DescribeQuorumRequest>(0..=2, Describe, "the top of the answer"),
        cluster_in_words::<UpdateFeaturesRequest>(0..=2, Alter, "the top of the answer", cluster_operations::update_features),
        stored::<DescribeUserScramCredentialsRequest>(0..=0, &[(Describe, Cluster)], "the top of the answer, and each user, without a name"),
        stored::<AlterUserScramCredentialsRequest>(0..=0, &[(Alter, Cluster)], "each user"),
        api_with_addresses::<DescribeClusterRequest>(0..=2, &[(Describe, Cluster)], "the field of operations reads 0"),
        api::<DescribeProducersRequest>    (0..=0, &[(Read, Topic)], "each partition of the topic"),
        cluster::<UnregisterBrokerRequest>  (0..=0, Alter, "the top of the answer"),
        api::<DescribeTransactionsRequest> (0..=0, &[(Describe, TransactionalId), (Describe, Topic)], "the transaction; topics are left out"),
        api::<ListTransactionsRequest>     (0..=2, &[(Describe, TransactionalId)], "transactions are left out"),
        api::<ConsumerGroupHeartbeatRequest>(0..=1, &[(Read, Group), (Describe, Topic)], "the top of the answer: one denied topic denies the request"),
        api::<ConsumerGroupDescribeRequest>(0..=1, &[(Describe, Group), (Describe, Topic)], "the group"),
        open::<GetTelemetrySubscriptionsRequest>(0..=0),
        open::<PushTelemetryRequest>       (0..=0),
        cluster::<ListConfigResourcesRequest>(0..=1, DescribeConfigs, "the top of the answer"),
        api::<DescribeTopicPartitionsRequest>(0..=0, &[(Describe, Topic)], "the topic; left out where all topics are asked for"),
        api::<ShareGroupHeartbeatRequest>  (1..=1, &[(Read, Group), (Describe, Topic)], "the top of the answer: one denied topic denies the request"),
        api::<ShareGroupDescribeRequest>   (1..=1, &[(Describe, Group), (Describe, Topic)], "the group"),
        api_with_addresses::<ShareFetchRequest>(1..=2, &[(Read, Group), (Read, Topic)], "the top of the answer (group), each partition (topic)"),
        api_with_addresses::<ShareAcknowledgeRequest>(1..=2, &[(Read, Group), (Read, Topic)], "the top of the answer (group), each partition (topic)"),
        cluster::<AddRaftVoterRequest>      (0..=1, Alter, "the top of the answer"),
        cluster::<RemoveRaftVoterRequest>   (0..=0, Alter, "the top of the answer"),
        cluster_in_words::<InitializeShareGroupStateRequest>(0..=0, ClusterAction, "each partition", cluster_operations::initialize_share_group_state),
        cluster::<ReadShareGroupStateRequest>(0..=0, ClusterAction, "each partition"),
        cluster::<WriteShareGroupStateRequest>(0..=1, ClusterAction, "each partition"),
        cluster_in_words::<DeleteShareGroupStateRequest>(0..=0, ClusterAction, "each partition", cluster_operations::delete_share_group_state),
        cluster::<ReadShareGroupStateSummaryRequest>(0..=1, ClusterAction, "each partition"),
        api::<StreamsGroupHeartbeatRequest>(0..=0, &[(Read, Group), (Describe, Topic), (Create, Cluster), (Create, Topic)], "the top of the answer: one denied topic denies the request"),
        api::<StreamsGroupDescribeRequest> (0..=0, &[(Describe, Group), (Describe, Topic)], "the group"),
        api::<DescribeShareGroupOffsetsRequest>(0..=1, &[(Describe, Group), (Describe, Topic)], "the group; each partition of a topic, left out where all offsets are asked for"),
        api::<AlterShareGroupOffsetsRequest>(0..=0, &[(Read, Group), (Read, Topic)], "the top of the answer (group), each partition (topic)"),
        api::<DeleteShareGroupOffsetsRequest>(0..=0, &[(Delete, Group), (Read, Topic)], "the top of the answer (group), the topic"),
    ]
}

#[cfg(test)]
mod tests {
    use protocol::messages::api_versions_response::ApiVersion;
    use protocol::served_versions;

    use super::*;

    #[test]
    fn every_key_of_kafka_has_one_row() {
        let keys: Vec<ApiKey> = all().iter().map(|row| row.api_key).collect();
        assert_eq!(keys, ApiKey::ALL.to_vec());
    }

    #[test]
    fn what_is_served_can_be_decoded() {
        for row in all().iter().filter(|row| row.kind != Kind::Refuse) {
            let decodable = served_versions(row.api_key).unwrap();
            assert!(decodable.contains(row.versions.start()), "{row:?}: {decodable:?}");
            assert!(decodable.contains(row.versions.end()), "{row:?}: {decodable:?}");
        }
    }

    #[test]
    fn a_refused_api_is_not_served_whatever_the_broker_says() {
        for row in all().iter().filter(|row| row.kind == Kind::Refuse) {
            assert_eq!(served(row.api_key, &broker(row.api_key, 0, i16::MAX)), None, "{row:?}");
            assert!((-1..100).all(|version| !row.serves(version)));
        }
    }

    #[test]
    fn what_is_served_is_what_we_and_the_broker_both_have() {
        assert_eq!(served(ApiKey::Heartbeat, &broker(ApiKey::Heartbeat, 2, 9)), Some(2..=4));
        assert_eq!(served(ApiKey::Heartbeat, &broker(ApiKey::Heartbeat, 5, 9)), None);
        assert_eq!(served(ApiKey::Heartbeat, &BrokerVersions::default()), None);
    }

    fn broker(api_key: ApiKey, min: i16, max: i16) -> BrokerVersions {
        let version = ApiVersion::default().with_api_key(api_key as i16).with_min_version(min).with_max_version(max);
        BrokerVersions::new(protocol::messages::ApiVersionsResponse::default().with_api_keys(vec![version]))
    }
}
