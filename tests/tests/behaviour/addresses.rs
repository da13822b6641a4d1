//! No broker address reaches a client.

use anyhow::{Result, ensure};
use kafka_protocol::messages::{DescribeClusterRequest, FindCoordinatorRequest};
use testkit::{Entrance, Stage};

use crate::{POLICY, metadata, str_bytes};

#[tokio::test]
async fn every_answer_names_doorkeeper_and_no_broker() -> Result<()> {
    let stage = Stage::start(POLICY).await?;
    stage.kafka().create_topic("alice-addresses", 1).await?;
    let mut alice = stage.raw("alice").await?;
    let ours = |host: &str, port: i32| {
        let known = i32::from(stage.kafka().broker(0).map(|broker| broker.address(0).port()).unwrap_or(0));
        ensure!(
            host == "localhost" && port != known && port != i32::from(stage.port(Entrance::Client)),
            "{host}:{port}"
        );
        Ok(())
    };
    let answer = metadata(&mut alice, "alice-addresses").await?;
    ensure!(answer.brokers.len() == 1, "{answer:?}");
    ours(&answer.brokers[0].host, answer.brokers[0].port)?;

    let answer = alice.send(2, &DescribeClusterRequest::default()).await?;
    ensure!(answer.brokers.len() == 1, "{answer:?}");
    ours(&answer.brokers[0].host, answer.brokers[0].port)?;

    let keys = vec![str_bytes("alice-group")];
    let request = FindCoordinatorRequest::default().with_coordinator_keys(keys);
    let end = tokio::time::Instant::now() + crate::SOON * 3;
    loop {
        let answer = alice.send(4, &request).await?;
        let coordinator = &answer.coordinators[0];
        if coordinator.error_code == 0 {
            return ours(&coordinator.host, coordinator.port);
        }
        ensure!(tokio::time::Instant::now() < end, "no coordinator: {answer:?}");
    }
}

#[tokio::test]
async fn a_broker_without_a_port_here_is_left_out() -> Result<()> {
    let kafka = testkit::Options { brokers: 2, ..testkit::Options::default() };
    let stage = Stage::build(testkit::Plan { kafka, ..testkit::Plan::new(POLICY) }).await?;
    let mut alice = stage.raw("alice").await?;
    let answer = metadata(&mut alice, "alice-none").await?;
    let ids: Vec<i32> = answer.brokers.iter().map(|broker| broker.node_id.0).collect();
    ensure!(ids == [0], "{answer:?}");
    Ok(())
}
