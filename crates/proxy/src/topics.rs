//! What a decision needs to know of topics, asked of the very broker that the client's connection belongs to.
//!
//! Ids of topics are never used twice, so an id and its name may be remembered. Whether a topic exists is asked every
//! time: topics come and go behind our back. `auto.create.topics.enable` is remembered for seconds, and an id that no topic
//! has for one.
//!
//! All clients of a broker share one control connection, which is answered in order. So what one look-up asks is asked in
//! slices, one after the other: between two of them others have their turn. A client's connection has one look-up under way.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acl::KafkaPrincipal;
use apis::{Found, FoundMember, FoundTopic, Lookup};
use client::{MetadataTopics, RequestError};
use dashmap::DashMap;
use protocol::messages::metadata_response::MetadataResponseTopic;
use protocol::{ApiKey, ErrorCode, StrBytes};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::brokers::Node;
use crate::groups::Groups;
use crate::matching::Matching;

/// Names of topic ids that are remembered; when there are more, the memory begins anew.
const MOST_NAMES: usize = 65_536;

/// Topics that are asked about at once.
const SLICE: usize = 1000;

/// How long a whole look-up may take, however many slices it has. Each has the deadline of a request besides.
const LONGEST_LOOKUP: Duration = Duration::from_secs(60);

/// How long an id is believed to be nobody's. A topic that was just created may be unknown to its clients for so long, as
/// while the news of it travels from broker to broker.
const UNKNOWN_KEPT: Duration = Duration::from_secs(1);

/// How long `auto.create.topics.enable` of a broker is believed. It can only be changed by a restart.
const AUTO_CREATE_KEPT: Duration = Duration::from_secs(5);

const AUTO_CREATE: &str = "auto.create.topics.enable";

/// Why something could not be looked up: then nothing can be decided, and the connection is closed.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum LookupError {
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The broker's, or the operator's: the upstream user must be allowed everything.
    #[error("broker `{node_id}` answered {api_key} with {} ({}): may doorkeeper's user do that?", error.name(), error.0)]
    Refused { node_id: i32, api_key: ApiKey, error: ErrorCode },
    /// One slice after the other was answered, but all of them took too long.
    #[error("broker `{node_id}` has not answered all that was asked of it within {after:?}: ask for less at a time")]
    TooLong { node_id: i32, after: Duration },
    /// The broker's.
    #[error("broker `{node_id}` did not say what `{AUTO_CREATE}` is")]
    NoAutoCreate { node_id: i32 },
}

/// Looks up what decisions need. One for the process.
#[derive(Debug)]
pub(crate) struct Topics {
    names: DashMap<Uuid, StrBytes>,
    most_names: usize,
    longest_lookup: Duration,
    /// When ids were found to be nobody's.
    unknown: DashMap<Uuid, Instant>,
    unknown_kept: Duration,
    auto_create: Mutex<HashMap<i32, (Instant, bool)>>,
    groups: Groups,
    matching: Matching,
}

impl Default for Topics {
    fn default() -> Topics {
        Topics {
            names: DashMap::new(),
            most_names: MOST_NAMES,
            longest_lookup: LONGEST_LOOKUP,
            unknown: DashMap::new(),
            unknown_kept: UNKNOWN_KEPT,
            auto_create: Mutex::default(),
            groups: Groups::default(),
            matching: Matching::default(),
        }
    }
}

impl Topics {
    pub(crate) fn new() -> Arc<Topics> {
        Arc::default()
    }

    /// Everything a look-up of the caller's request asks for.
    pub(crate) async fn resolve(
        &self,
        node: &Node,
        caller: &KafkaPrincipal,
        lookup: &Lookup,
    ) -> Result<Found, LookupError> {
        let after = self.longest_lookup;
        let too_long = |_| Err(LookupError::TooLong { node_id: node.id(), after });
        timeout(after, self.resolve_all(node, caller, lookup)).await.unwrap_or_else(too_long)
    }

    /// What exists is asked before anything is created.
    async fn resolve_all(&self, node: &Node, caller: &KafkaPrincipal, lookup: &Lookup) -> Result<Found, LookupError> {
        let (topic_names, topics, auto_create_topics) = tokio::try_join!(
            self.names_of(node, lookup),
            self.existing(node, lookup),
            self.auto_create_topics(node, lookup),
        )?;
        let created = self.create(node, lookup).await?;
        let mut found = Found { topic_names, topics, auto_create_topics, created, ..Found::default() };
        if let Some(group) = &lookup.streams_group {
            self.streams_topics(node, group, &mut found).await?;
        }
        if let Some(member) = &lookup.member {
            found.member = self.groups.member(node, member).await?;
        }
        let members_own = match &found.member {
            FoundMember::Subscribed(subscription) => subscription.pattern.as_ref(),
            FoundMember::NotTold | FoundMember::Missing => None,
        };
        if let Some(pattern) = lookup.matching.as_ref().or(members_own) {
            found.matching = Some(self.matching.topics(caller, pattern, || self.all_names(node)).await?);
        }
        Ok(found)
    }

    /// Which internal topics a Streams group has, and which of them exist.
    async fn streams_topics(&self, node: &Node, group: &StrBytes, found: &mut Found) -> Result<(), LookupError> {
        found.streams_topics = BTreeSet::clone(&*self.groups.internal_topics(node, group).await?);
        let unseen = found.streams_topics.iter().filter(|name| !found.topics.contains_key(*name));
        let existing = self.existing(node, &Lookup::topics(unseen)).await?;
        found.topics.extend(existing);
        Ok(())
    }

    async fn all_names(&self, node: &Node) -> Result<Vec<StrBytes>, LookupError> {
        let topics = self.ask(node, MetadataTopics::All).await?;
        Ok(topics.into_iter().filter_map(|topic| Some(topic.name?.0)).collect())
    }

    async fn names_of(&self, node: &Node, lookup: &Lookup) -> Result<HashMap<Uuid, StrBytes>, LookupError> {
        let mut found = HashMap::with_capacity(lookup.topic_ids.len());
        let mut missing = Vec::new();
        for id in &lookup.topic_ids {
            match self.names.get(id) {
                Some(name) => drop(found.insert(*id, name.clone())),
                None if self.is_unknown(id) => {}
                None => missing.push(*id),
            }
        }
        for slice in missing.chunks(SLICE) {
            for topic in self.ask(node, MetadataTopics::Ids(slice.to_vec())).await? {
                // Only what was asked, whatever else a broker may say.
                found.extend(self.learn(&topic).filter(|(id, _)| lookup.topic_ids.contains(id)));
            }
            slice.iter().filter(|id| !found.contains_key(id)).for_each(|id| self.learn_unknown(*id));
        }
        Ok(found)
    }

    fn is_unknown(&self, id: &Uuid) -> bool {
        self.unknown.get(id).is_some_and(|learned| learned.elapsed() < self.unknown_kept)
    }

    fn learn_unknown(&self, id: Uuid) {
        if self.unknown.len() >= self.most_names {
            self.unknown.clear();
        }
        self.unknown.insert(id, Instant::now());
    }

    async fn existing(&self, node: &Node, lookup: &Lookup) -> Result<HashMap<StrBytes, FoundTopic>, LookupError> {
        if lookup.all_topics {
            let topics = self.ask(node, MetadataTopics::All).await?;
            return Ok(topics.into_iter().filter_map(|topic| found_topic(topic, lookup)).collect());
        }
        let mut found = HashMap::with_capacity(lookup.topics.len());
        for names in slices(&lookup.topics) {
            let topics = self.ask(node, MetadataTopics::Names(names)).await?;
            found.extend(topics.into_iter().filter_map(|topic| found_topic(topic, lookup)));
        }
        Ok(found)
    }

    /// The answer may lag behind: a topic that is being created is answered with 3 or 5.
    async fn create(&self, node: &Node, lookup: &Lookup) -> Result<HashMap<StrBytes, i16>, LookupError> {
        let mut created = HashMap::with_capacity(lookup.create_topics.len());
        for names in slices(&lookup.create_topics) {
            let response = node.control().metadata(MetadataTopics::Names(names), true).await?;
            created.extend(response.topics.into_iter().filter_map(|topic| Some((topic.name?.0, topic.error_code))));
        }
        Ok(created)
    }

    async fn auto_create_topics(&self, node: &Node, lookup: &Lookup) -> Result<bool, LookupError> {
        if !lookup.auto_create_topics {
            return Ok(false);
        }
        if let Some(known) = self.known_auto_create(node.id()) {
            return Ok(known);
        }
        let response = node.control().describe_broker_configs(node.id(), vec![AUTO_CREATE]).await?;
        let node_id = node.id();
        let result = response.results.first().ok_or(LookupError::NoAutoCreate { node_id })?;
        if result.error_code != 0 {
            let error = ErrorCode(result.error_code);
            return Err(LookupError::Refused { node_id, api_key: ApiKey::DescribeConfigs, error });
        }
        let config = result.configs.iter().find(|config| &*config.name == AUTO_CREATE);
        let value = config.and_then(|config| config.value.as_deref()).ok_or(LookupError::NoAutoCreate { node_id })?;
        let enabled = value == "true";
        self.lock_auto_create().insert(node_id, (Instant::now(), enabled));
        Ok(enabled)
    }

    fn known_auto_create(&self, node_id: i32) -> Option<bool> {
        let (learned, enabled) = self.lock_auto_create().get(&node_id).copied()?;
        (learned.elapsed() < AUTO_CREATE_KEPT).then_some(enabled)
    }

    fn lock_auto_create(&self) -> std::sync::MutexGuard<'_, HashMap<i32, (Instant, bool)>> {
        self.auto_create.lock().expect("nobody panics while holding the lock")
    }

    /// Topics that exist, of those asked for. Creates none.
    async fn ask(&self, node: &Node, topics: MetadataTopics) -> Result<Vec<MetadataResponseTopic>, LookupError> {
        let response = node.control().metadata(topics, false).await?;
        let mut existing = Vec::with_capacity(response.topics.len());
        for topic in response.topics {
            match ErrorCode(topic.error_code) {
                // Partitions may lack a leader: the topic exists all the same.
                ErrorCode::NONE | ErrorCode::LEADER_NOT_AVAILABLE => {
                    let _ = self.learn(&topic);
                    existing.push(topic);
                }
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                | ErrorCode::UNKNOWN_TOPIC_ID
                | ErrorCode::INVALID_TOPIC_EXCEPTION => {}
                error => {
                    return Err(LookupError::Refused { node_id: node.id(), api_key: ApiKey::Metadata, error });
                }
            }
        }
        Ok(existing)
    }

    /// Remembers a copy of the name: the answer it came in may be megabytes.
    fn learn(&self, topic: &MetadataResponseTopic) -> Option<(Uuid, StrBytes)> {
        let name = topic.name.as_ref().filter(|_| !topic.topic_id.is_nil())?;
        if let Some(known) = self.names.get(&topic.topic_id) {
            return Some((topic.topic_id, known.clone()));
        }
        if self.names.len() >= self.most_names {
            self.names.clear();
        }
        let name = StrBytes::from_string(name.as_str().to_owned());
        self.unknown.remove(&topic.topic_id);
        self.names.insert(topic.topic_id, name.clone());
        Some((topic.topic_id, name))
    }
}

/// What is asked at once of what has to be asked.
fn slices(names: &BTreeSet<StrBytes>) -> impl Iterator<Item = Vec<StrBytes>> {
    let mut rest = names.iter().cloned();
    std::iter::from_fn(move || Some(rest.by_ref().take(SLICE).collect::<Vec<_>>()).filter(|slice| !slice.is_empty()))
}

fn found_topic(topic: MetadataResponseTopic, lookup: &Lookup) -> Option<(StrBytes, FoundTopic)> {
    let name = topic.name?.0;
    let asked = lookup.all_topics || lookup.topics.contains(&name);
    let partitions = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
    asked.then_some((name, FoundTopic { id: topic.topic_id, partitions, is_internal: topic.is_internal }))
}

#[cfg(test)]
mod tests {
    use client::testing::{FakeBroker, FakeCluster};
    use client::{Connector, UpstreamSecurity, UpstreamSettings};
    use protocol::messages::consumer_group_describe_response::{DescribedGroup, Member};
    use protocol::messages::streams_group_describe_response::{self, Subtopology, TopicInfo, Topology};

    use super::*;

    struct Stage {
        cluster: FakeCluster,
        node: Node,
        topics: Topics,
        _broker: FakeBroker,
    }

    /// A broker with the topics `orders` (id 7, three partitions) and `audit` (id 8, one).
    async fn stage() -> Stage {
        let cluster = FakeCluster::default();
        cluster.add_topic("orders", 7, 3);
        cluster.add_topic("audit", 8, 1);
        let served = cluster.clone();
        let broker = FakeBroker::start(move || served.script()).await;
        let connector = Connector::new(UpstreamSettings {
            bootstrap_servers: vec![broker.address()],
            security: UpstreamSecurity::default(),
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
        });
        let node = Node::new(1, connector.unwrap(), broker.address(), Arc::default());
        Stage { cluster, node, topics: Topics::default(), _broker: broker }
    }

    fn name(text: &str) -> StrBytes {
        StrBytes::from_string(text.to_owned())
    }

    fn ids(ids: &[u128]) -> Lookup {
        Lookup::topic_ids(ids.iter().map(|&id| Uuid::from_u128(id)))
    }

    fn found(id: u128, partitions: i32) -> FoundTopic {
        FoundTopic { id: Uuid::from_u128(id), partitions, is_internal: false }
    }

    impl Stage {
        async fn resolve(&self, lookup: &Lookup) -> Result<Found, LookupError> {
            self.topics.resolve(&self.node, &KafkaPrincipal::user("alice"), lookup).await
        }

        fn asked(&self) -> usize {
            self.cluster.times_asked(ApiKey::Metadata) + self.cluster.times_asked(ApiKey::DescribeConfigs)
        }
    }

    #[tokio::test]
    async fn nothing_asked_is_nothing_sent() {
        let stage = stage().await;
        assert_eq!(stage.resolve(&Lookup::default()).await.unwrap(), Found::default());
        assert_eq!(stage.asked(), 0);
    }

    #[tokio::test]
    async fn a_name_is_asked_once_and_an_unknown_id_again_after_a_moment() {
        let mut stage = stage().await;
        stage.topics.unknown_kept = Duration::ZERO;
        let expected = HashMap::from([(Uuid::from_u128(7), name("orders"))]);
        for asked in 1..=2 {
            let answer = stage.resolve(&ids(&[7, 99])).await.unwrap();
            assert_eq!((answer.topic_names, stage.asked()), (expected.clone(), asked));
        }
        assert_eq!(stage.resolve(&ids(&[7])).await.unwrap().topic_names, expected);
        assert_eq!(stage.asked(), 2, "the name of 7 was remembered");

        stage.cluster.add_topic("late", 99, 1);
        let answer = stage.resolve(&ids(&[99])).await.unwrap();
        assert_eq!(answer.topic_names, HashMap::from([(Uuid::from_u128(99), name("late"))]));
    }

    #[tokio::test]
    async fn an_unknown_id_is_remembered_for_a_moment_unless_a_topic_turns_out_to_have_it() {
        let mut stage = stage().await;
        stage.topics.unknown_kept = Duration::from_secs(3600);
        for _ in 0..3 {
            assert_eq!(stage.resolve(&ids(&[98, 99])).await.unwrap().topic_names, HashMap::new());
        }
        assert_eq!(stage.asked(), 1);
        stage.cluster.add_topic("late", 99, 1);
        stage.resolve(&Lookup::topics(&[name("late")])).await.unwrap();
        let answer = stage.resolve(&ids(&[98, 99])).await.unwrap();
        assert_eq!(answer.topic_names, HashMap::from([(Uuid::from_u128(99), name("late"))]));
        assert_eq!(stage.asked(), 2);
    }

    #[tokio::test]
    async fn the_memory_for_unknown_ids_is_bounded() {
        let mut stage = stage().await;
        stage.topics.most_names = 10;
        for id in 100..130 {
            stage.resolve(&ids(&[id])).await.unwrap();
            assert!(stage.topics.unknown.len() <= 10);
        }
    }

    #[tokio::test]
    async fn what_a_look_up_asks_is_asked_in_slices() {
        let stage = stage().await;
        let answer = stage.resolve(&Lookup::topic_ids((1..=2500).map(Uuid::from_u128))).await.unwrap();
        assert_eq!((answer.topic_names.len(), stage.asked()), (2, 3));
        let names: Vec<StrBytes> = (0..1500).map(|number| name(&format!("missing-{number}"))).collect();
        let answer = stage.resolve(&Lookup::topics(names.iter().chain([&name("orders")]))).await.unwrap();
        assert_eq!((answer.topics, stage.asked()), (HashMap::from([(name("orders"), found(7, 3))]), 5));
    }

    #[tokio::test]
    async fn all_slices_together_have_a_deadline() {
        let mut stage = stage().await;
        stage.topics.longest_lookup = Duration::ZERO;
        let late = stage.resolve(&Lookup::topic_ids((1..=2500).map(Uuid::from_u128))).await.unwrap_err();
        assert!(matches!(late, LookupError::TooLong { node_id: 1, .. }), "{late}");
    }

    #[tokio::test]
    async fn a_topic_that_was_made_anew_has_another_id_and_both_keep_their_name() {
        let stage = stage().await;
        stage.resolve(&ids(&[7])).await.unwrap();
        stage.cluster.state().topics.remove("orders");
        stage.cluster.add_topic("orders", 70, 1);
        let answer = stage.resolve(&ids(&[7, 70])).await.unwrap();
        let orders = |id| (Uuid::from_u128(id), name("orders"));
        assert_eq!(answer.topic_names, HashMap::from([orders(7), orders(70)]));
    }

    #[tokio::test]
    async fn a_members_regular_expression_is_found_at_the_broker_with_what_it_matches() {
        let stage = stage().await;
        let member = |id: &str, pattern: &str| {
            let member = Member::default().with_member_id(name(id)).with_instance_id(Some(name("static")));
            member.with_subscribed_topic_regex(Some(name(pattern)))
        };
        let group = DescribedGroup::default().with_members(vec![member("m", "or.*"), member("n", "")]);
        stage.cluster.state().consumer_groups.insert("billing".to_owned(), group);
        let lookup = |group: &str, id: &str, instance: Option<&str>| {
            let (group, member, instance) = (name(group), name(id), instance.map(name));
            Lookup { member: Some(Box::new(apis::Member { group, member, instance })), ..Lookup::default() }
        };
        let subscribed = |pattern: Option<&str>| {
            let pattern = pattern.map(name);
            FoundMember::Subscribed(apis::MemberSubscription { pattern, names: Vec::new() })
        };
        for (lookup, member, matching) in [
            (lookup("billing", "m", None), subscribed(Some("or.*")), Some(&["orders"][..])),
            (lookup("billing", "n", None), subscribed(None), None),
            (lookup("billing", "o", None), FoundMember::Missing, None),
            (lookup("billing", "o", Some("static")), subscribed(None), None),
            (lookup("other", "m", None), FoundMember::Missing, None),
        ] {
            let matching = matching.map(|names| Ok(names.iter().map(|text| name(text)).collect()));
            let expected = Found { member, matching, ..Found::default() };
            assert_eq!(stage.resolve(&lookup).await.unwrap(), expected, "{lookup:?}");
        }
        let lookup = Lookup { matching: Some(name(".*")), ..Lookup::default() };
        let expected = Some(Ok([name("audit"), name("orders")].into()));
        assert_eq!(stage.resolve(&lookup).await.unwrap().matching, expected);

        let failed = DescribedGroup::default().with_error_code(ErrorCode::NOT_COORDINATOR.0);
        stage.cluster.state().consumer_groups.insert("moved".to_owned(), failed);
        let member = apis::Member { group: name("moved"), member: name("m"), instance: None };
        let lookup = Lookup { member: Some(Box::new(member)), ..Lookup::default() };
        assert_eq!(stage.resolve(&lookup).await.unwrap(), Found::default());
    }

    #[tokio::test]
    async fn the_internal_topics_of_a_streams_group_are_looked_up_with_those_that_exist() {
        let stage = stage().await;
        let info = |text: &str| TopicInfo::default().with_name(name(text).into());
        let subtopology = Subtopology::default()
            .with_repartition_source_topics(vec![info("audit")])
            .with_state_changelog_topics(vec![info("changelog")]);
        let topology = Topology::default().with_subtopologies(Some(vec![subtopology]));
        let group = streams_group_describe_response::DescribedGroup::default().with_topology(Some(topology));
        stage.cluster.state().streams_groups.insert("app".to_owned(), group);
        let lookup = |group: &str| Lookup { streams_group: Some(name(group)), ..Lookup::topics(&[name("orders")]) };
        let answer = stage.resolve(&lookup("app")).await.unwrap();
        let topics = HashMap::from([(name("orders"), found(7, 3)), (name("audit"), found(8, 1))]);
        let streams_topics = BTreeSet::from([name("audit"), name("changelog")]);
        assert_eq!(answer, Found { topics, streams_topics, ..Found::default() });
        let topics = HashMap::from([(name("orders"), found(7, 3))]);
        assert_eq!(stage.resolve(&lookup("other")).await.unwrap(), Found { topics, ..Found::default() });
    }

    #[tokio::test]
    async fn existence_is_never_remembered() {
        let stage = stage().await;
        let lookup = Lookup::topics(&[name("orders"), name("missing")]);
        let expected = HashMap::from([(name("orders"), found(7, 3))]);
        assert_eq!(stage.resolve(&lookup).await.unwrap().topics, expected);
        stage.cluster.state().topics.remove("orders");
        assert_eq!(stage.resolve(&lookup).await.unwrap().topics, HashMap::new());
        stage.cluster.add_topic("missing", 9, 2);
        assert_eq!(stage.resolve(&lookup).await.unwrap().topics, HashMap::from([(name("missing"), found(9, 2))]));
    }

    #[tokio::test]
    async fn all_topics_are_all_that_exist_and_their_ids_are_remembered() {
        let stage = stage().await;
        let answer = stage.resolve(&Lookup { all_topics: true, ..Lookup::default() }).await.unwrap();
        assert_eq!(answer.topics, HashMap::from([(name("orders"), found(7, 3)), (name("audit"), found(8, 1))]));
        stage.resolve(&ids(&[7, 8])).await.unwrap();
        assert_eq!(stage.asked(), 1);
    }

    #[tokio::test]
    async fn looking_creates_nothing_and_creating_creates_only_what_may_be() {
        let stage = stage().await;
        stage.resolve(&Lookup::topics(&[name("new"), name("other")])).await.unwrap();
        assert_eq!(stage.cluster.state().topics.len(), 2);
        let lookup = Lookup { create_topics: [name("new")].into(), ..Lookup::default() };
        let answer = stage.resolve(&lookup).await.unwrap();
        assert_eq!(answer.created, HashMap::from([(name("new"), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0)]));
        let topics: Vec<String> = stage.cluster.state().topics.keys().cloned().collect();
        assert_eq!(topics, ["audit", "new", "orders"]);
    }

    #[tokio::test]
    async fn whether_topics_are_created_is_asked_of_the_broker_and_kept_for_a_moment() {
        let stage = stage().await;
        let lookup = Lookup { auto_create_topics: true, ..Lookup::default() };
        assert!(stage.resolve(&lookup).await.unwrap().auto_create_topics);
        stage.cluster.state().auto_create_topics = false;
        assert!(stage.resolve(&lookup).await.unwrap().auto_create_topics);
        assert_eq!(stage.asked(), 1);
        let long_ago = Instant::now().checked_sub(AUTO_CREATE_KEPT).unwrap();
        stage.topics.lock_auto_create().insert(1, (long_ago, true));
        assert!(!stage.resolve(&lookup).await.unwrap().auto_create_topics);
    }

    #[tokio::test]
    async fn a_broker_that_does_not_let_us_look_decides_nothing() {
        let stage = stage().await;
        stage.cluster.state().topic_error = ErrorCode::TOPIC_AUTHORIZATION_FAILED.0;
        for lookup in [ids(&[7]), Lookup::topics(&[name("orders")])] {
            let refused = stage.resolve(&lookup).await.unwrap_err().to_string();
            assert!(refused.contains("TOPIC_AUTHORIZATION_FAILED"), "{refused}");
        }
    }

    #[tokio::test]
    async fn the_memory_for_names_is_bounded() {
        let mut stage = stage().await;
        stage.topics.most_names = 10;
        for id in 100..200 {
            stage.cluster.add_topic(&format!("topic-{id}"), id, 1);
            assert_eq!(stage.resolve(&ids(&[id])).await.unwrap().topic_names.len(), 1);
            assert!(stage.topics.names.len() <= 10);
        }
    }
}
