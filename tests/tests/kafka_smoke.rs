//! The ground the other tests stand on: a real Kafka starts, and its own tools and our raw client can talk to it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use kafka_protocol::messages::{ApiKey, MetadataRequest};
use testkit::{Certificates, ClientProperties, KafkaCluster, Options, RawClient, ScramMechanism, Security, Tool};

#[tokio::test]
async fn records_of_the_console_producer_reach_the_console_consumer() -> Result<()> {
    let kafka = KafkaCluster::shared().await?;
    let bootstrap = kafka.bootstrap();

    let created = Tool::kafka("kafka-topics")
        .args(["--bootstrap-server", &bootstrap, "--create", "--topic", "smoke", "--partitions", "1"])
        .run_ok()
        .await?;
    assert_eq!(created, "Created topic smoke.\n");

    Tool::kafka("kafka-console-producer")
        .args(["--bootstrap-server", &bootstrap, "--topic", "smoke"])
        .stdin("one\ntwo\n")
        .run_ok()
        .await?;

    let consumed = Tool::kafka("kafka-console-consumer")
        .args(["--bootstrap-server", &bootstrap, "--topic", "smoke", "--group", "smoke"])
        .args(["--from-beginning", "--max-messages", "2"])
        .run_ok()
        .await?;
    assert_eq!(consumed, "one\ntwo\n");
    Ok(())
}

#[tokio::test]
async fn a_broker_says_which_versions_it_speaks() -> Result<()> {
    let kafka = KafkaCluster::shared().await?;
    let versions = RawClient::connect(kafka.broker(0)?.address(0)).await?.api_versions().await?;
    let produce = versions.api_keys.iter().find(|api| api.api_key == ApiKey::Produce as i16);
    let produce = produce.map(|api| (api.min_version, api.max_version));
    assert_eq!((versions.error_code, produce), (0, Some((0, 13))));
    Ok(())
}

#[tokio::test]
async fn every_security_protocol_lets_the_right_client_in() -> Result<()> {
    let certificates = Arc::new(Certificates::new()?);
    let options =
        Options { certificates: Some(Arc::clone(&certificates)), ..Options::secured(Security::SaslPlaintext) }
            .listener("TLS", Security::SaslSsl)
            .listener("MUTUAL", Security::Ssl { client_auth: true })
            .user("alice", "alice-secret");
    let kafka = KafkaCluster::start(options).await?;
    let broker = kafka.broker(0)?;
    let metadata = MetadataRequest::default().with_topics(Some(Vec::new()));

    for mechanism in ScramMechanism::ALL {
        let mut client = RawClient::connect(broker.address(0)).await?;
        client.login_scram(mechanism, "alice", "alice-secret").await?;
        assert_eq!(client.send(12, &metadata).await?.brokers.len(), 1);
    }

    let mut client = RawClient::connect_tls(broker.address(1), certificates.client_config(None)?, "127.0.0.1").await?;
    client.login_plain("alice", "alice-secret").await?;
    assert_eq!(client.send(12, &metadata).await?.brokers.len(), 1);

    let mut stranger = RawClient::connect(broker.address(0)).await?;
    let refusal = stranger.login_plain("alice", "guess").await.expect_err("a wrong password");
    assert_eq!(
        refusal.to_string(),
        "authentication failed with error 58: Authentication failed: Invalid username or password"
    );

    let alice = certificates.client("alice", "CN=alice,OU=services,O=Example")?;
    let properties = ClientProperties::new("SSL")
        .trust(certificates.ca())
        .identity(&alice)
        .write(certificates.directory(), "alice.properties")?;
    let topics = Tool::kafka("kafka-topics")
        .args(["--bootstrap-server", &kafka.bootstrap_of("MUTUAL"), "--list", "--command-config"])
        .arg(properties)
        .run_ok()
        .await?;
    assert_eq!(topics, "\n");
    Ok(())
}

#[tokio::test]
async fn the_authorizer_denies_and_says_so_in_the_brokers_log() -> Result<()> {
    let options =
        Options { super_users: Some(vec!["User:admin".to_owned()]), ..Options::secured(Security::SaslPlaintext) }
            .user("alice", "alice-secret");
    let kafka = KafkaCluster::start(options).await?;
    kafka.create_topic("orders", 1).await?;

    let directory = tempfile::tempdir()?;
    let properties = ClientProperties::new("SASL_PLAINTEXT")
        .scram(ScramMechanism::Sha512, "alice", "alice-secret")
        .write(directory.path(), "alice.properties")?;
    let denied = Tool::kafka("kafka-console-producer")
        .args(["--bootstrap-server", &kafka.bootstrap(), "--topic", "orders", "--command-config"])
        .arg(properties)
        .stdin("one\n")
        .run()
        .await?;
    assert!(
        denied.stderr.contains("TopicAuthorizationException: Not authorized to access topics: [orders]"),
        "{denied}"
    );

    let log = kafka.broker(0)?.log();
    let is_denial = |line: &str| line.contains("Principal = User:alice is Denied");
    let audit = log.wait_for(is_denial, Duration::from_secs(10)).await?;
    let asked = "operation = DESCRIBE from host = 127.0.0.1 on resource = Topic:LITERAL:orders";
    assert!(audit.contains(asked), "{audit}");
    Ok(())
}

#[tokio::test]
async fn a_cluster_loses_and_gains_brokers() -> Result<()> {
    let mut kafka = KafkaCluster::start(Options { brokers: 3, ..Options::default() }).await?;
    let before = kafka.broker(1)?.address(0);
    kafka.stop_broker(1).await?;
    assert!(RawClient::connect(before).await.is_err());
    kafka.start_broker(1).await?;
    assert_eq!(kafka.broker(1)?.address(0), before);

    assert_eq!(kafka.add_broker().await?, 3);
    let everyone = kafka.admin().await?.send(12, &MetadataRequest::default().with_topics(Some(Vec::new()))).await?;
    let mut ids: Vec<i32> = everyone.brokers.iter().map(|broker| broker.node_id.0).collect();
    ids.sort_unstable();
    assert_eq!(ids, [0, 1, 2, 3]);
    Ok(())
}
