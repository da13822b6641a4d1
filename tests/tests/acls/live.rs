//! A change holds for the next request of every connection, its own first of all.

use anyhow::{Result, ensure};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{CreateAclsRequest, DeleteAclsRequest, MetadataRequest, TopicName};

use crate::{DENIED, asks_for, kafka_acls_ok, stage, str_bytes};

fn describe(principal: &str, topic: &str) -> CreateAclsRequest {
    let creation = AclCreation::default()
        .with_resource_type(2)
        .with_resource_name(str_bytes(topic))
        .with_resource_pattern_type(3)
        .with_principal(str_bytes(principal))
        .with_host(str_bytes("*"))
        .with_operation(8)
        .with_permission_type(3);
    CreateAclsRequest::default().with_creations(vec![creation])
}

fn everything_on(topic: &str) -> DeleteAclsRequest {
    let filter = DeleteAclsFilter::default()
        .with_resource_type_filter(2)
        .with_resource_name_filter(Some(str_bytes(topic)))
        .with_pattern_type_filter(1)
        .with_principal_filter(None)
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1);
    DeleteAclsRequest::default().with_filters(vec![filter])
}

#[tokio::test]
async fn an_acl_of_kafka_acls_is_in_force_on_a_live_connection() -> Result<()> {
    let stage = stage().await?;
    stage.kafka().create_topic("live-tool", 1).await?;
    let mut alice = stage.raw("alice").await?;
    ensure!(asks_for(&mut alice, "live-tool").await? == DENIED);
    let add = "--add --topic live-tool --operation Describe --allow-principal User:alice";
    kafka_acls_ok(stage, "manager", add).await?;
    ensure!(asks_for(&mut alice, "live-tool").await? == 0);
    kafka_acls_ok(stage, "manager", "--remove --force --topic live-tool").await?;
    ensure!(asks_for(&mut alice, "live-tool").await? == DENIED);
    Ok(())
}

/// A hundred times, so that a change which holds only a little later is seen.
#[tokio::test]
async fn when_a_change_is_answered_it_holds_for_everybody() -> Result<()> {
    let stage = stage().await?;
    stage.kafka().create_topic("live-raw", 1).await?;
    let (mut manager, mut alice) = (stage.raw("manager").await?, stage.raw("alice").await?);
    for version in (1..=3).cycle().take(100) {
        let created = manager.send(version, &describe("User:alice", "live-raw")).await?;
        ensure!(created.results[0].error_code == 0, "{created:?}");
        ensure!(asks_for(&mut alice, "live-raw").await? == 0);
        let deleted = manager.send(version, &everything_on("live-raw")).await?;
        ensure!(deleted.filter_results[0].matching_acls.len() == 1, "{deleted:?}");
        ensure!(asks_for(&mut alice, "live-raw").await? == DENIED);
    }
    Ok(())
}

/// A broker handles one request of a connection after the other.
#[tokio::test]
async fn a_request_sent_behind_a_change_is_decided_by_it() -> Result<()> {
    let stage = stage().await?;
    stage.kafka().create_topic("live-own", 1).await?;
    let mut manager = stage.raw("manager").await?;
    ensure!(asks_for(&mut manager, "live-own").await? == DENIED);
    let topic = MetadataRequestTopic::default().with_name(Some(TopicName(str_bytes("live-own"))));
    let metadata = MetadataRequest::default().with_topics(Some(vec![topic]));
    let before = manager.send_only(12, &metadata).await?;
    let created = manager.send_only(3, &describe("User:manager", "live-own")).await?;
    let after = manager.send_only(12, &metadata).await?;
    ensure!(manager.receive::<MetadataRequest>(12, before).await?.topics[0].error_code == DENIED);
    ensure!(manager.receive::<CreateAclsRequest>(3, created).await?.results[0].error_code == 0);
    ensure!(manager.receive::<MetadataRequest>(12, after).await?.topics[0].error_code == 0);
    Ok(())
}
