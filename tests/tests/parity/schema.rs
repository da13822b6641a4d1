//! Kafka's own definitions of its messages, read from the kafka-clients jar of the very Kafka that is tested against.
//!
//! Requests are generated and responses compared by these, and not by our types or a library's: so a new API needs no
//! code here, and neither side's decoder is trusted with what it is tested for.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};
use testkit::java;

/// Every request and response, by key.
#[derive(Debug, Default)]
pub(crate) struct Schemas {
    requests: BTreeMap<i16, Message>,
    responses: BTreeMap<i16, Message>,
    /// Of Kafka.
    pub(crate) version: String,
}

#[derive(Debug)]
pub(crate) struct Message {
    /// Without `Request` or `Response`.
    pub(crate) api: String,
    pub(crate) flexible: Versions,
    pub(crate) fields: Vec<Field>,
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) versions: Versions,
    pub(crate) nullable: Versions,
    pub(crate) tag: Option<(u32, Versions)>,
    /// What a missing field reads as.
    pub(crate) default: Value,
    /// What kind of thing it names: `topicName`, `groupId`, `transactionalId`, …
    pub(crate) entity: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Bool,
    Int8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Float64,
    Uuid,
    String,
    /// `bytes` and `records`, which look alike on the wire.
    Bytes,
    Struct(Vec<Field>),
    Array(Box<Kind>),
}

/// First and last version; none if the first is greater.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Versions(i16, i16);

impl Versions {
    pub(crate) const NONE: Versions = Versions(0, -1);

    pub(crate) fn contain(self, version: i16) -> bool {
        (self.0..=self.1).contains(&version)
    }

    /// `none`, `3`, `0-2` or `4+`.
    fn parse(text: &str) -> Result<Versions> {
        if text == "none" {
            return Ok(Versions::NONE);
        }
        if let Some(first) = text.strip_suffix('+') {
            return Ok(Versions(first.parse()?, i16::MAX));
        }
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Ok(Versions(first.parse()?, last.parse()?))
    }

    fn of(json: &Value, key: &str) -> Result<Versions> {
        json.get(key).and_then(Value::as_str).map_or(Ok(Versions::NONE), Versions::parse)
    }
}

impl Schemas {
    /// Reads the jar.
    pub(crate) fn load() -> Result<Schemas> {
        let jar = java::jar("kafka-clients")?;
        let file = jar.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let version = file.trim_start_matches("kafka-clients-").to_owned();
        let mut schemas = Schemas { version, ..Schemas::default() };
        let mut archive = zip::ZipArchive::new(File::open(&jar)?)?;
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index)?;
            let name = entry.name()?.into_owned();
            if name.starts_with("common/message/") && name.ends_with(".json") {
                let mut text = String::new();
                entry.read_to_string(&mut text)?;
                schemas.add(&text).with_context(|| format!("in `{name}`"))?;
            }
        }
        ensure!(!schemas.requests.is_empty(), "`{}` holds no message definitions", jar.display());
        Ok(schemas)
    }

    /// Every request that is defined, by key.
    pub(crate) fn requests(&self) -> impl Iterator<Item = (i16, &Message)> {
        self.requests.iter().map(|(key, message)| (*key, message))
    }

    pub(crate) fn request(&self, key: i16) -> Result<&Message> {
        self.requests.get(&key).with_context(|| format!("Kafka has no request of key {key}"))
    }

    pub(crate) fn response(&self, key: i16) -> Result<&Message> {
        self.responses.get(&key).with_context(|| format!("Kafka has no response of key {key}"))
    }

    /// The key of an API by its name.
    pub(crate) fn key(&self, api: &str) -> Result<i16> {
        let found = self.requests.iter().find(|(_, message)| message.api == api);
        found.map(|(key, _)| *key).with_context(|| format!("Kafka has no API `{api}`"))
    }

    fn add(&mut self, text: &str) -> Result<()> {
        let json: Value = serde_json::from_str(&without_comments(text))?;
        let kind = text_of(&json, "type")?;
        let messages = match kind {
            "request" => &mut self.requests,
            "response" => &mut self.responses,
            _ => return Ok(()),
        };
        let api_key = json.get("apiKey").and_then(Value::as_i64).context("no apiKey")?;
        let mut structs = BTreeMap::new();
        for common in json.get("commonStructs").and_then(Value::as_array).into_iter().flatten() {
            structs.insert(text_of(common, "name")?, common);
        }
        let name = text_of(&json, "name")?;
        let api = name.trim_end_matches("Request").trim_end_matches("Response").to_owned();
        let fields = fields(&json, &structs)?;
        messages.insert(
            i16::try_from(api_key)?,
            Message { api, flexible: Versions::of(&json, "flexibleVersions")?, fields },
        );
        Ok(())
    }
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn text_of<'a>(json: &'a Value, key: &str) -> Result<&'a str> {
    json.get(key).and_then(Value::as_str).with_context(|| format!("no `{key}` in {json}"))
}

type Structs<'a> = BTreeMap<&'a str, &'a Value>;

fn fields(json: &Value, structs: &Structs<'_>) -> Result<Vec<Field>> {
    let list = json.get("fields").and_then(Value::as_array);
    list.into_iter().flatten().map(|json| field(json, structs)).collect()
}

fn field(json: &Value, structs: &Structs<'_>) -> Result<Field> {
    let kind = kind(text_of(json, "type")?, json, structs)?;
    let tag = match json.get("tag").and_then(Value::as_u64) {
        Some(tag) => Some((u32::try_from(tag)?, Versions::of(json, "taggedVersions")?)),
        None => None,
    };
    Ok(Field {
        name: text_of(json, "name")?.to_owned(),
        default: default_of(&kind, json.get("default"))?,
        kind,
        versions: Versions::of(json, "versions")?,
        nullable: Versions::of(json, "nullableVersions")?,
        tag,
        entity: json.get("entityType").and_then(Value::as_str).map(str::to_owned),
    })
}

fn kind(name: &str, json: &Value, structs: &Structs<'_>) -> Result<Kind> {
    Ok(match name {
        "bool" => Kind::Bool,
        "int8" => Kind::Int8,
        "int16" => Kind::Int16,
        "uint16" => Kind::Uint16,
        "int32" => Kind::Int32,
        "uint32" => Kind::Uint32,
        "int64" => Kind::Int64,
        "float64" => Kind::Float64,
        "uuid" => Kind::Uuid,
        "string" => Kind::String,
        "bytes" | "records" => Kind::Bytes,
        _ => match name.strip_prefix("[]") {
            Some(element) => Kind::Array(Box::new(kind(element, json, structs)?)),
            None if json.get("fields").is_some() => Kind::Struct(fields(json, structs)?),
            None => Kind::Struct(fields(structs.get(name).with_context(|| format!("no struct `{name}`"))?, structs)?),
        },
    })
}

/// Java's default: what the definition says, else zero, empty or false.
fn default_of(kind: &Kind, text: Option<&Value>) -> Result<Value> {
    let text = match text {
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
        None => None,
    };
    if text.as_deref() == Some("null") {
        return Ok(Value::Null);
    }
    Ok(match (kind, text) {
        (Kind::Bool, text) => Value::Bool(text.as_deref() == Some("true")),
        (Kind::String | Kind::Bytes, text) => Value::String(text.unwrap_or_default()),
        (Kind::Uuid, _) => Value::String(String::new()),
        (Kind::Array(_), _) => Value::Array(Vec::new()),
        (Kind::Struct(fields), _) => {
            Value::Object(fields.iter().map(|field| (field.name.clone(), field.default.clone())).collect::<Map<_, _>>())
        }
        (Kind::Float64, text) => Value::from(text.map_or(Ok(0.0), |text| text.parse::<f64>())?),
        (_, None) => Value::from(0),
        (_, Some(text)) => match text.strip_prefix("0x") {
            Some(hexadecimal) => Value::from(i64::from_str_radix(hexadecimal, 16)?),
            None => match text.parse::<i64>() {
                Ok(number) => Value::from(number),
                Err(error) => bail!("bad default `{text}`: {error}"),
            },
        },
    })
}
