//! Where the errors of a Fetch answer stand: behind what was fetched, in the order of the request, each partition once.
//!
//! A broker (`FetchSession.FullFetchContext`) makes a map of the request, so a partition that is named twice is answered
//! once, where it was named first. Neighbours of one topic share an entry; a topic may have several.

use std::collections::{HashMap, HashSet};

use protocol::ErrorCode;
use protocol::messages::TopicName;
use protocol::messages::fetch_request::FetchTopic;
use protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use uuid::Uuid;

/// A partition by its topic's name or id: the other of the two is empty.
type Key = (TopicName, Uuid, i32);

/// Which partitions a request names, in its order.
pub(crate) struct AskedOrder(HashMap<Key, usize>);

impl AskedOrder {
    pub(crate) fn of(topics: &[FetchTopic]) -> AskedOrder {
        let mut places = HashMap::new();
        for topic in topics {
            for partition in &topic.partitions {
                let place = places.len();
                places.entry((topic.topic.clone(), topic.topic_id, partition.partition)).or_insert(place);
            }
        }
        AskedOrder(places)
    }

    /// Puts partitions into the order of the request, each once.
    pub(crate) fn sorted(&self, topics: Vec<FetchableTopicResponse>) -> Vec<FetchableTopicResponse> {
        let mut partitions = apart(topics);
        let mut seen = HashSet::new();
        partitions.retain(|(key, _)| seen.insert(key.clone()));
        partitions.sort_by_key(|(key, _)| self.0.get(key).copied().unwrap_or(usize::MAX));
        together(partitions)
    }
}

/// Takes from the end of an answer what a broker says of partitions that it does not know.
pub(crate) fn take_unknown_partitions(responses: &mut Vec<FetchableTopicResponse>) -> Vec<FetchableTopicResponse> {
    let is_known = |partition: &PartitionData| partition.error_code != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0;
    let last_known = responses.iter().rposition(|topic| topic.partitions.iter().any(is_known));
    let mut unknown = responses.split_off(last_known.map_or(0, |last| last + 1));
    // A neighbour of what was fetched shares the entry of its topic.
    if let Some(last) = responses.last_mut() {
        let known = last.partitions.iter().rposition(is_known).map_or(0, |known| known + 1);
        let partitions = last.partitions.split_off(known);
        let (name, id) = (last.topic.clone(), last.topic_id);
        let shared = FetchableTopicResponse::default().with_topic(name).with_topic_id(id).with_partitions(partitions);
        unknown.insert(0, shared);
    }
    unknown
}

/// Adds entries behind others. Neighbours of one topic share an entry.
pub(crate) fn join(responses: &mut Vec<FetchableTopicResponse>, mut more: Vec<FetchableTopicResponse>) {
    if let (Some(last), Some(first)) = (responses.last_mut(), more.first_mut())
        && last.topic == first.topic
        && last.topic_id == first.topic_id
    {
        last.partitions.append(&mut first.partitions);
        more.remove(0);
    }
    responses.extend(more);
}

fn apart(topics: Vec<FetchableTopicResponse>) -> Vec<(Key, PartitionData)> {
    let partitions = topics.into_iter().flat_map(|topic| {
        let (name, id) = (topic.topic, topic.topic_id);
        topic.partitions.into_iter().map(move |partition| ((name.clone(), id, partition.partition_index), partition))
    });
    partitions.collect()
}

fn together(partitions: Vec<(Key, PartitionData)>) -> Vec<FetchableTopicResponse> {
    let mut topics: Vec<FetchableTopicResponse> = Vec::new();
    for ((name, id, _), partition) in partitions {
        match topics.last_mut() {
            Some(last) if last.topic == name && last.topic_id == id => last.partitions.push(partition),
            _ => topics.push(
                FetchableTopicResponse::default().with_topic(name).with_topic_id(id).with_partitions(vec![partition]),
            ),
        }
    }
    topics
}
