//! `users` of a file that a store follows, changed as a careful editor would: only the lines of the users concerned, the
//! whole file checked, and replaced at once.
//!
//! ```yaml
//! users:
//!   alice: { SCRAM-SHA-256: "[iterations=4096,salt=…,stored_key=…,server_key=…]", groups: [finance] }
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use authentication::Users;
use store::Severity;
use store::file::Part;
use store::permissions::secret_is_open_to_others;
use store::yaml::{Node, Value, scalar, tree};

use super::change::Change;

/// Sets and removes credentials. A file that is not there is made.
pub(super) fn change(path: &Path, changes: &[Change]) -> Result<()> {
    is_ours_alone(path)?;
    edit(path, |text| changed(text, changes, &BTreeMap::new()).with_context(|| path.display().to_string()))
}

/// Adds users that are not there, with their groups.
pub(super) fn add(path: &Path, users: &Users, changes: &[Change]) -> Result<()> {
    is_ours_alone(path)?;
    let group = |group: &Arc<str>| group.strip_prefix("Group:").unwrap_or(group).to_owned();
    let groups = users.names().map(|name| (name.to_string(), users.groups(name).iter().map(group).collect()));
    let groups: BTreeMap<String, Vec<String>> = groups.collect();
    edit(path, |text| changed(text, changes, &groups).with_context(|| path.display().to_string()))
}

fn is_ours_alone(path: &Path) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    secret_is_open_to_others(path)
        .map_err(|message| anyhow::anyhow!("{message}; or keep users in a file of their own (`store.users`)"))
}

/// Those who are new all at once, for there may be many.
fn changed(mut text: String, changes: &[Change], groups: &BTreeMap<String, Vec<String>>) -> Result<String> {
    let there: BTreeSet<String> = match Section::find(&text)? {
        Some(section) => section.users.into_iter().map(|(place, _)| place.name).collect(),
        None => BTreeSet::new(),
    };
    let mut new: BTreeMap<&str, Entry> = BTreeMap::new();
    for (user, groups) in groups {
        new.entry(user).or_default().groups.clone_from(groups);
    }
    for change in changes {
        match (&change.to, there.contains(&change.user)) {
            (_, true) => text = set(&text, change)?,
            (Some(to), false) => {
                let credential = (change.mechanism.to_string(), to.keys(change.mechanism).format());
                new.entry(&change.user).or_default().texts.push(credential);
            }
            (None, false) => {}
        }
    }
    let lines: Vec<String> = new.iter().map(|(user, entry)| entry.line(user)).collect();
    if lines.is_empty() { Ok(text) } else { insert(&text, &lines) }
}

/// Removes a user with all that is there.
pub(super) fn remove(path: &Path, user: &str) -> Result<()> {
    edit(path, |text| replace(&text, user, None).with_context(|| path.display().to_string()))
}

fn edit(path: &Path, act: impl FnOnce(String) -> Result<String>) -> Result<()> {
    // What is linked to is replaced, not the link.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (text, mode) = match fs::read_to_string(path) {
        Ok(text) => (text, fs::metadata(path)?.permissions().mode() & 0o777),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => (String::new(), 0o600),
        Err(error) => return Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    };
    let name = path.file_name().with_context(|| format!("`{}` names no file", path.display()))?;
    // Beside it: what `${file:…}` names must be found from there.
    let new = path.with_file_name(format!(".{}.new", name.to_string_lossy()));
    write(&new, &act(text)?, mode).with_context(|| format!("cannot write `{}`", new.display()))?;
    let errors = store::file::check(&new, Part::Both).into_iter().filter(|problem| problem.severity == Severity::Error);
    let errors: Vec<String> = errors.map(|error| error.to_string()).collect();
    if !errors.is_empty() {
        let _ = fs::remove_file(&new);
        bail!("`{}` would not be in order any more, and was left alone:\n{}", path.display(), errors.join("\n"));
    }
    fs::rename(&new, path).with_context(|| format!("cannot write `{}`", path.display()))
}

fn write(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// What an entry has, as it was written.
#[derive(Debug, Default)]
struct Entry {
    /// `SCRAM-SHA-256`, `SCRAM-SHA-512`, `password`.
    texts: Vec<(String, String)>,
    groups: Vec<String>,
}

fn set(text: &str, change: &Change) -> Result<String> {
    let mut entry = entry(text, &change.user)?;
    let mechanism = change.mechanism.to_string();
    // A password is here for both mechanisms: it goes when the first of them is set.
    if change.to.is_none() && entry.texts.iter().any(|(key, _)| key == "password") {
        bail!(
            "`{}` has a password, which serves every mechanism: remove the user, or set another password",
            change.user
        );
    }
    entry.texts.retain(|(key, _)| *key != mechanism && key != "password");
    entry.texts.extend(change.to.as_ref().map(|to| (mechanism, to.keys(change.mechanism).format())));
    entry.texts.sort();
    let is_nobody = entry.texts.is_empty() && entry.groups.is_empty();
    replace(text, &change.user, (!is_nobody).then(|| entry.line(&change.user)).as_deref())
}

impl Entry {
    fn line(&self, user: &str) -> String {
        let mut parts: Vec<String> =
            self.texts.iter().map(|(key, value)| format!("{key}: {}", quoted(value))).collect();
        if !self.groups.is_empty() {
            let groups: Vec<String> = self.groups.iter().map(|group| scalar(group)).collect();
            parts.push(format!("groups: [{}]", groups.join(", ")));
        }
        format!("{}: {{ {} }}", scalar(user), parts.join(", "))
    }
}

fn entry(text: &str, user: &str) -> Result<Entry> {
    let mut found = Entry::default();
    let Some(section) = Section::find(text)? else { return Ok(found) };
    let Some((_, node)) = section.users.iter().find(|(place, _)| place.name == user) else { return Ok(found) };
    let Value::Mapping(parts) = &node.value else { bail!("the user `{user}` is not understood") };
    for (key, node) in parts {
        match (&node.value, key.name.as_str()) {
            (Value::Sequence(items), "groups") => {
                let texts = items.iter().map(|item| match &item.value {
                    Value::Scalar { text, .. } => Ok(text.clone()),
                    _ => bail!("the groups of `{user}` are not understood"),
                });
                found.groups = texts.collect::<Result<_>>()?;
            }
            (Value::Scalar { text, .. }, name) => found.texts.push((name.to_owned(), text.clone())),
            (_, name) => bail!("`{name}` of the user `{user}` is not understood"),
        }
    }
    Ok(found)
}

/// The text with this line for the user, or without the user.
fn replace(text: &str, user: &str, line: Option<&str>) -> Result<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let Some(section) = Section::find(text)? else { return Ok(text.to_owned()) };
    let Some((place, _)) = section.users.iter().find(|(place, _)| place.name == user) else {
        return Ok(text.to_owned());
    };
    let indent = " ".repeat(section.indent);
    lines.splice(place.first..place.end, line.map(|line| format!("{indent}{line}")));
    if line.is_none() && section.users.len() == 1 {
        lines.splice(section.line..=section.line, ["users: {}".to_owned()]);
    }
    Ok(joined(lines))
}

/// The text with these lines after those of the users that are there.
fn insert(text: &str, new: &[String]) -> Result<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let Some(section) = Section::find(text)? else {
        if lines.last().is_some_and(|last| !last.trim().is_empty()) {
            lines.push(String::new());
        }
        lines.push("users:".to_owned());
        lines.extend(new.iter().map(|line| format!("  {line}")));
        return Ok(joined(lines));
    };
    let indent = " ".repeat(section.indent);
    lines.splice(section.end..section.end, new.iter().map(|line| format!("{indent}{line}")));
    // A section that has nobody says so in its line.
    if section.users.is_empty() {
        lines.splice(section.line..=section.line, ["users:".to_owned()]);
    }
    Ok(joined(lines))
}

fn joined(lines: Vec<String>) -> String {
    lines.into_iter().map(|line| line + "\n").collect()
}

/// Where `users` are; lines count from zero.
struct Section {
    line: usize,
    /// After the last line that says something.
    end: usize,
    indent: usize,
    users: Vec<(Place, Node)>,
}

struct Place {
    name: String,
    first: usize,
    end: usize,
}

impl Section {
    fn find(text: &str) -> Result<Option<Section>> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let document =
            tree::parse(text).map_err(|error| anyhow::anyhow!("line {}: {}", error.mark.line, error.message))?;
        let Value::Mapping(sections) = document.value else { bail!("expected keys and values") };
        let lines: Vec<&str> = text.lines().collect();
        let starts: Vec<usize> = sections.iter().map(|(key, _)| key.mark.line.saturating_sub(1)).collect();
        let Some(at) = sections.iter().position(|(key, _)| key.name == "users") else { return Ok(None) };
        let line = starts.get(at).copied().unwrap_or_default();
        let next = starts.get(at + 1).copied().unwrap_or(lines.len());
        let end = without_comments(&lines, line + 1, next);
        let Some((_, users)) = sections.into_iter().nth(at) else { return Ok(None) };
        let users = match users.value {
            Value::Mapping(users) => users,
            Value::Null => Vec::new(),
            _ => bail!("`users` is not understood"),
        };
        let indent = users.first().map_or(2, |(key, _)| key.mark.column.saturating_sub(1));
        let starts: Vec<usize> = users.iter().map(|(key, _)| key.mark.line.saturating_sub(1)).collect();
        let mut places = Vec::new();
        for (index, (key, node)) in users.into_iter().enumerate() {
            let first = starts.get(index).copied().unwrap_or_default();
            let before = lines.get(first).and_then(|line| line.get(..indent)).unwrap_or("-");
            if first <= line || key.mark.column != indent + 1 || !before.trim().is_empty() {
                bail!("`users` is not changed here unless each user begins a line of its own");
            }
            let next = starts.get(index + 1).copied().unwrap_or(end);
            let end = without_comments(&lines, first + 1, next);
            places.push((Place { name: key.name, first, end }, node));
        }
        Ok(Some(Section { line, end, indent, users: places }))
    }
}

/// The end of what begins before `from`: comments and empty lines before `next` belong to what follows.
fn without_comments(lines: &[&str], from: usize, next: usize) -> usize {
    let is_comment =
        |at: usize| lines.get(at).is_none_or(|line| line.trim().is_empty() || line.trim().starts_with('#'));
    (from..next).rev().find(|at| !is_comment(*at)).map_or(from, |last| last + 1)
}

/// In double quotes: what it refers to, it goes on referring to.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => quoted.push_str(&format!("\\U{:08X}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use authentication::{ScramCredential, ScramMechanism};

    use super::super::change::Credential;
    use super::*;

    const FILE: &str = "\
# who may log in
users:
  # the first
  alice: { SCRAM-SHA-256: \"${file:alice.scram}\" }   # by hand
  bob:
    password: secret
    groups: [finance, \"a b\"]

  # the last
  carol: { groups: [ops] }

# what they may
acls: []
";

    fn credential(mechanism: ScramMechanism) -> Credential {
        Credential::Keys(ScramCredential::derive(mechanism, "secret", b"salt", 4096))
    }

    fn set_to(text: &str, user: &str, mechanism: ScramMechanism, to: Option<Credential>) -> Result<String> {
        set(text, &Change { user: user.to_owned(), mechanism, to })
    }

    fn with(text: &str, user: &str, mechanism: ScramMechanism) -> String {
        let change = Change { user: user.to_owned(), mechanism, to: Some(credential(mechanism)) };
        let changed = changed(text.to_owned(), &[change], &BTreeMap::new()).expect("changed");
        // Keys are long, and not what this is about.
        let keys = credential(mechanism).keys(mechanism).format();
        changed.replace(&keys, "KEYS")
    }

    #[test]
    fn only_the_lines_of_the_user_change() {
        for (user, mechanism, before, after) in [
            (
                "dave",
                ScramMechanism::Sha256,
                "carol: { groups: [ops] }\n",
                "carol: { groups: [ops] }\n  dave: { SCRAM-SHA-256: \"KEYS\" }\n",
            ),
            (
                "alice",
                ScramMechanism::Sha512,
                "alice: { SCRAM-SHA-256: \"${file:alice.scram}\" }   # by hand\n",
                "alice: { SCRAM-SHA-256: \"${file:alice.scram}\", SCRAM-SHA-512: \"KEYS\" }\n",
            ),
            (
                "bob",
                ScramMechanism::Sha256,
                "bob:\n    password: secret\n    groups: [finance, \"a b\"]\n",
                "bob: { SCRAM-SHA-256: \"KEYS\", groups: [finance, \"a b\"] }\n",
            ),
            (
                "carol",
                ScramMechanism::Sha256,
                "carol: { groups: [ops] }",
                "carol: { SCRAM-SHA-256: \"KEYS\", groups: [ops] }",
            ),
        ] {
            assert_eq!(with(FILE, user, mechanism), FILE.replace(before, after), "{user}");
        }
    }

    #[test]
    fn a_section_is_made_where_there_is_none() {
        for (before, after) in [
            ("", "users:\n  a: { SCRAM-SHA-256: \"KEYS\" }\n"),
            ("acls: []\n", "acls: []\n\nusers:\n  a: { SCRAM-SHA-256: \"KEYS\" }\n"),
            ("users: {}\nacls: []\n", "users:\n  a: { SCRAM-SHA-256: \"KEYS\" }\nacls: []\n"),
            ("users:\n# nobody\nacls: []\n", "users:\n  a: { SCRAM-SHA-256: \"KEYS\" }\n# nobody\nacls: []\n"),
        ] {
            assert_eq!(with(before, "a", ScramMechanism::Sha256), after, "{before}");
        }
    }

    #[test]
    fn names_that_mean_something_in_yaml_are_quoted() {
        for name in ["CN=a,O=b", "null", "a: b", "#x", "ü\"\\\n", "-"] {
            let text = with("", name, ScramMechanism::Sha256);
            let entry = entry(&text, name).expect("understood");
            assert_eq!(entry.texts, [("SCRAM-SHA-256".to_owned(), "KEYS".to_owned())], "{text}");
        }
    }

    #[test]
    fn who_has_nothing_left_goes_and_groups_stay() {
        let text = "users:\n  a: { SCRAM-SHA-256: x }\n  b: { SCRAM-SHA-256: x, groups: [g] }\nacls: []\n";
        let without = |text: &str, user| set_to(text, user, ScramMechanism::Sha256, None).expect("changed");
        let text = without(text, "a");
        assert_eq!(
            text,
            "users:\n  b: { SCRAM-SHA-256: x, groups: [g] }\nacls: []\n"
                .replace(": x", ": \"x\"")
                .replace("\"x\"", "x")
        );
        let text = without(&text, "b");
        assert_eq!(text, "users:\n  b: { groups: [g] }\nacls: []\n");
        assert_eq!(replace(&text, "b", None).expect("changed"), "users: {}\nacls: []\n");
    }

    #[test]
    fn what_cannot_be_changed_line_by_line_is_left_alone() {
        for (text, expected) in [
            ("users: { a: { groups: [g] } }\n", "each user begins a line of its own"),
            ("users: [a]\n", "`users` is not understood"),
            ("a: *b\n", "line 1: "),
        ] {
            let error = set_to(text, "a", ScramMechanism::Sha256, None).expect_err("refused");
            assert!(error.to_string().contains(expected), "{error}");
        }
        let error = set_to(FILE, "bob", ScramMechanism::Sha256, None).expect_err("refused");
        assert!(error.to_string().contains("serves every mechanism"), "{error}");
    }

    #[test]
    fn a_change_that_would_break_the_file_is_not_made() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("acls.yaml");
        write(&path, "users: {}\nacls: [ { broken: true } ]\n", 0o600).expect("written");
        let change = Change {
            user: "a".to_owned(),
            mechanism: ScramMechanism::Sha256,
            to: Some(credential(ScramMechanism::Sha256)),
        };
        let error = super::change(&path, std::slice::from_ref(&change)).expect_err("refused").to_string();
        assert!(error.contains("would not be in order any more, and was left alone"), "{error}");
        write(&path, "acls: []\n", 0o644).expect("written");
        let error = super::change(&path, std::slice::from_ref(&change)).expect_err("refused").to_string();
        assert!(error.contains("`chmod 600` it; or keep users in a file of their own"), "{error}");
        write(&path, "acls: []\n", 0o600).expect("written");
        super::change(&path, &[change]).expect("changed");
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 1);
        assert_eq!(store::file::check(&path, Part::Both), []);
    }
}
