//! Why one of our own requests has no answer.

use std::sync::Arc;
use std::time::Duration;

use protocol::{ApiKey, EncodeError};

use crate::{BrokerFault, ConnectError, FrameFault, HostPort};

/// Why there is no answer. One cause may end several requests. Never shown to a client.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RequestError {
    /// See [`ConnectError::owner`].
    #[error(transparent)]
    Connect(Arc<ConnectError>),
    /// The broker's, or the network's.
    #[error("`{to}` did not answer {api_key} within {} ms", after.as_millis())]
    Timeout { to: HostPort, api_key: ApiKey, after: Duration },
    /// The broker's; the connection was given up.
    #[error("`{to}` answered {api_key} wrongly: {fault}")]
    Broker { to: HostPort, api_key: ApiKey, fault: Arc<BrokerFault> },
    /// Ours: the request cannot be written, or the broker is too old for it.
    #[error("{api_key} cannot be sent to `{to}`: {cause}")]
    Unsendable { to: HostPort, api_key: ApiKey, cause: Arc<Unsendable> },
    /// Ours: the runtime shuts down.
    #[error("the control connection to `{to}` has ended")]
    Ended { to: HostPort },
}

/// Why a request could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Unsendable {
    #[error(transparent)]
    Version(#[from] BrokerFault),
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

impl BrokerFault {
    /// Nobody's fault that a second attempt would meet again: the broker was restarted, or dropped an idle connection.
    pub(crate) fn is_loss(&self) -> bool {
        matches!(self, BrokerFault::Frame(FrameFault::Closed | FrameFault::Io(_)))
    }
}
