//! Which store has the ACLs and which the users, opened together: what the proxy reads, and where it writes.

use std::path::PathBuf;
use std::sync::Arc;

use acl::{AclBinding, AclBindingFilter, Policy};
use apis::{Refused, ScramAlteration};
use authentication::Users;
use client::Connector;
use tokio::sync::{Notify, mpsc};

use crate::embedded::{self, EmbeddedError, Journal, LoadedDatabase};
use crate::file::{self, FileSettings, LoadError, LoadedFile, Part};
use crate::kafka::{self, KafkaError, KafkaSettings, LoadedTopic};
use crate::upstream::{self, LoadedAcls, UpstreamError};
use crate::{
    Altered, Bootstrap, Created, Current, Deleted, Edits, Following, Pending, Problem, Reload, Snapshot, Store,
};

/// Where everything is.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// Super users and defaults, which are in no store.
    pub acl: acl::Settings,
    pub places: Places,
    /// Fills embedded stores that are new.
    pub bootstrap: Bootstrap,
}

impl StoreSettings {
    /// Topics of the cluster behind us that no client may see.
    pub fn hidden_topics(&self) -> impl Iterator<Item = &str> {
        let places = match &self.places {
            Places::Together(place) => [Some(place), None],
            Places::Apart { acls, users } => [Some(acls), Some(users)],
        };
        places.into_iter().flatten().filter_map(|place| match place {
            Place::Kafka(settings) if settings.on_protected_cluster() => Some(settings.topic.as_str()),
            Place::Kafka(_) | Place::File(_) | Place::Embedded(_) | Place::Upstream(_) => None,
        })
    }
}

/// Whether ACLs and users are together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Places {
    Together(Place),
    Apart { acls: Place, users: Place },
}

/// A store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    File(FileSettings),
    /// The directory of the database.
    Embedded(PathBuf),
    /// A topic, of the cluster behind us or of another one.
    Kafka(Box<KafkaSettings>),
    /// The cluster behind us. ACLs only.
    Upstream(upstream::Settings),
}

/// Why there is nothing to start with.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    File(#[from] LoadError),
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

/// The stores, in use. Clones are the same.
#[derive(Debug, Clone)]
pub struct Stores {
    pub current: Current,
    /// Takes changes of ACLs.
    pub acls: Arc<dyn Store>,
    /// Takes changes of users. The same one, if they are together.
    pub users: Arc<dyn Store>,
}

/// What was found at the start, for the log.
#[derive(Debug)]
pub struct Opened {
    pub stores: Stores,
    /// As a reload tells it.
    pub first_load: Reload,
    /// Directories of databases that were made and filled from `bootstrap`.
    pub filled: Vec<PathBuf>,
    /// What the command line changed in databases since they were in use last.
    pub offline: Vec<Journal>,
    followed: Vec<Arc<dyn Store>>,
}

enum Loaded {
    File(LoadedFile),
    Embedded(LoadedDatabase),
    Upstream(Box<LoadedAcls>),
    Kafka(Box<LoadedTopic>),
}

impl Stores {
    /// Opens what the settings name. A new embedded store is made and filled. `upstream` leads to the cluster behind us,
    /// for stores that are in it: reading them takes as long as it does not answer.
    pub async fn open(settings: StoreSettings, upstream: &Connector) -> Result<Opened, OpenError> {
        let hidden: Vec<String> = settings.hidden_topics().map(str::to_owned).collect();
        let StoreSettings { mut acl, places, bootstrap } = settings;
        acl.hidden_topics.extend(hidden);
        if let Places::Together(Place::Upstream(_)) | Places::Apart { acls: Place::Upstream(_), .. } = &places {
            // To a broker a range is a host that nobody comes from: it must not come alive here.
            acl.host_ranges = false;
        }
        let (together, apart) = match places {
            Places::Together(place) => (load(&place, Part::Both, &bootstrap, &acl, upstream).await?, None),
            Places::Apart { acls, users } => {
                // Users first: what is wrong on this machine is told before anything is waited for.
                let users = load(&users, Part::Users, &bootstrap, &acl, upstream).await?;
                (load(&acls, Part::Acls, &bootstrap, &acl, upstream).await?, Some(users))
            }
        };
        let users = apart.as_ref().unwrap_or(&together).users();
        let policy = Policy::new(acl, together.acls().iter().cloned());
        let first_load = Reload::Loaded {
            generation: 1,
            acls: policy.len(),
            added: policy.len(),
            removed: 0,
            users: users.len(),
            warnings: [together.warnings(), apart.as_ref().map_or(&[][..], Loaded::warnings)].concat(),
            edits: Edits::default(),
        };
        let current = Current::new(Snapshot { policy, users: Arc::new(users), generation: 1 });
        let filled = [Some(&together), apart.as_ref()].into_iter().flatten().filter_map(Loaded::filled).collect();
        let mut offline = Vec::new();
        let acls = together.into_store(current.clone(), &mut offline);
        let users = apart.map_or_else(|| Arc::clone(&acls), |users| users.into_store(current.clone(), &mut offline));
        let mut followed = vec![Arc::clone(&acls)];
        if !Arc::ptr_eq(&acls, &users) {
            followed.push(Arc::clone(&users));
        }
        Ok(Opened { stores: Stores { current, acls, users }, first_load, filled, offline, followed })
    }
}

impl Stores {
    /// How well those are followed that are not on this machine: by what they are for, `acls` or `users`.
    pub fn following(&self) -> impl Iterator<Item = (&'static str, &Following)> {
        let stores = [("acls", &self.acls), ("users", &self.users)];
        stores.into_iter().filter_map(|(what, store)| Some((what, store.following()?)))
    }
}

/// What holds is brought in by somebody else; nothing is changed over the wire.
impl From<Current> for Stores {
    fn from(current: Current) -> Stores {
        let nobody = Arc::new(Nobody);
        Stores { current, acls: nobody.clone(), users: nobody }
    }
}

/// No store at all.
#[derive(Debug)]
struct Nobody;

fn refused<T: Send + 'static>() -> Pending<Result<T, Refused>> {
    Box::pin(std::future::ready(Err(Refused::NotEditable("there is no store that could be changed".to_owned()))))
}

impl Store for Nobody {
    fn create_acls(&self, _: Vec<AclBinding>) -> Pending<Result<Created, Refused>> {
        refused()
    }

    fn delete_acls(&self, _: Vec<AclBindingFilter>) -> Pending<Result<Deleted, Refused>> {
        refused()
    }

    fn alter_credentials(&self, _: Vec<ScramAlteration>) -> Pending<Result<Altered, Refused>> {
        refused()
    }

    fn keep_current(self: Arc<Self>, _: Arc<Notify>, _: mpsc::Sender<Reload>) -> Pending<()> {
        Box::pin(std::future::pending())
    }
}

impl Opened {
    /// Follows all stores until dropped, each by its [`Store::keep_current`].
    pub async fn keep_current(self, look_now: Arc<Notify>, tell: mpsc::Sender<Reload>) {
        let mut tasks = tokio::task::JoinSet::new();
        let mut bells = Vec::new();
        for store in self.followed {
            let bell = Arc::new(Notify::new());
            bells.push(Arc::clone(&bell));
            tasks.spawn(store.keep_current(bell, tell.clone()));
        }
        loop {
            look_now.notified().await;
            bells.iter().for_each(|bell| bell.notify_one());
        }
    }
}

async fn load(
    place: &Place,
    part: Part,
    bootstrap: &Bootstrap,
    acl: &acl::Settings,
    upstream: &Connector,
) -> Result<Loaded, OpenError> {
    match place {
        Place::Upstream(settings) => {
            let loaded = upstream::load(settings.clone(), upstream, acl.allow_everyone_if_no_acl_found).await?;
            Ok(Loaded::Upstream(Box::new(loaded)))
        }
        Place::Kafka(settings) => Ok(Loaded::Kafka(Box::new(kafka::load(settings, part, upstream, bootstrap).await?))),
        Place::File(settings) => Ok(Loaded::File(file::load(FileSettings { part, ..settings.clone() })?)),
        Place::Embedded(directory) => {
            let mut bootstrap = bootstrap.clone();
            if !part.has_acls() {
                bootstrap.acls.clear();
            }
            if !part.has_users() {
                bootstrap.users.clear();
            }
            Ok(Loaded::Embedded(embedded::load(directory, &bootstrap)?))
        }
    }
}

impl Loaded {
    fn acls(&self) -> &[AclBinding] {
        match self {
            Loaded::File(file) => file.acls(),
            Loaded::Embedded(database) => database.acls(),
            Loaded::Upstream(acls) => acls.acls(),
            Loaded::Kafka(topic) => topic.acls(),
        }
    }

    fn users(&self) -> Users {
        match self {
            Loaded::File(file) => file.users(),
            Loaded::Embedded(database) => database.users(),
            Loaded::Upstream(_) => Users::default(),
            Loaded::Kafka(topic) => topic.users(),
        }
    }

    fn warnings(&self) -> &[Problem] {
        match self {
            Loaded::File(file) => file.warnings(),
            Loaded::Embedded(_) | Loaded::Upstream(_) | Loaded::Kafka(_) => &[],
        }
    }

    fn filled(&self) -> Option<PathBuf> {
        match self {
            Loaded::Embedded(database) if database.is_new() => Some(database.directory().to_owned()),
            Loaded::Embedded(_) | Loaded::File(_) | Loaded::Upstream(_) | Loaded::Kafka(_) => None,
        }
    }

    fn into_store(self, current: Current, offline: &mut Vec<Journal>) -> Arc<dyn Store> {
        match self {
            Loaded::File(file) => Arc::new(file.into_store(current)),
            Loaded::Embedded(database) => {
                let (store, journal) = database.into_store_and_journal(current);
                offline.extend(journal);
                Arc::new(store)
            }
            Loaded::Upstream(acls) => Arc::new(acls.into_store(current)),
            Loaded::Kafka(topic) => Arc::new(topic.into_store(current)),
        }
    }
}
