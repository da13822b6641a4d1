//! The requests and responses of Kafka 4.3.0. Made by `cargo xtask schemas`; do not edit.

use super::definition::*;

pub(super) static MESSAGES: &[Message] = &[
    // ProduceRequest
    request(0, 3, 13, 9, &[
        field("TransactionalId", String, 3, MAX).nullable(3, MAX),
        field("Acks", Fixed(2), 0, MAX),
        field("TimeoutMs", Fixed(4), 0, MAX),
        field("TopicData", Array(&Struct(&[
            field("Name", String, 0, 12),
            field("TopicId", Fixed(16), 13, MAX),
            field("PartitionData", Array(&Struct(&[
                field("Index", Fixed(4), 0, MAX),
                field("Records", Bytes, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // ProduceResponse
    response(0, 3, 13, 9, &[
        field("Responses", Array(&Struct(&[
            field("Name", String, 0, 12),
            field("TopicId", Fixed(16), 13, MAX),
            field("PartitionResponses", Array(&Struct(&[
                field("Index", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("BaseOffset", Fixed(8), 0, MAX),
                field("LogAppendTimeMs", Fixed(8), 2, MAX),
                field("LogStartOffset", Fixed(8), 5, MAX),
                field("RecordErrors", Array(&Struct(&[
                    field("BatchIndex", Fixed(4), 8, MAX),
                    field("BatchIndexErrorMessage", String, 8, MAX).nullable(8, MAX),
                ])), 8, MAX),
                field("ErrorMessage", String, 8, MAX).nullable(8, MAX),
                field("CurrentLeader", Struct(&[
                    field("LeaderId", Fixed(4), 10, MAX),
                    field("LeaderEpoch", Fixed(4), 10, MAX),
                ]), 10, MAX).tagged(0, 10, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("ThrottleTimeMs", Fixed(4), 1, MAX),
        field("NodeEndpoints", Array(&Struct(&[
            field("NodeId", Fixed(4), 10, MAX),
            field("Host", String, 10, MAX),
            field("Port", Fixed(4), 10, MAX),
            field("Rack", String, 10, MAX).nullable(10, MAX),
        ])), 10, MAX).tagged(0, 10, MAX),
    ]),
    // FetchRequest
    request(1, 4, 18, 12, &[
        field("ClusterId", String, 12, MAX).nullable(12, MAX).tagged(0, 12, MAX),
        field("ReplicaId", Fixed(4), 0, 14),
        field("ReplicaState", Struct(&[
            field("ReplicaId", Fixed(4), 15, MAX),
            field("ReplicaEpoch", Fixed(8), 15, MAX),
        ]), 15, MAX).tagged(1, 15, MAX),
        field("MaxWaitMs", Fixed(4), 0, MAX),
        field("MinBytes", Fixed(4), 0, MAX),
        field("MaxBytes", Fixed(4), 3, MAX),
        field("IsolationLevel", Fixed(1), 4, MAX),
        field("SessionId", Fixed(4), 7, MAX),
        field("SessionEpoch", Fixed(4), 7, MAX),
        field("Topics", Array(&Struct(&[
            field("Topic", String, 0, 12),
            field("TopicId", Fixed(16), 13, MAX),
            field("Partitions", Array(&Struct(&[
                field("Partition", Fixed(4), 0, MAX),
                field("CurrentLeaderEpoch", Fixed(4), 9, MAX),
                field("FetchOffset", Fixed(8), 0, MAX),
                field("LastFetchedEpoch", Fixed(4), 12, MAX),
                field("LogStartOffset", Fixed(8), 5, MAX),
                field("PartitionMaxBytes", Fixed(4), 0, MAX),
                field("ReplicaDirectoryId", Fixed(16), 17, MAX).tagged(0, 17, MAX),
                field("HighWatermark", Fixed(8), 18, MAX).tagged(1, 18, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("ForgottenTopicsData", Array(&Struct(&[
            field("Topic", String, 7, 12),
            field("TopicId", Fixed(16), 13, MAX),
            field("Partitions", Array(&Fixed(4)), 7, MAX),
        ])), 7, MAX),
        field("RackId", String, 11, MAX),
    ]),
    // FetchResponse
    response(1, 4, 18, 12, &[
        field("ThrottleTimeMs", Fixed(4), 1, MAX),
        field("ErrorCode", Fixed(2), 7, MAX),
        field("SessionId", Fixed(4), 7, MAX),
        field("Responses", Array(&Struct(&[
            field("Topic", String, 0, 12),
            field("TopicId", Fixed(16), 13, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("HighWatermark", Fixed(8), 0, MAX),
                field("LastStableOffset", Fixed(8), 4, MAX),
                field("LogStartOffset", Fixed(8), 5, MAX),
                field("DivergingEpoch", Struct(&[
                    field("Epoch", Fixed(4), 12, MAX),
                    field("EndOffset", Fixed(8), 12, MAX),
                ]), 12, MAX).tagged(0, 12, MAX),
                field("CurrentLeader", Struct(&[
                    field("LeaderId", Fixed(4), 12, MAX),
                    field("LeaderEpoch", Fixed(4), 12, MAX),
                ]), 12, MAX).tagged(1, 12, MAX),
                field("SnapshotId", Struct(&[
                    field("EndOffset", Fixed(8), 0, MAX),
                    field("Epoch", Fixed(4), 0, MAX),
                ]), 12, MAX).tagged(2, 12, MAX),
                field("AbortedTransactions", Array(&Struct(&[
                    field("ProducerId", Fixed(8), 4, MAX),
                    field("FirstOffset", Fixed(8), 4, MAX),
                ])), 4, MAX).nullable(4, MAX),
                field("PreferredReadReplica", Fixed(4), 11, MAX),
                field("Records", Bytes, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("NodeEndpoints", Array(&Struct(&[
            field("NodeId", Fixed(4), 16, MAX),
            field("Host", String, 16, MAX),
            field("Port", Fixed(4), 16, MAX),
            field("Rack", String, 16, MAX).nullable(16, MAX),
        ])), 16, MAX).tagged(0, 16, MAX),
    ]),
    // ListOffsetsRequest
    request(2, 1, 11, 6, &[
        field("ReplicaId", Fixed(4), 0, MAX),
        field("IsolationLevel", Fixed(1), 2, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("CurrentLeaderEpoch", Fixed(4), 4, MAX),
                field("Timestamp", Fixed(8), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("TimeoutMs", Fixed(4), 10, MAX),
    ]),
    // ListOffsetsResponse
    response(2, 1, 11, 6, &[
        field("ThrottleTimeMs", Fixed(4), 2, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("Timestamp", Fixed(8), 1, MAX),
                field("Offset", Fixed(8), 1, MAX),
                field("LeaderEpoch", Fixed(4), 4, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // MetadataRequest
    request(3, 0, 13, 9, &[
        field("Topics", Array(&Struct(&[
            field("TopicId", Fixed(16), 10, MAX),
            field("Name", String, 0, MAX).nullable(10, MAX),
        ])), 0, MAX).nullable(1, MAX),
        field("AllowAutoTopicCreation", Fixed(1), 4, MAX),
        field("IncludeClusterAuthorizedOperations", Fixed(1), 8, 10),
        field("IncludeTopicAuthorizedOperations", Fixed(1), 8, MAX),
    ]),
    // MetadataResponse
    response(3, 0, 13, 9, &[
        field("ThrottleTimeMs", Fixed(4), 3, MAX),
        field("Brokers", Array(&Struct(&[
            field("NodeId", Fixed(4), 0, MAX),
            field("Host", String, 0, MAX),
            field("Port", Fixed(4), 0, MAX),
            field("Rack", String, 1, MAX).nullable(1, MAX),
        ])), 0, MAX),
        field("ClusterId", String, 2, MAX).nullable(2, MAX),
        field("ControllerId", Fixed(4), 1, MAX),
        field("Topics", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("Name", String, 0, MAX).nullable(12, MAX),
            field("TopicId", Fixed(16), 10, MAX),
            field("IsInternal", Fixed(1), 1, MAX),
            field("Partitions", Array(&Struct(&[
                field("ErrorCode", Fixed(2), 0, MAX),
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("LeaderId", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 7, MAX),
                field("ReplicaNodes", Array(&Fixed(4)), 0, MAX),
                field("IsrNodes", Array(&Fixed(4)), 0, MAX),
                field("OfflineReplicas", Array(&Fixed(4)), 5, MAX),
            ])), 0, MAX),
            field("TopicAuthorizedOperations", Fixed(4), 8, MAX),
        ])), 0, MAX),
        field("ClusterAuthorizedOperations", Fixed(4), 8, 10),
        field("ErrorCode", Fixed(2), 13, MAX),
    ]),
    // OffsetCommitRequest
    request(8, 2, 10, 8, &[
        field("GroupId", String, 0, MAX),
        field("GenerationIdOrMemberEpoch", Fixed(4), 1, MAX),
        field("MemberId", String, 1, MAX),
        field("GroupInstanceId", String, 7, MAX).nullable(7, MAX),
        field("RetentionTimeMs", Fixed(8), 2, 4),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, 9),
            field("TopicId", Fixed(16), 10, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("CommittedOffset", Fixed(8), 0, MAX),
                field("CommittedLeaderEpoch", Fixed(4), 6, MAX),
                field("CommittedMetadata", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // OffsetCommitResponse
    response(8, 2, 10, 8, &[
        field("ThrottleTimeMs", Fixed(4), 3, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, 9),
            field("TopicId", Fixed(16), 10, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // OffsetFetchRequest
    request(9, 1, 10, 6, &[
        field("GroupId", String, 0, 7),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, 7),
            field("PartitionIndexes", Array(&Fixed(4)), 0, 7),
        ])), 0, 7).nullable(2, 7),
        field("Groups", Array(&Struct(&[
            field("GroupId", String, 8, MAX),
            field("MemberId", String, 9, MAX).nullable(9, MAX),
            field("MemberEpoch", Fixed(4), 9, MAX),
            field("Topics", Array(&Struct(&[
                field("Name", String, 8, 9),
                field("TopicId", Fixed(16), 10, MAX),
                field("PartitionIndexes", Array(&Fixed(4)), 8, MAX),
            ])), 8, MAX).nullable(8, MAX),
        ])), 8, MAX),
        field("RequireStable", Fixed(1), 7, MAX),
    ]),
    // OffsetFetchResponse
    response(9, 1, 10, 6, &[
        field("ThrottleTimeMs", Fixed(4), 3, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, 7),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, 7),
                field("CommittedOffset", Fixed(8), 0, 7),
                field("CommittedLeaderEpoch", Fixed(4), 5, 7),
                field("Metadata", String, 0, 7).nullable(0, 7),
                field("ErrorCode", Fixed(2), 0, 7),
            ])), 0, 7),
        ])), 0, 7),
        field("ErrorCode", Fixed(2), 2, 7),
        field("Groups", Array(&Struct(&[
            field("GroupId", String, 8, MAX),
            field("Topics", Array(&Struct(&[
                field("Name", String, 8, 9),
                field("TopicId", Fixed(16), 10, MAX),
                field("Partitions", Array(&Struct(&[
                    field("PartitionIndex", Fixed(4), 8, MAX),
                    field("CommittedOffset", Fixed(8), 8, MAX),
                    field("CommittedLeaderEpoch", Fixed(4), 8, MAX),
                    field("Metadata", String, 8, MAX).nullable(8, MAX),
                    field("ErrorCode", Fixed(2), 8, MAX),
                ])), 8, MAX),
            ])), 8, MAX),
            field("ErrorCode", Fixed(2), 8, MAX),
        ])), 8, MAX),
    ]),
    // FindCoordinatorRequest
    request(10, 0, 6, 3, &[
        field("Key", String, 0, 3),
        field("KeyType", Fixed(1), 1, MAX),
        field("CoordinatorKeys", Array(&String), 4, MAX),
    ]),
    // FindCoordinatorResponse
    response(10, 0, 6, 3, &[
        field("ThrottleTimeMs", Fixed(4), 1, MAX),
        field("ErrorCode", Fixed(2), 0, 3),
        field("ErrorMessage", String, 1, 3).nullable(1, 3),
        field("NodeId", Fixed(4), 0, 3),
        field("Host", String, 0, 3),
        field("Port", Fixed(4), 0, 3),
        field("Coordinators", Array(&Struct(&[
            field("Key", String, 4, MAX),
            field("NodeId", Fixed(4), 4, MAX),
            field("Host", String, 4, MAX),
            field("Port", Fixed(4), 4, MAX),
            field("ErrorCode", Fixed(2), 4, MAX),
            field("ErrorMessage", String, 4, MAX).nullable(4, MAX),
        ])), 4, MAX),
    ]),
    // JoinGroupRequest
    request(11, 0, 9, 6, &[
        field("GroupId", String, 0, MAX),
        field("SessionTimeoutMs", Fixed(4), 0, MAX),
        field("RebalanceTimeoutMs", Fixed(4), 1, MAX),
        field("MemberId", String, 0, MAX),
        field("GroupInstanceId", String, 5, MAX).nullable(5, MAX),
        field("ProtocolType", String, 0, MAX),
        field("Protocols", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Metadata", Bytes, 0, MAX),
        ])), 0, MAX),
        field("Reason", String, 8, MAX).nullable(8, MAX),
    ]),
    // JoinGroupResponse
    response(11, 0, 9, 6, &[
        field("ThrottleTimeMs", Fixed(4), 2, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("GenerationId", Fixed(4), 0, MAX),
        field("ProtocolType", String, 7, MAX).nullable(7, MAX),
        field("ProtocolName", String, 0, MAX).nullable(7, MAX),
        field("Leader", String, 0, MAX),
        field("SkipAssignment", Fixed(1), 9, MAX),
        field("MemberId", String, 0, MAX),
        field("Members", Array(&Struct(&[
            field("MemberId", String, 0, MAX),
            field("GroupInstanceId", String, 5, MAX).nullable(5, MAX),
            field("Metadata", Bytes, 0, MAX),
        ])), 0, MAX),
    ]),
    // HeartbeatRequest
    request(12, 0, 4, 4, &[
        field("GroupId", String, 0, MAX),
        field("GenerationId", Fixed(4), 0, MAX),
        field("MemberId", String, 0, MAX),
        field("GroupInstanceId", String, 3, MAX).nullable(3, MAX),
    ]),
    // HeartbeatResponse
    response(12, 0, 4, 4, &[
        field("ThrottleTimeMs", Fixed(4), 1, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
    ]),
    // LeaveGroupRequest
    request(13, 0, 5, 4, &[
        field("GroupId", String, 0, MAX),
        field("MemberId", String, 0, 2),
        field("Members", Array(&Struct(&[
            field("MemberId", String, 3, MAX),
            field("GroupInstanceId", String, 3, MAX).nullable(3, MAX),
            field("Reason", String, 5, MAX).nullable(5, MAX),
        ])), 3, MAX),
    ]),
    // LeaveGroupResponse
    response(13, 0, 5, 4, &[
        field("ThrottleTimeMs", Fixed(4), 1, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("Members", Array(&Struct(&[
            field("MemberId", String, 3, MAX),
            field("GroupInstanceId", String, 3, MAX).nullable(3, MAX),
            field("ErrorCode", Fixed(2), 3, MAX),
        ])), 3, MAX),
    ]),
    // SyncGroupRequest
    request(14, 0, 5, 4, &[
        field("GroupId", String, 0, MAX),
        field("GenerationId", Fixed(4), 0, MAX),
        field("MemberId", String, 0, MAX),
        field("GroupInstanceId", String, 3, MAX).nullable(3, MAX),
        field("ProtocolType", String, 5, MAX).nullable(5, MAX),
        field("ProtocolName", String, 5, MAX).nullable(5, MAX),
        field("Assignments", Array(&Struct(&[
            field("MemberId", String, 0, MAX),
            field("Assignment", Bytes, 0, MAX),
        ])), 0, MAX),
    ]),
    // SyncGroupResponse
    response(14, 0, 5, 4, &[
        field("ThrottleTimeMs", Fixed(4), 1, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ProtocolType", String, 5, MAX).nullable(5, MAX),
        field("ProtocolName", String, 5, MAX).nullable(5, MAX),
        field("Assignment", Bytes, 0, MAX),
    ]),
    // DescribeGroupsRequest
    request(15, 0, 6, 5, &[
        field("Groups", Array(&String), 0, MAX),
        field("IncludeAuthorizedOperations", Fixed(1), 3, MAX),
    ]),
    // DescribeGroupsResponse
    response(15, 0, 6, 5, &[
        field("ThrottleTimeMs", Fixed(4), 1, MAX),
        field("Groups", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 6, MAX).nullable(6, MAX),
            field("GroupId", String, 0, MAX),
            field("GroupState", String, 0, MAX),
            field("ProtocolType", String, 0, MAX),
            field("ProtocolData", String, 0, MAX),
            field("Members", Array(&Struct(&[
                field("MemberId", String, 0, MAX),
                field("GroupInstanceId", String, 4, MAX).nullable(4, MAX),
                field("ClientId", String, 0, MAX),
                field("ClientHost", String, 0, MAX),
                field("MemberMetadata", Bytes, 0, MAX),
                field("MemberAssignment", Bytes, 0, MAX),
            ])), 0, MAX),
            field("AuthorizedOperations", Fixed(4), 3, MAX),
        ])), 0, MAX),
    ]),
    // ListGroupsRequest
    request(16, 0, 5, 3, &[
        field("StatesFilter", Array(&String), 4, MAX),
        field("TypesFilter", Array(&String), 5, MAX),
    ]),
    // ListGroupsResponse
    response(16, 0, 5, 3, &[
        field("ThrottleTimeMs", Fixed(4), 1, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("Groups", Array(&Struct(&[
            field("GroupId", String, 0, MAX),
            field("ProtocolType", String, 0, MAX),
            field("GroupState", String, 4, MAX),
            field("GroupType", String, 5, MAX),
        ])), 0, MAX),
    ]),
    // SaslHandshakeRequest
    request(17, 0, 1, NEVER, &[
        field("Mechanism", String, 0, MAX),
    ]),
    // SaslHandshakeResponse
    response(17, 0, 1, NEVER, &[
        field("ErrorCode", Fixed(2), 0, MAX),
        field("Mechanisms", Array(&String), 0, MAX),
    ]),
    // ApiVersionsRequest
    request(18, 0, 4, 3, &[
        field("ClientSoftwareName", String, 3, MAX),
        field("ClientSoftwareVersion", String, 3, MAX),
    ]),
    // ApiVersionsResponse
    response(18, 0, 4, 3, &[
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ApiKeys", Array(&Struct(&[
            field("ApiKey", Fixed(2), 0, MAX),
            field("MinVersion", Fixed(2), 0, MAX),
            field("MaxVersion", Fixed(2), 0, MAX),
        ])), 0, MAX),
        field("ThrottleTimeMs", Fixed(4), 1, MAX),
        field("SupportedFeatures", Array(&Struct(&[
            field("Name", String, 3, MAX),
            field("MinVersion", Fixed(2), 3, MAX),
            field("MaxVersion", Fixed(2), 3, MAX),
        ])), 3, MAX).tagged(0, 3, MAX),
        field("FinalizedFeaturesEpoch", Fixed(8), 3, MAX).tagged(1, 3, MAX),
        field("FinalizedFeatures", Array(&Struct(&[
            field("Name", String, 3, MAX),
            field("MaxVersionLevel", Fixed(2), 3, MAX),
            field("MinVersionLevel", Fixed(2), 3, MAX),
        ])), 3, MAX).tagged(2, 3, MAX),
        field("ZkMigrationReady", Fixed(1), 3, MAX).tagged(3, 3, MAX),
    ]),
    // CreateTopicsRequest
    request(19, 2, 7, 5, &[
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("NumPartitions", Fixed(4), 0, MAX),
            field("ReplicationFactor", Fixed(2), 0, MAX),
            field("Assignments", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("BrokerIds", Array(&Fixed(4)), 0, MAX),
            ])), 0, MAX),
            field("Configs", Array(&Struct(&[
                field("Name", String, 0, MAX),
                field("Value", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("timeoutMs", Fixed(4), 0, MAX),
        field("validateOnly", Fixed(1), 1, MAX),
    ]),
    // CreateTopicsResponse
    response(19, 2, 7, 5, &[
        field("ThrottleTimeMs", Fixed(4), 2, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("TopicId", Fixed(16), 7, MAX),
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 1, MAX).nullable(0, MAX),
            field("TopicConfigErrorCode", Fixed(2), 5, MAX).tagged(0, 5, MAX),
            field("NumPartitions", Fixed(4), 5, MAX),
            field("ReplicationFactor", Fixed(2), 5, MAX),
            field("Configs", Array(&Struct(&[
                field("Name", String, 5, MAX),
                field("Value", String, 5, MAX).nullable(5, MAX),
                field("ReadOnly", Fixed(1), 5, MAX),
                field("ConfigSource", Fixed(1), 5, MAX),
                field("IsSensitive", Fixed(1), 5, MAX),
            ])), 5, MAX).nullable(5, MAX),
        ])), 0, MAX),
    ]),
    // DeleteTopicsRequest
    request(20, 1, 6, 4, &[
        field("Topics", Array(&Struct(&[
            field("Name", String, 6, MAX).nullable(6, MAX),
            field("TopicId", Fixed(16), 6, MAX),
        ])), 6, MAX),
        field("TopicNames", Array(&String), 0, 5),
        field("TimeoutMs", Fixed(4), 0, MAX),
    ]),
    // DeleteTopicsResponse
    response(20, 1, 6, 4, &[
        field("ThrottleTimeMs", Fixed(4), 1, MAX),
        field("Responses", Array(&Struct(&[
            field("Name", String, 0, MAX).nullable(6, MAX),
            field("TopicId", Fixed(16), 6, MAX),
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 5, MAX).nullable(5, MAX),
        ])), 0, MAX),
    ]),
    // DeleteRecordsRequest
    request(21, 0, 2, 2, &[
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("Offset", Fixed(8), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("TimeoutMs", Fixed(4), 0, MAX),
    ]),
    // DeleteRecordsResponse
    response(21, 0, 2, 2, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("LowWatermark", Fixed(8), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // InitProducerIdRequest
    request(22, 0, 6, 2, &[
        field("TransactionalId", String, 0, MAX).nullable(0, MAX),
        field("TransactionTimeoutMs", Fixed(4), 0, MAX),
        field("ProducerId", Fixed(8), 3, MAX),
        field("ProducerEpoch", Fixed(2), 3, MAX),
        field("Enable2Pc", Fixed(1), 6, MAX),
        field("KeepPreparedTxn", Fixed(1), 6, MAX),
    ]),
    // InitProducerIdResponse
    response(22, 0, 6, 2, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ProducerId", Fixed(8), 0, MAX),
        field("ProducerEpoch", Fixed(2), 0, MAX),
        field("OngoingTxnProducerId", Fixed(8), 6, MAX),
        field("OngoingTxnProducerEpoch", Fixed(2), 6, MAX),
    ]),
    // OffsetForLeaderEpochRequest
    request(23, 2, 4, 4, &[
        field("ReplicaId", Fixed(4), 3, MAX),
        field("Topics", Array(&Struct(&[
            field("Topic", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("Partition", Fixed(4), 0, MAX),
                field("CurrentLeaderEpoch", Fixed(4), 2, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // OffsetForLeaderEpochResponse
    response(23, 2, 4, 4, &[
        field("ThrottleTimeMs", Fixed(4), 2, MAX),
        field("Topics", Array(&Struct(&[
            field("Topic", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("ErrorCode", Fixed(2), 0, MAX),
                field("Partition", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 1, MAX),
                field("EndOffset", Fixed(8), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // AddPartitionsToTxnRequest
    request(24, 0, 5, 3, &[
        field("Transactions", Array(&Struct(&[
            field("TransactionalId", String, 4, MAX),
            field("ProducerId", Fixed(8), 4, MAX),
            field("ProducerEpoch", Fixed(2), 4, MAX),
            field("VerifyOnly", Fixed(1), 4, MAX),
            field("Topics", Array(&Struct(&[
                field("Name", String, 0, MAX),
                field("Partitions", Array(&Fixed(4)), 0, MAX),
            ])), 4, MAX),
        ])), 4, MAX),
        field("V3AndBelowTransactionalId", String, 0, 3),
        field("V3AndBelowProducerId", Fixed(8), 0, 3),
        field("V3AndBelowProducerEpoch", Fixed(2), 0, 3),
        field("V3AndBelowTopics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Fixed(4)), 0, MAX),
        ])), 0, 3),
    ]),
    // AddPartitionsToTxnResponse
    response(24, 0, 5, 3, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 4, MAX),
        field("ResultsByTransaction", Array(&Struct(&[
            field("TransactionalId", String, 4, MAX),
            field("TopicResults", Array(&Struct(&[
                field("Name", String, 0, MAX),
                field("ResultsByPartition", Array(&Struct(&[
                    field("PartitionIndex", Fixed(4), 0, MAX),
                    field("PartitionErrorCode", Fixed(2), 0, MAX),
                ])), 0, MAX),
            ])), 4, MAX),
        ])), 4, MAX),
        field("ResultsByTopicV3AndBelow", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("ResultsByPartition", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("PartitionErrorCode", Fixed(2), 0, MAX),
            ])), 0, MAX),
        ])), 0, 3),
    ]),
    // AddOffsetsToTxnRequest
    request(25, 0, 4, 3, &[
        field("TransactionalId", String, 0, MAX),
        field("ProducerId", Fixed(8), 0, MAX),
        field("ProducerEpoch", Fixed(2), 0, MAX),
        field("GroupId", String, 0, MAX),
    ]),
    // AddOffsetsToTxnResponse
    response(25, 0, 4, 3, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
    ]),
    // EndTxnRequest
    request(26, 0, 5, 3, &[
        field("TransactionalId", String, 0, MAX),
        field("ProducerId", Fixed(8), 0, MAX),
        field("ProducerEpoch", Fixed(2), 0, MAX),
        field("Committed", Fixed(1), 0, MAX),
    ]),
    // EndTxnResponse
    response(26, 0, 5, 3, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ProducerId", Fixed(8), 5, MAX),
        field("ProducerEpoch", Fixed(2), 5, MAX),
    ]),
    // WriteTxnMarkersRequest
    request(27, 1, 2, 1, &[
        field("Markers", Array(&Struct(&[
            field("ProducerId", Fixed(8), 0, MAX),
            field("ProducerEpoch", Fixed(2), 0, MAX),
            field("TransactionResult", Fixed(1), 0, MAX),
            field("Topics", Array(&Struct(&[
                field("Name", String, 0, MAX),
                field("PartitionIndexes", Array(&Fixed(4)), 0, MAX),
            ])), 0, MAX),
            field("CoordinatorEpoch", Fixed(4), 0, MAX),
            field("TransactionVersion", Fixed(1), 2, MAX),
        ])), 0, MAX),
    ]),
    // WriteTxnMarkersResponse
    response(27, 1, 2, 1, &[
        field("Markers", Array(&Struct(&[
            field("ProducerId", Fixed(8), 0, MAX),
            field("Topics", Array(&Struct(&[
                field("Name", String, 0, MAX),
                field("Partitions", Array(&Struct(&[
                    field("PartitionIndex", Fixed(4), 0, MAX),
                    field("ErrorCode", Fixed(2), 0, MAX),
                ])), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // TxnOffsetCommitRequest
    request(28, 0, 5, 3, &[
        field("TransactionalId", String, 0, MAX),
        field("GroupId", String, 0, MAX),
        field("ProducerId", Fixed(8), 0, MAX),
        field("ProducerEpoch", Fixed(2), 0, MAX),
        field("GenerationId", Fixed(4), 3, MAX),
        field("MemberId", String, 3, MAX),
        field("GroupInstanceId", String, 3, MAX).nullable(3, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("CommittedOffset", Fixed(8), 0, MAX),
                field("CommittedLeaderEpoch", Fixed(4), 2, MAX),
                field("CommittedMetadata", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // TxnOffsetCommitResponse
    response(28, 0, 5, 3, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // DescribeAclsRequest
    request(29, 1, 3, 2, &[
        field("ResourceTypeFilter", Fixed(1), 0, MAX),
        field("ResourceNameFilter", String, 0, MAX).nullable(0, MAX),
        field("PatternTypeFilter", Fixed(1), 1, MAX),
        field("PrincipalFilter", String, 0, MAX).nullable(0, MAX),
        field("HostFilter", String, 0, MAX).nullable(0, MAX),
        field("Operation", Fixed(1), 0, MAX),
        field("PermissionType", Fixed(1), 0, MAX),
    ]),
    // DescribeAclsResponse
    response(29, 1, 3, 2, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("Resources", Array(&Struct(&[
            field("ResourceType", Fixed(1), 0, MAX),
            field("ResourceName", String, 0, MAX),
            field("PatternType", Fixed(1), 1, MAX),
            field("Acls", Array(&Struct(&[
                field("Principal", String, 0, MAX),
                field("Host", String, 0, MAX),
                field("Operation", Fixed(1), 0, MAX),
                field("PermissionType", Fixed(1), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // CreateAclsRequest
    request(30, 1, 3, 2, &[
        field("Creations", Array(&Struct(&[
            field("ResourceType", Fixed(1), 0, MAX),
            field("ResourceName", String, 0, MAX),
            field("ResourcePatternType", Fixed(1), 1, MAX),
            field("Principal", String, 0, MAX),
            field("Host", String, 0, MAX),
            field("Operation", Fixed(1), 0, MAX),
            field("PermissionType", Fixed(1), 0, MAX),
        ])), 0, MAX),
    ]),
    // CreateAclsResponse
    response(30, 1, 3, 2, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Results", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        ])), 0, MAX),
    ]),
    // DeleteAclsRequest
    request(31, 1, 3, 2, &[
        field("Filters", Array(&Struct(&[
            field("ResourceTypeFilter", Fixed(1), 0, MAX),
            field("ResourceNameFilter", String, 0, MAX).nullable(0, MAX),
            field("PatternTypeFilter", Fixed(1), 1, MAX),
            field("PrincipalFilter", String, 0, MAX).nullable(0, MAX),
            field("HostFilter", String, 0, MAX).nullable(0, MAX),
            field("Operation", Fixed(1), 0, MAX),
            field("PermissionType", Fixed(1), 0, MAX),
        ])), 0, MAX),
    ]),
    // DeleteAclsResponse
    response(31, 1, 3, 2, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("FilterResults", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            field("MatchingAcls", Array(&Struct(&[
                field("ErrorCode", Fixed(2), 0, MAX),
                field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
                field("ResourceType", Fixed(1), 0, MAX),
                field("ResourceName", String, 0, MAX),
                field("PatternType", Fixed(1), 1, MAX),
                field("Principal", String, 0, MAX),
                field("Host", String, 0, MAX),
                field("Operation", Fixed(1), 0, MAX),
                field("PermissionType", Fixed(1), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // DescribeConfigsRequest
    request(32, 1, 4, 4, &[
        field("Resources", Array(&Struct(&[
            field("ResourceType", Fixed(1), 0, MAX),
            field("ResourceName", String, 0, MAX),
            field("ConfigurationKeys", Array(&String), 0, MAX).nullable(0, MAX),
        ])), 0, MAX),
        field("IncludeSynonyms", Fixed(1), 1, MAX),
        field("IncludeDocumentation", Fixed(1), 3, MAX),
    ]),
    // DescribeConfigsResponse
    response(32, 1, 4, 4, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Results", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            field("ResourceType", Fixed(1), 0, MAX),
            field("ResourceName", String, 0, MAX),
            field("Configs", Array(&Struct(&[
                field("Name", String, 0, MAX),
                field("Value", String, 0, MAX).nullable(0, MAX),
                field("ReadOnly", Fixed(1), 0, MAX),
                field("ConfigSource", Fixed(1), 1, MAX),
                field("IsSensitive", Fixed(1), 0, MAX),
                field("Synonyms", Array(&Struct(&[
                    field("Name", String, 1, MAX),
                    field("Value", String, 1, MAX).nullable(0, MAX),
                    field("Source", Fixed(1), 1, MAX),
                ])), 1, MAX),
                field("ConfigType", Fixed(1), 3, MAX),
                field("Documentation", String, 3, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // AlterConfigsRequest
    request(33, 0, 2, 2, &[
        field("Resources", Array(&Struct(&[
            field("ResourceType", Fixed(1), 0, MAX),
            field("ResourceName", String, 0, MAX),
            field("Configs", Array(&Struct(&[
                field("Name", String, 0, MAX),
                field("Value", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("ValidateOnly", Fixed(1), 0, MAX),
    ]),
    // AlterConfigsResponse
    response(33, 0, 2, 2, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Responses", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            field("ResourceType", Fixed(1), 0, MAX),
            field("ResourceName", String, 0, MAX),
        ])), 0, MAX),
    ]),
    // AlterReplicaLogDirsRequest
    request(34, 1, 2, 2, &[
        field("Dirs", Array(&Struct(&[
            field("Path", String, 0, MAX),
            field("Topics", Array(&Struct(&[
                field("Name", String, 0, MAX),
                field("Partitions", Array(&Fixed(4)), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // AlterReplicaLogDirsResponse
    response(34, 1, 2, 2, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Results", Array(&Struct(&[
            field("TopicName", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // DescribeLogDirsRequest
    request(35, 1, 5, 2, &[
        field("Topics", Array(&Struct(&[
            field("Topic", String, 0, MAX),
            field("Partitions", Array(&Fixed(4)), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
    ]),
    // DescribeLogDirsResponse
    response(35, 1, 5, 2, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 3, MAX),
        field("Results", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("LogDir", String, 0, MAX),
            field("Topics", Array(&Struct(&[
                field("Name", String, 0, MAX),
                field("Partitions", Array(&Struct(&[
                    field("PartitionIndex", Fixed(4), 0, MAX),
                    field("PartitionSize", Fixed(8), 0, MAX),
                    field("OffsetLag", Fixed(8), 0, MAX),
                    field("IsFutureKey", Fixed(1), 0, MAX),
                ])), 0, MAX),
            ])), 0, MAX),
            field("TotalBytes", Fixed(8), 4, MAX),
            field("UsableBytes", Fixed(8), 4, MAX),
            field("IsCordoned", Fixed(1), 5, MAX),
        ])), 0, MAX),
    ]),
    // SaslAuthenticateRequest
    request(36, 0, 2, 2, &[
        field("AuthBytes", Bytes, 0, MAX),
    ]),
    // SaslAuthenticateResponse
    response(36, 0, 2, 2, &[
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("AuthBytes", Bytes, 0, MAX),
        field("SessionLifetimeMs", Fixed(8), 1, MAX),
    ]),
    // CreatePartitionsRequest
    request(37, 0, 3, 2, &[
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Count", Fixed(4), 0, MAX),
            field("Assignments", Array(&Struct(&[
                field("BrokerIds", Array(&Fixed(4)), 0, MAX),
            ])), 0, MAX).nullable(0, MAX),
        ])), 0, MAX),
        field("TimeoutMs", Fixed(4), 0, MAX),
        field("ValidateOnly", Fixed(1), 0, MAX),
    ]),
    // CreatePartitionsResponse
    response(37, 0, 3, 2, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Results", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        ])), 0, MAX),
    ]),
    // CreateDelegationTokenRequest
    request(38, 1, 3, 2, &[
        field("OwnerPrincipalType", String, 3, MAX).nullable(3, MAX),
        field("OwnerPrincipalName", String, 3, MAX).nullable(3, MAX),
        field("Renewers", Array(&Struct(&[
            field("PrincipalType", String, 0, MAX),
            field("PrincipalName", String, 0, MAX),
        ])), 0, MAX),
        field("MaxLifetimeMs", Fixed(8), 0, MAX),
    ]),
    // CreateDelegationTokenResponse
    response(38, 1, 3, 2, &[
        field("ErrorCode", Fixed(2), 0, MAX),
        field("PrincipalType", String, 0, MAX),
        field("PrincipalName", String, 0, MAX),
        field("TokenRequesterPrincipalType", String, 3, MAX),
        field("TokenRequesterPrincipalName", String, 3, MAX),
        field("IssueTimestampMs", Fixed(8), 0, MAX),
        field("ExpiryTimestampMs", Fixed(8), 0, MAX),
        field("MaxTimestampMs", Fixed(8), 0, MAX),
        field("TokenId", String, 0, MAX),
        field("Hmac", Bytes, 0, MAX),
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
    ]),
    // RenewDelegationTokenRequest
    request(39, 1, 2, 2, &[
        field("Hmac", Bytes, 0, MAX),
        field("RenewPeriodMs", Fixed(8), 0, MAX),
    ]),
    // RenewDelegationTokenResponse
    response(39, 1, 2, 2, &[
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ExpiryTimestampMs", Fixed(8), 0, MAX),
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
    ]),
    // ExpireDelegationTokenRequest
    request(40, 1, 2, 2, &[
        field("Hmac", Bytes, 0, MAX),
        field("ExpiryTimePeriodMs", Fixed(8), 0, MAX),
    ]),
    // ExpireDelegationTokenResponse
    response(40, 1, 2, 2, &[
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ExpiryTimestampMs", Fixed(8), 0, MAX),
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
    ]),
    // DescribeDelegationTokenRequest
    request(41, 1, 3, 2, &[
        field("Owners", Array(&Struct(&[
            field("PrincipalType", String, 0, MAX),
            field("PrincipalName", String, 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
    ]),
    // DescribeDelegationTokenResponse
    response(41, 1, 3, 2, &[
        field("ErrorCode", Fixed(2), 0, MAX),
        field("Tokens", Array(&Struct(&[
            field("PrincipalType", String, 0, MAX),
            field("PrincipalName", String, 0, MAX),
            field("TokenRequesterPrincipalType", String, 3, MAX),
            field("TokenRequesterPrincipalName", String, 3, MAX),
            field("IssueTimestamp", Fixed(8), 0, MAX),
            field("ExpiryTimestamp", Fixed(8), 0, MAX),
            field("MaxTimestamp", Fixed(8), 0, MAX),
            field("TokenId", String, 0, MAX),
            field("Hmac", Bytes, 0, MAX),
            field("Renewers", Array(&Struct(&[
                field("PrincipalType", String, 0, MAX),
                field("PrincipalName", String, 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
    ]),
    // DeleteGroupsRequest
    request(42, 0, 2, 2, &[
        field("GroupsNames", Array(&String), 0, MAX),
    ]),
    // DeleteGroupsResponse
    response(42, 0, 2, 2, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Results", Array(&Struct(&[
            field("GroupId", String, 0, MAX),
            field("ErrorCode", Fixed(2), 0, MAX),
        ])), 0, MAX),
    ]),
    // ElectLeadersRequest
    request(43, 0, 2, 2, &[
        field("ElectionType", Fixed(1), 1, MAX),
        field("TopicPartitions", Array(&Struct(&[
            field("Topic", String, 0, MAX),
            field("Partitions", Array(&Fixed(4)), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
        field("TimeoutMs", Fixed(4), 0, MAX),
    ]),
    // ElectLeadersResponse
    response(43, 0, 2, 2, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 1, MAX),
        field("ReplicaElectionResults", Array(&Struct(&[
            field("Topic", String, 0, MAX),
            field("PartitionResult", Array(&Struct(&[
                field("PartitionId", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // IncrementalAlterConfigsRequest
    request(44, 0, 1, 1, &[
        field("Resources", Array(&Struct(&[
            field("ResourceType", Fixed(1), 0, MAX),
            field("ResourceName", String, 0, MAX),
            field("Configs", Array(&Struct(&[
                field("Name", String, 0, MAX),
                field("ConfigOperation", Fixed(1), 0, MAX),
                field("Value", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("ValidateOnly", Fixed(1), 0, MAX),
    ]),
    // IncrementalAlterConfigsResponse
    response(44, 0, 1, 1, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Responses", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            field("ResourceType", Fixed(1), 0, MAX),
            field("ResourceName", String, 0, MAX),
        ])), 0, MAX),
    ]),
    // AlterPartitionReassignmentsRequest
    request(45, 0, 1, 0, &[
        field("TimeoutMs", Fixed(4), 0, MAX),
        field("AllowReplicationFactorChange", Fixed(1), 1, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("Replicas", Array(&Fixed(4)), 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // AlterPartitionReassignmentsResponse
    response(45, 0, 1, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("AllowReplicationFactorChange", Fixed(1), 1, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("Responses", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // ListPartitionReassignmentsRequest
    request(46, 0, 0, 0, &[
        field("TimeoutMs", Fixed(4), 0, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("PartitionIndexes", Array(&Fixed(4)), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
    ]),
    // ListPartitionReassignmentsResponse
    response(46, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("Replicas", Array(&Fixed(4)), 0, MAX),
                field("AddingReplicas", Array(&Fixed(4)), 0, MAX),
                field("RemovingReplicas", Array(&Fixed(4)), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // OffsetDeleteRequest
    request(47, 0, 0, NEVER, &[
        field("GroupId", String, 0, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // OffsetDeleteResponse
    response(47, 0, 0, NEVER, &[
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // DescribeClientQuotasRequest
    request(48, 0, 1, 1, &[
        field("Components", Array(&Struct(&[
            field("EntityType", String, 0, MAX),
            field("MatchType", Fixed(1), 0, MAX),
            field("Match", String, 0, MAX).nullable(0, MAX),
        ])), 0, MAX),
        field("Strict", Fixed(1), 0, MAX),
    ]),
    // DescribeClientQuotasResponse
    response(48, 0, 1, 1, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("Entries", Array(&Struct(&[
            field("Entity", Array(&Struct(&[
                field("EntityType", String, 0, MAX),
                field("EntityName", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
            field("Values", Array(&Struct(&[
                field("Key", String, 0, MAX),
                field("Value", Fixed(8), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
    ]),
    // AlterClientQuotasRequest
    request(49, 0, 1, 1, &[
        field("Entries", Array(&Struct(&[
            field("Entity", Array(&Struct(&[
                field("EntityType", String, 0, MAX),
                field("EntityName", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
            field("Ops", Array(&Struct(&[
                field("Key", String, 0, MAX),
                field("Value", Fixed(8), 0, MAX),
                field("Remove", Fixed(1), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("ValidateOnly", Fixed(1), 0, MAX),
    ]),
    // AlterClientQuotasResponse
    response(49, 0, 1, 1, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Entries", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            field("Entity", Array(&Struct(&[
                field("EntityType", String, 0, MAX),
                field("EntityName", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // DescribeUserScramCredentialsRequest
    request(50, 0, 0, 0, &[
        field("Users", Array(&Struct(&[
            field("Name", String, 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
    ]),
    // DescribeUserScramCredentialsResponse
    response(50, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("Results", Array(&Struct(&[
            field("User", String, 0, MAX),
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            field("CredentialInfos", Array(&Struct(&[
                field("Mechanism", Fixed(1), 0, MAX),
                field("Iterations", Fixed(4), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // AlterUserScramCredentialsRequest
    request(51, 0, 0, 0, &[
        field("Deletions", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Mechanism", Fixed(1), 0, MAX),
        ])), 0, MAX),
        field("Upsertions", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Mechanism", Fixed(1), 0, MAX),
            field("Iterations", Fixed(4), 0, MAX),
            field("Salt", Bytes, 0, MAX),
            field("SaltedPassword", Bytes, 0, MAX),
        ])), 0, MAX),
    ]),
    // AlterUserScramCredentialsResponse
    response(51, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Results", Array(&Struct(&[
            field("User", String, 0, MAX),
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        ])), 0, MAX),
    ]),
    // VoteRequest
    request(52, 0, 2, 0, &[
        field("ClusterId", String, 0, MAX).nullable(0, MAX),
        field("VoterId", Fixed(4), 1, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicName", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ReplicaEpoch", Fixed(4), 0, MAX),
                field("ReplicaId", Fixed(4), 0, MAX),
                field("ReplicaDirectoryId", Fixed(16), 1, MAX),
                field("VoterDirectoryId", Fixed(16), 1, MAX),
                field("LastOffsetEpoch", Fixed(4), 0, MAX),
                field("LastOffset", Fixed(8), 0, MAX),
                field("PreVote", Fixed(1), 2, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // VoteResponse
    response(52, 0, 2, 0, &[
        field("ErrorCode", Fixed(2), 0, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicName", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("LeaderId", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
                field("VoteGranted", Fixed(1), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("NodeEndpoints", Array(&Struct(&[
            field("NodeId", Fixed(4), 1, MAX),
            field("Host", String, 1, MAX),
            field("Port", Fixed(2), 1, MAX),
        ])), 1, MAX).tagged(0, 1, MAX),
    ]),
    // BeginQuorumEpochRequest
    request(53, 0, 1, 1, &[
        field("ClusterId", String, 0, MAX).nullable(0, MAX),
        field("VoterId", Fixed(4), 1, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicName", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("VoterDirectoryId", Fixed(16), 1, MAX),
                field("LeaderId", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("LeaderEndpoints", Array(&Struct(&[
            field("Name", String, 1, MAX),
            field("Host", String, 1, MAX),
            field("Port", Fixed(2), 1, MAX),
        ])), 1, MAX),
    ]),
    // BeginQuorumEpochResponse
    response(53, 0, 1, 1, &[
        field("ErrorCode", Fixed(2), 0, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicName", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("LeaderId", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("NodeEndpoints", Array(&Struct(&[
            field("NodeId", Fixed(4), 1, MAX),
            field("Host", String, 1, MAX),
            field("Port", Fixed(2), 1, MAX),
        ])), 1, MAX).tagged(0, 1, MAX),
    ]),
    // EndQuorumEpochRequest
    request(54, 0, 1, 1, &[
        field("ClusterId", String, 0, MAX).nullable(0, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicName", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("LeaderId", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
                field("PreferredSuccessors", Array(&Fixed(4)), 0, 0),
                field("PreferredCandidates", Array(&Struct(&[
                    field("CandidateId", Fixed(4), 1, MAX),
                    field("CandidateDirectoryId", Fixed(16), 1, MAX),
                ])), 1, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("LeaderEndpoints", Array(&Struct(&[
            field("Name", String, 1, MAX),
            field("Host", String, 1, MAX),
            field("Port", Fixed(2), 1, MAX),
        ])), 1, MAX),
    ]),
    // EndQuorumEpochResponse
    response(54, 0, 1, 1, &[
        field("ErrorCode", Fixed(2), 0, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicName", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("LeaderId", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("NodeEndpoints", Array(&Struct(&[
            field("NodeId", Fixed(4), 1, MAX),
            field("Host", String, 1, MAX),
            field("Port", Fixed(2), 1, MAX),
        ])), 1, MAX).tagged(0, 1, MAX),
    ]),
    // DescribeQuorumRequest
    request(55, 0, 2, 0, &[
        field("Topics", Array(&Struct(&[
            field("TopicName", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // DescribeQuorumResponse
    response(55, 0, 2, 0, &[
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 2, MAX).nullable(2, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicName", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("ErrorMessage", String, 2, MAX).nullable(2, MAX),
                field("LeaderId", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
                field("HighWatermark", Fixed(8), 0, MAX),
                field("CurrentVoters", Array(&Struct(&[
                    field("ReplicaId", Fixed(4), 0, MAX),
                    field("ReplicaDirectoryId", Fixed(16), 2, MAX),
                    field("LogEndOffset", Fixed(8), 0, MAX),
                    field("LastFetchTimestamp", Fixed(8), 1, MAX),
                    field("LastCaughtUpTimestamp", Fixed(8), 1, MAX),
                ])), 0, MAX),
                field("Observers", Array(&Struct(&[
                    field("ReplicaId", Fixed(4), 0, MAX),
                    field("ReplicaDirectoryId", Fixed(16), 2, MAX),
                    field("LogEndOffset", Fixed(8), 0, MAX),
                    field("LastFetchTimestamp", Fixed(8), 1, MAX),
                    field("LastCaughtUpTimestamp", Fixed(8), 1, MAX),
                ])), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("Nodes", Array(&Struct(&[
            field("NodeId", Fixed(4), 2, MAX),
            field("Listeners", Array(&Struct(&[
                field("Name", String, 2, MAX),
                field("Host", String, 2, MAX),
                field("Port", Fixed(2), 2, MAX),
            ])), 2, MAX),
        ])), 2, MAX),
    ]),
    // AlterPartitionRequest
    request(56, 2, 3, 0, &[
        field("BrokerId", Fixed(4), 0, MAX),
        field("BrokerEpoch", Fixed(8), 0, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicId", Fixed(16), 2, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
                field("NewIsr", Array(&Fixed(4)), 0, 2),
                field("NewIsrWithEpochs", Array(&Struct(&[
                    field("BrokerId", Fixed(4), 3, MAX),
                    field("BrokerEpoch", Fixed(8), 3, MAX),
                ])), 3, MAX),
                field("LeaderRecoveryState", Fixed(1), 1, MAX),
                field("PartitionEpoch", Fixed(4), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // AlterPartitionResponse
    response(56, 2, 3, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicId", Fixed(16), 2, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("LeaderId", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
                field("Isr", Array(&Fixed(4)), 0, MAX),
                field("LeaderRecoveryState", Fixed(1), 1, MAX),
                field("PartitionEpoch", Fixed(4), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // UpdateFeaturesRequest
    request(57, 0, 2, 0, &[
        field("timeoutMs", Fixed(4), 0, MAX),
        field("FeatureUpdates", Array(&Struct(&[
            field("Feature", String, 0, MAX),
            field("MaxVersionLevel", Fixed(2), 0, MAX),
            field("AllowDowngrade", Fixed(1), 0, 0),
            field("UpgradeType", Fixed(1), 1, MAX),
        ])), 0, MAX),
        field("ValidateOnly", Fixed(1), 1, MAX),
    ]),
    // UpdateFeaturesResponse
    response(57, 0, 2, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("Results", Array(&Struct(&[
            field("Feature", String, 0, MAX),
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        ])), 0, 1),
    ]),
    // EnvelopeRequest
    request(58, 0, 0, 0, &[
        field("RequestData", Bytes, 0, MAX),
        field("RequestPrincipal", Bytes, 0, MAX).nullable(0, MAX),
        field("ClientHostAddress", Bytes, 0, MAX),
    ]),
    // EnvelopeResponse
    response(58, 0, 0, 0, &[
        field("ResponseData", Bytes, 0, MAX).nullable(0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
    ]),
    // FetchSnapshotRequest
    request(59, 0, 1, 0, &[
        field("ClusterId", String, 0, MAX).nullable(0, MAX).tagged(0, 0, MAX),
        field("ReplicaId", Fixed(4), 0, MAX),
        field("MaxBytes", Fixed(4), 0, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("Partition", Fixed(4), 0, MAX),
                field("CurrentLeaderEpoch", Fixed(4), 0, MAX),
                field("SnapshotId", Struct(&[
                    field("EndOffset", Fixed(8), 0, MAX),
                    field("Epoch", Fixed(4), 0, MAX),
                ]), 0, MAX),
                field("Position", Fixed(8), 0, MAX),
                field("ReplicaDirectoryId", Fixed(16), 1, MAX).tagged(0, 1, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // FetchSnapshotResponse
    response(59, 0, 1, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("Index", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("SnapshotId", Struct(&[
                    field("EndOffset", Fixed(8), 0, MAX),
                    field("Epoch", Fixed(4), 0, MAX),
                ]), 0, MAX),
                field("CurrentLeader", Struct(&[
                    field("LeaderId", Fixed(4), 0, MAX),
                    field("LeaderEpoch", Fixed(4), 0, MAX),
                ]), 0, MAX).tagged(0, 0, MAX),
                field("Size", Fixed(8), 0, MAX),
                field("Position", Fixed(8), 0, MAX),
                field("UnalignedRecords", Bytes, 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("NodeEndpoints", Array(&Struct(&[
            field("NodeId", Fixed(4), 1, MAX),
            field("Host", String, 1, MAX),
            field("Port", Fixed(2), 1, MAX),
        ])), 1, MAX).tagged(0, 1, MAX),
    ]),
    // DescribeClusterRequest
    request(60, 0, 2, 0, &[
        field("IncludeClusterAuthorizedOperations", Fixed(1), 0, MAX),
        field("EndpointType", Fixed(1), 1, MAX),
        field("IncludeFencedBrokers", Fixed(1), 2, MAX),
    ]),
    // DescribeClusterResponse
    response(60, 0, 2, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("EndpointType", Fixed(1), 1, MAX),
        field("ClusterId", String, 0, MAX),
        field("ControllerId", Fixed(4), 0, MAX),
        field("Brokers", Array(&Struct(&[
            field("BrokerId", Fixed(4), 0, MAX),
            field("Host", String, 0, MAX),
            field("Port", Fixed(4), 0, MAX),
            field("Rack", String, 0, MAX).nullable(0, MAX),
            field("IsFenced", Fixed(1), 2, MAX),
        ])), 0, MAX),
        field("ClusterAuthorizedOperations", Fixed(4), 0, MAX),
    ]),
    // DescribeProducersRequest
    request(61, 0, 0, 0, &[
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("PartitionIndexes", Array(&Fixed(4)), 0, MAX),
        ])), 0, MAX),
    ]),
    // DescribeProducersResponse
    response(61, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
                field("ActiveProducers", Array(&Struct(&[
                    field("ProducerId", Fixed(8), 0, MAX),
                    field("ProducerEpoch", Fixed(4), 0, MAX),
                    field("LastSequence", Fixed(4), 0, MAX),
                    field("LastTimestamp", Fixed(8), 0, MAX),
                    field("CoordinatorEpoch", Fixed(4), 0, MAX),
                    field("CurrentTxnStartOffset", Fixed(8), 0, MAX),
                ])), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // BrokerRegistrationRequest
    request(62, 0, 4, 0, &[
        field("BrokerId", Fixed(4), 0, MAX),
        field("ClusterId", String, 0, MAX),
        field("IncarnationId", Fixed(16), 0, MAX),
        field("Listeners", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Host", String, 0, MAX),
            field("Port", Fixed(2), 0, MAX),
            field("SecurityProtocol", Fixed(2), 0, MAX),
        ])), 0, MAX),
        field("Features", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("MinSupportedVersion", Fixed(2), 0, MAX),
            field("MaxSupportedVersion", Fixed(2), 0, MAX),
        ])), 0, MAX),
        field("Rack", String, 0, MAX).nullable(0, MAX),
        field("IsMigratingZkBroker", Fixed(1), 1, MAX),
        field("LogDirs", Array(&Fixed(16)), 2, MAX),
        field("PreviousBrokerEpoch", Fixed(8), 3, MAX),
    ]),
    // BrokerRegistrationResponse
    response(62, 0, 4, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("BrokerEpoch", Fixed(8), 0, MAX),
    ]),
    // BrokerHeartbeatRequest
    request(63, 0, 2, 0, &[
        field("BrokerId", Fixed(4), 0, MAX),
        field("BrokerEpoch", Fixed(8), 0, MAX),
        field("CurrentMetadataOffset", Fixed(8), 0, MAX),
        field("WantFence", Fixed(1), 0, MAX),
        field("WantShutDown", Fixed(1), 0, MAX),
        field("OfflineLogDirs", Array(&Fixed(16)), 1, MAX).tagged(0, 1, MAX),
        field("CordonedLogDirs", Array(&Fixed(16)), 2, MAX).nullable(2, MAX).tagged(1, 2, MAX),
    ]),
    // BrokerHeartbeatResponse
    response(63, 0, 2, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("IsCaughtUp", Fixed(1), 0, MAX),
        field("IsFenced", Fixed(1), 0, MAX),
        field("ShouldShutDown", Fixed(1), 0, MAX),
    ]),
    // UnregisterBrokerRequest
    request(64, 0, 0, 0, &[
        field("BrokerId", Fixed(4), 0, MAX),
    ]),
    // UnregisterBrokerResponse
    response(64, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
    ]),
    // DescribeTransactionsRequest
    request(65, 0, 0, 0, &[
        field("TransactionalIds", Array(&String), 0, MAX),
    ]),
    // DescribeTransactionsResponse
    response(65, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("TransactionStates", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("TransactionalId", String, 0, MAX),
            field("TransactionState", String, 0, MAX),
            field("TransactionTimeoutMs", Fixed(4), 0, MAX),
            field("TransactionStartTimeMs", Fixed(8), 0, MAX),
            field("ProducerId", Fixed(8), 0, MAX),
            field("ProducerEpoch", Fixed(2), 0, MAX),
            field("Topics", Array(&Struct(&[
                field("Topic", String, 0, MAX),
                field("Partitions", Array(&Fixed(4)), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // ListTransactionsRequest
    request(66, 0, 2, 0, &[
        field("StateFilters", Array(&String), 0, MAX),
        field("ProducerIdFilters", Array(&Fixed(8)), 0, MAX),
        field("DurationFilter", Fixed(8), 1, MAX),
        field("TransactionalIdPattern", String, 2, MAX).nullable(2, MAX),
    ]),
    // ListTransactionsResponse
    response(66, 0, 2, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("UnknownStateFilters", Array(&String), 0, MAX),
        field("TransactionStates", Array(&Struct(&[
            field("TransactionalId", String, 0, MAX),
            field("ProducerId", Fixed(8), 0, MAX),
            field("TransactionState", String, 0, MAX),
        ])), 0, MAX),
    ]),
    // AllocateProducerIdsRequest
    request(67, 0, 0, 0, &[
        field("BrokerId", Fixed(4), 0, MAX),
        field("BrokerEpoch", Fixed(8), 0, MAX),
    ]),
    // AllocateProducerIdsResponse
    response(67, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ProducerIdStart", Fixed(8), 0, MAX),
        field("ProducerIdLen", Fixed(4), 0, MAX),
    ]),
    // ConsumerGroupHeartbeatRequest
    request(68, 0, 1, 0, &[
        field("GroupId", String, 0, MAX),
        field("MemberId", String, 0, MAX),
        field("MemberEpoch", Fixed(4), 0, MAX),
        field("InstanceId", String, 0, MAX).nullable(0, MAX),
        field("RackId", String, 0, MAX).nullable(0, MAX),
        field("RebalanceTimeoutMs", Fixed(4), 0, MAX),
        field("SubscribedTopicNames", Array(&String), 0, MAX).nullable(0, MAX),
        field("SubscribedTopicRegex", String, 1, MAX).nullable(1, MAX),
        field("ServerAssignor", String, 0, MAX).nullable(0, MAX),
        field("TopicPartitions", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Fixed(4)), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
    ]),
    // ConsumerGroupHeartbeatResponse
    response(68, 0, 1, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("MemberId", String, 0, MAX).nullable(0, MAX),
        field("MemberEpoch", Fixed(4), 0, MAX),
        field("HeartbeatIntervalMs", Fixed(4), 0, MAX),
        field("Assignment", Struct(&[
            field("TopicPartitions", Array(&Struct(&[
                field("TopicId", Fixed(16), 0, MAX),
                field("Partitions", Array(&Fixed(4)), 0, MAX),
            ])), 0, MAX),
        ]), 0, MAX).nullable(0, MAX),
    ]),
    // ConsumerGroupDescribeRequest
    request(69, 0, 1, 0, &[
        field("GroupIds", Array(&String), 0, MAX),
        field("IncludeAuthorizedOperations", Fixed(1), 0, MAX),
    ]),
    // ConsumerGroupDescribeResponse
    response(69, 0, 1, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Groups", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            field("GroupId", String, 0, MAX),
            field("GroupState", String, 0, MAX),
            field("GroupEpoch", Fixed(4), 0, MAX),
            field("AssignmentEpoch", Fixed(4), 0, MAX),
            field("AssignorName", String, 0, MAX),
            field("Members", Array(&Struct(&[
                field("MemberId", String, 0, MAX),
                field("InstanceId", String, 0, MAX).nullable(0, MAX),
                field("RackId", String, 0, MAX).nullable(0, MAX),
                field("MemberEpoch", Fixed(4), 0, MAX),
                field("ClientId", String, 0, MAX),
                field("ClientHost", String, 0, MAX),
                field("SubscribedTopicNames", Array(&String), 0, MAX),
                field("SubscribedTopicRegex", String, 0, MAX).nullable(0, MAX),
                field("Assignment", Struct(&[
                    field("TopicPartitions", Array(&Struct(&[
                        field("TopicId", Fixed(16), 0, MAX),
                        field("TopicName", String, 0, MAX),
                        field("Partitions", Array(&Fixed(4)), 0, MAX),
                    ])), 0, MAX),
                ]), 0, MAX),
                field("TargetAssignment", Struct(&[
                    field("TopicPartitions", Array(&Struct(&[
                        field("TopicId", Fixed(16), 0, MAX),
                        field("TopicName", String, 0, MAX),
                        field("Partitions", Array(&Fixed(4)), 0, MAX),
                    ])), 0, MAX),
                ]), 0, MAX),
                field("MemberType", Fixed(1), 1, MAX),
            ])), 0, MAX),
            field("AuthorizedOperations", Fixed(4), 0, MAX),
        ])), 0, MAX),
    ]),
    // ControllerRegistrationRequest
    request(70, 0, 0, 0, &[
        field("ControllerId", Fixed(4), 0, MAX),
        field("IncarnationId", Fixed(16), 0, MAX),
        field("ZkMigrationReady", Fixed(1), 0, MAX),
        field("Listeners", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Host", String, 0, MAX),
            field("Port", Fixed(2), 0, MAX),
            field("SecurityProtocol", Fixed(2), 0, MAX),
        ])), 0, MAX),
        field("Features", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("MinSupportedVersion", Fixed(2), 0, MAX),
            field("MaxSupportedVersion", Fixed(2), 0, MAX),
        ])), 0, MAX),
    ]),
    // ControllerRegistrationResponse
    response(70, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
    ]),
    // GetTelemetrySubscriptionsRequest
    request(71, 0, 0, 0, &[
        field("ClientInstanceId", Fixed(16), 0, MAX),
    ]),
    // GetTelemetrySubscriptionsResponse
    response(71, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ClientInstanceId", Fixed(16), 0, MAX),
        field("SubscriptionId", Fixed(4), 0, MAX),
        field("AcceptedCompressionTypes", Array(&Fixed(1)), 0, MAX),
        field("PushIntervalMs", Fixed(4), 0, MAX),
        field("TelemetryMaxBytes", Fixed(4), 0, MAX),
        field("DeltaTemporality", Fixed(1), 0, MAX),
        field("RequestedMetrics", Array(&String), 0, MAX),
    ]),
    // PushTelemetryRequest
    request(72, 0, 0, 0, &[
        field("ClientInstanceId", Fixed(16), 0, MAX),
        field("SubscriptionId", Fixed(4), 0, MAX),
        field("Terminating", Fixed(1), 0, MAX),
        field("CompressionType", Fixed(1), 0, MAX),
        field("Metrics", Bytes, 0, MAX),
    ]),
    // PushTelemetryResponse
    response(72, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
    ]),
    // AssignReplicasToDirsRequest
    request(73, 0, 0, 0, &[
        field("BrokerId", Fixed(4), 0, MAX),
        field("BrokerEpoch", Fixed(8), 0, MAX),
        field("Directories", Array(&Struct(&[
            field("Id", Fixed(16), 0, MAX),
            field("Topics", Array(&Struct(&[
                field("TopicId", Fixed(16), 0, MAX),
                field("Partitions", Array(&Struct(&[
                    field("PartitionIndex", Fixed(4), 0, MAX),
                ])), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // AssignReplicasToDirsResponse
    response(73, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("Directories", Array(&Struct(&[
            field("Id", Fixed(16), 0, MAX),
            field("Topics", Array(&Struct(&[
                field("TopicId", Fixed(16), 0, MAX),
                field("Partitions", Array(&Struct(&[
                    field("PartitionIndex", Fixed(4), 0, MAX),
                    field("ErrorCode", Fixed(2), 0, MAX),
                ])), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // ListConfigResourcesRequest
    request(74, 0, 1, 0, &[
        field("ResourceTypes", Array(&Fixed(1)), 1, MAX),
    ]),
    // ListConfigResourcesResponse
    response(74, 0, 1, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ConfigResources", Array(&Struct(&[
            field("ResourceName", String, 0, MAX),
            field("ResourceType", Fixed(1), 1, MAX),
        ])), 0, MAX),
    ]),
    // DescribeTopicPartitionsRequest
    request(75, 0, 0, 0, &[
        field("Topics", Array(&Struct(&[
            field("Name", String, 0, MAX),
        ])), 0, MAX),
        field("ResponsePartitionLimit", Fixed(4), 0, MAX),
        field("Cursor", Struct(&[
            field("TopicName", String, 0, MAX),
            field("PartitionIndex", Fixed(4), 0, MAX),
        ]), 0, MAX).nullable(0, MAX),
    ]),
    // DescribeTopicPartitionsResponse
    response(75, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Topics", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("Name", String, 0, MAX).nullable(0, MAX),
            field("TopicId", Fixed(16), 0, MAX),
            field("IsInternal", Fixed(1), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("ErrorCode", Fixed(2), 0, MAX),
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("LeaderId", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
                field("ReplicaNodes", Array(&Fixed(4)), 0, MAX),
                field("IsrNodes", Array(&Fixed(4)), 0, MAX),
                field("EligibleLeaderReplicas", Array(&Fixed(4)), 0, MAX).nullable(0, MAX),
                field("LastKnownElr", Array(&Fixed(4)), 0, MAX).nullable(0, MAX),
                field("OfflineReplicas", Array(&Fixed(4)), 0, MAX),
            ])), 0, MAX),
            field("TopicAuthorizedOperations", Fixed(4), 0, MAX),
        ])), 0, MAX),
        field("NextCursor", Struct(&[
            field("TopicName", String, 0, MAX),
            field("PartitionIndex", Fixed(4), 0, MAX),
        ]), 0, MAX).nullable(0, MAX),
    ]),
    // ShareGroupHeartbeatRequest
    request(76, 1, 1, 0, &[
        field("GroupId", String, 0, MAX),
        field("MemberId", String, 0, MAX),
        field("MemberEpoch", Fixed(4), 0, MAX),
        field("RackId", String, 0, MAX).nullable(0, MAX),
        field("SubscribedTopicNames", Array(&String), 0, MAX).nullable(0, MAX),
    ]),
    // ShareGroupHeartbeatResponse
    response(76, 1, 1, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("MemberId", String, 0, MAX).nullable(0, MAX),
        field("MemberEpoch", Fixed(4), 0, MAX),
        field("HeartbeatIntervalMs", Fixed(4), 0, MAX),
        field("Assignment", Struct(&[
            field("TopicPartitions", Array(&Struct(&[
                field("TopicId", Fixed(16), 0, MAX),
                field("Partitions", Array(&Fixed(4)), 0, MAX),
            ])), 0, MAX),
        ]), 0, MAX).nullable(0, MAX),
    ]),
    // ShareGroupDescribeRequest
    request(77, 1, 1, 0, &[
        field("GroupIds", Array(&String), 0, MAX),
        field("IncludeAuthorizedOperations", Fixed(1), 0, MAX),
    ]),
    // ShareGroupDescribeResponse
    response(77, 1, 1, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Groups", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            field("GroupId", String, 0, MAX),
            field("GroupState", String, 0, MAX),
            field("GroupEpoch", Fixed(4), 0, MAX),
            field("AssignmentEpoch", Fixed(4), 0, MAX),
            field("AssignorName", String, 0, MAX),
            field("Members", Array(&Struct(&[
                field("MemberId", String, 0, MAX),
                field("RackId", String, 0, MAX).nullable(0, MAX),
                field("MemberEpoch", Fixed(4), 0, MAX),
                field("ClientId", String, 0, MAX),
                field("ClientHost", String, 0, MAX),
                field("SubscribedTopicNames", Array(&String), 0, MAX),
                field("Assignment", Struct(&[
                    field("TopicPartitions", Array(&Struct(&[
                        field("TopicId", Fixed(16), 0, MAX),
                        field("TopicName", String, 0, MAX),
                        field("Partitions", Array(&Fixed(4)), 0, MAX),
                    ])), 0, MAX),
                ]), 0, MAX),
            ])), 0, MAX),
            field("AuthorizedOperations", Fixed(4), 0, MAX),
        ])), 0, MAX),
    ]),
    // ShareFetchRequest
    request(78, 1, 2, 0, &[
        field("GroupId", String, 0, MAX).nullable(0, MAX),
        field("MemberId", String, 0, MAX).nullable(0, MAX),
        field("ShareSessionEpoch", Fixed(4), 0, MAX),
        field("MaxWaitMs", Fixed(4), 0, MAX),
        field("MinBytes", Fixed(4), 0, MAX),
        field("MaxBytes", Fixed(4), 0, MAX),
        field("MaxRecords", Fixed(4), 1, MAX),
        field("BatchSize", Fixed(4), 1, MAX),
        field("ShareAcquireMode", Fixed(1), 2, MAX),
        field("IsRenewAck", Fixed(1), 2, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("PartitionMaxBytes", Fixed(4), 0, 0),
                field("AcknowledgementBatches", Array(&Struct(&[
                    field("FirstOffset", Fixed(8), 0, MAX),
                    field("LastOffset", Fixed(8), 0, MAX),
                    field("AcknowledgeTypes", Array(&Fixed(1)), 0, MAX),
                ])), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("ForgottenTopicsData", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Fixed(4)), 0, MAX),
        ])), 0, MAX),
    ]),
    // ShareFetchResponse
    response(78, 1, 2, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("AcquisitionLockTimeoutMs", Fixed(4), 1, MAX),
        field("Responses", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
                field("AcknowledgeErrorCode", Fixed(2), 0, MAX),
                field("AcknowledgeErrorMessage", String, 0, MAX).nullable(0, MAX),
                field("CurrentLeader", Struct(&[
                    field("LeaderId", Fixed(4), 0, MAX),
                    field("LeaderEpoch", Fixed(4), 0, MAX),
                ]), 0, MAX),
                field("Records", Bytes, 0, MAX).nullable(0, 0),
                field("AcquiredRecords", Array(&Struct(&[
                    field("FirstOffset", Fixed(8), 0, MAX),
                    field("LastOffset", Fixed(8), 0, MAX),
                    field("DeliveryCount", Fixed(2), 0, MAX),
                ])), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("NodeEndpoints", Array(&Struct(&[
            field("NodeId", Fixed(4), 0, MAX),
            field("Host", String, 0, MAX),
            field("Port", Fixed(4), 0, MAX),
            field("Rack", String, 0, MAX).nullable(0, MAX),
        ])), 0, MAX),
    ]),
    // ShareAcknowledgeRequest
    request(79, 1, 2, 0, &[
        field("GroupId", String, 0, MAX).nullable(0, MAX),
        field("MemberId", String, 0, MAX).nullable(0, MAX),
        field("ShareSessionEpoch", Fixed(4), 0, MAX),
        field("IsRenewAck", Fixed(1), 2, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("AcknowledgementBatches", Array(&Struct(&[
                    field("FirstOffset", Fixed(8), 0, MAX),
                    field("LastOffset", Fixed(8), 0, MAX),
                    field("AcknowledgeTypes", Array(&Fixed(1)), 0, MAX),
                ])), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // ShareAcknowledgeResponse
    response(79, 1, 2, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("AcquisitionLockTimeoutMs", Fixed(4), 2, MAX),
        field("Responses", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
                field("CurrentLeader", Struct(&[
                    field("LeaderId", Fixed(4), 0, MAX),
                    field("LeaderEpoch", Fixed(4), 0, MAX),
                ]), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
        field("NodeEndpoints", Array(&Struct(&[
            field("NodeId", Fixed(4), 0, MAX),
            field("Host", String, 0, MAX),
            field("Port", Fixed(4), 0, MAX),
            field("Rack", String, 0, MAX).nullable(0, MAX),
        ])), 0, MAX),
    ]),
    // AddRaftVoterRequest
    request(80, 0, 1, 0, &[
        field("ClusterId", String, 0, MAX).nullable(0, MAX),
        field("TimeoutMs", Fixed(4), 0, MAX),
        field("VoterId", Fixed(4), 0, MAX),
        field("VoterDirectoryId", Fixed(16), 0, MAX),
        field("Listeners", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Host", String, 0, MAX),
            field("Port", Fixed(2), 0, MAX),
        ])), 0, MAX),
        field("AckWhenCommitted", Fixed(1), 1, MAX),
    ]),
    // AddRaftVoterResponse
    response(80, 0, 1, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
    ]),
    // RemoveRaftVoterRequest
    request(81, 0, 0, 0, &[
        field("ClusterId", String, 0, MAX).nullable(0, MAX),
        field("VoterId", Fixed(4), 0, MAX),
        field("VoterDirectoryId", Fixed(16), 0, MAX),
    ]),
    // RemoveRaftVoterResponse
    response(81, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
    ]),
    // UpdateRaftVoterRequest
    request(82, 0, 0, 0, &[
        field("ClusterId", String, 0, MAX).nullable(0, MAX),
        field("CurrentLeaderEpoch", Fixed(4), 0, MAX),
        field("VoterId", Fixed(4), 0, MAX),
        field("VoterDirectoryId", Fixed(16), 0, MAX),
        field("Listeners", Array(&Struct(&[
            field("Name", String, 0, MAX),
            field("Host", String, 0, MAX),
            field("Port", Fixed(2), 0, MAX),
        ])), 0, MAX),
        field("KRaftVersionFeature", Struct(&[
            field("MinSupportedVersion", Fixed(2), 0, MAX),
            field("MaxSupportedVersion", Fixed(2), 0, MAX),
        ]), 0, MAX),
    ]),
    // UpdateRaftVoterResponse
    response(82, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("CurrentLeader", Struct(&[
            field("LeaderId", Fixed(4), 0, MAX),
            field("LeaderEpoch", Fixed(4), 0, MAX),
            field("Host", String, 0, MAX),
            field("Port", Fixed(4), 0, MAX),
        ]), 0, MAX).tagged(0, 0, MAX),
    ]),
    // InitializeShareGroupStateRequest
    request(83, 0, 0, 0, &[
        field("GroupId", String, 0, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("Partition", Fixed(4), 0, MAX),
                field("StateEpoch", Fixed(4), 0, MAX),
                field("StartOffset", Fixed(8), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // InitializeShareGroupStateResponse
    response(83, 0, 0, 0, &[
        field("Results", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("Partition", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // ReadShareGroupStateRequest
    request(84, 0, 0, 0, &[
        field("GroupId", String, 0, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("Partition", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // ReadShareGroupStateResponse
    response(84, 0, 0, 0, &[
        field("Results", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("Partition", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
                field("StateEpoch", Fixed(4), 0, MAX),
                field("StartOffset", Fixed(8), 0, MAX),
                field("StateBatches", Array(&Struct(&[
                    field("FirstOffset", Fixed(8), 0, MAX),
                    field("LastOffset", Fixed(8), 0, MAX),
                    field("DeliveryState", Fixed(1), 0, MAX),
                    field("DeliveryCount", Fixed(2), 0, MAX),
                ])), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // WriteShareGroupStateRequest
    request(85, 0, 1, 0, &[
        field("GroupId", String, 0, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("Partition", Fixed(4), 0, MAX),
                field("StateEpoch", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
                field("StartOffset", Fixed(8), 0, MAX),
                field("DeliveryCompleteCount", Fixed(4), 1, MAX),
                field("StateBatches", Array(&Struct(&[
                    field("FirstOffset", Fixed(8), 0, MAX),
                    field("LastOffset", Fixed(8), 0, MAX),
                    field("DeliveryState", Fixed(1), 0, MAX),
                    field("DeliveryCount", Fixed(2), 0, MAX),
                ])), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // WriteShareGroupStateResponse
    response(85, 0, 1, 0, &[
        field("Results", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("Partition", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // DeleteShareGroupStateRequest
    request(86, 0, 0, 0, &[
        field("GroupId", String, 0, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("Partition", Fixed(4), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // DeleteShareGroupStateResponse
    response(86, 0, 0, 0, &[
        field("Results", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("Partition", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // ReadShareGroupStateSummaryRequest
    request(87, 0, 1, 0, &[
        field("GroupId", String, 0, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("Partition", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // ReadShareGroupStateSummaryResponse
    response(87, 0, 1, 0, &[
        field("Results", Array(&Struct(&[
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("Partition", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
                field("StateEpoch", Fixed(4), 0, MAX),
                field("LeaderEpoch", Fixed(4), 0, MAX),
                field("StartOffset", Fixed(8), 0, MAX),
                field("DeliveryCompleteCount", Fixed(4), 1, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // StreamsGroupHeartbeatRequest
    request(88, 0, 0, 0, &[
        field("GroupId", String, 0, MAX),
        field("MemberId", String, 0, MAX),
        field("MemberEpoch", Fixed(4), 0, MAX),
        field("EndpointInformationEpoch", Fixed(4), 0, MAX),
        field("InstanceId", String, 0, MAX).nullable(0, MAX),
        field("RackId", String, 0, MAX).nullable(0, MAX),
        field("RebalanceTimeoutMs", Fixed(4), 0, MAX),
        field("Topology", Struct(&[
            field("Epoch", Fixed(4), 0, MAX),
            field("Subtopologies", Array(&Struct(&[
                field("SubtopologyId", String, 0, MAX),
                field("SourceTopics", Array(&String), 0, MAX),
                field("SourceTopicRegex", Array(&String), 0, MAX),
                field("StateChangelogTopics", Array(&Struct(&[
                    field("Name", String, 0, MAX),
                    field("Partitions", Fixed(4), 0, MAX),
                    field("ReplicationFactor", Fixed(2), 0, MAX),
                    field("TopicConfigs", Array(&Struct(&[
                        field("Key", String, 0, MAX),
                        field("Value", String, 0, MAX),
                    ])), 0, MAX),
                ])), 0, MAX),
                field("RepartitionSinkTopics", Array(&String), 0, MAX),
                field("RepartitionSourceTopics", Array(&Struct(&[
                    field("Name", String, 0, MAX),
                    field("Partitions", Fixed(4), 0, MAX),
                    field("ReplicationFactor", Fixed(2), 0, MAX),
                    field("TopicConfigs", Array(&Struct(&[
                        field("Key", String, 0, MAX),
                        field("Value", String, 0, MAX),
                    ])), 0, MAX),
                ])), 0, MAX),
                field("CopartitionGroups", Array(&Struct(&[
                    field("SourceTopics", Array(&Fixed(2)), 0, MAX),
                    field("SourceTopicRegex", Array(&Fixed(2)), 0, MAX),
                    field("RepartitionSourceTopics", Array(&Fixed(2)), 0, MAX),
                ])), 0, MAX),
            ])), 0, MAX),
        ]), 0, MAX).nullable(0, MAX),
        field("ActiveTasks", Array(&Struct(&[
            field("SubtopologyId", String, 0, MAX),
            field("Partitions", Array(&Fixed(4)), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
        field("StandbyTasks", Array(&Struct(&[
            field("SubtopologyId", String, 0, MAX),
            field("Partitions", Array(&Fixed(4)), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
        field("WarmupTasks", Array(&Struct(&[
            field("SubtopologyId", String, 0, MAX),
            field("Partitions", Array(&Fixed(4)), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
        field("ProcessId", String, 0, MAX).nullable(0, MAX),
        field("UserEndpoint", Struct(&[
            field("Host", String, 0, MAX),
            field("Port", Fixed(2), 0, MAX),
        ]), 0, MAX).nullable(0, MAX),
        field("ClientTags", Array(&Struct(&[
            field("Key", String, 0, MAX),
            field("Value", String, 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
        field("TaskOffsets", Array(&Struct(&[
            field("SubtopologyId", String, 0, MAX),
            field("Partition", Fixed(4), 0, MAX),
            field("Offset", Fixed(8), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
        field("TaskEndOffsets", Array(&Struct(&[
            field("SubtopologyId", String, 0, MAX),
            field("Partition", Fixed(4), 0, MAX),
            field("Offset", Fixed(8), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
        field("ShutdownApplication", Fixed(1), 0, MAX),
    ]),
    // StreamsGroupHeartbeatResponse
    response(88, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("MemberId", String, 0, MAX),
        field("MemberEpoch", Fixed(4), 0, MAX),
        field("HeartbeatIntervalMs", Fixed(4), 0, MAX),
        field("AcceptableRecoveryLag", Fixed(4), 0, MAX),
        field("TaskOffsetIntervalMs", Fixed(4), 0, MAX),
        field("Status", Array(&Struct(&[
            field("StatusCode", Fixed(1), 0, MAX),
            field("StatusDetail", String, 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
        field("ActiveTasks", Array(&Struct(&[
            field("SubtopologyId", String, 0, MAX),
            field("Partitions", Array(&Fixed(4)), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
        field("StandbyTasks", Array(&Struct(&[
            field("SubtopologyId", String, 0, MAX),
            field("Partitions", Array(&Fixed(4)), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
        field("WarmupTasks", Array(&Struct(&[
            field("SubtopologyId", String, 0, MAX),
            field("Partitions", Array(&Fixed(4)), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
        field("EndpointInformationEpoch", Fixed(4), 0, MAX),
        field("PartitionsByUserEndpoint", Array(&Struct(&[
            field("UserEndpoint", Struct(&[
                field("Host", String, 0, MAX),
                field("Port", Fixed(2), 0, MAX),
            ]), 0, MAX),
            field("ActivePartitions", Array(&Struct(&[
                field("Topic", String, 0, MAX),
                field("Partitions", Array(&Fixed(4)), 0, MAX),
            ])), 0, MAX),
            field("StandbyPartitions", Array(&Struct(&[
                field("Topic", String, 0, MAX),
                field("Partitions", Array(&Fixed(4)), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX).nullable(0, MAX),
    ]),
    // StreamsGroupDescribeRequest
    request(89, 0, 0, 0, &[
        field("GroupIds", Array(&String), 0, MAX),
        field("IncludeAuthorizedOperations", Fixed(1), 0, MAX),
    ]),
    // StreamsGroupDescribeResponse
    response(89, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Groups", Array(&Struct(&[
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            field("GroupId", String, 0, MAX),
            field("GroupState", String, 0, MAX),
            field("GroupEpoch", Fixed(4), 0, MAX),
            field("AssignmentEpoch", Fixed(4), 0, MAX),
            field("Topology", Struct(&[
                field("Epoch", Fixed(4), 0, MAX),
                field("Subtopologies", Array(&Struct(&[
                    field("SubtopologyId", String, 0, MAX),
                    field("SourceTopics", Array(&String), 0, MAX),
                    field("RepartitionSinkTopics", Array(&String), 0, MAX),
                    field("StateChangelogTopics", Array(&Struct(&[
                        field("Name", String, 0, MAX),
                        field("Partitions", Fixed(4), 0, MAX),
                        field("ReplicationFactor", Fixed(2), 0, MAX),
                        field("TopicConfigs", Array(&Struct(&[
                            field("Key", String, 0, MAX),
                            field("Value", String, 0, MAX),
                        ])), 0, MAX),
                    ])), 0, MAX),
                    field("RepartitionSourceTopics", Array(&Struct(&[
                        field("Name", String, 0, MAX),
                        field("Partitions", Fixed(4), 0, MAX),
                        field("ReplicationFactor", Fixed(2), 0, MAX),
                        field("TopicConfigs", Array(&Struct(&[
                            field("Key", String, 0, MAX),
                            field("Value", String, 0, MAX),
                        ])), 0, MAX),
                    ])), 0, MAX),
                ])), 0, MAX).nullable(0, MAX),
            ]), 0, MAX).nullable(0, MAX),
            field("Members", Array(&Struct(&[
                field("MemberId", String, 0, MAX),
                field("MemberEpoch", Fixed(4), 0, MAX),
                field("InstanceId", String, 0, MAX).nullable(0, MAX),
                field("RackId", String, 0, MAX).nullable(0, MAX),
                field("ClientId", String, 0, MAX),
                field("ClientHost", String, 0, MAX),
                field("TopologyEpoch", Fixed(4), 0, MAX),
                field("ProcessId", String, 0, MAX),
                field("UserEndpoint", Struct(&[
                    field("Host", String, 0, MAX),
                    field("Port", Fixed(2), 0, MAX),
                ]), 0, MAX).nullable(0, MAX),
                field("ClientTags", Array(&Struct(&[
                    field("Key", String, 0, MAX),
                    field("Value", String, 0, MAX),
                ])), 0, MAX),
                field("TaskOffsets", Array(&Struct(&[
                    field("SubtopologyId", String, 0, MAX),
                    field("Partition", Fixed(4), 0, MAX),
                    field("Offset", Fixed(8), 0, MAX),
                ])), 0, MAX),
                field("TaskEndOffsets", Array(&Struct(&[
                    field("SubtopologyId", String, 0, MAX),
                    field("Partition", Fixed(4), 0, MAX),
                    field("Offset", Fixed(8), 0, MAX),
                ])), 0, MAX),
                field("Assignment", Struct(&[
                    field("ActiveTasks", Array(&Struct(&[
                        field("SubtopologyId", String, 0, MAX),
                        field("Partitions", Array(&Fixed(4)), 0, MAX),
                    ])), 0, MAX),
                    field("StandbyTasks", Array(&Struct(&[
                        field("SubtopologyId", String, 0, MAX),
                        field("Partitions", Array(&Fixed(4)), 0, MAX),
                    ])), 0, MAX),
                    field("WarmupTasks", Array(&Struct(&[
                        field("SubtopologyId", String, 0, MAX),
                        field("Partitions", Array(&Fixed(4)), 0, MAX),
                    ])), 0, MAX),
                ]), 0, MAX),
                field("TargetAssignment", Struct(&[
                    field("ActiveTasks", Array(&Struct(&[
                        field("SubtopologyId", String, 0, MAX),
                        field("Partitions", Array(&Fixed(4)), 0, MAX),
                    ])), 0, MAX),
                    field("StandbyTasks", Array(&Struct(&[
                        field("SubtopologyId", String, 0, MAX),
                        field("Partitions", Array(&Fixed(4)), 0, MAX),
                    ])), 0, MAX),
                    field("WarmupTasks", Array(&Struct(&[
                        field("SubtopologyId", String, 0, MAX),
                        field("Partitions", Array(&Fixed(4)), 0, MAX),
                    ])), 0, MAX),
                ]), 0, MAX),
                field("IsClassic", Fixed(1), 0, MAX),
            ])), 0, MAX),
            field("AuthorizedOperations", Fixed(4), 0, MAX),
        ])), 0, MAX),
    ]),
    // DescribeShareGroupOffsetsRequest
    request(90, 0, 1, 0, &[
        field("Groups", Array(&Struct(&[
            field("GroupId", String, 0, MAX),
            field("Topics", Array(&Struct(&[
                field("TopicName", String, 0, MAX),
                field("Partitions", Array(&Fixed(4)), 0, MAX),
            ])), 0, MAX).nullable(0, MAX),
        ])), 0, MAX),
    ]),
    // DescribeShareGroupOffsetsResponse
    response(90, 0, 1, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("Groups", Array(&Struct(&[
            field("GroupId", String, 0, MAX),
            field("Topics", Array(&Struct(&[
                field("TopicName", String, 0, MAX),
                field("TopicId", Fixed(16), 0, MAX),
                field("Partitions", Array(&Struct(&[
                    field("PartitionIndex", Fixed(4), 0, MAX),
                    field("StartOffset", Fixed(8), 0, MAX),
                    field("LeaderEpoch", Fixed(4), 0, MAX),
                    field("Lag", Fixed(8), 1, MAX),
                    field("ErrorCode", Fixed(2), 0, MAX),
                    field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
                ])), 0, MAX),
            ])), 0, MAX),
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        ])), 0, MAX),
    ]),
    // AlterShareGroupOffsetsRequest
    request(91, 0, 0, 0, &[
        field("GroupId", String, 0, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicName", String, 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("StartOffset", Fixed(8), 0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // AlterShareGroupOffsetsResponse
    response(91, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("Responses", Array(&Struct(&[
            field("TopicName", String, 0, MAX),
            field("TopicId", Fixed(16), 0, MAX),
            field("Partitions", Array(&Struct(&[
                field("PartitionIndex", Fixed(4), 0, MAX),
                field("ErrorCode", Fixed(2), 0, MAX),
                field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
            ])), 0, MAX),
        ])), 0, MAX),
    ]),
    // DeleteShareGroupOffsetsRequest
    request(92, 0, 0, 0, &[
        field("GroupId", String, 0, MAX),
        field("Topics", Array(&Struct(&[
            field("TopicName", String, 0, MAX),
        ])), 0, MAX),
    ]),
    // DeleteShareGroupOffsetsResponse
    response(92, 0, 0, 0, &[
        field("ThrottleTimeMs", Fixed(4), 0, MAX),
        field("ErrorCode", Fixed(2), 0, MAX),
        field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        field("Responses", Array(&Struct(&[
            field("TopicName", String, 0, MAX),
            field("TopicId", Fixed(16), 0, MAX),
            field("ErrorCode", Fixed(2), 0, MAX),
            field("ErrorMessage", String, 0, MAX).nullable(0, MAX),
        ])), 0, MAX),
    ]),
];
