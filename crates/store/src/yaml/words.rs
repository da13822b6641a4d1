//! Words about names: which there are, and which one was meant.

/// `a`, `b` or `c`.
pub fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} or {last}", others.join(", ")),
    }
}

/// The known name that a misspelled one may stand for.
pub(super) fn closest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let same = |known: &&&str| folded(known) == folded(name);
    if let Some(found) = known.iter().find(same) {
        return Some(found);
    }
    let (distance, found) = known.iter().map(|known| (edit_distance(name, known), *known)).min()?;
    (distance <= 2 && distance * 3 <= found.len()).then_some(found)
}

/// `client_auth`, `client.auth` and `clientAuth` are one to the eye.
fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}

/// How many characters to insert, remove or change (Levenshtein).
fn edit_distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut previous: Vec<usize> = (0..=other.len()).collect();
    for (row, character) in one.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, compared) in other.iter().enumerate() {
            let changed = previous[column] + usize::from(character != *compared);
            current.push(changed.min(previous[column + 1] + 1).min(current[column] + 1));
        }
        previous = current;
    }
    previous.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_name_is_recognised_and_another_word_is_not() {
        let known = ["ssl.client.auth", "security.protocol", "name", "tls"];
        for (name, expected) in [
            ("ssl_client_auth", Some("ssl.client.auth")),
            ("sslClientAuth", Some("ssl.client.auth")),
            ("security.protocl", Some("security.protocol")),
            ("nam", Some("name")),
            ("tlss", Some("tls")),
            ("colour", None),
            ("ssl", None),
        ] {
            assert_eq!(closest(name, &known), expected, "{name}");
        }
    }

    #[test]
    fn a_list_ends_with_or() {
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
