//! Kafka's JSON message definitions (described in `common/message/README.md` of the jar), as far as the bytes go.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

pub(super) const MAX: i16 = i16::MAX;

/// A request or response.
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) api_key: i16,
    pub(super) is_request: bool,
    pub(super) versions: Versions,
    pub(super) flexible: Versions,
    pub(super) fields: Vec<Field>,
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) versions: Versions,
    pub(super) nullable: Versions,
    pub(super) tag: Option<(u32, Versions)>,
}

pub(super) enum Kind {
    Fixed(usize),
    String,
    Bytes,
    Struct(Vec<Field>),
    Array(Box<Kind>),
}

/// First and last version; empty if the first is greater.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Versions(pub(super) i16, pub(super) i16);

impl Versions {
    pub(super) const NONE: Versions = Versions(0, -1);

    /// `none`, `3`, `0-2` or `4+`
    fn parse(text: &str) -> anyhow::Result<Versions> {
        let number = |text: &str| text.parse::<i16>().with_context(|| format!("bad versions `{text}`"));
        if text == "none" {
            Ok(Versions::NONE)
        } else if let Some(first) = text.strip_suffix('+') {
            Ok(Versions(number(first)?, MAX))
        } else if let Some((first, last)) = text.split_once('-') {
            Ok(Versions(number(first)?, number(last)?))
        } else {
            Ok(Versions(number(text)?, number(text)?))
        }
    }

    fn parse_optional(text: Option<&String>) -> anyhow::Result<Versions> {
        text.map_or(Ok(Versions::NONE), |text| Versions::parse(text))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageJson {
    name: String,
    r#type: String,
    api_key: Option<i16>,
    valid_versions: String,
    flexible_versions: Option<String>,
    #[serde(default)]
    fields: Vec<FieldJson>,
    #[serde(default)]
    common_structs: Vec<StructJson>,
}

#[derive(Deserialize)]
struct StructJson {
    name: String,
    fields: Vec<FieldJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FieldJson {
    name: String,
    r#type: String,
    versions: String,
    nullable_versions: Option<String>,
    flexible_versions: Option<String>,
    tag: Option<u32>,
    tagged_versions: Option<String>,
    #[serde(default)]
    fields: Vec<FieldJson>,
}

impl Definition {
    /// `None` for what is neither a request nor a response, or has no versions any more.
    pub(super) fn parse(text: &str) -> anyhow::Result<Option<Definition>> {
        let message: MessageJson = serde_json::from_str(&without_comments(text))?;
        let is_request = message.r#type == "request";
        let versions = Versions::parse(&message.valid_versions)?;
        if (!is_request && message.r#type != "response") || versions == Versions::NONE {
            return Ok(None);
        }
        let structs = message.common_structs.iter().map(|common| (&*common.name, &*common.fields)).collect();
        Ok(Some(Definition {
            api_key: message.api_key.context("no apiKey")?,
            is_request,
            versions,
            flexible: Versions::parse_optional(message.flexible_versions.as_ref())?,
            fields: fields(&message.fields, &structs)?,
            name: message.name,
        }))
    }
}

/// The definitions are JSON with whole lines of `//` comments.
fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

type CommonStructs<'a> = BTreeMap<&'a str, &'a [FieldJson]>;

fn fields(fields: &[FieldJson], structs: &CommonStructs<'_>) -> anyhow::Result<Vec<Field>> {
    fields.iter().map(|json| field(json, structs).with_context(|| format!("field `{}`", json.name))).collect()
}

fn field(json: &FieldJson, structs: &CommonStructs<'_>) -> anyhow::Result<Field> {
    ensure!(json.flexible_versions.is_none(), "`flexibleVersions` of a field is for headers only");
    Ok(Field {
        name: json.name.clone(),
        kind: kind(&json.r#type, &json.fields, structs)?,
        versions: Versions::parse(&json.versions)?,
        nullable: Versions::parse_optional(json.nullable_versions.as_ref())?,
        tag: match json.tag {
            Some(tag) => Some((tag, Versions::parse_optional(json.tagged_versions.as_ref())?)),
            None => None,
        },
    })
}

fn kind(name: &str, own_fields: &[FieldJson], structs: &CommonStructs<'_>) -> anyhow::Result<Kind> {
    Ok(match name {
        "bool" | "int8" => Kind::Fixed(1),
        "int16" | "uint16" => Kind::Fixed(2),
        "int32" | "uint32" => Kind::Fixed(4),
        "int64" | "float64" => Kind::Fixed(8),
        "uuid" => Kind::Fixed(16),
        "string" => Kind::String,
        "bytes" | "records" => Kind::Bytes,
        _ => match name.strip_prefix("[]") {
            Some(element) => Kind::Array(Box::new(kind(element, own_fields, structs)?)),
            None => Kind::Struct(match structs.get(name) {
                Some(common) => fields(common, structs)?,
                None if !own_fields.is_empty() => fields(own_fields, structs)?,
                None => bail!("unknown type `{name}`"),
            }),
        },
    })
}
