//! Cost of the answer to a request for all topics: 1,500 of which the caller may see 150. From the bytes that the broker
//! sends to the bytes that the client gets: the guard, 1,500 decisions, the edit, and the addresses of the brokers.
//! The goal is 0.3 ms.
//!
//! CPU time of the thread is measured, not the time that passes: on shared cores that would be others' work, too.

use std::hint::black_box;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use acl::{
    AccessControlEntry, AclBinding, AclOperation, AclPermissionType, Grants, Host, Identity, KafkaPrincipal,
    PatternType, Policy, ResourcePattern, ResourceType, Settings,
};
use apis::{Answer, ConnectionState, Found, FoundTopic, RequestContext, ResponseEdit, Verdict, judge};
use bytes::Bytes;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use kafka_protocol::messages::describe_topic_partitions_response::{
    DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    BrokerId, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, MetadataRequest, MetadataResponse,
    TopicName,
};
use protocol::{
    ApiKey, BrokerAddresses, CarriesAddresses, Limits, Request, RequestFrame, StrBytes, encode_request,
    encode_response, guard_request, guard_response,
};
use rustix::time::{ClockId, clock_gettime};
use uuid::Uuid;

const TOPICS: u32 = 1_500;
const TEAMS: u32 = 10;
const PARTITIONS: i32 = 6;

/// The topics of a team begin with its name; a broker lists topics in no order.
fn names() -> impl Iterator<Item = StrBytes> {
    (0..TOPICS)
        .map(|number| number * 607 % TOPICS)
        .map(|number| StrBytes::from_string(format!("team-{}.service-{:03}.events", number % TEAMS, number / TEAMS)))
}

/// May see the topics of one team.
fn grants() -> Grants {
    let acl = |team: u32| {
        AclBinding::new(
            ResourcePattern::new(ResourceType::Topic, format!("team-{team}."), PatternType::Prefixed),
            AccessControlEntry::new(format!("User:team-{team}"), "*", AclOperation::Read, AclPermissionType::Allow),
        )
    };
    let identity = Identity {
        principal: KafkaPrincipal::user("team-7"),
        groups: Vec::new(),
        host: Host::from(IpAddr::from([10, 0, 0, 1])),
        listener: "CLIENT".into(),
        authenticated_by_token: false,
    };
    Policy::new(Settings::default(), (0..TEAMS).map(acl)).grants(&Arc::new(identity))
}

fn replicas() -> Vec<BrokerId> {
    vec![1.into(), 2.into(), 3.into()]
}

fn metadata() -> MetadataResponse {
    let brokers = (1..=3).map(|id| {
        let host = StrBytes::from_string(format!("broker-{id}.internal.example.com"));
        MetadataResponseBroker::default().with_node_id(id.into()).with_host(host).with_port(9092)
    });
    let partition = |index| {
        MetadataResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id((index % 3 + 1).into())
            .with_replica_nodes(replicas())
            .with_isr_nodes(replicas())
    };
    let topic = |name| {
        MetadataResponseTopic::default()
            .with_name(Some(TopicName(name)))
            .with_topic_id(Uuid::from_u128(1))
            .with_partitions((0..PARTITIONS).map(partition).collect())
    };
    MetadataResponse::default().with_brokers(brokers.collect()).with_topics(names().map(topic).collect())
}

fn descriptions() -> DescribeTopicPartitionsResponse {
    let partition = |index| {
        DescribeTopicPartitionsResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id((index % 3 + 1).into())
            .with_replica_nodes(replicas())
            .with_isr_nodes(replicas())
    };
    let topic = |name| {
        DescribeTopicPartitionsResponseTopic::default()
            .with_name(Some(TopicName(name)))
            .with_topic_id(Uuid::from_u128(1))
            .with_partitions((0..PARTITIONS).map(partition).collect())
    };
    DescribeTopicPartitionsResponse::default().with_topics(names().map(topic).collect())
}

struct Addresses;

impl BrokerAddresses for Addresses {
    fn address(&self, node_id: i32) -> Option<(StrBytes, u16)> {
        let host = StrBytes::from_static_str("kafka.example.com");
        (1..=3).contains(&node_id).then(|| (host, 9090 + u16::try_from(node_id).unwrap_or_default()))
    }
}

/// A caller who has asked for all topics.
struct Caller {
    grants: Grants,
    found: Found,
    state: ConnectionState,
}

impl Caller {
    fn context<'a>(
        &'a mut self,
        api_key: ApiKey,
        version: i16,
        decisions: &'a mut Vec<apis::Decision>,
    ) -> RequestContext<'a> {
        let Caller { grants, found, state } = self;
        RequestContext { api_key, version, client_id: StrBytes::default(), grants, found, state, decisions }
    }

    /// The edit of the answer to a request.
    fn ask<T: Request>(&mut self, version: i16, request: &T) -> ResponseEdit {
        let api_key = ApiKey::try_from(T::KEY).expect("a key of Kafka");
        let header = RequestFrame::header(api_key, version, 1, "bench");
        let frame = encode_request(&header, request).expect("a valid request").slice(4..);
        let frame = RequestFrame::parse(frame).expect("a valid header");
        let guarded = guard_request(frame, &Limits::default()).expect("a valid request");
        let case = judge(guarded).expect("it is served");
        match case.decide(&mut self.context(api_key, version, &mut Vec::new())) {
            Verdict::Forward(_, Some(edit)) => edit,
            other => panic!("its answer is not edited: {other:?}"),
        }
    }

    fn answer(&mut self, api_key: ApiKey, version: i16, edit: ResponseEdit, frame: Bytes) -> Bytes {
        let guarded = guard_response(api_key, version, frame, &Limits::default()).expect("a valid answer");
        let mut decisions = Vec::new();
        match edit.apply(&mut self.context(api_key, version, &mut decisions), &guarded, &Addresses) {
            Ok(Answer::Bytes(bytes)) => bytes,
            other => panic!("it is not edited: {other:?}"),
        }
    }
}

/// The long way, which the edit of the bytes replaces: decoded, changed, encoded.
fn decoded_and_encoded(grants: &Grants, frame: Bytes) -> Bytes {
    let guarded = guard_response(ApiKey::Metadata, 12, frame, &Limits::default()).expect("a valid answer");
    let mut answer: MetadataResponse = guarded.decode().expect("a valid answer");
    let is_seen = |name: &TopicName| grants.authorize(AclOperation::Describe, ResourceType::Topic, name).is_allowed();
    answer.topics.retain(|topic| topic.name.as_ref().is_some_and(is_seen));
    answer.replace_addresses(12, &Addresses);
    encode_response(12, 1, &answer).expect("a valid answer")
}

/// Time that this thread had a core.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::try_from(now).expect("it begins at 0")
    }

    fn end(&self, start: Duration) -> Duration {
        self.start() - start
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn bench(criterion: &mut Criterion<CpuTime>) {
    let topic = FoundTopic { id: Uuid::from_u128(1), partitions: PARTITIONS, is_internal: false };
    let topics = names().map(|name| (name, topic)).collect();
    let found = Found { topics, ..Found::default() };
    let mut caller = Caller { grants: grants(), found, state: ConnectionState::default() };
    let all_topics = MetadataRequest::default().with_topics(None);
    let described = DescribeTopicPartitionsRequest::default();
    let metadata = encode_response(12, 1, &metadata()).expect("a valid answer").slice(4..);
    let descriptions = encode_response(0, 1, &descriptions()).expect("a valid answer").slice(4..);

    let mut group = criterion.benchmark_group("all topics");
    group.bench_function("metadata, guard alone", |bencher| {
        bencher.iter(|| guard_response(ApiKey::Metadata, 12, black_box(metadata.clone()), &Limits::default()));
    });
    group.bench_function("metadata", |bencher| {
        let caller = std::cell::RefCell::new(&mut caller);
        bencher.iter_batched(
            || caller.borrow_mut().ask(12, &all_topics),
            |edit| caller.borrow_mut().answer(ApiKey::Metadata, 12, edit, black_box(metadata.clone())),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("metadata, decoded and encoded", |bencher| {
        let grants = grants();
        bencher.iter(|| decoded_and_encoded(&grants, black_box(metadata.clone())));
    });
    group.bench_function("describe topic partitions", |bencher| {
        let caller = std::cell::RefCell::new(&mut caller);
        bencher.iter_batched(
            || caller.borrow_mut().ask(0, &described),
            |edit| {
                caller.borrow_mut().answer(ApiKey::DescribeTopicPartitions, 0, edit, black_box(descriptions.clone()))
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = bench
}
criterion_main!(benches);
