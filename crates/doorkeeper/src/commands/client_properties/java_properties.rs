//! Java's `.properties` files, as `java.util.Properties.load` reads them from bytes: Latin-1, with `\uXXXX` for the rest.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

/// Why a file is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: `\\u` needs four hexadecimal digits that make a character")]
pub(crate) struct BrokenEscape {
    /// Counted from one, of the file.
    line: usize,
}

/// Values by key; of a key that is there twice, the last.
pub(crate) fn parse(bytes: &[u8]) -> Result<BTreeMap<String, Zeroizing<String>>, BrokenEscape> {
    let mut properties = BTreeMap::new();
    let mut pending: Option<(usize, Vec<u8>)> = None;
    for (index, line) in natural_lines(bytes).enumerate() {
        let line = line.trim_ascii_start_of_java();
        let (first, mut logical) = match pending.take() {
            Some(begun) => begun,
            None if matches!(line.first(), None | Some(b'#' | b'!')) => continue,
            None => (index + 1, Vec::new()),
        };
        let backslashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
        let continues = backslashes % 2 == 1;
        let (kept, _) = line.split_at(line.len() - usize::from(continues));
        logical.extend_from_slice(kept);
        match continues {
            true => pending = Some((first, logical)),
            false => add(&mut properties, first, &logical)?,
        }
    }
    if let Some((first, logical)) = pending {
        add(&mut properties, first, &logical)?;
    }
    Ok(properties)
}

fn add(properties: &mut BTreeMap<String, Zeroizing<String>>, line: usize, logical: &[u8]) -> Result<(), BrokenEscape> {
    let (key, value) = split(logical);
    let unescaped = |text| unescape(text).ok_or(BrokenEscape { line });
    properties.insert(unescaped(key)?, Zeroizing::new(unescaped(value)?));
    Ok(())
}

/// `\n`, `\r` and `\r\n` end a line.
fn natural_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    // An empty line between `\r` and `\n` is skipped as any empty one; it only must not end a continued line.
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let now = rest?;
        let Some(end) = now.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            rest = None;
            return Some(now);
        };
        let (line, after) = now.split_at(end);
        rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..));
        Some(line)
    })
}

trait JavaBlanks {
    fn trim_ascii_start_of_java(&self) -> &Self;
}

impl JavaBlanks for [u8] {
    fn trim_ascii_start_of_java(&self) -> &[u8] {
        let blanks = self.iter().take_while(|byte| is_blank(**byte)).count();
        self.get(blanks..).unwrap_or_default()
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0c)
}

/// The key ends at the first `=`, `:` or blank that no backslash is before.
fn split(logical: &[u8]) -> (&[u8], &[u8]) {
    let mut is_escaped = false;
    let end = logical.iter().position(|byte| {
        let ends = !is_escaped && (matches!(byte, b'=' | b':') || is_blank(*byte));
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    });
    let (key, rest) = logical.split_at(end.unwrap_or(logical.len()));
    let rest = rest.trim_ascii_start_of_java();
    let rest = rest.strip_prefix(b"=").or_else(|| rest.strip_prefix(b":")).unwrap_or(rest);
    (key, rest.trim_ascii_start_of_java())
}

fn unescape(text: &[u8]) -> Option<String> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        let unit = match byte {
            b'\\' => match rest.next() {
                Some(b'u') => hexadecimal(&mut rest)?,
                Some(b't') => u16::from(b'\t'),
                Some(b'n') => u16::from(b'\n'),
                Some(b'r') => u16::from(b'\r'),
                Some(b'f') => 0x0c,
                Some(other) => u16::from(other),
                None => break,
            },
            byte => u16::from(byte),
        };
        units.push(unit);
    }
    String::from_utf16(&units).ok()
}

fn hexadecimal(rest: &mut impl Iterator<Item = u8>) -> Option<u16> {
    let mut value = 0;
    for _ in 0..4 {
        value = value * 16 + u16::try_from(char::from(rest.next()?).to_digit(16)?).ok()?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &[u8]) -> Vec<(String, String)> {
        let properties = parse(text).expect("properties");
        properties.into_iter().map(|(key, value)| (key, value.to_string())).collect()
    }

    /// Each compared with `java.util.Properties` of Java 17.
    #[test]
    fn lines_are_read_as_by_java() {
        for (text, key, value) in [
            ("a=b", "a", "b"),
            ("  a : b ", "a", "b "),
            ("a b", "a", "b"),
            ("a   =   b", "a", "b"),
            ("a==b", "a", "=b"),
            ("a = : b", "a", ": b"),
            ("a", "a", ""),
            ("a\\=b\\ c=d", "a=b c", "d"),
            ("a=\\u00e4\\ud83d\\ude00\\t\\q\\\\", "a", "ä😀\tq\\"),
            ("a=one \\\n   two\\\r\n\tthree", "a", "one twothree"),
            ("a=one \\\n# no comment", "a", "one # no comment"),
            ("a=one\\\\\n", "a", "one\\"),
            ("# a=1\n ! a=2\n\n\x0ca=3", "a", "3"),
            ("a=1\ra=2\r\n", "a", "2"),
            ("a=1\\", "a", "1"),
            ("a=\\\n\nb", "a", ""),
        ] {
            let found = parsed(text.as_bytes());
            assert!(found.contains(&(key.to_owned(), value.to_owned())), "{text:?}: {found:?}");
        }
    }

    #[test]
    fn bytes_are_latin_1() {
        assert_eq!(parsed(b"a=\xe4"), [("a".to_owned(), "ä".to_owned())]);
    }

    #[test]
    fn a_broken_escape_is_told_by_its_line() {
        for text in ["\n# x\na=\\u12", "\n\na=\\\n\\uzzzz", "\n\na=\\ud800"] {
            assert_eq!(parse(text.as_bytes()), Err(BrokenEscape { line: 3 }), "{text}");
        }
    }
}
