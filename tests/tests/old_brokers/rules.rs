//! Decisions are those of Kafka 4.3, also where an older broker's own would be others.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use testkit::{Entrance, Release};
use uuid::Uuid;

use crate::records;
use crate::schema::Schemas;
use crate::side::{Outcome, Side};
use crate::stage;
use crate::world::ANONYMOUS;

const MINE: &str = "open-topic";
const THEIRS: &str = "hidden-topic";
const GROUP: &str = "open-group";
const OTHER_GROUP: &str = "hidden-group";

/// What is asked, and the error codes of the answer, sorted.
struct Case(&'static str, i16, Value, &'static [i64]);

/// A topic of each kind.
fn both(topic: impl Fn(&str) -> Value) -> Value {
    json!([topic(MINE), topic(THEIRS)])
}

fn cases() -> Vec<Case> {
    let produced = json!([{ "Index": 0, "Records": records::batch(1, false) }]);
    let fetched = json!([{ "Partition": 0, "FetchOffset": 0, "PartitionMaxBytes": 1_048_576 }]);
    let fetch = |topics: Value| json!({ "MaxWaitMs": 100, "MinBytes": 1, "MaxBytes": 1_048_576, "SessionEpoch": -1, "Topics": topics, "ForgottenTopicsData": [] });
    let committed = json!([{ "PartitionIndex": 0, "CommittedOffset": 1, "CommittedMetadata": "" }]);
    let heartbeat = |topics: &[&str]| {
        json!({
            "GroupId": "open-heartbeat", "MemberId": "", "MemberEpoch": 0, "RebalanceTimeoutMs": 60_000,
            "SubscribedTopicNames": topics, "TopicPartitions": [],
        })
    };
    let new_topic = |name: &str| json!({ "Name": format!("{name}-new"), "NumPartitions": 1, "ReplicationFactor": 1 });
    let transaction = |id: &str| json!({ "TransactionalId": id, "TransactionTimeoutMs": 60_000, "ProducerId": -1, "ProducerEpoch": -1 });
    vec![
        Case(
            "Produce",
            9,
            json!({ "Acks": 1, "TimeoutMs": 5000, "TopicData": both(|name| json!({ "Name": name, "PartitionData": produced })) }),
            &[0, 29],
        ),
        Case("Fetch", 12, fetch(both(|name| json!({ "Topic": name, "Partitions": fetched }))), &[0, 0, 29]),
        Case(
            "Fetch",
            17,
            fetch(both(|name| json!({ "TopicId": format!("id:{name}"), "Partitions": fetched }))),
            &[0, 0, 29],
        ),
        Case(
            "ListOffsets",
            7,
            json!({ "ReplicaId": -1, "Topics": both(|name| json!({ "Name": name, "Partitions": [{ "PartitionIndex": 0, "Timestamp": -1 }] })) }),
            &[0, 29],
        ),
        Case("Metadata", 12, json!({ "Topics": both(|name| json!({ "Name": name })) }), &[0, 0, 29]),
        Case(
            "DescribeTopicPartitions",
            0,
            json!({ "Topics": both(|name| json!({ "Name": name })), "Cursor": null }),
            &[0, 0, 29],
        ),
        Case(
            "OffsetCommit",
            8,
            json!({ "GroupId": GROUP, "GenerationIdOrMemberEpoch": -1, "Topics": both(|name| json!({ "Name": name, "Partitions": committed })) }),
            &[0, 29],
        ),
        Case(
            "OffsetFetch",
            8,
            json!({ "Groups": [{ "GroupId": GROUP, "Topics": null }, { "GroupId": OTHER_GROUP, "Topics": null }] }),
            &[0, 0, 30],
        ),
        Case("FindCoordinator", 4, json!({ "KeyType": 0, "CoordinatorKeys": [GROUP, OTHER_GROUP] }), &[0, 30]),
        Case(
            "JoinGroup",
            5,
            json!({ "GroupId": OTHER_GROUP, "SessionTimeoutMs": 10_000, "RebalanceTimeoutMs": 10_000, "ProtocolType": "consumer", "Protocols": [] }),
            &[30],
        ),
        Case("CreateTopics", 7, json!({ "Topics": both(new_topic), "timeoutMs": 20_000 }), &[0, 29]),
        Case(
            "DeleteTopics",
            6,
            json!({ "Topics": both(|name| json!({ "Name": format!("{name}-new") })), "TimeoutMs": 20_000 }),
            &[0, 29],
        ),
        Case("InitProducerId", 4, transaction("hidden-id"), &[53]),
        Case("DescribeQuorum", 1, json!({ "Topics": [] }), &[0]),
        // 3.9 does not ask whether the topics may be described.
        Case("ConsumerGroupHeartbeat", 0, heartbeat(&[MINE, THEIRS]), &[29]),
        // 3.9 asks for ClusterAction on the cluster only.
        Case(
            "WriteTxnMarkers",
            1,
            json!({ "Markers": [{ "ProducerId": 4711, "ProducerEpoch": 0, "TransactionResult": false, "CoordinatorEpoch": 0, "Topics": [{ "Name": MINE, "PartitionIndexes": [0] }] }] }),
            &[0],
        ),
        Case("AlterClientQuotas", 1, json!({ "Entries": [], "ValidateOnly": true }), &[]),
    ]
}

async fn rules_of_4_3_hold(release: Release) -> Result<()> {
    let stage = stage(release).await?;
    let schemas = Arc::new(Schemas::load()?);
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], stage.port(Entrance::Open)));
    let mut side = Side::new("Doorkeeper", (address, address), &[], stage.kafka().admin().await?, Arc::clone(&schemas));
    for topic in [MINE, THEIRS] {
        stage.kafka().create_topic(topic, 1).await?;
        let answer = side.behind_with_ids("Metadata", 12, &json!({ "Topics": [{ "Name": topic }] })).await?;
        let id = answer.pointer("/Topics/0/TopicId").and_then(Value::as_str).context("no topic")?;
        side.learn_topic(topic, Uuid::parse_str(id)?);
    }
    for Case(api, version, request, expected) in cases() {
        let key = schemas.key(api)?;
        let mut answered = ask(&mut side, key, version, &request).await?;
        // Coordinators are made when they are first asked for.
        let end = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
        while codes(&answered).iter().any(|code| [14, 15, 16].contains(code)) && tokio::time::Instant::now() < end {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            answered = ask(&mut side, key, version, &request).await?;
        }
        ensure!(codes(&answered) == expected, "{release:?} {api} {version} {request}: {answered}");
    }
    shown_operations(&mut side, &schemas).await
}

/// Groups have configurations since 4.0, and 3.9 shows no rights to them.
async fn shown_operations(side: &mut Side, schemas: &Schemas) -> Result<()> {
    let request = json!({ "Groups": [GROUP], "IncludeAuthorizedOperations": true });
    let answer = ask(side, schemas.key("DescribeGroups")?, 5, &request).await?;
    let (read, delete, describe, describe_configs) = (1 << 3, 1 << 6, 1 << 8, 1 << 10);
    ensure!(answer["Groups"][0]["AuthorizedOperations"] == read | delete | describe | describe_configs, "{answer}");
    Ok(())
}

async fn ask(side: &mut Side, key: i16, version: i16, request: &Value) -> Result<Value> {
    match side.ask(ANONYMOUS, key, version, request).await? {
        Outcome::Answer(answer) => Ok(answer),
        other => bail!("{key} {version} {request}: {other}"),
    }
}

fn codes(answer: &Value) -> Vec<i64> {
    let mut found = Vec::new();
    collect(answer, &mut found);
    found.sort_unstable();
    found
}

fn collect(value: &Value, found: &mut Vec<i64>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_i64() {
                    Some(code) if name == "ErrorCode" => found.push(code),
                    _ => collect(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn rules_of_4_3_hold_before_kafka_3_9() -> Result<()> {
    rules_of_4_3_hold(Release::V3_9).await
}

#[tokio::test]
async fn rules_of_4_3_hold_before_kafka_4_1() -> Result<()> {
    rules_of_4_3_hold(Release::V4_1).await
}
