//! APIs that answer per topic or partition.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{ErrorResponse, each};
use crate::error_code::ErrorCode;
use crate::messages::create_topics_response::CreatableTopicResult;
use crate::messages::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
use crate::messages::delete_topics_response::DeletableTopicResult;
use crate::messages::describe_topic_partitions_response::DescribeTopicPartitionsResponseTopic;
use crate::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use crate::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use crate::messages::metadata_response::MetadataResponseTopic;
use crate::messages::offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult};
use crate::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use crate::messages::*;

/// Each partition once, under the first entry of its topic; topics without partitions are not answered. (Kafka answers
/// in the order of a hash map.)
impl ErrorResponse for ProduceRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> ProduceResponse {
        let mut responses: Vec<TopicProduceResponse> = Vec::new();
        let mut places = BTreeMap::new();
        let mut answered = BTreeSet::new();
        for topic in &self.topic_data {
            for partition in &topic.partition_data {
                if !answered.insert((&topic.name, topic.topic_id, partition.index)) {
                    continue;
                }
                let place = *places.entry((&topic.name, topic.topic_id)).or_insert_with(|| {
                    responses.push(
                        TopicProduceResponse::default().with_name(topic.name.clone()).with_topic_id(topic.topic_id),
                    );
                    responses.len() - 1
                });
                if let Some(response) = responses.get_mut(place) {
                    response.partition_responses.push(failed_partition(partition.index, error));
                }
            }
        }
        ProduceResponse::default().with_responses(responses)
    }
}

fn failed_partition(index: i32, error: ErrorCode) -> PartitionProduceResponse {
    PartitionProduceResponse::default()
        .with_index(index)
        .with_error_code(error.0)
        .with_base_offset(-1)
        .with_log_append_time_ms(-1)
        .with_log_start_offset(-1)
        .with_error_message(None)
}

/// From version 13 on (topic ids) only on top.
impl ErrorResponse for FetchRequest {
    fn error_response(&self, version: i16, error: ErrorCode) -> FetchResponse {
        let response = FetchResponse::default().with_error_code(error.0).with_session_id(self.session_id);
        if version >= 13 {
            return response;
        }
        response.with_responses(each(&self.topics, |topic| {
            FetchableTopicResponse::default().with_topic(topic.topic.clone()).with_partitions(each(
                &topic.partitions,
                |partition| {
                    PartitionData::default()
                        .with_partition_index(partition.partition)
                        .with_error_code(error.0)
                        .with_high_watermark(-1)
                        .with_aborted_transactions(Some(Vec::new()))
                        .with_records(Some(Bytes::new()))
                },
            ))
        }))
    }
}

impl ErrorResponse for ListOffsetsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> ListOffsetsResponse {
        ListOffsetsResponse::default().with_topics(each(&self.topics, |topic| {
            ListOffsetsTopicResponse::default().with_name(topic.name.clone()).with_partitions(each(
                &topic.partitions,
                |partition| {
                    ListOffsetsPartitionResponse::default()
                        .with_partition_index(partition.partition_index)
                        .with_error_code(error.0)
                        .with_timestamp(-1)
                        .with_offset(-1)
                },
            ))
        }))
    }
}

impl ErrorResponse for MetadataRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> MetadataResponse {
        let topics = each(self.topics.as_deref().unwrap_or_default(), |topic| {
            MetadataResponseTopic::default()
                .with_error_code(error.0)
                .with_name(Some(topic.name.clone().unwrap_or_default()))
                .with_topic_id(topic.topic_id)
        });
        MetadataResponse::default().with_topics(topics).with_error_code(error.0)
    }
}

impl ErrorResponse for CreateTopicsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> CreateTopicsResponse {
        CreateTopicsResponse::default().with_topics(each(&self.topics, |topic| {
            CreatableTopicResult::default()
                .with_name(topic.name.clone())
                .with_error_code(error.0)
                .with_error_message(None)
        }))
    }
}

/// Up to version 5 topics are named in a list of their own.
impl ErrorResponse for DeleteTopicsRequest {
    fn error_response(&self, version: i16, error: ErrorCode) -> DeleteTopicsResponse {
        let failed = || DeletableTopicResult::default().with_error_code(error.0).with_error_message(None);
        DeleteTopicsResponse::default().with_responses(if version >= 6 {
            each(&self.topics, |topic| failed().with_name(topic.name.clone()).with_topic_id(topic.topic_id))
        } else {
            each(&self.topic_names, |name| failed().with_name(Some(name.clone())))
        })
    }
}

impl ErrorResponse for DeleteRecordsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> DeleteRecordsResponse {
        DeleteRecordsResponse::default().with_topics(each(&self.topics, |topic| {
            DeleteRecordsTopicResult::default().with_name(topic.name.clone()).with_partitions(each(
                &topic.partitions,
                |partition| {
                    DeleteRecordsPartitionResult::default()
                        .with_partition_index(partition.partition_index)
                        .with_low_watermark(-1)
                        .with_error_code(error.0)
                },
            ))
        }))
    }
}

impl ErrorResponse for OffsetForLeaderEpochRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> OffsetForLeaderEpochResponse {
        OffsetForLeaderEpochResponse::default().with_topics(each(&self.topics, |topic| {
            OffsetForLeaderTopicResult::default().with_topic(topic.topic.clone()).with_partitions(each(
                &topic.partitions,
                |partition| {
                    EpochEndOffset::default()
                        .with_partition(partition.partition)
                        .with_error_code(error.0)
                        .with_leader_epoch(-1)
                        .with_end_offset(-1)
                },
            ))
        }))
    }
}

impl ErrorResponse for CreatePartitionsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> CreatePartitionsResponse {
        use crate::messages::create_partitions_response::CreatePartitionsTopicResult;
        CreatePartitionsResponse::default().with_results(each(&self.topics, |topic| {
            CreatePartitionsTopicResult::default()
                .with_name(topic.name.clone())
                .with_error_code(error.0)
                .with_error_message(None)
        }))
    }
}

impl ErrorResponse for DescribeProducersRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> DescribeProducersResponse {
        use crate::messages::describe_producers_response::{PartitionResponse, TopicResponse};
        DescribeProducersResponse::default().with_topics(each(&self.topics, |topic| {
            TopicResponse::default().with_name(topic.name.clone()).with_partitions(each(
                &topic.partition_indexes,
                |&index| {
                    PartitionResponse::default()
                        .with_partition_index(index)
                        .with_error_code(error.0)
                        .with_error_message(None)
                },
            ))
        }))
    }
}

impl ErrorResponse for DescribeTopicPartitionsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> DescribeTopicPartitionsResponse {
        DescribeTopicPartitionsResponse::default().with_topics(each(&self.topics, |topic| {
            DescribeTopicPartitionsResponseTopic::default().with_error_code(error.0).with_name(Some(topic.name.clone()))
        }))
    }
}

/// Version 0 has no code on top; a list of topics that is null names nothing.
impl ErrorResponse for ElectLeadersRequest {
    fn error_response(&self, version: i16, error: ErrorCode) -> ElectLeadersResponse {
        use crate::messages::elect_leaders_response::{PartitionResult, ReplicaElectionResult};
        let results = each(self.topic_partitions.as_deref().unwrap_or_default(), |topic| {
            ReplicaElectionResult::default().with_topic(topic.topic.clone()).with_partition_result(each(
                &topic.partitions,
                |&partition| {
                    PartitionResult::default()
                        .with_partition_id(partition)
                        .with_error_code(error.0)
                        .with_error_message(None)
                },
            ))
        });
        let on_top = if version >= 1 { error.0 } else { 0 };
        ElectLeadersResponse::default().with_error_code(on_top).with_replica_election_results(results)
    }
}

impl ErrorResponse for AlterPartitionReassignmentsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> AlterPartitionReassignmentsResponse {
        use crate::messages::alter_partition_reassignments_response::{
            ReassignablePartitionResponse, ReassignableTopicResponse,
        };
        AlterPartitionReassignmentsResponse::default().with_error_code(error.0).with_error_message(None).with_responses(
            each(&self.topics, |topic| {
                ReassignableTopicResponse::default().with_name(topic.name.clone()).with_partitions(each(
                    &topic.partitions,
                    |partition| {
                        ReassignablePartitionResponse::default()
                            .with_partition_index(partition.partition_index)
                            .with_error_code(error.0)
                            .with_error_message(None)
                    },
                ))
            }),
        )
    }
}

/// What was asked for comes back with empty replica lists.
impl ErrorResponse for ListPartitionReassignmentsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> ListPartitionReassignmentsResponse {
        use crate::messages::list_partition_reassignments_response::{
            OngoingPartitionReassignment, OngoingTopicReassignment,
        };
        let topics = each(self.topics.as_deref().unwrap_or_default(), |topic| {
            OngoingTopicReassignment::default()
                .with_name(topic.name.clone())
                .with_partitions(each(&topic.partition_indexes, |&index| {
                    OngoingPartitionReassignment::default().with_partition_index(index)
                }))
        });
        ListPartitionReassignmentsResponse::default()
            .with_error_code(error.0)
            .with_error_message(None)
            .with_topics(topics)
    }
}
