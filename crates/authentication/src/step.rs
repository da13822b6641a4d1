//! What a login asks its caller to do next.

use std::sync::Arc;

use bytes::Bytes;
use protocol::RequestFrame;

use crate::api_versions::{ApiVersionsAnswer, Software};
use crate::login_error::LoginError;
use crate::mechanism::Mechanism;
use crate::plain::Work;
use crate::sasl_server::SaslServer;

/// The outcome of one received frame. All `bytes` begin with their 4-byte size.
#[derive(Debug)]
pub enum Step {
    /// Write the answer to this ApiVersions request: the full list, or [`ApiVersionsAnswer::refusal`].
    AnswerApiVersions { request: RequestFrame, answer: ApiVersionsAnswer, next: SaslServer },
    /// Write these bytes and hand the next frame to `next`.
    Reply { bytes: Bytes, next: SaslServer },
    /// Run [`Work::run`] where it may take milliseconds of CPU, and go on with the step it gives. Do not read meanwhile.
    Compute(Work),
    /// Write these bytes; the connection is logged in.
    Authenticated {
        bytes: Bytes,
        /// The name in `User:name`.
        user: Arc<str>,
        mechanism: Mechanism,
        /// What the client called itself in its ApiVersions request, if it sent one of version 3 or later.
        software: Option<Software>,
    },
    /// The login has failed.
    Failed {
        /// The answer, if there is one.
        bytes: Option<Bytes>,
        /// The true cause, for the log. The client must not learn it.
        cause: LoginError,
        /// Whether answer and close wait for `connection.failed.authentication.delay.ms` and the failure is counted as
        /// failed authentication. If not: close at once.
        delayed: bool,
    },
}

impl Step {
    /// Close at once without an answer.
    pub(crate) fn close(cause: LoginError) -> Step {
        Step::Failed { bytes: None, cause, delayed: false }
    }

    /// A failed authentication: the answer and the close wait.
    pub(crate) fn fail(bytes: Option<Bytes>, cause: LoginError) -> Step {
        Step::Failed { bytes, cause, delayed: true }
    }
}
