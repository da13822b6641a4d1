//! ACLs and users in a topic of Kafka, shared by many replicas and clusters.
//!
//! ```text
//!  a request ─▶ turn ─▶ plan ─▶ one record batch ─┐                         ┌─▶ another replica
//!                                                 ▼                         │
//!     the answer ◀── Current ◀── follower ◀── the topic, compacted, one partition
//! ```
//!
//! Every replica follows the topic by itself and takes whole batches, so all see the same changes in the same order: the
//! log's. Each record is the whole state of one thing, the last one counts, and all are sealed. A change is answered when
//! this replica has read it back. There is no consensus of our own, and no replica needs another one.
//!
//! - [`load`](load()) finds the topic or makes it, and fills it if it is new
//! - [`KafkaStore`] follows it and takes changes; what is for all clusters is changed by an [`Editor`] only
//!
//! Start reading at `record.rs` (what stands in the topic) and `state.rs` (what it means); then `follower.rs` reads,
//! `writer.rs` writes, `leader.rs` talks to the broker, `batch.rs` and `seal.rs` are bytes.

mod batch;
mod editor;
mod error;
mod follower;
mod leader;
mod load;
mod record;
mod seal;
mod settings;
mod shared;
mod snapshot;
mod state;
mod store;
mod topic;
mod writer;

pub use editor::Editor;
pub use error::KafkaError;
pub use load::{LoadedTopic, load};
pub use record::Scope;
pub use seal::{KeyError, Keyring, SealingKey};
pub use settings::{DEFAULT_TOPIC, KafkaSettings, SnapshotSettings};
pub use store::KafkaStore;
