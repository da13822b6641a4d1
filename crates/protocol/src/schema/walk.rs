//! The walk over the body of a message. Depth is that of the schema (five at most), not of the input; nothing is
//! allocated; the first byte that Java and Rust could read differently ends it.

use super::program::{Element, Step, Structure, Text};
use crate::cursor::{Cursor, Tags};
use crate::guard::{Fault, Limits};

/// A message that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) has_addresses: bool,
    /// Bytes that the elements of all lists take when they are decoded.
    pub(crate) memory: usize,
    /// Where in the body each topic of a list of topics begins, and where the last one ends.
    pub(crate) listed: Vec<u32>,
}

/// Where and why the walk ended early: bytes walked, the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) offset: usize,
    pub(crate) field: &'static str,
    pub(crate) fault: Fault,
}

/// Memory that decoding may take for each byte of input, and on top of that. (64 KiB are promised; the rest is for
/// what is not counted, such as the handle that all slices of a frame share.)
const MEMORY_PER_BYTE: usize = 48;
const MEMORY_ON_TOP: usize = 60 * 1024;

/// `BTreeMap<i32, Bytes>`, filled in ascending order: a first leaf, and leaves half full with their inner nodes.
const MEMORY_OF_UNKNOWN_TAGS: usize = 512;
const MEMORY_OF_UNKNOWN_TAG: usize = 96;

const LONGEST_STRING: usize = i16::MAX as usize;

/// Walks a whole body; `frame_length` is what memory is measured by.
pub(crate) fn walk(
    program: &'static Structure,
    body: &[u8],
    frame_length: usize,
    limits: &Limits,
) -> Result<Seen, Refusal> {
    let memory = frame_length.saturating_mul(MEMORY_PER_BYTE).saturating_add(MEMORY_ON_TOP);
    let mut walk = Walk {
        cursor: Cursor::new(body),
        elements_left: limits.max_elements,
        memory_left: memory,
        has_addresses: false,
        length: body.len(),
        listed: Vec::new(),
        field: "",
    };
    let outcome = walk.structure(program).and_then(|()| match walk.cursor.remaining() {
        0 => Ok(()),
        left => Err(Fault::TrailingBytes(left)),
    });
    match outcome {
        Ok(()) => {
            Ok(Seen { has_addresses: walk.has_addresses, memory: memory - walk.memory_left, listed: walk.listed })
        }
        Err(fault) => Err(Refusal { offset: body.len() - walk.cursor.remaining(), field: walk.field, fault }),
    }
}

struct Walk<'a> {
    cursor: Cursor<'a>,
    elements_left: usize,
    memory_left: usize,
    has_addresses: bool,
    /// Of the body.
    length: usize,
    listed: Vec<u32>,
    /// The innermost field at fault.
    field: &'static str,
}

impl Walk<'_> {
    fn structure(&mut self, structure: &'static Structure) -> Result<(), Fault> {
        for named in &structure.steps {
            if let Err(fault) = self.step(&named.step) {
                if self.field.is_empty() {
                    self.field = named.field;
                }
                return Err(fault);
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn step(&mut self, step: &'static Step) -> Result<(), Fault> {
        match step {
            Step::Fixed(size) => self.cursor.take(*size).map(drop),
            Step::String(text) => {
                let length = length16(self.cursor.int16()?)?;
                self.string(length, *text)
            }
            Step::CompactString(text) => {
                let length = compact_length(self.cursor.varint()?);
                self.string(length, *text)
            }
            Step::Bytes { nullable } => {
                let length = length32(self.cursor.int32()?)?;
                self.bytes(length, *nullable)
            }
            Step::CompactBytes { nullable } => {
                let length = compact_length(self.cursor.varint()?);
                self.bytes(length, *nullable)
            }
            Step::Array { nullable, element } => {
                let count = length32(self.cursor.int32()?)?;
                self.array(count, *nullable, element)
            }
            Step::CompactArray { nullable, element } => {
                let count = compact_length(self.cursor.varint()?);
                self.array(count, *nullable, element)
            }
            Step::NullableStruct(structure) => match self.cursor.int8()? {
                -1 => Ok(()),
                1 => self.structure(structure),
                other => Err(Fault::StructMarker(other)),
            },
            Step::Tags(known) => self.tags(known),
        }
    }

    #[inline(always)]
    fn string(&mut self, length: Option<usize>, text: Text) -> Result<(), Fault> {
        let Some(length) = length else { return null(text.nullable) };
        if length > LONGEST_STRING {
            return Err(Fault::StringLength(length));
        }
        let bytes = self.cursor.take(length)?;
        if std::str::from_utf8(bytes).is_err() {
            return Err(Fault::Utf8);
        }
        self.has_addresses |= text.is_address && length > 0;
        Ok(())
    }

    #[inline(always)]
    fn bytes(&mut self, length: Option<usize>, nullable: bool) -> Result<(), Fault> {
        match length {
            Some(length) => self.cursor.take(length).map(drop),
            None => null(nullable),
        }
    }

    #[inline(always)]
    fn array(&mut self, count: Option<usize>, nullable: bool, element: &'static Element) -> Result<(), Fault> {
        let Some(count) = count else { return null(nullable) };
        let least = count.saturating_mul(element.least);
        if least > self.cursor.remaining() {
            return Err(Fault::Count(count));
        }
        self.spend(count, count.saturating_mul(element.memory))?;
        if element.is_fixed {
            return self.cursor.take(least).map(drop);
        }
        if element.is_listed {
            return self.list(count, element);
        }
        for _ in 0..count {
            self.structure(&element.structure)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn list(&mut self, count: usize, element: &'static Element) -> Result<(), Fault> {
        self.spend(0, count.saturating_add(1).saturating_mul(size_of::<u32>()))?;
        self.listed.reserve_exact(count.saturating_add(1));
        self.note_position();
        for _ in 0..count {
            self.structure(&element.structure)?;
            self.note_position();
        }
        Ok(())
    }

    fn note_position(&mut self) {
        // A frame is never longer than `i32::MAX`.
        self.listed.push(u32::try_from(self.length - self.cursor.remaining()).unwrap_or(u32::MAX));
    }

    #[inline(always)]
    fn tags(&mut self, known: &'static [(u32, Option<Structure>)]) -> Result<(), Fault> {
        let tags = Tags::read(&mut self.cursor)?;
        if tags.left() == 0 { Ok(()) } else { self.some_tags(tags, known) }
    }

    #[inline(never)]
    fn some_tags(&mut self, mut tags: Tags, known: &'static [(u32, Option<Structure>)]) -> Result<(), Fault> {
        self.spend(tags.left(), 0)?;
        let mut unknown = 0;
        while let Some((tag, size)) = tags.next(&mut self.cursor)? {
            let Some((_, value)) = known.iter().find(|(number, _)| *number == tag) else {
                let first = if unknown == 0 { MEMORY_OF_UNKNOWN_TAGS } else { 0 };
                self.spend(0, first + MEMORY_OF_UNKNOWN_TAG)?;
                self.cursor.take(size)?;
                unknown += 1;
                continue;
            };
            let value = value.as_ref().ok_or(Fault::TagVersion(tag))?;
            let before = self.cursor.remaining();
            self.structure(value)?;
            if before - self.cursor.remaining() != size {
                return Err(Fault::TagSize(tag));
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn spend(&mut self, elements: usize, memory: usize) -> Result<(), Fault> {
        self.elements_left = self.elements_left.checked_sub(elements).ok_or(Fault::TooManyElements)?;
        self.memory_left = self.memory_left.checked_sub(memory).ok_or(Fault::TooDense)?;
        Ok(())
    }
}

fn null(allowed: bool) -> Result<(), Fault> {
    if allowed { Ok(()) } else { Err(Fault::Null) }
}

#[inline(always)]
fn length16(length: i16) -> Result<Option<usize>, Fault> {
    length32(length.into())
}

/// -1 is null.
#[inline(always)]
fn length32(length: i32) -> Result<Option<usize>, Fault> {
    match length {
        -1 => Ok(None),
        _ => usize::try_from(length).map(Some).map_err(|_| Fault::NegativeLength),
    }
}

/// One more than the length; 0 is null.
#[inline(always)]
fn compact_length(encoded: u32) -> Option<usize> {
    (encoded as usize).checked_sub(1)
}
