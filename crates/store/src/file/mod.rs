//! ACLs and users in a YAML file, for GitOps, a ConfigMap, a sidecar. Written by an editor, followed by us.
//!
//! ```yaml
//! users:
//!   alice: { SCRAM-SHA-256: "${file:alice.scram}" }
//! acls:
//!   - { principal: User:alice, allow: [Write, Create], topic: orders }
//! ```
//!
//! A change goes through here in this order:
//! 1. [`watch`]: something may have changed; wait until it is quiet.
//! 2. [`read`]: the file and all it names, as one snapshot, parsed by [`document`] and [`entry`].
//! 3. [`removal`]: would it take away more than anybody means to?
//! 4. The new snapshot holds, or the old one goes on and [`Reload`](crate::Reload) says why.

mod document;
mod entry;
mod follow;
mod password;
mod read;
mod removal;
mod suspicious;
mod user;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use crate::problem::Problem;
use crate::{Current, Reload, Snapshot, Store};
use read::Loaded;

/// Where the file is, and how it is followed.
#[derive(Debug, Clone)]
pub struct FileSettings {
    pub path: PathBuf,
    /// Super users and defaults, which are not in the file.
    pub acl: acl::Settings,
    /// How often to look at the content, for file systems that tell nothing. Zero: never.
    pub poll_interval: Duration,
    /// How long nothing may have changed before a change is read: an editor, or Kubernetes, writes in steps.
    pub quiet_period: Duration,
}

impl FileSettings {
    /// The usual way to follow a file.
    pub fn new(path: impl Into<PathBuf>, acl: acl::Settings) -> FileSettings {
        FileSettings {
            path: path.into(),
            acl,
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

/// The file, loaded.
#[derive(Debug)]
pub struct FileStore {
    settings: FileSettings,
    loaded: Loaded,
    current: Current,
}

/// Loads the file for the first time. Nothing is held back: there is no state that it could take away from.
pub fn open(settings: FileSettings) -> Result<FileStore, LoadError> {
    let loaded =
        read::load(&settings.path, &Default::default()).map_err(|failed| LoadError { problems: failed.problems })?;
    let policy = acl::Policy::new(settings.acl.clone(), loaded.document.acls.iter().cloned());
    let users = loaded.document.users();
    let current = Current::new(Snapshot { policy, users, generation: 1 });
    Ok(FileStore { settings, loaded, current })
}

/// Everything that is wrong with a file, and suspicious; nothing is kept. For `doorkeeper check`.
pub fn check(path: &std::path::Path) -> Vec<Problem> {
    match read::load(path, &Default::default()) {
        Ok(loaded) => loaded.warnings,
        Err(failed) => failed.problems,
    }
}

impl FileStore {
    /// What the first load was like: the same that a reload tells.
    pub fn first_load(&self) -> Reload {
        let snapshot = self.current.load();
        Reload::Loaded {
            generation: snapshot.generation,
            acls: snapshot.policy.len(),
            added: snapshot.policy.len(),
            removed: 0,
            users: snapshot.users.len(),
            warnings: self.loaded.warnings.clone(),
        }
    }
}

impl Store for FileStore {
    fn current(&self) -> Current {
        self.current.clone()
    }

    async fn keep_current(self, look_now: Arc<Notify>, tell: mpsc::Sender<Reload>) {
        follow::follow(self, look_now, tell).await;
    }
}
