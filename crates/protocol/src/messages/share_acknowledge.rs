//! ShareAcknowledge (79) version 2: acknowledgements that renew, and for how long records are locked (KIP-1222).

pub mod share_acknowledge_request {
    use kafka_protocol::messages::GroupId;
    use kafka_protocol::protocol::StrBytes;

    use super::share_acknowledge_response::ShareAcknowledgeResponse;
    use crate::messages::define::{message, request, structures_of_the_crate};

    pub use kafka_protocol::messages::share_acknowledge_request::{
        AcknowledgePartition, AcknowledgeTopic, AcknowledgementBatch,
    };

    message! {
        ShareAcknowledgeRequest, versions 1 to 2, flexible from 0 {
            group_id with_group_id: Option<GroupId>;
            member_id with_member_id: Option<StrBytes> = Some(StrBytes::new());
            share_session_epoch with_share_session_epoch: i32;
            is_renew_ack with_is_renew_ack: bool, in 2..;
            topics with_topics: Vec<AcknowledgeTopic>;
        }
    }
    request!(ShareAcknowledgeRequest, key 79, flexible from 0, answered by ShareAcknowledgeResponse);
    structures_of_the_crate!(AcknowledgeTopic);
}

pub mod share_acknowledge_response {
    use kafka_protocol::protocol::StrBytes;

    use crate::messages::define::{message, response, structures_of_the_crate};

    pub use kafka_protocol::messages::share_acknowledge_response::{
        LeaderIdAndEpoch, NodeEndpoint, PartitionData, ShareAcknowledgeTopicResponse,
    };

    message! {
        ShareAcknowledgeResponse, versions 1 to 2, flexible from 0 {
            throttle_time_ms with_throttle_time_ms: i32;
            error_code with_error_code: i16;
            error_message with_error_message: Option<StrBytes>;
            acquisition_lock_timeout_ms with_acquisition_lock_timeout_ms: i32, in 2..;
            responses with_responses: Vec<ShareAcknowledgeTopicResponse>;
            node_endpoints with_node_endpoints: Vec<NodeEndpoint>;
        }
    }
    response!(ShareAcknowledgeResponse, flexible from 0);
    structures_of_the_crate!(ShareAcknowledgeTopicResponse, NodeEndpoint);
}
