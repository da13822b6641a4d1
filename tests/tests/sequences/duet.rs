//! Two sides that are asked the same, step by step.
//!
//! A request may name what an earlier answer told: `"$session"` is what [`Duet::keep`] has kept under that name, on each
//! side its own. A difference is an error that shows all steps so far.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::compare::{differences, normalised};
use crate::ground::ground;
use crate::records;
use crate::schema::Schemas;
use crate::side::{Outcome, Side, first_error};

const DEADLINE: Duration = Duration::from_secs(30);

/// Both sides, and what was said.
#[derive(Debug)]
pub(crate) struct Duet {
    pub(crate) players: [Player; 2],
    pub(crate) schemas: Arc<Schemas>,
    told: Vec<String>,
}

/// A side, what it answered last, and what of its answers is kept.
#[derive(Debug)]
pub(crate) struct Player {
    pub(crate) side: Side,
    last: Value,
    kept: BTreeMap<String, Value>,
}

impl Duet {
    /// Connections of one's own to the brokers and the Doorkeeper of all.
    pub(crate) async fn begin() -> Result<Duet> {
        let ground = ground().await?;
        let player = |side| Player { side, last: Value::Null, kept: BTreeMap::new() };
        let players = ground.sides().await?.map(player);
        Ok(Duet { players, schemas: Arc::clone(ground.schemas()), told: Vec::new() })
    }

    /// Asks both, insists on the same answer, and returns it.
    pub(crate) async fn ask(&mut self, user: &str, api: &str, version: i16, request: Value) -> Result<Value> {
        let answers = self.ask_each(user, api, version, &request).await?;
        self.same(api, answers)
    }

    /// Asks each until its answer is as wanted, and insists that the answers are the same then.
    pub(crate) async fn ask_until(
        &mut self,
        user: &str,
        api: &str,
        version: i16,
        request: Value,
        is_it: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        self.ask_following(user, api, version, request, &[], is_it).await
    }

    /// As [`Duet::ask_until`], and each answer without an error may change what the next request says: names, and where
    /// in an answer their values are.
    pub(crate) async fn ask_following(
        &mut self,
        user: &str,
        api: &str,
        version: i16,
        request: Value,
        follows: &[(&str, &str)],
        is_it: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let answers = self.each_following(user, api, version, request, follows, is_it).await?;
        self.same(api, answers)
    }

    /// As [`Duet::ask_following`], for answers that only have in common what was wanted.
    pub(crate) async fn each_following(
        &mut self,
        user: &str,
        api: &str,
        version: i16,
        request: Value,
        follows: &[(&str, &str)],
        is_it: impl Fn(&Value) -> bool,
    ) -> Result<[Value; 2]> {
        let key = self.schemas.key(api)?;
        let (end, told) = (Instant::now() + DEADLINE, self.told());
        let mut answers = Vec::new();
        for player in &mut self.players {
            let answer = loop {
                let answer = player.ask(user, key, version, &request).await?;
                for (name, pointer) in follows.iter().filter(|_| first_error(&answer).is_none()) {
                    if let Some(value) = answer.pointer(pointer) {
                        player.kept.insert((*name).to_owned(), value.clone());
                    }
                }
                if is_it(&answer) {
                    break answer;
                }
                if Instant::now() > end {
                    bail!("{}: {user} {api} {version} {request}\n  {answer}\nafter{told}", player.side.name);
                }
                sleep(Duration::from_millis(20)).await;
            };
            answers.push(answer);
        }
        self.told.push(format!("{user} {api} {version} {request}, until it was so"));
        Ok(<[Value; 2]>::try_from(answers).expect("two players"))
    }

    /// Asks both, for answers that differ on purpose.
    pub(crate) async fn ask_each(
        &mut self,
        user: &str,
        api: &str,
        version: i16,
        request: &Value,
    ) -> Result<[Value; 2]> {
        let key = self.schemas.key(api)?;
        self.told.push(format!("{user} {api} {version} {request}"));
        let [reference, doorkeeper] = &mut self.players;
        let answers =
            tokio::try_join!(reference.ask(user, key, version, request), doorkeeper.ask(user, key, version, request));
        let (reference, doorkeeper) = answers.with_context(|| format!("after{}", self.told()))?;
        Ok([reference, doorkeeper])
    }

    /// Asks both behind the backs of the authorizers, as brokers do.
    pub(crate) async fn behind(&mut self, api: &str, version: i16, request: Value) -> Result<()> {
        for player in &mut self.players {
            let request = player.filled(&request);
            let end = Instant::now() + DEADLINE;
            loop {
                let answer = player.side.behind(api, version, &request).await?;
                if first_error(&answer).is_none() {
                    player.last = answer;
                    break;
                }
                ensure!(Instant::now() < end, "{}: {api} {version} {request}: {answer}", player.side.name);
                sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    }

    /// Keeps a part of both last answers under a name.
    pub(crate) fn keep(&mut self, name: &str, pointer: &str) -> Result<()> {
        for player in &mut self.players {
            let found = player.last.pointer(pointer).cloned();
            let value = found.with_context(|| format!("no `{pointer}` in {}", player.last))?;
            player.kept.insert(name.to_owned(), value);
        }
        Ok(())
    }

    /// Creates a topic on both sides, behind all backs, and learns its ids.
    pub(crate) async fn topic(&mut self, name: &str, partitions: i32) -> Result<()> {
        let topic = json!({ "Name": name, "NumPartitions": partitions, "ReplicationFactor": 1 });
        self.behind("CreateTopics", 7, json!({ "Topics": [topic], "timeoutMs": 30_000 })).await?;
        self.behind("Metadata", 12, json!({ "Topics": [{ "Name": name }] })).await?;
        self.learn_topic(name).await
    }

    /// Learns the ids of a topic, so that they can be compared.
    pub(crate) async fn learn_topic(&mut self, name: &str) -> Result<()> {
        for player in &mut self.players {
            let request = json!({ "Topics": [{ "Name": name }] });
            let answer = player.side.behind_with_ids("Metadata", 12, &request).await?;
            let id = answer.pointer("/Topics/0/TopicId").and_then(Value::as_str).context("no topic")?;
            player.side.learn_topic(name, Uuid::parse_str(id)?);
        }
        Ok(())
    }

    /// Appends records of a byte to a partition on both sides, behind all backs.
    pub(crate) async fn fill(&mut self, topic: &str, partition: i32, count: u8) -> Result<()> {
        let partition = json!({ "Index": partition, "Records": records::batch(count, false) });
        let topic = json!({ "Name": topic, "PartitionData": [partition] });
        self.behind("Produce", 9, json!({ "Acks": 1, "TimeoutMs": 5000, "TopicData": [topic] })).await
    }

    /// What of two answers is to be compared, if it is the same.
    fn same(&mut self, api: &str, answers: [Value; 2]) -> Result<Value> {
        let [reference, doorkeeper] = &self.players;
        let one = comparable(api, &reference.side, &answers[0]);
        let other = comparable(api, &doorkeeper.side, &answers[1]);
        let found = differences(&Outcome::Answer(one.clone()), &Outcome::Answer(other));
        if !found.is_empty() {
            let lines = found.iter().map(|found| {
                format!("\n  {}: the broker {}, Doorkeeper {}", found.path, found.reference, found.doorkeeper)
            });
            bail!("{} different:{}\nafter{}", api, lines.collect::<String>(), self.told());
        }
        if let Some(step) = self.told.last_mut() {
            *step += &format!("\n    {one}");
        }
        Ok(one)
    }

    fn told(&self) -> String {
        self.told.iter().map(|step| format!("\n  {step}")).collect()
    }
}

impl Player {
    async fn ask(&mut self, user: &str, key: i16, version: i16, request: &Value) -> Result<Value> {
        let request = self.filled(request);
        match self.side.ask(user, key, version, &request).await? {
            Outcome::Answer(answer) => {
                self.last = answer.clone();
                Ok(answer)
            }
            other => bail!("{}: {user} {key} {version} {request}: {other}", self.side.name),
        }
    }

    /// The request with what is kept in the places of its names.
    pub(crate) fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let kept = text.strip_prefix('$').and_then(|name| self.kept.get(name));
                kept.unwrap_or(value).clone()
            }
            Value::Array(list) => list.iter().map(|value| self.filled(value)).collect(),
            Value::Object(fields) => match fields.get(BATCH) {
                Some(batch) => json!(self.batch(batch)),
                None => Value::Object(fields.iter().map(|(name, value)| (name.clone(), self.filled(value))).collect()),
            },
            other => other.clone(),
        }
    }

    fn batch(&self, batch: &Value) -> String {
        let kept = |name: &str| self.kept.get(name).and_then(Value::as_i64).unwrap_or(-1);
        let transactional = batch["transactional"].as_bool().unwrap_or(false);
        let sequence = batch["sequence"].as_i64().and_then(|number| i32::try_from(number).ok()).unwrap_or(0);
        let epoch = i16::try_from(kept("epoch")).unwrap_or(-1);
        records::sequenced(1, transactional, kept("producer"), epoch, sequence)
    }
}

const BATCH: &str = "a batch";

/// A record of the producer that is kept as `producer` and `epoch`, with this sequence number.
pub(crate) fn batch(sequence: i32, transactional: bool) -> Value {
    json!({ BATCH: { "sequence": sequence, "transactional": transactional } })
}

/// Error codes of partitions by topic, in an answer that lists topics and their partitions under these names.
pub(crate) fn codes(answer: &Value, topics: (&str, &str), partitions: (&str, &str)) -> Vec<(String, i64)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut codes = Vec::new();
    for topic in list(&answer[topics.0]) {
        let name = topic[topics.1].as_str().unwrap_or_default();
        for partition in list(&topic[partitions.0]) {
            codes.push((name.to_owned(), partition[partitions.1].as_i64().unwrap_or(i64::MIN)));
        }
    }
    codes.sort();
    codes
}

/// The same of Produce.
pub(crate) fn produced(answer: &Value) -> Vec<(String, i64)> {
    codes(answer, ("Responses", "Name"), ("PartitionResponses", "ErrorCode"))
}

/// Names and codes, as a test expects them.
pub(crate) fn expected(codes: &[(&str, i64)]) -> Vec<(String, i64)> {
    codes.iter().map(|(name, code)| ((*name).to_owned(), *code)).collect()
}

/// Whether a code says "in a moment": something loads, is on its way, or has not ended yet.
pub(crate) fn is_momentary(code: i64) -> bool {
    [5, 6, 14, 15, 16, 51].contains(&code)
}

/// Whether an answer does not say "in a moment".
pub(crate) fn is_final(answer: &Value) -> bool {
    !answer["ErrorCode"].as_i64().is_some_and(is_momentary)
}

/// Parity's rules, and what only matters to sequences: the length of records stands for them, since the ids of producers
/// are in them; partitions of a fetch are in the order of their names; and whether a session was granted.
fn comparable(api: &str, side: &Side, answer: &Value) -> Value {
    let mut value = normalised(api, side, answer);
    measure_records(&mut value);
    if ["Fetch", "ShareFetch", "ShareAcknowledge"].contains(&api) {
        value["Responses"] = Value::Array(partitions_of(&value));
    }
    if api == "Fetch" {
        value["SessionId"] = json!(answer["SessionId"].as_i64().unwrap_or(0) != 0);
    }
    value
}

fn measure_records(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().map(str::len) {
                    Some(digits) if name == "Records" => *value = json!(digits / 2),
                    _ => measure_records(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(measure_records),
        _ => {}
    }
}

/// Each partition with its topic, sorted.
fn partitions_of(fetch: &Value) -> Vec<Value> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut partitions = Vec::new();
    for topic in list(&fetch["Responses"]) {
        for mut partition in list(&topic["Partitions"]) {
            let name = topic["Topic"].as_str().or(topic["TopicId"].as_str()).unwrap_or_default();
            partition["Topic"] = json!(name.trim_start_matches("id:"));
            partitions.push(partition);
        }
    }
    partitions.sort_by_cached_key(|partition| format!("{} {}", partition["Topic"], partition["PartitionIndex"]));
    partitions
}
