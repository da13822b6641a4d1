//! A definition at one version as an outline: where the fields are that somebody wants to look at or to replace in the raw
//! bytes. Whoever wants fields gives them roles by their path (`["Topics", "Name"]`); all else is passed over.

use std::ops::Range;

use super::definition::{Array, Bytes, Direction, Field, Fixed, Kind, String, Struct, has};
use super::table::MESSAGES;
use crate::api_key::ApiKey;
use crate::cursor::{Cursor, Tags};
use crate::guard::Fault;

/// The fields of a structure, in order.
#[derive(Debug)]
pub(crate) struct Outline<R> {
    flexible: bool,
    steps: Vec<Step<R>>,
}

#[derive(Debug)]
enum Step<R> {
    /// So many bytes that nobody wants.
    Skip(usize),
    Fixed(R, usize),
    String(Option<R>),
    Bytes,
    Array(Option<R>, Outline<R>),
    /// Elements of so many bytes each.
    FixedArray(usize),
    NullableStruct(Outline<R>),
    Tags,
}

/// What is told of a walk, each time with the bytes that it concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event<R> {
    /// A field; a string with its length.
    Field(R),
    /// One element of a list, after what is in it.
    Element(R),
    /// A list with its count, after its elements.
    List(R),
}

/// What is to be done after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Go {
    On,
    /// Enough was seen.
    Home,
}

/// A list whose elements need not be walked: it is known where it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<R> {
    pub(crate) list: R,
    pub(crate) end: usize,
}

impl<R: Copy + PartialEq> Outline<R> {
    /// `None` if Kafka 4.3 does not have the version.
    pub(crate) fn of(
        direction: Direction,
        api_key: ApiKey,
        version: i16,
        role: fn(&[&str]) -> Option<R>,
    ) -> Option<Outline<R>> {
        let mut messages = MESSAGES.iter();
        let message = messages.find(|message| message.api_key == api_key.code() && message.direction == direction)?;
        if !(message.first..=message.last).contains(&version) {
            return None;
        }
        let compiler = Compiler { version, flexible: version >= message.flexible, role };
        Some(compiler.structure(&mut Vec::new(), message.fields))
    }

    /// Whether lengths are compact and structures end with tagged fields.
    pub(crate) fn is_flexible(&self) -> bool {
        self.flexible
    }

    /// The outline of one element of a list.
    pub(crate) fn element_of(&self, list: R) -> Option<&Outline<R>> {
        self.steps.iter().find_map(|step| match step {
            Step::Array(Some(role), element) if *role == list => Some(element),
            _ => None,
        })
    }

    /// Walks the part of bytes that this is the outline of. The bytes have passed the guard.
    #[inline]
    pub(crate) fn walk(
        &self,
        bytes: &[u8],
        span: Range<usize>,
        known: Option<Known<R>>,
        mut told: impl FnMut(Event<R>, Range<usize>) -> Go,
    ) -> Result<(), Fault> {
        let part = bytes.get(..span.end).ok_or(Fault::Truncated)?;
        let mut cursor = Cursor::new(part);
        cursor.take(span.start)?;
        Walk { length: part.len(), cursor, known }.structure(self, &mut told).map(drop)
    }
}

struct Walk<'a, R> {
    length: usize,
    cursor: Cursor<'a>,
    known: Option<Known<R>>,
}

impl<R: Copy + PartialEq> Walk<'_, R> {
    fn position(&self) -> usize {
        self.length - self.cursor.remaining()
    }

    fn structure(
        &mut self,
        outline: &Outline<R>,
        told: &mut impl FnMut(Event<R>, Range<usize>) -> Go,
    ) -> Result<Go, Fault> {
        for step in &outline.steps {
            let start = self.position();
            let field = match step {
                Step::Skip(size) => {
                    self.cursor.take(*size)?;
                    continue;
                }
                Step::Fixed(role, size) => {
                    self.cursor.take(*size)?;
                    Event::Field(*role)
                }
                Step::String(role) => {
                    let length = if outline.flexible { self.compact()? } else { length16(self.cursor.int16()?) };
                    self.cursor.take(length)?;
                    let Some(role) = role else { continue };
                    Event::Field(*role)
                }
                Step::Bytes => {
                    let length = self.length(outline.flexible)?;
                    self.cursor.take(length)?;
                    continue;
                }
                Step::FixedArray(size) => {
                    let count = self.length(outline.flexible)?;
                    self.cursor.take(count.saturating_mul(*size))?;
                    continue;
                }
                Step::Array(role, element) => {
                    if self.array(outline.flexible, *role, element, told)? == Go::Home {
                        return Ok(Go::Home);
                    }
                    let Some(role) = role else { continue };
                    Event::List(*role)
                }
                Step::NullableStruct(structure) => {
                    if self.cursor.int8()? > 0 && self.structure(structure, told)? == Go::Home {
                        return Ok(Go::Home);
                    }
                    continue;
                }
                Step::Tags => {
                    self.tags()?;
                    continue;
                }
            };
            if told(field, start..self.position()) == Go::Home {
                return Ok(Go::Home);
            }
        }
        Ok(Go::On)
    }

    fn array(
        &mut self,
        flexible: bool,
        role: Option<R>,
        element: &Outline<R>,
        told: &mut impl FnMut(Event<R>, Range<usize>) -> Go,
    ) -> Result<Go, Fault> {
        if let Some(known) = self.known.filter(|known| role == Some(known.list)) {
            let left = known.end.checked_sub(self.position()).ok_or(Fault::Truncated)?;
            self.cursor.take(left)?;
            return Ok(Go::On);
        }
        for _ in 0..self.length(flexible)? {
            let start = self.position();
            if self.structure(element, told)? == Go::Home {
                return Ok(Go::Home);
            }
            if let Some(role) = role
                && told(Event::Element(role), start..self.position()) == Go::Home
            {
                return Ok(Go::Home);
            }
        }
        Ok(Go::On)
    }

    /// Of bytes, or a count; null is none.
    fn length(&mut self, flexible: bool) -> Result<usize, Fault> {
        if flexible { self.compact() } else { Ok(usize::try_from(self.cursor.int32()?).unwrap_or(0)) }
    }

    fn compact(&mut self) -> Result<usize, Fault> {
        Ok((self.cursor.varint()? as usize).saturating_sub(1))
    }

    fn tags(&mut self) -> Result<(), Fault> {
        let mut tags = Tags::read(&mut self.cursor)?;
        while let Some((_, size)) = tags.next(&mut self.cursor)? {
            self.cursor.take(size)?;
        }
        Ok(())
    }
}

fn length16(length: i16) -> usize {
    usize::try_from(length).unwrap_or(0)
}

#[derive(Clone, Copy)]
struct Compiler<R> {
    version: i16,
    flexible: bool,
    role: fn(&[&str]) -> Option<R>,
}

impl<R> Compiler<R> {
    fn structure(self, path: &mut Vec<&'static str>, fields: &'static [Field]) -> Outline<R>
    where
        R: Copy,
    {
        let mut steps = Vec::new();
        self.fields(&mut steps, path, fields);
        Outline { flexible: self.flexible, steps }
    }

    fn fields(self, steps: &mut Vec<Step<R>>, path: &mut Vec<&'static str>, fields: &'static [Field])
    where
        R: Copy,
    {
        let is_tagged = |field: &Field| field.tag.is_some_and(|(_, versions)| has(versions, self.version));
        for field in fields.iter().filter(|field| has(field.versions, self.version) && !is_tagged(field)) {
            path.push(field.name);
            self.value(steps, path, &field.kind, has(field.nullable, self.version));
            path.pop();
        }
        if self.flexible {
            steps.push(Step::Tags);
        }
    }

    fn value(self, steps: &mut Vec<Step<R>>, path: &mut Vec<&'static str>, kind: &'static Kind, nullable: bool)
    where
        R: Copy,
    {
        let role = (self.role)(path);
        match (kind, role) {
            (Fixed(size), Some(role)) => steps.push(Step::Fixed(role, *size)),
            (Fixed(size), None) => match steps.last_mut() {
                Some(Step::Skip(before)) => *before += size,
                _ => steps.push(Step::Skip(*size)),
            },
            (String, role) => steps.push(Step::String(role)),
            (Bytes, _) => steps.push(Step::Bytes),
            (Struct(fields), _) if nullable => steps.push(Step::NullableStruct(self.structure(path, fields))),
            (Struct(fields), _) => self.fields(steps, path, fields),
            (Array(Fixed(size)), None) => steps.push(Step::FixedArray(*size)),
            (Array(kind), role) => {
                let mut element = Vec::new();
                match &**kind {
                    Struct(fields) => self.fields(&mut element, path, fields),
                    other => self.value(&mut element, path, other, false),
                }
                steps.push(Step::Array(role, Outline { flexible: self.flexible, steps: element }));
            }
        }
    }
}
