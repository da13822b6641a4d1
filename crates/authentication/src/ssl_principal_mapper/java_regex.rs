//! Java's regular expressions on top of `regex-automata`.
//!
//! Both find the same leftmost match, preferring the first alternative. But the same text may mean different things:
//! in Java `\w`, `\d`, `\s` and `(?i)` know ASCII only, `.` stops at five line ends, and after a match a match of
//! nothing may follow at once. So a pattern is read by Java's grammar and written anew, construct by construct, in
//! `translator.rs`. What is not known to mean the same (look-around, back-references, possessive quantifiers,
//! intersections of classes, …) is refused.
//!
//! The engine is the plain `PikeVM`: a name of a few hundred bytes is mapped once a connection, and the optimizations
//! of the `regex` crate sometimes change which match is found (rust-lang/regex #1354, #1373).
//!
//! `\b` is taken as in Java 19 and later: between ASCII letters, digits, `_` and everything else. (Java 17 also counts
//! other letters.)

use std::collections::HashMap;

use regex_automata::Input;
use regex_automata::nfa::thompson;
use regex_automata::nfa::thompson::pikevm::PikeVM;

use super::replacement::{Part, Replacement};
use super::translator::translate;

/// A compiled pattern may take this much memory, in bytes.
const SIZE_LIMIT: usize = 10 << 20;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct JavaRegex {
    /// For finding anywhere.
    find: PikeVM,
    /// For matching all of a text.
    whole: PikeVM,
    groups: Groups,
    /// By what number the engine knows a group.
    engine_groups: Vec<usize>,
    ends_with_line: bool,
    anchored: bool,
}

/// The groups of a pattern, without group 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Groups {
    pub(super) count: usize,
    pub(super) names: HashMap<String, usize>,
}

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("{0} is not supported here")]
    Unsupported(String),
    #[error("{0}")]
    Syntax(String),
    #[error("`{0}` repeats something that can match nothing, which java and this program may do differently")]
    RepeatsNothing(String),
}

impl JavaRegex {
    pub(super) fn compile(pattern: &str) -> Result<Self, PatternError> {
        let translated = translate(pattern)?;
        let compile = |pattern: &str| {
            PikeVM::builder()
                .thompson(thompson::Config::new().nfa_size_limit(Some(SIZE_LIMIT)))
                .build(pattern)
                .map_err(|error| PatternError::Unsupported(error.to_string()))
        };
        Ok(JavaRegex {
            find: compile(&translated.pattern)?,
            whole: compile(&format!(r"\A(?:{})\z", translated.pattern))?,
            groups: translated.groups,
            engine_groups: translated.engine_groups,
            ends_with_line: translated.ends_with_line,
            anchored: pattern.starts_with('^') && pattern.ends_with('$') && !pattern.ends_with("\\$"),
        })
    }

    pub(super) fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Whether it begins with `^` and ends with `$`.
    pub(super) fn is_anchored(&self) -> bool {
        self.anchored
    }

    /// Java's `$` also matches before a line end that ends the text, the engine's does not.
    pub(super) fn means_otherwise_on(&self, text: &str) -> bool {
        self.ends_with_line && text.ends_with(is_line_terminator)
    }

    /// Java's `Matcher.matches`.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.whole.is_match(&mut self.whole.create_cache(), text)
    }

    /// Java's `String.replaceAll`. A match of nothing may follow right after a match, so `.*` matches twice.
    ///
    /// `None` if Java would go on in the middle of a character outside the basic plane.
    pub(super) fn replace_all(&self, text: &str, replacement: &Replacement) -> Option<String> {
        let mut cache = self.find.create_cache();
        let mut captures = self.find.create_captures();
        let mut result = String::with_capacity(text.len());
        let mut copied = 0;
        let mut from = Some(0);
        while let Some(start) = from {
            self.find.search(&mut cache, &Input::new(text).range(start..), &mut captures);
            let Some(found) = captures.get_match() else { break };
            result.push_str(text.get(copied..found.start())?);
            for part in replacement.parts() {
                result.push_str(match part {
                    Part::Text(text) => text,
                    Part::Group(group) => {
                        let engine_group = *self.engine_groups.get(*group)?;
                        captures.get_group(engine_group).map_or(Some(""), |span| text.get(span.range()))?
                    }
                });
            }
            copied = found.end();
            from = match text.get(copied..)?.chars().next() {
                _ if !found.is_empty() => Some(copied),
                None => None,
                Some(character) if character.len_utf16() > 1 => return None,
                Some(character) => Some(copied + character.len_utf8()),
            };
        }
        result.push_str(text.get(copied..)?);
        Some(result)
    }
}

/// What ends a line for Java's `.` and `$`.
pub(super) fn is_line_terminator(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
