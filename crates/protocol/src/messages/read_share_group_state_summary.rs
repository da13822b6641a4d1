//! ReadShareGroupStateSummary (87) version 1: how many offsets are done with, for the lag of share groups (KIP-1226).

pub mod read_share_group_state_summary_request {
    use kafka_protocol::protocol::StrBytes;

    use super::read_share_group_state_summary_response::ReadShareGroupStateSummaryResponse;
    use crate::messages::define::{message, request, structures_of_the_crate};

    pub use kafka_protocol::messages::read_share_group_state_summary_request::{PartitionData, ReadStateSummaryData};

    message! {
        ReadShareGroupStateSummaryRequest, versions 0 to 1, flexible from 0 {
            group_id with_group_id: StrBytes;
            topics with_topics: Vec<ReadStateSummaryData>;
        }
    }
    request!(
        ReadShareGroupStateSummaryRequest, key 87, flexible from 0, answered by ReadShareGroupStateSummaryResponse
    );
    structures_of_the_crate!(ReadStateSummaryData);
}

pub mod read_share_group_state_summary_response {
    use kafka_protocol::protocol::StrBytes;
    use uuid::Uuid;

    use crate::messages::define::{message, response};

    message! {
        ReadShareGroupStateSummaryResponse, versions 0 to 1, flexible from 0 {
            results with_results: Vec<ReadStateSummaryResult>;
        }
    }
    response!(ReadShareGroupStateSummaryResponse, flexible from 0);

    message! {
        ReadStateSummaryResult, versions 0 to 1, flexible from 0 {
            topic_id with_topic_id: Uuid;
            partitions with_partitions: Vec<PartitionResult>;
        }
    }

    message! {
        PartitionResult, versions 0 to 1, flexible from 0 {
            partition with_partition: i32;
            error_code with_error_code: i16;
            error_message with_error_message: Option<StrBytes>;
            state_epoch with_state_epoch: i32;
            leader_epoch with_leader_epoch: i32;
            start_offset with_start_offset: i64;
            delivery_complete_count with_delivery_complete_count: i32 = -1, in 1..;
        }
    }
}
