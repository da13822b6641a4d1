//! CreateAcls and what it allows on one connection, without waiting for answers.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::acls::{CLUSTER, TOPIC, WRITE, acl, filter};
use crate::duet::{Duet, expected, produced};
use crate::records;
use crate::side::Outcome;

const ALTER: i8 = 7;
const DENIED: i64 = 29;

fn produce(topic: &str) -> Value {
    let partition = json!({ "Index": 0, "Records": records::batch(1, false) });
    json!({ "Acks": 1, "TimeoutMs": 5000, "TopicData": [{ "Name": topic, "PartitionData": [partition] }] })
}

/// A broker answers CreateAcls when its controllers have it, and decides by it a moment later. So the broker may be
/// late with the second Produce and with the third; Doorkeeper may not.
#[tokio::test]
async fn what_create_acls_allows_holds_for_the_next_request_of_the_same_connection() -> Result<()> {
    let mut duet = Duet::begin().await?;
    let (user, topic) = ("piper", "piper-topic");
    duet.topic(topic, 1).await?;
    duet.allow(&[&acl(user, ALTER, CLUSTER, "kafka-cluster")]).await?;
    let write = acl(user, WRITE, TOPIC, topic);
    let (create, delete) = (json!({ "Creations": [write] }), json!({ "Filters": [filter(&write)] }));
    let (produce, key) = (produce(topic), |api: &str| duet.schemas.key(api));
    let questions = [
        (key("Produce")?, 9, &produce),
        (key("CreateAcls")?, 3, &create),
        (key("Produce")?, 9, &produce),
        (key("Produce")?, 9, &produce),
        (key("DeleteAcls")?, 3, &delete),
        (key("Produce")?, 9, &produce),
    ];
    let mut codes = Vec::new();
    for player in &mut duet.players {
        let outcomes = player.side.ask_at_once(user, &questions).await?;
        let mut told = Vec::new();
        for (number, outcome) in outcomes.iter().enumerate() {
            let Outcome::Answer(answer) = outcome else { anyhow::bail!("{}: {number}: {outcome}", player.side.name) };
            match number {
                1 => ensure!(answer["Results"][0]["ErrorCode"] == 0, "{answer}"),
                4 => ensure!(answer["FilterResults"][0]["MatchingAcls"][0]["Principal"] == "User:piper", "{answer}"),
                _ => told.extend(produced(answer)),
            }
        }
        codes.push(told.into_iter().map(|(_, code)| code).collect::<Vec<_>>());
    }
    ensure!(codes[0].len() == 4 && codes[0][0] == DENIED, "the broker: {codes:?}");
    ensure!(codes[1] == [DENIED, 0, 0, DENIED], "Doorkeeper: {codes:?}");

    duet.settled(&[&write], 0).await?;
    let answer = duet.ask(user, "Produce", 9, produce).await?;
    ensure!(produced(&answer) == expected(&[(topic, DENIED)]), "{answer}");
    Ok(())
}
