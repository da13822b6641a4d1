//! ACLs and users in a YAML file, for GitOps, a ConfigMap, a sidecar. Written by an editor, followed by us; a change that
//! comes over the wire is refused with the name of the file.
//!
//! ```yaml
//! users:
//!   alice: { SCRAM-SHA-256: "${file:alice.scram}" }
//! acls:
//!   - { principal: User:alice, allow: [Write, Create], topic: orders }
//! ```
//!
//! A change goes through here in this order:
//! 1. `watch.rs`: something may have changed; wait until it is quiet.
//! 2. `read.rs`: the file and all it names, as one snapshot, parsed by `document.rs` and `entry.rs`.
//! 3. `removal.rs`: would it take away more than anybody means to?
//! 4. The new snapshot holds, or the old one goes on and [`Reload`](crate::Reload) says why.

pub(crate) mod document;
pub mod edit;
mod entry;
mod follow;
pub(crate) mod password;
mod read;
mod removal;
mod suspicious;
pub(crate) mod user;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use acl::{AclBinding, AclBindingFilter};
use apis::{Refused, ScramAlteration};
use tokio::sync::{Notify, mpsc};

use crate::problem::Problem;
use crate::{Altered, Created, Current, Deleted, Pending, Reload, Snapshot, Store};
use read::Loaded;

/// Where the file is, and how it is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSettings {
    pub path: PathBuf,
    /// What of it counts.
    pub part: Part,
    /// How often to look at the content, for file systems that tell nothing. Zero: never.
    pub poll_interval: Duration,
    /// How long nothing may have changed before a change is read: an editor, or Kubernetes, writes in steps.
    pub quiet_period: Duration,
}

/// What a store is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Acls,
    Users,
    Both,
}

impl Part {
    pub fn has_acls(self) -> bool {
        matches!(self, Part::Acls | Part::Both)
    }

    pub fn has_users(self) -> bool {
        matches!(self, Part::Users | Part::Both)
    }
}

impl FileSettings {
    /// The usual way to follow a file.
    pub fn new(path: impl Into<PathBuf>) -> FileSettings {
        FileSettings {
            path: path.into(),
            part: Part::Both,
            poll_interval: Duration::from_secs(10),
            quiet_period: Duration::from_millis(200),
        }
    }
}

/// Why there is nothing to start with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct LoadError {
    /// At least one error, perhaps warnings too.
    pub problems: Vec<Problem>,
}

/// The file, loaded and not yet followed.
#[derive(Debug)]
pub struct LoadedFile {
    settings: FileSettings,
    loaded: Loaded,
}

/// The file, in use.
#[derive(Debug)]
pub struct FileStore {
    settings: FileSettings,
    current: Current,
    /// Until somebody follows it.
    loaded: Mutex<Option<Loaded>>,
}

/// Loads the file for the first time. Nothing is held back: there is no state that it could take away from.
pub fn load(settings: FileSettings) -> Result<LoadedFile, LoadError> {
    let loaded = read::load(&settings.path, settings.part, &Default::default())
        .map_err(|failed| LoadError { problems: failed.problems })?;
    Ok(LoadedFile { settings, loaded })
}

/// Everything that is wrong with a file, and suspicious; nothing is kept. For `doorkeeper check`.
pub fn check(path: &Path, part: Part) -> Vec<Problem> {
    match read::load(path, part, &Default::default()) {
        Ok(loaded) => loaded.warnings,
        Err(failed) => failed.problems,
    }
}

impl LoadedFile {
    pub fn acls(&self) -> &[AclBinding] {
        &self.loaded.document.acls
    }

    pub fn users(&self) -> authentication::Users {
        self.loaded.document.users()
    }

    /// What is valid and suspicious in it.
    pub fn warnings(&self) -> &[Problem] {
        &self.loaded.warnings
    }

    /// The snapshot of this file alone.
    pub fn snapshot(&self, settings: acl::Settings) -> Snapshot {
        let policy = acl::Policy::new(settings, self.acls().iter().cloned());
        Snapshot { policy, users: Arc::new(self.users()), generation: 1 }
    }

    /// The store that changes its part of `current`, in which the file is already.
    pub fn into_store(self, current: Current) -> FileStore {
        FileStore { settings: self.settings, current, loaded: Mutex::new(Some(self.loaded)) }
    }
}

impl FileStore {
    fn refuse<T: Send + 'static>(&self, what: &str) -> Pending<Result<T, Refused>> {
        let path = self.settings.path.display();
        let text = format!("{what} are edited in the file `{path}`, which Doorkeeper follows, and not over the wire");
        Box::pin(std::future::ready(Err(Refused::NotEditable(text))))
    }
}

impl Store for FileStore {
    fn create_acls(&self, _: Vec<AclBinding>) -> Pending<Result<Created, Refused>> {
        self.refuse("ACLs")
    }

    fn delete_acls(&self, _: Vec<AclBindingFilter>) -> Pending<Result<Deleted, Refused>> {
        self.refuse("ACLs")
    }

    fn alter_credentials(&self, _: Vec<ScramAlteration>) -> Pending<Result<Altered, Refused>> {
        self.refuse("users")
    }

    /// Once: a second call does nothing.
    fn keep_current(self: Arc<Self>, look_now: Arc<Notify>, tell: mpsc::Sender<Reload>) -> Pending<()> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner).take();
        Box::pin(async move {
            if let Some(loaded) = loaded {
                follow::follow(self.settings.clone(), loaded, self.current.clone(), look_now, tell).await;
            }
        })
    }
}
