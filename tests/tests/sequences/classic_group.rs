//! A consumer group of the classic protocol through its life: two members, a topic and then the group revoked in the
//! middle, and its end.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::acls::{DELETE, GROUP, READ, TOPIC, acl};
use crate::duet::{Duet, codes, expected, is_final};

const USER: &str = "classic";
const NAME: &str = "classic-group";
const ONE: &str = "classic-a";
const OTHER: &str = "classic-b";

const DENIED: i64 = 29;
const GROUP_DENIED: i64 = 30;
const MEMBER_ID_REQUIRED: i64 = 79;
const REBALANCE: i64 = 27;

fn join(member: &str) -> Value {
    json!({
        "GroupId": NAME, "SessionTimeoutMs": 45_000, "RebalanceTimeoutMs": 20_000, "MemberId": member,
        "ProtocolType": "consumer", "Protocols": [{ "Name": "range", "Metadata": "0001" }],
    })
}

fn sync(assignments: &[&str]) -> Value {
    let assignments: Vec<Value> =
        assignments.iter().map(|member| json!({ "MemberId": member, "Assignment": "0002" })).collect();
    json!({
        "GroupId": NAME, "GenerationId": "$generation", "MemberId": "$member", "ProtocolType": "consumer",
        "ProtocolName": "range", "Assignments": assignments,
    })
}

fn heartbeat() -> Value {
    json!({ "GroupId": NAME, "GenerationId": "$generation", "MemberId": "$member" })
}

fn commit(topics: &[&str]) -> Value {
    let partition = json!({ "PartitionIndex": 0, "CommittedOffset": 2, "CommittedMetadata": "" });
    let topics: Vec<Value> = topics.iter().map(|name| json!({ "Name": name, "Partitions": [partition] })).collect();
    json!({ "GroupId": NAME, "GenerationIdOrMemberEpoch": "$generation", "MemberId": "$member", "Topics": topics })
}

fn committed(answer: &Value) -> Vec<(String, i64)> {
    codes(answer, ("Topics", "Name"), ("Partitions", "ErrorCode"))
}

fn offsets() -> Value {
    let topic = |name: &str| json!({ "Name": name, "PartitionIndexes": [0] });
    json!({ "Groups": [{ "GroupId": NAME, "Topics": [topic(ONE), topic(OTHER)] }, { "GroupId": NAME, "Topics": null }] })
}

/// Asks, and insists on this code at the top.
async fn is(duet: &mut Duet, api: &str, version: i16, request: Value, code: i64) -> Result<Value> {
    let answer = duet.ask(USER, api, version, request).await?;
    ensure!(answer["ErrorCode"] == code, "{api}: {answer}");
    Ok(answer)
}

/// Joins without a member id first, as clients do, and leaves the id as `member`.
async fn get_member_id(duet: &mut Duet) -> Result<()> {
    let answer = duet.ask_until(USER, "JoinGroup", 5, join(""), is_final).await?;
    ensure!(answer["ErrorCode"] == MEMBER_ID_REQUIRED, "{answer}");
    duet.keep("member", "/MemberId")
}

#[tokio::test]
async fn a_classic_group_lives_and_ends_as_its_acls_let_it() -> Result<()> {
    let mut duet = Duet::begin().await?;
    for topic in [ONE, OTHER] {
        duet.topic(topic, 1).await?;
    }
    let (read_one, read_other) = (acl(USER, READ, TOPIC, ONE), acl(USER, READ, TOPIC, OTHER));
    let (read_group, delete_group) = (acl(USER, READ, GROUP, NAME), acl(USER, DELETE, GROUP, NAME));
    duet.behind("FindCoordinator", 4, json!({ "KeyType": 0, "CoordinatorKeys": [NAME] })).await?;
    duet.allow(&[&read_one, &read_other]).await?;

    is(&mut duet, "JoinGroup", 5, join(""), GROUP_DENIED).await?;
    duet.allow(&[&read_group]).await?;
    get_member_id(&mut duet).await?;
    is(&mut duet, "JoinGroup", 5, join("$member"), 0).await?;
    duet.keep("generation", "/GenerationId")?;
    is(&mut duet, "SyncGroup", 3, sync(&["$member"]), 0).await?;
    is(&mut duet, "Heartbeat", 4, heartbeat(), 0).await?;
    let answer = duet.ask(USER, "OffsetCommit", 8, commit(&[ONE, OTHER])).await?;
    ensure!(committed(&answer) == expected(&[(ONE, 0), (OTHER, 0)]), "{answer}");
    another_member_comes(&mut duet).await?;

    // A topic is revoked: its offsets are refused, the rest goes on.
    duet.revoke(&[&read_other]).await?;
    let answer = duet.ask(USER, "OffsetCommit", 8, commit(&[ONE, OTHER])).await?;
    ensure!(committed(&answer) == expected(&[(ONE, 0), (OTHER, DENIED)]), "{answer}");
    duet.ask(USER, "OffsetFetch", 8, offsets()).await?;
    is(&mut duet, "Heartbeat", 4, heartbeat(), 0).await?;

    // The group is revoked, and is as it was when it is allowed again.
    duet.revoke(&[&read_group]).await?;
    is(&mut duet, "Heartbeat", 4, heartbeat(), GROUP_DENIED).await?;
    is(&mut duet, "SyncGroup", 3, sync(&[]), GROUP_DENIED).await?;
    is(&mut duet, "JoinGroup", 5, join("$member"), GROUP_DENIED).await?;
    let answer = duet.ask(USER, "OffsetCommit", 8, commit(&[ONE, OTHER])).await?;
    ensure!(committed(&answer) == expected(&[(ONE, GROUP_DENIED), (OTHER, GROUP_DENIED)]), "{answer}");
    duet.ask(USER, "OffsetFetch", 8, offsets()).await?;
    let leave = || json!({ "GroupId": NAME, "Members": [{ "MemberId": "$member" }] });
    is(&mut duet, "LeaveGroup", 5, leave(), GROUP_DENIED).await?;
    duet.ask(USER, "DescribeGroups", 5, json!({ "Groups": [NAME], "IncludeAuthorizedOperations": true })).await?;
    duet.allow(&[&read_group]).await?;
    is(&mut duet, "Heartbeat", 4, heartbeat(), 0).await?;

    is(&mut duet, "LeaveGroup", 5, leave(), 0).await?;
    duet.ask(USER, "ListGroups", 5, json!({})).await?;
    let delete = || json!({ "GroupsNames": [NAME] });
    let answer = duet.ask(USER, "DeleteGroups", 2, delete()).await?;
    ensure!(answer["Results"][0]["ErrorCode"] == GROUP_DENIED, "{answer}");
    duet.allow(&[&delete_group]).await?;
    let answer = duet.ask(USER, "DeleteGroups", 2, delete()).await?;
    ensure!(answer["Results"][0]["ErrorCode"] == 0, "{answer}");
    let answer = duet.ask(USER, "ListGroups", 5, json!({})).await?;
    ensure!(answer["Groups"] == json!([]), "{answer}");
    Ok(())
}

/// On connections of its own it joins, which waits for the first; both get what the leader says; it leaves again.
async fn another_member_comes(first: &mut Duet) -> Result<()> {
    let mut second = Duet::begin().await?;
    get_member_id(&mut second).await?;
    let joins = second.ask(USER, "JoinGroup", 5, join("$member"));
    let follows = async {
        first.ask_until(USER, "Heartbeat", 4, heartbeat(), |answer| answer["ErrorCode"] == REBALANCE).await?;
        is(first, "JoinGroup", 5, join("$member"), 0).await
    };
    tokio::try_join!(joins, follows)?;
    second.keep("generation", "/GenerationId")?;
    first.keep("generation", "/GenerationId")?;
    // Whoever waits in SyncGroup hears what the leader says.
    let waits = second.ask(USER, "SyncGroup", 3, sync(&[]));
    let leads = is(first, "SyncGroup", 3, sync(&["$member"]), 0);
    tokio::try_join!(waits, leads)?;
    is(&mut second, "Heartbeat", 4, heartbeat(), 0).await?;
    let leave = json!({ "GroupId": NAME, "Members": [{ "MemberId": "$member" }, { "MemberId": "nobody" }] });
    is(&mut second, "LeaveGroup", 5, leave, 0).await?;
    is(first, "Heartbeat", 4, heartbeat(), REBALANCE).await?;
    is(first, "JoinGroup", 5, join("$member"), 0).await?;
    first.keep("generation", "/GenerationId")?;
    is(first, "SyncGroup", 3, sync(&["$member"]), 0).await?;
    Ok(())
}
