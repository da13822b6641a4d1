//! Topics that do not exist for any client, super users included: where Doorkeeper keeps what is its own
//! ([`acl::Settings::hidden_topics`]).
//!
//! [`acl::Grants`] denies everything about them, so whatever is decided topic by topic neither goes to a broker nor is told.
//! What is left is done here to every API alike, on the bytes:
//!
//! - a request that would still name one, because something on the cluster allows it as a whole, goes no further;
//! - a response that names one is an answer to who asked for it, and then says that there is no such topic; or part of a
//!   list, and then it is left out of it.
//!
//! Ids need nothing: what is looked up never finds such a topic ([`Found::hide`](crate::Found)).

use std::collections::BTreeSet;

use bytes::Bytes;
use protocol::hidden::{Hidden, body_of};
use protocol::{ApiKey, BrokerAddresses, ErrorCode, GuardedRequest, GuardedResponse, RequestFrame, error_response};

use crate::dispatch::AnyEdit;
use crate::{Answer, AuthorizedRequest, JudgeError, Kind, RequestContext, ResponseEdit, Verdict, table};

const UNWRITABLE: &str = "an answer without hidden topics could not be written";

/// What becomes of a verdict where topics are hidden.
pub(crate) fn hide(request: &GuardedRequest, verdict: Verdict, context: &RequestContext<'_>) -> Verdict {
    let asked = Asked::of(request);
    let names = context.grants.hidden_topics();
    match verdict {
        Verdict::Forward(authorized, edit) => {
            let authorized = match asked.without_names(names, authorized) {
                Ok(authorized) => authorized,
                Err(error) => return asked.refuse(names, request, error),
            };
            Verdict::Forward(authorized, asked.edit(edit))
        }
        Verdict::Respond(bytes) => match asked.hide_frame(names, &bytes) {
            Ok(hidden) => Verdict::Respond(hidden.unwrap_or(bytes)),
            Err(_) => Verdict::Close(UNWRITABLE),
        },
        // Produce without an answer, of which each topic was asked for.
        Verdict::ForwardThenClose(_) | Verdict::Serve(_) | Verdict::Close(_) => verdict,
    }
}

/// What was asked.
#[derive(Debug, Clone, Copy)]
struct Asked {
    api_key: ApiKey,
    version: i16,
    correlation_id: i32,
}

impl Asked {
    fn of(request: &RequestFrame) -> Asked {
        let RequestFrame { api_key, api_version, correlation_id, .. } = *request;
        Asked { api_key, version: api_version, correlation_id }
    }

    /// What is said of a hidden topic that was asked for. Of one that is to be created: that nobody may have the name,
    /// which is true of others, too.
    fn error(self) -> ErrorCode {
        match self.api_key {
            ApiKey::CreateTopics => ErrorCode::INVALID_TOPIC_EXCEPTION,
            _ => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        }
    }

    /// Records are looked up and written topic by topic, and are too many to be looked through.
    fn has_records(self) -> bool {
        matches!(self.api_key, ApiKey::Produce | ApiKey::Fetch | ApiKey::ShareFetch)
    }

    /// Whether an answer without a topic is how a broker says that it does not exist.
    fn leaves_out(self) -> bool {
        matches!(self.api_key, ApiKey::DescribeLogDirs | ApiKey::ListPartitionReassignments)
    }

    /// Whether the broker's answer may tell of topics that nobody asked about one by one: in a list, or as what the name of
    /// a new topic collides with.
    fn may_list(self) -> bool {
        table::row(self.api_key).kind == Kind::Cluster
            || matches!(self.api_key, ApiKey::DescribeLogDirs | ApiKey::CreateTopics)
    }

    /// What may go to the broker; or what is answered instead.
    fn without_names(
        self,
        names: &BTreeSet<String>,
        authorized: AuthorizedRequest,
    ) -> Result<AuthorizedRequest, ErrorCode> {
        let hidden = Hidden::new(names, self.error());
        if self.has_records() {
            return Ok(authorized);
        }
        let Ok(frame) = RequestFrame::parse(authorized.bytes.clone()) else { return Err(self.error()) };
        match (hidden.is_named(&frame), self.leaves_out()) {
            (false, _) => Ok(authorized),
            (true, false) => Err(self.error()),
            (true, true) => {
                let bytes = hidden.without(&frame).ok_or(self.error())?;
                Ok(AuthorizedRequest { bytes, ..authorized })
            }
        }
    }

    fn refuse(self, names: &BTreeSet<String>, request: &GuardedRequest, error: ErrorCode) -> Verdict {
        let refused = error_response(request, error).ok().flatten();
        let refused = refused.map(|bytes| self.hide_frame(names, &bytes).map(|hidden| hidden.unwrap_or(bytes)));
        match refused {
            Some(Ok(bytes)) => Verdict::Respond(bytes),
            Some(Err(_)) | None => Verdict::Close(UNWRITABLE),
        }
    }

    fn edit(self, edit: Option<ResponseEdit>) -> Option<ResponseEdit> {
        let looks = !self.has_records() && (edit.is_some() || self.may_list());
        match looks {
            true => Some(ResponseEdit(Box::new(HidingEdit { asked: self, edit }))),
            false => edit,
        }
    }

    /// A frame of ours, with its size.
    fn hide_frame(self, names: &BTreeSet<String>, frame: &Bytes) -> Result<Option<Bytes>, JudgeError> {
        match self.has_records() && self.api_key != ApiKey::Produce {
            true => Ok(None),
            false => self.hide_body(names, &body_of(self.api_key, self.version, frame)),
        }
    }

    fn hide_body(self, names: &BTreeSet<String>, body: &Bytes) -> Result<Option<Bytes>, JudgeError> {
        let hidden = Hidden::new(names, self.error());
        Ok(hidden.hide(self.api_key, self.version, self.correlation_id, body)?)
    }
}

/// After the edit of the API itself, if it has one.
struct HidingEdit {
    asked: Asked,
    edit: Option<ResponseEdit>,
}

impl AnyEdit for HidingEdit {
    fn apply(
        self: Box<Self>,
        context: &mut RequestContext<'_>,
        response: Option<&GuardedResponse>,
        addresses: &dyn BrokerAddresses,
    ) -> Result<Answer, JudgeError> {
        let HidingEdit { asked, edit } = *self;
        let answer = match edit {
            Some(edit) => edit.0.apply(context, response, addresses)?,
            None => Answer::AsItCame,
        };
        let names = context.grants.hidden_topics();
        let hidden = match &answer {
            Answer::Needs(..) => None,
            Answer::Bytes(bytes) => asked.hide_frame(names, bytes)?,
            Answer::AsItCame => match response {
                Some(response) => asked.hide_body(names, &response.body())?,
                None => None,
            },
        };
        Ok(match (hidden, answer) {
            (Some(bytes), _) => Answer::Bytes(bytes),
            (None, Answer::Needs(lookup, next)) => {
                Answer::Needs(lookup, ResponseEdit(Box::new(HidingEdit { asked, edit: Some(next) })))
            }
            (None, answer) => answer,
        })
    }
}
