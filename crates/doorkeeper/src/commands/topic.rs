//! The store `kafka`, changed from the command line. Replicas that run with it see what changes as it comes.

use std::sync::Arc;

use acl::{AclBinding, Policy};
use anyhow::{Context, Result};
use authentication::Users;
use client::{Connector, UpstreamSettings};
use store::file::Part;
use store::kafka::{Editor, KafkaError, KafkaSettings, Scope};
use store::{Bootstrap, Current, Snapshot, Store};
use tokio::sync::{Notify, mpsc};

use crate::commands::users::{self, Change};

/// ACLs in one record batch.
const MOST_ACLS: usize = 2000;

#[derive(Debug)]
pub(crate) struct Topic {
    settings: KafkaSettings,
    upstream: UpstreamSettings,
    part: Part,
    /// For whom ACLs are written.
    pub(crate) scope: Scope,
}

impl Topic {
    pub(crate) fn new(settings: &KafkaSettings, upstream: &UpstreamSettings, part: Part) -> Topic {
        Topic { settings: settings.clone(), upstream: upstream.clone(), part, scope: Scope::Cluster }
    }

    pub(crate) fn is_same(&self, other: &Topic) -> bool {
        self.settings == other.settings
    }

    fn connector(&self) -> Result<Connector> {
        Ok(Connector::new(self.upstream.clone())?)
    }

    /// None if the topic is not there.
    async fn editor(&self) -> Result<Option<Editor>> {
        match Editor::open(self.settings.clone(), &self.connector()?).await {
            Ok(editor) => Ok(Some(editor)),
            Err(KafkaError::Gone { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether nothing was ever written for this cluster.
    pub(crate) async fn is_new(&self) -> Result<bool> {
        Ok(self.editor().await?.is_none_or(|editor| editor.is_new()))
    }

    /// All that are in force.
    pub(crate) async fn acls(&self) -> Result<Vec<AclBinding>> {
        let editor = self.editor().await?;
        let editor = editor.with_context(|| format!("the store's topic `{}` is not there", self.settings.topic))?;
        let mut acls = [editor.acls(Scope::Cluster), editor.acls(Scope::AllClusters)].concat();
        acls.sort();
        acls.dedup();
        Ok(acls)
    }

    /// Those of the scope that is written.
    pub(crate) async fn acls_of_scope(&self) -> Result<Vec<AclBinding>> {
        Ok(self.editor().await?.map_or_else(Vec::new, |editor| editor.acls(self.scope)))
    }

    pub(crate) async fn users(&self) -> Result<Users> {
        Ok(self.editor().await?.map_or_else(Users::default, |editor| editor.users()))
    }

    /// In one batch, as far as it fits into one.
    pub(crate) async fn fill(&self, users: &Users, acls: &[AclBinding]) -> Result<()> {
        let at_once = if self.scope == Scope::Cluster && acls.len() <= MOST_ACLS { acls } else { &[] };
        self.load(&Bootstrap::new(users, at_once)).await?;
        if at_once.len() < acls.len() {
            self.add_acls(acls).await?;
        }
        Ok(())
    }

    async fn load(&self, bootstrap: &Bootstrap) -> Result<store::kafka::LoadedTopic> {
        Ok(store::kafka::load(&self.settings, self.part, &self.connector()?, bootstrap).await?)
    }

    pub(crate) async fn add_acls(&self, acls: &[AclBinding]) -> Result<()> {
        let mut editor = match self.editor().await? {
            Some(editor) if !editor.is_new() => editor,
            // Made, and marked as filled, by whoever comes first.
            Some(_) | None => {
                self.load(&Bootstrap::default()).await?;
                self.editor().await?.context("the store's topic was made, and is not there")?
            }
        };
        for some in acls.chunks(MOST_ACLS) {
            editor.change(self.scope, &[], some).await?;
        }
        Ok(())
    }

    /// As a replica would: it waits until it has read each change back.
    pub(crate) async fn change_users(&self, changes: &[Change]) -> Result<()> {
        let loaded = self.load(&Bootstrap::default()).await?;
        let policy = Policy::new(acl::Settings::default(), loaded.acls().iter().cloned());
        let current = Current::new(Snapshot { policy, users: Arc::new(loaded.users()), generation: 1 });
        let store = Arc::new(loaded.into_store(current));
        let (tell, mut told) = mpsc::channel(16);
        let following = tokio::spawn(Arc::clone(&store).keep_current(Arc::new(Notify::new()), tell));
        let telling = tokio::spawn(async move { while told.recv().await.is_some() {} });
        let done = users::alter(store.as_ref(), changes).await;
        following.abort();
        telling.abort();
        done
    }
}
