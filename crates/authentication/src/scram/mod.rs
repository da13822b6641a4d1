//! SCRAM (RFC 5802, RFC 7677) as Kafka speaks it: `ScramSaslServer`, `ScramSaslClient`, `ScramMessages`.

pub(crate) mod client;
pub(crate) mod hash;
pub(crate) mod messages;
pub(crate) mod server;

pub use messages::ScramFault;
