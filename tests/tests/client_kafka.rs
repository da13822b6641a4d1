//! Doorkeeper's own dealings with a real Kafka: every way in, every question, and a broker that was restarted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use authentication::Mechanism;
use client::{
    Connected, Connector, ControlConnection, HostPort, LoginStep, MetadataTopics, SaslCredentials, TlsSettings,
    UpstreamSecurity, UpstreamSettings,
};
use kafka_protocol::protocol::StrBytes;
use testkit::{Certificates, KafkaCluster, Options, Security};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroizing;

fn connector(to: SocketAddr, security: UpstreamSecurity) -> Result<(Connector, HostPort)> {
    let to = HostPort::new(to.ip().to_string(), to.port());
    let connector = Connector::new(UpstreamSettings {
        bootstrap_servers: vec![to.clone()],
        security,
        connect_timeout: Duration::from_secs(20),
        request_timeout: Duration::from_secs(20),
    })?;
    Ok((connector, to))
}

fn control(to: SocketAddr, security: UpstreamSecurity) -> Result<ControlConnection> {
    let (connector, to) = connector(to, security)?;
    Ok(ControlConnection::new(connector, to, Arc::default()))
}

fn sasl(mechanism: Mechanism, password: &str) -> Option<SaslCredentials> {
    let password = Zeroizing::new(password.to_owned());
    Some(SaslCredentials { mechanism, username: "doorkeeper".to_owned(), password })
}

/// All that can be asked without any topic.
async fn brokers_seen(to: SocketAddr, security: UpstreamSecurity) -> Result<usize> {
    Ok(control(to, security)?.metadata(MetadataTopics::None, false).await?.brokers.len())
}

#[tokio::test]
async fn every_security_protocol_and_mechanism_of_a_real_broker_lets_us_in() -> Result<()> {
    let certificates = Arc::new(Certificates::new()?);
    let options =
        Options { certificates: Some(Arc::clone(&certificates)), ..Options::secured(Security::SaslPlaintext) }
            .listener("TLS", Security::SaslSsl)
            .listener("MUTUAL", Security::Ssl { client_auth: true })
            .listener("OPEN", Security::Plaintext)
            .user("doorkeeper", "secret")
            .property("listener.name.client.connections.max.reauth.ms", "60000");
    let kafka = KafkaCluster::start(options).await?;
    let broker = kafka.broker(0)?;
    let identity = certificates.client("doorkeeper", "CN=doorkeeper")?;
    let (certificate, key) = (std::fs::read(identity.certificate())?, std::fs::read(identity.private_key())?);
    let authority = std::fs::read(certificates.ca())?;
    let anonymous_tls = || TlsSettings::from_pem(&authority, None);

    for mechanism in Mechanism::ALL {
        let in_the_clear = UpstreamSecurity { tls: None, sasl: sasl(mechanism, "secret") };
        assert_eq!(brokers_seen(broker.address(0), in_the_clear).await?, 1, "{mechanism} without tls");
        let over_tls = UpstreamSecurity { tls: Some(anonymous_tls()?), sasl: sasl(mechanism, "secret") };
        assert_eq!(brokers_seen(broker.address(1), over_tls).await?, 1, "{mechanism} over tls");

        let (connector, to) =
            connector(broker.address(0), UpstreamSecurity { tls: None, sasl: sasl(mechanism, "guess") })?;
        let refused = connector.connect(&to).await.err().context("logged in with a wrong password")?;
        assert_eq!(refused.reason(), "authentication", "{refused}");
    }
    let mutual = TlsSettings::from_pem(&authority, Some((&certificate, &key)))?;
    assert_eq!(brokers_seen(broker.address(2), UpstreamSecurity { tls: Some(mutual), sasl: None }).await?, 1);
    assert_eq!(brokers_seen(broker.address(3), UpstreamSecurity::default()).await?, 1);

    let nobody = UpstreamSecurity { tls: Some(anonymous_tls()?), sasl: None };
    let (connector, to) = connector(broker.address(2), nobody)?;
    let refused = connector.connect(&to).await.err().context("let in without a certificate")?;
    assert_eq!(refused.reason(), "tls", "{refused}");

    a_session_can_be_prolonged(broker.address(0)).await
}

/// KIP-368: the broker tells how long a login lasts, and takes another one on the same connection.
async fn a_session_can_be_prolonged(to: SocketAddr) -> Result<()> {
    let security = UpstreamSecurity { tls: None, sasl: sasl(Mechanism::ScramSha512, "secret") };
    let (connector, to) = connector(to, security)?;
    let Connected { mut stream, versions, session_lifetime } = connector.connect(&to).await?;
    assert_eq!(session_lifetime, Some(Duration::from_secs(60)));

    // A broker takes a further login a second after the last one began.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let (mut request, mut login) = connector.login_again(&versions)?.context("a login by sasl")?;
    loop {
        stream.write_all(&request).await?;
        let mut answer = vec![0; usize::try_from(stream.read_u32().await?)?];
        stream.read_exact(&mut answer).await?;
        match login.handle(answer.into())? {
            LoginStep::Send(next, waiting) => (request, login) = (next, waiting),
            LoginStep::Done { session_lifetime } => {
                assert_eq!(session_lifetime, Some(Duration::from_secs(60)));
                return Ok(());
            }
        }
    }
}

#[tokio::test]
async fn a_real_broker_answers_every_question_also_after_a_restart() -> Result<()> {
    let mut kafka = KafkaCluster::start(Options::default().property("auto.create.topics.enable", "true")).await?;
    kafka.create_topic("orders", 3).await?;
    let control = control(kafka.broker(0)?.address(0), UpstreamSecurity::default())?;
    let named = |name: &'static str| MetadataTopics::Names(vec![StrBytes::from_static_str(name)]);

    let by_name = control.metadata(named("orders"), false).await?;
    assert_eq!(by_name.cluster_id.as_deref(), Some(kafka.cluster_id()));
    let orders = by_name.topics.first().context("an answer without the topic")?;
    assert_eq!((orders.error_code, orders.partitions.len()), (0, 3));

    let missing = uuid::Uuid::from_u128(0xfeed);
    let by_id = control.metadata(MetadataTopics::Ids(vec![orders.topic_id, missing]), false).await?;
    let mut answers: Vec<_> =
        by_id.topics.iter().map(|topic| (topic.error_code, topic.name.as_ref().map(|name| name.to_string()))).collect();
    answers.sort();
    assert_eq!(answers, [(0, Some("orders".to_owned())), (100, None)]);

    let looked = control.metadata(named("created-by-asking"), false).await?;
    assert_eq!(looked.topics.first().map(|topic| topic.error_code), Some(3));
    let all = control.metadata(MetadataTopics::All, false).await?;
    assert_eq!(all.topics.len(), 1, "looking has created nothing: {:?}", all.topics);
    control.metadata(named("created-by-asking"), true).await?;
    eventually_exists(&control, named("created-by-asking")).await?;

    let configs = control.describe_broker_configs(0, vec!["auto.create.topics.enable"]).await?;
    let values: Vec<_> =
        configs.results.iter().flat_map(|result| &result.configs).map(|config| &config.value).collect();
    assert_eq!(values, [&Some(StrBytes::from_static_str("true"))]);
    let cluster = control.describe_cluster().await?;
    assert_eq!((&*cluster.cluster_id, cluster.brokers.len()), (kafka.cluster_id(), 1));

    kafka.restart_broker(0).await?;
    assert_eq!(control.metadata(named("orders"), false).await?.topics.len(), 1);
    Ok(())
}

async fn eventually_exists(control: &ControlConnection, topic: MetadataTopics) -> Result<()> {
    for _ in 0..100 {
        let answer = control.metadata(topic.clone(), false).await?;
        if answer.topics.iter().all(|topic| topic.error_code == 0) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("not within 5 s: {topic:?} exists")
}
