//! An end of a move: a place with ACLs, with users, or with both.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use acl::AclBinding;
use anyhow::{Result, bail};
use authentication::{ScramMechanism, Users, UsersBuilder};
use client::UpstreamSettings;
use store::embedded::{EmbeddedError, LoadedDatabase};
use store::file::{FileSettings, Part};
use store::kafka::Scope;
use store::{Bootstrap, Places};

use crate::commands::author;
use crate::commands::source::{CommandConfigs, Source};
use crate::commands::topic::Topic;
use crate::commands::users;
use crate::configuration;
use crate::report::list;

/// Beside those of ACLs alone.
pub(super) const FORM: &str = "config:FILE           the stores that a configuration names, the store `kafka` among them; no Doorkeeper may have an embedded one open";

/// What is moved. The ACLs are in order.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) acls: Vec<AclBinding>,
    pub(super) users: Users,
}

#[derive(Debug)]
pub(super) struct End {
    word: String,
    acls: AclPlace,
    users: UserPlace,
}

#[derive(Debug)]
enum AclPlace {
    Source(Source),
    Topic(Box<Topic>),
}

#[derive(Debug)]
enum UserPlace {
    /// Users cannot be read there.
    None,
    File(PathBuf),
    Embedded(PathBuf),
    Topic(Box<Topic>),
}

impl Content {
    pub(super) fn is_empty(&self) -> bool {
        self.acls.is_empty() && self.users.is_empty()
    }

    /// The users that the others do not have.
    pub(super) fn users_without(&self, others: &Users) -> Users {
        let mut builder = Users::builder();
        for name in self.users.names().filter(|name| !others.contains(name)) {
            copy(&self.users, name, &mut builder);
        }
        builder.build()
    }
}

fn copy(users: &Users, name: &str, builder: &mut UsersBuilder) {
    let valid = "what was read was valid, and is here once";
    builder.user(name).and_then(|builder| builder.groups(name, users.groups(name).iter().cloned())).expect(valid);
    for mechanism in ScramMechanism::ALL {
        if let Some(credential) = users.get(name, mechanism) {
            builder.credential(name, mechanism, credential.clone()).expect(valid);
        }
    }
}

impl End {
    pub(super) fn parse(word: &str, configs: &mut CommandConfigs<'_>, all_clusters: bool) -> Result<End> {
        if let Some(path) = word.strip_prefix("config:") {
            return End::of_configuration(word, Path::new(path), all_clusters);
        }
        let source = Source::parse(word, configs)?;
        let users = match &source {
            Source::File(path) => UserPlace::File(path.clone()),
            Source::Embedded(directory) => UserPlace::Embedded(directory.clone()),
            Source::Cluster { .. } | Source::Text(..) => UserPlace::None,
        };
        if all_clusters {
            bail!("`--all-clusters` is for the store `kafka`, and {word} is none");
        }
        Ok(End { word: word.to_owned(), acls: AclPlace::Source(source), users })
    }

    fn of_configuration(word: &str, path: &Path, all_clusters: bool) -> Result<End> {
        let read = configuration::read(path);
        let Some(configuration) = read.configuration else {
            bail!("`{}` is not in order:\n{}", path.display(), list(&read.problems).trim_end());
        };
        let upstream = &configuration.upstream;
        let (acls, users) = match &configuration.store.places {
            Places::Together(place) => {
                (acl_place(place, Part::Both, upstream), user_place(place, Part::Both, upstream))
            }
            Places::Apart { acls, users } => {
                (acl_place(acls, Part::Acls, upstream), user_place(users, Part::Users, upstream))
            }
        };
        let acls = match (acls, all_clusters) {
            (AclPlace::Topic(mut topic), true) => {
                topic.scope = Scope::AllClusters;
                AclPlace::Topic(topic)
            }
            (AclPlace::Source(_), true) => {
                bail!("`--all-clusters` is for ACLs in the store `kafka`, and those of {word} are elsewhere")
            }
            (acls, false) => acls,
        };
        Ok(End { word: word.to_owned(), acls, users })
    }

    pub(super) fn knows_ranges(&self) -> bool {
        match &self.acls {
            AclPlace::Source(source) => source.knows_ranges(),
            AclPlace::Topic(_) => true,
        }
    }

    pub(super) async fn read(&self, part: Part) -> Result<Content> {
        let mut content = Content::default();
        if part.has_acls() {
            content.acls = match &self.acls {
                AclPlace::Source(source) => source.acls().await?,
                AclPlace::Topic(topic) => topic.acls().await?,
            };
        }
        if part.has_users() {
            content.users = self.users().await?;
        }
        Ok(content)
    }

    /// The same; nothing where a place is made by the first addition.
    pub(super) async fn read_if_there(&self, part: Part) -> Result<Content> {
        let mut content = Content::default();
        if part.has_acls() {
            content.acls = match &self.acls {
                AclPlace::Source(source) => source.acls_if_there().await?,
                AclPlace::Topic(topic) => topic.acls_of_scope().await?,
            };
        }
        if part.has_users() {
            content.users = self.users().await?;
        }
        Ok(content)
    }

    async fn users(&self) -> Result<Users> {
        match &self.users {
            UserPlace::None => Ok(Users::default()),
            UserPlace::File(path) if !path.exists() => Ok(Users::default()),
            UserPlace::File(path) => match store::file::load(FileSettings::new(path)) {
                Ok(file) => Ok(file.users()),
                Err(error) => bail!("{error}"),
            },
            UserPlace::Embedded(directory) if !store::embedded::is_there(directory) => Ok(Users::default()),
            UserPlace::Embedded(directory) => Ok(load(directory, &Bootstrap::default())?.users()),
            UserPlace::Topic(topic) => topic.users().await,
        }
    }

    pub(super) fn can_be_written(&self) -> Result<()> {
        match &self.acls {
            AclPlace::Source(Source::Text(..)) => bail!("{self} can only be read"),
            AclPlace::Source(_) | AclPlace::Topic(_) => Ok(()),
        }
    }

    pub(super) fn can_take(&self, content: &Content) -> Result<()> {
        if matches!(self.users, UserPlace::None) && !content.users.is_empty() {
            bail!(
                "{self} takes no users: Kafka's API takes salted passwords only, and a store keeps the keys. Move the ACLs \
                 with `--only acls`"
            );
        }
        Ok(())
    }

    /// Adds what is not there. A store that is new is filled in one step.
    pub(super) async fn add(&self, content: &Content) -> Result<()> {
        if let (AclPlace::Source(Source::Embedded(acls)), UserPlace::Embedded(users)) = (&self.acls, &self.users)
            && acls == users
            && !store::embedded::is_there(acls)
        {
            load(acls, &Bootstrap::new(&content.users, &content.acls))?;
            return Ok(());
        }
        if let (AclPlace::Topic(topic), UserPlace::Topic(other)) = (&self.acls, &self.users)
            && topic.is_same(other)
            && topic.is_new().await?
        {
            return topic.fill(&content.users, &content.acls).await;
        }
        if !content.acls.is_empty() {
            match &self.acls {
                AclPlace::Source(source) => source.change(&[], &content.acls).await?,
                AclPlace::Topic(topic) => topic.add_acls(&content.acls).await?,
            }
        }
        if !content.users.is_empty() {
            self.add_users(&content.users).await?;
        }
        Ok(())
    }

    async fn add_users(&self, users: &Users) -> Result<()> {
        let groups = users.names().filter(|name| !users.groups(name).is_empty()).count();
        let told = |taken: bool| {
            if groups > 0 && !taken {
                eprintln!(
                    "doorkeeper: {groups} of the users have groups, which a store that is there already does not take"
                );
            }
        };
        match &self.users {
            UserPlace::None => Ok(()),
            UserPlace::File(path) => users::add_to_file(path, users),
            UserPlace::Embedded(directory) if !store::embedded::is_there(directory) => {
                load(directory, &Bootstrap::new(users, &[]))?;
                Ok(())
            }
            UserPlace::Embedded(directory) => {
                told(false);
                users::add_to_embedded(directory, users).await
            }
            UserPlace::Topic(topic) => {
                let is_new = topic.is_new().await?;
                told(is_new);
                if is_new { topic.fill(users, &[]).await } else { topic.change_users(&users::changes(users)).await }
            }
        }
    }
}

/// A store that no Doorkeeper has open. One that is new is made, with what is given.
fn load(directory: &Path, content: &Bootstrap) -> Result<LoadedDatabase, EmbeddedError> {
    store::embedded::load_offline(directory, content, &author::of_this_process())
}

fn acl_place(place: &store::Place, part: Part, upstream: &UpstreamSettings) -> AclPlace {
    AclPlace::Source(match place {
        store::Place::File(file) => Source::File(file.path.clone()),
        store::Place::Embedded(directory) => Source::Embedded(directory.clone()),
        store::Place::Upstream(_) => {
            let servers: Vec<String> = upstream.bootstrap_servers.iter().map(ToString::to_string).collect();
            Source::Cluster { settings: Box::new(upstream.clone()), servers: servers.join(","), knows_ranges: false }
        }
        store::Place::Kafka(settings) => return AclPlace::Topic(Box::new(Topic::new(settings, upstream, part))),
    })
}

fn user_place(place: &store::Place, part: Part, upstream: &UpstreamSettings) -> UserPlace {
    match place {
        store::Place::File(file) => UserPlace::File(file.path.clone()),
        store::Place::Embedded(directory) => UserPlace::Embedded(directory.clone()),
        store::Place::Upstream(_) => UserPlace::None,
        store::Place::Kafka(settings) => UserPlace::Topic(Box::new(Topic::new(settings, upstream, part))),
    }
}

impl fmt::Display for End {
    /// As on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word)
    }
}

/// What each user may log in by, for tables.
pub(super) fn mechanisms(users: &Users, name: &Arc<str>) -> Vec<ScramMechanism> {
    ScramMechanism::ALL.into_iter().filter(|mechanism| users.get(name, *mechanism).is_some()).collect()
}
