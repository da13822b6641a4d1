//! Doorkeeper's own dealings with brokers: connect, TLS, login, versions, and a closed set of requests.
//!
//! - [`Connector`] makes a connection that takes any request; `proxy` opens one for each client's connection
//! - [`ControlConnection`] asks one broker what Doorkeeper itself must know: an [`OwnRequest`], and nothing else
//! - [`TypedConnection`] asks any typed request, for stores that live in Kafka and for the command line
//!
//! Everything has a deadline, and whatever a broker sends is bounded, guarded ([`protocol::guard_response`]) and then
//! decoded: a broken or hostile broker costs its connection, never the process.
//!
//! What this crate deliberately does not do: carry requests of clients (`proxy`), know which brokers there are
//! (`proxy/brokers.rs`), make the tokens of a login ([`authentication::SaslClient`]), or read files.
//!
//! Start reading at [`Connector::connect`], then `control_task.rs`.

mod backoff;
mod broker_fault;
mod connect_error;
mod connector;
mod control_connection;
mod control_task;
mod conversation;
mod frame_reader;
mod host_port;
mod login;
mod own_request;
mod request_error;
mod settings;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
mod typed_connection;
mod versions;

pub use broker_fault::BrokerFault;
pub use connect_error::{ConnectError, Owner, Phase};
pub use connector::{Connected, Connector};
pub use control_connection::{ControlConnection, ControlState};
pub use frame_reader::FrameFault;
pub use host_port::{HostPort, HostPortError};
pub use login::{Login, LoginError, LoginStep};
pub use own_request::{MetadataTopics, OwnRequest};
pub use request_error::{RequestError, Unsendable};
pub use settings::{ClientIdentity, SaslCredentials, SettingsError, TlsSettings, UpstreamSecurity, UpstreamSettings};
pub use stream::Stream;
pub use typed_connection::TypedConnection;

/// What Doorkeeper calls itself at brokers: client id and software name.
const CLIENT_ID: &str = "doorkeeper";
