//! The sections of `docs/migration.md`, each with what its reader has at first, and with what must be true at its end: the
//! broker is closed to everybody but Doorkeeper.

use std::fs;
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use kafka_protocol::messages::MetadataRequest;
use testkit::stage::password;
use testkit::{KafkaCluster, Options, RawClient, ScramMechanism, Security, Tool};

use crate::ground::{Ground, OldCluster};
use crate::logs_in;
use crate::page::Reader;

const POLICY: &str = "\
users:
  admin: { password: admin-secret }
  alice: { password: alice-secret }
acls:
  - { principal: User:alice, allow: [Read, Describe], topic: orders }
";

/// What `admin.properties` and `doorkeeper.yaml` of a running Doorkeeper look like.
const CONFIGURATION: &str = "\
cluster: orders
upstream:
  bootstrap.servers: kafka-0:9092
  security.protocol: SASL_PLAINTEXT
  sasl.mechanism: SCRAM-SHA-512
  username: doorkeeper
  password: doorkeeper-secret
listeners:
  - name: CLIENT
    address: 127.0.0.1:19092
    security.protocol: SASL_PLAINTEXT
    sasl.enabled.mechanisms: SCRAM-SHA-256,SCRAM-SHA-512
    brokers: { advertised_host: localhost, first_port: 19100, node_ids: 0-19 }
authorizer:
  super.users: User:admin
";

fn properties(user: &str) -> String {
    format!(
        "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=\
         org.apache.kafka.common.security.scram.ScramLoginModule required username=\"{user}\" password=\"{}\";\n",
        password(user)
    )
}

/// A broker that lets only these users in, by SCRAM.
fn closed(users: &[&str]) -> Options {
    let options = Options::secured(Security::SaslPlaintext);
    let options = options.property("listener.name.client.sasl.enabled.mechanisms", "SCRAM-SHA-256,SCRAM-SHA-512");
    users.iter().fold(options, |options, user| options.user(user, &password(user)))
}

/// Whether somebody without a login is let in and answered.
async fn is_open(address: SocketAddr) -> bool {
    let asked = async {
        let mut client = RawClient::connect(address).await?;
        client.send(12, &MetadataRequest::default().with_topics(Some(Vec::new()))).await
    };
    asked.await.is_ok()
}

/// Nobody but Doorkeeper gets in, at none of the broker's doors for clients.
async fn is_closed(reader: &Reader, users: &[&str]) -> Result<()> {
    for address in reader.ground.doors()? {
        ensure!(!is_open(address).await, "{address} is open to everybody");
        for user in users {
            let let_in = logs_in(address.port(), ScramMechanism::Sha512, user, &password(user)).await;
            ensure!(!let_in.unwrap_or(false), "{user} is let in at {address}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn from_a_brokers_acls() -> Result<()> {
    let super_users = Some(vec!["User:admin".to_owned()]);
    let kafka = KafkaCluster::start(Options { super_users, ..closed(&["admin", "alice"]) }).await?;
    kafka.create_topic("orders", 1).await?;
    kafka.create_topic("invoices", 1).await?;
    let mut reader = Reader::new(Ground::Kafka(kafka))?;
    reader.write("admin.properties", &properties("admin"))?;
    reader.write("alice.properties", &properties("alice"))?;
    three_acls_for_alice(&reader).await?;

    reader.follow("From a broker's ACLs").await?;
    ensure!(logs_in(reader.port(), ScramMechanism::Sha256, "alice", "alice-secret").await?, "alice is shut out");
    is_closed(&reader, &["alice", "admin"]).await
}

async fn three_acls_for_alice(reader: &Reader) -> Result<()> {
    let bootstrap = reader.ground.doors()?.first().context("a door")?.to_string();
    let acls = Tool::kafka("kafka-acls").args(["--bootstrap-server", &bootstrap, "--command-config"]);
    let acls = acls.arg(reader.directory().join("admin.properties"));
    acls.args(["--add", "--allow-principal", "User:alice", "--producer", "--topic", "orders"]).run_ok().await.map(drop)
}

#[tokio::test]
async fn from_a_cluster_of_zookeepers_days() -> Result<()> {
    let old = OldCluster::start(&["admin", "alice"]).await?;
    let mut reader = Reader::new(Ground::Old(old))?;
    reader.write("admin.properties", &properties("admin"))?;
    reader.write("alice.properties", &properties("alice"))?;
    let bootstrap = reader.ground.doors()?.first().context("a door")?.to_string();
    for topic in ["orders", "invoices"] {
        let create = Tool::kafka("kafka-topics").args(["--bootstrap-server", &bootstrap, "--command-config"]);
        let create = create.arg(reader.directory().join("admin.properties"));
        create.args(["--create", "--topic", topic]).run_ok().await?;
    }
    three_acls_for_alice(&reader).await?;
    reader.follow("From a cluster of ZooKeeper's days").await?;
    for mechanism in ScramMechanism::ALL {
        ensure!(logs_in(reader.port(), mechanism, "alice", "alice-secret").await?, "alice is shut out");
    }
    is_closed(&reader, &["alice", "admin"]).await
}

#[tokio::test]
async fn from_a_file_to_kafka() -> Result<()> {
    let mut reader = Reader::new(Ground::Kafka(KafkaCluster::start(closed(&["doorkeeper"])).await?))?;
    reader.write("doorkeeper.yaml", &format!("{CONFIGURATION}store: {{ file: acls.yaml }}\n"))?;
    reader.write("acls.yaml", POLICY)?;
    reader.write("admin.properties", &properties("admin"))?;
    reader.start().await?;
    reader.follow("From a file to Kafka").await?;
    ensure!(logs_in(reader.port(), ScramMechanism::Sha256, "alice", "alice-secret").await?, "alice is shut out");
    assert_eq!(fs::read_to_string(reader.directory().join("acls.yaml"))?, POLICY);
    is_closed(&reader, &["alice", "admin"]).await
}

#[tokio::test]
async fn from_an_open_cluster_to_a_closed_one() -> Result<()> {
    let options = Options::default();
    let listener = options.listeners.first().context("a listener")?.clone();
    let options = Options { listeners: vec![testkit::Listener { name: "OPEN".to_owned(), ..listener }], ..options };
    let options = options.listener("DOORKEEPER", Security::SaslPlaintext);
    let options = options.property("listener.name.doorkeeper.sasl.enabled.mechanisms", "SCRAM-SHA-512");
    let kafka = KafkaCluster::start(options).await?;
    kafka.create_topic("orders", 1).await?;
    let mut reader = Reader::new(Ground::Kafka(kafka))?;
    let door = *reader.ground.doors()?.first().context("a door")?;
    ensure!(is_open(door).await, "the broker is closed from the start");
    reader.follow("From an open cluster to a closed one").await?;
    is_closed(&reader, &["admin", "billing"]).await
}

#[tokio::test]
async fn kafkas_recipe_to_deny_by_default() -> Result<()> {
    let kafka = KafkaCluster::start(closed(&["doorkeeper"])).await?;
    kafka.create_topic("orders", 1).await?;
    kafka.create_topic("invoices", 1).await?;
    let mut reader = Reader::new(Ground::Kafka(kafka))?;
    let users =
        "{ admin: { password: admin-secret }, alice: { password: alice-secret }, bob: { password: bob-secret } }";
    let store = format!("store:\n  embedded: store\n  bootstrap: {{ users: {users}, acls: [] }}\n");
    reader.write("doorkeeper.yaml", &format!("{CONFIGURATION}{store}"))?;
    for user in ["admin", "alice", "bob"] {
        reader.write(&format!("{user}.properties"), &properties(user))?;
    }
    reader.start().await?;
    reader.follow("Kafka's recipe to deny by default").await?;
    is_closed(&reader, &["admin", "alice", "bob"]).await
}

/// Every section is followed by a test of its name.
#[test]
fn no_section_of_the_page_is_left_out() -> Result<()> {
    let page = fs::read_to_string(testkit::paths::repository().join("docs/migration.md"))?;
    let sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let tests = include_str!("sections.rs");
    for section in sections {
        ensure!(tests.contains(&format!(".follow(\"{section}\")")), "nothing follows the section `{section}`");
    }
    Ok(())
}
