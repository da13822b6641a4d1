//! The text with entries changed, line by line.

use acl::AclBinding;

use super::entry::{NoWords, Principals, entries};
use super::layout::{Item, Key, Layout, Unreadable, layout};
use crate::problem::Mark;
use crate::yaml::stands_for_itself;

/// Why there is no changed text.
#[derive(Debug)]
pub(super) enum Unchanged {
    NoWords(NoWords),
    Layout(Unreadable),
}

impl From<NoWords> for Unchanged {
    fn from(error: NoWords) -> Unchanged {
        Unchanged::NoWords(error)
    }
}

impl From<Unreadable> for Unchanged {
    fn from(error: Unreadable) -> Unchanged {
        Unchanged::Layout(error)
    }
}

/// `before` is what each entry of the text says, `rest` what it shall say, `added` what comes after them all.
pub(super) fn change(
    text: &str,
    before: &[Vec<AclBinding>],
    rest: &[Vec<AclBinding>],
    added: &[AclBinding],
) -> Result<String, Unchanged> {
    let added = entries(added, Principals::Together)?;
    let lines = Lines::of(text);
    if text.trim().is_empty() {
        return Ok(lines.with(|out| out.section(1, &added)));
    }
    match layout(text)? {
        Layout::Absent { column } => Ok(lines.with(|out| out.section(column, &added))),
        Layout::Empty { key, brackets } => {
            let line = lines.without_brackets(brackets)?;
            Ok(lines.by_line(|number, old, out| {
                if number != brackets.0.line {
                    return out.push(old);
                }
                out.push(&line);
                out.entries(key.column + 2, &added);
            }))
        }
        Layout::Block { key, dash_column, items } => {
            if items.len() != before.len() {
                return Err(Unreadable { line: key.end.line, what: "its entries were not found one by one" }.into());
            }
            let is_empty = added.is_empty() && rest.iter().all(Vec::is_empty);
            let changed = changed_items(&lines, &items, before, rest, dash_column)?;
            let last_line = items.last().map_or(key.end.line, |item| item.last_line);
            let emptied = if is_empty { Some(lines.with_brackets(key)?) } else { None };
            let mut changed = changed.into_iter().peekable();
            Ok(lines.by_line(|number, old, out| {
                match changed.peek() {
                    Some((item, new)) if (item.first_line..=item.last_line).contains(&number) => {
                        if number == item.first_line {
                            new.iter().for_each(|line| out.push(line));
                        }
                        if number == item.last_line {
                            changed.next();
                        }
                    }
                    _ => match &emptied {
                        Some(line) if number == key.end.line => out.push(line),
                        _ => out.push(old),
                    },
                }
                if number == last_line {
                    out.entries(dash_column, &added);
                }
            }))
        }
    }
}

/// The entries that change, and the lines that take their place.
fn changed_items<'i>(
    lines: &Lines<'_>,
    items: &'i [Item],
    before: &[Vec<AclBinding>],
    rest: &[Vec<AclBinding>],
    dash_column: usize,
) -> Result<Vec<(&'i Item, Vec<String>)>, Unchanged> {
    let mut changed = Vec::new();
    for ((item, before), rest) in items.iter().zip(before).zip(rest) {
        if before.len() == rest.len() {
            continue;
        }
        let indent = " ".repeat(dash_column.saturating_sub(1));
        let mut new = Vec::new();
        if !rest.is_empty() {
            if !lines.of_item(item).all(stands_for_itself) {
                let what = "this entry would have to be written anew, and has `${…}` in it";
                return Err(Unreadable { line: item.first_line, what }.into());
            }
            let is_one_line = item.first_line == item.last_line;
            let mut comments = item.comments.iter().map(|mark| lines.from(*mark));
            let behind = if is_one_line { comments.next() } else { None };
            new.extend(comments.map(|comment| format!("{indent}{comment}")));
            for (at, entry) in entries(rest, Principals::Together)?.into_iter().enumerate() {
                let behind = behind.filter(|_| at == 0).map_or(String::new(), |comment| format!("  {comment}"));
                new.push(format!("{indent}- {entry}{behind}"));
            }
        }
        changed.push((item, new));
    }
    Ok(changed)
}

/// The lines of a text without their ends, and how they end.
struct Lines<'t> {
    lines: Vec<&'t str>,
    end: &'static str,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Lines<'t> {
        Lines { lines: text.lines().collect(), end: if text.contains("\r\n") { "\r\n" } else { "\n" } }
    }

    /// The same, and something after it.
    fn with(&self, more: impl FnOnce(&mut Out)) -> String {
        let mut out = Out { text: String::new(), end: self.end };
        self.lines.iter().for_each(|line| out.push(line));
        more(&mut out);
        out.text
    }

    fn by_line(&self, mut each: impl FnMut(usize, &str, &mut Out)) -> String {
        let mut out = Out { text: String::new(), end: self.end };
        for (at, line) in self.lines.iter().enumerate() {
            each(at + 1, line, &mut out);
        }
        out.text
    }

    fn of_item(&self, item: &Item) -> impl Iterator<Item = &'t str> {
        self.lines.iter().copied().take(item.last_line).skip(item.first_line.saturating_sub(1))
    }

    fn line(&self, number: usize) -> &'t str {
        number.checked_sub(1).and_then(|at| self.lines.get(at)).copied().unwrap_or_default()
    }

    /// The line before a place, and from there on.
    fn split(&self, mark: Mark) -> (&'t str, &'t str) {
        let line = self.line(mark.line);
        let at = line.char_indices().nth(mark.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
        line.split_at(at)
    }

    fn from(&self, mark: Mark) -> &'t str {
        self.split(mark).1.trim_end()
    }

    /// `acls: []` becomes `acls:`.
    fn without_brackets(&self, (open, close): (Mark, Mark)) -> Result<String, Unreadable> {
        if open.line != close.line {
            return Err(Unreadable { line: open.line, what: "the brackets of `acls: []` are on two lines" });
        }
        let (before, _) = self.split(open);
        let (_, after) = self.split(close);
        Ok(format!("{}{}", before.trim_end(), after.trim_end()))
    }

    /// `acls:` becomes `acls: []`.
    fn with_brackets(&self, key: Key) -> Result<String, Unreadable> {
        let (before, after) = self.split(key.end);
        match after.trim_start().strip_prefix(':') {
            Some(after) => Ok(format!("{before}: []{after}")),
            None => Err(Unreadable { line: key.end.line, what: "the colon after `acls` was not found" }),
        }
    }
}

struct Out {
    text: String,
    end: &'static str,
}

impl Out {
    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push_str(self.end);
    }

    fn entries(&mut self, dash_column: usize, entries: &[String]) {
        let indent = " ".repeat(dash_column.saturating_sub(1));
        entries.iter().for_each(|entry| self.push(&format!("{indent}- {entry}")));
    }

    fn section(&mut self, column: usize, entries: &[String]) {
        self.push(&format!("{}acls:", " ".repeat(column.saturating_sub(1))));
        self.entries(column + 2, entries);
    }
}
