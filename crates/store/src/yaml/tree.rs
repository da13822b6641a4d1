//! A YAML document as a tree in which every key and value knows its place.
//!
//! Deliberately less than YAML: one document, no anchors and aliases, no tags, keys are words and occur once. What is left
//! reads the same for every person and every parser.

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError};

use crate::problem::Mark;

/// Nested deeper than any file of ours has a reason to be.
const MAX_DEPTH: usize = 32;

/// A value and where it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub mark: Mark,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// The text as it was written: `010` is three characters, not eight.
    Scalar {
        text: String,
        plain: bool,
    },
    Sequence(Vec<Node>),
    Mapping(Vec<(Key, Node)>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub mark: Mark,
    pub name: String,
}

/// Why there is no tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoTree {
    pub mark: Mark,
    pub message: String,
}

/// Reads one document. An empty one is an error: it is what a truncated write leaves behind.
pub fn parse(text: &str) -> Result<Node, NoTree> {
    let mut events = Events { parser: Parser::new_from_str(text) };
    loop {
        match events.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd | Event::DocumentEnd, _) => return Err(empty()),
            (event, mark) => {
                let root = events.node(event, mark, 0)?;
                events.end()?;
                return match root.value {
                    Value::Null => Err(empty()),
                    Value::Scalar { .. } | Value::Sequence(_) | Value::Mapping(_) => Ok(root),
                };
            }
        }
    }
}

/// Reads all documents of a stream, as Kubernetes has them: separated by `---`, empty ones left out.
pub fn parse_all(text: &str) -> Result<Vec<Node>, NoTree> {
    let mut events = Events { parser: Parser::new_from_str(text) };
    let mut documents = Vec::new();
    loop {
        match events.next()? {
            (Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd, _) => {}
            (Event::StreamEnd, _) => return Ok(documents),
            (event, mark) => {
                let root = events.node(event, mark, 0)?;
                if root.value != Value::Null {
                    documents.push(root);
                }
            }
        }
    }
}

fn empty() -> NoTree {
    NoTree { mark: Mark::WHOLE_FILE, message: "the file is empty, expected keys and values".to_owned() }
}

struct Events<'input> {
    parser: Parser<'input, serde_saphyr::granit_parser::StrInput<'input>>,
}

impl<'input> Events<'input> {
    fn next(&mut self) -> Result<(Event<'input>, Mark), NoTree> {
        loop {
            match self.parser.next_event() {
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok((event, span))) => return Ok((event, mark(span.start.line(), span.start.col()))),
                Some(Err(error)) => return Err(no_yaml(&error)),
                None => return Ok((Event::StreamEnd, Mark::WHOLE_FILE)),
            }
        }
    }

    /// The node that starts with `event`.
    fn node(&mut self, event: Event<'input>, mark: Mark, depth: usize) -> Result<Node, NoTree> {
        if depth > MAX_DEPTH {
            return Err(NoTree { mark, message: format!("nested more than {MAX_DEPTH} deep") });
        }
        let value = match event {
            Event::Scalar(text, style, anchor, tag) => {
                plain_words_only(mark, anchor, tag.is_some())?;
                scalar(text.into_owned(), style == ScalarStyle::Plain)
            }
            Event::SequenceStart(_, anchor, tag) => {
                plain_words_only(mark, anchor, tag.is_some())?;
                self.sequence(depth)?
            }
            Event::MappingStart(_, anchor, tag) => {
                plain_words_only(mark, anchor, tag.is_some())?;
                self.mapping(depth)?
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let message = "expected a value, found an alias: write the value out, or quote `\"*\"`";
                return Err(NoTree { mark, message: message.to_owned() });
            }
            _ => return Err(NoTree { mark, message: "expected a value".to_owned() }),
        };
        Ok(Node { mark, value })
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, NoTree> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::Sequence(items)),
                (event, mark) => items.push(self.node(event, mark, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, NoTree> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut seen = std::collections::HashMap::new();
        loop {
            let (event, mark) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Value::Mapping(entries));
            }
            let key = key(self.node(event, mark, depth + 1)?)?;
            if let Some(first) = seen.insert(key.name.clone(), key.mark.line) {
                let message = format!("the key `{}` is here twice, first in line {first}", key.name);
                return Err(NoTree { mark, message });
            }
            let (event, mark) = self.next()?;
            let value = self.node(event, mark, depth + 1)?;
            entries.push((key, value));
        }
    }

    /// Nothing may follow the document.
    fn end(&mut self) -> Result<(), NoTree> {
        loop {
            match self.next()? {
                (Event::DocumentEnd, _) => {}
                (Event::StreamEnd, _) => return Ok(()),
                (_, mark) => {
                    return Err(NoTree { mark, message: "a second document starts here, expected one".to_owned() });
                }
            }
        }
    }
}

fn key(node: Node) -> Result<Key, NoTree> {
    match node.value {
        Value::Scalar { text, .. } => Ok(Key { mark: node.mark, name: text }),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => {
            Err(NoTree { mark: node.mark, message: "expected a word as key".to_owned() })
        }
    }
}

fn scalar(text: String, plain: bool) -> Value {
    match plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
        true => Value::Null,
        false => Value::Scalar { text, plain },
    }
}

fn plain_words_only(mark: Mark, anchor: usize, tagged: bool) -> Result<(), NoTree> {
    match (anchor, tagged) {
        (0, false) => Ok(()),
        (0, true) => Err(NoTree { mark, message: "tags (`!…`) are not read here: quote the value".to_owned() }),
        _ => Err(NoTree { mark, message: "anchors (`&…`) are not read here: write each value out".to_owned() }),
    }
}

fn no_yaml(error: &ScanError) -> NoTree {
    let mark = mark(error.marker().line(), error.marker().col());
    let reason = error.kind().to_string();
    // The usual cause: `topic: *`.
    let advice = if reason.contains("alias") { "; if an asterisk is meant, quote it: `\"*\"`" } else { "" };
    NoTree { mark, message: format!("this is not YAML: {reason}{advice}") }
}

fn mark(line: usize, column: usize) -> Mark {
    Mark { line, column: column + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (usize, usize, String) {
        let error = parse(text).expect_err("it is refused");
        (error.mark.line, error.mark.column, error.message)
    }

    #[test]
    fn every_key_and_value_knows_its_place() {
        let tree = parse("# a comment\nname: orders\nports: [9092, 0x10]\nempty:\n").expect("a tree");
        let scalar = |line, column, text: &str| Node {
            mark: Mark { line, column },
            value: Value::Scalar { text: text.to_owned(), plain: true },
        };
        let key = |line, name: &str| Key { mark: Mark { line, column: 1 }, name: name.to_owned() };
        let Value::Mapping(entries) = tree.value else { panic!("a mapping") };
        assert_eq!(entries[0], (key(2, "name"), scalar(2, 7, "orders")));
        assert_eq!(entries[1].1.value, Value::Sequence(vec![scalar(3, 9, "9092"), scalar(3, 15, "0x10")]));
        assert_eq!((&entries[2].0, &entries[2].1.value), (&key(4, "empty"), &Value::Null));
    }

    #[test]
    fn numbers_and_booleans_stay_what_was_written() {
        for text in ["010", "1e3", "yes", "0x10", "1_000", "TRUE"] {
            let tree = parse(&format!("[{text}]")).expect("a tree");
            let Value::Sequence(items) = tree.value else { panic!("a list") };
            assert_eq!(items[0].value, Value::Scalar { text: text.to_owned(), plain: true });
        }
    }

    #[test]
    fn what_is_not_plain_yaml_is_refused_with_its_place() {
        for (text, line, column, message) in [
            ("", 0, 0, "the file is empty, expected keys and values"),
            ("# only a comment\n", 0, 0, "the file is empty, expected keys and values"),
            ("---\n", 0, 0, "the file is empty, expected keys and values"),
            ("a: 1\nb: 2\na: 3\n", 3, 1, "the key `a` is here twice, first in line 1"),
            ("a: &x 1\n", 1, 7, "anchors (`&…`) are not read here: write each value out"),
            ("a: !!str 1\n", 1, 10, "tags (`!…`) are not read here: quote the value"),
            ("a: 1\n---\nb: 1\n", 2, 1, "a second document starts here, expected one"),
            ("[a]: 1\n", 1, 1, "expected a word as key"),
        ] {
            assert_eq!(refused(text), (line, column, message.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_stream_has_any_number_of_documents() {
        let documents = |text| parse_all(text).expect("a stream").len();
        assert_eq!(["", "---\n", "a: 1\n", "---\na: 1\n---\n# nothing\n---\nb: 2\n...\n"].map(documents), [0, 0, 1, 2]);
        assert!(parse_all("a: 1\n---\n[\n").is_err());
    }

    #[test]
    fn a_broken_line_is_named() {
        let (line, _, message) = refused("a: 1\nb: [1, 2\nc: 3\n");
        assert!(message.starts_with("this is not YAML: "), "{message}");
        assert!(line >= 2, "{line}");
        let (line, _, message) = refused("acls:\n  - { topic: * }\n");
        assert_eq!(line, 2, "{message}");
    }

    #[test]
    fn deep_nesting_is_refused_before_the_stack_ends() {
        let (_, _, message) = refused(&"[".repeat(100_000));
        assert!(message.contains("deep") || message.contains("not YAML"), "{message}");
    }
}
