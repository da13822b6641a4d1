//! Regular expressions of consumers (KIP-848): which topics' names one matches.
//!
//! ```text
//! orders-(eu|us)\.v[0-9]+     ─▶  orders-eu.v1, orders-us.v12
//! ```
//! The broker compiles them with RE2/J, whose syntax is Go's and whose classes are ASCII, and asks for a match of the
//! whole name. Here a pattern is read by RE2/J's grammar (`parser.rs`) and written anew for the engine behind, construct by
//! construct. Names of topics are ASCII, so all classes are sets of ASCII characters, and what matches can match nothing
//! else. What RE2/J refuses is refused in its words, what is not known to mean the same here in ours.

mod ascii_set;
mod parser;

use regex_automata::nfa::thompson;
use regex_automata::nfa::thompson::pikevm::{Cache, PikeVM};
use regex_automata::util::syntax;

/// A pattern may be this long, in bytes.
const MAX_LENGTH: usize = 10_000;

/// A compiled pattern may take this much memory, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// A compiled pattern.
#[derive(Debug)]
pub struct SubscriptionPattern {
    whole: PikeVM,
    cache: Cache,
}

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// RE2/J refuses it, too; in its words.
    #[error("{0}")]
    Invalid(&'static str),
    /// The engine behind would read it otherwise, or not at all.
    #[error("{0} is not supported here")]
    Unsupported(String),
    /// The memory that it takes is bounded.
    #[error("it takes more memory than is allowed here")]
    TooLarge,
    /// The time that it takes to find its topics is bounded.
    #[error("it takes more time than is allowed here")]
    TooSlow,
}

impl SubscriptionPattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// If RE2/J refuses it, or it is not known to mean the same here, or it is too large.
    pub fn compile(pattern: &str) -> Result<SubscriptionPattern, PatternError> {
        if pattern.len() > MAX_LENGTH {
            return Err(PatternError::TooLarge);
        }
        let translated = parser::translate(pattern)?;
        let whole = PikeVM::builder()
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(thompson::Config::new().nfa_size_limit(Some(SIZE_LIMIT)))
            .build(&format!(r"\A(?:{translated})\z"));
        let whole = whole.map_err(|error| match error.size_limit() {
            Some(_) => PatternError::TooLarge,
            None => PatternError::Unsupported("the pattern".to_owned()),
        })?;
        let cache = whole.create_cache();
        Ok(SubscriptionPattern { whole, cache })
    }

    /// Whether it matches the whole of a topic's name (RE2/J's `Matcher.matches`).
    pub fn matches(&mut self, topic: &str) -> bool {
        self.whole.is_match(&mut self.cache, topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is to be found, as RE2/J 1.8 finds it among `NAMES`.
    const NAMES: [&str; 12] = ["a", "A", "b", "ab", "abc", "aab", "orders", "orders-eu.v1", "_", "a-b", "7", "x{2}"];

    fn matched(pattern: &str) -> Result<Vec<&'static str>, String> {
        let mut compiled = SubscriptionPattern::compile(pattern).map_err(|error| error.to_string())?;
        Ok(NAMES.into_iter().filter(|name| compiled.matches(name)).collect())
    }

    #[test]
    fn the_whole_name_is_matched_by_res_syntax() {
        for (pattern, expected) in [
            ("a", &["a"][..]),
            ("a.*", &["a", "ab", "abc", "aab", "a-b"]),
            ("^orders$", &["orders"]),
            (r"orders(-(eu|us)\.v[0-9]+)?", &["orders", "orders-eu.v1"]),
            ("(?i)a", &["a", "A"]),
            ("(?i:a)b|(?i)B", &["b", "ab"]),
            (r"\w", &["a", "A", "b", "_", "7"]),
            (r"[[:^alpha:]]", &["_", "7"]),
            (r"\p{Lu}|\pN|\P{Common}b", &["A", "ab", "7"]),
            (r"\Qa-b\E|\Qx{2}", &["a-b", "x{2}"]),
            (r"\Qaa\E*b", &["ab", "aab"]),
            ("a{2}b", &["aab"]),
            ("x{}?2}", &["x{2}"]),
            (r"\x61\x{62}\143", &["abc"]),
            (r"a\bb|a\B.|a-\bb", &["ab", "a-b"]),
            ("(?P<first>a)(?<second>b)", &["ab"]),
            ("a*(?i)*b", &["b", "ab", "aab"]),
            ("", &[]),
            ("[^a-z]", &["A", "_", "7"]),
            ("é|[à-ÿ]|a", &["a"]),
            ("a|", &["a"]),
        ] {
            assert_eq!(matched(pattern), Ok(expected.to_vec()), "{pattern}");
        }
    }

    #[test]
    fn what_re2j_refuses_is_refused_in_its_words() {
        for (pattern, words) in [
            ("(a", "missing closing )"),
            ("a)", "regexp/syntax: internal error"),
            ("[a", "missing closing ]"),
            ("*a", "missing argument to repetition operator"),
            ("a|*", "missing argument to repetition operator"),
            ("a**", "invalid nested repetition operator"),
            ("x{{2}", "invalid nested repetition operator"),
            ("a{1001}", "invalid repeat count"),
            ("[b-a]", "invalid character class range"),
            (r"a\", "trailing backslash at end of expression"),
            (r"\1", "invalid escape sequence"),
            (r"\C", "invalid escape sequence"),
            ("(?=a)", "invalid or unsupported Perl syntax"),
            ("(?P<a-b>c)", "invalid named capture"),
            ("(?P<a>b)(?P<a>c)", "duplicate capture group name"),
        ] {
            assert_eq!(matched(pattern), Err(words.to_owned()), "{pattern}");
        }
    }

    #[test]
    fn what_is_not_known_to_mean_the_same_or_takes_much_is_refused() {
        assert_eq!(matched(r"\p{Runic}"), Err(r"`\p{Runic}` is not supported here".to_owned()));
        let nested = format!("{}a{}", "(".repeat(101), ")".repeat(101));
        assert_eq!(matched(&nested), Err("nesting of more than 100 groups is not supported here".to_owned()));
        for large in ["a".repeat(MAX_LENGTH + 1), "((a{1000}){1000}){1000}".to_owned()] {
            assert_eq!(matched(&large), Err("it takes more memory than is allowed here".to_owned()));
        }
    }

    #[test]
    fn hundreds_of_names_in_a_row_are_no_large_pattern() {
        let names: Vec<String> = (0..300).map(|number| format!("payments-eu-west-{number:04}")).collect();
        let mut compiled = SubscriptionPattern::compile(&names.join("|")).unwrap();
        assert!(names.iter().all(|name| compiled.matches(name)));
        assert!(!compiled.matches("payments-eu-west-0300"));
    }
}
