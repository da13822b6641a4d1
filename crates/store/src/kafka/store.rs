//! The store: changes that are planned on what was read, written by the [`Writer`], and read back before they are
//! answered.

use std::sync::Arc;
use std::time::Duration;

use acl::{AclBinding, AclBindingFilter};
use apis::{Refused, ScramAlteration};
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout_at};

use super::batch::Record;
use super::follower::Follower;
use super::record::{Entry, Scope};
use super::shared::Shared;
use super::state::State;
use super::writer::{WriteFailure, Writer, records};
use super::{LoadedTopic, snapshot};
use crate::embedded::UserEntries;
use crate::file::user::UserEntry;
use crate::{Altered, AlteredCredential, Created, Deleted, Following, Pending, Reload, Store};

/// How long a client waits for its change. Clients give up after half a minute (`request.timeout.ms`).
const PATIENCE: Duration = Duration::from_secs(15);

/// Between looks at the age of what is known.
const LOOK_AT_AGE: Duration = Duration::from_millis(250);

/// What a client is told when a change was begun and is not known to be in the topic.
const MAY_HAVE_HAPPENED: &str = "the store in Kafka has not confirmed the change in time: it may have happened or may \
                                 happen yet; look again before it is repeated";

/// The topic, in use.
#[derive(Debug)]
pub struct KafkaStore {
    shared: Arc<Shared>,
    writer: Arc<Mutex<Writer>>,
    log_start: i64,
    is_snapshot: bool,
}

/// What a change comes to: what is answered, and what is written.
type Planned<T> = Result<(T, Vec<Entry>), Refused>;

impl KafkaStore {
    pub(super) fn new(loaded: LoadedTopic, current: crate::Current) -> KafkaStore {
        let LoadedTopic { settings, connector, part, topic_id, state, next, log_start, ignored, following, .. } =
            loaded;
        let is_snapshot = loaded.is_snapshot;
        let shared =
            Arc::new(Shared::new((settings, connector, part), topic_id, following, (state, next, ignored), current));
        let writer = Arc::new(Mutex::new(Writer::new(Arc::clone(&shared))));
        KafkaStore { shared, writer, log_start, is_snapshot }
    }

    /// One change, in its turn. It goes on if nobody waits for it any more, until its fate is known.
    fn change<T: Send + 'static>(
        &self,
        plan: impl FnOnce(&State) -> Planned<T> + Send + 'static,
    ) -> Pending<Result<T, Refused>> {
        let (shared, writer) = (Arc::clone(&self.shared), Arc::clone(&self.writer));
        let deadline = Instant::now() + PATIENCE;
        let (answer, answered) = oneshot::channel();
        tokio::spawn(async move {
            let Ok(mut writer) = timeout_at(deadline, writer.lock_owned()).await else {
                let _ = answer.send(Err(not_done("another change has not been confirmed yet")));
                return;
            };
            let done = change(shared, &mut writer, plan, deadline).await;
            let _ = answer.send(done);
            writer.correct_mark(Scope::Cluster).await;
        });
        Box::pin(async move {
            // A little later than what has not begun is given up.
            match timeout_at(deadline + Duration::from_secs(1), answered).await {
                Ok(Ok(done)) => done,
                Ok(Err(_)) | Err(_) => Err(Refused::Unavailable(MAY_HAVE_HAPPENED.to_owned())),
            }
        })
    }
}

async fn change<T: Send + 'static>(
    shared: Arc<Shared>,
    writer: &mut Writer,
    plan: impl FnOnce(&State) -> Planned<T> + Send + 'static,
    deadline: Instant,
) -> Result<T, Refused> {
    writer.catch_up(deadline).await.map_err(refused)?;
    // Ten thousand ACLs take a while to find and to seal: away from those who decide.
    let planned = spawn_blocking(move || sealed(&shared, plan)).await;
    let (done, records) = planned.unwrap_or_else(|_| Err(not_done("it could not be planned")))?;
    if !records.is_empty() {
        writer.write(&records, deadline).await.map_err(refused)?;
    }
    Ok(done)
}

/// What is answered, and the records to be written; none if nothing changes.
fn sealed<T>(shared: &Shared, plan: impl FnOnce(&State) -> Planned<T>) -> Result<(T, Vec<Record>), Refused> {
    let (done, mut entries) = shared.with_state(plan)?;
    if entries.is_empty() {
        return Ok((done, Vec::new()));
    }
    let mark = shared.with_state(|state| state.mark_after(Scope::Cluster, &entries));
    let mark = mark.ok_or_else(|| not_done("the store has no mark"))?;
    let names = mark.names;
    entries.push(Entry::Mark(mark));
    let records = records(&shared.settings, Scope::Cluster, &names, &entries);
    Ok((done, records.map_err(|error| Refused::Unavailable(error.to_string()))?))
}

fn refused(failure: WriteFailure) -> Refused {
    tracing::error!("a change of the store in Kafka failed: {failure}");
    match failure {
        WriteFailure::NotDone(_) => not_done("the topic cannot be written: see the log of Doorkeeper"),
        WriteFailure::Unknown(_) => Refused::Unavailable(MAY_HAVE_HAPPENED.to_owned()),
    }
}

fn not_done(why: &str) -> Refused {
    Refused::Unavailable(format!("nothing was changed in the store in Kafka: {why}"))
}

impl Store for KafkaStore {
    fn create_acls(&self, bindings: Vec<AclBinding>) -> Pending<Result<Created, Refused>> {
        self.change(move |state| {
            let created = Created::plan_beside(|binding| state.cluster.acls.contains(binding), bindings)?;
            let entries = created.added.iter().map(|binding| Entry::Acl { binding: binding.clone(), is_present: true });
            let entries = entries.collect();
            Ok((created, entries))
        })
    }

    /// What is for all clusters is not among those that are found.
    fn delete_acls(&self, filters: Vec<AclBindingFilter>) -> Pending<Result<Deleted, Refused>> {
        self.change(move |state| {
            let deleted = Deleted::plan_among(state.cluster.acls.iter().cloned(), &filters)?;
            let gone = deleted.removed.iter().map(|binding| Entry::Acl { binding: binding.clone(), is_present: false });
            let entries = gone.collect();
            Ok((deleted, entries))
        })
    }

    fn alter_credentials(&self, alterations: Vec<ScramAlteration>) -> Pending<Result<Altered, Refused>> {
        self.change(move |state| Ok(plan_credentials(&state.users, alterations)))
    }

    fn keep_current(self: Arc<Self>, _: Arc<Notify>, tell: mpsc::Sender<Reload>) -> Pending<()> {
        let follower = Follower::new(Arc::clone(&self.shared), self.log_start, self.is_snapshot, tell);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            tokio::select! {
                () = follower.run() => {}
                () = close_when_stale(&shared) => {}
                () = snapshot::keep(&shared) => {}
            }
        })
    }

    fn following(&self) -> Option<&Following> {
        Some(&self.shared.following)
    }
}

fn plan_credentials(users: &UserEntries, alterations: Vec<ScramAlteration>) -> (Altered, Vec<Entry>) {
    let mut altered = Altered::default();
    let mut changed = UserEntries::new();
    let mut entries = Vec::new();
    for ScramAlteration { user, mechanism, credential } in alterations {
        let known = changed.remove(&*user).or_else(|| users.get(&*user).cloned());
        let mut entry = known.unwrap_or_else(|| UserEntry::new(&user));
        let after = credential.as_ref().map(|credential| credential.iterations);
        let before = entry.set(mechanism, credential.clone()).map(|credential| credential.iterations);
        changed.insert(user.as_ref().to_owned(), entry);
        if before.is_none() && after.is_none() {
            altered.missing.insert(user);
            continue;
        }
        entries.push(Entry::Credential { user: Arc::clone(&user), mechanism, credential });
        altered.credentials.push(AlteredCredential { user, mechanism, before, after });
    }
    (altered, entries)
}

/// Allows nothing once what is known is older than `max_staleness`. The follower ends that.
async fn close_when_stale(shared: &Shared) {
    if shared.settings.max_staleness.is_none() {
        return std::future::pending().await;
    }
    loop {
        if shared.following.is_stale() && shared.close() {
            tracing::error!(
                "ALARM: the store's topic `{}` could not be read for longer than `max_staleness`: {} until it can",
                shared.settings.topic,
                if shared.part.has_acls() { "nothing is allowed" } else { "nobody can log in" }
            );
        }
        sleep(LOOK_AT_AGE).await;
    }
}
