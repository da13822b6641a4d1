//! A consumer group of the consumer protocol (KIP-848) through its life: two members, a topic and then the group revoked
//! in the middle.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::acls::{DELETE, DESCRIBE, GROUP, READ, TOPIC, acl};
use crate::duet::{Duet, codes, expected, is_final};

const USER: &str = "modern";
const NAME: &str = "modern-group";
const ONE: &str = "modern-a";
const OTHER: &str = "modern-b";

const DENIED: i64 = 29;
const GROUP_DENIED: i64 = 30;

/// The first heartbeat of a member, or one that says its subscription anew.
fn join(member: &str, epoch: Value, topics: &[&str]) -> Value {
    json!({
        "GroupId": NAME, "MemberId": member, "MemberEpoch": epoch, "RebalanceTimeoutMs": 20_000,
        "SubscribedTopicNames": topics, "TopicPartitions": [],
    })
}

fn heartbeat(member: &str, epoch: Value, owned: Value) -> Value {
    json!({
        "GroupId": NAME, "MemberId": member, "MemberEpoch": epoch, "RebalanceTimeoutMs": -1,
        "SubscribedTopicNames": null, "TopicPartitions": owned,
    })
}

fn owned(topics: &[(&str, &[i32])]) -> Value {
    topics
        .iter()
        .map(|(name, partitions)| json!({ "TopicId": format!("id:{name}"), "Partitions": partitions }))
        .collect()
}

fn commit(member: &str, topics: &[&str]) -> Value {
    let partition = json!({ "PartitionIndex": 0, "CommittedOffset": 1, "CommittedMetadata": "" });
    let topics: Vec<Value> = topics.iter().map(|name| json!({ "Name": name, "Partitions": [partition] })).collect();
    json!({ "GroupId": NAME, "GenerationIdOrMemberEpoch": "$epoch", "MemberId": member, "Topics": topics })
}

fn committed(answer: &Value) -> Vec<(String, i64)> {
    codes(answer, ("Topics", "Name"), ("Partitions", "ErrorCode"))
}

/// How many partitions are assigned; none if the answer says nothing about it.
fn assigned(answer: &Value) -> Option<usize> {
    let topics = answer["Assignment"]["TopicPartitions"].as_array()?;
    Some(topics.iter().map(|topic| topic["Partitions"].as_array().map_or(0, Vec::len)).sum())
}

async fn is(duet: &mut Duet, request: Value, code: i64) -> Result<Value> {
    let answer = duet.ask_until(USER, "ConsumerGroupHeartbeat", 1, request, is_final).await?;
    ensure!(answer["ErrorCode"] == code, "{answer}");
    Ok(answer)
}

#[tokio::test]
async fn a_consumer_group_lives_and_ends_as_its_acls_let_it() -> Result<()> {
    let mut duet = Duet::begin().await?;
    duet.topic(ONE, 2).await?;
    duet.topic(OTHER, 1).await?;
    let (read_one, read_other) = (acl(USER, READ, TOPIC, ONE), acl(USER, READ, TOPIC, OTHER));
    let (read_group, delete_group) = (acl(USER, READ, GROUP, NAME), acl(USER, DELETE, GROUP, NAME));
    duet.behind("FindCoordinator", 4, json!({ "KeyType": 0, "CoordinatorKeys": [NAME] })).await?;
    let both = || join("modern-1", json!(0), &[ONE, OTHER]);

    duet.allow(&[&read_one]).await?;
    is(&mut duet, both(), GROUP_DENIED).await?;
    duet.allow(&[&read_group]).await?;
    // One topic that may not be described refuses all.
    is(&mut duet, both(), DENIED).await?;
    duet.allow(&[&read_other]).await?;
    let joined = |answer: &Value| assigned(answer) == Some(3);
    let answer = duet.ask_until(USER, "ConsumerGroupHeartbeat", 1, both(), joined).await?;
    ensure!(answer["ErrorCode"] == 0, "{answer}");
    duet.keep("epoch", "/MemberEpoch")?;
    let mine = owned(&[(ONE, &[0, 1]), (OTHER, &[0])]);
    is(&mut duet, heartbeat("modern-1", json!("$epoch"), mine.clone()), 0).await?;
    let answer = duet.ask(USER, "OffsetCommit", 9, commit("modern-1", &[ONE, OTHER])).await?;
    ensure!(committed(&answer) == expected(&[(ONE, 0), (OTHER, 0)]), "{answer}");

    another_member_comes(&mut duet, &mine).await?;

    // A topic is revoked. Nobody asks about it until the subscription is said anew.
    duet.revoke(&[&read_other]).await?;
    is(&mut duet, heartbeat("modern-1", json!("$epoch"), Value::Null), 0).await?;
    is(&mut duet, join("modern-1", json!("$epoch"), &[ONE, OTHER]), DENIED).await?;
    let answer = duet.ask(USER, "OffsetCommit", 9, commit("modern-1", &[ONE, OTHER])).await?;
    ensure!(committed(&answer) == expected(&[(ONE, 0), (OTHER, DENIED)]), "{answer}");
    let offsets =
        json!({ "Groups": [{ "GroupId": NAME, "Topics": null, "MemberId": "modern-1", "MemberEpoch": "$epoch" }] });
    let answer = duet.ask(USER, "OffsetFetch", 9, offsets).await?;
    ensure!(answer["Groups"][0]["Topics"].as_array().map(Vec::len) == Some(1), "{answer}");
    let describe = || json!({ "GroupIds": [NAME], "IncludeAuthorizedOperations": true });
    let answer = duet.ask(USER, "ConsumerGroupDescribe", 1, describe()).await?;
    ensure!(answer["Groups"][0]["ErrorCode"] == DENIED, "{answer}");
    // To be described, its topics need not be read.
    duet.allow(&[&acl(USER, DESCRIBE, TOPIC, OTHER)]).await?;
    let answer = duet.ask(USER, "ConsumerGroupDescribe", 1, describe()).await?;
    ensure!(answer["Groups"][0]["ErrorCode"] == 0, "{answer}");
    is(&mut duet, join("modern-1", json!("$epoch"), &[ONE, OTHER]), 0).await?;

    // The group is revoked: the member cannot even leave. It is as it was when it is allowed again.
    duet.revoke(&[&read_group]).await?;
    is(&mut duet, heartbeat("modern-1", json!("$epoch"), Value::Null), GROUP_DENIED).await?;
    is(&mut duet, heartbeat("modern-1", json!(-1), Value::Null), GROUP_DENIED).await?;
    let answer = duet.ask(USER, "OffsetCommit", 9, commit("modern-1", &[ONE, OTHER])).await?;
    ensure!(committed(&answer) == expected(&[(ONE, GROUP_DENIED), (OTHER, GROUP_DENIED)]), "{answer}");
    duet.allow(&[&read_group]).await?;
    is(&mut duet, heartbeat("modern-1", json!("$epoch"), Value::Null), 0).await?;

    is(&mut duet, heartbeat("modern-1", json!(-1), Value::Null), 0).await?;
    let delete = || json!({ "GroupsNames": [NAME] });
    let answer = duet.ask(USER, "DeleteGroups", 2, delete()).await?;
    ensure!(answer["Results"][0]["ErrorCode"] == GROUP_DENIED, "{answer}");
    duet.allow(&[&delete_group]).await?;
    let answer = duet.ask(USER, "DeleteGroups", 2, delete()).await?;
    ensure!(answer["Results"][0]["ErrorCode"] == 0, "{answer}");
    Ok(())
}

/// It gets a partition as soon as the first has given it back; then it leaves, and the first gets it again.
async fn another_member_comes(duet: &mut Duet, mine: &Value) -> Result<()> {
    const EPOCH: (&str, &str) = ("epoch", "/MemberEpoch");
    const OWNED: (&str, &str) = ("owned", "/Assignment/TopicPartitions");
    let api = "ConsumerGroupHeartbeat";
    is(duet, join("modern-2", json!(0), &[ONE]), 0).await?;
    duet.keep("other epoch", "/MemberEpoch")?;
    let fewer = |answer: &Value| assigned(answer) == Some(2);
    let request = heartbeat("modern-1", json!("$epoch"), mine.clone());
    duet.ask_following(USER, api, 1, request, &[EPOCH, OWNED], fewer).await?;
    let request = heartbeat("modern-1", json!("$epoch"), json!("$owned"));
    duet.ask_following(USER, api, 1, request, &[EPOCH], is_final).await?;
    let request = heartbeat("modern-2", json!("$other epoch"), json!([]));
    duet.ask_following(USER, api, 1, request, &[("other epoch", "/MemberEpoch")], |answer| assigned(answer) == Some(1))
        .await?;

    is(duet, heartbeat("modern-2", json!(-1), Value::Null), 0).await?;
    let request = heartbeat("modern-1", json!("$epoch"), json!("$owned"));
    duet.ask_following(USER, api, 1, request, &[EPOCH, OWNED], |answer| assigned(answer) == Some(3)).await?;
    is(duet, heartbeat("modern-1", json!("$epoch"), json!("$owned")), 0).await?;
    Ok(())
}
