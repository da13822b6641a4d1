//! Why the topic cannot be used.

use client::{BrokerFault, Owner, RequestError};
use protocol::{ApiKey, ErrorCode};

use super::batch::BatchFault;

/// Why the store in Kafka cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    #[error("the topic of the store cannot be reached: {0}")]
    Request(#[from] RequestError),
    #[error("the cluster answered {} with {} ({}) for the store's topic `{topic}`{}", api_key.name(), error.name(), error.0, with_colon(text))]
    Refused { api_key: ApiKey, topic: String, error: ErrorCode, text: String },
    #[error("the store's topic `{topic}` {fault}")]
    Log { topic: String, fault: String },
    #[error("the store's topic `{topic}` is not there")]
    Gone { topic: String },
    #[error("the store's topic `{topic}` is another one than at the start: it was deleted and made anew")]
    Replaced { topic: String },
    #[error("the store's topic `{topic}` cannot be used: {what}. `kafka-configs.sh` alters it; or name another topic")]
    WrongSettings { topic: String, what: String },
    #[error(
        "the store's topic `{topic}` has records for `{scope}` and no mark that says they are whole: it has lost something. \
         Bring it back from a backup, or name another topic"
    )]
    NoMark { topic: String, scope: String },
    #[error(
        "the store's topic `{topic}` has had records and has none any more: it was emptied. Bring it back from a backup; to \
         begin anew from `bootstrap`, delete the topic, or name another one"
    )]
    Emptied { topic: String },
    #[error("the store's topic `{topic}` has lost what was in it: {what}")]
    Shrunk { topic: String, what: String },
    #[error("the store's topic `{topic}` cannot be read with `store.kafka.keys`: the mark of `{scope}`: {why}")]
    WrongKey { topic: String, scope: String, why: String },
    #[error("the store's topic `{topic}` was written by a newer Doorkeeper (form {form}): use that one")]
    NewerForm { topic: String, form: u64 },
    #[error(
        "what is to be written takes {bytes} bytes, and one change has at most {most}: make several of it (for `bootstrap`: \
         begin with less, and add the rest with kafka-acls.sh)"
    )]
    TooLarge { bytes: usize, most: usize },
}

impl KafkaError {
    pub(super) fn log(topic: &str, fault: BatchFault) -> KafkaError {
        KafkaError::Log { topic: topic.to_owned(), fault: format!("cannot be read: {fault}") }
    }

    /// Whether waiting may mend it.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            KafkaError::Request(RequestError::Connect(error)) => error.owner() != Owner::Configuration,
            KafkaError::Request(RequestError::Unsendable { .. }) => false,
            KafkaError::Request(RequestError::Broker { fault, .. }) => !matches!(**fault, BrokerFault::Malformed(_)),
            KafkaError::Request(_) => true,
            KafkaError::Refused { error, .. } => is_retriable(*error),
            _ => false,
        }
    }
}

/// Kafka: `RetriableException`, as far as Metadata, CreateTopics, DescribeConfigs, Produce, Fetch and ListOffsets give it.
pub(super) fn is_retriable(error: ErrorCode) -> bool {
    matches!(
        error,
        ErrorCode::CORRUPT_MESSAGE
            | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
            | ErrorCode::LEADER_NOT_AVAILABLE
            | ErrorCode::NOT_LEADER_OR_FOLLOWER
            | ErrorCode::REQUEST_TIMED_OUT
            | ErrorCode::BROKER_NOT_AVAILABLE
            | ErrorCode::REPLICA_NOT_AVAILABLE
            | ErrorCode::NETWORK_EXCEPTION
            | ErrorCode::COORDINATOR_LOAD_IN_PROGRESS
            | ErrorCode::COORDINATOR_NOT_AVAILABLE
            | ErrorCode::NOT_COORDINATOR
            | ErrorCode::NOT_ENOUGH_REPLICAS
            | ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND
            | ErrorCode::NOT_CONTROLLER
            | ErrorCode::KAFKA_STORAGE_ERROR
            | ErrorCode::FENCED_LEADER_EPOCH
            | ErrorCode::UNKNOWN_LEADER_EPOCH
            | ErrorCode::OFFSET_NOT_AVAILABLE
            | ErrorCode::UNKNOWN_TOPIC_ID
            | ErrorCode::INCONSISTENT_TOPIC_ID
            | ErrorCode::THROTTLING_QUOTA_EXCEEDED
            | ErrorCode::CONCURRENT_TRANSACTIONS
    )
}

fn with_colon(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!(": {text}"),
    }
}
