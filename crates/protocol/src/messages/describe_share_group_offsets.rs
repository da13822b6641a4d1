//! DescribeShareGroupOffsets (90) version 1: partitions say how far the group lags behind (KIP-1226).

pub mod describe_share_group_offsets_request {
    use super::describe_share_group_offsets_response::DescribeShareGroupOffsetsResponse;
    use crate::messages::define::{message, request, structures_of_the_crate};

    pub use kafka_protocol::messages::describe_share_group_offsets_request::{
        DescribeShareGroupOffsetsRequestGroup, DescribeShareGroupOffsetsRequestTopic,
    };

    message! {
        DescribeShareGroupOffsetsRequest, versions 0 to 1, flexible from 0 {
            groups with_groups: Vec<DescribeShareGroupOffsetsRequestGroup>;
        }
    }
    request!(
        DescribeShareGroupOffsetsRequest, key 90, flexible from 0, answered by DescribeShareGroupOffsetsResponse
    );
    structures_of_the_crate!(DescribeShareGroupOffsetsRequestGroup);
}

pub mod describe_share_group_offsets_response {
    use kafka_protocol::messages::{GroupId, TopicName};
    use kafka_protocol::protocol::StrBytes;
    use uuid::Uuid;

    use crate::messages::define::{message, response};

    message! {
        DescribeShareGroupOffsetsResponse, versions 0 to 1, flexible from 0 {
            throttle_time_ms with_throttle_time_ms: i32;
            groups with_groups: Vec<DescribeShareGroupOffsetsResponseGroup>;
        }
    }
    response!(DescribeShareGroupOffsetsResponse, flexible from 0);

    message! {
        DescribeShareGroupOffsetsResponseGroup, versions 0 to 1, flexible from 0 {
            group_id with_group_id: GroupId;
            topics with_topics: Vec<DescribeShareGroupOffsetsResponseTopic>;
            error_code with_error_code: i16;
            error_message with_error_message: Option<StrBytes>;
        }
    }

    message! {
        DescribeShareGroupOffsetsResponseTopic, versions 0 to 1, flexible from 0 {
            topic_name with_topic_name: TopicName;
            topic_id with_topic_id: Uuid;
            partitions with_partitions: Vec<DescribeShareGroupOffsetsResponsePartition>;
        }
    }

    message! {
        DescribeShareGroupOffsetsResponsePartition, versions 0 to 1, flexible from 0 {
            partition_index with_partition_index: i32;
            start_offset with_start_offset: i64;
            leader_epoch with_leader_epoch: i32;
            lag with_lag: i64 = -1, in 1..;
            error_code with_error_code: i16;
            error_message with_error_message: Option<StrBytes>;
        }
    }
}
