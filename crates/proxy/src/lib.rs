//! Moving bytes: listeners, connections, logins, and the way to the brokers.
//!
//! ```text
//! listener ─▶ session ─▶ connection ──▶ upstream ─▶ broker
//!  accept,     who?       ▲   │  one task owns all of a connection:
//!  TLS                    │   ├─ frame_reader   bytes in, within one budget
//!                         │   ├─ apis::judge    what becomes of a request
//!                         │   ├─ in_flight      the line: answers in order
//!                         │   └─ outgoing       bytes out
//!                         └──── broker's answers
//! ```
//!
//! What this crate deliberately does not do: it decides nothing (`acl`, `apis`), knows no password (`authentication`),
//! asks brokers nothing of its own but through `client`, and reads no configuration: [`Settings`] are values.
//!
//! Start reading at [`connection`], then `listener.rs`. How memory stays bounded is in `budget.rs`; how all ends, in
//! `shutdown.rs`.

mod audit;
mod audit_offline;
mod audit_writer;
mod bound;
mod broker;
mod broker_ports;
mod broker_warnings;
mod brokers;
mod budget;
mod client_stream;
mod clock;
mod connection;
mod connections;
mod derivations;
mod end;
mod frame_reader;
mod grants;
mod groups;
mod guest;
mod in_flight;
mod kept;
mod listener;
mod matching;
mod metrics;
mod outgoing;
mod own_store;
mod per_address;
mod session;
pub mod settings;
mod shared;
mod shutdown;
mod topics;
mod upstream;

pub use bound::{Bound, ProxyError, bind};
pub use broker_ports::BrokerPortsError;
pub use settings::Settings;
