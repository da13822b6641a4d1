//! `doorkeeper check --online` against a real Kafka: closed, open, and one that does not trust us.

mod scene;

use std::sync::Arc;

use scene::{GOOD_ACLS, Scene, text};
use testkit::{Certificates, KafkaCluster, Options, Security};

/// A configuration whose upstream is this, at these servers.
fn configuration(servers: &str, upstream: &str) -> String {
    format!(
        "cluster: test\nupstream:\n  bootstrap.servers: {servers}\n{upstream}\
         listeners:\n  - name: CLIENT\n    address: 127.0.0.1:19092\n    security.protocol: PLAINTEXT\n    \
         brokers: {{ advertised_host: localhost, first_port: 19100, node_ids: 0-9 }}\nstore: {{ file: acls.yaml }}\n"
    )
}

fn login(user: &str, password: &str) -> String {
    format!("  sasl.mechanism: SCRAM-SHA-256\n  username: {user}\n  password: {password}\n")
}

/// Status and lines, addresses left out.
fn check(servers: &str, upstream: &str) -> (Option<i32>, Vec<String>) {
    let scene = Scene::new(&configuration(servers, upstream), GOOD_ACLS);
    let output = scene.run(&["check", "--online", "doorkeeper.yaml"]);
    let said = text(&output.stdout);
    (output.status.code(), said.lines().map(str::to_owned).collect())
}

fn starting<'l>(lines: &'l [String], start: &str) -> Vec<&'l str> {
    lines.iter().map(String::as_str).filter(|line| line.starts_with(start)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_takes_nobody_else_is_fine_and_one_that_does_not_trust_us_is_not() -> anyhow::Result<()> {
    let certificates = Arc::new(Certificates::new()?);
    let mut options = Options::secured(Security::SaslSsl).user("doorkeeper", "right").user("weak", "right");
    options.certificates = Some(certificates.clone());
    options.super_users = Some(vec!["User:doorkeeper".to_owned()]);
    let kafka = KafkaCluster::start(options).await?;
    let servers = kafka.bootstrap();
    let with = |user: &str, password: &str| {
        let trust = certificates.ca().display();
        format!("  security.protocol: SASL_SSL\n  tls: {{ trust: {trust} }}\n{}", login(user, password))
    };

    let (status, lines) = check(&servers, &with("doorkeeper", "right"));
    assert_eq!((status, starting(&lines, "error")), (Some(0), vec![]), "{lines:#?}");
    for expected in [
        "ok       broker 0 lets us do everything to the cluster".to_owned(),
        format!("ok       broker 0 at {servers} lets nobody in without a login and without a certificate"),
        format!("ok       broker 0 at {servers} lets nobody in with a wrong password"),
    ] {
        assert!(lines.contains(&expected), "{expected} in {lines:#?}");
    }

    let (status, lines) = check(&servers, &with("weak", "right"));
    let errors = starting(&lines, "error");
    let expected = "error    broker 0 does not let us Create, Alter, Describe, ClusterAction, DescribeConfigs, AlterConfigs, \
        IdempotentWrite on the cluster: make our user one of its `super.users`";
    assert_eq!((status, errors), (Some(1), vec![expected]), "{lines:#?}");

    let (status, lines) = check(&servers, &with("doorkeeper", "wrong"));
    let errors = starting(&lines, "error");
    assert_eq!((status, errors), (Some(1), vec!["error    no server of `bootstrap.servers` answers"]), "{lines:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_lets_anybody_in_is_an_error_by_whichever_door() -> anyhow::Result<()> {
    let options = Options::secured(Security::SaslPlaintext).user("doorkeeper", "right");
    let kafka = KafkaCluster::start(options.listener("BACKDOOR", Security::Plaintext)).await?;
    let backdoor = kafka.bootstrap_of("BACKDOOR");
    let goes_around = "whoever reaches it goes around Doorkeeper (docs/security.md says how to close it)";

    let upstream = format!("  security.protocol: SASL_PLAINTEXT\n{}", login("doorkeeper", "right"));
    let (status, lines) = check(&kafka.bootstrap(), &upstream);
    let expected = format!(
        "error    listener BACKDOOR of broker 0 at {backdoor} lets anybody in in plaintext, without a login; {goes_around}"
    );
    assert_eq!((status, starting(&lines, "error")), (Some(1), vec![expected.as_str()]), "{lines:#?}");

    let (status, lines) = check(&backdoor, "  security.protocol: PLAINTEXT\n");
    let expected =
        format!("error    broker 0 at {backdoor}: we need no credentials there, so nobody does; {goes_around}");
    assert_eq!((status, starting(&lines, "error")), (Some(1), vec![expected.as_str()]), "{lines:#?}");
    Ok(())
}

#[test]
fn an_upstream_that_is_not_there_is_an_error() {
    let (status, lines) = check("127.0.0.1:1", "  security.protocol: PLAINTEXT\n");
    let errors = starting(&lines, "error");
    assert_eq!((status, errors), (Some(1), vec!["error    no server of `bootstrap.servers` answers"]), "{lines:#?}");
    assert_eq!(starting(&lines, "warning").len(), 1, "{lines:#?}");
}
