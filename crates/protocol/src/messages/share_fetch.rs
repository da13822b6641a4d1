//! ShareFetch (78) version 2: how records are acquired (KIP-1206), and acknowledgements that renew (KIP-1222).

pub mod share_fetch_request {
    use kafka_protocol::messages::GroupId;
    use kafka_protocol::protocol::StrBytes;

    use super::share_fetch_response::ShareFetchResponse;
    use crate::messages::define::{message, request, structures_of_the_crate};

    pub use kafka_protocol::messages::share_fetch_request::{
        AcknowledgementBatch, FetchPartition, FetchTopic, ForgottenTopic,
    };

    message! {
        ShareFetchRequest, versions 1 to 2, flexible from 0 {
            group_id with_group_id: Option<GroupId>;
            member_id with_member_id: Option<StrBytes> = Some(StrBytes::new());
            share_session_epoch with_share_session_epoch: i32;
            max_wait_ms with_max_wait_ms: i32;
            min_bytes with_min_bytes: i32;
            max_bytes with_max_bytes: i32 = i32::MAX;
            max_records with_max_records: i32;
            batch_size with_batch_size: i32;
            share_acquire_mode with_share_acquire_mode: i8, in 2..;
            is_renew_ack with_is_renew_ack: bool, in 2..;
            topics with_topics: Vec<FetchTopic>;
            forgotten_topics_data with_forgotten_topics_data: Vec<ForgottenTopic>;
        }
    }
    request!(ShareFetchRequest, key 78, flexible from 0, answered by ShareFetchResponse);
    structures_of_the_crate!(FetchTopic, ForgottenTopic);
}

pub mod share_fetch_response {
    use kafka_protocol::protocol::StrBytes;

    use crate::messages::define::{message, response, structures_of_the_crate};

    pub use kafka_protocol::messages::share_fetch_response::{
        AcquiredRecords, LeaderIdAndEpoch, NodeEndpoint, PartitionData, ShareFetchableTopicResponse,
    };

    message! {
        ShareFetchResponse, versions 1 to 2, flexible from 0 {
            throttle_time_ms with_throttle_time_ms: i32;
            error_code with_error_code: i16;
            error_message with_error_message: Option<StrBytes>;
            acquisition_lock_timeout_ms with_acquisition_lock_timeout_ms: i32;
            responses with_responses: Vec<ShareFetchableTopicResponse>;
            node_endpoints with_node_endpoints: Vec<NodeEndpoint>;
        }
    }
    response!(ShareFetchResponse, flexible from 0);
    structures_of_the_crate!(ShareFetchableTopicResponse, NodeEndpoint);
}
