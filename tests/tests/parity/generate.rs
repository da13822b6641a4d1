//! Requests out of Kafka's definitions: what names a topic, a group or a transactional id gets names of the world, lists
//! get the shape that is wanted, and the rest gets values that [`crate::values`] finds worth trying, or its default.

use serde_json::{Map, Value, json};

use crate::apis;
use crate::random::Random;
use crate::schema::{Field, Kind, Message};
use crate::values;
use crate::world::{
    CLASSIC_GROUP, CONSUMER_GROUPS, LEFT_SHARE_GROUP, MISSING, ODD_TOPICS, SHARE_GROUPS, SIMPLE_GROUPS, STREAMS_GROUPS,
    TOPICS, TRANSACTIONAL_IDS,
};

/// What a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Naming {
    Existing,
    Several,
    Missing,
    Duplicates,
    /// Everything at once.
    Mix,
    /// Internal topics, and names that are none.
    Odd,
    UnknownId,
    EmptyList,
    NullList,
}

impl Naming {
    pub(crate) const ALL: [Naming; 9] = [
        Naming::Existing,
        Naming::Several,
        Naming::Missing,
        Naming::Duplicates,
        Naming::Mix,
        Naming::Odd,
        Naming::UnknownId,
        Naming::EmptyList,
        Naming::NullList,
    ];
}

/// One request on its way.
#[derive(Debug)]
pub(crate) struct Draw<'a> {
    pub(crate) api: &'a str,
    pub(crate) version: i16,
    pub(crate) naming: Naming,
    /// Who asks.
    pub(crate) user: &'a str,
    /// Unlike any other's.
    pub(crate) case: u64,
    pub(crate) random: &'a mut Random,
    /// Topics by id, where a request may have either.
    pub(crate) by_id: bool,
}

/// Nothing has this id.
const UNKNOWN_ID: &str = "756e6b6e-6f77-6e00-8000-0000000000aa";
const UNKNOWN: &str = "?";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource {
    Topic,
    Group,
    TransactionalId,
}

/// A request of this API.
pub(crate) fn request(message: &Message, draw: &mut Draw<'_>) -> Value {
    let mut request = structure(&message.fields, draw, None);
    apis::refine(draw, &mut request);
    request
}

fn structure(fields: &[Field], draw: &mut Draw<'_>, name: Option<&str>) -> Value {
    let version = draw.version;
    let present = fields.iter().filter(|field| field.versions.contain(version));
    let either = name.is_some() && has(fields, version, is_topic_id) && has(fields, version, is_topic_name);
    let entries = present.map(|field| {
        let value = match (is_topic_id(field), is_topic_name(field)) {
            (true, _) if either && !draw.by_id => Value::String(String::new()),
            (_, true) if either && draw.by_id => if_nullable(field, version),
            _ => value(field, draw, name),
        };
        (field.name.clone(), value)
    });
    Value::Object(entries.collect::<Map<_, _>>())
}

fn if_nullable(field: &Field, version: i16) -> Value {
    if field.nullable.contain(version) { Value::Null } else { Value::String(String::new()) }
}

fn has(fields: &[Field], version: i16, predicate: fn(&Field) -> bool) -> bool {
    fields.iter().any(|field| field.versions.contain(version) && predicate(field))
}

fn is_topic_id(field: &Field) -> bool {
    matches!(field.kind, Kind::Uuid) && field.name == "TopicId"
}

fn is_topic_name(field: &Field) -> bool {
    resource(field) == Some(Resource::Topic) && matches!(field.kind, Kind::String)
}

fn resource(field: &Field) -> Option<Resource> {
    match field.entity.as_deref() {
        Some("topicName") => Some(Resource::Topic),
        Some("groupId") => Some(Resource::Group),
        Some("transactionalId") => Some(Resource::TransactionalId),
        _ if is_topic_id(field) => Some(Resource::Topic),
        _ => None,
    }
}

/// `name` is what the enclosing list wants its next element to name.
fn value(field: &Field, draw: &mut Draw<'_>, name: Option<&str>) -> Value {
    if let Some(value) = values::value(draw, &field.name) {
        return value;
    }
    let nullable = field.nullable.contain(draw.version);
    match (&field.kind, resource(field)) {
        (Kind::Array(element), own) => list(field, element, own, nullable, draw),
        (Kind::Uuid, Some(_)) => Value::String(id_of(name.unwrap_or(UNKNOWN))),
        (Kind::String, Some(resource)) => match name {
            Some(UNKNOWN) => Value::String("nowhere".to_owned()),
            Some(name) => Value::String(name.to_owned()),
            None => single(resource, nullable, draw),
        },
        // What is tagged or nullable is an extra: usually left out.
        (Kind::Struct(_), _) if nullable && !draw.random.once_in(3) => field.default.clone(),
        (Kind::Struct(fields), _) => structure(fields, draw, name),
        (Kind::Bool, _) if field.tag.is_none() => Value::Bool(draw.random.once_in(2)),
        _ => field.default.clone(),
    }
}

fn list(field: &Field, element: &Kind, own: Option<Resource>, nullable: bool, draw: &mut Draw<'_>) -> Value {
    let named = own.or_else(|| match element {
        Kind::Struct(fields) => fields.iter().filter(|field| field.versions.contain(draw.version)).find_map(resource),
        _ => None,
    });
    if draw.naming == Naming::NullList && nullable {
        return Value::Null;
    }
    let Some(kind) = named else { return plain_list(field, element, draw) };
    let names = names(kind, draw);
    let elements = names.iter().map(|name| match element {
        Kind::Struct(fields) => structure(fields, draw, Some(name)),
        Kind::Uuid => Value::String(id_of(name)),
        _ if name == UNKNOWN => Value::String("nowhere".to_owned()),
        _ => Value::String(name.clone()),
    });
    Value::Array(elements.collect())
}

/// A list of things without a name of their own: partitions, members, configurations.
fn plain_list(field: &Field, element: &Kind, draw: &mut Draw<'_>) -> Value {
    let length = match draw.naming {
        Naming::EmptyList if draw.random.once_in(2) => 0,
        Naming::Mix | Naming::Duplicates => 1 + draw.random.below(3),
        _ => 1,
    };
    match element {
        Kind::Struct(fields) => Value::Array((0..length).map(|_| structure(fields, draw, None)).collect()),
        _ if is_partition(&field.name) => Value::Array((0..length).map(|_| partition(draw)).collect()),
        _ => field.default.clone(),
    }
}

fn is_partition(field: &str) -> bool {
    matches!(field, "PartitionIndex" | "Partition" | "Index" | "PartitionIndexes" | "Partitions" | "PartitionId")
}

/// Some exist, and one never does.
pub(crate) fn partition(draw: &mut Draw<'_>) -> Value {
    json!(*draw.random.pick(&[0, 0, 0, 1, 9]))
}

/// A number that says which partition, wherever it stands.
pub(crate) fn partition_field(draw: &mut Draw<'_>, field: &str) -> Option<Value> {
    (is_partition(field) && !matches!(field, "PartitionIndexes" | "Partitions")).then(|| partition(draw))
}

fn single(resource: Resource, nullable: bool, draw: &mut Draw<'_>) -> Value {
    let naming = if draw.random.once_in(2) { draw.naming } else { Naming::Existing };
    match naming {
        Naming::NullList if nullable => Value::Null,
        Naming::EmptyList => Value::String(String::new()),
        Naming::Missing | Naming::UnknownId => json!(*draw.random.pick(MISSING)),
        Naming::Odd => json!(odd(resource, draw)),
        _ => json!(existing(resource, draw)),
    }
}

fn names(resource: Resource, draw: &mut Draw<'_>) -> Vec<String> {
    let some = |count: usize, draw: &mut Draw<'_>| -> Vec<String> {
        (0..count).map(|_| existing(resource, draw).to_owned()).collect()
    };
    let mut names = match draw.naming {
        Naming::EmptyList | Naming::NullList => Vec::new(),
        Naming::Existing => some(1, draw),
        Naming::Several => some(4, draw),
        Naming::Missing => vec![(*draw.random.pick(MISSING)).to_owned()],
        Naming::UnknownId => vec![UNKNOWN.to_owned(), existing(resource, draw).to_owned()],
        Naming::Odd => vec![odd(resource, draw).to_owned(), existing(resource, draw).to_owned()],
        Naming::Duplicates | Naming::Mix => some(3, draw),
    };
    match draw.naming {
        Naming::Several => {
            names.sort();
            names.dedup();
        }
        Naming::Duplicates => names.push(names[0].clone()),
        Naming::Mix => {
            names.push((*draw.random.pick(MISSING)).to_owned());
            names.push((*draw.random.pick(MISSING)).to_owned());
            names.push(odd(resource, draw).to_owned());
            names.push(UNKNOWN.to_owned());
            names.push(names[0].clone());
        }
        _ => {}
    }
    draw.random.shuffle(&mut names);
    names
}

/// What deleting may delete leaves the rest of the world as it is.
fn existing(resource: Resource, draw: &mut Draw<'_>) -> &'static str {
    let kept = !apis::destroys(draw.api);
    match resource {
        Resource::Topic => loop {
            let name = draw.random.pick(TOPICS).0;
            if kept || !name.ends_with("-kept") {
                return name;
            }
        },
        Resource::Group if kept && draw.random.once_in(2) => {
            let groups = CONSUMER_GROUPS.iter().chain(SHARE_GROUPS).chain(STREAMS_GROUPS);
            let mut names: Vec<&str> = groups.map(|(group, _)| *group).collect();
            names.push(CLASSIC_GROUP);
            names.push(LEFT_SHARE_GROUP);
            if draw.api.contains("ShareGroupOffsets") {
                names.extend([LEFT_SHARE_GROUP; 6]);
            }
            let one = draw.random.below(names.len());
            names[one]
        }
        Resource::Group => SIMPLE_GROUPS[draw.random.below(SIMPLE_GROUPS.len())],
        Resource::TransactionalId => TRANSACTIONAL_IDS[draw.random.below(TRANSACTIONAL_IDS.len())],
    }
}

/// One of the topics of the world.
pub(crate) fn existing_topic(draw: &mut Draw<'_>) -> &'static str {
    existing(Resource::Topic, draw)
}

fn odd(resource: Resource, draw: &mut Draw<'_>) -> &'static str {
    // Whoever may delete everything may delete what groups and transactions stand on, and that would be the end.
    let spares = matches!(draw.api, "DeleteTopics" | "CreatePartitions" | "DeleteRecords");
    let names: &[&str] = match resource {
        Resource::Topic => ODD_TOPICS,
        Resource::Group | Resource::TransactionalId => &["", "bad name", "..", "*", "alpha*"],
    };
    match names[draw.random.below(names.len())] {
        name if spares && name.starts_with("__") => "__cluster_metadata",
        name => name,
    }
}

fn id_of(name: &str) -> String {
    let exists = TOPICS.iter().any(|(topic, _)| *topic == name);
    match exists || matches!(name, "__consumer_offsets" | "__transaction_state") {
        true => format!("id:{name}"),
        false if name.is_empty() => String::new(),
        false => UNKNOWN_ID.to_owned(),
    }
}
