//! What a request has left behind, as a super user sees it behind everybody's back.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Value, json};

use crate::apis;
use crate::security::SCRAM_USERS;
use crate::side::{Outcome, Side};
use crate::world::{
    ADMIN, CLASSIC_GROUP, CONSUMER_GROUPS, LEFT_SHARE_GROUP, MISSING, SHARE_GROUPS, SIMPLE_GROUPS, TOPICS,
    TRANSACTIONAL_IDS,
};

/// Each question that was asked, by the API it was asked with, and its answer.
pub(crate) type Effects = Vec<(&'static str, Value)>;

impl Side {
    /// Topics and groups, and of those that the request names: offsets, committed offsets, configurations. And what this API
    /// is about.
    pub(crate) async fn effects(&mut self, api: &str, request: &Value) -> Result<Effects> {
        let named = names(request);
        let there = self.topics().await?;
        // Topics that a broker makes by the way can come late, so those of earlier cases do not count.
        let counts = |name: &String| named.contains(name) || !MISSING.contains(&name.as_str());
        let topics = there.iter().filter(|(name, _)| counts(name));
        let topics: Vec<Value> =
            topics.map(|(name, (_, partitions))| json!({ "Name": name, "Partitions": partitions })).collect();
        let mut effects = vec![("Metadata", json!({ "Topics": topics }))];
        let mut groups = self.behind("ListGroups", 5, &json!({})).await?;
        if let Some(list) = groups["Groups"].as_array_mut() {
            list.retain(|group| is_told(request, group["GroupId"].as_str().unwrap_or_default()));
        }
        effects.push(("ListGroups", groups));

        let topics = named.iter().filter(|name| there.contains_key(*name));
        let topics: Vec<Value> = topics.flat_map(|name| [offsets_of(name, -1), offsets_of(name, -2)]).collect();
        for half in [0, 1] {
            let topics: Vec<&Value> = topics.iter().skip(half).step_by(2).collect();
            if !topics.is_empty() {
                let request = json!({ "ReplicaId": -1, "Topics": topics });
                effects.push(("ListOffsets", self.behind("ListOffsets", 7, &request).await?));
            }
        }
        let groups: Vec<Value> =
            named.iter().filter(|name| is_group(name)).map(|name| json!({ "GroupId": name, "Topics": null })).collect();
        if !groups.is_empty() {
            effects.push(("OffsetFetch", self.behind("OffsetFetch", 9, &json!({ "Groups": groups })).await?));
        }
        if apis::configures(api) {
            let resources: Vec<Value> = named
                .iter()
                .flat_map(|name| [(2, name), (32, name)])
                .map(|(kind, name)| json!({ "ResourceType": kind, "ResourceName": name, "ConfigurationKeys": null }))
                .collect();
            let request = json!({ "Resources": resources });
            effects.push(("DescribeConfigs", self.behind("DescribeConfigs", 4, &request).await?));
        }
        self.special_effects(api, &mut effects).await?;
        Ok(effects)
    }

    /// What only some APIs can change.
    async fn special_effects(&mut self, api: &str, effects: &mut Effects) -> Result<()> {
        match api {
            "CreateAcls" | "DeleteAcls" => {
                let all =
                    json!({ "ResourceTypeFilter": 1, "PatternTypeFilter": 1, "Operation": 1, "PermissionType": 1 });
                self.seen_in_front(ADMIN, "DescribeAcls", 3, &all, effects).await?;
            }
            "AlterUserScramCredentials" => {
                let users: Vec<Value> = SCRAM_USERS.iter().map(|name| json!({ "Name": name })).collect();
                let users = json!({ "Users": users });
                self.seen_in_front(ADMIN, "DescribeUserScramCredentials", 0, &users, effects).await?;
            }
            "AlterClientQuotas" => {
                effects.push(("DescribeClientQuotas", self.behind("DescribeClientQuotas", 1, &json!({})).await?));
            }
            "AlterShareGroupOffsets" | "DeleteShareGroupOffsets" | "WriteShareGroupState" | "DeleteShareGroupState" => {
                let groups = SHARE_GROUPS.iter().map(|(name, _)| *name).chain([LEFT_SHARE_GROUP]);
                let groups: Vec<Value> = groups.map(|name| json!({ "GroupId": name, "Topics": null })).collect();
                let request = json!({ "Groups": groups });
                let answer = self.behind("DescribeShareGroupOffsets", 0, &request).await?;
                effects.push(("DescribeShareGroupOffsets", answer));
            }
            "AddPartitionsToTxn" | "AddOffsetsToTxn" | "EndTxn" | "InitProducerId" | "TxnOffsetCommit" => {
                let request = json!({ "TransactionalIds": TRANSACTIONAL_IDS });
                effects.push(("DescribeTransactions", self.behind("DescribeTransactions", 0, &request).await?));
            }
            "AlterPartitionReassignments" => {
                let answer = self.behind("ListPartitionReassignments", 0, &json!({ "Topics": null })).await?;
                effects.push(("ListPartitionReassignments", answer));
            }
            _ => {}
        }
        Ok(())
    }

    async fn seen_in_front(
        &mut self,
        user: &str,
        api: &'static str,
        version: i16,
        request: &Value,
        effects: &mut Effects,
    ) -> Result<()> {
        let key = self.key(api)?;
        match self.ask(user, key, version, request).await? {
            Outcome::Answer(answer) => effects.push((api, answer)),
            other => effects.push((api, Value::from(other.to_string()))),
        }
        Ok(())
    }
}

fn offsets_of(topic: &str, timestamp: i64) -> Value {
    json!({ "Name": topic, "Partitions": [{ "PartitionIndex": 0, "Timestamp": timestamp }] })
}

fn is_group(name: &str) -> bool {
    SIMPLE_GROUPS.contains(&name) || name == CLASSIC_GROUP || CONSUMER_GROUPS.iter().any(|(group, _)| *group == name)
}

/// Groups that other cases have joined do not count.
fn is_told(request: &Value, group: &str) -> bool {
    !group.contains("-join-") || request["GroupId"] == group
}

/// Every name of the world in the request.
fn names(request: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(request, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let name = text.strip_prefix("id:").unwrap_or(text);
            if TOPICS.iter().any(|(topic, _)| *topic == name) || MISSING.contains(&name) || is_group(name) {
                found.insert(name.to_owned());
            }
        }
        Value::Array(list) => list.iter().for_each(|one| collect(one, found)),
        Value::Object(fields) => fields.values().for_each(|one| collect(one, found)),
        _ => {}
    }
}
