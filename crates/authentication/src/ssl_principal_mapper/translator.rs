//! From Java's grammar of regular expressions to `regex-syntax`'s, construct by construct.
//!
//! ```text
//! alternatives = sequence *( "|" sequence )
//! sequence     = *( item [ quantifier ] )
//! item         = literal / "." / escape / class / anchor / "(" [ "?:" / "?<name>" / "?flags:" ] alternatives ")" / "(?flags)"
//! quantifier   = ( "*" / "+" / "?" / "{n}" / "{n,}" / "{n,m}" ) [ "?" ]
//! ```
//! Escapes and classes are in `char_class.rs`.

use super::char_class;
use super::java_regex::{Groups, PatternError};

/// Groups may be nested this deep.
const MAX_DEPTH: usize = 50;

/// A pattern for the engine, and what else is to be known of it.
pub(super) struct Translated {
    pub(super) pattern: String,
    pub(super) groups: Groups,
    /// By what number the engine knows a group, group 0 too.
    pub(super) engine_groups: Vec<usize>,
    /// Whether it has a `$` or `\Z`.
    pub(super) ends_with_line: bool,
}

pub(super) fn translate(pattern: &str) -> Result<Translated, PatternError> {
    let mut translator = Translator {
        pattern,
        rest: pattern,
        out: String::new(),
        flags: Flags::default(),
        groups: Groups::default(),
        engine_groups: vec![0],
        last_engine_group: 0,
        ends_with_line: false,
        depth: 0,
    };
    translator.alternatives()?;
    if !translator.rest.is_empty() {
        return Err(PatternError::Syntax("unmatched closing `)`".to_owned()));
    }
    Ok(Translated {
        pattern: translator.out,
        groups: translator.groups,
        engine_groups: translator.engine_groups,
        ends_with_line: translator.ends_with_line,
    })
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

/// Reads Java's grammar from `rest` and writes the engine's to `out`.
pub(super) struct Translator<'p> {
    pattern: &'p str,
    pub(super) rest: &'p str,
    pub(super) out: String,
    pub(super) flags: Flags,
    groups: Groups,
    engine_groups: Vec<usize>,
    last_engine_group: usize,
    ends_with_line: bool,
    depth: usize,
}

impl Translator<'_> {
    /// `a|b|c`, up to a closing parenthesis or the end.
    ///
    /// The second alternative begins with an empty group of ours. Without it `regex-syntax` 0.8 would make `.*(?:b|a)`
    /// of `.*b|.*a`, which prefers another match.
    fn alternatives(&mut self) -> Result<Nullable, PatternError> {
        let mut nullable = self.sequence()?;
        let mut second = true;
        while self.take('|') {
            self.out.push('|');
            if std::mem::take(&mut second) {
                self.out.push_str("()");
                self.last_engine_group += 1;
            }
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
            self.out.push_str(&format!(r"\x{{{:x}}}", u32::from(character)));
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

    /// Names are ours alone: the engine only gets the number.
    fn capturing(&mut self, name: Option<String>) -> Result<(), PatternError> {
        self.groups.count += 1;
        self.last_engine_group += 1;
        self.engine_groups.push(self.last_engine_group);
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
