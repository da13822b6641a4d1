//! The fetch sessions of one connection (KIP-227).

/// The fetch sessions that a connection created.
#[derive(Debug, Default)]
pub struct FetchSessions {}
