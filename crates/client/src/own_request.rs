//! The closed set of what Doorkeeper itself asks of brokers. Nothing a client sends ends up here but the names and ids
//! of topics, and the ids of groups.

use bytes::Bytes;
use protocol::messages::describe_configs_request::DescribeConfigsResource;
use protocol::messages::metadata_request::MetadataRequestTopic;
use protocol::messages::{
    ApiVersionsResponse, ConsumerGroupDescribeRequest, DescribeClusterRequest, DescribeConfigsRequest, GroupId,
    MetadataRequest, StreamsGroupDescribeRequest, TopicName,
};
use protocol::{ApiKey, Request, RequestFrame, StrBytes, encode_request};
use uuid::Uuid;

use crate::request_error::Unsendable;
use crate::{CLIENT_ID, versions};

/// One question of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnRequest {
    /// What the broker can do.
    ApiVersions,
    /// Brokers, the cluster's id, and topics.
    Metadata { topics: MetadataTopics, allow_auto_topic_creation: bool },
    /// Some configurations of a broker. Only that broker itself knows them.
    DescribeBrokerConfigs { node_id: i32, names: Vec<&'static str> },
    /// The cluster, with what we may do to it (KIP-430).
    DescribeCluster,
    /// A consumer group with its members (KIP-848). Only its coordinator knows them.
    ConsumerGroupDescribe { group: StrBytes },
    /// A Streams group with its topology (KIP-1071). Only its coordinator knows it.
    StreamsGroupDescribe { group: StrBytes },
}

/// Which topics Metadata is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataTopics {
    None,
    All,
    Names(Vec<StrBytes>),
    /// Brokers answer ids from version 12 on (Kafka 3.0).
    Ids(Vec<Uuid>),
}

/// Kafka's `ConfigResource.Type.BROKER`.
const BROKER: i8 = 4;

impl OwnRequest {
    pub const fn api_key(&self) -> ApiKey {
        match self {
            OwnRequest::ApiVersions => ApiKey::ApiVersions,
            OwnRequest::Metadata { .. } => ApiKey::Metadata,
            OwnRequest::DescribeBrokerConfigs { .. } => ApiKey::DescribeConfigs,
            OwnRequest::DescribeCluster => ApiKey::DescribeCluster,
            OwnRequest::ConsumerGroupDescribe { .. } => ApiKey::ConsumerGroupDescribe,
            OwnRequest::StreamsGroupDescribe { .. } => ApiKey::StreamsGroupDescribe,
        }
    }

    /// The frame with its size, in the highest version that the broker and we both have, and that version.
    pub(crate) fn encode(&self, broker: &ApiVersionsResponse, correlation_id: i32) -> Result<(i16, Bytes), Unsendable> {
        let version = versions::common(broker, self.api_key(), self.lowest_version())?;
        let frame = match self {
            OwnRequest::ApiVersions => versions::request(version, correlation_id),
            OwnRequest::Metadata { topics, allow_auto_topic_creation } => {
                frame(version, correlation_id, &metadata(topics, *allow_auto_topic_creation))?
            }
            OwnRequest::DescribeBrokerConfigs { node_id, names } => {
                frame(version, correlation_id, &describe_configs(*node_id, names))?
            }
            OwnRequest::DescribeCluster => {
                let request = DescribeClusterRequest::default().with_include_cluster_authorized_operations(true);
                frame(version, correlation_id, &request)?
            }
            OwnRequest::ConsumerGroupDescribe { group } => {
                let request = ConsumerGroupDescribeRequest::default().with_group_ids(vec![GroupId(group.clone())]);
                frame(version, correlation_id, &request)?
            }
            OwnRequest::StreamsGroupDescribe { group } => {
                let request = StreamsGroupDescribeRequest::default().with_group_ids(vec![GroupId(group.clone())]);
                frame(version, correlation_id, &request)?
            }
        };
        Ok((version, frame))
    }

    /// Below this version a broker would understand something else.
    const fn lowest_version(&self) -> i16 {
        match self {
            OwnRequest::Metadata { topics: MetadataTopics::Ids(_), .. } => 12,
            // Before version 4 every Metadata request may create topics.
            OwnRequest::Metadata { allow_auto_topic_creation: false, .. } => 4,
            // Version 0 has no "none", 1 no cluster id.
            OwnRequest::Metadata { .. } => 2,
            OwnRequest::ApiVersions
            | OwnRequest::DescribeBrokerConfigs { .. }
            | OwnRequest::DescribeCluster
            | OwnRequest::ConsumerGroupDescribe { .. }
            | OwnRequest::StreamsGroupDescribe { .. } => 0,
        }
    }
}

fn frame<T: Request>(version: i16, correlation_id: i32, request: &T) -> Result<Bytes, Unsendable> {
    let api_key = ApiKey::try_from(T::KEY).expect("every typed request is one of kafka's");
    Ok(encode_request(&RequestFrame::header(api_key, version, correlation_id, CLIENT_ID), request)?)
}

fn metadata(topics: &MetadataTopics, allow_auto_topic_creation: bool) -> MetadataRequest {
    let topics = match topics {
        MetadataTopics::None => Some(Vec::new()),
        MetadataTopics::All => None,
        MetadataTopics::Names(names) => Some(names.iter().map(by_name).collect()),
        MetadataTopics::Ids(ids) => Some(ids.iter().map(by_id).collect()),
    };
    MetadataRequest::default().with_topics(topics).with_allow_auto_topic_creation(allow_auto_topic_creation)
}

fn by_name(name: &StrBytes) -> MetadataRequestTopic {
    MetadataRequestTopic::default().with_name(Some(TopicName(name.clone())))
}

fn by_id(id: &Uuid) -> MetadataRequestTopic {
    MetadataRequestTopic::default().with_topic_id(*id).with_name(None)
}

fn describe_configs(node_id: i32, names: &[&'static str]) -> DescribeConfigsRequest {
    let resource = DescribeConfigsResource::default()
        .with_resource_type(BROKER)
        .with_resource_name(StrBytes::from_string(node_id.to_string()))
        .with_configuration_keys(Some(names.iter().map(|name| StrBytes::from_static_str(name)).collect()));
    DescribeConfigsRequest::default().with_resources(vec![resource])
}

#[cfg(test)]
mod tests {
    use protocol::messages::api_versions_response::ApiVersion;

    use super::*;

    fn broker(api_key: ApiKey, max: i16) -> ApiVersionsResponse {
        let api = ApiVersion::default().with_api_key(api_key.code()).with_min_version(0).with_max_version(max);
        ApiVersionsResponse::default().with_api_keys(vec![api])
    }

    fn version(request: &OwnRequest, max: i16) -> Result<i16, String> {
        let encoded = request.encode(&broker(request.api_key(), max), 1);
        encoded.map(|(version, _)| version).map_err(|error| error.to_string())
    }

    fn metadata_of(topics: MetadataTopics, create: bool) -> OwnRequest {
        OwnRequest::Metadata { topics, allow_auto_topic_creation: create }
    }

    #[test]
    fn no_version_is_spoken_in_which_the_request_would_mean_something_else() {
        let names = || MetadataTopics::Names(vec![StrBytes::from_static_str("orders")]);
        assert_eq!(version(&metadata_of(names(), false), 4), Ok(4));
        assert!(version(&metadata_of(names(), false), 3).is_err(), "version 3 would create the topic");
        assert_eq!(version(&metadata_of(names(), true), 3), Ok(3));
        let ids = || MetadataTopics::Ids(vec![Uuid::from_u128(7)]);
        assert_eq!(version(&metadata_of(ids(), false), 12), Ok(12));
        let refused = version(&metadata_of(ids(), false), 11).unwrap_err();
        assert_eq!(refused, "the broker does not serve Metadata in a version from 12 to 13");
    }
}
