//! Values worth trying that an API's definition does not say: by API and field.

use serde_json::{Value, json};

use crate::generate::{Draw, Naming, existing_topic, partition_field};
use crate::records;

/// No group has such a member.
pub(crate) const MISSING_MEMBER: &str = "nobody";
const LONG_MS: i64 = 3_600_000;

/// A value for a field, wherever it stands in a request; `None` for what its definition says.
pub(crate) fn value(draw: &mut Draw<'_>, field: &str) -> Option<Value> {
    let api = draw.api;
    if let Some(partition) = partition_field(draw, field) {
        return Some(partition);
    }
    match (api, field) {
        ("Produce", "Acks") => return number(draw, &[1, 1, -1, 0, 0, 2]),
        ("Produce", "Records") => return Some(record_set(draw)),
        ("Produce", "TransactionalId") if !draw.random.once_in(3) => return Some(Value::Null),
        ("Fetch", "SessionEpoch") => return number(draw, &[-1, -1, 0, 5]),
        ("Fetch", "SessionId") => return number(draw, &[0, 0, 0, 77]),
        ("Fetch", "ForgottenTopicsData") if !draw.random.once_in(4) => return Some(json!([])),
        ("Fetch", "FetchOffset") => return number(draw, &[0, 0, 2, 1000]),
        ("Fetch", "MaxWaitMs") => return number(draw, &[0, 10]),
        // Long enough for a broker to have begun with a partition, which takes it a moment at the first fetch.
        ("ShareFetch", "MaxWaitMs") => return number(draw, &[500]),
        ("Fetch", "MaxBytes" | "PartitionMaxBytes") => return number(draw, &[1 << 20]),
        ("Fetch", "ReplicaId") => return number(draw, &[-1, -1, -1, -2, 1]),
        ("ListOffsets", "ReplicaId") => return number(draw, &[-1, -2, 1]),
        ("ListOffsets", "Timestamp") => return number(draw, &[-1, -2, -3, -4, -5, -6, 0, 1_700_000_000_000]),
        ("OffsetForLeaderEpoch", "ReplicaId") => return number(draw, &[-1, -2, 1]),
        ("OffsetForLeaderEpoch", "LeaderEpoch") => return number(draw, &[0, 0, 5]),
        ("DeleteRecords", "Offset") => return number(draw, &[0, 1, 2, -1, 1000]),
        (_, "IsolationLevel") => return number(draw, &[0, 1]),
        (_, "CurrentLeaderEpoch" | "CommittedLeaderEpoch") => return number(draw, &[-1, -1, 0, 7]),
        ("OffsetCommit" | "TxnOffsetCommit", "CommittedOffset") => return number(draw, &[0, 3, 17]),
        ("OffsetCommit", "GenerationIdOrMemberEpoch") => return number(draw, &[-1, -1, -1, 4, 1, 2]),
        ("TxnOffsetCommit", "GenerationId") => return number(draw, &[-1, -1, -1, 4]),
        (_, "CommittedMetadata") => return text(draw, &["", "note"]),
        ("FindCoordinator", "KeyType") => return number(draw, &[0, 0, 0, 1, 1, 2, 3]),
        ("Heartbeat" | "SyncGroup", "GenerationId") => return number(draw, &[1, -1]),
        ("JoinGroup", "SessionTimeoutMs") => return number(draw, &[LONG_MS, LONG_MS, LONG_MS, 1]),
        ("InitProducerId", "TransactionTimeoutMs") => return number(draw, &[LONG_MS, LONG_MS, 0, 2_000_000_000]),
        ("InitProducerId", "ProducerId") => return number(draw, &[-1, -1, -1, 4000]),
        ("InitProducerId", "ProducerEpoch") => return number(draw, &[-1, -1, -1, 3]),
        (_, "ProducerEpoch" | "V3AndBelowProducerEpoch") => return number(draw, &[0, 0, 1, 5]),
        (_, "RebalanceTimeoutMs") => return number(draw, &[LONG_MS]),
        ("JoinGroup" | "SyncGroup", "ProtocolType") => return text(draw, &["consumer", "consumer", "connect", ""]),
        ("JoinGroup", "Name") | ("SyncGroup", "ProtocolName") => return text(draw, &["range", "range", "sticky"]),
        ("JoinGroup", "MemberId") => return text(draw, &["", "", MISSING_MEMBER]),
        ("OffsetCommit" | "TxnOffsetCommit" | "OffsetFetch", "MemberId") => {
            return text(draw, &["", "", MISSING_MEMBER, "member-of-alpha-kept", "member-of-gamma-kept"]);
        }
        (_, "MemberId") => return text(draw, &["", MISSING_MEMBER]),
        ("ListGroups", "StatesFilter") => {
            return some(draw, &[json!([]), json!(["Stable"]), json!(["Empty", "Nonsense"])]);
        }
        ("ListGroups", "TypesFilter") => {
            return some(draw, &[json!([]), json!(["consumer"]), json!(["classic", "share"])]);
        }
        ("CreateTopics", "NumPartitions") => return number(draw, &[1, 2, -1, -1, 0]),
        ("CreateTopics", "ReplicationFactor") => return number(draw, &[1, 1, -1, 3]),
        ("CreatePartitions", "Count") => return number(draw, &[4, 5, 1, 0]),
        (_, "Assignments") if matches!(api, "CreateTopics" | "CreatePartitions") => {
            return match (api, draw.random.below(4)) {
                ("CreateTopics", _) => Some(json!([])),
                (_, 0) => Some(json!([{ "BrokerIds": [0] }, { "BrokerIds": [0] }])),
                (_, 1) => Some(json!([{ "BrokerIds": [7] }])),
                _ => Some(Value::Null),
            };
        }
        (_, "timeoutMs" | "TimeoutMs") => return number(draw, &[10_000]),
        ("DescribeCluster", "EndpointType") => return number(draw, &[1, 1, 1, 2, 9]),
        ("DescribeTopicPartitions", "ResponsePartitionLimit") => return number(draw, &[2000, 2000, 1, 3, 0]),
        ("DescribeTopicPartitions", "TopicName") => return Some(json!(existing_topic(draw))),
        ("DescribeTopicPartitions", "PartitionIndex") => return number(draw, &[0, 0, 1, -1]),
        ("ConsumerGroupHeartbeat" | "ShareGroupHeartbeat" | "StreamsGroupHeartbeat", "MemberEpoch") => {
            return number(draw, &[0, 0, 0, 0, 0, 3, -1, -2]);
        }
        ("OffsetFetch", "MemberEpoch") => return number(draw, &[-1, -1, 1, 2, 9]),
        ("StreamsGroupHeartbeat", "Topology") => return topology(draw),
        ("ApiVersions", "ClientSoftwareName" | "ClientSoftwareVersion") => {
            return text(draw, &["parity", "1.0", "", "no good!"]);
        }
        ("ListTransactions", "DurationFilter") => return number(draw, &[-1, -1, 0, 1_000_000_000]),
        ("ListTransactions", "ProducerIdFilters") => return some(draw, &[json!([]), json!([]), json!([4000])]),
        ("ListTransactions", "TransactionalIdPattern") => {
            return some(draw, &[Value::Null, json!(""), json!("alpha.*"), json!("["), json!("alpha|beta")]);
        }
        ("ConsumerGroupHeartbeat", "SubscribedTopicRegex") => {
            return text(draw, &["alpha.*", "", "["]).filter(|_| draw.random.once_in(5));
        }
        ("ConsumerGroupHeartbeat", "ServerAssignor") => {
            return text(draw, &["uniform", "range", "nonsense"]).filter(|_| draw.random.once_in(3));
        }
        ("ConsumerGroupHeartbeat", "TopicPartitions") => return some(draw, &[json!([]), json!([]), Value::Null]),
        ("DescribeConfigs", "ConfigurationKeys") => {
            return some(draw, &[Value::Null, json!(["retention.ms", "log.retention.ms", "nonsense"]), json!([])]);
        }
        ("ElectLeaders", "ElectionType") => return number(draw, &[0, 1]),
        ("AlterPartitionReassignments", "Replicas") => return some(draw, &[json!([0]), Value::Null, json!([7])]),
        ("UnregisterBroker" | "AddRaftVoter" | "RemoveRaftVoter", "BrokerId" | "VoterId") => {
            return number(draw, &[99]);
        }
        ("AddRaftVoter" | "RemoveRaftVoter", "ClusterId") => return text(draw, &["another cluster"]),
        ("AlterReplicaLogDirs", "Path") => return text(draw, &["/nowhere/at/all"]),
        ("UpdateFeatures", "validateOnly" | "ValidateOnly") => return Some(json!(true)),
        ("ListTransactions", "StateFilters") => return some(draw, &[json!([]), json!(["Empty"]), json!(["Nonsense"])]),
        ("ListConfigResources", "ResourceTypes") => {
            return some(draw, &[json!([]), json!([2]), json!([16]), json!([32, 4]), json!([99])]);
        }
        ("DescribeQuorum", "TopicName") => return text(draw, &["__cluster_metadata", "alpha"]),
        (_, "MaxLifetimeMs" | "RenewPeriodMs" | "ExpiryTimePeriodMs") => return number(draw, &[-1, 0, LONG_MS]),
        (_, "Hmac") => return text(draw, &["", "00", "746f6b656e"]),
        ("ShareFetch", "ShareSessionEpoch") => return number(draw, &[0, 0, 0, 1, 1, -1, 3]),
        ("ShareAcknowledge", "ShareSessionEpoch") => return number(draw, &[1, 1, 2, -1, 0]),
        _ => {}
    }
    None
}

/// What a Streams application tells of itself; mostly nothing, as in all heartbeats but the first.
fn topology(draw: &mut Draw<'_>) -> Option<Value> {
    if draw.random.once_in(3) { Some(sound_topology(draw)) } else { Some(Value::Null) }
}

/// Some sources and some internal topics.
pub(crate) fn sound_topology(draw: &mut Draw<'_>) -> Value {
    let names = |draw: &mut Draw<'_>, from: &[&str]| -> Vec<String> {
        (0..draw.random.below(3)).map(|_| (*draw.random.pick(from)).to_owned()).collect()
    };
    let internal = |draw: &mut Draw<'_>| -> Vec<Value> {
        let names = names(draw, &["alpha", "alpha-1", "alpha-missing", "beta-missing"]);
        names.iter().map(|name| json!({ "Name": name, "Partitions": 0, "ReplicationFactor": 0 })).collect()
    };
    let sources = names(draw, &["alpha", "beta", "gamma", "public-1", "nowhere", "alpha-secret", "bad name"]);
    let subtopology = json!({
        "SubtopologyId": "0", "SourceTopics": sources, "SourceTopicRegex": [], "StateChangelogTopics": internal(draw),
        "RepartitionSinkTopics": [], "RepartitionSourceTopics": [], "CopartitionGroups": [],
    });
    json!({ "Epoch": 0, "Subtopologies": [subtopology] })
}

fn number(draw: &mut Draw<'_>, from: &[i64]) -> Option<Value> {
    Some(json!(*draw.random.pick(from)))
}

fn text(draw: &mut Draw<'_>, from: &[&str]) -> Option<Value> {
    Some(json!(*draw.random.pick(from)))
}

fn some(draw: &mut Draw<'_>, from: &[Value]) -> Option<Value> {
    Some(draw.random.pick(from).clone())
}

fn record_set(draw: &mut Draw<'_>) -> Value {
    match draw.random.below(12) {
        // Null is never answered by a broker.
        0 | 1 => json!(""),
        2 => json!("00"),
        // A broker that refuses all of it never answers if a topic is named twice.
        3 | 4 if !matches!(draw.naming, Naming::Duplicates | Naming::Mix) => json!(records::batch(1, true)),
        _ => json!(records::batch(2, false)),
    }
}
