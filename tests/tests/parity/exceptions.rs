//! All that may differ between a broker and Doorkeeper, in one list: fields that must, lists without an order, and the
//! differences on purpose of `docs/differences.md`. Nothing else is forgiven.

use serde_json::Value;

use crate::scene::Setting;
use crate::side::Outcome;

/// What must differ, by the name of the field, and what is compared instead. Nothing else is forgiven.
pub(crate) const MUST_DIFFER: &[(&str, &str, Instead, &str)] = &[
    ("*", "ThrottleTimeMs", Instead::Nothing, "quotas are counted by the broker"),
    ("*", "ClusterId", Instead::OwnCluster, "each cluster has its own"),
    ("*", "Port", Instead::OwnPort, "each listens at its own ports"),
    ("*", "MemberId", Instead::MemberId, "made of random letters"),
    ("JoinGroup", "Leader", Instead::MemberId, "a member's id"),
    ("Fetch", "SessionId", Instead::Nothing, "random; a broker may grant none at any time, and so does Doorkeeper"),
    ("Fetch", "Records", Instead::Batches, "the time of a transaction's marker"),
    ("*", "SessionId", Instead::Sign, "a random number"),
    ("*", "ProducerId", Instead::Sign, "each cluster counts its own"),
    ("ListOffsets", "Timestamp", Instead::Time, "a time, where a marker of a transaction is the record"),
    ("DescribeProducers", "LastTimestamp", Instead::Sign, "a time"),
    ("*", "TransactionStartTimeMs", Instead::Sign, "a time"),
    ("DescribeQuorum", "LeaderEpoch", Instead::Sign, "elections of the controller"),
    ("DescribeQuorum", "HighWatermark", Instead::Sign, "the length of the controller's log"),
    ("DescribeQuorum", "LogEndOffset", Instead::Sign, "the length of the controller's log"),
    ("DescribeQuorum", "LastFetchTimestamp", Instead::Sign, "a time"),
    ("DescribeQuorum", "LastCaughtUpTimestamp", Instead::Sign, "a time"),
    ("DescribeQuorum", "ReplicaDirectoryId", Instead::Nothing, "made of random letters"),
    ("DescribeQuorum", "Listeners", Instead::Nothing, "Doorkeeper does not tell a controller's addresses"),
    ("DescribeLogDirs", "LogDir", Instead::Nothing, "a temporary directory"),
    ("DescribeLogDirs", "PartitionSize", Instead::Nothing, "ids that are written to logs have other lengths"),
    ("DescribeLogDirs", "TotalBytes", Instead::Nothing, "the disk of one machine, but not at one time"),
    ("DescribeLogDirs", "UsableBytes", Instead::Nothing, "the disk of one machine, but not at one time"),
    ("ApiVersions", "FinalizedFeaturesEpoch", Instead::Sign, "an offset in the log of each cluster"),
    ("StreamsGroupHeartbeat", "ErrorMessage", Instead::Words, "the names in it are in the order of a hash table"),
    ("*", "ErrorMessage", Instead::NoDump, "a dump of the request by a broker reads here as the generic text"),
];

/// Settings that DescribeConfigs shows and that must differ, by the beginning of their names, and are only compared by name.
pub(crate) const OWN_SETTINGS: &[(&str, &str)] = &[
    ("listeners", "Doorkeeper does not tell a broker's addresses"),
    ("advertised.listeners", "Doorkeeper does not tell a broker's addresses"),
    ("controller.quorum.", "Doorkeeper does not tell a controller's addresses"),
    ("log.dirs", "a temporary directory"),
    ("authorizer.class.name", "only one of the two has an authorizer"),
];

/// Of a broker's loggers only these are compared: a process has those whose classes it has used so far.
pub(crate) const LOGGERS: &[&str] = &["root", "org.apache.kafka.parity"];

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
    ("ShareFetch", "Responses", Order::Any, "a hash table's, by ids, and in turns"),
    ("ShareAcknowledge", "Responses", Order::Any, "a hash table's, by ids"),
    ("DescribeShareGroupOffsets", "Topics", Order::Any, "a hash table's, by ids"),
    ("DescribeShareGroupOffsets", "Partitions", Order::Any, "a hash table's"),
    ("DescribeTransactions", "Topics", Order::Any, "a hash table's"),
    ("DescribeAcls", "Resources", Order::Any, "a hash table's"),
    ("DescribeAcls", "Acls", Order::Any, "a hash table's"),
    ("DeleteAcls", "MatchingAcls", Order::Any, "a hash table's"),
    ("DescribeClientQuotas", "Entries", Order::Any, "a hash table's"),
    ("DescribeClientQuotas", "Entity", Order::Any, "a hash table's"),
    ("DescribeClientQuotas", "Values", Order::Any, "a hash table's"),
    ("AlterClientQuotas", "Entries", Order::Any, "a hash table's"),
    ("AlterUserScramCredentials", "Results", Order::Any, "a hash table's"),
    ("CreatePartitions", "Results", Order::WithinFate, "denied names are a set"),
    ("DescribeTopicPartitions", "Topics", Order::WithinFate, "denied names are a set"),
];

/// Differences on purpose (`docs/differences.md`).
pub(crate) struct Listed {
    pub(crate) api: &'static str,
    /// Where it can come up; everywhere if `None`.
    pub(crate) setting: Option<Setting>,
    /// Whether the answers to this request, of the broker and of Doorkeeper, differ in this way.
    pub(crate) is_it: fn(&Value, &Outcome, &Outcome) -> bool,
    pub(crate) why: &'static str,
}

pub(crate) const LISTED: &[Listed] = &[
    Listed::anywhere("DescribeLogDirs", is_filtered_log_dirs, "answers are filtered by topic, not refused as a whole"),
    Listed::anywhere(
        "ConsumerGroupHeartbeat",
        is_matched_at_once,
        "topics that match an expression are known at once, and its faults before all others",
    ),
    Listed::anywhere("Fetch", has_failed, "a broker fails if a request names two ids that no topic has"),
    Listed::anywhere("IncrementalAlterConfigs", is_denied_before_validation, DENIED_BEFORE_VALIDATION),
    Listed::anywhere("AlterConfigs", is_denied_before_validation, DENIED_BEFORE_VALIDATION),
    Listed::anywhere(
        "AlterUserScramCredentials",
        is_missing_and_again,
        "a user without the credential to be deleted, named again",
    ),
    Listed::anywhere("StreamsGroupHeartbeat", is_denied_internal_topics, "internal topics that may not be created"),
    Listed::anywhere("ShareFetch", has_failed, "a broker fails if a request names an id that no topic has"),
    Listed::anywhere("ShareAcknowledge", has_failed, "a broker fails if a request names an id that no topic has"),
    Listed::anywhere("GetTelemetrySubscriptions", is_disconnected, NOT_ADVERTISED),
    Listed::anywhere("PushTelemetry", is_disconnected, NOT_ADVERTISED),
    Listed::switched_off("DeleteTopics"),
    Listed::switched_off("ConsumerGroupHeartbeat"),
    Listed::switched_off("ConsumerGroupDescribe"),
    Listed::switched_off("StreamsGroupHeartbeat"),
    Listed::switched_off("StreamsGroupDescribe"),
];

const NOT_ADVERTISED: &str = "a broker without a receiver of telemetry answers what it does not advertise";
const DENIED_BEFORE_VALIDATION: &str = "beside what is altered, a broker's settings are denied without a look at them";

impl Listed {
    const fn anywhere(api: &'static str, is_it: fn(&Value, &Outcome, &Outcome) -> bool, why: &'static str) -> Listed {
        Listed { api, setting: None, is_it, why }
    }

    const fn switched_off(api: &'static str) -> Listed {
        let why = "what is denied or faulty is answered as such, though the broker would do it for nobody";
        Listed { api, setting: Some(Setting::SwitchedOff), is_it: is_switched_off, why }
    }
}

fn is_filtered_log_dirs(_: &Value, reference: &Outcome, _: &Outcome) -> bool {
    matches!(reference, Outcome::Answer(answer) if answer["Results"] == Value::Array(Vec::new()))
}

/// A user is told of the missing credential by the broker, and of being named twice by Doorkeeper; the rest is the same.
fn is_missing_and_again(_: &Value, reference: &Outcome, doorkeeper: &Outcome) -> bool {
    const RESOURCE_NOT_FOUND: i64 = 91;
    const DUPLICATE_RESOURCE: i64 = 92;
    let (Outcome::Answer(reference), Outcome::Answer(doorkeeper)) = (reference, doorkeeper) else { return false };
    let lists = (reference["Results"].as_array(), doorkeeper["Results"].as_array());
    let (Some(theirs), Some(ours)) = lists else { return false };
    let same = |broker: &Value| {
        let of_user = ours.iter().find(|ours| ours["User"] == broker["User"]);
        let both = (broker["ErrorCode"].as_i64(), of_user.and_then(|ours| ours["ErrorCode"].as_i64()));
        of_user == Some(broker) || both == (Some(RESOURCE_NOT_FOUND), Some(DUPLICATE_RESOURCE))
    };
    theirs.len() == ours.len() && theirs.iter().all(same)
}

fn is_denied_internal_topics(_: &Value, _: &Outcome, doorkeeper: &Outcome) -> bool {
    let Outcome::Answer(answer) = doorkeeper else { return false };
    let text = answer["ErrorMessage"].as_str().unwrap_or_default();
    answer["ErrorCode"] == 29 && ["not", "authorized", "create", "internal"].iter().all(|word| text.contains(word))
}

fn is_disconnected(_: &Value, _: &Outcome, doorkeeper: &Outcome) -> bool {
    *doorkeeper == Outcome::Closed
}

/// Both let the member join, which has its topics at once or later; or Doorkeeper finds the fault of the expression first.
fn is_matched_at_once(request: &Value, reference: &Outcome, doorkeeper: &Outcome) -> bool {
    const INVALID_REGULAR_EXPRESSION: i64 = 128;
    let told = |outcome: &Outcome, code: i64| matches!(outcome, Outcome::Answer(answer) if answer["ErrorCode"] == code);
    let expression = request["SubscribedTopicRegex"].as_str().unwrap_or_default();
    let both_join = told(reference, 0) && told(doorkeeper, 0);
    !expression.is_empty() && (both_join || told(doorkeeper, INVALID_REGULAR_EXPRESSION))
}

/// The settings of a broker are denied by Doorkeeper and faulty for the broker; the rest is the same.
fn is_denied_before_validation(_: &Value, reference: &Outcome, doorkeeper: &Outcome) -> bool {
    const BROKER: i64 = 4;
    let (Outcome::Answer(reference), Outcome::Answer(doorkeeper)) = (reference, doorkeeper) else { return false };
    let lists = (reference["Responses"].as_array(), doorkeeper["Responses"].as_array());
    let (Some(theirs), Some(ours)) = lists else { return false };
    let denied = |answer: &Value| answer["ResourceType"] == BROKER && answer["ErrorCode"] == 31;
    theirs.len() == ours.len() && theirs.iter().zip(ours).all(|(theirs, ours)| theirs == ours || denied(ours))
}

/// The broker says that it does this for nobody, and Doorkeeper says so too or that it is denied.
fn is_switched_off(_: &Value, reference: &Outcome, doorkeeper: &Outcome) -> bool {
    let (Outcome::Answer(reference), Outcome::Answer(doorkeeper)) = (reference, doorkeeper) else { return false };
    let (theirs, ours) = (codes(reference), codes(doorkeeper));
    let Some(off) = theirs.first().filter(|code| [35, 42, 73].contains(*code)) else { return false };
    let refusals = [3, 29, 30, 42, 100, 128, 130];
    theirs.iter().all(|code| code == off) && ours.iter().all(|code| code == off || refusals.contains(code))
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

fn has_failed(_: &Value, reference: &Outcome, _: &Outcome) -> bool {
    const UNKNOWN_SERVER_ERROR: i64 = -1;
    matches!(reference, Outcome::Answer(answer) if answer["ErrorCode"] == UNKNOWN_SERVER_ERROR)
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
    /// The same for a time of these days.
    Time,
    /// Where a batch is a marker, only that it is.
    Batches,
    OwnCluster,
    OwnPort,
    /// Whether it is null, empty, made by a broker, or known to the test.
    MemberId,
    /// In any order.
    Words,
    /// What a broker says of its own objects is the text of the error code here.
    NoDump,
}
