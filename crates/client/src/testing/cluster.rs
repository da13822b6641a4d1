//! A cluster of values that fake brokers answer from, correctly.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use protocol::messages::api_versions_response::ApiVersion;
use protocol::messages::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult};
use protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic};
use protocol::messages::*;
use protocol::{
    ApiKey, Encodable, ErrorCode, GuardedRequest, HeaderVersion, Limits, StrBytes, encode_response, guard_request,
};
use uuid::Uuid;

use super::{Reply, Script, header};

/// What the brokers know. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct FakeCluster {
    state: Arc<Mutex<State>>,
}

/// Change anything at any time.
#[derive(Debug)]
pub struct State {
    pub cluster_id: String,
    /// Ports on 127.0.0.1 by node id.
    pub brokers: BTreeMap<i32, u16>,
    pub topics: BTreeMap<String, FakeTopic>,
    pub auto_create_topics: bool,
    pub metadata_versions: RangeInclusive<i16>,
    /// Answer Metadata about every topic with this code.
    pub topic_error: i16,
    /// What ConsumerGroupDescribe answers by group id; other groups are not found.
    pub consumer_groups: BTreeMap<String, consumer_group_describe_response::DescribedGroup>,
    /// What StreamsGroupDescribe answers by group id; other groups are not found.
    pub streams_groups: BTreeMap<String, streams_group_describe_response::DescribedGroup>,
    /// What was asked, oldest first.
    pub asked: Vec<ApiKey>,
}

/// A topic that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FakeTopic {
    pub id: Uuid,
    pub partitions: i32,
    pub is_internal: bool,
}

impl Default for State {
    fn default() -> State {
        State {
            cluster_id: "fake".to_owned(),
            brokers: BTreeMap::new(),
            topics: BTreeMap::new(),
            auto_create_topics: true,
            metadata_versions: 0..=13,
            topic_error: 0,
            consumer_groups: BTreeMap::new(),
            streams_groups: BTreeMap::new(),
            asked: Vec::new(),
        }
    }
}

impl FakeCluster {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it changes the cluster")
    }

    /// A topic with an ordinary name.
    pub fn add_topic(&self, name: &str, id: u128, partitions: i32) {
        let topic = FakeTopic { id: Uuid::from_u128(id), partitions, is_internal: false };
        self.state().topics.insert(name.to_owned(), topic);
    }

    /// How often an API was asked so far.
    pub fn times_asked(&self, api_key: ApiKey) -> usize {
        self.state().asked.iter().filter(|&&asked| asked == api_key).count()
    }

    /// Answers one connection.
    pub fn script(&self) -> Script {
        let cluster = self.clone();
        Box::new(move |frame| cluster.answer(frame))
    }

    /// The answer to one request.
    pub fn answer(&self, frame: Bytes) -> Reply {
        let request = guard_request(header(&frame), &Limits::default()).expect("our own requests are well formed");
        let mut state = self.state();
        state.asked.push(request.api_key);
        match request.api_key {
            ApiKey::ApiVersions => reply(&request, &api_versions(&state.metadata_versions)),
            ApiKey::Metadata => reply(&request, &state.metadata(&request.decode().expect("guarded"))),
            ApiKey::DescribeConfigs => reply(&request, &state.configs(&request.decode().expect("guarded"))),
            ApiKey::DescribeCluster => {
                let id = StrBytes::from_string(state.cluster_id.clone());
                reply(&request, &DescribeClusterResponse::default().with_cluster_id(id))
            }
            ApiKey::ConsumerGroupDescribe => {
                let asked: ConsumerGroupDescribeRequest = request.decode().expect("guarded");
                let groups = asked.group_ids.iter().map(|group| state.consumer_groups.get(group.as_str()).cloned());
                let missing = || consumer_group_describe_response::DescribedGroup::default();
                let missing = || missing().with_error_code(ErrorCode::GROUP_ID_NOT_FOUND.0);
                let groups = groups.map(|group| group.unwrap_or_else(missing)).collect();
                reply(&request, &ConsumerGroupDescribeResponse::default().with_groups(groups))
            }
            ApiKey::StreamsGroupDescribe => {
                let asked: StreamsGroupDescribeRequest = request.decode().expect("guarded");
                let groups = asked.group_ids.iter().map(|group| state.streams_groups.get(group.as_str()).cloned());
                let missing = || streams_group_describe_response::DescribedGroup::default();
                let missing = || missing().with_error_code(ErrorCode::GROUP_ID_NOT_FOUND.0);
                let groups = groups.map(|group| group.unwrap_or_else(missing)).collect();
                reply(&request, &StreamsGroupDescribeResponse::default().with_groups(groups))
            }
            _ => Reply::Close,
        }
    }
}

/// What a fake broker can do.
pub fn api_versions(metadata: &RangeInclusive<i16>) -> ApiVersionsResponse {
    let apis = [
        (ApiKey::Metadata, metadata.clone()),
        (ApiKey::SaslHandshake, 0..=1),
        (ApiKey::ApiVersions, 0..=4),
        (ApiKey::DescribeConfigs, 1..=4),
        (ApiKey::SaslAuthenticate, 0..=2),
        (ApiKey::DescribeCluster, 0..=2),
        (ApiKey::ConsumerGroupDescribe, 0..=1),
        (ApiKey::StreamsGroupDescribe, 0..=0),
    ];
    let apis = apis.map(|(api_key, range)| {
        let api = ApiVersion::default().with_api_key(api_key.code());
        api.with_min_version(*range.start()).with_max_version(*range.end())
    });
    ApiVersionsResponse::default().with_api_keys(apis.to_vec())
}

fn reply<T: Encodable + HeaderVersion>(request: &GuardedRequest, response: &T) -> Reply {
    let encoded = encode_response(request.api_version, request.correlation_id, response);
    Reply::Bytes(encoded.expect("an answer of values can be written"))
}

impl State {
    fn metadata(&mut self, request: &MetadataRequest) -> MetadataResponse {
        let brokers = self.brokers.iter().map(|(id, port)| {
            let broker = MetadataResponseBroker::default().with_node_id((*id).into());
            broker.with_host(StrBytes::from_static_str("127.0.0.1")).with_port((*port).into())
        });
        MetadataResponse::default()
            .with_brokers(brokers.collect())
            .with_cluster_id(Some(StrBytes::from_string(self.cluster_id.clone())))
            .with_topics(self.topics(request))
    }

    fn topics(&mut self, request: &MetadataRequest) -> Vec<MetadataResponseTopic> {
        let Some(asked) = &request.topics else {
            return self.topics.iter().map(|(name, topic)| self.described(name, topic)).collect();
        };
        asked
            .iter()
            .map(|asked| match &asked.name {
                Some(name) => self.topic_by_name(name, request.allow_auto_topic_creation),
                None => self.topic_by_id(asked.topic_id),
            })
            .collect()
    }

    fn topic_by_name(&mut self, name: &TopicName, create: bool) -> MetadataResponseTopic {
        if let Some(topic) = self.topics.get(name.as_str()) {
            return self.described(name, topic);
        }
        if create && self.auto_create_topics {
            let topic = FakeTopic { id: Uuid::from_u128(1_000), partitions: 1, is_internal: false };
            self.topics.insert(name.to_string(), topic);
        }
        let unknown = MetadataResponseTopic::default().with_name(Some(name.clone()));
        unknown.with_error_code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0)
    }

    fn topic_by_id(&self, id: Uuid) -> MetadataResponseTopic {
        match self.topics.iter().find(|(_, topic)| topic.id == id) {
            Some((name, topic)) => self.described(name, topic),
            None => MetadataResponseTopic::default()
                .with_name(None)
                .with_topic_id(id)
                .with_error_code(ErrorCode::UNKNOWN_TOPIC_ID.0),
        }
    }

    fn described(&self, name: &str, topic: &FakeTopic) -> MetadataResponseTopic {
        let partitions =
            (0..topic.partitions).map(|index| MetadataResponsePartition::default().with_partition_index(index));
        MetadataResponseTopic::default()
            .with_error_code(self.topic_error)
            .with_name(Some(TopicName(StrBytes::from_string(name.to_owned()))))
            .with_topic_id(topic.id)
            .with_is_internal(topic.is_internal)
            .with_partitions(partitions.collect())
    }

    fn configs(&self, request: &DescribeConfigsRequest) -> DescribeConfigsResponse {
        let results = request.resources.iter().map(|resource| {
            let auto_create = DescribeConfigsResourceResult::default()
                .with_name(StrBytes::from_static_str("auto.create.topics.enable"))
                .with_value(Some(StrBytes::from_string(self.auto_create_topics.to_string())));
            DescribeConfigsResult::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone())
                .with_configs(vec![auto_create])
        });
        DescribeConfigsResponse::default().with_results(results.collect())
    }
}
