//! ACLs kept in the cluster behind: a real broker with Kafka's own authorizer, where Doorkeeper's user is a super user.
//! What is changed through Doorkeeper is changed there, and what is changed there arrives here.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use kafka_protocol::messages::DeleteAclsRequest;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use testkit::stage::Plan;
use testkit::{Doorkeeper, KafkaCluster, Options, RawClient, Stage, Tool};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{DENIED, SOON, asks_for, kafka_acls, kafka_acls_ok, listed, str_bytes};

/// Only who there is. What they may is in the cluster.
const USERS: &str = "\
users:
  admin: { password: admin-secret }
  alice: { password: alice-secret }
";

/// Doorkeeper comes without a login, so this is who it is to the broker.
const DOORKEEPER: &str = "User:ANONYMOUS";

async fn stage() -> Result<Stage> {
    let kafka = Options { super_users: Some(vec![DOORKEEPER.to_owned()]), ..Options::default() };
    let store = "{ acls: { upstream: { poll_interval: 500ms } }, users: { file: acls.yaml } }".to_owned();
    Stage::build(Plan { kafka, store, ..Plan::new(USERS) }).await
}

/// Kafka's own tool at the broker itself.
async fn directly(stage: &Stage, arguments: &str) -> Result<String> {
    let tool = Tool::kafka("kafka-acls").args(["--bootstrap-server", &stage.kafka().bootstrap()]);
    let output = tool.args(arguments.split_whitespace()).run().await?;
    ensure!(output.status.success(), "{output}");
    Ok(output.stdout)
}

/// Asks until the answer is as it should be.
async fn comes_to(client: &mut RawClient, topic: &str, expected: i16) -> Result<()> {
    let began = Instant::now();
    loop {
        let found = asks_for(client, topic).await?;
        if found == expected {
            return Ok(());
        }
        ensure!(began.elapsed() < SOON, "`{topic}` is answered with {found}, not with {expected}");
    }
}

/// The value of a metric about the ACLs' store.
async fn metric(stage: &Stage, name: &str) -> Result<f64> {
    let mut stream = TcpStream::connect(stage.metrics_address()).await?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let prefix = format!("{name}{{store=\"acls\"}} ");
    let value = text.lines().find_map(|line| line.strip_prefix(&prefix));
    Ok(value.with_context(|| format!("no `{prefix}`:\n{text}"))?.parse()?)
}

#[tokio::test]
async fn the_clusters_own_acls_decide_and_are_managed_through_doorkeeper() -> Result<()> {
    let stage = stage().await?;
    for topic in ["through", "directly", "ranges"] {
        stage.kafka().create_topic(topic, 1).await?;
    }
    let mut alice = stage.raw("alice").await?;
    ensure!(asks_for(&mut alice, "through").await? == DENIED);

    // Changed through Doorkeeper: in force when it is answered, and at the broker.
    let on_through = "--topic through --operation Describe";
    let added = format!("--add {on_through} --allow-principal User:alice");
    kafka_acls_ok(&stage, "admin", &added).await?;
    ensure!(asks_for(&mut alice, "through").await? == 0);
    let at_the_broker = listed(&directly(&stage, "--list").await?);
    let entry = "(principal=User:alice, host=*, operation=DESCRIBE, permissionType=ALLOW)";
    ensure!(at_the_broker == [format!("TOPIC through LITERAL: {entry}")], "{at_the_broker:#?}");
    ensure!(listed(&kafka_acls_ok(&stage, "admin", "--list").await?) == at_the_broker);
    let by_admin =
        "Principal = User:admin from host = 127.0.0.1 on listener = CLIENT created ACL by request = CreateAcls";
    stage.doorkeeper().wait_for_line(|line| line.contains(by_admin) && line.contains("name=through"), SOON).await?;
    kafka_acls_ok(&stage, "admin", &format!("--remove --force {on_through} --allow-principal User:alice")).await?;
    ensure!(asks_for(&mut alice, "through").await? == DENIED);
    ensure!(directly(&stage, "--list").await?.trim().is_empty());

    // Changed at the broker: here with the next poll, and told as somebody else's change.
    directly(&stage, "--add --topic directly --operation Describe --allow-principal User:alice").await?;
    comes_to(&mut alice, "directly", 0).await?;
    let by_others = "File = the cluster upstream: created ACL: before = none, after = ";
    stage.doorkeeper().wait_for_line(|line| line.contains(by_others) && line.contains("name=directly"), SOON).await?;
    directly(&stage, "--add --topic directly --operation Describe --deny-principal User:alice").await?;
    comes_to(&mut alice, "directly", DENIED).await?;
    directly(&stage, "--remove --force --topic directly").await?;
    let gone = |line: &str| line.contains("the cluster upstream: deleted ACL") && line.contains("DENY");
    stage.doorkeeper().wait_for_line(gone, SOON).await?;
    ensure!(asks_for(&mut alice, "directly").await? == DENIED);
    let own = stage.doorkeeper().log().lines();
    ensure!(!own.iter().any(|line| line.contains("File = the cluster upstream") && line.contains("name=through")));

    // To a broker a range of addresses is a host that nobody comes from.
    let ranged = "--topic ranges --operation Describe --allow-principal User:alice --allow-host";
    kafka_acls_ok(&stage, "admin", &format!("--add {ranged} 127.0.0.0/8")).await?;
    ensure!(asks_for(&mut alice, "ranges").await? == DENIED);
    kafka_acls_ok(&stage, "admin", &format!("--add {ranged} 127.0.0.1")).await?;
    ensure!(asks_for(&mut alice, "ranges").await? == 0);

    // What the broker finds wrong is said in its words.
    let output = kafka_acls(&stage, "alice", "--list").await?;
    ensure!(!output.status.success() && output.to_string().contains("ClusterAuthorizationException"), "{output}");
    Ok(())
}

#[tokio::test]
async fn a_lost_cluster_keeps_what_is_known_and_takes_no_change() -> Result<()> {
    let mut stage = stage().await?;
    stage.kafka().create_topic("known", 1).await?;
    kafka_acls_ok(&stage, "admin", "--add --topic known --operation Describe --allow-principal User:alice").await?;
    ensure!(metric(&stage, "doorkeeper_store_age_seconds").await? < 5.0);
    ensure!(metric(&stage, "doorkeeper_store_ignored").await? == 0.0);

    let mut admin = stage.raw("admin").await?;
    let mark = stage.doorkeeper().log().mark();
    stage.kafka_mut().stop_broker(0).await?;
    let held = "policy not loaded, the old one still holds; the cluster upstream: ";
    stage.doorkeeper().log().wait_for_since(mark, |line| line.contains(held), SOON).await?;
    let nothing = DeleteAclsFilter::default()
        .with_resource_type_filter(2)
        .with_resource_name_filter(Some(str_bytes("known")))
        .with_pattern_type_filter(3)
        .with_operation(1)
        .with_permission_type(1);
    let deleted = admin.send(3, &DeleteAclsRequest::default().with_filters(vec![nothing])).await?;
    let told = deleted.filter_results[0].error_message.as_deref();
    let words = "the cluster that has the ACLs cannot be asked to change them: see the log of Doorkeeper";
    ensure!((deleted.filter_results[0].error_code, told) == (-1, Some(words)), "{deleted:?}");
    let before = metric(&stage, "doorkeeper_store_age_seconds").await?;
    let began = Instant::now();
    while metric(&stage, "doorkeeper_store_age_seconds").await? < before + 0.5 {
        ensure!(began.elapsed() < SOON, "what is known does not grow older");
    }

    let mark = stage.doorkeeper().log().mark();
    stage.kafka_mut().start_broker(0).await?;
    let again = |line: &str| line.contains("the ACLs of the cluster can be read again");
    stage.doorkeeper().log().wait_for_since(mark, again, Duration::from_secs(60)).await?;
    let mut alice = stage.raw("alice").await?;
    comes_to(&mut alice, "known", 0).await?;
    kafka_acls_ok(&stage, "admin", "--remove --force --topic known").await?;
    ensure!(asks_for(&mut alice, "known").await? == DENIED);
    Ok(())
}

#[tokio::test]
async fn a_cluster_without_an_authorizer_is_refused_at_the_start() -> Result<()> {
    let kafka = KafkaCluster::shared().await?;
    let configuration = format!(
        "cluster: open\nupstream: {{ bootstrap.servers: \"{}\" }}\nlisteners:\n  - {{ name: OPEN, address: \"127.0.0.1:0\", \
         security.protocol: PLAINTEXT, brokers: {{ advertised_host: localhost, nodes: {{ 0: 1 }} }} }}\n\
         store: {{ acls: {{ upstream: {{}} }}, users: {{ file: acls.yaml }} }}\n",
        kafka.bootstrap()
    );
    let doorkeeper = Doorkeeper::launch(&configuration, &[("acls.yaml", USERS)])?;
    let status = doorkeeper.wait(SOON).await?;
    let log = doorkeeper.log().lines().join("\n");
    ensure!(status.code() == Some(3), "{status}:\n{log}");
    ensure!(log.contains("the cluster has no authorizer") && log.contains("StandardAuthorizer"), "{log}");
    Ok(())
}

/// A start waits for the cluster, and can be told to end meanwhile.
#[tokio::test]
async fn a_start_waits_for_the_cluster_and_ends_when_told_to() -> Result<()> {
    let configuration = "cluster: away\nupstream: { bootstrap.servers: \"127.0.0.1:1\" }\nlisteners:\n  - { name: OPEN, \
                         address: \"127.0.0.1:0\", security.protocol: PLAINTEXT, \
                         brokers: { advertised_host: localhost, nodes: { 0: 1 } } }\n\
                         store: { acls: { upstream: {} }, users: { file: acls.yaml } }\n";
    let doorkeeper = Doorkeeper::launch(configuration, &[("acls.yaml", USERS)])?;
    doorkeeper.wait_for_line(|line| line.contains("the ACLs of the cluster cannot be read yet"), SOON).await?;
    doorkeeper.stop().await
}
