//! From RE2/J's grammar to the engine's, construct by construct.
//!
//! ```text
//! alternatives = sequence *( "|" sequence )
//! sequence     = *( item *1operator / flags )
//! item         = literal / "." / class / escape / anchor / quoted / "(" [ "?P<name>" / "?<name>" / "?flags:" ] alternatives ")"
//! operator     = ( "*" / "+" / "?" / "{n}" / "{n,}" / "{n,m}" ) [ "?" ]
//! ```
//! Only whether a whole name matches is asked, so what is captured, and which match is preferred, does not matter. A name
//! has one line, so neither does `(?m)`.

use std::collections::BTreeSet;

use super::PatternError;
use super::ascii_set::{AsciiSet, perl_class, posix_class, unicode_class};

/// Groups may be nested this deep.
const MAX_DEPTH: usize = 100;

/// A repetition may be counted this far, as in RE2/J.
const MAX_COUNT: u32 = 1000;

const MISSING_PAREN: PatternError = PatternError::Invalid("missing closing )");
const MISSING_BRACKET: PatternError = PatternError::Invalid("missing closing ]");
const MISSING_ARGUMENT: PatternError = PatternError::Invalid("missing argument to repetition operator");
const NESTED_REPETITION: PatternError = PatternError::Invalid("invalid nested repetition operator");
const INVALID_COUNT: PatternError = PatternError::Invalid("invalid repeat count");
const INVALID_RANGE: PatternError = PatternError::Invalid("invalid character class range");
const INVALID_ESCAPE: PatternError = PatternError::Invalid("invalid escape sequence");
const INVALID_GROUP: PatternError = PatternError::Invalid("invalid or unsupported Perl syntax");
const INVALID_NAME: PatternError = PatternError::Invalid("invalid named capture");
const DUPLICATE_NAME: PatternError = PatternError::Invalid("duplicate capture group name");
const TRAILING_BACKSLASH: PatternError = PatternError::Invalid("trailing backslash at end of expression");
/// RE2/J's own words.
const UNEXPECTED_PAREN: PatternError = PatternError::Invalid("regexp/syntax: internal error");

/// The pattern for the engine.
pub(super) fn translate(pattern: &str) -> Result<String, PatternError> {
    let mut parser = Parser { rest: pattern, out: String::new(), flags: Flags::default(), names: BTreeSet::new() };
    parser.alternatives(0)?;
    if parser.rest.is_empty() { Ok(parser.out) } else { Err(UNEXPECTED_PAREN) }
}

#[derive(Clone, Copy, Default)]
struct Flags {
    /// `(?i)`
    fold: bool,
    /// `(?s)`
    dot_all: bool,
}

/// What an operator would repeat: where it begins in the output.
#[derive(Clone, Copy)]
struct Item {
    begin: usize,
    /// It already has an operator of its own.
    is_repeated: bool,
}

struct Parser<'p> {
    rest: &'p str,
    out: String,
    flags: Flags,
    names: BTreeSet<&'p str>,
}

impl<'p> Parser<'p> {
    /// `a|b|c`, up to a closing parenthesis or the end.
    fn alternatives(&mut self, depth: usize) -> Result<(), PatternError> {
        if depth > MAX_DEPTH {
            return Err(PatternError::Unsupported(format!("nesting of more than {MAX_DEPTH} groups")));
        }
        self.sequence(depth)?;
        while self.take("|") {
            self.out.push('|');
            self.sequence(depth)?;
        }
        Ok(())
    }

    fn sequence(&mut self, depth: usize) -> Result<(), PatternError> {
        let mut last: Option<Item> = None;
        let mut after_operator = false;
        while let Some(next) = self.peek().filter(|next| !matches!(next, '|' | ')')) {
            if let Some(operator) = self.operator(next)? {
                self.take("?");
                let item = if after_operator { Err(NESTED_REPETITION) } else { last.ok_or(MISSING_ARGUMENT) }?;
                if item.is_repeated {
                    self.out.insert_str(item.begin, "(?:");
                    self.out.push(')');
                }
                self.out.push_str(&operator);
                last = Some(Item { is_repeated: true, ..item });
                after_operator = true;
                continue;
            }
            // As RE2/J has it: a `{` that counts nothing is a character that no operator may follow.
            after_operator = next == '{';
            let begin = self.out.len();
            if self.rest.starts_with(r"\Q") {
                // What is quoted is many items, of which an operator repeats the last.
                last = self.quoted().or(last);
            } else if self.item(next, depth)? {
                last = Some(Item { begin, is_repeated: false });
            }
        }
        Ok(())
    }

    /// An operator that repeats, if one is next.
    fn operator(&mut self, next: char) -> Result<Option<String>, PatternError> {
        if matches!(next, '*' | '+' | '?') {
            self.bump();
            return Ok(Some(next.to_string()));
        }
        let Some((least, most, after)) = counts(self.rest) else { return Ok(None) };
        let most_allowed = most.unwrap_or(least);
        if least > MAX_COUNT || most_allowed > MAX_COUNT || most_allowed < least {
            return Err(INVALID_COUNT);
        }
        self.rest = after;
        let most = most.map(|most| most.to_string()).unwrap_or_default();
        Ok(Some(format!("{{{least},{most}}}")))
    }

    /// One item. False if it was flags, which are none.
    fn item(&mut self, next: char, depth: usize) -> Result<bool, PatternError> {
        if next == '(' {
            return self.group(depth);
        }
        if next == '[' {
            self.class()?.write(&mut self.out);
            return Ok(true);
        }
        if next == '\\' {
            self.escaped()?;
            return Ok(true);
        }
        self.bump();
        match next {
            '^' => self.out.push_str(r"(?:\A)"),
            '$' => self.out.push_str(r"(?:\z)"),
            '.' if self.flags.dot_all => AsciiSet::ALL.write(&mut self.out),
            '.' => AsciiSet::of("\n").complement().write(&mut self.out),
            literal => self.literal(u32::from(literal)),
        }
        Ok(true)
    }

    fn literal(&mut self, code: u32) {
        AsciiSet::range(code..=code, self.flags.fold).write(&mut self.out);
    }

    /// `\Q…\E`; without `\E` up to the end.
    fn quoted(&mut self) -> Option<Item> {
        self.take(r"\Q");
        let (text, after) = self.rest.split_once(r"\E").unwrap_or((self.rest, ""));
        self.rest = after;
        let mut last = None;
        for literal in text.chars() {
            last = Some(Item { begin: self.out.len(), is_repeated: false });
            self.literal(u32::from(literal));
        }
        last
    }

    /// An escape outside of a class.
    fn escaped(&mut self) -> Result<(), PatternError> {
        for (escape, anchor) in [(r"\A", r"(?:\A)"), (r"\z", r"(?:\z)"), (r"\b", r"(?:\b)"), (r"\B", r"(?:\B)")] {
            if self.take(escape) {
                self.out.push_str(anchor);
                return Ok(());
            }
        }
        match self.escaped_class()? {
            Some(set) => set.write(&mut self.out),
            None => {
                let code = self.escaped_character()?;
                self.literal(code);
            }
        }
        Ok(())
    }

    /// `\d`, `\pL`, `\p{Greek}`, `\P{^Greek}` and their like, if one is next.
    fn escaped_class(&mut self) -> Result<Option<AsciiSet>, PatternError> {
        let Some(letter) = self.rest.strip_prefix('\\').and_then(|after| after.chars().next()) else { return Ok(None) };
        if let Some(set) = perl_class(letter) {
            self.rest = self.rest.get(2..).unwrap_or_default();
            return Ok(Some(self.signed(set, letter.is_ascii_uppercase())));
        }
        if !matches!(letter, 'p' | 'P') {
            return Ok(None);
        }
        let named = self.rest.get(2..).unwrap_or_default();
        let (name, after) = match named.strip_prefix('{') {
            Some(braced) => braced.split_once('}').ok_or(INVALID_RANGE)?,
            None => {
                let first = named.chars().next().ok_or(INVALID_RANGE)?;
                named.split_at_checked(first.len_utf8()).ok_or(INVALID_RANGE)?
            }
        };
        let (is_negated, name) = match name.strip_prefix('^') {
            Some(name) => (letter == 'p', name),
            None => (letter == 'P', name),
        };
        if !name.starts_with(|first: char| first.is_ascii_uppercase()) {
            return Err(INVALID_RANGE);
        }
        let unsupported = |text: &str| PatternError::Unsupported(format!("`\\p{{{name}}}`{text}"));
        let set = unicode_class(name).ok_or_else(|| unsupported(""))?;
        // RE2/J then leaves some cases out.
        if is_negated && self.flags.fold && set.folded() != set {
            return Err(unsupported(", negated, together with `(?i)`,"));
        }
        self.rest = after;
        Ok(Some(self.signed(set, is_negated)))
    }

    fn signed(&self, set: AsciiSet, is_negated: bool) -> AsciiSet {
        let set = if self.flags.fold { set.folded() } else { set };
        if is_negated { set.complement() } else { set }
    }

    /// A backslash and what stands for one character.
    fn escaped_character(&mut self) -> Result<u32, PatternError> {
        self.bump();
        let character = self.bump().ok_or(TRAILING_BACKSLASH)?;
        match character {
            '1'..='7' if !self.peek().is_some_and(is_octal) => Err(INVALID_ESCAPE),
            '0'..='7' => {
                let digits = 2.min(self.rest.chars().take_while(|digit| is_octal(*digit)).count());
                let (more, after) = self.rest.split_at_checked(digits).ok_or(INVALID_ESCAPE)?;
                self.rest = after;
                u32::from_str_radix(&format!("{character}{more}"), 8).map_err(|_| INVALID_ESCAPE)
            }
            'x' => self.hexadecimal(),
            'a' => Ok(0x07),
            'f' => Ok(0x0c),
            'n' => Ok(0x0a),
            'r' => Ok(0x0d),
            't' => Ok(0x09),
            'v' => Ok(0x0b),
            _ if character.is_ascii_alphanumeric() => Err(INVALID_ESCAPE),
            _ => Ok(u32::from(character)),
        }
    }

    /// `41` or `{41}`, after `\x`.
    fn hexadecimal(&mut self) -> Result<u32, PatternError> {
        let (digits, after) = match self.rest.strip_prefix('{') {
            Some(braced) => braced.split_once('}').ok_or(INVALID_ESCAPE)?,
            None => self.rest.split_at_checked(2).ok_or(INVALID_ESCAPE)?,
        };
        let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let significant = if is_number { digits.trim_start_matches('0') } else { return Err(INVALID_ESCAPE) };
        let code = if significant.is_empty() { Ok(0) } else { u32::from_str_radix(significant, 16) };
        self.rest = after;
        code.ok().filter(|code| *code <= u32::from(char::MAX)).ok_or(INVALID_ESCAPE)
    }

    /// `[…]`
    fn class(&mut self) -> Result<AsciiSet, PatternError> {
        self.bump();
        let is_negated = self.take("^");
        let mut set = AsciiSet::NONE;
        let mut is_first = true;
        while is_first || self.peek() != Some(']') {
            is_first = false;
            if let Some(class) = self.posix_class()? {
                set = set.or(class);
            } else if let Some(class) = self.escaped_class()? {
                set = set.or(class);
            } else {
                let low = self.class_character()?;
                let mut next = self.rest.chars();
                let is_range = next.next() == Some('-') && next.next().is_some_and(|high| high != ']');
                let high = if is_range {
                    self.bump();
                    self.class_character()?
                } else {
                    low
                };
                if high < low {
                    return Err(INVALID_RANGE);
                }
                set = set.or(AsciiSet::range(low..=high, self.flags.fold));
            }
        }
        self.bump();
        Ok(if is_negated { set.complement() } else { set })
    }

    /// `[:name:]` or `[:^name:]`, if one is next. Without its end it is no class, but two characters.
    fn posix_class(&mut self) -> Result<Option<AsciiSet>, PatternError> {
        let Some((name, after)) = self.rest.strip_prefix("[:").and_then(|named| named.split_once(":]")) else {
            return Ok(None);
        };
        let (is_negated, name) = name.strip_prefix('^').map_or((false, name), |name| (true, name));
        let set = posix_class(name).ok_or(INVALID_RANGE)?;
        self.rest = after;
        Ok(Some(self.signed(set, is_negated)))
    }

    fn class_character(&mut self) -> Result<u32, PatternError> {
        match self.peek().ok_or(MISSING_BRACKET)? {
            '\\' => self.escaped_character(),
            character => {
                self.bump();
                Ok(u32::from(character))
            }
        }
    }

    /// `(…)`, or flags alone: false.
    fn group(&mut self, depth: usize) -> Result<bool, PatternError> {
        let outer = self.flags;
        if self.take("(?P<") || self.take("(?<") {
            let (name, after) = self.rest.split_once('>').ok_or(INVALID_NAME)?;
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return Err(INVALID_NAME);
            }
            if !self.names.insert(name) {
                return Err(DUPLICATE_NAME);
            }
            self.rest = after;
        } else if self.take("(?") {
            if self.flags()? == ')' {
                return Ok(false);
            }
        } else {
            self.bump();
        }
        self.out.push_str("(?:");
        self.alternatives(depth + 1)?;
        if !self.take(")") {
            return Err(MISSING_PAREN);
        }
        self.out.push(')');
        self.flags = outer;
        Ok(true)
    }

    /// `i`, `s-i` and their like, and what ends them: `)` or `:`.
    fn flags(&mut self) -> Result<char, PatternError> {
        let (mut on, mut has_flag) = (true, false);
        loop {
            match self.bump() {
                Some('i') => self.flags.fold = on,
                Some('s') => self.flags.dot_all = on,
                Some('m' | 'U') => {}
                Some('-') if on => {
                    (on, has_flag) = (false, false);
                    continue;
                }
                Some(end @ (')' | ':')) if on || has_flag => return Ok(end),
                _ => return Err(INVALID_GROUP),
            }
            has_flag = true;
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let mut rest = self.rest.chars();
        let next = rest.next();
        self.rest = rest.as_str();
        next
    }

    fn take(&mut self, text: &str) -> bool {
        let taken = self.rest.strip_prefix(text);
        self.rest = taken.unwrap_or(self.rest);
        taken.is_some()
    }
}

/// `{2}`, `{2,}` or `{2,3}`, and what comes after. What does not look like one is a literal.
fn counts(text: &str) -> Option<(u32, Option<u32>, &str)> {
    let (least, after) = number(text.strip_prefix('{')?)?;
    if let Some(after) = after.strip_prefix('}') {
        return Some((least, Some(least), after));
    }
    let after = after.strip_prefix(',')?;
    if let Some(after) = after.strip_prefix('}') {
        return Some((least, None, after));
    }
    let (most, after) = number(after)?;
    Some((least, Some(most), after.strip_prefix('}')?))
}

/// Digits, without zeros before them. What is too long is too large.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(text.len());
    let (digits, after) = text.split_at_checked(end)?;
    let has_zeros = digits.len() > 1 && digits.starts_with('0');
    (!digits.is_empty() && !has_zeros).then(|| (digits.parse().unwrap_or(u32::MAX), after))
}

fn is_octal(digit: char) -> bool {
    ('0'..='7').contains(&digit)
}
