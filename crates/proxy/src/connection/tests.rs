//! A connection between a client and a broker made of duplex streams.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use acl::{
    AccessControlEntry, AclBinding, AclOperation, AclPermissionType, Host, Identity, KafkaPrincipal, Policy,
    ResourcePattern, ResourceType, Settings,
};
use apis::{BrokerVersions, Found, Lookup};
use bytes::Bytes;
use protocol::messages::api_versions_response::ApiVersion;
use protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, DescribeAclsRequest, DescribeAclsResponse, DescribeGroupsRequest,
    FetchRequest, FetchResponse, FindCoordinatorRequest, FindCoordinatorResponse, HeartbeatRequest, HeartbeatResponse,
    ListGroupsRequest, ProduceRequest, ProduceResponse,
};
use protocol::{
    ApiKey, BrokerAddresses, Decodable, ErrorCode, Request, RequestFrame, StrBytes, encode_request, encode_response,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::audit::Audit;
use crate::budget::{Budget, Class};
use crate::connections::Closed;
use crate::settings::{AuditSettings, Limits};
use crate::upstream::{Link, Unavailable};

const DEADLINE: Duration = Duration::from_secs(10);
/// The correlation id of our own logins.
const LOGIN: i32 = 12_345;
/// Bytes that each of the two streams takes before it blocks.
const PIPE: usize = 16 * 1024;

struct FakeBroker {
    stream: Mutex<Option<DuplexStream>>,
    session_lifetime: Option<Duration>,
    look_ups: Arc<LookUps>,
}

/// Look-ups that the broker answers: as soon as there is a permit for each.
struct LookUps {
    begun: Notify,
    may_end: Semaphore,
}

struct Advertised;

impl BrokerAddresses for Advertised {
    fn address(&self, node_id: i32) -> Option<(StrBytes, u16)> {
        (node_id == 1).then(|| (StrBytes::from_static_str("proxy.example.com"), 9101))
    }
}

impl Broker for FakeBroker {
    type Stream = DuplexStream;

    fn versions(&self) -> Arc<BrokerVersions> {
        let all = ApiKey::ALL.iter().map(|api_key| {
            ApiVersion::default().with_api_key(api_key.code()).with_min_version(0).with_max_version(i16::MAX)
        });
        Arc::new(BrokerVersions::new(ApiVersionsResponse::default().with_api_keys(all.collect())))
    }

    fn addresses(&self) -> &dyn BrokerAddresses {
        &Advertised
    }

    async fn connect(&self) -> Result<Link<DuplexStream>, Unavailable> {
        let stream = self.stream.lock().expect("no panic").take();
        let stream = stream.ok_or(Unavailable { text: "no broker here".to_owned(), reason: "unreachable" })?;
        Ok(Link { stream, session_lifetime: self.session_lifetime })
    }

    /// A login of one frame, which looks like a heartbeat.
    async fn log_in_again(&self, upstream: &mut Upstream<DuplexStream>) -> Result<Option<Duration>, Unavailable> {
        let answer = upstream.exchange(heartbeat(LOGIN, "of ours")).await;
        let answer = answer.map_err(|error| Unavailable { text: error.to_string(), reason: "unreachable" })?;
        if Some(answer) == heartbeat_frame(LOGIN, ErrorCode::NONE) {
            return Ok(self.session_lifetime);
        }
        Err(Unavailable { text: "refused".to_owned(), reason: "authentication" })
    }

    /// All topic ids are of `orders`.
    async fn resolve(&self, _: &KafkaPrincipal, lookup: Lookup) -> Result<Found, Unavailable> {
        self.look_ups.begun.notify_one();
        self.look_ups.may_end.acquire().await.expect("it stays open").forget();
        let topic_names = lookup.topic_ids.iter().map(|id| (*id, text("orders"))).collect();
        Ok(Found { topic_names, ..Found::default() })
    }
}

/// A connection that does not run yet, and what is around it.
struct Parts {
    client: DuplexStream,
    broker: DuplexStream,
    shared: Arc<Shared>,
    look_ups: Arc<LookUps>,
    id: u64,
    connection: Connection<DuplexStream, FakeBroker>,
}

/// A client and a broker, and the connection between them.
struct Stage {
    client: DuplexStream,
    broker: DuplexStream,
    shared: Arc<Shared>,
    look_ups: Arc<LookUps>,
    id: u64,
    connection: JoinHandle<End>,
}

fn allow(operation: AclOperation, resource_type: ResourceType, name: &str) -> AclBinding {
    AclBinding::new(
        ResourcePattern::literal(resource_type, name),
        AccessControlEntry::new("User:alice", "*", operation, AclPermissionType::Allow),
    )
}

fn usual_policy() -> Policy {
    Policy::new(
        Settings::default(),
        [
            allow(AclOperation::Read, ResourceType::Group, "mine"),
            allow(AclOperation::Write, ResourceType::Topic, "orders"),
            allow(AclOperation::Read, ResourceType::Topic, "orders"),
        ],
    )
}

fn snapshot(policy: Policy, generation: u64) -> store::Snapshot {
    store::Snapshot { policy, users: Arc::default(), generation }
}

impl Parts {
    fn new(limits: Limits, session_lifetime: Option<Duration>) -> Parts {
        let (client, from_client) = duplex(PIPE);
        let (broker, to_broker) = duplex(PIPE);
        let (audit, _writer) = Audit::start(AuditSettings::default()).expect("no file is named");
        let shared = Shared::new(limits, store::Current::new(snapshot(usual_policy(), 1)).into(), audit);
        let identity = Arc::new(Identity {
            principal: KafkaPrincipal::user("alice"),
            groups: Vec::new(),
            host: Host::from(std::net::IpAddr::from([10, 0, 0, 1])),
            listener: "CLIENT".into(),
            authenticated_by_token: false,
        });
        let grants = shared.grants.get(&identity, &shared.current.load().policy);
        let membership = shared.connections.enter();
        membership.logged_in(None);
        let id = membership.id();
        let requests =
            FrameReader::new(shared.budget.permit(Class::Requests), Class::Requests, shared.limits.max_request_bytes);
        let lines = Lines::new(([10, 0, 0, 1], 5555).into());
        let look_ups = Arc::new(LookUps { begun: Notify::new(), may_end: Semaphore::new(0) });
        let stream = Mutex::new(Some(to_broker));
        let broker_of_connection = FakeBroker { stream, session_lifetime, look_ups: Arc::clone(&look_ups) };
        let connection = Connection::new(
            Arc::clone(&shared),
            from_client,
            requests,
            broker_of_connection,
            grants,
            membership,
            lines,
        );
        Parts { client, broker, shared, look_ups, id, connection }
    }
}

impl Stage {
    fn new() -> Stage {
        Stage::with(Limits::default())
    }

    fn with(limits: Limits) -> Stage {
        Stage::with_session(limits, None)
    }

    fn with_session(limits: Limits, session_lifetime: Option<Duration>) -> Stage {
        let Parts { client, broker, shared, look_ups, id, connection } = Parts::new(limits, session_lifetime);
        Stage { client, broker, shared, look_ups, id, connection: tokio::spawn(connection.run()) }
    }

    async fn ask(&mut self, request: Bytes) {
        within(self.client.write_all(&request)).await.expect("the connection reads");
    }

    /// The correlation id of the next request that the broker sees, and its length.
    async fn seen(&mut self) -> (i32, usize) {
        let frame = read_frame(&mut self.broker).await.expect("a request");
        (correlation_id(&frame), frame.len())
    }

    async fn answer(&mut self, correlation_id: i32) {
        let answer = heartbeat_answer(correlation_id, ErrorCode::NONE);
        within(self.broker.write_all(&answer)).await.expect("the connection reads");
    }

    /// The next answer that the client gets, without its size; nothing at the end.
    async fn answered(&mut self) -> Option<Bytes> {
        read_frame(&mut self.client).await
    }

    async fn end(self) -> String {
        within(self.connection).await.expect("no panic").to_string()
    }
}

async fn within<F: Future>(future: F) -> F::Output {
    timeout(DEADLINE, future).await.expect("within ten seconds")
}

async fn read_frame(stream: &mut DuplexStream) -> Option<Bytes> {
    within(async {
        let size = stream.read_u32().await.ok()?;
        let mut frame = vec![0; usize::try_from(size).ok()?];
        stream.read_exact(&mut frame).await.ok()?;
        Some(Bytes::from(frame))
    })
    .await
}

/// Of a request without its size.
fn correlation_id(frame: &Bytes) -> i32 {
    let bytes = frame.get(4..8).and_then(|bytes| bytes.try_into().ok());
    i32::from_be_bytes(bytes.expect("a header"))
}

fn encoded<T: Request>(version: i16, correlation_id: i32, request: &T) -> Bytes {
    let api_key = ApiKey::try_from(T::KEY).expect("a key of Kafka");
    encode_request(&RequestFrame::header(api_key, version, correlation_id, "me"), request).expect("it can be written")
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn heartbeat(correlation_id: i32, group: &str) -> Bytes {
    encoded(1, correlation_id, &HeartbeatRequest::default().with_group_id(text(group).into()))
}

fn heartbeat_answer(correlation_id: i32, error: ErrorCode) -> Bytes {
    encode_response(1, correlation_id, &HeartbeatResponse::default().with_error_code(error.0))
        .expect("it can be written")
}

/// Without its size.
fn heartbeat_frame(correlation_id: i32, error: ErrorCode) -> Option<Bytes> {
    Some(heartbeat_answer(correlation_id, error).slice(4..))
}

/// A fetch without a session (KIP-227): its epoch is final.
fn fetch(correlation_id: i32, topic: &str) -> Bytes {
    let topic = FetchTopic::default().with_topic(text(topic).into()).with_partitions(vec![FetchPartition::default()]);
    encoded(4, correlation_id, &FetchRequest::default().with_session_epoch(-1).with_topics(vec![topic]))
}

fn produce(correlation_id: i32, topic: &str, acks: i16, length: usize) -> Bytes {
    let partition = PartitionProduceData::default().with_records(Some(batch(length)));
    let topic = TopicProduceData::default().with_name(text(topic).into()).with_partition_data(vec![partition]);
    encoded(3, correlation_id, &ProduceRequest::default().with_acks(acks).with_topic_data(vec![topic]))
}

/// As much of a batch of records as anybody here looks at: its length and its magic.
fn batch(length: usize) -> Bytes {
    let mut batch = vec![0; 8];
    batch.extend_from_slice(&u32::try_from(length - 12).expect("short").to_be_bytes());
    batch.extend_from_slice(&[0, 0, 0, 0, 2]);
    batch.resize(length, 0);
    batch.into()
}

fn produce_answer(correlation_id: i32) -> Bytes {
    encode_response(3, correlation_id, &ProduceResponse::default()).expect("it can be written")
}

/// A frame of this length whatever it says behind its correlation id.
fn long_answer(correlation_id: i32, length: usize) -> Vec<u8> {
    let mut answer = u32::try_from(length).expect("short").to_be_bytes().to_vec();
    answer.extend_from_slice(&correlation_id.to_be_bytes());
    answer.resize(4 + length, 7);
    answer
}

#[tokio::test]
async fn requests_behind_a_parked_fetch_go_on_and_are_answered_in_order() {
    let mut stage = Stage::new();
    stage.ask(fetch(1, "orders")).await;
    stage.ask(heartbeat(2, "mine")).await;
    stage.ask(heartbeat(3, "mine")).await;
    assert_eq!([stage.seen().await.0, stage.seen().await.0, stage.seen().await.0], [1, 2, 3]);
    let fetched = encode_response(4, 1, &FetchResponse::default()).expect("it can be written");
    stage.broker.write_all(&fetched).await.expect("the connection reads");
    stage.answer(2).await;
    stage.answer(3).await;
    assert_eq!(stage.answered().await, Some(fetched.slice(4..)));
    assert_eq!(stage.answered().await, heartbeat_frame(2, ErrorCode::NONE));
    assert_eq!(stage.answered().await, heartbeat_frame(3, ErrorCode::NONE));
}

#[tokio::test]
async fn an_answer_made_here_waits_for_those_of_the_broker() {
    let mut stage = Stage::new();
    stage.ask(heartbeat(1, "mine")).await;
    stage.ask(heartbeat(2, "of others")).await;
    stage.ask(heartbeat(3, "mine")).await;
    assert_eq!([stage.seen().await.0, stage.seen().await.0], [1, 3]);
    stage.answer(1).await;
    stage.answer(3).await;
    assert_eq!(stage.answered().await, heartbeat_frame(1, ErrorCode::NONE));
    assert_eq!(stage.answered().await, heartbeat_frame(2, ErrorCode::GROUP_AUTHORIZATION_FAILED));
    assert_eq!(stage.answered().await, heartbeat_frame(3, ErrorCode::NONE));
}

#[tokio::test]
async fn a_request_that_depends_on_earlier_answers_is_decided_when_the_last_of_them_has_come() {
    let mut stage = Stage::new();
    stage.ask(heartbeat(1, "mine")).await;
    let topic =
        FetchTopic::default().with_topic(text("orders").into()).with_partitions(vec![FetchPartition::default()]);
    let with_session = FetchRequest::default().with_session_epoch(0).with_topics(vec![topic]);
    stage.ask(encoded(7, 2, &with_session)).await;
    assert_eq!(stage.seen().await.0, 1);
    let early = timeout(Duration::from_millis(50), read_frame(&mut stage.broker)).await;
    assert!(early.is_err(), "an answer is still to come");
    stage.answer(1).await;
    assert_eq!(stage.seen().await.0, 2);
}

/// A broker handles one request of a connection after the other.
#[tokio::test]
async fn what_our_own_store_answers_is_decided_when_the_last_answer_before_it_has_come() {
    let mut stage = Stage::new();
    let describe = allow(AclOperation::Describe, ResourceType::Cluster, acl::CLUSTER_NAME);
    stage.shared.current.replace(snapshot(usual_policy().with_changes(&[], &[describe]), 2));
    let all = DescribeAclsRequest::default()
        .with_resource_type_filter(1)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(1)
        .with_principal_filter(None)
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1);
    for (correlation_id, patterns) in [(2, 3), (4, 0)] {
        stage.ask(heartbeat(correlation_id - 1, "mine")).await;
        stage.ask(encoded(1, correlation_id, &all)).await;
        assert_eq!(stage.seen().await.0, correlation_id - 1);
        if patterns == 0 {
            stage.shared.current.replace(snapshot(usual_policy(), 3));
        }
        stage.answer(correlation_id - 1).await;
        assert_eq!(stage.answered().await, heartbeat_frame(correlation_id - 1, ErrorCode::NONE));
        let mut frame = stage.answered().await.expect("an answer").slice(4..);
        let answer = DescribeAclsResponse::decode(&mut frame, 1).expect("an answer to DescribeAcls");
        let error = if patterns == 0 { ErrorCode::CLUSTER_AUTHORIZATION_FAILED } else { ErrorCode::NONE };
        assert_eq!((answer.error_code, answer.resources.len()), (error.0, patterns));
    }
}

#[tokio::test]
async fn a_request_without_an_answer_takes_no_place() {
    let mut stage = Stage::new();
    stage.ask(produce(1, "orders", 0, 100)).await;
    stage.ask(heartbeat(2, "mine")).await;
    assert_eq!([stage.seen().await.0, stage.seen().await.0], [1, 2]);
    stage.answer(2).await;
    assert_eq!(stage.answered().await, heartbeat_frame(2, ErrorCode::NONE));
}

#[tokio::test]
async fn a_denied_request_without_an_answer_closes_when_its_turn_has_come() {
    let mut stage = Stage::new();
    stage.ask(heartbeat(1, "mine")).await;
    stage.ask(produce(2, "of-others", 0, 100)).await;
    assert_eq!(stage.seen().await.0, 1);
    stage.answer(1).await;
    assert_eq!(stage.answered().await, heartbeat_frame(1, ErrorCode::NONE));
    assert_eq!(stage.answered().await, None);
    assert_eq!(read_frame(&mut stage.broker).await, None, "the broker saw nothing of it");
}

#[tokio::test]
async fn what_is_no_request_closes_when_its_turn_has_come() {
    for (bytes, end) in [
        (&[0, 0, 0, 4, 0x7f, 0xff, 0, 0][..], "no request: unknown api key"),
        (&[0, 0, 0, 2, 0, 3], "no request: malformed request header"),
        (&[0x7f, 0xff, 0xff, 0xff], "no request: a frame of `2147483647` bytes"),
        (&[0, 0, 0, 8, 0, 52, 0, 0, 0, 0, 0, 9], "no request: malformed request header"),
        (&[0, 0, 0, 11, 0, 52, 0, 0, 0, 0, 0, 9, 0, 0, 0], "Vote version 0 is not served"),
        (&[0, 0, 0, 10, 0, 12, 0, 1, 0, 0, 0, 9, 0, 0], "malformed Heartbeat version 1"),
    ] {
        let mut stage = Stage::new();
        stage.ask(heartbeat(1, "mine")).await;
        stage.ask(Bytes::copy_from_slice(bytes)).await;
        assert_eq!(stage.seen().await.0, 1);
        stage.answer(1).await;
        assert_eq!(stage.answered().await, heartbeat_frame(1, ErrorCode::NONE));
        assert_eq!(stage.answered().await, None);
        let ended = stage.end().await;
        assert!(ended.starts_with(end), "{ended}");
    }
}

#[tokio::test]
async fn api_versions_is_answered_here_even_in_unknown_versions() {
    let mut stage = Stage::new();
    stage.ask(encoded(0, 1, &ApiVersionsRequest::default())).await;
    assert!(stage.answered().await.is_some_and(|answer| answer.starts_with(&[0, 0, 0, 1, 0, 0])));
    let unknown = [0, 0, 0, 11, 0, 18, 0, 99, 0, 0, 0, 2, 0, 0, 0];
    stage.ask(Bytes::copy_from_slice(&unknown)).await;
    let answer = stage.answered().await;
    assert_eq!(answer.as_deref(), Some(&[0, 0, 0, 2, 0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4][..]));
}

#[tokio::test]
async fn addresses_are_replaced_by_ours() {
    let mut stage = Stage::new();
    let policy = usual_policy().with_changes(&[], &[allow(AclOperation::Describe, ResourceType::Group, "mine")]);
    stage.shared.current.replace(snapshot(policy, 2));
    stage.ask(encoded(0, 1, &FindCoordinatorRequest::default().with_key(text("mine")))).await;
    assert_eq!(stage.seen().await.0, 1);
    let says = |host: &str, port| {
        let response = FindCoordinatorResponse::default().with_node_id(1.into()).with_host(text(host)).with_port(port);
        encode_response(0, 1, &response).expect("it can be written")
    };
    stage.broker.write_all(&says("secret.internal", 9092)).await.expect("the connection reads");
    assert_eq!(stage.answered().await, Some(says("proxy.example.com", 9101).slice(4..)));
}

#[tokio::test]
async fn a_policy_change_holds_for_the_next_of_two_pipelined_requests() {
    let mut stage = Stage::new();
    stage.ask(heartbeat(1, "mine")).await;
    assert_eq!(stage.seen().await.0, 1);
    stage.shared.current.replace(snapshot(Policy::empty(Settings::default()), 2));
    stage.ask(heartbeat(2, "mine")).await;
    stage.answer(1).await;
    assert_eq!(stage.answered().await, heartbeat_frame(1, ErrorCode::NONE));
    assert_eq!(stage.answered().await, heartbeat_frame(2, ErrorCode::GROUP_AUTHORIZATION_FAILED));
}

#[tokio::test]
async fn what_is_revoked_while_a_look_up_takes_its_time_is_revoked() {
    let mut stage = Stage::new();
    let topic =
        FetchTopic::default().with_topic_id(uuid::Uuid::from_u128(7)).with_partitions(vec![FetchPartition::default()]);
    let request = FetchRequest::default().with_session_epoch(-1).with_topics(vec![topic]);
    stage.ask(encoded(13, 1, &request)).await;
    within(stage.look_ups.begun.notified()).await;
    stage.shared.current.replace(snapshot(Policy::new(Settings::default(), []), 2));
    stage.look_ups.may_end.add_permits(2);
    let answer = stage.answered().await.expect("an answer");
    let answer = protocol::guard_response(ApiKey::Fetch, 13, answer, &protocol::Limits::default());
    let answer: FetchResponse = answer.expect("an answer of kafka").decode().expect("it can be read");
    let errors: Vec<i16> =
        answer.responses.iter().flat_map(|topic| &topic.partitions).map(|partition| partition.error_code).collect();
    assert_eq!(errors, [ErrorCode::TOPIC_AUTHORIZATION_FAILED.0]);
}

/// A fetch of topic ids, from a client that does not say its name.
fn fetch_of_ids(correlation_id: i32, ids: std::ops::Range<u128>) -> Bytes {
    let partitions = || vec![FetchPartition::default()];
    let topic = |id| FetchTopic::default().with_topic_id(uuid::Uuid::from_u128(id)).with_partitions(partitions());
    let request = FetchRequest::default().with_session_epoch(-1).with_topics(ids.map(topic).collect());
    let mut header = RequestFrame::header(ApiKey::Fetch, 13, correlation_id, "");
    header.client_id = None;
    encode_request(&header, &request).expect("it can be written")
}

#[tokio::test]
async fn of_a_request_that_waits_nothing_is_kept_but_bytes_that_the_budget_knows_of() {
    let Parts { mut client, shared, mut connection, .. } = Parts::new(Limits::default(), None);
    connection.line.push(Place::Close(End::Decided("the line is not empty")));
    let sent = fetch_of_ids(1, 1..100);
    client.write_all(&sent).await.expect("it fits the pipe");
    let frame = within(poll_fn(|cx| connection.requests.poll_frame(cx, &mut connection.client))).await;
    connection.request(frame.expect("no error").expect("a frame")).await.expect("it waits");
    let Asked { request, permit, .. } = connection.alone.take().expect("it waits");
    assert!(request.bytes().is_unique(), "somebody else holds a part of it");
    assert_eq!((permit.bytes(), shared.budget.used()), (sent.len(), sent.len()));
}

#[tokio::test]
async fn what_is_looked_up_is_in_the_budget_until_it_is_decided_on() {
    let mut stage = Stage::new();
    let sent = fetch_of_ids(1, 1..101);
    stage.ask(sent.clone()).await;
    within(stage.look_ups.begun.notified()).await;
    assert!(stage.shared.budget.used() >= sent.len() + 100 * 100, "{} bytes", stage.shared.budget.used());
    stage.look_ups.may_end.add_permits(1);
    assert_eq!(stage.seen().await.0, 1);
    stage.ask(heartbeat(2, "mine")).await;
    assert_eq!(stage.seen().await.0, 2);
    assert_eq!(stage.shared.budget.used(), 0);
}

#[tokio::test]
async fn whoever_is_removed_while_a_look_up_takes_its_time_asks_nothing_more() {
    let mut stage = Stage::new();
    let topic = TopicProduceData::default()
        .with_topic_id(uuid::Uuid::from_u128(7))
        .with_partition_data(vec![PartitionProduceData::default().with_records(Some(batch(100)))]);
    stage.ask(encoded(13, 1, &ProduceRequest::default().with_acks(1).with_topic_data(vec![topic]))).await;
    within(stage.look_ups.begun.notified()).await;
    stage.shared.connections.give(stage.id, Order::Close(Closed::UserRemoved));
    stage.look_ups.may_end.add_permits(1);
    assert_eq!(read_frame(&mut stage.broker).await, None);
    assert_eq!(stage.end().await, "closed from here: user_removed");
}

#[tokio::test]
async fn a_user_is_in_its_groups_however_it_logged_in_and_as_long_as_it_is() {
    let staff = |group: &str| {
        let entry = AccessControlEntry::new("Group:staff", "*", AclOperation::Read, AclPermissionType::Allow);
        AclBinding::new(ResourcePattern::literal(ResourceType::Group, group), entry)
    };
    let snapshot = |groups: &[&str], generation| {
        let mut users = authentication::Users::builder();
        users.groups("alice", groups.iter().map(|group| Arc::from(*group))).expect("a name");
        let policy = Policy::new(Settings::default(), [staff("of staff")]);
        store::Snapshot { policy, users: users.build().into(), generation }
    };
    // By a certificate: the login knows of no groups.
    let mut stage = Stage::new();
    stage.shared.current.replace(snapshot(&["Group:staff"], 2));
    stage.ask(heartbeat(1, "of staff")).await;
    assert_eq!(stage.seen().await.0, 1);
    stage.answer(1).await;
    assert_eq!(stage.answered().await, heartbeat_frame(1, ErrorCode::NONE));
    stage.shared.current.replace(snapshot(&[], 3));
    stage.ask(heartbeat(2, "of staff")).await;
    assert_eq!(stage.answered().await, heartbeat_frame(2, ErrorCode::GROUP_AUTHORIZATION_FAILED));
}

#[tokio::test]
async fn a_client_that_sends_no_more_still_gets_its_answers() {
    let mut stage = Stage::new();
    stage.ask(heartbeat(1, "mine")).await;
    within(stage.client.shutdown()).await.expect("it can be half closed");
    assert_eq!(stage.seen().await.0, 1);
    stage.answer(1).await;
    assert_eq!(stage.answered().await, heartbeat_frame(1, ErrorCode::NONE));
    assert_eq!(stage.answered().await, None);
    assert_eq!(read_frame(&mut stage.broker).await, None);
    assert_eq!(stage.end().await, "the client has closed it");
}

#[tokio::test]
async fn what_a_client_sent_before_it_went_reaches_the_broker() {
    let mut stage = Stage::new();
    for correlation_id in 0..20 {
        stage.ask(produce(correlation_id, "orders", 0, 100)).await;
    }
    let Stage { client, broker, shared: _shared, connection, .. } = stage;
    drop(client);
    let mut broker = broker;
    let mut count = 0;
    while read_frame(&mut broker).await.is_some() {
        count += 1;
    }
    let end = within(connection).await.expect("no panic").to_string();
    assert_eq!((count, end.as_str()), (20, "the client has closed it"));
}

#[tokio::test]
async fn a_client_gone_in_the_middle_of_an_answer_takes_the_upstream_with_it() {
    let mut stage = Stage::new();
    stage.ask(heartbeat(1, "mine")).await;
    assert_eq!(stage.seen().await.0, 1);
    let Stage { mut client, mut broker, shared, connection, .. } = stage;
    let writer = tokio::spawn(async move { broker.write_all(&long_answer(1, 10_000_000)).await });
    within(client.read_exact(&mut [0; 1000])).await.expect("the beginning of it");
    drop(client);
    assert!(within(writer).await.expect("no panic").is_err(), "the broker's connection was closed");
    let end = within(connection).await.expect("no panic").to_string();
    assert!(end.starts_with("the client is gone"), "{end}");
    assert_eq!((shared.budget.used(), shared.connections.len()), (0, 0));
}

#[tokio::test]
async fn a_broker_gone_before_its_answer_closes_the_client() {
    let mut stage = Stage::new();
    stage.ask(heartbeat(1, "mine")).await;
    stage.ask(heartbeat(2, "mine")).await;
    assert_eq!([stage.seen().await.0, stage.seen().await.0], [1, 2]);
    stage.answer(1).await;
    let Stage { mut client, broker, connection, .. } = stage;
    drop(broker);
    assert_eq!(read_frame(&mut client).await, heartbeat_frame(1, ErrorCode::NONE));
    assert_eq!(read_frame(&mut client).await, None);
    assert_eq!(within(connection).await.expect("no panic").to_string(), "the broker has closed its connection");
}

#[tokio::test]
async fn an_answer_out_of_turn_closes_the_client() {
    let mut stage = Stage::new();
    stage.ask(heartbeat(1, "mine")).await;
    assert_eq!(stage.seen().await.0, 1);
    stage.answer(9).await;
    assert_eq!(stage.answered().await, None);
    assert_eq!(stage.end().await, "the broker misbehaved: an answer with correlation id `9` instead of `1`");
}

#[tokio::test]
async fn a_broker_that_cannot_be_reached_closes_the_client() {
    let mut stage = Stage::new();
    stage.ask(heartbeat(1, "mine")).await;
    assert_eq!(stage.seen().await.0, 1);
    // The same connection never gets another one.
    let Stage { mut client, broker, .. } = stage;
    drop(broker);
    assert_eq!(read_frame(&mut client).await, None);
}

#[tokio::test]
async fn a_slow_client_stops_the_broker_and_holds_a_bounded_part_of_its_answer() {
    const LENGTH: usize = 4_000_000;
    let mut stage = Stage::new();
    stage.ask(heartbeat(1, "mine")).await;
    assert_eq!(stage.seen().await.0, 1);
    let Stage { mut client, mut broker, shared, connection, .. } = stage;
    let blocked = timeout(Duration::from_millis(200), broker.write_all(&long_answer(1, LENGTH))).await;
    assert!(blocked.is_err(), "nobody reads it");
    assert!(shared.budget.used() <= 256 * 1024, "{}", shared.budget.used());
    // How much of it went is not told, so the rest cannot be sent: the broker goes, and the client sees a cut answer.
    drop(broker);
    let mut came = Vec::new();
    within(client.read_to_end(&mut came)).await.expect("it was closed");
    assert!(came.len() < LENGTH);
    within(connection).await.expect("no panic");
    assert_eq!(shared.budget.used(), 0);
}

#[tokio::test]
async fn a_broker_that_first_wants_to_be_read_is_read_while_it_is_written_to() {
    let mut stage = Stage::new();
    stage.ask(heartbeat(1, "mine")).await;
    assert_eq!(stage.seen().await.0, 1);
    let Stage { client, mut broker, shared: _shared, connection: _connection, .. } = stage;
    let (mut from_us, mut to_us) = tokio::io::split(client);
    let requests = tokio::spawn(async move {
        for correlation_id in 2..40 {
            to_us.write_all(&produce(correlation_id, "orders", 1, 100_000)).await.expect("the connection reads");
        }
        to_us
    });
    // It reads no request before its answer is taken, as brokers do.
    let answers = tokio::spawn(async move {
        broker.write_all(&long_answer(1, 3_000_000)).await.expect("the connection reads");
        for correlation_id in 2..40 {
            read_frame(&mut broker).await.expect("a request");
            broker.write_all(&produce_answer(correlation_id)).await.expect("the connection reads");
        }
        broker
    });
    let mut length = 4 + 3_000_000 + 38 * produce_answer(2).len();
    let mut chunk = [0; 8192];
    while length > 0 {
        let came = within(from_us.read(&mut chunk)).await.expect("an answer");
        assert!(came > 0 && came <= length, "{came} came, {length} bytes are missing");
        length -= came;
    }
    within(requests).await.expect("all were sent");
    within(answers).await.expect("all were answered");
}

#[tokio::test]
async fn a_full_line_stops_reading_the_client() {
    let mut stage = Stage::with(Limits { max_in_flight: 2, ..Limits::default() });
    for correlation_id in 1..=3 {
        stage.ask(heartbeat(correlation_id, "mine")).await;
    }
    assert_eq!([stage.seen().await.0, stage.seen().await.0], [1, 2]);
    let third = timeout(Duration::from_millis(100), read_frame(&mut stage.broker)).await;
    assert!(third.is_err(), "there is no place for it yet");
    stage.answer(1).await;
    assert_eq!(stage.seen().await.0, 3);
}

#[tokio::test]
async fn a_request_waits_while_the_budget_is_used_up_and_goes_on_afterwards() {
    let mut stage = Stage::with(Limits { memory_budget_bytes: 100_000, ..Limits::default() });
    let budget: &Arc<Budget> = &stage.shared.budget;
    let mut flood = budget.permit(Class::Responses);
    assert!(flood.try_add(100_000));
    stage.ask(heartbeat(1, "mine")).await;
    let waits = timeout(Duration::from_millis(100), read_frame(&mut stage.broker)).await;
    assert!(waits.is_err(), "there is nothing to hold it with");
    drop(flood);
    assert_eq!(stage.seen().await.0, 1);
    stage.answer(1).await;
    assert_eq!(stage.answered().await, heartbeat_frame(1, ErrorCode::NONE));
}

#[tokio::test]
async fn an_answer_that_has_to_be_held_and_does_not_fit_closes_the_client() {
    let mut stage = Stage::with(Limits { memory_budget_bytes: 100_000, ..Limits::default() });
    stage.ask(encoded(0, 1, &ListGroupsRequest::default())).await;
    assert_eq!(stage.seen().await.0, 1);
    within(stage.broker.write_all(long_answer(1, 200_000).split_at(1000).0)).await.expect("room");
    assert_eq!(stage.answered().await, None);
    assert!(stage.end().await.starts_with("an answer of `200004` bytes is longer than the memory budget"));
}

#[tokio::test]
async fn a_request_that_was_told_to_finish_gets_its_answer_and_a_parked_fetch_does_not_hold() {
    let mut stage = Stage::new();
    stage.ask(heartbeat(1, "mine")).await;
    stage.ask(fetch(2, "orders")).await;
    assert_eq!([stage.seen().await.0, stage.seen().await.0], [1, 2]);
    stage.shared.connections.give(stage.id, Order::Finish);
    stage.answer(1).await;
    assert_eq!(stage.answered().await, heartbeat_frame(1, ErrorCode::NONE));
    assert_eq!(stage.answered().await, None);
    assert_eq!(stage.end().await, "finished before the stop");
}

#[tokio::test]
async fn an_order_to_close_is_obeyed_at_once() {
    let mut stage = Stage::new();
    stage.ask(heartbeat(1, "mine")).await;
    assert_eq!(stage.seen().await.0, 1);
    stage.shared.connections.give(stage.id, Order::Close(Closed::UserRemoved));
    assert_eq!(stage.answered().await, None);
    assert_eq!(stage.end().await, "closed from here: user_removed");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_soon_is_prolonged_between_two_answers() {
    let mut stage = Stage::with_session(Limits::default(), Some(Duration::from_secs(100)));
    for correlation_id in [1, 2] {
        stage.ask(heartbeat(correlation_id, "mine")).await;
        assert_eq!(stage.seen().await.0, correlation_id);
    }
    tokio::time::advance(Duration::from_secs(90)).await;
    stage.ask(heartbeat(3, "mine")).await;
    stage.ask(heartbeat(4, "of others")).await;
    stage.answer(1).await;
    let early = timeout(Duration::from_secs(1), read_frame(&mut stage.broker)).await;
    assert!(early.is_err(), "an answer was still to come");
    stage.answer(2).await;
    assert_eq!(stage.seen().await.0, LOGIN);
    let early = timeout(Duration::from_secs(1), read_frame(&mut stage.broker)).await;
    assert!(early.is_err(), "the login has not succeeded yet");
    stage.answer(LOGIN).await;
    assert_eq!(stage.seen().await.0, 3);
    stage.answer(3).await;
    for correlation_id in 1..=3 {
        assert_eq!(stage.answered().await, heartbeat_frame(correlation_id, ErrorCode::NONE));
    }
    assert_eq!(stage.answered().await, heartbeat_frame(4, ErrorCode::GROUP_AUTHORIZATION_FAILED));

    tokio::time::advance(Duration::from_secs(200)).await;
    let idle = timeout(Duration::from_secs(1), read_frame(&mut stage.broker)).await;
    assert!(idle.is_err(), "nobody asks for anything");
    stage.ask(heartbeat(5, "mine")).await;
    assert_eq!(stage.seen().await.0, LOGIN);
    let refusal = heartbeat_answer(LOGIN, ErrorCode::SASL_AUTHENTICATION_FAILED);
    stage.broker.write_all(&refusal).await.expect("the connection reads");
    assert_eq!(stage.answered().await, None);
    assert_eq!(stage.end().await, "no connection to the broker: refused");
}

#[tokio::test]
async fn groups_that_may_not_be_described_are_answered_beside_those_of_the_broker() {
    let mut stage = Stage::new();
    let request = DescribeGroupsRequest::default().with_groups(vec![text("mine").into(), text("of others").into()]);
    stage.ask(encoded(0, 1, &request)).await;
    let (correlation_id, length) = stage.seen().await;
    assert_eq!((correlation_id, length), (1, encoded(0, 1, &request).len() - 4 - "of others".len() - 2));
}
