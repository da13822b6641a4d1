//! ShareFetch (78): `KafkaApis.handleShareFetchRequest`, `SharePartitionManager.newContext` (KIP-932).
//!
//! Read on the group; then the share session, which must be one that this connection opened ([`crate::share_sessions`]);
//! then Read on each topic of the session and of the request. A denied partition is answered behind what the broker
//! answers: with the fetch's code as long as it is part of the session, with the acknowledgement's code if the request
//! acknowledges anything and names it. The broker is asked for the rest even if nothing is left: so the session exists
//! there and its epoch is in step.
//!
//! A partition of a topic id that no topic has is answered UNKNOWN_TOPIC_ID, which is what the protocol means; a broker
//! with an authorizer stumbles and answers UNKNOWN_SERVER_ERROR for the request.
//!
//! A broker knows a session by group and member id alone. If another connection has opened the same one, what comes back
//! here is of topics that were never decided on for this caller. An answer with any such topic is not passed on: the
//! session is told to be gone (SHARE_SESSION_NOT_FOUND), and the client opens one anew.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use acl::{AclOperation, Grants, ResourceType};
use protocol::messages::share_fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use protocol::messages::share_fetch_response::{PartitionData, ShareFetchableTopicResponse};
use protocol::messages::{ShareFetchRequest, ShareFetchResponse};
use protocol::{ErrorCode, ErrorResponse, StrBytes};
use uuid::Uuid;

use crate::share_sessions::{
    Acknowledged, Changes, FINAL_EPOCH, INITIAL_EPOCH, PartitionErrors, ShareMember, ShareSession,
};
use crate::{Authorize, Edit, Edited, Found, Lookup, Outcome, RawEdited, RequestContext};

impl Authorize for ShareFetchRequest {
    fn lookup(&self, _version: i16, _grants: &Grants) -> Lookup {
        Lookup::topic_ids(self.topics.iter().map(|topic| topic.topic_id))
    }

    fn waits_for_answers(&self, _version: i16) -> bool {
        true
    }

    fn authorize(&mut self, context: &mut RequestContext<'_>) -> Outcome<ShareFetchResponse> {
        match decide(self, context) {
            Ok(outcome) => outcome,
            Err(error) => Outcome::Respond(self.error_response(context.version, error)),
        }
    }
}

fn decide(
    request: &mut ShareFetchRequest,
    context: &mut RequestContext<'_>,
) -> Result<Outcome<ShareFetchResponse>, ErrorCode> {
    let member = ShareMember::authorize(request.group_id.as_ref(), request.member_id.as_ref(), context)?;
    if request.is_renew_ack && asks_for_records(request) {
        return Err(ErrorCode::INVALID_REQUEST);
    }
    let mut session = session_of(request, &member, context)?;
    let closes = request.share_session_epoch == FINAL_EPOCH;
    if !closes {
        update(&mut session, request, context.found);
    }
    let named = topics_of(request, &session, context.found);
    let authorized = authorize_topics(request, &session, &named, context);
    let changes = session.decide(|name| authorized.contains(name));

    let allowed = |id: Uuid| named.get(&id).and_then(Option::as_ref).map(|name| authorized.contains(name));
    let own = OwnAnswers {
        fetched: if closes || request.is_renew_ack { PartitionErrors::new() } else { fetch_errors(&session) },
        acknowledged: acknowledged(request).map(|acknowledged| acknowledged.refused(allowed)).unwrap_or_default(),
    };
    let asked = request.topics.len();
    request.topics.retain(|topic| allowed(topic.topic_id) == Some(true));
    let unchanged = request.topics.len() == asked && changes.allowed_again.is_empty() && changes.revoked.is_empty();
    tell_changes(request, changes);

    let decided = session.allowed_topics().chain(request.topics.iter().map(|topic| topic.topic_id)).collect();
    let opened = match request.share_session_epoch {
        INITIAL_EPOCH => Some(session),
        FINAL_EPOCH => None,
        _ => {
            context.state.share_sessions.put(member.clone(), session);
            None
        }
    };
    let edit = Awaited { member, opened, decided, own }.edit();
    Ok(if unchanged { Outcome::ForwardThen(edit) } else { Outcome::ForwardReduced(edit) })
}

/// What a request that renews acquisitions must not do, since it is not to wait for anything (KIP-1222).
fn asks_for_records(request: &ShareFetchRequest) -> bool {
    [request.max_bytes, request.min_bytes, request.max_records, request.max_wait_ms].iter().any(|&limit| limit != 0)
}

/// The session that a request opens, or goes on with, or closes. What a broker would refuse changes nothing here.
fn session_of(
    request: &ShareFetchRequest,
    member: &ShareMember,
    context: &mut RequestContext<'_>,
) -> Result<ShareSession, ErrorCode> {
    let sessions = &mut context.state.share_sessions;
    let partitions: usize = request.topics.iter().map(|topic| topic.partitions.len()).sum();
    if request.share_session_epoch == INITIAL_EPOCH {
        if acknowledges(request) {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        sessions.take(member);
        let session = ShareSession::new();
        return if session.has_room_for(partitions) {
            Ok(session)
        } else {
            Err(ErrorCode::SHARE_SESSION_LIMIT_REACHED)
        };
    }
    let mut session = sessions.take(member).ok_or(ErrorCode::SHARE_SESSION_NOT_FOUND)?;
    if request.share_session_epoch == FINAL_EPOCH {
        return Ok(session);
    }
    let accepted = match session.has_room_for(partitions) {
        true => session.advance(request.share_session_epoch),
        false => Err(ErrorCode::SHARE_SESSION_LIMIT_REACHED),
    };
    if let Err(error) = accepted {
        sessions.put(member.clone(), session);
        return Err(error);
    }
    Ok(session)
}

/// Whether any partition is acknowledged. Then all that are named are answered for it, even those without a batch.
fn acknowledges(request: &ShareFetchRequest) -> bool {
    let mut partitions = request.topics.iter().flat_map(|topic| &topic.partitions);
    partitions.any(|partition| !partition.acknowledgement_batches.is_empty())
}

fn acknowledged(request: &ShareFetchRequest) -> Option<Acknowledged> {
    if !acknowledges(request) {
        return None;
    }
    let mut acknowledged = Acknowledged::default();
    for topic in &request.topics {
        for FetchPartition { partition_index, acknowledgement_batches, .. } in &topic.partitions {
            let batches = acknowledgement_batches.iter();
            let batches = batches.map(|batch| (batch.first_offset, batch.last_offset, &*batch.acknowledge_types));
            acknowledged.add(topic.topic_id, *partition_index, batches, request.is_renew_ack);
        }
    }
    Some(acknowledged)
}

/// Applies what a request says, first what it names (if only to acknowledge it), then what it forgets; the first of a
/// session forgets nothing.
fn update(session: &mut ShareSession, request: &ShareFetchRequest, found: &Found) {
    for topic in &request.topics {
        let partitions = topic.partitions.iter().map(|partition| partition.partition_index);
        session.add(topic.topic_id, found.topic_name(topic.topic_id), partitions);
    }
    if request.share_session_epoch != INITIAL_EPOCH {
        for topic in &request.forgotten_topics_data {
            session.forget(topic.topic_id, &topic.partitions);
        }
    }
}

/// The topics that a request names, with their names. A session knows those of topics deleted since.
fn topics_of(request: &ShareFetchRequest, session: &ShareSession, found: &Found) -> BTreeMap<Uuid, Option<StrBytes>> {
    let name = |id| session.name(id).or_else(|| found.topic_name(id)).cloned();
    request.topics.iter().map(|topic| (topic.topic_id, name(topic.topic_id))).collect()
}

/// Asks for every topic of the session and of the request, with the number of its partitions in either.
fn authorize_topics(
    request: &ShareFetchRequest,
    session: &ShareSession,
    named: &BTreeMap<Uuid, Option<StrBytes>>,
    context: &mut RequestContext<'_>,
) -> HashSet<StrBytes> {
    let mut counts: BTreeMap<&StrBytes, usize> = BTreeMap::new();
    for (name, partitions) in session.names() {
        *counts.entry(name).or_default() += partitions;
    }
    let indexes = |topic: &FetchTopic| topic.partitions.iter().map(|p| p.partition_index).collect::<Vec<_>>();
    let only_named: HashSet<(Uuid, i32)> = (request.topics.iter())
        .flat_map(|topic| indexes(topic).into_iter().map(|index| (topic.topic_id, index)))
        .filter(|(id, index)| !session.contains(*id, *index))
        .collect();
    for (id, _) in only_named {
        if let Some(Some(name)) = named.get(&id) {
            *counts.entry(name).or_default() += 1;
        }
    }
    let mut authorized = HashSet::new();
    for (name, count) in counts {
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        if context.authorize_counted(AclOperation::Read, ResourceType::Topic, name, count) {
            authorized.insert(name.clone());
        }
    }
    authorized
}

fn fetch_errors(session: &ShareSession) -> PartitionErrors {
    let errors = session.erroneous_topics();
    errors.map(|(id, error, partitions)| (id, partitions.iter().map(|index| (*index, error)).collect())).collect()
}

/// Adds to a request what has become allowed since the one before, and forgets what is no longer.
fn tell_changes(request: &mut ShareFetchRequest, changes: Changes) {
    if !changes.allowed_again.is_empty() {
        add_missing(request, changes.allowed_again);
    }
    let forgotten = |(id, partitions): (Uuid, BTreeSet<i32>)| {
        ForgottenTopic::default().with_topic_id(id).with_partitions(partitions.into_iter().collect())
    };
    request.forgotten_topics_data.extend(changes.revoked.into_iter().map(forgotten));
}

/// Adds partitions that a request does not name itself.
fn add_missing(request: &mut ShareFetchRequest, topics: Vec<(Uuid, BTreeSet<i32>)>) {
    let mut places: HashMap<Uuid, usize> = HashMap::new();
    let mut named: HashSet<(Uuid, i32)> = HashSet::new();
    for (place, topic) in request.topics.iter().enumerate() {
        places.entry(topic.topic_id).or_insert(place);
        named.extend(topic.partitions.iter().map(|partition| (topic.topic_id, partition.partition_index)));
    }
    for (id, partitions) in topics {
        let missing = partitions.into_iter().filter(|index| !named.contains(&(id, *index)));
        let missing = missing.map(|index| FetchPartition::default().with_partition_index(index));
        match places.get(&id).and_then(|place| request.topics.get_mut(*place)) {
            Some(topic) => topic.partitions.extend(missing),
            None => request.topics.push(FetchTopic::default().with_topic_id(id).with_partitions(missing.collect())),
        }
    }
}

/// What waits for the broker's answer.
struct Awaited {
    member: ShareMember,
    /// Remembered when the broker has opened it, too.
    opened: Option<ShareSession>,
    /// The topics that the answer may be about.
    decided: HashSet<Uuid>,
    own: OwnAnswers,
}

/// What is answered here.
struct OwnAnswers {
    fetched: PartitionErrors,
    acknowledged: PartitionErrors,
}

impl Awaited {
    /// Most answers go on as they came.
    fn edit(self) -> Edit<ShareFetchResponse> {
        if !self.own.is_empty() {
            return Edit::typed(|context, response| self.complete(context, response));
        }
        Edit::Raw(Box::new(|context, raw| match raw.decode() {
            Ok(response) if self.is_ours(&response) => {
                self.remember(context, &response);
                RawEdited::AsItCame
            }
            _ => RawEdited::Decode(Box::new(|context, response| {
                self.complete(context, response);
                Edited::Done
            })),
        }))
    }

    fn complete(self, context: &mut RequestContext<'_>, response: &mut ShareFetchResponse) {
        if !self.is_ours(response) {
            context.state.share_sessions.take(&self.member);
            *response = ShareFetchResponse::default().with_error_code(ErrorCode::SHARE_SESSION_NOT_FOUND.0);
            return;
        }
        if response.error_code == ErrorCode::NONE.0 {
            let is_throttled = response.throttle_time_ms > 0;
            response.responses.extend(self.own.topics(is_throttled));
        }
        self.remember(context, response);
    }

    fn is_ours(&self, response: &ShareFetchResponse) -> bool {
        response.responses.iter().all(|topic| self.decided.contains(&topic.topic_id))
    }

    fn remember(self, context: &mut RequestContext<'_>, response: &ShareFetchResponse) {
        if let Some(session) = self.opened
            && response.error_code == ErrorCode::NONE.0
        {
            context.state.share_sessions.put(self.member, session);
        }
    }
}

impl OwnAnswers {
    fn is_empty(&self) -> bool {
        self.fetched.is_empty() && self.acknowledged.is_empty()
    }

    /// Each partition once, with both codes. A throttled answer has nothing but acknowledgements.
    fn topics(&self, is_throttled: bool) -> Vec<ShareFetchableTopicResponse> {
        let mut topics: BTreeMap<Uuid, BTreeMap<i32, PartitionData>> = BTreeMap::new();
        let mut put = |errors: &PartitionErrors, set: fn(&mut PartitionData, i16)| {
            for (id, partitions) in errors {
                let topic = topics.entry(*id).or_default();
                for (index, error) in partitions {
                    let new = || PartitionData::default().with_partition_index(*index);
                    set(topic.entry(*index).or_insert_with(new), error.0);
                }
            }
        };
        if !is_throttled {
            put(&self.fetched, |partition, error| partition.error_code = error);
        }
        put(&self.acknowledged, |partition, error| partition.acknowledge_error_code = error);
        let answer = |(id, partitions): (Uuid, BTreeMap<i32, PartitionData>)| {
            let partitions = partitions.into_values().collect();
            ShareFetchableTopicResponse::default().with_topic_id(id).with_partitions(partitions)
        };
        topics.into_iter().map(answer).collect()
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::share_fetch_request::AcknowledgementBatch;

    use super::*;
    use crate::testing::{Asked, Client, str_bytes, topic_id};

    type Partitions<'a> = &'a [(&'a str, &'a [i32])];

    /// A fetch of partitions in the session of `billing`'s `member-1`.
    fn fetch(epoch: i32, topics: Partitions<'_>) -> ShareFetchRequest {
        let partition = |&index: &i32| FetchPartition::default().with_partition_index(index);
        let topic = |(name, partitions): &(&str, &[i32])| {
            let partitions = partitions.iter().map(partition).collect();
            FetchTopic::default().with_topic_id(topic_id(name)).with_partitions(partitions)
        };
        ShareFetchRequest::default()
            .with_group_id(Some(str_bytes("billing").into()))
            .with_member_id(Some(str_bytes("member-1")))
            .with_share_session_epoch(epoch)
            .with_max_wait_ms(500)
            .with_topics(topics.iter().map(topic).collect())
    }

    /// The same, acknowledging five records of every partition.
    fn acknowledging(mut request: ShareFetchRequest) -> ShareFetchRequest {
        let batch = AcknowledgementBatch::default().with_last_offset(4).with_acknowledge_types(vec![1]);
        for partition in request.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
            partition.acknowledgement_batches = vec![batch.clone()];
        }
        request
    }

    fn forgetting(request: ShareFetchRequest, topics: Partitions<'_>) -> ShareFetchRequest {
        let topic = |(name, partitions): &(&str, &[i32])| {
            ForgottenTopic::default().with_topic_id(topic_id(name)).with_partitions(partitions.to_vec())
        };
        request.with_forgotten_topics_data(topics.iter().map(topic).collect())
    }

    /// A topic with the code of the fetch and that of the acknowledgement for each partition.
    fn topic(name: &str, fetched: i16, acknowledged: i16, partitions: &[i32]) -> ShareFetchableTopicResponse {
        let partition = |&index: &i32| {
            PartitionData::default()
                .with_partition_index(index)
                .with_error_code(fetched)
                .with_acknowledge_error_code(acknowledged)
        };
        let partitions = partitions.iter().map(partition).collect();
        ShareFetchableTopicResponse::default().with_topic_id(topic_id(name)).with_partitions(partitions)
    }

    fn answer(topics: &[ShareFetchableTopicResponse]) -> ShareFetchResponse {
        ShareFetchResponse::default().with_acquisition_lock_timeout_ms(30_000).with_responses(topics.to_vec())
    }

    fn failed(error: ErrorCode) -> ShareFetchResponse {
        ShareFetchResponse::default().with_error_code(error.0)
    }

    const READER: [&str; 3] = ["allow Read Group billing", "allow Read Topic *", "deny Read Topic secret"];

    /// A client that reads everything but `secret`, in front of a cluster with some topics.
    fn client() -> Client {
        Client::with(&READER).topic("orders", 9).topic("audit", 9).topic("secret", 9)
    }

    /// Opens a session.
    fn opened(topics: Partitions<'_>) -> Client {
        let mut client = client();
        let asked = client.ask(1, &fetch(0, topics));
        client.answer(asked, answer(&[]));
        client
    }

    fn is_not_found(asked: Asked<ShareFetchRequest>) -> bool {
        asked.response() == failed(ErrorCode::SHARE_SESSION_NOT_FOUND)
    }

    #[test]
    fn allowed_topics_and_idle_fetches_go_on_as_they_came() {
        let mut client = client();
        let asked = client.ask(1, &fetch(0, &[("orders", &[0, 1]), ("audit", &[2])]));
        assert_eq!(client.lookups, [Lookup::topic_ids(["orders", "audit"].map(topic_id))]);
        let decisions = ["allowed Read Group billing", "allowed Read Topic audit", "allowed Read Topic orders x2"];
        assert_eq!(client.decisions(), decisions);
        assert!(asked.went_on_as_it_came());
        let broker = answer(&[topic("orders", 0, 0, &[0])]);
        assert_eq!(client.answer(asked, broker.clone()), broker);
        for epoch in 1..=3 {
            let asked = client.ask(1, &fetch(epoch, &[]));
            assert_eq!(client.lookups, []);
            assert_eq!(client.decisions(), decisions);
            assert!(asked.went_on_as_it_came());
            assert_eq!(client.answer(asked, broker.clone()), broker);
        }
        let asked = client.ask(1, &acknowledging(fetch(4, &[("orders", &[0])])));
        assert!(asked.went_on_as_it_came());
        assert_eq!(client.answer(asked, broker.clone()), broker);
    }

    #[test]
    fn a_denied_partition_is_answered_on_every_fetch_of_the_session() {
        let mut client = client();
        let asked = client.ask(1, &fetch(0, &[("secret", &[5, 3]), ("orders", &[0])]));
        assert_eq!(
            client.decisions(),
            ["allowed Read Group billing", "allowed Read Topic orders", "denied Read Topic secret x2"]
        );
        assert_eq!(asked.forwarded(), &fetch(0, &[("orders", &[0])]));
        let expected = answer(&[topic("orders", 0, 0, &[0]), topic("secret", 29, 0, &[3, 5])]);
        assert_eq!(client.answer(asked, answer(&[topic("orders", 0, 0, &[0])])), expected);

        let asked = client.ask(1, &fetch(1, &[]));
        assert!(asked.went_on_as_it_came());
        assert_eq!(client.answer(asked, answer(&[])), answer(&[topic("secret", 29, 0, &[3, 5])]));

        let asked = client.ask(1, &forgetting(fetch(2, &[("audit", &[1])]), &[("secret", &[5])]));
        assert!(asked.went_on_as_it_came(), "what the broker does not know it can forget");
        assert_eq!(client.answer(asked, answer(&[])), answer(&[topic("secret", 29, 0, &[3])]));
    }

    /// As at a broker the session exists then, so that its epoch and its lock timeout are the broker's.
    #[test]
    fn with_everything_denied_the_broker_still_keeps_the_session() {
        let mut client = client();
        let denied = answer(&[topic("secret", 29, 0, &[0])]);
        let asked = client.ask(1, &fetch(0, &[("secret", &[0])]));
        assert_eq!(asked.forwarded(), &fetch(0, &[]));
        assert_eq!(client.answer(asked, answer(&[])), denied);
        let asked = client.ask(1, &fetch(1, &[]));
        assert!(asked.went_on_as_it_came());
        assert_eq!(client.answer(asked, answer(&[])), denied);
    }

    #[test]
    fn unknown_ids_are_answered_until_they_are_named_again() {
        let mut client = client();
        let asked = client.ask(1, &fetch(0, &[("gone", &[0, 1]), ("orders", &[0]), ("", &[7])]));
        assert_eq!(client.lookups, [Lookup::topic_ids(["gone", "orders"].map(topic_id))]);
        assert_eq!(client.decisions(), ["allowed Read Group billing", "allowed Read Topic orders"]);
        assert_eq!(asked.forwarded(), &fetch(0, &[("orders", &[0])]));
        let unknown = answer(&[topic("", 100, 0, &[7]), topic("gone", 100, 0, &[0, 1])]);
        assert_eq!(client.answer(asked, answer(&[])), unknown);

        let mut client = client.topic("gone", 2);
        let asked = client.ask(1, &fetch(1, &[]));
        assert_eq!(client.answer(asked, answer(&[])), unknown);

        let asked = client.ask(1, &fetch(2, &[("gone", &[1])]));
        let both = FetchPartition::default().with_partition_index(0);
        let mut expected = fetch(2, &[("gone", &[1])]);
        expected.topics[0].partitions.push(both);
        assert_eq!(asked.forwarded(), &expected, "with all its partitions");
        assert_eq!(client.answer(asked, answer(&[])), answer(&[topic("", 100, 0, &[7])]));
    }

    #[test]
    fn acknowledgements_are_refused_beside_the_fetch_of_the_same_partition() {
        let mut client = opened(&[("orders", &[0]), ("secret", &[0])]);
        let request = acknowledging(fetch(1, &[("secret", &[0, 1]), ("gone", &[2]), ("orders", &[0])]));
        let asked = client.ask(1, &forgetting(request, &[("secret", &[1]), ("gone", &[2])]));
        assert_eq!(
            client.decisions(),
            ["allowed Read Group billing", "allowed Read Topic orders", "denied Read Topic secret x2"]
        );
        let forwarded = acknowledging(fetch(1, &[("orders", &[0])]));
        assert_eq!(asked.forwarded(), &forgetting(forwarded, &[("secret", &[1]), ("gone", &[2])]));
        let mut secret = topic("secret", 29, 29, &[0]);
        secret.partitions.extend(topic("secret", 0, 29, &[1]).partitions);
        let expected = answer(&[topic("orders", 0, 0, &[0]), topic("gone", 0, 100, &[2]), secret.clone()]);
        assert_eq!(client.answer(asked, answer(&[topic("orders", 0, 0, &[0])])), expected);

        // A broker that throttles answers no fetch, but acknowledgements.
        let asked = client.ask(1, &acknowledging(fetch(2, &[("secret", &[0])])));
        let throttled = answer(&[]).with_throttle_time_ms(100);
        let expected = throttled.clone().with_responses(vec![topic("secret", 0, 29, &[0])]);
        assert_eq!(client.answer(asked, throttled), expected);
    }

    #[test]
    fn a_request_that_renews_acknowledges_without_a_fetch() {
        let mut client = opened(&[("orders", &[0]), ("secret", &[0])]);
        let mut request = acknowledging(fetch(1, &[("secret", &[0])])).with_is_renew_ack(true);
        request.topics[0].partitions[0].acknowledgement_batches[0].acknowledge_types = vec![4];
        assert_eq!(client.ask(2, &request).response(), failed(ErrorCode::INVALID_REQUEST));

        let request = request.with_max_wait_ms(0).with_max_bytes(0);
        let asked = client.ask(2, &request.clone());
        assert_eq!(asked.forwarded(), &request.with_topics(Vec::new()), "the session is as it was");
        assert_eq!(client.answer(asked, answer(&[])), answer(&[topic("secret", 0, 29, &[0])]));
    }

    #[test]
    fn with_any_acknowledgement_every_named_partition_is_answered_and_malformed_ones_first() {
        let mut client = opened(&[]);
        let mut request = fetch(1, &[("secret", &[0, 1, 2])]);
        let batch = AcknowledgementBatch::default().with_first_offset(5).with_last_offset(4);
        request.topics[0].partitions[1].acknowledgement_batches = vec![batch.with_acknowledge_types(vec![1])];
        let asked = client.ask(1, &request);
        let mut secret = topic("secret", 29, 29, &[0]);
        secret.partitions.extend(topic("secret", 29, 42, &[1]).partitions);
        secret.partitions.extend(topic("secret", 29, 29, &[2]).partitions);
        assert_eq!(client.answer(asked, answer(&[])), answer(&[secret]));
    }

    #[test]
    fn a_revoked_topic_leaves_the_brokers_session_and_comes_back_when_it_is_allowed_again() {
        let mut client = opened(&[("orders", &[0, 1]), ("audit", &[0])]);
        client.acls_are_now(&["allow Read Group billing", "allow Read Topic audit"]);
        let asked = client.ask(1, &acknowledging(fetch(1, &[("orders", &[1])])));
        assert_eq!(asked.forwarded(), &forgetting(fetch(1, &[]), &[("orders", &[0, 1])]));
        let mut orders = topic("orders", 29, 0, &[0]);
        orders.partitions.extend(topic("orders", 29, 29, &[1]).partitions);
        assert_eq!(client.answer(asked, answer(&[])), answer(&[orders]));

        let asked = client.ask(1, &fetch(2, &[("orders", &[2])]));
        assert_eq!(asked.forwarded(), &fetch(2, &[]));

        client.acls_are_now(&READER);
        let asked = client.ask(1, &acknowledging(fetch(3, &[("orders", &[1])])));
        let mut added = acknowledging(fetch(3, &[("orders", &[1])]));
        added.topics[0].partitions.extend(fetch(3, &[("orders", &[0, 2])]).topics[0].partitions.clone());
        assert_eq!(asked.forwarded(), &added, "with all its partitions, and what is acknowledged");
        let broker = answer(&[topic("orders", 0, 0, &[0, 1, 2])]);
        assert_eq!(client.answer(asked, broker.clone()), broker);
    }

    #[test]
    fn the_group_and_the_member_come_first() {
        let request = || fetch(0, &[("orders", &[0])]);
        let nothing: &[&str] = &[];
        let group = &["denied Read Group other"][..];
        let allowed = &["allowed Read Group billing"][..];
        for (request, error, decisions) in [
            (request().with_group_id(None), ErrorCode::INVALID_REQUEST, nothing),
            (request().with_group_id(Some(str_bytes("other").into())), ErrorCode::GROUP_AUTHORIZATION_FAILED, group),
            (request().with_member_id(None), ErrorCode::INVALID_REQUEST, allowed),
            (request().with_member_id(Some(str_bytes(""))), ErrorCode::INVALID_REQUEST, allowed),
            (request().with_member_id(Some(str_bytes(&"x".repeat(37)))), ErrorCode::INVALID_REQUEST, allowed),
        ] {
            let mut client = client();
            assert_eq!(client.ask(1, &request).response(), failed(error));
            assert_eq!(client.decisions(), decisions);
        }
    }

    #[test]
    fn what_a_broker_would_refuse_changes_no_session() {
        let mut client = opened(&[("orders", &[0]), ("audit", &[0])]);
        let forgets = |epoch| forgetting(fetch(epoch, &[]), &[("orders", &[0])]);
        for epoch in [2, i32::MAX, -2] {
            let asked = client.ask(1, &forgets(epoch));
            assert_eq!(asked.response(), failed(ErrorCode::INVALID_SHARE_SESSION_EPOCH));
        }
        let opens_with_acknowledgements = acknowledging(fetch(0, &[("orders", &[0])]));
        let asked = client.ask(1, &opens_with_acknowledgements);
        assert_eq!(asked.response(), failed(ErrorCode::INVALID_REQUEST));
        let too_many: Vec<i32> = (0..50_000).collect();
        let asked = client.ask(1, &fetch(1, &[("audit", &too_many)]));
        assert_eq!(asked.response(), failed(ErrorCode::SHARE_SESSION_LIMIT_REACHED));

        client.ask(1, &fetch(1, &[]));
        assert_eq!(
            client.decisions(),
            ["allowed Read Group billing", "allowed Read Topic audit", "allowed Read Topic orders"]
        );
    }

    #[test]
    fn a_session_goes_on_only_where_it_was_opened() {
        let mut client = client();
        for request in [fetch(1, &[("orders", &[0])]), fetch(-1, &[]), fetch(-2, &[])] {
            assert!(is_not_found(client.ask(1, &request)));
            assert_eq!(client.decisions(), ["allowed Read Group billing"]);
        }
        let mut client = opened(&[("orders", &[0])]);
        let other = fetch(1, &[]).with_member_id(Some(str_bytes("member-2")));
        assert!(is_not_found(client.ask(1, &other)));
        assert!(client.ask(1, &fetch(1, &[])).went_on_as_it_came());
    }

    #[test]
    fn a_session_that_the_broker_did_not_open_is_not_remembered() {
        let mut client = opened(&[("orders", &[0])]);
        let asked = client.ask(1, &fetch(0, &[("orders", &[0])]));
        let refused = failed(ErrorCode::SHARE_SESSION_LIMIT_REACHED);
        assert_eq!(client.answer(asked, refused.clone()), refused);
        assert!(is_not_found(client.ask(1, &fetch(1, &[]))));

        let too_many: Vec<i32> = (0..50_001).collect();
        let asked = client.ask(1, &fetch(0, &[("orders", &too_many)]));
        assert_eq!(asked.response(), refused);
    }

    #[test]
    fn the_last_fetch_closes_the_session_and_answers_acknowledgements_alone() {
        let mut client = opened(&[("orders", &[0]), ("secret", &[0, 1])]);
        let asked = client.ask(1, &acknowledging(fetch(-1, &[("orders", &[0]), ("secret", &[1])])));
        assert_eq!(asked.forwarded(), &acknowledging(fetch(-1, &[("orders", &[0])])));
        let expected = answer(&[topic("orders", 0, 0, &[0]), topic("secret", 0, 29, &[1])]);
        assert_eq!(client.answer(asked, answer(&[topic("orders", 0, 0, &[0])])), expected);
        assert!(is_not_found(client.ask(1, &fetch(1, &[]))));
    }

    /// Somebody else who may read the group has opened the session anew, with topics of his own.
    #[test]
    fn what_was_never_decided_on_is_not_passed_on_and_ends_the_session() {
        for mine in [&[("orders", &[0][..])][..], &[("orders", &[0]), ("secret", &[0])]] {
            let mut client = opened(mine);
            let asked = client.ask(1, &fetch(1, &[]));
            let theirs = answer(&[topic("orders", 0, 0, &[0]), topic("audit", 0, 0, &[0])]);
            assert_eq!(client.answer(asked, theirs), failed(ErrorCode::SHARE_SESSION_NOT_FOUND));
            assert!(is_not_found(client.ask(1, &fetch(2, &[]))));
        }

        // Naming a topic without any partition decides nothing.
        let mut client = opened(&[("orders", &[0])]);
        let asked = client.ask(1, &fetch(1, &[("secret", &[])]));
        assert_eq!(asked.forwarded(), &fetch(1, &[]));
        let theirs = answer(&[topic("secret", 0, 0, &[0])]);
        assert_eq!(client.answer(asked, theirs), failed(ErrorCode::SHARE_SESSION_NOT_FOUND));
    }

    #[test]
    fn the_addresses_of_new_leaders_are_ours() {
        use protocol::messages::share_fetch_response::{LeaderIdAndEpoch, NodeEndpoint};
        let mut client = opened(&[("orders", &[0])]);
        let asked = client.ask(1, &fetch(1, &[]));
        let mut moved = topic("orders", ErrorCode::NOT_LEADER_OR_FOLLOWER.0, 0, &[0]);
        moved.partitions[0].current_leader = LeaderIdAndEpoch::default().with_leader_id(2).with_leader_epoch(7);
        let endpoint =
            |host, port| NodeEndpoint::default().with_node_id(2.into()).with_host(str_bytes(host)).with_port(port);
        let broker = answer(&[moved.clone()]).with_node_endpoints(vec![endpoint("kafka-2", 9092)]);
        let expected = answer(&[moved]).with_node_endpoints(vec![endpoint("doorkeeper", 9102)]);
        assert_eq!(client.answer(asked, broker), expected);
    }
}
