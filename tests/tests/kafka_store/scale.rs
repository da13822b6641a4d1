//! A hundred thousand ACLs, and two hundred replicas.

use std::ops::Range;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use client::{Connector, UpstreamSecurity, UpstreamSettings};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::{CreateAclsRequest, DeleteAclsRequest};
use kafka_protocol::protocol::StrBytes;
use store::kafka::{KafkaSettings, Keyring, SealingKey};
use store::{Bootstrap, Place, Places, StoreSettings, Stores};
use testkit::{KafkaCluster, Options, RawClient};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::ground::{KEY, Plan, Replica};

/// Of Kafka's `ResourceType`, `PatternType`, `AclOperation` and `AclPermissionType`.
const TOPIC: i8 = 2;
const LITERAL: i8 = 3;
const READ: i8 = 3;
const ALLOW: i8 = 3;
const ANY: i8 = 1;

/// Creates ACLs on `topic-N`, all in one request.
pub(crate) async fn create(client: &mut RawClient, numbers: Range<usize>) -> Result<()> {
    let creation = |number: usize| {
        AclCreation::default()
            .with_resource_type(TOPIC)
            .with_resource_name(StrBytes::from_string(format!("topic-{number}")))
            .with_resource_pattern_type(LITERAL)
            .with_principal(StrBytes::from_string(format!("User:user-{}", number % 1000)))
            .with_host(StrBytes::from_static_str("*"))
            .with_operation(READ)
            .with_permission_type(ALLOW)
    };
    let request = CreateAclsRequest::default().with_creations(numbers.map(creation).collect());
    let response = client.send(3, &request).await?;
    let failed = response.results.iter().find(|result| result.error_code != 0);
    ensure!(failed.is_none(), "{failed:?}");
    Ok(())
}

/// Deletes every ACL that lets somebody read a topic.
pub(crate) async fn delete(client: &mut RawClient) -> Result<()> {
    let filter = DeleteAclsFilter::default()
        .with_resource_type_filter(TOPIC)
        .with_resource_name_filter(None)
        .with_principal_filter(None)
        .with_host_filter(None)
        .with_pattern_type_filter(LITERAL)
        .with_operation(READ)
        .with_permission_type(ANY);
    let response = client.send(3, &DeleteAclsRequest::default().with_filters(vec![filter])).await?;
    let failed = response.filter_results.iter().find(|result| result.error_code != 0);
    ensure!(failed.is_none(), "{failed:?}");
    Ok(())
}

/// The goals (2 s, 100 MiB, 10 ms) are for a release on a machine with nothing else to do; what is asserted is for any.
#[tokio::test]
async fn a_hundred_thousand_acls_are_loaded() -> Result<()> {
    let kafka = KafkaCluster::start(Options::default()).await?;
    let plan = Plan::new(&kafka);
    let one = Replica::start(&plan).await?;
    let empty = resident(&one).await?;
    let mut admin = one.raw("admin").await?;
    admin.set_deadline(Duration::from_secs(60));
    let began = Instant::now();
    for batch in 0..10 {
        create(&mut admin, batch * 10_000..(batch + 1) * 10_000).await?;
    }
    println!("100,000 ACLs written in ten requests in {:?}", began.elapsed());
    let began = Instant::now();
    for number in 0..20 {
        create(&mut admin, 200_000 + number..200_001 + number).await?;
    }
    println!("a change of one among 100,000 was in force after {:?}", began.elapsed() / 20);

    let settings = settings()?;
    let connector = connector(&kafka)?;
    let began = Instant::now();
    let opened = Stores::open(store_settings(&settings), &connector).await?;
    println!("read, opened and put in force by itself in {:?}", began.elapsed());
    ensure!(opened.stores.current.load().policy.len() == 100_021);
    drop(opened);

    let other = Replica::start(&plan).await?;
    let loaded = resident(&other).await?;
    println!("a process has {empty:.0} MiB with none and {loaded:.0} MiB with 100,000 of them");
    let log = other.doorkeeper.log().lines();
    let told = |line: &&String| line.contains("starting") || line.contains("policy loaded");
    log.iter().filter(told).for_each(|line| println!("{line}"));
    ensure!(loaded - empty < 400.0);
    Ok(())
}

/// In MiB.
async fn resident(replica: &Replica) -> Result<f64> {
    let metrics = replica.http("/metrics").await?;
    let value = metrics.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
    Ok(value.context("the metric is there")?.parse::<f64>()? / f64::from(1 << 20))
}

fn settings() -> Result<KafkaSettings> {
    let keys = Keyring::new(vec![SealingKey::parse(KEY)?]).context("one")?;
    Ok(KafkaSettings::new("orders", keys))
}

fn store_settings(settings: &KafkaSettings) -> StoreSettings {
    let places = Places::Together(Place::Kafka(Box::new(settings.clone())));
    StoreSettings { acl: Default::default(), places, bootstrap: Bootstrap::default() }
}

fn connector(kafka: &KafkaCluster) -> Result<Connector> {
    let servers = kafka.bootstrap().split(',').map(str::parse).collect::<Result<Vec<_>, _>>()?;
    Ok(Connector::new(UpstreamSettings {
        bootstrap_servers: servers,
        security: UpstreamSecurity { tls: None, sasl: None },
        connect_timeout: Duration::from_secs(30),
        request_timeout: Duration::from_secs(30),
    })?)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_follow_the_topic() -> Result<()> {
    let kafka = KafkaCluster::start(Options::default()).await?;
    let (settings, connector) = (settings()?, connector(&kafka)?);
    let began = Instant::now();
    let first = Stores::open(store_settings(&settings), &connector).await?;
    let mut opening = JoinSet::new();
    for _ in 1..200 {
        let (settings, connector) = (store_settings(&settings), connector.clone());
        opening.spawn(async move { Stores::open(settings, &connector).await });
    }
    let mut opened = vec![first];
    while let Some(one) = opening.join_next().await {
        opened.push(one??);
    }
    println!("two hundred have read the topic after {:?}", began.elapsed());
    let all: Vec<Stores> = opened.iter().map(|one| one.stores.clone()).collect();
    let mut following = JoinSet::new();
    let (tell, mut told) = mpsc::channel(16);
    for one in opened {
        following.spawn(one.keep_current(Notify::new().into(), tell.clone()));
    }
    following.spawn(async move { while told.recv().await.is_some() {} });
    for round in 0..5 {
        let acl = acl::AclBinding::new(
            acl::ResourcePattern::literal(acl::ResourceType::Topic, format!("topic-{round}")),
            acl::AccessControlEntry::new("User:a", "*", acl::AclOperation::Read, acl::AclPermissionType::Allow),
        );
        let began = Instant::now();
        all[round].acls.create_acls(vec![acl]).await.map_err(|refused| anyhow::anyhow!("{refused:?}"))?;
        let answered = began.elapsed();
        for stores in &all {
            let mut generations = stores.current.subscribe();
            let held = async {
                while stores.current.load().policy.len() <= round {
                    generations.changed().await?;
                }
                anyhow::Ok(())
            };
            tokio::time::timeout(Duration::from_secs(20), held).await.context("in time")??;
        }
        println!("a change was answered after {answered:?} and held at all two hundred after {:?}", began.elapsed());
    }
    Ok(())
}
