//! Java's regular expressions on top of the `regex` crate.
//!
//! Both find the same leftmost match, preferring the first alternative. But the same text may mean different things:
//! in Java `\w`, `\d`, `\s` and `(?i)` know ASCII only, `.` stops at five line ends, and after a match a match of
//! nothing may follow at once. So a pattern is read here by Java's grammar and written anew for `regex`, construct by
//! construct. What is not known to mean the same (look-around, back-references, possessive quantifiers, intersections
//! of classes, …) is refused.
//!
//! `\b` is taken as in Java 19 and later: between ASCII letters, digits, `_` and everything else. (Java 17 also counts
//! other letters.)

use std::collections::HashMap;

use regex::Regex;

use super::char_class;
use super::replacement::{Part, Replacement};

/// Groups may be nested this deep.
const MAX_DEPTH: usize = 50;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct JavaRegex {
    /// For finding anywhere.
    find: Regex,
    /// For matching all of a text.
    whole: Regex,
    groups: Groups,
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
        let mut translator = Translator {
            pattern,
            rest: pattern,
            out: String::new(),
            flags: Flags::default(),
            groups: Groups::default(),
            ends_with_line: false,
            depth: 0,
        };
        translator.alternatives()?;
        if !translator.rest.is_empty() {
            return Err(PatternError::Syntax("unmatched closing `)`".to_owned()));
        }
        let compile = |pattern: &str| Regex::new(pattern).map_err(|error| PatternError::Unsupported(error.to_string()));
        Ok(JavaRegex {
            find: compile(&translator.out)?,
            whole: compile(&format!(r"\A(?:{})\z", translator.out))?,
            groups: translator.groups,
            ends_with_line: translator.ends_with_line,
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

    /// Java's `$` also matches before a line end that ends the text, `regex`'s does not.
    pub(super) fn means_otherwise_on(&self, text: &str) -> bool {
        self.ends_with_line && text.ends_with(is_line_terminator)
    }

    /// Java's `Matcher.matches`.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }

    /// Java's `String.replaceAll`. A match of nothing may follow right after a match, so `.*` matches twice.
    ///
    /// `None` if Java would go on in the middle of a character outside the basic plane.
    pub(super) fn replace_all(&self, text: &str, replacement: &Replacement) -> Option<String> {
        let mut result = String::with_capacity(text.len());
        let mut copied = 0;
        let mut from = Some(0);
        while let Some(start) = from
            && let Some(captures) = self.find.captures_at(text, start)
        {
            let found = captures.get_match();
            result.push_str(text.get(copied..found.start())?);
            for part in replacement.parts() {
                result.push_str(match part {
                    Part::Text(text) => text,
                    Part::Group(group) => captures.get(*group).map_or("", |group| group.as_str()),
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

/// Inline flags; those of Java's that are not here are refused.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    /// `(?i)`, for ASCII letters only
    pub(super) ignore_case: bool,
    /// `(?s)`
    dot_all: bool,
}

/// Whether an expression can match the empty text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nullable {
    Yes,
    No,
}

/// What was read before a quantifier.
enum Item {
    Atom(Nullable),
    /// An anchor or a flag: nothing that could be repeated.
    Nothing,
}

/// Reads Java's grammar from `rest` and writes `regex`'s to `out`.
pub(super) struct Translator<'p> {
    pattern: &'p str,
    pub(super) rest: &'p str,
    pub(super) out: String,
    pub(super) flags: Flags,
    groups: Groups,
    ends_with_line: bool,
    depth: usize,
}

impl Translator<'_> {
    /// `a|b|c`, up to a closing parenthesis or the end.
    fn alternatives(&mut self) -> Result<Nullable, PatternError> {
        let mut nullable = self.sequence()?;
        while self.take('|') {
            self.out.push('|');
            if self.sequence()? == Nullable::Yes {
                nullable = Nullable::Yes;
            }
        }
        Ok(nullable)
    }

    fn sequence(&mut self) -> Result<Nullable, PatternError> {
        let mut nullable = Nullable::Yes;
        while let Some(character) = self.peek().filter(|next| !matches!(next, '|' | ')')) {
            let begin = self.rest;
            self.bump();
            let item = self.item(character)?;
            let quantified = self.rest;
            match item {
                Item::Atom(atom) => {
                    let text = || begin.strip_suffix(quantified).unwrap_or(begin).to_owned();
                    if self.quantifier(atom, text)? == Nullable::No {
                        nullable = Nullable::No;
                    }
                }
                Item::Nothing => self.refuse_quantifier()?,
            }
        }
        Ok(nullable)
    }

    fn item(&mut self, character: char) -> Result<Item, PatternError> {
        match character {
            '^' => self.anchor(r"\A"),
            '$' => {
                self.ends_with_line = true;
                self.anchor(r"\z")
            }
            '.' => {
                self.out.push_str(if self.flags.dot_all { "(?s:.)" } else { r"[^\n\r\x{85}\x{2028}\x{2029}]" });
                Ok(Item::Atom(Nullable::No))
            }
            '[' => {
                char_class::class(self)?;
                Ok(Item::Atom(Nullable::No))
            }
            '(' => self.group(),
            '\\' => self.escape(),
            '*' | '+' | '?' | '{' => Err(PatternError::Syntax(format!("`{character}` has nothing to repeat"))),
            _ => {
                self.literal(character);
                Ok(Item::Atom(Nullable::No))
            }
        }
    }

    fn anchor(&mut self, anchor: &str) -> Result<Item, PatternError> {
        self.out.push_str(anchor);
        Ok(Item::Nothing)
    }

    fn literal(&mut self, character: char) {
        if self.flags.ignore_case && character.is_ascii_alphabetic() {
            let (lower, upper) = (character.to_ascii_lowercase(), character.to_ascii_uppercase());
            self.out.extend(['[', lower, upper, ']']);
        } else {
            self.out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
        }
    }

    /// After a backslash outside of a class.
    fn escape(&mut self) -> Result<Item, PatternError> {
        match self.peek() {
            Some('b') => {
                self.bump();
                self.anchor(r"(?-u:\b)")
            }
            Some('A') => {
                self.bump();
                self.anchor(r"\A")
            }
            Some('z') => {
                self.bump();
                self.anchor(r"\z")
            }
            Some('Z') => {
                self.bump();
                self.ends_with_line = true;
                self.anchor(r"\z")
            }
            _ => {
                match char_class::escape(self)? {
                    char_class::Escape::Character(character) => self.literal(character),
                    char_class::Escape::Class(class) => self.out.push_str(&class),
                }
                Ok(Item::Atom(Nullable::No))
            }
        }
    }

    /// After an opening parenthesis: a group, or flags for the rest of the group around.
    fn group(&mut self) -> Result<Item, PatternError> {
        let outer = self.flags;
        if !self.take('?') {
            self.capturing(None)?;
        } else if self.take(':') {
            self.out.push_str("(?:");
        } else if self.take('<') {
            let name = self.group_name()?;
            self.capturing(Some(name))?;
        } else {
            self.flags()?;
            if self.take(')') {
                return Ok(Item::Nothing);
            }
            self.expect(':')?;
            self.out.push_str("(?:");
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(PatternError::Unsupported(format!("nesting of more than {MAX_DEPTH} groups")));
        }
        let nullable = self.alternatives()?;
        self.depth -= 1;
        self.expect(')')?;
        self.out.push(')');
        self.flags = outer;
        Ok(Item::Atom(nullable))
    }

    /// Names are ours alone: `regex` only gets the number.
    fn capturing(&mut self, name: Option<String>) -> Result<(), PatternError> {
        self.groups.count += 1;
        if let Some(name) = name
            && let Some(_) = self.groups.names.insert(name.clone(), self.groups.count)
        {
            return Err(PatternError::Syntax(format!("group `{name}` is defined twice")));
        }
        self.out.push('(');
        Ok(())
    }

    fn group_name(&mut self) -> Result<String, PatternError> {
        if self.rest.starts_with(['=', '!']) {
            return Err(unsupported("look-behind `(?<=`, `(?<!`"));
        }
        let (name, after) = self.rest.split_once('>').unwrap_or((self.rest, ""));
        let well_formed = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !well_formed {
            return Err(PatternError::Syntax(format!("`{name}` is not a group name")));
        }
        self.rest = after;
        Ok(name.to_owned())
    }

    /// `i`, `s`, `-i` … up to `)` or `:`.
    fn flags(&mut self) -> Result<(), PatternError> {
        let mut on = true;
        loop {
            match self.peek() {
                Some('i') => self.flags.ignore_case = on,
                Some('s') => self.flags.dot_all = on,
                Some('-') if on => on = false,
                Some(')' | ':') => return Ok(()),
                Some('=' | '!') => return Err(unsupported("look-ahead `(?=`, `(?!`")),
                Some('>') => return Err(unsupported("an independent group `(?>`")),
                Some(flag @ ('m' | 'd' | 'u' | 'x' | 'U')) => {
                    return Err(PatternError::Unsupported(format!("the flag `{flag}`")));
                }
                _ => return Err(PatternError::Syntax("unknown construct after `(?`".to_owned())),
            }
            self.bump();
        }
    }

    fn quantifier(&mut self, atom: Nullable, text: impl Fn() -> String) -> Result<Nullable, PatternError> {
        let begin = self.rest;
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => self.counts()?,
            _ => return Ok(atom),
        };
        if !begin.starts_with('{') {
            self.bump();
        }
        if atom == Nullable::Yes && most != Some(1) {
            return Err(PatternError::RepeatsNothing(text()));
        }
        if most.is_some_and(|most| most < least || most == 0) {
            return Err(PatternError::Syntax("a repetition whose most is 0 or below its least".to_owned()));
        }
        self.out.push_str(begin.strip_suffix(self.rest).unwrap_or_default());
        if self.take('?') {
            self.out.push('?');
        } else if self.peek() == Some('+') {
            return Err(unsupported("a possessive quantifier such as `*+`"));
        }
        self.refuse_quantifier()?;
        Ok(if least == 0 { Nullable::Yes } else { atom })
    }

    /// `{2}`, `{2,}` or `{2,3}`.
    fn counts(&mut self) -> Result<(u32, Option<u32>), PatternError> {
        self.bump();
        let least = self.number()?;
        let most = match self.take(',') {
            false => Some(least),
            true if self.peek() == Some('}') => None,
            true => Some(self.number()?),
        };
        self.expect('}')?;
        Ok((least, most))
    }

    fn number(&mut self) -> Result<u32, PatternError> {
        let end = self.rest.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, after) = self.rest.split_at(end);
        self.rest = after;
        digits
            .parse()
            .map_err(|_| PatternError::Syntax("`{` without a count; write `\\{` for the character".to_owned()))
    }

    fn refuse_quantifier(&self) -> Result<(), PatternError> {
        match self.peek() {
            Some(next @ ('*' | '+' | '?' | '{')) => {
                Err(PatternError::Syntax(format!("`{next}` has nothing to repeat")))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let mut rest = self.rest.chars();
        let next = rest.next();
        self.rest = rest.as_str();
        next
    }

    pub(super) fn take(&mut self, character: char) -> bool {
        let taken = self.rest.strip_prefix(character);
        self.rest = taken.unwrap_or(self.rest);
        taken.is_some()
    }

    pub(super) fn expect(&mut self, character: char) -> Result<(), PatternError> {
        if self.take(character) {
            Ok(())
        } else {
            Err(PatternError::Syntax(format!("`{character}` is missing in `{}`", self.pattern)))
        }
    }
}

pub(super) fn unsupported(what: &str) -> PatternError {
    PatternError::Unsupported(what.to_owned())
}
