//! The id of a fetch session in other hands: a broker takes it from everybody, Doorkeeper only from the connection that
//! created it (`docs/differences.md`).

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::acls::{READ, TOPIC, acl};
use crate::duet::Duet;
use crate::fetch_sessions::{fetch, named, topics, turn};

const DENIED: i64 = 29;
const NOT_FOUND: i64 = 70;
const WRONG_EPOCH: i64 = 71;
const VERSION: i16 = 18;

/// The code at the top, and that of the first partition.
fn codes(answer: &Value) -> (i64, Option<i64>) {
    let partition = answer.pointer("/Responses/0/Partitions/0/ErrorCode").and_then(Value::as_i64);
    (answer["ErrorCode"].as_i64().unwrap_or(i64::MIN), partition)
}

async fn both(duet: &mut Duet, user: &str, epoch: i32) -> Result<[(i64, Option<i64>); 2]> {
    let request = fetch(json!("$session"), epoch, json!([]));
    Ok(duet.ask_each(user, "Fetch", VERSION, &request).await?.map(|answer| codes(&answer)))
}

#[tokio::test]
async fn a_session_is_found_by_its_id_in_a_broker_and_by_its_connection_in_doorkeeper() -> Result<()> {
    let _turn = turn().await;
    let mut duet = Duet::begin().await?;
    let topic = "foreign-topic";
    duet.topic(topic, 1).await?;
    duet.fill(topic, 0, 1).await?;
    duet.allow(&[&acl("foreign", READ, TOPIC, topic)]).await?;
    let all = topics(VERSION, &[(topic, &[0])]);
    duet.ask("foreign", "Fetch", VERSION, fetch(json!(0), 0, all)).await?;
    duet.keep("session", "/SessionId")?;
    ensure!(both(&mut duet, "foreign", 1).await? == [(0, Some(0)), (0, Some(0))]);

    // Another connection of the same user.
    ensure!(both(&mut duet, "foreign#2", 2).await? == [(0, Some(0)), (NOT_FOUND, None)]);
    // Somebody else, who may read nothing of it: a broker goes on with the session, and denies.
    ensure!(both(&mut duet, "stranger", 3).await? == [(0, Some(DENIED)), (NOT_FOUND, None)]);
    // Its owner finds it moved on in the broker, and as it was in Doorkeeper.
    ensure!(both(&mut duet, "foreign", 2).await? == [(WRONG_EPOCH, None), (0, Some(0))]);
    ensure!(both(&mut duet, "foreign", 3).await? == [(WRONG_EPOCH, None), (0, Some(0))]);

    // Somebody else adds a partition to it, forgets one, closes it.
    let mut forgetting = fetch(json!("$session"), 4, topics(VERSION, &[(topic, &[1])]));
    forgetting["ForgottenTopicsData"] = json!([named(VERSION, topic, json!([0]))]);
    let answers = duet.ask_each("stranger", "Fetch", VERSION, &forgetting).await?;
    ensure!(answers.map(|answer| codes(&answer)) == [(0, Some(DENIED)), (NOT_FOUND, None)]);
    ensure!(both(&mut duet, "stranger", -1).await? == [(0, None), (0, None)]);
    ensure!(both(&mut duet, "foreign", 5).await? == [(NOT_FOUND, None), (WRONG_EPOCH, None)]);
    ensure!(both(&mut duet, "foreign", 4).await? == [(NOT_FOUND, None), (0, Some(0))]);
    Ok(())
}
