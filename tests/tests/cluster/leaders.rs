//! Leader hints (KIP-951): whoever writes to or reads from the wrong broker is told the right one, at our address.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{FetchRequest, MetadataRequest};
use testkit::Stage;
use uuid::Uuid;

use crate::brokers::open;
use crate::records::{batch, describe, produce_request};

const NOT_LEADER_OR_FOLLOWER: i16 = 6;

/// What an answer says about the leader: error, its id and epoch, and the endpoints.
#[derive(Debug, PartialEq, Eq)]
struct Hint {
    error: i16,
    leader: (i32, i32),
    endpoints: Vec<(i32, String, i32)>,
}

/// Where each broker is, for clients of the listener `OPEN`.
async fn addresses(stage: &Stage) -> Result<BTreeMap<i32, (String, u16)>> {
    let request = MetadataRequest::default().with_topics(Some(Vec::new()));
    let answer = open(stage, None).await?.send(12, &request).await?;
    let address = |port: i32| u16::try_from(port);
    answer
        .brokers
        .iter()
        .map(|broker| Ok((broker.node_id.0, (broker.host.to_string(), address(broker.port)?))))
        .collect()
}

/// What Produce 11 and Fetch 16 of partition 0 say at the port of this broker.
async fn asked(stage: &Stage, port: u16, topic: &str, topic_id: Uuid) -> Result<[Hint; 2]> {
    let mut client = open(stage, Some(port)).await?;
    let produced = client.send(11, &produce_request(topic, batch("to the wrong broker")?)).await?;
    let answer = produced.responses.first().and_then(|topic| topic.partition_responses.first());
    let answer = answer.context("no partition is answered")?;
    let endpoint = |id: i32, host: &str, port: i32| (id, host.to_owned(), port);
    let of_produce = Hint {
        error: answer.error_code,
        leader: (answer.current_leader.leader_id.0, answer.current_leader.leader_epoch),
        endpoints: produced.node_endpoints.iter().map(|node| endpoint(node.node_id.0, &node.host, node.port)).collect(),
    };

    let partition = FetchPartition::default().with_partition(0).with_partition_max_bytes(100_000);
    let topic = FetchTopic::default().with_topic_id(topic_id).with_partitions(vec![partition]);
    let request = FetchRequest::default()
        .with_max_wait_ms(100)
        .with_max_bytes(100_000)
        .with_session_epoch(-1)
        .with_topics(vec![topic]);
    let fetched = client.send(16, &request).await?;
    let answer = fetched.responses.first().and_then(|topic| topic.partitions.first());
    let answer = answer.context("no partition is answered")?;
    let of_fetch = Hint {
        error: answer.error_code,
        leader: (answer.current_leader.leader_id.0, answer.current_leader.leader_epoch),
        endpoints: fetched.node_endpoints.iter().map(|node| endpoint(node.node_id.0, &node.host, node.port)).collect(),
    };
    Ok([of_produce, of_fetch])
}

/// The partition on broker 3 is asked for at every other broker.
pub(crate) async fn hints_lead_to_doorkeeper(stage: &Stage) -> Result<()> {
    stage.kafka().create_topic("alice-led", 1).await?;
    let addresses = addresses(stage).await?;
    let topic = describe(&mut open(stage, None).await?, "alice-led").await?;
    let partition = topic.partitions.first().context("no partition")?;
    let leader = partition.leader_id.0;
    let (host, port) = addresses.get(&leader).context("the leader has no address")?;
    for (id, (_, other)) in addresses.iter().filter(|(id, _)| **id != leader) {
        let expected = || Hint {
            error: NOT_LEADER_OR_FOLLOWER,
            leader: (leader, partition.leader_epoch),
            endpoints: vec![(leader, host.clone(), i32::from(*port))],
        };
        let hints = asked(stage, *other, "alice-led", topic.topic_id).await?;
        ensure!(hints == [expected(), expected()], "broker {id}: {hints:?} instead of {:?}", expected());
    }
    let [produced, fetched] = asked(stage, *port, "alice-led", topic.topic_id).await?;
    ensure!(
        (produced.error, fetched.error) == (0, 0),
        "the hint does not lead to the leader: {produced:?} {fetched:?}"
    );
    Ok(())
}

/// The leader of the topic's partition is a broker without a port here.
pub(crate) async fn a_leader_without_a_port_is_not_named(stage: &Stage, topic: &str) -> Result<()> {
    let topic_id = describe(&mut stage.kafka().admin().await?, topic).await?.topic_id;
    let nobody = || Hint { error: NOT_LEADER_OR_FOLLOWER, leader: (-1, -1), endpoints: Vec::new() };
    for (_, port) in addresses(stage).await?.values() {
        let hints = asked(stage, *port, topic, topic_id).await?;
        ensure!(hints == [nobody(), nobody()], "{hints:?}");
    }
    Ok(())
}
