//! Why the cluster's ACLs cannot be read or changed.

use apis::Refused;
use client::{BrokerFault, Owner, RequestError};
use protocol::{ApiKey, ErrorCode};

/// What a client is told when the cluster cannot be asked; the log has the cause.
const CANNOT_ASK: &str = "the cluster that has the ACLs cannot be asked to change them: see the log of Doorkeeper";

/// What a client is told when a change was made and does not hold here yet.
const NOT_READ_BACK: &str =
    "the cluster has taken the change and does not show it yet: look again, and see the log of Doorkeeper";

/// Why the cluster's ACLs cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(
        "the cluster has no authorizer (DescribeAcls: SECURITY_DISABLED), so it has no ACLs for `store.acls: {{ upstream }}`. \
         Set `authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer` at all its brokers and \
         controllers, with Doorkeeper's user among their `super.users`; or keep the ACLs in another store, such as \
         `store: {{ embedded: … }}`"
    )]
    NoAuthorizer,
    #[error("the cluster does not let Doorkeeper's user do {}: make it one of the `super.users` of all brokers and controllers", .0.name())]
    NotAllowed(ApiKey),
    #[error("the cluster answered {} with {} ({}){}", api_key.name(), error.name(), error.0, with_colon(text))]
    Refused { api_key: ApiKey, error: ErrorCode, text: String },
    #[error(
        "the cluster has an ACL that this release does not know and that might {what}, so none of what was read is used: \
         {acl}. Remove it, or use a newer release"
    )]
    NotKnown { what: &'static str, acl: String },
    #[error(
        "`{address}` belongs to the cluster `{found}`, and the ACLs in use are those of the cluster `{expected}`: it is not \
         asked. Restart Doorkeeper if this is meant"
    )]
    OtherCluster { address: String, found: String, expected: String },
    /// Of a change that the cluster has taken.
    #[error("a change of ACLs was taken by the cluster and is not seen there after {seconds} s")]
    NotReadBack { seconds: u64 },
}

impl UpstreamError {
    /// What the broker said to one of our requests, if it is an error.
    pub(super) fn check(api_key: ApiKey, error: i16, text: Option<&str>) -> Result<(), UpstreamError> {
        match ErrorCode(error) {
            ErrorCode::NONE => Ok(()),
            ErrorCode::SECURITY_DISABLED => Err(UpstreamError::NoAuthorizer),
            ErrorCode::CLUSTER_AUTHORIZATION_FAILED => Err(UpstreamError::NotAllowed(api_key)),
            error => Err(UpstreamError::Refused { api_key, error, text: text.unwrap_or_default().to_owned() }),
        }
    }

    /// Whether waiting may mend it.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            UpstreamError::Request(RequestError::Connect(error)) => error.owner() != Owner::Configuration,
            UpstreamError::Request(RequestError::Unsendable { .. }) => false,
            UpstreamError::Request(RequestError::Broker { fault, .. }) => !matches!(**fault, BrokerFault::Malformed(_)),
            UpstreamError::Request(_) | UpstreamError::Refused { .. } | UpstreamError::NotReadBack { .. } => true,
            UpstreamError::NoAuthorizer
            | UpstreamError::NotAllowed(_)
            | UpstreamError::NotKnown { .. }
            | UpstreamError::OtherCluster { .. } => false,
        }
    }

    /// What the client is told whose change it was: the broker's words about the change itself, and nothing about how we
    /// fare with brokers.
    pub(super) fn told(self) -> Refused {
        tracing::error!("a change of the cluster's ACLs failed: {self}");
        match self {
            UpstreamError::Refused { error, text, .. } => Refused::Upstream { error, text },
            UpstreamError::NotReadBack { .. } => Refused::Unavailable(NOT_READ_BACK.to_owned()),
            _ => Refused::Unavailable(CANNOT_ASK.to_owned()),
        }
    }
}

fn with_colon(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!(": {text}"),
    }
}
