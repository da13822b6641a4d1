//! Where the fields are that are looked at or replaced, whatever the version.

use std::ops::Range;
use std::sync::LazyLock;

use super::{Node, Rest, is_topic_list};
use crate::api_key::ApiKey;
use crate::guard::Fault;
use crate::schema::{Direction, Event, Go, Known, Outline};

/// The fields that matter, and the lists that they are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Nodes,
    NodeId,
    Host,
    Port,
    ControllerId,
    ClusterOperations,
    Topics,
    ErrorCode,
    Name,
    Operations,
    Partitions,
    PartitionErrorCode,
    LeaderId,
}

fn role(path: &[&str]) -> Option<Role> {
    Some(match path {
        ["Brokers"] => Role::Nodes,
        ["Brokers", "NodeId"] => Role::NodeId,
        ["Brokers", "Host"] => Role::Host,
        ["Brokers", "Port"] => Role::Port,
        ["ControllerId"] => Role::ControllerId,
        ["ClusterAuthorizedOperations"] => Role::ClusterOperations,
        ["Topics"] => Role::Topics,
        ["Topics", "ErrorCode"] => Role::ErrorCode,
        ["Topics", "Name"] => Role::Name,
        ["Topics", "TopicAuthorizedOperations"] => Role::Operations,
        ["Topics", "Partitions"] => Role::Partitions,
        ["Topics", "Partitions", "ErrorCode"] => Role::PartitionErrorCode,
        ["Topics", "Partitions", "LeaderId"] => Role::LeaderId,
        _ => return None,
    })
}

/// One kind of answer in one version.
#[derive(Debug)]
pub(super) struct Plan {
    outline: Outline<Role>,
}

static PLANS: LazyLock<Vec<(ApiKey, Vec<Plan>)>> = LazyLock::new(|| {
    let outline = |key: ApiKey, version| Outline::of(Direction::Response, key, version, role);
    let plans = |key: &ApiKey| (0..).map_while(|version| Some(Plan { outline: outline(*key, version)? })).collect();
    ApiKey::ALL.iter().filter(|key| is_topic_list(**key)).map(|key| (*key, plans(key))).collect()
});

/// The plan of an answer that is a list of topics. (Both kinds begin at version 0.)
pub(super) fn plan(api_key: ApiKey, version: i16) -> Option<&'static Plan> {
    let (_, plans) = PLANS.iter().find(|(key, _)| *key == api_key)?;
    plans.get(usize::try_from(version).ok()?)
}

impl Plan {
    pub(super) fn is_flexible(&self) -> bool {
        self.outline.is_flexible()
    }

    /// Everything outside of the topics, of which it is known where the last one ends.
    pub(super) fn rest(&self, body: &[u8], end_of_topics: usize) -> Result<Rest, Fault> {
        let (mut rest, mut node) = (Rest::default(), Node::default());
        let known = Known { list: Role::Topics, end: end_of_topics };
        self.outline.walk(body, 0..body.len(), Some(known), |event, span| {
            match event {
                Event::Field(Role::NodeId) => node.id = int32(body, &span),
                Event::Field(Role::Host) => node.host = span,
                Event::Field(Role::Port) => node.port = span,
                Event::Element(Role::Nodes) => rest.nodes.push(Node { span, ..std::mem::take(&mut node) }),
                Event::List(Role::Nodes) => rest.nodes_span = span,
                Event::Field(Role::ControllerId) => rest.controller_id = Some(span),
                Event::Field(Role::ClusterOperations) => rest.cluster_operations = Some(span),
                Event::List(Role::Topics) => rest.topics_span = span,
                _ => {}
            }
            Go::On
        })?;
        Ok(rest)
    }

    /// Error code and name of a topic, which stand at its beginning: the name with its length.
    pub(super) fn head(&self, body: &[u8], topic: Range<usize>) -> Result<(i16, Range<usize>), Fault> {
        let (mut error_code, mut name) = (0, None);
        self.topic(body, topic, |event, span| match event {
            Event::Field(Role::ErrorCode) => {
                error_code = int16(body, &span);
                Go::On
            }
            Event::Field(Role::Name) => {
                name = Some(span);
                Go::Home
            }
            _ => Go::On,
        })?;
        name.map(|name| (error_code, name)).ok_or(Fault::Truncated)
    }

    /// Tells all that matters of one topic.
    pub(super) fn topic(
        &self,
        body: &[u8],
        topic: Range<usize>,
        told: impl FnMut(Event<Role>, Range<usize>) -> Go,
    ) -> Result<(), Fault> {
        self.outline.element_of(Role::Topics).map_or(Ok(()), |outline| outline.walk(body, topic, None, told))
    }
}

pub(super) fn int32(body: &[u8], span: &Range<usize>) -> i32 {
    body.get(span.clone()).and_then(|bytes| bytes.try_into().ok()).map_or(0, i32::from_be_bytes)
}

fn int16(body: &[u8], span: &Range<usize>) -> i16 {
    body.get(span.clone()).and_then(|bytes| bytes.try_into().ok()).map_or(0, i16::from_be_bytes)
}
