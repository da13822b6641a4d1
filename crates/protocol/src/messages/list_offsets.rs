//! ListOffsets (2) version 11: a timestamp more, in the bytes of version 10 (KIP-1023).

pub mod list_offsets_request {
    use kafka_protocol::messages::BrokerId;

    use super::list_offsets_response::ListOffsetsResponse;
    use crate::messages::define::{message, request, structures_of_the_crate};

    pub use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};

    message! {
        ListOffsetsRequest, versions 1 to 11, flexible from 6 {
            replica_id with_replica_id: BrokerId;
            isolation_level with_isolation_level: i8, in 2..;
            topics with_topics: Vec<ListOffsetsTopic>;
            timeout_ms with_timeout_ms: i32, in 10..;
        }
    }
    request!(ListOffsetsRequest, key 2, flexible from 6, answered by ListOffsetsResponse);
    structures_of_the_crate!(ListOffsetsTopic);
}

pub mod list_offsets_response {
    use crate::messages::define::{message, response, structures_of_the_crate};

    pub use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};

    message! {
        ListOffsetsResponse, versions 1 to 11, flexible from 6 {
            throttle_time_ms with_throttle_time_ms: i32, in 2..;
            topics with_topics: Vec<ListOffsetsTopicResponse>;
        }
    }
    response!(ListOffsetsResponse, flexible from 6);
    structures_of_the_crate!(ListOffsetsTopicResponse);
}
