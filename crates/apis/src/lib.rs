//! The judgement: one table of every Kafka API, and one file for each that needs judgement.
//!
//! Values in, values out. A request that has passed the guard goes in, together with the caller's [`acl::Grants`] and
//! what had to be looked up; out comes a [`Verdict`]: forward it, answer it, or close. No sockets, no clock, no
//! runtime: a test needs nothing but values.
//!
//! What this crate deliberately does not do: it does not read frames ([`protocol`]), does not know how a look-up is
//! resolved or an answer is sent (`proxy`), and holds no ACLs ([`acl`]).
//!
//! Start reading at [`table`], then any file named after an API (`produce.rs`, `delete_groups.rs`): they all look
//! alike. [`context`] has the verbs they use, named after Kafka's `AuthHelper`.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::indexing_slicing))]

mod acl_codes;
mod add_offsets_to_txn;
mod add_partitions_to_txn;
mod alter_configs;
mod alter_share_group_offsets;
mod alter_user_scram_credentials;
pub mod api_versions;
mod auto_topic_creation;
pub mod broker_versions;
mod carried_subscription;
mod cluster_operations;
mod config_alteration;
mod config_resource;
mod consumer_group_describe;
mod consumer_group_heartbeat;
mod context;
mod create_acls;
mod create_partitions;
mod create_topics;
mod delegation_tokens;
mod delete_acls;
mod delete_groups;
mod delete_records;
mod delete_share_group_offsets;
mod delete_topics;
mod describe_acls;
mod describe_cluster;
mod describe_configs;
mod describe_groups;
mod describe_log_dirs;
mod describe_producers;
mod describe_share_group_offsets;
mod describe_topic_partitions;
mod describe_transactions;
mod describe_user_scram_credentials;
mod dispatch;
mod fetch;
mod fetch_errors;
mod fetch_sessions;
mod find_coordinator;
mod group_members;
mod hidden_topics;
mod incremental_alter_configs;
mod init_producer_id;
mod internal_topics;
mod list_groups;
mod list_offsets;
mod list_transactions;
mod lookup;
mod merging;
mod metadata;
mod offset_commit;
mod offset_delete;
mod offset_fetch;
mod offset_for_leader_epoch;
mod outcome;
mod produce;
mod row;
mod sasl_authenticate;
mod sasl_handshake;
mod scram_codes;
mod serve;
mod share_acknowledge;
mod share_fetch;
mod share_group_describe;
mod share_group_heartbeat;
mod share_sessions;
mod state;
mod streams_group_describe;
mod streams_group_heartbeat;
mod subscription_pattern;
mod sync_group;
pub mod table;
#[cfg(test)]
mod testing;
mod txn_offset_commit;
mod write_txn_markers;

pub use broker_versions::BrokerVersions;
pub use carried_subscription::CarriedSubscription;
pub use context::{Authorized, Decision, RequestContext, error_code_of};
pub use dispatch::{Answer, AuthorizedRequest, Case, JudgeError, ResponseEdit, Verdict, judge};
pub use group_members::MemberSubscription;
pub use lookup::{Found, FoundMember, FoundTopic, Lookup, Member};
pub use outcome::{Edit, Edited, Outcome, RawEdit, RawEdited, TypedEdit};
pub use row::{AnyResponse, Authorize, Kind, Requirement, Row};
pub use serve::{Refused, Reply, ScramAlteration, ScramUser, Serve};
pub use state::{Channel, ConnectionState};
pub use subscription_pattern::{PatternError, SubscriptionPattern};
