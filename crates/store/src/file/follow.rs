//! The task that turns changes of the file into what holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::spawn_blocking;

use super::FileSettings;
use super::read::{self, Failed, Files, Loaded};
use super::removal::{self, Change};
use super::user::UserEntry;
use super::watch::Directories;
use crate::problem::Problem;
use crate::{Current, Edits, Reload, UserEdit};

/// Whoever never stops writing is read anyway: [`read::load`] finds a moment or says that there is none.
const LONGEST_WAIT_FOR_QUIET: Duration = Duration::from_secs(30);

const PAUSE_WITHOUT_DESCRIPTORS: Duration = Duration::from_secs(1);

pub(super) async fn follow(
    settings: FileSettings,
    mut loaded: Loaded,
    current: Current,
    look_now: Arc<Notify>,
    tell: mpsc::Sender<Reload>,
) {
    let mut directories = Directories::new();
    directories.watch(&loaded.files);
    // It may have changed between the first load and now.
    directories.changed.notify_one();
    // What the last outcome stood on, good or bad: the same files need no second word.
    let mut considered = loaded.files.clone();
    let mut is_starved = false;
    loop {
        let asked = tokio::select! {
            () = look_now.notified() => true,
            () = directories.changed.notified() => false,
            () = poll(settings.poll_interval) => false,
        };
        let files = quiet(&considered, &directories.changed, settings.quiet_period).await;
        if files == considered && !asked {
            continue;
        }
        let Some((outcome, stood_on)) = reload(&settings, &current, &mut loaded).await else { continue };
        if let Reload::Failed { problems } = &outcome
            && let Some(problem) = lack_of_descriptors(problems)
        {
            // Nothing is known of the file: what was asked is asked again, and said once.
            if !is_starved {
                tracing::warn!(%problem, "the policy cannot be looked at for lack of file descriptors; what was read last holds");
            }
            is_starved = true;
            tokio::time::sleep(PAUSE_WITHOUT_DESCRIPTORS).await;
            look_now.notify_one();
            continue;
        }
        is_starved = false;
        directories.watch(&stood_on);
        considered = stood_on;
        if tell.send(outcome).await.is_err() {
            tracing::debug!("nobody listens to reloads any more");
        }
    }
}

/// What is wrong with the process or the machine, and not with the file: it has too many files open.
fn lack_of_descriptors(problems: &[Problem]) -> Option<&Problem> {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    let texts = [ENFILE, EMFILE].map(|code| std::io::Error::from_raw_os_error(code).to_string());
    problems.iter().find(|problem| texts.iter().any(|text| problem.message.contains(text.as_str())))
}

async fn poll(interval: Duration) {
    match interval.is_zero() {
        true => std::future::pending().await,
        false => tokio::time::sleep(interval).await,
    }
}

/// Waits until the files have not changed for a while; what they hold then.
async fn quiet(considered: &Files, changed: &Notify, period: Duration) -> Files {
    let until = tokio::time::Instant::now() + LONGEST_WAIT_FOR_QUIET;
    let mut before = look(considered).await;
    loop {
        let disturbed = tokio::time::timeout(period, changed.notified()).await.is_ok();
        let now = look(considered).await;
        if (!disturbed && now == before) || tokio::time::Instant::now() > until {
            return now;
        }
        before = now;
    }
}

async fn look(files: &Files) -> Files {
    let files = files.clone();
    spawn_blocking(move || read::look(&files)).await.unwrap_or_default()
}

/// Reads the file and, if it can be used and believed, makes it what holds.
async fn reload(settings: &FileSettings, current: &Current, loaded: &mut Loaded) -> Option<(Reload, Files)> {
    let (path, part) = (settings.path.clone(), settings.part);
    let known = std::mem::take(&mut loaded.document.passwords);
    let read = spawn_blocking(move || (read::load(&path, part, &known), known)).await;
    let (result, known) =
        read.inspect_err(|error| tracing::error!(%error, "reading the policy did not finish")).ok()?;
    loaded.document.passwords = known;
    match result {
        Err(Failed { problems, files }) => Some((Reload::Failed { problems }, files)),
        Ok(new) => {
            let files = new.files.clone();
            let outcome = believe(settings, current, loaded, &new);
            if !matches!(outcome, Reload::Held { .. }) {
                *loaded = new;
            }
            Some((outcome, files))
        }
    }
}

fn believe(settings: &FileSettings, current: &Current, loaded: &Loaded, new: &Loaded) -> Reload {
    let old = current.load_full();
    let (document, part) = (&new.document, settings.part);
    // What is not of this file stays as it is.
    let users = if part.has_users() { Arc::new(document.users()) } else { Arc::clone(&old.users) };
    let change = match part.has_acls() {
        true => Change::between(&old.policy, &document.acls),
        false => Change::default(),
    };
    if !document.allow_mass_removal
        && let Some(reason) = removal::suspicion(&old.policy, &old.users, &change, &users)
    {
        return Reload::Held { file: settings.path.display().to_string(), reason };
    }
    if change.added.is_empty() && change.removed.is_empty() && document.users == loaded.document.users {
        return Reload::Unchanged { generation: old.generation };
    }
    let now = current.update(|old| {
        let users = if part.has_users() { users } else { Arc::clone(&old.users) };
        (old.policy.with_changes(&change.removed, &change.added), users)
    });
    Reload::Loaded {
        generation: now.generation,
        acls: now.policy.len(),
        added: change.added.len(),
        removed: change.removed.len(),
        users: now.users.len(),
        warnings: new.warnings.clone(),
        edits: Edits {
            file: settings.path.display().to_string(),
            added: change.added,
            removed: change.removed,
            users: edited_users(&loaded.document.users, &document.users),
        },
    }
}

fn edited_users(old: &[UserEntry], new: &[UserEntry]) -> Vec<(String, UserEdit)> {
    fn by_name(entries: &[UserEntry]) -> BTreeMap<&str, &UserEntry> {
        entries.iter().map(|entry| (entry.name.as_str(), entry)).collect()
    }
    let (old, new) = (by_name(old), by_name(new));
    let edit = |name: &str| match (old.get(name), new.get(name)) {
        (None, Some(_)) => Some(UserEdit::Created),
        (Some(_), None) => Some(UserEdit::Deleted),
        (Some(before), Some(after)) if before != after => Some(UserEdit::Altered),
        (Some(_), Some(_)) | (None, None) => None,
    };
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    names.into_iter().filter_map(|name| Some((name.to_owned(), edit(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Mark, Severity};

    fn problem(error: &std::io::Error) -> Problem {
        let message = format!("cannot be read: {error}");
        Problem {
            severity: Severity::Error,
            file: std::path::Path::new("acls.yaml").into(),
            mark: Mark::WHOLE_FILE,
            key: String::new(),
            message,
        }
    }

    #[test]
    fn too_many_open_files_are_no_fault_of_the_file() {
        let missing = problem(&std::io::ErrorKind::NotFound.into());
        let starved = problem(&std::io::Error::from_raw_os_error(24));
        assert_eq!(lack_of_descriptors(&[missing.clone(), starved.clone()]), Some(&starved));
        assert_eq!(lack_of_descriptors(&[missing]), None);
    }
}
