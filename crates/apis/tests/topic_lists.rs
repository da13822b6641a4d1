//! Answers that are lists of topics are edited as bytes. Here they are edited the long way too: decoded, changed by what
//! the law says of each topic, encoded. Over all versions, random answers and random grants, the bytes are the same.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

#[path = "../../protocol/tests/java/mod.rs"]
mod java;
#[path = "../../protocol/tests/mutation/mod.rs"]
mod mutation;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use acl::{
    AccessControlEntry, AclBinding, AclOperation, AclPermissionType, AuthorizationResult, CLUSTER_NAME, Grants, Host,
    Identity, KafkaPrincipal, PatternType, Policy, ResourcePattern, ResourceType, Settings,
};
use apis::{Answer, ConnectionState, Found, RequestContext, Verdict, judge};
use bytes::Bytes;
use mutation::Random;
use protocol::messages::describe_topic_partitions_request::TopicRequest;
use protocol::messages::describe_topic_partitions_response::DescribeTopicPartitionsResponseTopic;
use protocol::messages::metadata_request::MetadataRequestTopic;
use protocol::messages::metadata_response::MetadataResponseTopic;
use protocol::messages::{
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, MetadataRequest, MetadataResponse,
};
use protocol::{
    ApiKey, BrokerAddresses, CarriesAddresses, GuardedResponse, Limits, Request, RequestFrame, StrBytes,
    encode_request, encode_response, guard_request, guard_response,
};

const MESSAGES_OF_EACH: usize = 40;
const LONG: usize = 400;
const CALLERS: usize = 12;
const UNKNOWN_SERVER_ERROR: i16 = -1;
const DENIED: i16 = 29;
const NAMES: [&str; 8] = ["", "a", "a1", "orders", "orders4", "größe", "with space", "new"];

#[test]
fn the_answer_is_what_it_would_be_the_long_way() {
    let mut random = Random(1);
    let mut compared = 0;
    for answer in answers() {
        for _ in 0..CALLERS {
            let caller = Caller::random(&mut random);
            let (short, long) = match (answer.api_key, random.below(2)) {
                (ApiKey::Metadata, 0) => caller.all_topics(&answer),
                (ApiKey::Metadata, _) if answer.api_version < 4 => caller.all_topics(&answer),
                (ApiKey::Metadata, _) => caller.named_topics(&answer),
                _ => caller.described_topics(&answer),
            };
            let Some(short) = short else { continue };
            assert_eq!(short, long, "{caller:?} {} {:02x?}", answer.api_version, answer.bytes());
            compared += 1;
        }
    }
    assert!(compared > 15 * MESSAGES_OF_EACH * CALLERS / 2, "{compared}");
}

/// Of Metadata and DescribeTopicPartitions, as Kafka writes them.
fn answers() -> Vec<GuardedResponse> {
    let file = java::messages(5, MESSAGES_OF_EACH, LONG);
    let mut records = java::Records(&file);
    let mut answers = Vec::new();
    while !records.is_empty() {
        let key = ApiKey::try_from(records.int16()).unwrap();
        let version = records.int16();
        let is_request = records.int8() == 1;
        let bytes = Bytes::copy_from_slice(records.bytes().unwrap());
        if !is_request && matches!(key, ApiKey::Metadata | ApiKey::DescribeTopicPartitions) {
            answers.push(guard_response(key, version, bytes, &Limits::default()).unwrap());
        }
    }
    answers
}

/// Who asks, and what for.
#[derive(Debug)]
struct Caller {
    grants: Grants,
    names: Vec<&'static str>,
    topic_operations: bool,
    cluster_operations: bool,
    reachable: i32,
}

impl Caller {
    fn random(random: &mut Random) -> Caller {
        let acl = |random: &mut Random| {
            let operations = [AclOperation::Read, AclOperation::Describe, AclOperation::Alter, AclOperation::All];
            let is_allowed = random.below(4) > 0;
            let permission = if is_allowed { AclPermissionType::Allow } else { AclPermissionType::Deny };
            let pattern = match random.below(8) {
                0 => ResourcePattern::new(ResourceType::Cluster, CLUSTER_NAME, PatternType::Literal),
                1 => ResourcePattern::new(ResourceType::Topic, "*", PatternType::Literal),
                2..5 => ResourcePattern::new(ResourceType::Topic, *random.of(&NAMES), PatternType::Literal),
                _ => ResourcePattern::new(ResourceType::Topic, *random.of(&NAMES[1..]), PatternType::Prefixed),
            };
            let operation = *random.of(&operations);
            AclBinding::new(pattern, AccessControlEntry::new("User:alice", "*", operation, permission))
        };
        let identity = Identity {
            principal: KafkaPrincipal::user("alice"),
            groups: Vec::new(),
            host: Host::from(IpAddr::from([10, 0, 0, 1])),
            listener: "CLIENT".into(),
            authenticated_by_token: false,
        };
        let count = random.below(8);
        let acls: Vec<AclBinding> = (0..count).map(|_| acl(random)).collect();
        Caller {
            grants: Policy::new(Settings::default(), acls).grants(&Arc::new(identity)),
            // None named would be all.
            names: (0..=random.below(6)).map(|_| *random.of(&NAMES)).collect(),
            topic_operations: random.below(2) == 0,
            cluster_operations: random.below(2) == 0,
            reachable: random.below(4) as i32,
        }
    }

    fn sees(&self, name: &str) -> bool {
        self.grants.authorize(AclOperation::Describe, ResourceType::Topic, name) == AuthorizationResult::Allowed
    }

    /// Each name once, those that may be seen and those that may not.
    fn seen_and_denied(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        let mut once = BTreeSet::new();
        let names = self.names.iter().copied().filter(|name| once.insert(*name));
        names.partition(|name| self.sees(name))
    }

    fn all_topics(&self, answer: &GuardedResponse) -> (Option<Bytes>, Bytes) {
        let version = answer.api_version;
        let topics = if version == 0 { Some(Vec::new()) } else { None };
        let request = self.metadata_request(version).with_topics(topics);
        let long = self.edited(answer, |typed| {
            typed.topics.retain(|topic| topic.name.as_ref().is_some_and(|name| self.sees(name)));
        });
        (self.short(answer, &request), long)
    }

    fn named_topics(&self, answer: &GuardedResponse) -> (Option<Bytes>, Bytes) {
        let topic = |name: &&str| MetadataRequestTopic::default().with_name(Some(text(name).into()));
        let request =
            self.metadata_request(answer.api_version).with_topics(Some(self.names.iter().map(topic).collect()));
        let (_, denied) = self.seen_and_denied();
        let long = self.edited(answer, |_| {});
        let mut typed: MetadataResponse =
            guard_response(answer.api_key, answer.api_version, long.slice(4..), &Limits::default())
                .unwrap()
                .decode()
                .unwrap();
        let denied_topic =
            |name| MetadataResponseTopic::default().with_name(Some(text(name).into())).with_error_code(DENIED);
        typed.topics.extend(denied.into_iter().map(denied_topic));
        let long = encode_response(answer.api_version, answer.correlation_id, &typed).unwrap();
        (self.short(answer, &request), long)
    }

    fn metadata_request(&self, version: i16) -> MetadataRequest {
        MetadataRequest::default()
            .with_allow_auto_topic_creation(version < 4)
            .with_include_topic_authorized_operations(version >= 8 && self.topic_operations)
            .with_include_cluster_authorized_operations((8..=10).contains(&version) && self.cluster_operations)
    }

    /// What a Metadata answer is for everybody, after some topics have gone.
    fn edited(&self, answer: &GuardedResponse, leave_out: impl FnOnce(&mut MetadataResponse)) -> Bytes {
        const UNKNOWN_TOPIC_ID: i16 = 100;
        let version = answer.api_version;
        let mut typed: MetadataResponse = answer.decode().unwrap();
        leave_out(&mut typed);
        for topic in &mut typed.topics {
            topic.topic_authorized_operations = match &topic.name {
                Some(name) if version >= 8 && self.topic_operations && topic.error_code != UNKNOWN_TOPIC_ID => {
                    self.grants.authorized_operations(ResourceType::Topic, name)
                }
                _ => i32::MIN,
            };
        }
        let describes = || self.grants.authorize(AclOperation::Describe, ResourceType::Cluster, CLUSTER_NAME);
        typed.cluster_authorized_operations = match (8..=10).contains(&version) && self.cluster_operations {
            false => i32::MIN,
            true if describes() == AuthorizationResult::Allowed => {
                self.grants.authorized_operations(ResourceType::Cluster, CLUSTER_NAME)
            }
            true => 0,
        };
        typed.replace_addresses(version, self);
        encode_response(version, answer.correlation_id, &typed).unwrap()
    }

    fn described_topics(&self, answer: &GuardedResponse) -> (Option<Bytes>, Bytes) {
        let topic = |name: &&str| TopicRequest::default().with_name(text(name).into());
        let request = DescribeTopicPartitionsRequest::default().with_topics(self.names.iter().map(topic).collect());
        let (_, mut denied) = self.seen_and_denied();
        denied.sort_by_key(|name| name.encode_utf16().collect::<Vec<_>>());
        let mut typed: DescribeTopicPartitionsResponse = answer.decode().unwrap();
        let has_failed = typed.topics.iter().any(|topic| topic.error_code == UNKNOWN_SERVER_ERROR);
        for topic in &mut typed.topics {
            let name = topic.name.as_deref().map(|name| name.as_str()).unwrap_or_default();
            let operations = self.grants.authorized_operations(ResourceType::Topic, name);
            topic.topic_authorized_operations = if has_failed { i32::MIN } else { operations };
        }
        let error = if has_failed { UNKNOWN_SERVER_ERROR } else { DENIED };
        let denied_topic = |name| {
            DescribeTopicPartitionsResponseTopic::default().with_name(Some(text(name).into())).with_error_code(error)
        };
        typed.topics.extend(denied.into_iter().map(denied_topic));
        let long = encode_response(answer.api_version, answer.correlation_id, &typed).unwrap();
        (self.short(answer, &request), long)
    }

    /// What Doorkeeper makes of it; nothing if it needs no broker's answer.
    fn short<T: Request>(&self, answer: &GuardedResponse, request: &T) -> Option<Bytes> {
        let (api_key, version) = (answer.api_key, answer.api_version);
        let header = RequestFrame::header(api_key, version, answer.correlation_id, "test");
        let frame = encode_request(&header, request).unwrap().slice(4..);
        let guarded = guard_request(RequestFrame::parse(frame).unwrap(), &Limits::default()).unwrap();
        let (found, mut state, mut decisions) = (Found::default(), ConnectionState::default(), Vec::new());
        let mut context = RequestContext {
            api_key,
            version,
            client_id: StrBytes::default(),
            grants: &self.grants,
            found: &found,
            state: &mut state,
            decisions: &mut decisions,
        };
        match judge(guarded).unwrap().decide(&mut context) {
            Verdict::Forward(_, Some(edit)) => match edit.apply(&mut context, answer, self).unwrap() {
                Answer::Bytes(bytes) => Some(bytes),
                other => panic!("{other:?}"),
            },
            Verdict::Respond(_) => None,
            other => panic!("{other:?}"),
        }
    }
}

impl BrokerAddresses for Caller {
    fn address(&self, node_id: i32) -> Option<(StrBytes, u16)> {
        (node_id < self.reachable).then(|| (StrBytes::from_static_str("kafka.example.com"), 9092))
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}
