//! Sets of ASCII characters: all that a class of a regular expression can say about a topic's name, which has no others.

use std::ops::RangeInclusive;

/// A set of ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AsciiSet(u128);

/// `ſ`, whose other cases are `s` and `S`.
const LONG_S: u32 = 0x17f;
/// The Kelvin sign, whose other cases are `k` and `K`.
const KELVIN: u32 = 0x212a;

impl AsciiSet {
    pub(super) const NONE: AsciiSet = AsciiSet(0);
    pub(super) const ALL: AsciiSet = AsciiSet(u128::MAX);

    /// What is ASCII of a range of code points; with `fold` also the other cases of all that is in it.
    pub(super) fn range(range: RangeInclusive<u32>, fold: bool) -> AsciiSet {
        let ascii = (0..=0x7f).filter(|code| range.contains(code)).fold(0, |set, code| set | 1u128 << code);
        let set = AsciiSet(ascii);
        if !fold {
            return set;
        }
        let foreign = |code, cases| if range.contains(&code) { AsciiSet::of(cases) } else { AsciiSet::NONE };
        set.folded().or(foreign(LONG_S, "sS")).or(foreign(KELVIN, "kK"))
    }

    /// These characters; `x-y` is no range.
    pub(super) fn of(characters: &str) -> AsciiSet {
        AsciiSet(characters.bytes().filter(u8::is_ascii).fold(0, |set, byte| set | 1u128 << byte))
    }

    /// All that satisfy a predicate.
    pub(super) fn that(holds: impl Fn(&u8) -> bool) -> AsciiSet {
        AsciiSet((0..=0x7fu8).filter(holds).fold(0, |set, byte| set | 1u128 << byte))
    }

    pub(super) fn or(self, other: AsciiSet) -> AsciiSet {
        AsciiSet(self.0 | other.0)
    }

    pub(super) fn complement(self) -> AsciiSet {
        AsciiSet(!self.0)
    }

    /// With both cases of each letter.
    pub(super) fn folded(self) -> AsciiSet {
        let other = |byte: &u8| self.has(byte.to_ascii_lowercase()) || self.has(byte.to_ascii_uppercase());
        self.or(AsciiSet::that(other))
    }

    fn has(self, byte: u8) -> bool {
        byte.is_ascii() && self.0 & 1u128 << byte != 0
    }

    /// As a class for the engine, which may stand before an operator that repeats.
    pub(super) fn write(self, out: &mut String) {
        if self == AsciiSet::NONE {
            // A class with nothing in it.
            out.push_str("[a&&b]");
            return;
        }
        out.push('[');
        let mut next = 0u8;
        while let Some(first) = (next..=0x7f).find(|byte| self.has(*byte)) {
            let last = (first..=0x7f).take_while(|byte| self.has(*byte)).last().unwrap_or(first);
            out.push_str(&format!(r"\x{first:02x}-\x{last:02x}"));
            next = last + 1;
        }
        out.push(']');
    }
}

/// `\d`, `\s`, `\w`; RE2's `\s` has no vertical tab.
pub(super) fn perl_class(letter: char) -> Option<AsciiSet> {
    let set = match letter.to_ascii_lowercase() {
        'd' => AsciiSet::that(u8::is_ascii_digit),
        's' => AsciiSet::of("\t\n\x0c\r "),
        'w' => AsciiSet::that(u8::is_ascii_alphanumeric).or(AsciiSet::of("_")),
        _ => return None,
    };
    Some(set)
}

/// The name between `[:` and `:]`.
pub(super) fn posix_class(name: &str) -> Option<AsciiSet> {
    let set = match name {
        "alnum" => AsciiSet::that(u8::is_ascii_alphanumeric),
        "alpha" => AsciiSet::that(u8::is_ascii_alphabetic),
        "ascii" => AsciiSet::ALL,
        "blank" => AsciiSet::of("\t "),
        "cntrl" => AsciiSet::that(u8::is_ascii_control),
        "digit" => AsciiSet::that(u8::is_ascii_digit),
        "graph" => AsciiSet::that(u8::is_ascii_graphic),
        "lower" => AsciiSet::that(u8::is_ascii_lowercase),
        "print" => AsciiSet::that(u8::is_ascii_graphic).or(AsciiSet::of(" ")),
        "punct" => AsciiSet::that(u8::is_ascii_punctuation),
        "space" => AsciiSet::of("\t\n\x0b\x0c\r "),
        "upper" => AsciiSet::that(u8::is_ascii_uppercase),
        "word" => AsciiSet::that(u8::is_ascii_alphanumeric).or(AsciiSet::of("_")),
        "xdigit" => AsciiSet::that(u8::is_ascii_hexdigit),
        _ => return None,
    };
    Some(set)
}

/// What is ASCII of a class of Unicode: general categories, and the scripts that people name.
pub(super) fn unicode_class(name: &str) -> Option<AsciiSet> {
    let set = match name {
        "Any" => AsciiSet::ALL,
        "L" | "Latin" => AsciiSet::that(u8::is_ascii_alphabetic),
        "Lu" => AsciiSet::that(u8::is_ascii_uppercase),
        "Ll" => AsciiSet::that(u8::is_ascii_lowercase),
        "Common" => AsciiSet::that(u8::is_ascii_alphabetic).complement(),
        "N" | "Nd" => AsciiSet::that(u8::is_ascii_digit),
        "P" => AsciiSet::of("!\"#%&'()*,-./:;?@[\\]_{}"),
        "Pc" => AsciiSet::of("_"),
        "Pd" => AsciiSet::of("-"),
        "Ps" => AsciiSet::of("([{"),
        "Pe" => AsciiSet::of(")]}"),
        "Po" => AsciiSet::of("!\"#%&'*,./:;?@\\"),
        "S" => AsciiSet::of("$+<=>^`|~"),
        "Sc" => AsciiSet::of("$"),
        "Sm" => AsciiSet::of("+<=>|~"),
        "Sk" => AsciiSet::of("^`"),
        "Z" | "Zs" => AsciiSet::of(" "),
        "C" | "Cc" => AsciiSet::that(u8::is_ascii_control),
        "Lt" | "Lm" | "Lo" | "M" | "Mn" | "Mc" | "Me" | "Nl" | "No" | "Pi" | "Pf" | "So" | "Zl" | "Zp" | "Cf"
        | "Co" | "Cs" | "Greek" | "Cyrillic" | "Han" | "Hiragana" | "Katakana" | "Hangul" | "Arabic" | "Hebrew"
        | "Thai" | "Devanagari" | "Inherited" => AsciiSet::NONE,
        _ => return None,
    };
    Some(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_written_as_ranges() {
        let written = |set: AsciiSet| {
            let mut out = String::new();
            set.write(&mut out);
            out
        };
        assert_eq!(written(AsciiSet::of("abcx")), r"[\x61-\x63\x78-\x78]");
        assert_eq!(written(AsciiSet::ALL), r"[\x00-\x7f]");
        assert_eq!(written(AsciiSet::NONE), "[a&&b]");
    }

    #[test]
    fn other_cases_of_a_range_are_found_in_it_and_outside_of_ascii() {
        assert_eq!(AsciiSet::range(u32::from('a')..=u32::from('c'), true), AsciiSet::of("abcABC"));
        assert_eq!(AsciiSet::range(0x80..=0xffff, false), AsciiSet::NONE);
        assert_eq!(AsciiSet::range(0x80..=0xffff, true), AsciiSet::of("sSkK"));
    }
}
