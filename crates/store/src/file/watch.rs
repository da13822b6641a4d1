//! Notices that something may have changed: by the file system's word, and by looking now and then.
//!
//! Directories are watched, not files: editors and Kubernetes put a new file, or a new link, in the place of the old one.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::read::{Files, directory_of};

/// Watches directories; `changed` is rung at each event in any of them.
pub(super) struct Directories {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    pub(super) changed: Arc<Notify>,
}

impl Directories {
    pub(super) fn new() -> Directories {
        let changed = Arc::new(Notify::new());
        let bell = changed.clone();
        let ring = move |event: notify::Result<Event>| {
            if event.map_or(true, |event| is_a_change(&event.kind)) {
                bell.notify_one();
            }
        };
        let watcher = notify::recommended_watcher(ring)
            .inspect_err(|error| tracing::warn!(%error, "files are not watched, only polled"))
            .ok();
        Directories { watcher, watched: BTreeSet::new(), changed }
    }

    /// From now on, the directories of these files.
    pub(super) fn watch(&mut self, files: &Files) {
        let Some(watcher) = &mut self.watcher else { return };
        let wanted: BTreeSet<PathBuf> = files.keys().map(|file| directory_of(file)).collect();
        for gone in self.watched.difference(&wanted) {
            // A directory that has vanished is no longer watched anyway.
            let _ = watcher.unwatch(gone);
        }
        let mut watched: BTreeSet<PathBuf> = self.watched.intersection(&wanted).cloned().collect();
        for new in wanted.difference(&self.watched) {
            match watcher.watch(new, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    watched.insert(new.clone());
                }
                Err(error) => tracing::warn!(%error, directory = %new.display(), "not watched, only polled"),
            }
        }
        self.watched = watched;
    }
}

/// That somebody reads a file, we for one, is no change.
fn is_a_change(kind: &EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}
