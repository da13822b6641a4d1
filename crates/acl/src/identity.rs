//! Everything about a caller that decisions depend on.

use std::sync::Arc;

use crate::{Host, KafkaPrincipal};

/// A caller, for as long as it is logged in. Connections of equal identities may share their [`Grants`](crate::Grants).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    pub principal: KafkaPrincipal,
    /// The groups the caller is in, as ACLs write them: `Group:x`. A text of another type is ignored, so that nobody
    /// becomes somebody else by the name of a group.
    pub groups: Vec<Arc<str>>,
    pub host: Host,
    /// The listener the caller came through. Some super users are super on one listener only.
    pub listener: Arc<str>,
    /// Kafka's `tokenAuthenticated`. It plays no part in decisions about ACLs, only in those about tokens.
    pub authenticated_by_token: bool,
}
