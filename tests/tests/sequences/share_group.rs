//! A share group (KIP-932) through its life: heartbeats, a share session, acknowledgements, and ACLs that change meanwhile.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::acls::{DESCRIBE, GROUP, READ, TOPIC, acl};
use crate::duet::{Duet, is_final};

const USER: &str = "sharer";
const NAME: &str = "sharer-group";
const MEMBER: &str = "sharer-1";
const ONE: &str = "sharer-a";
const OTHER: &str = "sharer-b";
const VERSION: i16 = 2;

const DENIED: i64 = 29;
const GROUP_DENIED: i64 = 30;
const SESSION_NOT_FOUND: i64 = 122;
const WRONG_EPOCH: i64 = 123;

fn heartbeat(epoch: Value, topics: Value) -> Value {
    json!({ "GroupId": NAME, "MemberId": MEMBER, "MemberEpoch": epoch, "SubscribedTopicNames": topics })
}

/// Partition 0 of a topic, with an acknowledgement of the first three records if it is wanted.
fn topic(name: &str, acknowledges: bool) -> Value {
    let batch = json!({ "FirstOffset": 0, "LastOffset": 2, "AcknowledgeTypes": [1] });
    let batches = if acknowledges { json!([batch]) } else { json!([]) };
    json!({ "TopicId": format!("id:{name}"), "Partitions": [{ "PartitionIndex": 0, "AcknowledgementBatches": batches }] })
}

fn fetch(epoch: i32, topics: &[Value]) -> Value {
    json!({
        "GroupId": NAME, "MemberId": MEMBER, "ShareSessionEpoch": epoch, "MaxWaitMs": 8000, "MinBytes": 1,
        "MaxBytes": 1_048_576, "MaxRecords": 100, "BatchSize": 100, "Topics": topics, "ForgottenTopicsData": [],
    })
}

fn acknowledge(epoch: i32, topics: &[Value]) -> Value {
    json!({ "GroupId": NAME, "MemberId": MEMBER, "ShareSessionEpoch": epoch, "Topics": topics })
}

/// Of each partition: its topic, both codes, and how many records were acquired.
fn told(answer: &Value) -> Vec<(String, i64, i64, i64)> {
    let partitions = answer["Responses"].as_array().into_iter().flatten();
    let told = partitions.map(|partition| {
        let number = |value: &Value| value.as_i64().unwrap_or(0);
        let acquired = partition["AcquiredRecords"].as_array().into_iter().flatten();
        let acquired = acquired.map(|batch| number(&batch["LastOffset"]) - number(&batch["FirstOffset"]) + 1).sum();
        let name = partition["Topic"].as_str().unwrap_or_default().to_owned();
        // ShareAcknowledge has only one code.
        (name, number(&partition["ErrorCode"]), number(&partition["AcknowledgeErrorCode"]), acquired)
    });
    told.collect()
}

async fn is(duet: &mut Duet, api: &str, request: Value, expected: &[(&str, i64, i64, i64)]) -> Result<()> {
    let answer = duet.ask(USER, api, VERSION, request).await?;
    let expected: Vec<_> =
        expected.iter().map(|(name, one, other, count)| ((*name).to_owned(), *one, *other, *count)).collect();
    ensure!(answer["ErrorCode"] == 0 && told(&answer) == expected, "{api}: {answer}");
    Ok(())
}

async fn fails(duet: &mut Duet, api: &str, version: i16, request: Value, code: i64) -> Result<()> {
    let answer = duet.ask(USER, api, version, request).await?;
    ensure!(answer["ErrorCode"] == code, "{api}: {answer}");
    Ok(())
}

#[tokio::test]
async fn a_share_group_lives_as_its_acls_let_it() -> Result<()> {
    let mut duet = Duet::begin().await?;
    for topic in [ONE, OTHER] {
        duet.topic(topic, 1).await?;
        duet.fill(topic, 0, 3).await?;
    }
    let earliest = json!([{ "Name": "share.auto.offset.reset", "ConfigOperation": 0, "Value": "earliest" }]);
    let group = json!({ "ResourceType": 32, "ResourceName": NAME, "Configs": earliest });
    duet.behind("IncrementalAlterConfigs", 1, json!({ "Resources": [group] })).await?;
    duet.behind("FindCoordinator", 4, json!({ "KeyType": 0, "CoordinatorKeys": [NAME] })).await?;
    let (read_one, read_other) = (acl(USER, READ, TOPIC, ONE), acl(USER, READ, TOPIC, OTHER));
    let read_group = acl(USER, READ, GROUP, NAME);
    let join = || heartbeat(json!(0), json!([ONE, OTHER]));

    fails(&mut duet, "ShareGroupHeartbeat", 1, join(), GROUP_DENIED).await?;
    duet.allow(&[&read_group, &read_one]).await?;
    let answer = duet.ask_until(USER, "ShareGroupHeartbeat", 1, join(), is_final).await?;
    ensure!(answer["ErrorCode"] == DENIED, "{answer}");
    duet.allow(&[&acl(USER, DESCRIBE, TOPIC, OTHER)]).await?;
    let answer = duet.ask_until(USER, "ShareGroupHeartbeat", 1, join(), is_final).await?;
    ensure!(answer["ErrorCode"] == 0, "{answer}");
    duet.keep("epoch", "/MemberEpoch")?;
    let both =
        |answer: &Value| answer["Assignment"]["TopicPartitions"].as_array().is_some_and(|topics| topics.len() == 2);
    let next = heartbeat(json!("$epoch"), Value::Null);
    duet.ask_following(USER, "ShareGroupHeartbeat", 1, next.clone(), &[("epoch", "/MemberEpoch")], both).await?;

    // One topic may be described and not read: it is denied in every answer of the session.
    let begins = fetch(0, &[topic(ONE, false), topic(OTHER, false)]);
    let acquired = |answer: &Value| answer.to_string().contains("\"DeliveryCount\"");
    let answer = duet.ask_until(USER, "ShareFetch", VERSION, begins, acquired).await?;
    ensure!(told(&answer) == [(ONE.to_owned(), 0, 0, 3), (OTHER.to_owned(), DENIED, 0, 0)], "{answer}");
    let acknowledges = acknowledge(1, &[topic(ONE, true), topic(OTHER, true)]);
    is(&mut duet, "ShareAcknowledge", acknowledges, &[(ONE, 0, 0, 0), (OTHER, DENIED, 0, 0)]).await?;
    fails(&mut duet, "ShareFetch", VERSION, fetch(7, &[]), WRONG_EPOCH).await?;

    // Allowed in between, and then the other one revoked: what was acquired meanwhile is acknowledged by the way.
    duet.allow(&[&read_other]).await?;
    is(&mut duet, "ShareFetch", fetch(2, &[]), &[(OTHER, 0, 0, 3)]).await?;
    duet.revoke(&[&read_one]).await?;
    duet.fill(OTHER, 0, 1).await?;
    is(&mut duet, "ShareFetch", fetch(3, &[topic(OTHER, true)]), &[(ONE, DENIED, 0, 0), (OTHER, 0, 0, 1)]).await?;

    // The group is revoked: neither session nor member goes on, and both do when it is allowed again.
    duet.revoke(&[&read_group]).await?;
    fails(&mut duet, "ShareFetch", VERSION, fetch(4, &[]), GROUP_DENIED).await?;
    fails(&mut duet, "ShareAcknowledge", VERSION, acknowledge(4, &[topic(OTHER, true)]), GROUP_DENIED).await?;
    fails(&mut duet, "ShareGroupHeartbeat", 1, next.clone(), GROUP_DENIED).await?;
    duet.allow(&[&read_group]).await?;
    fails(&mut duet, "ShareGroupHeartbeat", 1, next, 0).await?;
    duet.fill(OTHER, 0, 1).await?;
    is(&mut duet, "ShareFetch", fetch(4, &[]), &[(ONE, DENIED, 0, 0), (OTHER, 0, 0, 1)]).await?;

    let describe = json!({ "GroupIds": [NAME], "IncludeAuthorizedOperations": true });
    let answer = duet.ask(USER, "ShareGroupDescribe", 1, describe).await?;
    ensure!(answer["Groups"][0]["ErrorCode"] == DENIED, "{answer}");
    fails(&mut duet, "ShareAcknowledge", VERSION, acknowledge(-1, &[]), 0).await?;
    fails(&mut duet, "ShareAcknowledge", VERSION, acknowledge(6, &[]), SESSION_NOT_FOUND).await?;
    let answer = duet.ask(USER, "ShareGroupHeartbeat", 1, heartbeat(json!(-1), Value::Null)).await?;
    ensure!(answer["ErrorCode"] == 0, "{answer}");

    // What is kept of the group is the same on both sides: where a topic begins for it moves with a later write.
    for (topic, start) in [(OTHER, 3), (ONE, 0)] {
        let offsets = json!({ "Groups": [{ "GroupId": NAME, "Topics": [{ "TopicName": topic, "Partitions": [0] }] }] });
        let kept = |answer: &Value| answer["Groups"][0]["Topics"][0]["Partitions"][0]["StartOffset"] == start;
        duet.ask_until(crate::world::ADMIN, "DescribeShareGroupOffsets", 0, offsets, kept).await?;
    }
    Ok(())
}
