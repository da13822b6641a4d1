//! The fetch sessions of one connection (KIP-227): Kafka's `FetchSession`, as far as a proxy has to know it.
//!
//! A broker remembers the partitions of a session, so that an idle fetch names none, and finds the session by its id
//! alone. All clients are one user to it, so a session here belongs to the connection that created it, and its
//! partitions are remembered: each fetch is decided for all of them, as in a broker. The epoch is kept in step with the
//! broker's: what the broker would refuse must not change what is remembered, or a partition could be in its session
//! and no longer in ours.
//!
//! A denied partition is part of the session here but not at the broker ([`Place`]):
//!
//! ```text
//!           allowed                 no longer allowed
//!   New ──────────────▶ AtBroker ──────────────────────▶ Here
//!    └──────────────────────────── denied ────────────────▲ │ allowed again: all its partitions are added
//!                          ▲────────────────────────────────┘
//! ```
//!
//! Bounded: a session too large, or the oldest of too many, is not kept. A broker may do so, too: the client starts anew.

use std::collections::{BTreeMap, BTreeSet};

use protocol::messages::TopicName;
use protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use protocol::{ErrorCode, StrBytes};
use uuid::Uuid;

/// Most sessions of one connection. Clients have one.
const MAX_SESSIONS: usize = 8;

/// Most partitions of all sessions of one connection, about 100 bytes each.
const MAX_PARTITIONS: usize = 50_000;

/// The fetch sessions that a connection created, the one used longest ago first.
#[derive(Debug, Default)]
pub(crate) struct FetchSessions {
    sessions: Vec<(i32, FetchSession)>,
}

impl FetchSessions {
    /// Takes a session out, to be changed and put back, or because it has ended.
    pub(crate) fn take(&mut self, id: i32) -> Option<FetchSession> {
        let index = self.sessions.iter().position(|(other, _)| *other == id)?;
        Some(self.sessions.remove(index).1)
    }

    /// Remembers a session, and forgets the oldest ones if there is no room.
    pub(crate) fn put(&mut self, id: i32, session: FetchSession) {
        self.sessions.retain(|(other, _)| *other != id);
        self.sessions.push((id, session));
        let partitions =
            |sessions: &[(i32, FetchSession)]| -> usize { sessions.iter().map(|(_, s)| s.partitions()).sum() };
        while self.sessions.len() > MAX_SESSIONS || partitions(&self.sessions) > MAX_PARTITIONS {
            self.sessions.remove(0);
        }
    }
}

/// One session: its topics, by name or (from version 13 on) by id.
#[derive(Debug)]
pub(crate) struct FetchSession {
    by_id: bool,
    /// What the next incremental request has to say.
    epoch: i32,
    topics: BTreeMap<TopicKey, SessionTopic>,
}

/// How requests and answers name a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TopicKey {
    Name(TopicName),
    Id(Uuid),
}

/// A topic of a session. Its partitions share its fate, because what is decided is its name.
#[derive(Debug)]
struct SessionTopic {
    name: StrBytes,
    place: Place,
    /// As the client last asked for them.
    partitions: BTreeMap<i32, FetchPartition>,
}

/// Who knows the partitions of a topic of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Just asked for, and not decided yet.
    New,
    /// Allowed: the broker knows them.
    AtBroker,
    /// Denied: only we do.
    Here,
}

/// What the broker has to be told after a decision, beyond what the client said.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Topics that have become allowed, with all their partitions.
    pub(crate) allowed_again: BTreeSet<TopicKey>,
    /// Topics that are no longer allowed.
    pub(crate) revoked: Vec<ForgottenTopic>,
}

impl FetchSession {
    /// The session that a broker creates for a full fetch.
    pub(crate) fn new(by_id: bool) -> FetchSession {
        FetchSession { by_id, epoch: 1, topics: BTreeMap::new() }
    }

    /// Why a broker would refuse an incremental request, leaving the session as it is.
    pub(crate) fn refusal(&self, epoch: i32, by_id: bool) -> Option<ErrorCode> {
        if self.epoch != epoch {
            Some(ErrorCode::INVALID_FETCH_SESSION_EPOCH)
        } else if self.by_id != by_id {
            Some(ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR)
        } else {
            None
        }
    }

    /// An incremental request is accepted: `FetchMetadata.nextEpoch`.
    pub(crate) fn advance(&mut self) {
        self.epoch = self.epoch.checked_add(1).unwrap_or(1);
    }

    /// The name of a topic of the session.
    pub(crate) fn name(&self, key: &TopicKey) -> Option<StrBytes> {
        self.topics.get(key).map(|topic| topic.name.clone())
    }

    /// Adds partitions, or changes what is asked of them. The name is copied: it must not keep a whole frame in memory.
    pub(crate) fn update(&mut self, topic: &FetchTopic, name: &str) {
        if topic.partitions.is_empty() {
            return;
        }
        let copy = || StrBytes::from_string(name.to_owned());
        let key = if self.by_id { TopicKey::Id(topic.topic_id) } else { TopicKey::Name(copy().into()) };
        let known = self.topics.entry(key).or_insert_with(|| SessionTopic {
            name: copy(),
            place: Place::New,
            partitions: BTreeMap::new(),
        });
        for partition in &topic.partitions {
            let partition = partition.clone().with_unknown_tagged_fields(BTreeMap::new());
            known.partitions.insert(partition.partition, partition);
        }
    }

    /// Removes partitions.
    pub(crate) fn forget(&mut self, topic: &ForgottenTopic) {
        let key = TopicKey::of(&topic.topic, topic.topic_id, self.by_id);
        if let Some(known) = self.topics.get_mut(&key) {
            for partition in &topic.partitions {
                known.partitions.remove(partition);
            }
            if known.partitions.is_empty() {
                self.topics.remove(&key);
            }
        }
    }

    /// Asks for every topic, with its name and number of partitions, whether it is allowed now.
    pub(crate) fn decide(&mut self, mut allowed: impl FnMut(&StrBytes, usize) -> bool) -> Changes {
        let mut changes = Changes::default();
        for (key, topic) in &mut self.topics {
            let now = if allowed(&topic.name, topic.partitions.len()) { Place::AtBroker } else { Place::Here };
            match (topic.place, now) {
                (Place::Here, Place::AtBroker) => {
                    changes.allowed_again.insert(key.clone());
                }
                (Place::AtBroker, Place::Here) => changes.revoked.push(topic.forgotten(key)),
                _ => {}
            }
            topic.place = now;
        }
        changes
    }

    /// Whether the broker is to know a topic.
    pub(crate) fn is_allowed(&self, key: &TopicKey) -> bool {
        self.topics.get(key).is_some_and(|topic| topic.place == Place::AtBroker)
    }

    /// Whether the broker is to know any topic. Its session ends with the last one.
    pub(crate) fn has_allowed_topics(&self) -> bool {
        self.topics.values().any(|topic| topic.place == Place::AtBroker)
    }

    /// Topics that the broker is to know, with all their partitions.
    pub(crate) fn allowed_topics(&self) -> impl Iterator<Item = FetchTopic> {
        let allowed = self.topics.iter().filter(|(_, topic)| topic.place == Place::AtBroker);
        allowed.map(|(key, topic)| topic.asked_for(key))
    }

    /// One topic with all its partitions.
    pub(crate) fn topic(&self, key: &TopicKey) -> Option<FetchTopic> {
        Some(self.topics.get(key)?.asked_for(key))
    }

    /// Topics that are denied, and the numbers of their partitions.
    pub(crate) fn denied_topics(&self) -> impl Iterator<Item = (&TopicKey, Vec<i32>)> {
        let denied = self.topics.iter().filter(|(_, topic)| topic.place == Place::Here);
        denied.map(|(key, topic)| (key, topic.partitions.keys().copied().collect()))
    }

    /// Whether it can be kept at all.
    pub(crate) fn fits(&self) -> bool {
        self.partitions() <= MAX_PARTITIONS
    }

    fn partitions(&self) -> usize {
        self.topics.values().map(|topic| topic.partitions.len()).sum()
    }
}

impl SessionTopic {
    fn asked_for(&self, key: &TopicKey) -> FetchTopic {
        FetchTopic::default()
            .with_topic(key.name())
            .with_topic_id(key.id())
            .with_partitions(self.partitions.values().cloned().collect())
    }

    fn forgotten(&self, key: &TopicKey) -> ForgottenTopic {
        ForgottenTopic::default()
            .with_topic(key.name())
            .with_topic_id(key.id())
            .with_partitions(self.partitions.keys().copied().collect())
    }
}

impl TopicKey {
    pub(crate) fn of(name: &TopicName, id: Uuid, by_id: bool) -> TopicKey {
        if by_id { TopicKey::Id(id) } else { TopicKey::Name(name.clone()) }
    }

    /// Empty for a topic by id.
    pub(crate) fn name(&self) -> TopicName {
        match self {
            TopicKey::Name(name) => name.clone(),
            TopicKey::Id(_) => TopicName::default(),
        }
    }

    /// Zero for a topic by name.
    pub(crate) fn id(&self) -> Uuid {
        match self {
            TopicKey::Name(_) => Uuid::nil(),
            TopicKey::Id(id) => *id,
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::{FetchRequest, FetchResponse};

    use super::*;
    use crate::testing::{Client, str_bytes};

    fn session(topic: &str, partitions: std::ops::Range<i32>) -> FetchSession {
        let partition = |partition| FetchPartition::default().with_partition(partition);
        let topic = FetchTopic::default()
            .with_topic(str_bytes(topic).into())
            .with_partitions(partitions.map(partition).collect());
        let mut session = FetchSession::new(false);
        session.update(&topic, &topic.topic);
        session
    }

    fn ids(sessions: &FetchSessions) -> Vec<i32> {
        sessions.sessions.iter().map(|(id, _)| *id).collect()
    }

    #[test]
    fn the_sessions_used_longest_ago_make_room() {
        let mut sessions = FetchSessions::default();
        for id in 1..=9 {
            sessions.put(id, session("orders", 0..1));
        }
        assert_eq!(ids(&sessions), [2, 3, 4, 5, 6, 7, 8, 9]);

        let used = sessions.take(2).unwrap();
        assert!(sessions.take(2).is_none());
        sessions.put(2, used);
        sessions.put(10, session("orders", 0..1));
        assert_eq!(ids(&sessions), [4, 5, 6, 7, 8, 9, 2, 10]);

        sessions.put(11, session("orders", 0..49_999));
        assert_eq!(ids(&sessions), [10, 11]);
    }

    #[test]
    fn epochs_begin_anew_after_the_last_one_and_never_become_zero() {
        let mut session = session("orders", 0..1);
        assert_eq!(session.refusal(1, false), None);
        session.epoch = i32::MAX;
        assert_eq!(session.refusal(1, false), Some(ErrorCode::INVALID_FETCH_SESSION_EPOCH));
        session.advance();
        assert_eq!(session.refusal(1, false), None);
        assert_eq!(session.refusal(1, true), Some(ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR));
        assert_eq!(session.refusal(2, true), Some(ErrorCode::INVALID_FETCH_SESSION_EPOCH), "which is looked at first");
    }

    /// A broker's side of a session, as `FetchManager` and `FetchSession` keep it, and a client's.
    #[derive(Default)]
    struct Broker {
        granted: i32,
        session: Option<(i32, i32, Kept)>,
    }

    type Kept = BTreeMap<(TopicName, i32), i64>;

    impl Broker {
        fn answer(&mut self, request: &FetchRequest) -> FetchResponse {
            let asked = |kept: &mut Kept| {
                for topic in &request.topics {
                    let offset = |p: &FetchPartition| ((topic.topic.clone(), p.partition), p.fetch_offset);
                    kept.extend(topic.partitions.iter().map(offset));
                }
            };
            if request.session_epoch <= 0 {
                if request.session_id != 0 {
                    let own = self.session.take().expect("only a session that was granted is named");
                    assert_eq!(own.0, request.session_id);
                }
                if request.session_epoch == 0 {
                    let mut kept = Kept::new();
                    asked(&mut kept);
                    self.granted += 1;
                    self.session = Some((self.granted, 1, kept));
                    return FetchResponse::default().with_session_id(self.granted);
                }
                return FetchResponse::default();
            }
            let (id, epoch, kept) = self.session.as_mut().expect("a session goes on only while it is known");
            assert_eq!((request.session_id, request.session_epoch), (*id, *epoch), "we refuse what a broker would");
            *epoch += 1;
            asked(kept);
            for topic in &request.forgotten_topics_data {
                topic.partitions.iter().for_each(|p| {
                    kept.remove(&(topic.topic.clone(), *p));
                });
            }
            assert!(!kept.is_empty(), "a session of which nothing is left is closed");
            FetchResponse::default().with_session_id(*id)
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
        let (mut client, mut broker) = (Client::with(&[]), Broker::default());
        let (mut id, mut epoch, mut wanted) = (0, 0, Kept::new());
        let mut acls: Vec<String> = Vec::new();
        let mut went_on = 0;
        for _ in 0..20_000 {
            if random(4) == 0 {
                let allowed = TOPICS.iter().filter(|_| random(3) > 0);
                acls = allowed.map(|topic| format!("allow Read Topic {topic}")).collect();
                client.acls_are_now(&acls.iter().map(String::as_str).collect::<Vec<_>>());
            }
            let name = |topic: u64| TopicName::from(str_bytes(TOPICS[topic as usize]));
            let mut request = FetchRequest::default();
            if epoch <= 0 || random(50) == 0 {
                (epoch, wanted) = (0, Kept::new());
            }
            for _ in 0..random(3) {
                let (topic, partition, offset) = (name(random(3)), random(3) as i32, random(9) as i64);
                let asked = FetchPartition::default().with_partition(partition).with_fetch_offset(offset);
                request.topics.push(FetchTopic::default().with_topic(topic.clone()).with_partitions(vec![asked]));
                wanted.insert((topic, partition), offset);
            }
            if epoch > 0 && random(3) == 0 {
                let (topic, partition) = (name(random(3)), random(3) as i32);
                let forgotten = ForgottenTopic::default().with_topic(topic.clone()).with_partitions(vec![partition]);
                request.forgotten_topics_data.push(forgotten);
                wanted.remove(&(topic, partition));
            }
            let may_read = |topic: &str| acls.contains(&format!("allow Read Topic {topic}"));

            let asked = client.ask(12, &request.with_session_id(id).with_session_epoch(epoch));
            let response = match asked.try_forwarded() {
                None => asked.response(),
                Some(forwarded) => {
                    let response = broker.answer(forwarded);
                    client.answer(asked, response)
                }
            };

            let denied: BTreeSet<(TopicName, i32)> = response
                .responses
                .iter()
                .flat_map(|topic| topic.partitions.iter().map(|p| (topic.topic.clone(), p.partition_index)))
                .collect();
            let expected = wanted.keys().filter(|(topic, _)| !may_read(topic)).cloned().collect();
            assert_eq!((response.error_code, denied), (0, expected));
            if response.session_id == 0 {
                assert!(broker.session.is_none());
                (id, epoch) = (0, 0);
                continue;
            }
            went_on += 1;
            (id, epoch) = (response.session_id, if id == response.session_id { epoch + 1 } else { 1 });
            let kept = broker.session.as_ref().map(|(_, _, kept)| kept.clone()).unwrap_or_default();
            let allowed: Kept = wanted.clone().into_iter().filter(|((topic, _), _)| may_read(topic)).collect();
            assert_eq!(kept, allowed);
        }
        assert!(went_on > 5_000, "{went_on} fetches of sessions");
    }
}
