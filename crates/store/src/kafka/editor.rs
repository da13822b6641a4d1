//! The topic changed by the command line: what is for all clusters, and the move to a new key.

use std::collections::BTreeMap;
use std::time::Duration;

use acl::AclBinding;
use authentication::Users;
use bytes::Bytes;
use client::Connector;

use super::batch::{Content, Record};
use super::follower::{Everything, read_everything};
use super::leader::{FetchFailure, Leader};
use super::record::{ALL_CLUSTERS, CURRENT_FORM, Entry, Mark, RecordKey, Scope};
use super::state::State;
use super::writer::{records, write_alone};
use super::{KafkaError, KafkaSettings};
use crate::change::MOST_CHANGES;
use crate::embedded::users_of;

/// A topic that is there, opened for one change after another. Replicas that follow it see them as they come.
#[derive(Debug)]
pub struct Editor {
    settings: KafkaSettings,
    leader: Leader,
    state: State,
}

impl Editor {
    /// Reads the topic to its end. `upstream` leads to the cluster behind us.
    ///
    /// # Errors
    /// If the topic cannot be reached, is not there, or has lost something.
    pub async fn open(settings: KafkaSettings, upstream: &Connector) -> Result<Editor, KafkaError> {
        let connector = settings.connector(upstream)?;
        let mut leader = Leader::find(&connector, &settings, None).await?;
        let Everything { state, .. } = read_everything(&mut leader, &settings).await?;
        state.check(&settings)?;
        Ok(Editor { settings, leader, state })
    }

    /// The ACLs of a scope, in Kafka's order.
    pub fn acls(&self, scope: Scope) -> Vec<AclBinding> {
        let mut acls: Vec<AclBinding> = self.state.scoped(scope).acls.iter().cloned().collect();
        acls.sort();
        acls
    }

    /// The users of this cluster.
    pub fn users(&self) -> Users {
        users_of(&self.state.users)
    }

    /// Whether nothing was ever written for this cluster: a start fills it ([`load`](super::load())).
    pub fn is_new(&self) -> bool {
        self.state.is_new()
    }

    /// Removes and adds ACLs of a scope, as one record batch. Those that are (not) there already are left alone.
    ///
    /// # Errors
    /// If it is too much for one batch, or cannot be written. Then it may have happened, or not.
    pub async fn change(&mut self, scope: Scope, remove: &[AclBinding], add: &[AclBinding]) -> Result<(), KafkaError> {
        let held = &self.state.scoped(scope).acls;
        let gone = remove.iter().filter(|binding| held.contains(*binding) && !add.contains(binding));
        let new = add.iter().filter(|binding| !held.contains(*binding));
        let entries = gone.map(|binding| Entry::Acl { binding: binding.clone(), is_present: false });
        let entries: Vec<Entry> =
            entries.chain(new.map(|binding| Entry::Acl { binding: binding.clone(), is_present: true })).collect();
        match entries.is_empty() {
            true => Ok(()),
            false => self.write(scope, entries).await,
        }
    }

    /// Writes once more, with the first of the keys, what is sealed with another one; then that one can go. Nobody should
    /// change anything meanwhile: what is changed between reading and writing is undone. How many records it were.
    ///
    /// # Errors
    /// If they cannot be written. Then some are, and it can be repeated.
    pub async fn seal_anew(&mut self) -> Result<usize, KafkaError> {
        let (mut next, end) = (self.leader.start().await?, self.leader.end().await?);
        let mut old = BTreeMap::new();
        while next < end {
            let fetched = self.leader.fetch(next, Duration::ZERO).await;
            let batches = match fetched {
                Ok(fetched) if !fetched.batches.is_empty() => fetched.batches,
                Ok(fetched) => {
                    self.leader.has_shown(&fetched, end)?;
                    break;
                }
                Err(FetchFailure::OutOfRange) => {
                    let fault = "was emptied while it was read".to_owned();
                    return Err(KafkaError::Log { topic: self.settings.topic.clone(), fault });
                }
                Err(FetchFailure::Other(error)) => return Err(error),
            };
            for batch in batches {
                next = batch.last_offset + 1;
                let Content::Records(records) = batch.content else { continue };
                self.keep_old(records, &mut old);
            }
        }
        let records: Vec<Record> = old.into_iter().map(|(key, value)| self.sealed_anew(key, &value)).collect();
        for part in records.chunks(MOST_CHANGES) {
            write_alone(&mut self.leader, part).await?;
        }
        Ok(records.len())
    }

    /// The last value of each key, by its plaintext, if it is ours and sealed with an older key.
    fn keep_old(&self, records: Vec<Record>, old: &mut BTreeMap<Bytes, Vec<u8>>) {
        let (keys, topic) = (&self.settings.keys, &self.settings.topic);
        for record in records {
            let (Some(key), Some(value)) = (record.key, record.value) else { continue };
            let scope =
                RecordKey::parse(&key).map(|key| key.scope == ALL_CLUSTERS || key.scope == self.settings.cluster);
            let Some((true, plaintext)) = scope.zip(keys.open(topic, &key, &value).ok()) else { continue };
            match keys.is_of_older_key(&value) {
                true => drop(old.insert(key, plaintext)),
                false => drop(old.remove(&key)),
            }
        }
    }

    fn sealed_anew(&self, key: Bytes, plaintext: &[u8]) -> Record {
        let value = self.settings.keys.seal(&self.settings.topic, &key, plaintext);
        Record { key: Some(key), value: Some(value.into()) }
    }

    async fn write(&mut self, scope: Scope, mut entries: Vec<Entry>) -> Result<(), KafkaError> {
        let new = Mark { form: CURRENT_FORM, names: self.settings.keys.naming_key(), acls: 0, users: 0 };
        let mark = self.state.mark_after(scope, &entries).unwrap_or_else(|| {
            let count = entries.iter().filter(|entry| matches!(entry, Entry::Acl { is_present: true, .. })).count();
            Mark { acls: u64::try_from(count).unwrap_or(u64::MAX), ..new }
        });
        let names = mark.names;
        entries.push(Entry::Mark(mark));
        write_alone(&mut self.leader, &records(&self.settings, scope, &names, &entries)?).await?;
        let Everything { state, .. } = read_everything(&mut self.leader, &self.settings).await?;
        self.state = state;
        Ok(())
    }
}
