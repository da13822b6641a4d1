//! Metadata that creates topics: only those that the caller may create.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::acls::{CLUSTER, CREATE, DESCRIBE, TOPIC, acl, prefixed};
use crate::duet::Duet;

const DENIED: i64 = 29;
const UNKNOWN: i64 = 3;
const INVALID: i64 = 17;

fn metadata(names: &[&str], creates: bool) -> Value {
    let topics: Vec<Value> = names.iter().map(|name| json!({ "Name": name })).collect();
    json!({ "Topics": topics, "AllowAutoTopicCreation": creates })
}

fn told(answer: &Value) -> Vec<(&str, i64)> {
    let mut told = Vec::new();
    for topic in answer["Topics"].as_array().into_iter().flatten() {
        told.push((topic["Name"].as_str().unwrap_or_default(), topic["ErrorCode"].as_i64().unwrap_or(i64::MIN)));
    }
    told.sort_unstable();
    told
}

fn is_there(answer: &Value) -> bool {
    told(answer).iter().all(|(_, code)| *code == 0)
        && answer["Topics"].as_array().into_iter().flatten().all(|topic| topic["Partitions"][0]["ErrorCode"] == 0)
}

#[tokio::test]
async fn metadata_creates_what_the_caller_may_create() -> Result<()> {
    let mut duet = Duet::begin().await?;
    let user = "creator";
    duet.topic("creator-there", 1).await?;
    duet.allow(&[
        &prefixed(acl(user, DESCRIBE, TOPIC, "creator-")),
        &prefixed(acl(user, CREATE, TOPIC, "creator-made-")),
        &prefixed(acl(user, CREATE, TOPIC, "blind-")),
    ])
    .await?;
    let names = ["creator-there", "creator-made-1", "creator-not", "blind-1", "hidden-1", "creator-made- bad"];
    let all = |made: i64| {
        let mut all = vec![
            ("blind-1", DENIED),
            ("creator-made- bad", INVALID),
            ("creator-made-1", made),
            ("creator-not", if made == UNKNOWN { UNKNOWN } else { DENIED }),
            ("creator-there", 0),
            ("hidden-1", DENIED),
        ];
        all.sort_unstable();
        all
    };

    // Without the wish nothing is created.
    let answer = duet.ask(user, "Metadata", 12, metadata(&names, false)).await?;
    ensure!(told(&answer) == all(UNKNOWN), "{answer}");
    // With it, what is missing and may be created is on its way.
    let answer = duet.ask(user, "Metadata", 12, metadata(&names, true)).await?;
    let mut on_its_way = all(UNKNOWN);
    on_its_way.iter_mut().filter(|(name, _)| *name == "creator-not").for_each(|(_, code)| *code = DENIED);
    ensure!(told(&answer) == on_its_way, "{answer}");
    duet.ask_until(user, "Metadata", 12, metadata(&["creator-made-1"], false), is_there).await?;
    let answer = duet.ask(user, "Metadata", 12, metadata(&names, true)).await?;
    ensure!(told(&answer) == all(0), "{answer}");

    // Versions below 4 always wish it.
    for version in [1, 3] {
        let name = format!("creator-made-v{version}");
        let wish = || json!({ "Topics": [{ "Name": &name }, { "Name": "creator-not" }] });
        let answer = duet.ask(user, "Metadata", version, wish()).await?;
        ensure!(told(&answer) == [(&*name, UNKNOWN), ("creator-not", DENIED)], "{answer}");
        let found = |answer: &Value| answer["Topics"][0]["ErrorCode"] == 0;
        let only = json!({ "Topics": [{ "Name": &name }] });
        duet.ask_until(user, "Metadata", version, only, found).await?;
    }

    // Create on the cluster is Create on every topic that may be described.
    let cluster = acl(user, CREATE, CLUSTER, "kafka-cluster");
    duet.allow(&[&cluster]).await?;
    let answer = duet.ask(user, "Metadata", 12, metadata(&["creator-not", "hidden-1"], true)).await?;
    ensure!(told(&answer) == [("creator-not", UNKNOWN), ("hidden-1", DENIED)], "{answer}");
    duet.ask_until(user, "Metadata", 12, metadata(&["creator-not"], false), is_there).await?;
    duet.revoke(&[&cluster]).await?;

    // Both have the same topics in the end, as a super user sees them and as the caller does.
    for asker in [crate::world::ADMIN, user] {
        let answers = duet.ask_each(asker, "Metadata", 12, &json!({ "Topics": null })).await?;
        let [reference, doorkeeper] = answers.map(|answer| {
            let ours = |(name, code): &(&str, i64)| {
                ["creator-", "blind-", "hidden-"]
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
                    .then(|| ((*name).to_owned(), *code))
            };
            told(&answer).iter().filter_map(ours).collect::<Vec<_>>()
        });
        ensure!(reference == doorkeeper && reference.len() == 5, "{reference:?} {doorkeeper:?}");
    }
    Ok(())
}
