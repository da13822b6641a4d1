//! Escapes and character classes of Java's regular expressions, written for `regex-syntax`.

use super::java_regex::PatternError;
use super::translator::{Translator, unsupported};

/// What a backslash and what follows it stand for.
pub(super) enum Escape {
    Character(char),
    /// A whole class in `regex-syntax`'s form, good inside of brackets too.
    Class(String),
}

/// After a backslash, inside or outside of a class.
pub(super) fn escape(translator: &mut Translator<'_>) -> Result<Escape, PatternError> {
    let Some(character) = translator.bump() else {
        return Err(PatternError::Syntax("the pattern ends with a backslash".to_owned()));
    };
    let class = |class: &str| Ok(Escape::Class(class.to_owned()));
    let literal = |character| Ok(Escape::Character(character));
    match character {
        'd' => class("[0-9]"),
        'D' => class("[^0-9]"),
        'w' => class("[0-9A-Z_a-z]"),
        'W' => class("[^0-9A-Z_a-z]"),
        's' => class(r"[\t-\r\x20]"),
        'S' => class(r"[^\t-\r\x20]"),
        't' => literal('\t'),
        'n' => literal('\n'),
        'r' => literal('\r'),
        'f' => literal('\x0c'),
        'a' => literal('\x07'),
        'e' => literal('\x1b'),
        'x' if translator.take('{') => {
            let (digits, after) = translator.rest.split_once('}').unwrap_or((translator.rest, ""));
            translator.rest = after;
            code_point(digits)
        }
        'x' => hex(translator, 2),
        'u' => hex(translator, 4),
        'p' | 'P' => property(translator, character == 'P'),
        '1'..='9' | 'k' => Err(unsupported("a back-reference")),
        'Q' | 'E' => Err(unsupported("quoting with `\\Q` and `\\E`")),
        'b' | 'A' | 'z' | 'Z' => Err(PatternError::Syntax(format!("`\\{character}` inside of a class"))),
        _ if character.is_ascii_alphanumeric() => Err(PatternError::Unsupported(format!("`\\{character}`"))),
        _ => literal(character),
    }
}

fn hex(translator: &mut Translator<'_>, length: usize) -> Result<Escape, PatternError> {
    let (digits, after) = translator.rest.split_at_checked(length).unwrap_or((translator.rest, ""));
    translator.rest = after;
    code_point(if digits.len() == length { digits } else { "" })
}

fn code_point(digits: &str) -> Result<Escape, PatternError> {
    let is_hex = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16)
        .ok()
        .filter(|_| is_hex)
        .and_then(char::from_u32)
        .map(Escape::Character)
        .ok_or_else(|| PatternError::Syntax("`\\x` or `\\u` without the number of a character".to_owned()))
}

/// Java's POSIX classes are ASCII; of Unicode's only the general categories are named alike.
fn property(translator: &mut Translator<'_>, negated: bool) -> Result<Escape, PatternError> {
    let name = if translator.take('{') {
        let (name, after) = translator.rest.split_once('}').unwrap_or((translator.rest, ""));
        translator.rest = after;
        name.to_owned()
    } else {
        translator.bump().map(String::from).unwrap_or_default()
    };
    let cased = matches!(name.as_str(), "Lower" | "Upper" | "Lu" | "Ll" | "Lt");
    if cased && translator.flags.ignore_case {
        return Err(PatternError::Unsupported(format!("`\\p{{{name}}}` together with `(?i)`")));
    }
    let not = if negated { "^" } else { "" };
    let ascii = match name.as_str() {
        "Lower" => "a-z",
        "Upper" => "A-Z",
        "ASCII" => r"\x00-\x7f",
        "Alpha" => "A-Za-z",
        "Digit" => "0-9",
        "Alnum" => "0-9A-Za-z",
        "Punct" => r"!-/:-@\[-`\{-\x7e",
        "Graph" => r"!-\x7e",
        "Print" => r"\x20-\x7e",
        "Blank" => r"\x20\t",
        "Cntrl" => r"\x00-\x1f\x7f",
        "XDigit" => "0-9A-Fa-f",
        "Space" => r"\t-\r\x20",
        "L" | "Lu" | "Ll" | "Lt" | "Lm" | "Lo" | "M" | "Mn" | "Mc" | "Me" | "N" | "Nd" | "Nl" | "No" | "P" | "Pc"
        | "Pd" | "Ps" | "Pe" | "Pi" | "Pf" | "Po" | "S" | "Sm" | "Sc" | "Sk" | "So" | "Z" | "Zs" | "Zl" | "Zp" => {
            return Ok(Escape::Class(format!("[{not}\\p{{{name}}}]")));
        }
        _ => return Err(PatternError::Unsupported(format!("`\\p{{{name}}}`"))),
    };
    Ok(Escape::Class(format!("[{not}{ascii}]")))
}

/// After an opening bracket: a whole class, without nested classes and intersections.
pub(super) fn class(translator: &mut Translator<'_>) -> Result<(), PatternError> {
    translator.out.push('[');
    if translator.take('^') {
        translator.out.push('^');
    }
    if translator.peek() == Some(']') {
        return Err(PatternError::Syntax("a class begins with `]`; write `\\]` for the character".to_owned()));
    }
    while !translator.take(']') {
        let low = match member(translator)? {
            Escape::Character(character) => character,
            Escape::Class(class) => {
                translator.out.push_str(&class);
                if translator.rest.starts_with('-') && !translator.rest.starts_with("-]") {
                    return Err(PatternError::Syntax("a class of characters cannot begin a range".to_owned()));
                }
                continue;
            }
        };
        let is_range = translator.rest.starts_with('-') && !translator.rest.starts_with("-]");
        let high = if is_range {
            translator.bump();
            match member(translator)? {
                Escape::Character(high) if low <= high => high,
                _ => return Err(PatternError::Syntax("a range in a class ends before it begins".to_owned())),
            }
        } else {
            low
        };
        push_range(translator, low, high);
    }
    translator.out.push(']');
    Ok(())
}

fn member(translator: &mut Translator<'_>) -> Result<Escape, PatternError> {
    match translator.bump() {
        None => Err(PatternError::Syntax("`]` is missing".to_owned())),
        Some('\\') => escape(translator),
        Some('[') => Err(unsupported("a class within a class; write `\\[` for the character")),
        Some('&') if translator.peek() == Some('&') => Err(unsupported("an intersection of classes `&&`")),
        Some(character) => Ok(Escape::Character(character)),
    }
}

/// The range, and with `(?i)` the ASCII letters whose other case is in it.
fn push_range(translator: &mut Translator<'_>, low: char, high: char) {
    let ignore_case = translator.flags.ignore_case;
    let mut push = |low: char, high: char| {
        let range = format!(r"\x{{{:x}}}-\x{{{:x}}}", u32::from(low), u32::from(high));
        translator.out.push_str(&range);
    };
    push(low, high);
    if ignore_case {
        for letter in ('a'..='z').chain('A'..='Z') {
            let other =
                if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
            if (low..=high).contains(&letter) {
                push(other, other);
            }
        }
    }
}
