//! A mapping, taken apart key by key: what nobody has asked for in the end is an error.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::reading::{Reading, Text};
use super::reference::Secret;
use super::tree::{Key, Node, Value};
use super::words::{closest, list};
use crate::problem::Mark;

/// A mapping being read.
#[derive(Debug)]
pub struct Fields<'t> {
    path: String,
    mark: Mark,
    rest: Vec<(&'t Key, &'t Node)>,
    /// What has been asked for, for "did you mean".
    known: Vec<&'static str>,
}

impl<'t> Fields<'t> {
    /// The document as a mapping.
    pub fn of_document(reading: &mut Reading, tree: &'t Node) -> Option<Fields<'t>> {
        Field { path: String::new(), mark: tree.mark, node: tree }.fields(reading)
    }

    /// Where the mapping starts.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value of a key, if it is there.
    pub fn optional(&mut self, name: &'static str) -> Option<Field<'t>> {
        self.known.push(name);
        let at = self.rest.iter().position(|(key, _)| key.name == name)?;
        let (key, node) = self.rest.remove(at);
        Some(Field::new(self.path_of(&key.name), key, node))
    }

    /// The value of a key that must be there.
    pub fn required(&mut self, reading: &mut Reading, name: &'static str, expected: &str) -> Option<Field<'t>> {
        let field = self.optional(name);
        if field.is_none() {
            reading.error(self.mark, &self.path_of(name), format!("is missing, expected {expected}"));
        }
        field
    }

    /// Whether a key is there, without taking it.
    pub fn has(&self, name: &str) -> bool {
        self.rest.iter().any(|(key, _)| key.name == name)
    }

    /// All that is left, for mappings whose keys are names of their author's choice.
    pub fn rest(&mut self) -> Vec<(&'t Key, Field<'t>)> {
        let rest = std::mem::take(&mut self.rest);
        rest.into_iter().map(|(key, node)| (key, Field::new(self.path_of(&key.name), key, node))).collect()
    }

    /// Keys that are planned: each that is there is an error that says so.
    pub fn not_built_yet(&mut self, reading: &mut Reading, names: &[&'static str]) {
        for name in names {
            if let Some(field) = self.optional(name) {
                field.error(reading, "is not built yet: remove it");
            }
            self.known.pop();
        }
    }

    /// Says of every key that nobody asked for that it is unknown.
    pub fn finish(self, reading: &mut Reading) {
        for (key, _) in &self.rest {
            let expected = match closest(&key.name, &self.known) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("expected one of {}", list(&self.known)),
            };
            reading.error(key.mark, &self.path_of(&key.name), format!("unknown key, {expected}"));
        }
    }

    fn path_of(&self, name: &str) -> String {
        match self.path.is_empty() {
            true => name.to_owned(),
            false => format!("{}.{name}", self.path),
        }
    }
}

/// A value being read, with the path of keys that leads to it.
#[derive(Debug, Clone)]
pub struct Field<'t> {
    path: String,
    mark: Mark,
    node: &'t Node,
}

impl<'t> Field<'t> {
    fn new(path: String, key: &'t Key, node: &'t Node) -> Field<'t> {
        // A value that is not there has no place of its own worth showing.
        let mark = if node.value == Value::Null { key.mark } else { node.mark };
        Field { path, mark, node }
    }

    pub fn mark(&self) -> Mark {
        self.mark
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn value(&self) -> &'t Value {
        &self.node.value
    }

    pub fn error(&self, reading: &mut Reading, message: impl Into<String>) {
        reading.error(self.mark, &self.path, message);
    }

    pub fn warning(&self, reading: &mut Reading, message: impl Into<String>) {
        reading.warning(self.mark, &self.path, message);
    }

    /// A text that is not empty.
    pub fn text(&self, reading: &mut Reading, expected: &str) -> Option<Text> {
        let text = self.text_or_empty(reading, expected)?;
        if text.as_str().is_empty() {
            self.error(reading, format!("is empty, expected {expected}"));
            return None;
        }
        Some(text)
    }

    /// A text for which the empty one has a meaning.
    pub fn text_or_empty(&self, reading: &mut Reading, expected: &str) -> Option<Text> {
        match self.written(reading, expected) {
            Some(text) => reading.expand(self.mark, &self.path, text, false),
            None => None,
        }
    }

    /// A value that is never shown, and whose file only we may read.
    pub fn secret(&self, reading: &mut Reading) -> Option<Secret> {
        let expected = "a secret, best as `${file:…}` or `${env:…}`";
        let text = self.written(reading, expected)?;
        let text = reading.expand(self.mark, &self.path, text, true)?;
        if text.as_str().is_empty() {
            self.error(reading, "is empty, expected a secret");
            return None;
        }
        if text.is_written_out() && crate::permissions::secret_is_open_to_others(reading.file()).is_err() {
            let advice =
                "is a secret in a file that others can read: use `${file:…}` or `${env:…}`, or `chmod 600` the file";
            self.warning(reading, advice);
        }
        Some(text.into_secret())
    }

    fn written(&self, reading: &mut Reading, expected: &str) -> Option<&'t str> {
        match &self.node.value {
            Value::Scalar { text, .. } => Some(text),
            Value::Null => {
                self.error(reading, format!("has no value, expected {expected}"));
                None
            }
            Value::Sequence(_) => {
                self.error(reading, format!("is a list, expected {expected}"));
                None
            }
            Value::Mapping(_) => {
                self.error(reading, format!("is a mapping, expected {expected}"));
                None
            }
        }
    }

    /// `true` or `false`, nothing else: `yes` means yes to some readers of YAML only.
    pub fn boolean(&self, reading: &mut Reading) -> Option<bool> {
        self.one_of(reading, &[("true", true), ("false", false)])
    }

    /// One of a few words.
    pub fn one_of<T: Copy>(&self, reading: &mut Reading, words: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let text = self.text(reading, &list(&names))?;
        let found = words.iter().find(|(name, _)| *name == text.as_str());
        if found.is_none() {
            self.error(reading, format!("{} is not known, expected {}", text.shown(), list(&names)));
        }
        found.map(|(_, value)| *value)
    }

    /// A whole number in decimals.
    pub fn whole_number<T>(&self, reading: &mut Reading, range: RangeInclusive<T>) -> Option<T>
    where
        T: FromStr + PartialOrd + Display,
    {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.parsed(reading, &expected, |text| text.parse().ok().filter(|number| range.contains(number)))
    }

    /// A text that `parse` understands.
    pub fn parsed<T>(&self, reading: &mut Reading, expected: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.text(reading, expected)?;
        let value = parse(text.as_str());
        if value.is_none() {
            self.error(reading, format!("{} is not understood, expected {expected}", text.shown()));
        }
        value
    }

    /// Words: a list, or one text separated by commas as in Kafka.
    pub fn words(&self, reading: &mut Reading, expected: &str) -> Vec<Text> {
        if let Value::Sequence(_) = self.node.value {
            let items = self.items(reading, expected).unwrap_or_default();
            return items.iter().filter_map(|item| item.text(reading, expected)).collect();
        }
        let Some(text) = self.text(reading, expected) else { return Vec::new() };
        text.as_str().split(',').map(str::trim).filter(|word| !word.is_empty()).map(|word| text.part(word)).collect()
    }

    /// The items of a list.
    pub fn items(&self, reading: &mut Reading, expected: &str) -> Option<Vec<Field<'t>>> {
        let Value::Sequence(items) = &self.node.value else {
            self.error(reading, format!("{}, expected a list of {expected}", self.kind()));
            return None;
        };
        let field = |(index, node)| -> Field<'t> {
            let node: &'t Node = node;
            Field { path: format!("{}[{index}]", self.path), mark: node.mark, node }
        };
        Some(items.iter().enumerate().map(field).collect())
    }

    /// A mapping.
    pub fn fields(&self, reading: &mut Reading) -> Option<Fields<'t>> {
        let Value::Mapping(entries) = &self.node.value else {
            self.error(reading, format!("{}, expected keys and values", self.kind()));
            return None;
        };
        let rest = entries.iter().map(|(key, node)| (key, node)).collect();
        Some(Fields { path: self.path.clone(), mark: self.mark, rest, known: Vec::new() })
    }

    fn kind(&self) -> &'static str {
        match self.node.value {
            Value::Null => "has no value",
            Value::Scalar { .. } => "is a single value",
            Value::Sequence(_) => "is a list",
            Value::Mapping(_) => "is a mapping",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::yaml::FileReferences;

    fn read(text: &str, by: impl FnOnce(&mut Reading, Fields<'_>)) -> Vec<String> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        let directory = file.path().parent().expect("a directory").to_owned();
        let mut reading = Reading::new(file.path(), FileReferences::RelativeTo(directory));
        let tree = reading.tree().expect("a tree");
        let fields = Fields::of_document(&mut reading, &tree).expect("a mapping");
        by(&mut reading, fields);
        let prefix = format!("{}:", file.path().display());
        let problems = reading.into_problems();
        problems.iter().map(|problem| problem.to_string().replace(&prefix, "")).collect()
    }

    #[test]
    fn every_mistake_is_told_at_once_with_its_place() {
        let said = read("port: many\nlisteners:\nverbos: true\ncolour: red\n", |reading, mut fields| {
            let port = fields.optional("port").expect("it is there");
            assert_eq!(port.whole_number(reading, 1..=65535_u16), None);
            let listeners = fields.required(reading, "listeners", "a list").expect("it is there");
            assert!(listeners.items(reading, "listeners").is_none());
            fields.required(reading, "cluster", "a name");
            fields.optional("verbose");
            fields.finish(reading);
        });
        assert_eq!(
            said,
            [
                "1:1: cluster: is missing, expected a name",
                "1:7: port: `many` is not understood, expected a whole number from 1 to 65535",
                "2:1: listeners: has no value, expected a list of listeners",
                "3:1: verbos: unknown key, did you mean `verbose`?",
                "4:1: colour: unknown key, expected one of `port`, `listeners`, `cluster` or `verbose`",
            ]
        );
    }

    #[test]
    fn what_stands_behind_a_reference_is_never_shown() {
        let said = read("port: ${env:PATH}\n", |reading, mut fields| {
            let port = fields.optional("port").expect("it is there");
            assert_eq!(port.whole_number(reading, 1..=65535_u16), None);
        });
        assert_eq!(
            said,
            ["1:7: port: the value of `${env:PATH}` is not understood, expected a whole number from 1 to 65535"]
        );
    }

    #[test]
    fn a_planned_key_says_that_it_is_planned() {
        let said = read("crl: ca.crl\n", |reading, mut fields| {
            fields.not_built_yet(reading, &["crl"]);
            fields.finish(reading);
        });
        assert_eq!(said, ["1:6: crl: is not built yet: remove it"]);
    }

    #[test]
    fn words_are_a_list_or_separated_by_commas() {
        for text in ["words: a, b\n", "words: [a, b]\n", "words:\n  - a\n  - b\n"] {
            let said = read(text, |reading, mut fields| {
                let words = fields.optional("words").expect("it is there").words(reading, "words");
                let words: Vec<&str> = words.iter().map(Text::as_str).collect();
                assert_eq!(words, ["a", "b"]);
            });
            assert_eq!(said, Vec::<String>::new());
        }
    }
}
