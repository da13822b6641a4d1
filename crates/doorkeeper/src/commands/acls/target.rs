//! What is read and changed: a cluster, a file, an embedded store that nobody runs.

use std::path::{Path, PathBuf};

use acl::{AclBinding, AclBindingFilter, AclPermissionType, CLUSTER_NAME, KafkaPrincipal, ResourceType};
use anyhow::{Context, Result, bail};
use client::UpstreamSettings;
use protocol::ErrorCode;
use store::Bootstrap;
use store::embedded::{self, EmbeddedError, LoadedDatabase};
use store::file::edit;

use super::cluster::{Cluster, Endpoint, Refusal};
use crate::commands::author;

/// A place that can be changed.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) place: Place,
}

#[derive(Debug, Clone)]
pub(crate) enum Place {
    Brokers(Box<UpstreamSettings>),
    Controllers(Box<UpstreamSettings>),
    File(PathBuf),
    Embedded(PathBuf),
}

/// A place in use. An embedded store is nobody else's until this is dropped.
#[derive(Debug)]
pub(crate) enum Opened {
    Cluster(Box<Cluster>),
    File(PathBuf),
    Embedded(Stored),
}

/// An embedded store; it is made when the first ACL comes.
#[derive(Debug)]
pub(crate) struct Stored {
    directory: PathBuf,
    database: Option<Box<LoadedDatabase>>,
}

impl Target {
    pub(crate) async fn open(&self) -> Result<Opened> {
        Ok(match &self.place {
            Place::Brokers(settings) => Opened::Cluster(Box::new(Cluster::open(settings, Endpoint::Brokers).await?)),
            Place::Controllers(settings) => {
                Opened::Cluster(Box::new(Cluster::open(settings, Endpoint::Controllers).await?))
            }
            Place::File(path) => Opened::File(path.clone()),
            Place::Embedded(directory) => Opened::Embedded(Stored::open(directory)?),
        })
    }
}

impl Opened {
    pub(crate) async fn all(&mut self) -> Result<Vec<AclBinding>> {
        self.describe(&AclBindingFilter::default()).await
    }

    pub(crate) async fn describe(&mut self, filter: &AclBindingFilter) -> Result<Vec<AclBinding>> {
        let mut acls = match self {
            Opened::Cluster(cluster) => return cluster.describe(filter).await,
            Opened::File(path) => edit::acls(path)?,
            Opened::Embedded(stored) => stored.existing()?.acls().to_vec(),
        };
        acls.retain(|binding| filter.matches(binding));
        Ok(acls)
    }

    /// Adds those that are not there.
    pub(crate) async fn create(&mut self, bindings: &[AclBinding]) -> Result<()> {
        match self {
            Opened::Cluster(cluster) => cluster.create(bindings).await,
            Opened::File(_) | Opened::Embedded(_) => self.change(&[], bindings).await,
        }
    }

    /// Removes what any of the filters finds.
    pub(crate) async fn delete(&mut self, filters: &[AclBindingFilter]) -> Result<()> {
        if let Opened::Cluster(cluster) = self {
            return cluster.delete(filters).await;
        }
        let mut found = Vec::new();
        for filter in filters {
            found.extend(self.describe(filter).await?);
        }
        self.change(&found, &[]).await
    }

    pub(crate) async fn change(&mut self, remove: &[AclBinding], add: &[AclBinding]) -> Result<()> {
        add.iter().try_for_each(checked)?;
        match self {
            Opened::Cluster(cluster) => by_and_by(cluster, remove, add).await,
            Opened::File(path) => {
                let edited = edit::edit(path, remove, add)?;
                if edited.is_held_back() {
                    eprintln!(
                        "doorkeeper: {} of {} ACLs were removed: a Doorkeeper that follows `{}` holds this back until \
                         `allow_mass_removal: true` is in it",
                        edited.removed,
                        edited.before,
                        path.display()
                    );
                }
                Ok(())
            }
            Opened::Embedded(stored) if remove.is_empty() && add.is_empty() => stored.existing().map(drop),
            Opened::Embedded(stored) if add.is_empty() => Ok(stored.existing()?.change_acls(remove, add)?),
            Opened::Embedded(stored) => Ok(stored.made()?.change_acls(remove, add)?),
        }
    }
}

/// A broker does nothing of this in one step: at no time may more be allowed than before or after.
async fn by_and_by(cluster: &mut Cluster, remove: &[AclBinding], add: &[AclBinding]) -> Result<()> {
    let of = |bindings: &[AclBinding], permission_type| -> Vec<AclBinding> {
        bindings.iter().filter(|binding| binding.entry.permission_type == permission_type).cloned().collect()
    };
    let filters = |bindings: Vec<AclBinding>| bindings.iter().map(AclBindingFilter::exactly).collect::<Vec<_>>();
    cluster.create(&of(add, AclPermissionType::Deny)).await?;
    cluster.delete(&filters(of(remove, AclPermissionType::Allow))).await?;
    cluster.create(&of(add, AclPermissionType::Allow)).await?;
    cluster.delete(&filters(of(remove, AclPermissionType::Deny))).await
}

/// What a broker checks before it creates an ACL.
fn checked(binding: &AclBinding) -> Result<()> {
    let refuse = |text: String| -> Result<()> {
        Err(Refusal { error: ErrorCode::INVALID_REQUEST, text: format!("{text}: `{binding}`") }.into())
    };
    let AclBinding { pattern, entry } = binding;
    if pattern.resource_type == ResourceType::Cluster && &*pattern.name != CLUSTER_NAME {
        return refuse(format!("the cluster resource has one name only, `{CLUSTER_NAME}`"));
    }
    if pattern.name.is_empty() {
        return refuse("the name of the resource is empty".to_owned());
    }
    if KafkaPrincipal::parse(&entry.principal).is_err() {
        return refuse("the principal has no colon between its type and its name, as in `User:alice`".to_owned());
    }
    let longest = [&pattern.name, &entry.principal, &entry.host].map(|text| text.len()).into_iter().max();
    match longest.unwrap_or(0) > usize::from(i16::MAX.unsigned_abs()) {
        true => refuse("a text is too long for Kafka's messages".to_owned()),
        false => Ok(()),
    }
}

impl Stored {
    fn open(directory: &Path) -> Result<Stored> {
        let database = match embedded::is_there(directory) {
            true => Some(load(directory)?),
            false => None,
        };
        Ok(Stored { directory: directory.to_owned(), database })
    }

    pub(crate) fn exists(&self) -> bool {
        self.database.is_some()
    }

    fn existing(&mut self) -> Result<&mut LoadedDatabase> {
        match &mut self.database {
            Some(database) => Ok(database),
            None => bail!("there is no embedded store in `{}`", self.directory.display()),
        }
    }

    fn made(&mut self) -> Result<&mut LoadedDatabase> {
        match &mut self.database {
            Some(database) => Ok(database),
            none => Ok(none.insert(load(&self.directory)?)),
        }
    }
}

fn load(directory: &Path) -> Result<Box<LoadedDatabase>> {
    match embedded::load_offline(directory, &Bootstrap::default(), &author::of_this_process()) {
        Ok(database) => Ok(Box::new(database)),
        Err(error @ EmbeddedError::InUse { .. }) => {
            Err(error).context("nothing was changed; ask the running one, with `--bootstrap-server`")
        }
        Err(error) => Err(error.into()),
    }
}
