//! Cost of the guard: what every frame pays before anything else looks at it. Shown per partition; a produce frame of
//! 100 topics × 10 partitions × 1 KiB may take 15 ns for each.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic};
use protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::messages::*;
use protocol::{
    ApiKey, Limits, RequestFrame, StrBytes, encode_request, encode_response, guard_request, guard_response,
};

const TOPICS: i32 = 100;
const PARTITIONS: i32 = 10;
const RECORDS: &[u8] = &[7; 1024];

fn name(topic: i32) -> TopicName {
    StrBytes::from_string(format!("topic-{topic:04}")).into()
}

/// One of everything for each topic.
fn topics<T>(of: impl Fn(i32) -> T) -> Vec<T> {
    (0..TOPICS).map(of).collect()
}

fn partitions<T>(of: impl Fn(i32) -> T) -> Vec<T> {
    (0..PARTITIONS).map(of).collect()
}

fn produce_request() -> ProduceRequest {
    ProduceRequest::default().with_acks(-1).with_topic_data(topics(|topic| {
        TopicProduceData::default().with_name(name(topic)).with_partition_data(partitions(|index| {
            PartitionProduceData::default().with_index(index).with_records(Some(RECORDS.into()))
        }))
    }))
}

fn fetch_request() -> FetchRequest {
    FetchRequest::default().with_topics(topics(|topic| {
        FetchTopic::default().with_topic(name(topic)).with_partitions(partitions(|index| {
            FetchPartition::default().with_partition(index).with_partition_max_bytes(1 << 20)
        }))
    }))
}

fn fetch_response() -> FetchResponse {
    FetchResponse::default().with_responses(topics(|topic| {
        FetchableTopicResponse::default().with_topic(name(topic)).with_partitions(partitions(|index| {
            PartitionData::default().with_partition_index(index).with_records(Some(RECORDS.into()))
        }))
    }))
}

fn metadata_response() -> MetadataResponse {
    let replicas = || vec![1.into(), 2.into(), 3.into()];
    let brokers = (1..=3).map(|id| {
        let host = StrBytes::from_string(format!("broker-{id}.example.com"));
        MetadataResponseBroker::default().with_node_id(id.into()).with_host(host).with_port(9092)
    });
    MetadataResponse::default().with_brokers(brokers.collect()).with_topics(topics(|topic| {
        MetadataResponseTopic::default().with_name(Some(name(topic))).with_partitions(partitions(|index| {
            MetadataResponsePartition::default()
                .with_partition_index(index)
                .with_leader_id(1.into())
                .with_replica_nodes(replicas())
                .with_isr_nodes(replicas())
        }))
    }))
}

fn guard(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("guard");
    group.throughput(Throughput::Elements((TOPICS * PARTITIONS) as u64));
    let limits = Limits::default();

    let header = |key, version| RequestFrame::header(key, version, 1, "bench");
    let produce = encode_request(&header(ApiKey::Produce, 9), &produce_request()).expect("a valid request");
    let fetch = encode_request(&header(ApiKey::Fetch, 12), &fetch_request()).expect("a valid request");
    for (name, frame) in [("produce request", produce), ("fetch request", fetch)] {
        let frame = frame.slice(4..);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let frame = RequestFrame::parse(black_box(frame.clone())).expect("a valid header");
                guard_request(frame, &limits).expect("a valid request")
            });
        });
    }

    let fetch = encode_response(12, 1, &fetch_response()).expect("a valid response");
    let metadata = encode_response(12, 1, &metadata_response()).expect("a valid response");
    let responses = [("fetch response", ApiKey::Fetch, fetch), ("metadata response", ApiKey::Metadata, metadata)];
    for (name, key, frame) in responses {
        let frame = frame.slice(4..);
        group.bench_function(name, |bencher| {
            bencher.iter(|| guard_response(key, 12, black_box(frame.clone()), &limits).expect("a valid response"));
        });
    }
    group.finish();
}

criterion_group!(benches, guard);
criterion_main!(benches);
