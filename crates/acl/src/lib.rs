//! The law: Kafka's ACL model, and decisions by it exactly as Kafka's `StandardAuthorizer` (KRaft, 4.3) makes them.
//!
//! A [`Policy`] is an immutable set of ACLs with its [`Settings`]. For a caller, an [`Identity`], it is compiled to
//! [`Grants`], which answer any number of questions without allocating: may this caller do this operation on that
//! resource?
//!
//! What it deliberately does not do: no I/O, no clock, no randomness, no tasks; it does not know Kafka's requests (`apis`
//! does), where ACLs are kept (`store`), or how anybody proved who they are (`authentication`). It does not judge whether
//! an ACL makes sense: like Kafka, it keeps what it is given, and an entry nobody can match applies to nobody.
//!
//! Start reading at [`Grants`] for how a question is answered, at [`Policy`] for how ACLs are kept, and at
//! `tests/spec.rs` for the rules themselves, which are sixty lines.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::indexing_slicing))]

mod binding;
mod by_resource_type;
mod common_prefix;
mod filter;
mod grants;
mod host;
mod identity;
mod java_order;
mod kafka_enum;
mod masks;
mod name_hasher;
mod named_resources;
mod operation;
mod policy;
mod prefixes;
mod principal;
mod resource;
mod resource_grants;
mod rule;
mod settings;
mod shard;
mod sorted_map;

pub use binding::{AccessControlEntry, AclBinding, AclPermissionType};
pub use filter::{AclBindingFilter, PatternFilter};
pub use grants::Grants;
pub use host::{Host, WILDCARD_HOST, needs_host_ranges};
pub use identity::Identity;
pub use kafka_enum::{UnknownCode, UnknownName};
pub use operation::AclOperation;
pub use policy::Policy;
pub use principal::{KafkaPrincipal, PrincipalError, WILDCARD_PRINCIPAL};
pub use resource::{CLUSTER_NAME, PatternType, ResourcePattern, ResourceType, WILDCARD_RESOURCE};
pub use rule::{Action, AuthorizationResult, MatchingRule};
pub use settings::{Settings, Shadow, SuperUsersError};
