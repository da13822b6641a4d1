//! SIGTERM: not ready, finish what is in flight, close, end with 0.

use std::time::Duration;

use anyhow::{Result, ensure};
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use testkit::{Plan, Stage};

use crate::{POLICY, health, metadata, topic_name};

#[tokio::test]
async fn a_stop_lets_clients_finish_and_does_not_wait_for_a_parked_fetch() -> Result<()> {
    let configuration = "shutdown: { delay: 1s, deadline: 5s }\n".to_owned();
    let stage = Stage::build(Plan { configuration, ..Plan::new(POLICY) }).await?;
    stage.kafka().create_topic("alice-stop", 1).await?;
    let mut alice = stage.raw("alice").await?;
    metadata(&mut alice, "alice-stop").await?;
    let mut parked = stage.raw("alice").await?;
    let partition = FetchPartition::default().with_partition(0).with_partition_max_bytes(1024);
    let topic = FetchTopic::default().with_topic(topic_name("alice-stop")).with_partitions(vec![partition]);
    let fetch = FetchRequest::default()
        .with_max_wait_ms(60_000)
        .with_min_bytes(1)
        .with_max_bytes(1024)
        .with_session_epoch(-1)
        .with_topics(vec![topic]);
    parked.send_only(12, &fetch).await?;

    stage.doorkeeper().begin_shutdown();
    let unready = async {
        while health::get(&stage, "/readyz").await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_millis(900), unready).await?;
    metadata(&mut alice, "alice-stop").await?;
    let status = stage.doorkeeper().wait(Duration::from_secs(20)).await?;
    ensure!(status.success(), "{status}");
    Ok(())
}
