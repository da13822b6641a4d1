//! Fetch (1): `KafkaApis.handleFetchRequest`, `FetchManager`, `FetchSession` (KIP-227).
//!
//! Read on each topic, named or by id (version 13 on); ClusterAction on the cluster for a follower. Denied partitions are
//! answered behind what the broker answers. A session is decided for all its partitions at every fetch
//! ([`crate::fetch_sessions`]), and only the connection that created it may use it.
//!
//! Where a broker has a choice, ours is the simple one. It grants no session when its cache is full, and may forget one
//! at any time; clients start anew at once. So no session (id 0) is granted, or it ends with this answer, where
//! - everything is denied, so that no broker is asked or there is nothing left to ask it for;
//! - a topic id is unknown: a broker would look for its name at every fetch of the session;
//! - a follower fetches (it can use none either), or the session has more partitions than a connection may keep.
//!
//! Denied partitions of a session are answered in the order of their topics' names or ids, not as they were added.

use acl::{AclOperation, Grants, ResourceType};
use protocol::messages::fetch_request::FetchTopic;
use protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use protocol::messages::{FetchRequest, FetchResponse};
use protocol::{ErrorCode, GuardedResponse, StrBytes};

use crate::fetch_sessions::{FetchSession, TopicKey};
use crate::outcome::prepend;
use crate::{Authorize, Edit, Found, Lookup, Outcome, RawEdited, RequestContext};

/// Asks for a session; with an id, in place of that one.
const INITIAL_EPOCH: i32 = 0;
/// Asks for no session; with an id, closes that one.
const FINAL_EPOCH: i32 = -1;

impl Authorize for FetchRequest {
    fn lookup(&self, _version: i16, _grants: &Grants) -> Lookup {
        match is_follower(self) {
            true => Lookup::default(),
            false => Lookup::topic_ids(self.topics.iter().map(|topic| topic.topic_id)),
        }
    }

    fn waits_for_answers(&self, _version: i16) -> bool {
        self.session_id != 0 || self.session_epoch != FINAL_EPOCH
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<FetchResponse> {
        match self.session_epoch {
            INITIAL_EPOCH | FINAL_EPOCH => full(self, context),
            _ => incremental(self, context),
        }
    }
}

/// A request that names all it is about. One that replaces or closes a session names its id; the id of a session that
/// this connection did not create is taken out.
fn full(request: &mut FetchRequest, context: &mut RequestContext<'_>) -> Outcome<FetchResponse> {
    let (asked_id, asked_epoch) = (request.session_id, request.session_epoch);
    if is_follower(request) || context.state.fetch_sessions.take(asked_id).is_none() {
        request.session_id = 0;
    }
    let (mut session, erroneous) = take_denied(request, context);
    if request.topics.is_empty() && !erroneous.is_empty() {
        if request.session_id == 0 {
            return Outcome::Respond(FetchResponse::default().with_responses(erroneous));
        }
        session = None;
    }
    if session.is_none() {
        request.session_epoch = FINAL_EPOCH;
    }
    let unchanged = (request.session_id, request.session_epoch) == (asked_id, asked_epoch) && erroneous.is_empty();
    let edit = match session {
        Some(session) if erroneous.is_empty() => Edit::Raw(Box::new(move |context, response| {
            let granted = granted_session(response);
            remember(context, granted, session);
            RawEdited::AsItCame
        })),
        Some(session) => Edit::typed(move |context, response: &mut FetchResponse| {
            remember(context, granted_by(response), session);
            append(erroneous, response);
        }),
        None if erroneous.is_empty() => Edit::Nothing,
        None => Edit::typed(move |_, response| append(erroneous, response)),
    };
    if unchanged { Outcome::ForwardThen(edit) } else { Outcome::ForwardReduced(edit) }
}

/// Takes out of a full request what is denied or unknown: what is answered for it, unknown ids first, and the session
/// that this request would create, if it may have one.
fn take_denied(
    request: &mut FetchRequest,
    context: &mut RequestContext<'_>,
) -> (Option<FetchSession>, Vec<FetchableTopicResponse>) {
    let by_id = context.version >= 13;
    let denied_topic = |topic: &FetchTopic, error| {
        let partitions = topic.partitions.iter().map(|partition| partition.partition);
        erroneous_topic(&TopicKey::of(&topic.topic, topic.topic_id, by_id), partitions, error)
    };
    if is_follower(request) {
        let allowed = context.authorize_cluster(AclOperation::ClusterAction);
        let topics = if allowed { Vec::new() } else { std::mem::take(&mut request.topics) };
        let denied = topics.iter().map(|topic| denied_topic(topic, ErrorCode::TOPIC_AUTHORIZATION_FAILED));
        return (None, denied.collect());
    }
    let topics = std::mem::take(&mut request.topics);
    let names: Vec<Option<StrBytes>> =
        topics.iter().map(|topic| name_of(topic, context.version, context.found)).collect();
    let known = topics.iter().zip(&names).filter_map(|(topic, name)| Some((topic, name.as_ref()?)));
    let each_partition = known.flat_map(|(topic, name)| topic.partitions.iter().map(move |_| name));
    let authorized = context.filter_by_authorized(AclOperation::Read, ResourceType::Topic, each_partition);

    let mut session = FetchSession::new(by_id);
    let (mut unknown, mut denied) = (Vec::new(), Vec::new());
    for (topic, name) in topics.into_iter().zip(names) {
        let Some(name) = name else {
            unknown.push(denied_topic(&topic, ErrorCode::UNKNOWN_TOPIC_ID));
            continue;
        };
        session.update(&topic, &name);
        match topic.partitions.is_empty() || authorized.contains(&name) {
            true => request.topics.push(topic),
            false => denied.push(denied_topic(&topic, ErrorCode::TOPIC_AUTHORIZATION_FAILED)),
        }
    }
    session.decide(|name, _| authorized.contains(name));
    let may_have_one = request.session_epoch == INITIAL_EPOCH && unknown.is_empty() && session.fits();
    prepend(unknown, &mut denied);
    (may_have_one.then_some(session), denied)
}

/// A request that says only what has changed since the one before. It goes on as it came unless something is denied, or
/// has been.
fn incremental(request: &mut FetchRequest, context: &mut RequestContext<'_>) -> Outcome<FetchResponse> {
    let by_id = context.version >= 13;
    let session = if is_follower(request) { None } else { context.state.fetch_sessions.take(request.session_id) };
    let Some(mut session) = session else {
        return Outcome::Respond(session_error(ErrorCode::FETCH_SESSION_ID_NOT_FOUND));
    };
    if let Some(error) = session.refusal(request.session_epoch, by_id) {
        context.state.fetch_sessions.put(request.session_id, session);
        return Outcome::Respond(session_error(error));
    }
    session.advance();
    let mut erroneous = update(&mut session, request, context);
    let changes = session.decide(|name, partitions| {
        let count = i32::try_from(partitions).unwrap_or(i32::MAX);
        context.authorize_counted(AclOperation::Read, ResourceType::Topic, name, count)
    });
    let ends = !erroneous.is_empty() || !session.has_allowed_topics() || !session.fits();
    let denied = session.denied_topics();
    erroneous.extend(
        denied.map(|(key, partitions)| {
            erroneous_topic(key, partitions.into_iter(), ErrorCode::TOPIC_AUTHORIZATION_FAILED)
        }),
    );

    let asked = request.topics.len();
    if ends {
        request.session_epoch = FINAL_EPOCH;
        request.topics = session.allowed_topics().collect();
        request.forgotten_topics_data.clear();
    } else {
        request.topics.retain(|topic| {
            let key = TopicKey::of(&topic.topic, topic.topic_id, by_id);
            session.is_allowed(&key) && !changes.allowed_again.contains(&key)
        });
    }
    let unchanged =
        !ends && request.topics.len() == asked && changes.allowed_again.is_empty() && changes.revoked.is_empty();
    if !ends {
        request.topics.extend(changes.allowed_again.iter().filter_map(|key| session.topic(key)));
        request.forgotten_topics_data.extend(changes.revoked);
        context.state.fetch_sessions.put(request.session_id, session);
    }
    let edit = match erroneous.is_empty() {
        true => Edit::Nothing,
        false => Edit::typed(move |_, response| append(erroneous, response)),
    };
    if unchanged { Outcome::ForwardThen(edit) } else { Outcome::ForwardReduced(edit) }
}

/// Applies what an incremental request says, first what it asks for, then what it forgets. Returns what is answered for
/// topic ids that are unknown.
fn update(
    session: &mut FetchSession,
    request: &FetchRequest,
    context: &RequestContext<'_>,
) -> Vec<FetchableTopicResponse> {
    let mut unknown = Vec::new();
    for topic in &request.topics {
        let key = TopicKey::of(&topic.topic, topic.topic_id, context.version >= 13);
        match session.name(&key).or_else(|| name_of(topic, context.version, context.found)) {
            Some(name) => session.update(topic, &name),
            None => {
                let partitions = topic.partitions.iter().map(|partition| partition.partition);
                unknown.push(erroneous_topic(&key, partitions, ErrorCode::UNKNOWN_TOPIC_ID));
            }
        }
    }
    for topic in &request.forgotten_topics_data {
        session.forget(topic);
    }
    unknown
}

/// From version 15 on, a tagged field says who asks.
fn is_follower(request: &FetchRequest) -> bool {
    request.replica_id.0 >= 0 || request.replica_state.replica_id.0 >= 0
}

fn name_of(topic: &FetchTopic, version: i16, found: &Found) -> Option<StrBytes> {
    match version {
        13.. => found.topic_name(topic.topic_id).cloned(),
        _ => Some(topic.topic.0.clone()),
    }
}

fn session_error(error: ErrorCode) -> FetchResponse {
    FetchResponse::default().with_error_code(error.0)
}

fn erroneous_topic(key: &TopicKey, partitions: impl Iterator<Item = i32>, error: ErrorCode) -> FetchableTopicResponse {
    let partition =
        |index| PartitionData::default().with_partition_index(index).with_error_code(error.0).with_high_watermark(-1);
    FetchableTopicResponse::default()
        .with_topic(key.name())
        .with_topic_id(key.id())
        .with_partitions(partitions.map(partition).collect())
}

/// An answer that failed or was throttled has no partitions at all, not even erroneous ones.
fn append(erroneous: Vec<FetchableTopicResponse>, response: &mut FetchResponse) {
    if response.error_code == 0 && response.throttle_time_ms <= 0 {
        response.responses.extend(erroneous);
    }
}

fn remember(context: &mut RequestContext<'_>, granted: Option<i32>, session: FetchSession) {
    if let Some(id) = granted {
        context.state.fetch_sessions.put(id, session);
    }
}

fn granted_by(response: &FetchResponse) -> Option<i32> {
    (response.error_code == 0 && response.session_id != 0).then_some(response.session_id)
}

/// The id of a session that was granted, read from the head of the answer, which is the same from version 7 on:
/// throttle time (4 bytes), error code (2), session id (4).
fn granted_session(response: &GuardedResponse) -> Option<i32> {
    let body = response.body();
    let error = body.get(4..)?.first_chunk::<2>()?;
    let id = i32::from_be_bytes(*body.get(6..)?.first_chunk::<4>()?);
    (*error == [0, 0] && id != 0).then_some(id)
}
