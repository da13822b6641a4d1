//! The text of a file with the lines of some users changed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use store::yaml::{Value, scalar};

use super::section::Section;
use crate::commands::users::change::Change;

/// Those who are new all at once, for there may be many.
pub(super) fn changed(mut text: String, changes: &[Change], groups: &BTreeMap<String, Vec<String>>) -> Result<String> {
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

/// What an entry has, as it was written.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// `SCRAM-SHA-256`, `SCRAM-SHA-512`, `password`.
    pub(super) texts: Vec<(String, String)>,
    groups: Vec<String>,
}

pub(super) fn set(text: &str, change: &Change) -> Result<String> {
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

pub(super) fn entry(text: &str, user: &str) -> Result<Entry> {
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
pub(super) fn replace(text: &str, user: &str, line: Option<&str>) -> Result<String> {
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
