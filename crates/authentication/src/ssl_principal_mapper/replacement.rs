//! The replacement of a rule: `$1@$2`, in the syntax of Java's `Matcher.appendReplacement`, after Kafka's treatment of
//! references to groups that do not exist.

use super::java_regex::Groups;

/// A parsed replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replacement {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    Group(usize),
}

/// Why a replacement cannot be used. Kafka finds it out when the rule is used for the first time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplacementError {
    #[error("illegal group reference in the replacement: `$` without a number or a `{{name}}` after it")]
    IllegalReference,
    #[error("the replacement refers to group {0}, which the pattern does not have")]
    NoGroup(usize),
    #[error("the replacement refers to group `{0}`, which the pattern does not have")]
    NoNamedGroup(String),
    #[error("the replacement refers to a group whose number is too large")]
    NumberTooLarge,
    #[error("the replacement ends with a backslash")]
    DanglingBackslash,
}

impl Replacement {
    pub(super) fn parse(text: &str, groups: &Groups) -> Result<Self, ReplacementError> {
        let text = escape_missing_groups(text, groups.count)?;
        let mut parts = Parts::default();
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            match character {
                '\\' => parts.text(rest.next().ok_or(ReplacementError::DanglingBackslash)?),
                '$' => {
                    let (group, after) = group_reference(rest.as_str(), groups)?;
                    parts.group(group);
                    rest = after.chars();
                }
                _ => parts.text(character),
            }
        }
        Ok(Replacement { parts: parts.0 })
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }
}

#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn text(&mut self, character: char) {
        match self.0.last_mut() {
            Some(Part::Text(text)) => text.push(character),
            _ => self.0.push(Part::Text(character.into())),
        }
    }

    fn group(&mut self, group: usize) {
        self.0.push(Part::Group(group));
    }
}

/// The group after a `$`, and the text after the reference.
fn group_reference<'a>(text: &'a str, groups: &Groups) -> Result<(usize, &'a str), ReplacementError> {
    if let Some(named) = text.strip_prefix('{') {
        let (name, after) = named.split_once('}').ok_or(ReplacementError::IllegalReference)?;
        let number = groups.names.get(name).ok_or_else(|| ReplacementError::NoNamedGroup(name.to_owned()))?;
        return Ok((*number, after));
    }
    let mut digits = text.char_indices().map_while(|(position, digit)| {
        let digit = digit.is_ascii().then(|| digit.to_digit(10)).flatten()?;
        Some((position + 1, usize::try_from(digit).ok()?))
    });
    // The first digit is always part of the number, more only as long as there is such a group.
    let (mut end, mut number) = digits.next().ok_or(ReplacementError::IllegalReference)?;
    for (position, digit) in digits {
        match number.checked_mul(10).and_then(|tens| tens.checked_add(digit)) {
            Some(longer) if longer <= groups.count => (end, number) = (position, longer),
            _ => break,
        }
    }
    if number > groups.count {
        return Err(ReplacementError::NoGroup(number));
    }
    Ok((number, text.get(end..).unwrap_or_default()))
}

/// What Kafka does first, if the pattern has groups: before a reference to a group that does not exist, even with its
/// last digits dropped, goes a backslash. From the second such reference on, Kafka puts it one or more characters too
/// early, because the first have moved the text. Kept, so that a rule means here what it means in a broker.
fn escape_missing_groups(text: &str, group_count: usize) -> Result<String, ReplacementError> {
    let mut escaped: Vec<char> = text.chars().collect();
    if group_count == 0 {
        return Ok(text.to_owned());
    }
    let characters = escaped.clone();
    let mut position = 0;
    while let Some(character) = characters.get(position) {
        position += 1;
        let digits: String = match character {
            '$' => characters.iter().skip(position).take_while(|character| character.is_ascii_digit()).collect(),
            _ => continue,
        };
        if !digits.is_empty() && !digits.starts_with('0') {
            let number: i32 = digits.parse().map_err(|_| ReplacementError::NumberTooLarge)?;
            if !some_prefix_is_a_group(number, group_count) {
                escaped.insert(position - 1, '\\');
            }
        }
        position += digits.len();
    }
    Ok(escaped.into_iter().collect())
}

fn some_prefix_is_a_group(mut number: i32, group_count: usize) -> bool {
    let exists = |number: i32| usize::try_from(number).is_ok_and(|number| number <= group_count);
    while number >= 10 && !exists(number) {
        number /= 10;
    }
    exists(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Part::{Group, Text};
    use ReplacementError::*;

    fn groups(count: usize, names: &[(&str, usize)]) -> Groups {
        Groups { count, names: names.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect() }
    }

    #[test]
    fn replacements_are_read_as_java_and_kafka_read_them() {
        let text = |text: &str| Text(text.to_owned());
        let cases = [
            ("", 1, Ok(vec![])),
            ("a\\/b-$1", 1, Ok(vec![text("a/b-"), Group(1)])),
            ("$0!", 2, Ok(vec![Group(0), text("!")])),
            ("$01", 2, Ok(vec![Group(1)])),
            ("$1@$3", 2, Ok(vec![Group(1), text("@$3")])),
            ("$21", 2, Ok(vec![Group(2), text("1")])),
            ("$12$13", 1, Ok(vec![Group(1), text("2"), Group(1), text("3")])),
            ("$12", 12, Ok(vec![Group(12)])),
            ("\\$1", 1, Ok(vec![text("$1")])),
            ("$1", 0, Err(NoGroup(1))),
            ("$", 1, Err(IllegalReference)),
            ("$x", 1, Err(IllegalReference)),
            ("${n", 1, Err(IllegalReference)),
            ("${m}", 1, Err(NoNamedGroup("m".into()))),
            ("$99999999999", 1, Err(NumberTooLarge)),
            // Kafka's misplaced backslashes, as a real one answers
            ("$3$4", 1, Err(NoGroup(4))),
            ("\\$3", 1, Err(NoGroup(3))),
            ("$3-$4-$1", 1, Err(NoGroup(4))),
        ];
        for (replacement, count, expected) in cases {
            let parsed = Replacement::parse(replacement, &groups(count, &[]));
            assert_eq!(parsed.map(|replacement| replacement.parts), expected, "{replacement}");
        }
    }

    #[test]
    fn groups_may_be_named() {
        let parsed = Replacement::parse("${name}$1", &groups(1, &[("name", 1)])).unwrap();
        assert_eq!(parsed.parts(), [Group(1), Group(1)]);
    }
}
