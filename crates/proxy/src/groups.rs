//! What the coordinator of a group knows of it: how members of consumer groups subscribed, and the topologies of Streams
//! groups. The broker is the memory of what clients tell only once: it outlives connections and Doorkeepers.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use apis::{FoundMember, Member, MemberSubscription};
use client::RequestError;
use protocol::messages::consumer_group_describe_response::{DescribedGroup, Member as DescribedMember};
use protocol::messages::streams_group_describe_response::Topology;
use protocol::{ErrorCode, StrBytes};

use crate::brokers::Node;
use crate::kept::Kept;
use crate::topics::LookupError;

/// How long the topology of a Streams group is believed. It changes only with the group itself.
const TOPOLOGY_KEPT: Duration = Duration::from_secs(10);

/// Groups that are kept.
const MOST_GROUPS: usize = 1000;

/// A group of the coordinator that was asked.
type Key = (i32, StrBytes);

/// Looks up groups. One for the process.
#[derive(Debug)]
pub(crate) struct Groups {
    /// None if the coordinator cannot tell. Not kept: a member may have changed since. But after a restart all members of a
    /// group are looked up within seconds, and then those who wait share an answer.
    members: Kept<Key, Option<Arc<Members>>, LookupError>,
    /// None if the group has no topology, or the coordinator cannot tell.
    topologies: Kept<Key, Option<Arc<BTreeSet<StrBytes>>>, LookupError>,
}

/// The members of a consumer group.
#[derive(Debug, Default)]
struct Members {
    by_id: HashMap<StrBytes, MemberSubscription>,
    /// Ids of static members.
    by_instance: HashMap<StrBytes, StrBytes>,
}

impl Default for Groups {
    fn default() -> Groups {
        Groups { members: Kept::new(Duration::ZERO, MOST_GROUPS), topologies: Kept::new(TOPOLOGY_KEPT, MOST_GROUPS) }
    }
}

impl Groups {
    /// How a member subscribed.
    pub(crate) async fn member(&self, node: &Node, asked: &Member) -> Result<FoundMember, LookupError> {
        let ask = || async {
            let said = told(node.control().consumer_group(asked.group.clone()).await)?;
            Ok(said.and_then(|response| response.groups.into_iter().next()).and_then(members).map(Arc::new))
        };
        let members = self.members.get(key(node, &asked.group), |_| false, ask).await?;
        Ok(members.map_or(FoundMember::NotTold, |members| members.find(asked)))
    }

    /// The internal topics of a Streams group's topology: what its coordinator creates if it is missing.
    pub(crate) async fn internal_topics(
        &self,
        node: &Node,
        group: &StrBytes,
    ) -> Result<Arc<BTreeSet<StrBytes>>, LookupError> {
        let ask = || async {
            let said = told(node.control().streams_group(group.clone()).await)?;
            let group = said.and_then(|response| response.groups.into_iter().next());
            Ok(group.and_then(|group| group.topology).map(|topology| Arc::new(internal_topics(&topology))))
        };
        let topics = self.topologies.get(key(node, group), Option::is_some, ask).await?;
        Ok(topics.unwrap_or_default())
    }
}

/// A copy: the request that names the group must not be kept.
fn key(node: &Node, group: &StrBytes) -> Key {
    (node.id(), StrBytes::from_string(group.to_string()))
}

/// A broker that does not know the request knows nothing of such groups.
fn told<R>(answer: Result<R, RequestError>) -> Result<Option<R>, LookupError> {
    match answer {
        Ok(response) => Ok(Some(response)),
        Err(RequestError::Unsendable { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn members(group: DescribedGroup) -> Option<Members> {
    match ErrorCode(group.error_code) {
        ErrorCode::NONE => {}
        ErrorCode::GROUP_ID_NOT_FOUND => return Some(Members::default()),
        _ => return None,
    }
    let mut members = Members::default();
    for DescribedMember { member_id, instance_id, subscribed_topic_names, subscribed_topic_regex, .. } in group.members
    {
        if let Some(instance) = instance_id {
            members.by_instance.insert(instance, member_id.clone());
        }
        let names = subscribed_topic_names.into_iter().map(|name| name.0).collect();
        members.by_id.insert(member_id, MemberSubscription::described(subscribed_topic_regex, names));
    }
    Some(members)
}

impl Members {
    fn find(&self, asked: &Member) -> FoundMember {
        let of_instance = || self.by_id.get(self.by_instance.get(asked.instance.as_ref()?)?);
        let found = self.by_id.get(&asked.member).or_else(of_instance);
        found.map_or(FoundMember::Missing, |subscription| FoundMember::Subscribed(subscription.clone()))
    }
}

/// As in `apis::streams_group_heartbeat`: `InternalTopicManager.missingInternalTopics`.
fn internal_topics(topology: &Topology) -> BTreeSet<StrBytes> {
    let subtopologies = || topology.subtopologies.iter().flatten();
    let repartitions = subtopologies().flat_map(|it| &it.repartition_source_topics);
    let changelogs = subtopologies().flat_map(|it| &it.state_changelog_topics);
    repartitions.chain(changelogs).map(|topic| topic.name.0.clone()).collect()
}
