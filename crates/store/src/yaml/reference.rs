//! `${env:NAME}` and `${file:path}`: values that live outside the file, most of them secrets.
//!
//! Named like Kafka's config providers. What stands behind a reference is never shown, in no error and no log: which of
//! them is a secret, we cannot know.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// A value that is never shown, and wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(value.into()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Which files `${file:…}` may name.
#[derive(Debug, Clone)]
pub enum FileReferences {
    /// Any; relative ones are looked for here. For the configuration, whose author runs us anyway.
    RelativeTo(PathBuf),
    /// Only what lies in this directory or below it, symbolic links followed. For the ACL file, whose author may be
    /// somebody else than the one who runs us and must not read our other files through us.
    Below(PathBuf),
}

impl FileReferences {
    /// Where a named file is, or why it may not be read.
    pub(crate) fn locate(&self, named: &Path) -> Result<PathBuf, String> {
        match self {
            FileReferences::RelativeTo(directory) => Ok(below(directory, named)),
            FileReferences::Below(directory) => {
                let outside = || format!("`{}` is not below the directory of this file", named.display());
                let path = below(directory, named);
                // By the name alone first: whether other files exist is nobody's business either.
                let is_named_outside = named.is_absolute() && !named.starts_with(directory);
                if is_named_outside || named.components().any(|part| part == std::path::Component::ParentDir) {
                    return Err(outside());
                }
                let real = |path: &Path| {
                    path.canonicalize().map_err(|error| format!("cannot read `{}`: {error}", named.display()))
                };
                match real(&path)?.starts_with(real(directory)?) {
                    true => Ok(path),
                    false => Err(outside()),
                }
            }
        }
    }
}

/// Without the `./` that nobody wrote.
fn below(directory: &Path, named: &Path) -> PathBuf {
    if directory == Path::new(".") { named.to_owned() } else { directory.join(named) }
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    Literal(&'t str),
    Env(&'t str),
    File(&'t str),
}

/// Takes a text apart. `${name}` without a colon is no reference: it is how Java names a group in a replacement.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut literal_from = 0;
    let mut search_from = 0;
    while let Some(start) = text.get(search_from..).and_then(|rest| rest.find("${")).map(|at| at + search_from) {
        let inside = &text[start + 2..];
        let (end, provider_and_name) = match inside.find('}') {
            Some(end) => (end, &inside[..end]),
            None if is_provider(inside) => return Err("a reference `${…` has no closing brace".to_owned()),
            None => break,
        };
        let Some((provider, name)) = provider_and_name.split_once(':') else {
            search_from = start + 2;
            continue;
        };
        let piece = match provider {
            "env" => Piece::Env(name),
            "file" => Piece::File(name),
            _ => return Err(format!("`${{{provider}:…}}` is not known, expected `${{env:NAME}}` or `${{file:path}}`")),
        };
        if start > literal_from {
            pieces.push(Piece::Literal(&text[literal_from..start]));
        }
        pieces.push(piece);
        literal_from = start + 2 + end + 1;
        search_from = literal_from;
    }
    if literal_from < text.len() {
        pieces.push(Piece::Literal(&text[literal_from..]));
    }
    Ok(pieces)
}

/// Whether a text is read as it is, without anything in it that stands for a value from elsewhere.
pub fn stands_for_itself(text: &str) -> bool {
    pieces(text).is_ok_and(|pieces| pieces.iter().all(|piece| matches!(piece, Piece::Literal(_))))
}

fn is_provider(text: &str) -> bool {
    text.starts_with("env:") || text.starts_with("file:")
}

#[cfg(test)]
mod tests {
    use super::Piece::*;
    use super::*;

    #[test]
    fn references_are_found_among_other_text() {
        for (text, expected) in [
            ("", vec![]),
            ("plain", vec![Literal("plain")]),
            ("${env:HOME}", vec![Env("HOME")]),
            ("${file:/run/secrets/x}", vec![File("/run/secrets/x")]),
            ("a${env:B}c${file:d}", vec![Literal("a"), Env("B"), Literal("c"), File("d")]),
            ("RULE:CN=(?<n>.*)/${n}/", vec![Literal("RULE:CN=(?<n>.*)/${n}/")]),
            ("$1${", vec![Literal("$1${")]),
            ("${n}${env:A}", vec![Literal("${n}"), Env("A")]),
        ] {
            assert_eq!(pieces(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn an_unknown_or_unfinished_reference_is_refused() {
        for (text, expected) in [
            ("${vault:secret}", "`${vault:…}` is not known, expected `${env:NAME}` or `${file:path}`"),
            ("${env:HOME", "a reference `${…` has no closing brace"),
        ] {
            assert_eq!(pieces(text), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
    }
}
