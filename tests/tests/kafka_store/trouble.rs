//! What must not be believed is not, and what is known goes on.

use std::time::Duration;

use anyhow::{Result, ensure};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{BrokerId, FetchRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use testkit::{Doorkeeper, KafkaCluster, Options, Tool};
use tokio::sync::Mutex;

use crate::ground::{Plan, Replica, SOON, soon};
use crate::{DENIED, asks_for};

/// The topic is on a cluster of its own, which goes away and comes back.
#[tokio::test]
async fn what_is_known_goes_on_while_the_topic_is_away_until_it_is_too_old() -> Result<()> {
    let protected = KafkaCluster::start(Options::default()).await?;
    let mut central = KafkaCluster::start(Options::default()).await?;
    let mut plan = Plan::new(&protected);
    plan.kafka = format!("{}, upstream: {{ bootstrap.servers: \"{}\" }}", plan.kafka, central.bootstrap());
    let lasting = Replica::start(&plan).await?;
    plan.store = "  max_staleness: 8s\n".to_owned();
    let limited = Replica::start(&plan).await?;
    let of_lasting = Mutex::new(lasting.raw("alice").await?);
    let of_limited = Mutex::new(limited.raw("alice").await?);
    ensure!(asks_for(&mut *of_limited.lock().await, "first").await? != DENIED);

    central.kill_broker(0).await?;
    let output = lasting.try_kafka_acls("--add --allow-principal User:alice --operation Read --topic orders").await?;
    ensure!(output.to_string().contains("nothing was changed in the store in Kafka"), "{output}");
    soon("closed", async || Ok(asks_for(&mut *of_limited.lock().await, "first").await? == DENIED)).await?;
    soon("not ready", async || Ok(limited.http("/readyz").await?.contains("older than max_staleness"))).await?;
    ensure!(asks_for(&mut *of_lasting.lock().await, "first").await? != DENIED);
    ensure!(lasting.http("/readyz").await?.starts_with("HTTP/1.1 200"));
    let metrics = lasting.http("/metrics").await?;
    let age = metrics.lines().find_map(|line| line.strip_prefix("doorkeeper_store_age_seconds{store=\"acls\"} "));
    ensure!(age.is_some_and(|age| age.parse::<f64>().is_ok_and(|age| age > 8.0)), "{age:?}");

    central.start_broker(0).await?;
    soon("open again", async || Ok(asks_for(&mut *of_limited.lock().await, "first").await? != DENIED)).await?;
    soon("ready again", async || Ok(limited.http("/readyz").await?.starts_with("HTTP/1.1 200"))).await?;
    lasting.kafka_acls("--add --allow-principal User:alice --operation Read --topic orders").await?;
    soon("at the other", async || Ok(asks_for(&mut *of_limited.lock().await, "orders").await? != DENIED)).await?;
    Ok(())
}

#[tokio::test]
async fn a_compacted_topic_is_read_and_one_that_is_deleted_takes_nothing_away() -> Result<()> {
    let often = Options::default().property("log.cleaner.backoff.ms", "100");
    let kafka = KafkaCluster::start(often).await?;
    let plan = Plan::new(&kafka);
    let one = Replica::start(&plan).await?;
    let configs = Tool::kafka("kafka-configs").args(["--bootstrap-server", &kafka.bootstrap()]);
    let quick = "segment.ms=100,min.cleanable.dirty.ratio=0.001,delete.retention.ms=100";
    let alter = format!("--alter --entity-type topics --entity-name __doorkeeper --add-config {quick}");
    configs.args(alter.split_whitespace()).run_ok().await?;

    // Until what followed the first batch, which has what never changed, is gone.
    let mut admin = one.raw("admin").await?;
    let mut broker = kafka.admin().await?;
    let began = tokio::time::Instant::now();
    let mut round = 0;
    while second_offset(&mut broker).await? < 50 {
        ensure!(began.elapsed() < Duration::from_secs(90), "nothing was compacted in {round} rounds");
        crate::scale::create(&mut admin, 0..10).await?;
        crate::scale::delete(&mut admin).await?;
        round += 1;
    }
    crate::scale::create(&mut admin, 5..7).await?;
    let started_later = Replica::start(&plan).await?;
    let listed = started_later.kafka_acls("--list").await?;
    let names = |listed: &str| listed.matches("name=topic-").count();
    ensure!(names(&listed) == 2 && listed.contains("name=first"), "{round} rounds\n{listed}");

    // The operator gives something to all clusters, which no cluster can take away.
    one.doorkeeper.write("all.yaml", "acls: [{ principal: User:alice, allow: Read, topic: for-all }]\n")?;
    let arguments = ["store", "for-all", "doorkeeper.yaml", "--add", "file:all.yaml"];
    let output = Doorkeeper::run(one.doorkeeper.directory(), &arguments).await?;
    ensure!(output.status.success() && output.stdout.contains("name=for-all"), "{output}");
    let alice = Mutex::new(started_later.raw("alice").await?);
    soon("for all", async || Ok(asks_for(&mut *alice.lock().await, "for-all").await? != DENIED)).await?;
    started_later.kafka_acls("--remove --force --topic for-all").await?;
    ensure!(asks_for(&mut *alice.lock().await, "for-all").await? != DENIED);

    let mut other_key = plan.clone();
    other_key.kafka = "keys: [\"${file:other.key}\"]".to_owned();
    let refused = Replica::launch(&other_key)?;
    refused.doorkeeper.wait_for_line(|line| line.contains("cannot be read with `store.kafka.keys`"), SOON).await?;
    ensure!(!refused.doorkeeper.wait(SOON).await?.success());
    let both = other_key.kafka.replace(']', ", \"${file:one.key}\"]");
    let configuration = std::fs::read_to_string(refused.doorkeeper.directory().join("doorkeeper.yaml"))?;
    refused.doorkeeper.write("both.yaml", &configuration.replace(&other_key.kafka, &both))?;
    let output = Doorkeeper::run(refused.doorkeeper.directory(), &["store", "seal-anew", "both.yaml"]).await?;
    ensure!(output.status.success() && output.stdout.contains("sealed anew"), "{output}");
    let listed = Replica::start(&other_key).await?.kafka_acls("--list").await?;
    ensure!(names(&listed) == 2 && listed.contains("name=first") && listed.contains("name=for-all"), "{listed}");

    let topics = Tool::kafka("kafka-topics").args(["--bootstrap-server", &kafka.bootstrap()]);
    topics.args(["--delete", "--topic", "__doorkeeper"]).run_ok().await?;
    let alarm = |line: &str| line.contains("ALARM") && line.contains("`__doorkeeper` is not there");
    one.doorkeeper.wait_for_line(alarm, SOON).await?;
    ensure!(names(&one.kafka_acls("--list").await?) == 2);
    let output = one.try_kafka_acls("--add --allow-principal User:alice --operation Read --topic orders").await?;
    ensure!(output.to_string().contains("nothing was changed in the store in Kafka"), "{output}");
    Ok(())
}

/// The base offset of the second batch that is left in the topic's log.
async fn second_offset(broker: &mut testkit::RawClient) -> Result<i64> {
    let partition = FetchPartition::default().with_current_leader_epoch(-1).with_partition_max_bytes(100_000);
    let name = TopicName(StrBytes::from_static_str("__doorkeeper"));
    let topic = FetchTopic::default().with_topic(name).with_partitions(vec![partition]);
    let request = FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_bytes(100_000)
        .with_session_epoch(-1)
        .with_topics(vec![topic]);
    let response = broker.send(12, &request).await?;
    let records = response.responses.first().and_then(|topic| topic.partitions.first()?.records.clone());
    let second = records.as_ref().and_then(|records| {
        let length = records.get(8..)?.first_chunk::<4>()?;
        records.get(12 + usize::try_from(i32::from_be_bytes(*length)).ok()?..)?.first_chunk::<8>()
    });
    Ok(second.map_or(0, |base| i64::from_be_bytes(*base)))
}
