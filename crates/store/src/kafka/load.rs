//! The start: the topic is found or made, read to its end, and filled if it is new.

use std::time::{Duration, Instant};

use acl::AclBinding;
use authentication::Users;
use client::{Connector, TypedConnection};
use tokio::time::sleep;
use uuid::Uuid;

use super::follower::{Everything, read_everything};
use super::leader::Leader;
use super::record::{ALL_CLUSTERS, CURRENT_FORM, Entry, Mark, Scope};
use super::state::State;
use super::writer::{records, write_alone};
use super::{KafkaError, KafkaSettings, KafkaStore, shared, snapshot, topic};
use crate::embedded::users_of;
use crate::file::Part;
use crate::{Bootstrap, Current, Following};

const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// Between two words in the log while nothing answers.
const COMPLAIN_EVERY: Duration = Duration::from_secs(10);

/// How long the topic is looked for before a copy on this disk is used.
const SNAPSHOT_PATIENCE: Duration = Duration::from_secs(5);

/// The topic, read and not yet followed.
#[derive(Debug)]
pub struct LoadedTopic {
    pub(super) settings: KafkaSettings,
    pub(super) connector: Connector,
    pub(super) part: Part,
    pub(super) topic_id: Uuid,
    pub(super) state: State,
    pub(super) next: i64,
    pub(super) log_start: i64,
    pub(super) ignored: usize,
    pub(super) following: Following,
    /// It is a copy, of which the topic does not know yet.
    pub(super) is_snapshot: bool,
    acls: Vec<AclBinding>,
}

/// Reads the topic for the first time, and fills it if it is new; waits for a cluster that cannot be reached, or starts
/// with a copy on this disk if there is one. `upstream` leads to the cluster behind us.
///
/// # Errors
/// What waiting does not mend: wrong settings of the topic, a wrong key, a store that has lost something.
pub async fn load(
    settings: &KafkaSettings,
    part: Part,
    upstream: &Connector,
    bootstrap: &Bootstrap,
) -> Result<LoadedTopic, KafkaError> {
    let connector = settings.connector(upstream)?;
    let (began, mut complained, mut backoff) = (Instant::now(), None::<Instant>, FIRST_BACKOFF);
    loop {
        let error = match attempt(settings, part, &connector, bootstrap).await {
            Ok(loaded) => return Ok(loaded),
            Err(error) if error.may_pass() => error,
            Err(error) => return Err(error),
        };
        if began.elapsed() > SNAPSHOT_PATIENCE
            && let Some(copy) = snapshot::usable(settings)
        {
            tracing::warn!(
                "the store's topic `{}` is out of reach ({error}); starting with a copy that is {} s old",
                settings.topic,
                copy.age.as_secs()
            );
            return Ok(LoadedTopic::of_snapshot(settings, part, connector, copy));
        }
        if complained.is_none_or(|at| at.elapsed() > COMPLAIN_EVERY) && began.elapsed() > LONGEST_BACKOFF {
            tracing::warn!("the store cannot be read yet, and nothing can be decided: {error}");
            complained = Some(Instant::now());
        }
        sleep(backoff).await;
        backoff = (backoff * 2).min(LONGEST_BACKOFF);
    }
}

async fn attempt(
    settings: &KafkaSettings,
    part: Part,
    connector: &Connector,
    bootstrap: &Bootstrap,
) -> Result<LoadedTopic, KafkaError> {
    let began = Instant::now();
    let mut connection = TypedConnection::open_any(connector).await?;
    let mut cluster = topic::locate(&mut connection, &settings.topic).await?;
    if cluster.topic.is_none() {
        topic::create(connector, &mut connection, &cluster, settings).await?;
        tracing::info!("the store's topic `{}` was made", settings.topic);
        while cluster.topic.as_ref().is_none_or(|topic| topic.leader.is_none()) {
            if began.elapsed() > connector.settings().request_timeout {
                return Err(KafkaError::Gone { topic: settings.topic.clone() });
            }
            sleep(FIRST_BACKOFF).await;
            cluster = topic::locate(&mut connection, &settings.topic).await?;
        }
    }
    let Some(located) = cluster.topic else { return Err(KafkaError::Gone { topic: settings.topic.clone() }) };
    for unwise in topic::check(&mut connection, &located, settings).await? {
        tracing::warn!("the store's topic {unwise}");
    }
    let mut leader = Leader::find(connector, settings, Some(located.id)).await?;
    let mut asked_at = Instant::now();
    let mut read = read_everything(&mut leader, settings).await?;
    read.state.check(settings)?;
    if read.state.is_new() {
        if !read.state.has_records && read.next > 0 || snapshot::exists(settings) {
            return Err(KafkaError::Emptied { topic: settings.topic.clone() });
        }
        fill(&mut leader, settings, part, bootstrap, read.next).await?;
        asked_at = Instant::now();
        read = read_everything(&mut leader, settings).await?;
        read.state.check(settings)?;
    }
    shared::tell_of_ignored(&settings.topic, &read.ignored);
    warn_of_counts(settings, &read.state);
    let Everything { state, next, log_start, ignored } = read;
    let following = Following::with_limit(asked_at, settings.max_staleness);
    following.ignores(ignored.len());
    Ok(LoadedTopic {
        acls: state.acls().cloned().collect(),
        settings: settings.clone(),
        connector: connector.clone(),
        part,
        topic_id: leader.id(),
        state,
        next,
        log_start,
        ignored: ignored.len(),
        following,
        is_snapshot: false,
    })
}

/// A new scope's first batch. Another replica may be doing the same: then both write the same keys.
async fn fill(
    leader: &mut Leader,
    settings: &KafkaSettings,
    part: Part,
    bootstrap: &Bootstrap,
    read_to: i64,
) -> Result<(), KafkaError> {
    let mut entries = Vec::new();
    let mut state = State::default();
    if part.has_acls() {
        let acls = bootstrap.acls.iter().filter(|binding| state.cluster.acls.insert((*binding).clone()));
        entries.extend(acls.map(|binding| Entry::Acl { binding: binding.clone(), is_present: true }));
    }
    let users = if part.has_users() { bootstrap.users.as_slice() } else { &[] };
    for user in users {
        let name = || user.name.as_str().into();
        entries.extend(user.credentials.iter().map(|(mechanism, credential)| Entry::Credential {
            user: name(),
            mechanism: *mechanism,
            credential: Some(credential.clone()),
        }));
        if !user.groups.is_empty() {
            entries.push(Entry::Groups { user: name(), groups: user.groups.clone() });
        }
    }
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let names = settings.keys.naming_key();
    let mark = Mark { form: CURRENT_FORM, names, acls: count(state.cluster.acls.len()), users: count(users.len()) };
    entries.push(Entry::Mark(mark));
    let records = records(settings, Scope::Cluster, &names, &entries)?;
    if leader.end().await? != read_to {
        // Somebody was faster: read again.
        return Ok(());
    }
    write_alone(leader, &records).await?;
    tracing::info!(
        "the store's topic `{}` has nothing for the cluster `{}`: it was filled from `bootstrap`",
        settings.topic,
        settings.cluster
    );
    Ok(())
}

/// Writers that meet may leave a mark a little wrong, and correct it. A mark that is wrong later is worth a look.
fn warn_of_counts(settings: &KafkaSettings, state: &State) {
    for (scope, name) in [(Scope::Cluster, settings.cluster.as_str()), (Scope::AllClusters, ALL_CLUSTERS)] {
        let (said, found) = (&state.scoped(scope).mark, state.mark(scope));
        if let (Some(said), Some(found)) = (said, &found)
            && (found.acls < said.acls || found.users < said.users)
        {
            tracing::error!(
                "ALARM: the store's topic `{}` has {} ACLs and {} users for `{name}`, and its mark says {} and {}",
                settings.topic,
                found.acls,
                found.users,
                said.acls,
                said.users
            );
        }
    }
}

impl LoadedTopic {
    fn of_snapshot(settings: &KafkaSettings, part: Part, connector: Connector, copy: snapshot::Copy) -> LoadedTopic {
        let seen_at = Instant::now().checked_sub(copy.age).unwrap_or_else(Instant::now);
        LoadedTopic {
            acls: copy.state.acls().cloned().collect(),
            settings: settings.clone(),
            connector,
            part,
            topic_id: copy.topic_id,
            state: copy.state,
            next: 0,
            log_start: 0,
            ignored: 0,
            following: Following::with_limit(seen_at, settings.max_staleness),
            is_snapshot: true,
        }
    }

    /// What is in force, both scopes together.
    pub fn acls(&self) -> &[AclBinding] {
        &self.acls
    }

    pub fn users(&self) -> Users {
        users_of(&self.state.users)
    }

    /// The store that changes its part of `current`, in which the topic is already.
    pub fn into_store(self, current: Current) -> KafkaStore {
        KafkaStore::new(self, current)
    }
}
