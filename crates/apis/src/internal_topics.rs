//! Kafka's own topics: `org.apache.kafka.common.internals.Topic`.

/// Topics that only brokers write to.
const INTERNAL: [&str; 3] = ["__consumer_offsets", "__transaction_state", "__share_group_state"];

/// The log of the controllers. It is no topic to anybody.
pub(crate) const CLUSTER_METADATA: &str = "__cluster_metadata";

/// `Topic.isInternal`.
pub(crate) fn is_internal(name: &str) -> bool {
    INTERNAL.contains(&name)
}
