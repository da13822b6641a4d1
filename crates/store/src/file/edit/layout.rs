//! Where the entries of `acls` stand in the text, by lines.

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};

use crate::problem::Mark;

/// How `acls` is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// No such key; the column where the keys of the document stand.
    Absent { column: usize },
    /// `acls: []`
    Empty { key: Key, brackets: (Mark, Mark) },
    /// One entry below the other, each behind a dash.
    Block { key: Key, dash_column: usize, items: Vec<Item> },
}

/// The key `acls`: its place, and where the text of it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) column: usize,
    pub(super) end: Mark,
}

/// The lines of an entry, from its dash to the last of what it says. All counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) first_line: usize,
    pub(super) last_line: usize,
    /// Where comments in it start.
    pub(super) comments: Vec<Mark>,
}

/// A way of writing that is not taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) line: usize,
    pub(super) what: &'static str,
}

/// The text has been parsed before: it is one document, without anchors and tags.
pub(super) fn layout(text: &str) -> Result<Layout, Unreadable> {
    Events::new(text).layout(text)
}

struct Events<'t> {
    parser: Parser<'t, serde_saphyr::granit_parser::StrInput<'t>>,
    /// All that were met.
    comments: Vec<Mark>,
}

impl<'t> Events<'t> {
    fn new(text: &'t str) -> Events<'t> {
        Events { parser: Parser::new_from_str(text), comments: Vec::new() }
    }

    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        loop {
            match self.parser.next_event()?.ok()? {
                (Event::Comment(..), span) => self.comments.push(start(&span)),
                (Event::StreamStart | Event::DocumentStart(..), _) => {}
                other => return Some(other),
            }
        }
    }

    fn layout(mut self, text: &str) -> Result<Layout, Unreadable> {
        let unreadable = |line, what| Err(Unreadable { line, what });
        let column = match self.next() {
            Some((Event::MappingStart(StructureStyle::Block, ..), span)) => start(&span).column,
            _ => return unreadable(1, "the document is written in `{ … }`"),
        };
        loop {
            let Some((Event::Scalar(name, ..), span)) = self.next() else { return Ok(Layout::Absent { column }) };
            if name != "acls" {
                let Some((event, span)) = self.next() else { return Ok(Layout::Absent { column }) };
                self.skip(&event, &span);
                continue;
            }
            let key = Key { column: start(&span).column, end: end(&span) };
            return match self.next() {
                Some((Event::SequenceStart(StructureStyle::Block, ..), _)) => {
                    let (dash_column, items) = self.items(text, key)?;
                    Ok(Layout::Block { key, dash_column, items })
                }
                Some((Event::SequenceStart(StructureStyle::Flow, ..), open)) => match self.next() {
                    Some((Event::SequenceEnd, close)) => {
                        Ok(Layout::Empty { key, brackets: (start(&open), end(&close)) })
                    }
                    _ => unreadable(
                        start(&open).line,
                        "`acls` is written in `[ … ]`: write the entries one below the other",
                    ),
                },
                _ => unreadable(key.end.line, "`acls` is no list"),
            };
        }
    }

    fn items(&mut self, text: &str, key: Key) -> Result<(usize, Vec<Item>), Unreadable> {
        let lines: Vec<&str> = text.lines().collect();
        let mut items: Vec<Item> = Vec::new();
        let mut dash_column = None;
        while let Some((event, span)) = self.next() {
            if event == Event::SequenceEnd {
                break;
            }
            let begins = start(&span).line;
            let previous = items.last().map_or(key.end.line, |item| item.last_line);
            let first_line = match dash(&lines, begins, previous) {
                Some((line, column)) if *dash_column.get_or_insert(column) == column => line,
                _ => return Err(Unreadable { line: begins, what: "the dash of this entry was not found" }),
            };
            let last_line = self
                .skip(&event, &span)
                .ok_or(Unreadable { line: begins, what: "this entry has a text of several lines (`|` or `>`)" })?;
            items.push(Item { first_line, last_line, comments: Vec::new() });
        }
        while self.next().is_some() {}
        for mark in std::mem::take(&mut self.comments) {
            let is_around = |item: &&mut Item| (item.first_line..=item.last_line).contains(&mark.line);
            if let Some(item) = items.iter_mut().find(is_around) {
                item.comments.push(mark);
            }
        }
        Ok((dash_column.unwrap_or(key.column + 2), items))
    }

    /// Goes to the end of the node that starts with `event`: its last line, if that can be told.
    fn skip(&mut self, event: &Event<'t>, span: &Span) -> Option<usize> {
        let mut last_line = None;
        let mut depth = 0_usize;
        let mut flow = Vec::new();
        let mut is_plain = true;
        let mut see = |event: &Event<'t>, span: &Span| {
            match event {
                Event::MappingStart(style, ..) | Event::SequenceStart(style, ..) => {
                    depth += 1;
                    flow.push(*style == StructureStyle::Flow);
                    last_line = last_line.max(Some(start(span).line));
                }
                Event::MappingEnd | Event::SequenceEnd => {
                    depth = depth.saturating_sub(1);
                    // A block ends where the next thing starts.
                    if flow.pop() == Some(true) {
                        last_line = last_line.max(Some(end(span).line));
                    }
                }
                Event::Scalar(text, style, ..) => {
                    is_plain &= !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                    // An empty one is where the next thing starts.
                    if !(text.is_empty() && *style == ScalarStyle::Plain) {
                        last_line = last_line.max(Some(end(span).line));
                    }
                }
                _ => {}
            }
            depth == 0
        };
        if !see(event, span) {
            while let Some((event, span)) = self.next() {
                if see(&event, &span) {
                    break;
                }
            }
        }
        last_line.filter(|_| is_plain)
    }
}

/// Line and column of the dash of an entry: in the line where the entry begins, or before it with nothing but comments
/// between.
fn dash(lines: &[&str], begins: usize, previous: usize) -> Option<(usize, usize)> {
    (previous + 1..=begins).rev().find_map(|line| {
        let text = lines.get(line - 1)?;
        let rest = text.trim_start_matches(' ');
        let is_dash = rest.strip_prefix('-').is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        is_dash.then_some((line, text.len() - rest.len() + 1))
    })
}

fn start(span: &Span) -> Mark {
    Mark { line: span.start.line(), column: span.start.col() + 1 }
}

fn end(span: &Span) -> Mark {
    Mark { line: span.end.line(), column: span.end.col() + 1 }
}
