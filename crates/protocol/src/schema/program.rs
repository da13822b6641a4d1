//! A message at one version as the steps of a walk: fields of fixed size run together, plain structures are laid flat
//! into their parents, and every array knows the least bytes and the memory of an element.

use super::definition::{Array, Bytes, Direction, Field, Fixed, Kind, Message, String, Struct, has};
use crate::addresses::carries_addresses;
use crate::api_key::ApiKey;
use crate::topic_list::is_topic_list;

/// What to read, in order.
#[derive(Debug, Default)]
pub(crate) struct Structure {
    pub(super) steps: Vec<Named>,
}

#[derive(Debug)]
pub(super) struct Named {
    pub(super) step: Step,
    /// The field that the step reads; the first, if it reads several.
    pub(super) field: &'static str,
}

#[derive(Debug)]
pub(super) enum Step {
    /// So many bytes of any value.
    Fixed(usize),
    /// A string with a 16-bit length.
    String(Text),
    CompactString(Text),
    /// Bytes with a 32-bit length.
    Bytes {
        nullable: bool,
    },
    CompactBytes {
        nullable: bool,
    },
    Array {
        nullable: bool,
        element: Box<Element>,
    },
    CompactArray {
        nullable: bool,
        element: Box<Element>,
    },
    /// A byte that is -1 (null) or 1, then the structure.
    NullableStruct(Box<Structure>),
    /// The tagged fields at the end of a flexible structure: number and value of the known ones, or that this version
    /// must not have them.
    Tags(Vec<(u32, Option<Structure>)>),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    pub(super) nullable: bool,
    /// Whether this is the address of a broker.
    pub(super) is_address: bool,
}

#[derive(Debug)]
pub(super) struct Element {
    pub(super) structure: Structure,
    /// The least bytes that one takes on the wire.
    pub(super) least: usize,
    /// Set if every element takes exactly `least` bytes of any value.
    pub(super) is_fixed: bool,
    /// The bytes that one takes in the vector of the decoded message.
    pub(super) memory: usize,
    /// Whether it is noted where each begins ([`crate::topic_list`]).
    pub(super) is_listed: bool,
}

pub(super) fn compile(message: &Message, version: i16) -> Structure {
    let is_response_of = |is: &dyn Fn(ApiKey) -> bool| {
        message.direction == Direction::Response && ApiKey::try_from(message.api_key).is_ok_and(is)
    };
    let compiler = Compiler {
        version,
        flexible: version >= message.flexible,
        has_addresses: is_response_of(&|key| carries_addresses(key, version)),
        lists_topics: is_response_of(&is_topic_list),
    };
    let mut structure = Structure::default();
    compiler.structure(&mut structure, message.fields);
    structure
}

#[derive(Clone, Copy)]
struct Compiler {
    version: i16,
    flexible: bool,
    has_addresses: bool,
    lists_topics: bool,
}

impl Compiler {
    fn structure(&self, into: &mut Structure, fields: &'static [Field]) {
        let mut tagged = Vec::new();
        for field in fields {
            let exists = has(field.versions, self.version);
            match field.tag {
                Some((tag, versions)) if exists && has(versions, self.version) => {
                    let mut value = Structure::default();
                    self.field(&mut value, field);
                    tagged.push((tag, Some(value)));
                    continue;
                }
                Some((tag, _)) => tagged.push((tag, None)),
                None => {}
            }
            if exists {
                self.field(into, field);
            }
        }
        if self.flexible {
            into.push("tagged fields", Step::Tags(tagged));
        }
    }

    fn field(&self, into: &mut Structure, field: &'static Field) {
        self.value(into, field.name, &field.kind, has(field.nullable, self.version));
    }

    fn value(&self, into: &mut Structure, name: &'static str, kind: &'static Kind, nullable: bool) {
        match kind {
            Fixed(size) => match into.steps.last_mut() {
                Some(Named { step: Step::Fixed(before), .. }) => *before += size,
                _ => into.push(name, Step::Fixed(*size)),
            },
            String => {
                let text = Text { nullable, is_address: self.has_addresses && name == "Host" };
                into.push(name, if self.flexible { Step::CompactString(text) } else { Step::String(text) });
            }
            Bytes if self.flexible => into.push(name, Step::CompactBytes { nullable }),
            Bytes => into.push(name, Step::Bytes { nullable }),
            Struct(fields) if nullable => {
                let mut structure = Structure::default();
                self.structure(&mut structure, fields);
                into.push(name, Step::NullableStruct(Box::new(structure)));
            }
            Struct(fields) => self.structure(into, fields),
            Array(kind) => {
                let element = Box::new(self.element(name, kind));
                into.push(
                    name,
                    if self.flexible {
                        Step::CompactArray { nullable, element }
                    } else {
                        Step::Array { nullable, element }
                    },
                );
            }
        }
    }

    fn element(&self, name: &'static str, kind: &'static Kind) -> Element {
        let mut structure = Structure::default();
        self.value(&mut structure, name, kind, false);
        Element {
            least: structure.least(),
            is_fixed: matches!(structure.steps[..], [Named { step: Step::Fixed(_), .. }]),
            memory: memory(kind),
            is_listed: self.lists_topics && name == "Topics",
            structure,
        }
    }
}

impl Structure {
    fn push(&mut self, field: &'static str, step: Step) {
        self.steps.push(Named { step, field });
    }

    /// The least bytes that this takes on the wire.
    fn least(&self) -> usize {
        let least = |named: &Named| match &named.step {
            Step::Fixed(size) => *size,
            Step::String(_) => 2,
            Step::Bytes { .. } | Step::Array { .. } => 4,
            Step::CompactString(_)
            | Step::CompactBytes { .. }
            | Step::CompactArray { .. }
            | Step::NullableStruct(_)
            | Step::Tags(_) => 1,
        };
        self.steps.iter().map(least).sum()
    }
}

/// The size of the type in `kafka-protocol`: its structures have the fields of all versions, and a map for unknown
/// tagged fields.
fn memory(kind: &Kind) -> usize {
    const POINTERS: usize = size_of::<[usize; 3]>();
    match kind {
        Fixed(size) => *size,
        String | Bytes => size_of::<bytes::Bytes>(),
        Array(_) => POINTERS,
        Struct(fields) => {
            let sizes = fields.iter().map(|field| {
                let is_optional = matches!(field.kind, Struct(_)) && field.nullable.0 <= field.nullable.1;
                memory(&field.kind) + if is_optional { 8 } else { 0 }
            });
            (sizes.sum::<usize>() + POINTERS).next_multiple_of(8)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages;
    use crate::schema::table::MESSAGES;

    fn elements<'a>(structure: &'a Structure, found: &mut Vec<&'a Element>) {
        for named in &structure.steps {
            match &named.step {
                Step::Array { element, .. } | Step::CompactArray { element, .. } => {
                    found.push(element);
                    elements(&element.structure, found);
                }
                Step::NullableStruct(inner) => elements(inner, found),
                Step::Tags(tags) => {
                    tags.iter().filter_map(|(_, inner)| inner.as_ref()).for_each(|inner| elements(inner, found))
                }
                _ => {}
            }
        }
    }

    #[test]
    fn every_element_takes_at_least_one_byte_so_that_bytes_bound_counts() {
        for message in MESSAGES {
            for version in message.first..=message.last {
                let program = compile(message, version);
                let mut found = Vec::new();
                elements(&program, &mut found);
                assert!(found.iter().all(|element| element.least > 0), "{} {version}", message.api_key);
            }
        }
    }

    #[test]
    fn memory_is_what_the_decoder_takes() {
        fn of(key: ApiKey, direction: Direction, path: &[&str]) -> usize {
            let message = MESSAGES
                .iter()
                .find(|message| message.api_key == key.code() && message.direction == direction)
                .unwrap();
            let mut fields = message.fields;
            let mut kind = None;
            for name in path {
                let field = fields.iter().find(|field| field.name == *name).unwrap();
                kind = Some(&field.kind);
                fields = field.fields();
            }
            let Some(Array(element)) = kind else { panic!("{path:?} is no array") };
            memory(element)
        }
        use Direction::{Request, Response};
        use messages::streams_group_heartbeat_request;
        use messages::{fetch_request, fetch_response, metadata_request, metadata_response, produce_request};
        let metadata = size_of::<metadata_request::MetadataRequestTopic>();
        assert_eq!(of(ApiKey::Metadata, Request, &["Topics"]), metadata);
        let partition = size_of::<metadata_response::MetadataResponsePartition>();
        assert_eq!(of(ApiKey::Metadata, Response, &["Topics", "Partitions"]), partition);
        let produce = size_of::<produce_request::PartitionProduceData>();
        assert_eq!(of(ApiKey::Produce, Request, &["TopicData", "PartitionData"]), produce);
        let fetch = size_of::<fetch_request::FetchTopic>();
        assert_eq!(of(ApiKey::Fetch, Request, &["Topics"]), fetch);
        let fetched = size_of::<fetch_response::PartitionData>();
        assert!((fetched..=fetched + 24).contains(&of(ApiKey::Fetch, Response, &["Responses", "Partitions"])));
        assert_eq!(of(ApiKey::DeleteGroups, Request, &["GroupsNames"]), size_of::<messages::GroupId>());
        let tasks = size_of::<streams_group_heartbeat_request::TaskIds>();
        assert_eq!(of(ApiKey::StreamsGroupHeartbeat, Request, &["ActiveTasks"]), tasks);
    }
}
