//! Sequences: many requests, one after the other, to a Kafka with `StandardAuthorizer` and to Doorkeeper before one
//! without; the answers are compared step by step, while ACLs change in between.
//!
//! Both sides, the definitions of messages and what may differ are parity's own, in `../parity`. What is added here is
//! memory: a later step names what an earlier one was told, which is another on each side ([`duet`]).
//!
//! One pair of brokers and one Doorkeeper for all; names of users, topics and groups keep the tests apart.
//!
//! Start reading at [`duet`], then [`fetch_sessions`].

#[allow(dead_code, reason = "parity needs all of it")]
#[path = "../parity/codec.rs"]
mod codec;
#[allow(dead_code, reason = "parity needs all of it")]
#[path = "../parity/compare.rs"]
mod compare;
#[allow(dead_code, reason = "parity needs all of it")]
#[path = "../parity/exceptions.rs"]
mod exceptions;
#[allow(dead_code, reason = "parity needs all of it")]
#[path = "../parity/random.rs"]
mod random;
#[allow(dead_code, reason = "parity needs all of it")]
#[path = "../parity/records.rs"]
mod records;
#[allow(dead_code, reason = "only the name of a setting is needed, and parity has two sides of its own")]
#[path = "../parity/scene.rs"]
mod scene;
#[allow(dead_code, reason = "parity needs all of it")]
#[path = "../parity/schema.rs"]
mod schema;
#[allow(dead_code, reason = "parity needs all of it")]
#[path = "../parity/side.rs"]
mod side;
#[allow(dead_code, reason = "only two names are needed, and parity has a world of its own")]
#[path = "../parity/world.rs"]
mod world;

mod acls;
mod auto_creation;
mod classic_group;
mod consumer_group;
mod duet;
mod fetch_deletion;
mod fetch_denied;
mod fetch_eviction;
mod fetch_foreign;
mod fetch_sessions;
mod ground;
mod idempotence;
mod pipelined;
mod regular_expression;
mod share_group;
mod streams;
mod transaction;
