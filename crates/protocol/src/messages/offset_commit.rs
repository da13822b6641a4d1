//! OffsetCommit (8) version 10: topics are named by id (KIP-848). The response of `kafka-protocol` has it already.

pub mod offset_commit_request {
    use kafka_protocol::messages::{GroupId, OffsetCommitResponse, TopicName};
    use kafka_protocol::protocol::StrBytes;
    use uuid::Uuid;

    use crate::messages::define::{message, request, structures_of_the_crate};

    pub use kafka_protocol::messages::offset_commit_request::OffsetCommitRequestPartition;

    message! {
        OffsetCommitRequest, versions 2 to 10, flexible from 8 {
            group_id with_group_id: GroupId;
            generation_id_or_member_epoch with_generation_id_or_member_epoch: i32 = -1;
            member_id with_member_id: StrBytes;
            group_instance_id with_group_instance_id: Option<StrBytes>, in 7..;
            retention_time_ms with_retention_time_ms: i64 = -1, in 2..=4;
            topics with_topics: Vec<OffsetCommitRequestTopic>;
        }
    }
    request!(OffsetCommitRequest, key 8, flexible from 8, answered by OffsetCommitResponse);

    message! {
        OffsetCommitRequestTopic, versions 2 to 10, flexible from 8 {
            name with_name: TopicName, in ..=9;
            topic_id with_topic_id: Uuid, in 10..;
            partitions with_partitions: Vec<OffsetCommitRequestPartition>;
        }
    }
    structures_of_the_crate!(OffsetCommitRequestPartition);
}
