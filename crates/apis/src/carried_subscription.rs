//! What a consumer subscribed to, carried in the field of the broker that a regular expression stands in.
//!
//! The broker must not match a consumer's regular expression: it would do so by *our* identity, which sees everything. So it
//! is told the names that match, and a regular expression that matches nothing:
//!
//! ```text
//! a consumer subscribes to            the broker is told
//! orders-.*                      ─▶   [^\x00-\x{10FFFF}](?:orders\-\.\*)        and the names that match
//! orders-.* and the topic `pay`  ─▶   [^\x00-\x{10FFFF}](?:orders\-\.\*|pay)    and the names that match, and `pay`
//! ```
//! It begins with a class of no characters. What follows is literal text: the consumer's own, every special character
//! escaped. So the broker is the memory: whichever Doorkeeper a member comes to next, and after any restart, its group's
//! description tells what it subscribed to.

use protocol::StrBytes;

/// A character that there is not.
const NOTHING: &str = r"[^\x00-\x{10FFFF}](?:";
const END: char = ')';

/// A regular expression and the names that are subscribed to beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedSubscription {
    /// As the consumer sent it. Never empty.
    pub pattern: StrBytes,
    /// What the consumer named beside it, in its order.
    pub names: Vec<StrBytes>,
}

impl CarriedSubscription {
    /// What the broker keeps as the member's regular expression.
    pub(crate) fn encode(&self) -> StrBytes {
        let mut text = String::from(NOTHING);
        for (index, part) in std::iter::once(&self.pattern).chain(&self.names).enumerate() {
            if index > 0 {
                text.push('|');
            }
            for character in part.chars() {
                if character.is_ascii() && !character.is_ascii_alphanumeric() {
                    text.push('\\');
                }
                text.push(character);
            }
        }
        text.push(END);
        StrBytes::from_string(text)
    }

    /// Reads what [`Self::encode`] has written. None if it is not that: somebody else's regular expression.
    pub fn decode(text: &str) -> Option<CarriedSubscription> {
        let carried = text.strip_prefix(NOTHING)?.strip_suffix(END)?;
        let mut parts = vec![String::new()];
        let mut characters = carried.chars();
        while let Some(character) = characters.next() {
            let literal = match character {
                '|' => {
                    parts.push(String::new());
                    continue;
                }
                '\\' => characters.next().filter(|escaped| escaped.is_ascii() && !escaped.is_ascii_alphanumeric())?,
                literal if literal.is_ascii() && !literal.is_ascii_alphanumeric() => return None,
                literal => literal,
            };
            parts.last_mut()?.push(literal);
        }
        let mut parts = parts.into_iter().map(StrBytes::from_string);
        let pattern = parts.next().filter(|pattern| !pattern.is_empty())?;
        Some(CarriedSubscription { pattern, names: parts.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SubscriptionPattern;
    use crate::testing::str_bytes;

    fn subscription(pattern: &str, names: &[&str]) -> CarriedSubscription {
        CarriedSubscription { pattern: str_bytes(pattern), names: names.iter().map(|name| str_bytes(name)).collect() }
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        for (carried, text) in [
            (subscription("orders-.*", &[]), r"[^\x00-\x{10FFFF}](?:orders\-\.\*)"),
            (subscription("orders-.*", &["pay", "a.b"]), r"[^\x00-\x{10FFFF}](?:orders\-\.\*|pay|a\.b)"),
            (subscription("a|b)\\", &["", "é\n"]), "[^\\x00-\\x{10FFFF}](?:a\\|b\\)\\\\||é\\\n)"),
            (
                subscription(r"[^\x00-\x{10FFFF}](?:a)", &[]),
                r"[^\x00-\x{10FFFF}](?:\[\^\\x00\-\\x\{10FFFF\}\]\(\?\:a\))",
            ),
        ] {
            assert_eq!(carried.encode(), str_bytes(text));
            assert_eq!(CarriedSubscription::decode(text), Some(carried));
        }
    }

    #[test]
    fn what_others_wrote_is_not_taken_for_it() {
        for text in ["", "orders-.*", r"[^\x00-\x{10FFFF}]", r"[^\x00-\x{10FFFF}](?:)", r"[^\x00-\x{10FFFF}](?:a.*)"] {
            assert_eq!(CarriedSubscription::decode(text), None, "{text}");
        }
        for unescaped in [r"\d", r"a\", "(b)"] {
            assert_eq!(CarriedSubscription::decode(&format!("{NOTHING}{unescaped})")), None, "{unescaped}");
        }
    }

    #[test]
    fn what_is_carried_matches_nothing_whatever_it_is() {
        for pattern in [".*", "a)|.*|(?:", r"\Q", "|", "(?i)", r"]|.*\E"] {
            let text = subscription(pattern, &["orders", "|.*"]).encode();
            let mut compiled = SubscriptionPattern::compile(&text).unwrap();
            for name in ["orders", "a", "", "|.*", pattern, &text] {
                assert!(!compiled.matches(name), "{text} matches {name}");
            }
        }
    }
}
