//! The store's topic does not exist for clients: not for a super user, in no list, by no name or id.

use anyhow::{Context, Result, ensure};
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    CreateTopicsRequest, DeleteTopicsRequest, DescribeConfigsRequest, DescribeLogDirsRequest,
    ListConfigResourcesRequest, ListOffsetsRequest, ListPartitionReassignmentsRequest, MetadataRequest, ProduceRequest,
    TopicName,
};
use kafka_protocol::protocol::StrBytes;
use testkit::{KafkaCluster, RawClient, Tool};
use uuid::Uuid;

use crate::ground::{Plan, Replica};

const TOPIC: &str = "__doorkeeper";
const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
const INVALID_TOPIC_EXCEPTION: i16 = 17;
const UNKNOWN_TOPIC_ID: i16 = 100;

fn name() -> TopicName {
    TopicName(StrBytes::from_static_str(TOPIC))
}

async fn metadata(client: &mut RawClient, topic: MetadataRequestTopic) -> Result<(i16, Uuid)> {
    let response = client.send(12, &MetadataRequest::default().with_topics(Some(vec![topic]))).await?;
    let topic = response.topics.first().context("no topic in the answer")?;
    Ok((topic.error_code, topic.topic_id))
}

fn by_name() -> MetadataRequestTopic {
    MetadataRequestTopic::default().with_name(Some(name()))
}

#[tokio::test]
async fn a_super_user_cannot_find_read_write_or_delete_it() -> Result<()> {
    let kafka = KafkaCluster::start(Default::default()).await?;
    kafka.create_topic("first", 1).await?;
    let replica = Replica::start(&Plan::new(&kafka)).await?;
    let mut behind = kafka.admin().await?;
    let (error, id) = metadata(&mut behind, by_name()).await?;
    ensure!((error, id.is_nil()) == (0, false), "it is not there: {error}");

    let mut admin = replica.raw("admin").await?;
    ensure!(metadata(&mut admin, by_name()).await?.0 == UNKNOWN_TOPIC_OR_PARTITION);
    let by_id = || MetadataRequestTopic::default().with_name(None).with_topic_id(id);
    ensure!(metadata(&mut admin, by_id()).await?.0 == UNKNOWN_TOPIC_ID);
    let offsets = ListOffsetsTopic::default().with_name(name()).with_partitions(vec![ListOffsetsPartition::default()]);
    let offsets = admin.send(7, &ListOffsetsRequest::default().with_topics(vec![offsets])).await?;
    ensure!(offsets.topics[0].partitions[0].error_code == UNKNOWN_TOPIC_OR_PARTITION, "{offsets:?}");
    let partition = PartitionProduceData::default().with_records(Some(bytes::Bytes::new()));
    let data = TopicProduceData::default().with_name(name()).with_partition_data(vec![partition]);
    let produced = admin.send(9, &ProduceRequest::default().with_acks(1).with_topic_data(vec![data])).await?;
    let error = produced.responses[0].partition_responses[0].error_code;
    ensure!(error == UNKNOWN_TOPIC_OR_PARTITION, "{produced:?}");
    let resource = DescribeConfigsResource::default().with_resource_type(2).with_resource_name(name().0);
    let configs = admin.send(4, &DescribeConfigsRequest::default().with_resources(vec![resource])).await?;
    ensure!(configs.results[0].error_code == UNKNOWN_TOPIC_OR_PARTITION, "{configs:?}");
    ensure!(configs.results[0].configs.is_empty(), "{configs:?}");

    let lists = [
        format!("{:?}", admin.send(12, &MetadataRequest::default().with_topics(None)).await?),
        format!("{:?}", admin.send(4, &DescribeLogDirsRequest::default().with_topics(None)).await?),
        format!("{:?}", admin.send(0, &ListPartitionReassignmentsRequest::default().with_topics(None)).await?),
        format!("{:?}", admin.send(1, &ListConfigResourcesRequest::default().with_resource_types(vec![2])).await?),
    ];
    for list in &lists {
        ensure!(!list.contains(TOPIC), "{list}");
    }
    ensure!([0, 1, 3].iter().all(|&at| lists[at].contains("first")), "{lists:#?}");

    let topic = CreatableTopic::default().with_name(name()).with_num_partitions(1).with_replication_factor(1);
    let created = admin.send(7, &CreateTopicsRequest::default().with_topics(vec![topic])).await?;
    ensure!(created.topics[0].error_code == INVALID_TOPIC_EXCEPTION, "{created:?}");
    for (state, expected) in [
        (DeleteTopicState::default().with_name(Some(name())), UNKNOWN_TOPIC_OR_PARTITION),
        (DeleteTopicState::default().with_name(None).with_topic_id(id), UNKNOWN_TOPIC_ID),
    ] {
        let deleted = admin.send(6, &DeleteTopicsRequest::default().with_topics(vec![state])).await?;
        ensure!(deleted.responses[0].error_code == expected, "{deleted:?}");
    }

    let tool = Tool::kafka("kafka-topics").args(["--bootstrap-server", &replica.bootstrap(), "--command-config"]);
    let listed = tool.arg(replica.properties("admin")?).arg("--list").run().await?;
    ensure!(listed.status.success() && listed.stdout.trim() == "first", "{listed}");

    ensure!(metadata(&mut behind, by_name()).await? == (0, id), "it is not there any more");
    replica.kafka_acls("--add --topic first --operation Read --allow-principal User:alice").await?;
    Ok(())
}
