//! WriteShareGroupState (85) version 1: how many offsets are done with, for the lag of share groups (KIP-1226).

pub mod write_share_group_state_request {
    use kafka_protocol::protocol::StrBytes;
    use uuid::Uuid;

    use super::write_share_group_state_response::WriteShareGroupStateResponse;
    use crate::messages::define::{message, request, structures_of_the_crate};

    pub use kafka_protocol::messages::write_share_group_state_request::StateBatch;

    message! {
        WriteShareGroupStateRequest, versions 0 to 1, flexible from 0 {
            group_id with_group_id: StrBytes;
            topics with_topics: Vec<WriteStateData>;
        }
    }
    request!(WriteShareGroupStateRequest, key 85, flexible from 0, answered by WriteShareGroupStateResponse);

    message! {
        WriteStateData, versions 0 to 1, flexible from 0 {
            topic_id with_topic_id: Uuid;
            partitions with_partitions: Vec<PartitionData>;
        }
    }

    message! {
        PartitionData, versions 0 to 1, flexible from 0 {
            partition with_partition: i32;
            state_epoch with_state_epoch: i32;
            leader_epoch with_leader_epoch: i32;
            start_offset with_start_offset: i64;
            delivery_complete_count with_delivery_complete_count: i32 = -1, in 1..;
            state_batches with_state_batches: Vec<StateBatch>;
        }
    }
    structures_of_the_crate!(StateBatch);
}

pub mod write_share_group_state_response {
    use crate::messages::define::{message, response, structures_of_the_crate};

    pub use kafka_protocol::messages::write_share_group_state_response::{PartitionResult, WriteStateResult};

    message! {
        WriteShareGroupStateResponse, versions 0 to 1, flexible from 0 {
            results with_results: Vec<WriteStateResult>;
        }
    }
    response!(WriteShareGroupStateResponse, flexible from 0);
    structures_of_the_crate!(WriteStateResult);
}
