//! The whole table, walked by a super user who names a topic that does not exist for clients: no request goes to a broker
//! with it, no answer tells of it but to say that there is no such topic, and no list has it.

use std::collections::BTreeSet;
use std::sync::Arc;

use acl::{Grants, Host, Identity, KafkaPrincipal, Policy, Settings};
use apis::{Answer, ConnectionState, Found, Kind, RequestContext, ResponseEdit, Verdict, judge, table};
use bytes::Bytes;
use protocol::hidden::{Hidden, body_of, sample_request, sample_response};
use protocol::messages::delete_topics_request::DeleteTopicState;
use protocol::messages::delete_topics_response::DeletableTopicResult;
use protocol::messages::metadata_request::MetadataRequestTopic;
use protocol::messages::*;
use protocol::{
    ApiKey, BrokerAddresses, Decodable, ErrorCode, Limits, Request, RequestFrame, StrBytes, encode_request,
    guard_request, guard_response,
};
use uuid::Uuid;

const HIDDEN: &str = "__doorkeeper";
const VISIBLE: &str = "orders";
const HIDDEN_ID: Uuid = Uuid::from_u128(7);

/// Every number of a request: what picks the branches of an API.
const NUMBERS: [(i8, i16, i32); 3] = [(0, 0, 0), (2, 1, -1), (1, 1, 1)];

/// What a broker answers, whose topics were all asked for by name or by id. So nothing has to be taken out of it.
const ANSWERS_WHAT_WAS_ASKED: &[ApiKey] = &[
    ApiKey::Produce,
    ApiKey::Fetch,
    ApiKey::ShareFetch,
    ApiKey::ListOffsets,
    ApiKey::OffsetCommit,
    ApiKey::OffsetFetch,
    ApiKey::OffsetDelete,
    ApiKey::CreateTopics,
    ApiKey::DeleteTopics,
    ApiKey::DeleteRecords,
    ApiKey::CreatePartitions,
    ApiKey::OffsetForLeaderEpoch,
    ApiKey::AddPartitionsToTxn,
    ApiKey::TxnOffsetCommit,
    ApiKey::WriteTxnMarkers,
    ApiKey::DescribeConfigs,
    ApiKey::AlterConfigs,
    ApiKey::IncrementalAlterConfigs,
    ApiKey::DescribeProducers,
    ApiKey::ShareAcknowledge,
    ApiKey::AlterShareGroupOffsets,
    ApiKey::DeleteShareGroupOffsets,
    ApiKey::DescribeShareGroupOffsets,
    ApiKey::StreamsGroupHeartbeat,
];

/// Whose answers have no topics.
const ABOUT_NO_TOPIC: &[ApiKey] = &[
    ApiKey::FindCoordinator,
    ApiKey::JoinGroup,
    ApiKey::SyncGroup,
    ApiKey::DescribeGroups,
    ApiKey::ListGroups,
    ApiKey::DeleteGroups,
    ApiKey::SaslHandshake,
    ApiKey::SaslAuthenticate,
    ApiKey::InitProducerId,
    ApiKey::AddOffsetsToTxn,
    ApiKey::DescribeCluster,
    ApiKey::ListTransactions,
    ApiKey::ConsumerGroupHeartbeat,
    ApiKey::ShareGroupHeartbeat,
];

struct Nowhere;

impl BrokerAddresses for Nowhere {
    fn address(&self, _: i32) -> Option<(StrBytes, u16)> {
        None
    }
}

fn names() -> BTreeSet<String> {
    [HIDDEN.to_owned()].into()
}

fn super_user() -> Grants {
    let settings =
        Settings { super_users: ["User:admin".to_owned()].into(), hidden_topics: names(), ..Settings::default() };
    let identity = Identity {
        principal: KafkaPrincipal::user("admin"),
        groups: Vec::new(),
        host: Host::from(std::net::IpAddr::from([10, 0, 0, 1])),
        listener: "CLIENT".into(),
        authenticated_by_token: false,
    };
    Policy::empty(settings).grants(&Arc::new(identity))
}

/// A super user's connection; what is looked up is there, but for what is hidden.
struct Client {
    grants: Grants,
    state: ConnectionState,
    found: Found,
}

impl Client {
    fn new() -> Client {
        let mut found =
            Found { topic_names: [(HIDDEN_ID, StrBytes::from_static_str(HIDDEN))].into(), ..Found::default() };
        let grants = super_user();
        found.hide(grants.hidden_topics());
        Client { grants, state: ConnectionState::default(), found }
    }

    fn context(&mut self, api_key: ApiKey, version: i16, go_on: &mut dyn FnMut(&mut RequestContext<'_>)) {
        let mut decisions = Vec::new();
        go_on(&mut RequestContext {
            api_key,
            version,
            client_id: StrBytes::default(),
            grants: &self.grants,
            found: &self.found,
            state: &mut self.state,
            decisions: &mut decisions,
        });
    }

    /// Nothing where the guard or the decoder does not take the sample.
    fn ask(&mut self, frame: Bytes) -> Option<Verdict> {
        let frame = RequestFrame::parse(frame).expect("a header");
        let (api_key, version) = (frame.api_key, frame.api_version);
        let case = judge(guard_request(frame, &Limits::default()).ok()?).ok()?;
        let (mut case, mut verdict) = (Some(case), None);
        self.context(api_key, version, &mut |context| {
            verdict = case.take().map(|case| case.decide(context));
        });
        verdict
    }

    fn ask_typed<T: Request>(&mut self, version: i16, request: &T) -> Verdict {
        let api_key = ApiKey::try_from(T::KEY).expect("a key");
        let frame = encode_request(&RequestFrame::header(api_key, version, 7, "tests"), request).expect("written");
        self.ask(frame.slice(4..)).expect("it is judged")
    }

    /// What the client gets of a broker's answer: its body.
    fn answer(&mut self, api_key: ApiKey, version: i16, edit: Option<ResponseEdit>, response: Bytes) -> Option<Bytes> {
        let response = guard_response(api_key, version, response, &Limits::default()).expect("a good sample");
        let Some(edit) = edit else { return Some(response.body()) };
        let (mut edit, mut answer) = (Some(edit), None);
        self.context(api_key, version, &mut |context| {
            answer = edit.take().map(|edit| edit.apply(context, &response, &Nowhere));
        });
        loop {
            match answer.take()?.expect("it can be edited") {
                Answer::AsItCame => return Some(response.body()),
                Answer::Bytes(bytes) => return Some(body_of(api_key, version, &bytes)),
                Answer::Needs(_, next) => {
                    let mut next = Some(next);
                    self.context(api_key, version, &mut |context| {
                        answer = next.take().map(|next| next.resume(context, &Nowhere));
                    });
                }
            }
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn error_for(api_key: ApiKey) -> ErrorCode {
    match api_key {
        ApiKey::CreateTopics => ErrorCode::INVALID_TOPIC_EXCEPTION,
        _ => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    }
}

/// All that is told of the name is that there is none.
fn tells_of_nothing(api_key: ApiKey, version: i16, body: &Bytes, what: &str) {
    let names = names();
    let hidden = Hidden::new(&names, error_for(api_key)).hide(api_key, version, 7, body).expect("it can be read");
    let Some(hidden) = hidden else { return };
    assert_eq!(body_of(api_key, version, &hidden), *body, "{what}: {api_key} {version}");
}

#[test]
fn no_request_that_names_it_goes_to_a_broker_and_no_answer_tells_of_it() {
    let mut judged = BTreeSet::new();
    for row in table::all().iter().filter(|row| !matches!(row.kind, Kind::Refuse | Kind::Answered)) {
        for version in row.versions.clone() {
            for numbers in NUMBERS {
                let frame = sample_request(row.api_key, version, HIDDEN, numbers).expect("a version of kafka's");
                let Some(verdict) = Client::new().ask(frame) else { continue };
                judged.insert(row.api_key);
                match verdict {
                    Verdict::Forward(request, _) | Verdict::ForwardThenClose(request) => {
                        let has_records = matches!(row.api_key, ApiKey::Produce | ApiKey::Fetch);
                        let transactional_id = has_records && row.api_key == ApiKey::Produce;
                        let allowed = usize::from(transactional_id);
                        let times = request.bytes().windows(HIDDEN.len()).filter(|at| *at == HIDDEN.as_bytes()).count();
                        assert!(times <= allowed || has_rack(row.api_key), "{} {version} {numbers:?}", row.api_key);
                    }
                    Verdict::Respond(bytes) => {
                        let body = body_of(row.api_key, version, &bytes);
                        tells_of_nothing(row.api_key, version, &body, "what is answered");
                    }
                    Verdict::Serve(_) | Verdict::Close(_) => {}
                }
            }
        }
    }
    let unjudged: Vec<ApiKey> = table::all()
        .iter()
        .filter(|row| !matches!(row.kind, Kind::Refuse | Kind::Answered))
        .map(|row| row.api_key)
        .filter(|api_key| !judged.contains(api_key))
        .collect();
    assert_eq!(unjudged, [], "no sample of these could be judged");
}

/// A fetch has texts that are no names: where the client stands, and the cluster's id.
fn has_rack(api_key: ApiKey) -> bool {
    matches!(api_key, ApiKey::Fetch | ApiKey::ShareFetch)
}

#[test]
fn no_list_of_a_broker_has_it() {
    for row in table::all().iter().filter(|row| !matches!(row.kind, Kind::Refuse | Kind::Answered | Kind::Stored)) {
        for version in row.versions.clone() {
            for numbers in NUMBERS {
                let frame = sample_request(row.api_key, version, VISIBLE, numbers).expect("a version of kafka's");
                let mut client = Client::new();
                let Some(Verdict::Forward(_, edit)) = client.ask(frame) else { continue };
                let only_asked = ANSWERS_WHAT_WAS_ASKED.contains(&row.api_key);
                let of_no_topic = ABOUT_NO_TOPIC.contains(&row.api_key) || matches!(row.kind, Kind::Named | Kind::Open);
                if only_asked || of_no_topic {
                    continue;
                }
                let response = sample_response(row.api_key, version, HIDDEN, (0, 0, 0)).expect("a version of kafka's");
                let body = client.answer(row.api_key, version, edit, response).expect("an answer");
                tells_of_nothing(row.api_key, version, &body, "what is passed on");
            }
        }
    }
}

/// Where a request asks for everything, as far as an API has such a thing.
#[test]
fn a_list_of_everything_does_not_have_it() {
    fn check<T: Request>(versions: std::ops::RangeInclusive<i16>, request: &T) {
        let api_key = ApiKey::try_from(T::KEY).expect("a key");
        for version in versions {
            let mut client = Client::new();
            let Verdict::Forward(_, edit) = client.ask_typed(version, request) else { panic!("{api_key} {version}") };
            let response = sample_response(api_key, version, HIDDEN, (0, 0, 0)).expect("a version of kafka's");
            let body = client.answer(api_key, version, edit, response).expect("an answer");
            tells_of_nothing(api_key, version, &body, "a list of everything");
        }
    }
    check(1..=12, &MetadataRequest::default().with_topics(None).with_allow_auto_topic_creation(true));
    check(2..=7, &OffsetFetchRequest::default().with_topics(None));
    let group = offset_fetch_request::OffsetFetchRequestGroup::default().with_topics(None);
    check(8..=9, &OffsetFetchRequest::default().with_groups(vec![group]));
    check(1..=4, &DescribeLogDirsRequest::default().with_topics(None));
    check(0..=0, &ListPartitionReassignmentsRequest::default().with_topics(None));
    check(0..=2, &ElectLeadersRequest::default().with_topic_partitions(None));
    check(0..=1, &ListConfigResourcesRequest::default());
    let group =
        describe_share_group_offsets_request::DescribeShareGroupOffsetsRequestGroup::default().with_topics(None);
    check(0..=1, &DescribeShareGroupOffsetsRequest::default().with_groups(vec![group]));
}

/// Its neighbours in a request are dealt with as if it were not there.
#[test]
fn creating_and_deleting_it_fails_by_itself() {
    let named = |name: &'static str| TopicName(StrBytes::from_static_str(name));
    let topics = [HIDDEN, VISIBLE]
        .map(|name| create_topics_request::CreatableTopic::default().with_name(named(name)).with_num_partitions(1));
    let create = CreateTopicsRequest::default().with_topics(topics.to_vec());
    let Verdict::Forward(request, edit) = Client::new().ask_typed(7, &create) else { panic!("it does not go on") };
    assert!(!contains(request.bytes(), HIDDEN) && contains(request.bytes(), VISIBLE));
    let created = sample_response(ApiKey::CreateTopics, 7, VISIBLE, (0, 0, 0)).expect("a version of kafka's");
    let mut body = Client::new().answer(ApiKey::CreateTopics, 7, edit, created).expect("an answer");
    let response = CreateTopicsResponse::decode(&mut body, 7).expect("a good answer");
    let told: Vec<_> = response.topics.iter().map(|topic| (topic.name.as_str(), topic.error_code)).collect();
    assert_eq!(told, [(VISIBLE, 0), (HIDDEN, ErrorCode::INVALID_TOPIC_EXCEPTION.0)]);

    let by_id = DeleteTopicState::default().with_name(None).with_topic_id(HIDDEN_ID);
    let by_name = DeleteTopicState::default().with_name(Some(named(HIDDEN)));
    let delete = DeleteTopicsRequest::default().with_topics(vec![by_id.clone(), by_name]);
    let Verdict::Respond(bytes) = Client::new().ask_typed(6, &delete) else { panic!("it goes on") };
    let told = |bytes: &Bytes| -> Vec<(Option<String>, i16)> {
        let mut body = body_of(ApiKey::DeleteTopics, 6, bytes);
        let response = DeleteTopicsResponse::decode(&mut body, 6).expect("a good answer");
        let of = |result: &DeletableTopicResult| (result.name.as_ref().map(|name| name.to_string()), result.error_code);
        response.responses.iter().map(of).collect()
    };
    let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0;
    assert_eq!(told(&bytes), [(None, ErrorCode::UNKNOWN_TOPIC_ID.0), (Some(HIDDEN.to_owned()), unknown)]);
    let delete = DeleteTopicsRequest::default().with_topics(vec![by_id]);
    let Verdict::Respond(bytes) = Client::new().ask_typed(6, &delete) else { panic!("it goes on") };
    assert_eq!(told(&bytes), [(None, ErrorCode::UNKNOWN_TOPIC_ID.0)]);
}

/// A broker takes `.` and `_` for the same in names of topics, and says which topic it means.
#[test]
fn nobody_is_told_what_the_name_of_a_new_topic_collides_with() {
    let colliding = TopicName(StrBytes::from_static_str("_.doorkeeper"));
    let topic = create_topics_request::CreatableTopic::default().with_name(colliding.clone()).with_num_partitions(1);
    let create = CreateTopicsRequest::default().with_topics(vec![topic]);
    for version in 2..=7 {
        let Verdict::Forward(_, edit) = Client::new().ask_typed(version, &create) else { panic!("it does not go on") };
        let text = format!("Topic '_.doorkeeper' collides with existing topics: {HIDDEN}");
        let refused = create_topics_response::CreatableTopicResult::default()
            .with_name(colliding.clone())
            .with_error_code(ErrorCode::INVALID_TOPIC_EXCEPTION.0)
            .with_error_message(Some(StrBytes::from_string(text)));
        let response = CreateTopicsResponse::default().with_topics(vec![refused]);
        let response = protocol::encode_response(version, 7, &response).expect("written").slice(4..);
        let mut body = Client::new().answer(ApiKey::CreateTopics, version, edit, response).expect("an answer");
        assert!(!contains(&body, HIDDEN), "{version}");
        let told = CreateTopicsResponse::decode(&mut body, version).expect("a good answer").topics;
        assert_eq!((told.len(), told[0].error_code), (1, ErrorCode::INVALID_TOPIC_EXCEPTION.0));
        let usual = ErrorCode::INVALID_TOPIC_EXCEPTION.message();
        assert_eq!(told[0].error_message.as_ref().map(|text| text.as_str()), Some(usual));
    }
}

/// By name and by id, in the words that a broker has for what does not exist.
#[test]
fn metadata_of_it_is_that_of_no_topic() {
    let by_name = MetadataRequestTopic::default().with_name(Some(TopicName(StrBytes::from_static_str(HIDDEN))));
    let by_id = MetadataRequestTopic::default().with_name(None).with_topic_id(HIDDEN_ID);
    for (topic, error) in [(by_name, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION), (by_id, ErrorCode::UNKNOWN_TOPIC_ID)] {
        let request = MetadataRequest::default().with_topics(Some(vec![topic]));
        let mut client = Client::new();
        let (body, version) = match client.ask_typed(12, &request) {
            Verdict::Respond(bytes) => (body_of(ApiKey::Metadata, 12, &bytes), 12),
            Verdict::Forward(request, edit) => {
                assert!(!contains(request.bytes(), HIDDEN));
                let empty = protocol::encode_response(12, 7, &MetadataResponse::default()).expect("written").slice(4..);
                (client.answer(ApiKey::Metadata, 12, edit, empty).expect("an answer"), 12)
            }
            other => panic!("{other:?}"),
        };
        let response = MetadataResponse::decode(&mut body.clone(), version).expect("a good answer");
        assert_eq!(response.topics.iter().map(|topic| topic.error_code).collect::<Vec<_>>(), [error.0]);
        assert!(response.topics[0].partitions.is_empty());
    }
}

/// As a broker takes a subscription to what does not exist.
#[test]
fn subscribing_to_it_is_no_error() {
    let names = vec![TopicName(StrBytes::from_static_str(HIDDEN)), TopicName(StrBytes::from_static_str(VISIBLE))];
    let share = ShareGroupHeartbeatRequest::default()
        .with_member_id(StrBytes::from_static_str("AAAAAAAAAAAAAAAAAAAAAA"))
        .with_subscribed_topic_names(Some(names));
    let Verdict::Forward(request, _) = Client::new().ask_typed(1, &share) else { panic!("it does not go on") };
    assert!(!contains(request.bytes(), HIDDEN) && contains(request.bytes(), VISIBLE));
}
