//! Writing a text so that every reader of YAML reads the same text again.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

/// Texts that some reader takes for something else than a text.
const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"];

/// The text as it is if that is safe anywhere, in `{ … }` and `[ … ]` too; otherwise in double quotes.
pub fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./:=@+".contains(letter))
        && !text.ends_with(':');
    (is_word && !WORDS.contains(&text.to_ascii_lowercase().as_str())) || is_ipv4_or_range(text)
}

/// Three dots, so no number.
fn is_ipv4_or_range(text: &str) -> bool {
    let (address, bits) = text.split_once('/').unwrap_or((text, "0"));
    address.parse::<Ipv4Addr>().is_ok() && bits.len() <= 2 && bits.bytes().all(|digit| digit.is_ascii_digit())
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        let _ = match letter {
            '"' | '\\' => write!(quoted, "\\{letter}"),
            ' '..='~' => write!(quoted, "{letter}"),
            _ if letter.is_alphanumeric() => write!(quoted, "{letter}"),
            _ if u32::from(letter) <= 0xFFFF => write!(quoted, "\\u{:04X}", u32::from(letter)),
            _ => write!(quoted, "\\U{:08X}", u32::from(letter)),
        };
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Value;
    use crate::yaml::tree::parse;

    #[test]
    fn plain_is_what_no_reader_takes_for_anything_else() {
        for text in ["orders", "User:alice", "__consumer_offsets", "a-b.c_d", "10.0.0.1", "10.0.0.0/8", "Topic=x@y+z"] {
            assert_eq!(scalar(text), text);
        }
        for (text, expected) in [
            ("", r#""""#),
            ("*", r#""*""#),
            ("User:*", r#""User:*""#),
            ("CN=a,O=b", r#""CN=a,O=b""#),
            ("User:", r#""User:""#),
            ("Yes", r#""Yes""#),
            ("null", r#""null""#),
            ("010", r#""010""#),
            ("1e3", r#""1e3""#),
            ("1:30", r#""1:30""#),
            ("::1", r#""::1""#),
            ("a b", r#""a b""#),
            (r#"a"\"#, r#""a\"\\""#),
            ("a\nb\u{2028}", r#""a\u000Ab\u2028""#),
            ("käse", r#""käse""#),
        ] {
            assert_eq!(scalar(text), expected);
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let odd = [
            "",
            "*",
            "User:*",
            "a: b",
            "a #b",
            "- a",
            "{a}",
            "\t\r\n\0",
            "\u{FEFF}x",
            "💥",
            "'",
            "\"",
            "\\u0041",
            "%a",
        ];
        for text in odd {
            let written = format!("k: {{ a: [{}, x], b: {} }}\n", scalar(text), scalar(text));
            let Value::Mapping(root) = parse(&written).expect(&written).value else { panic!("a mapping") };
            let Value::Mapping(inner) = &root[0].1.value else { panic!("a mapping") };
            let Value::Sequence(items) = &inner[0].1.value else { panic!("a list") };
            for node in [&items[0], &inner[1].1] {
                assert_eq!(node.value, Value::Scalar { text: text.to_owned(), plain: false }, "{written}");
            }
        }
    }
}
