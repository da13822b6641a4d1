//! Two answers side by side, field for field, but for what must differ.

use serde_json::Value;

use crate::scene::Setting;
use crate::side::{Outcome, Side};

/// What must differ, by the name of the field, and what is compared instead. Nothing else is forgiven.
pub(crate) const MUST_DIFFER: &[(&str, &str, Instead, &str)] = &[
    ("*", "ThrottleTimeMs", Instead::Nothing, "quotas are counted by the broker"),
    ("*", "ClusterId", Instead::OwnCluster, "each cluster has its own"),
    ("*", "Port", Instead::OwnPort, "each listens at its own ports"),
    ("*", "MemberId", Instead::MemberId, "made of random letters"),
    ("JoinGroup", "Leader", Instead::MemberId, "a member's id"),
    ("Fetch", "SessionId", Instead::Nothing, "random; a broker may grant none at any time, and so does Doorkeeper"),
    ("*", "SessionId", Instead::Sign, "a random number"),
    ("*", "ProducerId", Instead::Sign, "each cluster counts its own"),
    ("DescribeProducers", "LastTimestamp", Instead::Sign, "a time"),
    ("*", "TransactionStartTimeMs", Instead::Sign, "a time"),
    ("DescribeQuorum", "LeaderEpoch", Instead::Sign, "elections of the controller"),
    ("DescribeQuorum", "HighWatermark", Instead::Sign, "the length of the controller's log"),
    ("DescribeQuorum", "LogEndOffset", Instead::Sign, "the length of the controller's log"),
    ("DescribeQuorum", "LastFetchTimestamp", Instead::Sign, "a time"),
    ("DescribeQuorum", "LastCaughtUpTimestamp", Instead::Sign, "a time"),
    ("DescribeQuorum", "ReplicaDirectoryId", Instead::Nothing, "made of random letters"),
    ("DescribeLogDirs", "LogDir", Instead::Nothing, "a temporary directory"),
    ("DescribeLogDirs", "PartitionSize", Instead::Nothing, "ids that are written to logs have other lengths"),
    ("DescribeLogDirs", "TotalBytes", Instead::Nothing, "the disk of one machine, but not at one time"),
    ("DescribeLogDirs", "UsableBytes", Instead::Nothing, "the disk of one machine, but not at one time"),
    ("ApiVersions", "FinalizedFeaturesEpoch", Instead::Sign, "an offset in the log of each cluster"),
    ("StreamsGroupHeartbeat", "ErrorMessage", Instead::Words, "the names in it are in the order of a hash table"),
    ("*", "ErrorMessage", Instead::NoDump, "a dump of the request by a broker reads here as the generic text"),
];

/// Lists whose order is that of a hash table, or shuffled on purpose.
pub(crate) const UNORDERED: &[(&str, &str, Order, &str)] = &[
    ("Produce", "Responses", Order::Any, "a hash table's"),
    ("Produce", "PartitionResponses", Order::Any, "a hash table's"),
    ("DeleteRecords", "Topics", Order::Any, "a hash table's"),
    ("DeleteRecords", "Partitions", Order::Any, "a hash table's"),
    ("DeleteTopics", "Responses", Order::Any, "shuffled, so that it tells nothing"),
    ("ListGroups", "Groups", Order::Any, "a hash table's"),
    ("ListTransactions", "TransactionStates", Order::Any, "a hash table's"),
    ("Metadata", "Topics", Order::WithinFate, "sets of names, one behind the other"),
    ("CreateTopics", "Topics", Order::Any, "denied names are a set, with the log of the controllers among them"),
    ("AddPartitionsToTxn", "ResultsByTopicV3AndBelow", Order::Any, "a hash table's"),
    ("AddPartitionsToTxn", "ResultsByPartition", Order::Any, "a hash table's"),
    ("WriteTxnMarkers", "Markers", Order::Any, "a hash table's"),
    ("WriteTxnMarkers", "Topics", Order::Any, "a hash table's"),
    ("WriteTxnMarkers", "Partitions", Order::Any, "a hash table's"),
    ("DescribeUserScramCredentials", "Results", Order::Any, "a hash table's"),
    ("DescribeUserScramCredentials", "CredentialInfos", Order::Any, "a hash table's"),
    ("ConsumerGroupDescribe", "TopicPartitions", Order::Any, "a hash table's, by ids"),
    ("ConsumerGroupHeartbeat", "TopicPartitions", Order::Any, "a hash table's, by ids"),
    ("ShareGroupHeartbeat", "TopicPartitions", Order::Any, "a hash table's, by ids"),
    ("ShareGroupDescribe", "TopicPartitions", Order::Any, "a hash table's, by ids"),
    ("CreatePartitions", "Results", Order::WithinFate, "denied names are a set"),
    ("DescribeTopicPartitions", "Topics", Order::WithinFate, "denied names are a set"),
];

/// Differences on purpose (`docs/differences.md`).
pub(crate) struct Listed {
    pub(crate) api: &'static str,
    /// Where it can come up; everywhere if `None`.
    pub(crate) setting: Option<Setting>,
    /// Whether these answers, of the broker and of Doorkeeper, differ in this way.
    pub(crate) is_it: fn(&Outcome, &Outcome) -> bool,
    pub(crate) why: &'static str,
}

pub(crate) const LISTED: &[Listed] = &[
    Listed::anywhere("DescribeLogDirs", is_filtered_log_dirs, "answers are filtered by topic, not refused as a whole"),
    Listed::anywhere("ConsumerGroupHeartbeat", is_refused_expression, "regular expressions are refused"),
    Listed::anywhere("Fetch", has_failed, "a broker fails if a request names two ids that no topic has"),
    Listed::anywhere("AlterUserScramCredentials", is_refused_by_policy, "users are edited in the file of the store"),
    Listed::anywhere("IncrementalAlterConfigs", is_denied_before_validation, DENIED_BEFORE_VALIDATION),
    Listed::anywhere("AlterConfigs", is_denied_before_validation, DENIED_BEFORE_VALIDATION),
    Listed::switched_off("DeleteTopics"),
    Listed::switched_off("ConsumerGroupHeartbeat"),
    Listed::switched_off("ConsumerGroupDescribe"),
];

const DENIED_BEFORE_VALIDATION: &str = "beside what is altered, a broker's settings are denied without a look at them";

impl Listed {
    const fn anywhere(api: &'static str, is_it: fn(&Outcome, &Outcome) -> bool, why: &'static str) -> Listed {
        Listed { api, setting: None, is_it, why }
    }

    const fn switched_off(api: &'static str) -> Listed {
        let why = "what is denied is answered as denied, though the broker would do it for nobody";
        Listed { api, setting: Some(Setting::SwitchedOff), is_it: is_switched_off, why }
    }
}

fn is_filtered_log_dirs(reference: &Outcome, _: &Outcome) -> bool {
    matches!(reference, Outcome::Answer(answer) if answer["Results"] == Value::Array(Vec::new()))
}

fn is_refused_expression(_: &Outcome, doorkeeper: &Outcome) -> bool {
    const INVALID_REGULAR_EXPRESSION: i64 = 128;
    matches!(doorkeeper, Outcome::Answer(answer) if answer["ErrorCode"] == INVALID_REGULAR_EXPRESSION)
}

/// The settings of a broker are denied by Doorkeeper and faulty for the broker; the rest is the same.
fn is_denied_before_validation(reference: &Outcome, doorkeeper: &Outcome) -> bool {
    const BROKER: i64 = 4;
    let (Outcome::Answer(reference), Outcome::Answer(doorkeeper)) = (reference, doorkeeper) else { return false };
    let lists = (reference["Responses"].as_array(), doorkeeper["Responses"].as_array());
    let (Some(theirs), Some(ours)) = lists else { return false };
    let denied = |answer: &Value| answer["ResourceType"] == BROKER && answer["ErrorCode"] == 31;
    theirs.len() == ours.len() && theirs.iter().zip(ours).all(|(theirs, ours)| theirs == ours || denied(ours))
}

/// The broker says that it does this for nobody, and Doorkeeper says so too or that it is denied.
fn is_switched_off(reference: &Outcome, doorkeeper: &Outcome) -> bool {
    let (Outcome::Answer(reference), Outcome::Answer(doorkeeper)) = (reference, doorkeeper) else { return false };
    let (theirs, ours) = (codes(reference), codes(doorkeeper));
    let Some(off) = theirs.first().filter(|code| [35, 42, 73].contains(*code)) else { return false };
    let denials = [3, 29, 30, 42, 100];
    theirs.iter().all(|code| code == off) && ours.iter().all(|code| code == off || denials.contains(code))
}

/// Every error code in an answer.
fn codes(answer: &Value) -> Vec<i64> {
    match answer {
        Value::Object(fields) => {
            let code = fields.get("ErrorCode").and_then(Value::as_i64);
            code.into_iter().chain(fields.values().flat_map(codes)).collect()
        }
        Value::Array(list) => list.iter().flat_map(codes).collect(),
        _ => Vec::new(),
    }
}

fn has_failed(reference: &Outcome, _: &Outcome) -> bool {
    const UNKNOWN_SERVER_ERROR: i64 = -1;
    matches!(reference, Outcome::Answer(answer) if answer["ErrorCode"] == UNKNOWN_SERVER_ERROR)
}

fn is_refused_by_policy(_: &Outcome, doorkeeper: &Outcome) -> bool {
    const POLICY_VIOLATION: i64 = 44;
    let refused = |result: &Value| result["ErrorCode"] == POLICY_VIOLATION;
    matches!(doorkeeper, Outcome::Answer(answer) if answer["Results"].as_array().is_some_and(|all| all.iter().all(refused)))
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Order {
    Any,
    /// Among neighbours that are all well, all denied or all otherwise wrong.
    WithinFate,
}

#[derive(Clone, Copy)]
pub(crate) enum Instead {
    /// Only that it is there.
    Nothing,
    /// Whether it is negative, zero or positive.
    Sign,
    OwnCluster,
    OwnPort,
    /// Whether it is null, empty, made by a broker, or known to the test.
    MemberId,
    /// In any order.
    Words,
    /// What a broker says of its own objects is the text of the error code here.
    NoDump,
}

/// Where two answers differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    pub(crate) path: String,
    pub(crate) reference: String,
    pub(crate) doorkeeper: String,
}

/// What is left of an answer to be compared.
pub(crate) fn normalised(api: &str, side: &Side, value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), field(api, side, name, value))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(|value| normalised(api, side, value)).collect()),
        other => other.clone(),
    }
}

fn field(api: &str, side: &Side, name: &str, value: &Value) -> Value {
    let is = |wanted: &str, found: &str| wanted == "*" || wanted == found;
    let rule = MUST_DIFFER.iter().find(|(rule_api, field, _, _)| is(rule_api, api) && *field == name);
    let mut value = match rule {
        Some((_, _, instead, _)) => replaced(*instead, side, value),
        None => normalised(api, side, value),
    };
    let order = UNORDERED.iter().find(|(of, list, _, _)| *of == api && *list == name);
    if let (Some((_, _, order, _)), Value::Array(list)) = (order, &mut value) {
        for neighbours in list.chunk_by_mut(|one, other| *order == Order::Any || fate(one) == fate(other)) {
            neighbours.sort_by_cached_key(Value::to_string);
        }
    }
    value
}

/// Well, wrong or denied.
fn fate(entry: &Value) -> u8 {
    match entry["ErrorCode"].as_i64().unwrap_or(0) {
        0 => 0,
        29 | 30 | 31 | 53 => 2,
        _ => 1,
    }
}

fn replaced(instead: Instead, side: &Side, value: &Value) -> Value {
    match instead {
        Instead::Nothing => Value::String("something".to_owned()),
        Instead::Sign => value.as_i64().map_or(value.clone(), |number| Value::from(number.signum())),
        Instead::OwnCluster if value.as_str() == Some(&side.cluster_id) => Value::String("the cluster's".to_owned()),
        Instead::OwnPort => {
            let port = value.as_u64().and_then(|port| u16::try_from(port).ok());
            let known = port.and_then(|port| side.ports.get(&port));
            known.map_or(value.clone(), |name| Value::String((*name).to_owned()))
        }
        Instead::MemberId if value.as_str().is_some_and(ends_in_a_uuid) => Value::String("a broker's".to_owned()),
        // Kafka's own base64 of an id, in the consumer protocol's version 0.
        Instead::MemberId if value.as_str().is_some_and(|text| text.len() == 22) => {
            Value::String("a broker's".to_owned())
        }
        Instead::NoDump => match value.as_str() {
            Some(text) if text.starts_with("Request Request(") => Value::from("Cluster authorization failed."),
            Some(text) => Value::from(text.replace(&side.cluster_id, "the cluster's")),
            None => value.clone(),
        },
        Instead::Words => {
            let mut words: Vec<&str> = value.as_str().unwrap_or_default().split([' ', ',']).collect();
            words.sort_unstable();
            value.as_str().map_or(value.clone(), |_| Value::from(words.join(" ")))
        }
        Instead::OwnCluster | Instead::MemberId => value.clone(),
    }
}

fn ends_in_a_uuid(text: &str) -> bool {
    text.len() >= 36 && text.get(text.len() - 36..).is_some_and(|end| uuid::Uuid::parse_str(end).is_ok())
}

/// Where two outcomes differ; both sides' answers are normalised already.
pub(crate) fn differences(reference: &Outcome, doorkeeper: &Outcome) -> Vec<Difference> {
    let mut found = Vec::new();
    match (reference, doorkeeper) {
        (Outcome::Answer(reference), Outcome::Answer(doorkeeper)) => walk("", reference, doorkeeper, &mut found),
        _ if reference == doorkeeper => {}
        _ => found.push(Difference {
            path: "the answer".to_owned(),
            reference: shown(reference),
            doorkeeper: shown(doorkeeper),
        }),
    }
    found
}

fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answer(value) => shortened(value),
        other => other.to_string(),
    }
}

pub(crate) fn walk(path: &str, reference: &Value, doorkeeper: &Value, found: &mut Vec<Difference>) {
    match (reference, doorkeeper) {
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
            for (name, value) in one {
                walk(&format!("{path}.{name}"), value, other.get(name).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (one, other) in one.iter().zip(other) {
                walk(&format!("{path}[]"), one, other, found);
            }
        }
        _ if reference == doorkeeper => {}
        _ => found.push(Difference {
            path: path.trim_start_matches('.').to_owned(),
            reference: shortened(reference),
            doorkeeper: shortened(doorkeeper),
        }),
    }
}

fn shortened(value: &Value) -> String {
    const ENOUGH: usize = 400;
    let text = value.to_string();
    match text.char_indices().nth(ENOUGH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
