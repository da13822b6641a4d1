//! What is known of the cluster at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Node;

/// A snapshot; a change makes a new one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cluster {
    /// Pinned with the first answer.
    id: Option<Arc<str>>,
    /// Another id that some broker gave, while it does.
    impostor: Option<Arc<str>>,
    nodes: BTreeMap<i32, Arc<Node>>,
    /// Those that the cluster named last.
    live: BTreeSet<i32>,
}

impl Cluster {
    /// The id of the cluster; none as long as no broker has answered.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether every broker that answered belongs to the pinned cluster. If not, nothing may be forwarded, and
    /// connections that forward must be closed.
    pub(crate) fn may_forward(&self) -> bool {
        self.impostor.is_none()
    }

    /// A broker by its id, live or not; none if nothing may be forwarded.
    pub(crate) fn node(&self, id: i32) -> Option<Arc<Node>> {
        self.nodes.get(&id).filter(|_| self.may_forward()).cloned()
    }

    /// The brokers that the cluster named last, by id; none if nothing may be forwarded.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.live.iter().filter(|_| self.may_forward()).filter_map(|id| self.nodes.get(id))
    }

    /// The next of the live brokers; one that is connected if there is one.
    pub(super) fn any_live(&self, turn: usize) -> Option<Arc<Node>> {
        let connected: Vec<_> = self.live().filter(|node| node.is_connected()).collect();
        let candidates = if connected.is_empty() { self.live().collect() } else { connected };
        candidates.get(turn.checked_rem(candidates.len())?).map(|node| Arc::clone(node))
    }

    /// All brokers ever named, whether or not anything may be forwarded. For discovery.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.nodes.values()
    }

    pub(super) fn is_live(&self, id: i32) -> bool {
        self.live.contains(&id)
    }

    /// The snapshot in which these brokers are the live ones.
    pub(super) fn with(&self, id: &str, live: Vec<Arc<Node>>) -> Cluster {
        let mut next = self.clone();
        next.id.get_or_insert_with(|| id.into());
        next.live = live.iter().map(|node| node.id()).collect();
        next.nodes.extend(live.into_iter().map(|node| (node.id(), node)));
        next
    }

    /// The snapshot in which some broker belongs to another cluster, or none does.
    pub(super) fn with_impostor(&self, impostor: Option<Arc<str>>) -> Cluster {
        Cluster { impostor, ..self.clone() }
    }

    pub(super) fn impostor(&self) -> Option<&str> {
        self.impostor.as_deref()
    }

    /// Whether nobody could tell the two apart.
    pub(super) fn is_same(&self, other: &Cluster) -> bool {
        self.id == other.id
            && self.impostor == other.impostor
            && self.live == other.live
            && self.nodes.len() == other.nodes.len()
            && self.nodes.values().zip(other.nodes.values()).all(|(one, other)| Arc::ptr_eq(one, other))
    }
}
