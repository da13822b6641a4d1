//! What is asked of our own store instead of a broker: ACLs and users.
//!
//! A value that says what is wanted, and a pure function from what the store answers to the response. So every case of
//! an API is tested without a store, and the store knows nothing of Kafka's messages.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use acl::{AclBinding, AclBindingFilter};
use authentication::{ScramCredential, ScramMechanism};
use protocol::{ErrorCode, StrBytes};

/// From what the store answered to the response.
pub type Reply<T, R> = Box<dyn FnOnce(T) -> R + Send>;

/// A request to the store, and what becomes of its answer.
pub enum Serve<R> {
    /// The ACLs that match, in any order.
    DescribeAcls { filter: AclBindingFilter, reply: Reply<Vec<AclBinding>, R> },
    /// In one step, all or none. One that exists, or is there twice, is no error.
    CreateAcls { bindings: Vec<AclBinding>, reply: Reply<Result<(), Refused>, R> },
    /// In one step, all or none. What was found for each filter; an ACL that two filters match is found by both.
    DeleteAcls { filters: Vec<AclBindingFilter>, reply: Reply<Result<Vec<Vec<AclBinding>>, Refused>, R> },
    /// All users that have credentials, each with mechanism and iterations, by name.
    DescribeScramCredentials { reply: Reply<Vec<ScramUser>, R> },
    /// In one step. The answer names the users whose credential was to be deleted and is not there; the others are done.
    AlterScramCredentials { alterations: Vec<ScramAlteration>, reply: Reply<Result<BTreeSet<Arc<str>>, Refused>, R> },
}

/// What may be told of a user's credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScramUser {
    pub name: Arc<str>,
    /// At least one.
    pub credentials: Vec<(ScramMechanism, u32)>,
}

/// A change of one user's credential for one mechanism.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScramAlteration {
    pub user: Arc<str>,
    pub mechanism: ScramMechanism,
    /// Nothing: it is deleted.
    pub credential: Option<ScramCredential>,
}

/// Why the store did not do what was asked. Nothing has changed, but for what a variant says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// They are not changed this way; the text says where they are.
    NotEditable(String),
    /// More changes in one request than Kafka takes.
    TooMany,
    /// The store cannot be written now; the text is for the client.
    Unavailable(String),
    /// The cluster that has them refused, in these words. Some of what was asked may have been done.
    Upstream { error: ErrorCode, text: String },
}

impl Refused {
    /// What the client is told. A request that is too large is POLICY_VIOLATION here, which is what CreateAcls says.
    pub(crate) fn told(self) -> (ErrorCode, Option<StrBytes>) {
        let (code, text) = match self {
            Refused::NotEditable(text) => (ErrorCode::POLICY_VIOLATION, text),
            Refused::TooMany => (ErrorCode::POLICY_VIOLATION, TOO_MANY.to_owned()),
            Refused::Unavailable(text) => (ErrorCode::UNKNOWN_SERVER_ERROR, text),
            Refused::Upstream { error, text } => (error, text),
        };
        (code, Some(StrBytes::from_string(text)))
    }
}

/// Kafka's limit of records in one batch of its metadata log.
pub(crate) const TOO_MANY: &str = "more than 10000 changes in one request: nothing was changed, send fewer at a time";

impl<R: 'static> Serve<R> {
    /// The same request, with something more done to the response.
    pub(crate) fn map<S>(self, then: impl FnOnce(R) -> S + Send + 'static) -> Serve<S> {
        fn after<T: 'static, R: 'static, S>(
            reply: Reply<T, R>,
            then: impl FnOnce(R) -> S + Send + 'static,
        ) -> Reply<T, S> {
            Box::new(move |served| then(reply(served)))
        }
        match self {
            Serve::DescribeAcls { filter, reply } => Serve::DescribeAcls { filter, reply: after(reply, then) },
            Serve::CreateAcls { bindings, reply } => Serve::CreateAcls { bindings, reply: after(reply, then) },
            Serve::DeleteAcls { filters, reply } => Serve::DeleteAcls { filters, reply: after(reply, then) },
            Serve::DescribeScramCredentials { reply } => Serve::DescribeScramCredentials { reply: after(reply, then) },
            Serve::AlterScramCredentials { alterations, reply } => {
                Serve::AlterScramCredentials { alterations, reply: after(reply, then) }
            }
        }
    }
}

impl<R> fmt::Debug for Serve<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Serve::DescribeAcls { filter, .. } => f.debug_tuple("DescribeAcls").field(filter).finish(),
            Serve::CreateAcls { bindings, .. } => f.debug_tuple("CreateAcls").field(bindings).finish(),
            Serve::DeleteAcls { filters, .. } => f.debug_tuple("DeleteAcls").field(filters).finish(),
            Serve::DescribeScramCredentials { .. } => f.write_str("DescribeScramCredentials"),
            Serve::AlterScramCredentials { alterations, .. } => {
                f.debug_tuple("AlterScramCredentials").field(alterations).finish()
            }
        }
    }
}
