//! StreamsGroupDescribe (89): descriptions of Streams groups (KIP-1071), which `kafka-protocol` does not know at all.

pub mod streams_group_describe_request {
    use kafka_protocol::messages::GroupId;

    use super::streams_group_describe_response::StreamsGroupDescribeResponse;
    use crate::messages::define::{message, request};

    message! {
        StreamsGroupDescribeRequest, versions 0 to 0, flexible from 0 {
            group_ids with_group_ids: Vec<GroupId>;
            include_authorized_operations with_include_authorized_operations: bool;
        }
    }
    request!(StreamsGroupDescribeRequest, key 89, flexible from 0, answered by StreamsGroupDescribeResponse);
}

pub mod streams_group_describe_response {
    use kafka_protocol::messages::{GroupId, TopicName};
    use kafka_protocol::protocol::StrBytes;

    use crate::messages::define::{message, response};
    pub use crate::messages::streams_group_heartbeat_request::{Endpoint, KeyValue, TaskIds, TaskOffset, TopicInfo};

    message! {
        StreamsGroupDescribeResponse, versions 0 to 0, flexible from 0 {
            throttle_time_ms with_throttle_time_ms: i32;
            groups with_groups: Vec<DescribedGroup>;
        }
    }
    response!(StreamsGroupDescribeResponse, flexible from 0);

    message! {
        DescribedGroup, versions 0 to 0, flexible from 0 {
            error_code with_error_code: i16;
            error_message with_error_message: Option<StrBytes>;
            group_id with_group_id: GroupId;
            group_state with_group_state: StrBytes;
            group_epoch with_group_epoch: i32;
            assignment_epoch with_assignment_epoch: i32;
            topology with_topology: Option<Topology>;
            members with_members: Vec<Member>;
            authorized_operations with_authorized_operations: i32 = i32::MIN;
        }
    }

    message! {
        Topology, versions 0 to 0, flexible from 0 {
            epoch with_epoch: i32;
            subtopologies with_subtopologies: Option<Vec<Subtopology>>;
        }
    }

    message! {
        Subtopology, versions 0 to 0, flexible from 0 {
            subtopology_id with_subtopology_id: StrBytes;
            source_topics with_source_topics: Vec<TopicName>;
            repartition_sink_topics with_repartition_sink_topics: Vec<TopicName>;
            state_changelog_topics with_state_changelog_topics: Vec<TopicInfo>;
            repartition_source_topics with_repartition_source_topics: Vec<TopicInfo>;
        }
    }

    message! {
        Member, versions 0 to 0, flexible from 0 {
            member_id with_member_id: StrBytes;
            member_epoch with_member_epoch: i32;
            instance_id with_instance_id: Option<StrBytes>;
            rack_id with_rack_id: Option<StrBytes>;
            client_id with_client_id: StrBytes;
            client_host with_client_host: StrBytes;
            topology_epoch with_topology_epoch: i32;
            process_id with_process_id: StrBytes;
            user_endpoint with_user_endpoint: Option<Endpoint>;
            client_tags with_client_tags: Vec<KeyValue>;
            task_offsets with_task_offsets: Vec<TaskOffset>;
            task_end_offsets with_task_end_offsets: Vec<TaskOffset>;
            assignment with_assignment: Assignment;
            target_assignment with_target_assignment: Assignment;
            is_classic with_is_classic: bool;
        }
    }

    message! {
        Assignment, versions 0 to 0, flexible from 0 {
            active_tasks with_active_tasks: Vec<TaskIds>;
            standby_tasks with_standby_tasks: Vec<TaskIds>;
            warmup_tasks with_warmup_tasks: Vec<TaskIds>;
        }
    }
}
