//! A fetch session of which everything is denied: a broker keeps one, Doorkeeper grants none and ends the one there is
//! (`docs/differences.md`). What is answered of partitions is the same.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::acls::{READ, TOPIC, acl};
use crate::duet::Duet;
use crate::fetch_sessions::{fetch, topics, turn};

const USER: &str = "denied";
const NAME: &str = "denied-topic";
const DENIED: i64 = 29;
const VERSION: i16 = 12;

/// Whether a session goes on, and the code of the one partition.
async fn both(duet: &mut Duet, request: Value) -> Result<[(bool, Option<i64>); 2]> {
    let answers = duet.ask_each(USER, "Fetch", VERSION, &request).await?;
    Ok(answers.map(|answer| {
        let code = answer.pointer("/Responses/0/Partitions/0/ErrorCode").and_then(Value::as_i64);
        (answer["SessionId"] != 0, code)
    }))
}

#[tokio::test]
async fn where_everything_is_denied_only_a_broker_has_a_session() -> Result<()> {
    let _turn = turn().await;
    let mut duet = Duet::begin().await?;
    duet.topic(NAME, 1).await?;
    duet.fill(NAME, 0, 1).await?;
    let read = acl(USER, READ, TOPIC, NAME);
    let all = || topics(VERSION, &[(NAME, &[0])]);
    ensure!(both(&mut duet, fetch(json!(0), 0, all())).await? == [(true, Some(DENIED)), (false, Some(DENIED))]);

    duet.allow(&[&read]).await?;
    ensure!(both(&mut duet, fetch(json!(0), 0, all())).await? == [(true, Some(0)), (true, Some(0))]);
    duet.keep("session", "/SessionId")?;
    duet.revoke(&[&read]).await?;
    let next = |epoch| fetch(json!("$session"), epoch, json!([]));
    ensure!(both(&mut duet, next(1)).await? == [(true, Some(DENIED)), (false, Some(DENIED))]);

    // A client that is told of no session begins anew, which is in order at a broker, too.
    duet.allow(&[&read]).await?;
    ensure!(both(&mut duet, fetch(json!(0), 0, all())).await? == [(true, Some(0)), (true, Some(0))]);
    Ok(())
}
