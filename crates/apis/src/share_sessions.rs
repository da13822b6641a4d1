//! The share sessions of one connection (KIP-932): Kafka's `ShareSession`, as far as a proxy has to know it.
//!
//! A broker remembers the partitions of a session, so that an idle ShareFetch names none, and finds the session by group
//! and member id, whoever asks and on whatever connection. All clients are one user to it, so the rule here is: **a
//! session goes on only on the connection that opened it** (epoch 0); on any other it is not found (error 122), and the
//! client opens one anew. A broker ends a session with its connection, so real clients see no difference.
//!
//! The partitions are remembered, since each fetch is decided for all of them, as in a broker; the epoch is kept in step
//! with the broker's. A denied topic is part of the session here but not at the broker, and neither is one whose id was
//! unknown when it was named, which stays so, as in a broker, until it is named again:
//!
//! ```text
//!           allowed                 no longer allowed
//!   New ──────────────▶ AtBroker ──────────────────────▶ Here
//!    └─────────────────── denied or unknown ──────────────▲ │ allowed (again): all its partitions are added
//!                          ▲────────────────────────────────┘
//! ```
//!
//! Another connection may still open a session of the same group and member, as it may at a broker, and the broker's is
//! then not the one remembered here. That is found out by its answers ([`crate::share_fetch`]).
//!
//! Bounded: one that would be too large is refused as a broker does whose cache is full (error 133), and the oldest of too
//! many is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use acl::{AclOperation, ResourceType};
use protocol::messages::GroupId;
use protocol::{ErrorCode, StrBytes};
use uuid::Uuid;

use crate::RequestContext;

/// Opens a session, in place of the one there may be.
pub(crate) const INITIAL_EPOCH: i32 = 0;
/// Closes the session, whatever its epoch is.
pub(crate) const FINAL_EPOCH: i32 = -1;

/// Most sessions of one connection. Clients have one.
const MAX_SESSIONS: usize = 8;

/// Most partitions of all sessions of one connection, about 10 bytes each.
const MAX_PARTITIONS: usize = 50_000;

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShareMember {
    group: Box<str>,
    member: Box<str>,
}

impl ShareMember {
    /// What ShareFetch and ShareAcknowledge ask first, in a broker's order: a group, Read on it, a member id.
    pub(crate) fn authorize(
        group: Option<&GroupId>,
        member: Option<&StrBytes>,
        context: &mut RequestContext<'_>,
    ) -> Result<ShareMember, ErrorCode> {
        let group = group.ok_or(ErrorCode::INVALID_REQUEST)?;
        if !context.authorize(AclOperation::Read, ResourceType::Group, &group.0) {
            return Err(ErrorCode::GROUP_AUTHORIZATION_FAILED);
        }
        let member = member.filter(|member| is_member_id(member)).ok_or(ErrorCode::INVALID_REQUEST)?;
        Ok(ShareMember { group: Box::from(&*group.0), member: Box::from(&**member) })
    }
}

/// `KafkaApis.isMemberIdValid`: not empty, and at most 36 characters as Java counts them.
pub(crate) fn is_member_id(text: &str) -> bool {
    !text.is_empty() && text.encode_utf16().count() <= 36
}

/// The share sessions that a connection opened, the one used longest ago first.
#[derive(Debug, Default)]
pub(crate) struct ShareSessions {
    sessions: Vec<(ShareMember, ShareSession)>,
}

impl ShareSessions {
    /// Takes a session out, to be changed and put back, or because it has ended.
    pub(crate) fn take(&mut self, member: &ShareMember) -> Option<ShareSession> {
        let index = self.sessions.iter().position(|(other, _)| other == member)?;
        Some(self.sessions.remove(index).1)
    }

    /// Remembers a session, and forgets the oldest ones if there is no room.
    pub(crate) fn put(&mut self, member: ShareMember, session: ShareSession) {
        self.sessions.retain(|(other, _)| *other != member);
        self.sessions.push((member, session));
        let partitions =
            |sessions: &[(ShareMember, ShareSession)]| -> usize { sessions.iter().map(|(_, s)| s.partitions()).sum() };
        while self.sessions.len() > MAX_SESSIONS || partitions(&self.sessions) > MAX_PARTITIONS {
            self.sessions.remove(0);
        }
    }

    /// `SharePartitionManager.acknowledgeSessionUpdate`, and the end of a session that is acknowledged for the last time.
    pub(crate) fn acknowledge(&mut self, member: &ShareMember, epoch: i32) -> Result<(), ErrorCode> {
        if epoch == INITIAL_EPOCH {
            return Err(ErrorCode::INVALID_SHARE_SESSION_EPOCH);
        }
        let mut session = self.take(member).ok_or(ErrorCode::SHARE_SESSION_NOT_FOUND)?;
        if epoch == FINAL_EPOCH {
            return Ok(());
        }
        let advanced = session.advance(epoch);
        self.put(member.clone(), session);
        advanced
    }
}

/// One session.
#[derive(Debug)]
pub(crate) struct ShareSession {
    /// What the next request has to say.
    epoch: i32,
    topics: BTreeMap<Uuid, SessionTopic>,
}

/// A topic of a session. Its partitions share its fate, because what is decided is its name.
#[derive(Debug)]
struct SessionTopic {
    /// None where no topic had the id.
    name: Option<StrBytes>,
    place: Place,
    partitions: BTreeSet<i32>,
}

/// Who knows the partitions of a topic of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Just named, and not decided yet.
    New,
    /// Allowed: the broker knows them.
    AtBroker,
    /// Denied, or without a name: only we do.
    Here,
}

/// What the broker has to be told after a decision, beyond what the client said: topics with all their partitions.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Have become allowed.
    pub(crate) allowed_again: Vec<(Uuid, BTreeSet<i32>)>,
    /// Are no longer allowed.
    pub(crate) revoked: Vec<(Uuid, BTreeSet<i32>)>,
}

impl ShareSession {
    /// The session that a broker creates for a request of epoch 0.
    pub(crate) fn new() -> ShareSession {
        ShareSession { epoch: 1, topics: BTreeMap::new() }
    }

    /// A request of the expected epoch is accepted (`ShareRequestMetadata.nextEpoch`); another one changes nothing.
    pub(crate) fn advance(&mut self, epoch: i32) -> Result<(), ErrorCode> {
        if epoch != self.epoch {
            return Err(ErrorCode::INVALID_SHARE_SESSION_EPOCH);
        }
        self.epoch = self.epoch.checked_add(1).unwrap_or(1);
        Ok(())
    }

    /// The name of a topic of the session.
    pub(crate) fn name(&self, id: Uuid) -> Option<&StrBytes> {
        self.topics.get(&id)?.name.as_ref()
    }

    /// Whether a partition is part of the session.
    pub(crate) fn contains(&self, id: Uuid, partition: i32) -> bool {
        self.topics.get(&id).is_some_and(|topic| topic.partitions.contains(&partition))
    }

    /// Adds partitions. The name is copied: it must not keep a whole frame in memory.
    pub(crate) fn add(&mut self, id: Uuid, name: Option<&StrBytes>, partitions: impl IntoIterator<Item = i32>) {
        let mut partitions = partitions.into_iter().peekable();
        if partitions.peek().is_none() {
            return;
        }
        let known = self.topics.entry(id).or_insert_with(|| SessionTopic {
            name: None,
            place: Place::New,
            partitions: BTreeSet::new(),
        });
        if known.name.is_none() {
            known.name = name.map(|name| StrBytes::from_string(name.to_string()));
        }
        known.partitions.extend(partitions);
    }

    /// Removes partitions.
    pub(crate) fn forget(&mut self, id: Uuid, partitions: &[i32]) {
        if let Some(known) = self.topics.get_mut(&id) {
            for partition in partitions {
                known.partitions.remove(partition);
            }
            if known.partitions.is_empty() {
                self.topics.remove(&id);
            }
        }
    }

    /// Names of topics, and how many of their partitions are part of the session.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&StrBytes, usize)> {
        self.topics.values().filter_map(|topic| Some((topic.name.as_ref()?, topic.partitions.len())))
    }

    /// Takes note of which names are allowed now.
    pub(crate) fn decide(&mut self, allowed: impl Fn(&StrBytes) -> bool) -> Changes {
        let mut changes = Changes::default();
        for (id, topic) in &mut self.topics {
            let now = if topic.name.as_ref().is_some_and(&allowed) { Place::AtBroker } else { Place::Here };
            match (topic.place, now) {
                (Place::Here, Place::AtBroker) => changes.allowed_again.push((*id, topic.partitions.clone())),
                (Place::AtBroker, Place::Here) => changes.revoked.push((*id, topic.partitions.clone())),
                _ => {}
            }
            topic.place = now;
        }
        changes
    }

    /// Topics that the broker is to know.
    pub(crate) fn allowed_topics(&self) -> impl Iterator<Item = Uuid> {
        self.topics.iter().filter(|(_, topic)| topic.place == Place::AtBroker).map(|(id, _)| *id)
    }

    /// Topics that are answered here, the code for them, and their partitions.
    pub(crate) fn erroneous_topics(&self) -> impl Iterator<Item = (Uuid, ErrorCode, &BTreeSet<i32>)> {
        self.topics.iter().filter(|(_, topic)| topic.place == Place::Here).map(|(id, topic)| {
            let error = match topic.name {
                Some(_) => ErrorCode::TOPIC_AUTHORIZATION_FAILED,
                None => ErrorCode::UNKNOWN_TOPIC_ID,
            };
            (*id, error, &topic.partitions)
        })
    }

    /// Whether it could be kept with so many partitions more.
    pub(crate) fn has_room_for(&self, partitions: usize) -> bool {
        self.partitions().saturating_add(partitions) <= MAX_PARTITIONS
    }

    fn partitions(&self) -> usize {
        self.topics.values().map(|topic| topic.partitions.len()).sum()
    }
}

/// What is answered for partitions here: by topic and partition, a code.
pub(crate) type PartitionErrors = BTreeMap<Uuid, BTreeMap<i32, ErrorCode>>;

/// The acknowledgements of one request: whether those of a partition are well formed. Of a partition named twice the last
/// count, as in a broker.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged {
    topics: BTreeMap<Uuid, BTreeMap<i32, bool>>,
}

impl Acknowledged {
    /// Takes note of the batches of a partition: first offset, last offset, types; and whether they may renew.
    pub(crate) fn add<'a>(
        &mut self,
        id: Uuid,
        partition: i32,
        batches: impl Iterator<Item = (i64, i64, &'a [i8])>,
        renews: bool,
    ) {
        self.topics.entry(id).or_default().insert(partition, are_well_formed(batches, renews));
    }

    /// Topics, and how many of their partitions are named.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = (Uuid, usize)> {
        self.topics.iter().map(|(id, partitions)| (*id, partitions.len()))
    }

    /// What a broker answers before it looks at what is acknowledged (`KafkaApis.handleAcknowledgements`).
    pub(crate) fn refused(&self, allowed: impl Fn(Uuid) -> Option<bool>) -> PartitionErrors {
        let mut refused = PartitionErrors::new();
        for (id, partitions) in &self.topics {
            let error = |well_formed: &bool| match (allowed(*id), well_formed) {
                (None, _) => ErrorCode::UNKNOWN_TOPIC_ID,
                (Some(_), false) => ErrorCode::INVALID_REQUEST,
                (Some(_), true) => ErrorCode::TOPIC_AUTHORIZATION_FAILED,
            };
            if allowed(*id) != Some(true) {
                refused.insert(*id, partitions.iter().map(|(index, batches)| (*index, error(batches))).collect());
            }
        }
        refused
    }
}

/// `KafkaApis.validateAcknowledgementBatches`: gap, accept, release and reject are 0 to 3, renew is 4 (KIP-1222), which a
/// request of version 2 has to announce.
fn are_well_formed<'a>(batches: impl Iterator<Item = (i64, i64, &'a [i8])>, renews: bool) -> bool {
    let last_type = if renews { 4 } else { 3 };
    let mut last_end = -1;
    for (first, last, types) in batches {
        let one_for_all_or_each =
            types.len() == 1 || i64::try_from(types.len()).is_ok_and(|count| last.wrapping_sub(first) == count - 1);
        let known = types.iter().all(|kind| (0..=last_type).contains(kind));
        if first > last || first < last_end || types.is_empty() || !one_for_all_or_each || !known {
            return false;
        }
        last_end = last;
    }
    true
}

#[cfg(test)]
mod tests {
    use protocol::messages::share_fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
    use protocol::messages::{ShareFetchRequest, ShareFetchResponse};

    use super::*;
    use crate::testing::{Client, str_bytes, topic_id};

    fn member(name: &str) -> ShareMember {
        ShareMember { group: "billing".into(), member: name.into() }
    }

    fn session(partitions: std::ops::Range<i32>) -> ShareSession {
        let mut session = ShareSession::new();
        session.add(topic_id("orders"), Some(&str_bytes("orders")), partitions);
        session
    }

    fn members(sessions: &ShareSessions) -> Vec<&str> {
        sessions.sessions.iter().map(|(member, _)| &*member.member).collect()
    }

    #[test]
    fn the_sessions_used_longest_ago_make_room() {
        let mut sessions = ShareSessions::default();
        for name in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
            sessions.put(member(name), session(0..1));
        }
        assert_eq!(members(&sessions), ["2", "3", "4", "5", "6", "7", "8", "9"]);

        let used = sessions.take(&member("2")).unwrap();
        assert!(sessions.take(&member("2")).is_none());
        sessions.put(member("2"), used);
        sessions.put(member("10"), session(0..49_999));
        assert_eq!(members(&sessions), ["2", "10"]);
    }

    #[test]
    fn epochs_begin_anew_after_the_last_one_and_never_become_zero() {
        let mut session = session(0..1);
        session.epoch = i32::MAX;
        assert_eq!(session.advance(1), Err(ErrorCode::INVALID_SHARE_SESSION_EPOCH));
        assert_eq!(session.advance(i32::MAX), Ok(()));
        assert_eq!(session.advance(1), Ok(()));
        assert_eq!(session.advance(2), Ok(()));
    }

    #[test]
    fn member_ids_are_counted_as_java_does() {
        assert!(is_member_id(&"x".repeat(36)) && is_member_id(&"ä".repeat(36)) && is_member_id(&"😀".repeat(18)));
        assert!(!is_member_id("") && !is_member_id(&"x".repeat(37)) && !is_member_id(&"😀".repeat(19)));
    }

    /// A broker's side of a session, as `SharePartitionManager` and `ShareSession` keep it.
    #[derive(Default)]
    struct Broker {
        session: Option<(i32, Kept)>,
    }

    type Kept = BTreeSet<(Uuid, i32)>;

    impl Broker {
        fn answer(&mut self, request: &ShareFetchRequest) -> ShareFetchResponse {
            let named = request
                .topics
                .iter()
                .flat_map(|topic| topic.partitions.iter().map(|partition| (topic.topic_id, partition.partition_index)));
            match request.share_session_epoch {
                INITIAL_EPOCH => self.session = Some((1, named.collect())),
                FINAL_EPOCH => self.session = None,
                asked => {
                    let (epoch, kept) = self.session.as_mut().expect("a session goes on only while it is known");
                    assert_eq!(asked, *epoch, "we refuse what a broker would");
                    *epoch += 1;
                    kept.extend(named);
                    for topic in &request.forgotten_topics_data {
                        topic.partitions.iter().for_each(|p| {
                            kept.remove(&(topic.topic_id, *p));
                        });
                    }
                }
            }
            ShareFetchResponse::default()
        }
    }

    #[test]
    fn a_brokers_session_holds_exactly_what_is_allowed_of_the_clients() {
        const TOPICS: [&str; 3] = ["a", "b", "c"];
        let mut seed = 42u64;
        let mut random = move |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let mut client =
            TOPICS.iter().fold(Client::with(&["allow Read Group g"]), |client, name| client.topic(name, 3));
        let (mut broker, mut epoch, mut wanted) = (Broker::default(), INITIAL_EPOCH, Kept::new());
        let mut allowed: Vec<Uuid> = Vec::new();
        let mut went_on = 0;
        for _ in 0..20_000 {
            if random(4) == 0 {
                let names: Vec<&str> = TOPICS.iter().filter(|_| random(3) > 0).copied().collect();
                let mut acls = vec!["allow Read Group g".to_owned()];
                acls.extend(names.iter().map(|name| format!("allow Read Topic {name}")));
                client.acls_are_now(&acls.iter().map(String::as_str).collect::<Vec<_>>());
                allowed = names.iter().map(|name| topic_id(name)).collect();
            }
            if epoch != INITIAL_EPOCH && random(50) == 0 {
                epoch = if random(2) == 0 { INITIAL_EPOCH } else { FINAL_EPOCH };
            }
            if epoch == INITIAL_EPOCH {
                wanted.clear();
            }
            let mut request = ShareFetchRequest::default()
                .with_group_id(Some(str_bytes("g").into()))
                .with_member_id(Some(str_bytes("m")))
                .with_share_session_epoch(epoch);
            for _ in 0..random(3) {
                let (id, index) = (topic_id(TOPICS[random(3) as usize]), random(3) as i32);
                let partition = FetchPartition::default().with_partition_index(index);
                request.topics.push(FetchTopic::default().with_topic_id(id).with_partitions(vec![partition]));
                wanted.insert((id, index));
            }
            if epoch > INITIAL_EPOCH && random(3) == 0 {
                let (id, index) = (topic_id(TOPICS[random(3) as usize]), random(3) as i32);
                let forgotten = ForgottenTopic::default().with_topic_id(id).with_partitions(vec![index]);
                request.forgotten_topics_data.push(forgotten);
                wanted.remove(&(id, index));
            }
            if epoch == FINAL_EPOCH {
                wanted.clear();
            }

            let asked = client.ask(1, &request);
            let answer = broker.answer(asked.forwarded());
            let response = client.answer(asked, answer);
            let denied: Kept = (response.responses.iter())
                .flat_map(|topic| topic.partitions.iter().map(|p| (topic.topic_id, p.partition_index)))
                .collect();
            let may_read = |(id, _): &&(Uuid, i32)| allowed.contains(id);
            let expected: Kept = wanted.iter().filter(|partition| !may_read(partition)).copied().collect();
            assert_eq!((response.error_code, denied), (0, expected));
            let kept = broker.session.as_ref().map(|(_, kept)| kept.clone()).unwrap_or_default();
            assert_eq!(kept, wanted.iter().filter(may_read).copied().collect());
            went_on += usize::from(epoch > INITIAL_EPOCH);
            epoch = if epoch == FINAL_EPOCH { INITIAL_EPOCH } else { epoch + 1 };
        }
        assert!(went_on > 15_000, "{went_on} fetches of sessions");
    }
}
