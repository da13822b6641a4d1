//! Requests about settings: of topics, brokers, loggers and groups, quotas of clients, and features of the cluster.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::generate::{Draw, Naming, existing_topic};
use crate::values;

/// The resources of DescribeConfigs, AlterConfigs and IncrementalAlterConfigs.
pub(crate) fn configs(draw: &mut Draw<'_>, request: &mut Value) {
    let count = match draw.naming {
        Naming::EmptyList | Naming::NullList => 0,
        Naming::Existing | Naming::Missing => 1,
        Naming::Several => 3,
        _ => 6,
    };
    let mut resources: Vec<Value> = (0..count).map(|_| config_resource(draw)).collect();
    if draw.naming == Naming::Duplicates {
        resources.push(resources[0].clone());
    }
    if draw.api == "AlterConfigs" {
        // A broker never answers AlterConfigs with a resource named twice or of no such type.
        resources.retain(|resource| [2, 4, 16, 32].contains(&resource["ResourceType"].as_i64().unwrap_or(0)));
        let mut seen = HashSet::new();
        resources.retain(|resource| {
            seen.insert((resource["ResourceType"].to_string(), resource["ResourceName"].to_string()))
        });
    }
    request["Resources"] = Value::Array(resources);
}

fn config_resource(draw: &mut Draw<'_>) -> Value {
    let missing = draw.naming == Naming::Missing || draw.random.once_in(6);
    let resource_type = *draw.random.pick(&[2, 2, 2, 2, 2, 2, 32, 32, 32, 4, 4, 4, 8, 8, 16, 16, 2, 32, 99, 0]);
    // What is altered must not change the world: `-kept` topics and what cannot break it.
    let name = match resource_type {
        2 if missing => *draw.random.pick(&["alpha-missing", "nowhere", "", "bad name"]),
        2 => existing_topic(draw),
        4 | 8 if missing => *draw.random.pick(&["", "7", "nonsense"]),
        4 | 8 => "0",
        _ => *draw.random.pick(&["alpha", "beta", "gamma", "alpha-missing", ""]),
    };
    let mut resource = json!({ "ResourceType": resource_type, "ResourceName": name });
    if draw.api == "DescribeConfigs" {
        resource["ConfigurationKeys"] = values::value(draw, "ConfigurationKeys").unwrap_or_default();
        return resource;
    }
    let count = 1 + draw.random.below(2);
    let mut configs: Vec<Value> = (0..count).map(|_| config(draw, resource_type)).collect();
    if draw.random.once_in(10) {
        configs.push(configs[0].clone());
    }
    resource["Configs"] = Value::Array(configs);
    resource
}

fn config(draw: &mut Draw<'_>, resource_type: i64) -> Value {
    let (name, values): (&str, &[&str]) = match resource_type {
        2 => *draw.random.pick(&[
            ("retention.ms", &["100000000000", "200000000000", "nonsense"] as &[&str]),
            ("max.message.bytes", &["2000000", "3000000"]),
            ("nonsense", &["1"]),
        ]),
        32 => *draw.random.pick(&[
            ("consumer.session.timeout.ms", &["50000", "55000", "nonsense"] as &[&str]),
            ("consumer.heartbeat.interval.ms", &["6000"]),
        ]),
        4 => *draw.random.pick(&[
            ("log.cleaner.backoff.ms", &["16000", "17000", "nonsense"] as &[&str]),
            ("message.max.bytes", &["1100000"]),
            ("node.id", &["9"]),
            ("nonsense", &["1"]),
        ]),
        8 => *draw
            .random
            .pick(&[("org.apache.kafka.parity", &["WARN", "ERROR", "nonsense"] as &[&str]), ("", &["WARN"])]),
        _ => ("interval.ms", &["1000"]),
    };
    let value = if draw.random.once_in(10) { Value::Null } else { json!(*draw.random.pick(values)) };
    // A controller fails as a whole if it finds an operation that is none.
    let operations: &[i64] = if matches!(resource_type, 4 | 8) { &[0, 0, 0, 1, 2, 9] } else { &[0, 0, 0, 1, 2] };
    json!({ "Name": name, "Value": value, "ConfigOperation": *draw.random.pick(operations) })
}

/// What is asked of quotas, or altered: of users and clients that never come.
pub(crate) fn quotas(draw: &mut Draw<'_>, request: &mut Value) {
    let count = match draw.naming {
        Naming::EmptyList | Naming::NullList => 0,
        Naming::Existing | Naming::Missing | Naming::UnknownId => 1,
        _ => 2,
    };
    if request.get("Components").is_some() {
        request["Components"] = (0..count).map(|_| component(draw)).collect();
    }
    if request.get("Entries").is_some() {
        request["Entries"] = (0..count).map(|_| alteration(draw)).collect();
    }
}

fn entity_type(draw: &mut Draw<'_>) -> &'static str {
    let odd = draw.naming == Naming::Odd && draw.random.once_in(2);
    if odd { ["nonsense", ""][draw.random.below(2)] } else { ["user", "user", "client-id", "ip"][draw.random.below(4)] }
}

fn component(draw: &mut Draw<'_>) -> Value {
    let entity_type = entity_type(draw);
    let matching = *draw.random.pick(&[0, 0, 1, 2, if draw.naming == Naming::Odd { 9 } else { 2 }]);
    let name = if matching == 0 { json!(*draw.random.pick(&["quota-1", "quota-2", "nobody"])) } else { Value::Null };
    json!({ "EntityType": entity_type, "MatchType": matching, "Match": name })
}

fn alteration(draw: &mut Draw<'_>) -> Value {
    let entity_type = entity_type(draw);
    let names: &[&str] = if entity_type == "ip" { &["10.1.2.3", "nonsense!"] } else { &["quota-1", "quota-2", ""] };
    let name = *draw.random.pick(names);
    let keys: &[&str] = match entity_type {
        "ip" => &["connection_creation_rate", "producer_byte_rate"],
        _ => &["producer_byte_rate", "consumer_byte_rate", "request_percentage", "nonsense"],
    };
    let operations: Vec<Value> = (0..1 + draw.random.below(2))
        .map(|_| {
            let value = *draw.random.pick(&[1_000_000.0, 2_000_000.0, -1.0, 0.5]);
            json!({ "Key": draw.random.pick(keys), "Value": value, "Remove": draw.random.once_in(3) })
        })
        .collect();
    json!({ "Entity": [{ "EntityType": entity_type, "EntityName": name }], "Ops": operations })
}

/// What would have an effect is only validated; before version 1 nothing can be.
pub(crate) fn features(draw: &mut Draw<'_>, request: &mut Value) {
    let levels: &[i64] = if draw.version == 0 { &[99, -1] } else { &[0, 1, 2, 99] };
    let names: &[&str] = match draw.version {
        0 => &["nonsense", ""],
        _ => &[
            "group.version",
            "share.version",
            "streams.version",
            "transaction.version",
            "metadata.version",
            "nonsense",
            "",
        ],
    };
    let count = match draw.naming {
        Naming::EmptyList | Naming::NullList => 0,
        Naming::Existing | Naming::Missing => 1,
        _ => 2,
    };
    let update = |draw: &mut Draw<'_>| {
        let mut update = json!({ "Feature": draw.random.pick(names), "MaxVersionLevel": draw.random.pick(levels) });
        match draw.version {
            0 => update["AllowDowngrade"] = json!(draw.random.once_in(2)),
            _ => update["UpgradeType"] = json!(*draw.random.pick(&[1, 1, 2, 3, 0, 9])),
        }
        update
    };
    request["FeatureUpdates"] = (0..count).map(|_| update(draw)).collect();
}
