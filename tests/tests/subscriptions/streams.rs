//! Internal topics of Streams groups: the broker creates them at any heartbeat, so Create is asked at any.

use anyhow::{Result, ensure};
use kafka_protocol::messages::{DeleteTopicsRequest, FindCoordinatorRequest};
use protocol::messages::streams_group_heartbeat_request::{Subtopology, TopicInfo, Topology};
use protocol::messages::{StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse};
use testkit::{KafkaCluster, RawClient, Stage};
use tokio::time::{Instant, sleep};

use crate::{POLICY, SOON, str_bytes};

const GROUP: &str = "alice-app";
const CHANGELOG: &str = "alice-app-counts-changelog";
const CREATE: &str = "  - { principal: User:alice, allow: Create, topic: { prefixed: alice-app- } }\n";

/// A heartbeat without a topology; with one when it joins.
fn beating(epoch: i32) -> StreamsGroupHeartbeatRequest {
    let request = StreamsGroupHeartbeatRequest::default()
        .with_group_id(str_bytes(GROUP).into())
        .with_member_id(str_bytes("member"))
        .with_member_epoch(epoch)
        .with_rebalance_timeout_ms(-1)
        .with_topology(None)
        .with_active_tasks(None)
        .with_standby_tasks(None)
        .with_warmup_tasks(None);
    if epoch != 0 {
        return request;
    }
    let changelog = TopicInfo::default().with_name(str_bytes(CHANGELOG).into());
    let subtopology = Subtopology::default()
        .with_subtopology_id(str_bytes("0"))
        .with_source_topics(vec![str_bytes("alice-orders").into()])
        .with_state_changelog_topics(vec![changelog]);
    request
        .with_rebalance_timeout_ms(60_000)
        .with_process_id(Some(str_bytes("process")))
        .with_topology(Some(Topology::default().with_subtopologies(vec![subtopology])))
        .with_active_tasks(Some(Vec::new()))
        .with_standby_tasks(Some(Vec::new()))
        .with_warmup_tasks(Some(Vec::new()))
}

/// Beats until the answer has this code; the member's epoch.
async fn beat_until(client: &mut RawClient, epoch: i32, code: i16) -> Result<StreamsGroupHeartbeatResponse> {
    let end = Instant::now() + SOON;
    loop {
        let find = FindCoordinatorRequest::default().with_coordinator_keys(vec![str_bytes(GROUP)]);
        client.send(4, &find).await?;
        let response = client.send(0, &beating(epoch)).await?;
        if response.error_code == code {
            return Ok(response);
        }
        ensure!(Instant::now() < end, "{response:?}");
        sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn exists(kafka: &KafkaCluster, topic: &str) -> Result<bool> {
    let request = kafka_protocol::messages::MetadataRequest::default().with_topics(None);
    let response = kafka.admin().await?.send(12, &request).await?;
    Ok(response.topics.iter().any(|found| found.name.as_ref().is_some_and(|name| &**name == topic)))
}

async fn wait_until(kafka: &KafkaCluster, topic: &str, is_there: bool) -> Result<()> {
    let end = Instant::now() + SOON;
    while exists(kafka, topic).await? != is_there {
        ensure!(Instant::now() < end, "`{topic}` exists: {}", !is_there);
        sleep(std::time::Duration::from_millis(50)).await;
    }
    Ok(())
}

#[tokio::test]
async fn what_goes_missing_is_not_created_for_those_who_may_not_create_it() -> Result<()> {
    let mut stage = Stage::start(&format!("{POLICY}{CREATE}")).await?;
    stage.kafka().create_topic("alice-orders", 1).await?;
    let mut alice = stage.raw("alice").await?;
    let epoch = beat_until(&mut alice, 0, 0).await?.member_epoch;
    wait_until(stage.kafka(), CHANGELOG, true).await?;

    stage.policy_is_now(POLICY).await?;
    ensure!(alice.send(0, &beating(epoch)).await?.error_code == 0, "nothing is missing");
    let delete =
        DeleteTopicsRequest::default().with_topic_names(vec![str_bytes(CHANGELOG).into()]).with_timeout_ms(30_000);
    stage.kafka().admin().await?.send(5, &delete).await?;
    wait_until(stage.kafka(), CHANGELOG, false).await?;
    let refused = beat_until(&mut alice, epoch, 29).await?;
    let text = refused.error_message.unwrap_or_default();
    ensure!(text.contains(CHANGELOG), "{text}");

    // A Doorkeeper that was told of no topology knows it all the same.
    stage.doorkeeper().stop().await?;
    stage.doorkeeper_mut().start_again().await?;
    let mut alice = stage.raw("alice").await?;
    beat_until(&mut alice, epoch, 29).await?;
    ensure!(!exists(stage.kafka(), CHANGELOG).await?, "it was created");

    stage.policy_is_now(&format!("{POLICY}{CREATE}")).await?;
    beat_until(&mut alice, epoch, 0).await?;
    wait_until(stage.kafka(), CHANGELOG, true).await
}
