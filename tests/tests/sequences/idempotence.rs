//! An idempotent producer that loses Write, and gets it back.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::acls::{CLUSTER, TOPIC, WRITE, acl};
use crate::duet::{Duet, batch, expected, is_final, produced};

const DENIED: i64 = 29;
const CLUSTER_DENIED: i64 = 31;
const OUT_OF_ORDER: i64 = 45;
const IDEMPOTENT_WRITE: i8 = 12;

fn produce(topics: &[&str], sequence: i32) -> Value {
    let partition = || json!({ "Index": 0, "Records": batch(sequence, false) });
    let topics: Vec<Value> =
        topics.iter().map(|topic| json!({ "Name": topic, "PartitionData": [partition()] })).collect();
    json!({ "Acks": -1, "TimeoutMs": 5000, "TopicData": topics })
}

#[tokio::test]
async fn an_idempotent_producer_loses_write_and_goes_on_where_it_was_when_it_has_it_again() -> Result<()> {
    let mut duet = Duet::begin().await?;
    let (user, one, other) = ("idempotent", "idempotent-a", "idempotent-b");
    duet.topic(one, 1).await?;
    duet.topic(other, 1).await?;
    let init =
        || json!({ "TransactionalId": null, "TransactionTimeoutMs": 60_000, "ProducerId": -1, "ProducerEpoch": -1 });
    let (write_one, write_other) = (acl(user, WRITE, TOPIC, one), acl(user, WRITE, TOPIC, other));

    let answer = duet.ask(user, "InitProducerId", 4, init()).await?;
    ensure!(answer["ErrorCode"] == CLUSTER_DENIED, "{answer}");
    // Write on any topic is enough.
    duet.allow(&[&write_one, &write_other]).await?;
    let answer = duet.ask_until(user, "InitProducerId", 4, init(), is_final).await?;
    ensure!(answer["ErrorCode"] == 0, "{answer}");
    duet.keep("producer", "/ProducerId")?;
    duet.keep("epoch", "/ProducerEpoch")?;
    let answer = duet.ask(user, "Produce", 9, produce(&[one, other], 0)).await?;
    ensure!(produced(&answer) == expected(&[(one, 0), (other, 0)]), "{answer}");

    duet.revoke(&[&write_one]).await?;
    let answer = duet.ask(user, "Produce", 9, produce(&[one, other], 1)).await?;
    ensure!(produced(&answer) == expected(&[(one, DENIED), (other, 0)]), "{answer}");
    duet.revoke(&[&write_other]).await?;
    let answer = duet.ask(user, "Produce", 9, produce(&[one, other], 2)).await?;
    ensure!(produced(&answer) == expected(&[(one, DENIED), (other, DENIED)]), "{answer}");
    let again = json!({
        "TransactionalId": null, "TransactionTimeoutMs": 60_000, "ProducerId": "$producer", "ProducerEpoch": "$epoch",
    });
    let answer = duet.ask(user, "InitProducerId", 4, again).await?;
    ensure!(answer["ErrorCode"] == CLUSTER_DENIED, "{answer}");

    // What was denied was never seen by the log: it waits for number 1, and remembers number 0.
    duet.allow(&[&write_one]).await?;
    let answer = duet.ask(user, "Produce", 9, produce(&[one], 2)).await?;
    ensure!(produced(&answer) == expected(&[(one, OUT_OF_ORDER)]), "{answer}");
    let answer = duet.ask(user, "Produce", 9, produce(&[one], 1)).await?;
    ensure!(produced(&answer) == expected(&[(one, 0)]), "{answer}");
    let answer = duet.ask(user, "Produce", 9, produce(&[one], 0)).await?;
    let offset = &answer["Responses"][0]["PartitionResponses"][0]["BaseOffset"];
    ensure!(produced(&answer) == expected(&[(one, 0)]) && *offset == 0, "a repetition: {answer}");

    // IdempotentWrite on the cluster does without a topic.
    duet.revoke(&[&write_one]).await?;
    duet.allow(&[&acl(user, IDEMPOTENT_WRITE, CLUSTER, "kafka-cluster")]).await?;
    let answer = duet.ask(user, "InitProducerId", 4, init()).await?;
    ensure!(answer["ErrorCode"] == 0, "{answer}");
    Ok(())
}
