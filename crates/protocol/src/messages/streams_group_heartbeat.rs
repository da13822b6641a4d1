//! StreamsGroupHeartbeat (88): members of Streams groups (KIP-1071), which `kafka-protocol` does not know at all.

pub mod streams_group_heartbeat_request {
    use kafka_protocol::messages::{GroupId, TopicName};
    use kafka_protocol::protocol::StrBytes;

    use super::streams_group_heartbeat_response::StreamsGroupHeartbeatResponse;
    use crate::messages::define::{message, request};

    message! {
        StreamsGroupHeartbeatRequest, versions 0 to 0, flexible from 0 {
            group_id with_group_id: GroupId;
            member_id with_member_id: StrBytes;
            member_epoch with_member_epoch: i32;
            endpoint_information_epoch with_endpoint_information_epoch: i32;
            instance_id with_instance_id: Option<StrBytes>;
            rack_id with_rack_id: Option<StrBytes>;
            rebalance_timeout_ms with_rebalance_timeout_ms: i32 = -1;
            topology with_topology: Option<Topology>;
            active_tasks with_active_tasks: Option<Vec<TaskIds>>;
            standby_tasks with_standby_tasks: Option<Vec<TaskIds>>;
            warmup_tasks with_warmup_tasks: Option<Vec<TaskIds>>;
            process_id with_process_id: Option<StrBytes>;
            user_endpoint with_user_endpoint: Option<Endpoint>;
            client_tags with_client_tags: Option<Vec<KeyValue>>;
            task_offsets with_task_offsets: Option<Vec<TaskOffset>>;
            task_end_offsets with_task_end_offsets: Option<Vec<TaskOffset>>;
            shutdown_application with_shutdown_application: bool;
        }
    }
    request!(StreamsGroupHeartbeatRequest, key 88, flexible from 0, answered by StreamsGroupHeartbeatResponse);

    message! {
        Topology, versions 0 to 0, flexible from 0 {
            epoch with_epoch: i32;
            subtopologies with_subtopologies: Vec<Subtopology>;
        }
    }

    message! {
        Subtopology, versions 0 to 0, flexible from 0 {
            subtopology_id with_subtopology_id: StrBytes;
            source_topics with_source_topics: Vec<TopicName>;
            source_topic_regex with_source_topic_regex: Vec<StrBytes>;
            state_changelog_topics with_state_changelog_topics: Vec<TopicInfo>;
            repartition_sink_topics with_repartition_sink_topics: Vec<TopicName>;
            repartition_source_topics with_repartition_source_topics: Vec<TopicInfo>;
            copartition_groups with_copartition_groups: Vec<CopartitionGroup>;
        }
    }

    message! {
        CopartitionGroup, versions 0 to 0, flexible from 0 {
            source_topics with_source_topics: Vec<i16>;
            source_topic_regex with_source_topic_regex: Vec<i16>;
            repartition_source_topics with_repartition_source_topics: Vec<i16>;
        }
    }

    message! {
        TopicInfo, versions 0 to 0, flexible from 0 {
            name with_name: TopicName;
            partitions with_partitions: i32;
            replication_factor with_replication_factor: i16;
            topic_configs with_topic_configs: Vec<KeyValue>;
        }
    }

    message! {
        KeyValue, versions 0 to 0, flexible from 0 {
            key with_key: StrBytes;
            value with_value: StrBytes;
        }
    }

    message! {
        TaskIds, versions 0 to 0, flexible from 0 {
            subtopology_id with_subtopology_id: StrBytes;
            partitions with_partitions: Vec<i32>;
        }
    }

    message! {
        TaskOffset, versions 0 to 0, flexible from 0 {
            subtopology_id with_subtopology_id: StrBytes;
            partition with_partition: i32;
            offset with_offset: i64;
        }
    }

    message! {
        Endpoint, versions 0 to 0, flexible from 0 {
            host with_host: StrBytes;
            port with_port: u16;
        }
    }
}

pub mod streams_group_heartbeat_response {
    use kafka_protocol::messages::TopicName;
    use kafka_protocol::protocol::StrBytes;

    pub use super::streams_group_heartbeat_request::{Endpoint, TaskIds};
    use crate::messages::define::{message, response};

    message! {
        StreamsGroupHeartbeatResponse, versions 0 to 0, flexible from 0 {
            throttle_time_ms with_throttle_time_ms: i32;
            error_code with_error_code: i16;
            error_message with_error_message: Option<StrBytes>;
            member_id with_member_id: StrBytes;
            member_epoch with_member_epoch: i32;
            heartbeat_interval_ms with_heartbeat_interval_ms: i32;
            acceptable_recovery_lag with_acceptable_recovery_lag: i32;
            task_offset_interval_ms with_task_offset_interval_ms: i32;
            status with_status: Option<Vec<Status>> = Some(Vec::new());
            active_tasks with_active_tasks: Option<Vec<TaskIds>>;
            standby_tasks with_standby_tasks: Option<Vec<TaskIds>>;
            warmup_tasks with_warmup_tasks: Option<Vec<TaskIds>>;
            endpoint_information_epoch with_endpoint_information_epoch: i32;
            partitions_by_user_endpoint with_partitions_by_user_endpoint: Option<Vec<EndpointToPartitions>>;
        }
    }
    response!(StreamsGroupHeartbeatResponse, flexible from 0);

    message! {
        Status, versions 0 to 0, flexible from 0 {
            status_code with_status_code: i8;
            status_detail with_status_detail: StrBytes;
        }
    }

    message! {
        EndpointToPartitions, versions 0 to 0, flexible from 0 {
            user_endpoint with_user_endpoint: Endpoint;
            active_partitions with_active_partitions: Vec<TopicPartition>;
            standby_partitions with_standby_partitions: Vec<TopicPartition>;
        }
    }

    message! {
        TopicPartition, versions 0 to 0, flexible from 0 {
            topic with_topic: TopicName;
            partitions with_partitions: Vec<i32>;
        }
    }
}
