//! What a connection remembers between its requests.

use crate::fetch_sessions::FetchSessions;
use crate::group_members::GroupMembers;
use crate::share_sessions::ShareSessions;

/// What a connection remembers between its requests. Bounded; dropped with the connection.
#[derive(Debug, Default)]
pub struct ConnectionState {
    /// The fetch sessions that this connection created (KIP-227).
    pub(crate) fetch_sessions: FetchSessions,
    /// The share sessions that this connection opened (KIP-932).
    pub(crate) share_sessions: ShareSessions,
    /// What members of consumer groups on this connection subscribed to (KIP-848).
    pub(crate) group_members: GroupMembers,
}
