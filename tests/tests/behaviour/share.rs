//! Share sessions: a broker knows them by group and member id alone, and all clients are one user to it.

use anyhow::{Context as _, Result, ensure};
use kafka_protocol::messages::share_fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{ShareAcknowledgeRequest, ShareFetchRequest, ShareFetchResponse};
use testkit::{RawClient, Stage};
use uuid::Uuid;

use crate::{POLICY, metadata, str_bytes};

const NOT_FOUND: i16 = 122;

/// A partition that does not exist, since a broker answers an error of a session at every fetch.
const MISSING: i32 = 99;

fn fetch(epoch: i32, topics: &[Uuid]) -> ShareFetchRequest {
    let partition = FetchPartition::default().with_partition_index(MISSING);
    let topic = |id: &Uuid| FetchTopic::default().with_topic_id(*id).with_partitions(vec![partition.clone()]);
    ShareFetchRequest::default()
        .with_group_id(Some(str_bytes("alice-share").into()))
        .with_member_id(Some(str_bytes("member-1")))
        .with_share_session_epoch(epoch)
        .with_max_wait_ms(100)
        .with_max_bytes(1024)
        .with_max_records(10)
        .with_topics(topics.iter().map(topic).collect())
}

/// The code of each topic, or the one at the top.
fn codes(response: &ShareFetchResponse) -> Result<Vec<(Uuid, i16)>, i16> {
    let code = |topic: &kafka_protocol::messages::share_fetch_response::ShareFetchableTopicResponse| {
        (topic.topic_id, topic.partitions.first().map_or(0, |partition| partition.error_code))
    };
    let mut codes: Vec<(Uuid, i16)> = response.responses.iter().map(code).collect();
    codes.sort();
    if response.error_code == 0 { Ok(codes) } else { Err(response.error_code) }
}

async fn ask(client: &mut RawClient, request: &ShareFetchRequest) -> Result<Result<Vec<(Uuid, i16)>, i16>> {
    Ok(codes(&client.send(1, request).await?))
}

async fn topic(stage: &Stage, name: &str) -> Result<Uuid> {
    stage.kafka().create_topic(name, 1).await?;
    let told = metadata(&mut stage.raw("admin").await?, name).await?;
    told.topics.first().map(|topic| topic.topic_id).context("no topic")
}

#[tokio::test]
async fn a_share_session_is_its_connections_own_and_shows_only_what_was_decided_on() -> Result<()> {
    let stage = Stage::start(POLICY).await?;
    let (mine, theirs) = (topic(&stage, "alice-share").await?, topic(&stage, "payments-share").await?);
    let (mut alice, mut admin) = (stage.raw("alice").await?, stage.raw("admin").await?);

    let mut shown = vec![(mine, 3), (theirs, 29)];
    shown.sort();
    ensure!(ask(&mut alice, &fetch(0, &[mine, theirs])).await? == Ok(shown.clone()));
    ensure!(ask(&mut alice, &fetch(1, &[])).await? == Ok(shown.clone()));

    let mut other = stage.raw("alice").await?;
    ensure!(ask(&mut other, &fetch(2, &[])).await? == Err(NOT_FOUND));
    let acknowledge = ShareAcknowledgeRequest::default()
        .with_group_id(Some(str_bytes("alice-share").into()))
        .with_member_id(Some(str_bytes("member-1")))
        .with_share_session_epoch(2);
    ensure!(other.send(1, &acknowledge).await?.error_code == NOT_FOUND);
    ensure!(alice.send(1, &acknowledge).await?.error_code == 0);
    ensure!(ask(&mut alice, &fetch(3, &[])).await? == Ok(shown.clone()));

    // Whoever may read the group may open the session anew. The broker then takes alice for its owner.
    ensure!(ask(&mut admin, &fetch(0, &[theirs])).await? == Ok(vec![(theirs, 3)]));
    for epoch in 1..=3 {
        ensure!(ask(&mut admin, &fetch(epoch, &[])).await? == Ok(vec![(theirs, 3)]));
    }
    ensure!(ask(&mut alice, &fetch(4, &[])).await? == Err(NOT_FOUND));
    ensure!(ask(&mut alice, &fetch(5, &[])).await? == Err(NOT_FOUND));
    ensure!(ask(&mut alice, &fetch(0, &[mine, theirs])).await? == Ok(shown));
    Ok(())
}
