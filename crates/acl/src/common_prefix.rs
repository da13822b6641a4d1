//! Shortening a name to what could still be a prefix of it, in whole characters.

/// The longest text that both start with.
pub(crate) fn common_prefix<'a>(left: &'a str, right: &str) -> &'a str {
    let differing = left.char_indices().zip(right.chars()).find(|((_, left), right)| left != right);
    let end = differing.map_or(left.len().min(right.len()), |((index, _), _)| index);
    left.get(..end).unwrap_or_default()
}

/// The text without its last character, if it has one.
pub(crate) fn without_last(text: &str) -> Option<&str> {
    let (index, _) = text.char_indices().next_back()?;
    text.get(..index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_prefix_ends_at_a_character() {
        for (left, right, expected) in [
            ("payments", "payroll", "pay"),
            ("pay", "payroll", "pay"),
            ("payroll", "pay", "pay"),
            // Both characters are C3 and another byte.
            ("caf\u{e9}", "caf\u{e8}", "caf"),
            ("a", "b", ""),
            ("", "b", ""),
        ] {
            assert_eq!(common_prefix(left, right), expected, "{left} and {right}");
        }
    }

    #[test]
    fn the_last_character_may_be_several_bytes() {
        assert_eq!([without_last("caf\u{e9}"), without_last("a"), without_last("")], [Some("caf"), Some(""), None]);
    }
}
