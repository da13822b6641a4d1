//! A member's life in raw requests, and what the broker behind knows of it.

use std::time::Duration;

use anyhow::{Result, ensure};
use kafka_protocol::messages::{ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse};
use testkit::{RawClient, Stage};
use tokio::time::{Instant, sleep};

use crate::{POLICY, SOON, beating, coordinate, joining, shown, subscription};

/// A heartbeat that is accepted; the member's epoch.
async fn beat(client: &mut RawClient, request: &ConsumerGroupHeartbeatRequest) -> Result<i32> {
    let response: ConsumerGroupHeartbeatResponse = client.send(1, request).await?;
    ensure!(response.error_code == 0, "{response:?}");
    Ok(response.member_epoch)
}

/// Beats until the broker knows these names of the member, and no others.
async fn beat_until(stage: &Stage, client: &mut RawClient, group: &str, epoch: i32, wanted: &[&str]) -> Result<i32> {
    let (mut admin, mut epoch) = (stage.kafka().admin().await?, epoch);
    let end = Instant::now() + SOON;
    loop {
        epoch = beat(client, &beating(group, epoch)).await?;
        let (_, names) = subscription(&mut admin, group).await?;
        if names == wanted {
            return Ok(epoch);
        }
        ensure!(Instant::now() < end, "the broker knows {names:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn the_broker_knows_the_names_that_match_and_may_be_described_now() -> Result<()> {
    const GROUP: &str = "alice-current";
    const NO_EU: &str = "  - { principal: User:alice, deny: Describe, topic: alice-eu }\n";
    let stage = Stage::start(POLICY).await?;
    for topic in ["alice-eu", "bob-eu"] {
        stage.kafka().create_topic(topic, 1).await?;
    }
    let (mut alice, mut admin) = (stage.raw("alice").await?, stage.kafka().admin().await?);
    coordinate(&mut alice, GROUP).await?;

    let epoch = beat(&mut alice, &joining(GROUP, &[], Some(".*-(eu|us)"))).await?;
    let behind = subscription(&mut admin, GROUP).await?;
    ensure!(
        behind == (Some(r"[^\x00-\x{10FFFF}](?:\.\*\-\(eu\|us\))".to_owned()), vec!["alice-eu".to_owned()]),
        "{behind:?}"
    );
    ensure!(subscription(&mut alice, GROUP).await? == (Some(".*-(eu|us)".to_owned()), Vec::new()));

    stage.kafka().create_topic("alice-us", 1).await?;
    stage.kafka().create_topic("bob-us", 1).await?;
    let epoch = beat_until(&stage, &mut alice, GROUP, epoch, &["alice-eu", "alice-us"]).await?;
    stage.policy_is_now(&format!("{POLICY}{NO_EU}")).await?;
    let epoch = beat(&mut alice, &beating(GROUP, epoch)).await?;
    ensure!(subscription(&mut admin, GROUP).await?.1 == ["alice-us"], "a revoked topic is gone at once");
    stage.policy_is_now(POLICY).await?;

    // On another connection nothing is remembered, and the member goes on.
    let mut other = stage.raw("alice").await?;
    let epoch = beat(&mut other, &beating(GROUP, epoch)).await?;
    ensure!(subscription(&mut admin, GROUP).await?.1 == ["alice-eu", "alice-us"]);
    // Names take the place of the regular expression.
    let named =
        beating(GROUP, epoch).with_subscribed_topic_names(joining(GROUP, &["alice-us"], None).subscribed_topic_names);
    beat(&mut other, &named.with_subscribed_topic_regex(Some(crate::str_bytes("")))).await?;
    ensure!(subscription(&mut admin, GROUP).await? == (Some(String::new()), vec!["alice-us".to_owned()]));
    Ok(())
}

#[tokio::test]
async fn a_member_is_known_after_a_restart_and_to_those_who_only_describe_it() -> Result<()> {
    const GROUP: &str = "alice-restart";
    let mut stage = Stage::start(POLICY).await?;
    for topic in ["alice-eu", "bob-eu", "alice-named"] {
        stage.kafka().create_topic(topic, 1).await?;
    }
    let mut alice = stage.raw("alice").await?;
    coordinate(&mut alice, GROUP).await?;
    let epoch = beat(&mut alice, &joining(GROUP, &["alice-named"], Some(".*-(eu|us)"))).await?;

    stage.doorkeeper().stop().await?;
    stage.doorkeeper_mut().start_again().await?;
    stage.kafka().create_topic("alice-us", 1).await?;
    let mut alice = stage.raw("alice").await?;
    let member = shown(&mut alice, GROUP).await?;
    ensure!(member.subscribed_topic_regex.as_deref() == Some(".*-(eu|us)"), "{member:?}");
    let epoch = beat_until(&stage, &mut alice, GROUP, epoch, &["alice-eu", "alice-named", "alice-us"]).await?;
    let named = subscription(&mut alice, GROUP).await?;
    ensure!(named == (Some(".*-(eu|us)".to_owned()), vec!["alice-named".to_owned()]), "{named:?}");

    // The member leaves, and is one no more.
    let response = alice.send(1, &beating(GROUP, -1)).await?;
    ensure!(response.error_code == 0);
    ensure!(alice.send(1, &beating(GROUP, epoch)).await?.error_code == 25);
    Ok(())
}
