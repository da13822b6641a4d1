//! Where the users of a file are, line by line.

use anyhow::{Result, bail};
use store::yaml::{Node, Value, tree};

/// Where `users` are; lines count from zero.
pub(super) struct Section {
    pub(super) line: usize,
    /// After the last line that says something.
    pub(super) end: usize,
    pub(super) indent: usize,
    pub(super) users: Vec<(Place, Node)>,
}

pub(super) struct Place {
    pub(super) name: String,
    pub(super) first: usize,
    pub(super) end: usize,
}

impl Section {
    pub(super) fn find(text: &str) -> Result<Option<Section>> {
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
