//! Where the users are: behind Kafka's protocol, in a file, or in a store that no Doorkeeper uses just now.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use acl::Policy;
use anyhow::{Context, Result, bail};
use apis::{Refused, ScramAlteration};
use authentication::{ScramMechanism, Users};
use clap::Args;
use client::UpstreamSettings;
use store::embedded::EmbeddedError;
use store::file::{FileSettings, Part};
use store::{Bootstrap, Current, Places, Snapshot, Store};

use super::change::{Change, last_of_each, validated};
use super::cluster::Known;
use super::{cluster, yaml};
use crate::commands::topic::Topic;
use crate::commands::{author, client_properties};
use crate::configuration;
use crate::report::list;

/// Users that one step changes.
const MOST_USERS: usize = 5000;

/// Exactly one place.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub(super) struct PlaceArguments {
    /// A running Doorkeeper, or a broker: `host:port`, separated by commas
    #[arg(long, value_name = "SERVERS", required_unless_present_any = ["file", "embedded", "config"], conflicts_with_all = ["file", "embedded", "config"])]
    bootstrap_server: Option<String>,
    /// How to log in there: a Java client's properties file
    #[arg(long, value_name = "FILE", requires = "bootstrap_server")]
    command_config: Option<PathBuf>,
    /// The file with users that a store `file` follows
    #[arg(long, value_name = "FILE", conflicts_with_all = ["embedded", "config"])]
    file: Option<PathBuf>,
    /// The directory of a store `embedded`, while no Doorkeeper runs with it
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "config")]
    embedded: Option<PathBuf>,
    /// The store of users that a configuration names, `kafka` too
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug)]
pub(super) enum Place {
    Cluster(UpstreamSettings),
    File(PathBuf),
    Embedded(PathBuf),
    Topic(Box<Topic>),
}

impl PlaceArguments {
    pub(super) fn open(self) -> Result<Place> {
        let PlaceArguments { bootstrap_server, command_config, file, embedded, config } = self;
        match (bootstrap_server, file, embedded, config) {
            (Some(servers), None, None, None) => {
                Ok(Place::Cluster(client_properties::read(command_config.as_deref(), &servers)?))
            }
            (None, Some(path), None, None) => Ok(Place::File(path)),
            (None, None, Some(directory), None) => Ok(Place::Embedded(directory)),
            (None, None, None, Some(path)) => of_configuration(&path),
            _ => bail!("expected one of `--bootstrap-server`, `--file`, `--embedded` and `--config`"),
        }
    }
}

fn of_configuration(path: &Path) -> Result<Place> {
    let read = configuration::read(path);
    let Some(configuration) = read.configuration else {
        bail!("`{}` is not in order:\n{}", path.display(), list(&read.problems).trim_end());
    };
    let (place, part) = match &configuration.store.places {
        Places::Together(place) => (place, Part::Both),
        Places::Apart { users, .. } => (users, Part::Users),
    };
    Ok(match place {
        store::Place::File(file) => Place::File(file.path.clone()),
        store::Place::Embedded(directory) => Place::Embedded(directory.clone()),
        store::Place::Kafka(settings) => Place::Topic(Box::new(Topic::new(settings, &configuration.upstream, part))),
        store::Place::Upstream(_) => bail!("users cannot be read from the cluster of `{}`", path.display()),
    })
}

impl Place {
    pub(super) async fn list(&self) -> Result<Known> {
        match self {
            Place::Cluster(settings) => cluster::list(settings).await,
            Place::File(path) if !path.exists() => Ok(Known::new()),
            Place::File(path) => Ok(known(&users_of_file(path)?)),
            Place::Embedded(directory) if !store::embedded::is_there(directory) => Ok(Known::new()),
            Place::Embedded(directory) => Ok(known(&embedded(directory)?.0.load().users)),
            Place::Topic(topic) => Ok(known(&topic.users().await?)),
        }
    }

    /// Each user and mechanism; the last of several counts.
    pub(super) async fn change(&self, changes: Vec<Change>) -> Result<()> {
        let changes = last_of_each(changes);
        validated(&changes)?;
        match self {
            Place::Cluster(settings) => cluster::change(settings, &changes).await,
            Place::File(path) => yaml::change(path, &changes),
            Place::Embedded(directory) => {
                let (_, store) = embedded(directory)?;
                alter(store.as_ref(), &changes).await
            }
            Place::Topic(topic) => topic.change_users(&changes).await,
        }
    }

    /// All that a user has.
    pub(super) async fn remove(&self, user: &str, mechanisms: impl Iterator<Item = ScramMechanism>) -> Result<()> {
        if let Place::File(path) = self {
            return yaml::remove(path, user);
        }
        let changes: Vec<Change> =
            mechanisms.map(|mechanism| Change { user: user.to_owned(), mechanism, to: None }).collect();
        if changes.is_empty() {
            bail!("`{user}` has groups and no credentials; groups are not changed here");
        }
        self.change(changes).await
    }
}

fn users_of_file(path: &Path) -> Result<Users> {
    let settings = FileSettings { part: Part::Both, ..FileSettings::new(path) };
    match store::file::load(settings) {
        Ok(file) => Ok(file.users()),
        Err(error) => bail!("{error}"),
    }
}

/// A directory that is new is made.
fn embedded(directory: &Path) -> Result<(Current, Arc<dyn Store>)> {
    let loaded = match store::embedded::load_offline(directory, &Bootstrap::default(), &author::of_this_process()) {
        Ok(loaded) => loaded,
        Err(error @ EmbeddedError::InUse { .. }) => {
            return Err(error).context("ask that one, with `--bootstrap-server`");
        }
        Err(error) => return Err(error.into()),
    };
    let policy = Policy::new(acl::Settings::default(), loaded.acls().iter().cloned());
    let current = Current::new(Snapshot { policy, users: Arc::new(loaded.users()), generation: 1 });
    let store = loaded.into_store(current.clone());
    Ok((current, Arc::new(store)))
}

/// One mechanism after the other: a store takes each user once.
pub(crate) async fn alter(store: &dyn Store, changes: &[Change]) -> Result<()> {
    for mechanism in ScramMechanism::ALL {
        let of_mechanism: Vec<&Change> = changes.iter().filter(|change| change.mechanism == mechanism).collect();
        for some in of_mechanism.chunks(MOST_USERS) {
            let alterations = some.iter().map(|change| ScramAlteration {
                user: change.user.as_str().into(),
                mechanism,
                credential: change.to.as_ref().map(|credential| credential.keys(mechanism)),
            });
            store.alter_credentials(alterations.collect()).await.map_err(refused)?;
        }
    }
    Ok(())
}

fn refused(refused: Refused) -> anyhow::Error {
    match refused {
        Refused::NotEditable(text) | Refused::Unavailable(text) => anyhow::Error::msg(text),
        Refused::TooMany => anyhow::Error::msg("more changes at a time than a store takes"),
        Refused::Upstream { error, text } => anyhow::anyhow!("{}: {text}", error.name()),
    }
}

fn known(users: &Users) -> Known {
    let credentials = |user: &str| -> BTreeMap<ScramMechanism, u32> {
        let each = ScramMechanism::ALL.into_iter();
        each.filter_map(|mechanism| Some((mechanism, users.get(user, mechanism)?.iterations))).collect()
    };
    let names: BTreeSet<&Arc<str>> = users.names().collect();
    names.into_iter().map(|name| (name.to_string(), credentials(name))).collect()
}
