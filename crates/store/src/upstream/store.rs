//! The store: polls, and changes that wait until they are seen.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use acl::{AclBinding, AclBindingFilter, Policy};
use apis::{Refused, ScramAlteration};
use protocol::messages::DescribeAclsResponse;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, mpsc};
use tokio::task::spawn_blocking;

use super::cluster::Cluster;
use super::wire::{self, Understood};
use super::{LoadedAcls, UpstreamError};
use crate::{Altered, Created, Current, Deleted, Edits, Following, Mark, Pending, Problem, Reload, Severity, Store};

/// What stands where a file would be named.
const PLACE: &str = "the cluster upstream";

/// Between looks for a change of ours; a broker is told of it by the controller within milliseconds.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
const LOOK_AGAIN_LATER: Duration = Duration::from_millis(200);

/// How long another broker may not know yet what one has shown us. They learn of a change within milliseconds, or are in
/// trouble.
const BEHIND: Duration = Duration::from_secs(10);

/// The cluster's ACLs, in use.
#[derive(Debug)]
pub struct UpstreamStore {
    inner: Arc<Mutex<Inner>>,
    following: Following,
    poll_interval: Duration,
    /// Until somebody follows the store.
    untold: Arc<Mutex<mpsc::UnboundedReceiver<Reload>>>,
}

#[derive(Debug)]
struct Inner {
    cluster: Cluster,
    current: Current,
    everyone_if_no_acl: bool,
    /// What holds came from.
    response: DescribeAclsResponse,
    following: Following,
    tell: mpsc::UnboundedSender<Reload>,
    /// What was told last, while nothing new can be read.
    failure: Option<String>,
    /// The last change of ours that was seen, when, and on which connection.
    last_change: Option<(Arc<Own>, Instant, u64)>,
}

/// What a change of ours was, so that it is not told as somebody else's.
#[derive(Debug, Clone, Default)]
struct Own {
    present: Vec<AclBinding>,
    absent: Vec<AclBinding>,
}

impl UpstreamStore {
    pub(super) fn new(loaded: LoadedAcls, current: Current) -> UpstreamStore {
        let LoadedAcls { settings, cluster, response, understood: _, following } = loaded;
        let (tell, untold) = mpsc::unbounded_channel();
        let everyone_if_no_acl = current.load().policy.settings().allow_everyone_if_no_acl_found;
        let followed = following.clone();
        let inner = Inner {
            cluster,
            current,
            everyone_if_no_acl,
            response,
            following: followed,
            tell,
            failure: None,
            last_change: None,
        };
        UpstreamStore {
            inner: Arc::new(Mutex::new(inner)),
            following,
            poll_interval: settings.poll_interval,
            untold: Arc::new(Mutex::new(untold)),
        }
    }

    /// One change, in its turn. It goes on if nobody waits for it any more.
    fn change<T, F>(
        &self,
        act: impl FnOnce(OwnedMutexGuard<Inner>) -> F + Send + 'static,
    ) -> Pending<Result<T, Refused>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, UpstreamError>> + Send,
    {
        let inner = Arc::clone(&self.inner);
        let changed = tokio::spawn(async move { act(inner.lock_owned().await).await.map_err(UpstreamError::told) });
        Box::pin(async move {
            let ended = |_| Err(Refused::Unavailable("doorkeeper is stopping".to_owned()));
            changed.await.unwrap_or_else(ended)
        })
    }
}

impl Store for UpstreamStore {
    fn create_acls(&self, bindings: Vec<AclBinding>) -> Pending<Result<Created, Refused>> {
        self.change(move |mut inner| async move {
            let policy = inner.current.load().policy.clone();
            inner.cluster.create(&bindings).await?;
            let mut seen = HashSet::new();
            let is_new = |binding: &&AclBinding| !policy.contains(binding) && seen.insert((*binding).clone());
            let added = bindings.iter().filter(is_new).cloned().collect();
            inner.read_until(Own { present: bindings, absent: Vec::new() }).await?;
            Ok(Created { added })
        })
    }

    fn delete_acls(&self, filters: Vec<AclBindingFilter>) -> Pending<Result<Deleted, Refused>> {
        self.change(move |mut inner| async move {
            let found = inner.cluster.delete(&filters).await?;
            let mut seen = HashSet::new();
            let removed: Vec<AclBinding> =
                found.iter().flatten().filter(|binding| seen.insert((*binding).clone())).cloned().collect();
            inner.read_until(Own { present: Vec::new(), absent: removed.clone() }).await?;
            Ok(Deleted { found, removed })
        })
    }

    fn alter_credentials(&self, _: Vec<ScramAlteration>) -> Pending<Result<Altered, Refused>> {
        let text =
            "users are in another store than the ACLs of the cluster upstream, and none is configured".to_owned();
        Box::pin(std::future::ready(Err(Refused::NotEditable(text))))
    }

    fn keep_current(self: Arc<Self>, look_now: Arc<Notify>, tell: mpsc::Sender<Reload>) -> Pending<()> {
        Box::pin(async move {
            let mut untold = self.untold.lock().await;
            let mut polls =
                tokio::time::interval_at(tokio::time::Instant::now() + self.poll_interval, self.poll_interval);
            polls.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                let asked = tokio::select! {
                    Some(reload) = untold.recv() => {
                        if tell.send(reload).await.is_err() {
                            tracing::debug!("nobody listens to reloads any more");
                        }
                        continue;
                    }
                    () = look_now.notified() => true,
                    _ = polls.tick() => false,
                };
                self.inner.lock().await.poll(asked).await;
            }
        })
    }

    fn following(&self) -> Option<&Following> {
        Some(&self.following)
    }
}

impl Inner {
    /// One look. What comes of it is told if it is anything new, or if somebody asked.
    async fn poll(&mut self, asked: bool) {
        match self.read(&Own::default()).await {
            Ok(changed) => {
                let has_recovered = self.failure.take().is_some();
                if has_recovered {
                    tracing::info!("the ACLs of the cluster can be read again");
                }
                if !changed && (asked || has_recovered) {
                    self.say(Reload::Unchanged { generation: self.current.load().generation });
                }
            }
            Err(error) => self.failed(error.to_string(), asked),
        }
    }

    fn failed(&mut self, message: String, asked: bool) {
        if asked || self.failure.as_ref() != Some(&message) {
            let problem = Problem {
                severity: Severity::Error,
                file: Arc::from(std::path::Path::new(PLACE)),
                mark: Mark::WHOLE_FILE,
                key: String::new(),
                message: message.clone(),
            };
            self.say(Reload::Failed { problems: vec![problem] });
        }
        self.failure = Some(message);
    }

    /// Reads until what we did is seen there.
    async fn read_until(&mut self, own: Own) -> Result<(), UpstreamError> {
        let timeout = self.cluster.request_timeout();
        let began = Instant::now();
        let mut wait = LOOK_AGAIN;
        loop {
            match self.read(&own).await {
                Ok(_) if self.has(&own) => {
                    self.last_change = Some((Arc::new(own), Instant::now(), self.cluster.connection()));
                    return Ok(());
                }
                Ok(_) => {}
                Err(error) if !error.may_pass() => return Err(error),
                Err(error) => tracing::debug!("looking for a change of ours: {error}"),
            }
            if began.elapsed() >= timeout {
                return Err(UpstreamError::NotReadBack { seconds: timeout.as_secs() });
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LOOK_AGAIN_LATER);
        }
    }

    fn has(&self, own: &Own) -> bool {
        let policy = &self.current.load().policy;
        own.present.iter().all(|binding| policy.contains(binding))
            && !own.absent.iter().any(|binding| policy.contains(binding))
    }

    /// Reads all ACLs and makes them hold. Whether anything is not as it was.
    async fn read(&mut self, own: &Own) -> Result<bool, UpstreamError> {
        let asked_at = Instant::now();
        let response = self.cluster.describe().await?;
        if response.resources == self.response.resources {
            self.following.seen(asked_at);
            return Ok(false);
        }
        let last_change = self.last_change_elsewhere();
        let (policy, everyone_if_no_acl) = (self.current.load().policy.clone(), self.everyone_if_no_acl);
        // As long as there are ACLs by the hundred thousand, this takes a while.
        let worked_out = spawn_blocking(move || {
            let understood = wire::understand(&response, everyone_if_no_acl)?;
            if last_change.is_some_and(|own| own.is_missing_in(&understood)) {
                return Ok(None);
            }
            let difference = Difference::new(&policy, &understood);
            let policy = policy.with_changes(&difference.removed, &difference.added);
            Ok::<_, UpstreamError>(Some((response, understood.ignored, difference, policy)))
        });
        let Ok(worked_out) = worked_out.await else { return Ok(false) };
        let Some((response, ignored, difference, policy)) = worked_out? else {
            tracing::debug!("a broker does not know yet what another has shown");
            return Ok(false);
        };
        if ignored.len() != self.following.ignored() {
            wire::tell_of_ignored(&ignored);
            self.following.ignores(ignored.len());
        }
        self.response = response;
        if difference.is_empty() {
            self.following.seen(asked_at);
            return Ok(false);
        }
        let snapshot = self.current.update(|old| (policy, Arc::clone(&old.users)));
        self.following.seen(asked_at);
        let (added, removed) = (difference.added.len(), difference.removed.len());
        let others = difference.without(own);
        if !others.is_empty() {
            self.say(Reload::Loaded {
                generation: snapshot.generation,
                acls: snapshot.policy.len(),
                added,
                removed,
                users: snapshot.users.len(),
                warnings: Vec::new(),
                edits: Edits {
                    file: PLACE.to_owned(),
                    added: others.added,
                    removed: others.removed,
                    users: Vec::new(),
                },
            });
        }
        Ok(true)
    }

    /// A change of ours that the connection of now may lead to a broker that has not heard of.
    fn last_change_elsewhere(&self) -> Option<Arc<Own>> {
        let (own, seen_at, connection) = self.last_change.as_ref()?;
        (*connection != self.cluster.connection() && seen_at.elapsed() < BEHIND).then(|| Arc::clone(own))
    }

    fn say(&self, reload: Reload) {
        // Nobody listens only when the process ends.
        let _ = self.tell.send(reload);
    }
}

impl Own {
    fn is_missing_in(&self, understood: &Understood) -> bool {
        let there: HashSet<&AclBinding> = understood.acls.iter().collect();
        !self.present.iter().all(|binding| there.contains(binding))
            || self.absent.iter().any(|binding| there.contains(binding))
    }
}

#[derive(Debug, Default)]
struct Difference {
    added: Vec<AclBinding>,
    removed: Vec<AclBinding>,
}

impl Difference {
    fn new(policy: &Policy, understood: &Understood) -> Difference {
        let there: HashSet<&AclBinding> = understood.acls.iter().collect();
        Difference {
            removed: policy.bindings().filter(|binding| !there.contains(binding)).collect(),
            added: there.into_iter().filter(|binding| !policy.contains(binding)).cloned().collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }

    fn without(mut self, own: &Own) -> Difference {
        let (present, absent): (HashSet<_>, HashSet<_>) = (own.present.iter().collect(), own.absent.iter().collect());
        self.added.retain(|binding| !present.contains(binding));
        self.removed.retain(|binding| !absent.contains(binding));
        self.added.sort_unstable();
        self.removed.sort_unstable();
        self
    }
}
