//! What a connection remembers between its requests.

use crate::fetch_sessions::FetchSessions;

/// What a connection remembers between its requests. Bounded; dropped with the connection.
#[derive(Debug, Default)]
pub struct ConnectionState {
    /// The fetch sessions that this connection created (KIP-227).
    pub(crate) fetch_sessions: FetchSessions,
}
