//! The grammar of the rules.
//!
//! ```text
//! rules       = [ rule ] *( separator [ rule ] )
//! separator   = optional blanks "," optional blanks
//! rule        = "DEFAULT" / "RULE:" pattern "/" replacement "/" [ "L" / "U" ]
//! pattern     = *( any character except "\" and "/" / "\" any character )
//! replacement = same as pattern
//! ```
//! The backslash stays in what is handed on: `\/` is a slash to the regular expression and to the replacement.

use super::java_regex::{JavaRegex, is_line_terminator};
use super::replacement::Replacement;
use super::{Case, Rule, RuleError};

pub(super) fn parse(text: &str) -> Result<Vec<Rule>, RuleError> {
    let mut rules = Vec::new();
    // Java's `trim` takes all control characters off, the separators only blanks.
    let mut rest = text.trim_matches(|character| character <= ' ');
    loop {
        rest = rest.trim_start_matches(is_blank);
        let (rule, after) = rule(rest)?;
        rules.extend(rule);
        let after = after.trim_start_matches(is_blank);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Ok(rules),
        }
    }
}

/// One rule, or none before a comma or the end, and the text after it.
fn rule(text: &str) -> Result<(Option<Rule>, &str), RuleError> {
    if ends_a_rule(text) {
        return Ok((None, text));
    }
    let (rule, after) = match (text.strip_prefix("DEFAULT"), text.strip_prefix("RULE:")) {
        (Some(after), _) => (Rule::Default, after),
        (None, Some(body)) => mapping(text, body)?,
        (None, None) => return Err(syntax(text)),
    };
    if ends_a_rule(after) {
        Ok((Some(rule), after))
    } else {
        Err(RuleError::Unmatched { rule: before(text, after).to_owned(), unmatched: first_item(after).to_owned() })
    }
}

fn mapping<'a>(text: &'a str, body: &'a str) -> Result<(Rule, &'a str), RuleError> {
    let (pattern, rest) = until_slash(body).ok_or_else(|| syntax(text))?;
    let (replacement, rest) = until_slash(rest).ok_or_else(|| syntax(text))?;
    let (case, after) = match (rest.strip_prefix('L'), rest.strip_prefix('U')) {
        (Some(after), _) => (Case::Lower, after),
        (None, Some(after)) => (Case::Upper, after),
        (None, None) => (Case::AsIs, rest),
    };
    let text = before(text, after).to_owned();
    let pattern = match JavaRegex::compile(pattern) {
        Ok(pattern) => Box::new(pattern),
        Err(error) => return Err(RuleError::Pattern { rule: text, error }),
    };
    let replacement = Replacement::parse(replacement, pattern.groups());
    let rule = Rule::Mapping { text, pattern, replacement, case };
    Ok((rule, after))
}

/// The text up to the next slash that has no backslash before it, and the text after that slash.
fn until_slash(text: &str) -> Option<(&str, &str)> {
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '/' => return text.get(..position).zip(text.get(position + 1..)),
            '\\' => drop(characters.next().filter(|(_, next)| !is_line_terminator(*next))?),
            _ => {}
        }
    }
    None
}

fn ends_a_rule(text: &str) -> bool {
    let text = text.trim_start_matches(is_blank);
    text.is_empty() || text.starts_with(',')
}

fn syntax(text: &str) -> RuleError {
    RuleError::Syntax(first_item(text).to_owned())
}

/// For messages: up to the next comma.
fn first_item(text: &str) -> &str {
    text.split(',').next().unwrap_or(text)
}

fn before<'a>(text: &'a str, after: &str) -> &'a str {
    text.strip_suffix(after).unwrap_or(text)
}

/// Java's `\s`.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}
