//! OffsetFetch (9) version 10: topics are named by id (KIP-848). The response of `kafka-protocol` has it already.

pub mod offset_fetch_request {
    use kafka_protocol::messages::{GroupId, OffsetFetchResponse, TopicName};
    use kafka_protocol::protocol::StrBytes;
    use uuid::Uuid;

    use crate::messages::define::{message, request, structures_of_the_crate};

    pub use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;

    message! {
        OffsetFetchRequest, versions 1 to 10, flexible from 6 {
            group_id with_group_id: GroupId, in ..=7;
            topics with_topics: Option<Vec<OffsetFetchRequestTopic>> = Some(Vec::new()), in ..=7;
            groups with_groups: Vec<OffsetFetchRequestGroup>, in 8..;
            require_stable with_require_stable: bool, in 7..;
        }
    }
    request!(OffsetFetchRequest, key 9, flexible from 6, answered by OffsetFetchResponse);
    structures_of_the_crate!(OffsetFetchRequestTopic);

    message! {
        OffsetFetchRequestGroup, versions 8 to 10, flexible from 8 {
            group_id with_group_id: GroupId;
            member_id with_member_id: Option<StrBytes>, in 9..;
            member_epoch with_member_epoch: i32 = -1, in 9..;
            topics with_topics: Option<Vec<OffsetFetchRequestTopics>> = Some(Vec::new());
        }
    }

    message! {
        OffsetFetchRequestTopics, versions 8 to 10, flexible from 8 {
            name with_name: TopicName, in ..=9;
            topic_id with_topic_id: Uuid, in 10..;
            partition_indexes with_partition_indexes: Vec<i32>;
        }
    }
}
