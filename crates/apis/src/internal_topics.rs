//! Kafka's own topics, and what can be a topic at all: `org.apache.kafka.common.internals.Topic`.

/// Topics that only brokers write to.
const INTERNAL: [&str; 3] = ["__consumer_offsets", "__transaction_state", "__share_group_state"];

/// The log of the controllers. It is no topic to anybody.
pub(crate) const CLUSTER_METADATA: &str = "__cluster_metadata";

/// `Topic.isInternal`.
pub(crate) fn is_internal(name: &str) -> bool {
    INTERNAL.contains(&name)
}

/// `Topic.validate`.
pub(crate) fn can_be_a_topic(name: &str) -> bool {
    const MAX_LENGTH: usize = 249;
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !matches!(name, "" | "." | "..") && name.len() <= MAX_LENGTH && name.bytes().all(is_legal)
}
