//! Two answers side by side, field for field, but for what must differ.

use serde_json::{Map, Value};

use crate::exceptions::{Instead, LOGGERS, MUST_DIFFER, OWN_SETTINGS, Order, UNORDERED};
use crate::records;
use crate::side::{Outcome, Side};

/// Records of the world are older.
const THESE_DAYS: i64 = 1_750_000_000_000;

/// Where two answers differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    pub(crate) path: String,
    pub(crate) reference: String,
    pub(crate) doorkeeper: String,
}

/// What is left of an answer to be compared.
pub(crate) fn normalised(api: &str, side: &Side, value: &Value) -> Value {
    match value {
        Value::Object(fields) if api == "DescribeConfigs" && is_own_setting(fields) => fields["Name"].clone(),
        Value::Object(fields) => {
            let mut fields: Map<String, Value> =
                fields.iter().map(|(name, value)| (name.clone(), field(api, side, name, value))).collect();
            if api == "DescribeConfigs" {
                leave_out_loggers(&mut fields);
            }
            Value::Object(fields)
        }
        Value::Array(list) => Value::Array(list.iter().map(|value| normalised(api, side, value)).collect()),
        other => other.clone(),
    }
}

fn is_own_setting(fields: &Map<String, Value>) -> bool {
    let name = fields.get("Name").and_then(Value::as_str).unwrap_or_default();
    fields.contains_key("Value") && OWN_SETTINGS.iter().any(|(beginning, _)| name.starts_with(beginning))
}

fn leave_out_loggers(resource: &mut Map<String, Value>) {
    const BROKER_LOGGER: i64 = 8;
    if resource.get("ResourceType").and_then(Value::as_i64) == Some(BROKER_LOGGER)
        && let Some(Value::Array(loggers)) = resource.get_mut("Configs")
    {
        loggers.retain(|logger| logger["Name"].as_str().is_some_and(|name| LOGGERS.contains(&name)));
        loggers.sort_by_cached_key(Value::to_string);
    }
}

fn field(api: &str, side: &Side, name: &str, value: &Value) -> Value {
    let is = |wanted: &str, found: &str| wanted == "*" || wanted == found;
    let rule = MUST_DIFFER.iter().find(|(rule_api, field, _, _)| is(rule_api, api) && *field == name);
    let mut value = match rule {
        Some((_, _, instead, _)) => replaced(*instead, side, value),
        None => normalised(api, side, value),
    };
    let order = UNORDERED.iter().find(|(of, list, _, _)| *of == api && *list == name);
    if let (Some((_, _, order, _)), Value::Array(list)) = (order, &mut value) {
        for neighbours in list.chunk_by_mut(|one, other| *order == Order::Any || fate(one) == fate(other)) {
            neighbours.sort_by_cached_key(Value::to_string);
        }
    }
    value
}

/// Well, wrong or denied.
fn fate(entry: &Value) -> u8 {
    match entry["ErrorCode"].as_i64().unwrap_or(0) {
        0 => 0,
        29 | 30 | 31 | 53 => 2,
        _ => 1,
    }
}

fn replaced(instead: Instead, side: &Side, value: &Value) -> Value {
    match instead {
        Instead::Nothing => Value::String("something".to_owned()),
        Instead::Sign => value.as_i64().map_or(value.clone(), |number| Value::from(number.signum())),
        Instead::Batches => value.as_str().map_or(value.clone(), |text| Value::from(records::without_markers(text))),
        Instead::Time => match value.as_i64() {
            Some(time) if time > THESE_DAYS => Value::from(1),
            _ => value.clone(),
        },
        Instead::OwnCluster if value.as_str() == Some(&side.cluster_id) => Value::String("the cluster's".to_owned()),
        Instead::OwnPort => {
            let port = value.as_u64().and_then(|port| u16::try_from(port).ok());
            let known = port.and_then(|port| side.ports.get(&port));
            known.map_or(value.clone(), |name| Value::String((*name).to_owned()))
        }
        Instead::MemberId if value.as_str().is_some_and(ends_in_a_uuid) => Value::String("a broker's".to_owned()),
        // Kafka's own base64 of an id, in the consumer protocol's version 0.
        Instead::MemberId if value.as_str().is_some_and(|text| text.len() == 22) => {
            Value::String("a broker's".to_owned())
        }
        Instead::NoDump => match value.as_str() {
            Some(text) if text.starts_with("Request Request(") => Value::from("Cluster authorization failed."),
            Some(text) => Value::from(text.replace(&side.cluster_id, "the cluster's")),
            None => value.clone(),
        },
        Instead::Words => {
            let mut words: Vec<&str> = value.as_str().unwrap_or_default().split([' ', ',']).collect();
            words.sort_unstable();
            value.as_str().map_or(value.clone(), |_| Value::from(words.join(" ")))
        }
        Instead::OwnCluster | Instead::MemberId => value.clone(),
    }
}

fn ends_in_a_uuid(text: &str) -> bool {
    text.len() >= 36 && text.get(text.len() - 36..).is_some_and(|end| uuid::Uuid::parse_str(end).is_ok())
}

/// Where two outcomes differ; both sides' answers are normalised already.
pub(crate) fn differences(reference: &Outcome, doorkeeper: &Outcome) -> Vec<Difference> {
    let mut found = Vec::new();
    match (reference, doorkeeper) {
        (Outcome::Answer(reference), Outcome::Answer(doorkeeper)) => walk("", reference, doorkeeper, &mut found),
        _ if reference == doorkeeper => {}
        _ => found.push(Difference {
            path: "the answer".to_owned(),
            reference: shown(reference),
            doorkeeper: shown(doorkeeper),
        }),
    }
    found
}

fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answer(value) => shortened(value),
        other => other.to_string(),
    }
}

pub(crate) fn walk(path: &str, reference: &Value, doorkeeper: &Value, found: &mut Vec<Difference>) {
    match (reference, doorkeeper) {
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
            for (name, value) in one {
                walk(&format!("{path}.{name}"), value, other.get(name).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (one, other) in one.iter().zip(other) {
                walk(&format!("{path}[]"), one, other, found);
            }
        }
        _ if reference == doorkeeper => {}
        _ => found.push(Difference {
            path: path.trim_start_matches('.').to_owned(),
            reference: shortened(reference),
            doorkeeper: shortened(doorkeeper),
        }),
    }
}

fn shortened(value: &Value) -> String {
    const ENOUGH: usize = 400;
    let text = value.to_string();
    match text.char_indices().nth(ENOUGH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
