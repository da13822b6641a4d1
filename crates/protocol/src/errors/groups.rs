//! APIs that answer per group, or per partition of a group's offsets.

use super::{ErrorResponse, each, generic_text};
use crate::StrBytes;
use crate::error_code::ErrorCode;
use crate::messages::find_coordinator_response::Coordinator;
use crate::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use crate::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponseTopic,
};
use crate::messages::*;

impl ErrorResponse for OffsetCommitRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> OffsetCommitResponse {
        OffsetCommitResponse::default().with_topics(each(&self.topics, |topic| {
            OffsetCommitResponseTopic::default()
                .with_name(topic.name.clone())
                .with_topic_id(topic.topic_id)
                .with_partitions(each(&topic.partitions, |partition| {
                    OffsetCommitResponsePartition::default()
                        .with_partition_index(partition.partition_index)
                        .with_error_code(error.0)
                }))
        }))
    }
}

/// Version 1 has the code on partitions only, 2 to 7 on top, and later ones on every group.
impl ErrorResponse for OffsetFetchRequest {
    fn error_response(&self, version: i16, error: ErrorCode) -> OffsetFetchResponse {
        let response = OffsetFetchResponse::default();
        match version {
            ..2 => response.with_topics(each(self.topics.as_deref().unwrap_or_default(), |topic| {
                OffsetFetchResponseTopic::default().with_name(topic.name.clone()).with_partitions(each(
                    &topic.partition_indexes,
                    |&index| {
                        OffsetFetchResponsePartition::default()
                            .with_partition_index(index)
                            .with_committed_offset(-1)
                            .with_metadata(Some(StrBytes::new()))
                            .with_error_code(error.0)
                    },
                ))
            })),
            2..8 => response.with_error_code(error.0),
            8.. => response.with_groups(each(&self.groups, |group| {
                OffsetFetchResponseGroup::default().with_group_id(group.group_id.clone()).with_error_code(error.0)
            })),
        }
    }
}

/// One key up to version 3, many later.
impl ErrorResponse for FindCoordinatorRequest {
    fn error_response(&self, version: i16, error: ErrorCode) -> FindCoordinatorResponse {
        if version < 4 {
            return FindCoordinatorResponse::default()
                .with_error_code(error.0)
                .with_error_message(generic_text(error))
                .with_node_id((-1).into())
                .with_port(-1);
        }
        FindCoordinatorResponse::default().with_coordinators(each(&self.coordinator_keys, |key| {
            Coordinator::default()
                .with_key(key.clone())
                .with_node_id((-1).into())
                .with_port(-1)
                .with_error_code(error.0)
                .with_error_message(generic_text(error))
        }))
    }
}

/// From version 7 on the name of the protocol is null, before it is empty.
impl ErrorResponse for JoinGroupRequest {
    fn error_response(&self, version: i16, error: ErrorCode) -> JoinGroupResponse {
        JoinGroupResponse::default()
            .with_error_code(error.0)
            .with_generation_id(-1)
            .with_protocol_type(None)
            .with_protocol_name(if version >= 7 { None } else { Some(StrBytes::new()) })
    }
}

impl ErrorResponse for DescribeGroupsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> DescribeGroupsResponse {
        use crate::messages::describe_groups_response::DescribedGroup;
        DescribeGroupsResponse::default().with_groups(each(&self.groups, |group| {
            DescribedGroup::default().with_error_code(error.0).with_error_message(None).with_group_id(group.clone())
        }))
    }
}

impl ErrorResponse for DeleteGroupsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> DeleteGroupsResponse {
        use crate::messages::delete_groups_response::DeletableGroupResult;
        DeleteGroupsResponse::default().with_results(each(&self.groups_names, |group| {
            DeletableGroupResult::default().with_group_id(group.clone()).with_error_code(error.0)
        }))
    }
}

impl ErrorResponse for ConsumerGroupDescribeRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> ConsumerGroupDescribeResponse {
        use crate::messages::consumer_group_describe_response::DescribedGroup;
        ConsumerGroupDescribeResponse::default().with_groups(each(&self.group_ids, |group| {
            DescribedGroup::default().with_error_code(error.0).with_error_message(None).with_group_id(group.clone())
        }))
    }
}

impl ErrorResponse for ShareGroupDescribeRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> ShareGroupDescribeResponse {
        use crate::messages::share_group_describe_response::DescribedGroup;
        ShareGroupDescribeResponse::default().with_groups(each(&self.group_ids, |group| {
            DescribedGroup::default().with_error_code(error.0).with_error_message(None).with_group_id(group.clone())
        }))
    }
}

impl ErrorResponse for StreamsGroupDescribeRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> StreamsGroupDescribeResponse {
        use crate::messages::streams_group_describe_response::DescribedGroup;
        StreamsGroupDescribeResponse::default().with_groups(each(&self.group_ids, |group| {
            DescribedGroup::default().with_error_code(error.0).with_group_id(group.clone())
        }))
    }
}

impl ErrorResponse for DescribeShareGroupOffsetsRequest {
    fn error_response(&self, _version: i16, error: ErrorCode) -> DescribeShareGroupOffsetsResponse {
        use crate::messages::describe_share_group_offsets_response::DescribeShareGroupOffsetsResponseGroup;
        DescribeShareGroupOffsetsResponse::default().with_groups(each(&self.groups, |group| {
            DescribeShareGroupOffsetsResponseGroup::default()
                .with_group_id(group.group_id.clone())
                .with_error_code(error.0)
                .with_error_message(generic_text(error))
        }))
    }
}
