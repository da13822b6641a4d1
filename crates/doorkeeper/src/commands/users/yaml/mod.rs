//! `users` of a file that a store follows, changed as a careful editor would: only the lines of the users concerned, the
//! whole file checked, and replaced at once.
//!
//! ```yaml
//! users:
//!   alice: { SCRAM-SHA-256: "[iterations=4096,salt=…,stored_key=…,server_key=…]", groups: [finance] }
//! ```

mod section;
mod text;

use std::collections::BTreeMap;
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

use super::change::Change;
use text::{changed, replace};

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

#[cfg(test)]
mod tests;
