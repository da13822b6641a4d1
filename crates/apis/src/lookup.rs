//! What a decision needs to know of the cluster, and what was found.
//!
//! A decision that needs nothing from outside has an empty [`Lookup`], which is the rule. `proxy` resolves the others
//! over a control connection to the broker that the client's connection belongs to.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use protocol::StrBytes;
use uuid::Uuid;

use crate::{MemberSubscription, PatternError};

/// What has to be known before a request can be decided, or an answer edited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lookup {
    /// Topic ids whose names are needed. A cache may serve them: an id is never used twice.
    pub topic_ids: BTreeSet<Uuid>,
    /// Topics of which must be known whether they exist, their id and number of partitions. Never from a cache.
    pub topics: BTreeSet<StrBytes>,
    /// All topics that exist, as [`Found::topics`]. Never from a cache.
    pub all_topics: bool,
    /// Whether the broker creates topics on Metadata requests (`auto.create.topics.enable`).
    pub auto_create_topics: bool,
    /// Topics to be asked for with the permission to create them (Metadata, `AllowAutoTopicCreation`). Only names that
    /// the caller may create stand here; the answer is in [`Found::created`].
    pub create_topics: BTreeSet<StrBytes>,
    /// A member of a consumer group whose subscription is needed, as the broker knows it. If that has a regular
    /// expression, the topics it matches are needed, too.
    pub member: Option<Box<Member>>,
    /// A regular expression of a consumer: the topics that it matches are needed, whoever may see them.
    pub matching: Option<StrBytes>,
    /// A Streams group: which internal topics its topology has, as the broker knows it, and which of them exist.
    pub streams_group: Option<StrBytes>,
}

/// A member of a consumer group (KIP-848).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its group.
    pub group: StrBytes,
    /// Its id. Never empty.
    pub member: StrBytes,
    /// Of a static member that joins: whoever has this id, if nobody has the member's.
    pub instance: Option<StrBytes>,
}

impl Lookup {
    /// Nothing needs to be looked up.
    pub fn is_empty(&self) -> bool {
        *self == Lookup::default()
    }

    /// The names of topic ids. The zero id stands for no id and is left out.
    pub fn topic_ids(ids: impl IntoIterator<Item = Uuid>) -> Lookup {
        Lookup { topic_ids: ids.into_iter().filter(|id| !id.is_nil()).collect(), ..Lookup::default() }
    }

    /// Whether topics exist.
    pub fn topics<'a>(names: impl IntoIterator<Item = &'a StrBytes>) -> Lookup {
        Lookup { topics: names.into_iter().cloned().collect(), ..Lookup::default() }
    }
}

/// What a [`Lookup`] came to. What is not in here does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Names of the topic ids asked for; an id that no topic has is missing.
    pub topic_names: HashMap<Uuid, StrBytes>,
    /// The topics asked for that exist; all topics, if [`Lookup::all_topics`] was asked.
    pub topics: HashMap<StrBytes, FoundTopic>,
    /// `auto.create.topics.enable` of the broker.
    pub auto_create_topics: bool,
    /// Error code of each topic of [`Lookup::create_topics`], as the broker answered it.
    pub created: HashMap<StrBytes, i16>,
    /// What became of [`Lookup::member`].
    pub member: FoundMember,
    /// Names of topics that [`Lookup::matching`] matches, or the member's regular expression, sorted.
    pub matching: Option<Result<Arc<[StrBytes]>, PatternError>>,
    /// The internal topics of [`Lookup::streams_group`]. Those that exist are in [`Found::topics`].
    pub streams_topics: BTreeSet<StrBytes>,
}

/// What a broker says of a member of a consumer group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FoundMember {
    /// Nothing: it does not coordinate the group, or cannot tell now.
    #[default]
    NotTold,
    /// It has no such member.
    Missing,
    /// What it subscribed to.
    Subscribed(MemberSubscription),
}

/// A topic that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundTopic {
    /// Its id; zero where the broker knows none.
    pub id: Uuid,
    /// Number of its partitions.
    pub partitions: i32,
    /// Whether it is one of Kafka's own.
    pub is_internal: bool,
}

impl Found {
    /// Takes out what does not exist for clients ([`acl::Settings::hidden_topics`]).
    pub fn hide(&mut self, names: &BTreeSet<String>) {
        if names.is_empty() {
            return;
        }
        let is_visible = |name: &StrBytes| !names.contains(name.as_str());
        self.topic_names.retain(|_, name| is_visible(name));
        self.topics.retain(|name, _| is_visible(name));
        if let Some(Ok(matching)) = &mut self.matching {
            *matching = matching.iter().filter(|name| is_visible(name)).cloned().collect();
        }
    }

    /// The name of a topic id, if a topic has it. The zero id has no name.
    pub fn topic_name(&self, id: Uuid) -> Option<&StrBytes> {
        self.topic_names.get(&id)
    }

    /// Whether a partition exists.
    pub fn has_partition(&self, topic: &StrBytes, partition: i32) -> bool {
        self.topics.get(topic).is_some_and(|found| partition >= 0 && partition < found.partitions)
    }
}
