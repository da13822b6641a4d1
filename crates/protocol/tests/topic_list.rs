//! A list of topics edited as bytes is what it would be if it were decoded, edited, and encoded: over all versions, and
//! whatever is left out, changed or added.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod java;
mod mutation;

use bytes::Bytes;
use mutation::Random;
use protocol::messages::describe_topic_partitions_response::DescribeTopicPartitionsResponseTopic;
use protocol::messages::metadata_response::MetadataResponseTopic;
use protocol::messages::{DescribeTopicPartitionsResponse, MetadataResponse, TopicName};
use protocol::{
    ApiKey, BrokerAddresses, CarriesAddresses, GuardedResponse, Limits, StrBytes, TopicList, encode_response,
    guard_response,
};

const MESSAGES_OF_EACH: usize = 60;
const EDITS_OF_EACH: usize = 20;
const MANY: usize = 300;

#[test]
fn edited_as_bytes_or_as_values_the_answer_is_the_same() {
    let answers = answers();
    let mut random = Random(1);
    for guarded in &answers {
        for _ in 0..EDITS_OF_EACH {
            let edit = Edit::random(&mut random);
            let (as_bytes, as_values) = match guarded.api_key {
                ApiKey::Metadata => (edit.bytes::<MetadataResponseTopic>(guarded), edit.metadata(guarded)),
                _ => (edit.bytes::<DescribeTopicPartitionsResponseTopic>(guarded), edit.descriptions(guarded)),
            };
            assert_eq!(as_bytes, as_values, "{:?} {} of {:02x?}", edit, guarded.api_version, guarded.bytes());
        }
    }
    let versions: std::collections::BTreeSet<_> =
        answers.iter().map(|answer| (answer.api_key, answer.api_version)).collect();
    assert_eq!(versions.len(), 15);
    assert!(answers.len() > 15 * MESSAGES_OF_EACH);
}

fn answers() -> Vec<GuardedResponse> {
    let file = java::messages(3, MESSAGES_OF_EACH, MANY);
    let mut records = java::Records(&file);
    let mut answers = Vec::new();
    while !records.is_empty() {
        let key = ApiKey::try_from(records.int16()).unwrap();
        let version = records.int16();
        let is_request = records.int8() == 1;
        let bytes = Bytes::copy_from_slice(records.bytes().unwrap());
        if !is_request && matches!(key, ApiKey::Metadata | ApiKey::DescribeTopicPartitions) {
            answers.push(guard_response(key, version, bytes, &Limits::default()).unwrap());
        }
    }
    answers
}

/// What is done to an answer, each topic by its place.
#[derive(Debug)]
struct Edit {
    keeps: u64,
    operations: i32,
    fails: u64,
    first: usize,
    last: usize,
    cluster: i32,
    reachable: i32,
}

impl Edit {
    fn random(random: &mut Random) -> Edit {
        Edit {
            keeps: [0, u64::MAX, random.next(), random.next()][random.below(4)],
            operations: random.next() as i32,
            fails: random.next() & random.next() & random.next(),
            first: random.below(3),
            last: random.below(200) * random.below(2),
            cluster: random.next() as i32,
            reachable: random.below(4) as i32,
        }
    }

    fn keeps(&self, place: usize) -> bool {
        self.keeps >> (place % 64) & 1 == 1
    }

    fn fails(&self, place: usize) -> bool {
        self.fails >> (place % 64) & 1 == 1
    }

    fn bytes<T: Added>(&self, guarded: &GuardedResponse) -> Bytes {
        let mut list = TopicList::read(guarded).unwrap();
        let mut place = 0..;
        list.topics.retain_mut(|topic| {
            let place = place.next().unwrap();
            topic.authorized_operations = self.operations;
            if self.fails(place) {
                topic.error_code = 77;
            }
            self.keeps(place)
        });
        list.cluster_authorized_operations = self.cluster;
        list.prepend((0..self.first).map(T::added));
        list.append((0..self.last).map(T::added));
        list.finish(self).unwrap()
    }

    fn metadata(&self, guarded: &GuardedResponse) -> Bytes {
        let mut answer: MetadataResponse = guarded.decode().unwrap();
        let mut place = 0..;
        answer.topics.retain_mut(|topic| {
            let place = place.next().unwrap();
            topic.topic_authorized_operations = self.operations;
            if self.fails(place) {
                topic.error_code = 77;
            }
            self.keeps(place)
        });
        answer.cluster_authorized_operations = self.cluster;
        answer.topics.splice(0..0, (0..self.first).map(Added::added));
        answer.topics.extend((0..self.last).map(MetadataResponseTopic::added));
        answer.replace_addresses(guarded.api_version, self);
        // In the versions without these fields the codec takes nothing but their defaults.
        if !(8..=10).contains(&guarded.api_version) {
            answer.cluster_authorized_operations = TopicList::NOT_ASKED;
        }
        if guarded.api_version < 8 {
            answer.topics.iter_mut().for_each(|topic| topic.topic_authorized_operations = TopicList::NOT_ASKED);
        }
        encode_response(guarded.api_version, guarded.correlation_id, &answer).unwrap()
    }

    fn descriptions(&self, guarded: &GuardedResponse) -> Bytes {
        let mut answer: DescribeTopicPartitionsResponse = guarded.decode().unwrap();
        let mut place = 0..;
        answer.topics.retain_mut(|topic| {
            let place = place.next().unwrap();
            topic.topic_authorized_operations = self.operations;
            if self.fails(place) {
                topic.error_code = 77;
            }
            self.keeps(place)
        });
        answer.topics.splice(0..0, (0..self.first).map(Added::added));
        answer.topics.extend((0..self.last).map(DescribeTopicPartitionsResponseTopic::added));
        encode_response(guarded.api_version, guarded.correlation_id, &answer).unwrap()
    }
}

impl BrokerAddresses for Edit {
    fn address(&self, node_id: i32) -> Option<(StrBytes, u16)> {
        let host = ["", "a", "kafka.example.com"][node_id.unsigned_abs() as usize % 3];
        (node_id < self.reachable).then(|| (StrBytes::from_static_str(host), 9092))
    }
}

/// A topic that was denied.
trait Added: protocol::Encodable {
    fn added(number: usize) -> Self;
}

fn name(number: usize) -> Option<TopicName> {
    Some(StrBytes::from_string(format!("denied-{number}")).into())
}

impl Added for MetadataResponseTopic {
    fn added(number: usize) -> Self {
        MetadataResponseTopic::default().with_name(name(number)).with_error_code(29)
    }
}

impl Added for DescribeTopicPartitionsResponseTopic {
    fn added(number: usize) -> Self {
        DescribeTopicPartitionsResponseTopic::default().with_name(name(number)).with_error_code(29)
    }
}
