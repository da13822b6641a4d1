//! A transaction with one partition denied, as clients did it before KIP-890 and as they do it since.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::acls::{GROUP, READ, TOPIC, TRANSACTIONAL_ID, WRITE, acl};
use crate::duet::{Duet, batch, codes, expected, is_final, is_momentary, produced};

const DENIED: i64 = 29;
const GROUP_DENIED: i64 = 30;
const ID_DENIED: i64 = 53;
const NOT_ATTEMPTED: i64 = 55;

const ID: &str = "transactor-id";
const MINE: &str = "transactor-mine";
const THEIRS: &str = "transactor-theirs";
const READ_TOPIC: &str = "transactor-read";
const GROUP_NAME: &str = "transactor-group";
const USER: &str = "transactor";

fn produce(topics: &[&str], sequence: i32) -> Value {
    let partition = || json!({ "Index": 0, "Records": batch(sequence, true) });
    let topics: Vec<Value> =
        topics.iter().map(|topic| json!({ "Name": topic, "PartitionData": [partition()] })).collect();
    json!({ "TransactionalId": ID, "Acks": -1, "TimeoutMs": 5000, "TopicData": topics })
}

fn add(topics: &[&str]) -> Value {
    let topics: Vec<Value> = topics.iter().map(|name| json!({ "Name": name, "Partitions": [0] })).collect();
    json!({
        "V3AndBelowTransactionalId": ID, "V3AndBelowProducerId": "$producer", "V3AndBelowProducerEpoch": "$epoch",
        "V3AndBelowTopics": topics,
    })
}

fn added(answer: &Value) -> Vec<(String, i64)> {
    codes(answer, ("ResultsByTopicV3AndBelow", "Name"), ("ResultsByPartition", "PartitionErrorCode"))
}

fn add_offsets() -> Value {
    json!({ "TransactionalId": ID, "ProducerId": "$producer", "ProducerEpoch": "$epoch", "GroupId": GROUP_NAME })
}

fn commit_offsets() -> Value {
    let topic = |name: &str| {
        let partition = json!({ "PartitionIndex": 0, "CommittedOffset": 1, "CommittedMetadata": "" });
        json!({ "Name": name, "Partitions": [partition] })
    };
    json!({
        "TransactionalId": ID, "GroupId": GROUP_NAME, "ProducerId": "$producer", "ProducerEpoch": "$epoch",
        "GenerationId": -1, "MemberId": "", "Topics": [topic(READ_TOPIC), topic(THEIRS)],
    })
}

fn end(committed: bool) -> Value {
    json!({ "TransactionalId": ID, "ProducerId": "$producer", "ProducerEpoch": "$epoch", "Committed": committed })
}

fn init() -> Value {
    json!({ "TransactionalId": ID, "TransactionTimeoutMs": 60_000, "ProducerId": -1, "ProducerEpoch": -1 })
}

#[tokio::test]
async fn a_transaction_with_one_partition_denied_goes_on_with_the_others() -> Result<()> {
    let mut duet = Duet::begin().await?;
    for topic in [MINE, THEIRS, READ_TOPIC] {
        duet.topic(topic, 1).await?;
    }
    for (key_type, key) in [(1, ID), (0, GROUP_NAME)] {
        duet.behind("FindCoordinator", 4, json!({ "KeyType": key_type, "CoordinatorKeys": [key] })).await?;
    }
    let (own_id, own_group) = (acl(USER, WRITE, TRANSACTIONAL_ID, ID), acl(USER, READ, GROUP, GROUP_NAME));
    duet.allow(&[&acl(USER, WRITE, TOPIC, MINE), &acl(USER, READ, TOPIC, READ_TOPIC)]).await?;
    let answer = duet.ask(USER, "InitProducerId", 4, init()).await?;
    ensure!(answer["ErrorCode"] == ID_DENIED, "{answer}");
    duet.allow(&[&own_id]).await?;

    before_transactions_of_version_2(&mut duet, &own_id, &own_group).await?;
    with_transactions_of_version_2(&mut duet, &own_id).await?;

    // What was committed, and what was not.
    duet.allow(&[&acl(USER, READ, TOPIC, MINE)]).await?;
    // The first record is in a segment of its own, since it is of another year than its marker.
    let partition = json!({ "Partition": 0, "FetchOffset": 1, "PartitionMaxBytes": 1_048_576 });
    let mut fetch = crate::fetch_sessions::fetch(json!(0), -1, json!([{ "Topic": MINE, "Partitions": [partition] }]));
    fetch["IsolationLevel"] = json!(1);
    let answer = duet.ask(USER, "Fetch", 12, fetch).await?;
    let aborted = answer["Responses"][0]["AbortedTransactions"].as_array().map(Vec::len);
    ensure!(aborted == Some(1), "{answer}");
    let offsets = json!({ "Groups": [{ "GroupId": GROUP_NAME, "Topics": null }] });
    let answer = duet.ask(crate::world::ADMIN, "OffsetFetch", 9, offsets).await?;
    let topics =
        answer["Groups"][0]["Topics"].as_array().map(|topics| topics.iter().map(|topic| &topic["Name"]).collect());
    ensure!(topics == Some(vec![&json!(READ_TOPIC)]), "{answer}");
    Ok(())
}

async fn before_transactions_of_version_2(duet: &mut Duet, own_id: &Value, own_group: &Value) -> Result<()> {
    duet.ask_until(USER, "InitProducerId", 4, init(), is_final).await?;
    duet.keep("producer", "/ProducerId")?;
    duet.keep("epoch", "/ProducerEpoch")?;

    // All or nothing: the one that is allowed is not added either.
    let answer = duet.ask(USER, "AddPartitionsToTxn", 3, add(&[MINE, THEIRS])).await?;
    ensure!(added(&answer) == expected(&[(MINE, NOT_ATTEMPTED), (THEIRS, DENIED)]), "{answer}");
    let answer = duet.ask(USER, "AddPartitionsToTxn", 3, add(&[MINE])).await?;
    ensure!(added(&answer) == expected(&[(MINE, 0)]), "{answer}");
    let answer = duet.ask(USER, "Produce", 9, produce(&[MINE, THEIRS], 0)).await?;
    ensure!(produced(&answer) == expected(&[(MINE, 0), (THEIRS, DENIED)]), "{answer}");

    let answer = duet.ask(USER, "AddOffsetsToTxn", 3, add_offsets()).await?;
    ensure!(answer["ErrorCode"] == GROUP_DENIED, "{answer}");
    duet.allow(&[own_group]).await?;
    let answer = duet.ask_until(USER, "AddOffsetsToTxn", 3, add_offsets(), is_final).await?;
    ensure!(answer["ErrorCode"] == 0, "{answer}");
    let offsets = |answer: &Value| codes(answer, ("Topics", "Name"), ("Partitions", "ErrorCode"));
    let ready = |answer: &Value| !offsets(answer).iter().any(|(_, code)| is_momentary(*code));
    let answer = duet.ask_until(USER, "TxnOffsetCommit", 3, commit_offsets(), ready).await?;
    ensure!(offsets(&answer) == expected(&[(READ_TOPIC, 0), (THEIRS, DENIED)]), "{answer}");

    // Who has lost the id can neither write nor end, and the transaction stays open until it is theirs again.
    duet.revoke(&[own_id]).await?;
    let answer = duet.ask(USER, "Produce", 9, produce(&[MINE], 1)).await?;
    ensure!(produced(&answer) == expected(&[(MINE, ID_DENIED)]), "{answer}");
    let answer = duet.ask(USER, "EndTxn", 3, end(true)).await?;
    ensure!(answer["ErrorCode"] == ID_DENIED, "{answer}");
    duet.allow(&[own_id]).await?;
    let answer = duet.ask(USER, "EndTxn", 3, end(true)).await?;
    ensure!(answer["ErrorCode"] == 0, "{answer}");
    Ok(())
}

/// A produce request adds its partitions itself, and the end of a transaction raises the epoch.
async fn with_transactions_of_version_2(duet: &mut Duet, own_id: &Value) -> Result<()> {
    let answer = duet.ask_until(USER, "InitProducerId", 5, init(), is_final).await?;
    ensure!(answer["ErrorCode"] == 0, "{answer}");
    duet.keep("producer", "/ProducerId")?;
    duet.keep("epoch", "/ProducerEpoch")?;
    let answer = duet.ask(USER, "Produce", 12, produce(&[MINE, THEIRS], 0)).await?;
    ensure!(produced(&answer) == expected(&[(MINE, 0), (THEIRS, DENIED)]), "{answer}");
    let answer = duet.ask_until(USER, "EndTxn", 5, end(false), is_final).await?;
    ensure!(answer["ErrorCode"] == 0, "{answer}");
    duet.keep("epoch", "/ProducerEpoch")?;

    let answer = duet.ask(USER, "Produce", 12, produce(&[THEIRS], 0)).await?;
    ensure!(produced(&answer) == expected(&[(THEIRS, DENIED)]), "{answer}");
    let last = |answer: &Value| produced(answer).iter().all(|(_, code)| !is_momentary(*code));
    let answer = duet.ask_until(USER, "Produce", 12, produce(&[MINE], 0), last).await?;
    ensure!(produced(&answer) == expected(&[(MINE, 0)]), "{answer}");
    duet.revoke(&[own_id]).await?;
    let answer = duet.ask(USER, "EndTxn", 5, end(true)).await?;
    ensure!(answer["ErrorCode"] == ID_DENIED && answer["ProducerId"] == -1, "{answer}");
    duet.allow(&[own_id]).await?;
    let answer = duet.ask_until(USER, "EndTxn", 5, end(true), is_final).await?;
    ensure!(answer["ErrorCode"] == 0, "{answer}");
    Ok(())
}
