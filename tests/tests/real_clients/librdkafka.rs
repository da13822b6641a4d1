//! librdkafka, through the `rdkafka` crate.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use testkit::{Entrance, Stage};

use crate::{stage, topic};

const DEADLINE: Duration = Duration::from_secs(30);

fn config(stage: &Stage, user: &str, mechanism: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", stage.bootstrap(Entrance::Client))
        .set("security.protocol", "SASL_SSL")
        .set("sasl.mechanism", mechanism)
        .set("sasl.username", user)
        .set("sasl.password", testkit::stage::password(user))
        .set("ssl.ca.location", stage.certificates().ca().to_string_lossy())
        .set("message.timeout.ms", "20000");
    config
}

async fn write(config: &ClientConfig, topic: &str, value: &str) -> Result<(), KafkaError> {
    let producer: FutureProducer = config.create()?;
    let record: FutureRecord<'_, (), str> = FutureRecord::to(topic).payload(value);
    producer.send(record, DEADLINE).await.map(|_| ()).map_err(|(error, _)| error)
}

async fn read(config: &ClientConfig, topic: &str) -> Result<String> {
    let consumer: StreamConsumer = config.create()?;
    consumer.subscribe(&[topic])?;
    let message = tokio::time::timeout(DEADLINE, consumer.recv()).await.context("nothing came")??;
    let value = message.payload_view::<str>().context("an empty record")??.to_owned();
    consumer.commit_message(&message, CommitMode::Sync)?;
    Ok(value)
}

fn code<T>(result: Result<T, KafkaError>) -> Option<RDKafkaErrorCode> {
    result.err().and_then(|error| error.rdkafka_error_code())
}

#[tokio::test]
async fn produce_and_consume_by_every_mechanism_and_both_group_protocols() -> Result<()> {
    let stage = stage().await?;
    let topic = topic(stage, "alice-rdkafka").await?;
    for (mechanism, protocol) in [("SCRAM-SHA-256", "classic"), ("SCRAM-SHA-512", "consumer"), ("PLAIN", "classic")] {
        write(&config(stage, "alice", mechanism), &topic, "hello").await?;
        let mut consumer = config(stage, "alice", mechanism);
        consumer.set("group.id", format!("alice-rdkafka-{mechanism}")).set("auto.offset.reset", "earliest");
        consumer.set("group.protocol", protocol);
        ensure!(read(&consumer, &topic).await? == "hello");
    }
    Ok(())
}

#[tokio::test]
async fn denied_topics_are_told_by_their_code() -> Result<()> {
    let stage = stage().await?;
    let theirs = topic(stage, "payments-rdkafka").await?;
    let written = write(&config(stage, "alice", "SCRAM-SHA-256"), &theirs, "no").await;
    ensure!(code(written) == Some(RDKafkaErrorCode::TopicAuthorizationFailed));
    Ok(())
}

#[tokio::test]
async fn denied_groups_are_told_by_their_code() -> Result<()> {
    let stage = stage().await?;
    let mine = topic(stage, "alice-rdkafka-groups").await?;
    let mut other = config(stage, "alice", "SCRAM-SHA-256");
    other.set("group.id", "other-rdkafka").set("auto.offset.reset", "earliest");
    let consumer: StreamConsumer = other.create()?;
    consumer.subscribe(&[&mine])?;
    let received = tokio::time::timeout(DEADLINE, consumer.recv()).await.context("no answer")?;
    ensure!(code(received.map(|_| ())) == Some(RDKafkaErrorCode::GroupAuthorizationFailed));
    Ok(())
}

#[tokio::test]
async fn a_transaction_is_committed_where_it_is_allowed() -> Result<()> {
    let stage = stage().await?;
    let topic = topic(stage, "alice-rdkafka-tx").await?;
    let mut allowed = config(stage, "alice", "SCRAM-SHA-256");
    allowed.set("transactional.id", "alice-rdkafka");
    let mut denied = allowed.clone();
    denied.set("transactional.id", "other-rdkafka");

    let (committed, refused) = tokio::task::spawn_blocking(move || -> Result<_> {
        let producer: FutureProducer = allowed.create()?;
        producer.init_transactions(DEADLINE)?;
        producer.begin_transaction()?;
        let record: FutureRecord<'_, (), str> = FutureRecord::to(&topic).payload("in a transaction");
        let sent = producer.send_result(record).map_err(|(error, _)| error)?;
        producer.commit_transaction(DEADLINE)?;
        let producer: FutureProducer = denied.create()?;
        Ok((sent, producer.init_transactions(DEADLINE)))
    })
    .await??;
    committed.await?.map_err(|(error, _)| error)?;
    ensure!(code(refused) == Some(RDKafkaErrorCode::TransactionalIdAuthorizationFailed));
    Ok(())
}

#[tokio::test]
async fn topics_are_created_and_deleted_where_it_is_allowed() -> Result<()> {
    let stage = stage().await?;
    let admin: AdminClient<DefaultClientContext> = config(stage, "alice", "SCRAM-SHA-256").create()?;
    let new = |name| NewTopic::new(name, 1, TopicReplication::Fixed(1));
    let options = AdminOptions::new().operation_timeout(Some(DEADLINE));
    let created = admin.create_topics(&[new("alice-rdkafka-made"), new("bob-rdkafka-made")], &options).await?;
    let refused = ("bob-rdkafka-made".to_owned(), RDKafkaErrorCode::TopicAuthorizationFailed);
    ensure!(created == [Ok("alice-rdkafka-made".to_owned()), Err(refused)], "{created:?}");
    let theirs = topic(stage, "payments-rdkafka-delete").await?;
    let deleted = admin.delete_topics(&["alice-rdkafka-made", &theirs], &options).await?;
    let refused = (theirs.clone(), RDKafkaErrorCode::TopicAuthorizationFailed);
    ensure!(deleted.contains(&Ok("alice-rdkafka-made".to_owned())) && deleted.contains(&Err(refused)), "{deleted:?}");
    Ok(())
}
