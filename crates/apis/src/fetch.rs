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

use crate::fetch_errors::{AskedOrder, join, take_unknown_partitions};
use crate::fetch_sessions::{FetchSession, TopicKey};
use crate::{Authorize, Edit, Found, Lookup, Outcome, RawEdited, RequestContext};

/// Asks for a session; with an id, in place of that one.
const INITIAL_EPOCH: i32 = 0;
/// Asks for no session; with an id, closes that one.
const FINAL_EPOCH: i32 = -1;

impl Authorize for FetchRequest {
    fn lookup(&self, _version: i16, grants: &Grants) -> Lookup {
        match is_follower(self) && grants.hidden_topics().is_empty() {
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
            let mut response = FetchResponse::default();
            erroneous.append_to(&mut response);
            return Outcome::Respond(response);
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
            erroneous.append_to(response);
        }),
        None if erroneous.is_empty() => Edit::Nothing,
        None => Edit::typed(move |_, response| erroneous.append_to(response)),
    };
    if unchanged { Outcome::ForwardThen(edit) } else { Outcome::ForwardReduced(edit) }
}

/// What a full request is not served, and where in its answer that stands: unknown ids first, then in the order of the
/// request what is denied and what the broker does not know.
struct Erroneous {
    unknown: Vec<FetchableTopicResponse>,
    denied: Vec<FetchableTopicResponse>,
    order: AskedOrder,
}

impl Erroneous {
    fn is_empty(&self) -> bool {
        self.unknown.is_empty() && self.denied.is_empty()
    }

    fn append_to(self, response: &mut FetchResponse) {
        if has_failed(response) {
            return;
        }
        let mut denied = self.denied;
        denied.extend(take_unknown_partitions(&mut response.responses));
        join(&mut response.responses, self.order.sorted(self.unknown));
        join(&mut response.responses, self.order.sorted(denied));
    }
}

/// Takes out of a full request what is denied or unknown: what is answered for it, and the session that this request
/// would create, if it may have one.
fn take_denied(request: &mut FetchRequest, context: &mut RequestContext<'_>) -> (Option<FetchSession>, Erroneous) {
    let by_id = context.version >= 13;
    let denied_topic = |topic: &FetchTopic, error| {
        let partitions = topic.partitions.iter().map(|partition| partition.partition);
        erroneous_topic(&TopicKey::of(&topic.topic, topic.topic_id, by_id), partitions, error)
    };
    let order = AskedOrder::of(&request.topics);
    if is_follower(request) {
        let allowed = context.authorize_cluster(AclOperation::ClusterAction);
        if allowed {
            return (None, Erroneous { unknown: take_hidden(request, context), denied: Vec::new(), order });
        }
        let topics = std::mem::take(&mut request.topics);
        let denied = topics.iter().map(|topic| denied_topic(topic, ErrorCode::TOPIC_AUTHORIZATION_FAILED));
        return (None, Erroneous { unknown: Vec::new(), denied: denied.collect(), order });
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
            false => denied.push(denied_topic(&topic, context.denial_of_topic(&name))),
        }
    }
    session.decide(|name, _| authorized.contains(name));
    let may_have_one = request.session_epoch == INITIAL_EPOCH && unknown.is_empty() && session.fits();
    (may_have_one.then_some(session), Erroneous { unknown, denied, order })
}

/// Takes out of a follower's request what does not exist for clients: by name, or by an id that then has no name.
fn take_hidden(request: &mut FetchRequest, context: &RequestContext<'_>) -> Vec<FetchableTopicResponse> {
    if context.grants.hidden_topics().is_empty() {
        return Vec::new();
    }
    let name = |topic: &FetchTopic| name_of(topic, context.version, context.found);
    let is_there = |topic: &FetchTopic| name(topic).is_some_and(|name| !context.hides_any([&name]));
    let (there, hidden): (Vec<_>, Vec<_>) = std::mem::take(&mut request.topics).into_iter().partition(is_there);
    request.topics = there;
    let by_id = context.version >= 13;
    let error = if by_id { ErrorCode::UNKNOWN_TOPIC_ID } else { ErrorCode::UNKNOWN_TOPIC_OR_PARTITION };
    let partitions = |topic: &FetchTopic| topic.partitions.iter().map(|at| at.partition).collect::<Vec<_>>();
    let erroneous = |topic: &FetchTopic| {
        erroneous_topic(&TopicKey::of(&topic.topic, topic.topic_id, by_id), partitions(topic).into_iter(), error)
    };
    hidden.iter().map(erroneous).collect()
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
    erroneous.extend(denied.map(|(key, partitions)| {
        let error = match key {
            TopicKey::Name(name) => context.denial_of_topic(&name.0),
            TopicKey::Id(_) => ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        };
        erroneous_topic(key, partitions.into_iter(), error)
    }));

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
fn has_failed(response: &FetchResponse) -> bool {
    response.error_code != 0 || response.throttle_time_ms > 0
}

fn append(erroneous: Vec<FetchableTopicResponse>, response: &mut FetchResponse) {
    if !has_failed(response) {
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

#[cfg(test)]
mod tests {
    use protocol::messages::fetch_request::{FetchPartition, ForgottenTopic, ReplicaState};

    use super::*;
    use crate::testing::{Asked, Client, str_bytes, topic_id};

    /// Topics are named up to version 12, and given by id from 13 on.
    const BY_NAME: i16 = 12;
    const BY_ID: i16 = 18;
    const BOTH: [i16; 2] = [BY_NAME, BY_ID];

    type Partitions<'a> = &'a [(&'a str, &'a [i32])];

    fn key(version: i16, name: &str) -> TopicKey {
        if version < 13 { TopicKey::Name(str_bytes(name).into()) } else { TopicKey::Id(topic_id(name)) }
    }

    /// A fetch of partitions, from an offset that is 100 times their number.
    fn fetch(version: i16, topics: Partitions<'_>) -> FetchRequest {
        let topic = |(name, partitions): &(&str, &[i32])| {
            let partition = |&index: &i32| {
                FetchPartition::default().with_partition(index).with_fetch_offset(i64::from(index) * 100)
            };
            FetchTopic::default()
                .with_topic(key(version, name).name())
                .with_topic_id(key(version, name).id())
                .with_partitions(partitions.iter().map(partition).collect())
        };
        FetchRequest::default().with_max_wait_ms(500).with_topics(topics.iter().map(topic).collect())
    }

    fn in_session(request: FetchRequest, id: i32, epoch: i32) -> FetchRequest {
        request.with_session_id(id).with_session_epoch(epoch)
    }

    fn forgetting(request: FetchRequest, version: i16, topics: Partitions<'_>) -> FetchRequest {
        let topic = |(name, partitions): &(&str, &[i32])| {
            ForgottenTopic::default()
                .with_topic(key(version, name).name())
                .with_topic_id(key(version, name).id())
                .with_partitions(partitions.to_vec())
        };
        request.with_forgotten_topics_data(topics.iter().map(topic).collect())
    }

    fn topic(version: i16, name: &str, error: i16, partitions: &[i32]) -> FetchableTopicResponse {
        erroneous_topic(&key(version, name), partitions.iter().copied(), ErrorCode(error))
    }

    /// A topic with data.
    fn data(version: i16, name: &str, partitions: &[i32]) -> FetchableTopicResponse {
        let mut topic = topic(version, name, 0, partitions);
        topic.partitions.iter_mut().for_each(|partition| partition.high_watermark = 42);
        topic
    }

    fn answer(session_id: i32, topics: &[FetchableTopicResponse]) -> FetchResponse {
        FetchResponse::default().with_session_id(session_id).with_responses(topics.to_vec())
    }

    /// A client that reads everything but `secret`, in front of a cluster with some topics.
    fn client() -> Client {
        let client = Client::with(&["allow Read Topic *", "deny Read Topic secret"]);
        client.topic("orders", 9).topic("audit", 9).topic("secret", 9)
    }

    fn opens_session(client: &mut Client, version: i16, id: i32, topics: Partitions<'_>) -> FetchResponse {
        let asked = client.ask(version, &in_session(fetch(version, topics), 0, 0));
        client.answer(asked, answer(id, &[]))
    }

    fn is_unknown(asked: Asked<FetchRequest>) -> bool {
        asked.response() == session_error(ErrorCode::FETCH_SESSION_ID_NOT_FOUND)
    }

    #[test]
    fn allowed_topics_go_on_as_they_came() {
        for version in [4, BY_NAME, BY_ID] {
            let mut client = client();
            let asked = client.ask(version, &fetch(version, &[("orders", &[0, 1]), ("audit", &[2])]));
            assert_eq!(client.decisions(), ["allowed Read Topic audit", "allowed Read Topic orders x2"]);
            assert!(asked.went_on_as_it_came());
            let broker = answer(0, &[data(version, "orders", &[0])]);
            assert_eq!(client.answer(asked, broker.clone()), broker);
        }
    }

    #[test]
    fn denied_topics_are_answered_behind_the_others() {
        for version in [4, BY_NAME, BY_ID] {
            let mut client = client();
            let asked = client.ask(version, &fetch(version, &[("secret", &[5, 3]), ("orders", &[0])]));
            assert_eq!(client.decisions(), ["allowed Read Topic orders", "denied Read Topic secret x2"]);
            assert_eq!(asked.forwarded(), &fetch(version, &[("orders", &[0])]));
            assert_eq!(
                client.answer(asked, answer(0, &[data(version, "orders", &[0])])),
                answer(0, &[data(version, "orders", &[0]), topic(version, "secret", 29, &[5, 3])])
            );
        }
    }

    #[test]
    fn each_partition_is_answered_once_and_errors_in_the_order_of_the_request() {
        for version in [4, BY_NAME, BY_ID] {
            let mut client = client();
            let request =
                [("secret", &[5, 5][..]), ("orders", &[8]), ("secret", &[3]), ("audit", &[9, 0]), ("secret", &[5])];
            let asked = client.ask(version, &fetch(version, &request));
            let mut audit = data(version, "audit", &[0]);
            audit.partitions.extend(topic(version, "audit", 3, &[9]).partitions);
            let broker = answer(0, &[audit, topic(version, "orders", 3, &[8])]);
            assert_eq!(
                client.answer(asked, broker),
                answer(
                    0,
                    &[
                        data(version, "audit", &[0]),
                        topic(version, "secret", 29, &[5]),
                        topic(version, "orders", 3, &[8]),
                        topic(version, "secret", 29, &[3]),
                        topic(version, "audit", 3, &[9]),
                    ]
                )
            );
        }
        // What is unknown next to what was fetched of the same topic shares its entry.
        let mut client = client();
        let asked = client.ask(BY_NAME, &fetch(BY_NAME, &[("audit", &[9, 0]), ("secret", &[5])]));
        let mut audit = data(BY_NAME, "audit", &[0]);
        audit.partitions.extend(topic(BY_NAME, "audit", 3, &[9]).partitions);
        let expected = answer(0, &[audit.clone(), topic(BY_NAME, "secret", 29, &[5])]);
        assert_eq!(client.answer(asked, answer(0, &[audit])), expected);
        let twice = fetch(BY_ID, &[("gone", &[1, 1]), ("gone", &[0, 1])]);
        assert_eq!(self::client().ask(BY_ID, &twice).response(), answer(0, &[topic(BY_ID, "gone", 100, &[1, 0])]));
    }

    #[test]
    fn with_everything_denied_the_answer_is_immediate_and_no_session_is_granted() {
        for version in [4, BY_NAME, BY_ID] {
            let denied = answer(0, &[topic(version, "secret", 29, &[0])]);
            let asked = client().ask(version, &fetch(version, &[("secret", &[0])]));
            assert_eq!(asked.response(), denied);
        }
        for version in [7, BY_ID] {
            let denied = answer(0, &[topic(version, "secret", 29, &[0])]);
            let asked = client().ask(version, &in_session(fetch(version, &[("secret", &[0])]), 0, 0));
            assert_eq!(asked.response(), denied);
        }
    }

    #[test]
    fn unknown_ids_are_answered_first_and_make_no_session() {
        let mut client = client();
        let request = fetch(BY_ID, &[("secret", &[0]), ("gone", &[0, 1]), ("orders", &[0]), ("", &[7])]);
        let asked = client.ask(BY_ID, &in_session(request, 0, 0));
        assert_eq!(client.lookups, [Lookup::topic_ids(["secret", "gone", "orders"].map(topic_id))]);
        assert_eq!(client.decisions(), ["allowed Read Topic orders", "denied Read Topic secret"]);
        assert_eq!(asked.forwarded(), &fetch(BY_ID, &[("orders", &[0])]));
        assert_eq!(
            client.answer(asked, answer(0, &[data(BY_ID, "orders", &[0])])),
            answer(
                0,
                &[
                    data(BY_ID, "orders", &[0]),
                    topic(BY_ID, "gone", 100, &[0, 1]),
                    topic(BY_ID, "", 100, &[7]),
                    topic(BY_ID, "secret", 29, &[0]),
                ]
            )
        );
    }

    #[test]
    fn an_answer_that_failed_or_was_throttled_stays_empty() {
        for broker in
            [FetchResponse::default().with_throttle_time_ms(100), FetchResponse::default().with_error_code(-1)]
        {
            let mut client = client();
            let asked = client.ask(BY_NAME, &fetch(BY_NAME, &[("secret", &[0]), ("orders", &[0])]));
            assert_eq!(client.answer(asked, broker.clone()), broker);
        }
    }

    #[test]
    fn an_idle_fetch_of_a_session_goes_on_as_it_came() {
        for version in BOTH {
            let mut client = client();
            opens_session(&mut client, version, 55, &[("orders", &[0, 1])]);
            for epoch in 1..=3 {
                let asked = client.ask(version, &in_session(fetch(version, &[]), 55, epoch));
                assert_eq!(client.lookups, []);
                assert_eq!(client.decisions(), ["allowed Read Topic orders x2"]);
                assert!(asked.went_on_as_it_came());
                let broker = answer(55, &[data(version, "orders", &[1])]);
                assert_eq!(client.answer(asked, broker.clone()), broker);
            }
        }
    }

    #[test]
    fn a_denied_partition_of_a_session_is_answered_on_every_fetch() {
        for version in BOTH {
            let mut client = client();
            let asked = client.ask(version, &in_session(fetch(version, &[("secret", &[0]), ("orders", &[0])]), 0, 0));
            assert_eq!(asked.forwarded(), &in_session(fetch(version, &[("orders", &[0])]), 0, 0));
            let denied = topic(version, "secret", 29, &[0]);
            assert_eq!(
                client.answer(asked, answer(55, &[data(version, "orders", &[0])])),
                answer(55, &[data(version, "orders", &[0]), denied.clone()])
            );

            let idle = client.ask(version, &in_session(fetch(version, &[]), 55, 1));
            assert_eq!(client.decisions(), ["allowed Read Topic orders", "denied Read Topic secret"]);
            assert!(idle.went_on_as_it_came());
            assert_eq!(client.answer(idle, answer(55, &[])), answer(55, &[denied]));

            let more = fetch(version, &[("secret", &[1]), ("audit", &[0])]);
            let asked = client.ask(version, &in_session(more, 55, 2));
            assert_eq!(
                client.decisions(),
                ["allowed Read Topic audit", "allowed Read Topic orders", "denied Read Topic secret x2"]
            );
            assert_eq!(asked.forwarded(), &in_session(fetch(version, &[("audit", &[0])]), 55, 2));
            let denied = topic(version, "secret", 29, &[0, 1]);
            assert_eq!(client.answer(asked, answer(55, &[])), answer(55, &[denied]));

            let forget = forgetting(fetch(version, &[]), version, &[("secret", &[0, 1])]);
            let asked = client.ask(version, &in_session(forget, 55, 3));
            assert_eq!(client.answer(asked, answer(55, &[])), answer(55, &[]));
        }
    }

    #[test]
    fn a_revoked_topic_leaves_the_brokers_session_and_comes_back_when_it_is_allowed_again() {
        for version in BOTH {
            let mut client = client();
            opens_session(&mut client, version, 55, &[("orders", &[0, 1]), ("audit", &[0])]);

            client.acls_are_now(&["allow Read Topic audit"]);
            let asked = client.ask(version, &in_session(fetch(version, &[("orders", &[1])]), 55, 1));
            let forgotten = forgetting(fetch(version, &[]), version, &[("orders", &[0, 1])]);
            assert_eq!(asked.forwarded(), &in_session(forgotten, 55, 1));
            let denied = answer(55, &[topic(version, "orders", 29, &[0, 1])]);
            assert_eq!(client.answer(asked, answer(55, &[])), denied);

            let asked = client.ask(version, &in_session(fetch(version, &[("orders", &[2])]), 55, 2));
            assert_eq!(asked.forwarded(), &in_session(fetch(version, &[]), 55, 2));

            client.acls_are_now(&["allow Read Topic *"]);
            let asked = client.ask(version, &in_session(fetch(version, &[("orders", &[1])]), 55, 3));
            let added = fetch(version, &[("orders", &[0, 1, 2])]);
            assert_eq!(asked.forwarded(), &in_session(added, 55, 3), "with all its partitions");
            let broker = answer(55, &[data(version, "orders", &[0, 1, 2])]);
            assert_eq!(client.answer(asked, broker.clone()), broker);
        }
    }

    #[test]
    fn a_session_of_which_nothing_is_allowed_ends() {
        for version in BOTH {
            let mut client = client();
            opens_session(&mut client, version, 55, &[("orders", &[0]), ("audit", &[0])]);
            client.acls_are_now(&[]);
            let asked = client.ask(version, &in_session(fetch(version, &[("orders", &[0])]), 55, 1));
            assert_eq!(asked.forwarded(), &in_session(fetch(version, &[]), 55, -1), "closed at the broker");
            let mut denied = [topic(version, "orders", 29, &[0]), topic(version, "audit", 29, &[0])];
            denied.sort_by(|one, other| (&one.topic, one.topic_id).cmp(&(&other.topic, other.topic_id)));
            assert_eq!(client.answer(asked, answer(0, &[])), answer(0, &denied));
            assert!(is_unknown(client.ask(version, &in_session(fetch(version, &[]), 55, 2))));

            opens_session(&mut client, version, 56, &[]);
            let asked = client.ask(version, &in_session(fetch(version, &[]), 56, 1));
            assert_eq!(asked.forwarded(), &in_session(fetch(version, &[]), 56, -1), "an empty one, too");
        }
    }

    #[test]
    fn a_session_ends_when_an_unknown_id_is_added() {
        let mut client = client();
        opens_session(&mut client, BY_ID, 55, &[("orders", &[0]), ("secret", &[0])]);
        let asked = client.ask(BY_ID, &in_session(fetch(BY_ID, &[("gone", &[0])]), 55, 1));
        assert_eq!(asked.forwarded(), &in_session(fetch(BY_ID, &[("orders", &[0])]), 55, -1));
        assert_eq!(
            client.answer(asked, answer(0, &[data(BY_ID, "orders", &[0])])),
            answer(
                0,
                &[data(BY_ID, "orders", &[0]), topic(BY_ID, "gone", 100, &[0]), topic(BY_ID, "secret", 29, &[0])]
            )
        );
        assert!(is_unknown(client.ask(BY_ID, &in_session(fetch(BY_ID, &[]), 55, 2))));
    }

    #[test]
    fn a_session_of_another_connection_is_not_found() {
        for version in BOTH {
            let mut client = client();
            let asked = client.ask(version, &in_session(fetch(version, &[("orders", &[0])]), 55, 1));
            assert!(client.decisions().is_empty());
            assert!(is_unknown(asked));

            for epoch in [0, -1] {
                let full = fetch(version, &[("orders", &[0])]);
                let asked = client.ask(version, &in_session(full.clone(), 55, epoch));
                assert_eq!(asked.forwarded(), &in_session(full, 0, epoch), "its id is not told to the broker");
            }
        }
    }

    #[test]
    fn ones_own_session_is_replaced_or_closed_at_the_broker() {
        for version in BOTH {
            let mut client = client();
            opens_session(&mut client, version, 55, &[("orders", &[0])]);
            let asked = client.ask(version, &in_session(fetch(version, &[("audit", &[0])]), 55, 0));
            assert!(asked.went_on_as_it_came());
            client.answer(asked, answer(56, &[]));
            assert!(is_unknown(client.ask(version, &in_session(fetch(version, &[]), 55, 1))));

            let asked = client.ask(version, &in_session(fetch(version, &[("secret", &[0])]), 56, 0));
            assert_eq!(asked.forwarded(), &in_session(fetch(version, &[]), 56, -1), "closed, as nothing is allowed");
            let denied = topic(version, "secret", 29, &[0]);
            assert_eq!(client.answer(asked, answer(0, &[])), answer(0, &[denied]));

            opens_session(&mut client, version, 57, &[("orders", &[0])]);
            let asked = client.ask(version, &in_session(fetch(version, &[]), 57, -1));
            assert!(asked.went_on_as_it_came());
            client.answer(asked, answer(0, &[]));
            assert!(is_unknown(client.ask(version, &in_session(fetch(version, &[]), 57, 1))));
        }
    }

    #[test]
    fn no_session_is_remembered_that_the_broker_did_not_grant() {
        for refused in [answer(0, &[]), answer(55, &[]).with_error_code(-1)] {
            let mut client = client();
            for topics in [&[("orders", &[0][..])][..], &[("orders", &[0]), ("secret", &[0])]] {
                let asked = client.ask(BY_NAME, &in_session(fetch(BY_NAME, topics), 0, 0));
                client.answer(asked, refused.clone());
                assert!(is_unknown(client.ask(BY_NAME, &in_session(fetch(BY_NAME, &[]), 55, 1))));
            }
        }
    }

    /// Otherwise a partition could be forgotten here, while the broker keeps it, and outlive its ACL.
    #[test]
    fn what_the_broker_would_refuse_changes_no_session() {
        let mut client = client();
        opens_session(&mut client, BY_NAME, 55, &[("orders", &[0]), ("audit", &[0])]);
        let forget = forgetting(fetch(BY_NAME, &[]), BY_NAME, &[("orders", &[0])]);
        for epoch in [2, i32::MAX, -2] {
            let asked = client.ask(BY_NAME, &in_session(forget.clone(), 55, epoch));
            assert_eq!(asked.response(), session_error(ErrorCode::INVALID_FETCH_SESSION_EPOCH));
        }
        let by_id = forgetting(fetch(BY_ID, &[]), BY_ID, &[("orders", &[0])]);
        let asked = client.ask(BY_ID, &in_session(by_id, 55, 1));
        assert_eq!(asked.response(), session_error(ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR));

        client.ask(BY_NAME, &in_session(fetch(BY_NAME, &[]), 55, 1));
        assert_eq!(client.decisions(), ["allowed Read Topic audit", "allowed Read Topic orders"]);
    }

    #[test]
    fn a_follower_needs_the_cluster_and_gets_no_session() {
        let old = in_session(fetch(BY_NAME, &[("orders", &[0])]), 0, 0).with_replica_id(1.into());
        let replica = ReplicaState::default().with_replica_id(1.into());
        let new = in_session(fetch(BY_ID, &[("orders", &[0])]), 0, 0).with_replica_state(replica.clone());
        for (version, request) in [(BY_NAME, old), (BY_ID, new)] {
            let mut client = client();
            let asked = client.ask(version, &request);
            assert_eq!(client.lookups, []);
            assert_eq!(client.decisions(), ["denied ClusterAction Cluster kafka-cluster"]);
            assert_eq!(asked.response(), answer(0, &[topic(version, "orders", 29, &[0])]));

            client.acls_are_now(&["allow ClusterAction Cluster"]);
            let asked = client.ask(version, &request);
            assert_eq!(client.decisions(), ["allowed ClusterAction Cluster kafka-cluster"]);
            assert_eq!(asked.forwarded(), &request.with_session_epoch(-1));
        }

        let mut client = client();
        opens_session(&mut client, BY_ID, 55, &[("orders", &[0])]);
        let as_follower = in_session(fetch(BY_ID, &[]), 55, 1).with_replica_state(replica.clone());
        assert!(is_unknown(client.ask(BY_ID, &as_follower)));
        let closes = in_session(fetch(BY_ID, &[("orders", &[0])]), 55, -1).with_replica_state(replica);
        let asked = client.ask(BY_ID, &closes);
        assert_eq!(asked.response(), answer(0, &[topic(BY_ID, "orders", 29, &[0])]));
        assert!(client.ask(BY_ID, &in_session(fetch(BY_ID, &[]), 55, 1)).went_on_as_it_came());
    }
}
