//! What reader and writer of the topic share: the state as far as it was read, and what holds because of it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use acl::Policy;
use client::Connector;
use tokio::sync::watch;
use uuid::Uuid;

use super::batch::{Batch, Stamp};
use super::state::{Applied, Outcome, State};
use super::{KafkaError, KafkaSettings};
use crate::embedded::users_of;
use crate::file::Part;
use crate::{Current, Edits, Following, Reload};

/// How far the topic was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// The offset that is read next; everything before it holds.
    pub(super) next: i64,
    /// The last batch that this process wrote and has read back.
    pub(super) own: Option<Stamp>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: KafkaSettings,
    pub(super) connector: Connector,
    pub(super) part: Part,
    pub(super) topic_id: Uuid,
    pub(super) following: Following,
    pub(super) progress: watch::Sender<Progress>,
    /// Why nothing may be written, while that is so.
    pub(super) trouble: watch::Sender<Option<String>>,
    /// By whom this process writes; -1 before it does.
    pub(super) producer_id: AtomicI64,
    pub(super) current: Current,
    /// Super users and defaults, which are not in force while the store is closed.
    acl: acl::Settings,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    state: State,
    /// Nothing is allowed, because what is known is too old.
    is_closed: bool,
    ignored: usize,
    /// Not told yet, and when some were.
    untold: Vec<String>,
    told_at: Option<Instant>,
}

/// Between two alarms about records that are ignored.
const BETWEEN_ALARMS: Duration = Duration::from_secs(10);

/// Of which that many are kept.
const MOST_UNTOLD: usize = 1000;

impl Shared {
    pub(super) fn new(
        (settings, connector, part): (KafkaSettings, Connector, Part),
        topic_id: Uuid,
        following: Following,
        (state, next, ignored): (State, i64, usize),
        current: Current,
    ) -> Shared {
        let acl = current.load().policy.settings().clone();
        Shared {
            settings,
            connector,
            part,
            topic_id,
            following,
            progress: watch::Sender::new(Progress { next, own: None }),
            trouble: watch::Sender::new(None),
            producer_id: AtomicI64::new(-1),
            current,
            acl,
            held: Mutex::new(Held { state, is_closed: false, ignored, untold: Vec::new(), told_at: None }),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // What panics in here has a defect; going on with a state that was half changed would hide it.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at what was read.
    pub(super) fn with_state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.held().state)
    }

    /// Makes what was read hold, and then says so. What others changed is in the result, if they did.
    pub(super) fn apply(&self, batches: &[Batch]) -> Option<Reload> {
        let last = batches.last()?;
        let ours = self.producer_id.load(Ordering::Acquire);
        let mut held = self.held();
        let (mut all, mut theirs, mut own) = (Applied::default(), Outcome::default(), None);
        for batch in batches {
            let is_ours = batch.stamp.producer_id == ours;
            if is_ours {
                own = Some(batch.stamp);
            }
            if is_ours {
                held.state.apply_batch(&self.settings, &batch.content, &mut all);
            } else {
                let mut applied = Applied::default();
                held.state.apply_batch(&self.settings, &batch.content, &mut applied);
                all.append(&applied);
                theirs.append(held.state.outcome(applied));
            }
        }
        self.alarm(&mut held, &all);
        let outcome = held.state.outcome(all);
        self.put_in_force(&held, &outcome);
        drop(held);
        self.progress.send_modify(|progress| {
            progress.next = last.last_offset + 1;
            progress.own = own.or(progress.own);
        });
        (!theirs.is_empty()).then(|| self.loaded(theirs))
    }

    /// Takes a state that was read anew. What is different is in the result.
    pub(super) fn replace(&self, state: State, next: i64, ignored: usize) -> Option<Reload> {
        let mut held = self.held();
        let outcome = held.state.differences(&state);
        held.state = state;
        held.ignored = ignored;
        self.following.ignores(ignored);
        self.put_in_force(&held, &outcome);
        drop(held);
        self.progress.send_modify(|progress| progress.next = next);
        (!outcome.is_empty()).then(|| self.loaded(outcome))
    }

    fn put_in_force(&self, held: &Held, outcome: &Outcome) {
        if outcome.is_empty() || held.is_closed {
            return;
        }
        let changes_acls = self.part.has_acls() && !(outcome.added.is_empty() && outcome.removed.is_empty());
        let users = (self.part.has_users() && !outcome.users.is_empty()).then(|| Arc::new(users_of(&held.state.users)));
        if !changes_acls && users.is_none() {
            return;
        }
        self.current.update(|old| {
            let policy = match changes_acls {
                true => old.policy.with_changes(&outcome.removed, &outcome.added),
                false => old.policy.clone(),
            };
            (policy, users.unwrap_or_else(|| Arc::clone(&old.users)))
        });
    }

    fn alarm(&self, held: &mut Held, applied: &Applied) {
        if !applied.ignored.is_empty() {
            held.ignored += applied.ignored.len();
            self.following.ignores(held.ignored);
            let room = MOST_UNTOLD.saturating_sub(held.untold.len());
            held.untold.extend(applied.ignored.iter().take(room).cloned());
        }
        if !held.untold.is_empty() && held.told_at.is_none_or(|at| at.elapsed() > BETWEEN_ALARMS) {
            tell_of_ignored(&self.settings.topic, &std::mem::take(&mut held.untold));
            held.told_at = Some(Instant::now());
        }
    }

    /// Nothing is allowed from now on, super users included; or nobody can log in, where only users are kept in the topic.
    /// Whether that is new.
    pub(super) fn close(&self) -> bool {
        let mut held = self.held();
        if held.is_closed {
            return false;
        }
        held.is_closed = true;
        if !self.part.has_acls() {
            self.current.update(|old| (old.policy.clone(), Arc::default()));
            return true;
        }
        let mut nobody = self.acl.clone();
        nobody.super_users.clear();
        nobody.listener_super_users.clear();
        nobody.allow_everyone_if_no_acl_found = false;
        self.current.update(|old| (Policy::empty(nobody), Arc::clone(&old.users)));
        true
    }

    /// What is known holds again. Whether it did not.
    pub(super) fn open(&self) -> bool {
        let mut held = self.held();
        if !held.is_closed {
            return false;
        }
        held.is_closed = false;
        let policy = self.part.has_acls().then(|| Policy::new(self.acl.clone(), held.state.acls().cloned()));
        let users = self.part.has_users().then(|| Arc::new(users_of(&held.state.users)));
        self.current.update(|old| {
            (policy.unwrap_or_else(|| old.policy.clone()), users.unwrap_or_else(|| Arc::clone(&old.users)))
        });
        true
    }

    /// Says what is wrong with the topic, or that it no longer is. Whether that is news.
    pub(super) fn set_trouble(&self, trouble: Option<&KafkaError>) -> bool {
        let trouble = trouble.map(ToString::to_string);
        self.trouble.send_if_modified(|before| {
            let is_news = *before != trouble;
            *before = trouble;
            is_news
        })
    }

    fn loaded(&self, outcome: Outcome) -> Reload {
        let snapshot = self.current.load();
        Reload::Loaded {
            generation: snapshot.generation,
            acls: snapshot.policy.len(),
            added: outcome.added.len(),
            removed: outcome.removed.len(),
            users: snapshot.users.len(),
            warnings: Vec::new(),
            edits: Edits {
                file: place(&self.settings.topic),
                added: outcome.added,
                removed: outcome.removed,
                users: outcome.users,
            },
        }
    }
}

/// What stands where a file would be named.
pub(super) fn place(topic: &str) -> String {
    format!("topic {topic}")
}

/// One word in the log for many: whoever writes rubbish into the topic must not fill the disk.
pub(super) fn tell_of_ignored(topic: &str, ignored: &[String]) {
    const SHOWN: usize = 3;
    if ignored.is_empty() {
        return;
    }
    let shown = ignored.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("; ");
    tracing::error!(
        "ALARM: {} records of the store's topic `{topic}` are ignored, somebody else writes there or a key is missing: \
         {shown}",
        ignored.len()
    );
}
