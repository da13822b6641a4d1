//! Fetch sessions over many fetches (KIP-227), with ACLs changed in between, by name and by id.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

use crate::acls::{READ, TOPIC, acl};
use crate::duet::Duet;

/// Versions that name topics, and that give their ids.
pub(crate) const BY_NAME: i16 = 12;
pub(crate) const BY_ID: i16 = 18;

const DENIED: i64 = 29;
const UNKNOWN_PARTITION: i64 = 3;
const NOT_FOUND: i64 = 70;
const WRONG_EPOCH: i64 = 71;

/// A broker's table of sessions is one for all, and a test here fills it.
pub(crate) async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

/// Topics and partitions, which are read from their beginning.
pub(crate) fn topics(version: i16, topics: &[(&str, &[i32])]) -> Value {
    let one = |(name, partitions): &(&str, &[i32])| {
        let partition = |index| json!({ "Partition": index, "FetchOffset": 0, "PartitionMaxBytes": 1_048_576 });
        let partitions: Vec<Value> = partitions.iter().map(partition).collect();
        named(version, name, json!(partitions))
    };
    topics.iter().map(one).collect()
}

/// A topic as a version names it.
pub(crate) fn named(version: i16, name: &str, partitions: Value) -> Value {
    match version {
        13.. => json!({ "TopicId": format!("id:{name}"), "Partitions": partitions }),
        _ => json!({ "Topic": name, "Partitions": partitions }),
    }
}

pub(crate) fn fetch(session: Value, epoch: i32, topics: Value) -> Value {
    json!({
        "MaxWaitMs": 200, "MinBytes": 1, "MaxBytes": 10_000_000, "SessionId": session, "SessionEpoch": epoch,
        "Topics": topics, "ForgottenTopicsData": [],
    })
}

/// Topic, partition and error code of each partition answered.
pub(crate) fn told(answer: &Value) -> Vec<(String, i64, i64)> {
    let partitions = answer["Responses"].as_array().into_iter().flatten();
    let told = partitions.map(|partition| {
        let number = |field: &str| partition[field].as_i64().unwrap_or(-1);
        let topic = partition["Topic"].as_str().unwrap_or_default().to_owned();
        (topic, number("PartitionIndex"), number("ErrorCode"))
    });
    told.collect()
}

fn is(answer: &Value, session: bool, expected: &[(&str, i64, i64)]) -> Result<()> {
    let expected: Vec<_> = expected.iter().map(|(topic, index, code)| ((*topic).to_owned(), *index, *code)).collect();
    ensure!(answer["ErrorCode"] == 0 && answer["SessionId"] == session && told(answer) == expected, "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_session_by_names_follows_the_acls() -> Result<()> {
    a_session_follows_the_acls("reader", BY_NAME).await
}

#[tokio::test]
async fn a_session_by_ids_follows_the_acls() -> Result<()> {
    a_session_follows_the_acls("idreader", BY_ID).await
}

async fn a_session_follows_the_acls(user: &str, version: i16) -> Result<()> {
    let _turn = turn().await;
    let mut duet = Duet::begin().await?;
    let (one, other, third) = (&*format!("{user}-a"), &*format!("{user}-b"), &*format!("{user}-c"));
    for (name, partitions) in [(one, 2), (other, 1), (third, 1)] {
        duet.topic(name, partitions).await?;
        duet.fill(name, 0, 3).await?;
    }
    let may_read = |topic: &str| acl(user, READ, TOPIC, topic);
    duet.allow(&[&may_read(one)]).await?;
    let session = || json!("$session");

    // A full fetch: what is denied is in the session, too, and told at every fetch.
    let all = topics(version, &[(one, &[0, 1, 9]), (other, &[0])]);
    let answer = duet.ask(user, "Fetch", version, fetch(json!(0), 0, all.clone())).await?;
    is(&answer, true, &[(one, 0, 0), (one, 1, 0), (one, 9, UNKNOWN_PARTITION), (other, 0, DENIED)])?;
    duet.keep("session", "/SessionId")?;
    // Records are told again and again, since nobody says that they have been read.
    let answer = duet.ask(user, "Fetch", version, fetch(session(), 1, json!([]))).await?;
    is(&answer, true, &[(one, 0, 0), (one, 9, UNKNOWN_PARTITION), (other, 0, DENIED)])?;

    // What is forgotten is told no longer: an existing partition, and a denied one.
    let mut forgetting = fetch(session(), 2, json!([]));
    forgetting["ForgottenTopicsData"] = json!([named(version, one, json!([9]))]);
    let answer = duet.ask(user, "Fetch", version, forgetting).await?;
    is(&answer, true, &[(one, 0, 0), (other, 0, DENIED)])?;

    // Allowed in between: it is as if it had been asked for just now.
    duet.allow(&[&may_read(other)]).await?;
    let answer = duet.ask(user, "Fetch", version, fetch(session(), 3, json!([]))).await?;
    is(&answer, true, &[(one, 0, 0), (other, 0, 0)])?;
    // Revoked in between.
    duet.revoke(&[&may_read(one)]).await?;
    let answer = duet.ask(user, "Fetch", version, fetch(session(), 4, json!([]))).await?;
    is(&answer, true, &[(one, 0, DENIED), (one, 1, DENIED), (other, 0, 0)])?;

    // Added while it is denied, and read from its end, so that there is nothing to tell.
    let added = topics(version, &[(third, &[0])]);
    let answer = duet.ask(user, "Fetch", version, fetch(session(), 5, added)).await?;
    is(&answer, true, &[(one, 0, DENIED), (one, 1, DENIED), (other, 0, 0), (third, 0, DENIED)])?;
    duet.allow(&[&may_read(third), &may_read(one)]).await?;
    let mut at_the_end = topics(version, &[(one, &[0, 1]), (other, &[0]), (third, &[0])]);
    at_the_end.as_array_mut().into_iter().flatten().for_each(|topic| topic["Partitions"][0]["FetchOffset"] = json!(3));
    let answer = duet.ask(user, "Fetch", version, fetch(session(), 6, at_the_end)).await?;
    is(&answer, true, &[(one, 0, 0), (one, 1, 0), (third, 0, 0)])?;
    // Nothing has happened: an empty answer, after the wait. Then a record comes.
    let answer = duet.ask(user, "Fetch", version, fetch(session(), 7, json!([]))).await?;
    is(&answer, true, &[])?;
    duet.fill(third, 0, 1).await?;
    let answer = duet.ask(user, "Fetch", version, fetch(session(), 8, json!([]))).await?;
    is(&answer, true, &[(third, 0, 0)])?;

    // An epoch out of turn changes nothing.
    for epoch in [8, 10, 1] {
        let answer = duet.ask(user, "Fetch", version, fetch(session(), epoch, json!([]))).await?;
        ensure!(answer["ErrorCode"] == WRONG_EPOCH, "{answer}");
    }
    let answer = duet.ask(user, "Fetch", version, fetch(session(), 9, json!([]))).await?;
    is(&answer, true, &[(third, 0, 0)])?;

    // In place of it another one; the old one is gone.
    duet.keep("old", "/SessionId")?;
    let answer = duet.ask(user, "Fetch", version, fetch(session(), 0, topics(version, &[(other, &[0])]))).await?;
    is(&answer, true, &[(other, 0, 0)])?;
    duet.keep("session", "/SessionId")?;
    let answer = duet.ask(user, "Fetch", version, fetch(json!("$old"), 10, json!([]))).await?;
    ensure!(answer["ErrorCode"] == NOT_FOUND, "{answer}");

    // Closed: the answer is a full one, and what follows finds nothing.
    let answer = duet.ask(user, "Fetch", version, fetch(session(), -1, all)).await?;
    is(&answer, false, &[(one, 0, 0), (one, 1, 0), (one, 9, UNKNOWN_PARTITION), (other, 0, 0)])?;
    let answer = duet.ask(user, "Fetch", version, fetch(session(), 1, json!([]))).await?;
    ensure!(answer["ErrorCode"] == NOT_FOUND, "{answer}");
    duet.revoke(&[&may_read(one), &may_read(other), &may_read(third)]).await
}
