//! `ssl.principal.mapping.rules`: from the name in a certificate to the name of a principal. Kafka: `SslPrincipalMapper`.
//!
//! ```text
//! RULE:^CN=(.*?),OU=(.*?),.*$/$1@$2/L, DEFAULT      CN=Foo,OU=Bar,O=Baz  ─▶  foo@bar
//! ```
//! The first rule whose pattern matches the *whole* name makes the result, by replacing *every* match of the pattern.
//! Patterns and replacements mean what they mean in Java; what the engine behind would read otherwise is refused when
//! the rules are read.

mod char_class;
mod java_regex;
mod replacement;
mod rules;
mod translator;

use std::fmt;

use java_regex::JavaRegex;
pub use java_regex::PatternError;
use replacement::Replacement;
pub use replacement::ReplacementError;

/// Parsed rules. The default is the single rule `DEFAULT`: the name as it is.
#[derive(Clone, Debug)]
pub struct SslPrincipalMapper {
    rules: Vec<Rule>,
    text: String,
}

#[derive(Clone, Debug)]
pub(crate) enum Rule {
    Default,
    Mapping {
        /// As written, for messages.
        text: String,
        pattern: Box<JavaRegex>,
        /// A bad replacement is an error only when the rule is used, as in Kafka.
        replacement: Result<Replacement, ReplacementError>,
        case: Case,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    AsIs,
    Lower,
    Upper,
}

/// Why rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error("invalid rule at `{0}`, expected `DEFAULT` or `RULE:pattern/replacement/` with `L` or `U` after it")]
    Syntax(String),
    #[error("invalid rule `{rule}`: `{unmatched}` follows it, expected `,` or the end")]
    Unmatched { rule: String, unmatched: String },
    #[error("invalid pattern in rule `{rule}`: {error}")]
    Pattern { rule: String, error: PatternError },
}

/// Why a name is not mapped. A broker closes the connection without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    #[error("no rule applies to `{name}`, rules `{rules}`")]
    NoRule { name: String, rules: String },
    #[error("rule `{rule}` cannot be used: {error}")]
    Replacement { rule: String, error: ReplacementError },
    #[error("rule `{rule}` on `{name}`: `$` before a line end at the end of the name is not supported")]
    LineEnd { rule: String, name: String },
    #[error("rule `{rule}` on `{name}` would cut a character in two")]
    CutsCharacter { rule: String, name: String },
}

/// What `doorkeeper check` points out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleWarning {
    #[error("the rules are empty: no certificate gets a name")]
    Empty,
    #[error(
        "rule `{0}` is not anchored with `^` and `$`: it replaces every match, and what can match nothing matches once more at the end"
    )]
    NotAnchored(String),
    #[error("rule `{rule}` fails whenever it applies: {error}")]
    Replacement { rule: String, error: ReplacementError },
    #[error("no rule is `DEFAULT`: connections whose certificate matches no rule are closed")]
    NoDefault,
    #[error("rule `{0}` is never reached: it comes after `DEFAULT`")]
    Unreachable(String),
}

impl SslPrincipalMapper {
    /// Reads the value of `ssl.principal.mapping.rules`. An empty value has no rules, so that nothing is mapped.
    pub fn parse(rules: &str) -> Result<Self, RuleError> {
        Ok(SslPrincipalMapper { rules: rules::parse(rules)?, text: rules.to_owned() })
    }

    /// The name of the principal for the name in a certificate ([`crate::x500::subject`]). It may be empty.
    pub fn map(&self, distinguished_name: &str) -> Result<String, MappingError> {
        for rule in &self.rules {
            if let Some(name) = rule.apply(distinguished_name)? {
                return Ok(name);
            }
        }
        Err(MappingError::NoRule { name: distinguished_name.to_owned(), rules: self.text.clone() })
    }

    /// What is allowed and probably not meant.
    pub fn suspicious(&self) -> Vec<RuleWarning> {
        let mut warnings = Vec::new();
        let mut default_seen = false;
        for rule in &self.rules {
            let Rule::Mapping { text, pattern, replacement, .. } = rule else {
                default_seen = true;
                continue;
            };
            if default_seen {
                warnings.push(RuleWarning::Unreachable(text.clone()));
            }
            if !pattern.is_anchored() {
                warnings.push(RuleWarning::NotAnchored(text.clone()));
            }
            if let Err(error) = replacement {
                warnings.push(RuleWarning::Replacement { rule: text.clone(), error: error.clone() });
            }
        }
        if self.rules.is_empty() {
            warnings.push(RuleWarning::Empty);
        } else if !default_seen {
            warnings.push(RuleWarning::NoDefault);
        }
        warnings
    }
}

impl Default for SslPrincipalMapper {
    fn default() -> Self {
        SslPrincipalMapper { rules: vec![Rule::Default], text: "DEFAULT".to_owned() }
    }
}

/// The rules as they were written.
impl fmt::Display for SslPrincipalMapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Rule {
    /// `None` if the rule does not apply.
    fn apply(&self, name: &str) -> Result<Option<String>, MappingError> {
        let Rule::Mapping { text, pattern, replacement, case } = self else {
            return Ok(Some(name.to_owned()));
        };
        let (rule, name_copy) = (|| text.clone(), || name.to_owned());
        if pattern.means_otherwise_on(name) {
            return Err(MappingError::LineEnd { rule: rule(), name: name_copy() });
        }
        if !pattern.matches(name) {
            return Ok(None);
        }
        let replacement =
            replacement.as_ref().map_err(|error| MappingError::Replacement { rule: rule(), error: error.clone() })?;
        let result = pattern
            .replace_all(name, replacement)
            .ok_or_else(|| MappingError::CutsCharacter { rule: rule(), name: name_copy() })?;
        Ok(Some(match case {
            Case::AsIs => result,
            Case::Lower => result.to_lowercase(),
            Case::Upper => result.to_uppercase(),
        }))
    }
}
