//! A broker that has no room for a fetch session any more.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::acls::{READ, TOPIC, acl};
use crate::duet::{Duet, Player};
use crate::fetch_sessions::{fetch, told, topics, turn};
use crate::ground::SESSION_SLOTS;

const NOT_FOUND: i64 = 70;
const VERSION: i16 = 12;

/// Sessions of followers, which may push out those of clients. They are spread over the parts of a table by chance:
/// so many more than there is room for that no part is left with any.
async fn sessions_of_followers(player: &mut Player, topic: &str) -> Result<Vec<Value>> {
    let mut request = fetch(json!(0), 0, topics(VERSION, &[(topic, &[9])]));
    request["ReplicaId"] = json!(5);
    let mut granted = Vec::new();
    for _ in 0..4 * SESSION_SLOTS {
        let answer = player.side.behind("Fetch", VERSION, &request).await?;
        granted.push(answer["SessionId"].clone());
    }
    granted.retain(|id| *id != 0);
    ensure!(granted.len() >= SESSION_SLOTS, "only {} sessions were granted", granted.len());
    Ok(granted)
}

async fn close(player: &mut Player, sessions: Vec<Value>) -> Result<()> {
    for id in sessions {
        player.side.behind("Fetch", VERSION, &fetch(id, -1, json!([]))).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_session_that_the_broker_has_pushed_out_is_not_found_and_none_is_granted_until_there_is_room() -> Result<()> {
    let _turn = turn().await;
    let mut duet = Duet::begin().await?;
    let (user, topic) = ("evicted", "evicted-topic");
    duet.topic(topic, 1).await?;
    duet.fill(topic, 0, 1).await?;
    duet.allow(&[&acl(user, READ, TOPIC, topic)]).await?;
    let all = || topics(VERSION, &[(topic, &[0]), ("evicted-hidden", &[0])]);

    let answer = duet.ask(user, "Fetch", VERSION, fetch(json!(0), 0, all())).await?;
    ensure!(answer["SessionId"] == true, "{answer}");
    duet.keep("session", "/SessionId")?;

    let mut others = Vec::new();
    for player in &mut duet.players {
        others.push(sessions_of_followers(player, topic).await?);
    }
    let answer = duet.ask(user, "Fetch", VERSION, fetch(json!("$session"), 1, json!([]))).await?;
    ensure!(answer["ErrorCode"] == NOT_FOUND, "{answer}");
    let answer = duet.ask(user, "Fetch", VERSION, fetch(json!("$session"), 0, all())).await?;
    ensure!(answer["SessionId"] == false && told(&answer).len() == 2, "{answer}");

    for (player, others) in duet.players.iter_mut().zip(others) {
        close(player, others).await?;
    }
    let answer = duet.ask(user, "Fetch", VERSION, fetch(json!(0), 0, all())).await?;
    ensure!(answer["SessionId"] == true && told(&answer).len() == 2, "{answer}");
    duet.keep("session", "/SessionId")?;
    let answer = duet.ask(user, "Fetch", VERSION, fetch(json!("$session"), -1, json!([]))).await?;
    ensure!(answer["ErrorCode"] == 0 && told(&answer).is_empty(), "{answer}");
    Ok(())
}
