//! Puts a side into the state of the world, and back into it after a case that has changed it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::records;
use crate::side::{Side, expect_success, first_error};
use crate::world::{
    CLASSIC_GROUP, CONSUMER_GROUPS, LEFT_SHARE_GROUP, ONGOING, SHARE_GROUPS, SIMPLE_GROUPS, STREAMS_GROUPS, TOPICS,
    TRANSACTIONAL_IDS,
};

const DEADLINE: Duration = Duration::from_secs(60);
const LONG_MS: i64 = 3_600_000;

impl Side {
    /// From nothing.
    pub(crate) async fn prepare(&mut self, with_consumer_groups: bool) -> Result<()> {
        self.restore_topics().await?;
        self.join_classic_group().await?;
        self.restore_groups().await?;
        if with_consumer_groups {
            for (group, topics) in CONSUMER_GROUPS {
                let request = json!({ "SubscribedTopicNames": topics, "TopicPartitions": [] });
                self.join("ConsumerGroupHeartbeat", 1, group, request, |answer| {
                    count(&answer["Assignment"]["TopicPartitions"]) == topics.len()
                })
                .await?;
            }
            for (group, topics) in SHARE_GROUPS {
                let request = json!({ "SubscribedTopicNames": topics });
                self.join("ShareGroupHeartbeat", 1, group, request, |answer| {
                    count(&answer["Assignment"]["TopicPartitions"]) == topics.len()
                })
                .await?;
            }
            let request = json!({ "SubscribedTopicNames": ["alpha-kept"] });
            self.join("ShareGroupHeartbeat", 1, LEFT_SHARE_GROUP, request, |answer| {
                count(&answer["Assignment"]["TopicPartitions"]) == 1
            })
            .await?;
            let left = json!({ "GroupId": LEFT_SHARE_GROUP, "MemberId": format!("member-of-{LEFT_SHARE_GROUP}"),
                "MemberEpoch": -1, "SubscribedTopicNames": null });
            self.until_it_works("ShareGroupHeartbeat", 1, &left).await?;
            for (group, topics) in STREAMS_GROUPS {
                let subtopology = json!({ "SubtopologyId": "0", "SourceTopics": topics });
                let request = json!({
                    "Topology": { "Epoch": 0, "Subtopologies": [subtopology] }, "ProcessId": "process",
                    "ActiveTasks": [], "StandbyTasks": [], "WarmupTasks": [], "ClientTags": [],
                });
                self.join("StreamsGroupHeartbeat", 0, group, request, |answer| count(&answer["ActiveTasks"]) > 0)
                    .await?;
            }
        }
        let coordinator = json!({ "KeyType": 1, "CoordinatorKeys": TRANSACTIONAL_IDS });
        self.until_it_works("FindCoordinator", 4, &coordinator).await?;
        for id in TRANSACTIONAL_IDS {
            let request = json!({ "TransactionalId": id, "TransactionTimeoutMs": LONG_MS });
            let answer = self.until_it_works("InitProducerId", 4, &request).await?;
            self.learn_producer(id, answer["ProducerId"].as_i64().unwrap_or(-1));
        }
        let (ids, topics) = ONGOING;
        for id in ids {
            let topics: Vec<Value> = topics.iter().map(|name| json!({ "Name": name, "Partitions": [0] })).collect();
            let request = json!({
                "V3AndBelowTransactionalId": id, "V3AndBelowProducerId": format!("producer:{id}"),
                "V3AndBelowProducerEpoch": 0, "V3AndBelowTopics": topics,
            });
            self.until_it_works("AddPartitionsToTxn", 3, &request).await?;
        }
        // With all internal topics there, no later case creates them by the way.
        self.restore_topics().await
    }

    /// Every topic of the world, with its partitions, and no other. Then ids are known anew.
    pub(crate) async fn restore_topics(&mut self) -> Result<()> {
        let end = Instant::now() + DEADLINE;
        loop {
            let found = self.topics().await?;
            let wrong = |(name, (_, partitions)): &(&String, &(Uuid, i32))| {
                !name.starts_with("__") && !TOPICS.contains(&(name.as_str(), *partitions))
            };
            let superfluous: Vec<&String> = found.iter().filter(wrong).map(|(name, _)| name).collect();
            let missing: Vec<_> = TOPICS.iter().filter(|(name, _)| !found.contains_key(*name)).collect();
            if superfluous.is_empty() && missing.is_empty() {
                found.iter().for_each(|(name, (id, _))| self.learn_topic(name, *id));
                return Ok(());
            }
            if Instant::now() > end {
                bail!("{}: topics cannot be restored, there are {:?}", self.name, found.keys());
            }
            if !superfluous.is_empty() {
                let topics: Vec<Value> = superfluous.iter().map(|name| json!({ "Name": name })).collect();
                self.behind("DeleteTopics", 6, &json!({ "Topics": topics, "TimeoutMs": 30_000 })).await?;
            }
            for (name, partitions) in missing {
                let topic = json!({ "Name": name, "NumPartitions": partitions, "ReplicationFactor": 1 });
                let request = json!({ "Topics": [topic], "timeoutMs": 30_000 });
                let answer = self.behind_with_ids("CreateTopics", 7, &request).await?;
                let created = &answer["Topics"][0];
                if let (Some(0), Some(id)) = (created["ErrorCode"].as_i64(), created["TopicId"].as_str()) {
                    self.learn_topic(name, Uuid::parse_str(id)?);
                    self.fill(name).await?;
                }
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Deletes what nobody uses all the time, and makes it anew.
    pub(crate) async fn begin_anew(&mut self) -> Result<()> {
        let names = TOPICS.iter().filter(|(name, _)| !name.ends_with("-kept"));
        let topics: Vec<Value> = names.map(|(name, _)| json!({ "Name": name })).collect();
        self.behind("DeleteTopics", 6, &json!({ "Topics": topics, "TimeoutMs": 30_000 })).await?;
        self.catch_up().await?;
        self.restore_topics().await?;
        self.restore_groups().await
    }

    /// Committed offsets of groups without members.
    pub(crate) async fn restore_groups(&mut self) -> Result<()> {
        for group in SIMPLE_GROUPS {
            let commit = |topic: &str, offset: i64| {
                let partition = json!({ "PartitionIndex": 0, "CommittedOffset": offset, "CommittedMetadata": "kept" });
                json!({ "Name": topic, "Partitions": [partition] })
            };
            let topics = [commit("alpha", 5), commit("beta", 4), commit("gamma", 3), commit("public-1", 2)];
            let request = json!({ "GroupId": group, "Topics": topics });
            self.until_it_works("OffsetCommit", 9, &request).await?;
        }
        Ok(())
    }

    /// Name, id and number of partitions of every topic.
    pub(crate) async fn topics(&mut self) -> Result<BTreeMap<String, (Uuid, i32)>> {
        let answer = self.behind_with_ids("Metadata", 12, &json!({ "Topics": null })).await?;
        let topics = answer["Topics"].as_array().cloned().unwrap_or_default();
        let entry = |topic: Value| {
            let name = topic["Name"].as_str().unwrap_or_default().to_owned();
            let id = topic["TopicId"].as_str().and_then(|text| Uuid::parse_str(text).ok()).unwrap_or_default();
            let partitions = topic["Partitions"].as_array().map_or(0, Vec::len);
            (name, (id, i32::try_from(partitions).unwrap_or(-1)))
        };
        Ok(topics.into_iter().map(entry).collect())
    }

    /// Five records in each partition's beginning, once it is empty: until then they could go to a topic that was deleted.
    async fn fill(&mut self, topic: &str) -> Result<()> {
        let latest = json!({ "Name": topic, "Partitions": [{ "PartitionIndex": 0, "Timestamp": -1 }] });
        let latest = json!({ "ReplicaId": -1, "Topics": [latest] });
        let end = Instant::now() + DEADLINE;
        while self.until_it_works("ListOffsets", 7, &latest).await?["Topics"][0]["Partitions"][0]["Offset"] != 0 {
            if Instant::now() > end {
                bail!("{}: `{topic}` was made anew and is not empty", self.name);
            }
            sleep(Duration::from_millis(10)).await;
        }
        let partition = json!({ "Index": 0, "Records": records::batch(5, false) });
        let topic = json!({ "TopicId": format!("id:{topic}"), "PartitionData": [partition] });
        let request = json!({ "Acks": 1, "TimeoutMs": 5000, "TopicData": [topic] });
        self.until_it_works("Produce", 13, &request).await.map(|_| ())
    }

    async fn join_classic_group(&mut self) -> Result<()> {
        let mut request = json!({
            "GroupId": CLASSIC_GROUP, "SessionTimeoutMs": LONG_MS, "RebalanceTimeoutMs": LONG_MS,
            "ProtocolType": "consumer", "Protocols": [{ "Name": "range", "Metadata": "0001" }],
        });
        self.until_it_works("FindCoordinator", 4, &json!({ "CoordinatorKeys": [CLASSIC_GROUP] })).await?;
        // Version 3 takes a member without an id at once.
        let joined = self.until_it_works("JoinGroup", 3, &request).await?;
        request = json!({
            "GroupId": CLASSIC_GROUP, "GenerationId": joined["GenerationId"], "MemberId": joined["MemberId"],
            "Assignments": [{ "MemberId": joined["MemberId"], "Assignment": "0002" }],
        });
        self.until_it_works("SyncGroup", 3, &request).await.map(|_| ())
    }

    /// Joins a group of a protocol whose members only send heartbeats, until the member has what it is to work on.
    async fn join(
        &mut self,
        api: &str,
        version: i16,
        group: &str,
        mut request: Value,
        is_assigned: impl Fn(&Value) -> bool,
    ) -> Result<()> {
        let member = format!("member-of-{group}");
        request["GroupId"] = json!(group);
        request["MemberId"] = json!(member);
        request["MemberEpoch"] = json!(0);
        request["RebalanceTimeoutMs"] = json!(LONG_MS);
        let end = Instant::now() + DEADLINE;
        loop {
            let answer = self.until_it_works(api, version, &request).await?;
            if is_assigned(&answer) {
                return Ok(());
            }
            if Instant::now() > end {
                bail!("{}: `{group}` got no assignment: {answer}", self.name);
            }
            request = json!({ "GroupId": group, "MemberId": member, "MemberEpoch": answer["MemberEpoch"] });
            for null in ["SubscribedTopicNames", "TopicPartitions", "ActiveTasks", "StandbyTasks", "WarmupTasks"] {
                request[null] = Value::Null;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the broker knows all that the controller had decided when this was called: answers come before.
    pub(crate) async fn catch_up(&mut self) -> Result<()> {
        let log = json!({ "TopicName": "__cluster_metadata", "Partitions": [{ "PartitionIndex": 0 }] });
        let quorum = self.behind("DescribeQuorum", 2, &json!({ "Topics": [log] })).await?;
        let decided = quorum["Topics"][0]["Partitions"][0]["HighWatermark"].as_i64().unwrap_or_default();
        let end = Instant::now() + DEADLINE;
        while Instant::now() < end {
            let versions = json!({ "ClientSoftwareName": "parity", "ClientSoftwareVersion": "1" });
            let answer = self.behind("ApiVersions", 3, &versions).await?;
            // In KRaft the epoch of the features is the offset up to which a broker has read.
            if answer["FinalizedFeaturesEpoch"].as_i64().unwrap_or_default() >= decided - 1 {
                return Ok(());
            }
            sleep(Duration::from_millis(5)).await;
        }
        bail!("{} does not catch up with its controller", self.name)
    }

    /// Undoes what a request has joined, if it has, where the other side did not let it.
    pub(crate) async fn leave(&mut self, api: &str, request: &Value) -> Result<()> {
        if !joins(request) {
            return Ok(());
        }
        let version = if api == "StreamsGroupHeartbeat" { 0 } else { 1 };
        let mut leaving = json!({ "GroupId": request["GroupId"], "MemberId": request["MemberId"], "MemberEpoch": -1 });
        for null in ["SubscribedTopicNames", "TopicPartitions", "ActiveTasks", "StandbyTasks", "WarmupTasks"] {
            leaving[null] = Value::Null;
        }
        self.behind(api, version, &leaving).await?;
        self.behind("DeleteGroups", 2, &json!({ "GroupsNames": [request["GroupId"]] })).await.map(|_| ())
    }

    /// Asks again while a coordinator or a leader is on its way.
    async fn until_it_works(&mut self, api: &str, version: i16, request: &Value) -> Result<Value> {
        let end = Instant::now() + DEADLINE;
        loop {
            let answer = self.behind(api, version, request).await?;
            if first_error(&answer).is_none() || Instant::now() > end {
                expect_success(api, &answer)?;
                return Ok(answer);
            }
            sleep(Duration::from_millis(30)).await;
        }
    }
}

/// Whether this is a member that can be told to leave, in a group of its own.
pub(crate) fn joins(request: &Value) -> bool {
    let is_own = request["GroupId"].as_str().is_some_and(|group| group.contains("-join-"));
    is_own && request["MemberId"].as_str().is_some_and(|member| !member.is_empty())
}

fn count(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}

/// The highest versions that both sides have, by key: what each says to its super user.
pub(crate) fn versions(answer: &Value) -> BTreeMap<i16, (i16, i16)> {
    let number = |key: &Value, field: &str| key[field].as_i64().and_then(|number| i16::try_from(number).ok());
    let list = answer["ApiKeys"].as_array().into_iter().flatten();
    list.filter_map(|key| Some((number(key, "ApiKey")?, (number(key, "MinVersion")?, number(key, "MaxVersion")?))))
        .collect()
}
