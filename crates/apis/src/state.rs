//! What a connection remembers between its requests, and what it is.

use crate::fetch_sessions::FetchSessions;
use crate::group_members::GroupMembers;
use crate::share_sessions::ShareSessions;

/// What a connection remembers between its requests. Bounded; dropped with the connection.
#[derive(Debug, Default)]
pub struct ConnectionState {
    /// How the client came.
    pub(crate) channel: Channel,
    /// The fetch sessions that this connection created (KIP-227).
    pub(crate) fetch_sessions: FetchSessions,
    /// The share sessions that this connection opened (KIP-932).
    pub(crate) share_sessions: ShareSessions,
    /// What members of consumer groups on this connection subscribed to (KIP-848).
    pub(crate) group_members: GroupMembers,
}

impl ConnectionState {
    /// Of a client that came in this way, and has asked nothing yet.
    pub fn over(channel: Channel) -> ConnectionState {
        ConnectionState { channel, ..ConnectionState::default() }
    }
}

/// How a client came: Kafka's `SecurityProtocol`, as far as an API asks for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Channel {
    /// `PLAINTEXT`
    #[default]
    Plaintext,
    /// `SSL`, with a certificate of the client or without.
    Ssl,
    /// `SASL_PLAINTEXT` or `SASL_SSL`
    Sasl,
}
