//! AddRaftVoter (80) version 1: whether to answer before the new voters are committed (KIP-1186).

pub mod add_raft_voter_request {
    use kafka_protocol::protocol::StrBytes;
    use uuid::Uuid;

    use super::add_raft_voter_response::AddRaftVoterResponse;
    use crate::messages::define::{message, request, structures_of_the_crate};

    pub use kafka_protocol::messages::add_raft_voter_request::Listener;

    message! {
        AddRaftVoterRequest, versions 0 to 1, flexible from 0 {
            cluster_id with_cluster_id: Option<StrBytes> = Some(StrBytes::new());
            timeout_ms with_timeout_ms: i32;
            voter_id with_voter_id: i32;
            voter_directory_id with_voter_directory_id: Uuid;
            listeners with_listeners: Vec<Listener>;
            ack_when_committed with_ack_when_committed: bool = true, in 1..;
        }
    }
    request!(AddRaftVoterRequest, key 80, flexible from 0, answered by AddRaftVoterResponse);
    structures_of_the_crate!(Listener);
}

pub mod add_raft_voter_response {
    use kafka_protocol::protocol::StrBytes;

    use crate::messages::define::{message, response};

    message! {
        AddRaftVoterResponse, versions 0 to 1, flexible from 0 {
            throttle_time_ms with_throttle_time_ms: i32;
            error_code with_error_code: i16;
            error_message with_error_message: Option<StrBytes> = Some(StrBytes::new());
        }
    }
    response!(AddRaftVoterResponse, flexible from 0);
}
