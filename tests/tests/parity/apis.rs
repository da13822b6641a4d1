//! What is special about an API: whether it changes or destroys something, and fields of its requests that belong
//! together. An API without a line here, and without one in [`crate::values`], is asked with what its definition says.

use serde_json::{Value, json};

use crate::generate::{Draw, Naming};
use crate::values::MISSING_MEMBER;
use crate::world::TRANSACTIONAL_IDS;
use crate::{security, settings, values};

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
    matches!(
        api,
        "CreateTopics"
            | "DeleteTopics"
            | "CreatePartitions"
            | "Metadata"
            | "DeleteGroups"
            | "OffsetDelete"
            | "StreamsGroupHeartbeat"
    )
}

/// Whether the controller decides, and the broker that is asked afterwards may not know yet.
pub(crate) fn is_decided_elsewhere(api: &str) -> bool {
    destroys(api)
        || configures(api)
        || matches!(api, "CreateAcls" | "DeleteAcls" | "AlterClientQuotas" | "AlterUserScramCredentials")
}

/// Whether a member of a group of its own may be left behind.
pub(crate) fn joins_a_group(api: &str) -> bool {
    matches!(api, "ConsumerGroupHeartbeat" | "StreamsGroupHeartbeat" | "ShareGroupHeartbeat")
}

/// Whether the configurations of what is named are compared too.
pub(crate) fn configures(api: &str) -> bool {
    matches!(api, "CreateTopics" | "AlterConfigs" | "IncrementalAlterConfigs")
}

/// Puts together what only makes sense together.
pub(crate) fn refine(draw: &mut Draw<'_>, request: &mut Value) {
    match draw.api {
        "FindCoordinator" => find_coordinator(draw, request),
        "JoinGroup" | "ConsumerGroupHeartbeat" | "ShareGroupHeartbeat" | "StreamsGroupHeartbeat" => join(draw, request),
        "DescribeConfigs" | "AlterConfigs" | "IncrementalAlterConfigs" => settings::configs(draw, request),
        "DescribeAcls" | "CreateAcls" | "DeleteAcls" => security::acls(draw, request),
        "UpdateFeatures" => settings::features(draw, request),
        "DescribeShareGroupOffsets" => each_topic_once(draw, request),
        "AddPartitionsToTxn" | "AddOffsetsToTxn" | "EndTxn" | "TxnOffsetCommit" => producers(draw, request),
        "Fetch" | "ListOffsets" | "OffsetForLeaderEpoch" => spare_internal_topics(request),
        "ShareFetch" | "ShareAcknowledge" => {
            spare_internal_topics(request);
            // Sessions belong to a connection; whoever uses that of somebody else is told otherwise by Doorkeeper.
            if request["MemberId"] == MISSING_MEMBER {
                request["MemberId"] = json!(format!("{MISSING_MEMBER}-{}", draw.user));
            }
            share(draw, request);
        }
        "CreateTopics" => create_topics(draw, request),
        "Metadata" => metadata(draw, request),
        "DescribeClientQuotas" | "AlterClientQuotas" => settings::quotas(draw, request),
        "DescribeUserScramCredentials" | "AlterUserScramCredentials" => security::scram(draw, request),
        "CreateDelegationToken" | "DescribeDelegationToken" => security::tokens(draw, request),
        _ => {}
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
    // Names that begin with `*` are decided otherwise by a broker.
    let group = request["GroupId"].as_str().unwrap_or_default().trim_start_matches('*');
    if joins && !group.is_empty() {
        request["GroupId"] = json!(format!("{group}-join-{}", draw.case));
    }
    if joins && draw.api != "JoinGroup" && !draw.random.once_in(6) {
        sound_member(draw, request);
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

/// A first heartbeat with which a broker finds nothing wrong, so that it looks at the topics.
fn sound_member(draw: &mut Draw<'_>, request: &mut Value) {
    request["MemberId"] = json!(format!("member-{}", draw.case));
    for (field, value) in [
        ("TopicPartitions", json!([])),
        ("ActiveTasks", json!([])),
        ("StandbyTasks", json!([])),
        ("WarmupTasks", json!([])),
        ("TaskOffsets", json!([])),
        ("TaskEndOffsets", json!([])),
        ("ClientTags", json!([])),
        ("ProcessId", json!("process")),
        ("ShutdownApplication", json!(false)),
    ] {
        if request.get(field).is_some() {
            request[field] = value;
        }
    }
    if request.get("Topology").is_some_and(Value::is_null) {
        request["Topology"] = values::sound_topology(draw);
    }
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
            partition["LeaderEpoch"] = json!(77);
        }
    }
}

/// Half of the time without the topics being created.
fn metadata(draw: &mut Draw<'_>, request: &mut Value) {
    if draw.version >= 4 && draw.random.once_in(2) {
        request["AllowAutoTopicCreation"] = json!(false);
    }
}

/// A request with which a broker finds nothing wrong at once, mostly.
fn share(draw: &mut Draw<'_>, request: &mut Value) {
    if draw.random.once_in(6) {
        return;
    }
    for (field, value) in [("MaxRecords", 500), ("BatchSize", 500)] {
        if request.get(field).is_some() {
            request[field] = json!(value);
        }
    }
    let acknowledges = draw.api == "ShareAcknowledge";
    for topic in request["Topics"].as_array_mut().into_iter().flatten() {
        for partition in topic["Partitions"].as_array_mut().into_iter().flatten() {
            partition["AcknowledgementBatches"] = match acknowledges {
                true => json!([{ "FirstOffset": 0, "LastOffset": 0, "AcknowledgeTypes": [1] }]),
                false => json!([]),
            };
        }
    }
}

/// A broker never answers where a topic is named twice or has no such partition; that both are silent is tried once in a
/// while.
fn each_topic_once(draw: &mut Draw<'_>, request: &mut Value) {
    if draw.random.once_in(12) {
        return;
    }
    for group in request["Groups"].as_array_mut().into_iter().flatten() {
        let mut seen = std::collections::HashSet::new();
        for topic in group["Topics"].as_array_mut().into_iter() {
            topic.retain(|topic| seen.insert(topic["TopicName"].to_string()));
            topic.iter_mut().for_each(|topic| topic["Partitions"] = json!([0]));
        }
    }
}
