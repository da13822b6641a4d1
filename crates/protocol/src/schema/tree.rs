//! The body of any message as a tree of its fields, by the table alone: for what has to be done to every message alike.
//!
//! Slower than the typed codecs, and only for bytes that have passed the guard. What is not changed is written back byte
//! for byte.

use bytes::{BufMut, Bytes, BytesMut};

use super::definition::{Array, Field, Fixed, Kind, Message, Struct, has};
use super::{Direction, table};
use crate::api_key::ApiKey;
use crate::cursor::{Cursor, Tags};
use crate::guard::Fault;

/// A value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A number, a boolean, a uuid; or bytes and records, behind their length.
    Raw(Bytes),
    Text(Option<Bytes>),
    /// Null, or its fields.
    Struct(Option<Fields>),
    Array(Option<Vec<Value>>),
}

/// The fields of a structure that a version has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) fields: Vec<Named>,
    /// Tagged fields that are not known, and known ones as long as nobody looks at them.
    tags: Vec<(u32, Tagged)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    kind: Shape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Tagged {
    Unknown(Bytes),
    Known(Named),
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    /// A structure that may be null has a byte before it.
    nullable: bool,
}

/// A message at one version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Codec {
    message: &'static Message,
    version: i16,
    flexible: bool,
}

impl Codec {
    /// Nothing if Kafka 4.3 does not have the version.
    pub(crate) fn new(direction: Direction, api_key: ApiKey, version: i16) -> Option<Codec> {
        let of_key = |message: &&'static Message| message.api_key == api_key.code() && message.direction == direction;
        let message = table::MESSAGES.iter().find(of_key)?;
        (message.first..=message.last).contains(&version).then_some(Codec {
            message,
            version,
            flexible: version >= message.flexible,
        })
    }

    /// The whole body.
    pub(crate) fn read(&self, body: &Bytes) -> Result<Fields, Fault> {
        let mut reader = Reader { cursor: Cursor::new(body), body, codec: self };
        let fields = reader.fields(self.message.fields)?;
        match reader.cursor.remaining() {
            0 => Ok(fields),
            left => Err(Fault::TrailingBytes(left)),
        }
    }

    pub(crate) fn write(&self, fields: &Fields) -> Bytes {
        let mut out = BytesMut::new();
        self.put_fields(&mut out, fields);
        out.freeze()
    }

    fn put_fields(&self, out: &mut BytesMut, fields: &Fields) {
        for named in &fields.fields {
            self.put(out, &named.value, named.kind);
        }
        if !self.flexible {
            return;
        }
        put_varint(out, fields.tags.len());
        for (tag, tagged) in &fields.tags {
            let mut value = BytesMut::new();
            match tagged {
                Tagged::Unknown(bytes) => value.put_slice(bytes),
                Tagged::Known(named) => self.put(&mut value, &named.value, named.kind),
            }
            put_varint(out, usize::try_from(*tag).unwrap_or(usize::MAX));
            put_varint(out, value.len());
            out.put_slice(&value);
        }
    }

    fn put(&self, out: &mut BytesMut, value: &Value, shape: Shape) {
        match value {
            Value::Raw(bytes) => out.put_slice(bytes),
            Value::Text(text) => {
                let length = text.as_ref().map(Bytes::len);
                match self.flexible {
                    true => put_varint(out, length.map_or(0, |length| length.saturating_add(1))),
                    false => out.put_i16(length.map_or(-1, |length| i16::try_from(length).unwrap_or(i16::MAX))),
                }
                out.put_slice(text.as_deref().unwrap_or_default());
            }
            Value::Struct(None) => out.put_i8(-1),
            Value::Struct(Some(fields)) => {
                if shape.nullable {
                    out.put_i8(1);
                }
                self.put_fields(out, fields);
            }
            Value::Array(elements) => {
                let count = elements.as_ref().map(Vec::len);
                match self.flexible {
                    true => put_varint(out, count.map_or(0, |count| count.saturating_add(1))),
                    false => out.put_i32(count.map_or(-1, |count| i32::try_from(count).unwrap_or(i32::MAX))),
                }
                for element in elements.iter().flatten() {
                    self.put(out, element, Shape { nullable: false });
                }
            }
        }
    }
}

/// What stands in each field of a sample.
#[cfg(feature = "testing")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample<'t> {
    pub(crate) text: &'t str,
    /// Of numbers of 1, 2 and 4 bytes; the others are zero.
    pub(crate) numbers: (i8, i16, i32),
}

#[cfg(feature = "testing")]
impl Codec {
    /// A body of which every array has one element and no tagged field is there.
    pub(crate) fn sample(&self, sample: Sample<'_>) -> Bytes {
        self.write(&self.sample_fields(self.message.fields, sample))
    }

    fn sample_fields(&self, definitions: &'static [Field], sample: Sample<'_>) -> Fields {
        let exists = |field: &&Field| {
            has(field.versions, self.version) && !field.tag.is_some_and(|(_, versions)| has(versions, self.version))
        };
        let fields = definitions.iter().filter(exists).map(|field| {
            let nullable = has(field.nullable, self.version);
            Named { name: field.name, value: self.sample_value(&field.kind, sample), kind: Shape { nullable } }
        });
        Fields { fields: fields.collect(), tags: Vec::new() }
    }

    fn sample_value(&self, kind: &'static Kind, sample: Sample<'_>) -> Value {
        let text = Bytes::copy_from_slice(sample.text.as_bytes());
        match kind {
            Fixed(1) => Value::Raw(Bytes::copy_from_slice(&sample.numbers.0.to_be_bytes())),
            Fixed(2) => Value::Raw(Bytes::copy_from_slice(&sample.numbers.1.to_be_bytes())),
            Fixed(4) => Value::Raw(Bytes::copy_from_slice(&sample.numbers.2.to_be_bytes())),
            Fixed(size) => Value::Raw(vec![0; *size].into()),
            Kind::String => Value::Text(Some(text)),
            Kind::Bytes => Value::Raw(if self.flexible { vec![1].into() } else { vec![0; 4].into() }),
            Struct(fields) => Value::Struct(Some(self.sample_fields(fields, sample))),
            Array(element) => Value::Array(Some(vec![self.sample_value(element, sample)])),
        }
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    body: &'a Bytes,
    codec: &'a Codec,
}

impl Reader<'_> {
    fn fields(&mut self, definitions: &'static [Field]) -> Result<Fields, Fault> {
        let version = self.codec.version;
        let mut fields = Fields::default();
        let is_tagged = |field: &Field| field.tag.is_some_and(|(_, versions)| has(versions, version));
        for field in definitions.iter().filter(|field| has(field.versions, version) && !is_tagged(field)) {
            fields.fields.push(self.field(field)?);
        }
        if !self.codec.flexible {
            return Ok(fields);
        }
        let mut tags = Tags::read(&mut self.cursor)?;
        while let Some((tag, size)) = tags.next(&mut self.cursor)? {
            let known = definitions.iter().find(|field| {
                has(field.versions, version) && is_tagged(field) && field.tag.is_some_and(|(number, _)| number == tag)
            });
            let tagged = match known {
                Some(field) => Tagged::Known(self.field(field)?),
                None => Tagged::Unknown(self.take(size)?),
            };
            fields.tags.push((tag, tagged));
        }
        Ok(fields)
    }

    fn field(&mut self, field: &'static Field) -> Result<Named, Fault> {
        let nullable = has(field.nullable, self.codec.version);
        let value = self.value(&field.kind, nullable)?;
        Ok(Named { name: field.name, value, kind: Shape { nullable } })
    }

    fn value(&mut self, kind: &'static Kind, nullable: bool) -> Result<Value, Fault> {
        match kind {
            Fixed(size) => self.take(*size).map(Value::Raw),
            Kind::String => {
                let length = match self.codec.flexible {
                    true => length_of(self.cursor.varint()?),
                    false => usize::try_from(self.cursor.int16()?).ok(),
                };
                length.map(|length| self.take(length)).transpose().map(Value::Text)
            }
            Kind::Bytes => {
                let before = self.cursor.remaining();
                let length = match self.codec.flexible {
                    true => length_of(self.cursor.varint()?),
                    false => usize::try_from(self.cursor.int32()?).ok(),
                };
                self.cursor.take(length.unwrap_or(0))?;
                Ok(Value::Raw(self.since(before)))
            }
            Struct(_) if nullable && self.cursor.int8()? < 0 => Ok(Value::Struct(None)),
            Struct(fields) => self.fields(fields).map(|fields| Value::Struct(Some(fields))),
            Array(element) => {
                let count = match self.codec.flexible {
                    true => length_of(self.cursor.varint()?),
                    false => usize::try_from(self.cursor.int32()?).ok(),
                };
                let Some(count) = count else { return Ok(Value::Array(None)) };
                // No element is empty.
                if count > self.cursor.remaining() {
                    return Err(Fault::Count(count));
                }
                (0..count)
                    .map(|_| self.value(element, false))
                    .collect::<Result<_, _>>()
                    .map(|all| Value::Array(Some(all)))
            }
        }
    }

    fn take(&mut self, length: usize) -> Result<Bytes, Fault> {
        let before = self.cursor.remaining();
        self.cursor.take(length)?;
        Ok(self.since(before))
    }

    /// What was read since so much remained.
    fn since(&self, before: usize) -> Bytes {
        let end = self.body.len() - self.cursor.remaining();
        self.body.slice(self.body.len() - before..end)
    }
}

impl Fields {
    /// Every field, tagged ones behind the others.
    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut Named> {
        let tagged = self.tags.iter_mut().filter_map(|(_, tagged)| match tagged {
            Tagged::Known(named) => Some(named),
            Tagged::Unknown(_) => None,
        });
        self.fields.iter_mut().chain(tagged)
    }

    /// The same, to be looked at.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Named> {
        let tagged = self.tags.iter().filter_map(|(_, tagged)| match tagged {
            Tagged::Known(named) => Some(named),
            Tagged::Unknown(_) => None,
        });
        self.fields.iter().chain(tagged)
    }
}

/// One more than the length; 0 is null.
fn length_of(encoded: u32) -> Option<usize> {
    usize::try_from(encoded).ok()?.checked_sub(1)
}

fn put_varint(out: &mut BytesMut, value: usize) {
    let mut rest = u32::try_from(value).unwrap_or(u32::MAX);
    while let [low, ..] = rest.to_le_bytes()
        && rest >= 0x80
    {
        out.put_u8(low | 0x80);
        rest >>= 7;
    }
    let [low, ..] = rest.to_le_bytes();
    out.put_u8(low);
}

#[cfg(test)]
mod tests {
    use kafka_protocol::protocol::{Decodable, Encodable, Request};

    use super::*;
    use crate::ApiKey;
    use crate::messages::*;

    fn survives<T: Encodable + Decodable>(direction: Direction, api_key: ApiKey, version: i16, message: &T) {
        let mut bytes = BytesMut::new();
        message.encode(&mut bytes, version).unwrap();
        let bytes = bytes.freeze();
        let codec = Codec::new(direction, api_key, version).unwrap();
        let tree = codec.read(&bytes).unwrap();
        assert_eq!(codec.write(&tree), bytes, "{api_key} {version}");
    }

    fn both<T: Request + Encodable + Decodable>(request: &T, response: &T::Response)
    where
        T::Response: Encodable + Decodable,
    {
        let api_key = ApiKey::try_from(T::KEY).unwrap();
        for version in crate::served_versions(api_key).unwrap() {
            survives(Direction::Request, api_key, version, request);
            survives(Direction::Response, api_key, version, response);
        }
    }

    #[test]
    fn what_is_read_is_written_back() {
        use describe_topic_partitions_request::{Cursor, TopicRequest};
        use fetch_response::{FetchableTopicResponse, NodeEndpoint, PartitionData};
        let records = PartitionData::default().with_records(Some(Bytes::from_static(b"records"))).with_error_code(3);
        let topic = FetchableTopicResponse::default().with_partitions(vec![records.clone(), records]);
        let node = NodeEndpoint::default().with_port(9092);
        let fetched = FetchResponse::default().with_responses(vec![topic]);
        for version in 4..=18 {
            let of_version = match version {
                16.. => fetched.clone().with_node_endpoints(vec![node.clone()]),
                _ => fetched.clone(),
            };
            survives(Direction::Response, ApiKey::Fetch, version, &of_version);
        }
        both(&MetadataRequest::default(), &MetadataResponse::default());
        both(&OffsetCommitRequest::default(), &OffsetCommitResponse::default());
        let cursor = Cursor::default().with_partition_index(1);
        let topics = vec![TopicRequest::default(); 200];
        let request = DescribeTopicPartitionsRequest::default().with_topics(topics);
        both(&request, &DescribeTopicPartitionsResponse::default());
        both(&request.with_cursor(Some(cursor)), &DescribeTopicPartitionsResponse::default());
    }
}
