//! Who is there: the logins that Kafka brokers know, as values and state machines.
//!
//! - A server's side of SASL: [`SaslServer`], Kafka's `SaslServerAuthenticator`, with PLAIN, SCRAM-SHA-256 and
//!   SCRAM-SHA-512. Frames go in, a [`Step`] comes out.
//! - A client's side, for logins at upstream brokers: [`SaslClient`].
//! - The names in client certificates: [`x500::subject`], then [`SslPrincipalMapper`]
//!   (`ssl.principal.mapping.rules`).
//! - What logins are checked against: [`Users`] with their [`ScramCredential`]s.
//!
//! What this crate deliberately does not do: read sockets, clocks or files, make random numbers (the caller passes
//! nonces in), start threads (slow key derivations are [`Work`] that the caller runs where it likes), verify
//! certificates (TLS has done so), or decide what somebody may do (`acl`).
//!
//! Nothing a peer sends before login may panic, and it learns only what Kafka would tell it; the true cause of a
//! refusal is a [`LoginError`], for the log.
//!
//! Start reading at [`sasl_server`], then `scram/server.rs`.

#![warn(clippy::unwrap_used, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly"))]

pub mod api_versions;
pub mod credential;
mod envelope;
mod java_text;
pub mod login_error;
pub mod mechanism;
mod plain;
pub mod sasl_client;
pub mod sasl_server;
pub mod sasl_settings;
mod scram;
pub mod ssl_principal_mapper;
pub mod step;
pub mod users;
pub mod x500;

pub use api_versions::{ApiVersionsAnswer, Software};
pub use credential::{CredentialError, MIN_ITERATIONS, ScramCredential};
pub use login_error::{LoginError, Refusal};
pub use mechanism::{Mechanism, ScramMechanism, UnknownMechanism};
pub use plain::Work;
pub use sasl_client::{ClientError, SaslClient};
pub use sasl_server::{SaslServer, already_authenticated};
pub use sasl_settings::SaslSettings;
pub use scram::ScramFault;
pub use ssl_principal_mapper::{MappingError, RuleError, RuleWarning, SslPrincipalMapper};
pub use step::Step;
pub use users::{UserError, Users, UsersBuilder};
