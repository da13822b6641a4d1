//! The typed messages: those of `kafka-protocol`, and ours where it stops short of Kafka 4.3.
//!
//! `kafka-protocol` 0.18 knows Kafka 4.1 without what was unstable there. What 4.3 has beyond that is written down here
//! behind the same traits and names, so that nobody who uses a message sees whose it is. Each file holds one API; when
//! the crate has caught up with it, the file and its line below are deleted, and nothing else changes.
//!
//! - `define.rs`: how a message is written down, field by field with its versions, like Kafka's own definitions;
//! - `wire.rs`: how the types of fields look in bytes.

mod define;
mod wire;

mod add_raft_voter;
mod describe_log_dirs;
mod describe_share_group_offsets;
mod init_producer_id;
mod list_offsets;
mod offset_commit;
mod offset_fetch;
mod read_share_group_state_summary;
mod share_acknowledge;
mod share_fetch;
mod streams_group_describe;
mod streams_group_heartbeat;
mod write_share_group_state;
mod write_txn_markers;

pub use kafka_protocol::messages::*;

// What is imported by its name takes precedence over the same name from `*`.
pub use add_raft_voter::add_raft_voter_request::{self, AddRaftVoterRequest};
pub use add_raft_voter::add_raft_voter_response::{self, AddRaftVoterResponse};
pub use describe_log_dirs::describe_log_dirs_request::{self, DescribeLogDirsRequest};
pub use describe_log_dirs::describe_log_dirs_response::{self, DescribeLogDirsResponse};
pub use describe_share_group_offsets::describe_share_group_offsets_request::{self, DescribeShareGroupOffsetsRequest};
pub use describe_share_group_offsets::describe_share_group_offsets_response::{
    self, DescribeShareGroupOffsetsResponse,
};
pub use init_producer_id::init_producer_id_request::{self, InitProducerIdRequest};
pub use list_offsets::list_offsets_request::{self, ListOffsetsRequest};
pub use list_offsets::list_offsets_response::{self, ListOffsetsResponse};
pub use offset_commit::offset_commit_request::{self, OffsetCommitRequest};
pub use offset_fetch::offset_fetch_request::{self, OffsetFetchRequest};
pub use read_share_group_state_summary::read_share_group_state_summary_request::{
    self, ReadShareGroupStateSummaryRequest,
};
pub use read_share_group_state_summary::read_share_group_state_summary_response::{
    self, ReadShareGroupStateSummaryResponse,
};
pub use share_acknowledge::share_acknowledge_request::{self, ShareAcknowledgeRequest};
pub use share_acknowledge::share_acknowledge_response::{self, ShareAcknowledgeResponse};
pub use share_fetch::share_fetch_request::{self, ShareFetchRequest};
pub use share_fetch::share_fetch_response::{self, ShareFetchResponse};
pub use streams_group_describe::streams_group_describe_request::{self, StreamsGroupDescribeRequest};
pub use streams_group_describe::streams_group_describe_response::{self, StreamsGroupDescribeResponse};
pub use streams_group_heartbeat::streams_group_heartbeat_request::{self, StreamsGroupHeartbeatRequest};
pub use streams_group_heartbeat::streams_group_heartbeat_response::{self, StreamsGroupHeartbeatResponse};
pub use write_share_group_state::write_share_group_state_request::{self, WriteShareGroupStateRequest};
pub use write_share_group_state::write_share_group_state_response::{self, WriteShareGroupStateResponse};
pub use write_txn_markers::write_txn_markers_request::{self, WriteTxnMarkersRequest};
pub use write_txn_markers::write_txn_markers_response::{self, WriteTxnMarkersResponse};
