//! What an API's definition does not say of its requests: values worth trying, fields that belong together, and what an
//! answer leaves changed. An API without a line here is asked with what its definition alone says.

use serde_json::{Value, json};

use crate::generate::{Draw, Naming, existing_topic, partition_field};
use crate::records;
use crate::world::TRANSACTIONAL_IDS;

/// Whether what a super user sees has to be compared afterwards.
pub(crate) fn changes(api: &str) -> bool {
    destroys(api)
        || matches!(
            api,
            "Produce"
                | "OffsetCommit"
                | "JoinGroup"
                | "LeaveGroup"
                | "SyncGroup"
                | "DeleteRecords"
                | "TxnOffsetCommit"
                | "AddPartitionsToTxn"
                | "AddOffsetsToTxn"
                | "EndTxn"
                | "InitProducerId"
                | "AlterConfigs"
                | "IncrementalAlterConfigs"
                | "ConsumerGroupHeartbeat"
                | "ElectLeaders"
                | "AlterPartitionReassignments"
                | "AlterClientQuotas"
                | "AlterUserScramCredentials"
                | "WriteTxnMarkers"
                | "UpdateFeatures"
                | "ShareGroupHeartbeat"
                | "ShareFetch"
                | "ShareAcknowledge"
                | "AlterShareGroupOffsets"
                | "DeleteShareGroupOffsets"
                | "StreamsGroupHeartbeat"
                | "AlterReplicaLogDirs"
                | "CreateAcls"
                | "DeleteAcls"
        )
}

/// Whether the world has to be put together again afterwards.
pub(crate) fn destroys(api: &str) -> bool {
    matches!(api, "CreateTopics" | "DeleteTopics" | "CreatePartitions" | "Metadata" | "DeleteGroups" | "OffsetDelete")
}

/// Whether the configurations of what is named are compared too.
pub(crate) fn configures(api: &str) -> bool {
    matches!(api, "CreateTopics" | "AlterConfigs" | "IncrementalAlterConfigs")
}

const MISSING_MEMBER: &str = "nobody";
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
        // A broker never answers the list of all if it is denied.
        ("DescribeUserScramCredentials", "Users") => {
            return Some(
                json!([{ "Name": "wildcard" }, { "Name": "nowhere" }, { "Name": "none" }, { "Name": "none" }]),
            );
        }
        ("Produce", "TransactionalId") if !draw.random.once_in(3) => return Some(Value::Null),
        ("Fetch", "SessionEpoch") => return number(draw, &[-1, -1, 0, 5]),
        ("Fetch", "SessionId") => return number(draw, &[0, 0, 0, 77]),
        ("Fetch", "ForgottenTopicsData") if !draw.random.once_in(4) => return Some(json!([])),
        ("Fetch", "FetchOffset") => return number(draw, &[0, 0, 2, 1000]),
        ("Fetch", "MaxWaitMs") => return number(draw, &[0, 10]),
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
        ("OffsetCommit", "GenerationIdOrMemberEpoch") => return number(draw, &[-1, -1, -1, 4]),
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
            return if api == "CreateTopics" { Some(json!([])) } else { Some(Value::Null) };
        }
        (_, "timeoutMs" | "TimeoutMs") => return number(draw, &[10_000]),
        ("DescribeCluster", "EndpointType") => return number(draw, &[1, 1, 1, 2, 9]),
        ("DescribeTopicPartitions", "ResponsePartitionLimit") => return number(draw, &[2000, 2000, 1, 3, 0]),
        ("DescribeTopicPartitions", "TopicName") => return Some(json!(existing_topic(draw))),
        ("DescribeTopicPartitions", "PartitionIndex") => return number(draw, &[0, 0, 1, -1]),
        ("ConsumerGroupHeartbeat" | "ShareGroupHeartbeat" | "StreamsGroupHeartbeat", "MemberEpoch") => return number(draw, &[0, 0, 0, 3, -1, -2]),
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
        ("ShareFetch" | "ShareAcknowledge", "ShareSessionEpoch") => return number(draw, &[0, -1, 3]),
        _ => {}
    }
    None
}

/// Puts together what only makes sense together.
pub(crate) fn refine(draw: &mut Draw<'_>, request: &mut Value) {
    match draw.api {
        "FindCoordinator" => find_coordinator(draw, request),
        "JoinGroup" | "ConsumerGroupHeartbeat" | "ShareGroupHeartbeat" | "StreamsGroupHeartbeat" => join(draw, request),
        "DescribeConfigs" | "AlterConfigs" | "IncrementalAlterConfigs" => configs(draw, request),
        "AddPartitionsToTxn" | "AddOffsetsToTxn" | "EndTxn" | "TxnOffsetCommit" => producers(draw, request),
        "Fetch" | "ShareFetch" | "ListOffsets" => spare_internal_topics(request),
        "CreateTopics" => create_topics(draw, request),
        "Metadata" => metadata(draw, request),
        "DescribeClientQuotas" | "AlterClientQuotas" => quotas(request),
        "DescribeUserScramCredentials" | "AlterUserScramCredentials" => scram(request),
        _ => {}
    }
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

fn find_coordinator(draw: &mut Draw<'_>, request: &mut Value) {
    let key_type = request["KeyType"].as_i64().unwrap_or(0);
    let mut key = || match (key_type, draw.random.below(6)) {
        (2, 0) => json!("no such key"),
        (2, _) => json!("alpha:AAAAAAAAAAAAAAAAAAAAAQ:0"),
        (_, 0) => json!(""),
        (_, 1) => json!("alpha-missing"),
        _ => json!(*draw.random.pick(TRANSACTIONAL_IDS)),
    };
    request["Key"] = key();
    let keys = match draw.naming {
        Naming::EmptyList | Naming::NullList => 0,
        Naming::Existing => 1,
        _ => 4,
    };
    request["CoordinatorKeys"] = (0..keys).map(|_| key()).collect();
}

/// Whoever joins does so in a group of its own: a second member would have the first one wait.
fn join(draw: &mut Draw<'_>, request: &mut Value) {
    let unknown = request["MemberId"] == MISSING_MEMBER && draw.api == "JoinGroup";
    let joins = if draw.api == "JoinGroup" { !unknown } else { request["MemberEpoch"] == 0 };
    let group = request["GroupId"].as_str().unwrap_or_default();
    if joins && !group.is_empty() {
        request["GroupId"] = json!(format!("{group}-join-{}", draw.case));
    }
    if draw.api == "JoinGroup" {
        for protocol in request["Protocols"].as_array_mut().into_iter().flatten() {
            protocol["Metadata"] = json!("0001");
        }
        if unknown && draw.random.once_in(2) {
            request["GroupInstanceId"] = Value::Null;
        }
    }
}

fn configs(draw: &mut Draw<'_>, request: &mut Value) {
    let count = match draw.naming {
        Naming::EmptyList | Naming::NullList => 0,
        Naming::Existing | Naming::Missing => 1,
        Naming::Several => 3,
        _ => 6,
    };
    let mut resources: Vec<Value> = (0..count).map(|_| config_resource(draw)).collect();
    if draw.naming == Naming::Duplicates {
        resources.push(resources[0].clone());
    }
    if draw.api == "AlterConfigs" {
        // A broker never answers AlterConfigs with a resource named twice or of no such type.
        resources.retain(|resource| [2, 4, 16, 32].contains(&resource["ResourceType"].as_i64().unwrap_or(0)));
        let mut seen = std::collections::HashSet::new();
        resources.retain(|resource| {
            seen.insert((resource["ResourceType"].to_string(), resource["ResourceName"].to_string()))
        });
    }
    request["Resources"] = Value::Array(resources);
}

fn config_resource(draw: &mut Draw<'_>) -> Value {
    let missing = draw.naming == Naming::Missing || draw.random.once_in(6);
    let resource_type = *draw.random.pick(&[2, 2, 2, 2, 32, 32, 4, 4, 8, 16, 99, 0]);
    // What is altered must not change the world: `-kept` topics and what cannot break it.
    let name = match resource_type {
        2 if missing => *draw.random.pick(&["alpha-missing", "nowhere", "", "bad name"]),
        2 => existing_topic(draw),
        4 | 8 if missing => *draw.random.pick(&["", "7", "nonsense"]),
        4 | 8 => "0",
        _ => *draw.random.pick(&["alpha", "beta", "gamma", "alpha-missing", ""]),
    };
    let mut resource = json!({ "ResourceType": resource_type, "ResourceName": name });
    if draw.api == "DescribeConfigs" {
        resource["ConfigurationKeys"] = value(draw, "ConfigurationKeys").unwrap_or_default();
        return resource;
    }
    let count = 1 + draw.random.below(2);
    let mut configs: Vec<Value> = (0..count).map(|_| config(draw, resource_type)).collect();
    if draw.random.once_in(10) {
        configs.push(configs[0].clone());
    }
    resource["Configs"] = Value::Array(configs);
    resource
}

fn config(draw: &mut Draw<'_>, resource_type: i64) -> Value {
    let (name, values): (&str, &[&str]) = match resource_type {
        2 => *draw.random.pick(&[
            ("retention.ms", &["100000000000", "200000000000", "nonsense"] as &[&str]),
            ("max.message.bytes", &["2000000", "3000000"]),
            ("nonsense", &["1"]),
        ]),
        32 => *draw.random.pick(&[
            ("consumer.session.timeout.ms", &["50000", "55000", "nonsense"] as &[&str]),
            ("consumer.heartbeat.interval.ms", &["6000"]),
        ]),
        4 => *draw.random.pick(&[
            ("log.cleaner.backoff.ms", &["16000", "17000", "nonsense"] as &[&str]),
            ("message.max.bytes", &["1100000"]),
            ("node.id", &["9"]),
            ("nonsense", &["1"]),
        ]),
        8 => *draw
            .random
            .pick(&[("org.apache.kafka.parity", &["WARN", "ERROR", "nonsense"] as &[&str]), ("", &["WARN"])]),
        _ => ("interval.ms", &["1000"]),
    };
    let value = if draw.random.once_in(10) { Value::Null } else { json!(*draw.random.pick(values)) };
    // A controller fails as a whole if it finds an operation that is none.
    let operations: &[i64] = if matches!(resource_type, 4 | 8) { &[0, 0, 0, 1, 2, 9] } else { &[0, 0, 0, 1, 2] };
    json!({ "Name": name, "Value": value, "ConfigOperation": *draw.random.pick(operations) })
}

/// A producer's id belongs to its transactional id, mostly.
fn producers(draw: &mut Draw<'_>, request: &mut Value) {
    pair(draw, request, "TransactionalId", "ProducerId");
    pair(draw, request, "V3AndBelowTransactionalId", "V3AndBelowProducerId");
    for transaction in request["Transactions"].as_array_mut().into_iter().flatten() {
        pair(draw, transaction, "TransactionalId", "ProducerId");
    }
}

fn pair(draw: &mut Draw<'_>, value: &mut Value, id: &str, producer: &str) {
    let known = value[id].as_str().is_some_and(|name| TRANSACTIONAL_IDS.contains(&name));
    if value.get(producer).is_none() {
        return;
    }
    value[producer] = match known && !draw.random.once_in(4) {
        true => json!(format!("producer:{}", value[id].as_str().unwrap_or_default())),
        false => json!(4000),
    };
}

fn create_topics(draw: &mut Draw<'_>, request: &mut Value) {
    for topic in request["Topics"].as_array_mut().into_iter().flatten() {
        let configs = match draw.random.below(4) {
            0 => json!([{ "Name": "retention.ms", "Value": "100000000000" }]),
            1 => json!([{ "Name": "nonsense", "Value": "1" }]),
            _ => json!([]),
        };
        topic["Configs"] = configs;
        if draw.random.once_in(6) {
            topic["NumPartitions"] = json!(-1);
            topic["ReplicationFactor"] = json!(-1);
            topic["Assignments"] = json!([{ "PartitionIndex": 0, "BrokerIds": [0] }]);
        }
    }
}

/// What Kafka keeps in its own topics has times in it.
fn spare_internal_topics(request: &mut Value) {
    for topic in request["Topics"].as_array_mut().into_iter().flatten() {
        let name = ["Topic", "Name", "TopicId"].iter().find_map(|field| topic[field].as_str()).unwrap_or_default();
        if !name.trim_start_matches("id:").starts_with("__") {
            continue;
        }
        for partition in topic["Partitions"].as_array_mut().into_iter().flatten() {
            partition["FetchOffset"] = json!(1_000_000);
            partition["Timestamp"] = json!(-2);
        }
    }
}

/// Half of the time without the topics being created.
fn metadata(draw: &mut Draw<'_>, request: &mut Value) {
    if draw.version >= 4 && draw.random.once_in(2) {
        request["AllowAutoTopicCreation"] = json!(false);
    }
}

fn quotas(request: &mut Value) {
    if request.get("Components").is_some() {
        request["Components"] = json!([{ "EntityType": "user", "MatchType": 0, "Match": "alpha" }]);
    }
    if request.get("Entries").is_some() {
        request["Entries"] = json!([{
            "Entity": [{ "EntityType": "user", "EntityName": "alpha" }],
            "Ops": [{ "Key": "producer_byte_rate", "Value": 1_000_000.0, "Remove": false }],
        }]);
    }
}

fn scram(request: &mut Value) {
    if request.get("Deletions").is_some() {
        request["Deletions"] = json!([{ "Name": "nowhere", "Mechanism": 1 }]);
        request["Upsertions"] = json!([]);
    }
}
