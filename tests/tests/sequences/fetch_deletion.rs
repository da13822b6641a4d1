//! A topic of a fetch session is deleted, and another one is made of the same name.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::acls::{READ, TOPIC, acl};
use crate::duet::Duet;
use crate::fetch_sessions::{BY_ID, BY_NAME, fetch, told, topics, turn};

const INCONSISTENT_TOPIC_ID: i64 = 103;

#[tokio::test]
async fn a_topic_of_a_session_by_names_is_deleted_and_made_anew() -> Result<()> {
    a_topic_is_deleted_and_made_anew("deleting", BY_NAME).await
}

#[tokio::test]
async fn a_topic_of_a_session_by_ids_is_deleted_and_made_anew() -> Result<()> {
    a_topic_is_deleted_and_made_anew("iddeleting", BY_ID).await
}

async fn a_topic_is_deleted_and_made_anew(user: &str, version: i16) -> Result<()> {
    let _turn = turn().await;
    let mut duet = Duet::begin().await?;
    let (stays, goes, denied) = (&*format!("{user}-stays"), &*format!("{user}-goes"), &*format!("{user}-denied"));
    for topic in [stays, goes, denied] {
        duet.topic(topic, 1).await?;
        duet.fill(topic, 0, 1).await?;
    }
    duet.allow(&[&acl(user, READ, TOPIC, stays), &acl(user, READ, TOPIC, goes)]).await?;
    let all = topics(version, &[(stays, &[0]), (goes, &[0]), (denied, &[0])]);
    duet.ask(user, "Fetch", version, fetch(json!(0), 0, all)).await?;
    duet.keep("session", "/SessionId")?;
    let next = |epoch: i32| fetch(json!("$session"), epoch, json!([]));
    duet.ask(user, "Fetch", version, next(1)).await?;

    for topic in [goes, denied] {
        duet.behind("DeleteTopics", 6, json!({ "Topics": [{ "Name": topic }], "TimeoutMs": 20_000 })).await?;
        gone(&mut duet, topic).await?;
    }
    let answer = duet.ask(user, "Fetch", version, next(2)).await?;
    ensure!(codes(&answer) == [(0, 0), (3, 0), (29, 0)], "{answer}");
    duet.topic(goes, 1).await?;
    duet.fill(goes, 0, 2).await?;
    let answer = duet.ask(user, "Fetch", version, next(3)).await?;
    // The name is as good as before. The id is that of another topic, which a session does not take for this one.
    let made_anew = if version == BY_ID { INCONSISTENT_TOPIC_ID } else { 0 };
    let mut expected = [(0, 0), (made_anew, 0), (29, 0)];
    expected.sort_unstable();
    ensure!(codes(&answer) == expected, "{answer}");
    Ok(())
}

/// The code of each partition and its index, sorted.
fn codes(answer: &Value) -> Vec<(i64, i64)> {
    let mut codes: Vec<_> = told(answer).into_iter().map(|(_, index, code)| (code, index)).collect();
    codes.sort_unstable();
    codes
}

async fn gone(duet: &mut Duet, topic: &str) -> Result<()> {
    let request = json!({ "Topics": [{ "Name": topic }], "AllowAutoTopicCreation": false });
    let gone = |answer: &Value| answer["Topics"][0]["ErrorCode"] == 3;
    duet.ask_until(crate::world::ADMIN, "Metadata", 12, request, gone).await.map(|_| ())
}
