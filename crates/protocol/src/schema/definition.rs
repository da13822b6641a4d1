//! The vocabulary of the table: a message as Kafka's JSON definitions say it, as far as the bytes go.
//!
//! Versions are first and last, both included; an open end is [`MAX`].

pub(super) use Kind::{Array, Bytes, Fixed, String, Struct};

pub(super) const MAX: i16 = i16::MAX;
/// As the first flexible version: no version is flexible.
pub(super) const NEVER: i16 = i16::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Response,
}

#[derive(Debug)]
pub(super) struct Message {
    pub(super) api_key: i16,
    pub(super) direction: Direction,
    pub(super) first: i16,
    pub(super) last: i16,
    /// From this version on lengths are compact and every structure ends with tagged fields (KIP-482).
    pub(super) flexible: i16,
    pub(super) fields: &'static [Field],
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) versions: (i16, i16),
    pub(super) nullable: (i16, i16),
    pub(super) tag: Option<(u32, (i16, i16))>,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// Numbers, booleans and uuids: so many bytes.
    Fixed(usize),
    String,
    /// Bytes and records.
    Bytes,
    Struct(&'static [Field]),
    Array(&'static Kind),
}

const NO_VERSIONS: (i16, i16) = (0, -1);

pub(super) const fn request(key: i16, first: i16, last: i16, flexible: i16, fields: &'static [Field]) -> Message {
    Message { api_key: key, direction: Direction::Request, first, last, flexible, fields }
}

pub(super) const fn response(key: i16, first: i16, last: i16, flexible: i16, fields: &'static [Field]) -> Message {
    Message { api_key: key, direction: Direction::Response, first, last, flexible, fields }
}

pub(super) const fn field(name: &'static str, kind: Kind, first: i16, last: i16) -> Field {
    Field { name, kind, versions: (first, last), nullable: NO_VERSIONS, tag: None }
}

impl Field {
    pub(super) const fn nullable(mut self, first: i16, last: i16) -> Field {
        self.nullable = (first, last);
        self
    }

    pub(super) const fn tagged(mut self, tag: u32, first: i16, last: i16) -> Field {
        self.tag = Some((tag, (first, last)));
        self
    }

    /// The fields of the structure that this field, or each of its elements, is.
    #[cfg(test)]
    pub(super) fn fields(&self) -> &'static [Field] {
        let mut kind = &self.kind;
        while let Array(element) = kind {
            kind = element;
        }
        if let Struct(fields) = kind { fields } else { &[] }
    }
}

pub(super) fn has(versions: (i16, i16), version: i16) -> bool {
    (versions.0..=versions.1).contains(&version)
}
