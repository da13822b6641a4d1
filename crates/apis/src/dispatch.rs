//! From a guarded request to a verdict, and from a broker's answer to the client's: the typed rows behind one type.

use std::fmt;

use acl::Grants;
use bytes::Bytes;
use protocol::hidden::HideError;
use protocol::{
    ApiKey, BrokerAddresses, EncodeError, ErrorResponse, GuardedRequest, GuardedResponse, Malformed, TopicList,
    carries_addresses, encode_request, encode_response,
};

use crate::outcome::TypedEdit;
use crate::row::{AnyResponse, ReplaceAddresses};
use crate::{ConnectionState, Edit, Edited, Lookup, Outcome, RawEdited, RequestContext, Serve};
use crate::{hidden_topics, table};

/// Why a request or an answer could not be dealt with. The connection is closed.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The row does not serve the API (refused, or answered by the connection itself).
    #[error("{} version {version} is not served", api_key.name())]
    NotServed {
        /// The API.
        api_key: ApiKey,
        /// The version asked for.
        version: i16,
    },
    /// The bytes passed the guard but not the decoder.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A response cannot be looked through for hidden topics.
    #[error(transparent)]
    Hide(#[from] HideError),
    /// What was edited cannot be written in this version.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// Opens a guarded request: decodes it by its row.
///
/// # Errors
/// [`JudgeError`] if the row does not serve the request, or it cannot be decoded.
pub fn judge(request: GuardedRequest) -> Result<Box<dyn Case>, JudgeError> {
    let (api_key, version) = (request.api_key, request.api_version);
    let row = table::row(api_key);
    match &row.open {
        Some(open) if row.serves(version) => Ok(open(request)?),
        _ => Err(JudgeError::NotServed { api_key, version }),
    }
}

/// A decoded request that waits for its verdict.
pub trait Case: Send {
    /// What has to be looked up before it can be decided.
    fn lookup(&self, grants: &Grants, state: &ConnectionState) -> Lookup;
    /// Whether it must wait until everything before it on the connection has been answered.
    fn waits_for_answers(&self) -> bool;
    /// Decides it.
    fn decide(self: Box<Self>, context: &mut RequestContext<'_>) -> Verdict;
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Verdict {
    /// Goes to the broker. With an edit if its answer has to be looked at.
    Forward(AuthorizedRequest, Option<ResponseEdit>),
    /// Is answered with these bytes, size included.
    Respond(Bytes),
    /// Is answered from our own store: with these bytes, size included.
    Serve(Serve<Result<Bytes, EncodeError>>),
    /// Goes to the broker, then the client's connection is closed.
    ForwardThenClose(AuthorizedRequest),
    /// The client's connection is closed; the text says why.
    Close(&'static str),
}

/// Bytes that were decided on: the only thing the way to a broker accepts. Only this crate makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizedRequest {
    pub(crate) bytes: Bytes,
    pub(crate) expects_answer: bool,
}

impl AuthorizedRequest {
    /// The frame, without its size.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Whether the broker will answer it.
    pub fn expects_answer(&self) -> bool {
        self.expects_answer
    }
}

/// What is done to a broker's answer on its way back.
pub struct ResponseEdit(pub(crate) Box<dyn AnyEdit>);

/// What the client gets.
#[derive(Debug)]
pub enum Answer {
    /// The answer as it came.
    AsItCame,
    /// These bytes, size included.
    Bytes(Bytes),
    /// Something has to be looked up first; then [`ResponseEdit::resume`].
    Needs(Lookup, ResponseEdit),
}

impl ResponseEdit {
    /// Bytes that are held until the answer comes, about and rather more than less: the request that names are parts of,
    /// and what was made of its lists and of the answers to its questions. `tests/fuzz_handlers` weighs it.
    pub fn held(&self, request: &GuardedRequest, decisions: usize) -> usize {
        const OF_A_DECISION: usize = 256;
        if !self.0.holds_its_request() {
            return 0;
        }
        let lists = request.memory().saturating_mul(2);
        request.bytes().len().saturating_add(lists).saturating_add(decisions.saturating_mul(OF_A_DECISION))
    }

    /// Applies the edit to an answer that passed the guard.
    ///
    /// # Errors
    /// [`JudgeError`] if it cannot be decoded or encoded again: the broker is broken, and the connection is closed.
    pub fn apply(
        self,
        context: &mut RequestContext<'_>,
        response: &GuardedResponse,
        addresses: &dyn BrokerAddresses,
    ) -> Result<Answer, JudgeError> {
        self.0.apply(context, Some(response), addresses)
    }

    /// Goes on after the look-up that [`Answer::Needs`] asked for, whose result stands in the context.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub fn resume(
        self,
        context: &mut RequestContext<'_>,
        addresses: &dyn BrokerAddresses,
    ) -> Result<Answer, JudgeError> {
        self.0.apply(context, None, addresses)
    }
}

impl fmt::Debug for ResponseEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseEdit(..)")
    }
}

pub(crate) trait AnyEdit: Send {
    fn apply(
        self: Box<Self>,
        context: &mut RequestContext<'_>,
        response: Option<&GuardedResponse>,
        addresses: &dyn BrokerAddresses,
    ) -> Result<Answer, JudgeError>;

    /// Whether anything of the request is kept for it.
    fn holds_its_request(&self) -> bool {
        true
    }
}

struct ResponseCase<R> {
    version: i16,
    correlation_id: i32,
    /// The response, once it has been decoded.
    decoded: Option<R>,
    /// The same of a list of topics.
    listed: Option<TopicList>,
    edit: Edit<R>,
    replace: Option<ReplaceAddresses<R>>,
}

impl<R: AnyResponse> AnyEdit for ResponseCase<R> {
    fn apply(
        mut self: Box<Self>,
        context: &mut RequestContext<'_>,
        response: Option<&GuardedResponse>,
        addresses: &dyn BrokerAddresses,
    ) -> Result<Answer, JudgeError> {
        let edit: Option<TypedEdit<R>> = match (std::mem::replace(&mut self.edit, Edit::Nothing), response) {
            (Edit::Topics(edit), _) => return self.apply_to_topics(edit, context, response, addresses),
            (Edit::Nothing, _) | (Edit::Raw(_), None) => None,
            (Edit::Typed(edit), _) => Some(edit),
            (Edit::Raw(look), Some(response)) => match look(context, response) {
                RawEdited::AsItCame => None,
                RawEdited::Decode(edit) => Some(edit),
            },
        };
        let untouched = edit.is_none() && self.decoded.is_none();
        if untouched && response.is_none_or(|response| !response.has_addresses || self.replace.is_none()) {
            return Ok(Answer::AsItCame);
        }
        let mut decoded = match (self.decoded.take(), response) {
            (Some(decoded), _) => decoded,
            (None, Some(response)) => response.decode()?,
            (None, None) => return Ok(Answer::AsItCame),
        };
        if let Some(edit) = edit
            && let Edited::Needs(lookup, next) = edit(context, &mut decoded)
        {
            self.decoded = Some(decoded);
            self.edit = Edit::Typed(next);
            return Ok(Answer::Needs(lookup, ResponseEdit(self)));
        }
        if let Some(replace) = self.replace {
            replace(&mut decoded, self.version, addresses);
        }
        Ok(Answer::Bytes(encode_response(self.version, self.correlation_id, &decoded)?))
    }

    fn holds_its_request(&self) -> bool {
        !matches!(self.edit, Edit::Nothing)
    }
}

impl<R: AnyResponse> ResponseCase<R> {
    fn apply_to_topics(
        mut self: Box<Self>,
        edit: TypedEdit<TopicList>,
        context: &mut RequestContext<'_>,
        response: Option<&GuardedResponse>,
        addresses: &dyn BrokerAddresses,
    ) -> Result<Answer, JudgeError> {
        let mut list = match (self.listed.take(), response) {
            (Some(list), _) => list,
            (None, Some(response)) => TopicList::read(response)?,
            (None, None) => return Ok(Answer::AsItCame),
        };
        if let Edited::Needs(lookup, next) = edit(context, &mut list) {
            self.listed = Some(list);
            self.edit = Edit::Topics(next);
            return Ok(Answer::Needs(lookup, ResponseEdit(self)));
        }
        Ok(Answer::Bytes(list.finish(addresses)?))
    }
}

/// A decoded request of one type, and how it is judged.
pub(crate) struct TypedCase<T: ErrorResponse, L, J> {
    frame: GuardedRequest,
    request: T,
    lookup: L,
    judge: J,
    alone: bool,
    expects_answer: bool,
    replace: Option<ReplaceAddresses<T::Response>>,
}

impl<T, L, J> TypedCase<T, L, J>
where
    T: ErrorResponse + Send + 'static,
    T::Response: AnyResponse,
    L: Fn(&T, i16, &Grants, &ConnectionState) -> Lookup + Send + 'static,
    J: Fn(&mut T, &mut RequestContext<'_>) -> Outcome<T::Response> + Send + 'static,
{
    pub(crate) fn boxed(
        frame: GuardedRequest,
        request: T,
        lookup: L,
        judge: J,
        alone: bool,
        expects_answer: bool,
        replace: Option<ReplaceAddresses<T::Response>>,
    ) -> Box<dyn Case> {
        // Versions without addresses have nothing to replace, and may be passed on as they arrive.
        let replace = replace.filter(|_| carries_addresses(frame.api_key, frame.api_version));
        Box::new(TypedCase { frame, request, lookup, judge, alone, expects_answer, replace })
    }

    fn as_it_came(&self) -> AuthorizedRequest {
        AuthorizedRequest { bytes: self.frame.bytes().clone(), expects_answer: self.expects_answer }
    }

    fn reduced(&self) -> Result<AuthorizedRequest, EncodeError> {
        let with_size = encode_request(&self.frame, &self.request)?;
        let bytes = with_size.slice(with_size.len().min(4)..);
        Ok(AuthorizedRequest { bytes, expects_answer: self.expects_answer })
    }

    fn edit(&self, edit: Edit<T::Response>) -> Option<ResponseEdit> {
        let (version, correlation_id, replace) = (self.frame.api_version, self.frame.correlation_id, self.replace);
        if matches!(edit, Edit::Nothing) && replace.is_none() {
            return None;
        }
        Some(ResponseEdit(Box::new(ResponseCase {
            version,
            correlation_id,
            decoded: None,
            listed: None,
            edit,
            replace,
        })))
    }
}

impl<T, L, J> Case for TypedCase<T, L, J>
where
    T: ErrorResponse + Send + 'static,
    T::Response: AnyResponse,
    L: Fn(&T, i16, &Grants, &ConnectionState) -> Lookup + Send + 'static,
    J: Fn(&mut T, &mut RequestContext<'_>) -> Outcome<T::Response> + Send + 'static,
{
    fn lookup(&self, grants: &Grants, state: &ConnectionState) -> Lookup {
        (self.lookup)(&self.request, self.frame.api_version, grants, state)
    }

    fn waits_for_answers(&self) -> bool {
        self.alone
    }

    fn decide(self: Box<Self>, context: &mut RequestContext<'_>) -> Verdict {
        if context.grants.hidden_topics().is_empty() {
            return self.decide_visible(context);
        }
        let frame = self.frame.clone();
        let verdict = self.decide_visible(context);
        hidden_topics::hide(&frame, verdict, context)
    }
}

impl<T, L, J> TypedCase<T, L, J>
where
    T: ErrorResponse + Send + 'static,
    T::Response: AnyResponse,
    L: Fn(&T, i16, &Grants, &ConnectionState) -> Lookup + Send + 'static,
    J: Fn(&mut T, &mut RequestContext<'_>) -> Outcome<T::Response> + Send + 'static,
{
    fn decide_visible(mut self, context: &mut RequestContext<'_>) -> Verdict {
        const UNENCODABLE: &str = "a reduced request or an answer could not be encoded";
        match (self.judge)(&mut self.request, context) {
            Outcome::Forward => Verdict::Forward(self.as_it_came(), self.edit(Edit::Nothing)),
            Outcome::ForwardThen(edit) => Verdict::Forward(self.as_it_came(), self.edit(edit)),
            Outcome::ForwardReduced(edit) => match self.reduced() {
                Ok(request) => Verdict::Forward(request, self.edit(edit)),
                Err(_) => Verdict::Close(UNENCODABLE),
            },
            Outcome::Respond(response) => {
                match encode_response(self.frame.api_version, self.frame.correlation_id, &response) {
                    Ok(bytes) => Verdict::Respond(bytes),
                    Err(_) => Verdict::Close(UNENCODABLE),
                }
            }
            Outcome::Serve(serve) => {
                let (version, correlation_id) = (self.frame.api_version, self.frame.correlation_id);
                Verdict::Serve(serve.map(move |response| encode_response(version, correlation_id, &response)))
            }
            Outcome::ForwardReducedThenClose => match self.reduced() {
                Ok(request) => Verdict::ForwardThenClose(request),
                Err(_) => Verdict::Close(UNENCODABLE),
            },
            Outcome::Close(why) => Verdict::Close(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::ProduceRequest;
    use protocol::messages::produce_request::TopicProduceData;

    use crate::testing::{Client, str_bytes};

    #[test]
    fn an_answer_that_can_carry_no_address_goes_to_the_client_unseen() {
        let topic = TopicProduceData::default().with_name(str_bytes("orders").into());
        let request = ProduceRequest::default().with_acks(1).with_topic_data(vec![topic]);
        let mut client = Client::with(&["allow Write Topic orders"]);
        assert!(client.ask(9, &request).passed_through());
        let asked = client.ask(10, &request);
        assert!(asked.went_on_as_it_came() && !asked.passed_through());
    }
}
