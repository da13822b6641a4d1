//! Who changes a store offline: the user of the operating system and the command, for the audit of the next start.

use std::fs;

use store::embedded::Author;

pub(super) fn of_this_process() -> Author {
    let uid = rustix::process::getuid().as_raw();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    Author { user: name_of(uid, &users), uid, command: command(&words) }
}

/// Users that are in no file, but with a server of names, have their number only.
fn name_of(uid: u32, users: &str) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// The words that say what is done. No other word is kept: it could be a secret.
fn command(words: &[String]) -> String {
    let mut words = words.iter().map(String::as_str);
    match (words.next(), words.next()) {
        (Some("migrate"), _) => "migrate".to_owned(),
        (Some("users"), Some(action @ ("add" | "import" | "remove"))) => format!("users {action}"),
        (Some("acls"), Some("import")) => "acls import".to_owned(),
        (Some("acls"), first) => {
            let action = first.into_iter().chain(words).find(|word| matches!(*word, "--add" | "--remove"));
            action.map_or_else(|| "acls".to_owned(), |action| format!("acls {action}"))
        }
        _ => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_named_without_anything_that_is_said_to_it() {
        let named = |line: &str| command(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(named("acls --embedded store --add --topic secret"), "acls --add");
        assert_eq!(named("acls import file:a --into embedded:s"), "acls import");
        assert_eq!(named("users add secret --embedded s"), "users add");
        assert_eq!(named("migrate file:a embedded:add"), "migrate");
        assert_eq!(named("acls --topic import --remove"), "acls --remove");
        assert_eq!(named("secret"), "unknown");
    }

    #[test]
    fn a_user_is_found_by_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\n# a comment\nops:x:1000:1000::/:/bin/sh\n";
        assert_eq!(name_of(1000, users), Some("ops".to_owned()));
        assert_eq!(name_of(7, users), None);
    }
}
