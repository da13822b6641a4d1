//! Values to bytes and back, by Kafka's definitions.
//!
//! Ids of topics and producers are not the same on both sides, so values name them: `id:orders` is the id that the topic
//! has on the side that is written to or read from ([`Names`]).

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::schema::{Field, Kind, Message, Versions};

/// What ids are called.
pub(crate) trait Names {
    fn topic_id(&self, name: &str) -> Option<Uuid>;
    /// What an id reads as.
    fn text(&self, id: Uuid) -> String;
    fn producer(&self, transactional_id: &str) -> Option<i64>;
}

/// The bytes of a request, without the size in front.
pub(crate) fn encode_request(
    message: &Message,
    header: (i16, i16, i32, &str),
    value: &Value,
    names: &impl Names,
) -> Result<Bytes> {
    let (key, version, correlation_id, client_id) = header;
    let mut bytes = BytesMut::new();
    bytes.put_i16(key);
    bytes.put_i16(version);
    bytes.put_i32(correlation_id);
    bytes.put_i16(i16::try_from(client_id.len())?);
    bytes.put_slice(client_id.as_bytes());
    let mut writer = Writer { bytes, version, flexible: message.flexible.contain(version), names };
    if writer.flexible {
        writer.unsigned(0);
    }
    writer.structure(&message.fields, value).with_context(|| format!("{} {version} from {value}", message.api))?;
    Ok(writer.bytes.freeze())
}

/// The body of a response that was received without its size, and its correlation id.
pub(crate) fn decode_response(
    message: &Message,
    version: i16,
    frame: Bytes,
    names: &impl Names,
) -> Result<(i32, Value)> {
    let mut reader = Reader { bytes: frame, version, flexible: message.flexible.contain(version), names };
    let correlation_id = reader.bytes.try_get_i32()?;
    if reader.flexible && message.api != "ApiVersions" {
        let tags = reader.unsigned()?;
        ensure!(tags == 0, "tagged fields in the header of a response");
    }
    let value = reader.structure(&message.fields).with_context(|| format!("{} {version}", message.api))?;
    ensure!(!reader.bytes.has_remaining(), "{} bytes are left over", reader.bytes.remaining());
    Ok((correlation_id, value))
}

struct Writer<'a, N> {
    bytes: BytesMut,
    version: i16,
    flexible: bool,
    names: &'a N,
}

fn is_tagged(field: &Field, version: i16) -> Option<u32> {
    field.tag.filter(|(_, versions)| versions.contain(version)).map(|(tag, _)| tag)
}

impl<N: Names> Writer<'_, N> {
    fn structure(&mut self, fields: &[Field], value: &Value) -> Result<()> {
        let version = self.version;
        let present = |field: &&Field| field.versions.contain(version);
        let mut tagged = Vec::new();
        for field in fields.iter().filter(present) {
            let given = value.get(&field.name).unwrap_or(&field.default);
            match is_tagged(field, version) {
                Some(_) if *given == field.default => {}
                Some(tag) => {
                    let outside = std::mem::take(&mut self.bytes);
                    self.value(&field.kind, field.nullable, given).with_context(|| field.name.clone())?;
                    tagged.push((tag, std::mem::replace(&mut self.bytes, outside)));
                }
                None => self.value(&field.kind, field.nullable, given).with_context(|| field.name.clone())?,
            }
        }
        if self.flexible {
            tagged.sort_by_key(|(tag, _)| *tag);
            self.unsigned(u32::try_from(tagged.len())?);
            for (tag, bytes) in tagged {
                self.unsigned(tag);
                self.unsigned(u32::try_from(bytes.len())?);
                self.bytes.put_slice(&bytes);
            }
        }
        Ok(())
    }

    fn value(&mut self, kind: &Kind, nullable: Versions, value: &Value) -> Result<()> {
        let number = || value.as_i64().with_context(|| format!("`{value}` is no number"));
        match kind {
            Kind::Bool => self.bytes.put_u8(value.as_bool().unwrap_or_default().into()),
            Kind::Int8 => self.bytes.put_i8(i8::try_from(number()?)?),
            Kind::Int16 => self.bytes.put_i16(i16::try_from(number()?)?),
            Kind::Uint16 => self.bytes.put_u16(u16::try_from(number()?)?),
            Kind::Int32 => self.bytes.put_i32(i32::try_from(number()?)?),
            Kind::Uint32 => self.bytes.put_u32(u32::try_from(number()?)?),
            Kind::Int64 => self.bytes.put_i64(self.long(value)?),
            Kind::Float64 => self.bytes.put_f64(value.as_f64().context("no number")?),
            Kind::Uuid => self.bytes.put_slice(self.uuid(value.as_str().unwrap_or_default())?.as_bytes()),
            Kind::String => {
                let text = value.as_str();
                ensure!(text.is_some() || (value.is_null() && nullable.contain(self.version)), "`{value}` is no text");
                self.length(text.map(str::len), true)?;
                self.bytes.put_slice(text.unwrap_or_default().as_bytes());
            }
            Kind::Bytes => {
                let bytes = match value {
                    Value::Null => None,
                    Value::String(text) => Some(from_hexadecimal(text)?),
                    _ => bail!("`{value}` are no bytes"),
                };
                self.length(bytes.as_ref().map(Vec::len), false)?;
                self.bytes.put_slice(&bytes.unwrap_or_default());
            }
            Kind::Array(element) => {
                let elements = value.as_array();
                ensure!(elements.is_some() || nullable.contain(self.version), "`{value}` is no list");
                self.length(elements.map(Vec::len), false)?;
                for one in elements.into_iter().flatten() {
                    self.value(element, Versions::NONE, one)?;
                }
            }
            Kind::Struct(fields) => {
                if nullable.contain(self.version) {
                    self.bytes.put_i8(if value.is_null() { -1 } else { 1 });
                }
                if !value.is_null() {
                    self.structure(fields, value)?;
                }
            }
        }
        Ok(())
    }

    /// A length, minus one if there is nothing.
    fn length(&mut self, length: Option<usize>, short: bool) -> Result<()> {
        match length {
            Some(length) if self.flexible => self.unsigned(u32::try_from(length)? + 1),
            None if self.flexible => self.unsigned(0),
            Some(length) if short => self.bytes.put_i16(i16::try_from(length)?),
            Some(length) => self.bytes.put_i32(i32::try_from(length)?),
            None if short => self.bytes.put_i16(-1),
            None => self.bytes.put_i32(-1),
        }
        Ok(())
    }

    fn unsigned(&mut self, mut number: u32) {
        while number >= 0x80 {
            self.bytes.put_u8((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.put_u8(number as u8);
    }

    fn uuid(&self, text: &str) -> Result<Uuid> {
        match text.strip_prefix("id:") {
            Some(name) => self.names.topic_id(name).with_context(|| format!("no id of topic `{name}`")),
            None if text.is_empty() => Ok(Uuid::nil()),
            None => Ok(Uuid::parse_str(text)?),
        }
    }

    fn long(&self, value: &Value) -> Result<i64> {
        match value.as_str().and_then(|text| text.strip_prefix("producer:")) {
            Some(id) => self.names.producer(id).with_context(|| format!("no producer `{id}`")),
            None => value.as_i64().with_context(|| format!("`{value}` is no number")),
        }
    }
}

struct Reader<'a, N> {
    bytes: Bytes,
    version: i16,
    flexible: bool,
    names: &'a N,
}

impl<N: Names> Reader<'_, N> {
    fn structure(&mut self, fields: &[Field]) -> Result<Value> {
        let (mut map, version) = (Map::new(), self.version);
        for field in fields.iter().filter(|field| field.versions.contain(version)) {
            let value = match is_tagged(field, self.version) {
                Some(_) => field.default.clone(),
                None => self.value(&field.kind, field.nullable).with_context(|| field.name.clone())?,
            };
            map.insert(field.name.clone(), value);
        }
        if self.flexible {
            for _ in 0..self.unsigned()? {
                let (tag, length) = (self.unsigned()?, self.unsigned()?);
                let after = self.bytes.remaining().checked_sub(usize::try_from(length)?).context("too short")?;
                let wanted = |field: &&Field| is_tagged(field, self.version) == Some(tag);
                let field = fields.iter().find(wanted).with_context(|| format!("unknown tag {tag}"))?;
                let value = self.value(&field.kind, field.nullable).with_context(|| field.name.clone())?;
                map.insert(field.name.clone(), value);
                ensure!(self.bytes.remaining() == after, "tagged field `{}` has another length", field.name);
            }
        }
        Ok(Value::Object(map))
    }

    fn value(&mut self, kind: &Kind, nullable: Versions) -> Result<Value> {
        Ok(match kind {
            Kind::Bool => Value::Bool(self.bytes.try_get_u8()? != 0),
            Kind::Int8 => Value::from(self.bytes.try_get_i8()?),
            Kind::Int16 => Value::from(self.bytes.try_get_i16()?),
            Kind::Uint16 => Value::from(self.bytes.try_get_u16()?),
            Kind::Int32 => Value::from(self.bytes.try_get_i32()?),
            Kind::Uint32 => Value::from(self.bytes.try_get_u32()?),
            Kind::Int64 => Value::from(self.bytes.try_get_i64()?),
            Kind::Float64 => Value::from(self.bytes.try_get_f64()?),
            Kind::Uuid => Value::String(self.uuid()?),
            Kind::String => match self.length(true)? {
                Some(length) => Value::String(String::from_utf8(self.take(length)?.to_vec())?),
                None => Value::Null,
            },
            Kind::Bytes => match self.length(false)? {
                Some(length) => Value::String(hexadecimal(&self.take(length)?)),
                None => Value::Null,
            },
            Kind::Array(element) => match self.length(false)? {
                Some(length) => {
                    let elements = (0..length).map(|_| self.value(element, Versions::NONE));
                    Value::Array(elements.collect::<Result<_>>()?)
                }
                None => Value::Null,
            },
            Kind::Struct(fields) => {
                if nullable.contain(self.version) && self.bytes.try_get_i8()? < 0 {
                    return Ok(Value::Null);
                }
                self.structure(fields)?
            }
        })
    }

    fn length(&mut self, short: bool) -> Result<Option<usize>> {
        let length = match (self.flexible, short) {
            (true, _) => i64::from(self.unsigned()?) - 1,
            (false, true) => self.bytes.try_get_i16()?.into(),
            (false, false) => self.bytes.try_get_i32()?.into(),
        };
        Ok(usize::try_from(length).ok())
    }

    fn take(&mut self, length: usize) -> Result<Bytes> {
        ensure!(self.bytes.remaining() >= length, "{length} bytes wanted, {} left", self.bytes.remaining());
        Ok(self.bytes.split_to(length))
    }

    fn unsigned(&mut self) -> Result<u32> {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.bytes.try_get_u8()?;
            number |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        bail!("a number without end")
    }

    fn uuid(&mut self) -> Result<String> {
        Ok(self.names.text(Uuid::from_slice(&self.take(16)?)?))
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hexadecimal(text: &str) -> Result<Vec<u8>> {
    let digits: Vec<char> = text.chars().collect();
    digits.chunks(2).map(|two| Ok(u8::from_str_radix(&two.iter().collect::<String>(), 16)?)).collect()
}
