//! Why there is no connection to a broker.

use std::io;
use std::time::Duration;

use crate::{BrokerFault, FrameFault, HostPort, LoginError};

/// What a connection goes through until it can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Tcp,
    Tls,
    Versions,
    Login,
}

/// Where to look for the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The machine, the network, or a broker that is down.
    Network,
    /// Doorkeeper's configuration or the broker's: they do not fit together.
    Configuration,
    /// The broker, or whoever answers in its place.
    Broker,
}

/// Why there is no connection. Never shown to a client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("`{to}` cannot be reached ({}): {source}", phase.name())]
    Unreachable { to: HostPort, phase: Phase, source: io::Error },
    #[error("`{to}` did not answer in time ({}): {} ms have passed", phase.name(), after.as_millis())]
    Timeout { to: HostPort, phase: Phase, after: Duration },
    #[error("no tls with `{to}`: {reason}")]
    Tls { to: HostPort, reason: String },
    #[error("`{to}` is no loopback address: PLAIN would send the password in the clear, use SASL_SSL or SCRAM")]
    PlainInTheClear { to: HostPort },
    #[error("no login at `{to}`: {source}")]
    Authentication { to: HostPort, source: LoginError },
    #[error("`{to}` does not speak as a kafka broker ({}): {source}", phase.name())]
    Protocol { to: HostPort, phase: Phase, source: BrokerFault },
}

impl Phase {
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Tcp => "tcp",
            Phase::Tls => "tls",
            Phase::Versions => "versions",
            Phase::Login => "login",
        }
    }
}

impl ConnectError {
    /// The label of `upstream_connect_errors_total`: one of five, for ever.
    pub const fn reason(&self) -> &'static str {
        match self {
            ConnectError::Unreachable { .. } => "unreachable",
            ConnectError::Timeout { .. } => "timeout",
            ConnectError::Tls { .. } => "tls",
            ConnectError::PlainInTheClear { .. } | ConnectError::Authentication { .. } => "authentication",
            ConnectError::Protocol { .. } => "protocol",
        }
    }

    pub const fn owner(&self) -> Owner {
        match self {
            ConnectError::Unreachable { .. } | ConnectError::Timeout { .. } => Owner::Network,
            ConnectError::Tls { .. } | ConnectError::PlainInTheClear { .. } => Owner::Configuration,
            ConnectError::Authentication { source, .. } => match source {
                LoginError::Refused { .. } | LoginError::Encode(_) => Owner::Configuration,
                LoginError::Mechanism { .. } | LoginError::Broker(_) => Owner::Broker,
            },
            ConnectError::Protocol { .. } => Owner::Broker,
        }
    }

    /// A failed read or write: brokers refuse our certificate (TLS 1.3) only after the handshake.
    pub(crate) fn io(to: &HostPort, phase: Phase, source: io::Error) -> ConnectError {
        match tls_reason(&source) {
            Some(reason) => ConnectError::Tls { to: to.clone(), reason },
            None => ConnectError::Unreachable { to: to.clone(), phase, source },
        }
    }

    /// A failed exchange before the login.
    pub(crate) fn broker(to: &HostPort, phase: Phase, fault: BrokerFault) -> ConnectError {
        match fault {
            BrokerFault::Frame(FrameFault::Io(source)) => ConnectError::io(to, phase, source),
            BrokerFault::Frame(FrameFault::Closed) => {
                ConnectError::io(to, phase, io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed"))
            }
            source => ConnectError::Protocol { to: to.clone(), phase, source },
        }
    }

    /// A failed login.
    pub(crate) fn login(to: &HostPort, error: LoginError) -> ConnectError {
        match error {
            LoginError::Broker(fault) => ConnectError::broker(to, Phase::Login, fault),
            source => ConnectError::Authentication { to: to.clone(), source },
        }
    }
}

fn tls_reason(error: &io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::InvalidMessage(_) => {
            format!("{error}; does the port speak plaintext (`security.protocol`)?")
        }
        other => other.to_string(),
    })
}
