//! What a request has left behind, as a super user sees it behind everybody's back.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Value, json};

use crate::apis;
use crate::side::Side;
use crate::world::{CLASSIC_GROUP, CONSUMER_GROUPS, MISSING, SIMPLE_GROUPS, TOPICS};

/// Each question that was asked, by the API it was asked with, and its answer.
pub(crate) type Effects = Vec<(&'static str, Value)>;

impl Side {
    /// Topics and groups, and of those that the request names: offsets, committed offsets, configurations.
    pub(crate) async fn effects(&mut self, api: &str, request: &Value) -> Result<Effects> {
        let named = names(request);
        let there = self.topics().await?;
        let topics: Vec<Value> =
            there.iter().map(|(name, (_, partitions))| json!({ "Name": name, "Partitions": partitions })).collect();
        let mut effects = vec![("Metadata", json!({ "Topics": topics }))];
        effects.push(("ListGroups", self.behind("ListGroups", 5, &json!({})).await?));

        let topics = named.iter().filter(|name| there.contains_key(*name));
        let topics: Vec<Value> = topics.flat_map(|name| [offsets_of(name, -1), offsets_of(name, -2)]).collect();
        for half in [0, 1] {
            let topics: Vec<&Value> = topics.iter().skip(half).step_by(2).collect();
            let request = json!({ "ReplicaId": -1, "Topics": topics });
            effects.push(("ListOffsets", self.behind("ListOffsets", 7, &request).await?));
        }
        let groups: Vec<Value> =
            named.iter().filter(|name| is_group(name)).map(|name| json!({ "GroupId": name, "Topics": null })).collect();
        effects.push(("OffsetFetch", self.behind("OffsetFetch", 9, &json!({ "Groups": groups })).await?));
        if apis::configures(api) {
            let resources: Vec<Value> = named
                .iter()
                .flat_map(|name| [(2, name), (32, name)])
                .map(|(kind, name)| json!({ "ResourceType": kind, "ResourceName": name, "ConfigurationKeys": null }))
                .collect();
            effects.push((
                "DescribeConfigs",
                self.behind("DescribeConfigs", 4, &json!({ "Resources": resources })).await?,
            ));
        }
        Ok(effects)
    }
}

fn offsets_of(topic: &str, timestamp: i64) -> Value {
    json!({ "Name": topic, "Partitions": [{ "PartitionIndex": 0, "Timestamp": timestamp }] })
}

fn is_group(name: &str) -> bool {
    SIMPLE_GROUPS.contains(&name) || name == CLASSIC_GROUP || CONSUMER_GROUPS.iter().any(|(group, _)| *group == name)
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
