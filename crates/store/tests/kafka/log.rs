//! One broker with one topic of one partition, of values: what is produced can be fetched. Tests make it lose answers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use client::testing::{FakeBroker, Reply, header};
use client::{Connector, UpstreamSecurity, UpstreamSettings};
use protocol::messages::api_versions_response::ApiVersion;
use protocol::messages::create_topics_response::CreatableTopicResult;
use protocol::messages::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult};
use protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic};
use protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use protocol::messages::*;
use protocol::{
    ApiKey, Encodable, ErrorCode, GuardedRequest, HeaderVersion, Limits, StrBytes, encode_response, guard_request,
};
use uuid::Uuid;

/// What becomes of a Produce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Appended; the connection ends instead of an answer.
    AnswerLost,
    /// Not appended; the connection ends.
    RequestLost,
    /// Refused with this code, and not appended.
    Refused(ErrorCode),
    /// Appended, and answered with this code.
    AppendedAnd(ErrorCode),
}

/// The log. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    port: u16,
    pub(crate) topic: Option<Topic>,
    /// Of the next Produce requests, first to last; then all is well.
    pub(crate) fates: VecDeque<Fate>,
    pub(crate) next_producer_id: i64,
    /// Nobody's connection gets an answer any more.
    pub(crate) is_away: bool,
    /// That many Fetches show nothing of the log, as a broker that leads since a moment ago.
    pub(crate) shows_nothing: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Topic {
    pub(crate) id: Uuid,
    pub(crate) configs: BTreeMap<String, String>,
    pub(crate) partitions: i32,
    pub(crate) start: i64,
    /// Batches as they were produced, each with its base offset and number of records.
    pub(crate) batches: Vec<(i64, i32, Bytes)>,
    /// The sequence that is expected of a producer, and the batch that was last.
    pub(crate) producers: BTreeMap<(i64, i16), (i32, i32, i64)>,
}

impl Topic {
    pub(crate) fn end(&self) -> i64 {
        self.batches.last().map_or(self.start, |(base, count, _)| base + i64::from(*count))
    }
}

impl Log {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().expect("no test panics while it changes the log")
    }

    /// What has changed by hand can be seen.
    pub(crate) fn wake(&self) {
        self.state.1.notify_all();
    }

    /// A broker of it, and the way there.
    pub(crate) async fn start() -> (Log, FakeBroker, Connector) {
        let log = Log::default();
        let scripted = log.clone();
        let broker = FakeBroker::start(move || {
            let log = scripted.clone();
            Box::new(move |frame| log.answer(frame))
        })
        .await;
        log.state().port = broker.port();
        let settings = UpstreamSettings {
            bootstrap_servers: vec![broker.address()],
            security: UpstreamSecurity { tls: None, sasl: None },
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
        };
        (log, broker, Connector::new(settings).expect("good settings"))
    }

    fn answer(&self, frame: Bytes) -> Reply {
        let request = guard_request(header(&frame), &Limits::default()).expect("our own requests are well formed");
        let mut state = self.state();
        if state.is_away {
            return Reply::Close;
        }
        match request.api_key {
            ApiKey::ApiVersions => reply(&request, &api_versions()),
            ApiKey::Metadata => reply(&request, &state.metadata(&decode(&request))),
            ApiKey::CreateTopics => reply(&request, &state.create(&decode(&request))),
            ApiKey::DescribeConfigs => reply(&request, &state.configs()),
            ApiKey::InitProducerId => {
                state.next_producer_id += 1;
                let id = ProducerId(state.next_producer_id);
                reply(&request, &InitProducerIdResponse::default().with_producer_id(id).with_producer_epoch(0))
            }
            ApiKey::ListOffsets => reply(&request, &state.offsets(&decode(&request))),
            ApiKey::Produce => {
                let answered = state.produce(&decode(&request));
                drop(state);
                self.wake();
                answered.map_or(Reply::Close, |response| reply(&request, &response))
            }
            ApiKey::Fetch => {
                drop(state);
                tokio::task::block_in_place(|| self.fetch(&request))
            }
            _ => Reply::Close,
        }
    }

    /// As a broker does, it waits for something to come.
    fn fetch(&self, request: &GuardedRequest) -> Reply {
        let asked: FetchRequest = decode(request);
        let wait = Duration::from_millis(u64::try_from(asked.max_wait_ms).expect("not negative"));
        let offset = asked.topics[0].partitions[0].fetch_offset;
        let is_waiting = |state: &mut State| {
            !state.is_away && state.topic.as_ref().is_some_and(|topic| offset == topic.end() && topic.start <= offset)
        };
        let (mut state, _) = self.state.1.wait_timeout_while(self.state(), wait, is_waiting).expect("no test panics");
        if state.is_away {
            return Reply::Close;
        }
        let id = asked.topics[0].topic_id;
        if state.shows_nothing > 0 {
            state.shows_nothing -= 1;
            let partition = PartitionData::default().with_records(Some(Bytes::new()));
            let topic = FetchableTopicResponse::default().with_topic_id(id).with_partitions(vec![partition]);
            return reply(request, &FetchResponse::default().with_responses(vec![topic]));
        }
        reply(request, &state.fetched(offset, id))
    }
}

fn decode<T: protocol::Request>(request: &GuardedRequest) -> T {
    request.decode().expect("guarded")
}

fn reply<T: Encodable + HeaderVersion>(request: &GuardedRequest, response: &T) -> Reply {
    let encoded = encode_response(request.api_version, request.correlation_id, response);
    Reply::Bytes(encoded.expect("an answer of values can be written"))
}

fn api_versions() -> ApiVersionsResponse {
    let apis = [
        (ApiKey::Produce, 3..=13),
        (ApiKey::Fetch, 4..=17),
        (ApiKey::ListOffsets, 1..=9),
        (ApiKey::Metadata, 0..=12),
        (ApiKey::ApiVersions, 0..=4),
        (ApiKey::CreateTopics, 2..=7),
        (ApiKey::InitProducerId, 0..=4),
        (ApiKey::DescribeConfigs, 1..=4),
    ];
    let apis = apis.map(|(api_key, range)| {
        let api = ApiVersion::default().with_api_key(api_key.code());
        api.with_min_version(*range.start()).with_max_version(*range.end())
    });
    ApiVersionsResponse::default().with_api_keys(apis.to_vec())
}

impl State {
    pub(crate) fn topic(&mut self) -> &mut Topic {
        self.topic.as_mut().expect("the topic is there")
    }

    fn metadata(&self, request: &MetadataRequest) -> MetadataResponse {
        let broker = MetadataResponseBroker::default()
            .with_host(StrBytes::from_static_str("127.0.0.1"))
            .with_port(self.port.into());
        let name = request.topics.as_ref().and_then(|topics| topics[0].name.clone());
        let topic = MetadataResponseTopic::default().with_name(name);
        let topic = match &self.topic {
            None => topic.with_error_code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0),
            Some(found) => topic.with_topic_id(found.id).with_partitions(
                (0..found.partitions).map(|at| MetadataResponsePartition::default().with_partition_index(at)).collect(),
            ),
        };
        MetadataResponse::default().with_brokers(vec![broker]).with_topics(vec![topic])
    }

    fn create(&mut self, request: &CreateTopicsRequest) -> CreateTopicsResponse {
        let asked = &request.topics[0];
        let result = CreatableTopicResult::default().with_name(asked.name.clone());
        if self.topic.is_some() {
            let result = result.with_error_code(ErrorCode::TOPIC_ALREADY_EXISTS.0);
            return CreateTopicsResponse::default().with_topics(vec![result]);
        }
        let config = |(name, value): (&StrBytes, &Option<StrBytes>)| {
            (name.to_string(), value.as_ref().map(ToString::to_string).unwrap_or_default())
        };
        self.topic = Some(Topic {
            id: Uuid::from_u128(7),
            configs: asked.configs.iter().map(|entry| config((&entry.name, &entry.value))).collect(),
            partitions: asked.num_partitions,
            ..Topic::default()
        });
        CreateTopicsResponse::default().with_topics(vec![result])
    }

    fn configs(&self) -> DescribeConfigsResponse {
        let configs = self.topic.iter().flat_map(|topic| &topic.configs).map(|(name, value)| {
            DescribeConfigsResourceResult::default()
                .with_name(StrBytes::from_string(name.clone()))
                .with_value(Some(StrBytes::from_string(value.clone())))
        });
        let result = DescribeConfigsResult::default().with_resource_type(2).with_configs(configs.collect());
        DescribeConfigsResponse::default().with_results(vec![result])
    }

    fn offsets(&mut self, request: &ListOffsetsRequest) -> ListOffsetsResponse {
        let earliest = request.topics[0].partitions[0].timestamp == -2;
        let partition = ListOffsetsPartitionResponse::default();
        let partition = match &self.topic {
            None => partition.with_error_code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0),
            Some(topic) => partition.with_offset(if earliest { topic.start } else { topic.end() }),
        };
        let topic = ListOffsetsTopicResponse::default().with_partitions(vec![partition]);
        ListOffsetsResponse::default().with_topics(vec![topic])
    }

    /// Nothing: the connection ends.
    fn produce(&mut self, request: &ProduceRequest) -> Option<ProduceResponse> {
        let batch = request.topic_data[0].partition_data[0].records.clone().expect("some");
        let (error, offset) = match self.fates.pop_front() {
            None => self.append(batch),
            Some(Fate::RequestLost) => return None,
            Some(Fate::AnswerLost) => {
                self.append(batch);
                return None;
            }
            Some(Fate::Refused(error)) => (error, -1),
            Some(Fate::AppendedAnd(error)) => (error, self.append(batch).1),
        };
        let partition = PartitionProduceResponse::default().with_error_code(error.0).with_base_offset(offset);
        let topic = TopicProduceResponse::default().with_partition_responses(vec![partition]);
        Some(ProduceResponse::default().with_responses(vec![topic]))
    }

    /// Kafka: `ProducerStateManager`, as far as one batch in flight goes.
    fn append(&mut self, batch: Bytes) -> (ErrorCode, i64) {
        let Some(topic) = &mut self.topic else { return (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, -1) };
        let at =
            |from: usize, length: usize| batch[from..from + length].iter().fold(0_i64, |n, b| n << 8 | i64::from(*b));
        let producer = (at(43, 8), i16::try_from(at(51, 2)).expect("two bytes"));
        let (sequence, count) = (i32::try_from(at(53, 4)).expect("few"), i32::try_from(at(57, 4)).expect("few"));
        let end = topic.end();
        if topic.producers.keys().any(|(id, epoch)| *id == producer.0 && *epoch > producer.1) {
            return (ErrorCode::INVALID_PRODUCER_EPOCH, -1);
        }
        if let Some((next, last, offset)) = topic.producers.get(&producer) {
            if sequence == *last {
                return (ErrorCode::NONE, *offset);
            }
            if sequence != *next {
                return (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
            }
        }
        topic.producers.insert(producer, (sequence + count, sequence, end));
        let mut placed = BytesMut::new();
        placed.put_i64(end);
        placed.extend_from_slice(&batch[8..]);
        topic.batches.push((end, count, placed.freeze()));
        (ErrorCode::NONE, end)
    }

    fn fetched(&self, offset: i64, id: Uuid) -> FetchResponse {
        let partition = PartitionData::default();
        let partition = match &self.topic {
            None => partition.with_error_code(ErrorCode::UNKNOWN_TOPIC_ID.0),
            Some(topic) if topic.id != id => partition.with_error_code(ErrorCode::UNKNOWN_TOPIC_ID.0),
            Some(topic) if offset < topic.start || offset > topic.end() => {
                partition.with_error_code(ErrorCode::OFFSET_OUT_OF_RANGE.0)
            }
            Some(topic) => {
                let found = topic.batches.iter().filter(|(base, count, _)| base + i64::from(*count) > offset);
                let bytes: Vec<u8> = found.flat_map(|(.., bytes)| bytes.iter().copied()).collect();
                partition
                    .with_high_watermark(topic.end())
                    .with_log_start_offset(topic.start)
                    .with_records(Some(bytes.into()))
            }
        };
        let topic = FetchableTopicResponse::default().with_topic_id(id).with_partitions(vec![partition]);
        FetchResponse::default().with_responses(vec![topic])
    }
}
