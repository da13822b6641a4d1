//! What the topic says, record after record: the last word about each thing counts.
//!
//! Both scopes are kept apart, so that an ACL that is in both stays in force when one of them loses it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use acl::AclBinding;

use super::batch::{Content, Record};
use super::record::{ALL_CLUSTERS, CURRENT_FORM, Entry, Kind, Mark, RecordKey, Scope};
use super::seal::NamingKey;
use super::{KafkaError, KafkaSettings};
use crate::embedded::UserEntries;
use crate::file::user::UserEntry;

/// Record keys of what was deleted, by the number in their name.
type Names = HashSet<u128>;

/// Everything that is known of the topic.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) cluster: Scoped,
    pub(super) all_clusters: Scoped,
    /// Of the cluster's scope; nobody is a user of all.
    pub(super) users: UserEntries,
    /// Whether any record at all was there, of any cluster.
    pub(super) has_records: bool,
}

/// What is known of one scope.
#[derive(Debug, Clone, Default)]
pub(super) struct Scoped {
    pub(super) acls: HashSet<AclBinding>,
    pub(super) mark: Option<Mark>,
    /// What was deleted, by its record key.
    deleted: Names,
    has_records: bool,
    /// Of the mark, if it does not verify.
    bad_mark: Option<String>,
}

/// What a batch changed, and what of it could not be believed.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// ACLs that a record was about, with whether they were in force before.
    acls: HashMap<AclBinding, bool>,
    /// Users that a record was about, as they were.
    users: BTreeMap<String, Option<UserEntry>>,
    /// Records that were ignored, each said in words.
    pub(super) ignored: Vec<String>,
    /// Nobody wants to know what was before.
    has_no_history: bool,
}

/// What came of it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcome {
    pub(super) added: Vec<AclBinding>,
    pub(super) removed: Vec<AclBinding>,
    pub(super) users: Vec<(String, crate::UserEdit)>,
}

impl Applied {
    /// For a first reading, where everything is new.
    pub(super) fn without_history() -> Applied {
        Applied { has_no_history: true, ..Applied::default() }
    }

    /// Takes in what came after it. What it knows of the time before stays.
    pub(super) fn append(&mut self, later: &Applied) {
        for (binding, before) in &later.acls {
            self.acls.entry(binding.clone()).or_insert(*before);
        }
        for (user, before) in &later.users {
            self.users.entry(user.clone()).or_insert_with(|| before.clone());
        }
        self.ignored.extend_from_slice(&later.ignored);
    }
}

impl Outcome {
    pub(super) fn append(&mut self, later: Outcome) {
        self.added.extend(later.added);
        self.removed.extend(later.removed);
        self.users.extend(later.users);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.users.is_empty()
    }
}

impl State {
    /// Whether the ACL is in force.
    pub(super) fn has(&self, binding: &AclBinding) -> bool {
        self.cluster.acls.contains(binding) || self.all_clusters.acls.contains(binding)
    }

    /// The ACLs in force, each once.
    pub(super) fn acls(&self) -> impl Iterator<Item = &AclBinding> {
        let only_there = |binding: &&AclBinding| !self.cluster.acls.contains(*binding);
        self.cluster.acls.iter().chain(self.all_clusters.acls.iter().filter(only_there))
    }

    /// What a mark would say now of the scope. None: nothing says yet how its records are named.
    pub(super) fn mark(&self, scope: Scope) -> Option<Mark> {
        let scoped = self.scoped(scope);
        let users = match scope {
            Scope::Cluster => self.users.len(),
            Scope::AllClusters => 0,
        };
        Some(Mark {
            form: CURRENT_FORM,
            names: self.names(scope)?,
            acls: u64::try_from(scoped.acls.len()).ok()?,
            users: u64::try_from(users).ok()?,
        })
    }

    /// What a mark says when these entries have been written.
    pub(super) fn mark_after(&self, scope: Scope, entries: &[Entry]) -> Option<Mark> {
        let mut mark = self.mark(scope)?;
        let held = &self.scoped(scope).acls;
        let mut users = UserEntries::new();
        for entry in entries {
            match entry {
                Entry::Acl { binding, is_present } => match (held.contains(binding), is_present) {
                    (false, true) => mark.acls += 1,
                    (true, false) => mark.acls = mark.acls.saturating_sub(1),
                    (true, true) | (false, false) => {}
                },
                Entry::Credential { user, mechanism, credential } => {
                    self.edited(&mut users, user).set(*mechanism, credential.clone());
                }
                Entry::Groups { user, groups } => self.edited(&mut users, user).groups.clone_from(groups),
                Entry::Mark(_) => {}
            }
        }
        for (name, entry) in users {
            match (self.users.contains_key(&name), entry.is_nobody()) {
                (false, false) => mark.users += 1,
                (true, true) => mark.users = mark.users.saturating_sub(1),
                (true, false) | (false, true) => {}
            }
        }
        Some(mark)
    }

    fn edited<'e>(&self, users: &'e mut UserEntries, name: &str) -> &'e mut UserEntry {
        let known = || self.users.get(name).cloned().unwrap_or_else(|| UserEntry::new(name));
        users.entry(name.to_owned()).or_insert_with(known)
    }

    /// Everything a scope has, as entries.
    pub(super) fn entries(&self, scope: Scope) -> Vec<Entry> {
        let scoped = self.scoped(scope);
        let present = |binding: &AclBinding| Entry::Acl { binding: binding.clone(), is_present: true };
        let mut entries: Vec<Entry> = scoped.acls.iter().map(present).collect();
        if scope == Scope::Cluster {
            for user in self.users.values() {
                let name: Arc<str> = user.name.as_str().into();
                entries.extend(user.credentials.iter().map(|(mechanism, credential)| Entry::Credential {
                    user: Arc::clone(&name),
                    mechanism: *mechanism,
                    credential: Some(credential.clone()),
                }));
                if !user.groups.is_empty() {
                    entries.push(Entry::Groups { user: Arc::clone(&name), groups: user.groups.clone() });
                }
            }
        }
        entries.extend(scoped.mark.clone().map(Entry::Mark));
        entries
    }

    /// Takes in an entry that did not come from the topic.
    pub(super) fn put(&mut self, scope: Scope, entry: Entry) {
        self.enter(scope, 0, entry);
    }

    pub(super) fn names(&self, scope: Scope) -> Option<NamingKey> {
        self.scoped(scope).mark.as_ref().map(|mark| mark.names)
    }

    pub(super) fn scoped(&self, scope: Scope) -> &Scoped {
        match scope {
            Scope::Cluster => &self.cluster,
            Scope::AllClusters => &self.all_clusters,
        }
    }

    fn scoped_mut(&mut self, scope: Scope) -> &mut Scoped {
        match scope {
            Scope::Cluster => &mut self.cluster,
            Scope::AllClusters => &mut self.all_clusters,
        }
    }

    /// Takes in a batch.
    pub(super) fn apply_batch(&mut self, settings: &KafkaSettings, content: &Content, applied: &mut Applied) {
        match content {
            Content::Records(records) => self.apply(settings, records, applied),
            Content::Compressed => applied.ignored.push("a compressed record batch".to_owned()),
            Content::Control => {}
        }
    }

    fn apply(&mut self, settings: &KafkaSettings, records: &[Record], applied: &mut Applied) {
        for record in records {
            self.has_records = true;
            if let Err(why) = self.apply_one(settings, record, applied) {
                applied.ignored.push(format!("`{}`: {why}", shown(record.key.as_deref().unwrap_or_default())));
            }
        }
    }

    fn apply_one(&mut self, settings: &KafkaSettings, record: &Record, applied: &mut Applied) -> Result<(), String> {
        let bytes = record.key.as_deref().ok_or("it has no key")?;
        let key = RecordKey::parse(bytes).ok_or("its key is none of Doorkeeper's")?;
        let scope = match key.scope {
            ALL_CLUSTERS => Scope::AllClusters,
            name if name == settings.cluster => Scope::Cluster,
            // Somebody else's.
            _ => return Ok(()),
        };
        let Some(kind) = key.kind else { return Ok(()) };
        let name = u128::from_str_radix(key.name, 16).unwrap_or_default();
        let scoped = self.scoped_mut(scope);
        scoped.has_records = true;
        let Some(value) = record.value.as_deref() else {
            // Kafka's way to delete, which anybody may write.
            return if scoped.deleted.contains(&name) { Ok(()) } else { Err("it has no value, so no seal".to_owned()) };
        };
        let plaintext = settings.keys.open(&settings.topic, bytes, value).map_err(|error| {
            if kind == Kind::Mark && scoped.mark.is_none() {
                scoped.bad_mark = Some(error.to_string());
            }
            error.to_string()
        })?;
        let entry = Entry::read(&plaintext).filter(|entry| entry.kind() == kind);
        let entry = entry.ok_or("it is of a form that this release does not know")?;
        self.take_in(scope, name, entry, applied);
        Ok(())
    }

    fn take_in(&mut self, scope: Scope, name: u128, entry: Entry, applied: &mut Applied) {
        if !applied.has_no_history {
            self.remember(&entry, applied);
        }
        self.enter(scope, name, entry);
    }

    /// How it is before the entry.
    fn remember(&self, entry: &Entry, applied: &mut Applied) {
        if let Entry::Acl { binding, .. } = entry
            && !applied.acls.contains_key(binding)
        {
            applied.acls.insert(binding.clone(), self.has(binding));
        }
        if let Entry::Credential { user, .. } | Entry::Groups { user, .. } = entry
            && !applied.users.contains_key(&**user)
        {
            applied.users.insert(user.as_ref().to_owned(), self.users.get(&**user).cloned());
        }
    }

    fn enter(&mut self, scope: Scope, name: u128, entry: Entry) {
        let is_deleted = match &entry {
            Entry::Acl { is_present, .. } => !is_present,
            Entry::Credential { credential, .. } => credential.is_none(),
            Entry::Groups { groups, .. } => groups.is_empty(),
            Entry::Mark(_) => false,
        };
        let scoped = self.scoped_mut(scope);
        match is_deleted {
            true => scoped.deleted.insert(name),
            false => scoped.deleted.remove(&name),
        };
        match entry {
            Entry::Acl { binding, is_present: true } => drop(scoped.acls.insert(binding)),
            Entry::Acl { binding, is_present: false } => drop(scoped.acls.remove(&binding)),
            Entry::Mark(mark) => scoped.mark = Some(mark),
            Entry::Credential { user, mechanism, credential } => self.edit(scope, &user, |entry| {
                entry.set(mechanism, credential);
            }),
            Entry::Groups { user, groups } => self.edit(scope, &user, |entry| entry.groups = groups),
        }
    }

    fn edit(&mut self, scope: Scope, user: &Arc<str>, edit: impl FnOnce(&mut UserEntry)) {
        if scope != Scope::Cluster {
            return;
        }
        let mut entry = self.users.remove(&**user).unwrap_or_else(|| UserEntry::new(user));
        edit(&mut entry);
        entry.credentials.sort_by_key(|(mechanism, _)| *mechanism);
        if !entry.is_nobody() {
            self.users.insert(user.as_ref().to_owned(), entry);
        }
    }

    /// What became of everything that the batches were about.
    pub(super) fn outcome(&self, applied: Applied) -> Outcome {
        let mut outcome = Outcome::default();
        for (binding, before) in applied.acls {
            match (before, self.has(&binding)) {
                (false, true) => outcome.added.push(binding),
                (true, false) => outcome.removed.push(binding),
                (true, true) | (false, false) => {}
            }
        }
        for (user, before) in applied.users {
            outcome.users.extend(edit_of(before.as_ref(), self.users.get(&user)).map(|edit| (user, edit)));
        }
        outcome
    }

    /// What is different in a state that was read anew.
    pub(super) fn differences(&self, new: &State) -> Outcome {
        let users: HashSet<&String> = self.users.keys().chain(new.users.keys()).collect();
        let edits = users
            .into_iter()
            .filter_map(|user| Some((user.clone(), edit_of(self.users.get(user), new.users.get(user))?)));
        Outcome {
            added: new.acls().filter(|binding| !self.has(binding)).cloned().collect(),
            removed: self.acls().filter(|binding| !new.has(binding)).cloned().collect(),
            users: edits.collect(),
        }
    }

    /// Whether this can be the whole of a store. None of a scope is for `*` only.
    ///
    /// # Errors
    /// Says what is missing.
    pub(super) fn check(&self, settings: &KafkaSettings) -> Result<(), KafkaError> {
        let topic = || settings.topic.clone();
        for (scope, scoped) in [(settings.cluster.as_str(), &self.cluster), (ALL_CLUSTERS, &self.all_clusters)] {
            let scope = scope.to_owned();
            match (&scoped.mark, &scoped.bad_mark) {
                (Some(mark), _) if mark.form > CURRENT_FORM => {
                    return Err(KafkaError::NewerForm { topic: topic(), form: mark.form });
                }
                (Some(mark), _) if mark.acls > 0 && scoped.acls.is_empty() && scoped.deleted.is_empty() => {
                    let what = format!("its mark says {} ACLs for `{scope}`, and none is there", mark.acls);
                    return Err(KafkaError::Shrunk { topic: topic(), what });
                }
                (Some(_), _) => {}
                (None, Some(why)) => return Err(KafkaError::WrongKey { topic: topic(), scope, why: why.clone() }),
                (None, None) if scoped.has_records => return Err(KafkaError::NoMark { topic: topic(), scope }),
                (None, None) => {}
            }
        }
        match &self.cluster.mark {
            Some(mark) if mark.users > 0 && self.users.is_empty() && self.cluster.deleted.is_empty() => {
                let what = format!("its mark says {} users, and none is there", mark.users);
                Err(KafkaError::Shrunk { topic: topic(), what })
            }
            _ => Ok(()),
        }
    }

    /// Whether the scope of the cluster has never been filled.
    pub(super) fn is_new(&self) -> bool {
        self.cluster.mark.is_none()
    }

    /// How many of those that were known are missing in `new` without a record that says they were deleted.
    pub(super) fn lost_in(&self, new: &State, settings: &KafkaSettings) -> usize {
        let mut lost = 0;
        for (scope, name) in [(Scope::Cluster, settings.cluster.as_str()), (Scope::AllClusters, ALL_CLUSTERS)] {
            let (before, after) = (self.scoped(scope), new.scoped(scope));
            if before.mark.is_some() && after.mark.is_none() {
                return before.acls.len() + self.users.len();
            }
            let names = after.mark.as_ref().or(before.mark.as_ref()).map(|mark| mark.names);
            let Some(names) = names else { continue };
            lost += before
                .acls
                .iter()
                .filter(|binding| !after.acls.contains(*binding))
                .filter(|binding| {
                    let entry = Entry::Acl { binding: (*binding).clone(), is_present: false };
                    !after.was_deleted(&entry.key(name, &names))
                })
                .count();
            if scope == Scope::Cluster {
                let is_lost = |entry: &Entry| !after.was_deleted(&entry.key(name, &names));
                lost += self.users_gone_in(new).iter().filter(|entry| is_lost(entry)).count();
            }
        }
        lost
    }

    /// Credentials and groups of users that are known and are not in `new`.
    fn users_gone_in(&self, new: &State) -> Vec<Entry> {
        let mut gone = Vec::new();
        for (name, known) in &self.users {
            let (found, user) = (new.users.get(name), || Arc::from(name.as_str()));
            let has = |mechanism| found.is_some_and(|found| found.credentials.iter().any(|(it, _)| it == mechanism));
            let missing = known.credentials.iter().filter(|(mechanism, _)| !has(mechanism));
            gone.extend(missing.map(|(mechanism, _)| Entry::Credential {
                user: user(),
                mechanism: *mechanism,
                credential: None,
            }));
            if !known.groups.is_empty() && found.is_none_or(|found| found.groups.is_empty()) {
                gone.push(Entry::Groups { user: user(), groups: Vec::new() });
            }
        }
        gone
    }
}

impl Scoped {
    fn was_deleted(&self, key: &str) -> bool {
        let name = RecordKey::parse(key.as_bytes()).and_then(|key| u128::from_str_radix(key.name, 16).ok());
        name.is_some_and(|name| self.deleted.contains(&name))
    }
}

/// A record key that anybody may have written: in one line of a log, and not all of it if it is longer than ours are.
fn shown(key: &[u8]) -> String {
    const MOST: usize = 300;
    key.get(..MOST).unwrap_or(key).escape_ascii().to_string()
}

fn edit_of(before: Option<&UserEntry>, after: Option<&UserEntry>) -> Option<crate::UserEdit> {
    match (before, after) {
        (None, Some(_)) => Some(crate::UserEdit::Created),
        (Some(_), None) => Some(crate::UserEdit::Deleted),
        (Some(before), Some(after)) if before != after => Some(crate::UserEdit::Altered),
        (None, None) | (Some(_), Some(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody else may have written it, to be read by whoever reads the log.
    #[test]
    fn a_key_that_is_told_is_one_short_line() {
        assert_eq!(shown(b"orders/acl/9f86"), "orders/acl/9f86");
        assert_eq!(shown("a\nALARM \x1b[2J\u{e9}".as_bytes()), r"a\nALARM \x1b[2J\xc3\xa9");
        assert_eq!(shown(&[b'x'; 100_000]).len(), 300);
    }
}
